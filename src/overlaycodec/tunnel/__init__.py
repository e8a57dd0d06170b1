"""Tunnels: their endpoints, encapsulation and decapsulation.

Strategy: pure functions over octets and packets. Endpoints are immutable values. No function keeps state, reads a clock
or draws a random number.

>>> from overlaycodec import Ethernet, tunnel
>>> tep = tunnel.VXLANTunnel(vni=100, src="10.0.0.1", dst="10.0.0.2")
>>> tep.overhead_octets, tep.inner_mtu(1500)
(36, 1450)
"""

from overlaycodec.editing.ecn import ECNAlarm, ECNOutcome, egress_ecn, ingress_ecn
from overlaycodec.reassembly import STTFrame, STTReassembler, segment_stt
from overlaycodec.tunnel.decapsulation import Decapsulated, decapsulate, decapsulate_all, decapsulated
from overlaycodec.tunnel.encapsulation import Tunnel, group_mac, overhead_octets
from overlaycodec.tunnel.endpoints import (
    GeneveTunnel,
    NVGRETunnel,
    STTTunnel,
    UDPTunnel,
    VXLANGBPTunnel,
    VXLANGPETunnel,
    VXLANTunnel,
)
from overlaycodec.tunnel.entropy import flow_hash, flow_octets, flow_port
from overlaycodec.tunnel.receiving import Receiving
from overlaycodec.tunnel.reception import CLASS_SELECTORS, Priorities, Received, Reception, Refusal

__all__ = [
    "CLASS_SELECTORS",
    "Decapsulated",
    "ECNAlarm",
    "ECNOutcome",
    "GeneveTunnel",
    "NVGRETunnel",
    "Priorities",
    "Received",
    "Receiving",
    "Reception",
    "Refusal",
    "STTFrame",
    "STTReassembler",
    "STTTunnel",
    "Tunnel",
    "UDPTunnel",
    "VXLANGBPTunnel",
    "VXLANGPETunnel",
    "VXLANTunnel",
    "decapsulate",
    "decapsulate_all",
    "decapsulated",
    "egress_ecn",
    "flow_hash",
    "flow_octets",
    "flow_port",
    "group_mac",
    "ingress_ecn",
    "overhead_octets",
    "segment_stt",
]
