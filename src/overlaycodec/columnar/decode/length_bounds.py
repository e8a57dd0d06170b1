"""Where the content of a header ends, for many packets at once: the rules of the scalar decoder."""

from __future__ import annotations

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints, Mask, Values
from overlaycodec.columnar.decode.group import Group, every, least, some
from overlaycodec.schema.plans import Extent

__all__ = ["end_after", "end_by_length"]


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
    return _end_at(group, declared, valid)


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
