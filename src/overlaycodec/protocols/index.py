"""Every family of protocols, its public names, and the keys of its headers.

`make generate` writes this file from the declarations; a test and `make check` compare it with them. Families and names
are in alphabetical order.
"""

# fmt: off
from typing import TYPE_CHECKING, Final

from overlaycodec.packet.late_header import LateHeader
from overlaycodec.protocols.numberings import (
    CCP_CODE, CHAP_CODE, FDDI_FORMAT, GACH_CHANNEL, ICMP_EXTENSION, IPCP_CODE, IPV6CP_CODE, L2TP_IP_SESSION,
    L2TP_SUBLAYER, LCP_CODE, NFLOG_FAMILY, NLPID, PAP_CODE,
)
from overlaycodec.schema.keys import MinOctets, Peek, PreviousHeader, Within
from overlaycodec.schema.keyspaces import (
    BPDU_ADDITION, BPDU_TYPE, CISCO_HDLC_PROTOCOL, ERSPAN_FRAME, ETHERTYPE, GPE_PROTOCOL, GTPU_EXTENSION, ICMPV6_TYPE,
    ICMP_TYPE, IEEE802_LENGTH, IGMP_QUERY, IGMP_TYPE, IP_PROTOCOL, LINK_TYPE, LLC_SAP, LOOPBACK_FAMILY, MLD_QUERY,
    MPLS_LABEL, NSH_PROTOCOL, PPP_PROTOCOL, PTP_MESSAGE, SLL_PROTOCOL, SLOW_SUBTYPE, STT_OFFSET, TZSP_PROTOCOL,
    UDP_PORT,
)

if TYPE_CHECKING:
    from overlaycodec.protocols.ah import AuthenticationHeader
    from overlaycodec.protocols.arista import AristaTimestamp, AristaTimestamp48
    from overlaycodec.protocols.arp import ARP
    from overlaycodec.protocols.bfd import BFD
    from overlaycodec.protocols.bridging import ETag, ITag, VNTag
    from overlaycodec.protocols.cfm import CFM, CFMTLV
    from overlaycodec.protocols.cisco_hdlc import CiscoHDLC, SLARP, SLARPKeepalive
    from overlaycodec.protocols.cisco_tags import CiscoMetaData, CiscoTimestampTag
    from overlaycodec.protocols.dhcp import DHCP
    from overlaycodec.protocols.dhcp_option import (
        DHCPAddress, DHCPDNSOption, DHCPHostNameOption, DHCPLeaseTimeOption, DHCPMessageTypeOption, DHCPOption,
        DHCPParameterRequestOption, DHCPRelayAgentOption, DHCPRelaySuboption, DHCPRequestedAddressOption,
        DHCPRouterOption, DHCPServerIdOption, DHCPSubnetMaskOption,
    )
    from overlaycodec.protocols.dhcpv6 import DHCPv6, DHCPv6Relay
    from overlaycodec.protocols.dhcpv6_option import (
        DHCPv6AddressOption, DHCPv6AddressesOption, DHCPv6ClientIdOption, DHCPv6ElapsedTimeOption, DHCPv6Option,
        DHCPv6PrefixOption, DHCPv6PrefixesOption, DHCPv6ServerIdOption,
    )
    from overlaycodec.protocols.dsa import DSA, EDSA
    from overlaycodec.protocols.erspan import ERSPAN, ERSPANv3
    from overlaycodec.protocols.esp import ESP, NonESPMarker
    from overlaycodec.protocols.etherip import EtherIP
    from overlaycodec.protocols.ethernet import Ethernet
    from overlaycodec.protocols.fddi import FDDI
    from overlaycodec.protocols.frame_relay import CiscoFrameRelay, FrameRelay, NLPIDPadding
    from overlaycodec.protocols.gach import GACh
    from overlaycodec.protocols.geneve import Geneve
    from overlaycodec.protocols.geneve_option import GeneveOption
    from overlaycodec.protocols.geneve_vendors import (
        AWSAttachmentOption, AWSEndpointOption, AWSFlowCookieOption, CPacketOption, CiliumDSROption, CiliumDSRv6Option,
        GCPEndpointOption, GCPNetworkOption, GCPProfileOption, OVNOption, OxideExternalOption, OxideMSSOption,
        OxideMulticastOption, TencentAttachmentOption, TencentEndpointOption, TencentFlowCookieOption,
    )
    from overlaycodec.protocols.gre import GRE, GRESourceRoute, GREv1
    from overlaycodec.protocols.gtp import GTPU, GTPUExtension
    from overlaycodec.protocols.gue import GUE
    from overlaycodec.protocols.icmp import (
        ICMP, ICMPEcho, ICMPParameterProblem, ICMPRedirect, ICMPTimeExceeded, ICMPTimestamp, ICMPUnreachable,
    )
    from overlaycodec.protocols.icmp_extensions import (
        ICMPExtensionObject, ICMPExtensions, ICMPMPLSLabel, ICMPMPLSStackObject,
    )
    from overlaycodec.protocols.icmp_interface import (
        ICMPInterfaceAddressObject, ICMPInterfaceIPv4Object, ICMPInterfaceIPv6Object, ICMPInterfaceIndexObject,
        ICMPInterfaceNameObject, ICMPInterfaceObject,
    )
    from overlaycodec.protocols.icmp_probe import (
        ICMPExtendedEcho, ICMPExtendedEchoReply, ICMPv6ExtendedEcho, ICMPv6ExtendedEchoReply,
    )
    from overlaycodec.protocols.icmpv6 import (
        ICMPv6, ICMPv6Echo, ICMPv6PacketTooBig, ICMPv6ParameterProblem, ICMPv6TimeExceeded, ICMPv6Unreachable,
    )
    from overlaycodec.protocols.igmp import (
        IGMP, IGMPGroup, IGMPGroupRecord, IGMPQuery, IGMPSource, IGMPv3Query, IGMPv3Report,
    )
    from overlaycodec.protocols.ipv4 import (
        IPv4, IPv4LooseSourceRouteOption, IPv4Option, IPv4RecordRouteOption, IPv4RouteAddress, IPv4RouterAlertOption,
        IPv4StrictSourceRouteOption,
    )
    from overlaycodec.protocols.ipv6 import (
        IPv6, IPv6DestinationOptions, IPv6Fragment, IPv6HomeAddressOption, IPv6HopByHop, IPv6JumboPayloadOption,
        IPv6Option, IPv6RouterAlertOption, IPv6Routing, IPv6TunnelEncapsulationLimitOption,
    )
    from overlaycodec.protocols.l2tp import L2TP, L2TPControl
    from overlaycodec.protocols.l2tpv3 import (
        L2TPv3, L2TPv3Control, L2TPv3Cookie4, L2TPv3Cookie8, L2TPv3OverUDP, L2TPv3Sublayer,
    )
    from overlaycodec.protocols.lacp import LACP
    from overlaycodec.protocols.link import BSDLoopback, BSDNull, SLL, SLL2
    from overlaycodec.protocols.lisp import LISP
    from overlaycodec.protocols.llc import LLC, SNAP
    from overlaycodec.protocols.lldp import LLDP, LLDPTLV
    from overlaycodec.protocols.macsec import MACsec, MACsecEncrypted
    from overlaycodec.protocols.mld import MLDAddressRecord, MLDQuery, MLDReport, MLDSource, MLDv2Query, MLDv2Report
    from overlaycodec.protocols.mpls import MPLS, PseudowireControlWord
    from overlaycodec.protocols.mstp import MSTI, MSTP
    from overlaycodec.protocols.ndp import (
        NDPMTU, NDPOption, NDPPrefixInformation, NDPRedirect, NDPSourceLinkLayerAddress, NDPTargetLinkLayerAddress,
        NeighborAdvertisement, NeighborSolicitation, RouterAdvertisement, RouterSolicitation,
    )
    from overlaycodec.protocols.nflog import NFLOG, NFLOGAttribute, Netlink
    from overlaycodec.protocols.nsh import NSH, NSHMetadata
    from overlaycodec.protocols.pim import PIM, PIMOverIPv6, PIMRegister, PIMRegisterOverIPv6
    from overlaycodec.protocols.pktap import PKTAP
    from overlaycodec.protocols.ppp import PPP, PPPCompressed, PPPFramed, PPPFramedCompressed
    from overlaycodec.protocols.ppp_authentication import CHAP, CHAPValue, PAP, PAPReply, PAPRequest
    from overlaycodec.protocols.ppp_compression import CCP, CCPDeflateOption, CCPMPPEOption, CCPOptions
    from overlaycodec.protocols.ppp_control import (
        IPCP, IPCPAddressOption, IPCPOptions, IPv6CP, IPv6CPInterfaceOption, IPv6CPOptions, LCP, LCPMRUOption,
        LCPMagicNumberOption, LCPOptions, PPPOption,
    )
    from overlaycodec.protocols.pppoe import PPPoE, PPPoEDiscovery, PPPoETag
    from overlaycodec.protocols.ptp import PTP
    from overlaycodec.protocols.ptp_message import (
        PTPAnnounce, PTPDelayResponse, PTPFollowUp, PTPPeerDelayFollowUp, PTPPeerDelayRequest, PTPPeerDelayResponse,
        PTPSync,
    )
    from overlaycodec.protocols.radio import PPI, Radiotap
    from overlaycodec.protocols.rip import RIP, RIPCryptographicEntry, RIPDigestEntry, RIPEntry, RIPPasswordEntry
    from overlaycodec.protocols.sctp import SCTP, SCTPChunk
    from overlaycodec.protocols.segment_routing import IPv6SegmentRouting, SRv6Segment, SRv6TLV
    from overlaycodec.protocols.slow_protocols import LACPMarker, LinkOAM, SlowProtocol
    from overlaycodec.protocols.socketcan import SocketCAN
    from overlaycodec.protocols.stp import RSTP, STP, STPTopologyChange
    from overlaycodec.protocols.stt import STT, STTSegment
    from overlaycodec.protocols.tcp import (
        TCP, TCPMSSOption, TCPOption, TCPSACKBlock, TCPSACKOption, TCPSACKPermittedOption, TCPTimestampsOption,
        TCPWindowScaleOption,
    )
    from overlaycodec.protocols.telemetry import INTMD, INTMDOption, INTMX, INTMXOption
    from overlaycodec.protocols.teredo import TeredoAuthentication, TeredoOrigin
    from overlaycodec.protocols.tzsp import TZSP, TZSPTag
    from overlaycodec.protocols.udp import UDP
    from overlaycodec.protocols.virtio_net import VirtioNet, VirtioNetV1
    from overlaycodec.protocols.vlan import VLANTag
    from overlaycodec.protocols.vrrp import VRRP, VRRPAddress, VRRPIPv6Address, VRRPv3, VRRPv3OverIPv6
    from overlaycodec.protocols.vxlan import VXLAN, VXLANGBP, VXLANGPE, VXLANRCO
    from overlaycodec.protocols.wireguard import WireGuard, WireGuardCookie, WireGuardInitiation, WireGuardResponse

