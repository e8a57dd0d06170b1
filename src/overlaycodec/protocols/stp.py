"""The spanning tree protocol of bridges, and its rapid form."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Octets, Selects, ValueNames
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import BPDU_ADDITION, BPDU_TYPE, LLC_SAP
from overlaycodec.values import AUTO, MACLike

_VERSIONS: Final = ValueNames({0: "STP", 2: "RSTP", 3: "MSTP", 4: "SPT"})
_ROLES: Final = ValueNames({0: "unknown", 1: "alternate or backup", 2: "root", 3: "designated"})
_SECOND: Final = 256


class STPTopologyChange(
    Header,
    spec="IEEE 802.1D-2004 clause 9.3.2",
    path="stp_topology_change",
    keys=(LLC_SAP(0x42).when(Peek(0, 16, 0), Peek(24, 8, 0x80)),),
    closed=True,
):
    """A bridge says that the topology has changed."""

    protocol: Annotated[int, Bits(16), Const(0), "Spanning tree"] = 0
    version: Annotated[int, Bits(8), _VERSIONS, "Version"] = 0
    type: Annotated[int, Bits(8), Const(0x80), "Topology change"] = 0x80


class STP(
    Header,
    spec="IEEE 802.1D-2004 clauses 9.3.1, 9.3.3",
    keys=(LLC_SAP(0x42).when(Peek(0, 16, 0), Peek(24, 6, 0)),),
):
    """A bridge tells of the root and of itself."""

    protocol: Annotated[int, Bits(16), Const(0), "Spanning tree"] = 0
    version: Annotated[int, Bits(8), _VERSIONS, "Version"] = 0
    type: Annotated[
        int, Bits(8), Selects(BPDU_TYPE, nothing=0), ValueNames({0: "configuration", 2: "rapid"}), "What follows"
    ] = AUTO
    topology_change_ack: Annotated[bool, Bits(1), "Answers a topology change"] = False
    agreement: Annotated[bool, Bits(1), "Agreement (RSTP)"] = False
    forwarding: Annotated[bool, Bits(1), "Forwarding (RSTP)"] = False
    learning: Annotated[bool, Bits(1), "Learning (RSTP)"] = False
    port_role: Annotated[int, Bits(2), _ROLES, "Role of the port (RSTP)"] = 0
    proposal: Annotated[bool, Bits(1), "Proposal (RSTP)"] = False
    topology_change: Annotated[bool, Bits(1), "The topology has changed"] = False
    root_priority: Annotated[int, Bits(4), "Priority of the root, in units of 4096"] = 8
    root_extension: Annotated[int, Bits(12), "Its system id extension: a VLAN, or 0"] = 0
    root_address: Annotated[MACLike, Octets(6), "Address of the root"]
    root_path_cost: Annotated[int, Bits(32), "Cost of the path to the root"] = 0
    bridge_priority: Annotated[int, Bits(4), "Priority of the sender, in units of 4096"] = 8
    bridge_extension: Annotated[int, Bits(12), "Its system id extension: a VLAN, or 0"] = 0
    bridge_address: Annotated[MACLike, Octets(6), "Address of the sender"]
    port: Annotated[int, Bits(16), "Port of the sender: priority and number"] = 0x8001
    message_age: Annotated[int, Bits(16), "Age of the message, in 1/256 s"] = 0
    max_age: Annotated[int, Bits(16), "Age at which a message is too old, in 1/256 s"] = 20 * _SECOND
    hello_time: Annotated[int, Bits(16), "Time between messages, in 1/256 s"] = 2 * _SECOND
    forward_delay: Annotated[int, Bits(16), "Time before a port forwards, in 1/256 s"] = 15 * _SECOND


class RSTP(Header, spec="IEEE 802.1D-2004 clause 9.3.3", keys=(BPDU_TYPE(2),), carries=BPDU_ADDITION(0)):
    """What a rapid BPDU adds; that of MSTP has more behind it."""

    version_1_length: Annotated[int, Bits(8), "Octets of version 1: 0"] = 0
