"""The tunnels of a whole Linux in user mode: Geneve, NVGRE and GRE, ERSPAN; what it emits, and what it delivers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import dialects, vlan
from tests.interop import comparing, frames
from tests.interop.live.passage import Passage
from tests.interop.live.ports import Port
from tests.interop.live.uml import UserModeLinux
from tests.interop.live.underlay import HERE, PEER, from_peer, summed, to_peer
from tests.interop.tally import Tally

DEVICE: Final = "tunnel0"


@dataclasses.dataclass(frozen=True)
class Way:
    """A tunnel device, and the headers that we write for it, from UDP or GRE on."""

    name: str
    kind: str
    tunnel: Callable[[oc.Packet], oc.Packet]
    version: int = 4
    checked: bool = False
    deepest_tag: int = 8
    """It looks for an ECN behind so many tags."""

    def built(self, frame: oc.Packet, seen: oc.Packet) -> oc.Packet:
        """What we would have sent in its place; what it chose freely is as seen."""
        _, ecn = comparing.marks(frame, self.deepest_tag)
        if self.version == 6:
            outer = from_peer(version=6, ecn=ecn, flow_label=seen[oc.IPv6].flow_label)
        else:
            network = seen[oc.IPv4]
            outer = from_peer(ecn=ecn, identification=network.identification, dont_fragment=network.dont_fragment)
        tunnel = self.tunnel(frame)
        if oc.UDP in tunnel:
            tunnel = tunnel.replace(oc.UDP, src_port=seen[oc.UDP].src_port)
            return summed(outer / tunnel / frame, checked=self.checked)
        if tunnel[oc.GRE].sequence_present is True:
            tunnel = tunnel.replace(oc.GRE, sequence=seen[oc.GRE].sequence)
        if oc.ERSPANv3 in tunnel:
            tunnel = tunnel.replace(oc.ERSPANv3, timestamp=seen[oc.ERSPANv3].timestamp)
        return outer / tunnel / frame

    def ours(self, frame: bytes, number: int) -> bytes:
        """What we send to it."""
        inside = oc.decode(frame)
        tunnel = self.tunnel(inside)
        if oc.UDP in tunnel:
            return oc.encode(summed(to_peer(version=self.version) / tunnel / inside, checked=self.checked))
        if tunnel[oc.GRE].sequence_present is True:
            tunnel = tunnel.replace(oc.GRE, sequence=number)
        return oc.encode(to_peer(version=self.version) / tunnel / inside)


class Encapsulating:
    """Our end of the underlay: a frame that is put in goes out in the tunnel, with the next number."""

    def __init__(self, port: Port, way: Way) -> None:
        self._port, self._way, self._number = port, way, 0

    def send(self, frame: bytes) -> None:
        self._number += 1
        self._port.send(self._way.ours(frame, self._number))

    def receive(self, seconds: float) -> bytes | None:
        return self._port.receive(seconds)

    def close(self) -> None:
        self._port.close()


def geneve(vni: int) -> Callable[[oc.Packet], oc.Packet]:
    return lambda _: oc.UDP(src_port=49152) / oc.Geneve(vni=vni)


def gre(header: oc.GRE) -> Callable[[oc.Packet], oc.Packet]:
    return lambda _: oc.Packet((header,))


def mirrored(frame: oc.Packet) -> tuple[int, int, bool]:
    """VLAN and class of service that Linux writes of a frame, and whether it sees a C-tag.

    The class is the precedence of an IPv4 header that it takes to be behind the first tag, whatever stands there.
    """
    tags = vlan.tags(frame)
    vid = tags[0].vid if tags and tags[0].tpid == 0x8100 else None
    cos = oc.encode(frame)[19 if tags else 15] >> 5
    return vid or 0, cos, vid is not None


def erspan_ii(frame: oc.Packet) -> oc.Packet:
    vid, cos, tagged = mirrored(frame)
    shim = oc.ERSPAN(session_id=30, index=7, vlan=vid, cos=cos, encapsulation=3 if tagged else 0)
    return oc.GRE(sequence_present=True, sequence=0) / shim


def erspan_iii(frame: oc.Packet) -> oc.Packet:
    vid, cos, _ = mirrored(frame)
    octets = len(oc.encode(frame))
    shim = oc.ERSPANv3(
        session_id=30,
        hardware_id=9,
        direction=True,
        vlan=vid,
        cos=cos,
        bad_short_oversized=1 if octets < 60 else 2 if octets > 1514 else 0,
    )
    return oc.GRE(sequence_present=True, sequence=0) / shim


ENDS: Final = f"local {PEER.ipv4} remote {HERE.ipv4}"
WAYS: Final = [
    Way("Geneve, VNI 0", f"geneve id 0 remote {HERE.ipv4} noudpcsum", geneve(0)),
    Way("Geneve, VNI 1", f"geneve id 1 remote {HERE.ipv4} noudpcsum", geneve(1)),
    Way("Geneve, VNI 2^24 - 1", f"geneve id 16777215 remote {HERE.ipv4} noudpcsum", geneve((1 << 24) - 1)),
    Way("Geneve, UDP checksum", f"geneve id 100 remote {HERE.ipv4} udpcsum", geneve(100), checked=True),
    Way("Geneve, IPv6", f"geneve id 66 remote {HERE.ipv6}", geneve(66), version=6, checked=True),
    Way(
        "NVGRE",
        f"gretap {ENDS} key {0x1234AB07} ttl 64 tos 0",
        gre(dialects.NVGRE_KEY.make(dialects.NVGREKey(vsid=0x1234AB, flow_id=7))),
        deepest_tag=0,
    ),
    Way("GRE", f"gretap {ENDS} ttl 64 tos 0", gre(oc.GRE()), deepest_tag=0),
    Way(
        "GRE, key, checksum and sequence",
        f"gretap {ENDS} key 5 csum seq ttl 64 tos 0",
        gre(oc.GRE(key=5, checksum_present=True, sequence_present=True, sequence=0)),
        deepest_tag=0,
    ),
    Way("ERSPAN, type II", f"erspan seq key 30 {ENDS} ttl 64 tos 0 erspan_ver 1 erspan 7", erspan_ii, deepest_tag=0),
    Way(
        "ERSPAN, type III",
        f"erspan seq key 30 {ENDS} ttl 64 tos 0 erspan_ver 2 erspan_dir egress erspan_hwid 9",
        erspan_iii,
        deepest_tag=0,
    ),
]
each = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@pytest.fixture
def kernel(started: Callable[[Callable[[], UserModeLinux]], UserModeLinux]) -> UserModeLinux:
    return started(UserModeLinux)


@pytest.fixture
def device(way: Way, kernel: UserModeLinux) -> Iterator[UserModeLinux]:
    """The kernel with this way's device, tied to the port inside."""
    kernel.run(f"ip link add {DEVICE} type {way.kind}")
    try:
        kernel.run(f"ip link set {DEVICE} mtu 1400 up")
        kernel.tie(DEVICE)
        yield kernel
    finally:
        kernel.run(f"ip link del {DEVICE}")


@each
def test_emitted(way: Way, device: UserModeLinux, tally: Tally) -> None:
    made = frames.frames(len(way.name), 500)
    packets = []
    out = Passage(device.inside, device.underlay).through(list(map(oc.encode, made)))
    for frame, (data,) in zip(made, out, strict=True):
        packet = comparing.read(data)
        comparing.same(data, way.built(frame, packet))
        assert packet.inner == frame
        packets.append(packet)
    tally.add(f"user-mode Linux, {way.name}", "emitted", packets)


@each
def test_delivered(way: Way, device: UserModeLinux, tally: Tally) -> None:
    made = frames.frames(len(way.name) + 1, 500)
    octets = list(map(oc.encode, made))
    out = Passage(Encapsulating(device.underlay, way), device.inside).through(octets)
    assert out == [(frame,) for frame in octets]
    tally.add(f"user-mode Linux, {way.name}", "delivered", made)
