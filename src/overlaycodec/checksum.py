"""The Internet checksum (RFC 1071), over whole octet strings at once.

Strategy: 2**16 is 1 modulo 0xFFFF, so the ones'-complement sum of 16-bit words is the whole string, read as one
number, modulo 0xFFFF. That is several times faster than adding words in Python. The remainder cannot tell a sum of 0
from one of 0xFFFF: only all-zero data has the sum 0.
"""

from __future__ import annotations

from binascii import crc32
from typing import Final

__all__ = [
    "REMAINDERS",
    "TCP_OFFSET",
    "UDP_OFFSET",
    "adjusted_checksum",
    "adjusted_fcs",
    "crc32c",
    "finished_at",
    "finished_checksum",
    "frame_check_sequence",
    "internet_checksum",
    "internet_sum",
]

UDP_OFFSET: Final = 6
TCP_OFFSET: Final = 16
"""Where the checksum is in a UDP and in a TCP header."""


def internet_sum(data: bytes, start: int = 0) -> int:
    """The ones'-complement sum of `data`, odd data padded on the right, added to `start`; 0 to 0xFFFF."""
    value = int.from_bytes(data, "big")
    if len(data) & 1:
        value <<= 8
    value += start
    return value % 0xFFFF or (0xFFFF if value else 0)


def internet_checksum(data: bytes, start: int = 0) -> int:
    """The complement of the sum: what stands in a checksum field. `start` is the sum of a pseudo-header.

    Spec: RFC 1071 section 1.
    """
    return 0xFFFF ^ internet_sum(data, start)


def adjusted_checksum(checksum: int, old: bytes, new: bytes) -> int:
    """What a checksum becomes where `old` octets that it covers become as many `new` ones, at an even place.

    A checksum that was wrong stays wrong by as much.

    Spec: RFC 1624 section 3, equation 3.
    """
    return 0xFFFF ^ internet_sum(b"", (0xFFFF ^ checksum) + (0xFFFF ^ internet_sum(old)) + internet_sum(new))


def finished_checksum(frame: bytes, start: int, stop: int, *, udp: bool) -> bytes:
    """The frame with the checksum of the UDP or TCP header at `start` finished: so far it is a pseudo-header's sum.

    As it is where that checksum does not lie between `start` and `stop`, where the content ends.
    """
    offset = UDP_OFFSET if udp else TCP_OFFSET
    return frame if start + offset + 2 > stop else finished_at(frame, start, offset, stop)


def finished_at(frame: bytes, start: int, offset: int, stop: int) -> bytes:
    """The frame with the checksum at octet `start + offset`, over the octets from `start` to `stop`, finished."""
    at = start + offset
    checksum = internet_checksum(frame[start:stop])
    if not checksum and offset == UDP_OFFSET:
        checksum = 0xFFFF  # RFC 768: 0 says that there is none
    return frame[:at] + checksum.to_bytes(2, "big") + frame[at + 2 :]


def frame_check_sequence(frame: bytes) -> bytes:
    """The FCS of an Ethernet frame: the 4 octets that follow it on the wire.

    >>> frame_check_sequence(b"123456789").hex()
    '2639f4cb'

    Spec: IEEE 802.3 clause 3.2.9.
    """
    return crc32(frame).to_bytes(4, "little")


def adjusted_fcs(fcs: bytes, old: bytes, new: bytes) -> bytes:
    """What an FCS, or the first octets of one, becomes where the frame `old` becomes `new`.

    An FCS that was wrong stays wrong by as much.
    """
    changes = zip(frame_check_sequence(old), frame_check_sequence(new), fcs, strict=False)
    return bytes(octet ^ before ^ after for before, after, octet in changes)


def _octet_remainders() -> tuple[int, ...]:
    """The remainder of each octet by Castagnoli's polynomial, bits reversed."""
    table = []
    for octet in range(256):
        remainder = octet
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
        table.append(remainder)
    return tuple(table)


REMAINDERS = _octet_remainders()


def crc32c(data: bytes) -> int:
    """CRC-32C (RFC 9260 appendix A).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    remainder = 0xFFFFFFFF
    for octet in data:
        remainder = remainder >> 8 ^ REMAINDERS[(remainder ^ octet) & 0xFF]
    return remainder ^ 0xFFFFFFFF
