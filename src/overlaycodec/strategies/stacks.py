"""Whole stacks: headers along a walk through the graph, a payload in which no condition finds a header, padding.

Strategy: header after header, from the outside in: its octets, then all that comes after it, then its parts of variable
size. Each header is in the span of the one before it, so that shrinking can leave out any headers in a row and
everything that was drawn for them, and nothing else. Derived fields are left AUTO, except where nothing can derive
them.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hypothesis import reject
from hypothesis import strategies as st

from overlaycodec.codec.catalog import Catalog
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet, Trailer
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.strategies.entropy import Entropy, binary, entropy_of
from overlaycodec.strategies.fixed_fields import allows
from overlaycodec.strategies.payloads import LONGEST_PAYLOAD, fits, payload_of, payload_without
from overlaycodec.strategies.records import Room, fixed_octets, record
from overlaycodec.strategies.stack_graph import Edge, End, Node, StackGraph
from overlaycodec.strategies.walks import CHOICE_OCTETS, Aim, Place, Walk
from overlaycodec.values import AUTO

__all__ = ["Making", "lone_header", "room_for", "stack"]

_FRAME: Final = 1_500
"""What a length in place of a type can count."""
_LONGEST_STACK: Final = 2 * LONGEST_PAYLOAD
"""More octets than any stack has."""
_SMALL_PAYLOAD: Final = 64
"""The most octets where a length in place of a type, or a short length field, counts them."""
_PADDING: Final = 18
_SIZES: Final = 5
_PADDED: Final = 128
"""From which value of an octet on some headers are padded."""
_UNIT: Final = 8
"""What an option list may take more, to fill up to the unit of its length."""


class Step(NamedTuple):
    """A node of the graph, and what comes after it."""

    node: Node
    after: Edge | End


class Making:
    """A packet in the making: what is known of all of it."""

    def __init__(self, walk: Walk, catalog: Catalog, room: Room, payload: bytes | None) -> None:
        self.walk = walk
        self.catalog = catalog
        self.room = room
        self.fixed_payload = payload
        self.payload = b""
        self.sizes = bytes(_SIZES)
        """Octets that decide how long the payload is, and which headers are padded."""
        self.headers: list[Header] = []
        """From the last one on."""
        self.steps: list[Step] = []

    def allows(self, place: Place, after: Edge | End, given: dict[str, Any]) -> bool:  # Any: a field's own type
        """Whether this can come after a header with these fields."""
        if self.fixed_payload is not None and isinstance(after, End):
            if after.kind == "closed" and self.fixed_payload:
                return False
            if not fits(self.fixed_payload, after.avoid):
                return False
        return not given or allows(place.node, after, given, self.catalog)


def room_for(graph: StackGraph, longest: int) -> int:
    """How many octets of variable size the longest stack may hold, so that a length of 802.3 can count them."""
    widest = {node: fixed_octets(node.cls.__layout__) + _UNIT for node in graph.edges}
    before = max((octets for node, octets in widest.items() if graph.edges[node]), default=0)
    return max(0, _FRAME - 2 * _PADDING - (longest - 1) * before - max(widest.values()))


def stack(draw: st.DrawFn, making: Making, longest: int) -> Packet:
    """A packet of at most so many headers, whose derived fields are AUTO."""
    assert making.walk.start is not None
    _header(draw, making, making.walk.start, None, longest, None, LONGEST_PAYLOAD)
    headers, steps = making.headers[::-1], making.steps[::-1]
    return Packet(tuple(headers), making.payload, _trailers(draw, making.sizes[3:], steps, headers, making.payload))


def _header(
    draw: st.DrawFn, making: Making, place: Place, aim: Aim | None, left: int, network: Layout | None, most: int
) -> None:
    """Adds the headers from this place on, at most so many, with a payload of at most so many octets."""
    layout = making.catalog.layout(place.node.cls)
    entropy = entropy_of(draw, layout)
    given = {
        name: draw(value) if isinstance(value, st.SearchStrategy) else value
        for fields in place.wanted
        for name, value in zip(fields.names, fields.values, strict=True)
    }
    inside = network_after(layout, network)
    extent = layout.extent
    if extent is not None and extent.end_of(extent.field.maximum, 0) < _LONGEST_STACK:
        most = min(most, _SMALL_PAYLOAD)
    after = draw(_onward(making, place, aim, given, left - 1, inside, most))
    step = Step(place.node, after)
    content = len(making.payload) if isinstance(after, End) else 0
    making.headers.append(header_at(draw, step, network, content, making.catalog, making.room, entropy, given))
    making.steps.append(step)


@st.composite
def _onward(
    draw: st.DrawFn,
    making: Making,
    place: Place,
    aim: Aim | None,
    given: dict[str, Any],  # Any: a field's own type
    left: int,
    network: Layout | None,
    most: int,
) -> Edge | End:
    """All that comes after a header; the choice is drawn first, so that headers that are left out take theirs along."""
    octets = draw(binary(CHOICE_OCTETS + _SIZES, CHOICE_OCTETS + _SIZES))  # one draw costs less than two
    may = None
    if given or making.fixed_payload is not None:
        may = lambda after: making.allows(place, after, given)  # noqa: E731 - shorter than a function with types
    chosen = making.walk.choose(place, octets[:CHOICE_OCTETS], left, aim, may)
    if chosen is None:
        reject()
    after, target, aim = chosen
    if target is None:
        assert isinstance(after, End)
        if making.fixed_payload is not None:
            making.payload = making.fixed_payload
        making.sizes = octets[CHOICE_OCTETS:]
        if making.fixed_payload is None and after.kind != "closed":
            most = min(most, making.room.octets) if most <= _SMALL_PAYLOAD else most
            making.payload = payload_without(payload_of(draw, making.sizes, most), after.avoid)
            making.room.take(min(len(making.payload), _SMALL_PAYLOAD))
    else:
        if after.kind == "length":
            most = min(most, _SMALL_PAYLOAD)
        _header(draw, making, target, aim, left, network, most)
    return after


def network_after(layout: Layout, outside: Layout | None) -> Layout | None:
    """The header whose addresses a checksum after this one covers."""
    if layout.layer == "network":
        return layout
    return outside if layout.layer == "extension" else None


def lone_header(
    draw: st.DrawFn, cls: type[Header], ends: tuple[End, ...], catalog: Catalog, fixed: dict[str, Any], *, open_: bool
) -> Header:
    """A header that ends in one of these ways and is in no other; derived fields are AUTO where that is enough.

    With `open_`, one that will be put in a packet: what its neighbours determine is AUTO.
    """
    layout = cls.__layout__
    possible = [end for end in ends if not _contradicts(layout, end, fixed)]
    if open_:
        possible = [end for end in possible if end.kind not in ("no_key", "fragment")]
        names = {layout.more_fragments, *(field.name for field in (layout.selector, layout.checksum) if field)}
        unset = {
            field.name: field.default
            for field in layout.fields
            if field.name in names and not field.optional and field.default in (AUTO, False)
        }
        fixed = unset | fixed
    entropy = entropy_of(draw, catalog.layout(cls))
    after = possible[entropy.spare() % len(possible)] if possible else None
    step = Step(Node(cls), after or End("data"))
    return header_at(draw, step, None, 0, catalog, Room(_FRAME), entropy, fixed, loose=after is None)


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
    entropy: Entropy,
    fixed: dict[str, Any],  # Any: a field's own type
    *,
    loose: bool = False,
) -> Header:
    """The header of a step, its fields as its neighbours require."""
    layout = catalog.layout(step.node.cls)
    previous = dict(step.after.previous) if isinstance(step.after, Edge) else {}
    values: dict[str, Any] = dict(step.node.required) | previous | fixed
    excluded: dict[str, frozenset[int]] = {}
    for name, never in step.node.excluded:
        excluded[name] = excluded.get(name, frozenset()) | never
    _fragments(entropy, layout, step.after, values)
    _length_of_all(entropy, layout, step.after, values, content, catalog, excluded)
    _selection(entropy, layout, step.after, values, excluded, catalog, loose=loose)
    _checksum(entropy, layout, step.after, values, network)
    header: Header = step.node.cls(**record(draw, layout, values, excluded, room, entropy))
    return header


def _fragments(entropy: Entropy, layout: Layout, after: Edge | End, values: dict[str, Any]) -> None:
    """Fragments: only where no header can follow."""
    if isinstance(after, Edge):
        return
    offset, more = layout.next.offset, layout.more_fragments
    if offset is not None and after.kind == "fragment" and offset not in values:
        values[offset] = entropy.number(layout.by_name[offset], frozenset({0}))
    if more is not None and after.kind in ("fragment", "unbound"):
        values.setdefault(more, entropy.flag(layout.by_name[more]))


def _length_of_all(
    entropy: Entropy,
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
        most = _LONGEST_STACK
        if isinstance(after, Edge) and extent.segmented and field.maximum > most and entropy.spare() & 1:
            values[field.name] = entropy.number(field, lowest=most)  # the first segment of several
        return
    here = content + (fixed_octets(layout) if extent.from_start else 0)
    most = field.maximum * extent.unit + extent.bias - here
    never = excluded.get(offset.name, frozenset()) | (catalog.values(space) if space else frozenset())
    octets = entropy.number(offset, never, 0, min(offset.maximum, most))
    values[offset.name] = octets
    if octets:
        least = -(-(here + octets - extent.bias) // extent.unit)
        values[field.name] = entropy.number(field, lowest=least)


def _selection(
    entropy: Entropy,
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
        values.setdefault(field.name, _any_but(entropy, field, excluded))
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
            values.setdefault(guard.field, entropy.pick(layout.by_name[guard.field], guard.values))
        else:
            excluded[guard.field] = excluded.get(guard.field, frozenset()) | frozenset(guard.values)
    if after.kind == "carried":
        values.setdefault(field.name, _any_but(entropy, field, excluded))
    elif field.name not in values:
        values[field.name] = _selector(entropy, layout, field, after, excluded, catalog)


def _selector(
    entropy: Entropy,
    layout: Layout,
    field: Field,
    after: Edge | End,
    excluded: dict[str, frozenset[int]],
    catalog: Catalog,
) -> Any:  # Any: a number, AUTO, or a strategy for one
    if isinstance(after, Edge) and after.kind in ("key", "length"):
        choices: list[Any] = [AUTO] if after.auto else []
        return entropy.pick(field, [*choices, *after.values])
    if after.kind == "nothing":
        return AUTO
    if after.kind == "no_key":
        return _any_but(entropy, field, excluded)
    bound = frozenset[int]() if layout.next.space is None else catalog.values(layout.next.space)
    return entropy.number(field, excluded.get(field.name, frozenset()) | bound, layout.next.lowest_key)


def _any_but(entropy: Entropy, field: Field, excluded: dict[str, frozenset[int]]) -> int:
    return entropy.number(field, excluded.get(field.name, frozenset()))


def _checksum(
    entropy: Entropy, layout: Layout, after: Edge | End, values: dict[str, Any], network: Layout | None
) -> None:
    """A checksum with a pseudo-header: derived where there is one, and left out where that is allowed."""
    coverage = layout.coverage
    if coverage is None or not coverage.pseudo or coverage.field.name in values:
        return
    if network is None:
        values[coverage.field.name] = entropy.number(coverage.field)
    elif coverage.zero_absent:
        tunnel = isinstance(after, Edge) and after.node.cls.__layout__.unchecked
        if tunnel or network.by_name["dst"].kind == "ipv4":
            values[coverage.field.name] = entropy.pick(coverage.field, (AUTO, 0))


def _trailers(
    draw: st.DrawFn, number: bytes, steps: list[Step], headers: list[Header], payload: bytes
) -> tuple[Trailer, ...]:
    """Octets after the declared end of some headers, innermost first."""
    bounded = [
        index
        for index, step in enumerate(steps)
        if _bounded(step, headers[index], index + 1 < len(steps) or payload != b"")
    ]
    if not bounded or number[0] < _PADDED:
        return ()
    padded = {bounded[octet % len(bounded)] for octet in number}
    return tuple(Trailer(index, draw(binary(1, _PADDING))) for index in sorted(padded, reverse=True))


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
