"""VLAN tags. A tag's TPID is the type field of the header before it, as on the wire."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.protocols.ethernet import TYPE_OR_LENGTH
from overlaycodec.schema.facts import Bits
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.values import AUTO


class VLANTag(
    Header,
    spec="IEEE 802.1Q clause 9.6",
    path="vlan",
    keys=(ETHERTYPE(0x8100), ETHERTYPE(0x88A8), ETHERTYPE(0x9100), ETHERTYPE(0x9200)),
):
    """Tag control information, and the type of what follows."""

    pcp: Annotated[int, Bits(3), "Priority code point"] = 0
    dei: Annotated[bool, Bits(1), "Drop eligible"] = False
    vid: Annotated[int, Bits(12), "VLAN identifier"]
    ethertype: Annotated[int, Bits(16), TYPE_OR_LENGTH, "Type of what follows; up to 1500, its octets"] = AUTO
