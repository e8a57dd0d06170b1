"""Layout -> decoder of one header: generated source that reads the fixed fields with one `struct` call.

Strategy: `add_reading` writes the lines that read one header into local variables `v_NAME`; the plain reader here and
the pipeline's step (`stepper`) differ only in what they do afterwards. Positions in errors are absolute, paths are
relative: `ipv4.ihl`; the pipeline puts the scope in front. Every read is tested against `end` before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from struct import Struct
from types import MappingProxyType
from typing import Any

from overlaycodec.codec.emitters import presence_text
from overlaycodec.codec.struct_plan import Item, plan
from overlaycodec.codegen import Source
from overlaycodec.errors import DecodeError, FieldValueError, LengthFieldError, TruncatedError
from overlaycodec.schema.facts import (
    Const,
    ConstructField,
    CountedBy,
    Elements,
    PadTo,
    Rest,
    SizedBy,
    Unparsed,
)
from overlaycodec.schema.layout import ADDRESS_OCTETS, Field, Layout, Run
from overlaycodec.schema.record import WireStruct, builder_of
from overlaycodec.schema.values import IPV4S, IPV6S, MACS, Interned

__all__ = ["INTERNED", "Reader", "add_item", "add_reading", "address", "built", "item_names", "reader_of", "row_reader"]

Reader = Callable[[bytes, int, int], tuple[Any, int]]  # Any: a record of the class that the reader is for
"""`reader(data, position, end)` gives the record and the position behind it."""

INTERNED: dict[str, Interned[Any, Any]] = {"mac": MACS, "ipv4": IPV4S, "ipv6": IPV6S}
"""The tables of addresses. Any: octets or a number, and an address."""


def _truncated(path: str, position: int, needed: int, end: int) -> TruncatedError:
    return TruncatedError(needed, path, (position * 8, None), end - position)


def _wrong_constant(path: str, position: int, bit: int, bits: int, actual: int, expected: int) -> FieldValueError:
    first = position * 8 + bit
    return FieldValueError(actual, path, (first, first + bits - 1), expected)


def _below_minimum(path: str, position: int, bit: int, bits: int, value: int, minimum: int) -> LengthFieldError:
    first = position * 8 + bit
    return LengthFieldError(value, path, (first, first + bits - 1), minimum)


@cache
def reader_of(cls: type[WireStruct]) -> Reader:
    """The reader of this class. It raises DecodeError and nothing else, whatever the octets."""
    layout = cls.__layout__
    source = Source(f"read_{layout.name}", "data, pos, end")
    stop = add_reading(source, layout)
    source.add(f"return {built(source, layout)}, {stop}")
    reader: Reader = source.compile("reader")
    return reader


def built(source: Source, layout: Layout, prefix: str = "v_", values: Mapping[str, str] = MappingProxyType({})) -> str:
    """The expression that builds the record from the local variables, or from other expressions by field."""
    build = source.bind(f"build_{layout.name}", builder_of(layout.cls))
    return f"{build}({', '.join(values.get(field.name, prefix + field.name) for field in layout.fields)})"


def add_reading(source: Source, layout: Layout) -> str:
    """Adds the lines that read a header at `pos`; gives the expression for the position behind it."""
    source.names |= {
        "truncated": _truncated, "wrong_constant": _wrong_constant, "below_minimum": _below_minimum,
    }  # fmt: skip
    at = "pos"
    for number, part in enumerate(layout.parts):
        if isinstance(part, Run):
            at = _add_run(source, layout, part, number, at)
        elif Unparsed not in part:  # which is read together with its row
            at = _add_variable(source, layout, part, at)
    return at


def _add_run(source: Source, layout: Layout, run: Run, number: int, at: str) -> str:
    start = "pos" if at == "pos" else f"r{number}"
    if start != at:
        source.add(f"{start} = {at}")
    condition = None if run.presence is None else presence_text(run.presence)
    if condition is not None:
        source.add(f"if {condition}:")
        source.indent()
    path = layout.name if number == 0 else f"{layout.name}.{run.fields[0].name}"
    stop = f"p{number}"
    source.add(
        f"{stop} = {start} + {run.octets}",
        f"if {stop} > end: raise truncated({path!r}, {start}, {run.octets}, end)",
    )
    _add_fixed(source, layout, run, number, start)
    if condition is not None:
        source.dedent()
        source.add("else:")
        source.indent()
        source.add(f"{stop} = {start}", *(f"v_{field.name} = None" for field in run.fields))
        source.dedent()
    return stop


def _add_fixed(source: Source, layout: Layout, run: Run, number: int, start: str) -> None:
    format_, items = plan(run)
    unpack = source.bind(f"unpack{number}", Struct(format_).unpack_from)
    names = item_names(items, "v_")
    source.add(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {unpack}(data, {start})")
    for item, name in zip(items, names, strict=True):
        # flags and reserved bits are mostly those of a new header
        told = item.steady() and all(type(field.default) in (int, bool) for field, _ in item.fields)
        add_item(source, item, name, usual=item.number_of(lambda field: field.default) if told else None)
    for field in run.fields:
        if const := field.get(Const):
            path, bit, local = f"{layout.name}.{field.name}", run.bit_of(field.name), f"v_{field.name}"
            wrong = f"wrong_constant({path!r}, {start}, {bit}, {field.bits}, {local}, {const.value})"
            source.add(f"if {local} != {const.value}: raise {wrong}")


def item_names(items: tuple[Item, ...], prefix: str) -> list[str]:
    """The local variables that a struct call's items go to: a field's own, or that of a number to be cut up."""
    return [
        f"{prefix}{item.fields[0][0].name}" if len(item.fields) == 1 and item.odd is None else f"{prefix}{index}"
        for index, item in enumerate(items)
    ]


def address(source: Source, kind: str, raw: str) -> str:
    """The expression for the address that was read."""
    source.names[f"{kind}_of"] = INTERNED[kind].of
    return f"{kind}_of({raw})"


def add_item(source: Source, item: Item, name: str, prefix: str = "v_", usual: int | None = None) -> None:
    """Cuts the fields of one item out of the number or the octets that it was read as.

    What the number `usual` holds is known beforehand.
    """
    if usual is not None:
        source.add(f"if {name} == {usual}:")
        for field, shift in item.fields:
            value = usual >> shift & field.maximum
            source.add(f"    {prefix}{field.name} = {bool(value) if field.kind == 'bool' else value}")
        source.add("else:")
        source.indent()
    if item.odd is not None:
        source.add(f"{name} = int.from_bytes({name}, {item.odd!r})")
    table = item.table()
    if table is not None:
        values = ", ".join(f"{prefix}{field.name}" for field, _ in item.fields)
        source.add(f"{values} = {source.bind('OCTET', table)}[{name}]")
    for field, shift in item.fields if table is None else ():
        local = f"{prefix}{field.name}"
        if field.kind in INTERNED:
            source.add(f"{local} = {address(source, field.kind, local)}")
        elif field.kind == "bool":
            source.add(f"{local} = {name} & {1 << shift} != 0")
        elif field.kind == "int" and name != local:
            shifted = f"{name} >> {shift}" if shift else name
            inside = shift + (field.bits or 0) < item.octets * 8
            source.add(f"{local} = {shifted} & {field.maximum}" if inside else f"{local} = {shifted}")
    if usual is not None:
        source.dedent()


def _add_variable(source: Source, layout: Layout, field: Field, at: str) -> str:
    name = field.name
    stop = f"p_{name}"
    remainder = layout.remainder_of(name)
    rest = None if remainder is None else remainder.name
    condition = None if field.presence is None else presence_text(field.presence)
    if condition is not None:
        source.add(f"if {condition}:")
        source.indent()
    if sized := field.get(SizedBy):
        _add_sized(source, layout, field, sized, at, stop, rest)
    elif via := field.get(ConstructField):
        from overlaycodec.schema.construct_fields import parse_octets

        source.names |= {"parse_octets": parse_octets, f"VIA_{name}": via.construct}
        source.add(f"v_{name}, {stop} = parse_octets(VIA_{name}, {layout.name + '.' + name!r}, data, {at}, end)")
    elif pads := field.get(PadTo):
        source.add(
            f"n_{name} = -({at} - pos) % {pads.unit}",
            f"{stop} = {at} + n_{name}",
            f"if {stop} > end: raise truncated({layout.name + '.' + name!r}, {at}, n_{name}, end)",
            f"v_{name} = data[{at}:{stop}]",
        )
    elif Elements in field and Rest in field:
        source.add(
            f"{stop} = end", f"v_{name}, v_{rest} = {source.bind(f'row_{name}', row_reader(field))}(data, {at}, end)"
        )
    elif Elements in field:
        counted = field.get(CountedBy)
        make = _ending_row_of if counted is None else _counted_row_of
        row = source.bind(f"row_{name}", make(field, f"{layout.name}.{name}"))
        bias = f" + {counted.bias}" if counted and counted.bias else ""
        source.add(f"v_{name}, {stop} = {row}(data, {at}, end{f', v_{counted.field}{bias}' if counted else ''})")
    else:
        source.add(f"{stop} = end", f"v_{name} = data[{at}:end]")
    if condition is not None:
        source.dedent()
        source.add(f"else: {stop} = {at}; v_{name} = None" + (f"; v_{rest} = None" if rest else ""))
    return stop


def _add_sized(
    source: Source, layout: Layout, field: Field, sized: SizedBy, at: str, stop: str, rest: str | None
) -> None:
    name, path = field.name, f"{layout.name}.{field.name}"
    length = layout.by_name[sized.field]
    octets = f"v_{sized.field}" + (f" * {sized.unit}" if sized.unit != 1 else "")
    if sized.bias:
        octets += f" {'+' if sized.bias > 0 else '-'} {abs(sized.bias)}"
    if length.optional:
        octets = f"0 if v_{sized.field} is None else {octets}"
    if sized.origin == "start":
        octets = f"{octets} - {at} + pos"
    source.add(
        f"n_{name} = {octets}",
        f"{stop} = {at} + n_{name}",
        f"if n_{name} {'>=' if ConstructField in field else '>'} 0:",
    )
    source.indent()
    source.add(f"if {stop} > end: raise truncated({path!r}, {at}, n_{name}, end)")
    if ConstructField in field:
        from overlaycodec.schema.construct_fields import parse_octets

        source.names |= {"parse_octets": parse_octets, f"VIA_{name}": field[ConstructField].construct}
        source.add(f"v_{name}, _ = parse_octets(VIA_{name}, {path!r}, data, {at}, {stop}, True)")
    elif Elements in field:
        row = source.bind(f"row_{name}", row_reader(field))
        source.add(f"v_{name}, v_{rest} = {row}(data, {at}, {stop})")
    elif field.kind in ("hardware", "protocol"):
        octets = f"data[{at}:{stop}]"
        key = octets if field.kind == "hardware" else f"int.from_bytes({octets}, 'big')"
        built = address(source, "mac" if field.kind == "hardware" else "ipv4", key)
        source.add(f"v_{name} = {built} if n_{name} == {ADDRESS_OCTETS[field.kind]} else {octets}")
    else:
        source.add(f"v_{name} = data[{at}:{stop}]")
    source.dedent()
    empty = [f"v_{name} = {'()' if Elements in field else repr(b'')}"] + ([f"v_{rest} = b''"] if rest else [])
    if sized.bias < 0 or sized.origin == "start":
        index, bit = layout.place_of(sized.field)
        start = "pos" if index == 0 else f"r{index}"
        least = f"({at} - pos - {sized.bias})" if sized.origin == "start" else str(-sized.bias)
        minimum = f"-(-{least} // {sized.unit})"
        source.add(
            f"elif n_{name} < 0: raise below_minimum("
            f"{layout.name + '.' + sized.field!r}, {start}, {bit}, {length.bits}, v_{sized.field}, {minimum})"
        )
    source.add(f"else: {'; '.join(empty)}")


def _element_reader(field: Field) -> Reader:
    """A reader of one element: of the class that its first octets tell, or of any."""
    generic = reader_of(field.element)
    octets, classes = field.typed()
    if not classes:
        return generic
    readers = {lead: tuple(map(reader_of, kinds)) for lead, kinds in classes.items()}

    def read(data: bytes, position: int, end: int) -> tuple[Any, int]:  # Any: as Reader
        for typed in readers.get(data[position : position + octets], ()):
            try:
                return typed(data, position, end)
            except DecodeError:
                pass  # not laid out as its kind should be: an element of another class, or like any other
        return generic(data, position, end)

    return read


def row_reader(field: Field) -> Callable[[bytes, int, int], tuple[tuple[WireStruct, ...], bytes]]:
    """A reader of a sized row: its elements, and the octets after its end or from the first that is none."""
    read = _element_reader(field)
    items = field[Elements]
    kind, last = items.kind, items.end

    def row(data: bytes, position: int, end: int) -> tuple[tuple[WireStruct, ...], bytes]:
        elements: list[WireStruct] = []
        try:
            while position < end:
                element, position = read(data, position, end)
                elements.append(element)
                if kind is not None and last is not None and getattr(element, kind) == last:
                    break
        except DecodeError:
            pass  # the grammar ends here: what is left is the remainder
        return tuple(elements), data[position:end]

    return row


def _ending_row_of(field: Field, path: str) -> Callable[[bytes, int, int], tuple[tuple[WireStruct, ...], int]]:
    """A reader of a row that ends with an end element."""
    read = _element_reader(field)
    items = field[Elements]
    assert items.kind is not None
    kind, last = items.kind, items.end

    def row(data: bytes, position: int, end: int) -> tuple[tuple[WireStruct, ...], int]:
        elements: list[WireStruct] = []
        while True:
            try:
                element, position = read(data, position, end)
            except DecodeError as error:
                raise error.rebased(f"{path}[{len(elements)}]", "") from None
            elements.append(element)
            if getattr(element, kind) == last:
                return tuple(elements), position

    return row


def _counted_row_of(field: Field, path: str) -> Callable[[bytes, int, int, int], tuple[tuple[WireStruct, ...], int]]:
    """A reader of a row with so many elements."""
    read = _element_reader(field)

    def row(data: bytes, position: int, end: int, count: int) -> tuple[tuple[WireStruct, ...], int]:
        elements: list[WireStruct] = []
        for number in range(count):
            try:
                element, position = read(data, position, end)
            except DecodeError as error:
                raise error.rebased(f"{path}[{number}]", "") from None
            elements.append(element)
        return tuple(elements), position

    return row
