"""Checksums that a network card has yet to finish, and those outside them.

Strategy: a sender that leaves an inner checksum to the card computes the outer one over the finished packet (Linux
calls that local checksum offload). So in a capture from the sender, the outer checksum is right if it is that of the
packet in which the inner one is finished.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from overlaycodec.checksum import internet_checksum, internet_sum
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.schema.keyspaces import IP_PROTOCOL

__all__ = ["covers_finished", "innermost_transport"]


def innermost_transport(headers: Sequence[Header], names: Sequence[str], among: Mapping[str, object]) -> str | None:
    """The path of the innermost checksum over a pseudo-header, among those that have a status; None without one."""
    for index in reversed(range(len(headers))):
        coverage = headers[index].__layout__.coverage
        if coverage is not None and coverage.pseudo and coverage.algorithm == "internet":
            path = f"{names[index]}.{coverage.field.name}"
            if path in among and "quoted" not in path:
                return path
    return None


def covers_finished(
    headers: Sequence[Header], regions: Sequence[bytes], outer: int, inner: int, catalog: Catalog
) -> bool:
    """Whether the checksum of header `outer` is right once that of header `inner` is finished."""
    outside, inside = headers[outer].__layout__.coverage, headers[inner].__layout__.coverage
    if outside is None or inside is None or outside.header_only or outside.algorithm != "internet":
        return False
    region = _covered(headers, regions, inner)
    finished = internet_checksum(
        region[: inside.octet] + bytes(2) + region[inside.octet + 2 :], _start(headers, inner, len(region), catalog)
    )
    at = sum(map(octets_in, headers[outer:inner])) + inside.octet
    covered = bytearray(_covered(headers, regions, outer))
    covered[at : at + 2] = finished.to_bytes(2, "big")
    return internet_sum(bytes(covered), _start(headers, outer, len(covered), catalog)) == 0xFFFF


def _covered(headers: Sequence[Header], regions: Sequence[bytes], index: int) -> bytes:
    header, region = headers[index], regions[index]
    return region[: header.__layout__.covered_octets(header, octets_in(header), len(region))]


def _start(headers: Sequence[Header], index: int, octets: int, catalog: Catalog) -> int:
    """The sum of the pseudo-header, where the checksum covers one."""
    coverage = headers[index].__layout__.coverage
    addresses = pseudo_header(headers, index) if coverage is not None and coverage.pseudo else None
    return (
        0 if addresses is None else sum(addresses) + octets + (catalog.key_of(IP_PROTOCOL, type(headers[index])) or 0)
    )
