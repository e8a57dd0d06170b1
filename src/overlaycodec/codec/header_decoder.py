"""Layout -> decoder of one header: generated source that reads the fixed fields with one `struct` call.

Strategy: `add_reading` writes the lines that read one header into local variables `v_NAME`; the decoder of one header
here and the decode step of a packet (`decode_step`) differ only in what they do afterwards. Positions in errors are
absolute, paths are relative: `ipv4.ihl`; the packet decoder puts the scope in front. Every read is tested against `end`
before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import Struct
from types import MappingProxyType
from typing import Any

from overlaycodec.codec.emitters import presence_text
from overlaycodec.codec.struct_plan import Item, plan
from overlaycodec.codegen import Source, linear, literal
from overlaycodec.errors import DecodeError, FieldValueError, LengthFieldError, TruncatedError
from overlaycodec.schema.layout import ADDRESS_OCTETS, Field, Layout, Run
from overlaycodec.schema.plans import CountSize, LengthSize, PadSize, RestSize, UnparsedSize
from overlaycodec.schema.record import WireStruct, builder_of, kept_with_class
from overlaycodec.values.interning import IPV4S, IPV6S, MACS, Interned

__all__ = [
    "INTERNED",
    "Reader",
    "add_item",
    "add_reading",
    "address_text",
    "build_text",
    "item_names",
    "option_list_reader",
    "reader_of",
]

Reader = Callable[[bytes, int, int], tuple[Any, int]]  # Any: a record of the class that the reader is for
"""`reader(data, position, end)` gives the record and the position after it."""

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


@kept_with_class
def reader_of(cls: type[WireStruct]) -> Reader:
    """The reader of this class. It raises DecodeError and nothing else, whatever the octets."""
    layout = cls.__layout__
    source = Source(f"read_{layout.name}", "data, pos, end")
    stop = add_reading(source, layout)
    source.comment("the record")
    source.add(f"return {build_text(source, layout)}, {stop}")
    reader: Reader = source.compile("reader")
    return reader


def build_text(
    source: Source, layout: Layout, prefix: str = "v_", values: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The expression that builds the record from the local variables, or from other expressions by field."""
    build = source.bind(f"build_{layout.name}", builder_of(layout.cls))
    return f"{build}({', '.join(values.get(field.name, prefix + field.name) for field in layout.fields)})"


def add_reading(source: Source, layout: Layout) -> str:
    """Adds the lines that read a header at `pos`; gives the expression for the position after it."""
    source.names |= {
        "truncated": _truncated, "wrong_constant": _wrong_constant, "below_minimum": _below_minimum,
    }  # fmt: skip
    at = "pos"
    for number, part in enumerate(layout.parts):
        if isinstance(part, Run):
            at = _add_run(source, layout, part, number, at)
        elif not isinstance(part.size, UnparsedSize):  # which is read together with its option list
            at = _add_variable(source, layout, part, at)
    return at


def _add_run(source: Source, layout: Layout, run: Run, number: int, at: str) -> str:
    start = "pos" if at == "pos" else f"r{number}"
    names = [field.name for field in run.fields]
    source.comment(f"{layout.name}: {names[0]}" + (f" to {names[-1]}" if len(names) > 1 else ""))
    if start != at:
        source.add(f"{start} = {at}")
    if run.presence is not None:
        source.add(f"if {presence_text(run.presence)}:")
        source.indent()
    path = layout.name if number == 0 else f"{layout.name}.{names[0]}"
    stop = f"p{number}"
    source.add(
        f"{stop} = {start} + {run.octets}",
        f"if {stop} > end: raise truncated({path!r}, {start}, {run.octets}, end)",
    )
    _add_fixed(source, layout, run, number, start)
    if run.presence is not None:
        source.dedent()
        source.add("else:")
        source.indent()
        source.add(f"{stop} = {start}", *(f"v_{name} = None" for name in names))
        source.dedent()
    return stop


def _add_fixed(source: Source, layout: Layout, run: Run, number: int, start: str) -> None:
    format_, items = plan(run)
    unpack = source.bind(f"unpack{number}", Struct(format_).unpack_from)
    names = item_names(items, "v_")
    source.add(f"({', '.join(names)}{',' if len(names) == 1 else ''}) = {unpack}(data, {start})")
    for item, name in zip(items, names, strict=True):
        # flags and reserved bits mostly have the values of a new header
        has_common = item.seldom_varies() and all(type(field.default) in (int, bool) for field, _ in item.fields)
        add_item(source, item, name, common=item.number_of(lambda field: field.default) if has_common else None)
    for field in run.fields:
        if field.const is not None:
            path, bit, local = f"{layout.name}.{field.name}", run.bit_of(field.name), f"v_{field.name}"
            const = literal(field.const)
            wrong = f"wrong_constant({path!r}, {start}, {bit}, {field.bits}, {local}, {const})"
            source.add(f"if {local} != {const}: raise {wrong}")


