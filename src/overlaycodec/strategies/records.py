"""Layout -> a record with random values: what is derived is left AUTO, all else is drawn from what the layout allows.

Strategy: every value is valid when it is drawn; none is drawn and then rejected. What has a fixed size comes from the
record's `Entropy`; octets of variable size and elements are one draw each. Every number shrinks to its default or else
to its least value, every size to its least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple, Self

from hypothesis import strategies as st

from overlaycodec.schema.layout import ADDRESS_OCTETS, Field, Layout, Run
from overlaycodec.schema.plans import CountSize, EndSize, LengthSize
from overlaycodec.schema.record import WireStruct
from overlaycodec.strategies.entropy import Entropy, binary, entropy_of
from overlaycodec.values import AUTO, MACAddress

__all__ = ["Room", "fixed_octets", "record"]

_ELEMENTS = 4
"""The most elements of an option list whose number is not given: few keep examples small."""
_ANOTHER = 128
"""From which value of an octet on another element follows."""


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


def record(
    draw: st.DrawFn,
    layout: Layout,
    fixed: Mapping[str, Any],  # Any: a value of any field, or a strategy for one
    excluded: Mapping[str, frozenset[int]],
    room: Room,
    entropy: Entropy,
) -> dict[str, Any]:
    """Values for every field. `fixed` are values, or strategies for them; `excluded`, numbers that must not be."""
    values: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for field in layout.fields:
        name = field.name
        if field.presence is not None and not field.presence.holds(values.__getitem__):
            values[name] = None
        elif name in fixed:
            value = fixed[name]
            values[name] = draw(value) if isinstance(value, st.SearchStrategy) else value
        elif name in layout.flag_of and (flag := _flag_for(layout, name, fixed)) is not None:
            values[name] = flag
        elif layout.computed(field):
            values[name] = AUTO
        elif field.bits is not None:
            values[name] = _fixed_size(entropy, layout, field, excluded.get(name, frozenset()), room)
        else:
            values[name] = _variable_size(draw, layout, field, values, counts, room, entropy)
    return values


def _flag_for(layout: Layout, flag: str, fixed: Mapping[str, Any]) -> bool | None:
    """What a flag must be for the fields whose values are fixed; None where none of them depends on it."""
    for field in layout.flag_of[flag]:
        if field.name in fixed and field.presence is not None and field.presence.fields[0] == flag:
            return fixed[field.name] is not None
    return None


def _fixed_size(
    entropy: Entropy, layout: Layout, field: Field, excluded: frozenset[int], room: Room
) -> Any:  # Any: a field's own type
    if field.const is not None:
        return field.const
    if field.reserved and not room.reserved:
        return AUTO if field.optional else 0
    if field.name in layout.fragment_fields:
        return False if field.kind == "bool" else 0
    if field.kind == "int":
        return entropy.number(field, excluded)
    if field.kind == "bool":
        return entropy.flag(field)
    octets = entropy.octets(field)
    if field.kind == "mac":
        return MACAddress(octets)
    if field.kind == "ipv4":
        return IPv4Address(octets)
    return IPv6Address(octets) if field.kind == "ipv6" else octets


def _variable_size(
    draw: st.DrawFn,
    layout: Layout,
    field: Field,
    values: Mapping[str, Any],
    counts: dict[str, int],
    room: Room,
    entropy: Entropy,
) -> Any:  # Any: a field's own type
    size = field.size
    if isinstance(size, LengthSize):
        return _sized(draw, layout, field, size, values, counts, room, entropy)
    if isinstance(size, CountSize):
        count = values[size.field]
        count = count + size.bias if isinstance(count, int) else count
        return tuple(_elements(draw, field, room, room.octets, count, size.bias))
    if isinstance(size, EndSize):
        return (*_elements(draw, field, room, room.octets), _end_element(draw, field))
    if field.options is not None:
        return tuple(_elements(draw, field, room, room.octets))
    data = draw(binary(0, room.octets))
    room.take(len(data))
    return data


def _sized(
    draw: st.DrawFn,
    layout: Layout,
    field: Field,
    size: LengthSize,
    values: Mapping[str, Any],
    counts: dict[str, int],
    room: Room,
    entropy: Entropy,
) -> Any:  # Any: a field's own type
    length = layout.by_name[size.field]
    value = values[size.field]
    if value is None:
        capacity = 0
    elif value is not AUTO:
        capacity = max(0, value * size.unit + size.bias)
    else:
        capacity = length.maximum * size.unit + size.bias
    if size.from_start:
        capacity //= 2  # the rest is for what comes before
    if field.options is not None:
        return tuple(_elements(draw, field, room, min(capacity, room.octets)))
    if value is None:
        return b""
    if value is not AUTO:
        data = draw(binary(capacity, capacity))
    elif size.field in counts:
        octets = counts[size.field] * size.unit + size.bias
        data = draw(binary(octets, octets))
    else:
        data, counts[size.field] = _counted(draw, field, size, length.maximum, room, entropy)
    room.take(len(data))
    if len(data) == ADDRESS_OCTETS.get(field.kind):
        return MACAddress(data) if field.kind == "hardware" else IPv4Address(data)
    return data


def _counted(
    draw: st.DrawFn, field: Field, size: LengthSize, maximum: int, room: Room, entropy: Entropy
) -> tuple[bytes, int]:
    """Octets of a size that a length field can give, and its value."""
    least = max(0, -(size.bias // size.unit))
    most = max(least, min(maximum, (room.octets - size.bias) // size.unit))
    common = ADDRESS_OCTETS.get(field.kind)
    if common is not None and least <= common <= most and entropy.spare() < _ANOTHER:
        least = most = common
    octets = least * size.unit + size.bias
    data = draw(binary(octets, most * size.unit + size.bias))
    count = -(-(len(data) - size.bias) // size.unit)
    return data.ljust(count * size.unit + size.bias, b"\0"), count


def _elements(
    draw: st.DrawFn, field: Field, room: Room, capacity: int, count: object = AUTO, least: int = 0
) -> list[WireStruct]:
    """Elements of an option list, up to so many octets: `count` of them, or `least` or more where that is AUTO."""
    kinds = _Kinds.of(field)
    drawable = [cls.__layout__ for cls in field.elements[::-1] if not _jumbo(cls.__layout__)]
    elements: list[WireStruct] = []
    while len(elements) < (count if isinstance(count, int) else _ELEMENTS):
        sure = count is not AUTO or len(elements) < least
        layouts = [layout for layout in drawable if _least_octets(layout) <= capacity or sure]
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
    return any(field.jumbo_length for field in layout.fields)


class _Kinds(NamedTuple):
    """What distinguishes the elements of an option list."""

    generic: Layout
    """The layout of those that are of no other class."""
    prefix: tuple[Field, ...]
    """The fields that give the class, without those that are computed: they are in the first octets, or constants."""
    others: frozenset[tuple[int, ...]]
    """The values of these fields in elements of the other classes."""
    end: dict[str, frozenset[int]]
    """The kind that ends the option list."""

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, field: Field) -> Self:
        """Those of an option list."""
        generic: Layout = field.element.__layout__
        octets, classes = field.typed()
        shifts = []
        for other in generic.fields:
            bit = generic.fixed_bit_of(other.name)
            if other.bits is None or bit is None or generic.computed(other):
                continue
            if bit + other.bits <= octets * 8:
                shifts.append((other, octets * 8 - bit - other.bits))
        others = {
            tuple(int.from_bytes(lead, "big") >> shift & other.maximum for other, shift in shifts) for lead in classes
        }
        if classes and not octets:
            shifts, others = _constants_of(generic, classes[b""])
        end: dict[str, frozenset[int]] = {}
        options = field.options
        if options is not None and options.kind is not None and options.end is not None:
            end[options.kind] = frozenset((options.end,))
        return cls(generic, tuple(other for other, _ in shifts), frozenset(others), end)

    def drawn(self, entropy: Entropy, room: Room) -> dict[str, Any]:  # Any: a field's own type
        """Numbers that are neither those of an element of another class nor that of the end element."""
        values: dict[str, Any] = {}
        for index, field in enumerate(self.prefix):
            excluded = self.end.get(field.name, frozenset())
            if index == len(self.prefix) - 1:
                before = tuple(values.values())
                excluded |= {numbers[-1] for numbers in self.others if numbers[:-1] == before}
            values[field.name] = _fixed_size(entropy, self.generic, field, excluded, room)
        return values


def _constants_of(generic: Layout, classes: Sequence[Any]) -> tuple[list[tuple[Field, int]], set[tuple[int, ...]]]:
    """The fields of the generic element in whose place each class has a constant; and these, of each class."""
    constants: list[dict[tuple[int | None, int | None], int | None]] = [
        {(layout.fixed_bit_of(field.name), field.bits): field.const for field in layout.fields}
        for layout in (cls.__layout__ for cls in classes)
    ]
    places = [((generic.fixed_bit_of(field.name), field.bits), field) for field in generic.fields if field.bits]
    found = [(place, field) for place, field in places if all(one.get(place) is not None for one in constants)]
    return [(field, 0) for _, field in found], {tuple(one[place] or 0 for place, _ in found) for one in constants}


@st.composite
def _another(
    draw: st.DrawFn,
    layouts: list[Layout],
    kinds: _Kinds,
    room: Room,
    *,
    sure: bool,
) -> WireStruct | None:
    """One more element or none, drawn in one span, so that shrinking can leave out all of it."""
    choice = draw(binary(1, 1))[0]
    if not sure:
        choice -= _ANOTHER
        if choice < 0:
            return None
    layout = layouts[choice % len(layouts)]
    room.take(_least_octets(layout))
    entropy = entropy_of(draw, layout)
    if layout is kinds.generic:
        values = record(draw, layout, kinds.drawn(entropy, room), kinds.end, room, entropy)
    else:
        values = record(draw, layout, {}, {}, room, entropy)
    element: WireStruct = layout.cls(**values)
    return element


def _least_octets(layout: Layout) -> int:
    """Octets of an element whose variable fields are as short as they may be, all else present."""
    sizes = (field.size for field in layout.fields if field.options is None)
    return fixed_octets(layout) + sum(max(0, size.bias) for size in sizes if isinstance(size, LengthSize))


def _end_element(draw: st.DrawFn, field: Field) -> WireStruct:
    """The element that ends an option list without a length."""
    options = field.options
    assert options is not None
    assert options.kind is not None
    layout: Layout = field.element.__layout__
    element: WireStruct = layout.cls(
        **record(draw, layout, {options.kind: options.end}, {}, Room(0), entropy_of(draw, layout))
    )
    return element
