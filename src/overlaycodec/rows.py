"""Rows when they are written: the octets of their elements, and what fills them up to the unit of a length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from overlaycodec.errors import EncodeError
from overlaycodec.layout import Field
from overlaycodec.schema import build
from overlaycodec.wire import Items

__all__ = ["padding_of", "row_writer"]


def row_writer(
    writers: Mapping[type[Any], Callable[..., bytes]], path: str
) -> Callable[[tuple[Any, ...], bool], tuple[tuple[Any, ...], bytes]]:
    """What writes the elements of a row: it gives them, resolved where that is asked, and their octets."""

    def row(elements: tuple[Any, ...], resolve: bool) -> tuple[tuple[Any, ...], bytes]:  # Any: elements
        resolved: list[Any] | None = [] if resolve else None
        octets = []
        for number, element in enumerate(elements):
            try:
                octets.append(writers[type(element)](element, b"", None, resolved))
            except EncodeError as error:
                raise error.rebased(element.__layout__.name, f"{path}[{number}]") from None
        return (elements if resolved is None else tuple(resolved)), b"".join(octets)

    return row


def padding_of(field: Field, items: Items, unit: int) -> Callable[..., Any]:
    """Fills a row up to the unit of its length field, as its protocol does."""
    element = field.element

    def pad(  # Any: elements
        elements: tuple[Any, ...], octets: bytes, missing: int
    ) -> tuple[tuple[Any, ...], bytes, bytes]:
        if items.pads is not None:
            one, more = items.pads
            if missing == 1:
                return (*elements, build(element, one, None, b"")), octets + bytes([one]), b""
            zeros = bytes(missing - 2)
            return (
                (*elements, build(element, more, missing - 2, zeros)),
                octets + bytes([more, missing - 2]) + zeros,
                b"",
            )
        if items.end is None or items.kind is None:
            return elements, octets, b""
        if elements and getattr(elements[-1], items.kind) == items.end:
            return elements, octets, bytes(missing)
        return (*elements, build(element, items.end, None, b"")), octets + bytes([items.end]), bytes(missing - 1)

    return pad