__all__ = [
    "ARP", "AWSAttachmentOption", "AWSEndpointOption", "AWSFlowCookieOption", "AristaTimestamp", "AristaTimestamp48",
    "AuthenticationHeader", "BFD", "BSDLoopback", "BSDNull", "CCP", "CCPDeflateOption", "CCPMPPEOption", "CCPOptions",
    "CFM", "CFMTLV", "CHAP", "CHAPValue", "CPacketOption", "CiliumDSROption", "CiliumDSRv6Option", "CiscoFrameRelay",
    "CiscoHDLC", "CiscoMetaData", "CiscoTimestampTag", "DHCP", "DHCPAddress", "DHCPDNSOption", "DHCPHostNameOption",
    "DHCPLeaseTimeOption", "DHCPMessageTypeOption", "DHCPOption", "DHCPParameterRequestOption", "DHCPRelayAgentOption",
    "DHCPRelaySuboption", "DHCPRequestedAddressOption", "DHCPRouterOption", "DHCPServerIdOption",
    "DHCPSubnetMaskOption", "DHCPv6", "DHCPv6AddressOption", "DHCPv6AddressesOption", "DHCPv6ClientIdOption",
    "DHCPv6ElapsedTimeOption", "DHCPv6Option", "DHCPv6PrefixOption", "DHCPv6PrefixesOption", "DHCPv6Relay",
    "DHCPv6ServerIdOption", "DSA", "EDSA", "ERSPAN", "ERSPANv3", "ESP", "ETag", "EtherIP", "Ethernet", "FDDI",
    "FrameRelay", "GACh", "GCPEndpointOption", "GCPNetworkOption", "GCPProfileOption", "GRE", "GRESourceRoute", "GREv1",
    "GTPU", "GTPUExtension", "GUE", "Geneve", "GeneveOption", "ICMP", "ICMPEcho", "ICMPExtendedEcho",
    "ICMPExtendedEchoReply", "ICMPExtensionObject", "ICMPExtensions", "ICMPInterfaceAddressObject",
    "ICMPInterfaceIPv4Object", "ICMPInterfaceIPv6Object", "ICMPInterfaceIndexObject", "ICMPInterfaceNameObject",
    "ICMPInterfaceObject", "ICMPMPLSLabel", "ICMPMPLSStackObject", "ICMPParameterProblem", "ICMPRedirect",
    "ICMPTimeExceeded", "ICMPTimestamp", "ICMPUnreachable", "ICMPv6", "ICMPv6Echo", "ICMPv6ExtendedEcho",
    "ICMPv6ExtendedEchoReply", "ICMPv6PacketTooBig", "ICMPv6ParameterProblem", "ICMPv6TimeExceeded",
    "ICMPv6Unreachable", "IGMP", "IGMPGroup", "IGMPGroupRecord", "IGMPQuery", "IGMPSource", "IGMPv3Query",
    "IGMPv3Report", "INTMD", "INTMDOption", "INTMX", "INTMXOption", "IPCP", "IPCPAddressOption", "IPCPOptions", "IPv4",
    "IPv4LooseSourceRouteOption", "IPv4Option", "IPv4RecordRouteOption", "IPv4RouteAddress", "IPv4RouterAlertOption",
    "IPv4StrictSourceRouteOption", "IPv6", "IPv6CP", "IPv6CPInterfaceOption", "IPv6CPOptions", "IPv6DestinationOptions",
    "IPv6Fragment", "IPv6HomeAddressOption", "IPv6HopByHop", "IPv6JumboPayloadOption", "IPv6Option",
    "IPv6RouterAlertOption", "IPv6Routing", "IPv6SegmentRouting", "IPv6TunnelEncapsulationLimitOption", "ITag", "L2TP",
    "L2TPControl", "L2TPv3", "L2TPv3Control", "L2TPv3Cookie4", "L2TPv3Cookie8", "L2TPv3OverUDP", "L2TPv3Sublayer",
    "LACP", "LACPMarker", "LCP", "LCPMRUOption", "LCPMagicNumberOption", "LCPOptions", "LISP", "LLC", "LLDP", "LLDPTLV",
    "LinkOAM", "MACsec", "MACsecEncrypted", "MLDAddressRecord", "MLDQuery", "MLDReport", "MLDSource", "MLDv2Query",
    "MLDv2Report", "MPLS", "MSTI", "MSTP", "NDPMTU", "NDPOption", "NDPPrefixInformation", "NDPRedirect",
    "NDPSourceLinkLayerAddress", "NDPTargetLinkLayerAddress", "NFLOG", "NFLOGAttribute", "NLPIDPadding", "NSH",
    "NSHMetadata", "NeighborAdvertisement", "NeighborSolicitation", "Netlink", "NonESPMarker", "OVNOption",
    "OxideExternalOption", "OxideMSSOption", "OxideMulticastOption", "PAP", "PAPReply", "PAPRequest", "PIM",
    "PIMOverIPv6", "PIMRegister", "PIMRegisterOverIPv6", "PKTAP", "PPI", "PPP", "PPPCompressed", "PPPFramed",
    "PPPFramedCompressed", "PPPOption", "PPPoE", "PPPoEDiscovery", "PPPoETag", "PTP", "PTPAnnounce", "PTPDelayResponse",
    "PTPFollowUp", "PTPPeerDelayFollowUp", "PTPPeerDelayRequest", "PTPPeerDelayResponse", "PTPSync",
    "PseudowireControlWord", "RIP", "RIPCryptographicEntry", "RIPDigestEntry", "RIPEntry", "RIPPasswordEntry", "RSTP",
    "Radiotap", "RouterAdvertisement", "RouterSolicitation", "SCTP", "SCTPChunk", "SLARP", "SLARPKeepalive", "SLL",
    "SLL2", "SNAP", "SRv6Segment", "SRv6TLV", "STP", "STPTopologyChange", "STT", "STTSegment", "SlowProtocol",
    "SocketCAN", "TCP", "TCPMSSOption", "TCPOption", "TCPSACKBlock", "TCPSACKOption", "TCPSACKPermittedOption",
    "TCPTimestampsOption", "TCPWindowScaleOption", "TZSP", "TZSPTag", "TencentAttachmentOption",
    "TencentEndpointOption", "TencentFlowCookieOption", "TeredoAuthentication", "TeredoOrigin", "UDP", "VLANTag",
    "VNTag", "VRRP", "VRRPAddress", "VRRPIPv6Address", "VRRPv3", "VRRPv3OverIPv6", "VXLAN", "VXLANGBP", "VXLANGPE",
    "VXLANRCO", "VirtioNet", "VirtioNetV1", "WireGuard", "WireGuardCookie", "WireGuardInitiation", "WireGuardResponse",
]

FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "ah": ("AuthenticationHeader",),
    "arista": ("AristaTimestamp", "AristaTimestamp48"),
    "arp": ("ARP",),
    "bfd": ("BFD",),
    "bridging": ("ETag", "ITag", "VNTag"),
    "cfm": ("CFM", "CFMTLV"),
    "cisco_hdlc": ("CiscoHDLC", "SLARP", "SLARPKeepalive"),
    "cisco_tags": ("CiscoMetaData", "CiscoTimestampTag"),
    "dhcp": ("DHCP",),
    "dhcp_option": (
        "DHCPAddress", "DHCPDNSOption", "DHCPHostNameOption", "DHCPLeaseTimeOption", "DHCPMessageTypeOption",
        "DHCPOption", "DHCPParameterRequestOption", "DHCPRelayAgentOption", "DHCPRelaySuboption",
        "DHCPRequestedAddressOption", "DHCPRouterOption", "DHCPServerIdOption", "DHCPSubnetMaskOption",
    ),
    "dhcpv6": ("DHCPv6", "DHCPv6Relay"),
    "dhcpv6_option": (
        "DHCPv6AddressOption", "DHCPv6AddressesOption", "DHCPv6ClientIdOption", "DHCPv6ElapsedTimeOption",
        "DHCPv6Option", "DHCPv6PrefixOption", "DHCPv6PrefixesOption", "DHCPv6ServerIdOption",
    ),
    "dsa": ("DSA", "EDSA"),
    "erspan": ("ERSPAN", "ERSPANv3"),
    "esp": ("ESP", "NonESPMarker"),
    "etherip": ("EtherIP",),
    "ethernet": ("Ethernet",),
    "fddi": ("FDDI",),
    "frame_relay": ("CiscoFrameRelay", "FrameRelay", "NLPIDPadding"),
    "gach": ("GACh",),
    "geneve": ("Geneve",),
    "geneve_option": ("GeneveOption",),
    "geneve_vendors": (
        "AWSAttachmentOption", "AWSEndpointOption", "AWSFlowCookieOption", "CPacketOption", "CiliumDSROption",
        "CiliumDSRv6Option", "GCPEndpointOption", "GCPNetworkOption", "GCPProfileOption", "OVNOption",
        "OxideExternalOption", "OxideMSSOption", "OxideMulticastOption", "TencentAttachmentOption",
        "TencentEndpointOption", "TencentFlowCookieOption",
    ),
    "gre": ("GRE", "GRESourceRoute", "GREv1"),
    "gtp": ("GTPU", "GTPUExtension"),
    "gue": ("GUE",),
    "icmp": (
        "ICMP", "ICMPEcho", "ICMPParameterProblem", "ICMPRedirect", "ICMPTimeExceeded", "ICMPTimestamp",
        "ICMPUnreachable",
    ),
    "icmp_extensions": ("ICMPExtensionObject", "ICMPExtensions", "ICMPMPLSLabel", "ICMPMPLSStackObject"),
    "icmp_interface": (
        "ICMPInterfaceAddressObject", "ICMPInterfaceIPv4Object", "ICMPInterfaceIPv6Object", "ICMPInterfaceIndexObject",
        "ICMPInterfaceNameObject", "ICMPInterfaceObject",
    ),
    "icmp_probe": ("ICMPExtendedEcho", "ICMPExtendedEchoReply", "ICMPv6ExtendedEcho", "ICMPv6ExtendedEchoReply"),
    "icmpv6": (
        "ICMPv6", "ICMPv6Echo", "ICMPv6PacketTooBig", "ICMPv6ParameterProblem", "ICMPv6TimeExceeded",
        "ICMPv6Unreachable",
    ),
    "igmp": ("IGMP", "IGMPGroup", "IGMPGroupRecord", "IGMPQuery", "IGMPSource", "IGMPv3Query", "IGMPv3Report"),
    "ipv4": (
        "IPv4", "IPv4LooseSourceRouteOption", "IPv4Option", "IPv4RecordRouteOption", "IPv4RouteAddress",
        "IPv4RouterAlertOption", "IPv4StrictSourceRouteOption",
    ),
    "ipv6": (
        "IPv6", "IPv6DestinationOptions", "IPv6Fragment", "IPv6HomeAddressOption", "IPv6HopByHop",
        "IPv6JumboPayloadOption", "IPv6Option", "IPv6RouterAlertOption", "IPv6Routing",
        "IPv6TunnelEncapsulationLimitOption",
    ),
    "l2tp": ("L2TP", "L2TPControl"),
    "l2tpv3": ("L2TPv3", "L2TPv3Control", "L2TPv3Cookie4", "L2TPv3Cookie8", "L2TPv3OverUDP", "L2TPv3Sublayer"),
    "lacp": ("LACP",),
    "link": ("BSDLoopback", "BSDNull", "SLL", "SLL2"),
    "lisp": ("LISP",),
    "llc": ("LLC", "SNAP"),
    "lldp": ("LLDP", "LLDPTLV"),
    "macsec": ("MACsec", "MACsecEncrypted"),
    "mld": ("MLDAddressRecord", "MLDQuery", "MLDReport", "MLDSource", "MLDv2Query", "MLDv2Report"),
    "mpls": ("MPLS", "PseudowireControlWord"),
    "mstp": ("MSTI", "MSTP"),
    "ndp": (
        "NDPMTU", "NDPOption", "NDPPrefixInformation", "NDPRedirect", "NDPSourceLinkLayerAddress",
        "NDPTargetLinkLayerAddress", "NeighborAdvertisement", "NeighborSolicitation", "RouterAdvertisement",
        "RouterSolicitation",
    ),
    "nflog": ("NFLOG", "NFLOGAttribute", "Netlink"),
    "nsh": ("NSH", "NSHMetadata"),
    "pim": ("PIM", "PIMOverIPv6", "PIMRegister", "PIMRegisterOverIPv6"),
    "pktap": ("PKTAP",),
    "ppp": ("PPP", "PPPCompressed", "PPPFramed", "PPPFramedCompressed"),
    "ppp_authentication": ("CHAP", "CHAPValue", "PAP", "PAPReply", "PAPRequest"),
    "ppp_compression": ("CCP", "CCPDeflateOption", "CCPMPPEOption", "CCPOptions"),
    "ppp_control": (
        "IPCP", "IPCPAddressOption", "IPCPOptions", "IPv6CP", "IPv6CPInterfaceOption", "IPv6CPOptions", "LCP",
        "LCPMRUOption", "LCPMagicNumberOption", "LCPOptions", "PPPOption",
    ),
    "pppoe": ("PPPoE", "PPPoEDiscovery", "PPPoETag"),
    "ptp": ("PTP",),
    "ptp_message": (
        "PTPAnnounce", "PTPDelayResponse", "PTPFollowUp", "PTPPeerDelayFollowUp", "PTPPeerDelayRequest",
        "PTPPeerDelayResponse", "PTPSync",
    ),
    "radio": ("PPI", "Radiotap"),
    "rip": ("RIP", "RIPCryptographicEntry", "RIPDigestEntry", "RIPEntry", "RIPPasswordEntry"),
    "sctp": ("SCTP", "SCTPChunk"),
    "segment_routing": ("IPv6SegmentRouting", "SRv6Segment", "SRv6TLV"),
    "slow_protocols": ("LACPMarker", "LinkOAM", "SlowProtocol"),
    "socketcan": ("SocketCAN",),
    "stp": ("RSTP", "STP", "STPTopologyChange"),
    "stt": ("STT", "STTSegment"),
    "tcp": (
        "TCP", "TCPMSSOption", "TCPOption", "TCPSACKBlock", "TCPSACKOption", "TCPSACKPermittedOption",
        "TCPTimestampsOption", "TCPWindowScaleOption",
    ),
    "telemetry": ("INTMD", "INTMDOption", "INTMX", "INTMXOption"),
    "teredo": ("TeredoAuthentication", "TeredoOrigin"),
    "tzsp": ("TZSP", "TZSPTag"),
    "udp": ("UDP",),
    "virtio_net": ("VirtioNet", "VirtioNetV1"),
    "vlan": ("VLANTag",),
    "vrrp": ("VRRP", "VRRPAddress", "VRRPIPv6Address", "VRRPv3", "VRRPv3OverIPv6"),
    "vxlan": ("VXLAN", "VXLANGBP", "VXLANGPE", "VXLANRCO"),
    "wireguard": ("WireGuard", "WireGuardCookie", "WireGuardInitiation", "WireGuardResponse"),
}
"""The public names of each family."""

