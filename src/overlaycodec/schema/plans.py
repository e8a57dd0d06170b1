"""Plans: what the facts of a declaration mean, worked out once.

Strategy: `schema` turns facts into these closed types when a class is declared, and every deriver reads them from
`Field` and `Layout`. Whoever has a header in hand calls a method; whoever generates code, or works on arrays, reads
the members. A plan names the fields that it depends on; it never holds a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from overlaycodec.schema.keys import Key, KeySpace
    from overlaycodec.schema.layout import Field

__all__ = [
    "ConstructSize",
    "CountSize",
    "Coverage",
    "ElementFlag",
    "EndSize",
    "Extent",
    "Guard",
    "LengthRule",
    "LengthSize",
    "NextHeader",
    "Notation",
    "OptionField",
    "OptionList",
    "PadSize",
    "Presence",
    "Repeat",
    "RestSize",
    "Route",
    "Size",
    "UnparsedSize",
    "ValueLength",
]


class Plan(msgspec.Struct, frozen=True):
    """The base of every plan."""


# --- when a field is present ------------------------------------------------------------------------------------------


class Presence(Plan, frozen=True):
    """When a field is present.

    With `values` None, `fields` are flags and one of them is set; else `fields` is one number, and it has one of
    the values, or, `negated`, none of them.
    """

    fields: tuple[str, ...]
    values: tuple[int, ...] | None = None
    negated: bool = False

    @property
    def by_flags(self) -> bool:
        """Whether flags decide: the AUTO of the first one is derived from the field."""
        return self.values is None

    def holds(self, value: Callable[[str], object]) -> bool:
        """Whether the field is present; `value` gives the value of a field by its name."""
        if self.values is None:
            return any(value(flag) is True for flag in self.fields)
        return (value(self.fields[0]) in self.values) is not self.negated


# --- how large a field of variable size is ----------------------------------------------------------------------------


class LengthSize(Plan, frozen=True):
    """`unit` x length field + `bias` octets.

    They are the octets of the field or, `from_start`, those from the start of the header to the end of the field.
    """

    field: str
    unit: int
    bias: int
    from_start: bool


class CountSize(Plan, frozen=True):
    """Count field + `bias` elements."""

    field: str
    bias: int


class RestSize(Plan, frozen=True):
    """All octets up to the bound."""


class EndSize(Plan, frozen=True):
    """Elements up to the end element."""


class PadSize(Plan, frozen=True):
    """The octets up to the next multiple of `unit` from the start of the header."""

    unit: int


class UnparsedSize(Plan, frozen=True):
    """What the option list `of` leaves of its octets."""

    of: str


class ConstructSize(Plan, frozen=True):
    """As many octets as the construct object reads."""


Size = LengthSize | CountSize | RestSize | EndSize | PadSize | UnparsedSize | ConstructSize
"""How large a field of variable size is."""


# --- how numbers are written ------------------------------------------------------------------------------------------


class Notation(Plan, frozen=True):
    """How people write a number: in `digits` hexadecimal digits where it is larger than `above`, else in decimal."""

    digits: int
    above: int = -1

    def text(self, value: int) -> str:
        """The number as people write it."""
        return f"{value:#0{self.digits + 2}x}" if value > self.above else str(value)


# --- option lists -----------------------------------------------------------------------------------------------------


class OptionList(Plan, frozen=True):
    """How the elements of an option list are identified and where the list ends.

    An element whose field `kind` has the value `end` is the last one. `pads` are the kinds that fill up to the unit
    of the length field: one octet long, then any length.
    """

    kind: str | None
    end: int | None
    pads: tuple[int, int] | None


class ElementFlag(Plan, frozen=True):
    """A flag that is set if any element of an option list has one of the bits `mask` set in a field."""

    options: str
    field: str
    mask: int

    def set_by(self, element: Any) -> bool:  # Any: an element, known by what it declares
        """Whether this element sets the flag."""
        return bool(getattr(element, self.field) & self.mask)


# --- what follows a header --------------------------------------------------------------------------------------------


class Guard(Plan, frozen=True):
    """A condition without which the selector is no key: the field has one of `values`, or, `negated`, none of them."""

    field: str
    values: tuple[int, ...]
    negated: bool = False
    carried: bool = False
    """What follows where the condition fails: what the class carries; else nothing."""

    def holds(self, value: object) -> bool:
        """Whether this value of the field lets the selector be a key."""
        return (value in self.values) is not self.negated


class LengthRule(Plan, frozen=True):
    """Values of a selector up to `limit` are the octets that follow (IEEE 802.3); these begin with what is at `key`."""

    limit: int
    key: Key


class ValueLength(Plan, frozen=True):
    """So many octets follow, and begin with what is at `key`."""

    octets: int
    key: Key


class Repeat(Plan, frozen=True):
    """While the flag is clear, another header of the same class follows, found at `key` (MPLS)."""

    flag: str
    key: Key


Candidates: TypeAlias = "Callable[[KeySpace, int], Iterable[tuple[Key, Any]]]"  # Any: a header class
"""What can be found at a value of a space, each with its key: `Catalog.candidates`."""


class NextHeader(Plan, frozen=True):
    """What follows a header."""

    selector: Field | None = None
    """The field whose value is the key of the next header."""
    space: KeySpace | None = None
    """The key space of the selector."""
    nothing: int | None = None
    """The value that means that nothing follows."""
    guards: tuple[Guard, ...] = ()
    """What must hold for the selector to be a key, in the order in which it is tested."""
    lengths: LengthRule | None = None
    """Which values of the selector are lengths."""
    repeat: Repeat | None = None
    """What makes another header of the same class follow."""
    carried: Key | None = None
    """What the class carries, where no selector is a key."""
    closed: bool = False
    """Whether nothing ever follows."""
    offset: str | None = None
    """The fragment offset: where it is not 0, what follows is payload."""
    content: Guard | None = None
    """What must hold for anything to be found at the value `nothing`, or to be carried."""
    content_outside: bool = False
    """Whether the field of `content` is not of this header, but of the nearest header before that has it."""

    @property
    def flag(self) -> str | None:
        """The flag without which what the class carries follows; its AUTO is derived from the next header."""
        return next((guard.field for guard in self.guards if guard.carried), None)

    @property
    def lowest_key(self) -> int:
        """The least value of the selector that is a key: smaller ones are lengths."""
        return 0 if self.lengths is None else self.lengths.limit + 1

    @property
    def unconditional(self) -> bool:
        """Whether the value of the selector alone decides."""
        own = self.content is not None and not self.content_outside
        return not (self.guards or self.lengths or self.repeat or own)

    def failing(self, header: Any) -> Guard | None:  # Any: a header, known by what it declares
        """The first guard that does not hold for this header: its selector is no key; None where all hold."""
        return next((guard for guard in self.guards if not guard.holds(getattr(header, guard.field))), None)

    def selects(self, header: Any, cls: Any, candidates: Candidates) -> bool:  # Any: a header, and a class of headers
        """Whether the value of the selector leads to this class; `candidates` gives what a catalog has at a value."""
        if self.selector is None or self.space is None:
            return False
        value = getattr(header, self.selector.name)
        return value is not None and any(found is cls for _, found in candidates(self.space, value))

    def has_content(self, headers: Sequence[Any]) -> bool:  # Any: as above
        """Whether `content` holds for the last of these headers; it does where no header has the field."""
        if self.content is None:
            return True
        for header in reversed(headers):
            if self.content.field in header.__layout__.by_name:
                return self.content.holds(getattr(header, self.content.field))
        return True

    def of(self, header: Any, before: Sequence[Any] = ()) -> Key | ValueLength | None:  # Any: as above
        """What follows this header: a key, octets that begin with what is at a key, or nothing.

        `before` are the headers before it.
        """
        if self.closed or (self.offset is not None and getattr(header, self.offset)):
            return None
        if self.repeat is not None and not getattr(header, self.repeat.flag):
            return self.repeat.key
        if self.selector is None or self.space is None:
            return self.carried
        guard = self.failing(header)
        value = getattr(header, self.selector.name)
        if (guard is not None or value == self.nothing) and not self.has_content((*before, header)):
            return None
        if guard is not None:
            return self.carried if guard.carried else None
        if self.lengths is not None and value <= self.lengths.limit:
            return ValueLength(value, self.lengths.key)
        return self.space(value)


class Extent(Plan, frozen=True):
    """How far a header and its content reach, by a length field.

    They are `unit` x field + `bias` octets, from the header's start (`from_start`) or from its end.
    """

    field: Field
    unit: int
    bias: int
    from_start: bool
    zero: Literal["length", "unbounded", "jumbo"]
    """What 0 means: a length like others; no bound; no bound where the length of the IP header outside gives none."""
    unless: str | None
    """A field that, where it is not 0, leaves the bound to the header outside."""
    segmented: bool
    """Whether the length may count octets that are in other packets, where this one holds the first segment."""
    optional: bool
    """Whether AUTO is 0, and 0 stays 0 in an edit."""

    def end_of(self, value: int, header_octets: int) -> int:
        """The octets from the header's start that the value counts, whatever 0 means."""
        return value * self.unit + self.bias + (0 if self.from_start else header_octets)

    def is_unbounded(self, value: int, *, outside: bool = True) -> bool:
        """Whether the value is a 0 that gives no bound; `outside`: whether the length of the IP header outside is."""
        return value == 0 and (self.zero == "unbounded" or (self.zero == "jumbo" and outside))

    def applies_to(self, header: Any) -> bool:  # Any: a header, known by what it declares
        """Whether the field bounds this header; else the header outside does."""
        return self.unless is None or not getattr(header, self.unless)

    def octets_of(self, header: Any, header_octets: int) -> int | None:  # Any: as above
        """How many octets, from the header's start, the field counts; None where it gives no bound."""
        value = getattr(header, self.field.name)
        if value is None or self.is_unbounded(value) or not self.applies_to(header):
            return None
        return self.end_of(value, header_octets)


