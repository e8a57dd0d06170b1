"""IPv4 and its options."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import GACH_CHANNEL, NFLOG_FAMILY, NLPID
from overlaycodec.schema.facts import (
    Bits,
    Checksum,
    Const,
    Elements,
    FinalDestination,
    FragmentOffset,
    LengthField,
    MoreFragments,
    Octets,
    Reserved,
    Selects,
    SizedBy,
    Unless,
    Unparsed,
)
from overlaycodec.schema.keys import Fits, Peek
from overlaycodec.schema.keyspaces import (
    ERSPAN_FRAME,
    ETHERTYPE,
    GPE_PROTOCOL,
    GTPU_EXTENSION,
    IP_PROTOCOL,
    LINK_TYPE,
    LLC_SAP,
    LOOPBACK_FAMILY,
    MPLS_LABEL,
    NSH_PROTOCOL,
    PPP_PROTOCOL,
    UDP_PORT,
)
from overlaycodec.schema.record import Element
from overlaycodec.schema.registered import ETHERTYPES, IP_PROTOCOLS
from overlaycodec.schema.signs import KnownNext, NoFrame, Pattern, RightChecksum
from overlaycodec.values import AUTO, IPv4Like

_NIBBLE_4: Final = Peek(0, 4, 4)


class IPv4Option(Element, spec="RFC 791 section 3.1", path="ipv4_option"):
    """An option; types 0 (end) and 1 (no operation) are one octet long."""

    type: Annotated[int, Bits(8), "Copied flag, class and number"]
    length: Annotated[int | None, Bits(8), Unless("type", (0, 1)), "Octets, these two counted"] = AUTO
    data: Annotated[bytes, SizedBy("length", bias=-2), "What the option says"] = b""


class IPv4RouteAddress(Element, spec="RFC 791 section 3.1", path="route_address"):
    """One address of a route."""

    address: Annotated[IPv4Like, Octets(4), "Address"]


_LENGTH: TypeAlias = Annotated[int, Bits(8), "Octets, all counted"]
_POINTER: TypeAlias = Annotated[int, Bits(8), "Octet of the option at which the next address stands, counted from 1"]
_ROUTE: TypeAlias = Annotated[tuple[IPv4RouteAddress, ...], SizedBy("length", bias=-3), Elements(), "Addresses"]
_SOURCE_ROUTE: TypeAlias = Annotated[
    tuple[IPv4RouteAddress, ...],
    SizedBy("length", bias=-3),
    Elements(),
    FinalDestination("type", "pointer", {131: -1, 137: -1}, begins=4),
    "Addresses",
]
_REST: TypeAlias = Annotated[bytes, Unparsed("route"), "What is no address"]


class IPv4RecordRouteOption(Element, spec="RFC 791 section 3.1", path="record_route"):
    """Room for the addresses of the gateways on the way."""

    type: Annotated[int, Bits(8), Const(7), "Type"] = 7
    length: _LENGTH = AUTO
    pointer: _POINTER = 4
    route: _ROUTE = ()
    route_rest: _REST = AUTO


class IPv4LooseSourceRouteOption(Element, spec="RFC 791 section 3.1", path="loose_source_route"):
    """Gateways to be visited, with others in between."""

    type: Annotated[int, Bits(8), Const(131), "Type"] = 131
    length: _LENGTH = AUTO
    pointer: _POINTER = 4
    route: _SOURCE_ROUTE = ()
    route_rest: _REST = AUTO


class IPv4StrictSourceRouteOption(Element, spec="RFC 791 section 3.1", path="strict_source_route"):
    """Gateways to be visited, and no others."""

    type: Annotated[int, Bits(8), Const(137), "Type"] = 137
    length: _LENGTH = AUTO
    pointer: _POINTER = 4
    route: _SOURCE_ROUTE = ()
    route_rest: _REST = AUTO


class IPv4RouterAlertOption(Element, spec="RFC 2113 section 2.1", path="router_alert"):
    """Every router on the way should look at the packet."""

    type: Annotated[int, Bits(8), Const(148), "Type"] = 148
    length: Annotated[int, Bits(8), Const(4), "Octets, all counted"] = 4
    value: Annotated[int, Bits(16), "What for; 0 is any router"] = 0


_IPv4Option: TypeAlias = (
    IPv4RecordRouteOption
    | IPv4LooseSourceRouteOption
    | IPv4StrictSourceRouteOption
    | IPv4RouterAlertOption
    | IPv4Option
)


class IPv4(
    Header,
    spec="RFC 791 section 3.1",
    layer="network",
    keys=(
        ETHERTYPE(0x0800),
        IP_PROTOCOL(4),
        GPE_PROTOCOL(1),
        *(LINK_TYPE(raw).when(_NIBBLE_4).as_guess() for raw in (101, 12, 14)),
        LINK_TYPE(228),
        LLC_SAP(0x06),
        LOOPBACK_FAMILY(2),
        GACH_CHANNEL(0x0021),
        NFLOG_FAMILY(2),
        NLPID(0xCC),
        MPLS_LABEL.any().when(_NIBBLE_4).as_guess(),
        PPP_PROTOCOL(0x0021),
        NSH_PROTOCOL(1),
        ERSPAN_FRAME(2).when(_NIBBLE_4).as_guess(),
        GTPU_EXTENSION(0).when(_NIBBLE_4).as_guess(),
        UDP_PORT(6080).when(_NIBBLE_4).as_guess(),
    ),
    signs=(
        Pattern("header length", ((Peek(4, 4, 5),), (Peek(4, 3, 3),), (Peek(4, 1, 1),))),
        Pattern("total length", ((Fits(16, 16, least=20, spare=50),),), decisive=True),
        RightChecksum(),
        Pattern("reserved bit", ((Peek(48, 1, 0),),)),
        Pattern("source address", ((Peek(96, 1, 0),), (Peek(96, 2, 2),), (Peek(96, 3, 6),))),  # no group
        KnownNext("protocol", IP_PROTOCOLS),
        NoFrame("no Ethernet frame", ETHERTYPES),
    ),
):
    """The Internet Protocol."""

    version: Annotated[int, Bits(4), Const(4), "Version"] = 4
    ihl: Annotated[int, Bits(4), "Header in units of 4 octets"] = AUTO
    dscp: Annotated[int, Bits(6), "Differentiated services (RFC 2474)"] = 0
    ecn: Annotated[int, Bits(2), "Explicit congestion notification (RFC 3168)"] = 0
    total_length: Annotated[int, Bits(16), LengthField(zero="unbounded"), "Octets of header and payload"] = AUTO
    identification: Annotated[int, Bits(16), "Identifies the fragments of a datagram"] = 0
    reserved0: Annotated[int, Reserved(1)] = 0
    dont_fragment: Annotated[bool, Bits(1), "DF"] = False
    more_fragments: Annotated[bool, Bits(1), MoreFragments(), "MF"] = False
    fragment_offset: Annotated[int, Bits(13), FragmentOffset(), "In units of 8 octets"] = 0
    ttl: Annotated[int, Bits(8), "Time to live"] = 64
    protocol: Annotated[int, Bits(8), Selects(IP_PROTOCOL), "What follows"] = AUTO
    checksum: Annotated[int, Bits(16), Checksum(covers="header"), "Header checksum"] = AUTO
    src: Annotated[IPv4Like, Octets(4), "Source address"]
    dst: Annotated[IPv4Like, Octets(4), "Destination address"]
    options: Annotated[
        tuple[_IPv4Option, ...], SizedBy("ihl", unit=4, bias=-20), Elements("type", end=0), "Options"
    ] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What stands after the end of the options"] = AUTO
