"""Where the content of a header ends, for many packets at once: the rules of the scalar decoder."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints, Mask, Values
from overlaycodec.columnar.decode.bit_fields import bits_of
from overlaycodec.columnar.decode.group import Group, every, gathered, least, some
from overlaycodec.schema.layout import Layout, Run
from overlaycodec.schema.plans import Extent

__all__ = ["end_after", "end_by_length", "end_by_option", "jumbo_lengths"]


def end_by_length(group: Group, extent: Extent, values: Values) -> Mask | None:
    """Ends the regions where the length field declares their end, but none later than before.

    Gives the packets whose declared end is before the end of the header, if there are any.
    """
    start = group.start if extent.from_start else group.offset
    declared = values.astype(np.int64)
    if extent.unit != 1:
        declared *= extent.unit
    declared += start + extent.bias
    valid: Mask | None = None
    if extent.unless is not None:
        unless = group.values[extent.unless] != 0
        if some(unless):
            valid = ~unless
    if extent.zero == "unbounded" and not every(values):
        zero = values == 0
        group.zero = zero if valid is None else valid & zero
        valid = ~zero if valid is None else valid & ~zero
    if extent.zero == "jumbo" and group.zero is not None:
        bounded = (values != 0) | ~group.zero
        valid = bounded if valid is None else valid & bounded
    return _end_at(group, declared, valid)


def jumbo_lengths(group: Group) -> Ints:
    """The length that the first option of each header gives for a jumbogram; -1 where it is another option.

    Where the length field of the IP header gives a bound, it does not count. Spec: RFC 2675 section 2.
    """
    assert group.zero is not None
    before, consts, (bit, bits) = _jumbo_option_of(group.node.layout)
    rows = gathered(group.octets, group.base() + group.start + before)
    lengths = bits_of(rows, None, bit, bits).astype(np.int64)
    known = ~group.zero
    known |= np.logical_and.reduce([bits_of(rows, None, at, count) == value for at, count, value in consts])
    return np.where(known, lengths, -1)


@lru_cache(maxsize=64)
def _jumbo_option_of(layout: Layout) -> tuple[int, list[tuple[int, int, int]], tuple[int, int]]:
    """The octets before the options; the bits of the option with the length that are constant; those of the length."""
    jumbo, head = layout.jumbo, layout.parts[0]
    assert jumbo is not None
    run = jumbo.element.__layout__.parts[0]
    assert isinstance(head, Run)
    assert isinstance(run, Run)
    consts = [(run.bit_of(field.name), field.bits or 0, field.const) for field in run.fields if field.const is not None]
    return head.octets, consts, (run.bit_of(jumbo.field), jumbo.element.__layout__.by_name[jumbo.field].bits)


def end_by_option(group: Group, lengths: Ints) -> Mask | None:
    """Ends the regions where the option of a jumbogram declares it, counted from the start of its header.

    Gives what `end_by_length` gives.
    """
    return _end_at(group, lengths + group.start, group.zero)


def end_after(group: Group, lengths: Ints) -> None:
    """Ends the regions after so many octets: a type field is a length (IEEE 802.3)."""
    _end_at(group, lengths + group.offset, None)


def _end_at(group: Group, declared: Ints, valid: Mask | None) -> Mask | None:
    """Ends regions at their declared ends, where these are valid (None: everywhere), but none later than before."""
    early: Mask | None = None
    if least(declared) < group.offset:
        early = declared < group.offset
        if valid is not None:
            early &= valid
        if not some(early):
            early = None
    cut: Mask = declared > group.left
    if valid is not None:
        cut &= valid
    group.cut = cut if some(cut) else None
    ends = np.minimum(declared, group.left, out=declared)
    group.left = ends if valid is None else np.where(valid, ends, group.left)
    group.least = least(group.left)
    return early
