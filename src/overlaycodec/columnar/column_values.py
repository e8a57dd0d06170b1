"""Columns -> plain values of Python, and texts."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import Mask, Values
from overlaycodec.columnar.column import BY_REQUEST, Column
from overlaycodec.columnar.column_buffers import CATEGORIES
from overlaycodec.describe.plain import Plain, plain_of
from overlaycodec.filters.field_paths import final_fields_of
from overlaycodec.schema.layout import Field
from overlaycodec.values import MACAddress

__all__ = ["address_kind", "address_texts", "holds_octets", "json_text", "plain_column"]

_TEXT: dict[str, Any] = {  # Any: from what the column holds to text
    "mac": lambda value: str(MACAddress(int(value).to_bytes(6, "big"))),
    "ipv4": lambda value: str(IPv4Address(int(value))),
    "ipv6": lambda value: str(IPv6Address(bytes(value))),
}


def _fields_of(column: Column) -> tuple[Field, ...]:
    return () if column.field is None else final_fields_of(column)


def address_kind(column: Column) -> str | None:
    """The kind of address that a column of numbers holds; None where it holds other values."""
    kinds = {field.kind for field in _fields_of(column)}
    return kinds.pop() if len(kinds) == 1 and kinds <= _TEXT.keys() and column.dtype != "object" else None


def holds_octets(column: Column) -> bool:
    """Whether a column of objects holds octets and nothing else."""
    if column.name == "fcs" or column.name in BY_REQUEST:
        return True
    complete = bool(column.rest) and column.rest[-1][1] is None
    return complete and column.dtype == "object" and all(field.kind == "bytes" for field in _fields_of(column))


def address_texts(values: Values, kind: str) -> tuple[list[str], NDArray[np.int32]]:
    """The different addresses as text, and the index of each packet's own: captures have few different ones."""
    known, codes = np.unique(values, return_inverse=True)
    return [_TEXT[kind](value) for value in known.tolist()], codes.astype("int32").reshape(-1)


def json_text(value: object) -> str:
    """A value as text: option lists as JSON."""
    plain = plain_of(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def plain_column(column: Column, values: Values, absent: Mask) -> list[Plain]:
    """The values of a column: numbers, flags, text; None where one is absent."""
    words, kind = CATEGORIES.get(column.dtype), address_kind(column)
    if kind is not None:
        texts, codes = address_texts(values, kind)
        plain: list[Any] = [texts[code] for code in codes.tolist()]
    elif words is not None:
        plain = [words[code] for code in values.tolist()]
    elif values.dtype == object:
        plain = [None if missing else plain_of(value) for value, missing in zip(values, absent.tolist(), strict=True)]
    else:
        plain = values.tolist()
    for index in np.flatnonzero(absent).tolist():
        plain[index] = None
    return plain
