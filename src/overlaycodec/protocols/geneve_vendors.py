"""Geneve options of networks and clouds, each known by its class and type."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.protocols.geneve_option import (
    CLASS,
    KIND,
    LENGTH,
    RESERVED,
    WORDS_0,
    WORDS_1,
    WORDS_2,
    WORDS_5,
    WORDS_6,
)
from overlaycodec.schema.facts import Bits, Const, Octets, Reserved, SizedBy, ValueNames
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv4Like, IPv6Like

_OVN: TypeAlias = Annotated[int, Bits(16), Const(0x0102), CLASS]
_AWS: TypeAlias = Annotated[int, Bits(16), Const(0x0108), CLASS]
_OXIDE: TypeAlias = Annotated[int, Bits(16), Const(0x0129), CLASS]
_GCP: TypeAlias = Annotated[int, Bits(16), Const(0x0132), CLASS]
_CILIUM: TypeAlias = Annotated[int, Bits(16), Const(0x014B), CLASS]
_CPACKET: TypeAlias = Annotated[int, Bits(16), Const(0x0164), CLASS]
_TENCENT: TypeAlias = Annotated[int, Bits(16), Const(0x0167), CLASS]
_TYPE_0: TypeAlias = Annotated[int, Bits(8), Const(0), KIND]
_TYPE_1: TypeAlias = Annotated[int, Bits(8), Const(1), KIND]
_TYPE_2: TypeAlias = Annotated[int, Bits(8), Const(2), KIND]
_TYPE_3: TypeAlias = Annotated[int, Bits(8), Const(3), KIND]
_TYPE_DSR: TypeAlias = Annotated[int, Bits(8), Const(0x81), KIND]

_AWS_SPEC: Final = "AWS Gateway Load Balancer: Geneve TLVs"
_CILIUM_SPEC: Final = "Cilium: direct server return in Geneve"
_OXIDE_SPEC: Final = "Oxide OPTE: Geneve options"
_GCP_SPEC: Final = "Google Cloud packet intercept: Geneve options"
_TENCENT_SPEC: Final = "Tencent Cloud Gateway Load Balancer: Geneve TLVs"


class OVNOption(Element, spec="ovn-architecture(7), tunnel encapsulations", path="ovn_option"):
    """The ports of OVN's logical pipeline; the VNI beside it is the logical datapath."""

    option_class: _OVN = 0x0102
    type: Annotated[int, Bits(8), Const(0x80), KIND] = 0x80
    reserved: RESERVED = 0
    length: WORDS_1 = 1
    reserved1: Annotated[int, Reserved(1)] = 0
    ingress_port: Annotated[int, Bits(15), "Tunnel key of the logical ingress port"]
    egress_port: Annotated[int, Bits(16), "Tunnel key of the logical egress port"]


class AWSEndpointOption(Element, spec=_AWS_SPEC, path="aws_endpoint"):
    """Which endpoint the flow came through."""

    option_class: _AWS = 0x0108
    type: _TYPE_1 = 1
    reserved: RESERVED = 0
    length: WORDS_2 = 2
    endpoint_id: Annotated[bytes, Octets(8), "Network interface of the endpoint"]


class AWSAttachmentOption(Element, spec=_AWS_SPEC, path="aws_attachment"):
    """Which attachment the flow came through; zeros where there is none."""

    option_class: _AWS = 0x0108
    type: _TYPE_2 = 2
    reserved: RESERVED = 0
    length: WORDS_2 = 2
    attachment_id: Annotated[bytes, Octets(8), "Attachment"]


class AWSFlowCookieOption(Element, spec=_AWS_SPEC, path="aws_flow_cookie"):
    """Which flow it is; an appliance gives it back as it came."""

    option_class: _AWS = 0x0108
    type: _TYPE_3 = 3
    reserved: RESERVED = 0
    length: WORDS_1 = 1
    flow_cookie: Annotated[int, Bits(32), "Flow"]


class OxideExternalOption(Element, spec=_OXIDE_SPEC, path="oxide_external"):
    """The packet came from outside the rack."""

    option_class: _OXIDE = 0x0129
    type: _TYPE_0 = 0
    reserved: RESERVED = 0
    length: WORDS_0 = 0


class OxideMulticastOption(Element, spec=_OXIDE_SPEC, path="oxide_multicast"):
    """Where a multicast packet is still to be copied to."""

    option_class: _OXIDE = 0x0129
    type: _TYPE_1 = 1
    reserved: RESERVED = 0
    length: WORDS_1 = 1
    replication: Annotated[int, Bits(2), ValueNames({0: "external", 1: "underlay", 2: "both"}), "Where to"] = 0
    reserved1: Annotated[int, Reserved(30)] = 0


