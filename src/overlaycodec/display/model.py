"""A packet as people see it: headers with their fields, values as text, notes on them, and what is not understood.

Strategy: everything that a picture of a packet needs is worked out here, once; the tree, the annotated octets and the
notebook choose where it goes and how it looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import Leaf, leaves_of, printable, text_of, word_of
from overlaycodec.describe.traits import PORTS
from overlaycodec.display.spans import Role, Span
from overlaycodec.editing.checksum_status import ChecksumStatus, checksums
from overlaycodec.editing.icmp_extensions import error_in, extensions
from overlaycodec.editing.refused_guesses import refused_guesses
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import FCS, Packet
from overlaycodec.packet.paths import names_of, scopes_of
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO

__all__ = ["FieldView", "HeaderView", "PacketView", "RegionView", "clipped", "faults_of", "view_of"]

_VALUE_WIDTH: Final = 48
_INDICATOR: Final = "entropy label indicator"
_STATUS_ROLES: Final[dict[ChecksumStatus, Role]] = {ChecksumStatus.VALID: "good", ChecksumStatus.BAD: "bad"}


class FieldView(msgspec.Struct, frozen=True):
    """A field: `path` is its path in the packet, `leaf` has its value and its bits, counted from the header's start."""

    path: str
    leaf: Leaf
    value: str
    notes: tuple[Span, ...]
    """The display name, the header that it selects, the status of a checksum, the fault that was found at it."""

    @property
    def idle(self) -> bool:
        """Whether it tells nothing: it has no bits, or is reserved and 0."""
        return self.leaf.bits == 0 or (self.leaf.field.reserved and not self.leaf.value)


class HeaderView(msgspec.Struct, frozen=True):
    """A header: `start` is its first octet in the packet, `depth` how many scopes it is within."""

    path: str
    header: Header
    depth: int
    start: int
    octets: int
    fields: tuple[FieldView, ...]

    @property
    def spec(self) -> str:
        """The specification that the declaration names."""
        return self.header.__layout__.spec


class RegionView(msgspec.Struct, frozen=True):
    """Octets that are no header: the payload, a trailer."""

    title: str
    depth: int
    start: int
    data: bytes
    notes: tuple[Span, ...] = ()


class PacketView(msgspec.Struct, frozen=True):
    """All that is shown of a packet."""

    headers: tuple[HeaderView, ...]
    regions: tuple[RegionView | HeaderView, ...]
    """Payload and trailers; a trailer that the catalog declares is shown as a header is."""
    faults: tuple[Span, ...]


def clipped(text: str, octets: int) -> str:
    """A value short enough for a line; where it is shortened, its number of octets."""
    return f"{text[:_VALUE_WIDTH]}… ({octets} octets)" if len(text) > _VALUE_WIDTH else text or "none"


def faults_of(packet: Packet) -> Iterator[tuple[str, str]]:
    """A mark and a reason for each fault that lax decoding met: "✗" where it stopped, "!" where it went on."""
    for fault in packet.faults:
        yield "✗" if fault == packet.fault else "!", printable(str(fault))


def view_of(packet: Packet, catalog: Catalog, *, left_to_card: bool = False) -> PacketView:
    """What is shown of a packet. Raises: UnresolvedError where a size is AUTO."""
    names = names_of(packet.headers)
    statuses = checksums(packet, left_to_card=left_to_card, catalog=catalog)
    headers: list[HeaderView] = []
    depth = at = 0
    for depth, scope in enumerate(scopes_of(packet.headers)):
        for index in range(scope.start, scope.stop):
            view = _header_view(packet, index, names[index], depth, at, statuses, catalog)
            headers.append(view)
            at += view.octets
    regions: list[RegionView | HeaderView] = []
    if packet.payload or not packet.headers:
        regions.append(RegionView("payload", depth, at, packet.payload))
        at += len(packet.payload)
    for trailer in packet.trailers:
        data = b"" if trailer.data is AUTO else trailer.data
        if isinstance(trailer, FCS):
            regions.append(RegionView("fcs", 0, at, data, tuple(_fcs_notes(trailer, statuses.get("fcs")))))
        elif trailer.record is not None:
            path = f"trailer.{trailer.record.__layout__.name}"
            fields = _field_views(packet, trailer.record.wire_leaves(), path, (None, None), statuses, catalog)
            regions.append(HeaderView(path, trailer.record, 0, at, len(data), fields))
        else:
            owner = f"after {names[trailer.header]}" if trailer.header >= 0 else "at the end"
            notes = tuple(_extension_notes(packet, catalog)) if trailer.header == error_in(packet.headers) else ()
            regions.append(RegionView(f"trailer {owner}", 0, at, data, notes))
        at += len(data)
    faults = tuple(Span(f"{mark} {reason}", "bad" if mark == "✗" else "warn") for mark, reason in faults_of(packet))
    faults += tuple(Span(f"? {guess}", "warn") for guess in refused_guesses(packet, catalog=catalog))
    return PacketView(tuple(headers), tuple(regions), faults)


