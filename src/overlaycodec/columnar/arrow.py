"""Columns -> an Arrow table: each column in the Arrow type that means the same.

Strategy: the text of an address is made once for each different address that is there. Arrow finds the different ones.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from overlaycodec.capture.bulk.arrays import Mask, Values
from overlaycodec.columnar.address_text import OCTETS, Addresses, octets_of, text_octets_of
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import CATEGORIES
from overlaycodec.columnar.column_values import address_kind, holds_octets, json_text

__all__ = ["arrow_table"]

_NAMES = pa.dictionary(pa.int32(), pa.string())
_ADDRESSES = ("text", "number", "binary")
_MOST_OCTETS = (1 << 31) - 1
"""The most octets that the offsets of an array of type string can count."""
_ROWS = 1 << 24
"""Rows of text that stay below that, whatever addresses they have."""


def arrow_table(
    columns: dict[str, tuple[Column, Values, Mask | None]], addresses: Addresses, *, encoded: bool = True
) -> pa.Table:
    """The table of these columns: values, and where they are absent; None: nowhere.

    With `encoded`, text of addresses is in dictionary encoding. Raises: ValueError for unknown `addresses`.
    """
    if addresses not in _ADDRESSES:
        raise ValueError(f"addresses are 'text', 'number' or 'binary', not {addresses!r}")
    return pa.table({name: _array(*column, addresses, encoded) for name, column in columns.items()})


def _array(
    column: Column, values: Values, absent: Mask | None, addresses: Addresses, encoded: bool
) -> pa.Array | pa.ChunkedArray:
    words = CATEGORIES.get(column.dtype)
    if words is not None:
        return pa.DictionaryArray.from_arrays(pa.array(values.astype("int8"), mask=absent), pa.array(words))
    if column.name == "time_ns" and values.dtype != object:
        return pa.array(values, pa.timestamp("ns", "UTC"), mask=absent)
    kind = address_kind(column)
    if kind is not None:
        if addresses == "text":
            return _texts(values, absent, kind, encoded)
        return _numbers(values, absent, kind) if addresses == "number" else _octets(values, absent, kind)
    if values.dtype == object:
        if absent is not None:
            values = values.copy()
            values[absent] = None
        if column.name == "interface_name":
            return pa.array(values.tolist(), _NAMES)
        if holds_octets(column):
            return pa.array(values.tolist(), pa.binary())
        return pa.array([None if value is None else json_text(value) for value in values.tolist()], pa.string())
    return pa.array(values, mask=absent)


def _texts(values: Values, absent: Mask | None, kind: str, encoded: bool) -> pa.Array | pa.ChunkedArray:
    found = _numbers(values, absent, kind).dictionary_encode()
    texts = _text_array(_values_of(found.dictionary, values.dtype), kind)
    if encoded:
        return pa.DictionaryArray.from_arrays(found.indices, texts)
    if len(values) <= _ROWS:
        return texts.take(found.indices)
    starts = range(0, len(values), _ROWS)
    return pa.chunked_array([texts.take(found.indices.slice(start, _ROWS)) for start in starts])


def _text_array(values: Values, kind: str) -> pa.Array:
    octets, ends = text_octets_of(values, kind)
    few = int(ends[-1]) <= _MOST_OCTETS
    array, offsets = (pa.StringArray, ends.astype(np.int32)) if few else (pa.LargeStringArray, ends)
    return array.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(octets))


def _values_of(array: pa.Array, dtype: np.dtype[np.generic]) -> Values:
    """An array of numbers or octets, none of which is absent, as NumPy has it."""
    data = array.buffers()[1]
    return np.frombuffer(b"" if data is None else data, dtype, len(array), array.offset * dtype.itemsize)


def _numbers(values: Values, absent: Mask | None, kind: str) -> pa.Array:
    """MAC and IPv4 addresses as numbers; IPv6 addresses, for which Arrow has no type of numbers, as octets."""
    return _octets(values, absent, kind) if kind == "ipv6" else pa.array(values, mask=absent)


def _octets(values: Values, absent: Mask | None, kind: str) -> pa.Array:
    present = None if absent is None else pa.array(~absent).buffers()[1]
    data = pa.py_buffer(np.ascontiguousarray(octets_of(values, kind)))
    return pa.Array.from_buffers(pa.binary(OCTETS[kind]), len(values), [present, data])
