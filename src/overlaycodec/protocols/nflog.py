"""Packets that Linux's firewall logs, and messages of netlink."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import NFLOG_FAMILY
from overlaycodec.schema.facts import (
    Bits,
    ByteOrder,
    Const,
    Elements,
    Octets,
    PadTo,
    Selects,
    SizedBy,
    Unless,
    ValueNames,
)
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO

_LITTLE: Final = ByteOrder("little")
_TYPES: Final = ValueNames({
    1: "packet header", 2: "mark", 3: "time stamp", 4: "device in", 5: "device out", 6: "physical device in",
    7: "physical device out", 8: "hardware address", 9: "payload", 10: "prefix", 11: "user", 12: "sequence",
    13: "global sequence", 14: "group", 15: "hardware type", 16: "hardware header", 17: "hardware header length",
})  # fmt: skip
_FAMILIES: Final = ValueNames({0: "route", 4: "socket diagnosis", 5: "firewall log", 12: "netfilter", 16: "generic"})


class NFLOGAttribute(Element, spec="LINKTYPE_NFLOG", path="nflog_attribute"):
    """A fact about the packet. The last one has the packet, which is no value here but follows the header."""

    length: Annotated[int, Bits(16), _LITTLE, "Octets, with the packet of the last one: give them there"] = AUTO
    type: Annotated[int, Bits(16), _LITTLE, _TYPES, "Type"]
    value: Annotated[bytes | None, Unless("type", (9,)), SizedBy("length", bias=-4), "Value"] = AUTO
    padding: Annotated[bytes, PadTo(4), "Up to a multiple of 4 octets"] = AUTO


class NFLOG(Header, spec="LINKTYPE_NFLOG", layer="metadata", keys=(LINK_TYPE(239),)):
    """Facts about a logged packet, written by a little-endian machine."""

    family: Annotated[int, Bits(8), Selects(NFLOG_FAMILY), "Address family: 2 IPv4, 10 IPv6"] = AUTO
    version: Annotated[int, Bits(8), Const(0), "Version"] = 0
    resource: Annotated[int, Bits(16), "Group"] = 0
    attributes: Annotated[tuple[NFLOGAttribute, ...], Elements("type", end=9), "Facts, the head of the payload too"]


class Netlink(Header, spec="LINKTYPE_NETLINK", layer="metadata", keys=(LINK_TYPE(253),)):
    """The family of the messages that follow, in the byte order of the machine."""

    packet_type: Annotated[
        int, Bits(16), ValueNames({0: "to us", 4: "from us", 6: "to user", 7: "to kernel"}), "Way"
    ] = 7
    arphrd_type: Annotated[int, Bits(16), "Kind of device; 824: netlink"] = 824
    unused: Annotated[bytes, Octets(10), "Not used"] = bytes(10)
    family: Annotated[int, Bits(16), _FAMILIES, "Netlink family"]
