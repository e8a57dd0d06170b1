"""Differences between packets, and between captures, as tables of what was there before and what is there after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from overlaycodec.comparison.changes import Added, CaptureDiff, Change, PacketDiff, RecordDiff, Removed
from overlaycodec.display.spans import Span
from overlaycodec.notebook.page import Cell, Heading, left_out, new_id, page, plural, table, text

__all__ = ["capture_diff_page", "packet_diff_page", "record_diff_page"]

_MOST_CHANGES: Final = 64
_MOST_RECORDS: Final = 32
_HEADINGS: Final = (
    Heading(""),
    Heading("path"),
    Heading("bits"),
    Heading("before", long=True),
    Heading("after", long=True),
)


def packet_diff_page(diff: PacketDiff) -> str:
    """The page of the differences between two packets."""
    title = plural(len(diff), "difference") if diff else "no difference"
    body = _changes(diff.changes, "differences", _MOST_CHANGES) if diff else ""
    return page(new_id(), title, f'<div class="head">{title}</div>{body}')


def record_diff_page(diff: RecordDiff) -> str:
    """The page of one packet of two captures."""
    title = str(diff).splitlines()[0]
    body = _changes(diff.changes, title, _MOST_CHANGES) if diff.changes else ""
    return page(new_id(), title, f'<div class="head">{text(title)}</div>{body}')


def capture_diff_page(diff: CaptureDiff) -> str:
    """The page of the differences between two captures; each changed packet opens."""
    parts = [f'<div class="head">{text(diff.summary)}</div>']
    for record in diff.records[:_MOST_RECORDS]:
        title = text(str(record).splitlines()[0])
        if record.changes:
            count = f'<span class="faint">{plural(len(record.changes), "difference")}</span>'
            changes = _changes(record.changes, title, _MOST_CHANGES // 4)
            parts.append(f"<details><summary><b>{title}</b> {count}</summary>{changes}</details>")
        else:
            parts.append(f"<p>{title}</p>")
    parts.append(left_out(len(diff.records) - _MOST_RECORDS, "packet", "print(diff)"))
    return page(new_id(), f"differences: {diff.summary}", "".join(parts))


def _changes(changes: Sequence[Change], label: str, most: int) -> str:
    return table(_HEADINGS, _rows(changes), label, most) + left_out(len(changes) - most, "difference", "print(diff)")


def _rows(changes: Sequence[Change]) -> Iterator[Sequence[Cell]]:
    for change in changes:
        before, after = change.texts
        if isinstance(change, Removed | Added):
            sign = Span("-", "bad") if isinstance(change, Removed) else Span("+", "good")
            yield sign, change.path, _bits(change.bits), before or "-", after or "-"
        else:
            new_path = getattr(change, "new_path", change.path)
            path = change.path if change.path == new_path else f"{change.path} → {new_path}"
            yield Span("~", "warn"), path, _bits(change.bits or change.new_bits), before, after


def _bits(bits: tuple[int, int] | None) -> str:
    if bits is None:
        return "-"
    return f"{bits[0]}" if bits[0] == bits[1] else f"{bits[0]}-{bits[1]}"
