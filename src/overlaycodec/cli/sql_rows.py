"""The rows of an answer in SQL, as a table for people and as objects for programs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from overlaycodec.cli.packet_json import json_line
from overlaycodec.describe.plain import Plain, plain_of, printable
from overlaycodec.describe.timestamps import utc
from overlaycodec.display.output import Output
from overlaycodec.display.spans import Span

if TYPE_CHECKING:
    import pyarrow

__all__ = ["write_objects", "write_table"]

ArrowStream: TypeAlias = Any  # Any: an object with `__arrow_c_stream__`, such as a relation of DuckDB
_MEASURED: Final = 1000
"""So many rows decide how wide the columns are."""


def write_objects(answer: ArrowStream, output: Output) -> None:
    """A line per row: an object whose keys are the names of the columns."""
    names, rows = _rows_of(answer)
    for row in rows:
        output.write(Span(json_line(dict(zip(names, row, strict=True)))))


def write_table(answer: ArrowStream, output: Output) -> None:
    """A line of names, then a line per row; numbers are to the right."""
    names, rows = _rows_of(answer)
    heads = [printable(name) for name in names]
    first = list(islice(rows, _MEASURED))
    widths = [max(map(len, column)) for column in zip(heads, *(map(_text_of, row) for row in first), strict=True)]
    numbers = [
        any(isinstance(row[index], int | float) and not isinstance(row[index], bool) for row in first)
        for index in range(len(heads))
    ]

    def line(texts: list[str]) -> str:
        cells = zip(texts, widths, numbers, strict=True)
        return "  ".join(f"{text:>{width}}" if right else f"{text:{width}}" for text, width, right in cells).rstrip()

    output.write(Span(line(heads), "faint"))
    for row in chain(first, rows):
        output.write(Span(line(list(map(_text_of, row)))))


def _rows_of(answer: ArrowStream) -> tuple[list[str], Iterator[tuple[Plain, ...]]]:
    """The names of the columns, and the rows."""
    import pyarrow

    reader = pyarrow.RecordBatchReader.from_stream(answer)
    rows = (row for batch in reader for row in zip(*map(_plain_column, batch.columns), strict=True))
    return list(reader.schema.names), rows


def _plain_column(column: pyarrow.Array) -> list[Plain]:
    """The values of a column; time stamps with all their digits, which those of Python do not have."""
    import pyarrow

    if pyarrow.types.is_timestamp(column.type):
        unit = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[column.type.unit]
        values = column.cast(pyarrow.int64()).to_pylist()
        return [None if value is None else utc(value * unit) for value in values]
    return [_plain(value) for value in column.to_pylist()]


def _plain(value: Any) -> Plain:  # Any: whatever Arrow has
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {str(name): _plain(one) for name, one in value.items()}
        case None | bool() | int() | float() | str() | bytes():
            return plain_of(value)
    return str(value)


def _text_of(value: Plain) -> str:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list | dict):
        return printable(json_line({"": value})[4:-1])
    return "NULL" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
