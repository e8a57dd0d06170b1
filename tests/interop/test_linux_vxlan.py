"""This machine's kernel and its VXLAN: what it emits is what we build, and it delivers what we build."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final, TypeVar

import pytest
from hypothesis import given

import overlaycodec as oc
from overlaycodec import dialects
from tests.interop import comparing, frames
from tests.interop.live.linux_vxlan import LinuxVXLAN
from tests.interop.live.passage import Passage
from tests.interop.live.underlay import GROUP, HERE, PEER, Host, from_peer, over_udp, summed
from tests.interop.tally import Tally
from tests.laws import common as laws

P = TypeVar("P")
Start = Callable[[Callable[[], P]], P]


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to set up the device, and what it makes of the outer headers."""

    name: str
    tunnel: oc.Header
    options: str = ""
    version: int = 4
    checked: bool = True
    peer: Host = PEER
    """Where we send to."""
    to: Host = HERE
    """Where it sends to."""
    ttl: int = 64
    dont_fragment: bool = False
    dscp_inherited: bool = False
    mark: int = 0
    catalog: oc.Catalog = oc.DEFAULT

    def __call__(self) -> LinuxVXLAN:
        vni = self.tunnel.vni  # type: ignore[attr-defined]  # each of VXLAN's dialects has one
        return LinuxVXLAN(self.options, vni=vni, version=self.version)

    def built(self, frame: oc.Packet, seen: oc.Packet) -> oc.Packet:
        """What we would have sent in its place; what it chose freely is as seen."""
        dscp, ecn = comparing.marks(frame)
        fields: dict[str, Any] = {"dscp": dscp if self.dscp_inherited else 0, "ecn": ecn}
        if self.version == 4:
            fields |= {
                "ttl": self.ttl,
                "dont_fragment": self.dont_fragment,
                "identification": seen[oc.IPv4].identification,
            }
        else:
            fields |= {"hop_limit": self.ttl, "flow_label": seen[oc.IPv6].flow_label}
        outer = from_peer(version=self.version, to=self.to, **fields) / oc.UDP(src_port=seen[oc.UDP].src_port)
        return summed(outer / self.tunnel / frame, checked=self.checked)


WAYS: Final = [
    Way("plain", oc.VXLAN(vni=100)),
    Way("VNI 0", oc.VXLAN(vni=0)),
    Way("VNI 1", oc.VXLAN(vni=1)),
    Way("VNI 2^24 - 1", oc.VXLAN(vni=(1 << 24) - 1)),
    Way("no UDP checksum", oc.VXLAN(vni=100), "noudpcsum", checked=False),
    Way("DF, TTL, DSCP", oc.VXLAN(vni=100), "df set ttl 7 tos inherit", ttl=7, dont_fragment=True, dscp_inherited=True),
    Way("IPv6", oc.VXLAN(vni=100), version=6),
    Way("IPv6, no checksum", oc.VXLAN(vni=100), "udp6zerocsumtx udp6zerocsumrx", version=6, checked=False),
    Way("multicast", oc.VXLAN(vni=42), f"group {GROUP.ipv4} dev peer ttl 5", peer=GROUP, to=GROUP, ttl=5),
    Way("GBP, no policy", oc.VXLAN(vni=100), "gbp"),
    Way(
        "GBP, not to learn",
        oc.VXLANGBP(vni=100, dont_learn=True, group_policy_id=0x1234),
        "gbp",
        mark=0x401234,
        catalog=dialects.GBP,
    ),
    Way(
        "GBP, policy applied",
        oc.VXLANGBP(vni=100, policy_applied=True, group_policy_id=0xFF01),
        "gbp",
        mark=0x08FF01,
        catalog=dialects.GBP,
    ),
]
each = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


def emitting(device: LinuxVXLAN) -> Passage:
    """From the device to the underlay."""
    return Passage(device.inside, device.outside)


def receiving(device: LinuxVXLAN, way: Way) -> Passage:
    """From the underlay to the device."""

    def wrapped(frame: bytes) -> bytes:
        return way.catalog.encode(
            over_udp(way.tunnel, frame, version=way.version, peer=way.peer, dst_port=4789, checked=way.checked)
        )

    return Passage(device.outside, device.inside, wrapped=wrapped)


def check_emitted(way: Way, made: list[oc.Packet], out: list[tuple[bytes, ...]]) -> list[oc.Packet]:
    """What came out, once it is known to be what we would have built."""
    packets = []
    for frame, data in zip(made, out, strict=True):
        assert len(data) == 1
        packet = comparing.read(data[0], way.catalog)
        comparing.same(data[0], way.built(frame, packet), way.catalog)
        assert packet.headers[3] == way.tunnel
        assert packet.inner == way.catalog.decode(oc.encode(frame))
        packets.append(packet)
    return packets


@each
def test_emitted(way: Way, started: Start[LinuxVXLAN], tally: Tally) -> None:
    device = started(way)
    device.inside.mark(way.mark)
    made = frames.frames(seed=len(way.name), count=300)
    out = emitting(device).through([oc.encode(frame) for frame in made])
    tally.add(f"Linux VXLAN, {way.name}", "emitted", check_emitted(way, made, out))


def test_emitted_whatever_the_catalog_holds(started: Start[LinuxVXLAN], tally: Tally) -> None:
    way = WAYS[0]
    passage = emitting(started(way))

    @laws.share(4)
    @given(frames.any_frames())
    def emits(drawn: list[oc.Packet]) -> None:
        out = passage.through([oc.encode(frame) for frame in drawn])
        tally.add("Linux VXLAN, plain", "emitted", check_emitted(way, drawn, out))

    emits()


@each
def test_delivered(way: Way, started: Start[LinuxVXLAN], tally: Tally) -> None:
    device = started(way)
    made = frames.frames(seed=len(way.name) + 1, count=300)
    passage = receiving(device, way)
    assert passage.through([passage.wrapped(oc.encode(frame)) for frame in made]) == [
        (oc.encode(frame),) for frame in made
    ]
    tally.add(f"Linux VXLAN, {way.name}", "delivered", made)


@pytest.mark.parametrize("way", [WAYS[0], WAYS[6], WAYS[7]], ids=lambda way: way.name)
@pytest.mark.parametrize("checksum", ["valid", "absent", "bad"])
def test_our_verdict_on_the_outer_checksum_is_the_kernels(way: Way, checksum: str, started: Start[LinuxVXLAN]) -> None:
    device = started(way)
    made = [oc.encode(frame) for frame in frames.frames(seed=768, count=30)]
    packets = []
    for frame in made:
        packet = oc.resolve(over_udp(way.tunnel, frame, version=way.version, checked=checksum != "absent"))
        if checksum == "bad":
            packet = packet.replace(oc.UDP, checksum=packet[oc.UDP].checksum ^ 0x0100)
        assert str(oc.checksums(packet)["udp.checksum"]) == checksum
        packets.append(oc.encode(packet))
    taken = checksum == "valid" or (checksum == "absent" and (way.version == 4 or not way.checked))
    expected = [(frame,) if taken else () for frame in made]
    assert receiving(device, way).through(packets) == expected


def test_a_vni_of_25_bits_is_refused_by_both(started: Start[LinuxVXLAN]) -> None:
    started(WAYS[0])
    with pytest.raises(oc.FieldRangeError):
        oc.VXLAN(vni=1 << 24)
    with pytest.raises(RuntimeError, match="invalid id"):
        LinuxVXLAN(vni=1 << 24)
