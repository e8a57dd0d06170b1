"""Lengths, checksums and other derived fields of a packet, computed anew after an edit.

Strategy: this goes through the headers from the outermost one in and keeps account of whether all octets of a region
are in the packet. A field that depends on octets that are not all here keeps its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.packet_encoder import resolved
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.editing.by_difference import following as following_checksums
from overlaycodec.editing.fill_plan import filled_stack
from overlaycodec.editing.stack_plan import is_open
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import extent_of, is_fragment, is_unbounded, octets_in, spans_of
from overlaycodec.packet.packet import FCS, Packet, Trailer, check_packet
from overlaycodec.schema.plans import LengthSize, UnparsedSize, ValueLength
from overlaycodec.values import AUTO

__all__ = ["fill"]


def fill(
    packet: Packet,
    *,
    lengths: bool = True,
    checksums: bool = True,
    selectors: bool = False,
    before: Packet | None = None,
    catalog: Catalog = DEFAULT,
) -> Packet:
    """The packet with its derived fields computed again, for use after an edit.

    A selector that already selects the next header keeps its value. So do a checksum of 0 that means "none", a length
    of 0 that means "unbounded" (a jumbo payload option that counts in its place is computed again), and values over
    octets that are partly missing: in fragments, quoted packets and truncated packets, and over a pseudo-header without
    an outer IP header. AUTO fields are derived first, as `resolve` does. The FCS of an Ethernet frame is also computed.
    With `before`, the packet as it was before the edit, with the same headers of the same sizes, checksums over octets
    that are partly missing follow by the difference, as with `rewrite`.

    Raises: EncodeError where something cannot be derived or does not fit.
    """
    check_packet(packet)
    check_catalog(catalog)
    usual = lengths and checksums and not selectors and before is None
    if usual and (filled := filled_stack(packet, catalog)) is not None:
        return filled
    if any(map(is_open, packet.headers)):
        flagged = tuple(header.replace(**_flags(header)) for header in packet.headers) if lengths else packet.headers
        packet, _ = resolved(packet._with(headers=flagged), catalog)
    if before is not None and checksums:
        check_packet(before)
        packet = following_checksums(before, packet, catalog, strict=False)
    complete = packet.without_fcs().missing == 0
    changed = []
    for index, header in enumerate(packet.headers):
        first_segment = _is_first_segment(packet, index)
        following = type(packet.headers[index + 1]) if index + 1 < len(packet.headers) else None
        changes: dict[str, Any] = {}  # Any: AUTO, for fields of any type
        if lengths:
            changes |= _sizes(header)
            if complete and not first_segment:
                changes |= _lengths(packet.headers, index, catalog)
        if checksums:
            changes |= _checksum(packet.headers, index, complete)
        if selectors:
            changes |= _selector(header, following, catalog)
        changed.append(header.replace(**changes) if changes else header)
        if header.__layout__.quotes or first_segment or is_fragment(header):
            complete = False
    trailers = _trailers(packet) if checksums else packet.trailers
    return resolved(packet._with(headers=tuple(changed), trailers=trailers), catalog, omits=False)[0]


def _is_first_segment(packet: Packet, index: int) -> bool:
    """Whether the header's length counts octets that are in other packets, as that of the first STT segment does."""
    if not packet.headers[index].__layout__.segmented:
        return False
    bound = extent_of(packet.headers[index])
    here = len(packet.payload) + sum(len(trailer.data) for trailer in packet.trailers if trailer.header > index)
    return bound is not None and bound > here + sum(octets_in(header) for header in packet.headers[index:])


def _flags(header: Header) -> dict[str, Any]:  # Any: AUTO, for fields of any type; so below
    """The flags of fields that were put in or taken out."""
    changes: dict[str, Any] = {}
    for field in header.__layout__.fields:
        presence = field.presence
        if presence is not None and presence.by_flags:
            flags, value = [getattr(header, flag) for flag in presence.fields], getattr(header, field.name)
            if value is not AUTO and not any(flag is AUTO for flag in flags) and any(flags) is (value is None):
                changes |= dict.fromkeys(presence.fields, AUTO)
    return changes


def _sizes(header: Header) -> dict[str, Any]:
    """What depends on the header alone: length fields, counts and flags of its own fields, and padding."""
    layout = header.__layout__
    changes: dict[str, Any] = {name: AUTO for name in layout.sized_by if getattr(header, name) is not None}
    changes |= _flags(header)
    for field in layout.fields:
        if not isinstance(field.size, UnparsedSize):
            continue
        options, size = field.size.of, layout.by_name[field.size.of].size
        if isinstance(size, LengthSize):
            octets = sum(octets_in(element) for element in getattr(header, options) or ())
            if size.from_start:
                octets += next(bit for other, bit, _ in spans_of(header) if other.name == options) // 8
            rest = getattr(header, field.name)
            if rest is not None and (octets + len(rest) - size.bias) % size.unit and not any(rest):
                changes[field.name] = AUTO
    return changes


def _lengths(headers: Sequence[Header], index: int, catalog: Catalog) -> dict[str, Any]:
    """The fields of header `index` that count octets of the content."""
    header = headers[index]
    layout = header.__layout__
    changes: dict[str, Any] = {}
    if (extent := layout.extent) is not None:
        kept = getattr(header, extent.field.name) is None or extent.optional or is_unbounded(headers, index)
        if not kept and extent.applies_to(header):
            changes[extent.field.name] = AUTO
    if (jumbo := layout.jumbo) is not None and index:
        options = getattr(header, jumbo.options)
        outside = headers[index - 1].__layout__.extent
        if outside is not None and outside.zero == "unbounded" and jumbo.value_in(options) is not None:
            changes[jumbo.options] = jumbo.with_value(options, AUTO)
    following = type(headers[index + 1]) if index + 1 < len(headers) else None
    content = layout.next.of(header)
    if layout.selector is not None and isinstance(content, ValueLength):
        after_length = catalog.keys_by_class(content.key.space)[following] is not None
        changes |= {layout.selector.name: AUTO} if after_length else {}
    return changes


def _checksum(headers: Sequence[Header], index: int, complete: bool) -> dict[str, Any]:
    """The checksum, where what it covers is known."""
    header = headers[index]
    coverage = header.__layout__.coverage
    if coverage is None or getattr(header, coverage.field.name) is None or coverage.absent_in(header):
        return {}
    known = complete or coverage.header_only
    known = known and (not coverage.pseudo or pseudo_header(headers, index) is not None)
    return {coverage.field.name: AUTO} if known else {}


def _trailers(packet: Packet) -> tuple[Trailer, ...]:
    """The trailers, with the FCS of an Ethernet frame that is here as a whole to be derived again."""
    fcs = packet.fcs
    if fcs is None or packet.missing or fcs.missing or not fcs.is_crc(packet.headers):
        return packet.trailers
    return (*packet.trailers[:-1], FCS())


def _selector(header: Header, following: type[Header] | None, catalog: Catalog) -> dict[str, Any]:
    """The fields that select the next header, where they select another one."""
    plan = header.__layout__.next
    changes: dict[str, Any] = {} if plan.repeat is None else {plan.repeat.flag: AUTO}
    if plan.selector is None or plan.space is None or following is None or plan.failing(header) is not None:
        return changes
    if plan.repeat is not None and following is type(header):
        return changes  # another one of a stack: the flag selects it
    selected = plan.selects(header, following, catalog.candidates)
    if catalog.key_of(plan.space, following) is not None and not selected:
        changes[plan.selector.name] = AUTO
    return changes
