"""A packet as a tree: each header by its path, each field with its value and notes on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from overlaycodec.capture import Interface, Record
from overlaycodec.cli.summary import faults_of
from overlaycodec.cli.terminal import Output, Role, Span
from overlaycodec.cli.timestamps import digits_of, utc
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import Leaf, leaves_of, printable, text_of, word_of
from overlaycodec.describe.traits import PORTS
from overlaycodec.editing.checksum_status import ChecksumStatus, checksums
from overlaycodec.errors import DecodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of, scopes_of
from overlaycodec.schema.record import Element

__all__ = ["clipped", "write_tree"]

_INDENT: Final = " " * 6
_VALUE_WIDTH: Final = 48
_STATUS_ROLES: Final[dict[ChecksumStatus, Role]] = {ChecksumStatus.VALID: "good", ChecksumStatus.BAD: "bad"}


def clipped(text: str, octets: int) -> str:
    """A value short enough for a line; where it is shortened, its number of octets."""
    return f"{text[:_VALUE_WIDTH]}… ({octets} octets)" if len(text) > _VALUE_WIDTH else text or "none"


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
        if any(found is type(following) for _, found in catalog.candidates(plan.space, value)):
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


def _fault_spans(faults: tuple[DecodeError, ...], path: str) -> Iterator[Span]:
    for fault in faults:
        if fault.path == path:
            yield Span(printable(fault.reason), "bad")


def _write_header(
    output: Output,
    packet: Packet,
    index: int,
    path: str,
    guide: str,
    statuses: Mapping[str, ChecksumStatus],
    catalog: Catalog,
) -> None:
    header = packet.headers[index]
    following = packet.headers[index + 1] if index + 1 < len(packet.headers) else None
    leaves = list(leaves_of(header))
    octets = sum(leaf.bits for leaf in leaves) // 8
    spec = f"  {header.__layout__.spec}" if header.__layout__.spec else ""
    output.write(Span(_INDENT), Span(guide, "faint"), Span(path, "header"), Span(f"  {octets} octets{spec}", "faint"))
    width = max(len(leaf.path) for leaf in leaves)
    for leaf in leaves:
        full = f"{path}.{leaf.path}"
        notes = [*_notes(leaf, full, following, statuses, catalog), *_fault_spans(packet.faults, full)]
        idle = leaf.bits == 0 or (leaf.field.reserved and not leaf.value)
        output.write(
            Span(_INDENT),
            Span(guide, "faint"),
            Span(f"  {leaf.path:{width}}  ", "faint" if idle else "plain"),
            Span(_value(leaf), "faint" if idle else "value"),
            *(span for note in notes for span in (Span("  "), note)),
        )


def _octets_line(output: Output, guide: str, title: str, data: bytes) -> None:
    output.write(
        Span(_INDENT),
        Span(guide, "faint"),
        Span(title, "header"),
        Span(f"  {len(data)} octets  ", "faint"),
        Span(data[:24].hex(" ") + (" …" if len(data) > 24 else "")),
    )


def write_tree(output: Output, interface: Interface | None, record: Record, packet: Packet, catalog: Catalog) -> None:
    """The tree of one packet."""
    for line in _about(interface, record):
        output.write(Span(_INDENT), Span(line, "faint"))
    names = names_of(packet.headers)
    statuses = checksums(packet, catalog=catalog)
    guide = ""
    for depth, scope in enumerate(scopes_of(packet.headers)):
        guide = "│ " * depth
        for index in range(scope.start, scope.stop):
            _write_header(output, packet, index, names[index], guide, statuses, catalog)
    if packet.payload or not packet.headers:
        _octets_line(output, guide, "payload", packet.payload)
    for trailer in packet.trailers:
        owner = f"after {names[trailer.header]}" if trailer.header >= 0 else "at the end"
        _octets_line(output, "", f"trailer {owner}", trailer.data)
    for mark, reason in faults_of(packet):
        output.write(Span(_INDENT), Span(f"{mark} {reason}", "bad" if mark == "✗" else "warn"))


def _about(interface: Interface | None, record: Record) -> Iterator[str]:
    """What the file has about the record."""
    facts = [] if record.time_ns is None else [f"{utc(record.time_ns, digits_of(interface))} UTC"]
    facts.append(f"{len(record.data)} octets captured of {record.wire_length}")
    facts.append(f"link type {record.link_type}")
    if interface is not None and (name := interface.name or interface.description):
        facts.append(f"interface {printable(name)}")
    yield ", ".join(facts)
    yield from (f"# {printable(comment)}" for comment in record.comments)
