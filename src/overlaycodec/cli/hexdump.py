"""Hex dump of a packet by its fields: offset, octets or bits, and the field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlaycodec.cli.terminal import Output, Span
from overlaycodec.cli.tree import clipped
from overlaycodec.describe.plain import Leaf, leaves_of, text_of
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of

__all__ = ["write_octets"]

_INDENT: Final = " " * 6
_ROW, _LONG_ROW = 8, 16
"""Octets on a line: of a field, and of a payload."""


def _groups(leaves: list[Leaf]) -> Iterator[list[Leaf]]:
    """Fields that share octets, together."""
    group: list[Leaf] = []
    for leaf in leaves:
        group.append(leaf)
        if (leaf.bit + leaf.bits) % 8 == 0:
            if group[0].bit < leaf.bit + leaf.bits:
                yield group
            group = []


def _mask(leaf: Leaf, group: list[Leaf], octets: bytes) -> str:
    """The bits of a field at their position among those of its group: `..10 ....`."""
    first = leaf.bit - group[0].bit
    bits = "".join(f"{octet:08b}" for octet in octets)
    shown = "." * first + bits[first : first + leaf.bits] + "." * (len(bits) - first - leaf.bits)
    return " ".join(shown[at : at + 8] for at in range(0, len(shown), 8))


def _letters(data: bytes) -> str:
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "·" for octet in data)


def _row(output: Output, at: int | None, shown: str, *rest: Span) -> None:
    offset = f"{at:04x}" if at is not None else "    "
    output.write(Span(_INDENT), Span(f"{offset}  ", "faint"), Span(f"{shown:{_ROW * 3}} "), *rest)


def _write_group(output: Output, group: list[Leaf], octets: bytes, at: int) -> None:
    if len(group) > 1:
        offset: int | None = at
        for leaf in group:
            shown = _mask(leaf, group, octets)
            if len(octets) * 12 <= _ROW * 3:  # the octets and a mask of their bits fit side by side
                shown = f"{octets.hex(' ') if offset is not None else ' ' * (len(octets) * 3 - 1)}  {shown}"
            elif offset is not None:
                _row(output, offset, octets.hex(" "))
                offset = None
            _row(output, offset, shown, *_label(leaf))
            offset = None
        return
    for start in range(0, len(octets), _ROW):
        labels = _label(group[0]) if start == 0 else []
        _row(output, at + start, octets[start : start + _ROW].hex(" "), *labels)


def _label(leaf: Leaf) -> list[Span]:
    spans = [Span(leaf.path, "note")]
    if leaf.field.kind != "bytes":
        spans.append(Span(f" {clipped(text_of(leaf.field, leaf.value), leaf.bits // 8)}"))
    return spans


def _write_long(output: Output, title: str, data: bytes, at: int) -> None:
    output.write(Span(_INDENT), Span(title, "header"), Span(f"  {len(data)} octets", "faint"))
    for start in range(0, len(data), _LONG_ROW):
        row = data[start : start + _LONG_ROW]
        output.write(
            Span(_INDENT),
            Span(f"{at + start:04x}  ", "faint"),
            Span(f"{row.hex(' '):{_LONG_ROW * 3}} "),
            Span(_letters(row), "faint"),
        )


def write_octets(output: Output, data: bytes, packet: Packet) -> None:
    """The octets of one packet."""
    at = 0
    names = names_of(packet.headers)
    for name, header in zip(names, packet.headers, strict=True):
        leaves = list(leaves_of(header))
        size = sum(leaf.bits for leaf in leaves) // 8
        output.write(Span(_INDENT), Span(name, "header"), Span(f"  {size} octets", "faint"))
        for group in _groups(leaves):
            first = at + group[0].bit // 8
            last = at + (group[-1].bit + group[-1].bits) // 8
            _write_group(output, group, data[first:last], first)
        at += size
    if packet.payload:
        _write_long(output, "payload", packet.payload, at)
        at += len(packet.payload)
    for trailer in packet.trailers:
        owner = f"after {names[trailer.header]}" if trailer.header >= 0 else "at the end"
        _write_long(output, f"trailer {owner}", trailer.data, at)
        at += len(trailer.data)
