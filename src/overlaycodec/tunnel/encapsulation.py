"""The ingress of a tunnel: the outer headers that it adds to a frame, and the octets that these take.

Strategy: an endpoint is a value; `encapsulate` is a function of it and the frame. The frame is decoded for its IP
header and its ports, and carried as it is, whatever is wrong in it.
"""

from __future__ import annotations

from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Literal, Self, get_args

import msgspec

from overlaycodec import icmp_errors
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode_packet, encoded_stack, resolve
from overlaycodec.editing.ecn import ECNMode, ingress_ecn
from overlaycodec.editing.stack_plan import PLANS, StackPlan, resolved_packet
from overlaycodec.errors import EncodeError, LengthOverflowError, MissingHeaderError, number_text
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import carries_unbounded, octets_in
from overlaycodec.packet.packet import Packet, packet_of
from overlaycodec.protocols import Ethernet, IPv4, IPv6, VLANTag
from overlaycodec.schema.keys import KeySpace
from overlaycodec.tunnel.entropy import flow_label, hash_in_stack
from overlaycodec.tunnel.inner_packet import Diffserv, check_complete, inner_start
from overlaycodec.tunnel.inner_tags import admitted, frame_tags
from overlaycodec.tunnel.receiving import Receiving
from overlaycodec.tunnel.reception import InnerTags, Priorities, Reception
from overlaycodec.values import AnyIP, MACAddress, checked_ip
from overlaycodec.values.argument_checks import check_choice, check_number, check_type, text_of
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["ChecksumPolicy", "Tunnel", "ethernet_only", "group_mac", "inner_of", "overhead_octets", "selector_of"]

DontFragment = Literal["set", "clear", "copy"]
ChecksumPolicy = Literal["default", "compute", "zero"]
_MOST_KEPT: Final = 256
"""Outer IP headers that an endpoint keeps."""


_CHOICES: Final = {
    "diffserv": get_args(Diffserv),
    "inner_tags": get_args(InnerTags),
    "ecn": get_args(ECNMode),
    "dont_fragment": get_args(DontFragment),
    "checksum": get_args(ChecksumPolicy),
}


