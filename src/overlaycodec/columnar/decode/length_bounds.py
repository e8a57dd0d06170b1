"""How far what follows a header reaches, for many packets at once: the rules of `walk`."""

from __future__ import annotations

import numpy as np

from overlaycodec.columnar.decode.batch import Ints
from overlaycodec.columnar.decode.bit_fields import Values
from overlaycodec.columnar.decode.group import Group, Mask, every, least, some
from overlaycodec.schema.facts import LengthField

__all__ = ["bound", "framed"]


def bound(group: Group, bounds: LengthField, values: Values) -> Mask | None:
    """Ends what follows where the length field says, as far as there is so much.

    Gives the packets in which the field says less than the header takes, if there are any.
    """
    start = group.start if bounds.origin == "start" else group.at
    claim = values.astype(np.int64)
    if bounds.unit != 1:
        claim *= bounds.unit
    claim += start + bounds.bias
    told: Mask | None = None
    if bounds.unless:
        unless = group.values[bounds.unless] != 0
        if some(unless):
            told = ~unless
    if bounds.zero == "unbounded" and not every(values):
        zero = values == 0
        group.zero = zero if told is None else told & zero
        told = ~zero if told is None else told & ~zero
    return _reach(group, claim, told)


def framed(group: Group, lengths: Ints) -> None:
    """Ends what follows after so many octets, by a type field that is a length (802.3)."""
    _reach(group, lengths + group.at, None)


def _reach(group: Group, claim: Ints, told: Mask | None) -> Mask | None:
    """Ends regions at claimed ends, where they are told: none reaches farther for it than before."""
    early: Mask | None = None
    if least(claim) < group.at:
        early = claim < group.at
        if told is not None:
            early &= told
        if not some(early):
            early = None
    nearer = np.minimum(claim, group.left, out=claim)
    group.left = nearer if told is None else np.where(told, nearer, group.left)
    group.least = least(group.left)
    return early
