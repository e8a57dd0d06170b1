"""IPv6 and its extension headers."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import GACH_CHANNEL, NFLOG_FAMILY, NLPID
from overlaycodec.schema.facts import (
    Bits,
    Const,
    Elements,
    FinalDestination,
    FragmentOffset,
    JumboLength,
    LengthField,
    MoreFragments,
    Octets,
    OriginalSource,
    Reserved,
    Selects,
    SizedBy,
    Unless,
    Unparsed,
    ValueNames,
)
from overlaycodec.schema.keys import Fits, Peek
from overlaycodec.schema.keyspaces import (
    ERSPAN_FRAME,
    ETHERTYPE,
    GPE_PROTOCOL,
    GTPU_EXTENSION,
    IP_PROTOCOL,
    LINK_TYPE,
    LOOPBACK_FAMILY,
    MPLS_LABEL,
    NSH_PROTOCOL,
    PPP_PROTOCOL,
    UDP_PORT,
)
from overlaycodec.schema.record import Element
from overlaycodec.schema.registered import ETHERTYPES, IP_PROTOCOLS
from overlaycodec.schema.signs import KnownNext, NoFrame, Pattern
from overlaycodec.values import AUTO, IPv6Like

_NIBBLE_6: Final = Peek(0, 4, 6)
_SOURCES: Final = (
    (Peek(64, 3, 1),),  # 2000::/3
    (Peek(64, 7, 0x7E),),  # fc00::/7
    (Peek(64, 10, 0x3FA),),  # fe80::/10
    (Peek(64, 64, 0),),  # ::, ::1 and embedded IPv4
    (Peek(64, 16, 0x5F00),),  # segment identifiers
    (Peek(64, 16, 0x0064),),  # translated addresses
)
_NEXT: Final = Selects(IP_PROTOCOL, nothing=59)
_OPTIONS_SIZE: Final = SizedBy("hdr_ext_len", unit=8, bias=6)
_OPTIONS: Final = Elements("type", pads=(0, 1))


class IPv6(
    Header,
    spec="RFC 8200 section 3",
    layer="network",
    keys=(
        ETHERTYPE(0x86DD),
        IP_PROTOCOL(41),
        GPE_PROTOCOL(2),
        *(LINK_TYPE(raw).when(_NIBBLE_6).as_guess() for raw in (101, 12, 14)),
        LINK_TYPE(229),
        *(LOOPBACK_FAMILY(family) for family in (30, 28, 24, 10)),
        MPLS_LABEL.any().when(_NIBBLE_6).as_guess(),
        GACH_CHANNEL(0x0057),
        NFLOG_FAMILY(10),
        NLPID(0x8E),
        PPP_PROTOCOL(0x0057),
        NSH_PROTOCOL(2),
        ERSPAN_FRAME(2).when(_NIBBLE_6).as_guess(),
        GTPU_EXTENSION(0).when(_NIBBLE_6).as_guess(),
        UDP_PORT(6080).when(_NIBBLE_6).as_guess(),
        UDP_PORT(3544).when(_NIBBLE_6).as_guess(),  # Teredo, RFC 4380 section 5.1.1
    ),
    signs=(
        Pattern("payload length", ((Fits(32, 16, base=40, spare=50),),), decisive=True),
        KnownNext("next header", IP_PROTOCOLS),
        Pattern("source address", _SOURCES),
        NoFrame("no Ethernet frame", ETHERTYPES),
    ),
):
    """The Internet Protocol, version 6."""

    version: Annotated[int, Bits(4), Const(6), "Version"] = 6
    dscp: Annotated[int, Bits(6), "Differentiated services (RFC 2474)"] = 0
    ecn: Annotated[int, Bits(2), "Explicit congestion notification (RFC 3168)"] = 0
    flow_label: Annotated[int, Bits(20), "Flow label"] = 0
    payload_length: Annotated[
        int, Bits(16), LengthField(origin="end", zero="unbounded"), "Octets that follow this header"
    ] = AUTO
    next_header: Annotated[int, Bits(8), _NEXT, "What follows"] = AUTO
    hop_limit: Annotated[int, Bits(8), "Hop limit"] = 64
    src: Annotated[IPv6Like, Octets(16), "Source address"]
    dst: Annotated[IPv6Like, Octets(16), "Destination address"]


class IPv6Option(Element, spec="RFC 8200 section 4.2", path="ipv6_option"):
    """An option; type 0 (Pad1) is one octet long."""

    type: Annotated[int, Bits(8), "What to do if unknown, whether it changes on the way, number"]
    length: Annotated[int | None, Bits(8), Unless("type", (0,)), "Octets of data"] = AUTO
    data: Annotated[bytes, SizedBy("length"), "What the option says"] = b""


class IPv6RouterAlertOption(Element, spec="RFC 2711 section 2.1", path="ipv6_router_alert"):
    """Every router on the way should look at the packet."""

    type: Annotated[int, Bits(8), Const(5), "Type"] = 5
    length: Annotated[int, Bits(8), Const(2), "Octets of data"] = 2
    value: Annotated[int, Bits(16), ValueNames({0: "MLD", 1: "RSVP", 2: "active network"}), "What for"] = 0


class IPv6JumboPayloadOption(Element, spec="RFC 2675 section 2", path="jumbo_payload"):
    """A payload too long for the IPv6 header's own length."""

    type: Annotated[int, Bits(8), Const(0xC2), "Type"] = 0xC2
    length: Annotated[int, Bits(8), Const(4), "Octets of data"] = 4
    jumbo_payload_length: Annotated[int, Bits(32), JumboLength(), "Octets that follow the IPv6 header"] = AUTO


