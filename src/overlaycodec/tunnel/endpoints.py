"""The endpoints of each kind of tunnel.

Each class declares its addresses again: mypy gives an inherited field the type of its argument, which can be text.
"""

from __future__ import annotations

from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import Any, ClassVar, Literal

from overlaycodec.checksum import adjusted_checksum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.dialects import NVGRE_KEY, NVGREKey
from overlaycodec.errors import EncodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import (
    GRE,
    STT,
    UDP,
    VXLAN,
    VXLANGBP,
    VXLANGPE,
    Ethernet,
    Geneve,
    IPv4,
    IPv6,
    STTSegment,
    VLANTag,
)
from overlaycodec.reassembly import STTFrame, segment_stt
from overlaycodec.schema.keyspaces import ETHERTYPE, GPE_PROTOCOL
from overlaycodec.schema.record import Element, builder_with
from overlaycodec.tunnel.encapsulation import ChecksumPolicy, Tunnel, ethernet_only, inner_of, selector_of
from overlaycodec.tunnel.entropy import flow_hash, spread
from overlaycodec.tunnel.examination import examined_frame
from overlaycodec.tunnel.inner_packet import check_complete
from overlaycodec.tunnel.inner_tags import admitted
from overlaycodec.tunnel.reception import InnerTags, Received, Refusal
from overlaycodec.values import AUTO, AnyIP
from overlaycodec.values.argument_checks import check_number
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["GeneveTunnel", "NVGRETunnel", "STTTunnel", "UDPTunnel", "VXLANGBPTunnel", "VXLANGPETunnel", "VXLANTunnel"]

_HEADERS = 4096
"""As much of a long frame as is decoded for its flow and its marks."""


