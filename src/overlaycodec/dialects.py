"""Catalogs for deployments that use a dialect, and views of fields that have a special meaning in a deployment.

The octets do not show the dialect of a port, so the user chooses it: each catalog of this module decodes and encodes
one dialect, and `DEFAULT.with_binding(...).with_view(...)` makes others.
"""

from __future__ import annotations

from typing import Annotated, Final

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.field_view import FieldView
from overlaycodec.packet.header import Header
from overlaycodec.protocols import GRE, STT, VXLAN, VXLANGBP, VXLANGPE, VXLANRCO, Geneve
from overlaycodec.schema.facts import Bits, Reserved, ValueNames
from overlaycodec.schema.keyspaces import UDP_PORT
from overlaycodec.schema.record import Element
from overlaycodec.values.nearest_names import Named

__all__ = [
    "AWS_GATEWAY_LOAD_BALANCER",
    "AWS_TRAFFIC_MIRRORING",
    "AZURE_GATEWAY_LOAD_BALANCER",
    "AZURE_TUNNEL",
    "CILIUM",
    "CILIUM_GENEVE_IDENTITY",
    "CILIUM_IDENTITY",
    "CISCO_ACI",
    "FLANNEL",
    "GBP",
    "GPE",
    "LINUX_RCO",
    "NAMED",
    "NVGRE",
    "NVGRE_KEY",
    "OVN",
    "OVNVNI",
    "OVN_CONTEXT",
    "OVN_VNI",
    "PLAIN",
    "AzureTunnel",
    "CiliumIdentity",
    "NVGREKey",
    "OVNContext",
]


def _at(header: type[Header], *ports: int) -> Catalog:
    catalog = DEFAULT
    for port in ports:
        catalog = catalog.with_binding(UDP_PORT(port), header)
    return catalog


# --- dialects of VXLAN ------------------------------------------------------------------------------------------------

PLAIN: Final = DEFAULT
"""VXLAN to ports 4789 and 8472, VXLAN-GPE to 4790, Geneve to 6081."""
GBP: Final = _at(VXLANGBP, 4789, 8472)
"""VXLAN with a group policy: Linux with `gbp`, Open vSwitch with `exts=gbp`."""
GPE: Final = _at(VXLANGPE, 4789)
"""VXLAN-GPE at VXLAN's own port too."""
LINUX_RCO: Final = _at(VXLANRCO, 4789, 8472)
"""VXLAN with remote checksum offload: Linux with `remcsumtx`."""
CISCO_ACI: Final = _at(VXLANGBP, 48879)
"""The fabric of Cisco ACI: its group policy ID is the class of the sending endpoint group."""


# --- NVGRE ------------------------------------------------------------------------------------------------------------


class NVGREKey(Element, spec="RFC 7637 section 3.2", path="nvgre_key"):
    """A GRE key as NVGRE reads it."""

    vsid: Annotated[int, Bits(24), "Virtual Subnet ID"]
    flow_id: Annotated[int, Bits(8), "Entropy; 0 where there is none"] = 0


NVGRE_KEY: Final = FieldView(
    GRE, "key", NVGREKey, (("protocol_type", 0x6558), ("checksum_present", False), ("sequence_present", False))
)
NVGRE: Final = DEFAULT.with_view(NVGRE_KEY)
"""GRE with a key in front of Ethernet is NVGRE. (A Linux gretap device with a key looks the same.)"""


# --- OVN --------------------------------------------------------------------------------------------------------------


class OVNVNI(Element, spec="ovn-architecture(7), tunnel encapsulations", path="ovn_vni"):
    """A VNI as OVN writes it for a VXLAN VTEP: it has no bits for the ingress port."""

    egress_port: Annotated[int, Bits(12), "Tunnel key of the logical egress port"]
    datapath: Annotated[int, Bits(12), "Tunnel key of the logical datapath"]


