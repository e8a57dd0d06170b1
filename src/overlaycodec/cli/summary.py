"""A packet on one line: tags, endpoints, tunnels and what they carry, from the outside in.

Strategy: read from the declarations (layers, tunnels, selectors, words for values) and from what fields are called, not
from a list of protocols, so that a header declared tomorrow has its place on the line. Of a tunnel or a tag the line
says what is not as usual: each field that differs from its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from overlaycodec.capture import Record
from overlaycodec.cli.paper import Part, Piece, Role
from overlaycodec.describe import key_text, printable, text_of, word_of
from overlaycodec.layout import REQUIRED, Field
from overlaycodec.packet import Packet
from overlaycodec.paths import scopes_of
from overlaycodec.pipeline import Catalog
from overlaycodec.schema import Header
from overlaycodec.values import AUTO
from overlaycodec.wire import FragmentOffset, MoreFragments, Reserved, Selects

__all__ = ["faults_of", "parts_of"]

ENDPOINTS: Final = (("src", "dst"), ("sender_protocol", "target_protocol"))
"""Fields that say from where and to where."""
PORTS: Final = ("src_port", "dst_port")
IDENTIFIERS: Final = ("vni", "context_id", "key", "call_id", "vid", "label")
"""Fields that say which network, tenant or path a header stands for, by the words of their specifications."""


def _pair(header: Header, names: tuple[str, str]) -> tuple[object, object] | None:
    if all(name in header.__layout__.by_name for name in names):
        return getattr(header, names[0]), getattr(header, names[1])
    return None


def _endpoints(header: Header) -> tuple[object, object] | None:
    return next((pair for names in ENDPOINTS if (pair := _pair(header, names))), None)


def _between(pair: tuple[object, object]) -> str:
    first, second = (value.hex() if isinstance(value, bytes) else str(value) for value in pair)
    return f"{first} → {second}"


def _word(header: Header) -> tuple[Field, str] | None:
    """The last of a header's words: a header begins with what is common and goes on to what is its own."""
    fields = reversed(header.__layout__.fields)
    return next(((field, word) for field in fields if (word := word_of(field, getattr(header, field.name)))), None)


def _identifier(header: Header) -> Field | None:
    by_name = header.__layout__.by_name
    return next((by_name[name] for name in IDENTIFIERS if name in by_name and getattr(header, name) is not None), None)


def _unusual(header: Header, identifier: Field | None) -> Iterator[Piece]:
    """Each field that differs from its default; of options, how many."""
    for field in header.__layout__.fields:
        value: Any = getattr(header, field.name)  # Any: a field's own type
        if field is identifier or field.default in (AUTO, REQUIRED, value) or Selects in field:
            continue
        if field.kind == "bool":
            yield Piece(f" {field.name}" if value else f" no {field.name}")
        elif field.kind == "items":
            yield Piece(f" {field.name} {len(value)}")
        else:
            yield Piece(f" {field.name} {text_of(field, value)}", "warn" if Reserved in field else "plain")


def _unusual_key(headers: Sequence[Header], index: int, catalog: Catalog) -> str:
    """The key at which a header was found, where it is not the one that its declaration names first."""
    before, cls = headers[index - 1], type(headers[index])
    selector = before.__layout__.selector
    selects = selector.get(Selects) if selector is not None and index else None
    if selector is None or selects is None:
        return ""
    value = getattr(before, selector.name)
    usual = catalog.key_of(selects.space, cls)
    if usual in (None, value) or all(found is not cls for _, found in catalog.candidates(selects.space, value)):
        return ""
    return f" ({key_text(selects.space, value)})"


def _fragment(header: Header) -> str:
    """Which piece of something follows, if a header says that one does."""
    fields = header.__layout__.fields
    offset = next((getattr(header, field.name) for field in fields if FragmentOffset in field), None)
    more = any(getattr(header, field.name) for field in fields if MoreFragments in field)
    if not offset and not more:
        return ""
    return f"fragment at {offset}, more follow" if more else f"fragment at {offset}, the last"


