"""Columns -> what their declarations say of them, as text for the schemas of other libraries."""

from __future__ import annotations

from typing import Final

from overlaycodec.columnar.column import Column
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.plans import CountSize, LengthSize

__all__ = ["metadata_of"]

_RECORD_UNITS: Final = {
    "time_ns": "nanoseconds since 1970-01-01 UTC",
    "wire_length": "octets",
    "captured_length": "octets",
}


def metadata_of(column: Column) -> dict[str, str]:
    """`path`, and where there are such: `unit`, `specification`, and `description`, what the declaration says."""
    found = {"path": column.name, "unit": _RECORD_UNITS.get(column.name, "")}
    layout = column.layout
    if column.field is not None and layout is not None:
        plain = not column.status and len(column.rest) == 1
        found["unit"] = _unit_of(layout, column.field.name) if plain else ""
        found["specification"] = layout.spec
        found["description"] = column.field.doc if plain else ""
    return {name: text for name, text in found.items() if text}


def _unit_of(layout: Layout, name: str) -> str:
    """What a field of numbers counts, where it gives the size of something."""
    units = [field.size for field in layout.sized_by.get(name, ())]
    octets = {size.unit for size in units if isinstance(size, LengthSize)}
    if layout.extent is not None and layout.extent.field.name == name:
        octets.add(layout.extent.unit)
    if len(octets) == 1:
        unit = octets.pop()
        return "octets" if unit == 1 else f"{unit} octets"
    return "elements" if any(isinstance(size, CountSize) for size in units) else ""
