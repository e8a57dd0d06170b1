"""Operations on packets, beside decoding the same packets, and beside scapy.

Strategy: what an operation is given, octets or a decoded packet, is made outside the clock; `decode`, without a field
read, takes its turn in the same rounds, and each figure is a multiple of it. scapy does what its users write for the
same purpose, with what it has.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

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


KINDS: Final = tuple(Kind(octets, distinct) for octets in (5, 1400) for distinct in (False, True))


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


def _texts(data: bytes) -> dict[str, Any]:
    ether, ip, udp, vxlan, inner, inner_ip, tcp = headers = decode(data).headers
    addresses = [(str(h.dst), str(h.src)) for h in (ether, ip, inner, inner_ip)]  # type: ignore[attr-defined]
    return {"addresses": addresses, "headers": headers, "payload": decode(data).payload}


def _objects(data: bytes) -> dict[str, Any]:
    found = _texts(data)
    ether, ip, _, _, inner, inner_ip, _ = found["headers"]
    return found | {"addresses": [(h.dst, h.src) for h in (ether, ip, inner, inner_ip)]}


def _build(values: dict[str, Any]) -> Packet:
    (dst_mac, src_mac), (dst, src), (inner_dst_mac, inner_src_mac), (inner_dst, inner_src) = values["addresses"]
    _, ip, udp, vxlan, _, _, tcp = values["headers"]
    return (
        Ethernet(dst=dst_mac, src=src_mac)
        / IPv4(src=src, dst=dst, identification=ip.identification)
        / UDP(src_port=udp.src_port)
        / VXLAN(vni=vxlan.vni)
        / Ethernet(dst=inner_dst_mac, src=inner_src_mac)
        / IPv4(src=inner_src, dst=inner_dst)
        / TCP(src_port=tcp.src_port, dst_port=tcp.dst_port, sequence=tcp.sequence, ack=True, window=8192)
        / values["payload"]
    )


def _tagged(data: bytes) -> Packet:
    return vlan.push(decode(data), vid=5, pcp=3)


OPERATIONS: Final = (
    Operation("`tunnel.decapsulate`", 4, tunnel.decapsulate, _unchanged, "decapsulate"),
    Operation(
        "`encapsulate` and `encode`", 5, lambda data: encode(_TEP.encapsulate(data)), _unchanged, "encapsulate"
    ),
    Operation("`checksums`", 4, checksums, scapy="checksums"),
    Operation("`fill`", 5, fill, scapy="fill"),
    Operation("`vlan.push`", 1.5, lambda packet: vlan.push(packet, vid=7, pcp=3), scapy="push"),
    Operation("`vlan.pop`", 1.5, vlan.pop, _tagged, "pop"),
    Operation(
        "`vlan.route`, untagged", 5, lambda packet: vlan.route(packet, vid=7, src=_SRC, dst=_DST), scapy="route"
    ),
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

    def _renewed(self, packet: Any) -> bytes:
        copied = packet.copy()
        for number in (1, 2):
            del copied[self.ip : number].chksum, copied[self.ip : number].len
        del copied[self.tcp].chksum
        return bytes(copied)

    def checksums(self, packet: Any) -> bool:
        again = self.ether(self._renewed(packet))
        same = all(again[self.ip : number].chksum == packet[self.ip : number].chksum for number in (1, 2))
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
        return packet[self.ip : 2].src

    def replace(self, packet: Any) -> Any:
        copied = packet.copy()
        copied[self.ip : 2].ttl = 7
        return copied

    def flow(self, packet: Any) -> Any:
        ip = packet[self.ip]
        return ip.src, ip.dst, ip.proto, ip.payload.sport, ip.payload.dport

    def inner(self, packet: Any) -> Any:
        return packet[self.vxlan].payload

    def build(self, values: dict[str, Any]) -> Any:
        (dst_mac, src_mac), (dst, src), (inner_dst_mac, inner_src_mac), (inner_dst, inner_src) = values["addresses"]
        _, ip, udp, vxlan, _, _, tcp = values["headers"]
        return (
            self.ether(dst=dst_mac, src=src_mac)
            / self.ip(src=src, dst=dst, id=ip.identification)
            / self.udp(sport=udp.src_port)
            / self.vxlan(vni=vxlan.vni, flags="Instance")
            / self.ether(dst=inner_dst_mac, src=inner_src_mac)
            / self.ip(src=inner_src, dst=inner_dst)
            / self.tcp(sport=tcp.src_port, dport=tcp.dst_port, seq=tcp.sequence, flags="A", window=8192)
            / self.raw(values["payload"])
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
