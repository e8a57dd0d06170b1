"""Which columns decide the shape of a packet: packets that have equal keys share a template.

Strategy: the keys are read from the layouts, as the encoder is. A value that only fills its own bits is no key. A value
is one where it decides which fields are present, what a checksum covers, or which address a checksum includes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints, Values
from overlaycodec.columnar.encode.column_input import InputColumn
from overlaycodec.packet.header import Header
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.values import AUTO

__all__ = ["groups_of", "keys_of"]


def keys_of(column: InputColumn, headers: Sequence[Header]) -> Iterator[Values]:
    """The keys of a column: packets have one shape where all of these are equal."""
    if column.absent is not None:
        yield column.absent
    if column.codes is not None:
        yield column.codes
    if column.strings is not None and column.strings.common_length is None and column.field is not None:
        yield column.strings.lengths
    if column.numbers is None or column.field is None:
        return
    header = headers[column.header]
    lists: list[tuple[Layout, Field]] = []
    layout: Layout = header.__layout__
    record: Any = header  # Any: a header, then an element of one of its option lists
    for name, number in column.rest[:-1]:
        lists.append((layout, layout.by_name[name]))
        record = getattr(record, name)[number]
        layout = record.__layout__
    yield from _in_record(column.numbers, column.field, layout, header)
    if lists:
        yield from _in_option_list(column.numbers, column.field, *lists[-1])


def _in_record(numbers: Values, field: Field, layout: Layout, header: Header) -> Iterator[Values]:
    """The keys of a field within its own record."""
    name, coverage, extent = field.name, layout.coverage, layout.extent
    for other in layout.fields:
        presence, route = other.presence, other.route
        if presence is not None and name in presence.fields:
            yield numbers != 0 if presence.values is None else np.isin(numbers, presence.values)
        if route is not None and route.type == name:
            yield np.where(np.isin(numbers, list(route.at)), numbers.astype(np.int64), -1)
        if route is not None and route.left == name:
            yield numbers != 0 if route.begins is None else numbers
    if extent is None:
        return
    if extent.unless == name or (extent.field is field and extent.zero == "unbounded"):
        yield numbers != 0
    summed = None if coverage is None or coverage.header_only else coverage
    if extent.field is field and summed is not None and getattr(header, summed.field.name) is AUTO:
        yield numbers


def _in_option_list(numbers: Values, field: Field, layout: Layout, options: Field) -> Iterator[Values]:
    """The keys of an element's field within the record that has the option list."""
    for other in layout.fields:
        flag = other.element_flag
        if flag is not None and (flag.options, flag.field) == (options.name, field.name):
            yield numbers.astype(np.uint64) & np.uint64(flag.mask) != 0
    plan = options.options
    if plan is not None and plan.kind == field.name and plan.end is not None:
        yield numbers == plan.end


def groups_of(keys: Sequence[Values], count: int) -> list[slice | Ints]:
    """The packets that have equal keys, each group in order."""
    codes = np.zeros(count, np.int64)
    for key in keys:
        if count and (key != key[0]).any():
            different, inverse = np.unique(key, return_inverse=True)
            _, codes = np.unique(codes * len(different) + inverse.reshape(-1), return_inverse=True)
            codes = codes.reshape(-1)
    if not count or (codes == codes[0]).all():
        return [slice(0, count)]
    order = np.argsort(codes, kind="stable")
    edges = np.flatnonzero(np.diff(codes[order])) + 1
    return list(np.split(order, edges))
