"""Filters as Wireshark's display filters.

Strategy: tshark's names for fields are in `wireshark_names`, one file for each family of protocols; the tests compare
tshark's reading of packets with ours by the same files. A path names one field; Wireshark's names mean every field of
that name in the packet. Its layer operator (`ip.src#2`, Wireshark 4.0 and later) names one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.errors import FilterError
from overlaycodec.filters.expression import (
    And,
    Compare,
    Expression,
    In,
    Item,
    Not,
    Or,
    Prefix,
    Present,
    Range,
    Value,
    quoted,
)
from overlaycodec.filters.filter import Filter, filter_of
from overlaycodec.filters.operands import Operand
from overlaycodec.filters.tshark_names import tshark_entry
from overlaycodec.packet.checked_packet import check_packet
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import tokens_of
from overlaycodec.values import MACAddress

__all__ = ["wireshark_filter"]

_FACTS: Final = {
    "wire_length": "frame.len", "captured_length": "frame.cap_len", "time_ns": "frame.time_epoch",
    "interface": "frame.interface_id", "interface_name": "frame.interface_name", "comment": "frame.comment",
    "flags": "frame.packet_flags", "section": "frame.section_number",
}  # fmt: skip
_UNNAMED: Final = '"unknown"'
"""The name that Wireshark shows of an interface without one."""
_FLAGS: Final = "0xfffffe1f"
"""The bits of epb_flags without the length of the frame check sequence."""
_SECOND: Final = 1_000_000_000


def wireshark_filter(what: Filter | str, packet: Packet | None = None, *, catalog: Catalog = DEFAULT) -> str:
    """A filter as a display filter of Wireshark; for a path alone, the field.

    The layer numbers, as in `ip.src#2`, are those of packets with the headers of `packet`. Without a packet, they are
    known for paths without a scope, for `outer`, and for link and network headers in `inner`, for which the outer
    headers are assumed to be of the same kinds. Any other field has no number: Wireshark then tests every header of
    that protocol. In Wireshark, a tag with TPID 0x88A8 is another protocol, `ieee8021ad`: for it, give a packet with
    such a tag.

    >>> import overlaycodec as oc
    >>> oc.wireshark_filter("inner.ipv4.src")
    'ip.src#2'
    >>> oc.wireshark_filter("vxlan.vni == 100 and inner.ipv4.dst in 10.0.0.0/8")
    'vxlan.vni#1 == 100 && ip.dst#2 in {10.0.0.0/8}'

    Raises: FilterError for a wrong filter, and for one that Wireshark cannot express.
    """
    if packet is not None:
        check_packet(packet)
    wanted = filter_of(what, catalog)
    writer = _Writer(str(wanted), wanted.operands, packet, catalog)
    if isinstance(what, str) and what.strip() in wanted.operands and tokens_of(what.strip()) is not None:
        return writer.field(what.strip()).name
    return writer.text(wanted.expression)


class _Field(msgspec.Struct, frozen=True):
    """A field of Wireshark, and what it shows of ours."""

    name: str
    one: bool
    """Whether it means one field of the packet."""
    times: int = 1
    plus: int = 0


class _Writer:
    def __init__(self, text: str, operands: dict[str, Operand], packet: Packet | None, catalog: Catalog) -> None:
        self._text, self._operands, self._packet, self._catalog = text, operands, packet, catalog

    def _error(self, reason: str) -> FilterError:
        return FilterError(reason, self._text, 0)

    # --- expressions --------------------------------------------------------------------------------------------------

    def text(self, expression: Expression, *, negated: bool = False) -> str:
        """The expression; `negated`: whether it is below a `not`."""
        if isinstance(expression, Not):
            return f"!({self.text(expression.term, negated=True)})"
        if isinstance(expression, And | Or):
            parts = [self.text(term, negated=negated) for term in expression.terms]
            if isinstance(expression, Or):
                return " || ".join(parts)
            return " && ".join(
                f"({part})" if isinstance(term, Or) else part
                for part, term in zip(parts, expression.terms, strict=True)
            )
        field = self.field(expression.path)
        unequal = isinstance(expression, Compare) and expression.operator == "!="
        if not field.one and (negated or unequal):
            raise self._error(
                f"Wireshark takes each {field.name} of a packet, so {expression} would mean something else: "
                "give a packet with these headers"
            )
        named = expression.path == "interface_name"
        if isinstance(expression, Present):
            return f"{field.name} != {_UNNAMED}" if named else field.name
        if expression.path == "comment":
            raise self._error("Wireshark has a field for each comment of a packet: ask whether there is a comment")
        if expression.path == "flags" and isinstance(expression, Compare):
            return f"{field.name} & {_FLAGS} {expression.operator} {self._value(expression.value, field)}"
        if expression.path == "flags":
            raise self._error("Wireshark has the length of the FCS in frame.packet_flags: compare flags by ==")
        if named and unequal:
            return f"{self._compared(expression, field)} && {field.name} != {_UNNAMED}"
        return self._compared(expression, field)

    def _compared(self, expression: Compare | In, field: _Field) -> str:
        if isinstance(expression, In):
            return f"{field.name} in {{{', '.join(self._item(item, field) for item in expression.items)}}}"
        return f"{field.name} {expression.operator} {self._value(expression.value, field)}"

    def _item(self, item: Item, field: _Field) -> str:
        if isinstance(item, Prefix) and isinstance(item.address, MACAddress):
            low = int(item.address)
            item = Range(item.address, MACAddress(low | (1 << 48 - item.length) - 1))
        if isinstance(item, Range):
            return f"{self._value(item.low, field)}..{self._value(item.high, field)}"
        return str(item) if isinstance(item, Prefix) else self._value(item, field)

    def _value(self, value: Value, field: _Field) -> str:
        if isinstance(value, str) and field.name == _FACTS["interface_name"]:
            return quoted(value, '"')
        if isinstance(value, str):
            raise self._error(f"Wireshark has no value {value!r}")
        if isinstance(value, bytes):
            if not value:
                raise self._error("Wireshark has no value of no octets")
            return value.hex(":")
        if isinstance(value, int):
            if field.name == _FACTS["time_ns"]:
                sign = "-" if value < 0 else ""
                return f"{sign}{abs(value) // _SECOND}.{abs(value) % _SECOND:09}"
            return str(int(value) * field.times + field.plus)
        return str(value)

    # --- fields -------------------------------------------------------------------------------------------------------

    def field(self, path: str) -> _Field:
        """Wireshark's field for a path. Raises: FilterError."""
        operand = self._operands[path]
        target = operand.path
        if not target.header:
            if path not in _FACTS:
                raise self._error(f"Wireshark has no name for {path}")
            return _Field(_FACTS[path], one=True, plus=int(path == "section"))  # Wireshark counts sections from 1
        cls = self._catalog.header_called(target.header)
        assert cls is not None
        entry = tshark_entry(cls)
        if self._packet is not None:
            entry = _entries_in(self._packet)[self._depth(operand, self._packet)]
        protocol = entry.get("protocol")
        if not protocol:
            raise self._error(f"Wireshark has no name for {target.header}")
        number = self._layer(operand, cls, entry)
        suffix = "" if number is None else f"#{number}"
        if operand.is_header:
            return _Field(f"{protocol}{suffix}", one=number is not None)
        assert target.field is not None
        name = target.field.name
        found = {**entry.get("fields", {}), **entry.get("filters", {})}.get(name)
        if isinstance(found, list) and target.types_from:
            found = next((one for one in found if one.get("if") == name and "min" in one), None)
        shown: Any = {"name": found} if isinstance(found, str) else found  # Any: JSON
        (_, index), *deeper = target.rest
        if target.status or deeper or index is not None or not isinstance(shown, dict):
            raise self._error(f"Wireshark has no field for {path}")
        conditional = "if" in shown and shown["if"] != name and target.field.presence is None
        if conditional or shown.keys() & {"mask", "coded", "format", "replace"}:
            raise self._error(f"Wireshark shows {path} in another form, as {shown['name']}")
        return _Field(f"{shown['name']}{suffix}", number is not None, shown.get("times", 1), shown.get("plus", 0))

    def _depth(self, operand: Operand, packet: Packet) -> int:
        depth = operand.path.depth_in(tuple(map(type, packet.headers)))
        if depth is None:
            raise self._error(f"the packet has no {operand.path.name}: it has {', '.join(packet.names)}")
        return depth

    def _layer(self, operand: Operand, cls: type[Header], entry: Mapping[str, Any]) -> int | None:  # Any: JSON
        """Which of the packet's headers of this protocol it is, from 1; None where that is not known."""
        path = operand.path
        if self._packet is not None:
            protocols = [other.get("protocol") for other in _entries_in(self._packet)]
            if entry.get("stacked") and protocols.count(entry["protocol"]) > 1:
                return None
            return protocols[: self._depth(operand, self._packet) + 1].count(entry["protocol"])
        if entry.get("stacked"):
            return None
        if not path.scope:
            return path.number + 1
        scopes = path.scope.split(".")
        known = {*scopes} == {"inner"} and path.number == 0 and cls.__layout__.layer in ("link", "network")
        return len(scopes) + 1 if known else None


def _entries_in(packet: Packet) -> list[dict[str, Any]]:  # Any: JSON
    """What tshark calls each header of a packet, and its fields."""
    found = []
    before: Header | None = None
    for header in packet.headers:
        entry = tshark_entry(type(header))
        other = entry.get("otherwise")
        if other is not None and getattr(before, other["behind"], None) == other["value"]:
            entry = {"protocol": other["protocol"], "fields": entry["variants"][other["variant"]]}
        found.append(entry)
        before = header
    return found
