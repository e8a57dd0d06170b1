"""ARP, whose addresses are as long as it says itself."""

from enum import IntEnum
from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, SizedBy, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.values import AUTO, HardwareAddressLike, ProtocolAddressLike


class ARP(Header, spec="RFC 826", keys=(ETHERTYPE(0x0806), ETHERTYPE(0x8035)), closed=True):
    """A question or an answer about an address; of 6 and 4 octets in Ethernet and IPv4, of any size elsewhere."""

    class Operation(IntEnum):
        """Operations."""

        REQUEST = 1
        REPLY = 2
        RARP_REQUEST = 3
        RARP_REPLY = 4

    hardware_type: Annotated[int, Bits(16), ValueNames({1: "Ethernet"}), "Hardware address space"] = 1
    protocol_type: Annotated[int, Bits(16), "Protocol address space, an EtherType"] = 0x0800
    hardware_length: Annotated[int, Bits(8), "Octets of a hardware address"] = AUTO
    protocol_length: Annotated[int, Bits(8), "Octets of a protocol address"] = AUTO
    operation: Annotated[int, Bits(16), ValueNames(Operation), "What is asked or told"] = 1
    sender_hardware: Annotated[HardwareAddressLike, SizedBy("hardware_length"), "Hardware address of the sender"]
    sender_protocol: Annotated[ProtocolAddressLike, SizedBy("protocol_length"), "Protocol address of the sender"]
    target_hardware: Annotated[HardwareAddressLike, SizedBy("hardware_length"), "Hardware address of the target"]
    target_protocol: Annotated[ProtocolAddressLike, SizedBy("protocol_length"), "Protocol address of the target"]
