"""Many packets as tables: a capture, a table of columns, encoded packets; the first rows, and the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from overlaycodec.capture import Capture, Frames, Record
from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.describe.plain import Plain
from overlaycodec.describe.timestamps import utc
from overlaycodec.display.spans import Span, joined
from overlaycodec.display.summary import parts_of
from overlaycodec.errors import CaptureError
from overlaycodec.notebook.page import Cell, Heading, left_out, new_id, page, plural, table, text

if TYPE_CHECKING:
    from overlaycodec.columnar.table import Table

__all__ = ["capture_page", "frames_page", "table_page"]

_MOST_ROWS: Final = 10
_MOST_COLUMNS: Final = 24
_MOST_COUNTED: Final = 10_000
"""Packets of a capture that are counted: a cell takes no minutes."""
_MOST_PARTS: Final = 60
"""Parts of a line; a packet has at most a few, unless it is made to have more."""
_HEADINGS: Final = (
    Heading("packet", number=True),
    Heading("time (UTC)", optional=True),
    Heading("octets", number=True),
    Heading("summary", long=True),
    Heading("comments", long=True, optional=True),
)


def capture_page(capture: Capture) -> str:
    """The page of a capture: its first packets, and how many it has. The loops over the capture do not notice.

    A stream that cannot seek is not read: it can be read only once.
    """
    title = f"{capture.format} capture"
    trouble = ""
    records: list[Record] = []
    count = octets = 0
    first = last = None
    more = False
    try:
        for record in capture.again():
            if count == _MOST_COUNTED:
                more = True
                break
            count, octets = count + 1, octets + record.wire_length
            if record.time_ns is not None:
                first = record.time_ns if first is None else min(first, record.time_ns)
                last = record.time_ns if last is None else max(last, record.time_ns)
            if len(records) < _MOST_ROWS:
                records.append(record)
    except (CaptureError, ValueError, OSError) as error:
        trouble = f'<p class="bad">{text(error)}</p>'
    size = capture.octets
    facts = [
        f"{'more than ' if more else ''}{plural(count, 'packet')}",
        f"{octets:,} octets on the wire{' in these' if more else ''}",
        f"{capture.byte_order}-endian",
        "" if size is None else f"file of {size:,} octets",
        "" if first is None or last is None else f"{utc(first)} to {utc(last)} UTC",
    ]
    named = [one.name or one.description or f"interface {at}" for at, one in enumerate(capture.interfaces[:8])]
    names = f"<p>Interfaces: {', '.join(map(text, named))}</p>" if any(one.name for one in capture.interfaces) else ""
    body = f'<div class="head">{title}</div><p>{text(" · ".join(filter(None, facts)), 400)}</p>{names}'
    body += table(_HEADINGS, _lines(records), "packets", _MOST_ROWS) if records else ""
    body += left_out(count - len(records), "packet", "capture.packets()")
    return page(new_id(), title, body + trouble)


def frames_page(frames: Frames) -> str:
    """The page of encoded packets: the first of them, their number and their octets."""
    title = f"{plural(len(frames), 'packet')}, {plural(len(frames.octets), 'octet')}"
    rows: Iterator[Sequence[Cell]]
    if frames.link_type is None:
        first = (frames[at] for at in range(min(_MOST_ROWS, len(frames))))
        rows = (
            (str(at), "-", str(len(data)), data[:32].hex(" ") + (" …" if len(data) > 32 else ""), "-")
            for at, data in enumerate(first)
        )
    else:
        times = [None] * _MOST_ROWS if frames.time_ns is None else frames.time_ns[:_MOST_ROWS].tolist()
        records = [
            Record(frames[at], frames.link_type, times[at], fcs_octets=frames.fcs_octets)
            for at in range(min(_MOST_ROWS, len(frames)))
        ]
        rows = _lines(records, 0)
    lengths = frames.lengths
    least, most = (int(lengths.min()), int(lengths.max())) if len(frames) else (0, 0)
    each = f"{least} octets each" if least == most else f"{least} to {most} octets each"
    body = f'<div class="head">{title}</div><p>{each}, link type {text(frames.link_type)}</p>'
    body += table(_HEADINGS, rows, "packets", _MOST_ROWS) + left_out(len(frames) - _MOST_ROWS, "packet", "frames[i]")
    return page(new_id(), f"encoded packets: {title}", body)


def table_page(packets: Table) -> str:
    """The page of a table: its first rows, and the type of each column."""
    title = f"{plural(len(packets), 'packet')}, {plural(len(packets.names), 'column')}"
    names = packets.names[:_MOST_COLUMNS]
    first = packets.first(_MOST_ROWS)
    columns = [[_value(name, value) for value in first.to_plain(name)] for name in names]
    kinds = [packets.type_of(name) for name in names]
    numbers = [not columns[at] or kinds[at][:3] in ("int", "uin") for at in range(len(names))]
    numbers = [
        number and all(cell == "" or cell.lstrip("-").isdigit() for cell in column)
        for number, column in zip(numbers, columns, strict=True)
    ]
    headings = [Heading(name, kind, number=number) for name, kind, number in zip(names, kinds, numbers, strict=True)]
    rows = ([str(at), *cells] for at, cells in enumerate(zip(*columns, strict=True)))
    body = f'<div class="head">{title}</div>'
    body += table([Heading("", number=True), *headings], rows, "the first packets", _MOST_ROWS)
    body += left_out(len(packets) - _MOST_ROWS, "packet", "table[name]")
    more = left_out(len(packets.names) - _MOST_COLUMNS, "column", "table.names")
    return page(new_id(), f"table: {title}", body + more)


def _value(name: str, value: Plain) -> str:
    if value is None:
        return ""
    if name == "time_ns" and isinstance(value, int):
        return utc(value)
    return str(value)


def _lines(records: Sequence[Record], start: int = 1) -> Iterator[Sequence[Cell]]:
    """A row for each record."""
    for number, record in enumerate(records, start):
        parts = islice(parts_of(record.decode(lax=True), DEFAULT, record.link_type), _MOST_PARTS)
        comments = chain.from_iterable((Span(" · "), Span(comment)) for comment in record.comments[:4])
        yield (
            str(number),
            "-" if record.time_ns is None else utc(record.time_ns),
            str(record.wire_length),
            joined(list(parts)),
            [*comments][1:] or "-",
        )
