"""The checksum status of many packets at once: the rules of `editing.checksums`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import Ints, Mask, Sums
from overlaycodec.columnar.column_buffers import CATEGORIES
from overlaycodec.columnar.decode.group import Group
from overlaycodec.columnar.ones_complement import folded, sums_of
from overlaycodec.editing.checksum_status import ChecksumStatus
from overlaycodec.schema.layout import Field
from overlaycodec.schema.plans import Coverage

__all__ = ["BAD_CODE", "Region", "address_sums", "mark_incomplete", "region_of", "status_codes", "with_other_addresses"]

_CODE: Final = {status: CATEGORIES["status"].index(str(status)) for status in ChecksumStatus}

BAD_CODE: Final = _CODE[ChecksumStatus.BAD]


class Region:
    """A header and its content: their sizes, in octets from the header's start."""

    __slots__ = ("declared", "octets", "size", "valid")

    def __init__(self, size: Ints, octets: Ints, declared: Ints | None, valid: Mask | None) -> None:
        self.size = size
        """The octets of the header alone."""
        self.octets = octets
        """The octets that are there."""
        self.declared = declared
        """The octets that the length field declares; None where there is no length field."""
        self.valid = valid
        """Where the length field declares an end; None: everywhere."""


def region_of(group: Group, left: Ints, early: Mask | None) -> Region:
    """The region of the header that was read last.

    `left`: where the region ended before the length field was read. `early`: packets whose length field declares an
    end within the header.
    """
    layout = group.node.layout
    size: Ints = np.broadcast_to(
        (group.left if group.node.takes_all else group.offset) - np.asarray(group.start), len(group)
    )
    ends = group.left if early is None else np.where(early, left, group.left)
    octets = size if layout.next.closed else np.subtract(ends, group.start)
    extent = layout.extent
    if extent is None or extent.field.name not in group.values:
        return Region(size, octets, None, None)
    values = group.values[extent.field.name]
    declared = values.astype(np.int64) * extent.unit + extent.bias + (0 if extent.from_start else size)
    valid = None if early is None else ~early
    if extent.zero != "length":
        valid = values != 0 if valid is None else valid & (values != 0)
    if extent.unless is not None:
        alone = group.values[extent.unless] == 0
        valid = alone if valid is None else valid & alone
    return Region(size, octets, declared, valid)


def status_codes(group: Group, region: Region, protocol: int) -> NDArray[np.uint8] | None:
    """The checksum status of the header that was read last, as an index into `CATEGORIES`, for each packet.

    None where no column holds it, or the header has no checksum. `protocol`: the protocol number of the header. The
    function also notes in `group.complete` in which packets all octets of the content were captured.
    """
    layout = group.node.layout
    lengths = region.octets
    if region.declared is not None and not layout.segmented:
        present = region.declared <= region.octets
        before = np.ones(len(group), np.bool_) if group.complete is None else group.complete
        group.complete = present if region.valid is None else np.where(region.valid, present, before)
        covered = np.minimum(region.octets, region.declared)
        lengths = covered if region.valid is None else np.where(region.valid, covered, region.octets)
    codes = None
    coverage = layout.coverage
    if group.node.statuses and coverage is not None and coverage.field.name in group.values:
        codes = _codes(group, coverage, region.size, lengths, protocol)
    if layout.segmented and region.declared is not None:
        more = region.declared > region.octets
        mark_incomplete(group, more if region.valid is None else more & region.valid)
    return codes


def mark_incomplete(group: Group, which: Mask | None = None) -> None:
    """Notes that octets of the content are missing, in these packets or in all."""
    if which is None:
        group.complete = np.zeros(len(group), np.bool_)
    elif which.any():
        group.complete = ~which if group.complete is None else group.complete & ~which


def _codes(group: Group, coverage: Coverage, size: Ints, lengths: Ints, protocol: int) -> NDArray[np.uint8]:
    values = group.values[coverage.field.name]
    starts = group.base() + group.start
    total = sums_of(group.octets, starts, size if coverage.header_only else lengths)
    pseudo = np.zeros(0, np.uint64)
    if coverage.pseudo and group.addresses is not None:
        pseudo = group.addresses + (lengths + protocol).astype(np.uint64)
        total = total + pseudo
    total = folded(total)
    codes = np.where(total == 0xFFFF, np.uint8(_CODE[ChecksumStatus.VALID]), np.uint8(_CODE[ChecksumStatus.BAD]))
    if len(pseudo):
        codes[(total != 0xFFFF) & (values == folded(pseudo))] = _CODE[ChecksumStatus.PARTIAL]
    if not coverage.header_only and group.complete is not None:
        codes[~group.complete] = _CODE[ChecksumStatus.UNVERIFIABLE]
    if coverage.pseudo and group.addresses is None:
        codes[:] = _CODE[ChecksumStatus.UNVERIFIABLE]
    if coverage.zero_absent:
        codes[values == 0] = _CODE[ChecksumStatus.ABSENT]
    if coverage.flag is not None:
        codes[~group.values[coverage.flag]] = _CODE[ChecksumStatus.ABSENT]
    return codes


def address_sums(group: Group) -> Sums:
    """The sums of the addresses of the network header that was read last."""
    total = np.zeros(len(group), np.uint64)
    for name in ("src", "dst"):
        values = group.values[name]
        if values.dtype.kind == "V":
            words = np.ascontiguousarray(values).view(">u4").reshape(len(group), -1)
            total += words.sum(axis=1, dtype=np.uint64)
        else:
            total += values
    return total


def with_other_addresses(group: Group) -> Mask | None:
    """The packets whose pseudo-header may have other addresses than the network header, by the header read last.

    They have a route that may not be completed, or an option with the source. None: there are none.
    """
    layout = group.node.layout
    if layout.sources is not None:
        return _with_address_option(group, layout.by_name[layout.sources.options])
    if layout.routes is None:
        return None
    field = layout.by_name[layout.routes]
    if field.route is not None:
        return np.asarray(group.values[field.route.left] != 0)
    return _with_address_option(group, field)


def _with_address_option(group: Group, field: Field) -> Mask | None:
    """The packets whose option list may have an element with such an address: the first octet of one is in them."""
    minimum, size = group.node.layout.minimum_octets, group.offset - group.start
    if isinstance(size, int) and size <= minimum:
        return None
    sizes = np.broadcast_to(size, len(group))
    which = np.flatnonzero(sizes > minimum)
    if not len(which):
        return None
    found = np.zeros(len(group), np.bool_)
    sizes, starts = sizes[which], (group.base() + group.start)[which]
    first = _first_octets(field)
    if first is None:
        found[which] = True
        return found
    for offset in range(minimum, int(sizes.max())):
        octets = group.octets[np.minimum(starts + offset, len(group.octets) - 1)]
        found[which] |= np.isin(octets, first) & (offset < sizes)
    return found


@lru_cache(maxsize=64)
def _first_octets(field: Field) -> tuple[int, ...] | None:
    """The first octet of each class of elements with such an address; None where such an element begins with any."""

    def has_address(element: Any) -> bool:  # Any: an Element class
        return any(inner.route is not None or inner.original_source for inner in element.__layout__.fields)

    prefixes = [prefix for prefix, elements in field.typed()[1].items() if any(map(has_address, elements))]
    return tuple(prefix[0] for prefix in prefixes) if all(prefixes) and not has_address(field.element) else None
