"""The status of every checksum of a packet.

Strategy: this goes through the headers from the outermost one in and keeps account of whether all octets of a region
are in the packet. A checksum over octets that are not all here is neither valid nor bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from overlaycodec.checksum import crc32c, frame_check_sequence, internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.codec.packet_encoder import resolved_headers
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.codec.stack_shape import can_be_option_free, run_of
from overlaycodec.editing.checksum_plan import StackChecksums, checksums_of_stack
from overlaycodec.editing.offloaded_checksums import covers_finished, innermost_transport
from overlaycodec.editing.stack_plan import resolved_packet
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import extent_of, is_fragment, jumbo_octets_of, octets_in
from overlaycodec.packet.packet import FCS, Packet, check_packet
from overlaycodec.packet.paths import names_of
from overlaycodec.packet.stack_paths import STACKS
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.plans import Coverage
from overlaycodec.values import AUTO
from overlaycodec.values.by_class import ByClass

__all__ = ["ChecksumStatus", "checksums", "fcs_status", "statuses_of"]

_MOST_HEADERS: Final = 32
"""Of a longer stack no function is generated."""


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
    if packet.__class__ is not Packet:
        check_packet(packet)
    if not packet.trailers and not left_to_card:
        closed, octets = resolved_packet(packet, catalog)
        return statuses_of(closed, octets, catalog)
    return _by_header(packet, left_to_card=left_to_card, catalog=catalog)


def _by_header(packet: Packet, *, left_to_card: bool, catalog: Catalog) -> dict[str, ChecksumStatus]:
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


def statuses_of(packet: Packet, octets: bytes, catalog: Catalog) -> dict[str, ChecksumStatus]:
    """What `checksums` gives for a packet without AUTO and without trailers, whose octets these are."""
    statuses = _at_once(packet, octets, catalog)
    if ChecksumStatus.PARTIAL in statuses.values():
        return _by_header(packet, left_to_card=False, catalog=catalog)
    return statuses


def _at_once(packet: Packet, octets: bytes, catalog: Catalog) -> dict[str, ChecksumStatus]:
    """The same where no checksum is partial: that changes the others."""
    headers = packet.headers
    parts: _Parts = PARTS[tuple(map(type, headers))]
    if parts.octets == len(octets) - len(packet.payload):
        if parts.of_stack is None:
            parts.count()
        else:
            protocols = catalog.keys_by_class(IP_PROTOCOL)
            return parts.of_stack(headers, octets, packet.missing == 0, protocols)
    statuses: dict[str, ChecksumStatus] = {}
    complete, at, end = packet.missing == 0, 0, len(octets)
    for index, (header, part) in enumerate(zip(headers, parts.parts, strict=True)):
        size = part.octets or octets_in(header)
        if part.plain:
            at += size
            continue
        layout = header.__layout__
        bound = part.bound_of(headers, index, size)
        if bound is not None and bound >= size and not layout.segmented:
            complete = bound <= end - at
        coverage = layout.coverage
        if coverage is not None and getattr(header, coverage.field.name) is not None:
            if coverage.header_only:
                stop = at + size
            elif layout.jumbo is not None or layout.segmented:
                stop = at + layout.covered_octets(header, size, end - at)
            else:
                stop = end if bound is None or bound < size else min(at + bound, end)
            covered = octets[at:stop] if at or stop < end else octets
            statuses[part.path] = _status(headers, index, coverage, covered, complete, catalog)
        for name in part.fragment_fields:
            if getattr(header, name):
                complete = False
        if layout.quotes or (layout.segmented and bound is not None and bound > end - at):
            complete = False
        at += size
    return statuses


class _Part:
    """What the checksums of a stack have to know of one of its headers."""

    __slots__ = ("extent", "fragment_fields", "octets", "path", "plain")

    def __init__(self, layout: Layout, name: str) -> None:
        self.octets = layout.minimum_octets if layout.fixed else None
        self.fragment_fields = layout.fragment_fields
        self.path = "" if layout.coverage is None else f"{name}.{layout.coverage.field.name}"
        bounded = layout.extent is not None or layout.jumbo is not None
        self.plain = not (bounded or layout.coverage or layout.fragment_fields or layout.quotes)
        """Whether there is nothing to know but its size."""
        simple = layout.extent is not None and layout.extent.unless is None and layout.jumbo is None
        self.extent = layout.extent if simple else None
        """How far it reaches, where a field alone gives that."""

    def bound_of(self, headers: Sequence[Header], index: int, size: int) -> int | None:
        """How many octets the header and its content have, by its length; None where it gives no bound."""
        extent, header = self.extent, headers[index]
        if extent is None:
            return extent_of(header) if header.__layout__.jumbo is None else jumbo_octets_of(headers, index)
        value: int | None = getattr(header, extent.field.name)
        if value is None or (value == 0 and extent.zero != "length"):
            return None
        return value * extent.unit + extent.bias + (0 if extent.from_start else size)


class _Parts:
    """The parts of a stack."""

    __slots__ = ("_layouts", "_names", "_uses", "octets", "of_stack", "parts")

    def __init__(self, classes: tuple[type[Header], ...]) -> None:
        self._layouts = tuple(cls.__layout__ for cls in classes)
        self._names = STACKS[classes].names
        self._uses = 0
        self.parts = tuple(map(_Part, self._layouts, self._names))
        option_free = 0 < len(classes) <= _MOST_HEADERS and all(map(can_be_option_free, self._layouts))
        self.octets = sum(run_of(layout).octets for layout in self._layouts) if option_free else None
        """The octets of the headers where all are option-free; None where they cannot be."""
        self.of_stack: StackChecksums | None = None
        """The function for option-free headers; None until the stack came often."""

    def count(self) -> None:
        """Counts a use of the stack."""
        self._uses += 1
        if self._uses == STACK_USES:
            words = {status.name: status for status in ChecksumStatus}
            self.of_stack = checksums_of_stack(self._layouts, self._names, words)
            self.octets = None if self.of_stack is None else self.octets


PARTS: Final = ByClass(_Parts)
"""By the classes of the headers."""


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
        protocol: int | None = catalog.keys_by_class(IP_PROTOCOL)[type(header)]
        start = addresses[0] + addresses[1] + len(covered) + (protocol or 0)
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
