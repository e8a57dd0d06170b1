"""Inputs: frames of seven headers, Ethernet/IPv4/UDP/VXLAN/Ethernet/IPv4/TCP, built by plain `struct` calls.

No decoder under test has a part in them, and no two are alike: ports, sequence numbers, identifications, VNIs and
payloads are random. Their addresses are drawn from a few hosts, or are all distinct.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from struct import Struct

__all__ = [
    "ETHERNET",
    "OCTETS",
    "PAYLOAD_OCTETS",
    "UDP",
    "VXLAN",
    "Host",
    "capture_record",
    "checksum_of",
    "frame",
    "frames",
    "hosts",
    "ipv4",
    "ipv6_frame",
    "mixed_frames",
    "plain_frame",
    "tagged_frame",
    "tcp",
    "uncached_frames",
    "usual_frames",
]

PAYLOAD_OCTETS = 64
OCTETS = 14 + 20 + 8 + 8 + 14 + 20 + 20 + PAYLOAD_OCTETS

Host = tuple[bytes, bytes]
"""A MAC address and an IPv4 address, as octets."""

ETHERNET = Struct(">6s6sH").pack
_IPV4 = Struct(">BBHHHBBH4s4s").pack
UDP = Struct(">HHHH").pack
VXLAN = Struct(">II").pack
_TCP = Struct(">HHIIBBHHH").pack
_RECORD = Struct("<IIII").pack
_ROUTER_ALERT = b"\x94\x04\0\0"


def checksum_of(octets: bytes) -> int:
    """The Internet checksum (RFC 1071), word by word as the RFC has it."""
    total = 0
    for index in range(0, len(octets) - 1, 2):
        total += octets[index] << 8 | octets[index + 1]
    if len(octets) % 2:
        total += octets[-1] << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def hosts(source: random.Random, count: int = 16) -> list[Host]:
    """A few hosts, for frames among which addresses come back."""
    return [_new_host(source) for _ in range(count)]


def _new_host(source: random.Random) -> Host:
    return b"\x02" + source.randbytes(5), b"\x0a" + source.randbytes(3)


def ipv4(source: random.Random, protocol: int, src: bytes, dst: bytes, octets: int, options: bytes = b"") -> bytes:
    dscp_ecn = source.choice((0, 0, 40, 184))
    identification, ttl = source.getrandbits(16), source.randrange(30, 256)
    version_ihl, total = 0x45 + len(options) // 4, 20 + len(options) + octets
    header = _IPV4(version_ihl, dscp_ecn, total, identification, 0x4000, ttl, protocol, 0, src, dst) + options
    return header[:10] + checksum_of(header).to_bytes(2, "big") + header[12:]


def frame(
    source: random.Random,
    known: Sequence[Host] | None = None,
    *,
    summed: bool = True,
    options: bytes = b"",
    payload_octets: int = PAYLOAD_OCTETS,
) -> bytes:
    """One frame; from new hosts unless some are `known`. Without `summed` the TCP checksum is any number.

    The outer IPv4 header has the `options`.
    """
    ends = [source.choice(known) if known else _new_host(source) for _ in range(4)]
    (outer_src_mac, outer_src), (outer_dst_mac, outer_dst), (inner_src_mac, inner_src), (inner_dst_mac, inner_dst) = (
        ends
    )
    payload = source.randbytes(payload_octets)
    numbers = source.getrandbits(32), source.getrandbits(32)
    # ports that no decoder binds to anything
    ports = source.randrange(32768, 47000), source.randrange(50000, 60000)
    flags = source.choice((0x10, 0x18, 0x02, 0x11))
    checksum = source.getrandbits(16)
    window = source.getrandbits(16)
    segment = _TCP(*ports, *numbers, 0x50, flags, window, 0 if summed else checksum, 0)
    if summed:
        pseudo = inner_src + inner_dst + bytes([0, 6]) + (len(segment) + len(payload)).to_bytes(2, "big")
        segment = segment[:16] + checksum_of(pseudo + segment + payload).to_bytes(2, "big") + segment[18:]
    inner = (
        ETHERNET(inner_dst_mac, inner_src_mac, 0x0800)
        + ipv4(source, 6, inner_src, inner_dst, len(segment) + len(payload))
        + segment
        + payload
    )
    vxlan = VXLAN(0x08000000, source.getrandbits(24) << 8) + inner
    udp = UDP(source.randrange(49152, 65536), 4789, 8 + len(vxlan), 0) + vxlan
    outer = ipv4(source, 17, outer_src, outer_dst, len(udp), options)
    return ETHERNET(outer_dst_mac, outer_src_mac, 0x0800) + outer + udp


def frames(source: random.Random, count: int, *, distinct: bool, payload_octets: int = PAYLOAD_OCTETS) -> list[bytes]:
    """New frames: all addresses distinct, or those of 16 new hosts."""
    known = None if distinct else hosts(source)
    return [frame(source, known, payload_octets=payload_octets) for _ in range(count)]


def capture_record(number: int, data: bytes, wire_length: int | None = None) -> bytes:
    """A pcap record of one frame."""
    length = len(data) if wire_length is None else wire_length
    return _RECORD(1_700_000_000 + number // 1_000_000, number % 1_000_000, len(data), length) + data


def mixed_frames(source: random.Random, count: int) -> list[bytes]:
    """New frames of four stacks in random order, of 16 hosts.

    VXLAN with TCP inside, with a tagged frame and UDP inside, with IPv6 inside; TCP with options outside any tunnel.
    """
    known = hosts(source)
    return [source.choice((frame, tagged_frame, ipv6_frame, plain_frame))(source, known) for _ in range(count)]


def usual_frames(source: random.Random, count: int) -> list[bytes]:
    """New frames of 16 hosts: VXLAN with TCP inside, save one in a hundred, which is TCP outside any tunnel."""
    known = hosts(source)
    return [plain_frame(source, known) if source.random() < 0.01 else frame(source, known) for _ in range(count)]


def uncached_frames(source: random.Random, count: int) -> list[bytes]:
    """New frames of 16 hosts, each with a router alert (RFC 2113) in its outer IPv4 header: no stack decoder fits."""
    known = hosts(source)
    return [frame(source, known, options=_ROUTER_ALERT) for _ in range(count)]


def _tunnelled(source: random.Random, known: Sequence[Host], inner: bytes) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    vxlan = VXLAN(0x08000000, source.getrandbits(24) << 8) + inner
    udp = UDP(source.randrange(49152, 65536), 4789, 8 + len(vxlan), 0) + vxlan
    return ETHERNET(dst_mac, src_mac, 0x0800) + ipv4(source, 17, src, dst, len(udp)) + udp


def tagged_frame(source: random.Random, known: Sequence[Host]) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    payload = source.randbytes(PAYLOAD_OCTETS)
    udp = UDP(source.randrange(49152, 65536), 50000, 8 + len(payload), source.getrandbits(16)) + payload
    tag = source.randrange(1, 4095).to_bytes(2, "big") + b"\x08\x00"
    return _tunnelled(
        source, known, ETHERNET(dst_mac, src_mac, 0x8100) + tag + ipv4(source, 17, src, dst, len(udp)) + udp
    )


def tcp(source: random.Random, options: bytes) -> bytes:
    ports = source.randrange(32768, 47000), source.randrange(50000, 60000)
    numbers = source.getrandbits(32), source.getrandbits(32)
    offset = 0x50 + (len(options) << 2)
    header = _TCP(*ports, *numbers, offset, 0x18, source.getrandbits(16), source.getrandbits(16), 0)
    return header + options + source.randbytes(PAYLOAD_OCTETS)


def ipv6_frame(source: random.Random, known: Sequence[Host]) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    segment = tcp(source, b"")
    head = (6 << 28 | source.getrandbits(20)).to_bytes(4, "big") + len(segment).to_bytes(2, "big") + b"\x06\x40"
    addresses = b"\x20\x01\x0d\xb8" + bytes(8) + src + b"\x20\x01\x0d\xb8" + bytes(8) + dst
    return _tunnelled(source, known, ETHERNET(dst_mac, src_mac, 0x86DD) + head + addresses + segment)


def plain_frame(source: random.Random, known: Sequence[Host]) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    # no operation, no operation, time stamps: what Linux sends in each segment
    segment = tcp(source, b"\x01\x01\x08\x0a" + source.randbytes(8))
    return ETHERNET(dst_mac, src_mac, 0x0800) + ipv4(source, 6, src, dst, len(segment)) + segment
