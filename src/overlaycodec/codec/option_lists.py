"""Option lists that are encoded: the octets of their elements, and the padding up to the unit of a length field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlaycodec.codec.encode_state import NO_PACKET
from overlaycodec.codec.header_decoder import option_list_reader
from overlaycodec.errors import EncodeError
from overlaycodec.schema.layout import Field, Layout

__all__ = ["option_list_encoder", "padding_of"]

Elements = tuple[Any, ...]
"""Any: elements of any class."""


def option_list_encoder(
    encoder: Callable[[Any], Callable[..., bytes]], path: str
) -> Callable[[Elements, bool], tuple[Elements, bytes]]:
    """The encoder of an option list: it gives the elements, resolved where that is asked for, and their octets.

    `encoder` gives the encoder for a class of elements.
    """

    def encode(elements: Elements, resolve: bool) -> tuple[Elements, bytes]:
        resolved: list[Any] | None = [] if resolve else None
        octets = []
        for number, element in enumerate(elements):
            try:
                octets.append(encoder(type(element))(element, b"", NO_PACKET, resolved))
            except EncodeError as error:
                raise error.rebased(element.__layout__.name, f"{path}[{number}]") from None
        return (elements if resolved is None else tuple(resolved)), b"".join(octets)

    return encode


def padding_of(field: Field) -> Callable[[Elements, bytes, int], tuple[Elements, bytes, bytes]]:
    """Fills an option list up with so many octets, as its protocol does.

    It gives the elements and their octets, those of the padding among them, and the octets after the end element: what
    a decoder gives for the octets that are written.
    """
    read = option_list_reader(field)
    options = field.options
    assert options is not None
    kind, end, pads = options.kind, options.end, options.pads
    generic: Layout = field.element.__layout__
    kind_field = None if kind is None else generic.by_name[kind]
    kind_ends = 0 if kind_field is None else (generic.fixed_bit_of(kind_field.name) or 0) + kind_field.width

    def pad(elements: Elements, octets: bytes, missing: int) -> tuple[Elements, bytes, bytes]:
        if pads is not None:
            one, more = pads
            padding = bytes([one]) if missing == 1 else bytes([more, missing - 2, *bytes(missing - 2)])
        elif end is None or kind is None:
            return elements, octets, b""
        elif elements and getattr(elements[-1], kind) == end:
            return elements, octets, bytes(missing)
        else:
            padding = (end << max(0, missing * 8 - kind_ends)).to_bytes(missing, "big")
        more_elements, rest = read(padding, 0, missing)
        return elements + more_elements, octets + padding[: missing - len(rest)], rest

    return pad
