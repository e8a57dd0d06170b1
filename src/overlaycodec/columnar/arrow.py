"""Columns -> an Arrow table: each column in the Arrow type that means the same.

Strategy: the text of an address is made once for each different address that is there. Arrow finds the different ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import Ints, Mask, Values
from overlaycodec.columnar.address_text import OCTETS, Addresses, octets_of, text_octets_of
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import CATEGORIES
from overlaycodec.columnar.column_facts import metadata_of
from overlaycodec.columnar.column_values import address_kind, holds_octets, json_text

__all__ = ["CHUNK_ROWS", "TextForm", "arrow_table", "checked", "schema_of"]

TextForm: TypeAlias = Literal["dictionary", "text", "views"]
"""Text of addresses: in dictionary encoding, as text, or as views of the text of different addresses."""

_NAMES = pa.dictionary(pa.int32(), pa.string())
_ADDRESSES = ("text", "number", "binary")
_MOST_OCTETS = (1 << 31) - 1
"""The most octets that the offsets of an array of type string can count."""
_HAS_VIEWS = int(pa.__version__.partition(".")[0]) >= 19
"""Whether arrays of views can be made of their buffers."""
_IN_PLACE = 12
"""Octets of text that stand in a view itself."""
CHUNK_ROWS = 1 << 24
"""Rows of text that stay below that, whatever addresses they have."""


def arrow_table(
    columns: dict[str, tuple[Column, Values, Mask | None]], addresses: Addresses, *, form: TextForm = "dictionary"
) -> pa.Table:
    """The table of these columns: values, and where they are absent; None: nowhere.

    `form` is that of text of addresses. Raises: ValueError for unknown `addresses`.
    """
    _check(addresses)
    arrays = {name: _array(*column, addresses, form) for name, column in columns.items()}
    fields = [pa.field(name, array.type, metadata=metadata_of(columns[name][0])) for name, array in arrays.items()]
    return pa.Table.from_arrays(list(arrays.values()), schema=pa.schema(fields))


def schema_of(columns: Iterable[Column], addresses: Addresses, *, form: TextForm = "dictionary") -> pa.Schema:
    """The schema of every table of these columns in which no time stamp is beyond 64 bits.

    The form is no view. Raises: ValueError for unknown `addresses`.
    """
    _check(addresses)
    return pa.schema(
        [pa.field(column.name, _type_of(column, addresses, form), metadata=metadata_of(column)) for column in columns]
    )


def checked(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table. Raises: OverflowError where it has another schema, because of a time stamp."""
    if table.schema != schema:
        raise OverflowError("a time stamp does not fit in 64 bits: leave out the column time_ns")
    return table


def _check(addresses: Addresses) -> None:
    if addresses not in _ADDRESSES:
        raise ValueError(f"addresses are 'text', 'number' or 'binary', not {addresses!r}")


def _type_of(column: Column, addresses: Addresses, form: TextForm) -> pa.DataType:
    """The type of the array that `_array` makes."""
    if column.dtype in CATEGORIES:
        return pa.dictionary(pa.int8(), pa.string())
    if column.name == "time_ns":
        return pa.timestamp("ns", "UTC")
    kind = address_kind(column)
    if kind is not None and addresses == "text":
        return _NAMES if form == "dictionary" else pa.string()
    if kind is not None and (addresses == "binary" or kind == "ipv6"):
        return pa.binary(OCTETS[kind])
    if column.dtype != "object":
        return pa.from_numpy_dtype(np.dtype(column.dtype))
    if column.name == "interface_name" and form == "dictionary":
        return _NAMES
    return pa.binary() if holds_octets(column) else pa.string()


def _array(
    column: Column, values: Values, absent: Mask | None, addresses: Addresses, form: TextForm
) -> pa.Array | pa.ChunkedArray:
    words = CATEGORIES.get(column.dtype)
    if words is not None:
        return pa.DictionaryArray.from_arrays(pa.array(values.astype("int8"), mask=absent), pa.array(words))
    if column.name == "time_ns" and values.dtype != object:
        return pa.array(values, pa.timestamp("ns", "UTC"), mask=absent)
    kind = address_kind(column)
    if kind is not None:
        if addresses == "text":
            return _texts(values, absent, kind, form)
        return _numbers(values, absent, kind) if addresses == "number" else _octets(values, absent, kind)
    if values.dtype == object:
        if absent is not None:
            values = values.copy()
            values[absent] = None
        if column.name == "interface_name" and form == "dictionary":
            return pa.array(values.tolist(), _NAMES)
        if holds_octets(column):
            return pa.array(values.tolist(), pa.binary())
        return pa.array([None if value is None else json_text(value) for value in values.tolist()], pa.string())
    return pa.array(values, mask=absent)


def _texts(values: Values, absent: Mask | None, kind: str, form: TextForm) -> pa.Array | pa.ChunkedArray:
    found = _numbers(values, absent, kind).dictionary_encode()
    octets, ends = text_octets_of(_values_of(found.dictionary, values.dtype), kind)
    if form == "views" and _HAS_VIEWS and int(ends[-1]) <= _MOST_OCTETS:
        return _views(octets, ends, found.indices, absent)
    texts = _text_array(octets, ends)
    if form == "dictionary":
        return pa.DictionaryArray.from_arrays(found.indices, texts)
    if len(values) <= CHUNK_ROWS:
        return texts.take(found.indices).cast(pa.string())
    starts = range(0, len(values), CHUNK_ROWS)
    return pa.chunked_array([texts.take(found.indices.slice(start, CHUNK_ROWS)).cast(pa.string()) for start in starts])


def _text_array(octets: NDArray[np.uint8], ends: Ints) -> pa.Array:
    few = int(ends[-1]) <= _MOST_OCTETS
    array, offsets = (pa.StringArray, ends.astype(np.int32)) if few else (pa.LargeStringArray, ends)
    return array.from_buffers(len(ends) - 1, pa.py_buffer(offsets), pa.py_buffer(octets))


def _views(octets: NDArray[np.uint8], ends: Ints, indices: pa.Array, absent: Mask | None) -> pa.Array:
    """An array of type string_view: for each text its length and, up to 12 octets, itself, else where it begins."""
    starts, lengths = ends[:-1], np.diff(ends)
    views = np.zeros((len(lengths), 4), np.int32)
    views[:, 0] = lengths
    begins = np.concatenate([octets, np.zeros(_IN_PLACE, np.uint8)])[starts[:, None] + np.arange(_IN_PLACE)]
    begins[np.arange(_IN_PLACE) >= lengths[:, None]] = 0
    views[:, 1:] = begins.view(np.int32)
    elsewhere = lengths > _IN_PLACE
    views[elsewhere, 2] = 0
    views[elsewhere, 3] = starts[elsewhere]
    if not len(views):
        views = np.zeros((1, 4), np.int32)
    which = np.frombuffer(indices.buffers()[1] or b"", np.int32, len(indices))
    if absent is not None:
        which = np.where(absent, np.int32(0), which)
    rows = views.view("V16").reshape(-1).take(which)
    return pa.Array.from_buffers(
        pa.string_view(), len(rows), [_present(absent), pa.py_buffer(rows), pa.py_buffer(octets)]
    )


def _present(absent: Mask | None) -> pa.Buffer | None:
    return None if absent is None else pa.array(~absent).buffers()[1]


def _values_of(array: pa.Array, dtype: np.dtype[np.generic]) -> Values:
    """An array of numbers or octets, none of which is absent, as NumPy has it."""
    data = array.buffers()[1]
    return np.frombuffer(b"" if data is None else data, dtype, len(array), array.offset * dtype.itemsize)


def _numbers(values: Values, absent: Mask | None, kind: str) -> pa.Array:
    """MAC and IPv4 addresses as numbers; IPv6 addresses, for which Arrow has no type of numbers, as octets."""
    return _octets(values, absent, kind) if kind == "ipv6" else pa.array(values, mask=absent)


def _octets(values: Values, absent: Mask | None, kind: str) -> pa.Array:
    data = pa.py_buffer(np.ascontiguousarray(octets_of(values, kind)))
    return pa.Array.from_buffers(pa.binary(OCTETS[kind]), len(values), [_present(absent), data])
