"""Frames of ten shapes, built by plain `struct` calls: what a capture of mixed traffic holds.

VXLAN with TCP, with a tagged frame, with IPv6 inside; TCP with options outside any tunnel; VXLAN over IPv4 with
options; stacks of VLAN tags; Geneve with options; fragments; frames that were cut off; wrong lengths and constants.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from bench.frames import (
    ETHERNET,
    UDP,
    VXLAN,
    Host,
    checksum_of,
    frame,
    ipv4,
    ipv6_frame,
    plain_frame,
    tagged_frame,
    tcp,
)

__all__ = ["SHAPES", "assorted"]


def _udp(source: random.Random, dst_port: int, content: bytes) -> bytes:
    return UDP(source.randrange(49152, 65536), dst_port, 8 + len(content), 0) + content


def _inner(source: random.Random, known: Sequence[Host]) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    segment = tcp(source, b"")
    return ETHERNET(dst_mac, src_mac, 0x0800) + ipv4(source, 6, src, dst, len(segment)) + segment


def _with_options(source: random.Random, known: Sequence[Host]) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    datagram = _udp(source, 4789, VXLAN(0x08000000, source.getrandbits(24) << 8) + _inner(source, known))
    header = bytearray(ipv4(source, 17, src, dst, 4 + len(datagram)) + b"\x94\x04\0\0")  # router alert
    header[0] = 0x46
    header[10:12] = b"\0\0"
    header[10:12] = checksum_of(bytes(header)).to_bytes(2, "big")
    return ETHERNET(dst_mac, src_mac, 0x0800) + header + datagram


def _tags(source: random.Random, known: Sequence[Host]) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    datagram = _udp(source, 50000, source.randbytes(64))
    tags = b"".join(
        source.randrange(1, 4095).to_bytes(2, "big") + (b"\x81\x00" if more else b"\x08\x00")
        for more in range(source.randrange(1, 3), -1, -1)
    )
    return ETHERNET(dst_mac, src_mac, 0x88A8) + tags + ipv4(source, 17, src, dst, len(datagram)) + datagram


def _geneve(source: random.Random, known: Sequence[Host]) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    options = b"".join(
        b"\x01\x02" + source.randbytes(1) + bytes([words]) + source.randbytes(4 * words)
        for words in source.choices(range(4), k=source.randrange(4))
    )
    head = bytes([len(options) // 4, 0]) + b"\x65\x58" + source.randbytes(3) + b"\0"
    datagram = _udp(source, 6081, head + options + _inner(source, known))
    return ETHERNET(dst_mac, src_mac, 0x0800) + ipv4(source, 17, src, dst, len(datagram)) + datagram


def _fragment(source: random.Random, known: Sequence[Host]) -> bytes:
    (src_mac, src), (dst_mac, dst) = source.choice(known), source.choice(known)
    later = source.random() < 0.5
    piece = (
        source.randbytes(64) if later else UDP(source.randrange(49152, 65536), 50000, 1400, 0) + source.randbytes(56)
    )
    header = bytearray(ipv4(source, 17, src, dst, len(piece)))
    header[6:8] = (0x2000 | (8 if later else 0)).to_bytes(2, "big")
    return ETHERNET(dst_mac, src_mac, 0x0800) + header + piece


def _damaged(source: random.Random, known: Sequence[Host]) -> bytes:
    """A length, a version or a size of options that cannot be."""
    octets = bytearray(frame(source, known, summed=False))
    place, value = source.choice(((14, 0x35), (14, 0x43), (17, 9), (39, 3), (67, 10), (96, 0x40)))
    octets[place] = value
    return bytes(octets)


SHAPES = (
    frame, tagged_frame, ipv6_frame, plain_frame, _with_options, _tags, _geneve, _fragment, _damaged,
)  # fmt: skip
"""All but one, which is any of these cut off."""


def assorted(source: random.Random, known: Sequence[Host]) -> tuple[bytes, int]:
    """A frame of one of ten shapes, and how long it was on the wire."""
    number = source.randrange(len(SHAPES) + 1)
    if number < len(SHAPES):
        whole = SHAPES[number](source, known)
        return whole, len(whole)
    whole = source.choice(SHAPES)(source, known)
    return whole[: source.randrange(1, len(whole))], len(whole)
