"""Edits as a forwarding node makes them: what depends on the change follows it, all else stays as it stood.

Strategy: lengths and checksums follow by the difference alone (RFC 1624), so that one that was wrong is wrong still,
by as much, and whoever checks it at the end finds that out; so that an edit and its opposite give the very packet; and
so that octets which were not captured need not be known.
"""

from __future__ import annotations

from typing import Any, TypeVar

from overlaycodec.checksum import adjusted_checksum, internet_sum
from overlaycodec.codec.packet_decoder import DEFAULT, Catalog, encode, resolve
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import extent_of, octets_in
from overlaycodec.packet.packet import Packet, Trailer
from overlaycodec.schema.facts import Checksum, LengthField, Selects
from overlaycodec.schema.values import AUTO

__all__ = ["follow_outside", "forwarded"]

H = TypeVar("H", bound=Header)


def forwarded(header: H, **changes: Any) -> H:  # Any: each field has its own type
    """The header with fields changed, and its own checksum by the difference. Raises: as `replace` does.

    A checksum that covers more than the header, and one that is AUTO, stay as they are.
    """
    changed = header.replace(**changes)
    field = header.__layout__.checksum
    if field is None or field[Checksum].covers != "header":
        return changed
    checksum = getattr(header, field.name)
    if checksum is AUTO:
        return changed
    return changed.replace(**{field.name: adjusted_checksum(checksum, encode(header), encode(changed))})


def follow_outside(before: Packet, after: Packet, start: int, catalog: Catalog = DEFAULT) -> Packet:
    """`after`, which differs from `before` from header `start` on, with the headers outside brought after that.

    Raises: EncodeError where a length outside cannot count what there is now.
    """
    if start == 0:
        return after
    outside = resolve(before, catalog=catalog).headers[:start]
    old, new = (_octets(packet, start, catalog) for packet in (before, after))
    grown = len(new) - len(old)
    headers = list(after.headers)
    for index in reversed(range(start)):
        header = outside[index]
        changed = forwarded(header, **_lengths(header, grown))
        changed = changed.replace(**_checksum(header, changed, old, new, grown))
        stood = headers[index]
        names = [field.name for field in header.__layout__.fields if getattr(stood, field.name) is not AUTO]
        headers[index] = stood.replace(**{name: getattr(changed, name) for name in names})
        behind = b"".join(trailer.data for trailer in before.trailers if trailer.header == index)
        old, new = encode(header) + old + behind, encode(changed) + new + behind
    return after.__replace__(headers=tuple(headers))


def _octets(packet: Packet, start: int, catalog: Catalog) -> bytes:
    """What stands inside, from header `start` on."""
    inside = tuple(Trailer(t.header - start, t.data) for t in packet.trailers if t.header >= start)
    return encode(Packet(packet.headers[start:], packet.payload, inside), catalog=catalog)


def _lengths(header: Header, grown: int) -> dict[str, int]:
    """The fields of the header that count what is inside."""
    layout = header.__layout__
    changes = {}
    if (field := layout.bounds) is not None:
        bounds = field[LengthField]
        value = getattr(header, field.name)
        if value is not None and (value or bounds.zero == "length"):
            changes[field.name] = value + grown // bounds.unit
    if (field := layout.selector) is not None and (lengths := field[Selects].lengths):
        value = getattr(header, field.name)
        if value <= lengths[0]:
            changes[field.name] = value + grown
    return changes


def _checksum(header: Header, changed: Header, old: bytes, new: bytes, grown: int) -> dict[str, int]:
    """The checksum of the header, where it covers what is inside."""
    field = header.__layout__.checksum
    if field is None:
        return {}
    fact = field[Checksum]
    value = getattr(header, field.name)
    if fact.covers == "header" or fact.algorithm != "internet" or value is None:
        return {}
    if value == 0 and fact.zero == "absent":
        return {}
    total = (0xFFFF ^ value) + (0xFFFF ^ internet_sum(_covered(header, old))) + internet_sum(_covered(changed, new))
    if fact.pseudo:
        total += grown % 0xFFFF
    checksum = 0xFFFF ^ internet_sum(b"", total)
    return {field.name: checksum or (0xFFFF if fact.zero == "absent" else 0)}


def _covered(header: Header, content: bytes) -> bytes:
    octets = encode(header) + content
    reach = extent_of(header)
    return octets if reach is None else octets[: max(reach, octets_in(header))]
