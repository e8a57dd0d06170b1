"""Columns -> an Arrow table: each column in the Arrow type that means the same."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa

from overlaycodec.capture.bulk.arrays import Mask, Values
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import CATEGORIES
from overlaycodec.columnar.column_values import address_kind, address_texts, holds_octets, json_text

__all__ = ["arrow_table"]

_NAMES = pa.dictionary(pa.int32(), pa.string())
_OCTETS = {"mac": 6, "ipv4": 4, "ipv6": 16}


def arrow_table(columns: dict[str, tuple[Column, Values, Mask]], addresses: Literal["text", "binary"]) -> pa.Table:
    """The table of these columns."""
    if addresses not in ("text", "binary"):
        raise ValueError(f"addresses are 'text' or 'binary', not {addresses!r}")
    return pa.table({name: _array(*column, addresses) for name, column in columns.items()})


def _array(column: Column, values: Values, absent: Mask, addresses: str) -> pa.Array:
    words = CATEGORIES.get(column.dtype)
    if words is not None:
        return pa.DictionaryArray.from_arrays(pa.array(values.astype("int8"), mask=absent), pa.array(words))
    if column.name == "time_ns" and values.dtype != object:
        return pa.array(values, pa.timestamp("ns", "UTC"), mask=absent)
    kind = address_kind(column)
    if kind is not None:
        return _binary(values, absent, kind) if addresses == "binary" else _texts(values, absent, kind)
    if column.name == "interface_name":
        return pa.array([None if missing else name for name, missing in zip(values, absent, strict=True)], _NAMES)
    if values.dtype == object:
        pairs = zip(values.tolist(), absent.tolist(), strict=True)
        if holds_octets(column):
            return pa.array([None if missing else value for value, missing in pairs], pa.binary())
        return pa.array([None if missing else json_text(value) for value, missing in pairs], pa.string())
    return pa.array(values, mask=absent)


def _texts(values: Values, absent: Mask, kind: str) -> pa.Array:
    texts, codes = address_texts(values, kind)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=absent), pa.array(texts, pa.string()))


def _binary(values: Values, absent: Mask, kind: str) -> pa.Array:
    octets = _OCTETS[kind]
    if kind == "ipv6":
        data = values.tobytes()
    else:
        words = values.astype(values.dtype.newbyteorder(">")).view(np.uint8).reshape(len(values), values.dtype.itemsize)
        data = words[:, words.shape[1] - octets :].tobytes()
    mask = pa.array(~absent).buffers()[1]
    return pa.Array.from_buffers(pa.binary(octets), len(values), [mask, pa.py_buffer(data)])
