"""Bit fields of a byte matrix: the same bits of many packets at once.

Strategy: a field of up to 8 octets is read as one big-endian word that covers it, through a view with strides, then
shifted and masked. The word, the shift and the mask are worked out once per field. Only the result is copied, and not
even that where the field is exactly one word.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from overlaycodec.capture.bulk.arrays import ByteRows, Ints, Values
from overlaycodec.columnar.column import dtype_of
from overlaycodec.schema.layout import Field

__all__ = ["SPARE", "BitField", "bits_of", "stored"]

SPARE = 7
"""Octets after a field that may be read together with it."""

_BIG = tuple(np.dtype(f">u{size}") for size in (1, 2, 4, 8))
_OWN = tuple(np.dtype(f"u{size}") for size in (1, 2, 4, 8))


class _Word:
    """A number of up to 64 bits: the word that covers it, how far to shift the word, and the mask."""

    __slots__ = ("big", "fills_word", "mask", "octet", "own", "shift")

    def __init__(self, bit: int, bits: int) -> None:
        self.octet, last = bit // 8, (bit + bits - 1) // 8
        size = next(number for number in range(4) if last - self.octet < 1 << number)
        self.big, self.own = _BIG[size], _OWN[size]
        width = 8 << size
        self.shift = self.own.type(self.octet * 8 + width - bit - bits)
        self.mask = self.own.type((1 << bits) - 1) if bit % 8 else None
        """None where the word begins with the number."""
        self.fills_word = width == bits

    def read(self, rows: ByteRows, picked: Ints | None, offset: int) -> Values:
        """The numbers, in words of this machine; `offset` is the octet of a row from which bits are counted."""
        words = rows.getfield(self.big, offset + self.octet)
        words = (words if picked is None else words[picked]).astype(self.own)
        if self.fills_word:
            return words
        if self.shift:
            words >>= self.shift
        if self.mask is not None:
            words &= self.mask
        return words


_word = lru_cache(maxsize=1024)(_Word)


def bits_of(rows: ByteRows, picked: Ints | None, bit: int, bits: int) -> Values:
    """The number in `bits` bits from `bit` on, of each row, or of the picked rows."""
    if bit % 8 + bits > 64:  # 64 bits that do not begin on an octet
        high, low = bits_of(rows, picked, bit, bits - 32), bits_of(rows, picked, bit + bits - 32, 32)
        return high.astype(np.uint64) << np.uint64(32) | low
    return _word(bit, bits).read(rows, picked, 0)


class BitField:
    """How one field is read from a run of fixed fields."""

    __slots__ = ("_bit", "_field", "_flag", "_in_place", "_octets", "_swap", "_word", "const", "name")

    def __init__(self, field: Field, bit: int) -> None:
        self.name = field.name
        self._field, self._bit = field, bit
        bits = field.width
        self._word: _Word | None = None
        self._octets: np.dtype[np.void] | None = None
        dtype = dtype_of(field)
        if dtype == "V16" or field.kind == "bytes" or bits > 64:
            self._octets = np.dtype(f"V{bits // 8}")
        elif bit % 8 + bits <= 64:
            self._word = _Word(bit, bits)
        self._swap = field.byte_order == "little" and bits > 8
        self._flag = dtype == "bool"
        self._in_place = self._word is not None and self._word.fills_word and not self._swap and not self._flag
        self.const = field.const

    def read(self, rows: ByteRows, picked: Ints | None, offset: int, *, native: bool) -> Values:
        """The values of the rows, or of the picked rows; the run starts at octet `offset` of each row.

        Unless `native`, it may be a view in the byte order of the wire.
        """
        if self._octets is not None:
            octets = rows.getfield(self._octets, offset + self._bit // 8)
            return octets if picked is None else octets[picked]
        if self._word is None:
            return bits_of(rows, picked, offset * 8 + self._bit, self._field.width)
        if self._in_place and not native and picked is None:
            return rows.getfield(self._word.big, offset + self._word.octet)
        values = self._word.read(rows, picked, offset)
        if self._flag:
            return values.view(np.bool_)
        if self._swap:
            size = values.dtype.itemsize
            values = values.byteswap() >> values.dtype.type((size - self._field.width // 8) * 8)
        return values


def stored(field: Field, values: Values) -> Values:
    """Values as `BitField.read` gives them -> values as a column of the field holds them."""
    if values.dtype.kind != "V" or dtype_of(field) == "V16":
        return values
    octets: list[Any] = values.tolist()  # Any: bytes, as items of type void become
    found = np.empty(len(octets), object)
    found[:] = octets if field.kind == "bytes" else [int.from_bytes(item, "big") for item in octets]
    return found
