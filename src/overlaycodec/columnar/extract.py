"""Fields cut out of rows of octets: the same bits of many packets at once.

Strategy: a field of up to 8 octets is read as one big-endian word that covers it, through a view with strides, then
shifted and masked; nothing is copied but the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.names import dtype_of
from overlaycodec.layout import Field
from overlaycodec.wire import ByteOrder

__all__ = ["Values", "bits_of", "field_of"]

Values = NDArray[Any]  # Any: of the type that the field's column has
Rows = NDArray[np.uint8]


def _word(rows: Rows, first: int, octets: int) -> tuple[Values, int]:
    """A word of each row that covers `octets` octets from `first` on, and the octet behind it."""
    count, width = rows.shape
    size = next(size for size in (1, 2, 4, 8) if octets <= size)
    start = max(0, min(first, width - size))
    words: Values = np.ndarray((count,), f">u{size}", buffer=rows.data, offset=start, strides=(width,))
    return words, start + size


def bits_of(rows: Rows, bit: int, bits: int, dtype: str) -> Values:
    """The number in `bits` bits from `bit` on, of each row."""
    first, last = bit // 8, (bit + bits - 1) // 8
    if last - first + 1 > 8:  # 64 bits that do not begin on an octet
        high = bits_of(rows, bit, bits - 32, "uint64")
        return high << np.uint64(32) | bits_of(rows, bit + bits - 32, 32, "uint64")
    words, stop = _word(rows, first, last - first + 1)
    shift = stop * 8 - bit - bits
    if shift == 0 and words.dtype.itemsize * 8 == bits:
        return words.astype(dtype)
    plain = words.astype(words.dtype.newbyteorder("="))
    if shift:
        plain >>= plain.dtype.type(shift)
    if plain.dtype.itemsize * 8 - shift > bits:
        plain &= plain.dtype.type((1 << bits) - 1)
    return plain.astype(dtype, copy=False)


def field_of(rows: Rows, bit: int, field: Field) -> Values:
    """The values of a field of fixed size that begins at `bit` of each row, as its column holds them."""
    bits = field.bits or 0
    if field.kind == "ipv6":
        start, (count, width) = bit // 8, rows.shape
        return np.ndarray((count,), "V16", buffer=rows.data, offset=start, strides=(width,)).copy()
    if field.kind == "bytes" or bits > 64:
        start = bit // 8
        cut: list[Any] = [row.tobytes() for row in rows[:, start : start + bits // 8]]
        if field.kind != "bytes":
            cut = [int.from_bytes(octets, "big") for octets in cut]
        return _objects(cut)
    values = bits_of(rows, bit, bits, dtype_of(field))
    if (order := field.get(ByteOrder)) and order.order == "little":
        octets = bits // 8
        values = values.byteswap() >> values.dtype.type((values.dtype.itemsize - octets) * 8)
    return values


def _objects(values: list[Any]) -> Values:
    found = np.empty(len(values), object)
    found[:] = values
    return found