class IPv6TunnelEncapsulationLimitOption(Element, spec="RFC 2473 section 4.1.1", path="tunnel_encapsulation_limit"):
    """How many more tunnels the packet may enter."""

    type: Annotated[int, Bits(8), Const(4), "Type"] = 4
    length: Annotated[int, Bits(8), Const(1), "Octets of data"] = 1
    limit: Annotated[int, Bits(8), "Tunnels that may still be entered"]


class IPv6HomeAddressOption(Element, spec="RFC 6275 section 6.3", path="home_address"):
    """The home address of a mobile node that sends from elsewhere; checksums are computed with it."""

    type: Annotated[int, Bits(8), Const(0xC9), "Type"] = 0xC9
    length: Annotated[int, Bits(8), Const(16), "Octets of data"] = 16
    home_address: Annotated[IPv6Like, Octets(16), OriginalSource(), "Home address of the sender"]


class IPv6HopByHop(
    Header, spec="RFC 8200 section 4.3", path="ipv6_hop_by_hop", layer="extension", keys=(IP_PROTOCOL(0),)
):
    """Options for every node on the way."""

    next_header: Annotated[int, Bits(8), _NEXT, "What follows"] = AUTO
    hdr_ext_len: Annotated[int, Bits(8), "In units of 8 octets, the first 8 not counted"] = AUTO
    options: Annotated[
        tuple[IPv6RouterAlertOption | IPv6JumboPayloadOption | IPv6Option, ...], _OPTIONS_SIZE, _OPTIONS, "Options"
    ] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO


class IPv6DestinationOptions(
    Header, spec="RFC 8200 section 4.6", path="ipv6_destination_options", layer="extension", keys=(IP_PROTOCOL(60),)
):
    """Options for the destination."""

    next_header: Annotated[int, Bits(8), _NEXT, "What follows"] = AUTO
    hdr_ext_len: Annotated[int, Bits(8), "In units of 8 octets, the first 8 not counted"] = AUTO
    options: Annotated[
        tuple[IPv6TunnelEncapsulationLimitOption | IPv6HomeAddressOption | IPv6Option, ...],
        _OPTIONS_SIZE,
        _OPTIONS,
        "Options",
    ] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO


class IPv6Routing(Header, spec="RFC 8200 section 4.4", path="ipv6_routing", layer="extension", keys=(IP_PROTOCOL(43),)):
    """Nodes to be visited on the way; the data is laid out by the type."""

    next_header: Annotated[int, Bits(8), _NEXT, "What follows"] = AUTO
    hdr_ext_len: Annotated[int, Bits(8), "In units of 8 octets, the first 8 not counted"] = AUTO
    routing_type: Annotated[int, Bits(8), "Routing type"]
    segments_left: Annotated[int, Bits(8), "Nodes still to be visited"]
    data: Annotated[
        bytes,
        SizedBy("hdr_ext_len", unit=8, bias=4),
        FinalDestination("routing_type", "segments_left", {0: -16, 2: -16}),
        "Type-specific data",
    ]


class IPv6Fragment(
    Header, spec="RFC 8200 section 4.5", path="ipv6_fragment", layer="extension", keys=(IP_PROTOCOL(44),)
):
    """A fragment of a datagram."""

    next_header: Annotated[int, Bits(8), _NEXT, "What follows in the first fragment"] = AUTO
    reserved1: Annotated[int, Reserved(8)] = 0
    fragment_offset: Annotated[int, Bits(13), FragmentOffset(), "In units of 8 octets"] = 0
    reserved2: Annotated[int, Reserved(2)] = 0
    more_fragments: Annotated[bool, Bits(1), MoreFragments(), "M"] = False
    identification: Annotated[int, Bits(32), "Identifies the fragments of a datagram"] = 0
