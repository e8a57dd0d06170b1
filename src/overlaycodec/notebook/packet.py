"""A packet as a page: the tree of its headers beside its octets; a field and its octets are lit together.

Strategy: fields, payload and trailers are numbered, and so are the headers. A row of the tree and the octets of it have
the same class, `f7`; a rule of the style sheet for each number lights all of that class where one of them is under the
pointer or has the focus.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.describe.plain import printable
from overlaycodec.display.model import FieldView, HeaderView, PacketView, RegionView, view_of
from overlaycodec.display.printing import resolved
from overlaycodec.display.spans import Role, Span, joined, text_of_line
from overlaycodec.display.summary import parts_of
from overlaycodec.errors import EncodeError
from overlaycodec.findings import Finding, Severity, diagnose
from overlaycodec.notebook.page import left_out, new_id, page, plural, spans, text
from overlaycodec.packet.packet import Packet

__all__ = ["SEVERITY_ROLES", "packet_page"]

_MOST_HEADERS: Final = 64
_MOST_FIELDS: Final = 320
_MOST_OPEN: Final = 120
"""With more fields than this, the headers are closed at first."""
_MOST_OCTETS: Final = 1536
_MOST_NOTES: Final = 32
"""Findings and faults, and notes on one field."""
_MOST_DEPTH: Final = 6
"""Scopes that are indented."""
_ROW: Final = 8
SEVERITY_ROLES: Final[dict[Severity, Role]] = {
    Severity.DROP: "bad",
    Severity.VIOLATION: "warn",
    Severity.NOTE: "note",
}


def packet_page(packet: Packet, catalog: Catalog = DEFAULT, *, findings: bool = True) -> str:
    """The page of a packet. What is AUTO is shown as it is encoded; `findings`: with those of the specification."""
    try:
        shown = resolved(packet, catalog)
        view, data = view_of(shown, catalog), encode(shown, catalog=catalog)
        found = _findings(shown, catalog) if findings else []
        line = joined(list(parts_of(shown, catalog)))
    except EncodeError as error:
        body = f'<p class="bad">It cannot be encoded: {text(error)}</p><pre>{text(repr(packet), 2000)}</pre>'
        return page(new_id(), "packet", body)
    return _Page(view, data, found).html(line)


def _findings(packet: Packet, catalog: Catalog) -> list[Finding]:
    """What stands out in the packet, without the faults, which have lines of their own."""
    faults = {(fault.path, fault.reason) for fault in packet.faults}
    return [one for one in diagnose(packet, catalog=catalog) if (one.path, one.found) not in faults]


class _Page:
    def __init__(self, view: PacketView, data: bytes, findings: Sequence[Finding]) -> None:
        self._view = view
        self._data = data
        self._id = new_id()
        self._findings: dict[str, list[Finding]] = {}
        for finding in findings:
            self._findings.setdefault(finding.path, []).append(finding)
        self._notes_left = _MOST_NOTES
        self._fields_left = _MOST_FIELDS
        self._count = 0
        """How many numbers are in use for fields, payload and trailers."""
        shown = min(len(data), _MOST_OCTETS)
        self._owners: list[list[str]] = [[] for _ in range(shown)]
        """The classes of each octet."""

    def html(self, line: tuple[Span, ...]) -> str:
        """The page under this line."""
        view = self._view
        is_open = sum(len(header.fields) for header in view.headers) <= _MOST_OPEN
        tree = [
            _scoped(header.depth, self._header(number, header, is_open))
            for number, header in enumerate(view.headers[:_MOST_HEADERS])
        ]
        tree.append(left_out(len(view.headers) - _MOST_HEADERS, "header", "packet.show()"))
        for number, region in enumerate(view.regions[:_MOST_HEADERS], len(view.headers)):
            if isinstance(region, HeaderView):
                tree.append(_scoped(region.depth, self._header(number, region, is_open)))
            else:
                tree.append(_scoped(region.depth, self._region(region)))
        head = f'<div class="head">{spans(line[:_MOST_FIELDS])}</div>'
        body = f'<div class="both"><div class="tree">{"".join(tree)}</div>{self._octets()}</div>{self._remarks()}'
        lit = [f"#{self._id}:has(.f{number}:is(:hover,:focus)) .f{number}" for number in range(self._count)]
        for number in range(min(len(view.headers), _MOST_HEADERS)):
            lit.append(f"#{self._id}:has(summary.h{number}:is(:hover,:focus)) .h{number}")
            lit.append(f"#{self._id}:has(span.h{number}:is(:hover,:focus)) summary.h{number}")
        return page(self._id, f"packet: {text_of_line(line)}", head + body, tuple(lit))

    def _number(self, first: int, stop: int) -> int:
        """A new number, for octets `first` to `stop` - 1."""
        number = self._count
        self._count += 1
        for at in range(first, min(stop, len(self._owners))):
            self._owners[at].append(f"f{number}")
        return number

    def _header(self, number: int, header: HeaderView, is_open: bool) -> str:
        for at in range(header.start, min(header.start + header.octets, len(self._owners))):
            self._owners[at] += (f"h{number}", "o") if number % 2 else (f"h{number}",)
        shown = header.fields[: max(0, self._fields_left)]
        self._fields_left -= len(shown)
        rows = "".join(self._field(header, field) for field in shown)
        spec = f" · {text(header.spec)}" if header.spec else ""
        summary = f'<b>{text(header.path)}</b> <span class="faint">{plural(header.octets, "octet")}{spec}</span>'
        found = self._found(header.path)
        marks = f" <span class={found[0].role}>{text(found[0].text)}</span>" if found else ""
        return (
            f"<details{' open' if is_open else ''}><summary class=h{number}>{summary}{marks}</summary>"
            f'<table class="fields"><caption class="hid">fields of {text(header.path)}</caption>'
            f"<tbody>{rows}</tbody></table>{left_out(len(header.fields) - len(shown), 'field', 'packet.show()')}"
            + "".join(f"<p class={note.role}>{text(note.text)}</p>" for note in found[1:])
            + "</details>"
        )

    def _field(self, header: HeaderView, field: FieldView) -> str:
        first = header.start * 8 + field.leaf.bit
        stop = first + field.leaf.bits
        number = self._number(first // 8, (stop + 7) // 8 if stop > first else first // 8)
        notes = [*field.notes[:_MOST_NOTES], *self._found(field.path)]
        faint = " faint" if field.idle else ""
        place = f"bits {first} to {stop - 1}" if stop > first else "no bits"
        return (
            f'<tr class="f{number}{faint}" tabindex=0 data-path="{text(field.path)}" data-bits="{first}-{stop - 1}"'
            f' title="{text(field.path)}: {place}"><th scope=row>{text(field.leaf.path)}</th>'
            f"<td>{text(field.value)}</td><td>{_separated(notes)}</td></tr>"
        )

    def _region(self, region: RegionView) -> str:
        first, stop = region.start, region.start + len(region.data)
        number = self._number(first, stop)
        start = region.data[:16].hex(" ") + (" …" if len(region.data) > 16 else "")
        notes = [*region.notes, *self._found(region.title)]
        return (
            f'<div class="region f{number}" tabindex=0 data-path="{text(region.title)}"'
            f' data-bits="{first * 8}-{stop * 8 - 1}" title="octets {first} to {stop - 1}"><b>{text(region.title)}</b>'
            f' <span class="faint">{plural(len(region.data), "octet")}</span> <code>{start}</code>'
            f" {_separated(notes)}</div>"
        )

    def _found(self, path: str) -> list[Span]:
        """The findings at a path, each on the page once, as many as there is room for."""
        found = self._findings.get(path, [])
        taken, rest = found[: self._notes_left], found[self._notes_left :]
        self._notes_left -= len(taken)
        if rest:
            self._findings[path] = rest
        else:
            self._findings.pop(path, None)
        return [_note(finding) for finding in taken]

    def _remarks(self) -> str:
        """Faults and refused guesses; findings at something that has no row."""
        remarks = list(self._view.faults[:_MOST_NOTES])
        rest = [finding for findings in self._findings.values() for finding in findings]
        shown = rest[: max(0, self._notes_left)]
        remarks += (Span(f"{finding.path}: {_note(finding).text}", _note(finding).role) for finding in shown)
        lines = "".join(f"<li class={remark.role}>{text(remark.text)}</li>" for remark in remarks)
        listed = f'<ul aria-label="faults and findings">{lines}</ul>' if lines else ""
        more = left_out(len(rest) - len(shown), "finding", "oc.diagnose(packet)")
        return listed + left_out(len(self._view.faults) - _MOST_NOTES, "fault", "packet.faults") + more

    def _octets(self) -> str:
        lines = [self._octet_line(at) for at in range(0, len(self._owners), _ROW)]
        more = left_out(len(self._data) - len(self._owners), "octet", "packet.hexdump()")
        return f'<div class="octets" role="group" aria-label="octets"><pre>{chr(10).join(lines)}</pre>{more}</div>'

    def _octet_line(self, at: int) -> str:
        """Offset, octets and their letters; octets next to each other with the same classes are one element."""
        row = range(at, min(at + _ROW, len(self._owners)))
        runs = [(" ".join(owners), [*group]) for owners, group in groupby(row, self._owners.__getitem__)]
        octets = " ".join(_run(owners, self._data[run[0] : run[-1] + 1].hex(" "), focus=True) for owners, run in runs)
        letters = "".join(_run(owners, _letters(self._data[run[0] : run[-1] + 1])) for owners, run in runs)
        return f'<span class="faint">{at:04x}</span>  {octets}{"   " * (_ROW - len(row))}  {letters}'


def _run(classes: str, content: str, *, focus: bool = False) -> str:
    return f'<span class="{classes}"{" tabindex=-1" if focus else " aria-hidden=true"}>{content}</span>'


def _letters(data: bytes) -> str:
    return text("".join(chr(octet) if 0x20 <= octet < 0x7F else "·" for octet in data))


def _scoped(depth: int, content: str) -> str:
    depth = min(depth, _MOST_DEPTH)
    return '<div class="scope">' * depth + content + "</div>" * depth


def _note(finding: Finding) -> Span:
    does = f": {finding.does}" if finding.does else ""
    told = f"{finding.severity}: {finding.found}{does}; {finding.source} says {finding.demand}"
    return Span(printable(told), SEVERITY_ROLES[finding.severity])


def _separated(notes: Sequence[Span]) -> str:
    def parts() -> Iterator[Span]:
        for number, note in enumerate(notes):
            if number:
                yield Span("  ")
            yield note

    return spans(parts())
