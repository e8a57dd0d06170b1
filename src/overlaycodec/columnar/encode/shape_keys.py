"""What of a packet's shape its columns decide: packets for which that is the same are written alike.

Strategy: read from the declarations, as the writer is made from them. A value that only fills its own bits decides
nothing; one that says what is there, how far a checksum reaches or which address is summed is told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.decode.batch import Ints
from overlaycodec.columnar.encode.column_input import Given
from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Checksum, Elements, FinalDestination, LengthField, Only, SetIfAny, Unless, When
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.values import AUTO

__all__ = ["groups_of", "keys_of"]

Key = NDArray[Any]  # Any: flags, or small numbers


def keys_of(given: Given, headers: Sequence[Header]) -> Iterator[Key]:
    """What the column decides: packets are of one shape where all these are equal."""
    if given.absent is not None:
        yield given.absent
    if given.codes is not None:
        yield given.codes
    if given.strings is not None and given.strings.even is None and given.field is not None:
        yield given.strings.lengths
    if given.numbers is None or given.field is None:
        return
    header = headers[given.header]
    above: list[tuple[Layout, Field]] = []
    layout: Layout = header.__layout__
    value: Any = header  # Any: a record, then one in a row of it
    for name, number in given.rest[:-1]:
        above.append((layout, layout.by_name[name]))
        value = getattr(value, name)[number]
        layout = value.__layout__
    yield from _in_record(given.numbers, given.field, layout, header)
    if above:
        yield from _in_row(given.numbers, given.field, *above[-1])


def _in_record(numbers: Key, field: Field, layout: Layout, header: Header) -> Iterator[Key]:
    """What a field decides of its own record."""
    name = field.name
    for other in layout.fields:
        condition = other.condition
        if isinstance(condition, When) and name in condition.flags:
            yield numbers != 0
        elif isinstance(condition, Only | Unless) and condition.field == name:
            yield np.isin(numbers, condition.values)
        if (bounds := other.get(LengthField)) and bounds.unless == name:
            yield numbers != 0
        if (route := other.get(FinalDestination)) and route.type == name:
            yield np.where(np.isin(numbers, list(route.at)), numbers.astype(np.int64), -1)
        if route is not None and route.left == name:
            # whether a pointer lies within the row depends on the row's size, and the row may be a column too
            yield numbers != 0 if route.begins is None else numbers
    summed = layout.checksum if layout.checksum is not None and layout.checksum[Checksum].covers == "all" else None
    if LengthField in field and summed is not None and getattr(header, summed.name) is AUTO:
        yield numbers


def _in_row(numbers: Key, field: Field, layout: Layout, row: Field) -> Iterator[Key]:
    """What a field of an element decides of the record that has the row."""
    for other in layout.fields:
        if (marks := other.get(SetIfAny)) and (marks.row, marks.field) == (row.name, field.name):
            yield numbers.astype(np.uint64) & np.uint64(marks.mask) != 0
    items = row.get(Elements)
    if items is not None and items.kind == field.name and items.end is not None:
        yield numbers == items.end


def groups_of(keys: Sequence[Key], count: int) -> list[slice | Ints]:
    """Packets that are alike in all keys, each group in order."""
    codes = np.zeros(count, np.int64)
    for key in keys:
        if count and (key != key[0]).any():
            different, inverse = np.unique(key, return_inverse=True)
            _, codes = np.unique(codes * len(different) + inverse.reshape(-1), return_inverse=True)
            codes = codes.reshape(-1)
    if not count or (codes == codes[0]).all():
        return [slice(0, count)]
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return list(np.split(order, cuts))
