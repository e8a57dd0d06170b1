"""Reassembly of IPv4 and IPv6 fragments.

Spec: RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722, RFC 6946, RFC 3168 section 5.3.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from overlaycodec.checksum import internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import resolved_headers
from overlaycodec.editing.network_headers import network_of
from overlaycodec.errors import EncodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import is_fragment, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import scopes_of
from overlaycodec.protocols import IPv4, IPv6, IPv6Fragment, VLANTag
from overlaycodec.reassembly.byte_ranges import Drop, Overlap
from overlaycodec.reassembly.reassembler import Reassembler
from overlaycodec.reassembly.reassembly_table import (
    MAX_OCTETS,
    MAX_PENDING,
    SECOND,
    Fragment,
    PendingDatagram,
    ReassemblyTable,
)
from overlaycodec.reassembly.rebuild import is_truncated, rebuilt, with_auto_length
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["FragmentReassembler"]

_MAX_TOTAL = 0xFFFF
_NOT_ECT, _CE = 0, 3
_MIXED = 1 << _NOT_ECT | 1 << _CE


class FragmentReassembler(Reassembler):
    """Takes packets; returns packets that are no fragments, and each datagram when all its fragments have arrived.

    It reads the outermost IP header; for fragments inside a tunnel, feed `packet.inner`. A datagram is identified by
    its addresses, identification, VLAN tags and, in IPv4, protocol. `context` of `feed` is an additional identifier,
    such as the network of the tunnel.

    `overlap` is the rule for fragments that overlap. A datagram that is not complete within `lifetime_ns` from its
    first fragment is dropped, and so is the oldest one where more than `max_octets` of memory or `max_pending`
    datagrams would be pending. `verify`: a fragment whose IPv4 header checksum is wrong is dropped, as by every
    receiver; captures from a host whose network card computes it need False.
    """

    def __init__(
        self,
        *,
        overlap: Overlap = "drop",
        lifetime_ns: int = 60 * SECOND,
        max_octets: int = MAX_OCTETS,
        max_pending: int = MAX_PENDING,
        verify: bool = True,
        catalog: Catalog = DEFAULT,
    ) -> None:
        super().__init__(ReassemblyTable(overlap, lifetime_ns, max_octets, max_pending), verify=verify, catalog=catalog)

    def feed(
        self, packet: Packet | BytesLike, *, time_ns: int | None = None, context: Hashable = None
    ) -> Packet | None:
        """The packet, if it is no fragment; the datagram, if this was the last fragment missing; else None.

        Octets are read from Ethernet on. `time_ns` is the arrival time of the packet, from any clock; without it,
        nothing expires. The datagram has the headers of its first fragment; the IPv6 fragment header is removed. A
        fragment that is a complete datagram (RFC 6946) is returned unchanged.
        """
        packet = self._packet_of(packet)
        network = network_of(packet.headers)
        if network is None:
            return packet
        stop = scopes_of(packet.headers)[0].stop
        index = next((i for i in range(network, stop) if is_fragment(packet.headers[i])), None)
        if index is None or not isinstance(packet.headers[index], IPv4 | IPv6Fragment):
            return packet
        headers, octets = resolved_headers(packet, self._catalog)
        ip, fragment = headers[network], headers[index]
        if not isinstance(ip, IPv4 | IPv6) or not isinstance(fragment, IPv4 | IPv6Fragment):
            return packet
        start, data = fragment.fragment_offset * 8, octets[index][octets_in(fragment) :]
        more = fragment.more_fragments
        if why := self._fault(packet, ip, octets[network], start, data, more):
            self._table.drop(why)
            return None
        tags = tuple(header.vid for header in headers[:network] if isinstance(header, VLANTag))
        protocol = fragment.protocol if isinstance(fragment, IPv4) else None
        key = (context, tags, ip.src, ip.dst, protocol, fragment.identification)
        datagram = self._table.pending(key, time_ns)
        head = None if start else Packet(_unfragmented(headers[: index + 1], network))
        total = None if more else start + len(data)
        content = self._table.add(key, datagram, Fragment(start, data, total, head, ip.ecn))
        return None if content is None else self._datagram(datagram, content)

    def _fault(self, packet: Packet, ip: Header, octets: bytes, start: int, data: bytes, more: bool) -> Drop | None:
        """Why a fragment is dropped, whatever came before it."""
        if packet.without_fcs().missing or is_truncated(ip, octets):
            return Drop.TRUNCATED
        if self._verify and isinstance(ip, IPv4) and internet_sum(octets[: octets_in(ip)]) != 0xFFFF:
            return Drop.CHECKSUM
        if not data:
            return Drop.EMPTY
        if start + len(data) > _MAX_TOTAL:
            return Drop.PAST_END
        return Drop.UNEVEN if more and len(data) % 8 else None

    def _datagram(self, datagram: PendingDatagram, content: bytes) -> Packet | None:
        """The datagram; None where its headers cannot be encoded."""
        assert datagram.head is not None  # the fragment with octet 0 brought it
        headers = datagram.head.headers
        ecn = _combined(datagram.ecn)
        if ecn is None:
            self._table.drop(Drop.CONGESTION)
            return None
        if ecn == _CE:
            network = network_of(headers)  # its own: fragments may have taken different paths
            assert network is not None
            headers = (*headers[:network], headers[network].replace(ecn=_CE), *headers[network + 1 :])
        try:
            return rebuilt(headers, content, self._catalog)
        except EncodeError:
            self._table.drop(Drop.MALFORMED)
            return None


def _unfragmented(headers: Sequence[Header], network: int) -> tuple[Header, ...]:
    """The headers of the datagram whose first fragment has these, the last of which makes it a fragment."""
    *before, fragment = headers
    if isinstance(fragment, IPv4):
        return with_auto_length((*before, fragment.replace(more_fragments=False, fragment_offset=0)), network)
    assert isinstance(fragment, IPv6Fragment)
    selector = before[-1].__layout__.selector
    assert selector is not None  # it led to the fragment header
    before[-1] = before[-1].replace(**{selector.name: fragment.next_header})
    return with_auto_length(before, network)


def _combined(came: int) -> int | None:
    """The codepoint of a datagram whose fragments had these, a bit each.

    -1: as in the first fragment; None: such a datagram must be dropped.
    """
    if came & _MIXED == _MIXED:
        return None
    return _CE if came & 1 << _CE else -1
