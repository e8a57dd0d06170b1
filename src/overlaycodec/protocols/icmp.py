"""ICMP: the common header, and bodies by type."""

from enum import IntEnum
from typing import Annotated, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, LengthField, Octets, Reserved, Selects, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE, ICMP_TYPE, IP_PROTOCOL
from overlaycodec.values import AUTO, IPv4Like

_QUOTED_LENGTH: TypeAlias = Annotated[
    int,
    Bits(8),
    LengthField(unit=4, origin="end", zero="unbounded", optional=True),
    "Quoted packet in units of 4 octets, 0 if not told",
]
"""RFC 4884 section 3: where it is not 0, the quoted packet ends there and extensions follow."""


class ICMP(Header, spec="RFC 792", keys=(IP_PROTOCOL(1),)):
    """Type, code and checksum; the type says what body follows."""

    class Type(IntEnum):
        """Types of messages."""

        ECHO_REPLY = 0
        UNREACHABLE = 3
        REDIRECT = 5
        ECHO_REQUEST = 8
        TIME_EXCEEDED = 11
        PARAMETER_PROBLEM = 12

    type: Annotated[int, Bits(8), Selects(ICMP_TYPE), ValueNames(Type), "Type"] = AUTO
    code: Annotated[int, Bits(8), "Code"] = 0
    checksum: Annotated[int, Bits(16), Checksum(), "Checksum over the whole message"] = AUTO


class ICMPEcho(Header, spec="RFC 792 page 14", path="icmp_echo", keys=(ICMP_TYPE(8), ICMP_TYPE(0))):
    """An echo request or reply."""

    identifier: Annotated[int, Bits(16), "Identifier"] = 0
    sequence: Annotated[int, Bits(16), "Sequence number"] = 0


class ICMPUnreachable(
    Header,
    spec="RFC 792 page 4, RFC 1191 section 4, RFC 4884 section 4.1",
    path="icmp_unreachable",
    keys=(ICMP_TYPE(3),),
    carries=ETHERTYPE(0x0800),
    quotes=True,
):
    """Destination unreachable, with the start of the packet that could not be delivered."""

    unused: Annotated[int, Reserved(8)] = 0
    length: _QUOTED_LENGTH = AUTO
    next_hop_mtu: Annotated[int, Bits(16), "MTU of the next hop, for code 4"] = 0


class ICMPRedirect(
    Header,
    spec="RFC 792 page 12",
    path="icmp_redirect",
    keys=(ICMP_TYPE(5),),
    carries=ETHERTYPE(0x0800),
    quotes=True,
):
    """A better gateway for the quoted packet."""

    gateway: Annotated[IPv4Like, Octets(4), "Address of the gateway"]


class ICMPTimeExceeded(
    Header,
    spec="RFC 792 page 6, RFC 4884 section 4.2",
    path="icmp_time_exceeded",
    keys=(ICMP_TYPE(11),),
    carries=ETHERTYPE(0x0800),
    quotes=True,
):
    """The quoted packet ran out of hops, or its fragments out of time."""

    unused: Annotated[int, Reserved(8)] = 0
    length: _QUOTED_LENGTH = AUTO
    unused2: Annotated[int, Reserved(16)] = 0


class ICMPParameterProblem(
    Header,
    spec="RFC 792 page 8, RFC 4884 section 4.3",
    path="icmp_parameter_problem",
    keys=(ICMP_TYPE(12),),
    carries=ETHERTYPE(0x0800),
    quotes=True,
):
    """The quoted packet has a fault at an octet."""

    pointer: Annotated[int, Bits(8), "Octet of the quoted packet"] = 0
    length: _QUOTED_LENGTH = AUTO
    unused: Annotated[int, Reserved(16)] = 0


class ICMPTimestamp(Header, spec="RFC 792 page 16", path="icmp_timestamp", keys=(ICMP_TYPE(13), ICMP_TYPE(14))):
    """A time stamp request or reply, in milliseconds since midnight UT."""

    identifier: Annotated[int, Bits(16), "Identifier"] = 0
    sequence: Annotated[int, Bits(16), "Sequence number"] = 0
    originate: Annotated[int, Bits(32), "When the sender last touched it"] = 0
    receive: Annotated[int, Bits(32), "When the echoer first touched it"] = 0
    transmit: Annotated[int, Bits(32), "When the echoer last touched it"] = 0
