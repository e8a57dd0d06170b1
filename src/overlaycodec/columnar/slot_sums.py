"""Values put into rows of octets, and what they add to a checksum.

Strategy: the Internet checksum is a sum modulo 0xFFFF, where 2**16 is 1. So a field of any width adds itself, folded to
16 bits and shifted by where it ends within its word, and what does not change is summed once for all rows. Folding
keeps 0 apart from 0xFFFF: only zeros fold to 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Numbers", "Rows", "ending", "folded", "put", "sum_of_rows", "swapped"]

Rows = NDArray[np.uint8]
Numbers = NDArray[Any]  # Any: unsigned integers of any size

_16, _8, _WORD, _OCTET, _HALF = (np.uint64(number) for number in (16, 8, 0xFFFF, 0xFF, 0xFFFFFFFF))


def put(rows: Rows, bit: int, bits: int, numbers: Numbers) -> None:
    """Puts a number into `bits` bits from `bit` on, of each row; they are zeros before."""
    if bit % 8 == 0 and bits % 8 == 0:
        at, left = bit // 8, bits
        while left:
            octets = next(size for size in (8, 4, 2, 1) if size * 8 <= left)
            left -= octets * 8
            part = numbers >> numbers.dtype.type(left) if left else numbers
            rows[:, at : at + octets].view(f">u{octets}")[:, 0] = part  # what is above these octets falls away
            at += octets
        return
    last = (bit + bits - 1) // 8
    if bits > 32:  # a word and what hangs over
        put(rows, bit, bits - 32, numbers >> np.uint64(32))
        put(rows, bit + bits - 32, 32, numbers & _HALF)
        return
    wide = numbers.astype(np.uint64, copy=False)
    for octet in range(bit // 8, last + 1):
        shift = (octet + 1) * 8 - bit - bits
        part = wide >> np.uint64(-shift) if shift < 0 else wide << np.uint64(shift)
        rows[:, octet] |= (part & _OCTET).astype(np.uint8)


def folded(numbers: Numbers, bits: int) -> NDArray[np.uint64]:
    """A number of at most 18 bits that is the same modulo 0xFFFF, and 0 only where that one is."""
    wide = numbers.astype(np.uint64, copy=False)
    if bits <= 16:
        return wide
    total = (wide & _WORD) + (wide >> _16 & _WORD if bits > 32 else wide >> _16)
    for shift in range(32, bits, 16):
        total += wide >> np.uint64(shift) & _WORD
    return total


def ending(total: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The ones'-complement sum that a total below 2**40 comes to."""
    for _ in range(3):
        total = (total & _WORD) + (total >> _16)
    return total


def sum_of_rows(rows: Rows) -> NDArray[np.uint64]:
    """The ones'-complement sum of the 16-bit words of each row, an odd octet padded on the right."""
    count, octets = rows.shape
    if octets % 4 or not rows.flags.c_contiguous:
        padded = np.zeros((count, octets + -octets % 4), np.uint8)
        padded[:, :octets] = rows
        rows = padded
    return swapped(rows.view("<u4").sum(1, dtype=np.uint64))


def swapped(total: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The sum of 16-bit words, by a sum of words of whose octets the least significant one comes first."""
    total = ending(folded(total, 64))
    return total << _8 & _WORD | total >> _8
