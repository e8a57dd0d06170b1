"""Declared fields -> `Layout`: the one place where facts become plans.

Strategy: this runs once, when a class is declared. `validation` refuses a layout that contradicts itself; a deriver
that reads a `Layout` need not ask again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from overlaycodec.errors import SchemaError
from overlaycodec.schema.corroboration import Corroboration
from overlaycodec.schema.declaration import Declared
from overlaycodec.schema.facts import (
    ByteOrder,
    Checksum,
    Const,
    ConstructField,
    CountedBy,
    Elements,
    Fact,
    FinalDestination,
    FragmentOffset,
    JumboLength,
    LengthField,
    MoreFragments,
    OriginalSource,
    PadTo,
    Reserved,
    Rest,
    Selects,
    SetIfAny,
    SizedBy,
    StackEnd,
    Unless,
    Unparsed,
    ValueNames,
    When,
)
from overlaycodec.schema.keys import Key
from overlaycodec.schema.layout import Field, Layout, Part, Run, fixed_bit
from overlaycodec.schema.plans import (
    ConstructSize,
    CountSize,
    Coverage,
    ElementFlag,
    EndSize,
    Extent,
    Guard,
    LengthRule,
    LengthSize,
    NextHeader,
    Notation,
    OptionField,
    OptionList,
    PadSize,
    Presence,
    Repeat,
    RestSize,
    Route,
    Size,
    UnparsedSize,
)
from overlaycodec.schema.signs import Pattern, RightChecksum, Sign

__all__ = ["layout_of"]


def layout_of(
    cls: type[Any],
    name: str,
    declared: tuple[Declared, ...],
    *,
    keys: tuple[Key, ...] = (),
    carries: Key | None = None,
    closed: bool = False,
    signs: tuple[Sign, ...] = (),
    **options: Any,
) -> Layout:
    """The layout of these fields; `options` are the other ones of the class, named as in `Layout`.

    Raises: SchemaError where parts do not make whole octets; TypeError for an unknown option.
    """
    owner = cls.__name__
    fields = tuple(map(_field_of, declared))
    by_name = {field.name: field for field in fields}
    parts = _parts(owner, fields)

    def only(kind: type[Fact]) -> Declared | None:
        found = [field for field in declared if kind in field]
        if len(found) > 1:
            raise SchemaError(owner, found[1].name, f"a second {kind.__name__}; {found[0].name} is the first")
        return found[0] if found else None

    more = only(MoreFragments)
    return Layout(
        cls=cls,
        name=name,
        fields=fields,
        parts=parts,
        by_name=by_name,
        sized_by=_dependants(
            fields, lambda field: (field.size.field,) if isinstance(field.size, LengthSize | CountSize) else ()
        ),
        flag_of=_dependants(fields, lambda f: f.presence.fields if f.presence and f.presence.by_flags else ()),
        keys=keys,
        next=_next(only, by_name, keys, carries, closed),
        extent=_extent(by_name, only(LengthField)),
        coverage=_coverage(parts, by_name, only(Checksum)),
        more_fragments=None if more is None else more.name,
        jumbo=_in_options(fields, lambda field: field.jumbo_length),
        routes=_routes(fields),
        corroboration=_corroboration(signs, parts),
        sources=_in_options(fields, lambda field: field.original_source),
        **options,
    )


def _corroboration(signs: tuple[Sign, ...], parts: tuple[Run | Field, ...]) -> Corroboration | None:
    if not signs:
        return None
    decisive = [sign for sign in signs if sign.decisive]
    others = [sign for sign in signs if not sign.decisive]
    patterns = [sign for sign in decisive if isinstance(sign, Pattern)]
    # nothing is refused where all decisive signs are true, nor where all others are and one decisive sign alone fails
    usable = len(patterns) == len(decisive)
    if not usable:
        patterns += [sign for sign in others if isinstance(sign, Pattern)]
        usable = len(patterns) >= len(signs) - 1
    needed = 3 if any(isinstance(sign, RightChecksum) for sign in signs) else 2
    clear = tuple(sign.alternatives for sign in patterns) if usable else ()
    octets = parts[0].octets if isinstance(parts[0], Run) and parts[0].presence is None else 0
    return Corroboration(signs, needed, octets, clear)


def _field_of(declared: Declared) -> Field:
    const, order, names = declared.get(Const), declared.get(ByteOrder), declared.get(ValueNames)
    items, foreign = declared.get(Elements), declared.get(ConstructField)
    marks, route = declared.get(SetIfAny), declared.get(FinalDestination)
    return Field(
        name=declared.name,
        kind=declared.kind,
        optional=declared.optional,
        default=declared.default,
        bits=declared.bits,
        doc=declared.doc,
        elements=declared.elements,
        presence=_presence(declared),
        size=_size(declared),
        byte_order=None if order is None else order.order,
        const=None if const is None else const.value,
        reserved=Reserved in declared,
        value_names={} if names is None else names.by_value,
        notation=_notation(declared),
        options=None if items is None else OptionList(items.kind, items.end, items.pads),
        construct=None if foreign is None else foreign.construct,
        element_flag=None if marks is None else ElementFlag(marks.options, marks.field, marks.mask),
        route=None if route is None else Route(route.type, route.left, route.at, route.begins),
        original_source=OriginalSource in declared,
        jumbo_length=JumboLength in declared,
    )


def _presence(declared: Declared) -> Presence | None:
    condition = declared.condition
    if condition is None:
        return None
    if isinstance(condition, When):
        return Presence(condition.fields, condition.values)
    assert isinstance(condition, Unless)
    return Presence((condition.field,), condition.values, negated=True)


def _size(declared: Declared) -> Size | None:
    if sized := declared.get(SizedBy):
        return LengthSize(sized.field, sized.unit, sized.bias, sized.origin == "start")
    if counted := declared.get(CountedBy):
        return CountSize(counted.field, counted.bias)
    if Rest in declared:
        return RestSize()
    if pads := declared.get(PadTo):
        return PadSize(pads.unit)
    if unparsed := declared.get(Unparsed):
        return UnparsedSize(unparsed.of)
    if Elements in declared:
        return EndSize()
    return ConstructSize() if ConstructField in declared else None


def _notation(declared: Declared) -> Notation | None:
    if selects := declared.get(Selects):
        limit = -1 if selects.lengths is None else selects.lengths[0]
        return Notation(selects.space.bits // 4, limit) if selects.space.hexadecimal else None
    digits = (declared.bits or 0) // 4
    if Checksum in declared:
        return Notation(digits)
    return Notation(digits, above=0) if Reserved in declared else None


def _dependants(fields: tuple[Field, ...], named: Callable[[Field], tuple[str, ...]]) -> dict[str, tuple[Field, ...]]:
    found: dict[str, list[Field]] = {}
    for field in fields:
        for other in named(field):
            found.setdefault(other, []).append(field)
    return {name: tuple(dependants) for name, dependants in found.items()}


def _next(
    only: Callable[[type[Fact]], Declared | None],
    names: Mapping[str, Field],
    keys: tuple[Key, ...],
    carries: Key | None,
    closed: bool,
) -> NextHeader:
    end, offset, declared = map(only, (StackEnd, FragmentOffset, Selects))
    plan = NextHeader(
        repeat=None if end is None or not keys else Repeat(end.name, keys[0]),
        carried=carries,
        closed=closed,
        offset=None if offset is None else offset.name,
    )
    if declared is None:
        return plan
    fact = declared[Selects]
    guards: list[Guard] = []
    if fact.only is not None:
        guards.append(Guard(*fact.only))
    if fact.unless is not None:
        guards.append(Guard(*fact.unless, negated=True))
    if fact.when is not None:
        guards.append(Guard(fact.when, (True,), carried=True))
    return msgspec.structs.replace(
        plan,
        selector=names[declared.name],
        space=fact.space,
        nothing=fact.nothing,
        guards=tuple(guards),
        lengths=None if fact.lengths is None else LengthRule(*fact.lengths),
        content=None if fact.content is None else Guard(*fact.content),
        content_outside=fact.content is not None and fact.content[0] not in names,
    )


def _extent(names: Mapping[str, Field], declared: Declared | None) -> Extent | None:
    if declared is None:
        return None
    fact = declared[LengthField]
    return Extent(
        field=names[declared.name],
        unit=fact.unit,
        bias=fact.bias,
        from_start=fact.origin == "start",
        zero=fact.zero,
        unless=fact.unless,
        segmented=fact.segments,
        optional=fact.optional,
    )


def _coverage(parts: tuple[Part, ...], names: Mapping[str, Field], declared: Declared | None) -> Coverage | None:
    if declared is None:
        return None
    field, fact = names[declared.name], declared[Checksum]
    bit = fixed_bit(parts, field.name)
    return Coverage(
        field=field,
        octet=(bit or 0) // 8,  # `validation` refuses a checksum whose place varies
        octets=field.width // 8,
        header_only=fact.covers == "header",
        pseudo=fact.pseudo,
        zero_absent=fact.zero == "absent",
        algorithm=fact.algorithm,
        flag=field.presence.fields[0] if field.presence and field.presence.by_flags else None,
    )


def _in_options(fields: tuple[Field, ...], wanted: Callable[[Field], bool]) -> OptionField | None:
    for options in fields:
        for element in options.elements:
            for field in element.__layout__.fields:
                if wanted(field):
                    return OptionField(options.name, element, field.name)
    return None


def _routes(fields: tuple[Field, ...]) -> str | None:
    for field in fields:
        inside = (other for element in field.elements for other in element.__layout__.fields)
        if field.route is not None or any(other.route is not None for other in inside):
            return field.name
    return None


def _parts(owner: str, fields: tuple[Field, ...]) -> tuple[Part, ...]:
    parts: list[Part] = []
    run: list[Field] = []
    bits = 0

    def close() -> None:
        nonlocal bits
        if run:
            if bits % 8:
                raise SchemaError(owner, run[-1].name, f"the fixed fields up to here are {bits} bits: not whole octets")
            parts.append(Run(tuple(run), bits // 8, run[0].presence))
            run.clear()
            bits = 0

    for field in fields:
        if field.bits is None:
            close()
            parts.append(field)
            continue
        if run and field.presence != run[0].presence:
            close()
        if bits % 8 and (field.kind not in ("int", "bool") or field.byte_order is not None):
            raise SchemaError(owner, field.name, "does not start on an octet")
        run.append(field)
        bits += field.bits
    close()
    return tuple(parts)
