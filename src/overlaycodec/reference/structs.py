"""Declaration -> `construct.Struct`: the facts of a class, interpreted by another library.

Strategy: a run of fixed fields is a `BitStruct` in a hidden member, and each of its fields a member that looks into it,
so that all fields of a header are members of one Container. Hidden members begin with an underscore, as in construct:
they are not compared, shown or needed when something is built. What construct gives is Any, for it ships no types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import construct

from overlaycodec.errors import FieldValueError, LengthFieldError
from overlaycodec.reference.constructs import (
    ADDRESSES,
    AnyElement,
    Bounded,
    ConditionalMember,
    Constant,
    ElementRange,
    Fault,
    Foreign,
    Padding,
)
from overlaycodec.reference.declaration import Declaration, DeclaredRun, Part, declaration_of
from overlaycodec.schema.declaration import Declared
from overlaycodec.schema.facts import (
    ByteOrder,
    Const,
    ConstructField,
    CountedBy,
    Elements,
    PadTo,
    Reserved,
    SetIfAny,
    SizedBy,
    Unless,
    Unparsed,
    When,
)
from overlaycodec.schema.layout import REQUIRED
from overlaycodec.schema.record import WireStruct
from overlaycodec.values import AUTO

__all__ = ["classes_of", "struct_of"]

Values = Mapping[str, Any]
"""construct's context while a record is read or built: the fields so far, or all that were given."""


def struct_of(cls: type[WireStruct]) -> construct.Struct:
    """The `construct.Struct` of a header or an element."""
    return _struct_of(cls)


@cache
def _struct_of(cls: type[WireStruct]) -> construct.Struct:
    return construct.Struct(*_members(declaration_of(cls)))


def classes_of(field: Declared) -> dict[str, type[WireStruct]]:
    """The classes of an option list's elements by the names that Containers know them by, the generic one last."""
    return {element.__layout__.name: element for element in field.elements}


def _members(record: Declaration) -> Iterator[Any]:
    yield _named("_start", construct.Tell)
    for number, part in enumerate(record.parts):
        yield _named(f"_start{number}", construct.Tell)
        if isinstance(part, DeclaredRun):
            yield from _run(record, part, number)
        elif (rest := record.unparsed_of(part.name)) is not None:
            yield from _options_and_rest(record, part, rest)
        elif Unparsed not in part:  # which came with its option list
            read, built = _bounded(record, part), _content(record, part)
            both = construct.IfThenElse(construct.this._building, built, read)
            yield part.name / construct.Rebuild(_conditional(part, both), _built(record, part))


def _named(name: str, subcon: Any) -> Any:
    """The construct as a member; its own singletons look like classes to a type checker."""
    return name / subcon


# --- when it is present -----------------------------------------------------------------------------------------------


def _condition(part: Part) -> Callable[[Values], bool]:
    match part.condition:
        case When(values=None) as when:
            return lambda values: any(values[flag] for flag in when.fields)
        case When(field) as when:
            among = when.values or ()
            return lambda values: values[field] in among
        case Unless(field, among):
            return lambda values: values[field] not in among
    return lambda values: True


def _conditional(part: Part, subcon: Any) -> Any:
    return subcon if part.condition is None else ConditionalMember(_condition(part), subcon)


# --- what is built ----------------------------------------------------------------------------------------------------


def _built(record: Declaration, field: Declared) -> Callable[[Values], Any]:
    """The value of a field that is built: what is given, its default, or what follows from the other fields."""
    present, derive = _condition(field), _derivation(record, field)

    def value(values: Values) -> Any:
        given = values.get(field.name)
        if given is not None or not present(values):
            return given
        if field.default is AUTO and derive is not None:
            return derive(values)
        if field.default is AUTO or field.default is REQUIRED:
            raise construct.MappingError(f"{record.name}.{field.name} is not told by other fields: give it a value")
        return field.default

    return value


