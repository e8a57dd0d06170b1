"""Checksums of octets, computed anew as the receiver reads them.

Strategy: the octets are decoded as they are, right or wrong, and each checksum is written that a receiver verifies,
the innermost first. What a mutation wrote into a checksum stays, and so does a checksum that is absent.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final

from overlaycodec.checksum import crc32c, internet_checksum
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import extent_of, is_fragment, jumbo_octets_of, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keys import Key
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.plans import Coverage

__all__ = ["covered_of", "following_all", "with_right_checksums"]

_MOST_HEADERS: Final = 1_000
"""More than any mutation stacks: the receiver is taken to follow them all."""


@lru_cache(maxsize=8)
def following_all(catalog: Catalog) -> Catalog:
    """The catalog, which follows as many headers as mutations stack."""
    return catalog.with_max_headers(max(catalog.max_headers, _MOST_HEADERS))


def with_right_checksums(data: bytes, first: type[Header] | Key, catalog: Catalog, kept: Collection[int]) -> bytes:
    """The octets with right checksums, except those that begin at one of the octets `kept`.

    The catalog is one of `following_all`. Those over octets that are not all here stay as they are: in fragments and in
    truncated packets.
    """
    packet = decode(data, first=first, lax=True, catalog=catalog)
    octets = bytearray(data)
    for index, coverage, start, stop in reversed(covered_of(packet, len(data))):
        at = start + coverage.octet
        if at in kept:
            continue
        header = packet.headers[index]
        octets[at : at + coverage.octets] = bytes(coverage.octets)
        covered = bytes(octets[start:stop])
        if coverage.algorithm == "crc32c":
            octets[at : at + coverage.octets] = crc32c(covered).to_bytes(4, "little")
            continue
        total = 0
        if coverage.pseudo and (addresses := pseudo_header(packet.headers, index)) is not None:
            total = sum(addresses) + len(covered) + (catalog.key_of(IP_PROTOCOL, type(header)) or 0)
        checksum = internet_checksum(covered, total) or (0xFFFF if coverage.zero_absent else 0)
        octets[at : at + coverage.octets] = checksum.to_bytes(coverage.octets, "big")
    return bytes(octets)


def covered_of(packet: Packet, total: int) -> list[tuple[int, Coverage, int, int]]:
    """The checksums whose octets are all here: index of the header, what is covered, its first octet and its end."""
    found = []
    start, end, complete = 0, total, True
    trailers = dict.fromkeys(range(-1, len(packet.headers)), 0)
    for trailer in packet.trailers:
        trailers[trailer.header] += len(trailer.data)
    end -= trailers[-1]
    for index, header in enumerate(packet.headers):
        layout, size = header.__layout__, octets_in(header)
        end -= trailers[index]
        bound = extent_of(header) if layout.jumbo is None else jumbo_octets_of(packet.headers, index)
        if bound is not None and bound >= size and not layout.segmented:
            complete = bound <= end - start
        coverage = layout.coverage
        if coverage is not None and getattr(header, coverage.field.name) is not None and not coverage.absent_in(header):
            known = not coverage.pseudo or pseudo_header(packet.headers, index) is not None
            if known and (complete or coverage.header_only):
                octets = layout.covered_octets(header, size, end - start)
                found.append((index, coverage, start, start + octets))
        if layout.quotes or is_fragment(header) or (layout.segmented and bound is not None and bound > end - start):
            complete = False
        start += size
    return found
