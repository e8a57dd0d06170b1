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
from typing import Any, NamedTuple, Protocol

from overlaycodec.codec.decode_step import Believed, Tables, add_next, common_text, condition_text
from overlaycodec.codec.header_decoder import INTERNED, add_item, address_text, build_text, item_names
from overlaycodec.codec.stack_shape import StackEntry, constants_of, fields_after_run, run_of
from overlaycodec.codec.struct_plan import Item, plan
from overlaycodec.codegen import Source, linear, literal
from overlaycodec.packet.header import Header
from overlaycodec.packet.late_header import LateBinding, is_class, loaded
from overlaycodec.packet.packet import packet_of
from overlaycodec.schema.keys import Asked, Fits, Key, KeySpace, Peek, PreviousHeader
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.record import builder_with

__all__ = ["Complete", "Ending", "GoesOn", "Refused", "StackDecoder", "StackReader", "StackTables", "stack_decoder_of"]

_FEW = 4
"""So many keywords cost less than all values by position."""
_MOST_TESTS = 3
"""So many tests of fields cost less than one of octets that are made a number for it."""

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


class StackTables(Tables, Protocol):
    """What a stack decoder needs of its catalog."""

    max_headers: int

    def candidates(self, space: KeySpace, value: int | None) -> tuple[LateBinding, ...]:
        """What can be found at a value, in the order in which it is tried; nothing is imported."""
        ...

    def believed(self, cls: type[Header]) -> Believed:
        """The function that decides whether a guess that found this header is believed."""
        ...


class StackDecoder(NamedTuple):
    """The decoder of one stack of option-free headers."""

    read: StackReader
    octets: int
    """A shorter packet has another stack."""
    constants: dict[int, int]
    """Octets that have one value in every packet of this stack, by their offset."""


class _Position:
    """One position of the stack: its header, as the function reads it."""

    def __init__(self, number: int, offset: int, layout: Layout, selected: int | None) -> None:
        self.layout = layout
        self.offset = offset
        self.prefix = f"h{number}_"
        self.run = run_of(layout)
        _, self.items = plan(self.run)
        self.names = item_names(self.items, self.prefix)
        self.constants = constants_of(layout, selected)
        self.empty = {
            field.name: None if field.optional else () if field.kind == "items" else b""
            for field in fields_after_run(layout)
        }
        """The values of the fields after the run."""
        self.addresses: dict[str, str] = {}
        """The local variables of addresses, once they are more than octets."""

    def number(self, item: Item) -> int | None:
        """The item's number where all its fields are constant."""
        if item.odd is not None or any(field.name not in self.constants for field, _ in item.fields):
            return None
        return item.number_of(lambda field: self.constants[field.name])

    def assume_common(self, sample: Header) -> list[str]:
        """Takes as constant what seldom varies, as the sample has it; gives the tests that must hold for that."""
        tests = []
        for item, name in zip(self.items, self.names, strict=True):
            if self.number(item) is None and item.seldom_varies(self.constants):
                names = [field.name for field, _ in item.fields if field.name not in self.constants]
                self.constants |= {field: getattr(sample, field) for field in names}
                tests.append(f"{name} == {self.number(item)}")
        return tests

    @property
    def known(self) -> dict[str, object]:
        """The values that are known before any octet is read."""
        return {**self.empty, **self.constants}

    def text(self, name: str) -> str:
        """The expression for the value of a field."""
        known = self.known
        if name in known:
            return literal(known[name])
        return self.addresses.get(name, self.prefix + name)

    def is_item(self, name: str) -> bool:
        """Whether the field is an item of its own, known as soon as the octets were unpacked."""
        return f"{self.prefix}{name}" in self.names


