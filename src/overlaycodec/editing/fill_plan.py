"""What `fill` renews in a stack of option-free headers that are all here, found once for the classes of the headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encoded_stack
from overlaycodec.codec.stack_shape import can_be_option_free, run_of
from overlaycodec.editing.stack_plan import PLANS, StackPlan
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.plans import Coverage, LengthSize, UnparsedSize
from overlaycodec.values import AUTO
from overlaycodec.values.by_class import ByClass

__all__ = ["filled_stack"]

_copy: Any = msgspec.Struct.__replace__  # Any: a method of C


class _Step(msgspec.Struct, frozen=True):
    """What is renewed in one header."""

    index: int
    changes: dict[str, Any]  # Any: AUTO, for fields of any type
    without_checksum: dict[str, Any]  # Any: as above
    """The same where the checksum stays as it is."""
    coverage: Coverage | None
    omitted: bool
    """Whether the next header would have the checksum left out."""
    fragment_fields: tuple[str, ...]
    length: str | None
    """A length field in which 0 may mean something else."""
    selector: tuple[str, int] | None
    """A selector of which the values up to a limit are lengths."""


def filled_stack(packet: Packet, catalog: Catalog) -> Packet | None:
    """The packet as `fill` gives it; None where the general rule has to tell, header by header."""
    headers = packet.headers
    classes = tuple(map(type, headers))
    steps: tuple[_Step, ...] | None = _STEPS[classes]
    if steps is None or packet.trailers or packet.missing:
        return None
    plan: StackPlan = PLANS[classes]
    if (plan.is_open is None and not plan.counted()) or plan.derive is None:
        return None
    assert plan.is_open is not None
    if plan.is_open(headers):
        return None
    changed: list[Header] = list(headers)
    for step in steps:
        header = headers[step.index]
        for name in step.fragment_fields:
            if getattr(header, name):
                return None
        if step.length is not None and not getattr(header, step.length):
            return None
        if step.selector is not None and getattr(header, step.selector[0]) <= step.selector[1]:
            return None
        changes = step.changes
        if step.coverage is not None and step.coverage.absent_in(header):
            changes = step.without_checksum
        elif step.omitted:
            return None
        if changes:
            changed[step.index] = _copy(header, **changes)
    opened = packet._with(tuple(changed))
    octets = encoded_stack(classes, opened, catalog)
    return None if octets is None else packet._with(plan.derive(changed, octets))


def _steps_of(classes: tuple[type[Header], ...]) -> tuple[_Step, ...] | None:
    layouts = [cls.__layout__ for cls in classes]
    steps = []
    for index, layout in enumerate(layouts):
        if not _is_simple(layout):
            return None
        coverage = layout.coverage if layout.checksum in run_of(layout).fields else None
        if coverage is not None and coverage.pseudo and (not index or layouts[index - 1].layer != "network"):
            return None
        lengths: dict[str, Any] = dict.fromkeys(layout.sized_by, AUTO)
        extent, rule, selector = layout.extent, layout.next.lengths, layout.selector
        if extent is not None and not extent.optional:
            lengths[extent.field.name] = AUTO
        checked = lengths if coverage is None else lengths | {coverage.field.name: AUTO}
        step = _Step(
            index,
            checked,
            lengths,
            coverage,
            omitted=_omits(layouts, index, coverage),
            fragment_fields=layout.fragment_fields,
            length=None if extent is None or extent.optional or extent.zero == "length" else extent.field.name,
            selector=None if rule is None or selector is None else (selector.name, rule.limit),
        )
        if checked or step.selector or step.fragment_fields:
            steps.append(step)
    return tuple(steps)


def _omits(layouts: Sequence[Layout], index: int, coverage: Coverage | None) -> bool:
    following = layouts[index + 1] if index + 1 < len(layouts) else None
    return coverage is not None and coverage.zero_absent and following is not None and following.unchecked


def _is_simple(layout: Layout) -> bool:
    """Whether the fields that `fill` renews in an option-free header follow from the layout alone."""
    if not can_be_option_free(layout) or layout.segmented or layout.quotes or layout.jumbo is not None:
        return False
    run = run_of(layout).fields
    extent = layout.extent
    if extent is not None and (extent.unless is not None or extent.field not in run or extent.field.optional):
        return False
    if any(layout.by_name[name] not in run or layout.by_name[name].optional for name in layout.sized_by):
        return False
    for field in layout.fields:
        if isinstance(field.size, UnparsedSize):
            size = layout.by_name[field.size.of].size
            start = run_of(layout).octets if isinstance(size, LengthSize) and size.from_start else 0
            if not isinstance(size, LengthSize) or (start - size.bias) % size.unit:
                return False
    return True


_STEPS: Final = ByClass(_steps_of)