def _extension_notes(packet: Packet, catalog: Catalog) -> Iterator[Span]:
    """Notes on the octets behind a quoted packet: what the extension structure of ICMP says."""
    found = extensions(packet, catalog=catalog)
    if found is None:
        return
    yield from (Span(str(status), _STATUS_ROLES.get(status, "warn")) for status in checksums(found).values())
    for header in found.headers:
        for field in header.__layout__.fields:
            for element in getattr(header, field.name) if field.elements else ():
                yield Span(f"{element.__layout__.name}: {_meaning_text(element)}", "note")
    yield from (Span(f"{mark} {reason}", "warn") for mark, reason in faults_of(found))


def _fcs_notes(fcs: FCS, status: ChecksumStatus | None) -> Iterator[Span]:
    """Notes on a frame check sequence: the octets of it that were not captured, and its status."""
    if fcs.data is AUTO:
        yield Span("AUTO", "faint")
    elif fcs.missing:
        yield Span(f"{fcs.missing} octets not captured", "warn")
    if status is not None:
        yield Span(str(status), _STATUS_ROLES.get(status, "warn"))


def _header_view(
    packet: Packet,
    index: int,
    path: str,
    depth: int,
    at: int,
    statuses: Mapping[str, ChecksumStatus],
    catalog: Catalog,
) -> HeaderView:
    header = packet.headers[index]
    before = packet.headers[index - 1] if index else None
    following = packet.headers[index + 1] if index + 1 < len(packet.headers) else None
    fields = _field_views(packet, leaves_of(header), path, (before, following), statuses, catalog)
    return HeaderView(path, header, depth, at, sum(field.leaf.bits for field in fields) // 8, fields)


def _field_views(
    packet: Packet,
    leaves: Iterable[Leaf],
    path: str,
    around: tuple[Header | None, Header | None],
    statuses: Mapping[str, ChecksumStatus],
    catalog: Catalog,
) -> tuple[FieldView, ...]:
    before, following = around
    fields: list[FieldView] = []
    for leaf in leaves:
        full = f"{path}.{leaf.path}"
        notes = [*_notes(leaf, full, following, statuses, catalog)]
        notes += (Span(word, "note") for word in _from_before(before, leaf))
        notes += (Span(printable(fault.reason), "bad") for fault in packet.faults if fault.path == full)
        fields.append(FieldView(full, leaf, _value(leaf), tuple(notes)))
    return tuple(fields)


def _from_before(before: Header | None, leaf: Leaf) -> Iterator[str]:
    """What a value is because of the header before: the label behind an entropy label indicator (RFC 6790)."""
    # the selector of the header before is the leaf's own only where both headers are of one class
    if before is None or leaf.field is not before.__layout__.selector:
        return
    if word_of(leaf.field, getattr(before, leaf.field.name)) == _INDICATOR:
        yield "entropy label"


def _value(leaf: Leaf) -> str:
    if leaf.field.kind == "items":
        return "none"
    return clipped(text_of(leaf.field, leaf.value), leaf.bits // 8)


def _also_in_hex(leaf: Leaf) -> bool:
    """Whether to show a number in hexadecimal digits too: not a length, a port, a checksum or a selector."""
    if type(leaf.value) is not int or leaf.value <= 9 or leaf.bits < 16 or leaf.field.name in PORTS:
        return False
    layout = leaf.record.__layout__
    return not leaf.field.reserved and leaf.field not in (layout.length_field, layout.checksum, layout.selector)


def _meaning_text(meaning: Element) -> str:
    """A value as a view of the catalog reads it: "vsid 5, flow_id 1"."""
    leaves = [leaf for leaf in leaves_of(meaning) if not leaf.field.reserved]
    return ", ".join(f"{leaf.path} {word_of(leaf.field, leaf.value) or _value(leaf)}" for leaf in leaves)


def _notes(
    leaf: Leaf, path: str, following: Header | None, statuses: Mapping[str, ChecksumStatus], catalog: Catalog
) -> Iterator[Span]:
    """Notes on a value: its display name, the header it selects, its status as a checksum, its meaning by a view."""
    field, value = leaf.field, leaf.value
    word = word_of(field, value)
    if word is not None:
        yield Span(word, "note")
    plan = leaf.record.__layout__.next
    if field is plan.selector and plan.space is not None and following is not None and value is not None:
        if plan.selects(leaf.record, type(following), catalog.candidates):
            yield Span(type(following).__name__, "note")
    elif word is None and _also_in_hex(leaf):
        yield Span(f"{value:#0{leaf.bits // 4 + 2}x}", "faint")
    if field.reserved and value:
        yield Span("reserved, not 0", "warn")
    yield from (
        Span(_meaning_text(meaning), "note") for name, meaning in catalog.meanings(leaf.record) if name == field.name
    )
    if path in statuses:
        yield Span(str(statuses[path]), _STATUS_ROLES.get(statuses[path], "warn"))
