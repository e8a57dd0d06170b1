"""The ways through the graph of headers that reach a goal: at each place, what can follow, and how far the end is.

Strategy: a place is a node of the graph and a state of the goal. How many headers a stack needs at least from there is
known before anything is drawn, so that no walk gets stuck. For headers in order, the states are layers over the nodes;
for other goals, the places are explored once.

A choice either takes the shortest way to the goal and then to the end, or it sets an aim: a header to go to, of which
tunnels (most of all overlays), tags and transports are chosen often, and all others alike. So each kind of stack is
common, and one of which headers are left out still goes the same way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from overlaycodec.packet.header import Header
from overlaycodec.strategies.goals import Fields, Goal, InOrder
from overlaycodec.strategies.stack_graph import Edge, End, Node, StackGraph

__all__ = ["CHOICE_OCTETS", "Aim", "Place", "Walk", "walk_of"]

CHOICE_OCTETS: Final = 3
"""The octets that choose what follows: whether to go somewhere else, to what kind of header, to which one of these."""
_FROM_FIRST, _FROM_AIM, _FROM_OTHERS = 8, 250, 112
"""From which value of the first octet on an aim is set: at the first header, on the way to another aim, elsewhere."""
_KINDS: Final = ("next", *("tags",) * 6, *("overlays",) * 3, *("tunnels",) * 6, *("transports",) * 2, *("headers",) * 6)
_TENANT: Final = 24
"""The bits of the number of a tenant, such as a VNI: tunnels that have one are chosen more often than others."""
_TAGS: Final = (1, 2, 3, 3, 3)
"""How many tags are stacked."""
_MOST_WALKS: Final = 2_000
"""For more goals at one graph, the walks that were kept are dropped."""
_MOST_PLACES: Final = 20_000

Allows = Callable[["Place", Edge | End], bool]


class Aim(NamedTuple):
    """A header to go to, and how many of it in a row."""

    cls: type[Header]
    times: int = 1


class Place:
    """A node and a state of the goal."""

    __slots__ = ("edges", "ends", "need", "node", "state", "wanted")

    def __init__(self, node: Node, state: Hashable) -> None:
        self.node = node
        self.state = state
        self.need: int | None = None
        """How many more headers a stack needs at least; None where none reaches the goal."""
        self.edges: list[tuple[Edge, Place]] | None = None
        self.ends: tuple[End, ...] = ()
        self.wanted: tuple[Fields, ...] = ()


class Walk:
    """The places that lead from a first header to a goal."""

    def __init__(self, graph: StackGraph, goal: Goal, first: type[Header], allows: Allows | None, closed: bool) -> None:
        self._graph = graph
        self._goal = goal
        self._allows = allows
        self._closed = closed
        self._places: dict[tuple[Node, Hashable], Place] = {}
        state = goal.start(first)
        self.start = None if state is None else self._place(Node(first), state)
        if self.start is not None and not isinstance(goal, InOrder):
            self._explore(self.start)

    def _place(self, node: Node, state: Hashable) -> Place:
        place = self._places.get((node, state))
        if place is None:
            place = self._places[node, state] = Place(node, state)
            place.wanted = self._goal.wanted(state)
            if self._goal.reached(state):
                place.ends = tuple(
                    end for end in self._graph.ends[node] if self._may(place, end) and (self._closed or not _shut(end))
                )
            if isinstance(self._goal, InOrder):
                assert isinstance(state, int)
                place.need = self._distances(self._goal.classes[state:]).get(node)
        return place

    def _may(self, place: Place, after: Edge | End) -> bool:
        return self._allows is None or not place.wanted or self._allows(place, after)

    def edges(self, place: Place) -> list[tuple[Edge, Place]]:
        """What can follow, the places to which that leads among them, in the order of the graph."""
        if place.edges is None:
            place.edges = []
            for edge in self._graph.edges[place.node]:
                state = self._goal.after(place.state, place.node.cls, edge.node.cls)
                if state is not None and self._may(place, edge):
                    place.edges.append((edge, self._place(edge.node, state)))
        return place.edges

    def _explore(self, start: Place) -> None:
        """Finds all places, and how far each one is from an end."""
        before: dict[int, list[Place]] = {}
        found = [start]
        seen = {id(start)}
        for place in found:  # grows while it is read
            for _, after in self.edges(place):
                before.setdefault(id(after), []).append(place)
                if id(after) not in seen:
                    seen.add(id(after))
                    found.append(after)
            if len(found) > _MOST_PLACES:
                raise ValueError("there are too many ways through these headers: ask for less at once")
        waiting = deque(place for place in found if place.ends)
        for place in waiting:
            place.need = 0
        while waiting:
            place = waiting.popleft()
            assert place.need is not None
            for other in before.get(id(place), ()):
                if other.need is None:
                    other.need = place.need + 1
                    waiting.append(other)

    def _distances(self, classes: tuple[type[Header], ...]) -> dict[Node, int]:
        """How many more headers a stack needs at least after each node to have these, and then to end."""
        key = classes, self._closed
        found = self._graph.distances_in_order.get(key)
        if found is None:
            edges, ends = self._graph.edges, self._graph.ends
            if classes:
                rest = self._distances(classes[1:])
                start = {
                    node: min(
                        rest[edge.node] + 1 for edge in after if edge.node in rest and edge.node.cls is classes[0]
                    )
                    for node, after in edges.items()
                    if any(edge.node.cls is classes[0] and edge.node in rest for edge in after)
                }
            else:
                start = {
                    node: 0 for node, kinds in ends.items() if any(self._closed or not _shut(end) for end in kinds)
                }
            found = self._graph.distances_in_order[key] = self._graph.relaxed(start)
        return found

    def _aim(self, kind: int, which: int) -> Aim | None:
        """An aim of a kind; None: whatever comes next."""
        headers = _headers_by_kind(self._graph)[_KINDS[kind % len(_KINDS)]]
        if not headers:
            return None
        # one octet alone would choose some of many headers twice as often as others
        which, number = divmod(which + 256 * (kind // len(_KINDS)), len(headers))
        return Aim(headers[number], _TAGS[which % len(_TAGS)] if self._graph.is_tag(headers[number]) else 1)

    def choose(
        self, place: Place, octets: bytes, left: int, aim: Aim | None, may: Callable[[Edge | End], bool] | None
    ) -> tuple[Edge | End, Place | None, Aim | None] | None:
        """What the octets choose, with room for so many more headers; None where nothing is left.

        The simplest choice is the shortest way to an end.
        """
        edges = [pair for pair in self.edges(place) if pair[1].need is not None and pair[1].need < left]
        ends: tuple[End, ...] | list[End] = place.ends
        if may is not None:
            edges = [pair for pair in edges if may(pair[0])]
            ends = [end for end in ends if may(end)]
        decides, kind, which = octets
        if decides >= (_FROM_AIM if aim else _FROM_FIRST if place is self.start else _FROM_OTHERS):
            aim = self._aim(kind, which)
            if aim is None:
                pools = self._graph.pools(place.node)
                pool = pools[kind // len(_KINDS) % len(pools)]
                wanted = pool[which % len(pool)]
                if any(end is wanted for end in ends):
                    return wanted, None, None
                for edge, after in edges:
                    if edge is wanted:
                        return edge, after, None
        if aim is not None and decides:
            steps = self._graph.steps_to(aim.cls)
            near = min((steps[edge.node] for edge, _ in edges if edge.node in steps), default=None)
            if near is not None:
                nearest = [pair for pair in edges if steps.get(pair[0].node) == near]
                edge, after = nearest[kind // len(_KINDS) % len(nearest)]
                if edge.node.cls is aim.cls:
                    aim = Aim(aim.cls, aim.times - 1) if aim.times > 1 else None
                return edge, after, aim
        if ends:
            return ends[which % len(ends) if decides else 0], None, None
        least = min((after.need or 0 for _, after in edges), default=None)
        if least is None:
            return None
        nearest = [pair for pair in edges if pair[1].need == least]
        return *nearest[which % len(nearest) if decides else 0], None


@lru_cache(maxsize=64)
def _headers_by_kind(graph: StackGraph) -> dict[str, tuple[type[Header], ...]]:
    headers = graph.headers()
    tunnels = tuple(cls for cls in headers if cls.__layout__.tunnel)
    overlays = tuple(cls for cls in tunnels if any(field.bits == _TENANT for field in cls.__layout__.fields))
    # UDP, TCP and what else is checked together with the addresses
    transports = tuple(cls for cls in headers if (summed := cls.__layout__.coverage) and summed.pseudo)
    tags = tuple(filter(graph.is_tag, headers))
    return {
        "next": (), "tags": tags, "overlays": overlays, "tunnels": tunnels, "transports": transports, "headers": headers
    }  # fmt: skip


def _shut(end: End) -> bool:
    """Whether no payload can follow."""
    return end.kind == "closed"


def walk_of(graph: StackGraph, goal: InOrder, first: type[Header], *, closed: bool = True) -> Walk:
    """The walk to headers in order, kept with the graph."""
    key: Any = goal.classes, first, closed
    walk: Walk | None = graph.walks.get(key)
    if walk is None:
        if len(graph.walks) >= _MOST_WALKS:
            graph.walks.clear()
            graph.distances_in_order.clear()
        walk = graph.walks[key] = Walk(graph, goal, first, None, closed)
    return walk
