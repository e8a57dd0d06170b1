"""The link layer discovery protocol."""

from enum import IntEnum
from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Elements, SizedBy, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO


class LLDPTLV(Element, spec="IEEE 802.1AB clause 8.4", path="lldp_tlv"):
    """A fact about the sender; type 0 ends the list."""

    class Type(IntEnum):
        """Types of facts."""

        END = 0
        CHASSIS_ID = 1
        PORT_ID = 2
        TIME_TO_LIVE = 3
        PORT_DESCRIPTION = 4
        SYSTEM_NAME = 5
        SYSTEM_DESCRIPTION = 6
        SYSTEM_CAPABILITIES = 7
        MANAGEMENT_ADDRESS = 8
        ORGANISATION = 127

    type: Annotated[int, Bits(7), ValueNames(Type), "Type"]
    length: Annotated[int, Bits(9), "Octets of the value"] = AUTO
    value: Annotated[bytes, SizedBy("length"), "What it says; chassis and port ids begin with a subtype"] = b""


class LLDP(Header, spec="IEEE 802.1AB clause 8", keys=(ETHERTYPE(0x88CC),), closed=True):
    """Facts about the sender: chassis, port, time to live, and others."""

    tlvs: Annotated[tuple[LLDPTLV, ...], Elements("type", end=0), "Facts, the end of them too"]
