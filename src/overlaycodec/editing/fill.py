"""Checksums: judged as they stand, and lengths and checksums computed anew after an edit.

Strategy: both look at the packet from the outside in and keep account of whether all octets of a region are here. What
is computed over octets that are not all here is neither bad nor to be touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from overlaycodec.checksum import crc32c, internet_sum
from overlaycodec.codec.packet_decoder import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import pseudo_header, resolved, written
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import ends_of, extent_of, is_fragment, octets_in, spans_of
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.facts import Checksum, LengthField, Selects, SizedBy, StackEnd, Unparsed, When
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.layout import Field
from overlaycodec.schema.record import WireStruct
from overlaycodec.schema.values import AUTO

__all__ = ["ChecksumStatus", "checksums", "fill"]


class ChecksumStatus(StrEnum):
    """What can be said of a checksum."""

    VALID = "valid"
    BAD = "bad"
    ABSENT = "absent"
    """The format's value for "no checksum"."""
    PARTIAL = "partial"
    """The sum of the pseudo-header alone: left for a network card to finish."""
    UNVERIFIABLE = "unverifiable"
    """The octets that it covers are not all here: those of a piece, of a snapped capture, behind `packet.outer`."""

    def __repr__(self) -> str:
        return self.value


def checksums(packet: Packet, *, catalog: Catalog = DEFAULT) -> dict[str, ChecksumStatus]:
    """The verdict on every checksum of a packet, by path: `{"ipv4.checksum": valid, "udp.checksum": absent}`.

    Raises: EncodeError where a field that is AUTO cannot be derived.
    """
    headers, pieces = written(packet, catalog)
    names = names_of(headers)
    complete = packet.missing == 0
    verdicts = {}
    for index, header in enumerate(headers):
        layout = header.__layout__
        octets, size = pieces[index], octets_in(header)
        claim = extent_of(header)
        in_segments = layout.bounds is not None and layout.bounds[LengthField].pieces
        if claim is not None and not in_segments:
            complete = claim <= len(octets)
        if layout.checksum is not None and getattr(header, layout.checksum.name) is not None:
            covered = octets if claim is None or in_segments else octets[: max(claim, size)]
            verdicts[f"{names[index]}.{layout.checksum.name}"] = _verdict(
                headers, index, covered, size, complete, catalog
            )
        if layout.quotes or is_fragment(header) or (in_segments and claim is not None and claim > len(octets)):
            complete = False
    return verdicts


def _absent(header: Header, field: Field) -> bool:
    """Whether the field says that there is no checksum, or stands there for the sake of another field's flag alone."""
    when = field.get(When)
    zero = field[Checksum].zero == "absent" and getattr(header, field.name) == 0
    return zero or (when is not None and not getattr(header, when.flag))


