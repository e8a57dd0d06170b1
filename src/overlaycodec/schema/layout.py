"""The waist: a declaration, laid out for every deriver to read.

Strategy: protocols declare, derivers read `Layout`; neither knows of the other. A `Layout` is plain data; `planning`
makes it, and `validation` refuses declarations that contradict themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from overlaycodec.schema.corroboration import Corroboration
from overlaycodec.schema.keys import Key
from overlaycodec.schema.plans import (
    Coverage,
    ElementFlag,
    Extent,
    NextHeader,
    Notation,
    OptionField,
    OptionList,
    PadSize,
    Presence,
    RestSize,
    Route,
    Size,
    UnparsedSize,
)

__all__ = ["REQUIRED", "Field", "Layout", "Part", "Run"]

Kind = Literal["int", "bool", "bytes", "mac", "ipv4", "ipv6", "hardware", "protocol", "items", "via"]

ADDRESS_OCTETS = {"mac": 6, "ipv4": 4, "ipv6": 16, "hardware": 6, "protocol": 4}
"""The size of each address kind; of "hardware" and "protocol", the size at which they are an address."""


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"

    def __reduce__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()
"""The default of a field without one: msgspec wants every field after an optional one to have a default."""


class Field(msgspec.Struct, frozen=True, eq=False):
    """One field: its kind, its size, and what its facts mean."""

    name: str
    kind: Kind
    optional: bool
    default: Any  # Any: a value of the field's own type, AUTO or REQUIRED
    bits: int | None
    """Its size where that is fixed."""
    doc: str
    elements: tuple[Any, ...]  # Any: Element classes, which are declared above this module
    """The classes of an option list's elements; the last one is for those that no other class reads."""
    presence: Presence | None
    """When it is present; None: always."""
    size: Size | None
    """How large it is, where that is not fixed; of a construct object with a length field, that field's plan."""
    byte_order: Literal["big", "little"] | None
    """The order that was declared for its octets, where one was."""
    const: int | None
    """The one value for which the layout is known."""
    reserved: bool
    value_names: Mapping[int, str]
    """Display names of values."""
    notation: Notation | None
    """How its numbers are written, where that is not in decimal digits."""
    options: OptionList | None
    """What its elements are, where it is an option list."""
    construct: Any  # Any: the construct object that reads and builds it
    element_flag: ElementFlag | None
    route: Route | None
    original_source: bool
    """Whether it is the address that the pseudo-header has in place of the network header's source."""
    jumbo_length: bool
    """Whether it counts the octets of a jumbogram."""

    @property
    def element(self) -> Any:  # Any: as above
        """The class for elements of any kind."""
        return self.elements[-1]

    def takes(self, element: Any) -> bool:  # Any: an Element class
        """Whether elements of this class may be in the option list: they begin with the fields common to all."""
        if element in self.elements:
            return True
        common, fields = self.element.__layout__.common_prefix, element.__layout__.common_prefix
        octets = len(element.__layout__.constant_prefix)
        return octets > 0 and octets >= self.typed()[0] and fields[: len(common)] == common

    def typed(self) -> tuple[int, dict[bytes, tuple[Any, ...]]]:  # Any: Element classes
        """How many octets identify the class of an element, and the classes by these octets.

        Of several, each has a constant elsewhere that the others have otherwise.
        """
        octets = min((len(element.__layout__.constant_prefix) for element in self.elements[:-1]), default=0)
        classes: dict[bytes, tuple[Any, ...]] = {}
        for element in self.elements[:-1]:
            prefix = element.__layout__.constant_prefix[:octets]
            classes[prefix] = (*classes.get(prefix, ()), element)
        return octets, classes

    @property
    def width(self) -> int:
        """Its size in bits; 0 where that is not fixed."""
        return self.bits or 0

    @property
    def maximum(self) -> int:
        """The largest number that fits."""
        return (1 << self.width) - 1

    @property
    def octets(self) -> int | None:
        """Its size in octets, where that is fixed and a whole number."""
        return None if self.bits is None or self.bits % 8 else self.bits // 8


