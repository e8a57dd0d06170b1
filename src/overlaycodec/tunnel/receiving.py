"""The packets that an endpoint receives: its frame, or why it is refused.

Strategy: most packets are plain: they have nothing on which a receiver or a setting looks twice. These are recognised
by their outer headers. All others take the long way: what `diagnose` says that the receiver drops is refused, then what
the endpoint's settings exclude; `decapsulate` gives the frame. Tests hold both ways against each other.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, ClassVar, Final

from overlaycodec.checksum import internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.editing.ecn import ECNOutcome
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import STT, UDP, Ethernet, IPv4, IPv6, STTSegment, VLANTag
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import IP_PROTOCOL, UDP_PORT
from overlaycodec.tunnel.examination import Examination, examined
from overlaycodec.tunnel.inner_packet import Diffserv
from overlaycodec.tunnel.path_mtu import told_mtu
from overlaycodec.tunnel.reception import InnerTags, Priorities, Received, Reception, Refusal
from overlaycodec.values import AnyIP, MACAddress
from overlaycodec.values.bytes_like import BytesLike, bytes_of
from overlaycodec.values.checked_keywords import CheckedKeywords

__all__ = ["Receiving"]

_UDP: Final = 17
_TCP: Final = 6
_GRE: Final = 47
_CE: Final = 3
_UNCHANGED: Final = tuple(ECNOutcome(mark) for mark in range(4))


class Receiving(CheckedKeywords, frozen=True, kw_only=True, dict=True):
    """The receiving half of an endpoint."""

    src: AnyIP
    dst: AnyIP
    link: Ethernet | MACAddress | str | None = None
    tags: tuple[VLANTag, ...] = ()
    diffserv: Diffserv = "pipe"
    inner_tags: InnerTags = "keep"
    """What happens to the VLAN tags of a frame, in both directions: they are kept, removed, or the frame is refused."""
    priorities: Priorities | None = None
    """How the PCP of the frame's outermost tag and the outer DSCP correspond, in both directions; without it, PCP is
    not used. A frame without a tag has the DSCP that `diffserv` says."""
    reception: Reception = Reception()
    """What `receive` accepts."""

    _header: ClassVar[type[Header]] = Header
    """The class of the tunnel header."""
    _transport: ClassVar[type[Header]] = UDP
    """The class of the header after IP."""
    _plain: ClassVar[dict[str, object]] = {}
    """The values of a tunnel header that no receiver refuses, but for its network and its reserved bits."""

    @property
    def _network_id(self) -> int:
        """The network of the endpoint's frames."""
        raise NotImplementedError

    @staticmethod
    def _network_of(header: Any) -> int:  # Any: a header of the kind
        """The network that a tunnel header names."""
        vni: int = header.vni
        return vni

    @staticmethod
    def _is_plain(header: Any) -> bool:  # Any: a header of the kind
        """Whether no receiver refuses the options of a tunnel header that is plain otherwise."""
        return True

    # --- receiving --------------------------------------------------------------------------------------------------

    def receive(
        self, data: BytesLike | Packet, *, first: type[Header] | None = None, catalog: Catalog = DEFAULT
    ) -> Received | Refusal:
        """The frame of a packet that was sent to this endpoint, or why the endpoint refuses the packet.

        `first` is the class that octets begin with: by default Ethernet if the endpoint has a `link`, IP otherwise.
        The packet is accepted only if it is addressed to `src`, or to the group `dst`, and to the link address of
        `link`, has the endpoint's port and network, and nothing in it makes the receiver of `reception` drop it (see
        `diagnose`). A `Refusal` is false as a condition, a `Received` is true. The marks of both IP headers are
        combined as `decapsulate` does. Fragments and segments are refused: reassemble them first.

        Raises: TypeError for other data than octets and packets; EncodeError for a packet that cannot be encoded. No
        octets raise an error.
        """
        ours = self._catalog_of(catalog)
        if isinstance(data, Packet):
            octets = encode(data.without_fcs(), catalog=ours)
            first = type(data.headers[0]) if data.headers else first or self._first
        else:
            octets, first = bytes_of(data), first or self._first
        packet = decode(octets, first=first, lax=True, catalog=ours)
        return self._received_plain(packet, octets) or examined(self._examination, octets, packet, first, ours)

    def _received_payload(self, octets: bytes, network: IPv4 | IPv6, catalog: Catalog) -> Received | Refusal:
        """The frame after a tunnel header, which a UDP socket received in packets with this IP header."""
        first = self._header
        ours = self._catalog_of(catalog)
        packet = decode(octets, first=first, lax=True, catalog=ours)
        plain = None if packet.faults or not self._plain else self._plain_frame(packet, octets, 0, 0, network)
        if plain is not None:
            return plain
        udp = UDP(src_port=0, dst_port=self._dst_port or 0, checksum=0)
        return examined(self._examination, octets, packet, first, ours, outside=(network, udp))

    def told_mtu(self, data: BytesLike, *, first: type[Header] | None = None, catalog: Catalog = DEFAULT) -> int | None:
        """The path MTU that an ICMP error says, if it is about a packet that this endpoint sent; None otherwise.

        It is what `excess_octets`, `inner_mtu` and `too_big` take as `path_mtu`, for the path to the quoted
        destination. Anyone can send such a message: keep the least MTU, and only for a time (RFC 8899
        section 4.6.1 says how to validate it). `first` is as in `receive`.

        Raises: TypeError for other data than octets and packets.

        Spec: RFC 1191, RFC 2473 section 8, RFC 8201.
        """
        packet = decode(bytes_of(data), first=first or self._first, lax=True, catalog=self._catalog_of(catalog))
        return told_mtu(packet, self.src, self._transport, self._dst_port)

    @property
    def _first(self) -> type[Header]:
        """The class that received octets begin with."""
        return Ethernet if self.link is not None else IPv4 if self.src.version == 4 else IPv6

    def _catalog_of(self, catalog: Catalog) -> Catalog:
        """The catalog of the caller, to which the endpoint's port is no guess."""
        if catalog is DEFAULT:
            return self._catalog
        check_catalog(catalog)
        return _bound(catalog, self._header, self._dst_port)

    @cached_property
    def _catalog(self) -> Catalog:
        return _bound(DEFAULT, self._header, self._dst_port)

    @cached_property
    def _own_mac(self) -> MACAddress | None:
        """The address of the endpoint's own link; None where it is not known."""
        link = self.link
        mac: Any = link.src if isinstance(link, Ethernet) else link  # Any: the field of a header
        return None if mac is None else MACAddress(mac)

    @cached_property
    def _examination(self) -> Examination:
        return Examination(
            header=self._header,
            transport=self._transport,
            own=(self.src, self.dst) if self.dst.is_multicast else (self.src,),
            remote=self.dst,
            own_mac=self._own_mac,
            vids=tuple(tag.vid for tag in self.tags),
            dst_port=self._dst_port,
            network=self._network_id,
            zero_checksum=getattr(self, "ipv6_zero_checksum", False),
            diffserv=self.diffserv,
            inner_tags=self.inner_tags,
            priorities=self.priorities,
            reception=self.reception,
        )

    def _received_plain(self, packet: Packet, octets: bytes) -> Received | None:
        """The frame of a packet that nothing excludes; None where the long way must tell."""
        headers = packet.headers
        at = 0
        if headers and isinstance(link := headers[0], Ethernet):
            own = self._own_mac
            if own is not None and link.dst != own:
                return None
            at = 1
        if len(headers) < at + 3 or packet.faults or packet.fcs is not None or not self._plain:
            return None
        network: Any = headers[at]
        content = _content(network, octets, 14 * at)
        if not content or network.dst != self.src:
            return None
        if not self.reception.any_source and network.src != self.dst:
            return None
        if self._transport is STTSegment:
            whole = self._is_whole_segment(headers[at + 1], network, octets, content)
            return self._plain_frame(packet, octets, at + 2, content + 20, network) if whole else None
        if self._transport is not UDP:
            return self._plain_frame(packet, octets, at + 1, content, network)
        udp: Any = headers[at + 1]
        if type(udp) is not UDP or udp.dst_port != self._dst_port or udp.length != len(octets) - content:
            return None
        if not self._sum_is_right(network, udp, octets, content):
            return None
        return self._plain_frame(packet, octets, at + 2, content + 8, network)

    def _plain_frame(
        self, packet: Packet, octets: bytes, index: int, at: int, network: IPv4 | IPv6 | None
    ) -> Received | None:
        """The frame after the tunnel header with this index, at this octet; `network` is the outer IP header."""
        headers = packet.headers
        if len(headers) < index + 2:
            return None
        header, frame = headers[index], headers[index + 1]
        if type(header) is not self._header or type(frame) is not Ethernet or self.diffserv != "pipe":
            return None
        values = _asked(self._header, *self._plain)(header)
        if values[: len(self._plain)] != (*self._plain.values(),) or any(values[len(self._plain) :]):
            return None
        if not self._is_plain(header):
            return None
        vni = self._network_of(header)
        if vni != self._network_id and not self.reception.any_network:
            return None
        src: Any = frame.src
        after: Any = headers[index + 2] if len(headers) > index + 2 else None
        if not int(src) or int(src) >> 40 & 1:
            return None
        pcp = None
        if isinstance(after, VLANTag):
            pcp, after = after.pcp, _after_tags(headers, index + 3)
            if self.inner_tags != "keep" or after is None or network is None or network.ecn == _CE:
                return None
        outcome = None
        if isinstance(after, IPv4 | IPv6) and network is not None:
            if network.ecn not in (0, after.ecn):
                return None
            outcome = _UNCHANGED[after.ecn]
        start = at + octets_in(header)
        trailers = sum(len(trailer.data) for trailer in packet.trailers if trailer.header <= index)
        if trailers:
            return None
        if self.priorities is not None and network is not None:
            pcp = self.priorities.pcp[network.dscp]
        return Received(octets[start:], vni, Packet(headers[: index + 1]), Ethernet, outcome, 0, (), pcp)

    @cached_property
    def _dst_port(self) -> int | None:
        return getattr(self, "dst_port", None)

    def _is_whole_segment(self, segment: Any, network: IPv4 | IPv6, octets: bytes, at: int) -> bool:
        """Whether a header of any class is that of a segment for the endpoint, at this octet, that has all of a frame.

        Its checksum must be right too, unless the endpoint does not look.
        """
        if type(segment) is not STTSegment or segment.dst_port != self._dst_port:
            return False
        if segment.total_length != len(octets) - at - 20:
            return False
        pseudo = int(network.src) + int(network.dst) + _TCP + len(octets) - at
        return self.reception.checksum == "ignore" or internet_sum(octets[at:], pseudo) == 0xFFFF

    def _sum_is_right(self, network: IPv4 | IPv6, udp: UDP, octets: bytes, at: int) -> bool:
        """Whether the UDP checksum is one that the endpoint accepts."""
        checking = self.reception.checksum
        if udp.checksum == 0:
            return checking != "require" and isinstance(network, IPv4)
        pseudo = int(network.src) + int(network.dst) + _UDP + udp.length
        return checking == "ignore" or internet_sum(octets[at:], pseudo) == 0xFFFF


