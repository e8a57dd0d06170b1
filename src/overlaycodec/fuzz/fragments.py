"""Fragments of the seed packet that overlap, contradict each other, leave gaps, or end past the largest datagram.

Strategy: each fragment by itself is right, lengths and IPv4 checksum too: what is wrong is the set. So these mutations
give several packets, in the order in which they are sent.

Spec: RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722 (overlaps), RFC 1858 (tiny fragments).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.editing.network_headers import network_of
from overlaycodec.errors import CodecError
from overlaycodec.fuzz.mutation import Mutation
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.protocols import IPv4, IPv6, IPv6Fragment
from overlaycodec.values import AUTO

__all__ = ["fragment_mutations"]

_STEP: Final = 8
_LAST_OFFSET: Final = 0x1FFF
_IDENTIFICATION: Final = 0x6F63
_INVERTED: Final = bytes(range(255, -1, -1))

Part = tuple[int, bytes, bool]
"""The offset of a fragment in units of 8 octets, its octets, and whether more follow."""


def fragment_mutations(packet: Packet, catalog: Catalog) -> Iterator[Mutation]:
    """Every set of fragments of a packet whose outermost IP header is no fragment itself and carries 16 octets or more.

    Fragments of IPv6 begin right after its header.
    """
    network = network_of(packet.headers)
    if network is None or not isinstance(ip := packet.headers[network], IPv4 | IPv6):
        return
    before = tuple(map(_with_auto_length, packet.headers[:network]))
    trailers = sum(len(trailer.data) for trailer in packet.trailers if trailer.header <= network)
    octets = encode(packet, catalog=catalog)
    start = sum(map(octets_in, packet.headers[: network + 1]))
    content = octets[start : len(octets) - trailers]
    if len(content) < 2 * _STEP or (isinstance(ip, IPv4) and (ip.more_fragments or ip.fragment_offset)):
        return
    name = names_of(packet.headers)[network]
    for label, parts in _sets(content):
        try:
            packets = tuple(encode(Packet(*_fragment(before, ip, part)), catalog=catalog) for part in parts)
        except CodecError:  # the headers before the IP header cannot be written again
            return
        yield Mutation("fragment", name, f"{name} in fragments: {label}", packets=packets)


def _with_auto_length(header: Header) -> Header:
    field = header.__layout__.length_field
    return header if field is None or field.optional else header.replace(**{field.name: AUTO})


def _fragment(before: Sequence[Header], ip: IPv4 | IPv6, part: Part) -> tuple[tuple[Header, ...], bytes]:
    offset, octets, more = part
    if isinstance(ip, IPv4):
        changes = {"total_length": AUTO, "checksum": AUTO, "dont_fragment": False}
        return (*before, ip.replace(fragment_offset=offset, more_fragments=more, **changes)), octets
    extension = IPv6Fragment(
        next_header=ip.next_header, fragment_offset=offset, more_fragments=more, identification=_IDENTIFICATION
    )
    return (*before, ip.replace(payload_length=AUTO, next_header=AUTO), extension), octets


def _sets(content: bytes) -> Iterator[tuple[str, list[Part]]]:
    """The fragments of each mutation: where they are cut, and what is wrong with them."""
    end = len(content)
    middle = max(_STEP, end // 2 // _STEP * _STEP)
    first, last = _part(content, 0, middle), _part(content, middle, end)
    other = content.translate(_INVERTED)
    yield "in order", [first, last]
    yield "last before first", [last, first]
    yield "first twice", [first, first, last]
    yield "first twice, with other octets", [first, _part(other, 0, middle), last]
    yield "last twice, with other octets", [first, last, _part(other, middle, end)]
    overlapping = _part(content, middle - _STEP, end)
    yield "overlap of 8 octets", [first, overlapping]
    yield "overlap of 8 octets, with other octets", [first, _part(other, middle - _STEP, end)]
    yield "overlap of 8 octets, last before first", [overlapping, first]
    yield "first inside last", [_part(content, 0, _STEP), (0, content, False)]
    yield "last inside first", [(0, content[: end // _STEP * _STEP], True), last]
    yield "inside, with other octets", [first, (0, other[:_STEP], True), last]
    yield "gap of 8 octets", [_part(content, 0, middle - _STEP), last] if middle > _STEP else [last]
    yield "no first", [last]
    yield "no last", [first]
    yield "two ends", [first, (middle // _STEP, content[middle : middle + _STEP], False), last]
    yield "first empty", [(0, b"", True), first, last]
    yield "last empty", [first, _part(content, middle, end - (end - middle) % _STEP), (end // _STEP, b"", False)]
    yield "8 octets each", [_part(content, at, min(at + _STEP, end)) for at in range(0, min(end, 64 * _STEP), _STEP)]
    yield "length not of 8 octets", [(0, content[: middle - 1], True), last]
    yield "end past 65,535 octets", [first, last, (_LAST_OFFSET, content[:middle], False)]


def _part(content: bytes, start: int, stop: int) -> Part:
    return start // _STEP, content[start:stop], stop < len(content)
