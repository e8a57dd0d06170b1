"""Layout -> the figure of a header, 32 bits a row, as RFCs draw it: text, or SVG.

Strategy: the fields become `Box`es, one for each row that a field touches; both drawings are made of those. A field of
variable size is a full row with waves at its sides. Beside a row stands the condition under which it is present.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from string import ascii_lowercase
from typing import Final

import msgspec

from overlaycodec.describe.facts import presence_of, presence_text, size_of
from overlaycodec.schema.layout import Field, Part, Run
from overlaycodec.schema.plans import UnparsedSize
from overlaycodec.schema.record import WireStruct

__all__ = [
    "CELL",
    "HEIGHT",
    "TOP",
    "WIDTH",
    "Box",
    "boxes_of",
    "diagram_of",
    "diagram_svg_of",
    "figure_of",
    "ruler",
    "svg_document",
    "svg_figure_of",
]

WIDTH: Final = 32


class Box(msgspec.Struct, frozen=True):
    """The part of a field that is in one row: `bits` bits from column `column` on, both counted from 0."""

    field: Field
    row: int
    column: int
    bits: int
    part: int
    """Which of the field's boxes it is, from 0."""

    @property
    def stop(self) -> int:
        """The column after it."""
        return self.column + self.bits


def _condition(part: Part) -> frozenset[str]:
    """What makes a part present, the same for the same flags in any order."""
    presence = part.presence
    if presence is None:
        return frozenset()
    return frozenset(presence.fields if presence.by_flags else (presence_text(presence),))


def boxes_of(record: type[WireStruct]) -> tuple[Box, ...]:
    """The boxes of a header or an element, in wire order.

    Fields of fixed size are drawn at their bits as long as nothing before them varies; from there on, what is present
    under another condition starts a row. What cannot be read of an option list has no box: it is in that of the list.
    """
    boxes: list[Box] = []
    row = column = 0
    known, before = True, frozenset[str]()
    for part in record.__layout__.parts:
        if isinstance(part, Field) and isinstance(part.size, UnparsedSize):
            continue
        condition = _condition(part)
        if column and not (isinstance(part, Run) and (known or condition == before)):
            row, column = row + 1, 0
        before = condition
        if not isinstance(part, Run):
            boxes.append(Box(part, row, 0, WIDTH, 0))
            row, known = row + 1, False
            continue
        for field in part.fields:
            left, number = field.width, 0
            while left:
                bits = min(left, WIDTH - column)
                boxes.append(Box(field, row, column, bits, number))
                left, column, number = left - bits, column + bits, number + 1
                if column == WIDTH:
                    row, column = row + 1, 0
        known = known and part.presence is None
    return tuple(boxes)


def _rows(boxes: tuple[Box, ...]) -> list[list[Box]]:
    rows: list[list[Box]] = []
    for box in boxes:
        if box.row == len(rows):
            rows.append([])
        rows[box.row].append(box)
    return rows


def _letter_of(field: Field) -> str | None:
    """The letters by which the specification calls the field, where its description begins with them."""
    found = re.match(r"([A-Z]{1,4}|[a-z])(?=$|[:,] | \()", field.doc)
    return found[1] if found else None


def _labels(record: type[WireStruct], boxes: tuple[Box, ...]) -> tuple[dict[str, str], list[tuple[str, Field]]]:
    """The label in the box of each field, and the labels that are explained below the figure."""
    widest: dict[str, int] = {}
    for box in boxes:
        widest[box.field.name] = max(widest.get(box.field.name, 0), 2 * box.bits - 1)
    labels: dict[str, str] = {}
    legend: list[tuple[str, Field]] = []
    letters_used = {letters for field in record.__layout__.fields if (letters := _letter_of(field))}
    for field in record.__layout__.fields:
        room = widest.get(field.name, 0)
        if field.bits is None:
            labels[field.name] = f"{field.name}  ({size_of(field)})"
        elif len(field.name) <= room:
            labels[field.name] = field.name
        elif field.reserved:
            labels[field.name] = "Rsvd" if room >= 4 else "R"
        else:
            letters = _letter_of(field)
            if letters is None or len(letters) > room:
                tries = field.name.replace("_", "") + ascii_lowercase
                letters = next((sign for sign in tries if sign not in letters_used), "?")
                letters_used.add(letters)
            labels[field.name] = letters
            legend.append((letters, field))
    return labels, legend


def _beside(row: list[Box]) -> str:
    """The text beside a row: when it is present."""
    return "; ".join(
        {_condition(box.field): text for box in reversed(row) if (text := presence_of(box.field))}.values()
    )


def ruler() -> Iterator[str]:
    """The numbers of the bits above a figure."""
    tens = "".join(f"{bit // 10 if bit % 10 == 0 else ' '} " for bit in range(WIDTH))
    yield " " + tens.rstrip()
    yield " " + " ".join(str(bit % 10) for bit in range(WIDTH))


