"""Operations on packets, beside decoding the same packets, and beside scapy.

Strategy: what an operation is given, octets or a decoded packet, is made outside the clock; `decode`, without a field
read, takes its turn in the same rounds, and each figure is a multiple of it. scapy does what its users write for the
same purpose, with what it has.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from bench.frames import frames
from bench.timing import Contestant, Timing, compete
from overlaycodec import (
    TCP,
    UDP,
    VXLAN,
    Ethernet,
    IPv4,
    MACAddress,
    Packet,
    checksums,
    decode,
    diagnose,
    encode,
    fill,
    tunnel,
    vlan,
)

__all__ = ["DECODE", "KINDS", "OPERATIONS", "Kind", "Operation", "Operations", "check", "run"]

DECODE: Final = "decode"
_TEP: Final = tunnel.VXLANTunnel(
    vni=7, src="192.0.2.1", dst="192.0.2.2", link=Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
)
_SRC, _DST = MACAddress("02:00:00:00:00:01"), MACAddress("02:00:00:00:00:02")
_SHARE: Final = 10
"""One frame in so many is scapy's."""

Work = Callable[[Any], object]  # Any: octets, or a packet of some library; so below


@dataclass(frozen=True)
class Kind:
    """Which frames there are."""

    payload_octets: int
    distinct: bool

    @property
    def title(self) -> str:
        return f"{self.payload_octets:,} octets, {'distinct' if self.distinct else '16 hosts'}"


KINDS: Final = tuple(Kind(octets, distinct) for distinct in (False, True) for octets in (5, 1400))


@dataclass(frozen=True)
class Operation:
    """One operation: what is timed, and what it may take, as a multiple of `decode`."""

    name: str
    most: float
    work: Work
    prepare: Callable[[bytes], Any] = decode
    scapy: str = ""
    """The method of `_Scapy` that does the same; empty where scapy has nothing like it."""


def _unchanged(data: bytes) -> bytes:
    return data


class _Values(NamedTuple):
    """What seven headers are built from."""

    dst_mac: Any  # Any: addresses, or their text; so below
    src_mac: Any
    dst: Any
    src: Any
    inner_dst_mac: Any
    inner_src_mac: Any
    inner_dst: Any
    inner_src: Any
    identification: int
    src_port: int
    vni: int
    inner_src_port: int
    inner_dst_port: int
    sequence: int
    payload: bytes


def _objects(data: bytes) -> _Values:
    packet = decode(data)
    headers: tuple[Any, ...] = packet.headers  # Any: of the seven classes of the frame
    ether, ip, udp, vxlan, inner, inner_ip, tcp = headers
    return _Values(
        ether.dst,
        ether.src,
        ip.dst,
        ip.src,
        inner.dst,
        inner.src,
        inner_ip.dst,
        inner_ip.src,
        ip.identification,
        udp.src_port,
        vxlan.vni,
        tcp.src_port,
        tcp.dst_port,
        tcp.sequence,
        packet.payload,
    )


def _texts(data: bytes) -> _Values:
    values = _objects(data)
    texts: Any = {name: str(getattr(values, name)) for name in _Values._fields[:8]}  # Any: of any field's type
    return values._replace(**texts)


def _build(values: _Values) -> Packet:
    return _of_values(*values)


def _of_values(
    dst_mac: Any,  # Any: as above; so below
    src_mac: Any,
    dst: Any,
    src: Any,
    inner_dst_mac: Any,
    inner_src_mac: Any,
    inner_dst: Any,
    inner_src: Any,
    identification: int,
    src_port: int,
    vni: int,
    inner_src_port: int,
    inner_dst_port: int,
    sequence: int,
    payload: bytes,
) -> Packet:
    return (
        Ethernet(dst=dst_mac, src=src_mac)
        / IPv4(src=src, dst=dst, identification=identification)
        / UDP(src_port=src_port)
        / VXLAN(vni=vni)
        / Ethernet(dst=inner_dst_mac, src=inner_src_mac)
        / IPv4(src=inner_src, dst=inner_dst)
        / TCP(src_port=inner_src_port, dst_port=inner_dst_port, sequence=sequence, ack=True, window=8192)
        / payload
    )


def _tagged(data: bytes) -> Packet:
    return vlan.push(decode(data), vid=5, pcp=3)