HEADERS: Final = (
    LateHeader("overlaycodec.protocols.ah", "AuthenticationHeader", "ah", (IP_PROTOCOL(51),)),
    LateHeader("overlaycodec.protocols.arista", "AristaTimestamp", "arista_timestamp", (
        ETHERTYPE(0xd28b).when(Peek(bit=0, count=16, value=1), Peek(bit=24, count=4, value=1)),
    )),
    LateHeader("overlaycodec.protocols.arista", "AristaTimestamp48", "arista_timestamp48", (
        ETHERTYPE(0xd28b).when(Peek(bit=0, count=16, value=1), Peek(bit=24, count=4, value=2)),
    )),
    LateHeader("overlaycodec.protocols.arp", "ARP", "arp", (ETHERTYPE(0x0806), ETHERTYPE(0x8035))),
    LateHeader("overlaycodec.protocols.bfd", "BFD", "bfd", (
        UDP_PORT(3784).as_guess(), UDP_PORT(4784).as_guess(), UDP_PORT(6784).as_guess(), UDP_PORT(7784).as_guess(),
        GACH_CHANNEL(0x0007), GACH_CHANNEL(0x0022),
    )),
    LateHeader("overlaycodec.protocols.bridging", "ETag", "e_tag", (ETHERTYPE(0x893f),)),
    LateHeader("overlaycodec.protocols.bridging", "ITag", "i_tag", (ETHERTYPE(0x88e7),)),
    LateHeader("overlaycodec.protocols.bridging", "VNTag", "vn_tag", (ETHERTYPE(0x8926),)),
    LateHeader("overlaycodec.protocols.cfm", "CFM", "cfm", (ETHERTYPE(0x8902), GACH_CHANNEL(0x8902))),
    LateHeader("overlaycodec.protocols.cisco_hdlc", "CiscoHDLC", "cisco_hdlc", (
        LINK_TYPE(104), LINK_TYPE(50).when(Peek(bit=0, count=8, value=15)),
        LINK_TYPE(50).when(Peek(bit=0, count=8, value=143)),
    )),
    LateHeader("overlaycodec.protocols.cisco_hdlc", "SLARP", "slarp", (CISCO_HDLC_PROTOCOL(0x8035),)),
    LateHeader("overlaycodec.protocols.cisco_hdlc", "SLARPKeepalive", "slarp_keepalive", (
        CISCO_HDLC_PROTOCOL(0x8035).when(Peek(bit=0, count=32, value=2)),
    )),
    LateHeader("overlaycodec.protocols.cisco_tags", "CiscoMetaData", "cisco_metadata", (ETHERTYPE(0x8909),)),
    LateHeader("overlaycodec.protocols.cisco_tags", "CiscoTimestampTag", "cisco_ttag", (ETHERTYPE(0x8988).as_guess(),)),
    LateHeader("overlaycodec.protocols.dhcp", "DHCP", "dhcp", (
        UDP_PORT(67).when(Peek(bit=1888, count=32, value=1669485411)),
        UDP_PORT(68).when(Peek(bit=1888, count=32, value=1669485411)),
    )),
    LateHeader("overlaycodec.protocols.dhcpv6", "DHCPv6", "dhcpv6", (
        UDP_PORT(547).as_guess(), UDP_PORT(546).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.dhcpv6", "DHCPv6Relay", "dhcpv6_relay", (
        UDP_PORT(547).when(Peek(bit=0, count=7, value=6)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.dsa", "DSA", "dsa", (LINK_TYPE(284),)),
    LateHeader("overlaycodec.protocols.dsa", "EDSA", "edsa", (ETHERTYPE(0xdada),)),
    LateHeader("overlaycodec.protocols.erspan", "ERSPAN", "erspan", (
        ETHERTYPE(0x88be).when(PreviousHeader(field='sequence_present', value=True)),
    )),
    LateHeader("overlaycodec.protocols.erspan", "ERSPANv3", "erspan_v3", (ETHERTYPE(0x22eb),)),
    LateHeader("overlaycodec.protocols.esp", "ESP", "esp", (
        IP_PROTOCOL(50), UDP_PORT(4500).when(MinOctets(octets=8)).as_fallback(),
    )),
    LateHeader("overlaycodec.protocols.esp", "NonESPMarker", "non_esp_marker", (
        UDP_PORT(4500).when(Peek(bit=0, count=32, value=0)),
    )),
    LateHeader("overlaycodec.protocols.etherip", "EtherIP", "etherip", (IP_PROTOCOL(97),)),
    LateHeader("overlaycodec.protocols.ethernet", "Ethernet", "ethernet", (
        ETHERTYPE(0x6558), GPE_PROTOCOL(3), LINK_TYPE(1), LINK_TYPE(285), NSH_PROTOCOL(3), TZSP_PROTOCOL(1),
        ERSPAN_FRAME(0), IP_PROTOCOL(143),
        ETHERTYPE(0x88be).when(PreviousHeader(field='sequence_present', value=False)),
    )),
    LateHeader("overlaycodec.protocols.fddi", "FDDI", "fddi", (LINK_TYPE(10),)),
    LateHeader("overlaycodec.protocols.frame_relay", "CiscoFrameRelay", "cisco_frame_relay", (LINK_TYPE(107),)),
    LateHeader("overlaycodec.protocols.frame_relay", "FrameRelay", "frame_relay", (
        LINK_TYPE(107).when(Peek(bit=16, count=8, value=3)),
    )),
    LateHeader("overlaycodec.protocols.frame_relay", "NLPIDPadding", "nlpid_padding", (
        NLPID(0x00).when(PreviousHeader(field='control', value=3)),
    )),
    LateHeader("overlaycodec.protocols.gach", "GACh", "gach", (MPLS_LABEL(13),)),
    LateHeader("overlaycodec.protocols.geneve", "Geneve", "geneve", (UDP_PORT(6081).as_guess(),)),
    LateHeader("overlaycodec.protocols.gre", "GRE", "gre", (IP_PROTOCOL(47), UDP_PORT(4754).as_guess())),
    LateHeader("overlaycodec.protocols.gre", "GREv1", "gre_v1", (
        IP_PROTOCOL(47).when(Peek(bit=13, count=3, value=1)),
    )),
    LateHeader("overlaycodec.protocols.gtp", "GTPU", "gtpu", (UDP_PORT(2152).as_guess(),)),
    LateHeader("overlaycodec.protocols.gtp", "GTPUExtension", "gtpu_extension", (
        GTPU_EXTENSION(0x85), GTPU_EXTENSION(0x20), GTPU_EXTENSION(0x40), GTPU_EXTENSION(0x81), GTPU_EXTENSION(0x82),
        GTPU_EXTENSION(0x84), GTPU_EXTENSION(0xc0), GTPU_EXTENSION.any(),
    )),
    LateHeader("overlaycodec.protocols.gue", "GUE", "gue", (UDP_PORT(6080).as_guess(),)),
    LateHeader("overlaycodec.protocols.icmp", "ICMP", "icmp", (IP_PROTOCOL(1),)),
    LateHeader("overlaycodec.protocols.icmp", "ICMPEcho", "icmp_echo", (ICMP_TYPE(8), ICMP_TYPE(0))),
    LateHeader("overlaycodec.protocols.icmp", "ICMPParameterProblem", "icmp_parameter_problem", (ICMP_TYPE(12),)),
    LateHeader("overlaycodec.protocols.icmp", "ICMPRedirect", "icmp_redirect", (ICMP_TYPE(5),)),
    LateHeader("overlaycodec.protocols.icmp", "ICMPTimeExceeded", "icmp_time_exceeded", (ICMP_TYPE(11),)),
    LateHeader("overlaycodec.protocols.icmp", "ICMPTimestamp", "icmp_timestamp", (ICMP_TYPE(13), ICMP_TYPE(14))),
    LateHeader("overlaycodec.protocols.icmp", "ICMPUnreachable", "icmp_unreachable", (ICMP_TYPE(3),)),
    LateHeader("overlaycodec.protocols.icmp_extensions", "ICMPExtensions", "icmp_extensions", (ICMP_EXTENSION(0),)),
    LateHeader("overlaycodec.protocols.icmp_probe", "ICMPExtendedEcho", "icmp_extended_echo", (ICMP_TYPE(42),)),
    LateHeader("overlaycodec.protocols.icmp_probe", "ICMPExtendedEchoReply", "icmp_extended_echo_reply", (
        ICMP_TYPE(43),
    )),
    LateHeader("overlaycodec.protocols.icmp_probe", "ICMPv6ExtendedEcho", "icmpv6_extended_echo", (ICMPV6_TYPE(160),)),
    LateHeader("overlaycodec.protocols.icmp_probe", "ICMPv6ExtendedEchoReply", "icmpv6_extended_echo_reply", (
        ICMPV6_TYPE(161),
    )),
    LateHeader("overlaycodec.protocols.icmpv6", "ICMPv6", "icmpv6", (IP_PROTOCOL(58),)),
    LateHeader("overlaycodec.protocols.icmpv6", "ICMPv6Echo", "icmpv6_echo", (ICMPV6_TYPE(128), ICMPV6_TYPE(129))),
    LateHeader("overlaycodec.protocols.icmpv6", "ICMPv6PacketTooBig", "icmpv6_packet_too_big", (ICMPV6_TYPE(2),)),
    LateHeader("overlaycodec.protocols.icmpv6", "ICMPv6ParameterProblem", "icmpv6_parameter_problem", (
        ICMPV6_TYPE(4),
    )),
    LateHeader("overlaycodec.protocols.icmpv6", "ICMPv6TimeExceeded", "icmpv6_time_exceeded", (ICMPV6_TYPE(3),)),
    LateHeader("overlaycodec.protocols.icmpv6", "ICMPv6Unreachable", "icmpv6_unreachable", (ICMPV6_TYPE(1),)),
    LateHeader("overlaycodec.protocols.igmp", "IGMP", "igmp", (IP_PROTOCOL(2),)),
    LateHeader("overlaycodec.protocols.igmp", "IGMPGroup", "igmp_group", (
        IGMP_TYPE(0x16), IGMP_TYPE(0x12), IGMP_TYPE(0x17),
    )),
    LateHeader("overlaycodec.protocols.igmp", "IGMPQuery", "igmp_query", (IGMP_TYPE(0x11),)),
    LateHeader("overlaycodec.protocols.igmp", "IGMPv3Query", "igmp_v3_query", (
        IGMP_QUERY(0).when(MinOctets(octets=4)),
    )),
    LateHeader("overlaycodec.protocols.igmp", "IGMPv3Report", "igmp_v3_report", (IGMP_TYPE(0x22),)),
    LateHeader("overlaycodec.protocols.ipv4", "IPv4", "ipv4", (
        ETHERTYPE(0x0800), IP_PROTOCOL(4), GPE_PROTOCOL(1),
        LINK_TYPE(101).when(Peek(bit=0, count=4, value=4)).as_guess(),
        LINK_TYPE(12).when(Peek(bit=0, count=4, value=4)).as_guess(),
        LINK_TYPE(14).when(Peek(bit=0, count=4, value=4)).as_guess(), LINK_TYPE(228), LLC_SAP(6), LOOPBACK_FAMILY(2),
        GACH_CHANNEL(0x0021), NFLOG_FAMILY(2), NLPID(0xcc),
        MPLS_LABEL.any().when(Peek(bit=0, count=4, value=4)).as_guess(), PPP_PROTOCOL(0x0021), NSH_PROTOCOL(1),
        ERSPAN_FRAME(2).when(Peek(bit=0, count=4, value=4)).as_guess(),
        GTPU_EXTENSION(0x00).when(Peek(bit=0, count=4, value=4)).as_guess(),
        UDP_PORT(6080).when(Peek(bit=0, count=4, value=4)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.ipv6", "IPv6", "ipv6", (
        ETHERTYPE(0x86dd), IP_PROTOCOL(41), GPE_PROTOCOL(2),
        LINK_TYPE(101).when(Peek(bit=0, count=4, value=6)).as_guess(),
        LINK_TYPE(12).when(Peek(bit=0, count=4, value=6)).as_guess(),
        LINK_TYPE(14).when(Peek(bit=0, count=4, value=6)).as_guess(), LINK_TYPE(229), LOOPBACK_FAMILY(30),
        LOOPBACK_FAMILY(28), LOOPBACK_FAMILY(24), LOOPBACK_FAMILY(10),
        MPLS_LABEL.any().when(Peek(bit=0, count=4, value=6)).as_guess(), GACH_CHANNEL(0x0057), NFLOG_FAMILY(10),
        NLPID(0x8e), PPP_PROTOCOL(0x0057), NSH_PROTOCOL(2),
        ERSPAN_FRAME(2).when(Peek(bit=0, count=4, value=6)).as_guess(),
        GTPU_EXTENSION(0x00).when(Peek(bit=0, count=4, value=6)).as_guess(),
        UDP_PORT(6080).when(Peek(bit=0, count=4, value=6)).as_guess(),
        UDP_PORT(3544).when(Peek(bit=0, count=4, value=6)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.ipv6", "IPv6DestinationOptions", "ipv6_destination_options", (IP_PROTOCOL(60),)),
    LateHeader("overlaycodec.protocols.ipv6", "IPv6Fragment", "ipv6_fragment", (IP_PROTOCOL(44),)),
    LateHeader("overlaycodec.protocols.ipv6", "IPv6HopByHop", "ipv6_hop_by_hop", (IP_PROTOCOL(0),)),
    LateHeader("overlaycodec.protocols.ipv6", "IPv6Routing", "ipv6_routing", (IP_PROTOCOL(43),)),
    LateHeader("overlaycodec.protocols.l2tp", "L2TP", "l2tp", (
        UDP_PORT(1701).when(Peek(bit=12, count=4, value=2), Peek(bit=0, count=1, value=0)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.l2tp", "L2TPControl", "l2tp_control", (
        UDP_PORT(1701).when(Peek(bit=12, count=4, value=2), Peek(bit=0, count=1, value=1)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.l2tpv3", "L2TPv3", "l2tp_v3", (IP_PROTOCOL(115),)),
    LateHeader("overlaycodec.protocols.l2tpv3", "L2TPv3Control", "l2tp_v3_control", (
        UDP_PORT(1701).when(Peek(bit=12, count=4, value=3), Peek(bit=0, count=1, value=1)).as_guess(),
        L2TP_IP_SESSION(0).when(Peek(bit=0, count=1, value=1), Peek(bit=12, count=4, value=3)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.l2tpv3", "L2TPv3Cookie4", "l2tp_v3_cookie4", ()),
    LateHeader("overlaycodec.protocols.l2tpv3", "L2TPv3Cookie8", "l2tp_v3_cookie8", ()),
    LateHeader("overlaycodec.protocols.l2tpv3", "L2TPv3OverUDP", "l2tp_v3_udp", (
        UDP_PORT(1701).when(Peek(bit=12, count=4, value=3), Peek(bit=0, count=1, value=0)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.l2tpv3", "L2TPv3Sublayer", "l2tp_v3_sublayer", (L2TP_SUBLAYER(0),)),
    LateHeader("overlaycodec.protocols.lacp", "LACP", "lacp", (SLOW_SUBTYPE(1),)),
    LateHeader("overlaycodec.protocols.link", "BSDLoopback", "bsd_loopback", (
        LINK_TYPE(108), LINK_TYPE(0).when(Peek(bit=0, count=16, value=0)),
    )),
    LateHeader("overlaycodec.protocols.link", "BSDNull", "bsd_null", (LINK_TYPE(0),)),
    LateHeader("overlaycodec.protocols.link", "SLL", "sll", (LINK_TYPE(113),)),
    LateHeader("overlaycodec.protocols.link", "SLL2", "sll2", (LINK_TYPE(276),)),
    LateHeader("overlaycodec.protocols.lisp", "LISP", "lisp", (UDP_PORT(4341).as_guess(),)),
    LateHeader("overlaycodec.protocols.llc", "LLC", "llc", (IEEE802_LENGTH(0), SLL_PROTOCOL(0x0004), FDDI_FORMAT(5))),
    LateHeader("overlaycodec.protocols.llc", "SNAP", "snap", (
        LLC_SAP(170).when(PreviousHeader(field='ssap', value=170)), NLPID(0x80),
    )),
    LateHeader("overlaycodec.protocols.lldp", "LLDP", "lldp", (ETHERTYPE(0x88cc),)),
    LateHeader("overlaycodec.protocols.macsec", "MACsec", "macsec", (
        ETHERTYPE(0x88e5).when(Peek(bit=4, count=2, value=0)),
    )),
    LateHeader("overlaycodec.protocols.macsec", "MACsecEncrypted", "macsec_encrypted", (ETHERTYPE(0x88e5),)),
    LateHeader("overlaycodec.protocols.mld", "MLDQuery", "mld_query", (ICMPV6_TYPE(130),)),
    LateHeader("overlaycodec.protocols.mld", "MLDReport", "mld_report", (ICMPV6_TYPE(131), ICMPV6_TYPE(132))),
    LateHeader("overlaycodec.protocols.mld", "MLDv2Query", "mld_v2_query", (MLD_QUERY(0).when(MinOctets(octets=4)),)),
    LateHeader("overlaycodec.protocols.mld", "MLDv2Report", "mld_v2_report", (ICMPV6_TYPE(143),)),
    LateHeader("overlaycodec.protocols.mpls", "MPLS", "mpls", (
        ETHERTYPE(0x8847), ETHERTYPE(0x8848), UDP_PORT(6635), IP_PROTOCOL(137), PPP_PROTOCOL(0x0281), NSH_PROTOCOL(5),
    )),
    LateHeader("overlaycodec.protocols.mpls", "PseudowireControlWord", "pw_control_word", ()),
    LateHeader("overlaycodec.protocols.mstp", "MSTP", "mstp", (BPDU_ADDITION(0).when(MinOctets(octets=66)),)),
    LateHeader("overlaycodec.protocols.ndp", "NDPRedirect", "ndp_redirect", (ICMPV6_TYPE(137),)),
    LateHeader("overlaycodec.protocols.ndp", "NeighborAdvertisement", "neighbor_advertisement", (ICMPV6_TYPE(136),)),
    LateHeader("overlaycodec.protocols.ndp", "NeighborSolicitation", "neighbor_solicitation", (ICMPV6_TYPE(135),)),
    LateHeader("overlaycodec.protocols.ndp", "RouterAdvertisement", "router_advertisement", (ICMPV6_TYPE(134),)),
    LateHeader("overlaycodec.protocols.ndp", "RouterSolicitation", "router_solicitation", (ICMPV6_TYPE(133),)),
    LateHeader("overlaycodec.protocols.nflog", "NFLOG", "nflog", (LINK_TYPE(239),)),
    LateHeader("overlaycodec.protocols.nflog", "Netlink", "netlink", (LINK_TYPE(253),)),
    LateHeader("overlaycodec.protocols.nsh", "NSH", "nsh", (ETHERTYPE(0x894f), GPE_PROTOCOL(4), NSH_PROTOCOL(4))),
    LateHeader("overlaycodec.protocols.pim", "PIM", "pim", (
        IP_PROTOCOL(103).when(Peek(bit=0, count=4, value=2), PreviousHeader(field='version', value=4)).as_fallback(),
    )),
    LateHeader("overlaycodec.protocols.pim", "PIMOverIPv6", "pim_ipv6", (
        IP_PROTOCOL(103).when(Peek(bit=0, count=4, value=2), PreviousHeader(field='version', value=6)).as_fallback(),
    )),
    LateHeader("overlaycodec.protocols.pim", "PIMRegister", "pim_register", (
        IP_PROTOCOL(103).when(Peek(bit=0, count=4, value=2), PreviousHeader(field='version', value=4), Peek(bit=4, count=4, value=1)),
    )),
    LateHeader("overlaycodec.protocols.pim", "PIMRegisterOverIPv6", "pim_register_ipv6", (
        IP_PROTOCOL(103).when(Peek(bit=0, count=4, value=2), PreviousHeader(field='version', value=6), Peek(bit=4, count=4, value=1)),
    )),
    LateHeader("overlaycodec.protocols.pktap", "PKTAP", "pktap", (LINK_TYPE(258),)),
    LateHeader("overlaycodec.protocols.ppp", "PPP", "ppp", (
        ETHERTYPE(0x880b).when(MinOctets(octets=1), Peek(bit=7, count=1, value=0)).as_fallback(), LINK_TYPE(9),
        LINK_TYPE(50), NLPID(0xcf),
    )),
    LateHeader("overlaycodec.protocols.ppp", "PPPCompressed", "ppp_compressed", (
        LINK_TYPE(9).when(Peek(bit=7, count=1, value=1)).as_fallback(),
        LINK_TYPE(50).when(Peek(bit=7, count=1, value=1)).as_fallback(),
        ETHERTYPE(0x880b).when(Peek(bit=7, count=1, value=1)).as_fallback(),
    )),
    LateHeader("overlaycodec.protocols.ppp", "PPPFramed", "ppp_framed", (
        LINK_TYPE(9).when(Peek(bit=0, count=16, value=65283), Peek(bit=23, count=1, value=0)),
        LINK_TYPE(50).when(Peek(bit=0, count=16, value=65283), Peek(bit=23, count=1, value=0)),
        ETHERTYPE(0x880b).when(Peek(bit=0, count=16, value=65283), Peek(bit=23, count=1, value=0)),
    )),
    LateHeader("overlaycodec.protocols.ppp", "PPPFramedCompressed", "ppp_framed_compressed", (
        LINK_TYPE(9).when(Peek(bit=0, count=16, value=65283), Peek(bit=23, count=1, value=1)),
        LINK_TYPE(50).when(Peek(bit=0, count=16, value=65283), Peek(bit=23, count=1, value=1)),
        ETHERTYPE(0x880b).when(Peek(bit=0, count=16, value=65283), Peek(bit=23, count=1, value=1)),
    )),
    LateHeader("overlaycodec.protocols.ppp_authentication", "CHAP", "chap", (PPP_PROTOCOL(0xc223),)),
    LateHeader("overlaycodec.protocols.ppp_authentication", "CHAPValue", "chap_value", (CHAP_CODE(1), CHAP_CODE(2))),
    LateHeader("overlaycodec.protocols.ppp_authentication", "PAP", "pap", (PPP_PROTOCOL(0xc023),)),
    LateHeader("overlaycodec.protocols.ppp_authentication", "PAPReply", "pap_reply", (PAP_CODE(2), PAP_CODE(3))),
    LateHeader("overlaycodec.protocols.ppp_authentication", "PAPRequest", "pap_request", (PAP_CODE(1),)),
    LateHeader("overlaycodec.protocols.ppp_compression", "CCP", "ccp", (PPP_PROTOCOL(0x80fd),)),
    LateHeader("overlaycodec.protocols.ppp_compression", "CCPOptions", "ccp_options", (
        CCP_CODE(1), CCP_CODE(2), CCP_CODE(3), CCP_CODE(4),
    )),
    LateHeader("overlaycodec.protocols.ppp_control", "IPCP", "ipcp", (PPP_PROTOCOL(0x8021),)),
    LateHeader("overlaycodec.protocols.ppp_control", "IPCPOptions", "ipcp_options", (
        IPCP_CODE(1), IPCP_CODE(2), IPCP_CODE(3), IPCP_CODE(4),
    )),
    LateHeader("overlaycodec.protocols.ppp_control", "IPv6CP", "ipv6cp", (PPP_PROTOCOL(0x8057),)),
    LateHeader("overlaycodec.protocols.ppp_control", "IPv6CPOptions", "ipv6cp_options", (
        IPV6CP_CODE(1), IPV6CP_CODE(2), IPV6CP_CODE(3), IPV6CP_CODE(4),
    )),
    LateHeader("overlaycodec.protocols.ppp_control", "LCP", "lcp", (PPP_PROTOCOL(0xc021),)),
    LateHeader("overlaycodec.protocols.ppp_control", "LCPOptions", "lcp_options", (
        LCP_CODE(1), LCP_CODE(2), LCP_CODE(3), LCP_CODE(4),
    )),
    LateHeader("overlaycodec.protocols.pppoe", "PPPoE", "pppoe", (ETHERTYPE(0x8864),)),
    LateHeader("overlaycodec.protocols.pppoe", "PPPoEDiscovery", "pppoe_discovery", (ETHERTYPE(0x8863),)),
    LateHeader("overlaycodec.protocols.ptp", "PTP", "ptp", (
        ETHERTYPE(0x88f7).when(Peek(bit=12, count=4, value=2)),
        UDP_PORT(319).when(Peek(bit=12, count=4, value=2)).as_guess(),
        UDP_PORT(320).when(Peek(bit=12, count=4, value=2)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.ptp_message", "PTPAnnounce", "ptp_announce", (PTP_MESSAGE(11),)),
    LateHeader("overlaycodec.protocols.ptp_message", "PTPDelayResponse", "ptp_delay_response", (PTP_MESSAGE(9),)),
    LateHeader("overlaycodec.protocols.ptp_message", "PTPFollowUp", "ptp_follow_up", (PTP_MESSAGE(8),)),
    LateHeader("overlaycodec.protocols.ptp_message", "PTPPeerDelayFollowUp", "ptp_peer_delay_follow_up", (
        PTP_MESSAGE(10),
    )),
    LateHeader("overlaycodec.protocols.ptp_message", "PTPPeerDelayRequest", "ptp_peer_delay_request", (
        PTP_MESSAGE(2),
    )),
    LateHeader("overlaycodec.protocols.ptp_message", "PTPPeerDelayResponse", "ptp_peer_delay_response", (
        PTP_MESSAGE(3),
    )),
    LateHeader("overlaycodec.protocols.ptp_message", "PTPSync", "ptp_sync", (PTP_MESSAGE(0), PTP_MESSAGE(1))),
    LateHeader("overlaycodec.protocols.radio", "PPI", "ppi", (LINK_TYPE(192),)),
    LateHeader("overlaycodec.protocols.radio", "Radiotap", "radiotap", (LINK_TYPE(127),)),
    LateHeader("overlaycodec.protocols.rip", "RIP", "rip", (UDP_PORT(520).as_guess(),)),
    LateHeader("overlaycodec.protocols.sctp", "SCTP", "sctp", (IP_PROTOCOL(132),)),
    LateHeader("overlaycodec.protocols.segment_routing", "IPv6SegmentRouting", "ipv6_segment_routing", (
        IP_PROTOCOL(43).when(Peek(bit=16, count=8, value=4)),
    )),
    LateHeader("overlaycodec.protocols.slow_protocols", "LACPMarker", "lacp_marker", (SLOW_SUBTYPE(2),)),
    LateHeader("overlaycodec.protocols.slow_protocols", "LinkOAM", "link_oam", (SLOW_SUBTYPE(3),)),
    LateHeader("overlaycodec.protocols.slow_protocols", "SlowProtocol", "slow_protocol", (ETHERTYPE(0x8809),)),
    LateHeader("overlaycodec.protocols.socketcan", "SocketCAN", "socketcan", (
        LINK_TYPE(227).when(Peek(bit=32, count=1, value=0)),
    )),
    LateHeader("overlaycodec.protocols.stp", "RSTP", "rstp", (BPDU_TYPE(2),)),
    LateHeader("overlaycodec.protocols.stp", "STP", "stp", (
        LLC_SAP(66).when(Peek(bit=0, count=16, value=0), Peek(bit=24, count=6, value=0)),
    )),
    LateHeader("overlaycodec.protocols.stp", "STPTopologyChange", "stp_topology_change", (
        LLC_SAP(66).when(Peek(bit=0, count=16, value=0), Peek(bit=24, count=8, value=128)),
    )),
    LateHeader("overlaycodec.protocols.stt", "STT", "stt", (STT_OFFSET(0),)),
    LateHeader("overlaycodec.protocols.stt", "STTSegment", "stt_segment", (
        IP_PROTOCOL(6).when(Peek(bit=16, count=16, value=7471), Peek(bit=96, count=4, value=5), Within(length=32, offset=48, header=20)).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.tcp", "TCP", "tcp", (IP_PROTOCOL(6),)),
    LateHeader("overlaycodec.protocols.telemetry", "INTMD", "int_md", (
        GPE_PROTOCOL(128).when(Peek(bit=0, count=4, value=1), Peek(bit=32, count=4, value=2)),
    )),
    LateHeader("overlaycodec.protocols.telemetry", "INTMX", "int_mx", (
        GPE_PROTOCOL(128).when(Peek(bit=0, count=4, value=3), Peek(bit=32, count=4, value=2)),
    )),
    LateHeader("overlaycodec.protocols.teredo", "TeredoAuthentication", "teredo_authentication", (
        UDP_PORT(3544).when(Peek(bit=0, count=16, value=1)),
    )),
    LateHeader("overlaycodec.protocols.teredo", "TeredoOrigin", "teredo_origin", (
        UDP_PORT(3544).when(Peek(bit=0, count=16, value=0)),
    )),
    LateHeader("overlaycodec.protocols.tzsp", "TZSP", "tzsp", (UDP_PORT(37008).as_guess(),)),
    LateHeader("overlaycodec.protocols.udp", "UDP", "udp", (IP_PROTOCOL(17),)),
    LateHeader("overlaycodec.protocols.virtio_net", "VirtioNet", "virtio_net", ()),
    LateHeader("overlaycodec.protocols.virtio_net", "VirtioNetV1", "virtio_net_v1", ()),
    LateHeader("overlaycodec.protocols.vlan", "VLANTag", "vlan", (
        ETHERTYPE(0x8100), ETHERTYPE(0x88a8), ETHERTYPE(0x9100), ETHERTYPE(0x9200),
    )),
    LateHeader("overlaycodec.protocols.vrrp", "VRRP", "vrrp", (
        IP_PROTOCOL(112).when(Peek(bit=0, count=4, value=2), PreviousHeader(field='version', value=4)),
    )),
    LateHeader("overlaycodec.protocols.vrrp", "VRRPv3", "vrrp_v3", (
        IP_PROTOCOL(112).when(Peek(bit=0, count=4, value=3), PreviousHeader(field='version', value=4)),
    )),
    LateHeader("overlaycodec.protocols.vrrp", "VRRPv3OverIPv6", "vrrp_v3_ipv6", (
        IP_PROTOCOL(112).when(Peek(bit=0, count=4, value=3), PreviousHeader(field='version', value=6)),
    )),
    LateHeader("overlaycodec.protocols.vxlan", "VXLAN", "vxlan", (
        UDP_PORT(4789).as_guess(), UDP_PORT(8472).as_guess(),
    )),
    LateHeader("overlaycodec.protocols.vxlan", "VXLANGBP", "vxlan_gbp", (UDP_PORT(4789).as_fallback(),)),
    LateHeader("overlaycodec.protocols.vxlan", "VXLANGPE", "vxlan_gpe", (UDP_PORT(4790).as_guess(),)),
    LateHeader("overlaycodec.protocols.vxlan", "VXLANRCO", "vxlan_rco", (UDP_PORT(4789).as_fallback(),)),
    LateHeader("overlaycodec.protocols.wireguard", "WireGuard", "wireguard", (
        UDP_PORT(51820).when(Peek(bit=0, count=8, value=4), Peek(bit=8, count=24, value=0)),
    )),
    LateHeader("overlaycodec.protocols.wireguard", "WireGuardCookie", "wireguard_cookie", (
        UDP_PORT(51820).when(Peek(bit=0, count=8, value=3), Peek(bit=8, count=24, value=0)),
    )),
    LateHeader("overlaycodec.protocols.wireguard", "WireGuardInitiation", "wireguard_initiation", (
        UDP_PORT(51820).when(Peek(bit=0, count=8, value=1), Peek(bit=8, count=24, value=0)),
    )),
    LateHeader("overlaycodec.protocols.wireguard", "WireGuardResponse", "wireguard_response", (
        UDP_PORT(51820).when(Peek(bit=0, count=8, value=2), Peek(bit=8, count=24, value=0)),
    )),
)
"""Every header of the default catalog: where it is declared, its name in paths, its keys."""
