"""Edits as a forwarding node makes them: lengths and checksums follow what was changed, everything else is kept.

Strategy: lengths and checksums follow by the difference alone (RFC 1624). So one that was wrong stays wrong by as much,
and the receiver that tests it finds that out; an edit and its opposite give the very same packet; and octets that were
not captured need not be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from overlaycodec.checksum import adjusted_checksum, adjusted_fcs, internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode, trailing_octets
from overlaycodec.editing.stack_plan import PLANS, StackPlan, resolved_packet
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import jumbo_octets_of, octets_in
from overlaycodec.packet.packet import FCS, Packet
from overlaycodec.schema.plans import ValueLength
from overlaycodec.values import AUTO
from overlaycodec.values.by_class import ByClass

__all__ = ["follow_outside", "forwarded", "with_fcs"]

H = TypeVar("H", bound=Header)


def forwarded(header: H, **changes: Any) -> H:  # Any: each field has its own type
    """The header with fields changed, and its own checksum by the difference. Raises: as `replace` does.

    A checksum that covers more than the header, and one that is AUTO, stay as they are.
    """
    changed = header.replace(**changes)
    coverage = header.__layout__.coverage
    if coverage is None or not coverage.header_only:
        return changed
    checksum = getattr(header, coverage.field.name)
    if checksum is AUTO:
        return changed
    difference = _difference(header, changed, changes)
    if difference is not None:
        total = ((0xFFFF ^ checksum) + difference) % 0xFFFF or 0xFFFF
        return changed.replace(**{coverage.field.name: 0xFFFF ^ total})
    return changed.replace(**{coverage.field.name: adjusted_checksum(checksum, encode(header), encode(changed))})


def _difference(header: Header, changed: Header, names: Iterable[str]) -> int | None:
    """What the changed fields add to the sum of the header's words, modulo 0xFFFF; None where only octets tell."""
    weights, derived = _SUMMED[type(header)]
    for name in derived:
        if getattr(header, name) is AUTO or getattr(changed, name) is AUTO:
            return None
    difference = 0
    for name in names:
        weight = weights.get(name)
        if weight is None:
            return None
        difference += (getattr(changed, name) - getattr(header, name)) * weight
    return difference


def _summed(cls: type[Header]) -> tuple[dict[str, int], tuple[str, ...]]:
    """By what each number of fixed place counts in the sum of the header's 16-bit words; the fields that take AUTO."""
    layout = cls.__layout__
    weights = {}
    for field in layout.fields:
        bit = layout.fixed_bit_of(field.name)
        if bit is not None and field.kind in ("int", "bool") and not field.optional and field.byte_order is None:
            weights[field.name] = 1 << -(bit + field.width) % 16
    return weights, tuple(field.name for field in layout.fields if layout.derived(field))


_SUMMED: Final = ByClass(_summed)


def follow_outside(before: Packet, after: Packet, start: int, catalog: Catalog = DEFAULT) -> Packet:
    """`after`, which differs from `before` from header `start` on, with the headers outside and the FCS adapted to it.

    Raises: EncodeError where a length outside cannot count what there is now.
    """
    if start == 0:
        return with_fcs(before, after, catalog)
    outside = resolved_packet(before, catalog)[0].headers[:start]
    inside = _Inside(before, after, start, catalog)
    headers, trailing = list(after.headers), trailing_octets(before.trailers)
    for index in reversed(range(start)):
        header, current = outside[index], headers[index]
        lengths = _lengths(outside, index, inside.grown)
        changed = forwarded(header, **lengths) if lengths else header
        others = _checksum(header, changed, inside) | _negative_zero(header)
        changed = changed.replace(**others) if others else changed
        if current is header:
            headers[index] = changed
        else:
            names = [field.name for field in header.__layout__.fields if not _is_open(current, field.name)]
            headers[index] = current.replace(**{name: getattr(changed, name) for name in names})
        inside.add(header, changed, trailing.get(index, b""))
    return with_fcs(before, after._with(tuple(headers)), catalog)