OPERATIONS: Final = (
    Operation("`tunnel.decapsulate`", 4, tunnel.decapsulate, _unchanged, "decapsulate"),
    Operation("`encapsulate` and `encode`", 5, lambda data: encode(_TEP.encapsulate(data)), _unchanged, "encapsulate"),
    Operation("`checksums`", 4, checksums, scapy="checksums"),
    Operation("`fill`", 5, fill, scapy="fill"),
    Operation("`vlan.push`", 1.5, lambda packet: vlan.push(packet, vid=7, pcp=3), scapy="push"),
    Operation("`vlan.pop`", 1.5, vlan.pop, _tagged, "pop"),
    Operation("`vlan.route`, untagged", 5, lambda packet: vlan.route(packet, vid=7, src=_SRC, dst=_DST), scapy="route"),
    Operation("`vlan.route`, tagged", 5, lambda packet: vlan.route(packet, vid=7, src=_SRC, dst=_DST), _tagged),
    Operation("`diagnose` of octets", 12, diagnose, _unchanged),
    Operation("`diagnose` of a packet", 12, diagnose),
    Operation('`at("inner.ipv4.src")`', 0.3, lambda packet: packet.at("inner.ipv4.src"), scapy="at"),
    Operation('`at("ethernet.dst")`', 0.3, lambda packet: packet.at("ethernet.dst")),
    Operation('`at("vlan[0].vid")`', 0.6, lambda packet: packet.at("vlan[0].vid"), _tagged),
    Operation(
        '`replace_at("inner.ipv4.ttl", ...)`',
        1,
        lambda packet: packet.replace_at("inner.ipv4.ttl", 7),
        scapy="replace",
    ),
    Operation("`flow`", 0.5, lambda packet: packet.flow, scapy="flow"),
    Operation("`inner`", 0.4, lambda packet: packet.inner, scapy="inner"),
    Operation("building from text", 4, _build, _texts, "build"),
    Operation("building from address objects", 2, _build, _objects),
)


class _Scapy:
    """What users of scapy write for the same purposes; each method is given what `prepare` makes of a frame."""

    def __init__(self) -> None:
        import scapy.all  # noqa: F401 - the layers find each other once all are loaded
        from scapy.layers.inet import IP
        from scapy.layers.inet import TCP as SCAPY_TCP
        from scapy.layers.inet import UDP as SCAPY_UDP
        from scapy.layers.l2 import Dot1Q, Ether
        from scapy.layers.vxlan import VXLAN as SCAPY_VXLAN
        from scapy.packet import Raw

        self.ether, self.ip, self.udp, self.tcp = Ether, IP, SCAPY_UDP, SCAPY_TCP
        self.dot1q, self.vxlan, self.raw = Dot1Q, SCAPY_VXLAN, Raw

    def prepared(self, name: str, data: bytes) -> Any:
        if name in ("decapsulate", "encapsulate"):
            return data
        if name == "build":
            return _texts(data)
        packet = self.ether(data)
        return self.push(packet) if name == "pop" else packet

    def decapsulate(self, data: bytes) -> bytes:
        return bytes(self.ether(data)[self.vxlan].payload)

    def encapsulate(self, data: bytes) -> bytes:
        outer = (
            self.ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
            / self.ip(src="192.0.2.1", dst="192.0.2.2", id=0, flags="DF")
            / self.udp(sport=50000, dport=4789, chksum=0)
            / self.vxlan(vni=7, flags="Instance")
        )
        return bytes(outer / self.raw(data))

    def _ips(self, packet: Any) -> list[Any]:
        outer = packet[self.ip]
        return [outer, outer.payload[self.ip]]

    def _renewed(self, packet: Any) -> bytes:
        copied = packet.copy()
        for ip in self._ips(copied):
            del ip.chksum, ip.len
        del copied[self.tcp].chksum
        return bytes(copied)

    def checksums(self, packet: Any) -> bool:
        again = self.ether(self._renewed(packet))
        same = all(a.chksum == b.chksum for a, b in zip(self._ips(again), self._ips(packet), strict=True))
        return bool(same and again[self.tcp].chksum == packet[self.tcp].chksum)

    def fill(self, packet: Any) -> Any:
        return self.ether(self._renewed(packet))

    def push(self, packet: Any) -> Any:
        head = packet.copy()
        inside = head.payload
        head.remove_payload()
        tag = self.dot1q(vlan=7, prio=3, type=head.type)
        head.type = 0x8100
        return head / tag / inside

    def pop(self, packet: Any) -> Any:
        head = packet.copy()
        tag = head.payload
        inside = tag.payload
        head.remove_payload()
        head.type = tag.type
        return head / inside

    def route(self, packet: Any) -> Any:
        routed = self.push(packet)
        routed.src, routed.dst = "02:00:00:00:00:01", "02:00:00:00:00:02"
        routed[self.ip].ttl -= 1
        del routed[self.ip].chksum
        return self.ether(bytes(routed))

    def at(self, packet: Any) -> Any:
        return self._ips(packet)[1].src

    def replace(self, packet: Any) -> Any:
        copied = packet.copy()
        self._ips(copied)[1].ttl = 7
        return copied

    def flow(self, packet: Any) -> Any:
        ip = packet[self.ip]
        return ip.src, ip.dst, ip.proto, ip.payload.sport, ip.payload.dport

    def inner(self, packet: Any) -> Any:
        return packet[self.vxlan].payload

    def build(self, values: _Values) -> Any:
        return (
            self.ether(dst=values.dst_mac, src=values.src_mac)
            / self.ip(src=values.src, dst=values.dst, id=values.identification)
            / self.udp(sport=values.src_port)
            / self.vxlan(vni=values.vni, flags="Instance")
            / self.ether(dst=values.inner_dst_mac, src=values.inner_src_mac)
            / self.ip(src=values.inner_src, dst=values.inner_dst)
            / self.tcp(
                sport=values.inner_src_port,
                dport=values.inner_dst_port,
                seq=values.sequence,
                flags="A",
                window=8192,
            )
            / self.raw(values.payload)
        )


