"""What facts may stand together: the layout of a declaration, or the reason why it has none.

Strategy: whatever cannot stand is refused when the class is made, with header and field; a deriver that reads a
`Layout` need not ask again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from overlaycodec.errors import SchemaError
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
    Octets,
    OriginalSource,
    PadTo,
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
from overlaycodec.schema.layout import Kind, Layout
from overlaycodec.values import AUTO
from overlaycodec.values.nearest_names import suggestion

__all__ = ["check_layout"]

_STANDS_ON: Final[dict[type[Fact], tuple[Kind, ...]]] = {
    SetIfAny: ("bool",),
    LengthField: ("int",),
    ByteOrder: ("int",),
    Checksum: ("int",),
    Const: ("int",),
    CountedBy: ("items",),
    FinalDestination: ("bytes", "items"),
    FragmentOffset: ("int",),
    Elements: ("items",),
    JumboLength: ("int",),
    MoreFragments: ("bool",),
    ValueNames: ("int",),
    PadTo: ("bytes",),
    OriginalSource: ("ipv4", "ipv6"),
    Unparsed: ("bytes",),
    Rest: ("bytes", "items"),
    Selects: ("int",),
    SizedBy: ("bytes", "hardware", "protocol", "items", "via"),
    StackEnd: ("bool",),
}
_PATH: Final = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN: Final = ("inner", "innermost", "outer", "payload", "quoted", "trailer")


def check_layout(layout: Layout, declared: tuple[Declared, ...]) -> None:
    """Raises: SchemaError where the class options and the facts of the fields contradict each other."""
    owner = layout.cls.__name__
    _check_options(owner, layout)
    for index, field in enumerate(declared):
        _check_facts(owner, layout, field, declared[index + 1 :])
        _check_references(owner, layout, field, declared[:index])
        if field.default is AUTO and not layout.derived(layout.by_name[field.name]):
            raise SchemaError(owner, field.name, "AUTO stands here, but nothing in the declaration derives it")


def _check_options(owner: str, layout: Layout) -> None:
    if _PATH.fullmatch(str(layout.name)) is None or layout.name in _TAKEN:
        raise SchemaError(owner, None, f"{layout.name!r} cannot be a name in paths: lower case, and none of the scopes")


def _check_facts(owner: str, layout: Layout, field: Declared, following: tuple[Declared, ...]) -> None:
    """Facts on a field of the right kind, with arguments that mean something."""

    def refuse(reason: str) -> None:
        raise SchemaError(owner, field.name, reason)

    for fact, kinds in _STANDS_ON.items():
        if fact in field and field.kind not in kinds and not (fact is Unparsed and field.kind == "via"):
            refuse(f"{fact.__name__} does not stand on a field of this type")
    if sum(condition in field for condition in (When, Unless)) > 1:
        refuse("has two of When and Unless: one condition is enough")
    if CountedBy in field and (SizedBy in field or Rest in field or field.optional):
        refuse("CountedBy tells the size of a row alone, and of one that is always there")
    if (const := field.get(Const)) and field.default != const.value:
        refuse(f"its default is not the {const.value} that its Const asks for")
    if StackEnd in field and not layout.keys:
        refuse("StackEnd needs a class with keys")
    takes_all = Rest in field or (ConstructField in field and SizedBy not in field)
    if (
        takes_all
        and following
        and not (Elements in field and [other.get(Unparsed) for other in following] == [Unparsed(field.name)])
    ):
        refuse("takes all that is left, so it must be the last field")
    if PadTo in field and field.optional:
        refuse("PadTo stands only in a field that is always there")
    if checksum := field.get(Checksum):
        bits, bit = 16 if checksum.algorithm == "internet" else 32, layout.fixed_bit_of(field.name)
        if field.bits != bits or bit is None or bit % 8 or ByteOrder in field:
            refuse(f"{checksum!r} needs {bits} bits on an octet boundary, a fixed place, no ByteOrder and no trailer")
        if checksum.pseudo and checksum.covers == "header":
            refuse("a checksum of the header alone has no pseudo-header")


def _check_references(owner: str, layout: Layout, field: Declared, before: tuple[Declared, ...]) -> None:
    """Everything a fact names must stand earlier, or anywhere where that is enough, and be of the right kind."""
    earlier = {other.name: other for other in before}

    def need(
        what: str, name: str, kind: Kind, values: tuple[int, ...] = (), among: Mapping[str, Any] = earlier
    ) -> None:
        if name not in among:
            earliness = "earlier " if among is earlier else ""
            near = suggestion(name, among)
            raise SchemaError(owner, field.name, f"{what} names {name!r}, which is no {earliness}field{near}")
        other = layout.by_name[name]
        if other.kind != kind:
            raise SchemaError(owner, field.name, f"{what} names {name!r}, which is not typed {kind}")
        for value in values:
            if value > other.maximum:
                raise SchemaError(
                    owner, field.name, f"{what} names the value {value} of {name!r}, which has {other.bits} bits"
                )

    if sized := field.get(SizedBy):
        need("SizedBy", sized.field, "int")
        if Octets in field:
            raise SchemaError(owner, field.name, "has two sizes: Octets and SizedBy")
        if sized.origin == "start" and (field.optional or earlier[sized.field].optional):
            raise SchemaError(owner, field.name, "a size from the record's start is that of a field always there")
    if counted := field.get(CountedBy):
        need("CountedBy", counted.field, "int")
    if when := field.get(When):
        for name in when.fields:
            need("When", name, "bool" if when.values is None else "int", when.values or ())
    if unless := field.get(Unless):
        need("Unless", unless.field, "int", unless.values)
    if (bounds := field.get(LengthField)) and bounds.unless:
        need("LengthField", bounds.unless, "int", among=layout.by_name)
    if selects := field.get(Selects):
        if selects.when:
            need("Selects", selects.when, "bool")
            if layout.next.carried is None:
                raise SchemaError(owner, field.name, "Selects has a condition, but the class carries nothing else")
        if field.optional and not ((when := field.get(When)) and selects.when in when.fields):
            raise SchemaError(owner, field.name, "a selector that may be absent needs the flag that it is there by")
        own = selects.content if selects.content and selects.content[0] in layout.by_name else None
        for name, values in filter(None, (selects.only, selects.unless, own)):
            need("Selects", name, "int", values, layout.by_name)
        for value in (selects.nothing, selects.lengths and selects.lengths[0]):
            if value is not None and value > layout.by_name[field.name].maximum:
                raise SchemaError(owner, field.name, f"Selects: {value} does not fit in {field.bits} bits")
    if route := field.get(FinalDestination):
        need("FinalDestination", route.type, "int")
        need("FinalDestination", route.left, "int")
    if (remainder := field.get(Unparsed)) and not (
        before
        and before[-1].name == remainder.of
        and before[-1].condition == field.condition
        and Elements in before[-1]
        and (SizedBy in before[-1] or Rest in before[-1])
    ):
        raise SchemaError(owner, field.name, f"Unparsed must follow the sized option list {remainder.of!r}")
    if (marks := field.get(SetIfAny)) and not (
        (options := layout.by_name.get(marks.options))
        and options.elements
        and all(marks.field in element.__layout__.by_name for element in options.elements)
    ):
        raise SchemaError(
            owner, field.name, f"SetIfAny names {marks.options}.{marks.field}, which is no field of an option list"
        )
    if names := field.get(ValueNames):
        for value in names.by_value:
            if not 0 <= value <= layout.by_name[field.name].maximum:
                raise SchemaError(
                    owner, field.name, f"ValueNames names {value}, which does not fit in {field.bits} bits"
                )
    if items := field.get(Elements):
        _check_items(owner, layout, field, items)


def _check_items(owner: str, layout: Layout, field: Declared, items: Elements) -> None:
    layouts: list[Layout] = [element.__layout__ for element in field.elements]
    for inner in layouts:
        if inner.minimum_octets < 1:
            raise SchemaError(owner, field.name, f"{inner.cls.__name__} may be empty: the row would never end")
        if items.kind is not None and items.kind not in inner.by_name:
            raise SchemaError(owner, field.name, f"{inner.cls.__name__} has no field {items.kind!r}")
        if items.kind is not None and (kind := inner.by_name[items.kind]).kind == "int":
            for value in (items.end, *(items.pads or ())):
                if value is not None and value > kind.maximum:
                    raise SchemaError(
                        owner, field.name, f"Elements: {value} does not fit in the {kind.bits} bits of {items.kind}"
                    )
    if len(layouts) > 1 and not all(map(_distinguishable, layout.by_name[field.name].typed()[1].values())):
        raise SchemaError(owner, field.name, "each class but the last is known by constants that no other one has")
    if items.kind is None and (items.end is not None or items.pads is not None):
        raise SchemaError(owner, field.name, "an element that ends or fills the row is known by its `kind`")
    if SizedBy not in field and Rest not in field:
        if items.end is None and CountedBy not in field:
            raise SchemaError(owner, field.name, "the row needs SizedBy, CountedBy or Rest, or an element that ends it")
    elif layout.remainder_of(field.name) is None:
        raise SchemaError(owner, field.name, "a sized option list needs an Unparsed field for what cannot be read")


def _distinguishable(classes: tuple[Any, ...]) -> bool:
    """Whether each of these element classes has constants, one of which each other class has otherwise."""
    constants = [
        {layout.fixed_bit_of(field.name): field.const for field in layout.fields if field.const is not None}
        for layout in (cls.__layout__ for cls in classes)
    ]
    return all(constants) and all(
        any(other.get(bit, value) != value for bit, value in one.items())
        for number, one in enumerate(constants)
        for other in constants[:number]
    )
