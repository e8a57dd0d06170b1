"""A packet as a tree: each header by its path, each field with its value and what can be said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from overlaycodec.capture import Interface, Record
from overlaycodec.cli.summary import faults_of
from overlaycodec.cli.terminal import Paper, Piece, Role
from overlaycodec.cli.timestamps import digits_of, utc
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import Leaf, leaves_of, printable, text_of, word_of
from overlaycodec.describe.traits import PORTS
from overlaycodec.editing.checksums import ChecksumStatus, checksums
from overlaycodec.errors import DecodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of, scopes_of
from overlaycodec.schema.facts import Checksum, LengthField, Reserved, Selects
from overlaycodec.schema.record import Element

__all__ = ["clipped", "write_tree"]

_INDENT: Final = " " * 6
_VALUE_WIDTH: Final = 48
_JUDGED: Final[dict[ChecksumStatus, Role]] = {ChecksumStatus.VALID: "good", ChecksumStatus.BAD: "bad"}


def clipped(text: str, octets: int) -> str:
    """A value short enough for a line; where it is cut off, how many octets it has."""
    return f"{text[:_VALUE_WIDTH]}… ({octets} octets)" if len(text) > _VALUE_WIDTH else text or "none"


def _value(leaf: Leaf) -> str:
    if leaf.field.kind == "items":
        return "none"
    return clipped(text_of(leaf.field, leaf.value), leaf.bits // 8)


def _told_twice(leaf: Leaf) -> bool:
    """Whether a number is worth telling in hexadecimal digits too: those that are no lengths, and no ports."""
    if type(leaf.value) is not int or leaf.value <= 9 or leaf.bits < 16 or leaf.field.name in PORTS:
        return False
    return not any(fact in leaf.field for fact in (LengthField, Checksum, Reserved, Selects))


def _meant(meaning: Element) -> str:
    """What the network reads into a value: "vsid 5, flow_id 1"."""
    leaves = [leaf for leaf in leaves_of(meaning) if Reserved not in leaf.field]
    return ", ".join(f"{leaf.path} {word_of(leaf.field, leaf.value) or _value(leaf)}" for leaf in leaves)


def _notes(
    leaf: Leaf, path: str, following: Header | None, verdicts: Mapping[str, ChecksumStatus], catalog: Catalog
) -> Iterator[Piece]:
    """What the declaration, the header behind, the checksums and the network say of a value."""
    field, value = leaf.field, leaf.value
    word = word_of(field, value)
    if word is not None:
        yield Piece(word, "note")
    selects = field.get(Selects)
    if selects is not None and following is not None and value is not None:
        if any(found is type(following) for _, found in catalog.candidates(selects.space, value)):
            yield Piece(type(following).__name__, "note")
    elif word is None and _told_twice(leaf):
        yield Piece(f"{value:#0{leaf.bits // 4 + 2}x}", "faint")
    if Reserved in field and value:
        yield Piece("reserved, not 0", "warn")
    yield from (Piece(_meant(meaning), "note") for name, meaning in catalog.meanings(leaf.record) if name == field.name)
    if path in verdicts:
        yield Piece(str(verdicts[path]), _JUDGED.get(verdicts[path], "warn"))


def _fault_pieces(faults: tuple[DecodeError, ...], path: str) -> Iterator[Piece]:
    for fault in faults:
        if fault.path == path:
            yield Piece(printable(fault.reason), "bad")


def _write_header(
    paper: Paper,
    packet: Packet,
    index: int,
    path: str,
    guide: str,
    verdicts: Mapping[str, ChecksumStatus],
    catalog: Catalog,
) -> None:
    header = packet.headers[index]
    following = packet.headers[index + 1] if index + 1 < len(packet.headers) else None
    leaves = list(leaves_of(header))
    octets = sum(leaf.bits for leaf in leaves) // 8
    spec = f"  {header.__layout__.spec}" if header.__layout__.spec else ""
    paper.write(
        Piece(_INDENT), Piece(guide, "faint"), Piece(path, "header"), Piece(f"  {octets} octets{spec}", "faint")
    )
    width = max(len(leaf.path) for leaf in leaves)
    for leaf in leaves:
        full = f"{path}.{leaf.path}"
        notes = [*_notes(leaf, full, following, verdicts, catalog), *_fault_pieces(packet.faults, full)]
        idle = leaf.bits == 0 or (Reserved in leaf.field and not leaf.value)
        paper.write(
            Piece(_INDENT),
            Piece(guide, "faint"),
            Piece(f"  {leaf.path:{width}}  ", "faint" if idle else "plain"),
            Piece(_value(leaf), "faint" if idle else "value"),
            *(piece for note in notes for piece in (Piece("  "), note)),
        )


def _octets_line(paper: Paper, guide: str, title: str, data: bytes) -> None:
    paper.write(
        Piece(_INDENT),
        Piece(guide, "faint"),
        Piece(title, "header"),
        Piece(f"  {len(data)} octets  ", "faint"),
        Piece(data[:24].hex(" ") + (" …" if len(data) > 24 else "")),
    )


def write_tree(paper: Paper, interface: Interface | None, record: Record, packet: Packet, catalog: Catalog) -> None:
    """The tree of one packet."""
    for line in _about(interface, record):
        paper.write(Piece(_INDENT), Piece(line, "faint"))
    names = names_of(packet.headers)
    verdicts = checksums(packet, catalog=catalog)
    guide = ""
    for depth, scope in enumerate(scopes_of(packet.headers)):
        guide = "│ " * depth
        for index in range(scope.start, scope.stop):
            _write_header(paper, packet, index, names[index], guide, verdicts, catalog)
    if packet.payload or not packet.headers:
        _octets_line(paper, guide, "payload", packet.payload)
    for trailer in packet.trailers:
        owner = f"behind {names[trailer.header]}" if trailer.header >= 0 else "at the end"
        _octets_line(paper, "", f"trailer {owner}", trailer.data)
    for mark, reason in faults_of(packet):
        paper.write(Piece(_INDENT), Piece(f"{mark} {reason}", "bad" if mark == "✗" else "warn"))


def _about(interface: Interface | None, record: Record) -> Iterator[str]:
    """What the file says of the record."""
    facts = [] if record.time_ns is None else [f"{utc(record.time_ns, digits_of(interface))} UTC"]
    facts.append(f"{len(record.data)} octets captured of {record.wire_length}")
    facts.append(f"link type {record.link_type}")
    if interface is not None and (name := interface.name or interface.description):
        facts.append(f"interface {printable(name)}")
    yield ", ".join(facts)
    yield from (f"# {printable(comment)}" for comment in record.comments)
