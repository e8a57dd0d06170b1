"""Fields cut out of rows of octets: the same bits of many packets at once.

Strategy: a field of up to 8 octets is read as one big-endian word that covers it, through a view with strides, then
shifted and masked. How a field is cut is worked out once; nothing is copied but the result, and a field that is a word
of its own is not copied either, until it is stored.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.column import dtype_of
from overlaycodec.schema.facts import ByteOrder, Const
from overlaycodec.schema.layout import Field

__all__ = ["SPARE", "Cut", "Rows", "Values", "bits_of", "stored"]

Values = NDArray[Any]  # Any: of the type that the field's column has
Ints = NDArray[np.int64]
Rows = NDArray[np.void]
"""Octets of many packets, an item a packet."""

SPARE = 7
"""Octets behind a field that may be read together with it."""

_BIG = tuple(np.dtype(f">u{size}") for size in (1, 2, 4, 8))
_OWN = tuple(np.dtype(f"u{size}") for size in (1, 2, 4, 8))


class _Word:
    """A number of up to 64 bits at a bit: the word that covers it, how far to shift it and what to keep."""

    __slots__ = ("big", "mask", "octet", "own", "shift", "whole")

    def __init__(self, bit: int, bits: int) -> None:
        self.octet, last = bit // 8, (bit + bits - 1) // 8
        size = next(number for number in range(4) if last - self.octet < 1 << number)
        self.big, self.own = _BIG[size], _OWN[size]
        width = 8 << size
        self.shift = self.own.type(self.octet * 8 + width - bit - bits)
        self.mask = self.own.type((1 << bits) - 1) if bit % 8 else None
        """None where nothing stands before the number."""
        self.whole = width == bits

    def read(self, rows: Rows, picked: Ints | None, at: int) -> Values:
        """The numbers, in words of this machine."""
        words = rows.getfield(self.big, at + self.octet)
        words = (words if picked is None else words[picked]).astype(self.own)
        if self.whole:
            return words
        if self.shift:
            words >>= self.shift
        if self.mask is not None:
            words &= self.mask
        return words


_word = lru_cache(maxsize=1024)(_Word)


def bits_of(rows: Rows, picked: Ints | None, bit: int, bits: int) -> Values:
    """The number in `bits` bits from `bit` on, of each row, or of those that are picked."""
    if bit % 8 + bits > 64:  # 64 bits that do not begin on an octet
        high, low = bits_of(rows, picked, bit, bits - 32), bits_of(rows, picked, bit + bits - 32, 32)
        return high.astype(np.uint64) << np.uint64(32) | low
    return _word(bit, bits).read(rows, picked, 0)


class Cut:
    """How one field is cut out of a run of fixed fields."""

    __slots__ = ("_bit", "_const", "_dtype", "_field", "_flag", "_octets", "_plain", "_swap", "_word", "const", "name")

    def __init__(self, field: Field, bit: int) -> None:
        self.name = field.name
        self._field, self._bit = field, bit
        bits = field.bits or 0
        self._word: _Word | None = None
        self._octets: np.dtype[np.void] | None = None
        dtype = dtype_of(field)
        if dtype == "V16" or field.kind == "bytes" or bits > 64:
            self._octets = np.dtype(f"V{bits // 8}")
        elif bit % 8 + bits <= 64:
            self._word = _Word(bit, bits)
        order = field.get(ByteOrder)
        self._swap = order is not None and order.order == "little" and bits > 8
        self._flag = dtype == "bool"
        self._plain = self._word is not None and self._word.whole and not self._swap and not self._flag
        self._dtype = np.dtype(dtype)
        const = field.get(Const)
        self.const = None if const is None else const.value

    def read(self, rows: Rows, picked: Ints | None, at: int, *, native: bool) -> Values:
        """The values of a run that begins at octet `at` of the rows, or of those that are picked.

        Unless `native`, it may be a view in the wire's order.
        """
        if self._octets is not None:
            octets = rows.getfield(self._octets, at + self._bit // 8)
            return octets if picked is None else octets[picked]
        if self._word is None:
            return bits_of(rows, picked, at * 8 + self._bit, self._field.bits or 0)
        if self._plain and not native and picked is None:
            return rows.getfield(self._word.big, at + self._word.octet)
        values = self._word.read(rows, picked, at)
        if self._flag:
            return values.view(np.bool_)
        if self._swap:
            size = values.dtype.itemsize
            values = values.byteswap() >> values.dtype.type((size - (self._field.bits or 0) // 8) * 8)
        return values


def stored(field: Field, values: Values) -> Values:
    """Values that were cut out, as a column of the field holds them."""
    if values.dtype.kind != "V" or dtype_of(field) == "V16":
        return values
    octets: list[Any] = values.tolist()  # Any: octets, or the number in them
    found = np.empty(len(octets), object)
    found[:] = octets if field.kind == "bytes" else [int.from_bytes(item, "big") for item in octets]
    return found
