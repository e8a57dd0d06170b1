"""Layouts and a catalog -> which header can follow which, and where a stack can end.

Strategy: a graph, explored once from a first header. Its nodes are header classes, with what the conditions of the key
that leads there require of the fields. Its edges hold what the previous header must have. All of it comes from the
declarations; decoding has no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any, Final, Literal, NamedTuple

from overlaycodec.codec.catalog import Catalog
from overlaycodec.packet.header import Header
from overlaycodec.schema.keys import Key, MinOctets, Peek, PreviousHeader
from overlaycodec.schema.layout import Field, Layout

__all__ = ["Edge", "End", "Node", "StackGraph", "drawable", "ends_of", "graph_of"]

Conditions = tuple[Peek | MinOctets, ...]
Values = tuple[tuple[str, int], ...]
"""Fields and their values."""
Excluded = tuple[tuple[str, frozenset[int]], ...]
"""Fields and values that they must not have."""
Binding = tuple[Key, type[Header]]


_ENUMERATED_BITS: Final = 16
"""The values of larger fields are not listed."""


class Node(NamedTuple):
    """A header class, and the values that its fields must and must not have for the key that leads to it."""

    cls: type[Header]
    required: Values = ()
    excluded: Excluded = ()


class Edge(NamedTuple):
    """How one header leads to the next.

    By the next header of the same class, as what the class carries, by a value of the selector, by a length in its
    place, or by any value that is not bound.
    """

    node: Node
    kind: Literal["repeat", "carried", "key", "length", "other"]
    values: tuple[int, ...] = ()
    """The selector's values, of "key"."""
    previous: Values = ()
    """The values that fields of the previous header must have."""
    auto: bool = False
    """Whether the selector may be derived."""


class End(NamedTuple):
    """How a stack can end.

    At a header that nothing follows, at one that is followed by data or carries what is not found, with a selector
    whose value means that nothing follows or is not bound, with one that is no key there, or at a fragment.
    """

    kind: Literal["closed", "data", "carried", "nothing", "unbound", "no_key", "fragment"]
    avoid: tuple[Conditions, ...] = ()
    """Conditions, of which the payload must fulfil none."""


class StackGraph:
    """Edges and ends of every node that can be reached."""

    def __init__(self, edges: dict[Node, tuple[Edge, ...]], ends: dict[Node, tuple[End, ...]]) -> None:
        self.edges = edges
        self.ends = ends
        self.distances_in_order: dict[Any, dict[Node, int]] = {}  # Any: what walks keep here
        self.walks: dict[Any, Any] = {}  # Any: as above
        self._pools: dict[Node, list[list[Edge | End]]] = {}
        self._steps: dict[type[Header], dict[Node, int]] = {}
        self._before: dict[Node, list[Node]] = {}
        for node, found in edges.items():
            for edge in found:
                self._before.setdefault(edge.node, []).append(node)
        self.to_end = self.relaxed({node: 0 for node, kinds in ends.items() if kinds})
        """How many more headers a stack needs at least."""

    def distances(self, target: type[Header]) -> dict[Node, int]:
        """How many more headers a stack needs at least to reach `target`, and then to end."""
        return self.relaxed({node: count for node, count in self.to_end.items() if node.cls is target})

    def relaxed(self, start: dict[Node, int]) -> dict[Node, int]:
        """The least number of edges from each node to one of those in `start`, each of which has a number already."""
        best: dict[Node, int] = {}
        levels: dict[int, list[Node]] = {}
        for node, count in start.items():
            levels.setdefault(count, []).append(node)
        count = 0
        while levels:
            for node in levels.pop(count, ()):
                if node not in best:
                    best[node] = count
                    levels.setdefault(count + 1, []).extend(n for n in self._before.get(node, ()) if n not in best)
            if not levels.get(count + 1):
                levels.pop(count + 1, None)
            count += 1
        return best

    def steps_to(self, cls: type[Header]) -> dict[Node, int]:
        """How many headers after each node the first of a class is at least; 0 at the class itself."""
        steps = self._steps.get(cls)
        if steps is None:
            steps = self._steps[cls] = self.relaxed({node: 0 for node in self.edges if node.cls is cls})
        return steps

    def pools(self, node: Node) -> list[list[Edge | End]]:
        """What can come after a node: all edges, those to each layer, and the ends.

        One who takes a pool first takes the few edges to a frame or a packet often enough.
        """
        pools = self._pools.get(node)
        if pools is None:
            layers: dict[str | None, list[Edge | End]] = {}
            for edge in self.edges[node]:
                layers.setdefault(edge.node.cls.__layout__.layer, []).append(edge)
            edges: list[Edge | End] = list(self.edges[node])
            ends: list[Edge | End] = list(self.ends[node])
            pools = [pool for pool in (edges, *(layers.values() if len(layers) > 1 else ()), ends) if pool]
            self._pools[node] = pools
        return pools

    def headers(self) -> tuple[type[Header], ...]:
        """All classes that can be reached."""
        return tuple(dict.fromkeys(node.cls for node in self.edges))

    def is_tag(self, cls: type[Header]) -> bool:
        """Whether headers of the class follow one another without a layer of their own: VLAN tags, labels."""
        layout = cls.__layout__
        if layout.layer is not None or layout.tunnel or layout.next.space is None:
            return False
        return any(edge.node.cls is cls for node in self.edges if node.cls is cls for edge in self.edges[node])


