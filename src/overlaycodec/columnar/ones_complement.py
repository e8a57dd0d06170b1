"""Ones'-complement sums (RFC 1071) of many packets at once.

Strategy: 2**16 is 1 modulo 0xFFFF. So words of any multiple of 16 bits may be added, a field of any width may be added
folded to 16 bits, and a sum of words read in the wrong byte order is the right sum in the wrong byte order. Folding
keeps 0 apart from 0xFFFF: only zeros fold to 0.

Regions of one buffer that lie close together are summed where they are, in aligned words of 32 bits, and the octets at
both ends apart. Other regions are summed in blocks, each a row of a byte matrix, and what is after the end is masked.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import ByteBuffer, ByteMatrix, Ints, Sums, Values

__all__ = ["folded", "reduced", "sum_of_rows", "sums_of", "swapped"]

_BLOCK: Final = 64
_SPARSE: Final = 4
"""How many times the octets to be summed may lie between them."""

_16, _8, _WORD = (np.uint64(number) for number in (16, 8, 0xFFFF))


# --- numbers ----------------------------------------------------------------------------------------------------------


def reduced(numbers: Values, bits: int) -> Sums:
    """Numbers of at most 18 bits that are the same modulo 0xFFFF as these numbers of `bits` bits."""
    wide = numbers.astype(np.uint64, copy=False)
    if bits <= 16:
        return wide
    total = (wide & _WORD) + (wide >> _16 & _WORD if bits > 32 else wide >> _16)
    for shift in range(32, bits, 16):
        total += wide >> np.uint64(shift) & _WORD
    return total


def folded(sums: Sums) -> Sums:
    """The same sums in 16 bits."""
    while len(sums) and int(sums.max()) >> 16:
        sums = (sums & _WORD) + (sums >> _16)
    return sums


def swapped(sums: Sums) -> Sums:
    """Sums of 16 bits in the other byte order."""
    return (sums & np.uint64(0xFF)) << _8 | sums >> _8


# --- octets -----------------------------------------------------------------------------------------------------------


def sum_of_rows(rows: ByteMatrix) -> Sums:
    """The sum of the 16-bit words of each row, an odd octet padded on the right."""
    count, octets = rows.shape
    if octets % 4 or not rows.flags.c_contiguous:
        padded = np.zeros((count, octets + -octets % 4), np.uint8)
        padded[:, :octets] = rows
        rows = padded
    return swapped(folded(rows.view("<u4").sum(1, dtype=np.uint64)))


def sums_of(octets: ByteBuffer, starts: Ints, lengths: Ints) -> Sums:
    """The sums of these regions of a buffer, from 0 to 0xFFFF: 0 only where all octets are 0.

    The buffer has at least 64 octets after each region.
    """
    if not len(starts):
        return np.empty(0, np.uint64)
    ends = starts + lengths
    if int(ends[-1] - starts[0]) <= _SPARSE * int(lengths.sum()):
        sums = folded(_in_place(octets, starts, ends))
        even = starts % 2 == 0
        return np.where(even, swapped(sums), sums)
    return swapped(folded(_in_blocks(octets, starts, lengths)))


def _in_place(octets: ByteBuffer, starts: Ints, ends: Ints) -> Sums:
    """The sums of the words that start at multiples of 4, in little-endian byte order."""
    words = octets[: len(octets) // 4 * 4].view("<u4")
    first, last = (starts + 3) >> 2, ends >> 2
    edges = np.stack([first, last], axis=1).ravel()
    total: Sums = np.add.reduceat(words[: int(edges.max()) + 1], edges, dtype=np.uint64)[::2]
    total[first >= last] = 0
    before, after = ((starts & 3) * 8).astype(np.uint64), ((ends & 3) * 8).astype(np.uint64)
    tails = words[last] & (np.uint64(1) << after) - np.uint64(1)
    one = first > last  # the whole region lies in one word
    heads = words[np.maximum(first - 1, 0)] >> before << before
    heads[(before == 0) | one] = 0
    total += heads
    total += np.where(one, tails >> before << before, tails)
    return total


def _in_blocks(octets: ByteBuffer, starts: Ints, lengths: Ints) -> Sums:
    """The sums of the words from each start on, in little-endian byte order."""
    everywhere = np.ndarray((len(octets) - _BLOCK + 1,), f"V{_BLOCK}", buffer=octets.data, strides=(1,))
    total = np.zeros(len(starts), np.uint64)
    which = np.flatnonzero(lengths > 0)
    offset = 0
    while len(which):
        left = np.minimum(lengths[which] - offset, _BLOCK)
        words = everywhere[starts[which] + offset].view("<u4").reshape(len(which), -1)
        words &= _masks()[left]
        total[which] += words.sum(axis=1, dtype=np.uint64)
        offset += _BLOCK
        which = which[lengths[which] > offset]
    return total


@cache
def _masks() -> NDArray[np.uint32]:
    """For each number of octets: the mask that keeps this many octets of a block."""
    octets = np.where(np.arange(_BLOCK) < np.arange(_BLOCK + 1)[:, None], np.uint8(0xFF), np.uint8(0))
    return octets.view("<u4")
