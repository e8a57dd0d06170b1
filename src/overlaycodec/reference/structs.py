"""Layout -> `construct.Struct`: the declaration, interpreted by another library.

Strategy: a run of fixed fields is a `BitStruct` in a hidden member, and each of its fields a member that looks into it,
so that all fields of a header stand side by side. Hidden members begin with an underscore, as construct has them: they
are not compared, shown or asked for when something is built. What construct gives is Any, for it ships no types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import construct

from overlaycodec.errors import FieldValueError, LengthFieldError
from overlaycodec.reference.constructs import ADDRESSES, Bounded, ElementList, Fault, Filling, Foreign, Kinds, Presence
from overlaycodec.schema.facts import (
    ByteOrder,
    Const,
    ConstructField,
    CountedBy,
    Elements,
    Only,
    PadTo,
    Reserved,
    SetIfAny,
    SizedBy,
    Unless,
    Unparsed,
    When,
)
from overlaycodec.schema.layout import REQUIRED, Field, Layout, Part, Run
from overlaycodec.schema.record import WireStruct
from overlaycodec.schema.values import AUTO

__all__ = ["construct_of", "kinds_of"]

Values = Mapping[str, Any]
"""construct's context while a record is read or built: the fields so far, or all that were given."""


@cache
def construct_of(cls: type[WireStruct]) -> construct.Struct:
    """The `construct.Struct` of a header or an element, to read and build it in formats of one's own.

    It reads into a Container with a member for each field, addresses as this library's values, rows as lists of
    Containers, and takes exactly what `decode_header` takes. It builds from any mapping. A field that is left out has
    its default; a length, a count or a flag that the other fields tell is told by them, as with `encode`; selectors,
    checksums and lengths of what follows depend on more than the header and have to be there. A row is not filled up to
    the unit of its length. A field that takes the `Rest` takes the rest of the stream: bound it with
    `construct.Prefixed` or `construct.FixedSized`.
    """
    return construct.Struct(*_members(cls.__layout__))


def kinds_of(field: Field) -> dict[str, type[WireStruct]]:
    """The classes of a row's elements by the names that Containers know them by, the one for any last."""
    return {element.__layout__.name: element for element in field.elements}


def _members(layout: Layout) -> Iterator[Any]:
    yield _named("_start", construct.Tell)
    for number, part in enumerate(layout.parts):
        yield _named(f"_start{number}", construct.Tell)
        if isinstance(part, Run):
            yield from _run(layout, part, number)
        elif (rest := layout.remainder_of(part.name)) is not None:
            yield from _row_and_rest(layout, part, rest)
        elif Unparsed not in part:  # which came with its row
            read, built = _bounded(layout, part), _content(layout, part)
            both = construct.IfThenElse(construct.this._building, built, read)
            yield part.name / construct.Rebuild(_conditional(part, both), _given(layout, part))


def _named(name: str, subcon: Any) -> Any:
    """The construct as a member; its own singletons look like classes to a type checker."""
    return name / subcon


# --- when it is there -------------------------------------------------------------------------------------------------


def _condition(part: Part) -> Callable[[Values], bool]:
    match part.condition:
        case When() as when:
            return lambda values: any(values[flag] for flag in when.flags)
        case Only(field, among):
            return lambda values: values[field] in among
        case Unless(field, among):
            return lambda values: values[field] not in among
    return lambda values: True


def _conditional(part: Part, subcon: Any) -> Any:
    return subcon if part.condition is None else Presence(_condition(part), subcon)


# --- what is built ----------------------------------------------------------------------------------------------------


def _given(layout: Layout, field: Field) -> Callable[[Values], Any]:
    """The value of a field that is built: what is given, or its default, or what the fields beside it tell."""
    here, derive = _condition(field), _derivation(layout, field)

    def value(values: Values) -> Any:
        given = values.get(field.name)
        if given is not None or not here(values):
            return given
        if field.default is AUTO and derive is not None:
            return derive(values)
        if field.default is AUTO or field.default is REQUIRED:
            raise construct.MappingError(f"{layout.name}.{field.name} is not told by other fields: give it a value")
        return field.default

    return value


