"""Open vSwitch's tunnels: what it emits is what we build, and it delivers what we build, by the keys that we wrote."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import dialects
from tests.interop import comparing, frames
from tests.interop.live.ovs import PreparedSwitch
from tests.interop.live.passage import Passage
from tests.interop.live.underlay import HERE, from_peer, over_udp, summed, to_peer
from tests.interop.tally import Tally

DEEPEST_TAG: Final = 2
"""Open vSwitch looks behind so many VLAN tags."""
VNIS: Final = (0, 1, 0xFFFFFF, 0x800000, 0x00FF00, 0x123456, 0xFEDCBA, 4096)
KEYS: Final = (0, 1, 0xFFFF_FFFF, 0x8000_0000, 0x00FF_FF00, 0x1234_5678, 0xFEDC_BA98, 4096)
MATTERS: Final = [oc.MACAddress(bytes([2, 0x5E, 0, 0, 0, number])) for number in range(64)]
"""The destination of a frame says which of the keys it has."""
FENCES: Final = "02:fe:ce:00:00:02"


@dataclasses.dataclass(frozen=True)
class Way:
    """A tunnel port, and the header that we write for one of its keys."""

    name: str
    kind: str
    tunnel: Callable[[int], oc.Header]
    options: tuple[str, ...] = ()
    keys: tuple[int, ...] = VNIS
    version: int = 4
    checked: bool = False

    def built(self, frame: oc.Packet, seen: oc.Packet) -> oc.Packet:
        """What we would have sent in its place; what it chose freely is as seen."""
        _, ecn = comparing.marks(frame, DEEPEST_TAG)
        outer = from_peer(ecn=ecn, dont_fragment=True) if self.version == 4 else from_peer(version=6, ecn=ecn)
        tunnel = self.tunnel(self.keys[matter_of(frame)])
        if isinstance(tunnel, oc.GRE):
            return outer / tunnel.replace(sequence=seen[oc.GRE].sequence) / frame
        return summed(outer / oc.UDP(src_port=seen[oc.UDP].src_port) / tunnel / frame, checked=self.checked)

    def ours(self, frame: oc.Packet, matter: int) -> oc.Packet:
        """What we send to it."""
        tunnel = self.tunnel(self.keys[matter])
        if isinstance(tunnel, oc.GRE):
            return to_peer(version=self.version) / tunnel / frame
        return over_udp(tunnel, frame, version=self.version, checked=self.checked)


def geneve(vni: int) -> oc.Header:
    return oc.Geneve(vni=vni)


def vxlan(vni: int) -> oc.Header:
    return oc.VXLAN(vni=vni)


def gpe(vni: int) -> oc.Header:
    return oc.VXLANGPE(vni=vni)


def nvgre(key: int) -> oc.Header:
    return dialects.NVGRE_KEY.make(dialects.NVGREKey(vsid=key >> 8, flow_id=key & 0xFF))


def checked_gre(key: int) -> oc.Header:
    return oc.GRE(key=key, checksum_present=True)


def numbered_gre(key: int) -> oc.Header:
    return oc.GRE(key=key, sequence=7)


WAYS: Final = {
    "t1": Way("Geneve", "geneve", geneve),
    "t2": Way("Geneve, UDP checksum", "geneve", geneve, ("csum=true", "key=77"), keys=(77,), checked=True),
    "t3": Way("Geneve, IPv6", "geneve", geneve, (f"remote_ip={HERE.ipv6}",), version=6, checked=True),
    "t4": Way("VXLAN", "vxlan", vxlan),
    "t5": Way("VXLAN, IPv6", "vxlan", vxlan, (f"remote_ip={HERE.ipv6}",), version=6, checked=True),
    "t6": Way("VXLAN-GPE, Ethernet", "vxlan", gpe, ("exts=gpe", "dst_port=4790", "packet_type=ptap")),
    "t7": Way("GRE with a key, NVGRE", "gre", nvgre, keys=KEYS),
    "t8": Way("GRE, checksum", "gre", checked_gre, ("csum=true", "key=8"), keys=(8,)),
    "t9": Way("GRE, sequence", "gre", numbered_gre, ("seq=true", "key=9"), keys=(9,)),
}
each = pytest.mark.parametrize(("port", "way"), WAYS.items(), ids=[way.name for way in WAYS.values()])


def matter_of(frame: oc.Packet) -> int:
    """Which of a way's keys a frame has."""
    link = frame.headers[0]
    assert isinstance(link, oc.Ethernet)
    return MATTERS.index(link.dst)


def frames_of(matters: int, count: int, seed: int) -> list[oc.Packet]:
    """Frames to the first so many of `MATTERS`."""
    return [
        frame.replace(oc.Ethernet, dst=MATTERS[number % matters])
        for number, frame in enumerate(frames.frames(seed, count))
    ]


