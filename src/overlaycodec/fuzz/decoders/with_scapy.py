"""scapy as a decoder: its layers, with our names for them and for their fields.

`scapy_names.json` has the names; docs/names.md is made from the same file. scapy reports no faults: what it cannot read
is `Raw`, and some layers are read although the octets contradict them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from overlaycodec.capture import Record
from overlaycodec.describe.plain import Plain
from overlaycodec.fuzz.decoders.reading import CRASHED, HeaderReading, Reading

__all__ = ["DECODER", "Scapy"]

Entry = str | dict[str, Any]  # Any: numbers, and a flag
"""scapy's name of a field, or of one flag of it (`flags.S`); `shift` and `mask` say which bits of it are ours."""
_OTHER_CLASSES: Final = {
    "Dot1AD": "vlan", "Dot3": "ethernet", "ERSPAN": "erspan", "ICMPv6EchoReply": "icmpv6_echo", "Loopback": "bsd_null",
}  # fmt: skip
"""Our header of further classes of scapy, and of a class that is several of our headers."""
_OTHER_FIELDS: Final[dict[str, dict[str, Entry]]] = {"Dot3": {"ethertype": "len"}, "Loopback": {"family": "type"}}
_LAYERS: Final = (
    "AH", "ARP", "BFD", "BOOTP", "CookedLinux", "Dot1AD", "Dot1AH", "Dot1Q", "Dot3", "ERSPAN", "ERSPAN_II",
    "ERSPAN_III", "ESP", "Ether", "EtherIP", "GENEVE", "GRE", "GRE_PPTP", "GTP_U_Header", "ICMP", "ICMPv6DestUnreach",
    "ICMPv6EchoReply", "ICMPv6EchoRequest", "ICMPv6ND_NA", "ICMPv6ND_NS", "ICMPv6ND_RA", "ICMPv6ND_RS",
    "ICMPv6PacketTooBig", "ICMPv6ParamProblem", "ICMPv6TimeExceeded", "IP", "IPv6", "IPv6ExtHdrDestOpt",
    "IPv6ExtHdrFragment", "IPv6ExtHdrHopByHop", "IPv6ExtHdrRouting", "IPv6ExtHdrSegmentRouting", "LLC", "Loopback",
    "MPLS", "NSH", "PPP", "PPPoE", "PPPoED", "RIP", "SCTP", "SNAP", "STP", "TCP", "UDP", "VRRP", "VRRPv3", "VXLAN",
)  # fmt: skip
"""Classes of scapy that are compared."""
_QUOTED: Final = {"IPerror": "IP", "UDPerror": "UDP", "TCPerror": "TCP", "ICMPerror": "ICMP", "IPerror6": "IPv6"}
_ICMP: Final = {
    0: "icmp_echo", 3: "icmp_unreachable", 5: "icmp_redirect", 8: "icmp_echo", 11: "icmp_time_exceeded",
    12: "icmp_parameter_problem", 13: "icmp_timestamp", 14: "icmp_timestamp",
}  # fmt: skip
_NOT_SHOWN: Final = ("Raw", "Padding", "NoPayload")


def _plain(value: Any) -> Plain:  # Any: what scapy has in a field
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):
        return value
    try:
        return int(value)
    except (TypeError, ValueError):
        return str(value)


@cache
def _known() -> dict[str, Any]:  # Any: JSON
    """The classes of scapy for our headers, and its names of their fields."""
    text = files("overlaycodec.fuzz.decoders").joinpath("scapy_names.json").read_text(encoding="utf-8")
    known: dict[str, Any] = json.loads(text)
    return known


@cache
def _headers() -> dict[str, str]:
    """Our header of each class of scapy that is compared."""
    found: dict[str, str] = {}
    for name, header in _known().items():
        found.setdefault(header["class"].rpartition(".")[2], name)
    return {kind: (found | _OTHER_CLASSES)[kind] for kind in _LAYERS}


def _named(layer: Any, name: str) -> dict[str, Plain]:  # Any: a layer of scapy
    """The fields of our header of this name that can be compared."""
    others: dict[str, Entry] = _OTHER_FIELDS.get(type(layer).__name__, {})
    entries: dict[str, Entry] = _known()[name]["fields"] | others
    values = {field: _value(layer, entry) for field, entry in entries.items()}
    return {field: value for field, value in values.items() if value is not None}


def _value(layer: Any, entry: Entry) -> Plain:  # Any: as above
    """The value under a name; None where the layer has none, or has it in another form."""
    named: dict[str, Any] = {"name": entry} if isinstance(entry, str) else entry
    field, _, flag = named["name"].partition(".")
    value = layer.fields.get(field)
    if value is None or named.get("other_form"):
        return None
    if flag:
        return bool(getattr(value, flag))
    if "mask" in named:
        return int(int(value) >> named["shift"] & named["mask"])
    return _plain(value)


def _options(layer: Any) -> dict[str, Plain]:  # Any: as above
    """The options of Geneve, which scapy has as objects."""
    return {
        f"options[{number}].{ours}": int(getattr(option, theirs))
        for number, option in enumerate(layer.options)
        for theirs, ours in (("classid", "option_class"), ("type", "type"), ("length", "length"))
        if hasattr(option, theirs)
    }


def _headers_of(layer: Any) -> Iterator[HeaderReading]:  # Any: as above
    while layer is not None:
        kind = type(layer).__name__
        kind = _QUOTED.get(kind, kind)
        if kind in _NOT_SHOWN:
            return
        if kind.startswith("ICMPv6"):
            yield HeaderReading("icmpv6", _named(layer, "icmpv6"))
        if kind in _headers():
            name = _headers()[kind]
            found = _named(layer, name) | (_options(layer) if kind == "GENEVE" else {})
            others = {like: _named(layer, like) for like in ("vxlan_gbp", "vxlan_gpe")} if kind == "VXLAN" else {}
            yield HeaderReading(name, found, None, others)
        elif not kind.startswith("ICMPv6"):
            yield HeaderReading(f"scapy_{kind.lower()}")
            return
        if kind == "ICMP" and layer.type in _ICMP:
            name = _ICMP[layer.type]
            yield HeaderReading(name, _named(layer, name))
        layer = layer.payload if type(layer.payload).__name__ != "NoPayload" else None


@cache
def _link_types() -> dict[int, Any]:  # Any: a class of scapy
    import scapy.all
    import scapy.contrib.bfd
    import scapy.contrib.erspan
    import scapy.contrib.etherip
    import scapy.contrib.geneve
    import scapy.contrib.gtp
    import scapy.contrib.mpls
    import scapy.contrib.nsh

    return dict(scapy.all.conf.l2types.num2layer)


class Scapy:
    """scapy, which must be installed: `pip install scapy`."""

    name: str = "scapy"
    tells_faults: bool = False

    def __init__(self) -> None:
        self._links = _link_types()

    def read(self, records: Sequence[Record]) -> list[Reading]:
        """The layers of each packet."""
        return [self._reading(record) for record in records]

    def _reading(self, record: Record) -> Reading:
        link = self._links.get(record.link_type)
        if link is None:
            return Reading()
        try:
            return Reading(tuple(_headers_of(link(record.data))))
        except Exception as error:
            return Reading((), f"{CRASHED}{type(error).__name__}: {error}")


DECODER: Final = Scapy