def _line(above: list[Box], below: list[Box]) -> str:
    """The line between two rows; open where a field goes on."""
    edges = [" "] * (2 * WIDTH + 1)
    for box in (*above, *below):
        for column in range(box.column, box.stop):
            edges[2 * column : 2 * column + 3] = "+-+"
    going_on = {box.field.name for box in above} & {box.field.name for box in below}
    for box in below:
        upper = next((other for other in above if other.field.name == box.field.name), None)
        if box.field.name in going_on and upper is not None:
            for column in range(max(box.column, upper.column), min(box.stop, upper.stop)):
                edges[2 * column + 1] = " "
                if column > max(box.column, upper.column):
                    edges[2 * column] = " "
    return "".join(edges).rstrip()


def diagram_of(record: type[WireStruct]) -> str:
    """The figure of a header or an element in ASCII, with the names that do not fit below it.

    >>> from overlaycodec import UDP
    >>> print(diagram_of(UDP))
     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |           src_port            |           dst_port            |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |            length             |           checksum            |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """
    return "\n".join([*ruler(), *figure_of(record)])


def figure_of(record: type[WireStruct]) -> list[str]:
    """The lines of the figure below the numbers of the bits."""
    boxes = boxes_of(record)
    labels, legend = _labels(record, boxes)
    shown: dict[str, int] = {}
    for box in boxes:  # the label is in the widest part, the first of those
        best = shown.get(box.field.name)
        if best is None or box.bits > next(b.bits for b in boxes if (b.field.name, b.part) == (box.field.name, best)):
            shown[box.field.name] = box.part
    lines: list[str] = []
    before: list[Box] = []
    for row in _rows(boxes):
        lines.append(_line(before, row))
        text = [" "] * (2 * WIDTH + 1)
        for box in row:
            side = "|" if box.field.bits is not None else "~"
            label = labels[box.field.name] if shown[box.field.name] == box.part else ""
            cell = f"{label:^{2 * box.bits - 1}.{2 * box.bits - 1}}"
            text[2 * box.column : 2 * box.stop + 1] = side + cell + side
        lines.append(f"{''.join(text).rstrip():{2 * WIDTH + 1}}  {_beside(row)}".rstrip())
        before = row
    lines.append(_line(before, []))
    return lines + [f"{letters}: {field.name}" for letters, field in legend]


CELL: Final = 24
"""In SVG, the width of a bit."""
HEIGHT: Final = 32
"""In SVG, the height of a row."""
TOP: Final = 24
"""In SVG, the height of the numbers of the bits."""
_BESIDE: Final = 260


def diagram_svg_of(record: type[WireStruct]) -> str:
    """The figure as an SVG document, in the colour of the text around it."""
    figure, height, beside = svg_figure_of(record)
    return svg_document(record.__name__, figure, height, beside=beside)


def svg_document(title: str, figures: Iterable[str], height: int, *, beside: bool, left: int = 0) -> str:
    """Figures under the numbers of the bits, as an SVG document; `left`: the width at the left of the figures."""
    width = left + WIDTH * CELL + 2 + (_BESIDE if beside else 0)
    size = f'viewBox="0 0 {width} {TOP + height}" width="{width}" height="{TOP + height}"'
    font = 'font-family="monospace" font-size="12" fill="currentColor"'
    numbers = (
        f'<text x="{left + 1 + (bit + 0.5) * CELL}" y="{TOP - 6}" text-anchor="middle" font-size="10">{bit}</text>'
        for bit in range(WIDTH)
    )
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} role="img">'
    return "\n".join([opening, f"<title>{escape(title)}</title>", *numbers, *figures, "</svg>"]) + "\n"


def svg_figure_of(record: type[WireStruct], left: int = 0, top: int = 0) -> tuple[list[str], int, bool]:
    """The boxes in SVG, their height, and whether there is text beside them.

    `left` and `top` are where they start, `top` below the numbers of the bits.
    """
    boxes = boxes_of(record)
    labels, legend = _labels(record, boxes)
    rows = _rows(boxes)
    parts = []
    top += TOP
    for number, row in enumerate(rows):
        y = top + number * HEIGHT
        for box in row:
            x, wide = left + 1 + box.column * CELL, box.bits * CELL
            dashes = ' stroke-dasharray="4 3"' if presence_of(box.field) or box.field.bits is None else ""
            label = labels[box.field.name] if box.part == 0 or box.bits == WIDTH else ""
            parts.append(
                f"<g><title>{escape(f'{box.field.name}: {box.field.doc or size_of(box.field)}')}</title>"
                f'<rect x="{x}" y="{y}" width="{wide}" height="{HEIGHT}" fill="none" stroke="currentColor"{dashes}/>'
                f'<text x="{x + wide / 2}" y="{y + HEIGHT / 2 + 4}" text-anchor="middle">{escape(label)}</text></g>'
            )
        if text := _beside(row):
            parts.append(f'<text x="{left + WIDTH * CELL + 12}" y="{y + HEIGHT / 2 + 4}">{escape(text)}</text>')
    y = top + len(rows) * HEIGHT
    for letters, field in legend:
        y += 18
        parts.append(f'<text x="{left + 1}" y="{y}">{escape(f"{letters}: {field.name}")}</text>')
    return parts, len(rows) * HEIGHT + 2 + 18 * len(legend), any(map(_beside, rows))