class UDPTunnel(Tunnel, frozen=True, kw_only=True, dict=True):
    """The base class of the endpoints of tunnels in UDP."""

    src: AnyIP
    dst: AnyIP
    dst_port: int
    src_ports: tuple[int, int] = (49152, 65535)
    """The range of source ports: the flow of the frame selects one. RFC 7348 section 5 recommends these."""
    checksum: ChecksumPolicy = "default"
    """By default as the tunnel's specification recommends: 0 for VXLAN over IPv4; computed for Geneve and over IPv6."""
    ipv6_zero_checksum: bool = False
    """Whether `checksum="zero"` holds over IPv6 too: only where the other end allows it (RFC 6936 section 4)."""

    def _check(self) -> None:
        if self.checksum == "zero" and self.src.version == 6 and not self.ipv6_zero_checksum:
            raise ValueError(
                "over IPv6 a UDP checksum of 0 is for tunnels whose ends both allow it (RFC 6935, RFC 6936): "
                "give ipv6_zero_checksum=True"
            )

    # --- the tunnel header alone, for users of UDP sockets ----------------------------------------------------------

    def payload(
        self, frame: BytesLike | Packet, *, first: type[Header] = Ethernet, catalog: Catalog = DEFAULT
    ) -> bytes:
        """The tunnel header and the frame: what a UDP socket sends, from `source_port`, to `dst_port`.

        Raises: EncodeError as `encapsulate` does.
        """
        frame, _ = admitted(frame, first, catalog, self.inner_tags)
        inner, octets = inner_of(frame, first, catalog)
        self._check_frame(inner)
        shim = self._shim(0, type(inner.headers[0]) if inner.headers else first)[1:]
        return encode(Packet(shim, octets), catalog=catalog)

    def source_port(
        self, frame: BytesLike | Packet, *, first: type[Header] = Ethernet, catalog: Catalog = DEFAULT
    ) -> int:
        """The UDP source port that `encapsulate` gives the frame: one of `src_ports`, by its flow.

        Raises: EncodeError as `encapsulate` does.
        """
        frame, _ = admitted(frame, first, catalog, self.inner_tags)
        return spread(flow_hash(inner_of(frame, first, catalog)[0], self.key), *self.src_ports)

    def traffic_class(
        self, frame: BytesLike | Packet, *, first: type[Header] = Ethernet, catalog: Catalog = DEFAULT
    ) -> int:
        """The octet with DSCP and congestion mark that `encapsulate` gives the outer packet: IP_TOS, IPV6_TCLASS.

        Raises: EncodeError as `encapsulate` does.
        """
        frame, pcp = admitted(frame, first, catalog, self.inner_tags)
        network: Any = self._for_pcp(pcp)._network(inner_of(frame, first, catalog)[0], 0, 0)  # Any: IPv4 or IPv6
        octet: int = network.dscp << 2 | network.ecn
        return octet

    def from_payload(
        self, data: BytesLike, *, traffic_class: int = 0, catalog: Catalog = DEFAULT
    ) -> Received | Refusal:
        """The frame in a payload that a UDP socket received, or why the endpoint refuses it, as `receive` gives it.

        The socket has already verified addresses, port, lengths and checksum. The `bits` of a refusal count from the
        tunnel header. `traffic_class` is the octet with the outer DSCP and congestion mark (`IP_RECVTOS`,
        `IPV6_RECVTCLASS`); without it, congestion is not noticed.

        Raises: TypeError for other data than octets; TypeError, ValueError for a number that is not in 0..255.
        """
        dscp, ecn = divmod(check_number("traffic_class", traffic_class, 0, 0xFF), 4)
        return self._received_payload(bytes_of(data), self._network_with(dscp, ecn), catalog)

    def _network_with(self, dscp: int, ecn: int) -> IPv4 | IPv6:
        """The IP header of packets from the other end."""
        src, dst = self.dst, self.src
        if isinstance(src, IPv4Address) and isinstance(dst, IPv4Address):
            return IPv4(src=src, dst=dst, dscp=dscp, ecn=ecn)
        assert isinstance(src, IPv6Address)
        assert isinstance(dst, IPv6Address)
        return IPv6(src=src, dst=dst, dscp=dscp, ecn=ecn)

    @property
    def _computes(self) -> bool:
        return self.checksum == "compute"

    def _udp(self, number: int) -> UDP:
        header: UDP = self._udp_with(src_port=spread(number, *self.src_ports))
        return header

    @cached_property
    def _udp_with(self) -> Any:  # Any: the constructor of a UDP header that lacks its source port
        checksum = 0 if self.checksum == "zero" else AUTO
        header = UDP(src_port=0, dst_port=self.dst_port, checksum=checksum)
        return builder_with(UDP, {name: getattr(header, name) for name in UDP.__layout__.by_name})


class VXLANTunnel(UDPTunnel, frozen=True, kw_only=True, dict=True):
    """VXLAN: RFC 7348."""

    src: AnyIP
    dst: AnyIP
    vni: int
    dst_port: int = 4789

    _header: ClassVar[type[Header]] = VXLAN
    _plain: ClassVar[dict[str, object]] = {"vni_valid": True}

    @property
    def _network_id(self) -> int:
        return self.vni

    def _shim(self, number: int, first: type[Header]) -> tuple[Header, ...]:
        ethernet_only(first, "vxlan")
        return self._udp(number), self._vxlan_header

    @cached_property
    def _vxlan_header(self) -> VXLAN:
        return VXLAN(vni=self.vni)


class VXLANGBPTunnel(UDPTunnel, frozen=True, kw_only=True, dict=True):
    """VXLAN with a group policy: draft-smith-vxlan-group-policy-05."""

    src: AnyIP
    dst: AnyIP
    vni: int
    group_policy_id: int | None = None
    """The group of the sender; None for a frame without a policy, whose G flag is clear."""
    dont_learn: bool = False
    policy_applied: bool = False
    dst_port: int = 4789

    _header: ClassVar[type[Header]] = VXLANGBP
    _plain: ClassVar[dict[str, object]] = {"vni_valid": True}

    @property
    def _network_id(self) -> int:
        return self.vni

    def _shim(self, number: int, first: type[Header]) -> tuple[Header, ...]:
        ethernet_only(first, "vxlan_gbp")
        return self._udp(number), VXLANGBP(
            vni=self.vni,
            group_policy=self.group_policy_id is not None,
            group_policy_id=self.group_policy_id or 0,
            dont_learn=self.dont_learn,
            policy_applied=self.policy_applied,
        )


