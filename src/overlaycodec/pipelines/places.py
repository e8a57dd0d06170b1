"""A pattern as places: one for each header that a packet can have, by name, and which place can follow which.

Strategy: where a format of another kind is made from a pattern, each header needs a name of its own, and what is read
must never be taken back. So patterns are refused in which only a later header tells which place an earlier one has.
"""

from __future__ import annotations

import msgspec

from overlaycodec.errors import SchemaError
from overlaycodec.packet.header import Header
from overlaycodec.pipelines.automaton import Automaton, State
from overlaycodec.pipelines.pattern import AnyOf, InOrder, Part, Repeated

__all__ = ["Place", "Places"]

_MOST_STATES = 4096
"""How many states are looked at before a pattern is refused."""


class Place(msgspec.Struct, frozen=True):
    """The place of a header, or of several of one class in a row."""

    name: str
    """`vlan`, and `vlan_1` for the second place of the same header."""
    header: type[Header]
    least: int = 1
    most: int | None = 1
    """How many there are, where the place is of several."""
    several: bool = False
    """Whether it is of several headers."""


class Places:
    """The places of a pattern. Raises: SchemaError for a pattern without definite places."""

    def __init__(self, pattern: InOrder, automaton: Automaton) -> None:
        self._pattern = pattern
        self._of_position: list[int] = [-1]
        self._seen: dict[str, int] = {}
        self.places: list[Place] = []
        """All places, in the order of the pattern."""
        self._add(pattern)
        self._following: dict[int, frozenset[int]] = {}
        self._ends: set[int] = set()
        for position, follow in enumerate(automaton.follow):
            place = self._of_position[position]
            known = self._following.get(place, frozenset())
            self._following[place] = known | {self._of_position[other] for other in follow}
            if position in automaton.ends:
                self._ends.add(place)
        self._check(automaton)

    def options(self, place: int, count: int = 1) -> list[int]:
        """The places that can follow so many headers at a place, itself among them; -1 is the start."""
        if place >= 0 and count < self.places[place].least:
            return [place]
        options = self._following[place]
        if place >= 0 and count == self.places[place].most:
            options -= {place}
        return sorted(options)

    def can_end(self, place: int, count: int = 1) -> bool:
        """Whether nothing more must follow so many headers at a place."""
        return place in self._ends and count >= self.places[place].least

    # --- the pattern --------------------------------------------------------------------------------------------------

    def _add(self, part: Part) -> None:
        """Adds the places of a part, and the place of each position: in the order of `Automaton`."""
        if isinstance(part, type):
            self._add_place(part, 1)
        elif isinstance(part, AnyOf):
            for option in part.options:
                self._add(option)
        elif isinstance(part, InOrder):
            for member in part.parts:
                self._add(member)
        else:
            self._add_repeated(part)

    def _add_repeated(self, part: Repeated) -> None:
        inside: Part = part.part
        while isinstance(inside, InOrder) and len(inside.parts) == 1:
            inside = inside.parts[0]
        if part.most is not None and (part.least == part.most or part.most == 1):
            for _ in range(part.most):
                self._add(inside)
        elif isinstance(inside, type):
            copies = part.least + 1 if part.most is None else part.most
            self._add_place(inside, copies, max(part.least, 1), part.most, several=True)
        else:
            raise self._refused(f"{part!r} is repeated a varying number of times, and is not one header")

    def _add_place(
        self, header: type, copies: int, least: int = 1, most: int | None = 1, *, several: bool = False
    ) -> None:
        assert issubclass(header, Header)
        name = header.__layout__.name
        number = self._seen[name] = self._seen.get(name, -1) + 1
        self._of_position += [len(self.places)] * copies
        self.places.append(Place(f"{name}_{number}" if number else name, header, least, most, several))

    def _refused(self, reason: str) -> SchemaError:
        return SchemaError(repr(self._pattern), None, f"has no definite places of headers: {reason}")

    def _check(self, automaton: Automaton) -> None:
        work: list[tuple[State, bool]] = [(automaton.start, False)]
        seen = set(work)
        while work:
            state, ended = work.pop()
            if ended and not state.accepting:
                names = " or ".join(cls.__name__ for cls in state.expected)
                raise self._refused(f"whether an optional part is there is only known when {names} is met in it")
            for cls in state.expected:
                following = state.after(cls)
                assert following is not None
                if len({self._of_position[position] for position in following.positions}) > 1:
                    raise self._refused(f"only a later header tells which {cls.__name__} of it is met")
                step = following, ended or state.accepting
                if step not in seen:
                    seen.add(step)
                    work.append(step)
            if len(seen) > _MOST_STATES:
                raise self._refused("it has too many states")