def _verdict(
    headers: Sequence[Header], index: int, covered: bytes, size: int, complete: bool, catalog: Catalog
) -> ChecksumStatus:
    header = headers[index]
    field = header.__layout__.checksum
    assert field is not None
    fact = field[Checksum]
    value = getattr(header, field.name)
    if _absent(header, field):
        return ChecksumStatus.ABSENT
    start = 0
    if fact.covers == "header":
        covered = covered[:size]
    elif not complete:
        return ChecksumStatus.UNVERIFIABLE
    if fact.pseudo:
        addresses = pseudo_header(headers, index)
        if addresses is None:
            return ChecksumStatus.UNVERIFIABLE
        start = sum(addresses) + len(covered) + (catalog.key_of(IP_PROTOCOL, type(header)) or 0)
    if fact.algorithm == "crc32c":
        bit = header.__layout__.fixed_bit_of(field.name)
        assert bit is not None
        zeroed = covered[: bit // 8] + bytes(4) + covered[bit // 8 + 4 :]
        return (
            ChecksumStatus.VALID
            if crc32c(zeroed).to_bytes(4, "little") == value.to_bytes(4, "big")
            else ChecksumStatus.BAD
        )
    if internet_sum(covered, start) == 0xFFFF:
        return ChecksumStatus.VALID
    if fact.pseudo and value == internet_sum(b"", start):
        return ChecksumStatus.PARTIAL
    return ChecksumStatus.BAD


def fill(
    packet: Packet, *, lengths: bool = True, checksums: bool = True, selectors: bool = False, catalog: Catalog = DEFAULT
) -> Packet:
    """The packet with derived fields computed anew, as after an edit.

    A selector that already selects the next header stays; so do a checksum of 0 that means "none", a length of 0 that
    means "unbounded", and whatever is computed over octets that are not all here: those of fragments, quoted packets
    and snapped captures, and of a pseudo-header where there is no IP header outside. What is AUTO is derived first, as
    `resolve` does it.

    Raises: EncodeError where something cannot be derived or does not fit.
    """
    if any(map(_is_open, packet.headers)):
        told = tuple(header.replace(**_flags(header)) for header in packet.headers) if lengths else packet.headers
        packet, _ = resolved(packet._with(headers=told), catalog)
    complete = packet.missing == 0
    jumbo = False
    changed = []
    for index, header in enumerate(packet.headers):
        in_part = _first_of_more(packet, index)
        following = type(packet.headers[index + 1]) if index + 1 < len(packet.headers) else None
        changes: dict[str, Any] = {}  # Any: AUTO, for fields of any type
        if lengths:
            changes |= _lengths(header, following, complete and not in_part, jumbo, catalog)
        if checksums:
            changes |= _checksum(header, complete, pseudo_header(packet.headers, index) is not None)
        if selectors:
            changes |= _selector(header, following, catalog)
        changed.append(header.replace(**changes) if changes else header)
        jumbo = jumbo or any(field.kind == "items" for field, _ in ends_of(header))
        if header.__layout__.quotes or in_part or is_fragment(header):
            complete = False
    return resolved(packet._with(headers=tuple(changed)), catalog, omits=False)[0]


def _is_open(record: WireStruct) -> bool:
    """Whether something in the record, or in an element of its rows, is AUTO."""
    values = ((field, getattr(record, field.name)) for field in record.__layout__.fields)
    return any(
        value is AUTO or (field.kind == "items" and value is not None and any(map(_is_open, value)))
        for field, value in values
    )


def _first_of_more(packet: Packet, index: int) -> bool:
    """Whether the header's length counts pieces that are in other packets, as that of STT's first segment does."""
    field = packet.headers[index].__layout__.bounds
    bounds = None if field is None else field.get(LengthField)
    if field is None or bounds is None or not bounds.pieces:
        return False
    claim = extent_of(packet.headers[index])
    here = len(packet.payload) + sum(len(trailer.data) for trailer in packet.trailers if trailer.header > index)
    return claim is not None and claim > here + sum(octets_in(header) for header in packet.headers[index:])


def _flags(header: Header) -> dict[str, Any]:
    """The flags of fields that were put in or taken out."""
    changes: dict[str, Any] = {}
    for field in header.__layout__.fields:
        presence = field.presence
        if presence is not None and presence.by_flags:
            flags, value = [getattr(header, flag) for flag in presence.fields], getattr(header, field.name)
            if value is not AUTO and not any(flag is AUTO for flag in flags) and any(flags) is (value is None):
                changes |= dict.fromkeys(presence.fields, AUTO)
    return changes


def _lengths(
    header: Header, following: type[Header] | None, complete: bool, jumbo: bool, catalog: Catalog
) -> dict[str, Any]:
    layout = header.__layout__
    changes: dict[str, Any] = {name: AUTO for name in layout.sized_by if getattr(header, name) is not None}
    changes |= _flags(header)
    for field in layout.fields:
        if (remainder := field.get(Unparsed)) and (sized := layout.by_name[remainder.of].get(SizedBy)):
            octets = sum(octets_in(element) for element in getattr(header, remainder.of) or ())
            if sized.origin == "start":
                octets += next(bit for other, bit, _ in spans_of(header) if other.name == remainder.of) // 8
            rest = getattr(header, field.name)
            if rest is not None and (octets + len(rest) - sized.bias) % sized.unit and not any(rest):
                changes[field.name] = AUTO
    if not complete:
        return changes
    if (bounded := layout.bounds) is not None:
        bounds = bounded[LengthField]
        value = getattr(header, bounded.name)
        unbounded = bounds.zero == "unbounded" or (bounds.zero == "jumbo" and jumbo)
        kept = value is None or bounds.optional or (value == 0 and unbounded)
        if not kept and not (bounds.unless and getattr(header, bounds.unless)):
            changes[bounded.name] = AUTO
    if (selector := layout.selector) is not None:
        selects = selector[Selects]
        value = getattr(header, selector.name)
        is_length = selects.lengths is not None and value <= selects.lengths[0]
        if is_length and selects.lengths and following in catalog.keys_in(selects.lengths[1].space):
            changes[selector.name] = AUTO
    return changes


def _checksum(header: Header, complete: bool, addressed: bool) -> dict[str, Any]:
    field = header.__layout__.checksum
    if field is None:
        return {}
    fact = field[Checksum]
    value = getattr(header, field.name)
    if value is None or _absent(header, field):
        return {}
    known = (complete or fact.covers == "header") and (addressed or not fact.pseudo)
    return {field.name: AUTO} if known else {}


def _selector(header: Header, following: type[Header] | None, catalog: Catalog) -> dict[str, Any]:
    layout = header.__layout__
    changes: dict[str, Any] = {field.name: AUTO for field in layout.fields if StackEnd in field}
    field = layout.selector
    if field is None or following is None:
        return changes
    selects = field[Selects]
    if selects.when and not getattr(header, selects.when):
        return changes
    if selects.only and getattr(header, selects.only[0]) not in selects.only[1]:
        return changes
    if selects.unless and getattr(header, selects.unless[0]) in selects.unless[1]:
        return changes
    if changes and following is type(header):
        return changes  # another one of a stack: the selector says nothing here
    value = getattr(header, field.name)
    if catalog.key_of(selects.space, following) is None:
        return changes
    if not any(cls is following for _, cls in catalog.candidates(selects.space, value)):
        changes[field.name] = AUTO
    return changes