def stack_decoder_of(
    first: type[Header] | Key,
    stack: tuple[StackEntry, ...],
    sample: Sequence[Header],
    tables: StackTables,
    ending: Ending | None = None,
) -> StackDecoder:
    """The decoder of this stack of option-free headers, found at `first`; the sample begins with such headers."""
    positions: list[_Position] = []
    octets = 0
    for number, (cls, selected) in enumerate(stack):
        positions.append(_Position(number, octets, cls.__layout__, selected))
        octets += positions[-1].run.octets
    format_ = ">" + "".join(item.code for position in positions for item in position.items)
    source = Source("_".join(["read", *(position.layout.name for position in positions)]), "data, end")
    source.names["unpack"] = Struct(format_).unpack_from
    source.comment(*(f"{at.prefix}*: {at.layout.name} at octet {at.offset}" for at in positions))
    source.add(
        f"if end < {octets}: return None",
        f"({', '.join(name for position in positions for name in position.names)},) = unpack(data)",
    )
    constants = _add_number_tests(source, positions)
    common = [
        _Position(number, position.offset, position.layout, stack[number][1])
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
    positions: list[_Position],
    tables: StackTables,
    octets: int,
    ending: Ending | None,
) -> None:
    """Adds the lines from the numbers to what is returned."""
    source.comment("fields that share a number")
    for position in positions:
        _add_fields(source, position)
    tests = _selection_tests(source, first.space, first.value, positions[0], tables) if isinstance(first, Key) else []
    for position, following in pairwise(positions):
        tests += _following_tests(source, position, following, tables)
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


def _add_number_tests(source: Source, positions: list[_Position]) -> dict[int, int]:
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


def _bound_tests(position: _Position, *, unpacked: bool) -> Iterator[str]:
    """The test that the content ends where the octets do; of a field that is `unpacked`, or is part of a number."""
    extent = position.layout.extent
    if extent is not None and extent.field.presence is None and position.is_item(extent.field.name) is unpacked:
        start = position.offset + extent.end_of(0, position.run.octets)
        yield f"{linear(position.text(extent.field.name), extent.unit, start)} == end"


def _add_fields(source: Source, position: _Position) -> None:
    """Adds the fields of the header that share a number with others, and their tests."""
    for item, name in zip(position.items, position.names, strict=True):
        if position.number(item) is None and item.fields[0][0].kind not in INTERNED:
            add_item(source, item, name, position.prefix)
            names = [field.name for field, _ in item.fields if field.name in position.constants]
            _add_test(source, [_equal(position.prefix + name, position.constants[name]) for name in names])
    _add_test(source, list(_bound_tests(position, unpacked=False)))


def _add_addresses(source: Source, positions: list[_Position]) -> None:
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


def _header_text(source: Source, position: _Position) -> str:
    """The expression for the header: where few fields are not known, one like a header that has the known values."""
    layout, known = position.layout, position.known
    values = {field.name: position.text(field.name) for field in layout.fields}
    others = [f"{name}={text}" for name, text in values.items() if name not in known]
    if known and len(others) <= _FEW:
        like = source.bind(f"like_{layout.name}", builder_with(layout.cls, known))
        return f"{like}({', '.join(others)})"
    return build_text(source, layout, position.prefix, values)


def _equal(local: str, value: int) -> str:
    return f"not {local}" if value is False else f"{local} == {literal(value)}"


def _add_return(source: Source, position: _Position, tables: StackTables, octets: int) -> None:
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


def _following_tests(source: Source, position: _Position, following: _Position, tables: StackTables) -> list[str]:
    """What must hold for the next header to be the one that follows, the selector being constant."""
    plan = position.layout.next
    if plan.selector is None or plan.space is None:
        assert plan.carried is not None
        return _selection_tests(source, plan.carried.space, plan.carried.value, following, tables, position)
    value = position.constants[plan.selector.name]
    return _selection_tests(source, plan.space, value, following, tables, position)


