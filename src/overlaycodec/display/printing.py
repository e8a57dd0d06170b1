"""A packet, written for people: the tree and the octets on a stream, the summary as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.display.model import FieldView, HeaderView, PacketView, RegionView, view_of
from overlaycodec.display.octets import octet_lines
from overlaycodec.display.output import output_for
from overlaycodec.display.spans import Line, joined, text_of_line
from overlaycodec.display.summary import parts_of
from overlaycodec.display.tree import tree_lines
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import find, tokens_of

__all__ = ["hexdump", "resolved", "show", "summary"]


def show(packet: Packet, path: str | None = None, file: TextIO | None = None, catalog: Catalog = DEFAULT) -> None:
    """Writes the tree. Fields that are AUTO are shown as they would be encoded. Raises: EncodeError, PathError."""
    packet = resolved(packet, catalog)
    _write(tree_lines(_view_at(packet, path, catalog)), file)


def hexdump(packet: Packet, path: str | None = None, file: TextIO | None = None, catalog: Catalog = DEFAULT) -> None:
    """Writes the octets by their fields. Raises: EncodeError, PathError."""
    packet = resolved(packet, catalog)
    _write(octet_lines(_view_at(packet, path, catalog), encode(packet, catalog=catalog)), file)


def summary(packet: Packet, catalog: Catalog = DEFAULT) -> str:
    """The packet on one line. Raises: EncodeError."""
    return text_of_line(joined(list(parts_of(resolved(packet, catalog), catalog))))


def resolved(packet: Packet, catalog: Catalog) -> Packet:
    """The packet without AUTO; what decoding found stays with it."""
    resolved = resolve(packet, catalog=catalog)
    if resolved.headers == packet.headers:
        return packet
    return resolved


def _view_at(packet: Packet, path: str | None, catalog: Catalog) -> PacketView:
    """The view of a packet without AUTO, or of what the path names in it. Raises: PathError."""
    view = view_of(packet, catalog)
    if path is None:
        return view
    first, last = packet.span(path)
    return _part_of(view, first, last) if first <= last else _empty_part_of(view, packet, path)


def _empty_part_of(view: PacketView, packet: Packet, path: str) -> PacketView:
    """The header or the field that a path names; it has no octets."""
    if path in ("payload", "fcs"):
        return PacketView(
            (), tuple(one for one in view.regions if isinstance(one, RegionView) and one.title == path), ()
        )
    target = find(packet.headers, path)
    header = view.headers[target.header]
    named = (*(tokens_of(header.path) or ()), *target.rest)
    fields = tuple(field for field in header.fields if not target.rest or tokens_of(field.path) == named)
    return PacketView((_with_fields(header, fields),), (), ())


def _part_of(view: PacketView, first: int, last: int) -> PacketView:
    """The fields of which a bit is among those from `first` to `last`, and the same of payload and trailers.

    A header all of whose bits are among them has its empty fields, too.
    """

    def within(start: int, bits: int) -> bool:
        return start <= last and start + bits > first

    def part(header: HeaderView) -> HeaderView:
        start = header.start * 8
        if first <= start and start + header.octets * 8 - 1 <= last:
            return header
        return _with_fields(header, tuple(f for f in header.fields if within(start + f.leaf.bit, f.leaf.bits)))

    headers = tuple(found for found in map(part, view.headers) if found.fields)
    regions: list[RegionView | HeaderView] = []
    for region in view.regions:
        if isinstance(region, RegionView):
            regions += [region] if within(region.start * 8, len(region.data) * 8) else []
        elif (found := part(region)).fields:
            regions.append(found)
    return PacketView(headers, tuple(regions), ())


def _with_fields(header: HeaderView, fields: tuple[FieldView, ...]) -> HeaderView:
    return HeaderView(header.path, header.header, header.depth, header.start, header.octets, fields)


def _write(lines: Iterable[Line], file: TextIO | None) -> None:
    output = output_for("auto", file)
    for line in lines:
        output.write(*line)