# --- what conditions require ------------------------------------------------------------------------------------------


def _field_at(layout: Layout, peek: Peek) -> Field | None:
    """The number at exactly the bits that a condition reads."""
    for field in layout.fields:
        if field.bits == peek.count and field.kind == "int" and layout.fixed_bit_of(field.name) == peek.bit:
            return field
    return None


def _constant(layout: Layout, peek: Peek) -> bool | None:
    """Whether a condition holds for every such header, by its constants; None where these do not decide."""
    known = 0
    for field in layout.fields:
        start = layout.fixed_bit_of(field.name)
        if field.const is None or start is None or field.bits is None:
            continue
        first, last = max(start, peek.bit), min(start + field.bits, peek.bit + peek.count)
        if first < last:
            mask = (1 << last - first) - 1
            own = field.const >> start + field.bits - last & mask
            if own != peek.value >> peek.bit + peek.count - last & mask:
                return False
            known += last - first
    return True if known == peek.count else None


def _partly_at(layout: Layout, peek: Peek) -> tuple[Field, frozenset[int]] | None:
    """A number that shares bits with those that a condition reads, and its values that have the condition's bits."""
    for field in layout.fields:
        start, bits = layout.fixed_bit_of(field.name), field.width
        if start is None or field.kind != "int" or field.const is not None:
            continue
        first, last = max(start, peek.bit), min(start + bits, peek.bit + peek.count)
        if first < last and (bits <= _ENUMERATED_BITS or last - first == bits):
            wanted = peek.value >> peek.bit + peek.count - last & (1 << last - first) - 1
            return field, _numbers_with(bits, start + bits - last, last - first, wanted)
    return None


@lru_cache(maxsize=256)
def _numbers_with(bits: int, shift: int, count: int, wanted: int) -> frozenset[int]:
    """The numbers of so many bits, of which `count` bits, after `shift` lower ones, are those wanted."""
    if count == bits:
        return frozenset((wanted,))
    mask = (1 << count) - 1
    return frozenset(value for value in range(1 << bits) if value >> shift & mask == wanted)


@lru_cache(maxsize=256)
def _all_but(bits: int, values: frozenset[int]) -> frozenset[int]:
    """The numbers of so many bits that are not among these."""
    return frozenset(range(1 << bits)) - values


@cache
def _once(values: frozenset[int]) -> frozenset[int]:
    """The same set for equal ones, so that nodes, which are compared often, need not compare thousands of values."""
    return values