class VXLANGPETunnel(UDPTunnel, frozen=True, kw_only=True, dict=True):
    """VXLAN-GPE, with a field for the protocol that it carries: draft-ietf-nvo3-vxlan-gpe-13."""

    src: AnyIP
    dst: AnyIP
    vni: int
    bum: bool = False
    oam: bool = False
    dst_port: int = 4790

    _header: ClassVar[type[Header]] = VXLANGPE
    _plain: ClassVar[dict[str, object]] = {"vni_valid": True, "version": 0, "next_protocol_present": True, "oam": False}

    @property
    def _network_id(self) -> int:
        return self.vni

    def _shim(self, number: int, first: type[Header]) -> tuple[Header, ...]:
        protocol = selector_of(GPE_PROTOCOL, first, "vxlan_gpe.next_protocol")
        return self._udp(number), VXLANGPE(vni=self.vni, next_protocol=protocol, bum=self.bum, oam=self.oam)


class GeneveTunnel(UDPTunnel, frozen=True, kw_only=True, dict=True):
    """Geneve with its options: RFC 8926."""

    src: AnyIP
    dst: AnyIP
    vni: int
    options: tuple[Element, ...] = ()
    control: bool = False
    dst_port: int = 6081
    src_ports: tuple[int, int] = (1, 65535)
    """RFC 8926 section 3.3 allows all ports; 0 means that there is none (RFC 768)."""

    _header: ClassVar[type[Header]] = Geneve
    _plain: ClassVar[dict[str, object]] = {"version": 0, "control": False, "critical": False, "options_rest": b""}

    @property
    def _network_id(self) -> int:
        return self.vni

    @staticmethod
    def _is_plain(header: Any) -> bool:  # Any: Geneve
        flag = Geneve.__layout__.by_name["critical"].element_flag
        return flag is None or not any(map(flag.set_by, header.options))

    def _shim(self, number: int, first: type[Header]) -> tuple[Header, ...]:
        protocol = selector_of(ETHERTYPE, first, "geneve.protocol_type")
        header = Geneve(vni=self.vni, options=self.options, control=self.control, protocol_type=protocol)
        return self._udp(number), header


class NVGRETunnel(Tunnel, frozen=True, kw_only=True, dict=True):
    """NVGRE: RFC 7637. It carries no frame with a VLAN tag (section 3.3)."""

    src: AnyIP
    dst: AnyIP
    vsid: int
    """Virtual Subnet ID: 24 bits; 0 to 0xFFF and 0xFFFFFF are reserved (RFC 7637 section 3.4)."""
    flow_id: int | Literal["flow"] = "flow"
    """The low octet of GRE's key: a number, or a hash of the frame's flow."""

    _header: ClassVar[type[Header]] = GRE
    _transport: ClassVar[type[Header]] = GRE

    inner_tags: InnerTags = "refuse"
    """A tag is refused or removed when a frame is sent, whatever this is (RFC 7637 section 3.3)."""

    _plain: ClassVar[dict[str, object]] = {
        "key_present": True,
        "checksum_present": False,
        "routing_present": False,
        "sequence_present": False,
        "strict_source_route": False,
        "recursion": 0,
        "version": 0,
        "protocol_type": 0x6558,
    }

    @property
    def _network_id(self) -> int:
        return self.vsid

    @staticmethod
    def _network_of(header: Any) -> int:  # Any: GRE with a key
        vsid: int = header.key >> 8
        return vsid

    def _shim(self, number: int, first: type[Header]) -> tuple[Header, ...]:
        ethernet_only(first, "gre")
        flow = spread(number, 0, 0xFF) if self.flow_id == "flow" else self.flow_id
        return (NVGRE_KEY.make(NVGREKey(vsid=self.vsid, flow_id=flow)),)

    def _check_frame(self, frame: Packet) -> None:
        if any(isinstance(header, VLANTag) for header in frame.headers[1:2]):
            reason = "carries no frame with a VLAN tag (RFC 7637 section 3.3): take the tag off first, with vlan.pop"
            raise EncodeError("gre", frame, reason)