@dataclass(frozen=True)
class Operations:
    """The timings of one kind of frames: ours by the names of operations and `DECODE`, and scapy's by the former."""

    ours: Mapping[str, Timing]
    scapy: Mapping[str, Timing]

    def multiple(self, operation: Operation) -> float:
        """The time of an operation in the time of `decode`."""
        return self.ours[operation.name].median / self.ours[DECODE].median


def run(rounds: int, inputs: int, *, scapy: bool) -> dict[Kind, Operations]:
    """The timings of all operations, by the kind of frames."""
    return {kind: _run(kind, number, rounds, inputs, scapy=scapy) for number, kind in enumerate(KINDS)}


def _run(kind: Kind, seed: int, rounds: int, inputs: int, *, scapy: bool) -> Operations:
    source = random.Random(100 + seed)
    contestants = [Contestant(DECODE, decode)]
    contestants += [Contestant(operation.name, operation.work, 1, operation.prepare) for operation in OPERATIONS]
    if scapy:
        contestants += _scapy_contestants()

    def made(_: int) -> Sequence[bytes]:
        return frames(source, inputs, distinct=kind.distinct, payload_octets=kind.payload_octets)

    timings = compete(contestants, made, rounds)
    names = [DECODE, *(operation.name for operation in OPERATIONS)]
    theirs = {name.removeprefix("scapy "): timing for name, timing in timings.items() if name not in names}
    return Operations({name: timings[name] for name in names}, theirs)


def _scapy_contestants() -> list[Contestant]:
    peer = _Scapy()

    def contestant(operation: Operation) -> Contestant:
        name = operation.scapy
        return Contestant(
            f"scapy {operation.name}", getattr(peer, name), _SHARE, lambda data: peer.prepared(name, data)
        )

    return [contestant(operation) for operation in OPERATIONS if operation.scapy]


def check(*, scapy: bool) -> None:
    """Before anything is timed: the operations do what scapy does, where both can. Raises: AssertionError."""
    if not scapy:
        return
    peer = _Scapy()
    source = random.Random(99)
    for data in frames(source, 5, distinct=True, payload_octets=PAYLOAD):
        packet, other = decode(data), peer.ether(data)
        assert tunnel.decapsulate(data).frame == peer.decapsulate(data)
        assert encode(fill(packet.replace_at("inner.ipv4.ttl", 7))) == bytes(peer.fill(peer.replace(other)))
        assert encode(vlan.push(packet, vid=7, pcp=3)) == bytes(peer.push(other))
        assert encode(vlan.pop(_tagged(data))) == bytes(peer.pop(peer.push(other))) == data
        assert encode(vlan.route(packet, vid=7, src=_SRC, dst=_DST) or packet)[:42] == _route_with_priority(peer, other)
        assert str(packet.at("inner.ipv4.src")) == peer.at(other)
        assert encode(packet.inner) == bytes(peer.inner(other))
        assert peer.checksums(other) is all(status == "valid" for status in list(checksums(packet).values())[::2])


PAYLOAD: Final = 40


def _route_with_priority(peer: _Scapy, packet: Any) -> bytes:
    routed = peer.route(packet)
    routed[peer.dot1q].prio = 0
    return bytes(routed)[:42]
