"""The waist: what a declaration says, laid out for every deriver to read.

Strategy: protocols declare, derivers read `Layout`; neither knows of the other. A `Layout` is plain data; `grammar`
makes it and refuses whatever cannot stand.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from overlaycodec.wire import (
    AnyHas,
    Bounds,
    ByteOrder,
    Checksum,
    Condition,
    Const,
    Fact,
    Key,
    Only,
    Pads,
    Remainder,
    Selects,
    StackEnd,
    Unless,
    When,
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

_F = TypeVar("_F", bound=Fact)


class Field(msgspec.Struct, frozen=True, eq=False):
    """One field: its kind, its size where that is fixed, and its facts."""

    name: str
    kind: Kind
    optional: bool
    default: Any  # Any: a value of the field's own type, AUTO or REQUIRED
    bits: int | None
    facts: dict[type[Fact], Fact]
    doc: str = ""
    elements: tuple[Any, ...] = ()  # Any: Element classes, known one floor up
    """The classes that a row's elements are of; the last one is for those that no other fits."""

    @property
    def element(self) -> Any:  # Any: as above
        """The class for elements of any kind."""
        return self.elements[-1]

    def __getitem__(self, kind: type[_F]) -> _F:
        fact = self.facts[kind]
        assert isinstance(fact, kind)
        return fact

    def get(self, kind: type[_F]) -> _F | None:
        """The fact of this kind, if the field has one."""
        fact = self.facts.get(kind)
        return fact if isinstance(fact, kind) else None

    def __contains__(self, kind: type[Fact]) -> bool:
        return kind in self.facts

    def takes(self, element: Any) -> bool:  # Any: an Element class
        """Whether elements of this class may stand in the row: it is laid out at its front as all there are."""
        if element in self.elements:
            return True
        common, front = self.element.__layout__.front, element.__layout__.front
        told = len(element.__layout__.lead)
        return told > 0 and told >= self.typed()[0] and front[: len(common)] == common

    def typed(self) -> tuple[int, dict[bytes, tuple[Any, ...]]]:  # Any: Element classes
        """How many octets tell the class of a row's element, and the classes by these octets.

        Of several, each has a constant elsewhere that the others have otherwise.
        """
        octets = min((len(element.__layout__.lead) for element in self.elements[:-1]), default=0)
        classes: dict[bytes, tuple[Any, ...]] = {}
        for element in self.elements[:-1]:
            lead = element.__layout__.lead[:octets]
            classes[lead] = (*classes.get(lead, ()), element)
        return octets, classes

    @property
    def maximum(self) -> int:
        """The largest number that fits."""
        return (1 << (self.bits or 0)) - 1

    @property
    def condition(self) -> Condition | None:
        """What makes the field present, where that is not a matter of course."""
        return self.get(When) or self.get(Only) or self.get(Unless)


class Run(msgspec.Struct, frozen=True, eq=False):
    """Fields of fixed size that stand together, present or absent together; a whole number of octets."""

    fields: tuple[Field, ...]
    octets: int
    condition: Condition | None

    def bit_of(self, name: str) -> int:
        """The bit at which the field starts, from the start of the run."""
        bit = 0
        for field in self.fields:
            if field.name == name:
                return bit
            bit += field.bits or 0
        raise KeyError(name)


Part = Run | Field
"""A piece of a header: a run of fixed fields, or one field whose size is told by others."""


class Layout(msgspec.Struct, frozen=True, eq=False):
    """A declaration, laid out."""

    cls: Any  # Any: a Record class, known one floor up
    name: str
    fields: tuple[Field, ...]
    parts: tuple[Part, ...]
    by_name: dict[str, Field]
    sized_by: dict[str, tuple[Field, ...]]
    """The fields that a length field tells the size of, or a count the elements."""
    flag_of: dict[str, tuple[Field, ...]]
    """The fields that a flag tells the presence of."""
    selector: Field | None
    bounds: Field | None
    checksum: Field | None
    spec: str = ""
    keys: tuple[Key, ...] = ()
    carries: Key | None = None
    tunnel: bool = False
    quotes: bool = False
    closed: bool = False
    unchecked: bool = False
    layer: str | None = None
    jumbo: tuple[str, Any, str] | None = None  # Any: an Element class
    """The row, the class of its elements and the number in those that tells the length of a jumbogram."""
    routes: str | None = None
    """The field that may keep the last address of the way, itself or in its elements."""

    @property
    def lead(self) -> bytes:
        """The octets that every such record starts with: those of the constants at its front."""
        number, bits = 0, 0
        for field in self.parts[0].fields if isinstance(self.parts[0], Run) else ():
            const = field.get(Const)
            if const is None or field.bits is None or ByteOrder in field:
                break
            number, bits = number << field.bits | const.value, bits + field.bits
        return (number >> bits % 8).to_bytes(bits // 8, "big")

    @property
    def minimum_octets(self) -> int:
        """The least number of octets that such a header takes."""
        return sum(part.octets for part in self.parts if isinstance(part, Run) and part.condition is None)

    @property
    def fixed(self) -> bool:
        """Whether every header of this class takes the same number of octets."""
        return all(isinstance(part, Run) and part.condition is None for part in self.parts)

    def place_of(self, name: str) -> tuple[int, int]:
        """The index of the run that holds the field, and the bit in it."""
        for index, part in enumerate(self.parts):
            if isinstance(part, Run) and any(field.name == name for field in part.fields):
                return index, part.bit_of(name)
        raise KeyError(name)

    def fixed_bit_of(self, name: str) -> int | None:
        """The bit at which the field starts in every header that has it; None where that varies."""
        before = 0
        for part in self.parts:
            if not isinstance(part, Run):
                return None
            if any(field.name == name for field in part.fields):
                return before + part.bit_of(name)
            if part.condition is not None:
                return None
            before += part.octets * 8
        return None

    @property
    def front(self) -> tuple[tuple[str, int], ...]:
        """Names and bits of the fields of the first run: what elements of one row have in common begins here."""
        first = self.parts[0]
        return tuple((field.name, field.bits or 0) for field in first.fields) if isinstance(first, Run) else ()

    def with_elements(self, row: str, elements: tuple[Any, ...]) -> Layout:  # Any: Element classes
        """The same layout with other classes for the elements of a row."""
        old = self.by_name[row]
        new = msgspec.structs.replace(old, elements=elements)

        def changed(fields: tuple[Any, ...]) -> tuple[Any, ...]:  # Any: fields, or parts
            return tuple(new if field is old else field for field in fields)

        return msgspec.structs.replace(
            self,
            fields=changed(self.fields),
            parts=changed(self.parts),
            by_name=self.by_name | {row: new},
            sized_by={name: changed(fields) for name, fields in self.sized_by.items()},
            flag_of={name: changed(fields) for name, fields in self.flag_of.items()},
        )

    def remainder_of(self, row: str) -> Field | None:
        """The field that keeps what cannot be read of a row."""
        return next((field for field in self.fields if (fact := field.get(Remainder)) and fact.of == row), None)

    def derived(self, field: Field) -> bool:
        """Whether AUTO can stand in this field."""
        return (
            field.name in self.sized_by
            or field.name in self.flag_of
            or field.condition is not None
            or any(kind in field for kind in (Selects, Bounds, Checksum, StackEnd, Remainder, Pads, AnyHas))
        )
