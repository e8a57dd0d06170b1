"""What facts may stand together: the layout of a declaration, or the reason why it has none.

Strategy: whatever cannot stand is refused when the class is made, with header and field; a deriver that reads a
`Layout` need not ask again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from overlaycodec.errors import SchemaError
from overlaycodec.layout import Field, Kind, Layout, Part, Run
from overlaycodec.values import AUTO
from overlaycodec.wire import (
    AnyHas,
    Bounds,
    ByteOrder,
    Checksum,
    Const,
    Counted,
    Fact,
    FinalDestination,
    FragmentOffset,
    Items,
    JumboLength,
    Key,
    MoreFragments,
    Names,
    Octets,
    Only,
    Pads,
    Remainder,
    Rest,
    Selects,
    Sized,
    StackEnd,
    Unless,
    Via,
    When,
)

__all__ = ["layout_of"]

_STANDS_ON: Final[dict[type[Fact], tuple[Kind, ...]]] = {
    AnyHas: ("bool",),
    Bounds: ("int",),
    ByteOrder: ("int",),
    Checksum: ("int",),
    Const: ("int",),
    Counted: ("items",),
    FinalDestination: ("bytes", "items"),
    FragmentOffset: ("int",),
    Items: ("items",),
    JumboLength: ("int",),
    MoreFragments: ("bool",),
    Names: ("int",),
    Pads: ("bytes",),
    Remainder: ("bytes",),
    Rest: ("bytes", "items"),
    Selects: ("int",),
    Sized: ("bytes", "hardware", "protocol", "items", "via"),
    StackEnd: ("bool",),
}
_PATH: Final = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN: Final = ("inner", "innermost", "outer", "payload", "quoted")
_LAYERS: Final = (None, "link", "network", "extension", "shim")


def layout_of(cls: type[Any], name: str, fields: tuple[Field, ...], **options: Any) -> Layout:
    """The layout of these fields; `options` are those of the class, named as in `Layout`.

    Raises: SchemaError where they contradict each other; TypeError for an unknown option.
    """
    owner = cls.__name__
    layout = Layout(
        cls=cls,
        name=name,
        fields=fields,
        parts=_parts(owner, fields),
        by_name={field.name: field for field in fields},
        sized_by=_dependants(fields, lambda field: (s.field,) if (s := field.get(Sized) or field.get(Counted)) else ()),
        flag_of=_dependants(fields, lambda field: when.flags if (when := field.get(When)) else ()),
        selector=_only(owner, fields, Selects),
        bounds=_only(owner, fields, Bounds),
        checksum=_only(owner, fields, Checksum),
        jumbo=_jumbo(fields),
        routes=_routes(fields),
        **options,
    )
    _check_options(owner, layout)
    for index, field in enumerate(fields):
        _check_facts(owner, layout, field)
        _check_references(owner, layout, field, fields[:index])
        if field.default is AUTO and not layout.derived(field):
            raise SchemaError(owner, field.name, "AUTO stands here, but nothing in the declaration derives it")
    return layout


def _dependants(fields: tuple[Field, ...], named: Callable[[Field], tuple[str, ...]]) -> dict[str, tuple[Field, ...]]:
    found: dict[str, list[Field]] = {}
    for field in fields:
        for other in named(field):
            found.setdefault(other, []).append(field)
    return {name: tuple(dependants) for name, dependants in found.items()}


def _only(owner: str, fields: tuple[Field, ...], kind: type[Fact]) -> Field | None:
    found = [field for field in fields if kind in field]
    if len(found) > 1:
        raise SchemaError(owner, found[1].name, f"a second {kind.__name__}; {found[0].name} is the first")
    return found[0] if found else None


def _jumbo(fields: tuple[Field, ...]) -> tuple[str, Any, str] | None:
    for row in fields:
        for element in row.elements:
            for field in element.__layout__.fields:
                if JumboLength in field:
                    return row.name, element, field.name
    return None


def _routes(fields: tuple[Field, ...]) -> str | None:
    for field in fields:
        inside = (other for element in field.elements for other in element.__layout__.fields)
        if FinalDestination in field or any(FinalDestination in other for other in inside):
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
            parts.append(Run(tuple(run), bits // 8, run[0].condition))
            run.clear()
            bits = 0

    for field in fields:
        if field.bits is None:
            close()
            parts.append(field)
            continue
        if run and field.condition != run[0].condition:
            close()
        if bits % 8 and (field.kind not in ("int", "bool") or ByteOrder in field):
            raise SchemaError(owner, field.name, "does not start on an octet")
        run.append(field)
        bits += field.bits
    close()
    return tuple(parts)


def _check_options(owner: str, layout: Layout) -> None:
    if _PATH.fullmatch(layout.name) is None or layout.name in _TAKEN:
        raise SchemaError(owner, None, f"{layout.name!r} cannot be a name in paths: lower case, and none of the scopes")
    if layout.layer not in _LAYERS:
        raise SchemaError(owner, None, f"there is no layer {layout.layer!r}")
    if not isinstance(layout.keys, tuple):
        raise SchemaError(owner, None, "keys is a tuple of keys: (UDP_PORT(4789),)")
    for key in (*layout.keys, *filter(None, [layout.carries])):
        if not isinstance(key, Key):
            raise SchemaError(owner, None, f"{key!r} is no key: say UDP_PORT(4789)")
        if not key.fits:
            raise SchemaError(owner, None, f"the key {key!r} does not fit in {key.space.bits} bits")


def _check_facts(owner: str, layout: Layout, field: Field) -> None:
    """Facts on a field of the right kind, with arguments that mean something."""

    def refuse(reason: str) -> None:
        raise SchemaError(owner, field.name, reason)

    for fact, kinds in _STANDS_ON.items():
        if fact in field and field.kind not in kinds and not (fact is Remainder and field.kind == "via"):
            refuse(f"{fact.__name__} does not stand on a field of this type")
    if sum(condition in field for condition in (When, Only, Unless)) > 1:
        refuse("has two of When, Only and Unless: one condition is enough")
    if Counted in field and (Sized in field or Rest in field or field.optional):
        refuse("Counted tells the size of a row alone, and of one that is always there")
    if (const := field.get(Const)) and field.default != const.value:
        refuse(f"its default is not the {const.value} that its Const asks for")
    if (order := field.get(ByteOrder)) and order.order not in ("big", "little"):
        refuse(f"there is no byte order {order.order!r}")
    if (bounds := field.get(Bounds)) and bounds.unit < 1:
        refuse("Bounds needs a unit of 1 or more")
    if StackEnd in field and not layout.keys:
        refuse("StackEnd needs a class with keys")
    behind = layout.fields[layout.fields.index(field) + 1 :]
    takes_all = Rest in field or (Via in field and Sized not in field)
    if takes_all and behind and not (Items in field and behind == (layout.remainder_of(field.name),)):
        refuse("takes all that is left, so it must be the last field")
    if (pads := field.get(Pads)) and (pads.unit < 2 or field.optional):
        refuse("Pads needs a unit of 2 or more, in a field that is always there")
    if checksum := field.get(Checksum):
        bits, bit = 16 if checksum.algorithm == "internet" else 32, layout.fixed_bit_of(field.name)
        if field.bits != bits or bit is None or bit % 8:
            refuse(f"{checksum!r} needs {bits} bits on an octet boundary, at a place that does not vary")


def _check_references(owner: str, layout: Layout, field: Field, before: tuple[Field, ...]) -> None:
    """Everything a fact names must stand earlier, or anywhere where that is enough, and be of the right kind."""
    earlier = {other.name: other for other in before}

    def need(what: str, name: str, kind: Kind) -> None:
        if name not in earlier:
            raise SchemaError(owner, field.name, f"{what} names {name!r}, which is no earlier field")
        if earlier[name].kind != kind:
            raise SchemaError(owner, field.name, f"{what} names {name!r}, which is not typed {kind}")

    def exists(what: str, name: str) -> None:
        if name not in layout.by_name:
            raise SchemaError(owner, field.name, f"{what} names {name!r}, which is no field")

    if sized := field.get(Sized):
        need("Sized", sized.field, "int")
        if sized.unit < 1:
            raise SchemaError(owner, field.name, "Sized needs a unit of 1 or more")
        if Octets in field:
            raise SchemaError(owner, field.name, "has two sizes: Octets and Sized")
        if sized.origin == "start" and (field.optional or Items not in field or earlier[sized.field].optional):
            raise SchemaError(owner, field.name, "a size from the record's start is that of a row that is always there")
    if counted := field.get(Counted):
        need("Counted", counted.field, "int")
        if counted.bias < 0:
            raise SchemaError(owner, field.name, "Counted needs a bias of 0 or more")
    if when := field.get(When):
        for flag in filter(None, (when.flag, when.other)):
            need("When", flag, "bool")
    kinds: tuple[type[Only] | type[Unless], ...] = (Only, Unless)
    for kind in kinds:
        if kind in field:
            need(kind.__name__, field[kind].field, "int")
    if (bounds := field.get(Bounds)) and bounds.unless:
        exists("Bounds", bounds.unless)
    if selects := field.get(Selects):
        if selects.when:
            need("Selects", selects.when, "bool")
            if layout.carries is None:
                raise SchemaError(owner, field.name, "Selects has a condition, but the class carries nothing else")
        if field.optional and not ((when := field.get(When)) and selects.when in when.flags):
            raise SchemaError(owner, field.name, "a selector that may be absent needs the flag that it is there by")
        for named in filter(None, (selects.only, selects.unless)):
            exists("Selects", named[0])
    if route := field.get(FinalDestination):
        need("FinalDestination", route.type, "int")
        need("FinalDestination", route.left, "int")
    if (remainder := field.get(Remainder)) and not (
        before
        and before[-1].name == remainder.of
        and before[-1].condition == field.condition
        and Items in before[-1]
        and (Sized in before[-1] or Rest in before[-1])
    ):
        raise SchemaError(owner, field.name, f"Remainder must follow the sized row {remainder.of!r}")
    if (marks := field.get(AnyHas)) and not (
        (row := layout.by_name.get(marks.row))
        and row.elements
        and all(marks.field in element.__layout__.by_name for element in row.elements)
    ):
        raise SchemaError(owner, field.name, f"AnyHas names {marks.row}.{marks.field}, which is no field of a row")
    if items := field.get(Items):
        _check_items(owner, layout, field, items)


def _check_items(owner: str, layout: Layout, field: Field, items: Items) -> None:
    layouts: list[Layout] = [element.__layout__ for element in field.elements]
    for inner in layouts:
        if inner.minimum_octets < 1:
            raise SchemaError(owner, field.name, f"{inner.cls.__name__} may be empty: the row would never end")
        if items.kind is not None and items.kind not in inner.by_name:
            raise SchemaError(owner, field.name, f"{inner.cls.__name__} has no field {items.kind!r}")
    octets, typed = field.typed()
    if len(layouts) > 1 and not (octets and all(map(_told_apart, typed.values()))):
        raise SchemaError(owner, field.name, "each class but the last is known by constants at its front, and others")
    if items.kind is None and (items.end is not None or items.pads is not None):
        raise SchemaError(owner, field.name, "an element that ends or fills the row is known by its `kind`")
    if Sized not in field and Rest not in field:
        if items.end is None and Counted not in field:
            raise SchemaError(owner, field.name, "the row needs Sized, Counted or Rest, or an element that ends it")
    elif layout.remainder_of(field.name) is None:
        raise SchemaError(owner, field.name, "a sized row needs a Remainder field for what cannot be read")


def _told_apart(classes: tuple[Any, ...]) -> bool:
    """Whether each of these element classes has a constant that each other one has otherwise."""
    constants = [
        {layout.fixed_bit_of(field.name): field[Const].value for field in layout.fields if Const in field}
        for layout in (cls.__layout__ for cls in classes)
    ]
    return all(
        any(other.get(bit, value) != value for bit, value in one.items())
        for number, one in enumerate(constants)
        for other in constants[:number]
    )
