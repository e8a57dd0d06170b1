"""What a plain header is: one that consists of its first run alone and fills its bound to the end.

Strategy: whether a class can be plain, and by which values a header of it is, is read from the layout; what is
generated for whole stacks (`fused`, `stacked`) is generated for plain headers alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.schema.facts import (
    Const,
    FragmentOffset,
    LengthField,
    MoreFragments,
    Selects,
    SizedBy,
    StackEnd,
    Unparsed,
    When,
)
from overlaycodec.schema.layout import Field, Layout, Run

__all__ = ["Link", "behind", "can_be_plain", "pinned_in", "plain_stack", "run_of", "values_when_empty"]

Link = tuple[type[Header], int | None]
"""A header, and the value of its selector that led to the next one."""


def plain_stack(headers: Sequence[Header]) -> tuple[Link, ...]:
    """The longest plain start of a decoded stack, with the keys that were taken."""
    stack: list[Link] = []
    for header in headers:
        layout = header.__layout__
        if not can_be_plain(layout) or octets_in(header) != run_of(layout).octets:
            break
        value = None
        if layout.selector is not None:
            value = getattr(header, layout.selector.name)
            lengths = layout.selector[Selects].lengths
            if lengths and value <= lengths[0]:
                break
        stack.append((type(header), value))
    if stack:
        stack[-1] = stack[-1][0], None  # what follows the last one is looked up: one function for all its values
    return tuple(stack)


def run_of(layout: Layout) -> Run:
    """The first run of a header that can be plain."""
    run = layout.parts[0]
    assert isinstance(run, Run)
    return run


def can_be_plain(layout: Layout) -> bool:
    """Whether a header of this layout is plain by the values of its first run."""
    if not isinstance(layout.parts[0], Run) or layout.parts[0].condition is not None:
        return False
    if layout.closed or layout.quotes or any(StackEnd in field for field in layout.fields):
        return False
    for field in layout.fields:
        bounds, selects = field.get(LengthField), field.get(Selects)
        if bounds and (bounds.unless or bounds.optional):
            return False
        if selects and (selects.when or selects.only or selects.unless):
            return False
    # what stands behind the first run must be there only by a flag, or be sized by a number, in that run
    behind = [part for part in layout.parts[1:] if isinstance(part, Field)]
    runs = [part for part in layout.parts[1:] if isinstance(part, Run)]
    return all(isinstance(run.condition, When) for run in runs) and all(
        values_when_empty(layout, f) is not None for f in behind
    )


def values_when_empty(layout: Layout, field: Field) -> dict[str, int] | None:
    """The values by which a field behind the run is empty or not there; None if no values say so."""
    if when := field.get(When):
        return dict.fromkeys(when.flags, False)
    if field.condition is not None:
        return None
    if sized := field.get(SizedBy):
        value, odd = divmod(-sized.bias, sized.unit)
        length = layout.by_name[sized.field]
        return None if odd or value < 0 or length.optional or sized.origin == "start" else {sized.field: value}
    return {} if Unparsed in field else None


def pinned_in(layout: Layout, selected: int | None) -> dict[str, int]:
    """The fields of the run that have one value wherever the header is plain, and what they select is known."""
    pinned: dict[str, int] = {}
    for field in layout.fields:
        if const := field.get(Const):
            pinned[field.name] = const.value
        if FragmentOffset in field or MoreFragments in field:
            pinned[field.name] = False if field.kind == "bool" else 0
    for field in behind(layout):
        pinned |= values_when_empty(layout, field) or {}
    if selected is not None:
        assert layout.selector is not None
        pinned[layout.selector.name] = selected
    here = {field.name for field in run_of(layout).fields}
    return {name: value for name, value in pinned.items() if name in here}


def behind(layout: Layout) -> list[Field]:
    """The fields behind the first run."""
    return [field for part in layout.parts[1:] for field in (part.fields if isinstance(part, Run) else (part,))]
