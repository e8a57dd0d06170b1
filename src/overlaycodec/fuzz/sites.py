"""Where the fields of a packet are: every field of every header and option, with its path, bits and number."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from overlaycodec.fuzz.mutation import Edit, Kind, Mutation
from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.plans import LengthSize
from overlaycodec.schema.record import WireStruct

__all__ = ["RecordSite", "Site", "mask_of", "records_of"]


def mask_of(bit: int, bits: int, difference: int) -> tuple[int, bytes]:
    """The first octet, and the mask from there on, that inverts the bits of `difference` in a field."""
    first, end = bit // 8, -(-(bit + bits) // 8)
    return first, (difference << end * 8 - bit - bits).to_bytes(end - first, "big")


class Site(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A field that is there: its path, its first bit and its number of bits in the packet, and its value.

    The value is the number in the bits of the field, of octets too; in the declared byte order.
    """

    path: str
    field: Field
    layout: Layout
    bit: int
    bits: int
    value: int
    size: LengthSize | None = None
    """What it gives the size of: a field of its record, or of an option of any kind."""

    @property
    def kind(self) -> Kind:
        """What a mutation of the field does."""
        layout, name = self.layout, self.field.name
        if layout.coverage is not None and layout.coverage.field.name == name:
            return "checksum"
        if name in layout.sized_by or self.size is not None:
            return "count" if self.size is None else "length"
        if self.field.jumbo_length or (layout.extent is not None and layout.extent.field.name == name):
            return "length"
        following = layout.next
        if (following.selector is not None and following.selector.name == name) or (
            following.repeat is not None and following.repeat.flag == name
        ):
            return "selector"
        return "flag" if name in layout.flag_of else "value"

    def raw(self, value: int) -> int:
        """The bits of a value as they are on the wire."""
        if self.field.byte_order != "little":
            return value
        return int.from_bytes(value.to_bytes(self.bits // 8, "little"), "big")

    def mutation(self, label: str, value: int, kind: Kind | None = None) -> Mutation:
        """The mutation that writes another value."""
        edit = Edit(*mask_of(self.bit, self.bits, self.raw(self.value) ^ self.raw(value)))
        return Mutation(kind or self.kind, self.path, label, (edit,), (self.bit, self.bits))


class RecordSite(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A header, or an element of an option list: its path, its octets and its fields."""

    path: str
    header: int
    """The index of the header that it is, or is in."""
    record: WireStruct
    start: int
    stop: int
    fields: tuple[Site, ...]
    options: Field | None = None
    """The option list that an element is in; None for a header."""
    options_stop: int = 0
    """The octet at which the option list, and what could not be read of it, ends."""

    def site(self, name: str) -> Site | None:
        """The field of this name, if it is there."""
        return next((site for site in self.fields if site.field.name == name), None)


def records_of(packet: Packet, data: bytes) -> list[RecordSite]:
    """Every header of a decoded packet, and every element in it, in the order of their octets."""
    found: list[RecordSite] = []
    start = 0
    for index, (name, header) in enumerate(zip(names_of(packet.headers), packet.headers, strict=True)):
        found += _records(name, index, header, start, data, None, 0)
        start += octets_in(header)
    return found


def _records(
    path: str, header: int, record: WireStruct, start: int, data: bytes, options: Field | None, options_stop: int
) -> Iterator[RecordSite]:
    layout = record.__layout__
    sites, inside = [], []
    sizes = _sizes_of(layout) if options is None else _sizes_of(options.element.__layout__) | _sizes_of(layout)
    stop = start
    for field, offset, bits in spans_of(record):
        bit = start * 8 + offset
        stop = (bit + bits) // 8
        if field.kind == "items":
            inside.append((field, bit // 8))
        elif bits:
            sites.append(_site(f"{path}.{field.name}", field, layout, bit, bits, data, sizes.get((offset, bits))))
    yield RecordSite(path, header, record, start, stop, tuple(sites), options, options_stop)
    for field, at in inside:
        elements: tuple[WireStruct, ...] = getattr(record, field.name)
        rest = layout.remainder_of(field.name)
        left = (getattr(record, rest.name) if rest is not None else None) or b""
        end = at + sum(map(octets_in, elements)) + len(left)
        begins = at
        for number, element in enumerate(elements):
            yield from _records(f"{path}.{field.name}[{number}]", header, element, begins, data, field, end)
            begins += octets_in(element)


def _sizes_of(layout: Layout) -> dict[tuple[int | None, int], LengthSize]:
    """What length fields give the size of, by their first bits and numbers of bits.

    Options of all kinds have their length at the same bits, one whose length is a constant too.
    """
    return {
        (layout.fixed_bit_of(name), layout.by_name[name].width): field.size
        for name, fields in layout.sized_by.items()
        for field in fields
        if isinstance(field.size, LengthSize)
    }


def _site(path: str, field: Field, layout: Layout, bit: int, bits: int, data: bytes, size: LengthSize | None) -> Site:
    end = -(-(bit + bits) // 8)
    value = int.from_bytes(data[bit // 8 : end], "big") >> end * 8 - bit - bits & (1 << bits) - 1
    site = Site(path, field, layout, bit, bits, value, size)
    return msgspec.structs.replace(site, value=site.raw(value)) if field.byte_order == "little" else site