class Run(msgspec.Struct, frozen=True, eq=False):
    """Adjacent fields of fixed size, present or absent together; a whole number of octets."""

    fields: tuple[Field, ...]
    octets: int
    presence: Presence | None
    """When they are present; None: always."""

    def bit_of(self, name: str) -> int:
        """The bit at which the field starts, from the start of the run."""
        bit = 0
        for field in self.fields:
            if field.name == name:
                return bit
            bit += field.width
        raise KeyError(name)


Part = Run | Field
"""A part of a header: a run of fixed fields, or one field of variable size."""


def fixed_bit(parts: tuple[Part, ...], name: str) -> int | None:
    """The bit at which the field starts in every header that has it; None where that varies."""
    before = 0
    for part in parts:
        if not isinstance(part, Run):
            return None
        if any(field.name == name for field in part.fields):
            return before + part.bit_of(name)
        if part.presence is not None:
            return None
        before += part.octets * 8
    return None


class Layout(msgspec.Struct, frozen=True, eq=False):
    """A declaration, laid out."""

    cls: Any  # Any: a WireStruct class, which is declared above this module
    name: str
    fields: tuple[Field, ...]
    parts: tuple[Part, ...]
    by_name: dict[str, Field]
    sized_by: dict[str, tuple[Field, ...]]
    """The fields of which a length field gives the size, or a count the number of elements, by its name."""
    flag_of: dict[str, tuple[Field, ...]]
    """The fields that are present where a flag is set, by its name."""
    keys: tuple[Key, ...]
    next: NextHeader
    """What follows."""
    extent: Extent | None
    """How far the header and its content reach."""
    coverage: Coverage | None
    """What its checksum covers."""
    corroboration: Corroboration | None
    """What a guess that finds it asks."""
    more_fragments: str | None
    """The flag that means that not all of the content is here."""
    jumbo: OptionField | None
    """Where the length of a jumbogram may be."""
    routes: str | None
    """The field that may keep the last address of the route, itself or in its elements."""
    sources: OptionField | None
    """Where the source that a pseudo-header has may be."""
    spec: str = ""
    tunnel: bool = False
    quotes: bool = False
    unchecked: bool = False
    layer: str | None = None
    products: dict[object, Any] = {}  # Any: whatever a deriver makes
    """What derivers made of the class, by deriver (see `kept_with_class`)."""

    @property
    def selector(self) -> Field | None:
        """The field whose value is the key of the next header."""
        return self.next.selector

    @property
    def length_field(self) -> Field | None:
        """The field that counts the octets of the header and its content."""
        return None if self.extent is None else self.extent.field

    @property
    def segmented(self) -> bool:
        """Whether the length field may count octets that are in other packets (STT's segments)."""
        return self.extent is not None and self.extent.segmented

    @property
    def fragment_fields(self) -> tuple[str, ...]:
        """The fields that are not 0 in a fragment: its offset, and the flag that more fragments follow."""
        return tuple(name for name in (self.next.offset, self.more_fragments) if name is not None)

    def in_other_packets(self, name: str) -> bool:
        """Whether a fault of the field means that octets are in other packets: those of a fragment or a segment."""
        return self.segmented or name in self.fragment_fields

    @property
    def checksum(self) -> Field | None:
        """The field that holds the checksum."""
        return None if self.coverage is None else self.coverage.field

    def covered_octets(self, header: Any, header_octets: int, octets: int) -> int:  # Any: a header of this class
        """How many octets of this header and its content the checksum covers; `octets` counts them all.

        A length that ends within the header is no bound: decoding leaves all octets as payload, and a receiver that
        does not look at the length sums all of them.
        """
        if self.coverage is not None and self.coverage.header_only:
            return header_octets
        bound = None if self.extent is None else self.extent.octets_of(header, header_octets)
        return octets if bound is None or self.segmented or bound < header_octets else min(bound, octets)

    @property
    def constant_prefix(self) -> bytes:
        """The octets that every such record starts with: those of its first constants."""
        number, bits = 0, 0
        for field in self.parts[0].fields if isinstance(self.parts[0], Run) else ():
            if field.const is None or field.bits is None or field.byte_order is not None:
                break
            number, bits = number << field.bits | field.const, bits + field.bits
        return (number >> bits % 8).to_bytes(bits // 8, "big")

    @property
    def minimum_octets(self) -> int:
        """The least number of octets that such a header takes."""
        return sum(part.octets for part in self.parts if isinstance(part, Run) and part.presence is None)

    @property
    def fixed(self) -> bool:
        """Whether every header of this class takes the same number of octets."""
        return all(isinstance(part, Run) and part.presence is None for part in self.parts)

    def position_of(self, name: str) -> tuple[int, int]:
        """The index of the run that holds the field, and the bit in it."""
        for index, part in enumerate(self.parts):
            if isinstance(part, Run) and any(field.name == name for field in part.fields):
                return index, part.bit_of(name)
        raise KeyError(name)

    def fixed_bit_of(self, name: str) -> int | None:
        """The bit at which the field starts in every header that has it; None where that varies."""
        return fixed_bit(self.parts, name)

    @property
    def common_prefix(self) -> tuple[tuple[str, int], ...]:
        """Names and bits of the fields of the first run: elements of one option list have the same first ones."""
        first = self.parts[0]
        return tuple((field.name, field.width) for field in first.fields) if isinstance(first, Run) else ()

    def with_elements(self, options: str, elements: tuple[Any, ...]) -> Layout:  # Any: Element classes
        """The same layout with other classes for the elements of an option list."""
        old = self.by_name[options]
        new = msgspec.structs.replace(old, elements=elements)

        def changed(fields: tuple[Any, ...]) -> tuple[Any, ...]:  # Any: fields, or parts
            return tuple(new if field is old else field for field in fields)

        return msgspec.structs.replace(
            self,
            fields=changed(self.fields),
            parts=changed(self.parts),
            by_name=self.by_name | {options: new},
            sized_by={name: changed(fields) for name, fields in self.sized_by.items()},
            flag_of={name: changed(fields) for name, fields in self.flag_of.items()},
            products={},
        )

    def remainder_of(self, options: str) -> Field | None:
        """The field that keeps what cannot be read of an option list."""
        return next((f for f in self.fields if isinstance(f.size, UnparsedSize) and f.size.of == options), None)

    def can_have(self, name: str, value: int) -> bool:
        """Whether such a header has the field, and can have this value in it."""
        field = self.by_name.get(name)
        return field is not None and field.const in (None, value)

    @property
    def takes_rest(self) -> bool:
        """Whether a field takes all octets up to the bound."""
        return any(isinstance(field.size, RestSize) for field in self.fields)

    @property
    def deciding(self) -> frozenset[str]:
        """The fields that decide how the header is read, how far it and its content reach, or what follows it."""
        names = {*self.sized_by}
        for field in self.fields:
            if field.presence is not None:
                names.update(field.presence.fields)
        following, extent = self.next, self.extent
        if following.selector is not None:
            names.add(following.selector.name)
        if following.repeat is not None:
            names.add(following.repeat.flag)
        if following.offset is not None:
            names.add(following.offset)
        names.update(guard.field for guard in following.guards)
        if following.content is not None and not following.content_outside:
            names.add(following.content.field)
        if extent is not None:
            names.add(extent.field.name)
            if extent.unless is not None:
                names.add(extent.unless)
        return frozenset(names)

    def computed(self, field: Field) -> bool:
        """Whether the AUTO of the field is computed from other fields or from what follows, where it is present."""
        repeat = self.next.repeat
        return (
            field.name in self.sized_by
            or field.element_flag is not None
            or field.jumbo_length
            or isinstance(field.size, UnparsedSize | PadSize)
            or field in (self.next.selector, self.extent and self.extent.field, self.coverage and self.coverage.field)
            or (repeat is not None and repeat.flag == field.name)
        )

    @property
    def purpose(self) -> str:
        """The docstring of the declaration, without its indentation; empty where there is none."""
        from inspect import cleandoc

        return cleandoc(vars(self.cls).get("__doc__") or "")

    def derived(self, field: Field) -> bool:
        """Whether the field takes AUTO."""
        return self.computed(field) or field.name in self.flag_of or field.presence is not None
