"""Layout -> what people and other programs read: fields with their places, as text and as plain data.

Strategy: nothing here knows a protocol. Numbers are written in the base that their facts ask for: a checksum and an
EtherType in hexadecimal digits, everything else in decimal ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.schema.facts import Checksum, Reserved, Selects, ValueNames
from overlaycodec.schema.layout import Field
from overlaycodec.schema.record import WireStruct

__all__ = ["Leaf", "Plain", "leaves_of", "plain_of", "printable", "text_of", "word_of"]

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
"""What JSON can say."""


class Leaf(msgspec.Struct, frozen=True):
    """A field without parts, at its place: `bits` bits from bit `bit` on, counted from the start of the header."""

    path: str
    field: Field
    value: Any  # Any: a field's own type
    bit: int
    bits: int
    record: WireStruct
    """The header or the element that has the field."""


def leaves_of(record: WireStruct, prefix: str = "", at: int = 0) -> Iterator[Leaf]:
    """Each field that is there, in wire order; in place of a row with elements, the fields of each.

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
    """The declaration's word for a value, if it has one."""
    names = field.get(ValueNames)
    return names.of.get(value) if names is not None and isinstance(value, int) else None


def printable(text: str) -> str:
    """Text from a file with all that would move a terminal's cursor, or worse, written as escapes."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def text_of(field: Field, value: object) -> str:
    """A value on one line: bytes in hexadecimal digits, flags as 0 and 1."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        if selects := field.get(Selects):
            is_length = selects.lengths is not None and value <= selects.lengths[0]
            return str(value) if is_length else selects.space.text(value)
        if Checksum in field or (Reserved in field and value):
            return f"{value:#0{(field.bits or 0) // 4 + 2}x}"
        return str(value)
    return value.hex() if isinstance(value, bytes) else printable(str(value))


def plain_of(value: object) -> Plain:
    """A header or a value as plain data: addresses as text, bytes in hexadecimal digits, absent fields None."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no word for the others
    if isinstance(value, WireStruct):
        return {field.name: plain_of(getattr(value, field.name)) for field in value.__layout__.fields}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): plain_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_of(item) for item in value]
    return str(value)