def item_names(items: tuple[Item, ...], prefix: str) -> list[str]:
    """The local variables of a struct call's items: the field's own, or that of a number that holds several fields."""
    return [
        f"{prefix}{item.fields[0][0].name}" if len(item.fields) == 1 and item.odd is None else f"{prefix}{index}"
        for index, item in enumerate(items)
    ]


def address_text(source: Source, kind: str, raw: str) -> str:
    """The expression for the address that was read."""
    source.names[f"{kind}_of"] = INTERNED[kind].of
    return f"{kind}_of({raw})"


def add_item(source: Source, item: Item, name: str, prefix: str = "v_", common: int | None = None) -> None:
    """Adds the lines that take the fields of one item out of the number or the octets that it was read as.

    Where the number is `common`, they are constants.
    """
    if common is not None:
        source.add(f"if {name} == {common}:")
        for field, shift in item.fields:
            value = common >> shift & field.maximum
            source.add(f"    {prefix}{field.name} = {bool(value) if field.kind == 'bool' else value}")
        source.add("else:")
        source.indent()
    if item.odd is not None:
        source.add(f"{name} = int.from_bytes({name}, {item.odd!r})")
    table = item.table()
    if table is not None:
        values = ", ".join(f"{prefix}{field.name}" for field, _ in item.fields)
        source.add(f"({values}) = {source.bind('OCTET', table)}[{name}]")
    for field, shift in item.fields if table is None else ():
        local = f"{prefix}{field.name}"
        if field.kind in INTERNED:
            source.add(f"{local} = {address_text(source, field.kind, local)}")
        elif field.kind == "bool":
            source.add(f"{local} = {name} & {1 << shift} != 0")
        elif field.kind == "int" and name != local:
            shifted = f"{name} >> {shift}" if shift else name
            inside = shift + field.width < item.octets * 8
            source.add(f"{local} = {shifted} & {field.maximum}" if inside else f"{local} = {shifted}")
    if common is not None:
        source.dedent()


def _add_variable(source: Source, layout: Layout, field: Field, at: str) -> str:
    name, size, path = field.name, field.size, f"{layout.name}.{field.name}"
    stop = f"p_{name}"
    remainder = layout.remainder_of(name)
    rest = None if remainder is None else remainder.name
    source.comment(path)
    if field.presence is not None:
        source.add(f"if {presence_text(field.presence)}:")
        source.indent()
    if isinstance(size, LengthSize):
        _add_sized(source, layout, field, size, at, stop, rest)
    elif field.construct is not None:
        parse = _parser_text(source, field, path)
        source.add(f"v_{name}, {stop} = {parse}, data, {at}, end)")
    elif isinstance(size, PadSize):
        source.add(
            f"n_{name} = -({at} - pos) % {literal(size.unit)}",
            f"{stop} = {at} + n_{name}",
            f"if {stop} > end: raise truncated({path!r}, {at}, n_{name}, end)",
            f"v_{name} = data[{at}:{stop}]",
        )
    elif field.kind == "items" and isinstance(size, RestSize):
        options = source.bind(f"options_{name}", option_list_reader(field))
        source.add(f"{stop} = end", f"v_{name}, v_{rest} = {options}(data, {at}, end)")
    elif isinstance(size, CountSize):
        options = source.bind(f"options_{name}", _counted_reader(field, path))
        source.add(f"v_{name}, {stop} = {options}(data, {at}, end, {linear(f'v_{size.field}', 1, size.bias)})")
    elif field.kind == "items":
        options = source.bind(f"options_{name}", _ended_reader(field, path))
        source.add(f"v_{name}, {stop} = {options}(data, {at}, end)")
    else:
        source.add(f"{stop} = end", f"v_{name} = data[{at}:end]")
    if field.presence is not None:
        source.dedent()
        source.add("else:", f"    {stop} = {at}", f"    v_{name} = None")
        if rest:
            source.add(f"    v_{rest} = None")
    return stop


def _parser_text(source: Source, field: Field, path: str) -> str:
    """The start of the call that reads a construct field."""
    from overlaycodec.values.constructs import parse_octets

    source.names["parse_octets"] = parse_octets
    return f"parse_octets({source.bind(f'construct_{field.name}', field.construct)}, {path!r}"


