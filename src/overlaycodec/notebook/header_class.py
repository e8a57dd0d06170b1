"""A header class as its bit diagram and its fields; the classes of a pipeline, whose diagrams open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlaycodec.describe.diagram import diagram_svg_of
from overlaycodec.describe.facts import default_text, found_at, meanings_of, presence_of, size_of, type_of
from overlaycodec.display.spans import Span
from overlaycodec.notebook.page import Heading, left_out, new_id, page, plural, table, text
from overlaycodec.packet.header import Header
from overlaycodec.schema.record import WireStruct

__all__ = ["class_page", "pipeline_page"]

_MOST_FIELDS: Final = 128
_MOST_SVG: Final = 128 * 1024
_MOST_HEADERS: Final = 32
_HEADINGS: Final = (
    Heading("field"),
    Heading("type"),
    Heading("size"),
    Heading("default"),
    Heading("meaning", long=True),
)


def class_page(cls: type[WireStruct]) -> str:
    """The page of a header or an element class."""
    layout = cls.__layout__
    purpose = layout.purpose.splitlines()
    spec = f' <span class="faint">{text(layout.spec)}</span>' if layout.spec else ""
    body = f'<div class="head">{text(cls.__name__)}{spec}</div>'
    body += f"<p>{text(purpose[0])}</p>" if purpose else ""
    if issubclass(cls, Header) and layout.keys:
        body += f"<p>Found at: {text('; '.join(found_at(key) for key in layout.keys))}.</p>"
    return page(new_id(), f"header class {cls.__name__}", body + _diagram(cls) + _fields(cls))


def pipeline_page(headers: Sequence[type[Header]], title: str) -> str:
    """The page of a pipeline: its parts as text, and each header class in it, whose diagram opens."""
    parts = [f'<div class="head">{text(title)}</div>']
    for number, cls in enumerate(headers[:_MOST_HEADERS]):
        layout = cls.__layout__
        size = plural(layout.minimum_octets, "octet") + ("" if layout.fixed else " and more")
        spec = f" · {text(layout.spec)}" if layout.spec else ""
        heading = f'<b>{text(cls.__name__)}</b> <span class="faint">{size}{spec}</span>'
        room = _MOST_SVG // 4 if number < 8 else 0
        parts.append(f"<details><summary>{heading}</summary>{_diagram(cls, room)}</details>")
    parts.append(left_out(len(headers) - _MOST_HEADERS, "header"))
    return page(new_id(), title, "".join(parts))


def _diagram(cls: type[WireStruct], most: int = _MOST_SVG) -> str:
    svg = diagram_svg_of(cls) if len(cls.__layout__.fields) <= _MOST_FIELDS else ""
    if not 0 < len(svg) <= most:
        return '<p class="faint">The diagram is left out here: <code>overlaycodec diagram</code></p>'
    return f'<div class="scroll" role="region" tabindex="0" aria-label="bit diagram">{svg}</div>'


def _fields(cls: type[WireStruct]) -> str:
    layout = cls.__layout__
    rows = (
        (
            Span(field.name, "header"),
            "elements" if field.kind == "items" else type_of(field),
            size_of(field),
            default_text(field),
            "; ".join(part for part in (field.doc, presence_of(field), *meanings_of(layout, field)) if part) or "-",
        )
        for field in layout.fields
    )
    shown = table(_HEADINGS, rows, f"fields of {cls.__name__}", _MOST_FIELDS)
    return shown + left_out(len(layout.fields) - _MOST_FIELDS, "field", f"help({cls.__name__})")