def _fails(layout: Layout, key: Key) -> tuple[str, frozenset[int]] | None:
    """A field and values that it must not have for a condition to fail; "" and none where one always fails."""
    for peek in key.conditions:
        if not isinstance(peek, Peek):
            continue
        if _constant(layout, peek) is False:
            return "", frozenset()
        found = _partly_at(layout, peek)
        if found is None:
            continue
        field, values = found
        if field.name not in layout.sized_by and field not in (layout.length_field, layout.checksum):
            return field.name, _once(values)
    return None


def _holds(layout: Layout, key: Key) -> tuple[Values, Excluded] | None:
    """The fields that fulfil the conditions of a key. `Within` is fulfilled by lengths that are right."""
    required: list[tuple[str, int]] = []
    excluded: list[tuple[str, frozenset[int]]] = []
    for peek in key.conditions:
        if isinstance(peek, Peek) and not (constant := _constant(layout, peek)):
            if constant is False:
                return None
            if (field := _field_at(layout, peek)) is not None:
                required.append((field.name, peek.value))
                continue
            if (found := _partly_at(layout, peek)) is None or not _contains(layout, found[0], peek):
                return None
            excluded.append((found[0].name, _once(_all_but(found[0].width, found[1]))))
    return tuple(required), tuple(excluded)


def _contains(layout: Layout, field: Field, peek: Peek) -> bool:
    """Whether all bits that a condition reads are in the field."""
    start = layout.fixed_bit_of(field.name) or 0
    return start <= peek.bit and peek.bit + peek.count <= start + field.width


def _of_previous(key: Key, outside: Layout) -> dict[str, int] | None:
    """What the conditions of a key require of the previous header; None where that is one that cannot fulfil them."""
    asked = {condition.field: condition.value for condition in key.conditions if isinstance(condition, PreviousHeader)}
    return asked if all(outside.can_have(name, value) for name, value in asked.items()) else None


def _node_of(candidates: tuple[Binding, ...], cls: type[Header], outside: Layout) -> tuple[Node, Values] | None:
    """What a header, and the previous one, must have for it to be found; None where another one always is."""
    layout = cls.__layout__
    excluded: list[tuple[str, frozenset[int]]] = []
    previous: dict[str, int] = {}
    for key, other in candidates:
        asked = _of_previous(key, outside)
        if asked is None or any(previous.get(name, value) != value for name, value in asked.items()):
            continue
        if other is cls and (held := _holds(layout, key)) is not None:
            required, others = held
            kept = (*(pair for pair in excluded if pair[0]), *others)
            if any(value in never for name, value in required for excluded_, never in kept if name == excluded_):
                return None
            return Node(cls, required, kept), tuple((previous | asked).items())
        flag = next((name for name in asked if outside.by_name[name].kind == "bool" and name not in previous), None)
        if flag is not None:
            previous[flag] = not asked[flag]
            continue
        failing = _fails(layout, key) if key.conditions else None
        if failing is None:
            return None
        excluded.append(failing)
    return None


def _nodes(candidates: tuple[Binding, ...], outside: Layout) -> dict[tuple[Node, Values], None]:
    """What can be found after a header, in order, and what that header must have for it."""
    classes = dict.fromkeys(cls for _, cls in candidates)
    return dict.fromkeys(found for cls in classes if (found := _node_of(candidates, cls, outside)) is not None)


def _avoid(candidates: tuple[Binding, ...]) -> tuple[Conditions, ...] | None:
    """The conditions under which something is found; None where something always is."""
    found = [tuple(asked for asked in key.conditions if isinstance(asked, Peek | MinOctets)) for key, _ in candidates]
    return tuple(found) if all(found) else None


# --- edges and ends ---------------------------------------------------------------------------------------------------