def _add_sized(
    source: Source, layout: Layout, field: Field, size: LengthSize, at: str, stop: str, rest: str | None
) -> None:
    name, path = field.name, f"{layout.name}.{field.name}"
    length = layout.by_name[size.field]
    octets = linear(f"v_{size.field}", size.unit, size.bias)
    if length.optional:
        octets = f"0 if v_{size.field} is None else {octets}"
    if size.from_start:
        octets = f"{octets} - {at} + pos"
    source.add(
        f"n_{name} = {octets}",
        f"{stop} = {at} + n_{name}",
        f"if n_{name} {'>' if field.construct is None else '>='} 0:",
    )
    source.indent()
    source.add(f"if {stop} > end: raise truncated({path!r}, {at}, n_{name}, end)")
    if field.construct is not None:
        source.add(f"v_{name}, _ = {_parser_text(source, field, path)}, data, {at}, {stop}, True)")
    elif field.kind == "items":
        options = source.bind(f"options_{name}", option_list_reader(field))
        source.add(f"v_{name}, v_{rest} = {options}(data, {at}, {stop})")
    elif field.kind in ("hardware", "protocol"):
        octets = f"data[{at}:{stop}]"
        key = octets if field.kind == "hardware" else f"int.from_bytes({octets}, 'big')"
        address = address_text(source, "mac" if field.kind == "hardware" else "ipv4", key)
        source.add(f"v_{name} = {address} if n_{name} == {ADDRESS_OCTETS[field.kind]} else {octets}")
    else:
        source.add(f"v_{name} = data[{at}:{stop}]")
    source.dedent()
    if size.bias < 0 or size.from_start:
        index, bit = layout.position_of(size.field)
        start = "pos" if index == 0 else f"r{index}"
        least = f"({at} - pos - {literal(size.bias)})" if size.from_start else str(-size.bias)
        minimum = f"-(-{least} // {literal(size.unit)})"
        source.add(
            f"elif n_{name} < 0:",
            f"    raise below_minimum("
            f"{layout.name + '.' + size.field!r}, {start}, {bit}, {length.bits}, v_{size.field}, {minimum})",
        )
    source.add("else:", f"    v_{name} = {'()' if field.kind == 'items' else repr(b'')}")
    if rest:
        source.add(f"    v_{rest} = b''")


def _element_reader(field: Field) -> Reader:
    """A reader of one element: of the class that its first octets indicate, or of any."""
    generic = reader_of(field.element)
    octets, classes = field.typed()
    if not classes:
        return generic
    readers = {prefix: tuple(map(reader_of, kinds)) for prefix, kinds in classes.items()}

    def read(data: bytes, position: int, end: int) -> tuple[Any, int]:  # Any: as Reader
        for typed in readers.get(data[position : position + octets], ()):
            try:
                return typed(data, position, end)
            except DecodeError:
                pass  # not laid out as its kind should be: an element of another class, or like any other
        return generic(data, position, end)

    return read


def option_list_reader(field: Field) -> Callable[[bytes, int, int], tuple[tuple[WireStruct, ...], bytes]]:
    """A reader of an option list of known size: its elements, and the octets that are left.

    These are the octets after the end element, or those from the first octet that starts no element.
    """
    read = _element_reader(field)
    assert field.options is not None
    kind, last = field.options.kind, field.options.end

    def options(data: bytes, position: int, end: int) -> tuple[tuple[WireStruct, ...], bytes]:
        elements: list[WireStruct] = []
        try:
            while position < end:
                element, position = read(data, position, end)
                elements.append(element)
                if kind is not None and last is not None and getattr(element, kind) == last:
                    break
        except DecodeError:
            pass  # no element can be read here: what is left is the remainder
        return tuple(elements), data[position:end]

    return options


def _ended_reader(field: Field, path: str) -> Callable[[bytes, int, int], tuple[tuple[WireStruct, ...], int]]:
    """A reader of an option list that ends with an end element."""
    read = _element_reader(field)
    assert field.options is not None
    assert field.options.kind is not None
    kind, last = field.options.kind, field.options.end

    def options(data: bytes, position: int, end: int) -> tuple[tuple[WireStruct, ...], int]:
        elements: list[WireStruct] = []
        while True:
            try:
                element, position = read(data, position, end)
            except DecodeError as error:
                raise error.rebased(f"{path}[{len(elements)}]", "") from None
            elements.append(element)
            if getattr(element, kind) == last:
                return tuple(elements), position

    return options


def _counted_reader(field: Field, path: str) -> Callable[[bytes, int, int, int], tuple[tuple[WireStruct, ...], int]]:
    """A reader of an option list with so many elements."""
    read = _element_reader(field)

    def options(data: bytes, position: int, end: int, count: int) -> tuple[tuple[WireStruct, ...], int]:
        elements: list[WireStruct] = []
        for number in range(count):
            try:
                element, position = read(data, position, end)
            except DecodeError as error:
                raise error.rebased(f"{path}[{number}]", "") from None
            elements.append(element)
        return tuple(elements), position

    return options
