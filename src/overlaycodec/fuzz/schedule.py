"""In which order mutations come: kinds take turns, and what was changed least often comes first.

Strategy: parsers fail at lengths and at headers that nobody expected more often than at values, so these kinds have
more turns. Within a kind, each field of each class of headers is changed once before any is changed twice, whichever
values it gets. Of several seed packets, what one changed counts for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

from overlaycodec.fuzz.mutation import Kind, Mutation
from overlaycodec.fuzz.random_numbers import SplitMix64, mixed

__all__ = ["in_turn", "turns"]

_TURNS: Final[Mapping[Kind, int]] = {
    "together": 6,
    "length": 12,
    "count": 6,
    "overrun": 6,
    "flag": 3,
    "insert": 6,
    "truncate": 4,
    "selector": 1,
}
"""The turns of a kind in each round; of others, one."""


@lru_cache(maxsize=256)
def kind_turns(kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """The kinds of one round, in which some come several times, as far apart as they can."""
    places: list[tuple[float, int, Kind]] = [
        ((turn + (0.5 if number else 0)) / _TURNS.get(kind, 1), number, kind)
        for number, kind in enumerate(kinds)
        for turn in range(_TURNS.get(kind, 1))
    ]
    return tuple(kind for _, _, kind in sorted(places))


def spread(members: Sequence[Mutation], random: SplitMix64) -> list[Mutation]:
    """The mutations of a kind in another order, in which each subject has its turn before any has the next one."""
    used: Counter[tuple[str, ...]] = Counter()
    turns = []
    ordered = members[:1] and members[0].kind == "together"  # these have an order of their own
    for place, mutation in enumerate(members if ordered else random.shuffled(members)):
        turns.append((used[mutation.subject], place, mutation))
        used[mutation.subject] += 1
    turns.sort(key=lambda turn: turn[:2])
    return [mutation for _, _, mutation in turns]


def in_turn(by_kind: Mapping[Kind, Sequence[Mutation]], start: int) -> Iterator[Mutation]:
    """All mutations, each once: the kinds take turns. `start` is where the random order of each kind starts."""
    left = {
        kind: iter(spread(members, SplitMix64(mixed(start, number))))
        for number, (kind, members) in enumerate(by_kind.items(), 1)
    }
    while left:
        for kind in kind_turns(tuple(left)):
            if kind in left:
                mutation = next(left[kind], None)
                if mutation is None:
                    del left[kind]
                else:
                    yield mutation


Where: TypeAlias = tuple[str, ...]
"""What a mutation changes; those that change the same have the same one."""


class _Queue:
    """The mutations of one seed packet that were not taken yet, by kind; the least used of a kind is taken first."""

    def __init__(self, singles: Sequence[Mutation]) -> None:
        self._singles = singles
        self._kinds = kind_turns(tuple(dict.fromkeys(mutation.kind for mutation in singles)))
        self._turn = 0
        self._waiting: dict[Kind, list[tuple[int, int]]] = {}
        self.put(range(len(singles)))

    def put(self, numbers: Collection[int]) -> None:
        """Adds mutations, by their places among the singles, that were used by none."""
        for number in numbers:
            self._waiting.setdefault(self._singles[number].kind, []).append((0, number))
        for waiting in self._waiting.values():
            heapify(waiting)

    def take(self, wheres: Sequence[Where], used: Counter[Where]) -> int | None:
        """The next mutation; None where there is none. `wheres` are what each changes."""
        for _ in self._kinds:
            kind = self._kinds[self._turn % len(self._kinds)]
            self._turn += 1
            waiting = self._waiting.get(kind)
            while waiting:
                uses, number = heappop(waiting)
                if uses == used[wheres[number]]:
                    return number
                heappush(waiting, (used[wheres[number]], number))
        return None


Row: TypeAlias = list[tuple[int, int]]
"""One case of each seed packet that has one more: the place of the seed packet, the number of the case."""


def turns(singles: Sequence[Sequence[Mutation]], ranks: Sequence[Sequence[int]]) -> Iterator[tuple[bool, Row]]:
    """All single mutations of several seed packets, and whether a row changes what no row before changed.

    `ranks` are which ones of those that change the same these are. The mutations that no seed packet before has in a
    header of its class come first, then those that none has in this scope, then the others.
    """
    queues = [_Queue(each) for each in singles]
    for tier in range(3):
        wheres = [[_where(mutation, tier) for mutation in each] for each in singles]
        seen: set[tuple[Where, int]] = set()
        used: Counter[Where] = Counter()
        late: list[list[int]] = [[] for _ in singles]
        row: Row = [(0, 0)]
        while row:
            row = []
            for place, queue in enumerate(queues):
                while (number := queue.take(wheres[place], used)) is not None:
                    where = wheres[place][number]
                    what = where, ranks[place][number]
                    if what not in seen or tier == 2:
                        seen.add(what)
                        used[where] += 1
                        row.append((place, number))
                        break
                    late[place].append(number)
            if row:
                yield tier == 0, row
        for queue, numbers in zip(queues, late, strict=True):
            queue.put(numbers)


def _where(mutation: Mutation, tier: int) -> Where:
    return mutation.subject if tier == 0 else (mutation.kind, mutation.path, mutation.brings)
