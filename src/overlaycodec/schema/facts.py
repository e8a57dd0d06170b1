"""The closed vocabulary of field facts: what an annotation may say about a field.

Strategy: inert data, never a callable, so that every deriver (scalar codec, columns, strategies, diagrams,
documentation) can read every fact. Where the vocabulary has no fact for a field, a `construct` object reads and builds
it (`ConstructField`); some derivers leave such a field out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from overlaycodec.schema.keys import Key, KeySpace

if TYPE_CHECKING:
    from construct import Construct

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
    """`count` bits without a meaning yet: read and written back as they are, 0 by default."""

    count: int


class ByteOrder(Fact, frozen=True):
    """Another order than the network's for a number of whole octets."""

    order: Literal["big", "little"]


class Const(Fact, frozen=True):
    """The layout is known only for this value: another one, read, is a `FieldValueError`."""

    value: int


class ValueNames(Fact, frozen=True):
    """Words for values, for people; a value without a word is as good as one with."""

    of: dict[int, str]


# --- fields whose size or presence other fields tell ------------------------------------------------------------------


class SizedBy(Fact, frozen=True):
    """Size in octets = `unit` x field + `bias`, by an earlier field; the AUTO of that field is derived from it.

    `origin="start"`: that many octets from the record's start the row ends (the TLVs of a segment routing header).
    """

    field: str
    unit: int = 1
    bias: int = 0
    origin: Literal["here", "start"] = "here"


class Rest(Fact, frozen=True):
    """All octets up to the bound: of the last field, or of a list that only its `Unparsed` follows."""


class CountedBy(Fact, frozen=True):
    """The row has an earlier field + `bias` elements; the AUTO of that field is derived from it."""

    field: str
    bias: int = 0


class Elements(Fact, frozen=True):
    """A row of elements that fills the field.

    The type of the field names the classes of its elements: `tuple[Typed | Generic, ...]`. An element is read as the
    class whose first octets, all of them `Const`, it starts with (of several, as the one whose other constants it has),
    as the last class where there is none or where none of them can read it.

    An element whose `kind` field equals `end` is the last one. Where the size is not told by `SizedBy`, `CountedBy` or
    `Rest`, `end` ends the field. `pads` names the kinds that fill up to the unit of the size: one octet long, then any
    length (IPv6's Pad1 and PadN); without it, and with `end`, the row is filled up with an end element and zeros.
    """

    kind: str | None = None
    end: int | None = None
    pads: tuple[int, int] | None = None


class PadTo(Fact, frozen=True):
    """The octets up to the next multiple of `unit` from the record's start; AUTO is that many zeros."""

    unit: int


class Unparsed(Fact, frozen=True):
    """What the grammar of the row before could not read, or what stands after its end: kept as it is."""

    of: str


class When(Fact, frozen=True):
    """Present only if an earlier flag, or one of several, is set; typed `T | None`.

    The AUTO of the first flag is derived from it. What is present for another flag alone is 0 where it is AUTO.
    With `values`, the one field named is a number, and it must have one of them; nothing is derived.
    """

    field: str
    other: str | None = None
    third: str | None = None
    values: tuple[int, ...] | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that it names, the first one first."""
        return tuple(name for name in (self.field, self.other, self.third) if name is not None)


class Unless(Fact, frozen=True):
    """Absent where an earlier number has one of these values; typed `T | None`."""

    field: str
    values: tuple[int, ...]


Condition = When | Unless
"""What makes a field present, where that is not a matter of course."""


class ConstructField(Fact, frozen=True):
    """The escape hatch: this field is whatever the `construct` object reads and builds."""

    construct: Construct


# --- what follows, and how far it reaches -----------------------------------------------------------------------------


class Selects(Fact, frozen=True):
    """The field is a key: it says what follows; its AUTO is the key of the header that does.

    `lengths`: values up to this one are not keys but the octets that follow (802.3), which then start with what is
    bound to the key beside it. `only`, `unless`: name another field, and the values of it for which alone, or for
    which not, this is a key. `when`: names a flag without which the header is followed by what its class `carries`; its
    AUTO is whether what follows is something else. `nothing`: the value that says that nothing follows.
    """

    space: KeySpace
    lengths: tuple[int, Key] | None = None
    nothing: int | None = None
    when: str | None = None
    only: tuple[str, tuple[int, ...]] | None = None
    unless: tuple[str, tuple[int, ...]] | None = None


class StackEnd(Fact, frozen=True):
    """A flag: where it is clear, another header of the same class follows (MPLS)."""


class LengthField(Fact, frozen=True):
    """The field ends what follows.

    Header and payload are `unit` x field + `bias` octets, from the header's start (`origin="start"`) or from its end.

    `zero`: what 0 stands for: "length", an ordinary value; "unbounded", as far as the outer bound reaches; "jumbo",
    that, but only where a jumbo payload length was seen. `unless`: an earlier field that, when it is not 0, leaves the
    bound to the outer one. `pieces`: what is here may be the first piece of more. `optional`: AUTO is 0, and an edit
    does not compute it where it is 0.
    """

    unit: int = 1
    bias: int = 0
    origin: Literal["start", "end"] = "start"
    zero: Literal["length", "unbounded", "jumbo"] = "length"
    unless: str | None = None
    pieces: bool = False
    optional: bool = False


class SetIfAny(Fact, frozen=True):
    """A flag: its AUTO is whether any element of a row has one of these bits set in a field (critical options)."""

    row: str
    field: str
    mask: int


class FragmentOffset(Fact, frozen=True):
    """Where it is not 0, what follows is a later piece of something: payload, whatever the selector says."""


class MoreFragments(Fact, frozen=True):
    """Where the flag is set, what follows is not all there."""


class JumboLength(Fact, frozen=True):
    """In an element: how many octets follow the IPv6 header whose length field is 0.

    Spec: RFC 2675 section 2.
    """


class FinalDestination(Fact, frozen=True):
    """Where a routing header, or a source route option, keeps the last address of the way, by its type.

    `at` gives an octet offset in this field, or the element of a row of addresses, negative from its end; the
    pseudo-header uses it while `left` is not 0. With `begins`, `left` points to the next address, counted in octets
    with the row beginning there: the pseudo-header uses the last one while it points into the row.

    Spec: RFC 8200 section 8.1, RFC 791 section 3.1.
    """

    type: str
    left: str
    at: dict[int, int]
    begins: int | None = None


class Checksum(Fact, frozen=True):
    """The checksum over the header (`covers="header"`) or over the header and all that it bounds.

    `algorithm`: the Internet checksum (RFC 1071) in 16 bits, or CRC-32C in 32, least significant octet first
    (RFC 9260 appendix A).

    `pseudo`: with the addresses, the protocol and the length of the network header outside. `zero`: what 0 stands for:
    a value like others, or "absent"; then a computed 0 goes out as 0xFFFF.
    """

    covers: Literal["header", "all"] = "all"
    pseudo: bool = False
    zero: Literal["value", "absent"] = "value"
    algorithm: Literal["internet", "crc32c"] = "internet"
