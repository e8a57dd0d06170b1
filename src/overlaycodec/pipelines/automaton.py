"""A pattern as an automaton over header classes: which headers can come next, and where a packet can end.

Strategy: the positions of the pattern (each header class in it, repetitions written out) and which position follows
which are found once (Glushkov's construction). A state is a set of positions; it is made when a packet first leads to
it, so that each header costs one look-up. Classes decide alone, so that matching never goes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from overlaycodec.packet.header import Header
from overlaycodec.pipelines.pattern import AnyOf, InOrder, Part, Repeated

__all__ = ["Automaton", "State"]

MOST_POSITIONS: Final = 1024
"""The most headers that a pattern can name, repetitions written out."""
_MOST_STATES: Final = 1024
"""For more states, those that were made are dropped and made again: packets of other people choose them."""


class _Ends(NamedTuple):
    """Where a part can begin and end: its first and last positions, and whether it can be empty."""

    first: frozenset[int]
    last: frozenset[int]
    empty: bool


class State:
    """A state: what was read, as far as it matters for what can follow."""

    __slots__ = ("_automaton", "_next", "accepting", "expected", "positions")

    def __init__(self, automaton: Automaton, positions: frozenset[int]) -> None:
        self._automaton = automaton
        self._next: dict[type[Header], State | None] = {}
        self.positions = positions
        self.accepting = bool(positions & automaton.ends)
        """Whether the pattern can end here."""
        following = sorted({place for position in positions for place in automaton.follow[position]})
        self.expected = tuple(dict.fromkeys(automaton.classes[place] for place in following))
        """The headers that can follow, in the order of the pattern."""

    def after(self, cls: type[Header]) -> State | None:
        """The state after one more header; None where it does not fit."""
        try:
            return self._next[cls]
        except KeyError:
            return self._step(cls)

    def _step(self, cls: type[Header]) -> State | None:
        if cls not in self.expected:
            return None
        state = self._next[cls] = self._automaton.state_after(self.positions, cls)
        return state


class Automaton:
    """The automaton of a pattern."""

    def __init__(self, pattern: InOrder) -> None:
        self.classes: list[type[Header]] = [Header]  # position 0 is the start
        self.follow: list[set[int]] = [set()]
        ends = self._add(pattern)
        self.follow[0] = set(ends.first)
        self.ends = ends.last | {0} if ends.empty else ends.last
        self._states: dict[frozenset[int], State] = {}
        self.start = State(self, frozenset({0}))

    def state_after(self, positions: frozenset[int], cls: type[Header]) -> State:
        """The state after a header that can follow."""
        key = frozenset(
            place for position in positions for place in self.follow[position] if self.classes[place] is cls
        )
        state = self._states.get(key)
        if state is None:
            if len(self._states) >= _MOST_STATES:
                self._states.clear()
                self.start._next.clear()
            state = self._states[key] = State(self, key)
        return state

    def class_of(self, state: State) -> type[Header] | None:
        """The header that led to a state; None at the start."""
        position = next(iter(state.positions))
        return self.classes[position] if position else None

    def longest(self, headers: Sequence[type[Header]]) -> int | None:
        """How many of the headers, from the first on, fit the pattern: the most; None where no number does."""
        state: State | None = self.start
        found = 0 if self.start.accepting else None
        for count, cls in enumerate(headers, 1):
            assert state is not None
            state = state.after(cls)
            if state is None:
                break
            if state.accepting:
                found = count
        return found

    def longest_stack(self) -> int | None:
        """The most headers that fit; None where there is no limit."""
        lengths = dict.fromkeys(range(len(self.classes)), 0)
        order: list[int] = []
        marks: dict[int, bool] = {}
        stack = [(0, False)]
        while stack:  # depth first: a position that is met again before it is left is on a circle
            position, left = stack.pop()
            if left:
                marks[position] = True
                order.append(position)
            elif position not in marks:
                marks[position] = False
                stack.append((position, True))
                for place in self.follow[position]:
                    if place not in marks:
                        stack.append((place, False))
                    elif not marks[place]:
                        return None
        for position in order:
            lengths[position] = max((lengths[place] + 1 for place in self.follow[position]), default=0)
        return lengths[0]

    # --- positions ----------------------------------------------------------------------------------------------------

    def _add(self, part: Part) -> _Ends:
        """Adds the positions of a part, and what follows what within it."""
        if isinstance(part, type):
            if len(self.classes) > MOST_POSITIONS:
                raise ValueError(f"a pattern has at most {MOST_POSITIONS} headers, repetitions written out")
            place = frozenset({len(self.classes)})
            self.classes.append(cast(type[Header], part))
            self.follow.append(set())
            return _Ends(place, place, empty=False)
        if isinstance(part, AnyOf):
            options = [self._add(option) for option in part.options]
            return _Ends(
                frozenset().union(*(ends.first for ends in options)),
                frozenset().union(*(ends.last for ends in options)),
                any(ends.empty for ends in options),
            )
        found = _Ends(frozenset(), frozenset(), empty=True)
        if isinstance(part, InOrder):
            for member in part.parts:
                found = self._joined(found, self._add(member))
            return found
        assert isinstance(part, Repeated)
        for _ in range(part.least):
            found = self._joined(found, self._add(part.part))
        for _ in range(part.least, part.least + 1 if part.most is None else part.most):
            ends = self._add(part.part)
            if part.most is None:
                self._follow(ends.last, ends.first)
            found = self._joined(found, ends._replace(empty=True))
        return found

    def _joined(self, before: _Ends, after: _Ends) -> _Ends:
        self._follow(before.last, after.first)
        return _Ends(
            before.first | after.first if before.empty else before.first,
            before.last | after.last if after.empty else after.last,
            before.empty and after.empty,
        )

    def _follow(self, last: frozenset[int], first: frozenset[int]) -> None:
        for position in last:
            self.follow[position] |= first
