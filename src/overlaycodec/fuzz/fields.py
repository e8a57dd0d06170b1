"""Mutations of fields: numbers at their limits, and lengths, counts, selectors, flags and checksums that lie.

Strategy: which values are tried follows from the declaration: how many bits a field has, whether it is a length and in
which unit, which key space it selects from, what else an option could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from overlaycodec.codec.catalog import Catalog
from overlaycodec.fuzz.mutation import Edit, Mutation
from overlaycodec.fuzz.sites import RecordSite, Site
from overlaycodec.packet.offsets import octets_in
from overlaycodec.values import MACAddress

__all__ = ["field_mutations", "numbers_of", "value_text"]

_WORD: Final = 4
_SPECIAL: Final[dict[str, tuple[int, ...]]] = {
    "mac": (0x01005E000001, 0x333300000001, 0x0180C2000000),
    "ipv4": tuple(int(IPv4Address(text)) for text in ("127.0.0.1", "224.0.0.1", "169.254.0.1")),
    "ipv6": tuple(int(IPv6Address(text)) for text in ("::1", "ff02::1", "fe80::1", "::ffff:127.0.0.1")),
}
"""Addresses that receivers treat in a way of their own: loopback, groups, link-local (RFC 6890, RFC 4291, RFC 7042)."""

_MAPPED: Final = 0xFFFF
"""What IPv6 addresses that have an IPv4 address in their last 32 bits begin with (RFC 4291 section 2.5.5.2)."""

Number = tuple[int, str]
"""A value, and how a label gives it: "- 1", "= 5"."""


def field_mutations(records: Iterable[RecordSite], data: bytes, catalog: Catalog) -> Iterator[Mutation]:
    """Every mutation of one field of these headers and elements."""
    for record in records:
        for site in record.fields:
            yield from _written(site, numbers_of(site, record, catalog))
        if record.options is not None:
            yield from _overruns(record)
            yield from _other_options(record, data)


def numbers_of(site: Site, record: RecordSite, catalog: Catalog) -> Iterator[Number]:
    """The values that are tried in a field; some may occur twice, or be its own."""
    match site.kind:
        case "length" | "count":
            yield from _lengths(site, record)
        case "selector":
            yield from _selectors(site, catalog)
        case _:
            yield from _special(site, record)
    yield from _boundaries(site)


def _written(site: Site, numbers: Iterable[Number]) -> Iterator[Mutation]:
    seen = {site.value}
    for value, text in numbers:
        if value not in seen and 0 <= value < 1 << site.bits:
            seen.add(value)
            yield site.mutation(f"{site.path} {text}", value)


def value_text(site: Site, value: int) -> str:
    """A value of the field as people write it."""
    match site.field.kind:
        case "mac" if site.bits == 48:
            return str(MACAddress(value.to_bytes(6, "big")))
        case "ipv4":
            return str(IPv4Address(value))
        case "ipv6":
            if value >> 32 == _MAPPED:  # Python writes it so from 3.13 on
                return f"::ffff:{IPv4Address(value & 0xFFFF_FFFF)}"
            return str(IPv6Address(value))
        case "int" | "bool":
            if site.layout.selector is not None and site.layout.selector.name == site.field.name:
                space = site.layout.next.space
                return str(value) if space is None else space.text(value)
            return str(value) if site.field.notation is None else site.field.notation.text(value)
    octets = value.to_bytes(-(-site.bits // 8), "big")
    first = octets[:1].hex()
    return f"0x{octets.hex()}" if len(octets) <= 8 else f"0x{first}... ({len(octets)} octets)"


def _equal(site: Site, *values: int) -> Iterator[Number]:
    return ((value, f"= {value_text(site, value)}") for value in values)


def _near(site: Site, *differences: int) -> Iterator[Number]:
    return (
        (site.value + difference, f"{'-' if difference < 0 else '+'} {abs(difference)}") for difference in differences
    )


def _boundaries(site: Site) -> Iterator[Number]:
    """The values at the limits of the bits, and next to what is there."""
    top = 1 << site.bits - 1
    if site.bits == 1:
        return _equal(site, site.value ^ 1)
    if site.bits > 128 or site.field.kind in ("bytes", "via"):
        return _equal(site, 0, 2 * top - 1, site.value ^ top, site.value ^ 1)
    if site.field.kind not in ("int", "bool"):
        return _equal(site, 0, 2 * top - 1, site.value ^ top, site.value ^ 1)
    return iter((*_equal(site, 0, 1, 2 * top - 1, 2 * top - 2, top, top - 1), *_near(site, -1, 1)))


def _special(site: Site, record: RecordSite) -> Iterator[Number]:
    """Values with a meaning: names that the declaration has, special addresses, the address of the other end."""
    if site.field.reserved:
        yield from _equal(site, *(1 << bit for bit in range(site.bits)))
    if site.field.kind in ("int", "bool"):
        yield from _equal(site, *sorted(site.field.value_names))
        return
    yield from _equal(site, *(value for value in _SPECIAL.get(site.field.kind, ()) if value >> site.bits == 0))
    for other in record.fields:
        if other is not site and (other.field.kind, other.bits) == (site.field.kind, site.bits):
            yield other.value, f"= {other.path}"


def _lengths(site: Site, record: RecordSite) -> Iterator[Number]:
    """Off by one, off by a word, nothing, all; just the header, and less than it; an empty field, and less than it."""
    name, layout = site.field.name, site.layout
    unit = 1 if site.size is None else site.size.unit
    yield from _near(site, -1, 1)
    if site.kind == "length" and unit < _WORD:
        yield from _near(site, -_WORD // unit, _WORD // unit)
    yield from _equal(site, 0, (1 << site.bits) - 1)
    if site.size is not None:
        empty = -site.size.bias // site.size.unit
        yield from _equal(site, empty, empty - 1)
    if layout.extent is not None and layout.extent.field.name == name:
        extent, octets = layout.extent, octets_in(record.record)
        own = -(-(octets - extent.bias - (0 if extent.from_start else octets)) // extent.unit)
        yield from _equal(site, own, own - 1)


def _selectors(site: Site, catalog: Catalog) -> Iterator[Number]:
    """Each value at which the catalog has a header, those at which nothing is, and where lengths end."""
    following = site.layout.next
    if following.selector is None or following.selector.name != site.field.name or following.space is None:
        return
    for value in sorted(catalog.values(following.space)):
        names = dict.fromkeys(header.__layout__.name for _, header in catalog.candidates(following.space, value))
        yield value, f"= {value_text(site, value)} ({', '.join(names)})"
    if following.nothing is not None:
        yield following.nothing, f"= {value_text(site, following.nothing)} (nothing)"
    if following.lengths is not None:
        yield from _equal(site, following.lengths.limit, following.lengths.limit + 1)


def _overruns(record: RecordSite) -> Iterator[Mutation]:
    """The length of an option that leads past the end of its list, by the least that it can and by one unit more."""
    for site in record.fields:
        if site.size is None:
            continue
        past = site.value + (record.options_stop - record.stop) // site.size.unit + 1
        for value in (past, past + 1):
            if value < 1 << site.bits:
                yield site.mutation(f"{site.path} = {value}, past the end of the options", value, "overrun")


def _other_options(record: RecordSite, data: bytes) -> Iterator[Mutation]:
    """What identifies an option, replaced by what identifies another class of options."""
    assert record.options is not None
    octets, classes = record.options.typed()
    if octets > record.stop - record.start:
        return
    here = data[record.start : record.start + octets]
    for prefix, found in classes.items():
        mask = bytes(old ^ new for old, new in zip(here, prefix, strict=True))
        if any(mask):
            label = f"{record.path} read as {', '.join(element.__layout__.name for element in found)}"
            bits = (record.start * 8, octets * 8)
            yield Mutation("selector", record.path, label, (Edit(record.start, mask),), bits)
