"""Layout -> where each field of a given record stands, in bits from the record's start."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

from overlaycodec.errors import UnresolvedError
from overlaycodec.layout import Field, Run
from overlaycodec.schema import Record
from overlaycodec.values import AUTO, MACAddress
from overlaycodec.wire import Bounds, FragmentOffset, MoreFragments, Selects, Via

__all__ = ["in_pieces", "octets_in", "reach_of", "reaches_of", "spans_of"]


def _octets_of(record: Record, field: Field) -> int:
    value: Any = getattr(record, field.name)  # Any: a field's own type
    if value is None:
        return 0
    if value is AUTO:
        raise UnresolvedError(f"{record.__layout__.name}.{field.name}", "is AUTO: resolve the packet first")
    if via := field.get(Via):
        from overlaycodec.foreign import build_octets

        return len(build_octets(via.construct, f"{record.__layout__.name}.{field.name}", value))
    if field.kind == "items":
        return sum(octets_in(element) for element in value)
    if isinstance(value, MACAddress):
        return 6
    return 4 if isinstance(value, IPv4Address) else len(value)


def spans_of(record: Record) -> Iterator[tuple[Field, int, int]]:
    """Each field that is there, its first bit and its number of bits. Raises: UnresolvedError for sizes still AUTO."""
    at = 0
    for part in record.__layout__.parts:
        if isinstance(part, Run):
            if part.condition is not None and getattr(record, part.fields[0].name) is None:
                continue
            for field in part.fields:
                yield field, at, field.bits or 0
                at += field.bits or 0
        elif getattr(record, part.name) is not None:
            bits = _octets_of(record, part) * 8
            yield part, at, bits
            at += bits


def reaches_of(record: Record) -> Iterator[tuple[Field, int]]:
    """Each field that says how far the record and what follows reach, in octets from the record's start."""
    layout = record.__layout__
    size = octets_in(record)
    if layout.bounds is not None:
        bounds = layout.bounds[Bounds]
        value: int | None = getattr(record, layout.bounds.name)
        told = not (bounds.unless and getattr(record, bounds.unless))
        if told and value is not None and (value or bounds.zero == "length"):
            yield layout.bounds, value * bounds.unit + bounds.bias + (size if bounds.origin == "end" else 0)
    if layout.selector is not None:
        selects = layout.selector.get(Selects)
        key: int = getattr(record, layout.selector.name)
        if selects and selects.lengths and key <= selects.lengths[0]:
            yield layout.selector, size + key
    if layout.jumbo is not None:
        row, cls, name = layout.jumbo
        for element in getattr(record, row):
            if type(element) is cls:
                yield layout.by_name[row], getattr(element, name)


def reach_of(record: Record) -> int | None:
    """How many octets, from the record's start, its length field says there are; None where it says nothing."""
    return next((reach for field, reach in reaches_of(record) if Bounds in field), None)


def octets_in(record: Record) -> int:
    """How many octets the record takes on the wire."""
    return sum(bits for _, _, bits in spans_of(record)) // 8


def in_pieces(record: Record) -> bool:
    """Whether the record says that what follows is a piece of something."""
    return any(
        (FragmentOffset in field or MoreFragments in field) and getattr(record, field.name)
        for field in record.__layout__.fields
    )
