"""Which headers are option-free: those that consist of their first run alone and fill their bound to the end.

Strategy: whether a class has option-free headers, and which values such a header has, is read from the layout. What is
generated for stacks (`stack_decoder`, `stack_encoder`) is generated for option-free headers alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.schema.layout import Field, Layout, Run
from overlaycodec.schema.plans import LengthSize, UnparsedSize, ValueLength

__all__ = [
    "StackEntry",
    "can_be_option_free",
    "constants_of",
    "fields_after_run",
    "option_free_stack",
    "run_of",
    "values_when_empty",
]

StackEntry = tuple[type[Header], int | None]
"""A header class, and the value of its selector that led to the next header."""


def option_free_stack(headers: Sequence[Header]) -> tuple[StackEntry, ...]:
    """The option-free headers that a decoded packet starts with, and the key by which each next one was found."""
    stack: list[StackEntry] = []
    for header in headers:
        layout = header.__layout__
        if not can_be_option_free(layout) or octets_in(header) != run_of(layout).octets:
            break
        value = None
        if layout.selector is not None:
            value = getattr(header, layout.selector.name)
            if isinstance(layout.next.of(header), ValueLength):
                break
        stack.append((type(header), value))
    if stack:
        stack[-1] = stack[-1][0], None  # what follows the last one is looked up: one function for all its values
    return tuple(stack)


def run_of(layout: Layout) -> Run:
    """The first run of a header that can be option-free."""
    run = layout.parts[0]
    assert isinstance(run, Run)
    return run


def can_be_option_free(layout: Layout) -> bool:
    """Whether the values of its first run can make a header of this layout option-free."""
    first, *others = layout.parts
    if not isinstance(first, Run) or first.presence is not None:
        return False
    following, extent = layout.next, layout.extent
    if following.closed or layout.quotes or following.repeat is not None or following.guards or following.content:
        return False
    if extent is not None and (extent.unless or extent.optional):
        return False
    # what is after the first run is present only by a flag, or sized by a number, in that run
    return all(
        (part.presence is not None and part.presence.by_flags)
        if isinstance(part, Run)
        else values_when_empty(layout, part) is not None
        for part in others
    )


def values_when_empty(layout: Layout, field: Field) -> dict[str, int] | None:
    """The values by which a field after the run is empty or absent; None if no values make it so."""
    if field.presence is not None:
        return dict.fromkeys(field.presence.fields, False) if field.presence.by_flags else None
    size = field.size
    if field.construct is not None:  # what it reads of no octets, the construct object alone knows
        return None
    if isinstance(size, UnparsedSize):
        return {}
    if not isinstance(size, LengthSize) or size.from_start or layout.by_name[size.field].optional:
        return None
    value, odd = divmod(-size.bias, size.unit)
    return None if odd or value < 0 else {size.field: value}


def constants_of(layout: Layout, selected: int | None) -> dict[str, int]:
    """The fields of the run that have one value in every option-free header whose selector has the value `selected`."""
    constants = {field.name: field.const for field in layout.fields if field.const is not None}
    for name in layout.fragment_fields:
        constants[name] = False if layout.by_name[name].kind == "bool" else 0
    for field in fields_after_run(layout):
        constants |= values_when_empty(layout, field) or {}
    if selected is not None:
        assert layout.selector is not None
        constants[layout.selector.name] = selected
    in_run = {field.name for field in run_of(layout).fields}
    return {name: value for name, value in constants.items() if name in in_run}


def fields_after_run(layout: Layout) -> list[Field]:
    """The fields after the first run."""
    return [field for part in layout.parts[1:] for field in (part.fields if isinstance(part, Run) else (part,))]
