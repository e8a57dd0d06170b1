"""The headers of the default catalog, in the order in which their bindings are asked."""

from overlaycodec.protocols.ah import AuthenticationHeader
from overlaycodec.protocols.arp import ARP
from overlaycodec.protocols.bridging import ETag, ITag, VNTag
from overlaycodec.protocols.erspan import ERSPAN, ERSPANv3
from overlaycodec.protocols.ethernet import Ethernet
from overlaycodec.protocols.geneve import Geneve
from overlaycodec.protocols.geneve_option import GeneveOption
from overlaycodec.protocols.geneve_vendors import (
    AWSAttachmentOption,
    AWSEndpointOption,
    AWSFlowCookieOption,
    CiliumDSROption,
    CPacketOption,
    GCPEndpointOption,
    GCPNetworkOption,
    GCPProfileOption,
    OVNOption,
    OxideExternalOption,
    OxideMSSOption,
    OxideMulticastOption,
    TencentAttachmentOption,
    TencentEndpointOption,
    TencentFlowCookieOption,
)
from overlaycodec.protocols.gre import GRE, GREv1, SourceRoute
from overlaycodec.protocols.gtp import GTPU, GTPUExtension
from overlaycodec.protocols.gue import GUE
from overlaycodec.protocols.icmp import (
    ICMP,
    ICMPEcho,
    ICMPParameterProblem,
    ICMPRedirect,
    ICMPTimeExceeded,
    ICMPTimestamp,
    ICMPUnreachable,
)
from overlaycodec.protocols.icmpv6 import (
    ICMPv6,
    ICMPv6Echo,
    ICMPv6PacketTooBig,
    ICMPv6ParameterProblem,
    ICMPv6TimeExceeded,
    ICMPv6Unreachable,
)
from overlaycodec.protocols.igmp import (
    IGMP,
    IGMPGroup,
    IGMPGroupRecord,
    IGMPQuery,
    IGMPv3Query,
    IGMPv3Report,
    IPv4Source,
)
from overlaycodec.protocols.ipv4 import (
    IPv4,
    IPv4Option,
    LooseSourceRouteOption,
    RecordRouteOption,
    RouteAddress,
    RouterAlertOption,
    StrictSourceRouteOption,
)
from overlaycodec.protocols.ipv6 import (
    DestinationOptions,
    Fragment,
    HopByHop,
    IPv6,
    IPv6Option,
    IPv6RouterAlertOption,
    JumboPayloadOption,
    Routing,
    TunnelEncapsulationLimitOption,
)
from overlaycodec.protocols.link import SLL, SLL2, Loopback, LoopbackLittle
from overlaycodec.protocols.llc import LLC, SNAP
from overlaycodec.protocols.lldp import LLDP, LLDPTLV
from overlaycodec.protocols.mld import IPv6Source, MLDAddressRecord, MLDQuery, MLDReport, MLDv2Query, MLDv2Report
from overlaycodec.protocols.mpls import MPLS, ControlWord
from overlaycodec.protocols.ndp import (
    NDPMTU,
    NDPOption,
    NDPRedirect,
    NeighborAdvertisement,
    NeighborSolicitation,
    PrefixInformation,
    RouterAdvertisement,
    RouterSolicitation,
    SourceLinkLayerAddress,
    TargetLinkLayerAddress,
)
from overlaycodec.protocols.nsh import NSH, NSHMetadata
from overlaycodec.protocols.pppoe import PPP, PPPFramed, PPPoE, PPPoEDiscovery, PPPoETag
from overlaycodec.protocols.sctp import SCTP, SCTPChunk
from overlaycodec.protocols.segment_routing import Segment, SegmentRouting, SegmentRoutingTLV
from overlaycodec.protocols.stt import STT, STTSegment
from overlaycodec.protocols.tcp import (
    TCP,
    MSSOption,
    SACKBlock,
    SACKOption,
    SACKPermittedOption,
    TCPOption,
    TimestampsOption,
    WindowScaleOption,
)
from overlaycodec.protocols.telemetry import INTMD, INTMX, INTMDOption, INTMXOption
from overlaycodec.protocols.udp import UDP
from overlaycodec.protocols.vlan import VLANTag
from overlaycodec.protocols.vxlan import VXLAN, VXLANGBP, VXLANGPE, VXLANRCO
from overlaycodec.schema import Header

