"""The link layer discovery protocol."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Elements, SizedBy, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.schema.record import Element
from overlaycodec.schema.values import AUTO

_TYPES: Final = ValueNames(
    {
        0: "end",
        1: "chassis id",
        2: "port id",
        3: "time to live",
        4: "port description",
        5: "system name",
        6: "system description",
        7: "system capabilities",
        8: "management address",
        127: "organisation's own",
    }
)


class LLDPTLV(Element, spec="IEEE 802.1AB clause 8.4", path="lldp_tlv"):
    """A fact about the sender; type 0 ends the list."""

    type: Annotated[int, Bits(7), _TYPES, "Type"]
    length: Annotated[int, Bits(9), "Octets of the value"] = AUTO
    value: Annotated[bytes, SizedBy("length"), "What it says; chassis and port ids begin with a subtype"] = b""


class LLDP(Header, spec="IEEE 802.1AB clause 8", keys=(ETHERTYPE(0x88CC),), closed=True):
    """Facts about the sender: chassis, port, time to live, and others."""

    tlvs: Annotated[tuple[LLDPTLV, ...], Elements("type", end=0), "Facts, the end of them too"]
