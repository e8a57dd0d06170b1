"""Which members of two sequences are paired, in order.

Strategy: members that are equal and unique on both sides are fixed points; between fixed points the search is repeated,
until nothing is unique any more. That takes little more than sorting, for any sequences. Of short ones, each pair has a
cost, and the pairs with the lowest sum are chosen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

__all__ = ["cheapest", "common"]

Pair: TypeAlias = tuple[int, int]
Gap: TypeAlias = tuple[int, int, int, int]
"""The start and the end of a range in one sequence, and of the range in the other."""

_MAX_COSTS: Final = 4096
"""The most pairs whose costs are compared."""


def common(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Pair]:
    """Indexes of equal members, ascending on both sides; None is equal to no member."""
    found: list[Pair] = []
    gaps: list[Gap] = [(0, len(a), 0, len(b))]
    while gaps:
        start, stop, other, end = gaps.pop()
        while start < stop and other < end and a[start] is not None and a[start] == b[other]:
            found.append((start, other))
            start, other = start + 1, other + 1
        while start < stop and other < end and a[stop - 1] is not None and a[stop - 1] == b[end - 1]:
            stop, end = stop - 1, end - 1
            found.append((stop, end))
        if start == stop or other == end:
            continue
        fixed = _ascending(_unique(a, b, (start, stop, other, end)))
        if not fixed:
            fixed = _ascending(_numbered(a, b, (start, stop, other, end)))
            found += fixed
            continue
        found += fixed
        edges = [(start - 1, other - 1), *fixed, (stop, end)]
        gaps += [
            (before[0] + 1, after[0], before[1] + 1, after[1])
            for before, after in pairwise(edges)
            if before[0] + 1 < after[0] and before[1] + 1 < after[1]
        ]
    return sorted(found)


def _unique(a: Sequence[Hashable], b: Sequence[Hashable], gap: Gap) -> list[Pair]:
    """Pairs of members that occur once on each side."""
    start, stop, other, end = gap
    counts, others = Counter(a[start:stop]), Counter(b[other:end])
    where = {b[j]: j for j in range(other, end) if b[j] is not None and others[b[j]] == 1}
    return [(i, where[a[i]]) for i in range(start, stop) if counts[a[i]] == 1 and a[i] in where]


def _numbered(a: Sequence[Hashable], b: Sequence[Hashable], gap: Gap) -> list[Pair]:
    """Pairs of equal members, the first with the first, the second with the second."""
    start, stop, other, end = gap
    indexes: dict[Hashable, list[int]] = {}
    for j in range(end - 1, other - 1, -1):
        if b[j] is not None:
            indexes.setdefault(b[j], []).append(j)
    return [(i, left.pop()) for i in range(start, stop) if (left := indexes.get(a[i]))]


def _ascending(pairs: list[Pair]) -> list[Pair]:
    """The longest subsequence of the pairs, whose first indexes ascend, in which the second ones ascend too."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        at = bisect_left(tails, j)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(j)
            ends.append(number)
        else:
            tails[at], ends[at] = j, number
    chosen = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]


def cheapest(a: int, b: int, cost: Callable[[int, int], int | None], gap: int) -> list[Pair]:
    """Pairs of indexes below `a` and `b`, ascending, with the lowest sum of costs; an unpaired member costs `gap`.

    `cost` is None for what cannot be a pair. Where there are too many, members are paired by their index.
    """
    if a * b > _MAX_COSTS:
        return [(i, i) for i in range(min(a, b)) if cost(i, i) is not None]
    best = [[(j - b) * -gap for j in range(b + 1)] for _ in range(a + 1)]
    pairs: dict[Pair, bool] = {}
    for i in range(a - 1, -1, -1):
        best[i][b] = (a - i) * gap
        for j in range(b - 1, -1, -1):
            unpaired = min(best[i + 1][j], best[i][j + 1]) + gap
            price = cost(i, j)
            paired = None if price is None else best[i + 1][j + 1] + price
            pairs[i, j] = paired is not None and paired <= unpaired
            best[i][j] = paired if paired is not None and paired <= unpaired else unpaired
    found = []
    i = j = 0
    while i < a and j < b:
        if pairs[i, j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] <= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found
