"""The headers of the default catalog, in the order in which their bindings are asked."""

from overlaycodec.protocols.arp import ARP
from overlaycodec.protocols.ethernet import Ethernet
from overlaycodec.protocols.geneve import Geneve, GeneveOption
from overlaycodec.protocols.gre import GRE, GREv1, SourceRoute
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
from overlaycodec.protocols.mpls import MPLS
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
from overlaycodec.protocols.udp import UDP
from overlaycodec.protocols.vlan import VLANTag
from overlaycodec.protocols.vxlan import VXLAN, VXLANGBP, VXLANGPE
from overlaycodec.schema import Header

__all__ = [
    "ARP",
    "GRE",
    "ICMP",
    "LLC",
    "MPLS",
    "SLL",
    "SLL2",
    "SNAP",
    "STT",
    "TCP",
    "UDP",
    "VXLAN",
    "VXLANGBP",
    "VXLANGPE",
    "DestinationOptions",
    "Ethernet",
    "Fragment",
    "GREv1",
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
    "IPv4",
    "IPv4Option",
    "IPv6",
    "IPv6Option",
    "IPv6RouterAlertOption",
    "JumboPayloadOption",
    "Loopback",
    "LoopbackLittle",
    "LooseSourceRouteOption",
    "MSSOption",
    "RecordRouteOption",
    "RouteAddress",
    "RouterAlertOption",
    "Routing",
    "SACKBlock",
    "SACKOption",
    "SACKPermittedOption",
    "STTSegment",
    "SourceRoute",
    "StrictSourceRouteOption",
    "TCPOption",
    "TimestampsOption",
    "TunnelEncapsulationLimitOption",
    "VLANTag",
    "WindowScaleOption",
]

HEADERS: tuple[type[Header], ...] = (
    Ethernet, LLC, SNAP, VLANTag, ARP, MPLS, IPv4, IPv6, HopByHop, DestinationOptions, Routing, Fragment,
    ICMP, ICMPEcho, ICMPUnreachable, ICMPRedirect, ICMPTimeExceeded, ICMPParameterProblem, ICMPTimestamp,
    ICMPv6, ICMPv6Echo, ICMPv6Unreachable, ICMPv6PacketTooBig, ICMPv6TimeExceeded, ICMPv6ParameterProblem,
    UDP, TCP, GRE, GREv1, VXLAN, VXLANGBP, VXLANGPE, Geneve, STTSegment, STT,
    SLL, SLL2, Loopback, LoopbackLittle,
)  # fmt: skip
"""Every header of the default catalog: a new one is declared in its own file and named here."""
