"""What multiple spanning trees add to a rapid BPDU."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Elements, Octets, SizedBy, Unparsed
from overlaycodec.schema.keys import MinOctets
from overlaycodec.schema.keyspaces import BPDU_ADDITION
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, MACLike

_LEAST: Final = 66
"""Octets without any instance."""


class MSTI(Element, spec="IEEE 802.1Q clause 14.4.1", path="msti"):
    """What the sender says of one spanning tree instance."""

    master: Annotated[bool, Bits(1), "Master"] = False
    agreement: Annotated[bool, Bits(1), "Agreement"] = False
    forwarding: Annotated[bool, Bits(1), "Forwarding"] = False
    learning: Annotated[bool, Bits(1), "Learning"] = False
    port_role: Annotated[int, Bits(2), "Role of the port, as in STP"] = 0
    proposal: Annotated[bool, Bits(1), "Proposal"] = False
    topology_change: Annotated[bool, Bits(1), "The topology has changed"] = False
    root_priority: Annotated[int, Bits(4), "Priority of the regional root, in units of 4096"] = 8
    instance: Annotated[int, Bits(12), "MSTID: the instance"]
    root_address: Annotated[MACLike, Octets(6), "Address of the regional root"]
    root_path_cost: Annotated[int, Bits(32), "Cost of the path to it"] = 0
    bridge_priority: Annotated[int, Bits(8), "Priority of the sender, in the upper 4 bits"] = 0x80
    port_priority: Annotated[int, Bits(8), "Priority of the port, in the upper 4 bits"] = 0x80
    remaining_hops: Annotated[int, Bits(8), "Hops left"] = 20


class MSTP(Header, spec="IEEE 802.1Q clause 14.4", keys=(BPDU_ADDITION(0).when(MinOctets(_LEAST)),)):
    """What multiple spanning trees add: the region, and a message for each instance."""

    version_3_length: Annotated[int, Bits(16), "Octets that follow this field"] = AUTO
    config_selector: Annotated[int, Bits(8), "Format of the configuration's name"] = 0
    config_name: Annotated[bytes, Octets(32), "Name of the region"] = bytes(32)
    config_revision: Annotated[int, Bits(16), "Revision of the configuration"] = 0
    config_digest: Annotated[bytes, Octets(16), "Digest of which VLAN is in which instance"] = bytes(16)
    internal_root_path_cost: Annotated[int, Bits(32), "Cost of the path to the regional root"] = 0
    bridge_priority: Annotated[int, Bits(4), "Priority of the sender, in units of 4096"] = 8
    bridge_extension: Annotated[int, Bits(12), "Its system id extension"] = 0
    bridge_address: Annotated[MACLike, Octets(6), "Address of the sender"]
    remaining_hops: Annotated[int, Bits(8), "Hops left"] = 20
    instances: Annotated[
        tuple[MSTI, ...], SizedBy("version_3_length", bias=-64), Elements(), "A message for each instance"
    ] = ()
    instances_rest: Annotated[bytes, Unparsed("instances"), "What is no message"] = AUTO
