"""Expression -> a mask over columns: which rows match.

Strategy: the same conditions as for one packet, on arrays. Columns of objects, and what is rare, are tested value by
value by the very function that tests packets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overlaycodec.filters.conditions import Condition, Intervals, condition_of, tester_of
from overlaycodec.filters.expression import And, Compare, Expression, In, Not, Or
from overlaycodec.filters.operands import Operand

__all__ = ["ColumnValues", "mask_of"]

_Mask: TypeAlias = NDArray[np.bool_]

_FEW: Final = 8
"""So many intervals are compared one by one; more of them are searched."""


class ColumnValues(NamedTuple):
    """A column: its values, where they are absent, and the words that they are indexes of."""

    values: NDArray[Any]  # Any: each column has its type
    absent: _Mask | None
    words: tuple[str, ...] | None = None


def mask_of(
    expression: Expression, operands: Mapping[str, Operand], column: Callable[[str], ColumnValues], count: int
) -> _Mask:
    """Which of the `count` rows match, (n,) bool; `column` gives the columns of `Operand.column`."""
    if isinstance(expression, Not):
        return ~mask_of(expression.term, operands, column, count)
    if isinstance(expression, And | Or):
        both = np.logical_and if isinstance(expression, And) else np.logical_or
        mask = np.full(count, isinstance(expression, And))
        for term in expression.terms:
            both(mask, mask_of(term, operands, column, count), out=mask)
        return mask
    found = column(operands[expression.path].column)
    present = np.ones(count, np.bool_) if found.absent is None else ~found.absent
    if not isinstance(expression, Compare | In):
        return present
    return _met(condition_of(expression), found, present)


def _met(condition: Condition, column: ColumnValues, present: _Mask) -> _Mask:
    """Where the values are there and meet the condition."""
    values = column.values
    if column.words is not None:
        holds = tester_of(condition)
        met: _Mask = np.array([holds(word) for word in column.words])[values]
        return present & met
    if values.dtype == object:
        holds = tester_of(condition)
        index = np.flatnonzero(present)
        mask = np.zeros(len(values), np.bool_)
        mask[index] = np.fromiter(map(holds, values[index].tolist()), np.bool_, len(index))
        return mask
    if values.dtype == np.bool_:
        met = np.isin(values, list(condition.others))
    else:
        intervals = condition.numbers[0][1] if condition.numbers else ()
        met = _within_octets(values, intervals) if values.dtype.kind == "V" else _within(values, intervals)
    return present & (~met if condition.negated else met)


def _within(values: NDArray[Any], intervals: Intervals) -> _Mask:  # Any: a type of integers
    """Where numbers are in one of the intervals."""
    info = np.iinfo(values.dtype)
    least, most = int(info.min), int(info.max)
    kept = [(max(low, least), min(high, most)) for low, high in intervals if low <= most and high >= least]
    if len(kept) <= _FEW:
        met = np.zeros(len(values), np.bool_)
        for low, high in kept:
            met |= values == values.dtype.type(low) if low == high else (values >= low) & (values <= high)
        return met
    lows, highs = (np.array(ends, values.dtype) for ends in zip(*kept, strict=True))
    index = np.searchsorted(lows, values, "right")
    return (index > 0) & (values <= highs[index - 1])


def _within_octets(values: NDArray[Any], intervals: Intervals) -> _Mask:  # Any: octets of IPv6 addresses
    """Where 16 octets, read as a number, are in one of the intervals."""
    if len(intervals) > _FEW:
        lows = np.array([_octets(low) for low, _ in intervals])
        highs = np.array([_octets(high) for _, high in intervals])
        texts = values.view("S16")  # NumPy orders byte strings, and pads them with zeros, which changes no comparison
        index = np.searchsorted(lows.view("S16"), texts, "right")
        return (index > 0) & (texts <= highs.view("S16")[index - 1])
    halves = np.ascontiguousarray(values).view(">u8").reshape(-1, 2)
    first, second = halves[:, 0], halves[:, 1]
    met = np.zeros(len(values), np.bool_)
    for low, high in intervals:
        above = _not_below(first, second, low)
        met |= above & ~_not_below(first, second, high + 1) if high + 1 < 1 << 128 else above
    return met


def _not_below(first: NDArray[Any], second: NDArray[Any], number: int) -> _Mask:  # Any: unsigned integers
    if number <= 0:
        return np.ones(len(first), np.bool_)
    high, low = number >> 64, number & (1 << 64) - 1
    met: _Mask = (first > high) | ((first == high) & (second >= low))
    return met


def _octets(number: int) -> bytes:
    return min(max(number, 0), (1 << 128) - 1).to_bytes(16, "big")