def _derivation(layout: Layout, field: Field) -> Callable[[Values], Any] | None:
    """How the fields beside it tell a value that is left out."""
    if field.name in layout.sized_by:
        return _length(layout, field)
    if field.name in layout.flag_of:
        told = [other.name for other in layout.flag_of[field.name] if other[When].flag == field.name]
        return lambda values: any(values.get(name) is not None for name in told)
    if marks := field.get(SetIfAny):
        return lambda values: any(element[marks.field] & marks.mask for element in values.get(marks.row) or ())
    if Reserved in field:
        return lambda values: 0
    if Unparsed in field or Elements in field or PadTo in field:
        return lambda values: () if Elements in field else b"" if Unparsed in field else None
    return None


def _length(layout: Layout, field: Field) -> Callable[[Values], Any]:
    """The length, or the count, by the first of the fields that it is of and that is there."""
    told = [(other, other.get(CountedBy), other.get(SizedBy)) for other in layout.sized_by[field.name]]

    def length(values: Values) -> Any:
        for other, counted, sized in told:
            octets = _octets_in(layout, other, values)
            if counted is not None:
                return len(_value(other, values)) - counted.bias
            if octets is not None and sized is not None:
                before = _octets_before(layout, other, values) if sized.origin == "start" else 0
                count = before + octets - sized.bias
                if count % sized.unit:
                    raise construct.MappingError(
                        f"{layout.name}.{field.name} counts in units of {sized.unit} octets: fill {other.name} up"
                    )
                return count // sized.unit
        return 0

    return length


def _value(field: Field, values: Values) -> Any:
    given = values.get(field.name)
    default = b"" if Unparsed in field else None if field.default in (AUTO, REQUIRED) else field.default
    return default if given is None else given


def _octets_in(layout: Layout, part: Part, values: Values) -> int | None:
    """How many octets a part will take; None where it is not there."""
    if isinstance(part, Run):
        here = part.condition is None or any(values.get(field.name) is not None for field in part.fields)
        return part.octets if here else None
    value = _value(part, values)
    if Unparsed in part or value is None:
        return None  # the one is counted with its row
    rest = layout.remainder_of(part.name)
    content = value if rest is None else {"row": value, "rest": _value(rest, values)}
    return len(_content(layout, part).build(content))


def _octets_before(layout: Layout, field: Field, values: Values) -> int:
    octets = 0
    for part in layout.parts[: layout.parts.index(field)]:
        pads = None if isinstance(part, Run) else part.get(PadTo)
        octets += -octets % pads.unit if pads else _octets_in(layout, part, values) or 0
    return octets


# --- fields of fixed size ---------------------------------------------------------------------------------------------


def _run(layout: Layout, run: Run, number: int) -> Iterator[Any]:
    hidden = f"_run{number}"
    given = {field.name: _given(layout, field) for field in run.fields}

    def built(values: Values) -> dict[str, Any] | None:
        found = {name: value(values) for name, value in given.items()}
        return None if all(value is None for value in found.values()) else found

    name = layout.name if number == 0 else f"{layout.name}.{run.fields[0].name}"
    bits = construct.BitStruct(*(field.name / _fixed(field) for field in run.fields))
    yield hidden / construct.Rebuild(_conditional(run, Bounded(run.octets, bits, name)), built)
    for field in run.fields:
        yield field.name / construct.Computed(_inside(hidden, field.name))
    for field in run.fields:
        if Const in field:
            yield construct.Computed(_expected(layout, field))


