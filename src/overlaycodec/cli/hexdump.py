"""A packet's octets with the boundaries of its fields: offset, octets or bits, and the field that they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlaycodec.cli.terminal import Paper, Piece
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
    """The bits of a field in their place among those of its group: `..10 ....`."""
    first = leaf.bit - group[0].bit
    bits = "".join(f"{octet:08b}" for octet in octets)
    shown = "." * first + bits[first : first + leaf.bits] + "." * (len(bits) - first - leaf.bits)
    return " ".join(shown[at : at + 8] for at in range(0, len(shown), 8))


def _letters(data: bytes) -> str:
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "·" for octet in data)


def _row(paper: Paper, at: int | None, shown: str, *rest: Piece) -> None:
    offset = f"{at:04x}" if at is not None else "    "
    paper.write(Piece(_INDENT), Piece(f"{offset}  ", "faint"), Piece(f"{shown:{_ROW * 3}} "), *rest)


def _write_group(paper: Paper, group: list[Leaf], octets: bytes, at: int) -> None:
    if len(group) > 1:
        offset: int | None = at
        for leaf in group:
            shown = _mask(leaf, group, octets)
            if len(octets) * 12 <= _ROW * 3:  # the octets and a mask of their bits fit side by side
                shown = f"{octets.hex(' ') if offset is not None else ' ' * (len(octets) * 3 - 1)}  {shown}"
            elif offset is not None:
                _row(paper, offset, octets.hex(" "))
                offset = None
            _row(paper, offset, shown, *_told(leaf))
            offset = None
        return
    for start in range(0, len(octets), _ROW):
        told = _told(group[0]) if start == 0 else []
        _row(paper, at + start, octets[start : start + _ROW].hex(" "), *told)


def _told(leaf: Leaf) -> list[Piece]:
    pieces = [Piece(leaf.path, "note")]
    if leaf.field.kind != "bytes":
        pieces.append(Piece(f" {clipped(text_of(leaf.field, leaf.value), leaf.bits // 8)}"))
    return pieces


def _write_long(paper: Paper, title: str, data: bytes, at: int) -> None:
    paper.write(Piece(_INDENT), Piece(title, "header"), Piece(f"  {len(data)} octets", "faint"))
    for start in range(0, len(data), _LONG_ROW):
        row = data[start : start + _LONG_ROW]
        paper.write(
            Piece(_INDENT),
            Piece(f"{at + start:04x}  ", "faint"),
            Piece(f"{row.hex(' '):{_LONG_ROW * 3}} "),
            Piece(_letters(row), "faint"),
        )


def write_octets(paper: Paper, data: bytes, packet: Packet) -> None:
    """The octets of one packet."""
    at = 0
    names = names_of(packet.headers)
    for name, header in zip(names, packet.headers, strict=True):
        leaves = list(leaves_of(header))
        size = sum(leaf.bits for leaf in leaves) // 8
        paper.write(Piece(_INDENT), Piece(name, "header"), Piece(f"  {size} octets", "faint"))
        for group in _groups(leaves):
            first = at + group[0].bit // 8
            last = at + (group[-1].bit + group[-1].bits) // 8
            _write_group(paper, group, data[first:last], first)
        at += size
    if packet.payload:
        _write_long(paper, "payload", packet.payload, at)
        at += len(packet.payload)
    for trailer in packet.trailers:
        owner = f"behind {names[trailer.header]}" if trailer.header >= 0 else "at the end"
        _write_long(paper, f"trailer {owner}", trailer.data, at)
        at += len(trailer.data)
