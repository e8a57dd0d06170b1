"""Layout -> what people and other programs read: fields with their bits, as text and as plain data.

Strategy: nothing here knows a protocol. A number is written as the layout asks for: a checksum and an EtherType in
hexadecimal digits, everything else in decimal ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.schema.layout import Field
from overlaycodec.schema.record import WireStruct

__all__ = ["Leaf", "Plain", "leaves_of", "plain_of", "printable", "text_of", "word_of"]

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
"""What JSON can hold."""


class Leaf(msgspec.Struct, frozen=True):
    """A field without parts, and where it is: `bits` bits from bit `bit` on, counted from the start of the header."""

    path: str
    field: Field
    value: Any  # Any: a field's own type
    bit: int
    bits: int
    record: WireStruct
    """The header or the element that has the field."""


def leaves_of(record: WireStruct, prefix: str = "", at: int = 0) -> Iterator[Leaf]:
    """Each field that is present, in wire order; instead of an option list with elements, the fields of each.

    Raises: UnresolvedError for sizes still AUTO.
    """
    for field, bit, bits in spans_of(record):
        value = getattr(record, field.name)
        if field.kind == "items" and value:
            start = at + bit
            for number, element in enumerate(value):
                yield from leaves_of(element, f"{prefix}{field.name}[{number}].", start)
                start += octets_in(element) * 8
        else:
            yield Leaf(prefix + field.name, field, value, at + bit, bits, record)


def word_of(field: Field, value: object) -> str | None:
    """The display name of a value, if the declaration has one."""
    return field.value_names.get(value) if isinstance(value, int) else None


def printable(text: str) -> str:
    """Text from a file, in which what would control a terminal is written as escapes."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def text_of(field: Field, value: object) -> str:
    """A value on one line: bytes in hexadecimal digits, flags as 0 and 1."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value) if field.notation is None else field.notation.text(value)
    return value.hex() if isinstance(value, bytes) else printable(str(value))


def plain_of(value: object) -> Plain:
    """A header or a value as plain data: addresses as text, bytes in hexadecimal digits, absent fields None."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no such number
    if isinstance(value, WireStruct):
        return {field.name: plain_of(getattr(value, field.name)) for field in value.__layout__.fields}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): plain_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_of(item) for item in value]
    return str(value)
