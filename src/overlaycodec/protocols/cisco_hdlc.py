"""Cisco's framing of HDLC, and its address resolution, which keeps the line alive."""

from enum import IntEnum
from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Octets, Selects, ValueNames, When
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import CISCO_HDLC_PROTOCOL, LINK_TYPE
from overlaycodec.values import AUTO, IPv4Like

_ADDRESSES: Final = When("type", values=(0, 1))
_KEEPALIVE: Final = When("type", values=(2,))


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


class SLARP(Header, spec="RFC 1547 section 4.3.1, Cisco's SLARP", keys=(CISCO_HDLC_PROTOCOL(0x8035),), closed=True):
    """Asks for an address, gives one, or says that the line is alive."""

    class Type(IntEnum):
        """Types of messages."""

        REQUEST = 0
        REPLY = 1
        KEEPALIVE = 2

    type: Annotated[int, Bits(32), ValueNames(Type), "What the message is"] = 2
    address: Annotated[IPv4Like | None, Octets(4), _ADDRESSES, "Address asked for, or given"] = AUTO
    mask: Annotated[IPv4Like | None, Octets(4), _ADDRESSES, "Its mask"] = AUTO
    sequence: Annotated[int | None, Bits(32), _KEEPALIVE, "Sequence number of the sender"] = AUTO
    returned: Annotated[int | None, Bits(32), _KEEPALIVE, "Sequence number last received"] = AUTO
    reliability: Annotated[int | None, Bits(16), _KEEPALIVE, "0xFFFF"] = AUTO
