"""A pipeline as the figure of its whole stack: the figures of its headers, one below the other, as text or as SVG.

Strategy: the pattern becomes a list of entries, each a line of text and the header whose figure follows it; both
drawings are made of those. Alternatives and repeated parts of several headers are groups, with a line at their left.
"""

from __future__ import annotations

from html import escape
from typing import Final

import msgspec

from overlaycodec.describe.diagram import CELL, HEIGHT, TOP, WIDTH, figure_of, ruler, svg_document, svg_figure_of
from overlaycodec.pipelines.pattern import AnyOf, InOrder, Part, Repeated
from overlaycodec.schema.record import WireStruct

__all__ = ["stack_diagram_of", "stack_diagram_svg_of"]

_MARGIN: Final = 12
"""In SVG, the width of a group's line."""
_HEADING: Final = 28
"""In SVG, the height of a line of text."""


class Entry(msgspec.Struct, frozen=True):
    """A line of text, and the header whose figure is below it; None for the start of a group, and for the payload."""

    depth: int
    """In how many groups it is."""
    text: str
    header: type[WireStruct] | None = None
    box: str = ""
    """The text of a box of any size below it."""


class _Outline:
    """The entries of a pattern, in order."""

    def __init__(self, pattern: InOrder, *, payload: bool) -> None:
        self.entries: list[Entry] = []
        self._octet: int | None = 0
        """Where the next header starts, as far as it is the same in all packets."""
        for part in pattern.parts:
            self._add(part, 0)
        if payload:
            self.entries.append(Entry(0, "payload, or nothing", box="payload"))

    def _add(self, part: Part, depth: int, start: str = "") -> None:
        if isinstance(part, Repeated):
            self._add_repeated(part, depth, start)
        elif isinstance(part, AnyOf):
            self.entries.append(Entry(depth + 1, f"{start}one of these:"))
            self._add_options(part, depth + 1)
        elif isinstance(part, InOrder):
            self.entries.append(Entry(depth + 1, f"{start}in this order:"))
            for member in part.parts:
                self._add(member, depth + 1)
        else:
            self.entries.append(Entry(depth, f"{start}{part.__name__}{self._place(part)}", part))
            self._move(part, 1)

    def _add_options(self, part: AnyOf, depth: int) -> None:
        before, after = self._octet, set()
        for number, option in enumerate(part.options):
            self._octet = before
            self._add(option, depth, "or " if number else "")
            after.add(self._octet)
        self._octet = after.pop() if len(after) == 1 else None

    def _add_repeated(self, part: Repeated, depth: int, start: str) -> None:
        times, inside = _times(part), part.part
        while isinstance(inside, InOrder) and len(inside.parts) == 1:
            inside = inside.parts[0]
        if isinstance(inside, type):
            place = "" if self._octet is None else f", from octet {self._octet}"
            self.entries.append(Entry(depth, f"{start}{inside.__name__}, {times}{place}", inside))
            self._move(inside, part.least if part.least == part.most else None)
            return
        each = ", each time one of these" if isinstance(inside, AnyOf) else ""
        self.entries.append(Entry(depth + 1, f"{start}{times}{each}:"))
        self._octet = None
        if isinstance(inside, AnyOf):
            self._add_options(inside, depth + 1)
        else:
            for member in inside.parts if isinstance(inside, InOrder) else [inside]:
                self._add(member, depth + 1)
        self._octet = None

    def _place(self, header: type[WireStruct]) -> str:
        layout = header.__layout__
        if self._octet is None:
            return ""
        if not layout.fixed:
            return f", from octet {self._octet}"
        return f", octets {self._octet} to {self._octet + layout.minimum_octets - 1}"

    def _move(self, header: type[WireStruct], times: int | None) -> None:
        layout = header.__layout__
        if self._octet is not None:
            self._octet = self._octet + times * layout.minimum_octets if layout.fixed and times is not None else None


def _times(part: Repeated) -> str:
    if (part.least, part.most) == (0, 1):
        return "optional"
    if part.most is None:
        return f"{part.least} or more times"
    return f"{part.least} times" if part.least == part.most else f"{part.least} to {part.most} times"


def _depth(entries: list[Entry]) -> int:
    return max(entry.depth for entry in entries)


def stack_diagram_of(pattern: InOrder, *, payload: bool) -> str:
    """The figure in ASCII, 32 bits a row; each header starts at the left, and a group has colons at its left."""
    entries = _Outline(pattern, payload=payload).entries
    margin = 2 * _depth(entries)
    lines = [f"{'':{margin}}{line}" for line in ruler()]
    before: Entry | None = None
    for entry in entries:
        drawn = [] if entry.header is None else figure_of(entry.header)
        if entry.box:
            edge = "+-" * WIDTH + "+"
            drawn = [edge, f"~{entry.box:^{2 * WIDTH - 1}}~", edge]
        if before is not None and (before.header is not None or before.depth > entry.depth):
            lines.append(": " * min(before.depth, entry.depth))  # the first member of a group is right below its line
        lines += [f"{': ' * entry.depth:{margin}}{line}" for line in (entry.text, *drawn)]
        before = entry
    return "\n".join(map(str.rstrip, lines))


def stack_diagram_svg_of(pattern: InOrder, title: str, *, payload: bool) -> str:
    """The figure as an SVG document, in the colour of the text around it; a group has a line at its left."""
    entries = _Outline(pattern, payload=payload).entries
    left = _MARGIN * _depth(entries)
    figures: list[str] = []
    height, beside = 0, False
    for entry in entries:
        top = height
        figures.append(f'<text x="{left + 1}" y="{TOP + top + _HEADING - 8}">{escape(entry.text)}</text>')
        height += _HEADING
        if entry.header is not None:
            figure, size, sided = svg_figure_of(entry.header, left, height)
            figures += figure
            height, beside = height + size, beside or sided
        elif entry.box:
            figures += _svg_box(entry.box, left, TOP + height)
            height += HEIGHT + 2
        figures += [
            f'<path d="M{_MARGIN * number + 4} {TOP + top}V{TOP + height}" stroke="currentColor"/>'
            for number in range(entry.depth)
        ]
    return svg_document(title, figures, height, beside=beside, left=left)


def _svg_box(text: str, left: int, y: int) -> tuple[str, str]:
    wide = WIDTH * CELL
    place = f'x="{left + 1}" y="{y}" width="{wide}" height="{HEIGHT}"'
    return (
        f'<rect {place} fill="none" stroke="currentColor" stroke-dasharray="4 3"/>',
        f'<text x="{left + 1 + wide / 2}" y="{y + HEIGHT / 2 + 4}" text-anchor="middle">{escape(text)}</text>',
    )