def _labelled(headers: Sequence[Header], index: int, catalog: Catalog) -> Part:
    """A tunnel or a tag: its name, its identifier, and what is not as usual."""
    header = headers[index]
    layout = header.__layout__
    identifier = _identifier(header)
    text = layout.name if identifier is None else f"{layout.name} {getattr(header, identifier.name)}"
    text += _unusual_key(headers, index, catalog)
    return Part((Piece(text, "tunnel" if layout.tunnel else "tag"), *_unusual(header, identifier)))


def _ports(header: Header, pair: tuple[object, object]) -> Part:
    flags = [field.name for field in header.__layout__.fields if field.kind == "bool" and getattr(header, field.name)]
    pieces = [Piece(header.__layout__.name, "protocol"), Piece(f" {_between(pair)}")]
    return Part((*pieces, Piece(f" [{' '.join(flags)}]", "faint")) if flags else tuple(pieces))


def _header_parts(
    headers: Sequence[Header], index: int, *, inside: bool, links: bool, catalog: Catalog
) -> Iterator[Part]:
    """What one header gives to the line; `links`: its scope has no other endpoints than those of the link."""
    header = headers[index]
    layout = header.__layout__
    word = _word(header)
    name = Piece(layout.name if word is None else f"{layout.name} {word[1]}", "protocol")
    if layout.tunnel or _identifier(header) is not None:
        yield _labelled(headers, index, catalog)
    elif (pair := _endpoints(header)) is not None:
        if layout.layer == "link" and not links:
            return
        between = Piece(_between(pair), "inner" if inside else "address")
        yield Part((between,) if layout.layer else (name, Piece(" "), between))
    elif (pair := _pair(header, PORTS)) is not None:
        if index + 1 == len(headers):
            yield _ports(header, pair)
    elif (
        (told := _word(headers[index - 1])) is None
        or told[0] is not headers[index - 1].__layout__.selector
        or not index
    ):
        # otherwise the selector before said it already, in a word
        yield Part((name,))
    if fragment := _fragment(header):
        yield Part((Piece(fragment, "warn"),))


def _unknown(packet: Packet, catalog: Catalog) -> Iterator[Part]:
    """The key of a payload that is no header of the catalog."""
    last = packet.headers[-1]
    field = last.__layout__.selector
    selects = field.get(Selects) if field is not None else None
    if field is None or selects is None or not packet.payload or _pair(last, PORTS) or _word(last) or _fragment(last):
        return
    value = getattr(last, field.name)
    if value is not None and not catalog.candidates(selects.space, value):
        yield Part((Piece(f"{field.name} {text_of(field, value)}", "protocol"),))


def faults_of(packet: Packet) -> Iterator[tuple[str, str]]:
    """A mark and a reason for each fault that lax decoding met: "✗" where it stopped, "!" where it went on."""
    for fault in packet.faults:
        yield "✗" if fault == packet.fault else "!", printable(str(fault))


def parts_of(record: Record, packet: Packet, catalog: Catalog) -> Iterator[Part]:
    """The line, without number, time and length."""
    headers = packet.headers
    if not headers and packet.fault is None:
        yield Part((Piece(f"link type {record.link_type}", "protocol"),))
    for scope in scopes_of(headers):
        fresh = bool(scope.prefix)
        if fresh:
            quoted = "quoted " if scope.prefix.endswith("quoted") else ""
            yield Part((Piece(f"│ {quoted}", "faint"),), gap=1, fresh=True)
        inside = headers[scope.start : scope.stop]
        links = all(header.__layout__.layer == "link" or _endpoints(header) is None for header in inside)
        for index in range(scope.start, scope.stop):
            for part in _header_parts(headers, index, inside=fresh, links=links, catalog=catalog):
                yield Part(part.pieces, gap=0) if fresh else part
                fresh = False
    if headers and packet.fault is None:
        yield from _unknown(packet, catalog)
    for mark, reason in faults_of(packet):
        role: Role = "bad" if mark == "✗" else "warn"
        first, *words = reason.split(" ")
        yield Part((Piece(f"{mark} {first}", role),), fresh=True)
        yield from (Part((Piece(word, role),), gap=1) for word in words)
