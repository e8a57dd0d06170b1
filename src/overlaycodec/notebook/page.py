"""The parts that all pages are made of: a page with an `id` of its own, escaped text, tables."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from html import escape
from itertools import count, islice
from typing import Final, TypeAlias

import msgspec

from overlaycodec.describe.plain import printable
from overlaycodec.display.spans import Span
from overlaycodec.notebook.style import style_of

__all__ = ["Cell", "Heading", "left_out", "new_id", "page", "plural", "spans", "table", "text"]

MOST_TEXT: Final = 200
"""Characters of one text on a page."""
_PROCESS: Final = secrets.token_hex(4)
_NUMBERS: Final = count(1)

Cell: TypeAlias = "str | Span | Sequence[Span]"
"""What a table shows in one place."""


class Heading(msgspec.Struct, frozen=True):
    """The heading of a column; `below` is a smaller text under it."""

    text: str
    below: str = ""
    number: bool = False
    """Whether it has numbers, which end at the right."""
    long: bool = False
    """Whether its texts may take several lines."""
    optional: bool = False
    """Whether the column is left out where each of its cells is "-"."""


def new_id() -> str:
    """An `id` that no other page has, also none of another process."""
    return f"oc-{_PROCESS}-{next(_NUMBERS)}"


def text(content: object, limit: int = MOST_TEXT) -> str:
    """Text for any place of a page: escaped, without control characters, shortened to `limit` characters."""
    shown = str(content)
    shown = f"{printable(shown[:limit])}…" if len(shown) > limit else printable(shown)
    return escape(shown[: 2 * limit] + "…" if len(shown) > 2 * limit else shown)


def spans(parts: Iterable[Span], limit: int = MOST_TEXT) -> str:
    """Spans, each in an element of the class that its role names."""
    return "".join(
        text(part.text, limit)
        if part.role in ("plain", "value")
        else f'<span class="{part.role}">{text(part.text, limit)}</span>'
        for part in parts
    )


def plural(number: int, noun: str) -> str:
    """A number and a noun: "1 packet", "12,000 packets"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def left_out(number: int, noun: str, call: str = "") -> str:
    """The line that says how much is not on the page, and what shows it; "" where nothing is missing."""
    if number <= 0:
        return ""
    return f'<p class="faint">… {plural(number, f"more {noun}")}{f": <code>{text(call)}</code>" if call else ""}</p>'


def page(page_id: str, label: str, body: str, lit: tuple[str, ...] = ()) -> str:
    """A page; `label` is its name for screen readers."""
    opening = f'<div id="{page_id}" class="overlaycodec" role="group" aria-label="{text(label)}">'
    return f"{opening}{style_of(page_id, lit)}{body}</div>"


def table(headings: Sequence[Heading], rows: Iterable[Sequence[Cell]], label: str, most: int) -> str:
    """At most `most` rows under their headings, in a box that scrolls and that the keyboard reaches."""
    shown = [*islice(rows, most)]
    kept = [at for at, heading in enumerate(headings) if not heading.optional or any(row[at] != "-" for row in shown)]
    headings, shown = [headings[at] for at in kept], [[row[at] for at in kept] for row in shown]
    kinds = [" class=n" if heading.number else " class=long" if heading.long else "" for heading in headings]
    below = [f"<small>{text(heading.below)}</small>" if heading.below else "" for heading in headings]
    head = "".join(
        f"<th scope=col{kind}>{text(heading.text)}{small}</th>"
        for heading, kind, small in zip(headings, kinds, below, strict=True)
    )
    lines = [
        "<tr>" + "".join(f"<td{kind}>{_cell(cell)}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in shown
    ]
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(label)}"><table class="rows">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return text(cell)
    return spans((cell,) if isinstance(cell, Span) else cell)
