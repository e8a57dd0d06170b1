"""Fragmentation of IPv4 and IPv6 packets for an MTU.

Spec: RFC 791 section 2.3 and 3.2, RFC 8200 section 4.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import resolve, resolved_headers
from overlaycodec.editing.network_headers import network_of
from overlaycodec.errors import EncodeError, FieldRangeError, MissingHeaderError, UnresolvedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import jumbo_octets_of, octets_in
from overlaycodec.packet.packet import Packet, check_packet
from overlaycodec.protocols import IPv4, IPv6, IPv6Fragment, IPv6HopByHop, IPv6Routing, IPv6SegmentRouting
from overlaycodec.reassembly.rebuild import is_truncated, rebuilt, with_auto_length
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_number

__all__ = ["fragment"]

_COPIED: Final = 0x80
_STEP: Final = 8
_FRAGMENT: Final = 44


def fragment(
    packet: Packet, *, mtu: int, identification: int | None = None, catalog: Catalog = DEFAULT
) -> tuple[Packet, ...]:
    """The packet as fragments whose outermost IP packets have at most `mtu` octets; alone, if it fits.

    IPv4: options go into the later fragments if their copied flag is set; a fragment is fragmented further. IPv6: the
    headers that nodes on the path read are repeated. `identification` is that of the datagram: IPv4 has its own, an
    IPv6 packet needs one. Each fragment is a frame of its own: padding and a check sequence after it are left out.

    Raises: EncodeError if DF of IPv4 is set, or if the packet is an IPv6 fragment, a jumbogram, or truncated;
    FieldRangeError for an MTU that leaves no room; UnresolvedError without identification for IPv6; MissingHeaderError
    without IP.
    """
    check_packet(packet)
    check_number("mtu", mtu, 0)
    if identification is not None:
        check_number("identification", identification, None)
    network = network_of(packet.headers)
    if network is None:
        raise MissingHeaderError("ipv4 or ipv6", ", ".join(packet.names))
    headers, octets = resolved_headers(packet, catalog)
    ip = headers[network]
    if packet.without_fcs().missing or is_truncated(ip, octets[network]):
        raise EncodeError("packet", packet, "is not all here: it cannot be fragmented")
    if len(octets[network]) <= mtu:
        return (packet,)
    if isinstance(ip, IPv4):
        if identification is not None:
            ip = ip.replace(identification=identification, checksum=AUTO)
        return _of_ipv4(headers[:network], ip, octets[network][octets_in(ip) :], mtu, catalog)
    assert isinstance(ip, IPv6)
    return _of_ipv6(headers, network, octets, mtu, identification, catalog)


def _of_ipv4(before: Sequence[Header], ip: IPv4, content: bytes, mtu: int, catalog: Catalog) -> tuple[Packet, ...]:
    if ip.dont_fragment:
        octets = octets_in(ip) + len(content)
        raise EncodeError("ipv4.dont_fragment", True, f"is set: {octets} octets go through no MTU of {mtu}")
    first = ip.replace(total_length=AUTO, checksum=AUTO)
    later = first
    if ip.options or ip.options_rest:
        copied = tuple(option for option in ip.options if option.type & _COPIED)
        bare = first.replace(options=copied, options_rest=AUTO, ihl=AUTO)
        later = bare.replace(ihl=resolve(bare, catalog=catalog)[IPv4].ihl)
    fragments = []
    at = 0
    while at < len(content):
        header = later if at else first
        part = content[at : at + _room(mtu, header.ihl * 4, len(content) - at)]
        more = ip.more_fragments or at + len(part) < len(content)
        header = header.replace(fragment_offset=ip.fragment_offset + at // _STEP, more_fragments=more)
        fragments.append(rebuilt((*before, header), part, catalog))
        at += len(part)
    return tuple(fragments)


def _of_ipv6(
    headers: Sequence[Header],
    network: int,
    octets: Sequence[bytes],
    mtu: int,
    identification: int | None,
    catalog: Catalog,
) -> tuple[Packet, ...]:
    stop = network + 1
    for index in range(network + 1, len(headers)):
        header = headers[index]
        if isinstance(header, IPv6Fragment):
            raise EncodeError("fragment", header, "is there already: IPv6 fragments are not fragmented")
        if header.__layout__.layer != "extension":
            break
        if jumbo_octets_of(headers, index) is not None:
            raise EncodeError("packet", headers[network], "is a jumbogram, which cannot be fragmented (RFC 2675)")
        if isinstance(header, IPv6Routing | IPv6SegmentRouting) or (
            isinstance(header, IPv6HopByHop) and index == network + 1
        ):
            stop = index + 1
    if identification is None:
        raise UnresolvedError("ipv6_fragment.identification", "is the sender's to choose: give it as identification")
    *before, last = headers[:stop]
    size = sum(map(octets_in, headers[network:stop]))
    content = octets[stop - 1][octets_in(last) :]
    selector = last.__layout__.selector
    assert selector is not None
    extension = IPv6Fragment(next_header=getattr(last, selector.name), identification=identification)
    repeated = with_auto_length((*before, last.replace(**{selector.name: _FRAGMENT})), network)
    fragments = []
    at = 0
    while at < len(content):
        octets_here = _room(mtu, size + _STEP, len(content) - at)
        more = at + octets_here < len(content)
        header = extension.replace(fragment_offset=at // _STEP, more_fragments=more)
        fragments.append(rebuilt((*repeated, header), content[at : at + octets_here], catalog))
        at += octets_here
    return tuple(fragments)


def _room(mtu: int, headers: int, left: int) -> int:
    """How many octets of those that are left go into one fragment after its headers."""
    room = mtu - headers
    if room < _STEP:
        raise FieldRangeError("mtu", mtu, headers + _STEP, 0xFFFF)
    return left if left <= room else room // _STEP * _STEP
