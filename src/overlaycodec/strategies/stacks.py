"""Whole stacks: headers along the ways of the catalog, a payload that no condition takes for a header, padding.

Strategy: header after header, from the outside in: how it goes on from here, then the fields, as its neighbours ask.
Derived fields are left AUTO, save where nothing could derive them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

from overlaycodec.codec.catalog import Catalog
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet, Trailer
from overlaycodec.schema.facts import Checksum, FragmentOffset, LengthField, MoreFragments, Rest, Selects
from overlaycodec.schema.keys import MinOctets, Peek
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.values import AUTO
from overlaycodec.strategies.records import Room, fixed_octets, number, record
from overlaycodec.strategies.stack_graph import End, Map, Spot, Way, selects_of

__all__ = ["journey", "lone_header", "stack"]

_FRAME = 1500
"""What a length in place of a type can count: no stack is made longer."""
_PAYLOAD = 64
_PADDING = 18
_UNIT = 8
"""What a row may take more, to fill up to the unit of its length."""
_MORE = st.sampled_from((False, *(True,) * 6))
"""Whether to go on where the stack could end, or to leave the shortest way."""


class _Step(NamedTuple):
    spot: Spot
    on: Way | End


class Journey(NamedTuple):
    """What all stacks of one strategy have in common."""

    plan: Map
    catalog: Catalog
    first: type[Header]
    target: type[Header] | None
    distances: dict[Spot, int]
    """How many more headers there must be at least while the target is not met."""
    longest: int
    octets: int
    """How many octets of variable size the longest stack may hold."""
    reserved: bool


def journey(
    plan: Map, catalog: Catalog, first: type[Header], target: type[Header] | None, longest: int, *, reserved: bool
) -> Journey:
    """What is known before anything is drawn."""
    widest = max(fixed_octets(spot.cls.__layout__) for spot in plan.ways)
    octets = max(0, _FRAME - 2 * _PADDING - longest * (widest + _UNIT))
    distances = plan.to_end if target is None else plan.distances(target)
    return Journey(plan, catalog, first, target, distances, longest, octets, reserved)


def stack(draw: st.DrawFn, whole: Journey) -> Packet:
    """A packet whose derived fields are AUTO."""
    spot, network, met = Spot(whole.first), None, whole.target is None
    room = Room(whole.octets, reserved=whole.reserved)
    steps: list[_Step] = []
    headers: list[Header] = []
    payload = b""
    while not steps or isinstance(steps[-1].on, Way):
        met = met or spot.cls is whole.target
        # a header and all that is drawn for it are one span, so that shrinking can leave out just that
        step, header, payload = draw(_one(whole, room, spot, network, whole.longest - len(steps) - 1, met))
        steps.append(step)
        headers.append(header)
        network = _network(spot.cls.__layout__, network)
        if isinstance(step.on, Way):
            spot = step.on.spot
    return Packet(tuple(headers), payload, _trailers(draw, steps, headers, payload))


@st.composite
def _one(
    draw: st.DrawFn, whole: Journey, room: Room, spot: Spot, network: Layout | None, left: int, met: bool
) -> tuple[_Step, Header, bytes]:
    """How it goes on from a spot, the header there, and the payload where it ends."""
    on = _choice(draw, whole, spot, left, met)
    payload = b""
    if isinstance(on, End) and on.kind != "closed":
        payload = _dull(draw(st.binary(max_size=min(_PAYLOAD, room.octets))), on.avoid)
        room.take(len(payload))
    step = _Step(spot, on)
    return step, _header(draw, step, network, len(payload), whole.catalog, room), payload


def _choice(draw: st.DrawFn, whole: Journey, spot: Spot, left: int, met: bool) -> Way | End:
    """The way or the end to take, with room for so many more headers; the simplest is the shortest."""
    plan = whole.plan
    needs = [(_need(whole, way.spot, met), way) for way in plan.ways[spot]]
    within = [(need, way) for need, way in needs if need is not None and need < left]
    ends = plan.ends[spot] if met else ()
    more = bool(within) and draw(_MORE)
    if ends and not more:
        return draw(st.sampled_from(ends))
    nearest = min(need for need, _ in within)
    ways = [way for need, way in sorted(within, key=lambda pair: pair[0]) if more or need == nearest]
    return draw(st.sampled_from(draw(st.sampled_from(_pools(ways)))))


def _pools(ways: list[Way]) -> list[list[Way]]:
    """All ways, and those to each layer: of many ways, the few to a frame or a packet are taken often enough."""
    pools: dict[str | None, list[Way]] = {}
    for way in ways:
        pools.setdefault(way.spot.cls.__layout__.layer, []).append(way)
    return [ways, *pools.values()] if len(pools) > 1 else [ways]


def _need(whole: Journey, spot: Spot, met: bool) -> int | None:
    """How many headers must follow the one at this spot; None where it leads nowhere."""
    return (whole.plan.to_end if met or spot.cls is whole.target else whole.distances).get(spot)


def _network(layout: Layout, outside: Layout | None) -> Layout | None:
    """The header whose addresses a checksum behind this one covers."""
    if layout.layer == "network":
        return layout
    return outside if layout.layer == "extension" else None


def lone_header(
    draw: st.DrawFn, cls: type[Header], plan: Map, catalog: Catalog, fixed: dict[str, Any], *, open_: bool
) -> Header:
    """A header that nothing follows and that stands in nothing; derived fields are AUTO where that is enough.

    With `open_`, one that is to stand in a packet: what its neighbours tell is AUTO.
    """
    layout = cls.__layout__
    ends = [end for end in plan.ends[Spot(cls)] if not _contradicts(layout, end, fixed)]
    if open_:
        ends = [end for end in ends if end.kind not in ("unread", "piece")]
        told = [field for field in layout.fields if any(kind in field for kind in (Selects, Checksum, MoreFragments))]
        unset = {field.name: field.default for field in told if not field.optional and field.default in (AUTO, False)}
        fixed = unset | fixed
    on = draw(st.sampled_from(ends)) if ends else None
    return _header(draw, _Step(Spot(cls), on or End("plain")), None, 0, catalog, Room(_FRAME), fixed, loose=on is None)


def _contradicts(layout: Layout, end: End, fixed: dict[str, Any]) -> bool:
    """Whether an end needs fields that are fixed otherwise; a selector that is fixed is taken as it is."""
    selection = selects_of(layout)
    if selection is None:
        return False
    selects = selection[1]
    if end.kind == "piece":
        return any(field.name in fixed for field in layout.fields if FragmentOffset in field)
    if end.kind == "unread":
        return any(named[0] in fixed for named in (selects.only, selects.unless) if named)
    return False


def _header(
    draw: st.DrawFn,
    step: _Step,
    network: Layout | None,
    content: int,
    catalog: Catalog,
    room: Room,
    fixed: dict[str, Any] | None = None,
    *,
    loose: bool = False,
) -> Header:
    layout = catalog.layout(step.spot.cls)
    told = dict(step.on.before) if isinstance(step.on, Way) else {}
    given: dict[str, Any] = dict(step.spot.must) | told | (fixed or {})
    excluded: dict[str, frozenset[int]] = {}
    for name, value in step.spot.must_not:
        excluded[name] = excluded.get(name, frozenset()) | {value}
    _pieces(draw, layout, step.on, given)
    _later_piece(draw, layout, step.on, given, content, catalog, excluded)
    _selection(draw, layout, step.on, given, excluded, catalog, loose=loose)
    _sum(draw, layout, step.on, given, network)
    header: Header = step.spot.cls(**record(draw, layout, given, excluded, room))
    return header


def _pieces(draw: st.DrawFn, layout: Layout, on: Way | End, given: dict[str, Any]) -> None:
    """Fragments: only where nothing would be looked for behind them."""
    if isinstance(on, Way):
        return
    for field in layout.fields:
        if FragmentOffset in field and on.kind == "piece" and field.name not in given:
            given[field.name] = number(draw, field, frozenset({0}))
        if MoreFragments in field and on.kind in ("piece", "unbound"):
            given.setdefault(field.name, st.booleans())


def _later_piece(
    draw: st.DrawFn,
    layout: Layout,
    on: Way | End,
    given: dict[str, Any],
    content: int,
    catalog: Catalog,
    excluded: dict[str, frozenset[int]],
) -> None:
    """The length of a whole, of which this is the first piece, or a later one behind octets that are drawn too."""
    field = layout.bounds
    bounds = None if field is None else field.get(LengthField)
    if field is None or bounds is None or bounds.unless is None or bounds.unless in given or field.name in given:
        return
    before = layout.by_name[bounds.unless]
    selects = before.get(Selects)
    if isinstance(on, Way) or (selects is not None and on.kind != "unbound"):
        if selects is None:
            given[before.name] = 0
        most = 2 * _FRAME  # more than any stack is long
        if isinstance(on, Way) and bounds.pieces and field.maximum > most and draw(st.booleans()):
            given[field.name] = number(draw, field, lowest=most)  # the first piece of more
        return
    here = content + (fixed_octets(layout) if bounds.origin == "start" else 0)
    most = field.maximum * bounds.unit + bounds.bias - here
    never = excluded.get(before.name, frozenset()) | (catalog.values(selects.space) if selects else frozenset())
    octets = number(draw, before, never, 0, min(before.maximum, most))
    given[before.name] = octets
    if octets:
        least = -(-(here + octets - bounds.bias) // bounds.unit)
        given[field.name] = number(draw, field, lowest=least)


def _selection(
    draw: st.DrawFn,
    layout: Layout,
    on: Way | End,
    given: dict[str, Any],
    excluded: dict[str, frozenset[int]],
    catalog: Catalog,
    *,
    loose: bool,
) -> None:
    """The selector, and the fields that say whether it is one."""
    selection = selects_of(layout)
    if selection is None:
        return
    field, selects = selection
    if on.kind in ("stack", "piece") or loose:
        given.setdefault(field.name, _any_but(field, excluded))
        return
    for named, wanted in ((selects.only, on.kind != "unread"), (selects.unless, on.kind == "unread")):
        if named is None:
            continue
        if wanted:
            given.setdefault(named[0], st.sampled_from(named[1]))
        else:
            excluded[named[0]] = excluded.get(named[0], frozenset()) | frozenset(named[1])
    if selects.when:
        given.setdefault(selects.when, on.kind != "carried")
    if on.kind == "carried":
        given.setdefault(field.name, _any_but(field, excluded))
    elif field.name not in given:
        given[field.name] = _selector(draw, field, selects, on, excluded, catalog)


def _selector(
    draw: st.DrawFn,
    field: Field,
    selects: Selects,
    on: Way | End,
    excluded: dict[str, frozenset[int]],
    catalog: Catalog,
) -> Any:  # Any: a number, AUTO, or a strategy for one
    if isinstance(on, Way) and on.kind in ("key", "length"):
        choices: list[Any] = [AUTO] if on.auto else []
        return draw(st.sampled_from([*choices, *on.values]))
    if on.kind == "nothing":
        return AUTO
    if on.kind == "unread":
        return _any_but(field, excluded)
    never = excluded.get(field.name, frozenset()) | catalog.values(selects.space)
    lowest = selects.lengths[0] + 1 if selects.lengths else 0
    return number(draw, field, never, lowest)


def _any_but(field: Field, excluded: dict[str, frozenset[int]]) -> st.SearchStrategy[int]:
    never = excluded.get(field.name, frozenset())
    return st.composite(lambda draw: number(draw, field, never))()


def _sum(draw: st.DrawFn, layout: Layout, on: Way | End, given: dict[str, Any], network: Layout | None) -> None:
    """A checksum with a pseudo-header: derived where there is one, and left out where that is allowed."""
    field = layout.checksum
    checksum = None if field is None else field.get(Checksum)
    if field is None or checksum is None or not checksum.pseudo or field.name in given:
        return
    if network is None:
        given[field.name] = number(draw, field)
    elif checksum.zero == "absent":
        tunnel = isinstance(on, Way) and on.spot.cls.__layout__.unchecked
        if tunnel or network.by_name["dst"].kind == "ipv4":
            given[field.name] = draw(st.sampled_from([AUTO, 0]))


def _dull(payload: bytes, avoid: tuple[tuple[Peek | MinOctets, ...], ...]) -> bytes:
    """The payload, changed in few bits so that it fulfils none of the conditions."""
    while True:
        held = next((guard for guard in avoid if all(_is(payload, asked) for asked in guard)), None)
        if held is None:
            return payload
        peek = held[0]
        if isinstance(peek, MinOctets):
            return payload[: peek.octets - 1]
        asked = [other for guard in avoid for other in guard if isinstance(other, Peek)]
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


def _trailers(draw: st.DrawFn, steps: list[_Step], headers: list[Header], payload: bytes) -> tuple[Trailer, ...]:
    """Octets behind the end of some bounded headers, innermost first."""
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


def _bounded(step: _Step, header: Header, content: bool) -> bool:
    """Whether the end of what the header holds is known from itself."""
    layout = header.__layout__
    if isinstance(step.on, End) and step.on.kind == "closed":
        return not any(Rest in field for field in layout.fields)
    if isinstance(step.on, Way) and step.on.kind == "length":
        return True
    bounds = None if layout.bounds is None else layout.bounds.get(LengthField)
    if bounds is None or layout.bounds is None or bounds.optional or bounds.pieces:
        return False
    return getattr(header, layout.bounds.name) is AUTO and (
        content or bounds.zero == "length" or bounds.origin == "start"
    )
