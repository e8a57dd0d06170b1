"""DHCPv6: messages of clients and servers, and those of relay agents."""

from enum import IntEnum
from ipaddress import IPv6Address
from typing import Annotated, Any, Final

from overlaycodec.packet.header import Header
from overlaycodec.protocols.dhcpv6_option import AnyDHCPv6Option
from overlaycodec.schema.facts import Bits, Elements, Octets, Rest, Unparsed, ValueNames
from overlaycodec.schema.keys import Fits, Peek
from overlaycodec.schema.keyspaces import UDP_PORT
from overlaycodec.schema.signs import Pattern
from overlaycodec.values import AUTO, IPv6Like

_RELAYED: Final = Peek(0, 7, 6)
"""Types 12 and 13."""
_NONE: Final[Any] = IPv6Address("::")  # Any: fields of IPv6Like take text too


class DHCPv6(
    Header,
    spec="RFC 8415 section 8",
    keys=(UDP_PORT(547).as_guess(), UDP_PORT(546).as_guess()),
    closed=True,
    signs=(
        Pattern("message type", ((Peek(0, 5, 0),), (Peek(0, 6, 2),)), decisive=True),
        Pattern("option code", ((Peek(32, 8, 0),),)),
        Pattern("option length", ((Fits(48, 16, base=8, least=10),),), decisive=True),
    ),
):
    """Asks for addresses, prefixes and other settings, or gives them."""

    class Type(IntEnum):
        """Types of messages."""

        SOLICIT = 1
        ADVERTISE = 2
        REQUEST = 3
        CONFIRM = 4
        RENEW = 5
        REBIND = 6
        REPLY = 7
        RELEASE = 8
        DECLINE = 9
        RECONFIGURE = 10
        INFORMATION_REQUEST = 11

    type: Annotated[int, Bits(8), ValueNames(Type), "What the message is"] = 1
    transaction_id: Annotated[int, Bits(24), "Transaction"] = 0
    options: Annotated[tuple[AnyDHCPv6Option, ...], Rest(), Elements(), "Options"] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO


class DHCPv6Relay(
    Header,
    spec="RFC 8415 section 9",
    path="dhcpv6_relay",
    keys=(UDP_PORT(547).when(_RELAYED).as_guess(),),
    closed=True,
    signs=(
        Pattern("hop count", ((Peek(8, 3, 0),),)),
        Pattern("option code", ((Peek(34 * 8, 8, 0),),)),
        Pattern("option length", ((Fits(36 * 8, 16, base=38),),), decisive=True),
    ),
):
    """A message between relay agents and servers; the client's is in the option of code 9."""

    type: Annotated[int, Bits(8), ValueNames({12: "relay forward", 13: "relay reply"}), "What the message is"] = 12
    hop_count: Annotated[int, Bits(8), "Relay agents before this one"] = 0
    link_address: Annotated[IPv6Like, Octets(16), "Address on the client's link"] = _NONE
    peer_address: Annotated[IPv6Like, Octets(16), "Who sent the message to the relay agent"] = _NONE
    options: Annotated[tuple[AnyDHCPv6Option, ...], Rest(), Elements(), "Options"] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO
