"""Layouts -> one function for a whole stack of headers, as long as they are plain: a checked guess.

Strategy: most packets of a capture look alike. Where the last packets had one stack, the next is guessed to have it
too: the fixed parts of all its headers are read with one `struct` call, and every fact that the steps would have
found is tested (constants, lengths, selectors, conditions, bounds). If one does not hold the function gives None, and
the packet goes from step to step as if nothing had been tried. A header is plain where it consists of its first run
alone and fills its bound to the end; what follows the plain headers is left to its step. The function is keyed by
classes, never by a packet's octets.

What the tests pin to one value is a constant in the function. Numbers made of flags and reserved bits are mostly
what they were in the packet that the guess was made from: where all of them are, they are constants too, and nothing
is cut up. What follows from the numbers is written twice for that, once for the usual ones and once for any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from struct import Struct
from typing import NamedTuple, Protocol

from overlaycodec.codec.decode_step import Step, Tables, add_selection, condition_text
from overlaycodec.codec.header_decoder import INTERNED, add_item, address, built, item_names
from overlaycodec.codec.stack_shape import Link, behind, pinned_in, run_of
from overlaycodec.codec.struct_plan import Item, plan
from overlaycodec.codegen import Source
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.facts import ByteOrder, LengthField, Selects
from overlaycodec.schema.keys import Asked, Key, KeySpace, Peek, PreviousHeader
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.record import builder_with

__all__ = ["Fused", "Keyed", "Read", "fused_of"]

_FEW = 4
"""So many keywords cost less than all values by position."""

Read = Callable[[bytes, int], Packet | tuple[tuple[Header, ...], Step | None, int] | None]
"""`read(data, end)` gives the packet, or its first headers, the next step and where that starts; None where the guess
was wrong."""


class Keyed(Tables, Protocol):
    """What a fused function needs of its catalog."""

    max_headers: int

    def candidates(self, space: KeySpace, value: int | None) -> tuple[tuple[Key, type[Header]], ...]:
        """What can be found at a value, in the order in which it is asked."""
        ...


class Fused(NamedTuple):
    """The function for one stack of plain headers."""

    read: Read
    octets: int
    """A shorter packet is none of these."""
    pinned: dict[int, int]
    """Octets that have one value in every packet of this stack, by where they stand."""


class _Place:
    """One header of a stack, as the function reads it."""

    def __init__(self, number: int, at: int, layout: Layout, selected: int | None) -> None:
        self.layout = layout
        self.at = at
        self.prefix = f"h{number}_"
        self.run = run_of(layout)
        _, self.items = plan(self.run)
        self.names = item_names(self.items, self.prefix)
        self.pinned = pinned_in(layout, selected)
        self.nothing = {f.name: None if f.optional else () if f.kind == "items" else b"" for f in behind(layout)}
        """The values of what is not there."""
        self.addresses: dict[str, str] = {}
        """Where an address stands once it is more than octets."""

    def number(self, item: Item) -> int | None:
        """The item's number where all its fields are pinned."""
        if item.odd is not None or any(field.name not in self.pinned for field, _ in item.fields):
            return None
        return item.number_of(lambda field: self.pinned[field.name])

    def usual(self, sample: Header) -> list[str]:
        """Takes what seldom changes as the sample has it; gives the tests that must hold for that."""
        tests = []
        for item, name in zip(self.items, self.names, strict=True):
            if self.number(item) is None and item.steady(self.pinned):
                names = [field.name for field, _ in item.fields if field.name not in self.pinned]
                self.pinned |= {field: getattr(sample, field) for field in names}
                tests.append(f"{name} == {self.number(item)}")
        return tests

    @property
    def constants(self) -> dict[str, object]:
        """The values that are known before the octets are."""
        return {**self.nothing, **self.pinned}

    def text(self, name: str) -> str:
        """The expression for the value of a field."""
        constants = self.constants
        if name in constants:
            return repr(constants[name])
        return self.addresses.get(name, self.prefix + name)

    def whole(self, name: str) -> bool:
        """Whether the field is an item of its own, known as soon as the octets were unpacked."""
        return f"{self.prefix}{name}" in self.names


def fused_of(first: type[Header] | Key, stack: tuple[Link, ...], sample: Sequence[Header], tables: Keyed) -> Fused:
    """The function for this stack of plain headers, found at `first`; the sample begins with such headers."""
    places: list[_Place] = []
    at = 0
    for number, (cls, selected) in enumerate(stack):
        places.append(_Place(number, at, cls.__layout__, selected))
        at += places[-1].run.octets
    format_ = ">" + "".join(item.code for place in places for item in place.items)
    source = Source("_".join(["fused", *(place.layout.name for place in places)]), "data, end")
    source.names["unpack"] = Struct(format_).unpack_from
    source.add(
        f"if end < {at}: return None",
        f"{', '.join(name for place in places for name in place.names)}, = unpack(data)",
    )
    pinned = _add_tests(source, places)
    usual = [_Place(number, place.at, place.layout, stack[number][1]) for number, place in enumerate(places)]
    tests = [test for place, header in zip(usual, sample, strict=False) for test in place.usual(header)]
    if tests:
        source.add(f"if {' and '.join(tests)}:")
        source.indent()
        _add_packet(source, first, usual, tables, at)
        source.dedent()
    _add_packet(source, first, places, tables, at)
    return Fused(source.compile("fused"), at, pinned)


def _add_packet(source: Source, first: type[Header] | Key, places: list[_Place], tables: Keyed, at: int) -> None:
    """From the numbers to what is returned."""
    for place in places:
        _add_cuts(source, place)
    tests = _chosen(first.space, first.value, places[0], tables) if isinstance(first, Key) else []
    for place, following in pairwise(places):
        tests += _leads_to(place, following, tables)
    _add_test(source, tests)
    _add_addresses(source, places)
    headers = ", ".join(_built(source, place) for place in places)
    source.add(f"headers = ({headers},)")
    _add_end(source, places[-1], tables, at)


