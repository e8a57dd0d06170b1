"""Layout -> words: how large a field is, when it is there, what it says of others, where a header is found.

Strategy: one sentence a fact, for the pages, the command line and the figures alike; nothing here knows a protocol.
"""

from __future__ import annotations

from overlaycodec.describe.plain import plain_of
from overlaycodec.schema.facts import (
    ByteOrder,
    Checksum,
    Condition,
    Const,
    ConstructField,
    CountedBy,
    Elements,
    FinalDestination,
    FragmentOffset,
    JumboLength,
    LengthField,
    MoreFragments,
    Only,
    PadTo,
    Reserved,
    Rest,
    Selects,
    SetIfAny,
    SizedBy,
    StackEnd,
    Unparsed,
    ValueNames,
    When,
)
from overlaycodec.schema.keys import Key, MinOctets, Peek, PreviousHeader
from overlaycodec.schema.layout import REQUIRED, Field, Layout
from overlaycodec.schema.values import AUTO

__all__ = ["condition_text", "default_text", "found_at", "presence_of", "says_of", "size_of", "type_of"]

_KINDS = {
    "int": "number", "bool": "flag", "bytes": "octets", "mac": "MAC address", "ipv4": "IPv4 address",
    "ipv6": "IPv6 address", "hardware": "hardware address", "protocol": "protocol address", "via": "construct",
}  # fmt: skip

_MANY = 5


def type_of(field: Field) -> str:
    """What kind of value the field has."""
    if field.kind == "items":
        return "row of " + ", ".join(f"`{element.__name__}`" for element in field.elements)
    return _KINDS[field.kind]


def _times(unit: int, name: str, bias: int) -> str:
    """`unit` x field + `bias`, as people write it."""
    text = f"{unit} * {name}" if unit != 1 else name
    return text + (f" {'+' if bias > 0 else '-'} {abs(bias)}" if bias else "")


def size_of(field: Field) -> str:
    """How large the field is, where it is there."""
    if field.bits is not None:
        return f"{field.bits} bit" + ("s" if field.bits > 1 else "")
    if sized := field.get(SizedBy):
        octets = _times(sized.unit, sized.field, sized.bias)
        return f"{octets} octets" if sized.origin == "here" else f"up to octet {octets}"
    if counted := field.get(CountedBy):
        return f"{_times(1, counted.field, counted.bias)} elements"
    if pads := field.get(PadTo):
        return f"up to a multiple of {pads.unit} octets"
    if remainder := field.get(Unparsed):
        return f"what is left of {remainder.of}"
    if (items := field.get(Elements)) and items.end is not None and Rest not in field:
        return f"until {items.kind} is {items.end}"
    return "all that is left" if Rest in field else "told by construct"


def _any_of(words: list[str]) -> str:
    return " or ".join([*filter(None, [", ".join(words[:-1])]), words[-1]])


def condition_text(condition: Condition) -> str:
    """What makes a field present: "if key_present"."""
    if isinstance(condition, When):
        return "if " + _any_of(list(condition.flags))
    count = len(condition.values)
    values = _any_of([str(value) for value in condition.values]) if count <= _MANY else f"one of {count} values"
    return f"{'if' if isinstance(condition, Only) else 'unless'} {condition.field} is {values}"


def presence_of(field: Field) -> str:
    """When the field is there; nothing where it always is."""
    return "" if field.condition is None else condition_text(field.condition)


def default_text(field: Field) -> str:
    """What stands where no value is given."""
    if field.default is REQUIRED:
        return "required"
    if field.default is AUTO:
        return "derived"
    if isinstance(field.default, bool):
        return "set" if field.default else "clear"
    return str(plain_of(field.default) or (0 if field.kind == "int" else "none"))


