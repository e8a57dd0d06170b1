"""The endpoints of each kind of tunnel.

Each class declares its addresses again: mypy gives an inherited field the type of its argument, which can be text.
"""

from __future__ import annotations

from typing import Literal

from overlaycodec.checksum import adjusted_checksum
from overlaycodec.codec.bytes_like import BytesLike, bytes_of
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.dialects import NVGRE_KEY, NVGREKey
from overlaycodec.errors import EncodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import STT, UDP, VXLAN, VXLANGBP, VXLANGPE, Ethernet, Geneve, STTSegment, VLANTag
from overlaycodec.reassembly import segment_stt
from overlaycodec.schema.keyspaces import ETHERTYPE, GPE_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.tunnel.encapsulation import ChecksumPolicy, Tunnel, ethernet_only, selector_of
from overlaycodec.tunnel.entropy import spread
from overlaycodec.tunnel.inner_packet import check_complete
from overlaycodec.values import AUTO, AnyIP

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

    @property
    def _computes(self) -> bool:
        return self.checksum == "compute"

    def _udp(self, number: int) -> UDP:
        port = spread(number, *self.src_ports)
        if self.checksum == "zero":
            return UDP(src_port=port, dst_port=self.dst_port, checksum=0)
        return UDP(src_port=port, dst_port=self.dst_port)


class VXLANTunnel(UDPTunnel, frozen=True, kw_only=True, dict=True):
    """VXLAN: RFC 7348."""

    src: AnyIP
    dst: AnyIP
    vni: int
    dst_port: int = 4789

    def _shim(self, number: int, first: type[Header]) -> tuple[Header, ...]:
        ethernet_only(first, "vxlan")
        return self._udp(number), VXLAN(vni=self.vni)


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
