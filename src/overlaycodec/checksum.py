"""The Internet checksum (RFC 1071), over whole octet strings at once.

Strategy: 2**16 is 1 modulo 0xFFFF, so the ones'-complement sum of 16-bit words is the whole string, read as one
number, modulo 0xFFFF. That is several times faster than adding words in Python. The remainder cannot tell a sum of 0
from one of 0xFFFF: only all-zero data has the sum 0.
"""

from __future__ import annotations

__all__ = ["internet_checksum", "internet_sum"]


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
