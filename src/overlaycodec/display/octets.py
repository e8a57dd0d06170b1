"""The octets of a packet by its fields: offset, octets or bits, and the field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from overlaycodec.display.model import FieldView, HeaderView, PacketView, RegionView
from overlaycodec.display.spans import Line, Span

__all__ = ["octet_lines"]

_ROW, _LONG_ROW = 8, 16
"""Octets on a line: of a field, and of a payload."""
_BITS_BESIDE: Final = 12
"""Columns that an octet takes where it is shown beside the mask of its bits."""


def octet_lines(view: PacketView, data: bytes) -> Iterator[Line]:
    """The lines of the dump; `data` are the octets of the packet."""
    for header in view.headers:
        yield from _header_lines(header, data)
    for region in view.regions:
        if isinstance(region, HeaderView):
            yield from _header_lines(region, data)
        elif region.data:
            yield from _region_lines(region)


def _header_lines(header: HeaderView, data: bytes) -> Iterator[Line]:
    yield Span(header.path, "header"), Span(f"  {header.octets} octets", "faint")
    for group in _groups(header):
        bits = group[-1].leaf.bit + group[-1].leaf.bits
        first, last = header.start + group[0].leaf.bit // 8, header.start + bits // 8
        yield from _group_lines(group, data[first:last], first)


def _groups(header: HeaderView) -> Iterator[list[FieldView]]:
    """Fields that share octets, together."""
    group: list[FieldView] = []
    for field in header.fields:
        group.append(field)
        end = field.leaf.bit + field.leaf.bits
        if end % 8 == 0:
            if group[0].leaf.bit < end:
                yield group
            group = []


def _mask(field: FieldView, group: Sequence[FieldView], octets: bytes) -> str:
    """The bits of a field at their position among those of its group: `..10 ....`."""
    first = field.leaf.bit - group[0].leaf.bit
    last = first + field.leaf.bits
    bits = "".join(f"{octet:08b}" for octet in octets)
    shown = "." * first + bits[first:last] + "." * (len(bits) - last)
    return " ".join(shown[at : at + 8] for at in range(0, len(shown), 8))


def _letters(data: bytes) -> str:
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "·" for octet in data)


def _row(at: int | None, shown: str, *rest: Span) -> Line:
    offset = f"{at:04x}" if at is not None else "    "
    return Span(f"{offset}  ", "faint"), Span(f"{shown:{_ROW * 3}} "), *rest


def _group_lines(group: Sequence[FieldView], octets: bytes, at: int) -> Iterator[Line]:
    if len(group) > 1:
        offset: int | None = at
        for field in group:
            shown = _mask(field, group, octets)
            if len(octets) * _BITS_BESIDE <= _ROW * 3:  # the octets and a mask of their bits fit side by side
                shown = f"{octets.hex(' ') if offset is not None else ' ' * (len(octets) * 3 - 1)}  {shown}"
            elif offset is not None:
                yield _row(offset, octets.hex(" "))
                offset = None
            yield _row(offset, shown, *_label(field))
            offset = None
        return
    for start in range(0, len(octets), _ROW):
        yield _row(at + start, octets[start : start + _ROW].hex(" "), *(_label(group[0]) if start == 0 else ()))


def _label(field: FieldView) -> Line:
    name = Span(field.leaf.path, "note")
    return (name,) if field.leaf.field.kind == "bytes" else (name, Span(f" {field.value}"))


def _region_lines(region: RegionView) -> Iterator[Line]:
    yield Span(region.title, "header"), Span(f"  {len(region.data)} octets", "faint")
    for start in range(0, len(region.data), _LONG_ROW):
        row = region.data[start : start + _LONG_ROW]
        yield (
            Span(f"{region.start + start:04x}  ", "faint"),
            Span(f"{row.hex(' '):{_LONG_ROW * 3}} "),
            Span(_letters(row), "faint"),
        )
