"""Fields whose size is told by others, as columns: one object a packet, read as the scalar decoder reads it."""

from __future__ import annotations

from typing import Any

from overlaycodec.columnar.names import Column
from overlaycodec.columnar.output import Output
from overlaycodec.columnar.scalar import scalar_of
from overlaycodec.columnar.shapes import Group
from overlaycodec.errors import MissingHeaderError
from overlaycodec.layout import ADDRESS_OCTETS, Field
from overlaycodec.paths import read_at
from overlaycodec.reader import row_reader
from overlaycodec.values import IPV4S, MACAddress
from overlaycodec.wire import Remainder

__all__ = ["variable_of"]


def variable_of(column: Column, part: Field, group: Group, at: int, octets: int | None, output: Output) -> None:
    """Stores the values of a field of `octets` octets at `at` of the rows; None: of all that is left."""
    assert column.field is not None
    starts = (group.base + at).tolist()
    stops = (group.base + group.left).tolist() if octets is None else [start + octets for start in starts]
    read = row_reader(part) if part.kind == "items" else None
    for index, start, stop in zip(group.index.tolist(), starts, stops, strict=True):
        data = group.octets[start:stop].tobytes()
        value: Any = data  # Any: a field's own type
        if read is not None:
            row, rest = read(data, 0, len(data))
            value = rest if Remainder in column.field else _named(column, row)
        elif part.kind in ("hardware", "protocol") and len(data) == ADDRESS_OCTETS[part.kind]:
            value = MACAddress(data) if part.kind == "hardware" else IPV4S[int.from_bytes(data, "big")]
        if value is not None:
            output.values[column.name][index] = scalar_of(value, column.dtype)
            output.absent[column.name][index] = False


def _named(column: Column, row: tuple[Any, ...]) -> Any:  # Any: elements, and the fields of one
    (_, number), deeper = column.rest[0], column.rest[1:]
    if number is None:
        return row
    if number >= len(row):
        return None
    try:
        return read_at(row[number], deeper, column.name) if deeper else row[number]
    except MissingHeaderError:
        return None
