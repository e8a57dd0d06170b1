"""Meanings that a deployment gives to a field: NVGRE's two halves of a GRE key, OVN's ports in a VNI.

Strategy: the meaning is declared like a header, as an `Element`; a view joins it to the field that carries it. The
header keeps the fields of its specification, so a view that is wrong for a network loses nothing.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from overlaycodec.codec.emitters import NoKeys
from overlaycodec.codec.encode_state import NO_PACKET
from overlaycodec.codec.header_decoder import reader_of
from overlaycodec.codec.header_encoder import HeaderEncoder, header_encoder_of
from overlaycodec.errors import DecodeError, SchemaError
from overlaycodec.packet.header import check_header_class
from overlaycodec.schema.record import Element, WireStruct, kept_with_class
from overlaycodec.values.argument_checks import check_text, check_type, text_of

__all__ = ["FieldView"]

R = TypeVar("R", bound=WireStruct)
E = TypeVar("E", bound=Element)


@kept_with_class
def _encoder_of(meaning: type[WireStruct]) -> HeaderEncoder:
    return header_encoder_of(meaning.__layout__, NoKeys())


class FieldView(msgspec.Struct, Generic[R, E], frozen=True):
    """A field of a header, or of an element, decoded as an element of its own.

    `record`: the class that has the field; `field`: a number, or octets; `meaning`: an `Element` of fixed size, for a
    number of the same size; `where`: other fields, and the values that they must have for the view to apply.

    Raises: SchemaError, where these do not fit.

    >>> from overlaycodec.dialects import NVGRE_KEY, NVGREKey
    >>> gre = NVGRE_KEY.make(NVGREKey(vsid=0x1234, flow_id=7))
    >>> hex(gre.key), NVGRE_KEY.of(gre)
    ('0x123407', NVGREKey(vsid=4660, flow_id=7))
    """

    record: type[R]
    field: str
    meaning: type[E]
    where: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        for name in ("record", "meaning"):
            check_header_class(name, getattr(self, name), " or one of elements")
        check_text("field", self.field)
        where: Any = self.where  # Any: it is what must be checked
        if not isinstance(where, tuple) or not all(isinstance(one, tuple) and len(one) == 2 for one in where):
            raise TypeError(f"where takes pairs of a field and its value, not {text_of(where)}")
        layout, name = self.record.__layout__, self.record.__name__
        for other in (self.field, *(name for name, _ in self.where)):
            if other not in layout.by_name:
                raise SchemaError(name, other, "is no field: a view reads one")
        field = layout.by_name[self.field]
        octets = self.meaning.__layout__.minimum_octets
        if not self.meaning.__layout__.fixed:
            raise SchemaError(name, self.field, f"{self.meaning.__name__} has no fixed size")
        if field.kind not in ("int", "bytes"):
            raise SchemaError(name, self.field, "is neither a number nor octets")
        if field.bits is not None and field.bits != octets * 8:
            raise SchemaError(name, self.field, f"has {field.bits} bits, {self.meaning.__name__} has {octets * 8}")

    def of(self, record: WireStruct) -> E | None:
        """What the field means; None where the view does not apply, or the field is absent or still AUTO."""
        if not isinstance(record, self.record) or any(getattr(record, name) != value for name, value in self.where):
            return None
        value = getattr(record, self.field)
        octets = self.meaning.__layout__.minimum_octets
        if isinstance(value, int):
            value = value.to_bytes(octets, "big")
        if not isinstance(value, bytes) or len(value) != octets:
            return None
        try:
            meaning: E = reader_of(self.meaning)(value, 0, octets)[0]
        except DecodeError:  # a constant has another value
            return None
        return meaning

    def into(self, record: R, meaning: E) -> R:
        """The record with this meaning in its field. Raises: EncodeError, FieldValueError."""
        check_type("record", record, self.record)
        return record.replace(**{self.field: self.value(meaning)})

    def make(self, meaning: E, **values: Any) -> R:  # Any: each field has its own type
        """A new record with this meaning, the fields that the view asks for and these other values."""
        return self.record(**(dict(self.where) | values | {self.field: self.value(meaning)}))

    def value(self, meaning: E) -> int | bytes:
        """What the field holds for this meaning. Raises: TypeError, EncodeError."""
        if not isinstance(meaning, self.meaning):
            raise TypeError(f"{self.field} means {self.meaning.__name__} here, not {type(meaning).__name__}")
        octets = _encoder_of(self.meaning)(meaning, b"", NO_PACKET, None)
        return int.from_bytes(octets, "big") if self.record.__layout__.by_name[self.field].kind == "int" else octets