class STTTunnel(Tunnel, frozen=True, kw_only=True, dict=True):
    """STT: draft-davie-stt-08. `encapsulate` takes frames that fit in one segment, `segments` takes all frames."""

    src: AnyIP
    dst: AnyIP
    context_id: int
    """The context of the frame, such as its tenant: 64 bits."""
    src_ports: tuple[int, int] = (49152, 65535)
    dst_port: int = 7471

    _header: ClassVar[type[Header]] = STT
    _transport: ClassVar[type[Header]] = STTSegment
    _plain: ClassVar[dict[str, object]] = {"version": 0, "checksum_partial": False}

    @property
    def _network_id(self) -> int:
        return self.context_id

    @staticmethod
    def _network_of(header: Any) -> int:  # Any: STT
        context_id: int = header.context_id
        return context_id

    def encapsulate(
        self,
        frame: BytesLike | Packet,
        *,
        first: type[Header] = Ethernet,
        identification: int = 0,
        catalog: Catalog = DEFAULT,
        frame_id: int = 0,
    ) -> Packet:
        """As `Tunnel.encapsulate`; `frame_id` distinguishes the segments of one frame from those of others."""
        packet = super().encapsulate(frame, first=first, identification=identification, catalog=catalog)
        segment = packet[STTSegment].replace(frame_id=frame_id)
        checksum = adjusted_checksum(segment.checksum, bytes(4), frame_id.to_bytes(4, "big"))
        return packet.replace(STTSegment, frame_id=frame_id, checksum=checksum)

    def receive(
        self,
        data: BytesLike | Packet | STTFrame,
        *,
        first: type[Header] | None = None,
        catalog: Catalog = DEFAULT,
    ) -> Received | Refusal:
        """As `Receiving.receive`, also for a frame that `STTReassembler` made of segments."""
        if isinstance(data, STTFrame):
            return examined_frame(self._examination, data, self._catalog_of(catalog))
        return super().receive(data, first=first, catalog=catalog)

    def segments(
        self,
        frame: BytesLike | Packet,
        *,
        mtu: int,
        identification: int = 0,
        catalog: Catalog = DEFAULT,
        frame_id: int = 0,
    ) -> tuple[Packet, ...]:
        """The outer packets around the segments of a frame of up to 65,517 octets, each of at most `mtu` from IP on.

        Raises: as `encapsulate` and `segment_stt` do.
        """
        if self._rewrites:
            frame, pcp = admitted(frame, Ethernet, catalog, self.inner_tags)
            return self._for_pcp(pcp).segments(
                frame, mtu=mtu, identification=identification, catalog=catalog, frame_id=frame_id
            )
        if isinstance(frame, Packet):
            check_complete(frame)
            octets = encode(frame, catalog=catalog)
        else:
            octets = bytes_of(frame)
        first = self.encapsulate(octets[:_HEADERS], identification=identification, catalog=catalog, frame_id=frame_id)
        stop = 1 + next(index for index, header in enumerate(first.headers) if isinstance(header, STT))
        *outer, segment, stt = first.headers[:stop]
        segment = segment.replace(total_length=AUTO, checksum=AUTO)
        return segment_stt(Packet((*outer, segment, stt), octets), mtu=mtu, catalog=catalog)

    def _shim(self, number: int, first: type[Header]) -> tuple[Header, ...]:
        ethernet_only(first, "stt")
        segment = STTSegment(src_port=spread(number, *self.src_ports), dst_port=self.dst_port)
        return segment, STT(context_id=self.context_id)