__all__ = [
    "ARP",
    "ERSPAN",
    "GRE",
    "GTPU",
    "GUE",
    "ICMP",
    "IGMP",
    "INTMD",
    "INTMX",
    "LLC",
    "LLDP",
    "LLDPTLV",
    "MPLS",
    "NDPMTU",
    "NSH",
    "PPP",
    "SCTP",
    "SLL",
    "SLL2",
    "SNAP",
    "STT",
    "TCP",
    "UDP",
    "VXLAN",
    "VXLANGBP",
    "VXLANGPE",
    "VXLANRCO",
    "AWSAttachmentOption",
    "AWSEndpointOption",
    "AWSFlowCookieOption",
    "AuthenticationHeader",
    "CPacketOption",
    "CiliumDSROption",
    "ControlWord",
    "DestinationOptions",
    "ERSPANv3",
    "ETag",
    "Ethernet",
    "Fragment",
    "GCPEndpointOption",
    "GCPNetworkOption",
    "GCPProfileOption",
    "GREv1",
    "GTPUExtension",
    "Geneve",
    "GeneveOption",
    "HopByHop",
    "ICMPEcho",
    "ICMPParameterProblem",
    "ICMPRedirect",
    "ICMPTimeExceeded",
    "ICMPTimestamp",
    "ICMPUnreachable",
    "ICMPv6",
    "ICMPv6Echo",
    "ICMPv6PacketTooBig",
    "ICMPv6ParameterProblem",
    "ICMPv6TimeExceeded",
    "ICMPv6Unreachable",
    "IGMPGroup",
    "IGMPGroupRecord",
    "IGMPQuery",
    "IGMPv3Query",
    "IGMPv3Report",
    "INTMDOption",
    "INTMXOption",
    "IPv4",
    "IPv4Option",
    "IPv4Source",
    "IPv6",
    "IPv6Option",
    "IPv6RouterAlertOption",
    "IPv6Source",
    "ITag",
    "JumboPayloadOption",
    "Loopback",
    "LoopbackLittle",
    "LooseSourceRouteOption",
    "MLDAddressRecord",
    "MLDQuery",
    "MLDReport",
    "MLDv2Query",
    "MLDv2Report",
    "MSSOption",
    "NDPOption",
    "NDPRedirect",
    "NSHMetadata",
    "NeighborAdvertisement",
    "NeighborSolicitation",
    "OVNOption",
    "OxideExternalOption",
    "OxideMSSOption",
    "OxideMulticastOption",
    "PPPFramed",
    "PPPoE",
    "PPPoEDiscovery",
    "PPPoETag",
    "PrefixInformation",
    "RecordRouteOption",
    "RouteAddress",
    "RouterAdvertisement",
    "RouterAlertOption",
    "RouterSolicitation",
    "Routing",
    "SACKBlock",
    "SACKOption",
    "SACKPermittedOption",
    "SCTPChunk",
    "STTSegment",
    "Segment",
    "SegmentRouting",
    "SegmentRoutingTLV",
    "SourceLinkLayerAddress",
    "SourceRoute",
    "StrictSourceRouteOption",
    "TCPOption",
    "TargetLinkLayerAddress",
    "TencentAttachmentOption",
    "TencentEndpointOption",
    "TencentFlowCookieOption",
    "TimestampsOption",
    "TunnelEncapsulationLimitOption",
    "VLANTag",
    "VNTag",
    "WindowScaleOption",
]

HEADERS: tuple[type[Header], ...] = (
    Ethernet, LLC, SNAP, VLANTag, ARP, MPLS, IPv4, IPv6, HopByHop, DestinationOptions, SegmentRouting, Routing,
    Fragment, ICMP, ICMPEcho, ICMPUnreachable, ICMPRedirect, ICMPTimeExceeded, ICMPParameterProblem, ICMPTimestamp,
    ICMPv6, ICMPv6Echo, ICMPv6Unreachable, ICMPv6PacketTooBig, ICMPv6TimeExceeded, ICMPv6ParameterProblem,
    UDP, TCP, GRE, GREv1, VXLAN, VXLANGBP, VXLANGPE, Geneve, STTSegment, STT,
    VXLANRCO, GTPU, GTPUExtension, GUE, ERSPAN, ERSPANv3, NSH, AuthenticationHeader, SCTP,
    IGMP, IGMPQuery, IGMPv3Query, IGMPGroup, IGMPv3Report, MLDReport, MLDQuery, MLDv2Query, MLDv2Report,
    RouterSolicitation, RouterAdvertisement, NeighborSolicitation, NeighborAdvertisement, NDPRedirect,
    ITag, ETag, VNTag, LLDP, PPPoEDiscovery, PPPoE, PPPFramed, PPP, ControlWord,
    SLL, SLL2, Loopback, LoopbackLittle, INTMD, INTMX,
)  # fmt: skip
"""Every header of the default catalog: a new one is declared in its own file and named here."""
