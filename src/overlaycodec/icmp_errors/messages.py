"""The messages: each to the sender of the packet, with as much of the packet as may be quoted."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Literal, get_args

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.icmp_errors.quotation import MINIMUM_QUOTED, Extension, Offender, extended, offender_of
from overlaycodec.icmp_errors.silence import silence_about
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import (
    ICMP,
    Ethernet,
    ICMPExtensions,
    ICMPTimeExceeded,
    ICMPUnreachable,
    ICMPv6,
    ICMPv6PacketTooBig,
    ICMPv6ParameterProblem,
    ICMPv6TimeExceeded,
    ICMPv6Unreachable,
    IPv4,
    IPv6,
)
from overlaycodec.values import MACAddress, checked_ip
from overlaycodec.values.argument_checks import check_choice, check_flag, check_number, check_several, check_type
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["Unreachable", "time_exceeded", "too_big", "unreachable"]

Unreachable = Literal["network", "host", "protocol", "port", "prohibited"]
"""Why a packet does not arrive: there is no route, the host does not answer, it does not know the protocol, nobody
listens at the port, a filter forbids it."""

_CODES: Final[dict[Unreachable, tuple[int, int]]] = {
    "network": (0, 0),
    "host": (1, 3),
    "protocol": (2, 1),
    "port": (3, 4),
    "prohibited": (13, 1),
}
"""The codes of ICMP (RFC 792, RFC 1812 section 5.2.7.1) and of ICMPv6 (RFC 4443 section 3.1; for a protocol, 3.4)."""
_FRAGMENTATION_NEEDED: Final = 4
_CLASS_SELECTOR_6: Final = 48
"""Precedence 6, internetwork control (RFC 1812 section 4.3.2.5)."""
_LARGEST: Final = {4: 576, 6: 1280}
"""Octets of an IP packet with an ICMP error (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4 (c))."""
_HEADERS: Final = {4: 28, 6: 48}
_SMALLEST_MTU: Final = {4: 68, 6: 1280}
"""Every link carries packets of this size (RFC 791 section 3.2, RFC 8200 section 5)."""

IPSource = IPv4Address | IPv6Address | str | None


def too_big(
    packet: BytesLike | Packet,
    *,
    mtu: int,
    src: IPSource = None,
    link_src: MACAddress | str | None = None,
    first: type[Header] = Ethernet,
    catalog: Catalog = DEFAULT,
) -> Packet | None:
    """The message that a packet does not fit in an MTU: ICMP "fragmentation needed", or ICMPv6 "packet too big".

    `mtu` is that of the next link, in octets from IP on. `src` is the address of the node that sends the message: by
    default the destination of the packet, as bridges do that have no address (Linux does so in tunnels). A packet with
    a link header is answered on the link, from `link_src` (by default the address that the packet was sent to), with
    the same VLAN tags. `first` is the class that octets begin with.

    None where the packet fits, where a router may fragment it (IPv4 without DF), and where `silence` says why nothing
    may be sent. An MTU that every link has (68 octets, 1280 for IPv6) is the least that the message says, and packets
    of that size or less get no message: whoever cannot carry them must fragment what it sends (RFC 2473 section 7.1).

    Raises: ValueError for an address of another family, and for an `mtu` below 0; EncodeError for a packet with AUTO
    that cannot be derived.

    Spec: RFC 1191 section 4, RFC 4443 section 3.2, RFC 8201.
    """
    check_number("mtu", mtu, 0)
    offender = offender_of(packet, first, catalog)
    if offender is None or silence_about(offender, too_big=True):
        return None
    version = offender.network.version
    mtu = max(mtu, _SMALLEST_MTU[version])
    if offender.length <= mtu or (isinstance(offender.network, IPv4) and not offender.network.dont_fragment):
        return None
    if version == 4:
        return _message(offender, _FRAGMENTATION_NEEDED, ICMPUnreachable(next_hop_mtu=mtu), src, link_src, catalog)
    return _message(offender, 0, ICMPv6PacketTooBig(mtu=mtu), src, link_src, catalog)


def time_exceeded(
    packet: BytesLike | Packet,
    *,
    src: IPSource = None,
    link_src: MACAddress | str | None = None,
    reassembly: bool = False,
    extensions: ICMPExtensions | Sequence[Extension] = (),
    first: type[Header] = Ethernet,
    catalog: Catalog = DEFAULT,
) -> Packet | None:
    """The message that the hop limit of a packet was exceeded, or, with `reassembly`, the time for its fragments.

    `extensions` follow the quotation (RFC 4884): a header `ICMPExtensions`, or objects. The other arguments are those
    of `too_big`.

    None where `silence` says why nothing may be sent.

    Raises: as `too_big` does; ValueError for extensions that do not fit.

    Spec: RFC 792, RFC 4443 section 3.3.
    """
    check_flag("reassembly", reassembly)
    offender = offender_of(packet, first, catalog)
    if offender is None or silence_about(offender):
        return None
    body = ICMPTimeExceeded if offender.network.version == 4 else ICMPv6TimeExceeded
    return _message(offender, int(reassembly), body(), src, link_src, catalog, extensions)


def unreachable(
    packet: BytesLike | Packet,
    *,
    reason: Unreachable = "host",
    src: IPSource = None,
    link_src: MACAddress | str | None = None,
    extensions: ICMPExtensions | Sequence[Extension] = (),
    first: type[Header] = Ethernet,
    catalog: Catalog = DEFAULT,
) -> Packet | None:
    """The message that a packet does not reach its destination, and why.

    The arguments are those of `time_exceeded`. For an unknown protocol in IPv6, it is the parameter problem
    "unrecognized next header", which takes no extensions. None where `silence` says why nothing may be sent.

    Raises: as `time_exceeded` does.

    Spec: RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1.
    """
    check_choice("reason", reason, get_args(Unreachable))
    offender = offender_of(packet, first, catalog)
    if offender is None or silence_about(offender):
        return None
    code, code6 = _CODES[reason]
    if offender.network.version == 4:
        return _message(offender, code, ICMPUnreachable(), src, link_src, catalog, extensions)
    body = ICMPv6Unreachable() if reason != "protocol" else ICMPv6ParameterProblem(pointer=_next_header_of(offender))
    return _message(offender, code6, body, src, link_src, catalog, extensions)


def _message(
    offender: Offender,
    code: int,
    body: Header,
    src: IPSource,
    link_src: MACAddress | str | None,
    catalog: Catalog,
    extensions: ICMPExtensions | Sequence[Extension] = (),
) -> Packet | None:
    """The message to the sender; None where its own addresses would be those of a group."""
    network = offender.network
    own = network.dst if src is None else _address(src, network.version)
    before: list[Any] = list(offender.before)  # Any: headers of several classes
    if offender.link is not None:
        from_link = offender.link.dst if link_src is None else MACAddress(link_src)
        if from_link.is_multicast:
            return None
        before[0] = offender.link.replace(dst=offender.link.src, src=from_link)
    if own.is_multicast:
        return None
    room = _LARGEST[network.version] - _HEADERS[network.version]
    octets = offender.octets[:room]
    if not isinstance(extensions, ICMPExtensions):
        check_several("extensions", extensions, "Extension values")
        extensions = tuple(extensions)
        for number, extension in enumerate(extensions):
            check_type(f"extensions[{number}]", extension, Extension)
    if extensions:
        octets = extended(octets, extensions)
        if len(octets) > room:
            raise ValueError(f"the extensions leave no room for the quotation: {len(octets)} octets, at most {room}")
        if "length" not in body.__layout__.by_name:
            raise ValueError(f"{body.__layout__.name} takes no extensions (RFC 4884 section 4)")
        body = body.replace(length=MINIMUM_QUOTED // (4 if network.version == 4 else 8))
    outer = _outer(network, own)
    headers = (*before, outer, ICMP(code=code) if network.version == 4 else ICMPv6(code=code), body)
    message = encode(Packet(headers, octets), catalog=catalog)
    return decode(message, first=type(headers[0]), lax=True, catalog=catalog)


def _next_header_of(offender: Offender) -> int:
    """The octet of an IPv6 packet that names the protocol of its content."""
    *outside, last = (offender.network, *offender.extensions)
    bit = last.__layout__.fixed_bit_of("next_header") or 0
    return sum(map(octets_in, outside)) + bit // 8


def _outer(network: IPv4 | IPv6, src: IPv4Address | IPv6Address) -> IPv4 | IPv6:
    """The IP header of the message; its identification of 0 is right, since DF is set (RFC 6864 section 4.1)."""
    if isinstance(network, IPv4):
        assert isinstance(src, IPv4Address)
        return IPv4(src=src, dst=network.src, dscp=_CLASS_SELECTOR_6, dont_fragment=True)
    assert isinstance(src, IPv6Address)
    return IPv6(src=src, dst=network.src)


def _address(src: IPv4Address | IPv6Address | str, version: int) -> IPv4Address | IPv6Address:
    """The address of the sending node. Raises: TypeError, ValueError."""
    address = checked_ip("src", src)
    if address.version != version:
        raise ValueError(f"src {address} is no address of IPv{version}, the version of the packet")
    return address