def _derivation(record: Declaration, field: Declared) -> Callable[[Values], Any] | None:
    """How a value that is left out follows from the other fields."""
    if sized := record.sized_by(field.name):
        return _length(record, field, sized)
    if present := record.present_by(field.name):
        names = [other.name for other in present if other[When].field == field.name]
        return lambda values: any(values.get(name) is not None for name in names)
    if marks := field.get(SetIfAny):
        return lambda values: any(element[marks.field] & marks.mask for element in values.get(marks.options) or ())
    if Reserved in field:
        return lambda values: 0
    if Unparsed in field or Elements in field or PadTo in field:
        return lambda values: () if Elements in field else b"" if Unparsed in field else None
    return None


def _length(record: Declaration, field: Declared, fields: list[Declared]) -> Callable[[Values], Any]:
    """The length, or the count, of the first of these fields that is present."""

    def length(values: Values) -> Any:
        for other in fields:
            counted, sized = other.get(CountedBy), other.get(SizedBy)
            octets = _octets_in(record, other, values)
            if counted is not None:
                return len(_value(other, values)) - counted.bias
            if octets is not None and sized is not None:
                before = _octets_before(record, other, values) if sized.origin == "start" else 0
                count = before + octets - sized.bias
                if count % sized.unit:
                    raise construct.MappingError(
                        f"{record.name}.{field.name} counts in units of {sized.unit} octets: fill {other.name} up"
                    )
                return count // sized.unit
        return 0

    return length


def _value(field: Declared, values: Values) -> Any:
    given = values.get(field.name)
    default = b"" if Unparsed in field else None if field.default in (AUTO, REQUIRED) else field.default
    return default if given is None else given


def _octets_in(record: Declaration, part: Part, values: Values) -> int | None:
    """How many octets a part will take; None where it is absent."""
    if isinstance(part, DeclaredRun):
        present = part.condition is None or any(values.get(field.name) is not None for field in part.fields)
        return part.octets if present else None
    value = _value(part, values)
    if Unparsed in part or value is None:
        return None  # what is not parsed is counted with its option list
    rest = record.unparsed_of(part.name)
    content = value if rest is None else {"options": value, "rest": _value(rest, values)}
    return len(_content(record, part).build(content))


def _octets_before(record: Declaration, field: Declared, values: Values) -> int:
    octets = 0
    for part in record.parts[: record.parts.index(field)]:
        pads = None if isinstance(part, DeclaredRun) else part.get(PadTo)
        octets += -octets % pads.unit if pads else _octets_in(record, part, values) or 0
    return octets


# --- fields of fixed size ---------------------------------------------------------------------------------------------


def _run(record: Declaration, run: DeclaredRun, number: int) -> Iterator[Any]:
    hidden = f"_run{number}"
    members = {field.name: _built(record, field) for field in run.fields}

    def built(values: Values) -> dict[str, Any] | None:
        found = {name: value(values) for name, value in members.items()}
        return None if all(value is None for value in found.values()) else found

    name = record.name if number == 0 else f"{record.name}.{run.fields[0].name}"
    bits = construct.BitStruct(*(field.name / _fixed(field) for field in run.fields))
    yield hidden / construct.Rebuild(_conditional(run, Bounded(run.octets, bits, name)), built)
    for field in run.fields:
        yield field.name / construct.Computed(_inside(hidden, field.name))
    for field in run.fields:
        if Const in field:
            yield Constant(field.name, field[Const].value, _expected(record, field))


