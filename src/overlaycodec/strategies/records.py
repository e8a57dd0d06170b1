"""Layout -> a record with random values: what is derived is left AUTO, all else is drawn from what the facts allow.

Strategy: by construction, never by trying and throwing away. Every number shrinks to its default or else to its least
value, every size to its least.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple, Self

from hypothesis import strategies as st

from overlaycodec.schema.facts import (
    Checksum,
    Const,
    CountedBy,
    Elements,
    FragmentOffset,
    JumboLength,
    LengthField,
    MoreFragments,
    Octets,
    Only,
    PadTo,
    Reserved,
    Rest,
    Selects,
    SetIfAny,
    SizedBy,
    StackEnd,
    Unless,
    Unparsed,
    When,
)
from overlaycodec.schema.layout import ADDRESS_OCTETS, Field, Layout, Run
from overlaycodec.schema.record import WireStruct
from overlaycodec.schema.values import AUTO, MACAddress

__all__ = ["Room", "fixed_octets", "number", "record"]

_ELEMENTS = 4
"""A row seldom has more elements than this in nature; few keep examples small."""


class Room:
    """How many octets of variable size may still be drawn, so that a whole stack fits a length of 802.3."""

    def __init__(self, octets: int, *, reserved: bool = False) -> None:
        self.octets = octets
        self.reserved = reserved
        """Whether reserved bits are drawn too."""

    def take(self, octets: int) -> None:
        """Counts octets that were drawn."""
        self.octets = max(0, self.octets - octets)


def fixed_octets(layout: Layout) -> int:
    """The most octets that the fields of fixed size take."""
    return sum(part.octets for part in layout.parts if isinstance(part, Run))


def number(
    draw: st.DrawFn,
    field: Field,
    excluded: frozenset[int] = frozenset(),
    lowest: int = 0,
    highest: int | None = None,
) -> int:
    """A number that fits the field and is not excluded; the simplest is the default."""
    highest = field.maximum if highest is None else highest
    skipped = sorted(value for value in excluded if lowest <= value <= highest)
    count = highest - lowest + 1 - len(skipped)
    default = field.default
    shift = 0
    if type(default) is int and lowest <= default <= highest and default not in excluded:
        shift = default - lowest - sum(value < default for value in skipped)
    value = lowest if count == 1 else lowest + (draw(st.integers(0, count - 1)) + shift) % count
    for other in skipped:
        value += other <= value
    return value


def record(
    draw: st.DrawFn,
    layout: Layout,
    given: Mapping[str, Any],  # Any: a value of any field, or a strategy for one
    excluded: Mapping[str, frozenset[int]],
    room: Room,
) -> dict[str, Any]:
    """Values for every field. `given` are values, or strategies for them; `excluded`, numbers that must not be."""
    values: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for field in layout.fields:
        name = field.name
        if not _present(field, values):
            values[name] = None
        elif name in given:
            value = given[name]
            values[name] = draw(value) if isinstance(value, st.SearchStrategy) else value
        elif name in layout.flag_of and (told := _told(layout, name, given)) is not None:
            values[name] = told
        elif _derived(layout, field):
            values[name] = AUTO
        elif field.bits is not None:
            values[name] = _fixed(draw, field, excluded.get(name, frozenset()), room)
        elif (sized := field.get(SizedBy)) is not None:
            values[name] = _sized(draw, layout, field, sized, values, counts, room)
        elif Rest in field and Elements in field:
            values[name] = tuple(_row(draw, field, room, room.octets))
        elif (counted := field.get(CountedBy)) is not None:
            told = values[counted.field]
            count = told + counted.bias if isinstance(told, int) else told
            values[name] = tuple(_row(draw, field, room, room.octets, count, counted.bias))
        elif Elements in field:
            values[name] = (*_row(draw, field, room, room.octets), _last(draw, field))
        else:
            values[name] = draw(_octets(0, room.octets))
            room.take(len(values[name]))
    return values


def _present(field: Field, values: Mapping[str, Any]) -> bool:
    condition = field.condition
    if isinstance(condition, When):
        return any(values[flag] is True for flag in condition.flags)
    if isinstance(condition, Only):
        return values[condition.field] in condition.values
    if isinstance(condition, Unless):
        return values[condition.field] not in condition.values
    return True


def _told(layout: Layout, flag: str, given: Mapping[str, Any]) -> bool | None:
    """What a flag must be for the fields that are given."""
    for field in layout.flag_of[flag]:
        when = field.get(When)
        if field.name in given and when is not None and when.flag == flag:
            return given[field.name] is not None
    return None


def _derived(layout: Layout, field: Field) -> bool:
    return field.name in layout.sized_by or any(
        kind in field for kind in (Selects, LengthField, Checksum, StackEnd, SetIfAny, Unparsed, PadTo)
    )


def _fixed(draw: st.DrawFn, field: Field, excluded: frozenset[int], room: Room) -> Any:  # Any: a field's own type
    const = field.get(Const)
    if const is not None:
        return const.value
    if Reserved in field and not room.reserved:
        return AUTO if field.optional else 0
    if FragmentOffset in field or MoreFragments in field:
        return False if field.kind == "bool" else 0
    if field.kind == "bool":
        simplest = field.default is True
        return draw(st.booleans()) ^ simplest
    if field.kind == "int":
        return number(draw, field, excluded)
    if field.kind == "mac":
        return MACAddress(draw(st.binary(min_size=6, max_size=6)))
    if field.kind == "ipv4":
        return IPv4Address(draw(st.integers(0, (1 << 32) - 1)))
    if field.kind == "ipv6":
        return IPv6Address(draw(st.integers(0, (1 << 128) - 1)))
    size = field.get(Octets)
    assert size is not None
    return draw(_octets(size.count, size.count))


def _octets(least: int, most: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=least, max_size=max(least, most))


def _sized(
    draw: st.DrawFn,
    layout: Layout,
    field: Field,
    sized: SizedBy,
    values: Mapping[str, Any],
    counts: dict[str, int],
    room: Room,
) -> Any:  # Any: a field's own type
    length = layout.by_name[sized.field]
    told = values[sized.field]
    least = max(0, -(sized.bias // sized.unit))
    if told is None:
        capacity = 0
    elif told is not AUTO:
        capacity = max(0, told * sized.unit + sized.bias)
    else:
        capacity = length.maximum * sized.unit + sized.bias
    if sized.origin == "start":
        capacity //= 2  # the rest is for what stands before
    if Elements in field:
        return tuple(_row(draw, field, room, min(capacity, room.octets)))
    if told is None:
        return b""
    if told is not AUTO:
        octets = capacity
    else:
        if sized.field not in counts:
            counts[sized.field] = _count(draw, field, sized, least, length.maximum, room)
        octets = counts[sized.field] * sized.unit + sized.bias
    room.take(octets)
    data = draw(_octets(octets, octets))
    if octets == ADDRESS_OCTETS.get(field.kind):
        return MACAddress(data) if field.kind == "hardware" else IPv4Address(data)
    return data


def _count(draw: st.DrawFn, field: Field, sized: SizedBy, least: int, maximum: int, room: Room) -> int:
    """What the length field will say."""
    most = max(least, min(maximum, (room.octets - sized.bias) // sized.unit))
    usual = ADDRESS_OCTETS.get(field.kind)
    if usual is not None and least <= usual <= most and not draw(st.booleans()):
        return usual
    return draw(st.integers(least, min(most, least + 16)) | st.integers(least, most))


def _row(
    draw: st.DrawFn, field: Field, room: Room, capacity: int, count: object = AUTO, least: int = 0
) -> list[WireStruct]:
    """Elements of a row, up to so many octets; `count` of them where that is told, `least` or more where not."""
    kinds = _Kinds.of(field)
    drawable = [cls.__layout__ for cls in field.elements[::-1] if not _jumbo(cls.__layout__)]
    elements: list[WireStruct] = []
    while len(elements) < (count if isinstance(count, int) else _ELEMENTS):
        sure = count is not AUTO or len(elements) < least
        layouts = [layout for layout in drawable if _least(layout) <= capacity or sure]
        inside = Room(capacity, reserved=room.reserved)
        element = draw(_another(layouts, kinds, inside, sure=sure)) if layouts else None
        if element is None:
            break
        elements.append(element)
        taken = capacity - inside.octets
        room.take(taken)
        capacity -= taken
    return elements


def _jumbo(layout: Layout) -> bool:
    return any(JumboLength in field for field in layout.fields)


class _Kinds(NamedTuple):
    """What tells the elements of a row apart."""

    generic: Layout
    """Of those that are of no other class."""
    told: tuple[Field, ...]
    """The fields that its first octets are, where these tell the class; not those that follow from the others."""
    others: frozenset[tuple[int, ...]]
    """Their numbers in elements of the other classes."""
    last: dict[str, frozenset[int]]
    """The kind that ends the row."""

    @classmethod
    def of(cls, field: Field) -> Self:
        """Those of a row."""
        generic: Layout = field.element.__layout__
        octets, classes = field.typed()
        told = []
        for other in generic.fields:
            bit = generic.fixed_bit_of(other.name)
            if other.bits is None or bit is None or _derived(generic, other):
                continue
            if bit + other.bits <= octets * 8:
                told.append((other, octets * 8 - bit - other.bits))
        others = {
            tuple(int.from_bytes(lead, "big") >> shift & other.maximum for other, shift in told) for lead in classes
        }
        last: dict[str, frozenset[int]] = {}
        items = field[Elements]
        if items.kind is not None and items.end is not None:
            last[items.kind] = frozenset((items.end,))
        return cls(generic, tuple(other for other, _ in told), frozenset(others), last)

    def drawn(self, draw: st.DrawFn, room: Room) -> dict[str, Any]:  # Any: a field's own type
        """Numbers that are not those of an element of another class, and not those of the last one."""
        values: dict[str, Any] = {}
        for index, field in enumerate(self.told):
            never = self.last.get(field.name, frozenset())
            if index == len(self.told) - 1:
                before = tuple(values.values())
                never |= {numbers[-1] for numbers in self.others if numbers[:-1] == before}
            values[field.name] = _fixed(draw, field, never, room)
        return values


@st.composite
def _another(
    draw: st.DrawFn,
    layouts: list[Layout],
    kinds: _Kinds,
    room: Room,
    *,
    sure: bool,
) -> WireStruct | None:
    """One more element or none, drawn as a whole, so that shrinking can take it out as a whole."""
    if not sure and not draw(st.booleans()):
        return None
    layout = draw(st.sampled_from(layouts))
    room.take(_least(layout))
    if layout is kinds.generic:
        values = record(draw, layout, kinds.drawn(draw, room), kinds.last, room)
    else:
        values = record(draw, layout, {}, {}, room)
    element: WireStruct = layout.cls(**values)
    return element


def _least(layout: Layout) -> int:
    """Octets of an element whose variable fields are as short as they may be, all else present."""
    fields = ((field, field.get(SizedBy)) for field in layout.fields)
    return fixed_octets(layout) + sum(max(0, sized.bias) for field, sized in fields if sized and Elements not in field)


def _last(draw: st.DrawFn, field: Field) -> WireStruct:
    """The element that ends a row which no length ends."""
    items = field.get(Elements)
    assert items is not None
    assert items.kind is not None
    layout: Layout = field.element.__layout__
    element: WireStruct = layout.cls(**record(draw, layout, {items.kind: items.end}, {}, Room(0)))
    return element
