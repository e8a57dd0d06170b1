"""The waist: what a declaration says, checked and laid out, for every deriver to read.

Strategy: protocols declare, derivers read `Layout`; neither knows of the other. A `Layout` is plain data. Whatever
cannot stand is refused here, when the class is made, with header and field.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from overlaycodec.errors import SchemaError
from overlaycodec.values import AUTO
from overlaycodec.wire import (
    AnyHas,
    Bounds,
    Checksum,
    Fact,
    FragmentOffset,
    Items,
    Key,
    Octets,
    Remainder,
    Rest,
    Selects,
    Sized,
    StackEnd,
    Unless,
    Via,
    When,
)

__all__ = ["REQUIRED", "Field", "Layout", "Run"]

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
    element: Any = None  # Any: an Element class, known one floor up

    def get(self, kind: type[_F]) -> _F | None:
        """The fact of this kind, if the field has one."""
        fact = self.facts.get(kind)
        return fact if isinstance(fact, kind) else None

    def __contains__(self, kind: type[Fact]) -> bool:
        return kind in self.facts

    @property
    def maximum(self) -> int:
        """The largest number that fits."""
        return (1 << (self.bits or 0)) - 1

    @property
    def condition(self) -> When | Unless | None:
        """What makes the field present, where that is not a matter of course."""
        return self.get(When) or self.get(Unless)


class Run(msgspec.Struct, frozen=True, eq=False):
    """Fields of fixed size that stand together, present or absent together; a whole number of octets."""

    fields: tuple[Field, ...]
    octets: int
    condition: When | Unless | None

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
    spec: str
    fields: tuple[Field, ...]
    parts: tuple[Part, ...]
    keys: tuple[Key, ...]
    carries: Key | None
    tunnel: bool
    quotes: bool
    closed: bool
    unchecked: bool
    layer: str | None
    by_name: dict[str, Field]
    sized_by: dict[str, tuple[Field, ...]]
    flag_of: dict[str, tuple[Field, ...]]
    selector: Field | None
    bounds: Field | None
    checksum: Field | None

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

    def derived(self, field: Field) -> bool:
        """Whether AUTO can stand in this field."""
        return (
            field.name in self.sized_by
            or field.name in self.flag_of
            or field.condition is not None
            or any(kind in field for kind in (Selects, Bounds, Checksum, StackEnd, Remainder, AnyHas))
        )


def layout_of(
    cls: object,
    name: str,
    spec: str,
    fields: tuple[Field, ...],
    *,
    keys: tuple[Key, ...],
    carries: Key | None,
    tunnel: bool,
    quotes: bool,
    closed: bool,
    unchecked: bool,
    layer: str | None,
) -> Layout:
    """The layout of these fields. Raises: SchemaError where they contradict each other."""
    by_name = {field.name: field for field in fields}
    layout = Layout(
        cls=cls,
        name=name,
        spec=spec,
        fields=fields,
        parts=_parts(name, fields),
        keys=keys,
        carries=carries,
        tunnel=tunnel,
        quotes=quotes,
        closed=closed,
        unchecked=unchecked,
        layer=layer,
        by_name=by_name,
        sized_by=_dependants(fields, lambda field: [s.field] if (s := field.get(Sized)) else []),
        flag_of=_dependants(
            fields, lambda field: [f for f in (w.flag, w.other) if f] if (w := field.get(When)) else []
        ),
        selector=_only(name, fields, Selects),
        bounds=_only(name, fields, Bounds),
        checksum=_only(name, fields, Checksum),
    )
    for index, field in enumerate(fields):
        _check_references(layout, field, fields[:index])
        if field.default is AUTO and not layout.derived(field):
            raise SchemaError(name, field.name, "AUTO stands here, but nothing in the declaration derives it")
    for key in keys:
        if key.value is not None and not 0 <= key.value < 1 << key.space.bits:
            raise SchemaError(name, None, f"the key {key!r} does not fit in {key.space.bits} bits")
    return layout


def _dependants(fields: tuple[Field, ...], named: Any) -> dict[str, tuple[Field, ...]]:  # Any: a local lambda
    found: dict[str, list[Field]] = {}
    for field in fields:
        for other in named(field):
            found.setdefault(other, []).append(field)
    return {name: tuple(dependants) for name, dependants in found.items()}


def _only(name: str, fields: tuple[Field, ...], kind: type[Fact]) -> Field | None:
    found = [field for field in fields if kind in field]
    if len(found) > 1:
        raise SchemaError(name, found[1].name, f"a second {kind.__name__}; {found[0].name} is the first")
    return found[0] if found else None


def _parts(name: str, fields: tuple[Field, ...]) -> tuple[Part, ...]:
    parts: list[Part] = []
    run: list[Field] = []

    def close() -> None:
        if run:
            bits = sum(field.bits or 0 for field in run)
            if bits % 8:
                raise SchemaError(name, run[-1].name, f"the fixed fields up to here are {bits} bits: not whole octets")
            parts.append(Run(tuple(run), bits // 8, run[0].condition))
            run.clear()

    for field in fields:
        if field.bits is None:
            close()
            parts.append(field)
        else:
            if run and field.condition != run[0].condition:
                close()
            run.append(field)
    close()
    return tuple(parts)


def _check_references(layout: Layout, field: Field, before: tuple[Field, ...]) -> None:
    """Everything a fact names must stand earlier and be of the right kind."""
    earlier = {other.name: other for other in before}

    def need(what: str, name: str, kind: Kind) -> None:
        if name not in earlier:
            raise SchemaError(layout.name, field.name, f"{what} names {name!r}, which is no earlier field")
        if earlier[name].kind != kind:
            raise SchemaError(layout.name, field.name, f"{what} names {name!r}, which is not typed {kind}")

    if sized := field.get(Sized):
        need("Sized", sized.field, "int")
        if sized.unit < 1:
            raise SchemaError(layout.name, field.name, "Sized needs a unit of 1 or more")
        if Octets in field:
            raise SchemaError(layout.name, field.name, "has two sizes: Octets and Sized")
    if when := field.get(When):
        for flag in filter(None, (when.flag, when.other)):
            need("When", flag, "bool")
    if unless := field.get(Unless):
        need("Unless", unless.field, "int")
    if (bounds := field.get(Bounds)) and bounds.unless and bounds.unless not in layout.by_name:
        raise SchemaError(layout.name, field.name, f"Bounds names {bounds.unless!r}, which is no field")
    if selects := field.get(Selects):
        if selects.when:
            need("Selects", selects.when, "bool")
            if layout.carries is None:
                raise SchemaError(
                    layout.name, field.name, "Selects has a condition, but the class carries nothing else"
                )
        for named in filter(None, (selects.only, selects.unless)):
            if named[0] not in layout.by_name:
                raise SchemaError(layout.name, field.name, f"Selects names {named[0]!r}, which is no field")
    if (remainder := field.get(Remainder)) and not (
        before and before[-1].name == remainder.of and Items in before[-1] and Sized in before[-1]
    ):
        raise SchemaError(layout.name, field.name, f"Remainder must follow the sized row {remainder.of!r}")
    if Items in field:
        _check_items(layout, field)
    if (Rest in field or (Via in field and Sized not in field)) and field is not layout.fields[-1]:
        raise SchemaError(layout.name, field.name, "takes all that is left, so it must be the last field")
    if (checksum := field.get(Checksum)) and (field.bits != 16 or layout.place_of(field.name)[1] % 8):
        raise SchemaError(layout.name, field.name, f"{checksum!r} needs 16 bits on an octet boundary")
    if (marks := field.get(AnyHas)) and not (
        (row := layout.by_name.get(marks.row)) and row.element and marks.field in row.element.__layout__.by_name
    ):
        raise SchemaError(
            layout.name, field.name, f"AnyHas names {marks.row!r}.{marks.field!r}, which is no field of a row"
        )
    if FragmentOffset in field and field.kind != "int":
        raise SchemaError(layout.name, field.name, "a fragment offset is a number")


def _check_items(layout: Layout, field: Field) -> None:
    items = field.get(Items)
    assert items is not None
    inner: Layout = field.element.__layout__
    if inner.minimum_octets < 1:
        raise SchemaError(layout.name, field.name, f"{inner.name} may be empty: the row would never end")
    if items.kind is not None and items.kind not in inner.by_name:
        raise SchemaError(layout.name, field.name, f"{inner.name} has no field {items.kind!r}")
    if Sized not in field:
        if items.end is None:
            raise SchemaError(layout.name, field.name, "the row needs Sized, or an element that ends it")
    elif not any((rest := other.get(Remainder)) and rest.of == field.name for other in layout.fields):
        raise SchemaError(layout.name, field.name, "a sized row needs a Remainder field for what cannot be read")
