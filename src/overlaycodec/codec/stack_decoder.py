"""Layouts -> one decoder for a stack of option-free headers.

Strategy: most packets of a capture look alike, so the stacks of recent packets are cached (see `stack_cache`), each
with its decoder. It reads the fixed parts of all headers with one `struct` call and tests everything that the steps
would have found: constants, lengths, selectors, conditions, bounds. Where a test fails it gives None, and the packet is
decoded step by step as if nothing had been tried. A header is option-free where it consists of its first run alone and
fills its bound to the end; what follows the option-free headers is left to its step. The decoder is generated from
classes, never from the octets of a packet.

Constant fields, those of which the tests allow one value, are constants in the function. Numbers made of flags and
reserved bits mostly have the values that they had in the packet from which the stack was learnt, the common values:
where all of them have these, they are constants too, and no bits are masked. The lines after the tests are written
twice for that, once for the common values and once for any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from struct import Struct
from typing import Any, NamedTuple

from overlaycodec.codec.decode_step import add_next
from overlaycodec.codec.header_decoder import INTERNED, add_item, address_text, build_text
from overlaycodec.codec.stack_position import Position, equal_text
from overlaycodec.codec.stack_selection import StackTables, following_tests, selection_tests
from overlaycodec.codec.stack_shape import StackEntry
from overlaycodec.codegen import Source, linear, literal
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import packet_of
from overlaycodec.schema.keys import Key
from overlaycodec.schema.record import builder_with

__all__ = ["Complete", "Ending", "GoesOn", "Refused", "StackDecoder", "StackReader", "StackTables", "stack_decoder_of"]

_FEW = 4
"""So many keywords cost less than all values by position."""

StackReader = Callable[[bytes, int], Any]  # Any: by the ending of the stack
"""`read(data, end)` gives the packet, or its first headers, the next step and where that starts; None where the packet
has another stack. With an ending, it gives what that says."""


class Complete(NamedTuple):
    """The packet has just the first so many headers of the stack: what follows them is payload."""

    headers: int


class GoesOn(NamedTuple):
    """The headers are followed by others: `read` gives `state` after where these start."""

    state: object


class Refused(NamedTuple):
    """No packet has this stack: `read` gives this value, and makes no header."""

    reason: object


Ending = Complete | GoesOn | Refused
"""How a stack ends for a pipeline."""


class StackDecoder(NamedTuple):
    """The decoder of one stack of option-free headers."""

    read: StackReader
    octets: int
    """A shorter packet has another stack."""
    constants: dict[int, int]
    """Octets that have one value in every packet of this stack, by their offset."""


def stack_decoder_of(
    first: type[Header] | Key,
    stack: tuple[StackEntry, ...],
    sample: Sequence[Header],
    tables: StackTables,
    ending: Ending | None = None,
) -> StackDecoder:
    """The decoder of this stack of option-free headers, found at `first`; the sample begins with such headers."""
    positions: list[Position] = []
    octets = 0
    for number, (cls, selected) in enumerate(stack):
        positions.append(Position(number, octets, cls.__layout__, selected))
        octets += positions[-1].run.octets
    format_ = ">" + "".join(item.code for position in positions for item in position.items)
    source = Source("_".join(["read", *(position.layout.name for position in positions)])[:96], "data, end")
    source.names["unpack"] = Struct(format_).unpack_from
    source.comment(*(f"{at.prefix}*: {at.layout.name} at octet {at.offset}" for at in positions))
    source.add(
        f"if end < {octets}: return None",
        f"({', '.join(name for position in positions for name in position.names)},) = unpack(data)",
    )
    constants = _add_number_tests(source, positions)
    common = [
        Position(number, position.offset, position.layout, stack[number][1])
        for number, position in enumerate(positions)
    ]
    tests = [test for position, header in zip(common, sample, strict=False) for test in position.assume_common(header)]
    if tests:
        source.comment("where flags and reserved bits have their common values")
        source.add(f"if ({' and '.join(tests)}):")
        source.indent()
        _add_packet(source, first, common, tables, octets, ending)
        source.dedent()
        source.comment("where they have others")
    _add_packet(source, first, positions, tables, octets, ending)
    return StackDecoder(source.compile("stack decoder"), octets, constants)


def _add_packet(
    source: Source,
    first: type[Header] | Key,
    positions: list[Position],
    tables: StackTables,
    octets: int,
    ending: Ending | None,
) -> None:
    """Adds the lines from the numbers to what is returned."""
    source.comment("fields that share a number")
    for position in positions:
        _add_fields(source, position)
    tests = selection_tests(source, first.space, first.value, positions[0], tables) if isinstance(first, Key) else []
    for position, following in pairwise(positions):
        tests += following_tests(source, position, following, tables)
    _add_test(source, tests)
    if isinstance(ending, Refused):
        source.add(f"return {source.bind('REFUSED', ending)}")
        return
    if isinstance(ending, Complete):
        octets = positions[ending.headers].offset if ending.headers < len(positions) else octets
        positions = positions[: ending.headers]
    _add_addresses(source, positions)
    source.comment("headers")
    source.add("headers = (", *(f"    {_header_text(source, position)}," for position in positions), ")")
    last = positions[-1]
    if isinstance(ending, Complete):
        source.names |= {"packet_of": packet_of, "REST": slice(octets, None)}
        lengths, selector = last.layout.next.lengths, last.layout.selector
        if lengths is not None and selector is not None:  # the step bounds what follows
            source.add(f"if {last.text(selector.name)} <= {literal(lengths.limit)}: return None")
        source.add("return packet_of(headers, data[REST])")
    elif isinstance(ending, GoesOn):
        source.names["STATE"] = ending.state
        add_next(source, last.layout, tables, last.prefix, str(octets), "headers, {next}, {stop}, STATE")
    else:
        _add_return(source, last, tables, octets)


def _add_test(source: Source, tests: list[str]) -> None:
    if tests:
        source.add(f"if not ({' and '.join(dict.fromkeys(tests))}): return None")


def _add_number_tests(source: Source, positions: list[Position]) -> dict[int, int]:
    """Adds the tests of numbers as they were unpacked; gives the octets that are constant thereby."""
    constants: dict[int, int] = {}
    tests = []
    for position in positions:
        offset = position.offset
        for item, name in zip(position.items, position.names, strict=True):
            if (number := position.number(item)) is not None:
                tests.append(f"{name} == {number}")
                constants |= enumerate(number.to_bytes(item.octets, "big"), start=offset)
            offset += item.octets
        tests += _bound_tests(position, unpacked=True)
    source.comment("constants, and lengths that fit the octets at hand")
    _add_test(source, tests)
    return constants


def _bound_tests(position: Position, *, unpacked: bool) -> Iterator[str]:
    """The test that the content ends where the octets do; of a field that is `unpacked`, or is part of a number."""
    extent = position.layout.extent
    if extent is not None and extent.field.presence is None and position.is_item(extent.field.name) is unpacked:
        start = position.offset + extent.end_of(0, position.run.octets)
        yield f"{linear(position.text(extent.field.name), extent.unit, start)} == end"


def _add_fields(source: Source, position: Position) -> None:
    """Adds the fields of the header that share a number with others, and their tests."""
    for item, name in zip(position.items, position.names, strict=True):
        if position.number(item) is None and item.fields[0][0].kind not in INTERNED:
            add_item(source, item, name, position.prefix)
            names = [field.name for field, _ in item.fields if field.name in position.constants]
            _add_test(source, [equal_text(position.prefix + name, position.constants[name]) for name in names])
    _add_test(source, list(_bound_tests(position, unpacked=False)))


def _add_addresses(source: Source, positions: list[Position]) -> None:
    """Adds the lines that look all addresses up at once; where one is not in its table, each is made or found."""
    known, new = [], []
    for position in positions:
        for field in position.run.fields:
            if field.kind in INTERNED:
                table, local = INTERNED[field.kind], position.prefix + field.name
                known.append(f"    a_{local} = {source.bind(field.kind, table.known)}[{local}]")
                new.append(f"    a_{local} = {address_text(source, field.kind, local)}")
                position.addresses[field.name] = f"a_{local}"
    if known:
        source.comment("addresses")
        source.add("try:", *known, "except KeyError:", *new)


def _header_text(source: Source, position: Position) -> str:
    """The expression for the header: where few fields are not known, one like a header that has the known values."""
    layout, known = position.layout, position.known
    values = {field.name: position.text(field.name) for field in layout.fields}
    others = [f"{name}={text}" for name, text in values.items() if name not in known]
    if known and len(others) <= _FEW:
        like = source.bind(f"like_{layout.name}", builder_with(layout.cls, known))
        return f"{like}({', '.join(others)})"
    return build_text(source, layout, position.prefix, values)


def _add_return(source: Source, position: Position, tables: StackTables, octets: int) -> None:
    """Adds what is returned: where nothing is bound to the last header's key, the packet at once."""
    layout, plan = position.layout, position.layout.next
    source.names |= {"packet_of": packet_of, "REST": slice(octets, None)}
    packet = "return packet_of(headers, data[REST])"
    if plan.selector is None and plan.carried is None:
        source.add(packet)
        return
    space = plan.space if plan.lengths is None else None
    if plan.selector is not None and space is not None and tables.otherwise(space) is None:
        bound = source.bind("bound", tables.table(space))
        source.add(f"if {position.prefix}{plan.selector.name} not in {bound}: {packet}")
    add_next(source, layout, tables, position.prefix, str(octets), "headers, {next}, {stop}")
