"""The virtual router redundancy protocol, versions 2 and 3; version 3 has a class for either version of IP."""

from typing import Annotated, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, Const, CountedBy, Elements, Octets, Reserved
from overlaycodec.schema.keys import Peek, PreviousHeader
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv4Like, IPv6Like

_TYPE: TypeAlias = Annotated[int, Bits(4), "1: advertisement"]
_ROUTER: TypeAlias = Annotated[int, Bits(8), "VRID: the virtual router"]
_PRIORITY: TypeAlias = Annotated[int, Bits(8), "Priority of the sender; 0 gives up, 255 owns the addresses"]
_COUNT: TypeAlias = Annotated[int, Bits(8), "Number of addresses"]
_INTERVAL: TypeAlias = Annotated[int, Bits(12), "Time between advertisements, in 1/100 s"]


class VRRPAddress(Element, spec="RFC 5798 section 5.2.9", path="vrrp_address"):
    """An address of the virtual router."""

    address: Annotated[IPv4Like, Octets(4), "Address"]


class VRRPIPv6Address(Element, spec="RFC 5798 section 5.2.9", path="vrrp_ipv6_address"):
    """An address of the virtual router, the link-local one first."""

    address: Annotated[IPv6Like, Octets(16), "Address"]


class VRRP(
    Header,
    spec="RFC 3768 section 5.1",
    keys=(IP_PROTOCOL(112).when(Peek(0, 4, 2), PreviousHeader("version", 4)),),
    closed=True,
):
    """Version 2: the master of a virtual router says that it is there."""

    version: Annotated[int, Bits(4), Const(2), "Version"] = 2
    type: _TYPE = 1
    router_id: _ROUTER
    priority: _PRIORITY = 100
    address_count: _COUNT = AUTO
    auth_type: Annotated[int, Bits(8), "Authentication: 0 none, 1 a password (RFC 2338)"] = 0
    interval: Annotated[int, Bits(8), "Seconds between advertisements"] = 1
    checksum: Annotated[int, Bits(16), Checksum(), "Over the message"] = AUTO
    addresses: Annotated[tuple[VRRPAddress, ...], CountedBy("address_count"), Elements(), "Addresses"] = ()
    auth_data: Annotated[bytes, Octets(8), "Password, or zeros"] = bytes(8)


class VRRPv3(
    Header,
    spec="RFC 5798 section 5.1",
    path="vrrp_v3",
    keys=(IP_PROTOCOL(112).when(Peek(0, 4, 3), PreviousHeader("version", 4)),),
    closed=True,
):
    """Version 3 over IPv4. The checksum has the pseudo-header, as in RFC 5798; RFC 9568 leaves it out over IPv4."""

    version: Annotated[int, Bits(4), Const(3), "Version"] = 3
    type: _TYPE = 1
    router_id: _ROUTER
    priority: _PRIORITY = 100
    address_count: _COUNT = AUTO
    reserved: Annotated[int, Reserved(4)] = 0
    interval: _INTERVAL = 100
    checksum: Annotated[int, Bits(16), Checksum(pseudo=True), "Over the message and the pseudo-header"] = AUTO
    addresses: Annotated[tuple[VRRPAddress, ...], CountedBy("address_count"), Elements(), "Addresses"] = ()


class VRRPv3OverIPv6(
    Header,
    spec="RFC 5798 section 5.1",
    path="vrrp_v3_ipv6",
    keys=(IP_PROTOCOL(112).when(Peek(0, 4, 3), PreviousHeader("version", 6)),),
    closed=True,
):
    """Version 3 over IPv6."""

    version: Annotated[int, Bits(4), Const(3), "Version"] = 3
    type: _TYPE = 1
    router_id: _ROUTER
    priority: _PRIORITY = 100
    address_count: _COUNT = AUTO
    reserved: Annotated[int, Reserved(4)] = 0
    interval: _INTERVAL = 100
    checksum: Annotated[int, Bits(16), Checksum(pseudo=True), "Over the message and the pseudo-header"] = AUTO
    addresses: Annotated[tuple[VRRPIPv6Address, ...], CountedBy("address_count"), Elements(), "Addresses"] = ()
