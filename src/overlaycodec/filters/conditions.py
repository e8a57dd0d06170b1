"""What a value must be, worked out from a comparison once: intervals of numbers, or some values.

Strategy: addresses are numbers, and prefixes, ranges and comparisons are intervals of them. So the test of one value
and that of a column have the same few forms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, TypeAlias

import msgspec

from overlaycodec.filters.expression import Compare, In, Item, Prefix, Range, Value
from overlaycodec.values import MACAddress

__all__ = ["Condition", "Intervals", "condition_of", "tester_of"]

Intervals: TypeAlias = tuple[tuple[int, int], ...]
"""The least and the greatest number of each interval; sorted, and with numbers between them."""

_LEAST: Final = -(1 << 128)
_MOST: Final = 1 << 128
_TYPES: Final[tuple[type[Any], ...]] = (MACAddress, IPv4Address, IPv6Address, int)
"""The types whose values are numbers."""


class Condition(msgspec.Struct, frozen=True):
    """What a value must be, where it is there."""

    numbers: tuple[tuple[type[Any], Intervals], ...]  # Any: a type of `_TYPES`
    """The intervals of numbers, by the type of the value."""
    others: frozenset[bool | bytes | str]
    """The values of other types."""
    negated: bool = False
    """Whether it must be none of these."""


def condition_of(leaf: Compare | In) -> Condition:
    """What the value of the field must be."""
    items: Iterable[Item] = leaf.items if isinstance(leaf, In) else (leaf.value,)
    operator = leaf.operator if isinstance(leaf, Compare) else "=="
    intervals: dict[type[Any], list[tuple[int, int]]] = {}  # Any: as above
    others: set[bool | bytes | str] = set()
    for item in items:
        if isinstance(item, bool | bytes | str):
            others.add(item)
            continue
        kind, low, high = _ends_of(item)
        if operator in ("<", "<="):
            low, high = _LEAST, high - (operator == "<")
        elif operator in (">", ">="):
            low, high = low + (operator == ">"), _MOST
        intervals.setdefault(kind, []).append((low, high))
    numbers = tuple((kind, _merged(found)) for kind, found in intervals.items())
    return Condition(numbers, frozenset(others), operator == "!=")


def _ends_of(item: int | MACAddress | IPv4Address | IPv6Address | Range | Prefix) -> tuple[type[Any], int, int]:
    """The type of the values that the item means, the least of them and the greatest."""
    if isinstance(item, Range):
        kind, low, _ = _ends_of(_number(item.low))
        return kind, low, _ends_of(_number(item.high))[2]
    if isinstance(item, Prefix):
        kind, low, _ = _ends_of(item.address)
        size = 48 if isinstance(item.address, MACAddress) else item.address.max_prefixlen
        return kind, low, low | (1 << size - item.length) - 1
    kind = next(cls for cls in _TYPES if isinstance(item, cls))
    return kind, int(item), int(item)


def _number(value: Value) -> int | MACAddress | IPv4Address | IPv6Address:
    assert not isinstance(value, bytes | str)
    return value


def _merged(intervals: list[tuple[int, int]]) -> Intervals:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(intervals):
        if low > high:
            continue
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(merged[-1][1], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def tester_of(condition: Condition) -> Callable[[Any], bool]:  # Any: a value of any field
    """The function that says whether a value, which is there, meets the condition."""
    tests = [_test_of_numbers(kind, intervals) for kind, intervals in condition.numbers]
    others = condition.others
    if others or len(tests) != 1:
        tests.append(lambda value: type(value) in (bool, bytes, str) and value in others)
    holds = tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)
    if condition.negated:
        return lambda value: not holds(value)
    return holds


def _test_of_numbers(kind: type[Any], intervals: Intervals) -> Callable[[Any], bool]:  # Any: as above
    lows = [low for low, _ in intervals]
    highs = [high for _, high in intervals]
    if len(intervals) == 1 and kind is int:
        low, high = intervals[0]
        return lambda value: isinstance(value, int) and low <= value <= high
    if len(intervals) == 1:
        low, high = intervals[0]
        return lambda value: isinstance(value, kind) and low <= int(value) <= high

    def holds(value: Any) -> bool:  # Any: as above
        if not isinstance(value, kind):
            return False
        number = int(value)
        index = bisect_right(lows, number)
        return index > 0 and number <= highs[index - 1]

    return holds
