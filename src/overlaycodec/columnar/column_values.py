"""Columns -> plain values of Python, and texts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from overlaycodec.capture.bulk.arrays import Mask, Values
from overlaycodec.columnar.address_text import OCTETS, texts_of
from overlaycodec.columnar.column import BY_REQUEST, Column
from overlaycodec.columnar.column_buffers import CATEGORIES
from overlaycodec.describe.plain import Plain, plain_of
from overlaycodec.filters.field_paths import final_fields_of
from overlaycodec.schema.layout import Field

__all__ = ["address_kind", "holds_octets", "json_text", "plain_column"]


def _fields_of(column: Column) -> tuple[Field, ...]:
    return () if column.field is None else final_fields_of(column)


def address_kind(column: Column) -> str | None:
    """The kind of address that a column of numbers holds; None where it holds other values."""
    kinds = {field.kind for field in _fields_of(column)}
    return kinds.pop() if len(kinds) == 1 and kinds <= OCTETS.keys() and column.dtype != "object" else None


def holds_octets(column: Column) -> bool:
    """Whether a column of objects holds octets and nothing else."""
    if column.name == "fcs" or column.name in BY_REQUEST:
        return True
    complete = bool(column.rest) and column.rest[-1][1] is None
    return complete and column.dtype == "object" and all(field.kind == "bytes" for field in _fields_of(column))


def json_text(value: object) -> str:
    """A value as text: option lists as JSON."""
    plain = plain_of(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def plain_column(column: Column, values: Values, absent: Mask) -> list[Plain]:
    """The values of a column: numbers, flags, text; None where one is absent."""
    words, kind = CATEGORIES.get(column.dtype), address_kind(column)
    if kind is not None:
        plain: list[Any] = _address_texts(values, absent, kind)
    elif words is not None:
        plain = [words[code] for code in values.tolist()]
    elif values.dtype == object:
        plain = [None if missing else plain_of(value) for value, missing in zip(values, absent.tolist(), strict=True)]
    else:
        plain = values.tolist()
    for index in np.flatnonzero(absent).tolist():
        plain[index] = None
    return plain


def _address_texts(values: Values, absent: Mask, kind: str) -> list[str | None]:
    """The text of each address, made once for each different one that is there; None where one is absent."""
    found = np.empty(len(values), object)
    known, codes = np.unique(values[~absent], return_inverse=True)
    texts = np.array(texts_of(known, kind), object)
    found[~absent] = texts[codes.reshape(-1)]
    return found.tolist()
