"""Objects of ICMP about interfaces: what an error says of one, and which one a probe asks about."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.schema.facts import Bits, Const, Octets, Reserved, SizedBy, ValueNames, When
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv4Like, IPv6Like

_ROLES: Final = ValueNames({0: "came in at", 1: "part that it came in at", 2: "would go out at", 3: "next hop"})
_LENGTH: TypeAlias = Annotated[int, Bits(16), "Octets of the object"]
_CLASS: TypeAlias = Annotated[int, Bits(8)]
_ROLE: TypeAlias = Annotated[int, Bits(2), _ROLES, "What the packet had to do with it"]
_FLAG: TypeAlias = Annotated[bool, Bits(1)]
_INDEX: TypeAlias = Annotated[int | None, Bits(32), When("index_present"), "ifIndex"]
_AFI: TypeAlias = Annotated[int, Bits(16)]
_NAME_LENGTH: TypeAlias = Annotated[int | None, Bits(8), When("name_present"), "Octets of the name and this one"]
_NAME: TypeAlias = Annotated[bytes | None, When("name_present"), SizedBy("name_length", bias=-1), "ifName, and zeros"]
_MTU: TypeAlias = Annotated[int | None, Bits(32), When("mtu_present"), "ifMTU"]
_REST: TypeAlias = Annotated[bytes, SizedBy("length", origin="start"), "What more the object has"]


class ICMPInterfaceObject(Element, spec="RFC 5837 section 4.1", path="icmp_interface"):
    """An interface, without an address."""

    length: _LENGTH = AUTO
    class_num: Annotated[_CLASS, Const(2), "Class"] = 2
    role: _ROLE = 0
    reserved: Annotated[int, Reserved(2)] = 0
    index_present: Annotated[_FLAG, "Whether an index is there"] = AUTO
    address_present: Annotated[int, Bits(1), Const(0), "Whether an address is there"] = 0
    name_present: Annotated[_FLAG, "Whether a name is there"] = AUTO
    mtu_present: Annotated[_FLAG, "Whether an MTU is there"] = AUTO
    index: _INDEX = AUTO
    name_length: _NAME_LENGTH = AUTO
    name: _NAME = AUTO
    mtu: _MTU = AUTO
    rest: _REST = b""


class ICMPInterfaceIPv4Object(Element, spec="RFC 5837 sections 4.1, 4.2", path="icmp_interface_ipv4"):
    """An interface, with an IPv4 address of it."""

    length: _LENGTH = AUTO
    class_num: Annotated[_CLASS, Const(2), "Class"] = 2
    role: _ROLE = 0
    reserved: Annotated[int, Reserved(2)] = 0
    index_present: Annotated[_FLAG, "Whether an index is there"] = AUTO
    address_present: Annotated[int, Bits(1), Const(1), "Whether an address is there"] = 1
    name_present: Annotated[_FLAG, "Whether a name is there"] = AUTO
    mtu_present: Annotated[_FLAG, "Whether an MTU is there"] = AUTO
    index: _INDEX = AUTO
    afi: Annotated[_AFI, Const(1), "Address family"] = 1
    reserved2: Annotated[int, Reserved(16)] = 0
    address: Annotated[IPv4Like, Octets(4), "Address"]
    name_length: _NAME_LENGTH = AUTO
    name: _NAME = AUTO
    mtu: _MTU = AUTO
    rest: _REST = b""


class ICMPInterfaceIPv6Object(Element, spec="RFC 5837 sections 4.1, 4.2", path="icmp_interface_ipv6"):
    """An interface, with an IPv6 address of it."""

    length: _LENGTH = AUTO
    class_num: Annotated[_CLASS, Const(2), "Class"] = 2
    role: _ROLE = 0
    reserved: Annotated[int, Reserved(2)] = 0
    index_present: Annotated[_FLAG, "Whether an index is there"] = AUTO
    address_present: Annotated[int, Bits(1), Const(1), "Whether an address is there"] = 1
    name_present: Annotated[_FLAG, "Whether a name is there"] = AUTO
    mtu_present: Annotated[_FLAG, "Whether an MTU is there"] = AUTO
    index: _INDEX = AUTO
    afi: Annotated[_AFI, Const(2), "Address family"] = 2
    reserved2: Annotated[int, Reserved(16)] = 0
    address: Annotated[IPv6Like, Octets(16), "Address"]
    name_length: _NAME_LENGTH = AUTO
    name: _NAME = AUTO
    mtu: _MTU = AUTO
    rest: _REST = b""


class ICMPInterfaceNameObject(Element, spec="RFC 8335 section 2.1", path="icmp_interface_name"):
    """The interface that a probe asks about, by its name."""

    length: _LENGTH = AUTO
    class_num: Annotated[_CLASS, Const(3), "Class"] = 3
    c_type: Annotated[int, Bits(8), Const(1), "1: by name"] = 1
    name: Annotated[bytes, SizedBy("length", bias=-4), "ifName, and zeros up to a multiple of 4 octets"] = b""


class ICMPInterfaceIndexObject(Element, spec="RFC 8335 section 2.1", path="icmp_interface_index"):
    """The interface that a probe asks about, by its index."""

    length: Annotated[int, Bits(16), Const(8), "Octets of the object"] = 8
    class_num: Annotated[_CLASS, Const(3), "Class"] = 3
    c_type: Annotated[int, Bits(8), Const(2), "2: by index"] = 2
    index: Annotated[int, Bits(32), "ifIndex"]


class ICMPInterfaceAddressObject(Element, spec="RFC 8335 section 2.1", path="icmp_interface_address"):
    """The interface that a probe asks about, by an address."""

    length: _LENGTH = AUTO
    class_num: Annotated[_CLASS, Const(3), "Class"] = 3
    c_type: Annotated[int, Bits(8), Const(3), "3: by address"] = 3
    afi: Annotated[_AFI, "Address family: 1 IPv4, 2 IPv6"]
    address_length: Annotated[int, Bits(8), "Octets of the address"] = AUTO
    reserved: Annotated[int, Reserved(8)] = 0
    address: Annotated[bytes, SizedBy("address_length"), "Address"] = b""
    rest: _REST = b""
