"""Columns -> Arrow: each in the type that means the same there."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from overlaycodec.columnar.names import Column
from overlaycodec.columnar.output import CATEGORIES
from overlaycodec.describe import plain_of
from overlaycodec.values import MACAddress

__all__ = ["arrow_table"]

Values = NDArray[Any]  # Any: each column has its type
Absent = NDArray[np.bool_]

_OCTETS = {"mac": 6, "ipv4": 4, "ipv6": 16}
_TEXT: dict[str, Any] = {  # Any: from what the column holds to text
    "mac": lambda value: str(MACAddress(int(value).to_bytes(6, "big"))),
    "ipv4": lambda value: str(IPv4Address(int(value))),
    "ipv6": lambda value: str(IPv6Address(bytes(value))),
}


def arrow_table(columns: dict[str, tuple[Column, Values, Absent]], addresses: Literal["text", "binary"]) -> pa.Table:
    """The table of these columns."""
    if addresses not in ("text", "binary"):
        raise ValueError(f"addresses are 'text' or 'binary', not {addresses!r}")
    return pa.table({name: _array(*column, addresses) for name, column in columns.items()})


def _array(column: Column, values: Values, absent: Absent, addresses: str) -> pa.Array:
    words = CATEGORIES.get(column.dtype)
    if words is not None:
        return pa.DictionaryArray.from_arrays(pa.array(values.astype("int8"), mask=absent), pa.array(words))
    if column.name == "time_ns" and values.dtype != object:
        return pa.array(values, pa.timestamp("ns", "UTC"), mask=absent)
    kind = _kind_of(column)
    if kind is not None:
        return _binary(values, absent, kind) if addresses == "binary" else _texts(values, absent, kind)
    if values.dtype == object:
        plain = [None if gone else _plain(value) for value, gone in zip(values.tolist(), absent.tolist(), strict=True)]
        return pa.array(plain, pa.binary() if _all_octets(plain) else pa.string())
    return pa.array(values, mask=absent)


def _kind_of(column: Column) -> str | None:
    """Which kind of address a column of numbers holds."""
    field = column.field
    for name, _ in column.rest[1:]:
        assert field is not None
        field = next(e.__layout__.by_name[name] for e in field.elements if name in e.__layout__.by_name)
    return field.kind if field is not None and field.kind in _OCTETS and column.dtype != "object" else None


def _texts(values: Values, absent: Absent, kind: str) -> pa.Array:
    """Addresses as text, each written once: captures have few of them."""
    known, codes = np.unique(values, return_inverse=True)
    texts = pa.array([_TEXT[kind](value) for value in known.tolist()], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype("int32").ravel(), mask=absent), texts)


def _binary(values: Values, absent: Absent, kind: str) -> pa.Array:
    octets = _OCTETS[kind]
    if kind == "ipv6":
        data = values.tobytes()
    else:
        words = values.astype(values.dtype.newbyteorder(">")).view(np.uint8).reshape(len(values), -1)
        data = words[:, words.shape[1] - octets :].tobytes()
    mask = pa.array(~absent).buffers()[1]
    return pa.Array.from_buffers(pa.binary(octets), len(values), [mask, pa.py_buffer(data)])


def _all_octets(values: list[Any]) -> bool:
    return all(value is None or isinstance(value, bytes) for value in values)


def _plain(value: Any) -> Any:  # Any: what a column of objects holds, and what Arrow takes
    """Octets as they are, numbers and addresses as text, rows as JSON."""
    if isinstance(value, bytes):
        return value
    plain = plain_of(value)
    return plain if isinstance(plain, str) else json.dumps(plain)
