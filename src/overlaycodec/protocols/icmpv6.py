"""ICMPv6: the common header, echo, and errors with the quoted packet."""

from enum import IntEnum
from typing import Annotated, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, LengthField, Reserved, Selects, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE, ICMPV6_TYPE, IP_PROTOCOL
from overlaycodec.values import AUTO

_QUOTED_LENGTH: TypeAlias = Annotated[
    int,
    Bits(8),
    LengthField(unit=8, origin="end", zero="unbounded", optional=True),
    "Quoted packet in units of 8 octets, 0 if not told",
]
"""RFC 4884 section 3, in units of 8 octets for ICMPv6."""


class ICMPv6(Header, spec="RFC 4443 section 2.1", keys=(IP_PROTOCOL(58),)):
    """Type, code and checksum; the type says what body follows."""

    class Type(IntEnum):
        """Types of messages."""

        UNREACHABLE = 1
        PACKET_TOO_BIG = 2
        TIME_EXCEEDED = 3
        PARAMETER_PROBLEM = 4
        ECHO_REQUEST = 128
        ECHO_REPLY = 129
        MLD_QUERY = 130
        MLD_REPORT = 131
        MLD_DONE = 132
        ROUTER_SOLICITATION = 133
        ROUTER_ADVERTISEMENT = 134
        NEIGHBOUR_SOLICITATION = 135
        NEIGHBOUR_ADVERTISEMENT = 136
        REDIRECT = 137
        MLDV2_REPORT = 143

    type: Annotated[int, Bits(8), Selects(ICMPV6_TYPE), ValueNames(Type), "Type"] = AUTO
    code: Annotated[int, Bits(8), "Code"] = 0
    checksum: Annotated[int, Bits(16), Checksum(pseudo=True), "Checksum over pseudo-header and message"] = AUTO


class ICMPv6Echo(Header, spec="RFC 4443 section 4.1", path="icmpv6_echo", keys=(ICMPV6_TYPE(128), ICMPV6_TYPE(129))):
    """An echo request or reply."""

    identifier: Annotated[int, Bits(16), "Identifier"] = 0
    sequence: Annotated[int, Bits(16), "Sequence number"] = 0


class ICMPv6Unreachable(
    Header,
    spec="RFC 4443 section 3.1, RFC 4884 section 4.4",
    path="icmpv6_unreachable",
    keys=(ICMPV6_TYPE(1),),
    carries=ETHERTYPE(0x86DD),
    quotes=True,
):
    """Destination unreachable, with the start of the packet that could not be delivered."""

    length: _QUOTED_LENGTH = AUTO
    unused: Annotated[int, Reserved(24)] = 0


class ICMPv6PacketTooBig(
    Header,
    spec="RFC 4443 section 3.2",
    path="icmpv6_packet_too_big",
    keys=(ICMPV6_TYPE(2),),
    carries=ETHERTYPE(0x86DD),
    quotes=True,
):
    """The quoted packet does not fit the next link."""

    mtu: Annotated[int, Bits(32), "MTU of the next hop"]


class ICMPv6TimeExceeded(
    Header,
    spec="RFC 4443 section 3.3, RFC 4884 section 4.5",
    path="icmpv6_time_exceeded",
    keys=(ICMPV6_TYPE(3),),
    carries=ETHERTYPE(0x86DD),
    quotes=True,
):
    """The quoted packet ran out of hops, or its fragments out of time."""

    length: _QUOTED_LENGTH = AUTO
    unused: Annotated[int, Reserved(24)] = 0


class ICMPv6ParameterProblem(
    Header,
    spec="RFC 4443 section 3.4",
    path="icmpv6_parameter_problem",
    keys=(ICMPV6_TYPE(4),),
    carries=ETHERTYPE(0x86DD),
    quotes=True,
):
    """The quoted packet has a fault at an octet."""

    pointer: Annotated[int, Bits(32), "Octet of the quoted packet"] = 0