def _fixed(field: Declared) -> Any:
    if field.kind == "bool":
        return construct.Flag
    if field.kind == "int":
        order = field.get(ByteOrder)
        return construct.BitsInteger(field.bits, swapped=order is not None and order.order == "little")
    return construct.Bytewise(ADDRESSES.get(field.kind) or construct.Bytes((field.bits or 0) // 8))


def _inside(hidden: str, name: str) -> Callable[[Values], Any]:
    return lambda values: None if values[hidden] is None else values[hidden][name]


def _bits_of(record: Declaration, name: str, values: Values) -> tuple[int, int]:
    """The first and last bit of a fixed field, from the start of the stream."""
    index, bit = record.layout.position_of(name)
    first = values[f"_start{index}"] * 8 + bit
    return first, first + (record.fields[name].bits or 0) - 1


def _expected(record: Declaration, field: Declared) -> Callable[[Values], None]:
    """A constant on which the layout depends: another one is refused when it is read, and built as it is given."""
    expected, name, path = field[Const].value, field.name, f"{record.name}.{field.name}"

    def check(values: Values) -> None:
        if values["_parsing"] and values[name] not in (expected, None):
            raise Fault(FieldValueError(values[name], path, _bits_of(record, name, values), expected), path)

    return check


# --- fields of variable size ------------------------------------------------------------------------------------------


def _bounded(record: Declaration, field: Declared) -> Any:
    """The construct that reads a field of variable size: its content, within its bound."""
    content = _content(record, field)
    if sized := field.get(SizedBy):
        return Bounded(_size(record, field, sized), content, f"{record.name}.{field.name}")
    if pads := field.get(PadTo):
        return Bounded(_padding(record, field, pads), construct.GreedyBytes, f"{record.name}.{field.name}")
    return content


def _content(record: Declaration, field: Declared) -> Any:
    """The construct of a field of variable size, whatever its bound."""
    if via := field.get(ConstructField):
        return Foreign(via.construct, f"{record.name}.{field.name}", exact=SizedBy in field)
    if Elements in field:
        return _options(record, field)
    if pads := field.get(PadTo):
        return Padding(_padding(record, field, pads))
    return ADDRESSES.get(field.kind) or construct.GreedyBytes


def _size(record: Declaration, field: Declared, sized: SizedBy) -> Callable[[Values], int]:
    """How many octets a length field gives. The function raises Fault below the least."""
    path, taken = f"{record.name}.{sized.field}", _taken(record, field)

    def octets(values: Values) -> int:
        value = values[sized.field]
        if value is None:
            return 0
        least = (taken(values) if sized.origin == "start" else 0) - sized.bias
        size: int = sized.unit * value - least
        if size < 0:
            bits = _bits_of(record, sized.field, values)
            raise Fault(LengthFieldError(value, path, bits, -(-least // sized.unit)), path)
        return size

    return octets


def _padding(record: Declaration, field: Declared, pads: PadTo) -> Callable[[Values], int]:
    taken = _taken(record, field)
    return lambda values: -taken(values) % pads.unit


def _taken(record: Declaration, field: Declared) -> Callable[[Values], int]:
    """How many octets of the record come before a field."""
    here = f"_start{record.parts.index(field)}"
    return lambda values: int(values[here] - values["_start"])


# --- option lists -----------------------------------------------------------------------------------------------------


def _options(record: Declaration, field: Declared) -> Any:
    fact, name, rest = field[Elements], f"{record.name}.{field.name}", record.unparsed_of(field.name)
    end = None if fact.kind is None or fact.end is None else (fact.kind, fact.end)
    classes = classes_of(field)
    constructs = {kind: struct_of(cls) for kind, cls in classes.items()}
    constants = {
        kind: {other.name: other[Const].value for other in cls.__declaration__ if Const in other}
        for kind, cls in classes.items()
    }
    element = AnyElement(constructs, constants) if len(constructs) > 1 else constructs.popitem()[1]
    if rest is not None:
        options = ElementRange(element, name, end=end, strict=False)
        return construct.Struct("options" / options, _named("rest", construct.GreedyBytes))
    if counted := field.get(CountedBy):
        count, bias = counted.field, counted.bias
        return ElementRange(element, name, count=lambda values: values[count] + bias, strict=True)
    return ElementRange(element, name, end=end, strict=True)


def _options_and_rest(record: Declaration, field: Declared, rest: Declared) -> Iterator[Any]:
    hidden = f"_{field.name}"
    options_built, rest_built = _built(record, field), _built(record, rest)

    def built(values: Values) -> dict[str, Any] | None:
        options, left = options_built(values), rest_built(values)
        return None if options is None and left is None else {"options": options, "rest": left}

    both = construct.IfThenElse(construct.this._building, _content(record, field), _bounded(record, field))
    yield hidden / construct.Rebuild(_conditional(field, both), built)
    yield field.name / construct.Computed(_inside(hidden, "options"))
    yield rest.name / construct.Computed(_inside(hidden, "rest"))
