"""The status of every checksum of a packet.

Strategy: this goes through the headers from the outermost one in and keeps account of whether all octets of a region
are in the packet. A checksum over octets that are not all here is neither valid nor bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from overlaycodec.checksum import crc32c, frame_check_sequence, internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import resolved_headers
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.editing.offloaded_checksums import covers_finished, innermost_transport
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import extent_of, is_fragment, jumbo_octets_of, octets_in
from overlaycodec.packet.packet import FCS, Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.plans import Coverage
from overlaycodec.values import AUTO

__all__ = ["ChecksumStatus", "checksums", "fcs_status"]


class ChecksumStatus(StrEnum):
    """The status of a checksum."""

    VALID = "valid"
    BAD = "bad"
    ABSENT = "absent"
    """The format's value for "no checksum"."""
    PARTIAL = "partial"
    """The sum of the pseudo-header alone: left for a network card to finish."""
    UNVERIFIABLE = "unverifiable"
    """The octets that it covers are not all here: those of a fragment, a snapped capture, `packet.outer`."""

    def __repr__(self) -> str:
        return self.value


def checksums(packet: Packet, *, left_to_card: bool = False, catalog: Catalog = DEFAULT) -> dict[str, ChecksumStatus]:
    """The status of every checksum of a packet, by path: `{"ipv4.checksum": valid, "udp.checksum": absent}`.

    That of an Ethernet frame's FCS has the path `fcs`. `left_to_card` says that the packet was captured before its
    card finished a checksum (`Record.left_to_card`): then that of the innermost UDP or TCP header is not bad but
    partial. A checksum around a partial one is that of the finished packet.

    Raises: EncodeError where a field that is AUTO cannot be derived.
    """
    headers, regions = resolved_headers(packet, catalog)
    names = names_of(headers)
    complete = packet.without_fcs().missing == 0
    statuses = {}
    for index, header in enumerate(headers):
        layout = header.__layout__
        region, size = regions[index], octets_in(header)
        bound = extent_of(header) if layout.jumbo is None else jumbo_octets_of(headers, index)
        if bound is not None and bound >= size and not layout.segmented:
            complete = bound <= len(region)
        if layout.coverage is not None and getattr(header, layout.coverage.field.name) is not None:
            covered = region[: layout.covered_octets(header, size, len(region))]
            path = f"{names[index]}.{layout.coverage.field.name}"
            statuses[path] = _status(headers, index, layout.coverage, covered, complete, catalog)
        if layout.quotes or is_fragment(header) or (layout.segmented and bound is not None and bound > len(region)):
            complete = False
    if left_to_card or ChecksumStatus.PARTIAL in statuses.values():
        _settle(statuses, headers, regions, left_to_card=left_to_card, catalog=catalog)
    if packet.fcs is not None and packet.fcs.is_crc(headers):
        frame = b"".join([regions[0], *(trailer.data for trailer in packet.trailers if trailer.header == 0)])
        statuses["fcs"] = fcs_status(packet.fcs, frame, missing=packet.missing)
    return statuses


def _settle(
    statuses: dict[str, ChecksumStatus],
    headers: Sequence[Header],
    regions: Sequence[bytes],
    *,
    left_to_card: bool,
    catalog: Catalog,
) -> None:
    """Corrects what a checksum that a card has yet to finish changes: its own status, and of those around it."""
    names = names_of(headers)
    if left_to_card:
        transport = innermost_transport(headers, names, statuses)
        if transport is not None and statuses[transport] is ChecksumStatus.BAD:
            statuses[transport] = ChecksumStatus.PARTIAL
    indexes = {path: names.index(path.rpartition(".")[0]) for path in statuses}
    inner = max((indexes[path] for path, status in statuses.items() if status is ChecksumStatus.PARTIAL), default=-1)
    for path, status in statuses.items():
        around = status is ChecksumStatus.BAD and indexes[path] < inner
        if around and covers_finished(headers, regions, indexes[path], inner, catalog):
            statuses[path] = ChecksumStatus.VALID


def fcs_status(fcs: FCS, frame: bytes, *, missing: int) -> ChecksumStatus:
    """The status of the CRC-32 of a frame, of which `missing` octets were not captured."""
    if fcs.data is AUTO:
        return ChecksumStatus.VALID
    if missing or fcs.missing:
        return ChecksumStatus.UNVERIFIABLE
    return ChecksumStatus.VALID if fcs.data == frame_check_sequence(frame) else ChecksumStatus.BAD


def _status(
    headers: Sequence[Header], index: int, coverage: Coverage, covered: bytes, complete: bool, catalog: Catalog
) -> ChecksumStatus:
    header = headers[index]
    if coverage.absent_in(header):
        return ChecksumStatus.ABSENT
    if not (complete or coverage.header_only):
        return ChecksumStatus.UNVERIFIABLE
    start = 0
    if coverage.pseudo:
        addresses = pseudo_header(headers, index)
        if addresses is None:
            return ChecksumStatus.UNVERIFIABLE
        start = sum(addresses) + len(covered) + (catalog.key_of(IP_PROTOCOL, type(header)) or 0)
    value: int = getattr(header, coverage.field.name)
    if coverage.algorithm == "crc32c":
        zeroed = covered[: coverage.octet] + bytes(4) + covered[coverage.octet + 4 :]
        valid = crc32c(zeroed).to_bytes(4, "little") == value.to_bytes(4, "big")
        return ChecksumStatus.VALID if valid else ChecksumStatus.BAD
    if internet_sum(covered, start) == 0xFFFF:
        return ChecksumStatus.VALID
    if coverage.pseudo and value == internet_sum(b"", start):
        return ChecksumStatus.PARTIAL
    return ChecksumStatus.BAD
