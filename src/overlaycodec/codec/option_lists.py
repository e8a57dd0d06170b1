"""Rows when they are written: the octets of their elements, and what fills them up to the unit of a length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlaycodec.codec.header_decoder import option_list_reader
from overlaycodec.errors import EncodeError
from overlaycodec.schema.facts import Elements
from overlaycodec.schema.layout import Field, Layout

__all__ = ["padding_of", "row_writer"]


def row_writer(
    writer: Callable[[Any], Callable[..., bytes]], path: str
) -> Callable[[tuple[Any, ...], bool], tuple[tuple[Any, ...], bytes]]:
    """What writes the elements of a row: it gives them, resolved where that is asked, and their octets."""

    def row(elements: tuple[Any, ...], resolve: bool) -> tuple[tuple[Any, ...], bytes]:  # Any: elements
        resolved: list[Any] | None = [] if resolve else None
        octets = []
        for number, element in enumerate(elements):
            try:
                octets.append(writer(type(element))(element, b"", None, resolved))
            except EncodeError as error:
                raise error.rebased(element.__layout__.name, f"{path}[{number}]") from None
        return (elements if resolved is None else tuple(resolved)), b"".join(octets)

    return row


def padding_of(field: Field, items: Elements) -> Callable[..., Any]:
    """Fills a row up to the unit of its length field, as its protocol does: with what reads back as it is written."""
    read = option_list_reader(field)
    generic: Layout = field.element.__layout__
    kind = None if items.kind is None else generic.by_name[items.kind]
    kind_ends = 0 if kind is None else (generic.fixed_bit_of(kind.name) or 0) + (kind.bits or 0)

    def pad(  # Any: elements
        elements: tuple[Any, ...], octets: bytes, missing: int
    ) -> tuple[tuple[Any, ...], bytes, bytes]:
        if items.pads is not None:
            one, more = items.pads
            filling = bytes([one]) if missing == 1 else bytes([more, missing - 2, *bytes(missing - 2)])
        elif items.end is None or items.kind is None:
            return elements, octets, b""
        elif elements and getattr(elements[-1], items.kind) == items.end:
            return elements, octets, bytes(missing)
        else:
            filling = (items.end << max(0, missing * 8 - kind_ends)).to_bytes(missing, "big")
        more_elements, rest = read(filling, 0, missing)
        return elements + more_elements, octets + filling[: missing - len(rest)], rest

    return pad