def _add_test(source: Source, tests: list[str]) -> None:
    if tests:
        source.add(f"if not ({' and '.join(dict.fromkeys(tests))}): return None")


def _add_tests(source: Source, places: list[_Place]) -> dict[int, int]:
    """What can be tested as it was unpacked; gives the octets that are pinned thereby."""
    octets: dict[int, int] = {}
    tests = []
    for place in places:
        at = place.at
        for item, name in zip(place.items, place.names, strict=True):
            if (number := place.number(item)) is not None:
                tests.append(f"{name} == {number}")
                octets |= enumerate(number.to_bytes(item.octets, "big"), start=at)
            at += item.octets
        tests += [test for name, test in _bound_tests(place) if place.whole(name)]
    _add_test(source, tests)
    return octets


def _bound_tests(place: _Place) -> Iterator[tuple[str, str]]:
    """For each field that bounds what follows, the test that it is the end of the octets."""
    for field in place.layout.fields:
        if (bounds := field.get(LengthField)) and field.condition is None:
            local = place.text(field.name)
            start = place.at + bounds.bias + (place.run.octets if bounds.origin == "end" else 0)
            octets = local if bounds.unit == 1 else f"{local} * {bounds.unit}"
            yield field.name, f"{octets} + {start} == end"


def _add_cuts(source: Source, place: _Place) -> None:
    """The fields of the header, and the tests of those that are not all of an item."""
    for item, name in zip(place.items, place.names, strict=True):
        if place.number(item) is None and item.fields[0][0].kind not in INTERNED:
            add_item(source, item, name, place.prefix)
            names = [field.name for field, _ in item.fields]
            _add_test(source, [_is(place.prefix + n, place.pinned[n]) for n in names if n in place.pinned])
    _add_test(source, [test for name, test in _bound_tests(place) if not place.whole(name)])


def _add_addresses(source: Source, places: list[_Place]) -> None:
    """Addresses out of what was read: looked up, all at once; if one is not known each is seen to."""
    quick, sure = [], []
    for place in places:
        for field in place.run.fields:
            if field.kind in INTERNED:
                table, local = INTERNED[field.kind], place.prefix + field.name
                quick.append(f"    a_{local} = {source.bind(field.kind, table.known)}[{local}]")
                sure.append(f"    a_{local} = {address(source, field.kind, local)}")
                place.addresses[field.name] = f"a_{local}"
    if quick:
        source.add("try:", *quick, "except KeyError:", *sure)


def _built(source: Source, place: _Place) -> str:
    """The expression for the header: where few fields are no constants, one like a header that has these."""
    values = {field.name: place.text(field.name) for field in place.layout.fields}
    constants = place.constants
    others = [f"{name}={text}" for name, text in values.items() if name not in constants]
    if constants and len(others) <= _FEW:
        like = source.bind(f"like_{place.layout.name}", builder_with(place.layout.cls, constants))
        return f"{like}({', '.join(others)})"
    return built(source, place.layout, place.prefix, values)


def _is(local: str, value: int) -> str:
    return f"not {local}" if value is False else f"{local} == {value}"


def _add_end(source: Source, place: _Place, tables: Keyed, at: int) -> None:
    """What is returned; where nothing is bound to the last header's key, the packet at once."""
    layout, selector = place.layout, place.layout.selector
    source.names |= {"Packet": Packet, "REST": slice(at, None)}
    whole = "return Packet(headers, data[REST])"
    if selector is None and layout.carries is None:
        source.add(whole)
        return
    if selector is not None and not selector[Selects].lengths and tables.otherwise(selector[Selects].space) is None:
        bound = source.bind("bound", tables.table(selector[Selects].space))
        source.add(f"if {place.prefix}{selector.name} not in {bound}: {whole}")
    add_selection(source, layout, tables, place.prefix, str(at), "headers, {next}, {stop}")


def _leads_to(place: _Place, following: _Place, tables: Keyed) -> list[str]:
    """What must hold for the next header to be the one that follows, the selector being pinned."""
    layout = place.layout
    if layout.selector is None:
        assert layout.carries is not None
        return _chosen(layout.carries.space, layout.carries.value, following, tables, place)
    value = place.pinned[layout.selector.name]
    return _chosen(layout.selector[Selects].space, value, following, tables, place)


def _chosen(
    space: KeySpace, found: int | None, wanted: _Place, tables: Keyed, before: _Place | None = None
) -> list[str]:
    """What must hold for `wanted`, of all that is found at a key, to be chosen for the octets there."""

    def text(condition: Asked) -> str:
        if isinstance(condition, PreviousHeader):
            fields = [] if before is None else [field.name for field in before.run.fields]
            if before is None or condition.field not in fields:
                return "False"
            return f"{before.text(condition.field)} == {condition.value}"
        if isinstance(condition, Peek):
            for field in wanted.run.fields:
                same = (wanted.run.bit_of(field.name), field.bits) == (condition.bit, condition.count)
                if same and field.kind == "int" and ByteOrder not in field and wanted.whole(field.name):
                    return f"{wanted.prefix}{field.name} == {condition.value}"
        return condition_text(condition, str(wanted.at))

    tests: list[str] = []
    for key, cls in tables.candidates(space, found) or tables.candidates(space, None):
        holds = " and ".join(map(text, key.conditions))
        if cls is wanted.layout.cls:
            return [*tests, *([holds] if holds else [])]
        tests.append(f"not ({holds})" if holds else "False")
    return [*tests, "False"]