def _after_tags(headers: tuple[Header, ...], index: int) -> Header | None:
    """The first header from this one on that is no tag."""
    return next((header for header in headers[index:] if not isinstance(header, VLANTag)), None)


def _content(network: Header, octets: bytes, at: int) -> int:
    """Where the content of an IP packet without peculiarities starts; 0 where it has any."""
    size = len(octets) - at
    if type(network) is IPv4:
        first = octets[at + 12]
        plain = (
            octets[at] == 0x45  # no options
            and not int.from_bytes(octets[at + 6 : at + 8], "big") & 0x3FFF  # no fragment
            and network.total_length == size
            and 0 < first < 224
            and first != 127
            and internet_sum(octets[at : at + 20]) == 0xFFFF
        )
        return at + 20 if plain else 0
    if type(network) is IPv6:
        plain = network.next_header in (_UDP, _TCP, _GRE) and network.payload_length == size - 40
        return at + 40 if plain and octets[at + 8] not in (0, 0xFF) else 0
    return 0


@lru_cache(maxsize=64)
def _asked(cls: type[Header], *names: str) -> attrgetter[tuple[object, ...]]:
    """Gets the fields of these names, and those that are reserved."""
    return attrgetter(*names, *(field.name for field in cls.__layout__.fields if field.reserved))


@lru_cache(maxsize=64)
def _bound(catalog: Catalog, header: type[Header], dst_port: int | None) -> Catalog:
    """The catalog of an endpoint: what is sent to its port is no guess to it."""
    if header is STT and dst_port is not None:
        return catalog.with_binding(IP_PROTOCOL(_TCP).when(Peek(16, 16, dst_port)), STTSegment)
    return catalog if dst_port is None else catalog.with_binding(UDP_PORT(dst_port), header)
