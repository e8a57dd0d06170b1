"""IPv6 neighbour discovery: messages in ICMPv6, and their options."""

from typing import Annotated, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Elements, Octets, Reserved, Rest, SizedBy, Unparsed
from overlaycodec.schema.keyspaces import ICMPV6_TYPE
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv6Like, MACLike

_LENGTH: TypeAlias = Annotated[int, Bits(8), "Option in units of 8 octets"]


class NDPOption(Element, spec="RFC 4861 section 4.6", path="ndp_option"):
    """An option of any type. A length of 0 is no option: what stands there is kept as it is."""

    type: Annotated[int, Bits(8), "Type"]
    length: _LENGTH = AUTO
    data: Annotated[bytes, SizedBy("length", unit=8, bias=-2), "What the option says"] = bytes(6)


class NDPSourceLinkLayerAddress(Element, spec="RFC 4861 section 4.6.1", path="source_link_layer_address"):
    """The sender's address on an Ethernet."""

    type: Annotated[int, Bits(8), Const(1), "Type"] = 1
    length: Annotated[int, Bits(8), Const(1), "Option in units of 8 octets"] = 1
    address: Annotated[MACLike, Octets(6), "Address"]


class NDPTargetLinkLayerAddress(Element, spec="RFC 4861 section 4.6.1", path="target_link_layer_address"):
    """The target's address on an Ethernet."""

    type: Annotated[int, Bits(8), Const(2), "Type"] = 2
    length: Annotated[int, Bits(8), Const(1), "Option in units of 8 octets"] = 1
    address: Annotated[MACLike, Octets(6), "Address"]


class NDPPrefixInformation(Element, spec="RFC 4861 section 4.6.2", path="prefix_information"):
    """A prefix of the link."""

    type: Annotated[int, Bits(8), Const(3), "Type"] = 3
    length: Annotated[int, Bits(8), Const(4), "Option in units of 8 octets"] = 4
    prefix_length: Annotated[int, Bits(8), "Leading bits that count"]
    on_link: Annotated[bool, Bits(1), "L: addresses of the prefix are on the link"] = True
    autonomous: Annotated[bool, Bits(1), "A: hosts may make addresses of it"] = True
    reserved1: Annotated[int, Reserved(6)] = 0
    valid_lifetime: Annotated[int, Bits(32), "Seconds; all ones for ever"] = 2592000
    preferred_lifetime: Annotated[int, Bits(32), "Seconds; all ones for ever"] = 604800
    reserved2: Annotated[int, Reserved(32)] = 0
    prefix: Annotated[IPv6Like, Octets(16), "Prefix"]


class NDPMTU(Element, spec="RFC 4861 section 4.6.4", path="ndp_mtu"):
    """The MTU of the link."""

    type: Annotated[int, Bits(8), Const(5), "Type"] = 5
    length: Annotated[int, Bits(8), Const(1), "Option in units of 8 octets"] = 1
    reserved: Annotated[int, Reserved(16)] = 0
    mtu: Annotated[int, Bits(32), "MTU in octets"]


_NDPOption: TypeAlias = (
    NDPSourceLinkLayerAddress | NDPTargetLinkLayerAddress | NDPPrefixInformation | NDPMTU | NDPOption
)
_OPTIONS: TypeAlias = Annotated[tuple[_NDPOption, ...], Rest(), Elements(), "Options"]
_REST: TypeAlias = Annotated[bytes, Unparsed("options"), "What is no option"]


class RouterSolicitation(Header, spec="RFC 4861 section 4.1", path="router_solicitation", keys=(ICMPV6_TYPE(133),)):
    """Asks routers to say that they are there."""

    reserved: Annotated[int, Reserved(32)] = 0
    options: _OPTIONS = ()
    options_rest: _REST = AUTO


class RouterAdvertisement(
    Header, spec="RFC 4861 section 4.2, RFC 4191 section 2.2", path="router_advertisement", keys=(ICMPV6_TYPE(134),)
):
    """A router says that it is there, and what holds on the link."""

    cur_hop_limit: Annotated[int, Bits(8), "Hop limit to use; 0 for none told"] = 64
    managed: Annotated[bool, Bits(1), "M: addresses come by DHCPv6"] = False
    other: Annotated[bool, Bits(1), "O: other configuration comes by DHCPv6"] = False
    home_agent: Annotated[bool, Bits(1), "H (RFC 6275)"] = False
    preference: Annotated[int, Bits(2), "Prf: 1 high, 0 medium, 3 low"] = 0
    reserved: Annotated[int, Reserved(3)] = 0
    router_lifetime: Annotated[int, Bits(16), "Seconds as a default router"] = 1800
    reachable_time: Annotated[int, Bits(32), "Milliseconds; 0 for none told"] = 0
    retrans_timer: Annotated[int, Bits(32), "Milliseconds; 0 for none told"] = 0
    options: _OPTIONS = ()
    options_rest: _REST = AUTO


class NeighborSolicitation(Header, spec="RFC 4861 section 4.3", path="neighbor_solicitation", keys=(ICMPV6_TYPE(135),)):
    """Asks for a neighbour's link-layer address."""

    reserved: Annotated[int, Reserved(32)] = 0
    target_address: Annotated[IPv6Like, Octets(16), "Neighbour that is asked for"]
    options: _OPTIONS = ()
    options_rest: _REST = AUTO


class NeighborAdvertisement(
    Header, spec="RFC 4861 section 4.4", path="neighbor_advertisement", keys=(ICMPV6_TYPE(136),)
):
    """Tells a neighbour's link-layer address."""

    router: Annotated[bool, Bits(1), "R: the sender is a router"] = False
    solicited: Annotated[bool, Bits(1), "S: it was asked for"] = False
    override: Annotated[bool, Bits(1), "O: it replaces what is known"] = True
    reserved: Annotated[int, Reserved(29)] = 0
    target_address: Annotated[IPv6Like, Octets(16), "Neighbour"]
    options: _OPTIONS = ()
    options_rest: _REST = AUTO


class NDPRedirect(Header, spec="RFC 4861 section 4.5", path="ndp_redirect", keys=(ICMPV6_TYPE(137),)):
    """A better first hop for a destination."""

    reserved: Annotated[int, Reserved(32)] = 0
    target_address: Annotated[IPv6Like, Octets(16), "Better first hop"]
    destination_address: Annotated[IPv6Like, Octets(16), "For this destination"]
    options: _OPTIONS = ()
    options_rest: _REST = AUTO