class OptionField(Plan, frozen=True):
    """A field that options of one class have: the length of a jumbogram, or an address. Of several, the first counts.

    Spec: RFC 2675 section 2, RFC 6275 section 6.3.
    """

    options: str
    element: Any  # Any: an Element class, which is declared above this module
    field: str

    def index_in(self, options: tuple[Any, ...]) -> int | None:  # Any: elements of any class
        """The index of the option; None where there is none."""
        return next((index for index, option in enumerate(options) if type(option) is self.element), None)

    def value_in(self, options: tuple[Any, ...]) -> Any:  # Any: as above, and a value of the field or None
        """The value of the field; None where there is no such option."""
        index = self.index_in(options)
        return None if index is None else getattr(options[index], self.field)

    def with_value(self, options: tuple[Any, ...], value: Any) -> tuple[Any, ...]:  # Any: as above
        """The options, one of which has the field, with this value in it. Raises: FieldRangeError."""
        index = self.index_in(options)
        assert index is not None
        return (*options[:index], options[index].replace(**{self.field: value}), *options[index + 1 :])


class Route(Plan, frozen=True):
    """Where a routing header, or a source route option, keeps the last address of the route, by its type.

    `at` gives an octet offset in the field, or the index of an element, negative from its end; the pseudo-header uses
    it while `left` is not 0. With `begins`, `left` points to the next address, counted in octets, with the first one
    at `begins`: the pseudo-header uses the last one while `left` points to an address.

    Spec: RFC 8200 section 8.1, RFC 791 section 3.1.
    """

    type: str
    left: str
    at: Mapping[int, int]
    begins: int | None


# --- checksums --------------------------------------------------------------------------------------------------------


class Coverage(Plan, frozen=True):
    """What a checksum covers, and how it is computed."""

    field: Field
    octet: int
    """Where the checksum starts, from the header's start."""
    octets: int
    """Its size."""
    header_only: bool
    """Whether it covers the header alone; else the header and its content."""
    pseudo: bool
    """Whether it covers the pseudo-header of the network header outside."""
    zero_absent: bool
    """Whether 0 means that there is no checksum; a computed 0 is then written as 0xFFFF."""
    algorithm: Literal["internet", "crc32c"]
    flag: str | None
    """The flag without which the field holds no checksum, where it has one."""

    def absent_in(self, header: Any) -> bool:  # Any: a header, known by what it declares
        """Whether the header, which has the field, says that there is no checksum."""
        if self.zero_absent and getattr(header, self.field.name) == 0:
            return True
        return self.flag is not None and not getattr(header, self.flag)
