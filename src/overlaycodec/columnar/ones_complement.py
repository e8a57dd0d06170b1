"""Internet checksums (RFC 1071) of many regions of one buffer.

Strategy: 2**16 is 1 modulo 0xFFFF, so any words may be added that 16 bits divide, and a sum of words read the wrong way
round is the right one the wrong way round. Regions that lie close together are summed where they are, in aligned words
of 32 bits, the octets at both ends apart; others in pieces of one row each, of which what lies behind the end is
masked.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["folded", "sums_of"]

Ints = NDArray[np.int64]
Sums = NDArray[np.uint64]

_PIECE: Final = 64
_SPARSE: Final = 4
"""How many times the octets to be summed may lie between them."""


def sums_of(octets: NDArray[np.uint8], starts: Ints, lengths: Ints) -> Sums:
    """The ones'-complement sums of these regions, from 0 to 0xFFFF: 0 only where all octets are 0.

    There are `_PIECE` octets behind each.
    """
    if not len(starts):
        return np.empty(0, np.uint64)
    ends = starts + lengths
    if int(ends[-1] - starts[0]) <= _SPARSE * int(lengths.sum()):
        sums = folded(_in_place(octets, starts, ends))
        even = starts % 2 == 0
        return np.where(even, _swapped(sums), sums)
    return _swapped(folded(_in_pieces(octets, starts, lengths)))


def folded(sums: Sums) -> Sums:
    """The same sums in 16 bits."""
    while int(sums.max()) >> 16:
        sums = (sums & np.uint64(0xFFFF)) + (sums >> np.uint64(16))
    return sums


def _swapped(sums: Sums) -> Sums:
    return (sums >> np.uint64(8)) | (sums & np.uint64(0xFF)) << np.uint64(8)


def _in_place(octets: NDArray[np.uint8], starts: Ints, ends: Ints) -> Sums:
    """The sums of the words that start at multiples of 4, little end first."""
    words = octets[: len(octets) // 4 * 4].view("<u4")
    first, last = (starts + 3) >> 2, ends >> 2
    places = np.stack([first, last], axis=1).ravel()
    total: Sums = np.add.reduceat(words[: int(last.max()) + 1], places, dtype=np.uint64)[::2]
    total[first >= last] = 0
    before, behind = ((starts & 3) * 8).astype(np.uint64), ((ends & 3) * 8).astype(np.uint64)
    tails = words[last] & (np.uint64(1) << behind) - np.uint64(1)
    one = first > last  # the whole region lies in one word
    heads = words[np.maximum(first - 1, 0)] >> before << before
    heads[(before == 0) | one] = 0
    total += heads
    total += np.where(one, tails >> before << before, tails)
    return total


def _in_pieces(octets: NDArray[np.uint8], starts: Ints, lengths: Ints) -> Sums:
    """The sums of the words from each start on, little end first."""
    everywhere = np.ndarray((len(octets) - _PIECE + 1,), f"V{_PIECE}", buffer=octets.data, strides=(1,))
    total = np.zeros(len(starts), np.uint64)
    which = np.flatnonzero(lengths > 0)
    at = 0
    while len(which):
        left = np.minimum(lengths[which] - at, _PIECE)
        words = everywhere[starts[which] + at].view("<u4").reshape(len(which), -1)
        words &= _masks()[left]
        total[which] += words.sum(axis=1, dtype=np.uint64)
        at += _PIECE
        which = which[lengths[which] > at]
    return total


@cache
def _masks() -> NDArray[np.uint32]:
    """For each number of octets: the words that keep so many of a piece."""
    octets = np.where(np.arange(_PIECE) < np.arange(_PIECE + 1)[:, None], np.uint8(0xFF), np.uint8(0))
    return octets.view("<u4")
