"""Layout -> the text of `help()`: what the class is for, its fields, where it is found, its specification."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from overlaycodec.describe.facts import default_text, found_at, meanings_of, presence_of, size_of, type_of
from overlaycodec.packet.header import Header
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.record import WireStruct

__all__ = ["help_of"]

_WIDTH, _MEANING = 100, 60
"""Columns of a paragraph, and of the last column of the table."""


def help_of(cls: type[WireStruct]) -> str:
    """The text, which begins with the docstring of the declaration."""
    layout = cls.__layout__
    order = "Fields, from the last octet on:" if cls.__backwards__ else "Fields:"
    lines = [*layout.purpose.splitlines(), "", order, *_table(layout), ""]
    if layout.keys and issubclass(cls, Header):
        lines += _filled("Found at: " + "; ".join(found_at(key) for key in layout.keys) + ".")
    if layout.spec:
        lines += _filled(f"Specification: {layout.spec}.")
    return "\n".join(lines).strip("\n")


def _table(layout: Layout) -> Iterator[str]:
    rows = [
        (field.name, _kind(field), size_of(field), default_text(field), _meaning(layout, field))
        for field in layout.fields
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for *cells, meaning in rows:
        start = "".join(f"  {cell:{width}}" for cell, width in zip(cells, widths, strict=True)) + "  "
        yield from textwrap.wrap(
            meaning or "-", len(start) + _MEANING, initial_indent=start, subsequent_indent=" " * len(start)
        )


def _kind(field: Field) -> str:
    """What kind of value the field has, in a word or two."""
    return "elements" if field.kind == "items" else type_of(field)


def _meaning(layout: Layout, field: Field) -> str:
    classes = ", ".join(element.__name__ for element in field.elements)
    return "; ".join(part for part in (field.doc, classes, presence_of(field), *meanings_of(layout, field)) if part)


def _filled(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
