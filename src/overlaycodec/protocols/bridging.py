"""Tags of provider backbone bridges and of port extenders."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.protocols.ethernet import TYPE_OR_LENGTH
from overlaycodec.schema.facts import Bits, Reserved
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.values import AUTO


class ITag(
    Header,
    spec="IEEE 802.1Q clause 9.7",
    path="i_tag",
    keys=(ETHERTYPE(0x88E7),),
    carries=ETHERTYPE(0x6558),
    tunnel=True,
):
    """A backbone service instance; the customer's frame follows."""

    pcp: Annotated[int, Bits(3), "Priority code point"] = 0
    dei: Annotated[bool, Bits(1), "Drop eligible"] = False
    uca: Annotated[bool, Bits(1), "Use customer addresses"] = False
    reserved1: Annotated[int, Reserved(1)] = 0
    reserved2: Annotated[int, Reserved(2)] = 0
    isid: Annotated[int, Bits(24), "Backbone service instance identifier"]


class ETag(Header, spec="IEEE 802.1BR clause 7.5", path="e_tag", keys=(ETHERTYPE(0x893F),)):
    """A port of a bridge port extender."""

    pcp: Annotated[int, Bits(3), "Priority code point"] = 0
    dei: Annotated[bool, Bits(1), "Drop eligible"] = False
    ingress_ecid_base: Annotated[int, Bits(12), "Where the frame came in, low bits"] = 0
    reserved: Annotated[int, Reserved(2)] = 0
    group: Annotated[int, Bits(2), "0 for one port, else a group of ports"] = 0
    ecid_base: Annotated[int, Bits(12), "Where it goes, low bits"]
    ingress_ecid_extension: Annotated[int, Bits(8), "Where it came in, high bits"] = 0
    ecid_extension: Annotated[int, Bits(8), "Where it goes, high bits"] = 0
    ethertype: Annotated[int, Bits(16), TYPE_OR_LENGTH, "Type of what follows; up to 1500, its octets"] = AUTO


class VNTag(Header, spec="draft-pelissier-vntag", path="vn_tag", keys=(ETHERTYPE(0x8926),)):
    """A virtual interface of a fabric extender."""

    direction: Annotated[bool, Bits(1), "D: from the bridge to the extender"] = False
    pointer: Annotated[bool, Bits(1), "P: the destination is a list of interfaces"] = False
    destination_vif: Annotated[int, Bits(14), "Destination interface"]
    looped: Annotated[bool, Bits(1), "L: the source is among the destinations"] = False
    reserved: Annotated[int, Reserved(1)] = 0
    version: Annotated[int, Bits(2), "Version"] = 0
    source_vif: Annotated[int, Bits(12), "Source interface"] = 0
    ethertype: Annotated[int, Bits(16), TYPE_OR_LENGTH, "Type of what follows; up to 1500, its octets"] = AUTO
