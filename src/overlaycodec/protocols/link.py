"""What records of captures start with, where it is no Ethernet frame: Linux cooked captures, BSD loopback."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, ByteOrder, Octets, Reserved, Selects, ValueNames
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import LINK_TYPE, LOOPBACK_FAMILY, SLL_PROTOCOL
from overlaycodec.values import AUTO

_PACKET_TYPES: Final = ValueNames({0: "to us", 1: "broadcast", 2: "multicast", 3: "to others", 4: "from us"})
_PROTOCOL: Final = Selects(SLL_PROTOCOL, unless=("arphrd_type", (824, 803, 802, 801, 770)))
"""Netlink, radio and frame-relay devices put other things in the protocol field, or nothing."""


class SLL(Header, spec="LINKTYPE_LINUX_SLL", keys=(LINK_TYPE(113),)):
    """A Linux cooked capture's header."""

    packet_type: Annotated[int, Bits(16), _PACKET_TYPES, "Where it was going"] = 0
    arphrd_type: Annotated[int, Bits(16), "Kind of device"] = 1
    address_length: Annotated[int, Bits(16), "Octets of the address that count"] = 6
    address: Annotated[bytes, Octets(8), "Link-layer address of the sender"] = bytes(8)
    protocol: Annotated[int, Bits(16), _PROTOCOL, "What follows"] = AUTO


class SLL2(Header, spec="LINKTYPE_LINUX_SLL2", keys=(LINK_TYPE(276),)):
    """A Linux cooked capture's header, version 2."""

    protocol: Annotated[int, Bits(16), _PROTOCOL, "What follows"] = AUTO
    reserved1: Annotated[int, Reserved(16)] = 0
    interface_index: Annotated[int, Bits(32), "Number of the device"] = 0
    arphrd_type: Annotated[int, Bits(16), "Kind of device"] = 1
    packet_type: Annotated[int, Bits(8), _PACKET_TYPES, "Where it was going"] = 0
    address_length: Annotated[int, Bits(8), "Octets of the address that count"] = 6
    address: Annotated[bytes, Octets(8), "Link-layer address of the sender"] = bytes(8)


class BSDLoopback(
    Header, spec="LINKTYPE_LOOP", path="bsd_loopback", keys=(LINK_TYPE(108), LINK_TYPE(0).when(Peek(0, 16, 0)))
):
    """The address family before a packet on a BSD loopback device, in network order."""

    family: Annotated[int, Bits(32), Selects(LOOPBACK_FAMILY), "Address family of what follows"] = AUTO


class BSDNull(Header, spec="LINKTYPE_NULL", path="bsd_null", keys=(LINK_TYPE(0),)):
    """The same, written by a little-endian machine."""

    family: Annotated[int, Bits(32), ByteOrder("little"), Selects(LOOPBACK_FAMILY), "Address family"] = AUTO
