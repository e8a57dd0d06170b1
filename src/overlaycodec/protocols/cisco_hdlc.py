"""Cisco's framing of HDLC, and its address resolution, which keeps the line alive."""

from ipaddress import IPv4Address
from typing import Annotated, Any, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Octets, Selects, ValueNames
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import CISCO_HDLC_PROTOCOL, LINK_TYPE
from overlaycodec.values import AUTO, IPv4Like

_NONE: Final[Any] = IPv4Address("0.0.0.0")  # Any: fields of IPv4Like take text too


class CiscoHDLC(
    Header,
    spec="RFC 1547 section 4.3.1",
    path="cisco_hdlc",
    keys=(LINK_TYPE(104), *(LINK_TYPE(50).when(Peek(0, 8, address)) for address in (0x0F, 0x8F))),
):
    """The address of a frame on a serial line, and what it carries."""

    address: Annotated[int, Bits(8), ValueNames({0x0F: "unicast", 0x8F: "multicast"}), "Whom it is for"] = 0x0F
    control: Annotated[int, Bits(8), "0"] = 0
    protocol: Annotated[int, Bits(16), Selects(CISCO_HDLC_PROTOCOL), "What follows"] = AUTO


class SLARP(
    Header,
    spec="RFC 1547 section 4.3.1, Cisco's SLARP",
    keys=(CISCO_HDLC_PROTOCOL(0x8035),),
    closed=True,
):
    """Asks for an address, or gives one."""

    type: Annotated[int, Bits(32), ValueNames({0: "request", 1: "reply"}), "Request or reply"] = 0
    address: Annotated[IPv4Like, Octets(4), "Address"] = _NONE
    mask: Annotated[IPv4Like, Octets(4), "Its mask"] = _NONE


class SLARPKeepalive(
    Header,
    spec="RFC 1547 section 4.3.1, Cisco's SLARP",
    path="slarp_keepalive",
    keys=(CISCO_HDLC_PROTOCOL(0x8035).when(Peek(0, 32, 2)),),
    closed=True,
):
    """Says that the line is alive."""

    type: Annotated[int, Bits(32), Const(2), "Keepalive"] = 2
    sequence: Annotated[int, Bits(32), "Sequence number of the sender"] = 0
    returned: Annotated[int, Bits(32), "Sequence number last received"] = 0
    reliability: Annotated[int, Bits(16), "0xFFFF"] = 0xFFFF
