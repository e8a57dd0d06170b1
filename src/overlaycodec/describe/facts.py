"""Layout -> words: how large a field is, when it is present, what it means for others, where a header is found.

Strategy: one phrase for each plan, for the pages, the command line and the figures alike; nothing here knows a
protocol.
"""

from __future__ import annotations

from overlaycodec.describe.plain import plain_of
from overlaycodec.schema.keys import Key, MinOctets, Peek, PreviousHeader
from overlaycodec.schema.layout import REQUIRED, Field, Layout
from overlaycodec.schema.plans import (
    CountSize,
    Coverage,
    EndSize,
    Extent,
    LengthSize,
    NextHeader,
    PadSize,
    Presence,
    RestSize,
    UnparsedSize,
)
from overlaycodec.values import AUTO

__all__ = ["default_text", "found_at", "meanings_of", "presence_of", "presence_text", "size_of", "type_of"]

_KINDS = {
    "int": "number", "bool": "flag", "bytes": "octets", "mac": "MAC address", "ipv4": "IPv4 address",
    "ipv6": "IPv6 address", "hardware": "hardware address", "protocol": "protocol address", "via": "construct",
}  # fmt: skip

_MANY = 5


def type_of(field: Field) -> str:
    """What kind of value the field has."""
    if field.kind == "items":
        return "list of " + ", ".join(f"`{element.__name__}`" for element in field.elements)
    return _KINDS[field.kind]


def _times(unit: int, name: str, bias: int) -> str:
    """`unit` x field + `bias`, as people write it."""
    text = f"{unit} * {name}" if unit != 1 else name
    return text + (f" {'+' if bias > 0 else '-'} {abs(bias)}" if bias else "")


def size_of(field: Field) -> str:
    """How large the field is, where it is present."""
    if field.bits is not None:
        return f"{field.bits} bit" + ("s" if field.bits > 1 else "")
    match field.size:
        case LengthSize(name, unit, bias, from_start):
            octets = _times(unit, name, bias)
            return f"up to octet {octets}" if from_start else f"{octets} octets"
        case CountSize(name, bias):
            return f"{_times(1, name, bias)} elements"
        case PadSize(unit):
            return f"up to a multiple of {unit} octets"
        case UnparsedSize(of):
            return f"the unparsed rest of {of}"
        case EndSize() if field.options is not None:
            return f"until {field.options.kind} is {field.options.end}"
        case RestSize():
            return "all remaining octets"
    return "read by construct"


def _any_of(words: list[str]) -> str:
    return " or ".join([*filter(None, [", ".join(words[:-1])]), words[-1]])


def presence_text(presence: Presence) -> str:
    """What makes a field present: "if key_present"."""
    if presence.values is None:
        return "if " + _any_of(list(presence.fields))
    count = len(presence.values)
    values = _any_of([str(value) for value in presence.values]) if count <= _MANY else f"one of {count} values"
    return f"{'unless' if presence.negated else 'if'} {presence.fields[0]} is {values}"


def presence_of(field: Field) -> str:
    """When the field is present; nothing where it always is."""
    return "" if field.presence is None else presence_text(field.presence)


def default_text(field: Field) -> str:
    """The value of a field that is not given."""
    if field.default is REQUIRED:
        return "required"
    if field.default is AUTO:
        return "derived"
    if isinstance(field.default, bool):
        return "set" if field.default else "clear"
    return str(plain_of(field.default) or (0 if field.kind == "int" else "none"))


def _selects(plan: NextHeader) -> str:
    text = f"selects what follows, by {plan.space!r}"
    if plan.lengths is not None:
        text += f"; up to {plan.lengths.limit} it is a length"
    if plan.flag is not None:
        text += f", if {plan.flag} is set"
    for guard in plan.guards:
        if not guard.carried:
            values = _any_of([str(value) for value in guard.values])
            text += f", {'unless' if guard.negated else 'if'} {guard.field} is {values}"
    if plan.content is not None:
        values = _any_of([str(value) for value in plan.content.values])
        return text + f"; {plan.nothing}: the content, if {plan.content.field} is {values}, else nothing"
    return text + (f"; {plan.nothing}: nothing" if plan.nothing is not None else "")


def _ends(plan: Extent) -> str:
    start = "from the header's start" if plan.from_start else "after the header"
    zero = {"length": "", "unbounded": "; 0: no bound", "jumbo": "; 0 in an IP packet whose length is 0: no bound"}[
        plan.zero
    ]
    unless = f", unless {plan.unless} is not 0" if plan.unless else ""
    return f"ends what follows: {_times(plan.unit, plan.field.name, plan.bias)} octets {start}{zero}{unless}"


def _covers(plan: Coverage) -> str:
    algorithm = "Internet checksum" if plan.algorithm == "internet" else "CRC-32C"
    over = "the header" if plan.header_only else "header and what follows"
    pseudo = " and a pseudo-header" if plan.pseudo else ""
    return f"{algorithm} over {over}{pseudo}" + ("; 0: none" if plan.zero_absent else "")


def meanings_of(layout: Layout, field: Field) -> list[str]:
    """What the field means, beyond its size and when it is present."""
    meanings: list[str] = []
    if field.const is not None:
        meanings.append(f"always {field.const}")
    if layout.cls.__backwards__:
        meanings += (
            ["little-endian"] if field.byte_order is None and field.kind == "int" and field.maximum > 0xFF else []
        )
    elif field.byte_order is not None:
        meanings.append(f"{field.byte_order}-endian")
    if field.reserved:
        meanings.append("reserved")
    meanings += [f"count of {other.name}" if isinstance(other.size, CountSize) else f"size of {other.name}"
                 for other in layout.sized_by.get(field.name, ())]  # fmt: skip
    meanings += [f"set if {other.name} is there" for other in layout.flag_of.get(field.name, ())]
    if field is layout.selector:
        meanings.append(_selects(layout.next))
    if layout.next.repeat is not None and layout.next.repeat.flag == field.name:
        meanings.append("clear: another such header follows")
    if layout.extent is not None and layout.extent.field is field:
        meanings.append(_ends(layout.extent))
    if layout.coverage is not None and layout.coverage.field is field:
        meanings.append(_covers(layout.coverage))
    if flag := field.element_flag:
        meanings.append(f"set if any of {flag.options} has {flag.mask:#x} in its {flag.field}")
    if field.name == layout.next.offset:
        meanings.append("not 0: what follows is a later fragment")
    if field.name == layout.more_fragments:
        meanings.append("set: more fragments follow")
    if field.jumbo_length:
        meanings.append("length of a jumbogram")
    if field.original_source:
        meanings.append("the pseudo-header's source")
    if field.route is not None:
        meanings.append(f"holds the last address, by {field.route.type}")
    options = field.options
    if options is not None and options.end is not None and isinstance(field.size, LengthSize | RestSize):
        meanings.append(f"{options.kind} {options.end} ends it")
    if field.value_names:
        meanings.append(", ".join(f"{value} {name}" for value, name in field.value_names.items()))
    if field.construct is not None:
        meanings.append(type(field.construct).__name__)
    return meanings


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
        return f"after a header with {condition.field} = {int(condition.value)}"
    if isinstance(condition, MinOctets):
        return f"if it has {condition.octets} octets or more"
    return "if offset and length agree"