def _selects(fact: Selects) -> str:
    text = f"says what follows, by {fact.space!r}"
    if fact.lengths is not None:
        text += f"; up to {fact.lengths[0]} it is a length"
    if fact.when is not None:
        text += f", if {fact.when} is set"
    if fact.only is not None:
        text += f", if {fact.only[0]} is {_any_of([str(value) for value in fact.only[1]])}"
    if fact.unless is not None:
        text += f", unless {fact.unless[0]} is {_any_of([str(value) for value in fact.unless[1]])}"
    return text + (f"; {fact.nothing}: nothing" if fact.nothing is not None else "")


def _bounds(name: str, fact: LengthField) -> str:
    start = "from the header's start" if fact.origin == "start" else "behind the header"
    zero = {"length": "", "unbounded": "; 0: no bound", "jumbo": "; 0 with a jumbo payload length: that"}[fact.zero]
    unless = f", unless {fact.unless} is not 0" if fact.unless else ""
    return f"ends what follows: {_times(fact.unit, name, fact.bias)} octets {start}{zero}{unless}"


def _checksum(fact: Checksum) -> str:
    algorithm = "Internet checksum" if fact.algorithm == "internet" else "CRC-32C"
    over = "the header" if fact.covers == "header" else "header and what follows"
    pseudo = " and a pseudo-header" if fact.pseudo else ""
    return f"{algorithm} over {over}{pseudo}" + ("; 0: none" if fact.zero == "absent" else "")


def says_of(layout: Layout, field: Field) -> list[str]:
    """What the field's facts say, beyond its size and when it is there."""
    said: list[str] = []
    if const := field.get(Const):
        said.append(f"always {const.value}")
    if order := field.get(ByteOrder):
        said.append(f"{order.order}-endian")
    if Reserved in field:
        said.append("reserved")
    said += [f"size of {other.name}" if CountedBy not in other else f"count of {other.name}"
             for other in layout.sized_by.get(field.name, ())]  # fmt: skip
    said += [f"set if {other.name} is there" for other in layout.flag_of.get(field.name, ())]
    if selects := field.get(Selects):
        said.append(_selects(selects))
    if StackEnd in field:
        said.append("clear: another such header follows")
    if bounds := field.get(LengthField):
        said.append(_bounds(field.name, bounds))
    if checksum := field.get(Checksum):
        said.append(_checksum(checksum))
    if any_has := field.get(SetIfAny):
        said.append(f"set if any of {any_has.row} has {any_has.mask:#x} in its {any_has.field}")
    if FragmentOffset in field:
        said.append("not 0: what follows is a later piece")
    if MoreFragments in field:
        said.append("set: what follows is not all there")
    if JumboLength in field:
        said.append("length of a jumbogram")
    if final := field.get(FinalDestination):
        said.append(f"keeps the last address, by {final.type}")
    if (items := field.get(Elements)) and items.end is not None and (SizedBy in field or Rest in field):
        said.append(f"{items.kind} {items.end} ends it")
    if names := field.get(ValueNames):
        said.append(", ".join(f"{value} {word}" for value, word in names.of.items()))
    if via := field.get(ConstructField):
        said.append(type(via.construct).__name__)
    return said


def found_at(key: Key) -> str:
    """Where a header is found: "UDP_PORT 4789"."""
    value = "any other" if key.value is None else key.space.text(key.value)
    return f"{key.space!r} {value}" + "".join(f", {_asked(condition)}" for condition in key.conditions)


def _asked(condition: object) -> str:
    if isinstance(condition, Peek):
        last = condition.bit + condition.count - 1
        bits = f"bit {condition.bit}" if condition.count == 1 else f"bits {condition.bit}-{last}"
        return f"if its {bits} are {condition.value}" if condition.count > 1 else f"if its {bits} is {condition.value}"
    if isinstance(condition, PreviousHeader):
        return f"behind a header with {condition.field} = {int(condition.value)}"
    if isinstance(condition, MinOctets):
        return f"if it has {condition.octets} octets or more"
    return "if offset and length agree"
