"""Layout -> the table that `dissector.lua` reads: fields with their bits, sizes and conditions, and what follows.

Strategy: one entry for each plan of the layout; nothing here knows a protocol. What the script cannot read is refused
here, with the field's name.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from overlaycodec.errors import SchemaError
from overlaycodec.interchange.wireshark.lua_text import Lua
from overlaycodec.schema.keys import Key, MinOctets, Peek
from overlaycodec.schema.layout import Field, Layout, Part, Run
from overlaycodec.schema.plans import (
    CountSize,
    EndSize,
    Extent,
    Guard,
    LengthSize,
    NextHeader,
    PadSize,
    Presence,
    RestSize,
    UnparsedSize,
)

__all__ = ["USER_LINK_TYPES", "table_of"]

Table: TypeAlias = dict[str, Lua]
"""A table of Lua: its entries by name."""
USER_LINK_TYPES: Final = range(147, 163)
"""The link types that capture files leave to users; Wireshark calls them USER0 to USER15."""
_MOST_NUMBER_OCTETS: Final = 8
_MASKED_OCTETS: Final = 4
_ADDRESSES: Final = ("mac", "ipv4", "ipv6")


class _Names:
    """The names of fields in filters: a name that two fields of different types have gets the type behind it."""

    def __init__(self) -> None:
        self._types: dict[str, tuple[Lua, ...]] = {}

    def name(self, wanted: str, *kind: Lua) -> str:
        if self._types.setdefault(wanted, kind) == kind:
            return wanted
        return self.name(f"{wanted}_{kind[0]}" if kind[0] != "number" else f"{wanted}_{kind[1]}", *kind)


def table_of(layout: Layout, keys: tuple[Key, ...], prefix: str) -> Table:
    """What the script is told of a header. Raises: SchemaError where it cannot read it."""
    abbreviation = prefix + layout.name
    for key in keys:
        _check_key(layout, key)
    conditions = [key.conditions for key in keys]
    return {
        "abbr": abbreviation,
        "title": layout.name,
        "parts": _parts(layout, abbreviation, _Names()),
        "extent": _extent(layout.extent),
        "next": _next(layout.next),
        "keys": [{"space": key.space.name, "value": key.value} for key in keys],
        "accepts": [[_asked(condition) for condition in each] for each in conditions] if all(conditions) else [],
    }


# --- keys -------------------------------------------------------------------------------------------------------------


def _check_key(layout: Layout, key: Key) -> None:
    """Refuses keys that Wireshark has no table for. Raises: SchemaError."""
    name = layout.cls.__name__
    if key.value is None:
        raise SchemaError(name, None, f"Wireshark has no dissector for every value of {key.space!r}: give keys=")
    if key.space.name == "link_type" and key.value not in USER_LINK_TYPES:
        raise SchemaError(
            name, None, f"Wireshark reads link type {key.value} itself; those for users are 147 to 162: give keys="
        )
    for condition in key.conditions:
        if not isinstance(condition, Peek | MinOctets):
            kind = type(condition).__name__
            raise SchemaError(name, None, f"its key asks {kind}, which a dissector cannot test: give keys=")


def _asked(condition: object) -> Table:
    if isinstance(condition, Peek):
        return {"bit": condition.bit, "count": condition.count, "value": condition.value}
    assert isinstance(condition, MinOctets)
    return {"octets": condition.octets}


# --- fields -----------------------------------------------------------------------------------------------------------


def _parts(layout: Layout, prefix: str, names: _Names) -> list[Lua]:
    return [_part(layout, part, prefix, names) for part in layout.parts]


def _part(layout: Layout, part: Part, prefix: str, names: _Names) -> Table:
    if isinstance(part, Run):
        fields = [_fixed(layout, field, part.bit_of(field.name), prefix, names) for field in part.fields]
        return {"octets": part.octets, "when": _when(part.presence), "fields": fields}
    return {"when": _when(part.presence), "fields": [_variable(layout, part, prefix, names)]}


def _described(field: Field, abbreviation: str, kind: str) -> Table:
    return {"name": field.name, "abbr": abbreviation, "type": kind, "doc": field.doc or None}


def _fixed(layout: Layout, field: Field, at: int, prefix: str, names: _Names) -> Table:
    """A field of fixed size, `at` so many bits from the start of its run, which starts at an octet."""
    bits = field.width
    first, wanted = at % 8, f"{prefix}.{field.name}"
    octets = (first + bits + 7) // 8
    place: Table = {"at": at, "bits": bits}
    if field.kind not in ("int", "bool"):
        if first or bits % 8:
            raise SchemaError(layout.cls.__name__, field.name, "does not start at an octet, as octets in Wireshark do")
        kind = field.kind if field.kind in _ADDRESSES else "bytes"
        return {**_described(field, names.name(wanted, kind), kind), **place}
    if octets > _MOST_NUMBER_OCTETS:
        raise SchemaError(layout.cls.__name__, field.name, f"is in {octets} octets; Wireshark has numbers of 8 at most")
    masked = octets <= _MASKED_OCTETS and bits != octets * 8
    little = field.byte_order == "little"
    if field.kind == "bool":
        described = _described(field, names.name(wanted, "bool"), "bool") | {"parent": octets * 8}
    else:
        described = _described(field, names.name(wanted, "number", octets * 8), "number") | {"octets": octets}
    return {
        **described,
        **place,
        "number": True,
        "mask": ((1 << bits) - 1) << (octets * 8 - first - bits) if masked else None,
        "wide": first if octets > _MASKED_OCTETS and bits != octets * 8 else None,
        "little": little or None,
        "hexadecimal": (field.notation is not None) or None,
        "const": field.const,
        "names": field.value_names if octets <= _MASKED_OCTETS else None,
    }


def _variable(layout: Layout, field: Field, prefix: str, names: _Names) -> Table:
    """A field of variable size: octets, or a list of elements."""
    if field.construct is not None:
        raise SchemaError(layout.cls.__name__, field.name, "is read by a construct object, which Lua cannot call")
    wanted = f"{prefix}.{field.name}"
    size = _size(field)
    if field.kind != "items":
        return {**_described(field, names.name(wanted, "bytes"), "bytes"), "size": size}
    plan, strict = field.options, layout.remainder_of(field.name) is None
    return {
        **_described(field, names.name(wanted, "list"), "list"),
        "size": size,
        "strict": strict,
        "kind_field": plan.kind if plan else None,
        "finish": plan.end if plan else None,
        "until_end": isinstance(field.size, EndSize) or None,
        "elements": [{"parts": _parts(element.__layout__, wanted, names)} for element in field.elements],
    }


def _size(field: Field) -> Table:
    match field.size:
        case LengthSize(name, unit, bias, from_start):
            return {"by": "length", "field": name, "unit": unit, "bias": bias, "from_start": from_start}
        case CountSize(name, bias):
            return {"by": "count", "field": name, "bias": bias}
        case PadSize(unit):
            return {"by": "pad", "unit": unit}
        case UnparsedSize():
            return {"by": "unparsed"}
    assert isinstance(field.size, RestSize | EndSize)
    return {"by": "rest"}


def _when(presence: Presence | None) -> Table | None:
    if presence is None:
        return None
    if presence.values is None:
        return {"flags": list(presence.fields)}
    return {"field": presence.fields[0], "values": list(presence.values), "negated": presence.negated}


# --- what follows -----------------------------------------------------------------------------------------------------


def _extent(extent: Extent | None) -> Table | None:
    if extent is None:
        return None
    return {
        "field": extent.field.name,
        "unit": extent.unit,
        "bias": extent.bias,
        "from_start": extent.from_start,
        "zero": extent.zero != "length" or None,
        "unless": extent.unless,
    }


def _key(key: Key | None) -> Table | None:
    return None if key is None else {"space": key.space.name, "value": key.value}


def _guard(guard: Guard) -> Table:
    return {
        "field": guard.field,
        "values": [int(value) for value in guard.values],
        "negated": guard.negated,
        "carried": guard.carried or None,
    }


def _next(following: NextHeader) -> Table:
    return {
        "closed": following.closed or None,
        "offset": following.offset,
        "again": following.repeat.flag if following.repeat else None,
        "selector": following.selector.name if following.selector else None,
        "space": following.space.name if following.space else None,
        "guards": [_guard(guard) for guard in following.guards],
        "limit": following.lengths.limit if following.lengths else None,
        "limit_key": _key(following.lengths.key) if following.lengths else None,
        "carried": _key(following.carried),
    }
