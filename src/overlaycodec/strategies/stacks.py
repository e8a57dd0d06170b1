"""Whole stacks: headers along a path of the graph, a payload in which no condition finds a header, padding.

Strategy: header after header, from the outside in: what comes after it, then its fields, as its neighbours require.
Derived fields are left AUTO, except where nothing can derive them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

from overlaycodec.codec.catalog import Catalog
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet, Trailer
from overlaycodec.schema.keys import MinOctets, Peek
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.strategies.records import Room, fixed_octets, number, record
from overlaycodec.strategies.stack_graph import Conditions, Edge, End, Node, StackGraph
from overlaycodec.values import AUTO

__all__ = [
    "PAYLOAD",
    "Paths",
    "Step",
    "header_at",
    "lone_header",
    "network_after",
    "paths_of",
    "payload_without",
    "stack",
    "trailers_of",
]

_FRAME = 1500
"""What a length in place of a type can count: no stack is made longer."""
PAYLOAD = 64
_PADDING = 18
_UNIT = 8
"""What an option list may take more, to fill up to the unit of its length."""
_MORE = st.sampled_from((False, *(True,) * 6))
"""Whether to go on where the stack could end, or to leave the shortest path."""


class Step(NamedTuple):
    """A node of the graph, and what comes after it."""

    node: Node
    after: Edge | End


class Paths(NamedTuple):
    """What all stacks of one strategy have in common."""

    graph: StackGraph
    catalog: Catalog
    first: type[Header]
    target: type[Header] | None
    distances: dict[Node, int]
    """How many more headers there must be at least while the target is not reached."""
    longest: int
    octets: int
    """How many octets of variable size the longest stack may hold."""
    reserved: bool


def paths_of(
    graph: StackGraph,
    catalog: Catalog,
    first: type[Header],
    target: type[Header] | None,
    longest: int,
    *,
    reserved: bool,
) -> Paths:
    """What is known before anything is drawn."""
    widest = {node: fixed_octets(node.cls.__layout__) + _UNIT for node in graph.edges}
    before = max((octets for node, octets in widest.items() if graph.edges[node]), default=0)
    octets = max(0, _FRAME - 2 * _PADDING - (longest - 1) * before - max(widest.values()))
    distances = graph.to_end if target is None else graph.distances(target)
    return Paths(graph, catalog, first, target, distances, longest, octets, reserved)


def stack(draw: st.DrawFn, paths: Paths) -> Packet:
    """A packet whose derived fields are AUTO."""
    node, network, reached = Node(paths.first), None, paths.target is None
    room = Room(paths.octets, reserved=paths.reserved)
    steps: list[Step] = []
    headers: list[Header] = []
    payload = b""
    while not steps or isinstance(steps[-1].after, Edge):
        reached = reached or node.cls is paths.target
        # a header and all that is drawn for it are one span, so that shrinking can leave out just that
        step, header, payload = draw(_one(paths, room, node, network, paths.longest - len(steps) - 1, reached))
        steps.append(step)
        headers.append(header)
        network = network_after(node.cls.__layout__, network)
        if isinstance(step.after, Edge):
            node = step.after.node
    return Packet(tuple(headers), payload, trailers_of(draw, steps, headers, payload))


@st.composite
def _one(
    draw: st.DrawFn, paths: Paths, room: Room, node: Node, network: Layout | None, left: int, reached: bool
) -> tuple[Step, Header, bytes]:
    """What comes after a node, the header there, and the payload where the stack ends."""
    after = _choice(draw, paths, node, left, reached)
    payload = b""
    if isinstance(after, End) and after.kind != "closed":
        payload = payload_without(draw(st.binary(max_size=min(PAYLOAD, room.octets))), after.avoid)
        room.take(len(payload))
    step = Step(node, after)
    return step, header_at(draw, step, network, len(payload), paths.catalog, room), payload


def _choice(draw: st.DrawFn, paths: Paths, node: Node, left: int, reached: bool) -> Edge | End:
    """The edge or the end to take, with room for so many more headers; the simplest is the shortest."""
    graph = paths.graph
    needs = [(_need(paths, edge.node, reached), edge) for edge in graph.edges[node]]
    within = [(need, edge) for need, edge in needs if need is not None and need < left]
    ends = graph.ends[node] if reached else ()
    more = bool(within) and draw(_MORE)
    if ends and not more:
        return draw(st.sampled_from(ends))
    nearest = min(need for need, _ in within)
    edges = [edge for need, edge in sorted(within, key=lambda pair: pair[0]) if more or need == nearest]
    return draw(st.sampled_from(draw(st.sampled_from(_pools(edges)))))


def _pools(edges: list[Edge]) -> list[list[Edge]]:
    """All edges, and those to each layer: of many edges, the few to a frame or a packet are taken often enough."""
    pools: dict[str | None, list[Edge]] = {}
    for edge in edges:
        pools.setdefault(edge.node.cls.__layout__.layer, []).append(edge)
    return [edges, *pools.values()] if len(pools) > 1 else [edges]


def _need(paths: Paths, node: Node, reached: bool) -> int | None:
    """How many headers must follow the one at this node; None where it leads nowhere."""
    return (paths.graph.to_end if reached or node.cls is paths.target else paths.distances).get(node)


def network_after(layout: Layout, outside: Layout | None) -> Layout | None:
    """The header whose addresses a checksum after this one covers."""
    if layout.layer == "network":
        return layout
    return outside if layout.layer == "extension" else None


def lone_header(
    draw: st.DrawFn, cls: type[Header], graph: StackGraph, catalog: Catalog, fixed: dict[str, Any], *, open_: bool
) -> Header:
    """A header that nothing follows and that is in no other; derived fields are AUTO where that is enough.

    With `open_`, one that will be put in a packet: what its neighbours determine is AUTO.
    """
    layout = cls.__layout__
    ends = [end for end in graph.ends[Node(cls)] if not _contradicts(layout, end, fixed)]
    if open_:
        ends = [end for end in ends if end.kind not in ("no_key", "fragment")]
        names = {layout.more_fragments, *(field.name for field in (layout.selector, layout.checksum) if field)}
        unset = {
            field.name: field.default
            for field in layout.fields
            if field.name in names and not field.optional and field.default in (AUTO, False)
        }
        fixed = unset | fixed
    after = draw(st.sampled_from(ends)) if ends else None
    step = Step(Node(cls), after or End("data"))
    return header_at(draw, step, None, 0, catalog, Room(_FRAME), fixed, loose=after is None)


def _contradicts(layout: Layout, end: End, fixed: dict[str, Any]) -> bool:
    """Whether an end needs other values than the fixed ones; a selector that is fixed is taken as it is."""
    if end.kind == "fragment":
        return layout.next.offset in fixed
    if end.kind == "no_key":
        guards = [guard for guard in (*layout.next.guards, layout.next.content) if guard and not guard.carried]
        return any(guard.field in fixed for guard in guards)
    return False


def header_at(
    draw: st.DrawFn,
    step: Step,
    network: Layout | None,
    content: int,
    catalog: Catalog,
    room: Room,
    fixed: dict[str, Any] | None = None,
    *,
    loose: bool = False,
) -> Header:
    """The header of a step, its fields as its neighbours require."""
    layout = catalog.layout(step.node.cls)
    previous = dict(step.after.previous) if isinstance(step.after, Edge) else {}
    values: dict[str, Any] = dict(step.node.required) | previous | (fixed or {})
    excluded: dict[str, frozenset[int]] = {}
    for name, never in step.node.excluded:
        excluded[name] = excluded.get(name, frozenset()) | never
    _fragments(draw, layout, step.after, values)
    _length_of_all(draw, layout, step.after, values, content, catalog, excluded)
    _selection(draw, layout, step.after, values, excluded, catalog, loose=loose)
    _checksum(draw, layout, step.after, values, network)
    header: Header = step.node.cls(**record(draw, layout, values, excluded, room))
    return header


def _fragments(draw: st.DrawFn, layout: Layout, after: Edge | End, values: dict[str, Any]) -> None:
    """Fragments: only where no header can follow."""
    if isinstance(after, Edge):
        return
    offset, more = layout.next.offset, layout.more_fragments
    if offset is not None and after.kind == "fragment" and offset not in values:
        values[offset] = number(draw, layout.by_name[offset], frozenset({0}))
    if more is not None and after.kind in ("fragment", "unbound"):
        values.setdefault(more, st.booleans())


def _length_of_all(
    draw: st.DrawFn,
    layout: Layout,
    after: Edge | End,
    values: dict[str, Any],
    content: int,
    catalog: Catalog,
    excluded: dict[str, frozenset[int]],
) -> None:
    """The length of a datagram of which the first segment is here, or a later one with its offset, also drawn."""
    extent = layout.extent
    if extent is None or extent.unless is None or extent.unless in values or extent.field.name in values:
        return
    field, offset = extent.field, layout.by_name[extent.unless]
    space = layout.next.space if offset is layout.selector else None
    if isinstance(after, Edge) or (space is not None and after.kind != "unbound"):
        if space is None:
            values[offset.name] = 0
        most = 2 * _FRAME  # more than any stack is long
        if isinstance(after, Edge) and extent.segmented and field.maximum > most and draw(st.booleans()):
            values[field.name] = number(draw, field, lowest=most)  # the first segment of several
        return
    here = content + (fixed_octets(layout) if extent.from_start else 0)
    most = field.maximum * extent.unit + extent.bias - here
    never = excluded.get(offset.name, frozenset()) | (catalog.values(space) if space else frozenset())
    octets = number(draw, offset, never, 0, min(offset.maximum, most))
    values[offset.name] = octets
    if octets:
        least = -(-(here + octets - extent.bias) // extent.unit)
        values[field.name] = number(draw, field, lowest=least)


def _selection(
    draw: st.DrawFn,
    layout: Layout,
    after: Edge | End,
    values: dict[str, Any],
    excluded: dict[str, frozenset[int]],
    catalog: Catalog,
    *,
    loose: bool,
) -> None:
    """The selector, and the fields that decide whether it is a key."""
    field = layout.selector
    if field is None:
        return
    if after.kind in ("repeat", "fragment") or loose:
        values.setdefault(field.name, _any_but(field, excluded))
        return
    guards = layout.next.guards
    if layout.next.content is not None and not layout.next.content_outside:
        guards += (layout.next.content,)
        if after.kind == "no_key" and layout.next.flag is not None:
            values.setdefault(layout.next.flag, False)  # else a header may follow all the same
    for guard in guards:
        holds = after.kind != ("carried" if guard.carried else "no_key")
        if guard.carried:
            values.setdefault(guard.field, holds)
        elif holds is not guard.negated:
            values.setdefault(guard.field, st.sampled_from(guard.values))
        else:
            excluded[guard.field] = excluded.get(guard.field, frozenset()) | frozenset(guard.values)
    if after.kind == "carried":
        values.setdefault(field.name, _any_but(field, excluded))
    elif field.name not in values:
        values[field.name] = _selector(draw, layout, field, after, excluded, catalog)


def _selector(
    draw: st.DrawFn,
    layout: Layout,
    field: Field,
    after: Edge | End,
    excluded: dict[str, frozenset[int]],
    catalog: Catalog,
) -> Any:  # Any: a number, AUTO, or a strategy for one
    if isinstance(after, Edge) and after.kind in ("key", "length"):
        choices: list[Any] = [AUTO] if after.auto else []
        return draw(st.sampled_from([*choices, *after.values]))
    if after.kind == "nothing":
        return AUTO
    if after.kind == "no_key":
        return _any_but(field, excluded)
    bound = frozenset[int]() if layout.next.space is None else catalog.values(layout.next.space)
    return number(draw, field, excluded.get(field.name, frozenset()) | bound, layout.next.lowest_key)


def _any_but(field: Field, excluded: dict[str, frozenset[int]]) -> st.SearchStrategy[int]:
    never = excluded.get(field.name, frozenset())
    return st.composite(lambda draw: number(draw, field, never))()


def _checksum(
    draw: st.DrawFn, layout: Layout, after: Edge | End, values: dict[str, Any], network: Layout | None
) -> None:
    """A checksum with a pseudo-header: derived where there is one, and left out where that is allowed."""
    coverage = layout.coverage
    if coverage is None or not coverage.pseudo or coverage.field.name in values:
        return
    if network is None:
        values[coverage.field.name] = number(draw, coverage.field)
    elif coverage.zero_absent:
        tunnel = isinstance(after, Edge) and after.node.cls.__layout__.unchecked
        if tunnel or network.by_name["dst"].kind == "ipv4":
            values[coverage.field.name] = draw(st.sampled_from([AUTO, 0]))


def payload_without(payload: bytes, avoid: tuple[Conditions, ...]) -> bytes:
    """The payload, changed in few bits so that it fulfils none of the conditions."""
    while True:
        held = next((conditions for conditions in avoid if all(_is(payload, asked) for asked in conditions)), None)
        if held is None:
            return payload
        peek = held[0]
        if isinstance(peek, MinOctets):
            return payload[: peek.octets - 1]
        asked = [other for conditions in avoid for other in conditions if isinstance(other, Peek)]
        taken = {other.value for other in asked if (other.bit, other.count) == (peek.bit, peek.count)}
        value = next((value for value in range(1 << peek.count) if value not in taken), None)
        if value is None:
            return payload[: peek.bit // 8]
        below = len(payload) * 8 - peek.bit - peek.count
        mask = (1 << peek.count) - 1
        bits = int.from_bytes(payload, "big") & ~(mask << below) | value << below
        payload = bits.to_bytes(len(payload), "big")


def _is(payload: bytes, peek: Peek | MinOctets) -> bool:
    if isinstance(peek, MinOctets):
        return len(payload) >= peek.octets
    below = len(payload) * 8 - peek.bit - peek.count
    return below >= 0 and int.from_bytes(payload, "big") >> below & (1 << peek.count) - 1 == peek.value


def trailers_of(draw: st.DrawFn, steps: list[Step], headers: list[Header], payload: bytes) -> tuple[Trailer, ...]:
    """Octets after the declared end of some headers, innermost first."""
    bounded = [
        index
        for index, step in enumerate(steps)
        if _bounded(step, headers[index], index + 1 < len(steps) or payload != b"")
    ]
    if not bounded:
        return ()
    padded = draw(st.lists(st.sampled_from(bounded), max_size=2, unique=True))
    size = st.binary(min_size=1, max_size=_PADDING)
    return tuple(Trailer(index, draw(size)) for index in sorted(padded, reverse=True))


def _bounded(step: Step, header: Header, content: bool) -> bool:
    """Whether the header itself gives the end of what it holds."""
    layout = header.__layout__
    if isinstance(step.after, End) and step.after.kind == "closed":
        return not layout.takes_rest
    if isinstance(step.after, Edge) and step.after.kind == "length":
        return True
    extent = layout.extent
    if extent is None or extent.optional or extent.segmented:
        return False
    return getattr(header, extent.field.name) is AUTO and (content or extent.zero == "length" or extent.from_start)
