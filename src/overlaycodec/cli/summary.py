"""A packet on one line: tags, endpoints, tunnels and what they carry, from the outside in.

Strategy: made from the traits of the declarations, so that a header declared tomorrow has its place on the line. Of a
tunnel or a tag the line says what is not as usual: each field that differs from its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from overlaycodec.capture import Record
from overlaycodec.cli.terminal import Part, Piece, Role
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import printable, text_of, word_of
from overlaycodec.describe.traits import Pair, Traits, traits_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import scopes_of
from overlaycodec.schema.facts import Reserved
from overlaycodec.schema.layout import Field

__all__ = ["faults_of", "parts_of"]


def _between(header: Header, names: Pair) -> str:
    first, second = getattr(header, names[0]), getattr(header, names[1])
    if isinstance(first, bytes) or isinstance(second, bytes):  # addresses of a kind that is not known
        return f"{bytes(first).hex() or '-'} → {bytes(second).hex() or '-'}"
    return f"{first} → {second}"


def _word(header: Header, traits: Traits) -> tuple[Field | None, str]:
    """The first word that a header has for one of its values, behind a blank."""
    for field in traits.words:
        if word := word_of(field, getattr(header, field.name)):
            return field, f" {word}"
    return None, ""


def _unusual(header: Header, traits: Traits) -> Iterator[Part]:
    """Each field that differs from its default; of options, how many."""
    for field, usual in traits.usual:
        value = getattr(header, field.name)
        if value == usual:
            continue
        if field.kind == "bool":
            text = field.name if value else f"no {field.name}"
        elif field.kind == "items":
            text = f"{field.name} {len(value)}"
        else:
            text = f"{field.name} {text_of(field, value)}"
        yield Part((Piece(text, "warn" if Reserved in field else "plain"),), gap=1)


def _unusual_key(headers: Sequence[Header], index: int, catalog: Catalog) -> str:
    """The key at which a header was found, where it is not the one that its declaration names first."""
    if index == 0:
        return ""
    before, cls = traits_of(type(headers[index - 1])), type(headers[index])
    if before.selector is None or before.selects is None:
        return ""
    space, value = before.selects.space, getattr(headers[index - 1], before.selector.name)
    usual = catalog.key_of(space, cls)
    if usual is None or usual == value or all(found is not cls for _, found in catalog.candidates(space, value)):
        return ""
    return f" ({space.text(value)})"


def _fragment(header: Header, traits: Traits) -> str:
    """Which piece of something follows, if a header says that one does."""
    offset = getattr(header, traits.offset.name) if traits.offset else 0
    if traits.more and getattr(header, traits.more.name):
        return f"fragment at {offset}, more follow"
    return f"fragment at {offset}, the last" if offset else ""


def _labelled(headers: Sequence[Header], index: int, traits: Traits, catalog: Catalog) -> Iterator[Part]:
    """A tunnel or a tag: its name, its identifier, and what is not as usual."""
    header, layout = headers[index], traits.layout
    numbers = (getattr(header, field.name) for field in traits.identifiers)
    text = layout.name + "".join(f" {number}" for number in numbers if number is not None)
    text += _unusual_key(headers, index, catalog)
    yield Part((Piece(text, "tunnel" if layout.tunnel else "tag"),))
    yield from _unusual(header, traits)


def _ports(header: Header, traits: Traits, names: Pair) -> Part:
    flags = " ".join(field.name for field in traits.flags if getattr(header, field.name))
    pieces = (Piece(traits.layout.name, "protocol"), Piece(f" {_between(header, names)}"))
    return Part((*pieces, Piece(f" [{flags}]", "faint")) if flags else pieces)


def _parts_of_header(
    headers: Sequence[Header], index: int, links: bool, inner: bool, catalog: Catalog
) -> Iterator[Part]:
    """What one header gives to the line; `links`: its scope has no other endpoints than those of the link."""
    header = headers[index]
    traits = traits_of(type(header))
    layout = traits.layout
    if layout.tunnel or any(getattr(header, field.name) is not None for field in traits.identifiers):
        yield from _labelled(headers, index, traits, catalog)
    elif traits.endpoints:
        if layout.layer == "link" and not links:
            return
        between = Piece(_between(header, traits.endpoints), "inner" if inner else "address")
        if layout.layer is None:
            yield Part((Piece(layout.name + _word(header, traits)[1], "protocol"),))
        yield Part((between,), gap=2 if layout.layer else 1)
    elif traits.ports:
        if index + 1 == len(headers):  # otherwise what is found at the port has a name of its own
            yield _ports(header, traits, traits.ports)
    elif not _told_before(headers, index):
        yield Part((Piece(layout.name + _word(header, traits)[1], "protocol"),))
    if fragment := _fragment(header, traits):
        yield Part((Piece(fragment, "warn"),))


def _told_before(headers: Sequence[Header], index: int) -> bool:
    """Whether the selector of the header before said in a word what this one is."""
    if index == 0:
        return False
    before = traits_of(type(headers[index - 1]))
    return before.selector is not None and _word(headers[index - 1], before)[0] is before.selector


def _unknown(packet: Packet, catalog: Catalog) -> Iterator[Part]:
    """The key of a payload that is no header of the catalog."""
    last = packet.headers[-1]
    traits = traits_of(type(last))
    field, selects = traits.selector, traits.selects
    if not packet.payload or field is None or selects is None or traits.ports or _fragment(last, traits):
        return
    value = getattr(last, field.name)
    is_told = value is None or word_of(field, value) is not None or catalog.candidates(selects.space, value)
    if not is_told:
        yield Part((Piece(f"{field.name} {text_of(field, value)}", "protocol"),))


def faults_of(packet: Packet) -> Iterator[tuple[str, str]]:
    """A mark and a reason for each fault that lax decoding met: "✗" where it stopped, "!" where it went on."""
    for fault in packet.faults:
        yield "✗" if fault == packet.fault else "!", printable(str(fault))


def _fault_parts(packet: Packet) -> Iterator[Part]:
    for mark, reason in faults_of(packet):
        role: Role = "bad" if mark == "✗" else "warn"
        first, *words = reason.split(" ")
        yield Part((Piece(f"{mark} {first}", role),), fresh=True)
        yield from (Part((Piece(word, role),), gap=1) for word in words)


def parts_of(record: Record, packet: Packet, catalog: Catalog) -> Iterator[Part]:
    """The line, without number, time and length."""
    headers = packet.headers
    if not headers and packet.fault is None:
        yield Part((Piece(f"link type {record.link_type}", "protocol"),))
    for scope in scopes_of(headers):
        fresh = bool(scope.prefix)
        if fresh:
            yield Part((Piece("│ quoted " if scope.prefix.endswith("quoted") else "│ ", "faint"),), gap=1, fresh=True)
        kinds = [traits_of(type(header)) for header in headers[scope.start : scope.stop]]
        links = all(traits.layout.layer == "link" or traits.endpoints is None for traits in kinds)
        for index in range(scope.start, scope.stop):
            for part in _parts_of_header(headers, index, links, bool(scope.prefix), catalog):
                yield msgspec.structs.replace(part, gap=0) if fresh else part
                fresh = False
    if headers and packet.fault is None:
        yield from _unknown(packet, catalog)
    yield from _fault_parts(packet)
