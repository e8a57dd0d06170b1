"""DHCP, the messages of BOOTP that have its magic cookie."""

from enum import IntEnum
from ipaddress import IPv4Address
from typing import Annotated, Any, Final

from overlaycodec.packet.header import Header
from overlaycodec.protocols.dhcp_option import AnyDHCPOption
from overlaycodec.schema.facts import Bits, Const, Elements, Octets, Reserved, Rest, Unparsed, ValueNames
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import UDP_PORT
from overlaycodec.values import AUTO, IPv4Like

_COOKIE: Final = 0x63825363
_NONE: Final[Any] = IPv4Address("0.0.0.0")  # Any: fields of IPv4Like take text too


class DHCP(
    Header,
    spec="RFC 2131 section 2",
    keys=tuple(UDP_PORT(port).when(Peek(236 * 8, 32, _COOKIE)) for port in (67, 68)),
    closed=True,
):
    """Asks for an address and other settings, or gives them; BOOTP without options has no magic cookie."""

    class Operation(IntEnum):
        """Directions."""

        REQUEST = 1
        REPLY = 2

    op: Annotated[int, Bits(8), ValueNames(Operation), "Request or reply"] = 1
    htype: Annotated[int, Bits(8), ValueNames({1: "Ethernet"}), "Hardware address space"] = 1
    hlen: Annotated[int, Bits(8), "Octets of the hardware address that count"] = 6
    hops: Annotated[int, Bits(8), "Relay agents on the way"] = 0
    xid: Annotated[int, Bits(32), "Transaction identifier"] = 0
    secs: Annotated[int, Bits(16), "Seconds since the client began"] = 0
    broadcast: Annotated[bool, Bits(1), "The client needs a broadcast reply"] = False
    reserved: Annotated[int, Reserved(15)] = 0
    ciaddr: Annotated[IPv4Like, Octets(4), "Address that the client uses"] = _NONE
    yiaddr: Annotated[IPv4Like, Octets(4), "Address for the client"] = _NONE
    siaddr: Annotated[IPv4Like, Octets(4), "Address of the next server"] = _NONE
    giaddr: Annotated[IPv4Like, Octets(4), "Address of the relay agent"] = _NONE
    chaddr: Annotated[bytes, Octets(16), "Hardware address of the client"] = bytes(16)
    sname: Annotated[bytes, Octets(64), "Name of the server, or options"] = bytes(64)
    file: Annotated[bytes, Octets(128), "Name of the boot file, or options"] = bytes(128)
    cookie: Annotated[int, Bits(32), Const(_COOKIE), "Magic cookie"] = _COOKIE
    options: Annotated[tuple[AnyDHCPOption, ...], Rest(), Elements("code", end=255), "Options, with their end"] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What stands after the end of the options"] = AUTO