class _Inside:
    """What is inside a header, before and after an edit: its octets are encoded where a checksum covers them."""

    def __init__(self, before: Packet, after: Packet, start: int, catalog: Catalog) -> None:
        self._packets, self._start, self._catalog = (before, after), start, catalog
        self._octets: tuple[bytes, bytes] | None = None
        self._outside: list[tuple[Header, Header, bytes]] = []
        same = before.payload is after.payload and not before.trailers and not after.trailers
        if same and not _may_be_open(before) and not _may_be_open(after):
            old, new = (sum(map(octets_in, packet.headers[start:])) for packet in (before, after))
        else:
            old, new = map(len, self.octets())
        self.grown = new - old
        """By how many octets there are more."""

    def add(self, header: Header, changed: Header, trailer: bytes) -> None:
        """Puts the next header outside in front, as it was and as it is, and what follows its content."""
        self._outside.append((header, changed, trailer))

    def octets(self) -> tuple[bytes, bytes]:
        """The octets before and after."""
        if self._octets is None:
            before, after = self._packets
            self._octets = (
                _octets(before, self._start, self._catalog),
                _octets(after, self._start, self._catalog),
            )
        old, new = self._octets
        for header, changed, trailer in self._outside:
            old, new = encode(header) + old + trailer, encode(changed) + new + trailer
        self._outside.clear()
        self._octets = old, new
        return old, new


def _may_be_open(packet: Packet) -> bool:
    """Whether a field of the packet is AUTO, or nothing is known of its stack yet."""
    plan: StackPlan = PLANS[tuple(map(type, packet.headers))]
    return (plan.is_open is None and not plan.counted()) or plan.is_open is None or plan.is_open(packet.headers)


def with_fcs(before: Packet, after: Packet, catalog: Catalog) -> Packet:
    """`after`, with an Ethernet frame's FCS by the difference."""
    fcs = before.fcs if before.trailers else None
    if fcs is None or fcs.data is AUTO or not fcs.is_crc(before.headers):
        return after
    old, new = (encode(packet.without_fcs(), catalog=catalog) for packet in (before, after))
    return after.__replace__(trailers=(*after.trailers[:-1], FCS(data=adjusted_fcs(fcs.data, old, new))))


def _octets(packet: Packet, start: int, catalog: Catalog) -> bytes:
    """The octets of the packet from header `start` on."""
    inside = tuple(t.moved(t.header - start) for t in packet.trailers if t.header >= start)
    return encode(Packet(packet.headers[start:], packet.payload, inside), catalog=catalog)


def _is_open(header: Header, name: str) -> bool:
    """Whether the field is AUTO, or its options hold a jumbo payload length that is."""
    value, jumbo = getattr(header, name), header.__layout__.jumbo
    return value is AUTO or (jumbo is not None and name == jumbo.options and jumbo.value_in(value) is AUTO)


def _lengths(headers: Sequence[Header], index: int, grown: int) -> dict[str, Any]:  # Any: numbers, and options
    """The fields of header `index` that count what is inside."""
    header = headers[index]
    layout = header.__layout__
    changes: dict[str, Any] = {}
    if (extent := layout.extent) is not None:
        value = getattr(header, extent.field.name)
        if value is not None and not extent.is_unbounded(value):
            changes[extent.field.name] = value + grown // extent.unit
    if (jumbo := layout.jumbo) is not None and (octets := jumbo_octets_of(headers, index)) is not None:
        changes[jumbo.options] = jumbo.with_value(getattr(header, jumbo.options), octets + grown)
    if layout.selector is not None and isinstance(length := layout.next.of(header), ValueLength):
        changes[layout.selector.name] = length.octets + grown
    return changes


def _checksum(header: Header, changed: Header, inside: _Inside) -> dict[str, int]:
    """The checksum of the header, where it covers the content, which is `inside`."""
    coverage = header.__layout__.coverage
    if coverage is None or coverage.header_only or coverage.algorithm != "internet":
        return {}
    value = getattr(header, coverage.field.name)
    if value is None or coverage.absent_in(header):
        return {}
    old, new = inside.octets()
    total = (0xFFFF ^ value) + (0xFFFF ^ internet_sum(_covered(header, old))) + internet_sum(_covered(changed, new))
    if coverage.pseudo:
        total += inside.grown % 0xFFFF
    checksum = 0xFFFF ^ internet_sum(b"", total)
    return {coverage.field.name: checksum or (0xFFFF if coverage.zero_absent else 0)}


def _negative_zero(header: Header) -> dict[str, int]:
    """A checksum of 0xFFFF, which stays as it is.

    No sender computes it: octets that are not all 0 have no sum of 0. By the difference, it and 0 become the same
    number, and the opposite edit could not tell which of the two there was.
    """
    coverage = header.__layout__.coverage
    if coverage is None or coverage.algorithm != "internet" or coverage.zero_absent:
        return {}
    name = coverage.field.name
    return {name: 0xFFFF} if getattr(header, name) == 0xFFFF else {}


def _covered(header: Header, content: bytes) -> bytes:
    octets = encode(header) + content
    return octets[: header.__layout__.covered_octets(header, octets_in(header), len(octets))]