class Tunnel(Receiving, frozen=True, kw_only=True, dict=True):
    """The base class of the endpoints of all tunnels.

    Raises: ValueError for values that do not go together; FieldRangeError for those that do not fit.
    """

    src: AnyIP
    """The address that packets are sent from; its family is that of the outer packets."""
    dst: AnyIP
    """The other end, or the multicast group of the segment."""
    link: Ethernet | MACAddress | str | None = None
    """The outer Ethernet header; None for IP packets alone. For a multicast group, its source address is enough."""
    tags: tuple[VLANTag, ...] = ()
    """VLAN tags after the outer Ethernet header, outermost first."""
    ttl: int | Literal["copy"] = 64
    """Fixed, or that of the frame's IP header (64 where there is none)."""
    diffserv: Diffserv = "pipe"
    """RFC 2983: the outer DSCP is `dscp`, or that of the frame's IP header."""
    dscp: int = 0
    ecn: ECNMode = "normal"
    """RFC 6040 section 4.1: the outer mark is the frame's; in compatibility mode, Not-ECT."""
    dont_fragment: DontFragment = "set"
    """DF of IPv4. "copy" sets it for IPv6 frames too, because no router fragments them. See `encapsulate` too."""
    flow_label: int | Literal["flow"] = "flow"
    """IPv6's flow label: a number, or a hash of the frame's flow (RFC 6438)."""
    key: bytes = b""
    """The key of the hash over flows: up to 64 octets."""

    def __post_init__(self) -> None:
        for name in ("src", "dst"):
            msgspec.structs.force_setattr(self, name, checked_ip(name, getattr(self, name)))
        if self.src.version != self.dst.version:
            raise ValueError(f"src {self.src} and dst {self.dst} are not of one family")
        if isinstance(self.link, str | MACAddress) and not self.dst.is_multicast:
            given = text_of(self.link)
            raise ValueError(
                f"link is {given}, but dst {self.dst} is no multicast group: give Ethernet(dst=..., src=...)"
            )
        check_type("tags", self.tags, tuple, "a tuple of VLANTag values")
        for number, tag in enumerate(self.tags):
            check_type(f"tags[{number}]", tag, VLANTag)
        check_type("link", self.link, (Ethernet, MACAddress, str, type(None)), "an Ethernet header or an address")
        if self.tags and self.link is None:
            raise ValueError("tags follow a link header, and there is none")
        for name, choices in _CHOICES.items():
            check_choice(name, getattr(self, name, choices[0]), choices)
        check_type("key", self.key, bytes, "bytes")
        if len(self.key) > 64:
            raise ValueError(f"the key has {len(self.key)} octets; at most 64")
        check_src_ports(getattr(self, "src_ports", (0, 0)))
        check_type("priorities", self.priorities, (Priorities, type(None)), "a Priorities value")
        check_type("reception", self.reception, Reception)
        self._check()
        _ = self.overhead_octets  # values that do not fit a field are refused now, not at the first frame

    # --- what a kind of tunnel defines ------------------------------------------------------------------------------

    def _check(self) -> None:
        """Raises: ValueError for settings of the kind that contradict each other."""

    def _shim(self, number: int, first: type[Header]) -> tuple[Header, ...]:
        """The headers between IP and the frame; `number` is the hash of the flow, `first` the frame's first header.

        Raises: EncodeError where it cannot carry that.
        """
        raise NotImplementedError

    def _check_frame(self, frame: Packet) -> None:
        """Raises: EncodeError for a frame that this kind of tunnel does not carry, or that has a tag to be refused."""
        if self.inner_tags == "refuse" and any(isinstance(header, VLANTag) for header in frame.headers[1:2]):
            reason = "has a VLAN tag, which inner_tags refuses: take it off first, with vlan.pop"
            raise EncodeError(self._header.__layout__.name, frame, reason)

    @property
    def _computes(self) -> bool:
        """Whether checksums that are optional over IPv4 are computed."""
        return False

    # --- encapsulation ----------------------------------------------------------------------------------------------

    def replace(self, **changes: Any) -> Self:  # Any: each field has its own type
        """A copy with some fields changed. Raises: as the constructor does."""
        # not `msgspec.structs.replace`: before msgspec 0.21 it checks nothing
        return type(self)(**{name: getattr(self, name) for name in self.__struct_fields__} | changes)

    def encapsulate(
        self,
        frame: BytesLike | Packet,
        *,
        first: type[Header] = Ethernet,
        identification: int = 0,
        catalog: Catalog = DEFAULT,
    ) -> Packet:
        """The outer packet around a frame, complete: no field is AUTO.

        `first` is the class that octets begin with; Geneve and VXLAN-GPE carry others than Ethernet too.
        `identification` is that of IPv4: 0 is correct only if DF is set (RFC 6864 section 4.1); otherwise increase it
        for each packet. `catalog` decodes and encodes the frame. A tunnel carries no frame check sequence: that of a
        packet is left out (RFC 7348 section 5, RFC 7637 section 3.2). Around a BIG TCP packet, whose own length is 0,
        outer lengths that cannot count the octets are 0 as well, as Linux writes them.

        Raises: EncodeError for a packet that cannot be encoded, was truncated by the capture, is of a kind that this
        tunnel does not carry, or is too long for the outer lengths.
        """
        if self._rewrites:
            frame, pcp = admitted(frame, first, catalog, self.inner_tags)
            plain = self._for_pcp(pcp)
            return plain.encapsulate(frame, first=first, identification=identification, catalog=catalog)
        inner, octets = inner_of(frame, first, catalog)
        if inner.headers:
            first = type(inner.headers[0])
        self._check_frame(inner)
        plan: StackPlan = PLANS[tuple(map(type, inner.headers))]
        number = hash_in_stack(inner, plan, self.key)
        network, shim = self._network(inner, number, identification, plan), self._shim(number, first)
        outer = (*self._fixed, network, *shim)
        try:
            headers = self._resolved(outer, octets, catalog)
        except LengthOverflowError:
            extent = network.__layout__.extent
            if extent is None or not carries_unbounded(inner.headers, -1):
                raise
            outer = (*self._fixed, network.replace(**{extent.field.name: 0}), *shim)
            headers = self._resolved(outer, octets, catalog)
        trailers = inner.trailers
        if trailers:
            trailers = tuple(trailer.moved(trailer.header + len(outer)) for trailer in trailers)
        return packet_of(headers + inner.headers, inner.payload, trailers)

    @cached_property
    def _rewrites(self) -> bool:
        """Whether tags decide more than whether a frame is carried."""
        return self.inner_tags == "strip" or self.priorities is not None

    def _for_pcp(self, pcp: int | None) -> Self:
        """The endpoint for frames whose tag had this priority, once their tags were dealt with."""
        if pcp not in self._by_pcp:
            changes: dict[str, Any] = {} if self.inner_tags == "refuse" else {"inner_tags": "keep"}
            if self.priorities is not None and pcp is not None:
                changes |= {"dscp": self.priorities.dscp[pcp], "diffserv": "pipe"}
            self._by_pcp[pcp] = self.replace(priorities=None, **changes)
        return self._by_pcp[pcp]

    @cached_property
    def _by_pcp(self) -> dict[int | None, Self]:
        return {}

    def _resolved(self, outer: tuple[Header, ...], octets: bytes, catalog: Catalog) -> tuple[Header, ...]:
        packet, computes = packet_of(outer, octets), self._computes
        plan: StackPlan = PLANS[tuple(map(type, outer))]
        if plan.derive is not None and not computes:
            encoded = encoded_stack(plan.classes, packet, catalog)
            if encoded is not None:
                return plan.derive(outer, encoded)
        return resolved_packet(packet, catalog, omits=not computes)[0].headers

    @cached_property
    def _fixed(self) -> tuple[Header, ...]:
        link = self.link
        if isinstance(link, str | MACAddress):
            link = Ethernet(dst=group_mac(self.dst), src=link)
        return () if link is None else (link, *self.tags)

    def _network(self, inner: Packet, number: int, identification: int, plan: StackPlan | None = None) -> Header:
        index = (plan or PLANS[tuple(map(type, inner.headers))]).framed_network
        is_ip = index is not None
        inside: Any = None if index is None else inner.headers[index]  # Any: IPv4 or IPv6, which differ in two names
        ttl = self.ttl
        if ttl == "copy":
            ttl = 64 if not is_ip else inside.ttl if isinstance(inside, IPv4) else inside.hop_limit
        dscp = inside.dscp if is_ip and self.diffserv == "uniform" else self.dscp
        ecn = 0 if not is_ip else inside.ecn if self.ecn == "normal" else ingress_ecn(inside.ecn, self.ecn)
        if self._is_ipv6:
            header = self._ip_header(ttl, dscp, ecn, dont_fragment=False)
            return header.replace(flow_label=flow_label(number) if self.flow_label == "flow" else self.flow_label)
        dont_fragment = self.dont_fragment == "set"
        if self.dont_fragment == "copy" and is_ip:
            dont_fragment = isinstance(inside, IPv6) or inside.dont_fragment
        header = self._ip_header(ttl, dscp, ecn, dont_fragment=dont_fragment)
        zero = identification.__class__ is int and identification == 0
        return header if zero else header.replace(identification=identification)

    @cached_property
    def _is_ipv6(self) -> bool:
        return self.src.version == 6

    @cached_property
    def _ip_headers(self) -> dict[tuple[int, int, int, bool], IPv4 | IPv6]:
        return {}

    def _ip_header(self, ttl: int, dscp: int, ecn: int, *, dont_fragment: bool) -> IPv4 | IPv6:
        """The outer IP header but for what each packet has of its own; few are made, and these are kept."""
        settings = ttl, dscp, ecn, dont_fragment
        header = self._ip_headers.get(settings)
        if header is None:
            src, dst = self.src, self.dst
            if isinstance(src, IPv6Address) and isinstance(dst, IPv6Address):
                header = IPv6(dscp=dscp, ecn=ecn, hop_limit=ttl, src=src, dst=dst)
            else:
                assert isinstance(src, IPv4Address)
                assert isinstance(dst, IPv4Address)
                header = IPv4(dscp=dscp, ecn=ecn, dont_fragment=dont_fragment, ttl=ttl, src=src, dst=dst)
            if len(self._ip_headers) >= _MOST_KEPT:
                self._ip_headers.clear()
            self._ip_headers[settings] = header
        return header

    # --- overhead ---------------------------------------------------------------------------------------------------

    @cached_property
    def overhead_octets(self) -> int:
        """The octets by which the tunnel reduces the MTU: from the outer IP header to the frame."""
        return sum(map(octets_in, self.encapsulate(b"").headers[len(self._fixed) :]))

    def inner_mtu(self, path_mtu: int, *, tags: int = 0) -> int:
        """The longest IP packet that fits in a frame, with so many VLAN tags, on a path of this MTU; 0 if none does."""
        check_number("path_mtu", path_mtu, 0)
        check_number("tags", tags, 0)
        return max(0, path_mtu - self.overhead_octets - 14 - 4 * tags)

    def excess_octets(self, frame: BytesLike | Packet, path_mtu: int) -> int:
        """By how many octets a frame is too long for a path of this MTU; 0 where it fits."""
        check_number("path_mtu", path_mtu, 0)
        octets = encode_packet(frame.without_fcs(), DEFAULT) if isinstance(frame, Packet) else bytes_of(frame)
        return max(0, len(octets) + self.overhead_octets - path_mtu)

    def too_big(
        self,
        frame: BytesLike | Packet,
        *,
        path_mtu: int,
        src: IPv4Address | IPv6Address | str | None = None,
        link_src: MACAddress | str | None = None,
        first: type[Header] = Ethernet,
        catalog: Catalog = DEFAULT,
    ) -> Packet | None:
        """The ICMP error to the sender of a frame that does not fit in the tunnel: it says the MTU that is left inside.

        `path_mtu` is that of the outer path, from the outer IP header on. The message goes back to where the frame came
        from, and is not encapsulated. The other arguments are those of `icmp_errors.too_big`.

        None where the frame fits, and where no error may be sent; a frame that does not fit and gets no error is
        dropped, or its outer packet is fragmented (`dont_fragment="clear"`, `reassembly.fragment`): for IPv6 frames
        whose packet has at most 1280 octets that is the only way (RFC 2473 section 7.1 (a)).

        Raises: as `icmp_errors.too_big` does.

        Spec: RFC 2473 section 7, RFC 4459 section 3.2.
        """
        check_number("path_mtu", path_mtu, 0)
        packet = frame if isinstance(frame, Packet) else decode(frame, first=first, lax=True, catalog=catalog)
        tags = 0 if self.inner_tags == "strip" else len(frame_tags(packet))
        mtu = self.inner_mtu(path_mtu, tags=tags)
        if not packet.headers or not isinstance(packet.headers[0], Ethernet):
            mtu = max(0, path_mtu - self.overhead_octets)
        return icmp_errors.too_big(packet, mtu=mtu, src=src, link_src=link_src, catalog=catalog)