class OxideMSSOption(Element, spec=_OXIDE_SPEC, path="oxide_mss"):
    """The maximum segment size that a TCP connection began with."""

    option_class: _OXIDE = 0x0129
    type: _TYPE_2 = 2
    reserved: RESERVED = 0
    length: WORDS_1 = 1
    mss: Annotated[int, Bits(32), "Maximum segment size in octets"]


class GCPNetworkOption(Element, spec=_GCP_SPEC, path="gcp_network"):
    """Which network the packet is of, and which way it goes."""

    option_class: _GCP = 0x0132
    type: _TYPE_1 = 1
    reserved: RESERVED = 0
    length: WORDS_1 = 1
    vnid: Annotated[int, Bits(28), "Network"]
    reserved1: Annotated[int, Reserved(3)] = 0
    egress: Annotated[bool, Bits(1), "Whether it goes out; else it comes in"] = False


class GCPEndpointOption(Element, spec=_GCP_SPEC, path="gcp_endpoint"):
    """Which endpoint it came through."""

    option_class: _GCP = 0x0132
    type: _TYPE_2 = 2
    reserved: RESERVED = 0
    length: LENGTH = AUTO
    endpoint_id: Annotated[bytes, SizedBy("length", unit=4), "Endpoint, whole units of 4 octets"] = b""


class GCPProfileOption(Element, spec=_GCP_SPEC, path="gcp_profile"):
    """Which security profile it was intercepted for."""

    option_class: _GCP = 0x0132
    type: _TYPE_3 = 3
    reserved: RESERVED = 0
    length: LENGTH = AUTO
    profile: Annotated[bytes, SizedBy("length", unit=4), "Profile group, whole units of 4 octets"] = b""


class CiliumDSROption(Element, spec=_CILIUM_SPEC, path="cilium_dsr"):
    """The service that a client asked for, which the backend answers as."""

    option_class: _CILIUM = 0x014B
    type: _TYPE_DSR = 0x81
    reserved: RESERVED = 0
    length: WORDS_2 = 2
    address: Annotated[IPv4Like, Octets(4), "Service"]
    port: Annotated[int, Bits(16), "Its port"]
    padding: Annotated[int, Reserved(16)] = 0


class CiliumDSRv6Option(Element, spec=_CILIUM_SPEC, path="cilium_dsr_v6"):
    """The same over IPv6; the length tells."""

    option_class: _CILIUM = 0x014B
    type: _TYPE_DSR = 0x81
    reserved: RESERVED = 0
    length: WORDS_5 = 5
    address: Annotated[IPv6Like, Octets(16), "Service"]
    port: Annotated[int, Bits(16), "Its port"]
    padding: Annotated[int, Reserved(16)] = 0


class CPacketOption(Element, spec="cPacket: Geneve metadata", path="cpacket"):
    """When and where a packet was seen that is forwarded to be looked at."""

    option_class: _CPACKET = 0x0164
    type: _TYPE_0 = 0
    reserved: RESERVED = 0
    length: WORDS_6 = 6
    sequence: Annotated[int, Bits(32), "Sequence number"] = 0
    original_length: Annotated[int, Bits(16), "Octets before it was cut"] = 0
    reserved1: Annotated[int, Reserved(8)] = 0
    version: Annotated[int, Bits(8), "Version of the metadata"] = 0
    seconds: Annotated[int, Bits(48), "PTP time: seconds"] = 0
    nanoseconds: Annotated[int, Bits(32), "PTP time: nanoseconds"] = 0
    fraction: Annotated[int, Bits(16), "PTP time: parts of a nanosecond"] = 0
    device_id: Annotated[int, Bits(16), "Device"] = 0
    port_id: Annotated[int, Bits(16), "Port of the device"] = 0


class TencentEndpointOption(Element, spec=_TENCENT_SPEC, path="tencent_endpoint"):
    """Which endpoint the flow came through."""

    option_class: _TENCENT = 0x0167
    type: _TYPE_1 = 1
    reserved: RESERVED = 0
    length: WORDS_2 = 2
    endpoint_id: Annotated[bytes, Octets(8), "Endpoint of the load balancer"]


class TencentAttachmentOption(Element, spec=_TENCENT_SPEC, path="tencent_attachment"):
    """Which attachment the flow came through, as the customer sees it."""

    option_class: _TENCENT = 0x0167
    type: _TYPE_2 = 2
    reserved: RESERVED = 0
    length: WORDS_2 = 2
    attachment_id: Annotated[bytes, Octets(8), "Attachment"]


class TencentFlowCookieOption(Element, spec=_TENCENT_SPEC, path="tencent_flow_cookie"):
    """Which flow it is and which way it goes; an appliance gives it back as it came."""

    option_class: _TENCENT = 0x0167
    type: _TYPE_3 = 3
    reserved: RESERVED = 0
    length: WORDS_1 = 1
    direction: Annotated[int, Bits(3), "Direction of the flow"] = 0
    flow_cookie: Annotated[int, Bits(29), "Flow"]
