"""A packet on one line: tags, endpoints, tunnels and what they carry, from the outside in.

Strategy: derived from the traits of the declarations, so that a new header appears on the line without a change here.
For a tunnel or a tag, the line shows each field that differs from its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.link_types import link_type_text
from overlaycodec.describe.plain import text_of, word_of
from overlaycodec.describe.traits import Pair, Traits, traits_of
from overlaycodec.display.model import faults_of
from overlaycodec.display.spans import Part, Role, Span
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import scopes_of
from overlaycodec.schema.keys import Key
from overlaycodec.schema.layout import Field
from overlaycodec.schema.record import Element

__all__ = ["parts_of"]


def _between(header: Header, names: Pair) -> str:
    first, second = getattr(header, names[0]), getattr(header, names[1])
    if isinstance(first, bytes) or isinstance(second, bytes):  # addresses of a kind that is not known
        return f"{bytes(first).hex() or '-'} → {bytes(second).hex() or '-'}"
    return f"{first} → {second}"


def _word(header: Header, traits: Traits) -> tuple[Field | None, str]:
    """The first display name that a header or its first named option has for one of its values, after a blank."""
    for field in traits.words:
        value = getattr(header, field.name)
        if field.kind != "items":
            word = word_of(field, value)
        else:
            word = next((word for element in value for word in _words_of(element)), "")
        if word:
            return field, f" {word}"
    return None, ""


def _words_of(element: Element) -> Iterator[str]:
    """The display names that an option has for its values."""
    for field in element.__layout__.fields:
        if field.value_names and (word := word_of(field, getattr(element, field.name))):
            yield word


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
        yield Part((Span(text, "warn" if field.reserved else "plain"),), gap=1)


def _unusual_key(headers: Sequence[Header], index: int, catalog: Catalog) -> str:
    """The key at which a header was found, where it is not the one that its declaration names first."""
    if index == 0:
        return ""
    outer, cls = headers[index - 1], type(headers[index])
    plan = outer.__layout__.next
    if plan.selector is None or plan.space is None or not plan.selects(outer, cls, catalog.candidates):
        return ""
    value = getattr(outer, plan.selector.name)
    return "" if catalog.key_of(plan.space, cls) in (None, value) else f" ({plan.space.text(value)})"


def _fragment(header: Header) -> str:
    """Which fragment follows; "" for a header that is followed by none."""
    layout = header.__layout__
    offset = getattr(header, layout.next.offset) if layout.next.offset else 0
    if layout.more_fragments and getattr(header, layout.more_fragments):
        return f"fragment at {offset}, more follow"
    return f"fragment at {offset}, the last" if offset else ""


def _labelled(headers: Sequence[Header], index: int, traits: Traits, catalog: Catalog) -> Iterator[Part]:
    """A tunnel or a tag: its name, its identifier, and the fields that differ from their defaults."""
    header, layout = headers[index], traits.layout
    numbers = (getattr(header, field.name) for field in traits.identifiers)
    text = layout.name + "".join(f" {number}" for number in numbers if number is not None)
    text += _unusual_key(headers, index, catalog)
    yield Part((Span(text, "tunnel" if layout.tunnel else "tag"),))
    yield from _unusual(header, traits)


def _ports(header: Header, traits: Traits, names: Pair) -> Part:
    flags = " ".join(field.name for field in traits.flags if getattr(header, field.name))
    spans = (Span(traits.layout.name, "protocol"), Span(f" {_between(header, names)}"))
    return Part((*spans, Span(f" [{flags}]", "faint")) if flags else spans)


def _parts_of_header(
    headers: Sequence[Header], index: int, links: bool, inner: bool, catalog: Catalog
) -> Iterator[Part]:
    """The parts of the line for one header; `links`: its scope has no endpoints other than those of the link."""
    header = headers[index]
    traits = traits_of(type(header))
    layout = traits.layout
    if layout.tunnel or any(getattr(header, field.name) is not None for field in traits.identifiers):
        yield from _labelled(headers, index, traits, catalog)
    elif traits.endpoints:
        if layout.layer == "link" and not links:
            return
        between = Span(_between(header, traits.endpoints), "inner" if inner else "address")
        if layout.layer is None:
            yield Part((Span(layout.name + _word(header, traits)[1], "protocol"),))
        yield Part((between,), gap=2 if layout.layer else 1)
    elif traits.ports:
        if index + 1 == len(headers):  # otherwise what is found at the port has a name of its own
            yield _ports(header, traits, traits.ports)
    elif not _named_before(headers, index):
        yield Part((Span(layout.name + _word(header, traits)[1], "protocol"),))
    if fragment := _fragment(header):
        yield Part((Span(fragment, "warn"),))


def _named_before(headers: Sequence[Header], index: int) -> bool:
    """Whether the line names this header already, by the display name of the previous header's selector."""
    if index == 0:
        return False
    previous = headers[index - 1]
    selector = previous.__layout__.selector
    return selector is not None and _word(previous, traits_of(type(previous)))[0] is selector


def _unknown(packet: Packet, catalog: Catalog) -> Iterator[Part]:
    """The key of a payload that is no header of the catalog."""
    last = packet.headers[-1]
    plan = last.__layout__.next
    field, key = plan.selector, plan.of(last)
    if not packet.payload or field is None or not isinstance(key, Key) or key == plan.carried:
        return
    if traits_of(type(last)).ports or _fragment(last):
        return
    is_named = key.value is None or word_of(field, key.value) is not None or catalog.candidates(key.space, key.value)
    if not is_named:
        yield Part((Span(f"{field.name} {text_of(field, key.value)}", "protocol"),))


def _fault_parts(packet: Packet) -> Iterator[Part]:
    for mark, reason in faults_of(packet):
        role: Role = "bad" if mark == "✗" else "warn"
        first, *words = reason.split(" ")
        yield Part((Span(f"{mark} {first}", role),), fresh=True)
        yield from (Part((Span(word, role),), gap=1) for word in words)


def parts_of(packet: Packet, catalog: Catalog, link_type: int | None = None) -> Iterator[Part]:
    """The line, without number, time and length; the link type stands where no header was read."""
    headers = packet.headers
    if not headers and packet.fault is None and link_type is not None:
        yield Part((Span(f"link type {link_type_text(link_type)}", "protocol"),))
    for scope in scopes_of(headers):
        fresh = bool(scope.prefix)
        if fresh:
            yield Part((Span("│ quoted " if scope.prefix.endswith("quoted") else "│ ", "faint"),), gap=1, fresh=True)
        kinds = [traits_of(type(header)) for header in headers[scope.start : scope.stop]]
        links = all(traits.layout.layer == "link" or traits.endpoints is None for traits in kinds)
        for index in range(scope.start, scope.stop):
            for part in _parts_of_header(headers, index, links, bool(scope.prefix), catalog):
                yield msgspec.structs.replace(part, gap=0) if fresh else part
                fresh = False
    if headers and packet.fault is None:
        yield from _unknown(packet, catalog)
    yield from _fault_parts(packet)
