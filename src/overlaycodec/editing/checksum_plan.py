"""One function for the checksums of a stack of option-free headers: each covers octets at known offsets.

Strategy: what `checksums` tests for each header is generated from the layouts, once for a stack. The function holds
where every header is option-free; the octets of the packet tell that by their number alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from overlaycodec.codec.stack_shape import run_of
from overlaycodec.codegen import Source, linear, literal
from overlaycodec.packet.header import Header
from overlaycodec.schema.layout import Layout

__all__ = ["StackChecksums", "checksums_of_stack"]

StackChecksums = Callable[[Sequence[Header], bytes, bool, Any], dict[str, Any]]  # Any: statuses
"""`status(headers, octets, complete, protocols)`: the statuses by path; `protocols` gives a class's IP protocol."""


def checksums_of_stack(
    layouts: Sequence[Layout], names: Sequence[str], words: Mapping[str, object]
) -> StackChecksums | None:
    """The function; None where a header of the stack is one that only the general rule knows.

    `words` are the statuses by their names: `VALID`, `BAD`, `ABSENT`, `PARTIAL`, `UNVERIFIABLE`.
    """
    if not all(map(_is_simple, layouts)):
        return None
    source = Source(
        "_".join(["checksums", *(layout.name for layout in layouts)]), "headers, octets, complete, protocols"
    )
    source.names |= words
    source.add(f"({', '.join(f'h{index}' for index in range(len(layouts)))},) = headers")
    source.add("statuses = {}", "end = len(octets)")
    offset = 0
    for index, layout in enumerate(layouts):
        outside = layouts[index - 1] if index else None
        if outside is not None and outside.layer == "extension" and layout.coverage is not None:
            return None  # it may have another address for the pseudo-header
        _add_header(source, index, offset, layout, outside, names[index])
        offset += run_of(layout).octets
    source.add("return statuses")
    function: StackChecksums = source.compile("stack checksums")
    return function


def _is_simple(layout: Layout) -> bool:
    run = run_of(layout).fields
    extent, coverage = layout.extent, layout.coverage
    if layout.segmented or layout.quotes or layout.jumbo is not None:
        return False
    if extent is not None and (extent.unless is not None or extent.field not in run or extent.field.optional):
        return False
    if coverage is None or coverage.field not in run:
        return True
    return coverage.algorithm == "internet" and run_of(layout).octets % 2 == 0 and not coverage.field.optional


def _add_header(source: Source, index: int, offset: int, layout: Layout, outside: Layout | None, name: str) -> None:
    header, size = f"h{index}", run_of(layout).octets
    extent, coverage = layout.extent, layout.coverage
    if extent is not None:
        length = f"{header}.{extent.field.name}"
        counts = "" if extent.zero == "length" else f"{length} and "
        bound = linear(length, extent.unit, extent.end_of(0, size))
        source.add(f"bound = {bound}", "stop = end", f"if {counts}bound >= {size}:")
        source.add(f"    stop = {linear('bound', 1, offset)}", "    complete = stop <= end")
    if coverage is not None and coverage.field in run_of(layout).fields:
        if extent is not None and not coverage.header_only:
            source.add("if stop > end: stop = end")
        value, path = f"{header}.{coverage.field.name}", literal(f"{name}.{coverage.field.name}")
        absent = [f"{value} == 0"] if coverage.zero_absent else []
        absent += [f"not {header}.{coverage.flag}"] if coverage.flag is not None else []
        source.add(f"if {' or '.join(absent) or 'False'}:", "    status = ABSENT")
        if coverage.header_only:
            region = source.bind("HEADER", slice(offset, offset + size))
            source.add("else:", f"    total = int.from_bytes(octets[{region}], 'big')")
            source.add("    status = BAD if total % 0xFFFF or not total else VALID")
        else:
            source.add("elif not complete:", "    status = UNVERIFIABLE", "else:")
            source.indent()
            _add_content(source, index, offset, layout, outside, "end" if extent is None else "stop")
            source.dedent()
        source.add(f"statuses[{path}] = status")
    if layout.fragment_fields:
        source.add(f"if {' or '.join(f'{header}.{field}' for field in layout.fragment_fields)}: complete = False")


def _add_content(source: Source, index: int, offset: int, layout: Layout, outside: Layout | None, stop: str) -> None:
    """The status of a checksum over the header and its content, up to `stop`."""
    coverage = layout.coverage
    assert coverage is not None
    if coverage.pseudo and (outside is None or outside.layer != "network"):
        source.add("status = UNVERIFIABLE")
        return
    source.add(f"total = int.from_bytes(octets[{offset}:{stop}], 'big')", f"if ({stop} - {offset}) % 2: total <<= 8")
    if coverage.pseudo:
        cls = source.bind(layout.name, layout.cls)
        addresses = f"int(h{index - 1}.src) + int(h{index - 1}.dst)"
        source.add(f"start = {addresses} + {stop} - {offset} + (protocols[{cls}] or 0)", "total += start")
    source.add("if total % 0xFFFF == 0 and total: status = VALID")
    if coverage.pseudo:
        value = f"h{index}.{coverage.field.name}"
        source.add(f"elif {value} == (start % 0xFFFF or (0xFFFF if start else 0)): status = PARTIAL")
    source.add("else: status = BAD")