class OVNContext(Element, spec="ovn-architecture(7), tunnel encapsulations", path="ovn_context"):
    """An STT context ID as OVN writes it."""

    reserved: Annotated[int, Reserved(9)] = 0
    ingress_port: Annotated[int, Bits(15), "Tunnel key of the logical ingress port"]
    egress_port: Annotated[int, Bits(16), "Tunnel key of the logical egress port"]
    datapath: Annotated[int, Bits(24), "Tunnel key of the logical datapath"]


OVN_VNI: Final = FieldView(VXLAN, "vni", OVNVNI)
OVN_CONTEXT: Final = FieldView(STT, "context_id", OVNContext)
OVN: Final = DEFAULT.with_view(OVN_VNI, OVN_CONTEXT)
"""OVN's tunnels: Geneve, whose option is an `OVNOption`; STT; and VXLAN in its VXLAN mode."""


# --- container networks -----------------------------------------------------------------------------------------------


_RESERVED_IDENTITIES: Final = {
    1: "host", 2: "world", 3: "unmanaged", 4: "health", 5: "init", 6: "remote-node", 7: "kube-apiserver", 8: "ingress",
}  # fmt: skip


class CiliumIdentity(Element, spec="Cilium: security identities", path="cilium_identity"):
    """A VNI as Cilium reads it: who sent the packet."""

    cluster: Annotated[int, Bits(8), "Cluster of the sender; 0 for one cluster alone"] = 0
    identity: Annotated[int, Bits(16), ValueNames(_RESERVED_IDENTITIES), "Security identity"]


CILIUM_IDENTITY: Final = FieldView(VXLAN, "vni", CiliumIdentity)
CILIUM_GENEVE_IDENTITY: Final = FieldView(Geneve, "vni", CiliumIdentity)
CILIUM: Final = DEFAULT.with_view(CILIUM_IDENTITY, CILIUM_GENEVE_IDENTITY)
"""Cilium in its tunnel modes, VXLAN to port 8472 and Geneve: the VNI is the sender's identity, not a network."""
FLANNEL: Final = DEFAULT
"""flannel's VXLAN backend: port 8472, one VNI (1) for the whole cluster. Nothing but plain VXLAN."""


# --- clouds -----------------------------------------------------------------------------------------------------------


AWS_GATEWAY_LOAD_BALANCER: Final = DEFAULT
"""Geneve with IP packets inside, and three options that an appliance must give back."""
AWS_TRAFFIC_MIRRORING: Final = DEFAULT
"""Mirrored frames in plain VXLAN to port 4789; the VNI is that of the mirror session."""


class AzureTunnel(Element, spec="Azure Gateway Load Balancer: tunnel interfaces", path="azure_tunnel"):
    """A VNI as the appliance of the load balancer reads it, with its default numbers."""

    side: Annotated[int, Bits(24), ValueNames({800: "internal", 801: "external"}), "Which side the packet is on"]


AZURE_TUNNEL: Final = FieldView(VXLAN, "vni", AzureTunnel)
AZURE_GATEWAY_LOAD_BALANCER: Final = _at(VXLAN, 10800, 10801).with_view(AZURE_TUNNEL)
"""VXLAN to port 10800 (internal, VNI 800) and 10801 (external, VNI 801), which are the defaults."""

NAMED: Final[dict[str, Catalog]] = Named(
    {
        "plain": PLAIN,
        "gbp": GBP,
        "gpe": GPE,
        "linux-rco": LINUX_RCO,
        "cisco-aci": CISCO_ACI,
        "nvgre": NVGRE,
        "ovn": OVN,
        "cilium": CILIUM,
        "flannel": FLANNEL,
        "aws-gateway-load-balancer": AWS_GATEWAY_LOAD_BALANCER,
        "aws-traffic-mirroring": AWS_TRAFFIC_MIRRORING,
        "azure-gateway-load-balancer": AZURE_GATEWAY_LOAD_BALANCER,
    }
)
"""The catalogs by their names on the command line."""