class Tunnels(PreparedSwitch):
    """A switch with all these ports; `host` is where their frames come from and go to."""

    def _prepare(self) -> None:
        self.host = self.switch.host("h1")
        for port, way in WAYS.items():
            self.switch.tunnel(port, way.kind, *way.options)
        self.switch.tunnel("t10", "gre", "csum=true", "seq=true", "key=10")

    def emitting(self, flows: Sequence[str], port: str) -> Passage:
        """From the host, by these flows, to the underlay."""
        self.switch.flows(*flows, f"in_port=h1,dl_dst={FENCES},actions=output:{port}")
        return Passage(self.host, self.switch.underlay)

    def delivering(self, flows: Sequence[str], port: str, wrapped: Callable[[bytes], bytes]) -> Passage:
        """From the underlay, by these flows, to the host."""
        self.switch.flows(*flows, f"in_port={port},dl_dst={FENCES},actions=output:h1")
        return Passage(self.switch.underlay, self.host, wrapped=wrapped)


@pytest.fixture
def tunnels(started: Callable[[Callable[[], Tunnels]], Tunnels]) -> Tunnels:
    return started(Tunnels)


@each
def test_emitted(port: str, way: Way, tunnels: Tunnels, tally: Tally) -> None:
    flows = [
        f"in_port=h1,dl_dst={matter},actions=set_field:{key:#x}->tun_id,output:{port}"
        for matter, key in zip(MATTERS, way.keys, strict=False)
    ]
    made = frames_of(len(way.keys), 1_000, seed=len(way.name))
    out = tunnels.emitting(flows, port).through(list(map(oc.encode, made)))
    tally.add(f"Open vSwitch, {way.name}", "emitted", check_emitted(way.built, made, out))


@each
def test_delivered(port: str, way: Way, tunnels: Tunnels, tally: Tally) -> None:
    """A frame comes out only where the switch found in the tunnel header the very key that goes with it."""
    flows = [
        f"in_port={port},dl_dst={matter},tun_id={key:#x},actions=output:h1"
        for matter, key in zip(MATTERS, way.keys, strict=False)
    ]
    made = frames_of(len(way.keys), 1_000, seed=len(way.name) + 1)
    passage = tunnels.delivering(flows, port, lambda fence: oc.encode(way.ours(oc.decode(fence), 0)))
    out = passage.through([oc.encode(way.ours(frame, matter_of(frame))) for frame in made])
    assert out == [(oc.encode(frame),) for frame in made]
    tally.add(f"Open vSwitch, {way.name}", "delivered", made)


def check_emitted(
    built: Callable[[oc.Packet, oc.Packet], oc.Packet], made: list[oc.Packet], out: list[tuple[bytes, ...]]
) -> list[oc.Packet]:
    """What came out, once it is known to be what we would have built."""
    packets = []
    for frame, data in zip(made, out, strict=True):
        assert len(data) == 1
        packet = comparing.read(data[0])
        comparing.same(data[0], built(frame, packet))
        assert packet.inner == frame
        packets.append(packet)
    return packets


def test_the_checksum_of_a_numbered_gre_packet_is_that_of_number_0(tunnels: Tunnels) -> None:
    """Open vSwitch 3.1 sums before it writes the sequence number; RFC 2890 has the checksum over all that is there."""
    made = frames.frames(2890, 20)
    out = tunnels.emitting(["in_port=h1,actions=output:t10"], "t10").through(list(map(oc.encode, made)))
    for (data,) in out:
        packet = oc.decode(data)
        assert packet[oc.GRE].sequence  # those of fences lie between
        as_summed = packet.replace(oc.GRE, sequence=0)
        assert str(oc.checksums(as_summed)["gre.checksum"]) == "valid"
        assert str(oc.checksums(packet)["gre.checksum"]) == "bad"


@pytest.mark.parametrize("port", ["t2", "t8"])
def test_a_bad_outer_checksum_is_dropped(port: str, tunnels: Tunnels) -> None:
    way = WAYS[port]
    header, path = (oc.GRE, "gre.checksum") if way.kind == "gre" else (oc.UDP, "udp.checksum")
    made = frames.frames(1071, 40)
    packets = [oc.resolve(way.ours(frame, 0)) for frame in made]
    packets[::2] = [
        packet.replace(header, checksum=packet[header].checksum ^ 0x8000)  # type: ignore[attr-defined]
        for packet in packets[::2]
    ]
    verdicts = [str(oc.checksums(packet)[path]) for packet in packets]
    passage = tunnels.delivering(
        [f"in_port={port},actions=output:h1"], port, lambda fence: oc.encode(way.ours(oc.decode(fence), 0))
    )
    expected = [
        (oc.encode(frame),) if verdict == "valid" else () for frame, verdict in zip(made, verdicts, strict=True)
    ]
    assert verdicts == ["bad", "valid"] * 20
    assert passage.through(list(map(oc.encode, packets))) == expected
