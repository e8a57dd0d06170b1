"""The closed vocabulary of field facts: what an annotation may say about a field.

Strategy: inert data, never a callable, so that `planning` can turn every fact into a plan, which every deriver (scalar
codec, columns, strategies, diagrams, documentation) understands. Where the vocabulary has no fact for a field, a
`construct` object reads and builds it (`ConstructField`); some derivers leave such a field out.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Literal

import msgspec

from overlaycodec.schema.keys import Key, KeySpace

if TYPE_CHECKING:
    from construct import Construct
else:
    Construct = object  # for `help` and `typing.get_type_hints`

__all__ = [
    "Bits",
    "ByteOrder",
    "Checksum",
    "Condition",
    "Const",
    "ConstructField",
    "CountedBy",
    "Elements",
    "Fact",
    "FinalDestination",
    "FragmentOffset",
    "JumboLength",
    "LengthField",
    "MoreFragments",
    "Octets",
    "OriginalSource",
    "PadTo",
    "Reserved",
    "Rest",
    "Selects",
    "SetIfAny",
    "SizedBy",
    "StackEnd",
    "Unless",
    "Unparsed",
    "ValueNames",
    "When",
]


class Fact(msgspec.Struct, frozen=True):
    """The base of every fact."""


# --- how many bits, and in which order -------------------------------------------------------------------------------


class Bits(Fact, frozen=True):
    """An unsigned number of `count` bits; a bool where the field is typed so and `count` is 1."""

    count: int


class Octets(Fact, frozen=True):
    """`count` octets: bytes, or the address type that the field is annotated with."""

    count: int


class Reserved(Fact, frozen=True):
    """`count` bits without a defined meaning: decoded and encoded unchanged, 0 by default."""

    count: int


class ByteOrder(Fact, frozen=True):
    """The byte order of a number of complete octets, if it is not network byte order."""

    order: Literal["big", "little"]


class Const(Fact, frozen=True):
    """The layout is known only for this value: decoding another one raises a `FieldValueError`."""

    value: int


class ValueNames(Fact, frozen=True):
    """Display names of values: a dict, or an enumeration. A value without a name is also valid.

    The display name of a member of an enumeration is its name in lower case with blanks: `ECHO_REPLY` is "echo reply".
    """

    of: dict[int, str] | type[IntEnum]

    @property
    def by_value(self) -> dict[int, str]:
        """The display name of each value."""
        if isinstance(self.of, dict):
            return self.of
        return {member.value: member.name.lower().replace("_", " ") for member in self.of}


# --- fields whose size or presence other fields give ------------------------------------------------------------------


class SizedBy(Fact, frozen=True):
    """Size in octets = `unit` x earlier field + `bias`; the AUTO of the earlier field is derived from the size.

    With `origin="start"`, these octets reach from the start of the record to the end of the field (the TLVs of a
    segment routing header).
    """

    field: str
    unit: int = 1
    bias: int = 0
    origin: Literal["here", "start"] = "here"


class Rest(Fact, frozen=True):
    """All octets up to the bound: of the last field, or of a list that only its `Unparsed` follows."""


class CountedBy(Fact, frozen=True):
    """The option list has an earlier field + `bias` elements; the AUTO of that field is derived from it."""

    field: str
    bias: int = 0


class Elements(Fact, frozen=True):
    """An option list: elements that fill the field.

    The type of the field names the classes of its elements: `tuple[Typed | Generic, ...]`. An element is read as the
    class whose first octets, all of them `Const`, it starts with (of several, or where a class starts with none, as the
    one whose other constants it has), as the last class where there is none or where none of them can read it.

    An element whose `kind` field equals `end` is the last one. Without `SizedBy`, `CountedBy` or `Rest`, `end` ends
    the field. `pads` names the kinds that fill up to the unit of the size: one octet long, then any
    length (IPv6's Pad1 and PadN); without it, and with `end`, the list is filled up with an end element and
    zeros.
    """

    kind: str | None = None
    end: int | None = None
    pads: tuple[int, int] | None = None


class PadTo(Fact, frozen=True):
    """The octets up to the next multiple of `unit` from the record's start; AUTO is that many zeros."""

    unit: int


class Unparsed(Fact, frozen=True):
    """The octets of the preceding option list that cannot be read, or that follow its end: kept unchanged."""

    of: str


class When(Fact, frozen=True):
    """The field is present only if an earlier flag, or one of several, is set; its type is `T | None`.

    The AUTO of the first flag is derived from the presence of the field. If the field is present only because of
    another flag, its AUTO is 0. With `values`, the one named field is a number that must have one of these values;
    nothing is derived.
    """

    field: str
    other: str | None = None
    third: str | None = None
    values: tuple[int, ...] | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that it names, in order."""
        return tuple(name for name in (self.field, self.other, self.third) if name is not None)


class Unless(Fact, frozen=True):
    """The field is absent if an earlier number has one of these values; its type is `T | None`."""

    field: str
    values: tuple[int, ...]


Condition = When | Unless
"""What makes a field present, where it is not always present."""


class ConstructField(Fact, frozen=True):
    """The `construct` object decodes and encodes this field, which no other fact can describe."""

    construct: Construct


# --- what follows, and how far it reaches -----------------------------------------------------------------------------


class Selects(Fact, frozen=True):
    """The field is a key: it indicates what follows; its AUTO is the key of the next header.

    `lengths`: values up to this one are not keys but the octets that follow (802.3), which then start with what is
    bound to the key beside it. `only`: another field, and its values for which alone this is a key; `unless`: the
    values for which it is none. `when`: a flag without which the header is followed by what its class `carries`; its
    AUTO is whether something else follows. `nothing`: the value that means that nothing follows. `content`: a field of
    this header, or of the nearest header before that has it, and its values for which alone anything is found at
    `nothing`, or carried.
    """

    space: KeySpace
    lengths: tuple[int, Key] | None = None
    nothing: int | None = None
    when: str | None = None
    only: tuple[str, tuple[int, ...]] | None = None
    unless: tuple[str, tuple[int, ...]] | None = None
    content: tuple[str, tuple[int, ...]] | None = None


class StackEnd(Fact, frozen=True):
    """A flag: if it is clear, another header of the same class follows (MPLS)."""


class LengthField(Fact, frozen=True):
    """The field gives the end of the header's content.

    Header and payload are `unit` x field + `bias` octets, from the header's start (`origin="start"`) or from its end.

    `zero`: the meaning of 0: "length", an ordinary value; "unbounded", up to the end that the outer header gives;
    "jumbo", the same, but only if the length of the outer IP header is 0, and no fragment header is in between.
    `unless`: if this earlier field is not 0, the outer header gives the end. `segments`: the packet may hold the first
    segment of several. `optional`: AUTO is 0, and an edit does not compute the length if it is 0.

    If 0 means no end, and an inner packet has such a length itself, AUTO is 0 for more octets than the field can count:
    Linux writes the headers of a tunnel around a BIG TCP packet in this way.
    """

    unit: int = 1
    bias: int = 0
    origin: Literal["start", "end"] = "start"
    zero: Literal["length", "unbounded", "jumbo"] = "length"
    unless: str | None = None
    segments: bool = False
    optional: bool = False


class SetIfAny(Fact, frozen=True):
    """A flag: its AUTO is whether a field of any element of an option list has one of these bits set."""

    options: str
    field: str
    mask: int


class FragmentOffset(Fact, frozen=True):
    """If the value is not 0, the content is a later fragment: it is payload, for any value of the selector."""


class MoreFragments(Fact, frozen=True):
    """If the flag is set, more fragments follow: the packet has only a part of the content."""


class JumboLength(Fact, frozen=True):
    """In an element: the number of octets behind the IPv6 header, whose length field is 0; AUTO is this number.

    Spec: RFC 2675 section 2.
    """


class FinalDestination(Fact, frozen=True):
    """Where a routing header, or a source route option, keeps the last address of the route, by its type.

    `at` gives an octet offset in this field, or the index of an address in a list, negative from its end; the
    pseudo-header uses it while `left` is not 0. With `begins`, `left` points to the next address, counted in octets,
    with the first one at `begins`: the pseudo-header uses the last one while `left` points to an address.

    Spec: RFC 8200 section 8.1, RFC 791 section 3.1.
    """

    type: str
    left: str
    at: dict[int, int]
    begins: int | None = None


class OriginalSource(Fact, frozen=True):
    """In an element: the address that replaces the source of the network header in the pseudo-header.

    Spec: RFC 6275 section 11.3.1.
    """


class Checksum(Fact, frozen=True):
    """The checksum over the header (`covers="header"`) or over the header and all that it bounds.

    `algorithm`: the Internet checksum (RFC 1071) in 16 bits, or CRC-32C in 32, least significant octet first
    (RFC 9260 appendix A).

    `pseudo`: with the addresses, the protocol and the length of the network header outside. `zero`: what 0 means:
    "value", a checksum like others; "absent", no checksum, and a computed 0 is written as 0xFFFF.
    """

    covers: Literal["header", "all"] = "all"
    pseudo: bool = False
    zero: Literal["value", "absent"] = "value"
    algorithm: Literal["internet", "crc32c"] = "internet"