def _fixed(field: Field) -> Any:
    if field.kind == "bool":
        return construct.Flag
    if field.kind == "int":
        order = field.get(ByteOrder)
        return construct.BitsInteger(field.bits, swapped=order is not None and order.order == "little")
    return construct.Bytewise(ADDRESSES.get(field.kind) or construct.Bytes((field.bits or 0) // 8))


def _inside(hidden: str, name: str) -> Callable[[Values], Any]:
    return lambda values: None if values[hidden] is None else values[hidden][name]


def _bits_of(layout: Layout, name: str, values: Values) -> tuple[int, int]:
    """The first and last bit of a fixed field, from the start of the stream."""
    index, bit = layout.place_of(name)
    first = values[f"_start{index}"] * 8 + bit
    return first, first + (layout.by_name[name].bits or 0) - 1


def _expected(layout: Layout, field: Field) -> Callable[[Values], None]:
    """A constant on which the layout depends: another one is refused when it is read, and built as it is given."""
    expected, name, path = field[Const].value, field.name, f"{layout.name}.{field.name}"

    def check(values: Values) -> None:
        if values["_parsing"] and values[name] not in (expected, None):
            raise Fault(FieldValueError(values[name], path, _bits_of(layout, name, values), expected), path)

    return check


# --- fields whose size is told ----------------------------------------------------------------------------------------


def _bounded(layout: Layout, field: Field) -> Any:
    """The construct that reads a field of variable size: its content, within its bound."""
    content = _content(layout, field)
    if sized := field.get(SizedBy):
        return Bounded(_size(layout, field, sized), content, f"{layout.name}.{field.name}")
    if pads := field.get(PadTo):
        return Bounded(_filling(layout, field, pads), construct.GreedyBytes, f"{layout.name}.{field.name}")
    return content


def _content(layout: Layout, field: Field) -> Any:
    """The construct of a field of variable size, whatever its bound."""
    if via := field.get(ConstructField):
        return Foreign(via.construct, f"{layout.name}.{field.name}", whole=SizedBy in field)
    if Elements in field:
        return _row(layout, field)
    if pads := field.get(PadTo):
        return Filling(_filling(layout, field, pads))
    return ADDRESSES.get(field.kind) or construct.GreedyBytes


def _size(layout: Layout, field: Field, sized: SizedBy) -> Callable[[Values], int]:
    """How many octets a length field says. The function raises Fault below the least."""
    path, taken = f"{layout.name}.{sized.field}", _taken(layout, field)

    def octets(values: Values) -> int:
        told = values[sized.field]
        if told is None:
            return 0
        least = (taken(values) if sized.origin == "start" else 0) - sized.bias
        size: int = sized.unit * told - least
        if size < 0:
            bits = _bits_of(layout, sized.field, values)
            raise Fault(LengthFieldError(told, path, bits, -(-least // sized.unit)), path)
        return size

    return octets


def _filling(layout: Layout, field: Field, pads: PadTo) -> Callable[[Values], int]:
    taken = _taken(layout, field)
    return lambda values: -taken(values) % pads.unit


def _taken(layout: Layout, field: Field) -> Callable[[Values], int]:
    """How many octets of the record stand before a field."""
    here = f"_start{layout.parts.index(field)}"
    return lambda values: int(values[here] - values["_start"])


# --- rows -------------------------------------------------------------------------------------------------------------


def _row(layout: Layout, field: Field) -> Any:
    items, name, rest = field[Elements], f"{layout.name}.{field.name}", layout.remainder_of(field.name)
    end = None if items.kind is None or items.end is None else (items.kind, items.end)
    kinds = {kind: construct_of(element) for kind, element in kinds_of(field).items()}
    constants = {
        kind: {other.name: other[Const].value for other in element.__layout__.fields if Const in other}
        for kind, element in kinds_of(field).items()
    }
    element = Kinds(kinds, constants) if len(kinds) > 1 else kinds.popitem()[1]
    if rest is not None:
        row = ElementList(element, name, end=end, whole=False)
        return construct.Struct("row" / row, _named("rest", construct.GreedyBytes))
    if counted := field.get(CountedBy):
        told, bias = counted.field, counted.bias
        return ElementList(element, name, count=lambda values: values[told] + bias, whole=True)
    return ElementList(element, name, end=end, whole=True)


def _row_and_rest(layout: Layout, field: Field, rest: Field) -> Iterator[Any]:
    hidden = f"_{field.name}"
    row_given, rest_given = _given(layout, field), _given(layout, rest)

    def built(values: Values) -> dict[str, Any] | None:
        row, left = row_given(values), rest_given(values)
        return None if row is None and left is None else {"row": row, "rest": left}

    both = construct.IfThenElse(construct.this._building, _content(layout, field), _bounded(layout, field))
    yield hidden / construct.Rebuild(_conditional(field, both), built)
    yield field.name / construct.Computed(_inside(hidden, "row"))
    yield rest.name / construct.Computed(_inside(hidden, "rest"))
