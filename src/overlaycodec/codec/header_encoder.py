"""Layout -> encoder of one header: generated source that derives what is AUTO and packs all other values as they are.

Strategy: `encode(header, content, state, out)` gives the header's octets; `content` is all that follows inside its
bound, already encoded, so that lengths and checksums are known. With a list `out` the resolved header is appended to
it: encoding and resolving are one piece of code. Values were checked when the header was made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct

from overlaycodec.checksum import crc32c, internet_checksum
from overlaycodec.codec.emitters import (
    LENGTH,
    Keys,
    derived_checksum,
    packed_value,
    selector_values,
    struct_arguments,
    unreadable_next,
)
from overlaycodec.codec.encode_fields import add_octets, add_presence
from overlaycodec.codec.encode_jumbo import add_jumbo_length, add_jumbo_octets
from overlaycodec.codec.encode_lengths import add_extent, add_sizes
from overlaycodec.codec.struct_plan import plan
from overlaycodec.codegen import Source, linear, literal
from overlaycodec.schema.keys import KeySpace, PreviousHeader
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.record import builder_of
from overlaycodec.values import AUTO
from overlaycodec.values.by_class import ByClass

__all__ = ["HeaderEncoder", "header_encoder_of"]

HeaderEncoder = Callable[..., bytes]
"""`encode(header, content, state, out)`; `state` is an `EncodeState`, and `NO_PACKET` for an element."""


def header_encoder_of(layout: Layout, keys: Keys) -> HeaderEncoder:
    """The encoder of headers of this layout; `keys` gives the first key of each class in a space."""
    source = Source(f"encode_{layout.name}", "header, content, state, out")
    source.names |= {"AUTO": AUTO, "CLS": layout.cls, "build": builder_of(layout.cls)}
    source.add(*(f"v_{field.name} = header.{field.name}" for field in layout.fields))
    if not layout.fixed:
        source.comment("flags, optional fields, and fields of variable size")
    _add_flags(source, layout, keys)
    add_presence(source, layout)
    elements = cache(lambda cls: header_encoder_of(cls.__layout__, keys))  # a catalog may know classes of its own
    add_jumbo_length(source, layout)
    for part in layout.parts:
        if isinstance(part, Field):
            add_octets(source, layout, part, elements)
    add_jumbo_octets(source, layout)
    if layout.sized_by or layout.extent or layout.selector:
        source.comment("lengths, and what follows")
    add_sizes(source, layout)
    add_extent(source, layout)
    _add_selector(source, layout, keys)
    _add_readable(source, layout, keys)
    source.comment("octets, and the checksum over them")
    _add_packing(source, layout)
    _add_checksum(source, layout, keys)
    source.comment("the resolved header")
    values = ", ".join(f"v_{field.name}" for field in layout.fields)
    source.add(f"if out is not None: out.append(build({values}))", "return octets")
    encoder: HeaderEncoder = source.compile("header encoder")
    return encoder


def _add_flags(source: Source, layout: Layout, keys: Keys) -> None:
    """Flags that are derived: from what is present, from the elements of option lists, from the next header."""
    for field in layout.fields:
        local = f"v_{field.name}"
        if field.name in layout.flag_of:
            first = [f for f in layout.flag_of[field.name] if f.presence and f.presence.fields[0] == field.name]
            tests = [f"(v_{f.name} is not None and v_{f.name} is not AUTO)" for f in first]
            tests += _wanted_by_next(source, layout, field, keys)
            source.add(f"if {local} is AUTO: {local} = {' or '.join(tests) or 'False'}")
        elif (marks := field.element_flag) is not None:
            source.add(
                f"if {local} is AUTO: {local} = any(e.{marks.field} & {literal(marks.mask)} for e in v_{marks.options})"
            )
        elif layout.next.repeat is not None and layout.next.repeat.flag == field.name:
            source.add(f"if {local} is AUTO: {local} = state.following is not CLS")


def _wanted_by_next(source: Source, layout: Layout, flag: Field, keys: Keys) -> list[str]:
    """The tests whether the next header is found only where the flag is set."""
    space, carried = layout.next.space, layout.next.carried
    if space is None:
        return []
    by_class = keys.keys_by_class(space)
    tests = []
    if layout.next.flag == flag.name and carried is not None:
        other = ByClass(lambda cls: by_class[cls] not in (None, carried.value))
        tests.append(f"{source.bind('NOT_CARRIED', other)}[state.following]")
    if flag.name in keys.flags_asked(space):
        wanted = ByClass(lambda cls: by_class[cls] is not None and _wants(cls.__layout__, space, flag.name))
        tests.append(f"{source.bind('WANTED', wanted)}[state.following]")
    return tests


def _wants(layout: Layout, space: KeySpace, flag: str) -> bool:
    """Whether the first key of a header has the condition that the flag is set in the header before."""
    key = next((key for key in layout.keys if key.space == space), None)
    return key is not None and any(
        isinstance(c, PreviousHeader) and c.field == flag and c.value for c in key.conditions
    )


def _add_selector(source: Source, layout: Layout, keys: Keys) -> None:
    field, lengths = layout.selector, layout.next.lengths
    if field is None:
        return
    local, path = f"v_{field.name}", f"{layout.name}.{field.name}"
    values = source.bind("VALUES", selector_values(layout.next, keys))
    source.add(
        f"if {local} is AUTO:",
        f"    {local} = {values}[state.following]",
        f"    if {local} is None: {local} = state.unselected({path!r})",
    )
    if lengths is not None:
        counted = f"counted({path!r}, len(content), 1, 0, {literal(lengths.limit)})"
        source.add(f"    elif {local} == {LENGTH}: {local} = {counted}")


def _add_readable(source: Source, layout: Layout, keys: Keys) -> None:
    """The test that a decoder would read the next header as what it is, where no field says what follows."""
    unreadable = unreadable_next(layout.next, keys)
    if unreadable is not None:
        read_as = source.bind("READ_AS", unreadable)
        source.add(f"if {read_as}[state.following]: state.unreadable({layout.name!r}, {read_as}[state.following])")


def _add_packing(source: Source, layout: Layout) -> None:
    if layout.checksum is not None:
        local = f"v_{layout.checksum.name}"
        source.add(f"derive = {local} is AUTO", f"if derive: {local} = 0")
    terms = []
    for number, part in enumerate(layout.parts):
        if isinstance(part, Field):
            terms.append(f"e_{part.name}")
            continue
        format_, items = plan(part)
        pack = source.bind(f"pack{number}", Struct(format_).pack)
        packed = f"{pack}({', '.join(struct_arguments(items, _packed))})"
        terms.append(packed if part.presence is None else f"({packed} if v_{part.fields[0].name} is not None else b'')")
    source.add(f"octets = {' + '.join(terms)}")


def _packed(field: Field) -> str:
    return packed_value(field, f"v_{field.name}")


def _add_checksum(source: Source, layout: Layout, keys: Keys) -> None:
    coverage = layout.coverage
    if coverage is None:
        return
    local, path = f"v_{coverage.field.name}", f"{layout.name}.{coverage.field.name}"
    source.add("if derive and not state.omits_checksum():" if coverage.zero_absent else "if derive:")
    source.indent()
    if coverage.header_only:
        source.names["internet_checksum"] = internet_checksum
        source.add(f"{local} = internet_checksum(octets)")
    elif coverage.algorithm == "crc32c":
        source.names["crc32c"] = crc32c
        source.add(f"{local} = int.from_bytes(crc32c(octets + content).to_bytes(4, 'little'), 'big')")
    else:
        source.names["internet_checksum"] = internet_checksum
        source.add("covered = octets + content")
        _add_bound(source, layout)
        protocol = keys.keys_by_class(IP_PROTOCOL)[layout.cls] or 0
        start = f"state.pseudo({path!r}, len(covered), {literal(protocol)})" if coverage.pseudo else "0"
        source.add(f"{local} = {derived_checksum(coverage, f'internet_checksum(covered, {start})')}")
    first, last = coverage.octet, coverage.octet + coverage.octets
    source.add(f"octets = octets[:{first}] + {local}.to_bytes({coverage.octets}, 'big') + octets[{last}:]")
    source.dedent()


def _add_bound(source: Source, layout: Layout) -> None:
    """What the checksum covers ends where the length field says (see `Layout.covered_octets`)."""
    extent = layout.extent
    if extent is None or extent.segmented:
        return
    length = f"v_{extent.field.name}"
    octets = linear(length, extent.unit, extent.bias) + ("" if extent.from_start else " + len(octets)")
    known = f"{length} is not None" if extent.zero == "length" else length
    source.add(f"if {known} and len(octets) <= {octets} < len(covered): covered = covered[:{octets}]")
