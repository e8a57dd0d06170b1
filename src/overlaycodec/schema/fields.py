"""Annotations -> declared fields: the type, the facts and the size of each, checked one by one."""

from __future__ import annotations

import types
import typing
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

from overlaycodec.errors import SchemaError
from overlaycodec.schema.arguments import check_fact
from overlaycodec.schema.declaration import Declared
from overlaycodec.schema.facts import (
    Bits,
    ByteOrder,
    Const,
    ConstructField,
    CountedBy,
    Elements,
    Fact,
    Octets,
    PadTo,
    Reserved,
    Rest,
    SizedBy,
    Unless,
    Unparsed,
    ValueNames,
    When,
)
from overlaycodec.schema.layout import ADDRESS_OCTETS, REQUIRED, Kind
from overlaycodec.values import AUTO, MACAddress

__all__ = ["KINDS", "field_of"]

KINDS: dict[Any, Kind] = {  # Any: types and unions of types
    int: "int",
    bool: "bool",
    bytes: "bytes",
    MACAddress: "mac",
    IPv4Address: "ipv4",
    IPv6Address: "ipv6",
    MACAddress | bytes: "hardware",
    IPv4Address | bytes: "protocol",
}
_SIZES: tuple[type[Fact], ...] = (Bits, Octets, Reserved)


def field_of(
    owner: str, name: str, annotation: Any, default: Any, *, backwards: bool = False
) -> Declared:  # Any: hints
    """The field of an annotation; `backwards`: it is read from its last octet on. Raises: SchemaError."""
    if typing.get_origin(annotation) is not Annotated:
        raise SchemaError(owner, name, "is not Annotated with the facts of a field")
    hint, *metadata = typing.get_args(annotation)
    facts: dict[type[Fact], Fact] = {}
    doc = ""
    for item in metadata:
        if isinstance(item, str):
            doc = item
        elif isinstance(item, Fact):
            if type(item) in facts:
                raise SchemaError(owner, name, f"says {type(item).__name__} twice")
            check_fact(owner, name, item)
            facts[type(item)] = ValueNames(item.by_value) if isinstance(item, ValueNames) else item
        else:
            raise SchemaError(owner, name, f"{item!r} is not of the vocabulary")
    optional = False
    union = (
        typing.get_args(hint) if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union else ()
    )
    if type(None) in union:
        optional = True
        hint = typing.Union[tuple(arm for arm in union if arm is not type(None))]  # noqa: UP007 - computed arms
    kind, elements = _kind_of(owner, name, hint, facts)
    bits = _bits_of(owner, name, kind, facts)
    conditional = any(condition in facts for condition in (When, Unless))
    if optional is not conditional and not (kind == "via" and optional):
        raise SchemaError(
            owner, name, "is `T | None` exactly where it is there only When or Unless another field says so"
        )
    if const := facts.get(Const):
        assert isinstance(const, Const)
        if bits is None or not 0 <= const.value < 1 << bits:
            raise SchemaError(owner, name, f"{const!r} does not fit")
    if default is REQUIRED:
        default = _default_of(facts)
    if backwards:
        _turn(owner, name, kind, bits, facts)
    return Declared(name, kind, optional, default, bits, facts, doc, elements)


def _kind_of(owner: str, name: str, hint: Any, facts: dict[type[Fact], Fact]) -> tuple[Kind, tuple[Any, ...]]:
    if ConstructField in facts:
        check_construct(owner, name, facts[ConstructField])
        return "via", ()
    if typing.get_origin(hint) is tuple:
        arms = typing.get_args(hint)
        union = arms[0] if len(arms) == 2 and arms[1] is Ellipsis else None
        elements = typing.get_args(union) if isinstance(union, types.UnionType) else (union,)
        declared = all(isinstance(element, type) and getattr(element, "__element__", False) for element in elements)
        if not (declared and Elements in facts):
            raise SchemaError(
                owner, name, "an option list is `tuple[E, ...]` of an Element class E, or several, with Elements"
            )
        return "items", elements
    if hint not in KINDS:
        raise SchemaError(owner, name, f"{hint!r} is no type of a field")
    if Elements in facts:
        raise SchemaError(owner, name, "Elements needs the type `tuple[E, ...]`")
    return KINDS[hint], ()


def _turn(owner: str, name: str, kind: Kind, bits: int | None, facts: dict[type[Fact], Fact]) -> None:
    """Turns the byte order of a number round. Raises: SchemaError for what cannot be read backwards."""
    if kind not in ("int", "bool", "bytes", "items"):
        raise SchemaError(owner, name, "is read from its last octet on: it is a number, a flag, bytes or a list")
    if kind == "int" and bits and bits > 8 and bits % 8 == 0 and facts.pop(ByteOrder, None) != ByteOrder("little"):
        facts[ByteOrder] = ByteOrder("little")


def _size_for(kind: Kind) -> str:
    """The facts that give a field of this kind a fixed size."""
    if kind in ADDRESS_OCTETS:
        return f"Octets({ADDRESS_OCTETS[kind]})"
    return {"int": "Bits of 1 to 64", "bool": "Bits(1)"}.get(kind, "Octets")


def _bits_of(owner: str, name: str, kind: Kind, facts: dict[type[Fact], Fact]) -> int | None:
    sizes = [facts[size] for size in _SIZES if size in facts]
    variable = [fact for fact in (SizedBy, Rest, CountedBy, PadTo, Unparsed, Elements, ConstructField) if fact in facts]
    if len(sizes) + bool(variable) != 1:
        raise SchemaError(
            owner,
            name,
            "needs one size: Bits, Octets, Reserved, SizedBy, Rest, PadTo, Unparsed, Elements or ConstructField",
        )
    if not sizes:
        if kind in ("int", "bool"):
            raise SchemaError(owner, name, f"an {kind} has a fixed number of Bits")
        return None
    size = sizes[0]
    assert isinstance(size, Bits | Octets | Reserved)
    if type(size.count) is not int or size.count < 1:
        raise SchemaError(owner, name, f"{size!r} is no number of bits or octets")
    if isinstance(size, Octets):
        bits = size.count * 8
        if kind in ("hardware", "protocol"):
            raise SchemaError(owner, name, f"{size!r} leaves one type: an address, or bytes")
        if kind in ("int", "bool") or (kind in ADDRESS_OCTETS and size.count != ADDRESS_OCTETS[kind]):
            raise SchemaError(owner, name, f"{size!r} does not fit the type, which takes {_size_for(kind)}")
    else:
        bits = size.count
        if kind not in ("int", "bool") or (kind == "bool" and bits != 1) or bits > 64:
            raise SchemaError(owner, name, f"{size!r} does not fit the type, which takes {_size_for(kind)}")
    if ByteOrder in facts and bits % 8:
        raise SchemaError(owner, name, "ByteOrder is for numbers of whole octets")
    return bits


def _default_of(facts: dict[type[Fact], Fact]) -> Any:  # Any: a default of any field
    if Reserved in facts:
        return AUTO if When in facts or Unless in facts else 0
    if Unparsed in facts or PadTo in facts:
        return AUTO
    const = facts.get(Const)
    return const.value if isinstance(const, Const) else REQUIRED


def check_construct(owner: str, name: str, fact: Fact) -> None:
    """Raises: SchemaError unless the fact holds a construct object whose values can be frozen."""
    from overlaycodec.values.constructs import refusal

    assert isinstance(fact, ConstructField)
    if reason := refusal(fact.construct):
        raise SchemaError(owner, name, reason)
