"""Fields of variable size, as columns.

Strategy: a field of an element is read for many packets at once (`option_reader`). Values that are Python objects in
any case are read packet by packet, as the scalar decoder reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlaycodec.capture.bulk.arrays import Ints
from overlaycodec.codec.header_decoder import option_list_reader
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import Part, put
from overlaycodec.columnar.decode.group import Group
from overlaycodec.columnar.decode.option_reader import elements_of, walkable
from overlaycodec.columnar.decode.scalar_fallback import scalar_of
from overlaycodec.errors import PathError
from overlaycodec.packet.paths import read_at
from overlaycodec.schema.layout import ADDRESS_OCTETS, Field
from overlaycodec.schema.plans import UnparsedSize
from overlaycodec.values import MACAddress
from overlaycodec.values.interning import IPV4S

__all__ = ["variable_of"]

OptionListReader = Callable[[bytes, int, int], tuple[tuple[Any, ...], bytes]]  # Any: elements


def variable_of(column: Column, part: Field, group: Group, starts: Ints, stops: Ints, output: Part) -> None:
    """Stores the values of a field, each of which lies between two offsets of the buffer."""
    assert column.field is not None
    if walkable(column, part):
        elements_of(column, part, group, starts, stops, output)
        return
    read = option_list_reader(part) if part.kind == "items" else None
    found: list[Any] = []  # Any: a field's own type
    empty = None if (starts < stops).all() else _value(column, part, read, b"")
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        found.append(_value(column, part, read, group.octets[start:stop].tobytes()) if start < stop else empty)
    put(column.name, group.index, found, output)


def _value(column: Column, part: Field, read: OptionListReader | None, data: bytes) -> Any:  # Any: as above
    value: Any = data
    assert column.field is not None
    if read is not None:
        elements, rest = read(data, 0, len(data))
        value = rest if isinstance(column.field.size, UnparsedSize) else _named(column, elements)
    elif part.kind in ("hardware", "protocol") and len(data) == ADDRESS_OCTETS[part.kind]:
        value = MACAddress(data) if part.kind == "hardware" else IPV4S.of(int.from_bytes(data, "big"))
    return scalar_of(value, column.dtype)


def _named(column: Column, elements: tuple[Any, ...]) -> Any:  # Any: elements, and the fields of one
    """What the column names of an option list: all elements, one of them, or a field of it."""
    (_, number), deeper = column.rest[0], column.rest[1:]
    if number is None:
        return elements
    if number >= len(elements):
        return None
    try:
        return read_at(elements[number], deeper, column.name) if deeper else elements[number]
    except PathError:
        return None