def _selection_tests(
    source: Source,
    space: KeySpace,
    value: int | None,
    wanted: _Position,
    tables: StackTables,
    previous: _Position | None = None,
) -> list[str]:
    """What must hold for the header of `wanted`, of all that are found at a key, to be chosen for the octets there."""

    def text(condition: Asked) -> str:
        if isinstance(condition, PreviousHeader):
            fields = [] if previous is None else [field.name for field in previous.run.fields]
            if previous is None or condition.field not in fields:
                return "False"
            return f"{previous.text(condition.field)} == {literal(condition.value)}"
        if isinstance(condition, Peek):
            for field in wanted.run.fields:
                same = (wanted.run.bit_of(field.name), field.bits) == (condition.bit, condition.count)
                if same and field.kind == "int" and field.byte_order is None and wanted.is_item(field.name):
                    return f"{wanted.prefix}{field.name} == {literal(condition.value)}"
        return condition_text(condition, str(wanted.offset))

    tests: list[str] = []
    for key, header in tables.candidates(space, value) or tables.candidates(space, None):
        holds = " and ".join(map(text, key.conditions))
        if is_class(header, wanted.layout.cls):
            asked = _belief_text(source, wanted, tables) if key.guess else ""
            return [*tests, *filter(None, [holds, asked])]
        if holds and key.guess:  # it is found unless it is refused
            cls = loaded(header)
            believed = source.bind(f"believed_{cls.__layout__.name}", tables.believed(cls))
            holds += f" and {believed}(data, {wanted.offset}, end, False)"
        tests.append(f"not ({holds})" if holds else "False")
    return [*tests, "False"]


def _belief_text(source: Source, wanted: _Position, tables: StackTables) -> str:
    """The test that a guess is believed; empty where what is known of the header is enough for that."""
    layout = wanted.layout
    plan = layout.corroboration
    if plan is None:
        return ""
    doubtful = [asked for asked in plan.common if not _is_known_to_hold(wanted, asked)]
    if plan.clear and not doubtful:
        return ""
    believed = (
        f"{source.bind(f'believed_{layout.name}', tables.believed(layout.cls))}(data, {wanted.offset}, end, False)"
    )
    by_field = [_field_tests(wanted, asked) for asked in doubtful]
    tests = [test for tests in by_field if tests for test in tests]
    if plan.clear and all(by_field) and len(tests) <= _MOST_TESTS:
        return f"({' and '.join(tests)} or {believed})"
    common = common_text(plan, str(wanted.offset))
    return f"({common} or {believed})" if common else believed


def _field_tests(position: _Position, asked: Asked) -> list[str]:
    """The tests that a condition holds, on fields that were read already; empty where other bits are asked."""
    tests: list[str] = []
    bits = 0
    for field in position.run.fields:
        bit, count = position.run.bit_of(field.name), field.bits or 0
        if not isinstance(asked, Peek) or bit < asked.bit or bit + count > asked.bit + asked.count:
            continue
        wanted = asked.value >> (asked.bit + asked.count - bit - count) & (1 << count) - 1
        bits += count
        if field.name not in position.known:
            tests.append(_equal(position.prefix + field.name, bool(wanted) if field.kind == "bool" else wanted))
        elif position.known[field.name] != wanted:
            return []
    return tests if isinstance(asked, Peek) and bits == asked.count else []


def _is_known_to_hold(position: _Position, asked: Asked) -> bool:
    """Whether a condition holds by the constant fields, or by the length that was tested to be that of the octets."""
    extent, known = position.layout.extent, position.known
    if isinstance(asked, Fits):
        field = None if extent is None else extent.field
        if field is None or extent is None or field.presence is not None:
            return False
        same = (position.run.bit_of(field.name), field.bits, extent.unit) == (asked.bit, asked.count, asked.unit)
        start = extent.end_of(0, position.run.octets)
        return same and start == asked.base and asked.least <= position.run.octets
    if not isinstance(asked, Peek):
        return False
    bits = number = 0
    for field in position.run.fields:
        bit = position.run.bit_of(field.name)
        if asked.bit <= bit and bit + (field.bits or 0) <= asked.bit + asked.count and field.name in known:
            value = known[field.name]
            number = number << (field.bits or 0) | (value if isinstance(value, int) else 0)
            bits += field.bits or 0
    return bits == asked.count and number == asked.value