def _keyed(node: Node, catalog: Catalog) -> Iterable[Edge]:
    """The edges by the values of the selector."""
    layout = node.cls.__layout__
    selector, space, lengths = layout.next.selector, layout.next.space, layout.next.lengths
    if selector is None or space is None:
        return
    found: dict[tuple[Node, Values], list[int]] = {}
    for value in sorted(catalog.values(space)):
        if layout.next.lowest_key <= value <= selector.maximum and _allowed(node, selector, value):
            for target in _nodes(catalog.candidates(space, value), layout):
                found.setdefault(target, []).append(value)
    for (other, previous), values in found.items():
        first = catalog.key_of(space, other.cls)
        by_length = lengths is not None and catalog.key_of(lengths.key.space, other.cls) is not None
        yield Edge(other, "key", tuple(values), previous, auto=first in values and not by_length)
    for other, previous in _nodes(catalog.candidates(space, None), layout):
        yield Edge(other, "other", previous=previous)
    if lengths is not None and selector.name not in dict(node.required):
        space = lengths.key.space
        for other, previous in _nodes(catalog.candidates(space, lengths.key.value), layout):
            if catalog.key_of(space, other.cls) is not None:
                yield Edge(other, "length", previous=previous, auto=True)


def _allowed(node: Node, field: Field, value: int) -> bool:
    allowed = dict(node.required).get(field.name, value) == value
    return allowed and not any(name == field.name and value in never for name, never in node.excluded)


def _carried(layout: Layout, catalog: Catalog) -> tuple[Binding, ...]:
    key = layout.next.carried
    return () if key is None else catalog.candidates(key.space, key.value)


def _closed(layout: Layout) -> bool:
    """Whether nothing can follow."""
    return layout.next.closed or layout.takes_rest


def _edges(node: Node, catalog: Catalog) -> Iterable[Edge]:
    layout = node.cls.__layout__
    if _closed(layout):
        return
    repeat = layout.next.repeat
    if repeat is not None:
        for other, previous in _nodes(catalog.candidates(repeat.key.space, repeat.key.value), layout):
            if other.cls is node.cls:
                yield Edge(other, "repeat", previous=previous)
    yield from _keyed(node, catalog)
    if layout.selector is None or layout.next.flag is not None:
        for other, previous in _nodes(_carried(layout, catalog), layout):
            yield Edge(other, "carried", previous=previous)


def ends_of(node: Node, catalog: Catalog) -> Iterable[End]:
    """How a stack can end at a node."""
    layout = node.cls.__layout__
    if _closed(layout):
        yield End("closed")
        return
    plan, selector, space = layout.next, layout.next.selector, layout.next.space
    if selector is None or plan.flag is not None:
        avoid = _avoid(_carried(layout, catalog))
        if avoid is not None:
            yield End("data" if selector is None else "carried", avoid)
    if selector is None or space is None:
        return
    avoid = _avoid(catalog.candidates(space, None))
    bound = catalog.values(space)
    if selector.name not in dict(node.required):
        if plan.nothing is not None and plan.nothing not in bound and avoid == ():
            yield End("nothing")
        keys = sum(plan.lowest_key <= value <= selector.maximum for value in bound)
        if avoid is not None and keys <= selector.maximum - plan.lowest_key:  # else every key is bound
            yield End("unbound", avoid)
    if any(not guard.carried for guard in plan.guards) or (plan.content is not None and not plan.content_outside):
        yield End("no_key")
    if plan.offset is not None:
        yield End("fragment")


# --- the graph --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def graph_of(catalog: Catalog, first: type[Header]) -> StackGraph:
    """The graph of what can follow `first`."""
    known = _known(catalog)
    edges: dict[Node, tuple[Edge, ...]] = {}
    ends: dict[Node, tuple[End, ...]] = {}
    found = [Node(first)]
    for node in found:  # grows while it is read
        if node not in edges:
            if node not in known:
                drawn = (edge for edge in _edges(node, catalog) if drawable(edge.node.cls.__layout__))
                known[node] = tuple(drawn), tuple(ends_of(node, catalog))
            edges[node], ends[node] = known[node]
            found += [edge.node for edge in edges[node]]
    return StackGraph(edges, ends)


@lru_cache(maxsize=64)
def _known(catalog: Catalog) -> dict[Node, tuple[tuple[Edge, ...], tuple[End, ...]]]:
    """The nodes whose edges and ends were asked for: they are the same whatever header is the first."""
    return {}


def drawable(layout: Layout) -> bool:
    """Whether the declaration describes every field: values that a `construct` object reads cannot be drawn."""
    return all(field.construct is None for field in layout.fields)