def check_src_ports(ports: Any) -> None:  # Any: they are what must be checked
    """Raises: TypeError, ValueError for what is no range of ports."""
    if not isinstance(ports, tuple) or len(ports) != 2:
        raise TypeError(f"src_ports are the first and the last of 0..65535, a tuple, not {text_of(ports)}")
    first, last = (check_number("a port of src_ports", port, None) for port in ports)
    if not 0 <= first <= last <= 0xFFFF:
        given = f"({number_text(first)}, {number_text(last)})"
        raise ValueError(f"src_ports are the first and the last of 0..65535, not {given}")


def group_mac(group: IPv4Address | IPv6Address) -> MACAddress:
    """The MAC address of a multicast group: the low 23 bits of an IPv4 group, the low 32 of an IPv6 group.

    Raises: ValueError for an address that is not a multicast group.

    Spec: RFC 1112 section 6.4, RFC 2464 section 7.
    """
    check_type("group", group, (IPv4Address, IPv6Address))
    if not group.is_multicast:
        raise ValueError(f"{group} is no multicast group")
    if isinstance(group, IPv4Address):
        return MACAddress(0x01005E000000 | int(group) & 0x7FFFFF)
    return MACAddress(0x333300000000 | int(group) & 0xFFFFFFFF)


def overhead_octets(of: Tunnel | Packet) -> int:
    """The octets that a tunnel takes of the path's MTU: from the outer IP header to the frame inside.

    Raises: MissingHeaderError for a packet without a tunnel.
    """
    if isinstance(of, Tunnel):
        return of.overhead_octets
    check_type("of", of, Packet, "a tunnel or a packet")
    start = inner_start(of.headers)
    if not start:
        raise MissingHeaderError("tunnel", ", ".join(of.names))
    outside = of.headers[:start]
    links = next((index for index, header in enumerate(outside) if header.__layout__.layer == "network"), 0)
    return sum(map(octets_in, resolve(of).headers[links:start]))


def selector_of(space: KeySpace, first: type[Header], path: str) -> int:
    """The value of the selector for a header class. Raises: EncodeError where there is none."""
    number = DEFAULT.key_of(space, first)
    if number is None:
        raise EncodeError(path, first, f"has no number for {first.__name__}")
    return number


def ethernet_only(first: type[Header], path: str) -> None:
    """Raises: EncodeError for anything but an Ethernet frame."""
    if first is not Ethernet:
        raise EncodeError(path, first, f"carries Ethernet frames, no {first.__name__}")


def inner_of(frame: BytesLike | Packet, first: type[Header], catalog: Catalog) -> tuple[Packet, bytes]:
    """The frame resolved, and its octets."""
    if not isinstance(frame, Packet):
        octets = frame if type(frame) is bytes else bytes_of(frame)
        return decode(octets, first=first, lax=True, catalog=catalog), octets
    frame = frame.without_fcs()
    check_complete(frame)
    return resolved_packet(frame, catalog)
