"""What a stack must contain before it may end: headers in some order, those of a pipeline, or those of paths.

Strategy: a goal is an automaton over header classes, as a pipeline is. Its states can be compared and hashed; together
with the nodes of the graph they are the places of a walk.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple, Protocol

from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import opens
from overlaycodec.pipelines.automaton import Automaton

__all__ = ["Both", "Fields", "Goal", "InOrder", "OfPipeline", "Wanted", "Within"]


class Goal(Protocol):
    """What a stack must contain."""

    def start(self, cls: type[Header], /) -> Hashable | None:
        """The state after the first header; None where no stack can begin with it."""

    def after(
        self, state: Any, before: type[Header], cls: type[Header], /
    ) -> Hashable | None:  # Any: the goal's own type
        """The state after one more header; None where the goal cannot be reached any more."""

    def reached(self, state: Any, /) -> bool:
        """Whether the stack may end."""
        ...

    def wanted(self, state: Any, /) -> tuple[Fields, ...]:
        """The fields that the last header must have."""
        ...


class Fields(NamedTuple):
    """Fields of one header by name: values, or strategies for them."""

    names: tuple[str, ...]
    values: tuple[Any, ...]  # Any: a field's own type, or a strategy for it

    def __eq__(self, other: object) -> bool:  # strategies and values of any kind: the same ones, not equal ones
        return self is other

    def __hash__(self) -> int:
        return id(self)


class InOrder(NamedTuple):
    """Headers of these classes, one after another, with any others between them; a state counts them."""

    classes: tuple[type[Header], ...] = ()

    def start(self, cls: type[Header]) -> int:
        """The state after the first header."""
        return self.after(0, cls, cls)

    def after(self, state: int, _: type[Header], cls: type[Header]) -> int:
        """The state after one more header."""
        return state + (state < len(self.classes) and cls is self.classes[state])

    def reached(self, state: int) -> bool:
        """Whether the stack may end."""
        return state == len(self.classes)

    def wanted(self, _: int) -> tuple[Fields, ...]:
        """The fields that the last header must have."""
        return ()


class OfPipeline(NamedTuple):
    """Just the headers of a pipeline."""

    automaton: Automaton

    def start(self, cls: type[Header]) -> Hashable | None:
        """The state after the first header."""
        return self.automaton.start.after(cls)

    def after(self, state: Any, _: type[Header], cls: type[Header]) -> Hashable | None:
        """The state after one more header."""
        return state.after(cls)  # type: ignore[no-any-return]

    def reached(self, state: Any) -> bool:
        """Whether the stack may end."""
        return bool(state.accepting)

    def wanted(self, _: Any) -> tuple[Fields, ...]:
        """The fields that the last header must have."""
        return ()


class Both(NamedTuple):
    """Two goals at once."""

    one: Goal
    other: Goal

    def start(self, cls: type[Header]) -> Hashable | None:
        """The state after the first header."""
        return self._together(self.one.start(cls), self.other.start(cls))

    def after(self, state: Any, before: type[Header], cls: type[Header]) -> Hashable | None:
        """The state after one more header."""
        return self._together(self.one.after(state[0], before, cls), self.other.after(state[1], before, cls))

    @staticmethod
    def _together(one: Hashable | None, other: Hashable | None) -> Hashable | None:
        return None if one is None or other is None else (one, other)

    def reached(self, state: Any) -> bool:
        """Whether the stack may end."""
        return self.one.reached(state[0]) and self.other.reached(state[1])

    def wanted(self, state: Any) -> tuple[Fields, ...]:
        """The fields that the last header must have."""
        return self.one.wanted(state[0]) + self.other.wanted(state[1])


class Wanted(NamedTuple):
    """A header that must be there: of a class, in a scope (None: in any), the one of this number from 0 on."""

    cls: type[Header]
    scope: str | None
    number: int
    fields: Fields


class _Reading(NamedTuple):
    """How far a stack was read."""

    scope: str
    networked: bool
    left: tuple[int, ...]
    """How many headers must still come until each wanted one is there."""
    found: tuple[int, ...]
    """The wanted headers that the last one is."""


class Within(NamedTuple):
    """Headers in scopes, and how many scopes are in one another."""

    wanted_headers: tuple[Wanted, ...]
    least: int = 0
    most: int | None = None

    def start(self, cls: type[Header]) -> Hashable | None:
        """The state after the first header."""
        left = tuple(wanted.number + 1 for wanted in self.wanted_headers)
        return self._found(_Reading("", cls.__layout__.layer == "network", left, ()), cls)

    def after(self, state: Any, before: type[Header], cls: type[Header]) -> Hashable | None:
        """The state after one more header."""
        scope, networked, left, _ = state
        kind = opens(before, cls, networked)
        if kind:
            networked = False
            if scope != _DEEP:
                scope = f"{scope}.{kind}" if scope else kind
            depth = scope.count(".") + 1
            if self.most is not None and depth > self.most:
                return None
            if self.most is None and depth > self._deepest():
                scope = _DEEP
        return self._found(_Reading(scope, networked or cls.__layout__.layer == "network", left, ()), cls)

    def _deepest(self) -> int:
        scopes = [wanted.scope or "" for wanted in self.wanted_headers]
        return max(self.least, max((len(scope.split(".")) for scope in scopes if scope), default=0))

    def _found(self, state: _Reading, cls: type[Header]) -> _Reading | None:
        left, found = list(state.left), []
        for index, wanted in enumerate(self.wanted_headers):
            if left[index] and cls is wanted.cls and wanted.scope in (None, state.scope):
                left[index] -= 1
                if not left[index]:
                    found.append(index)
        return state._replace(left=tuple(left), found=tuple(found))

    def reached(self, state: Any) -> bool:
        """Whether the stack may end."""
        scope = state.scope
        depth = self.least if scope == _DEEP else scope.count(".") + 1 if scope else 0
        return depth >= self.least and not any(state.left)

    def wanted(self, state: Any) -> tuple[Fields, ...]:
        """The fields that the last header must have."""
        return tuple(self.wanted_headers[index].fields for index in state.found)


_DEEP = "deeper"
"""The scope of all that is deeper than what is asked for."""
