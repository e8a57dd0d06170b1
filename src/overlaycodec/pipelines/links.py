"""Where a pipeline decides which header is next, because the catalog has no key for it.

Strategy: between two headers of a pattern there is a link if the catalog finds the second one by a key of the first
one. Where there is a link, the key decides. Where there is none, the pattern is what says that the second one follows,
and it must say so without a choice: a pattern that leaves one is refused when the pipeline is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from overlaycodec.codec.catalog import Catalog
from overlaycodec.packet.header import Header
from overlaycodec.packet.late_header import is_class
from overlaycodec.pipelines.automaton import Automaton, State
from overlaycodec.schema.keys import Key

__all__ = ["Links"]

_MOST_STATES: Final = 512
"""How many states are tested when a pipeline is made."""


class Links:
    """The links between the headers of a pattern, by a catalog."""

    def __init__(self, catalog: Catalog, automaton: Automaton) -> None:
        self._catalog = catalog
        self._automaton = automaton
        self._known: dict[tuple[type[Header], type[Header]], bool] = {}

    def has(self, outside: type[Header], inside: type[Header]) -> bool:
        """Whether the catalog finds one header by a key of the other, for some value of its fields."""
        found = self._known.get((outside, inside))
        if found is None:
            found = self._known[outside, inside] = self._find(outside, inside)
        return found

    def _find(self, outside: type[Header], inside: type[Header]) -> bool:
        catalog, plan = self._catalog, outside.__layout__.next
        if plan.selector is not None and plan.space is not None and catalog.finds(plan.space, inside):
            return True
        keys = [plan.carried] if plan.carried is not None else []
        keys += [rule.key for rule in (plan.repeat, plan.lengths) if rule is not None]
        return any(
            is_class(header, inside)
            for key in keys
            for _, header in catalog.late_candidates(key.space, key.value) or catalog.late_candidates(key.space, None)
        )

    def decided(self, expected: Sequence[type[Header]], last: Header) -> type[Header] | None:
        """The header that the pattern says is next, where the catalog finds nothing after the last one."""
        cls, plan = type(last), last.__layout__.next
        unlinked = [inside for inside in expected if not self.has(cls, inside)]
        if not unlinked:
            return None
        following = plan.of(last)
        if isinstance(following, Key):
            # a fragment's key is none, and neither is the value that means that nothing follows
            return None if plan.selector is not None and following.value == plan.nothing else unlinked[0]
        return unlinked[0] if plan.selector is None and plan.carried is None and not plan.closed else None

    def check(self, name: str) -> None:
        """Raises: ValueError, where the pattern leaves a choice that nothing decides, or asks for the impossible."""
        for state in self._states():
            cls = self._automaton.class_of(state)
            if cls is None:
                continue
            unlinked = [inside for inside in state.expected if not self.has(cls, inside)]
            if cls.__layout__.next.closed and state.expected and not state.accepting:
                raise ValueError(f"{name}: nothing follows {cls.__name__}")
            if len(unlinked) > 1 or (unlinked and state.accepting):
                names = " or ".join(inside.__name__ for inside in unlinked)
                choice = f"whether {names} follows" if len(unlinked) == 1 else f"which of {names} follows"
                raise ValueError(f"{name}: nothing in {cls.__name__} says {choice}: bind it to a key of the catalog")

    def _states(self) -> Iterator[State]:
        work, seen = [self._automaton.start], 0
        met = {self._automaton.start.positions}
        while work and seen < _MOST_STATES:
            state = work.pop()
            seen += 1
            yield state
            for cls in state.expected:
                following = state.after(cls)
                if following is not None and following.positions not in met:
                    met.add(following.positions)
                    work.append(following)
