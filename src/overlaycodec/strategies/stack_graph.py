"""Layouts and a catalog -> which header can follow which, and where a stack can end.

Strategy: a graph, explored once from a first header. Its nodes are spots: a header class, with what the conditions of
the key that led there ask of its fields. The edges say what the header before must hold. All of it comes from the
declarations; decoding has no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from overlaycodec.codec.catalog import Catalog
from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import (
    Checksum,
    Const,
    ConstructField,
    FragmentOffset,
    LengthField,
    Rest,
    Selects,
    StackEnd,
)
from overlaycodec.schema.keys import Key, MinOctets, Peek, PreviousHeader
from overlaycodec.schema.layout import Field, Layout

__all__ = ["End", "Map", "Spot", "Way", "map_of", "selects_of"]

Guard = tuple[Peek | MinOctets, ...]
Told = tuple[tuple[str, int], ...]
"""Fields and their values."""
Binding = tuple[Key, type[Header]]


class Spot(NamedTuple):
    """A header class, and the values that its fields must and must not have for the key that leads to it."""

    cls: type[Header]
    must: tuple[tuple[str, int], ...] = ()
    must_not: tuple[tuple[str, int], ...] = ()


class Way(NamedTuple):
    """How one header leads to the next.

    By the next label of a stack, as what the class carries, by a value of the selector, by a length in its place, or by
    any value that is not bound.
    """

    spot: Spot
    kind: Literal["stack", "carried", "key", "length", "other"]
    values: tuple[int, ...] = ()
    """The selector's values, of "key"."""
    before: Told = ()
    """The values that fields of the header before must have."""
    auto: bool = False
    """Whether the selector may be derived."""


class End(NamedTuple):
    """How a stack can end.

    At a header that nothing follows, with a selector at a value that says so, at one that is not bound, with one that
    is no key there, or at a piece of something.
    """

    kind: Literal["closed", "plain", "carried", "nothing", "unbound", "unread", "piece"]
    avoid: tuple[Guard, ...] = ()
    """Conditions, of which the payload must fulfil none."""


class Map(NamedTuple):
    """Ways and ends of every spot that can be reached."""

    ways: dict[Spot, tuple[Way, ...]]
    ends: dict[Spot, tuple[End, ...]]
    to_end: dict[Spot, int]
    """How many more headers a stack needs at least."""

    def distances(self, target: type[Header]) -> dict[Spot, int]:
        """How many more headers a stack needs at least that has still to reach `target`, and then to end."""
        start = {spot: count for spot, count in self.to_end.items() if spot.cls is target}
        return _relaxed(self.ways, start)


def selects_of(layout: Layout) -> tuple[Field, Selects] | None:
    """The selector, and what it says."""
    field = layout.selector
    selects = None if field is None else field.get(Selects)
    return None if field is None or selects is None else (field, selects)


def _field_at(layout: Layout, peek: Peek) -> Field | None:
    """The number that stands just where a condition looks."""
    for field in layout.fields:
        if field.bits == peek.count and field.kind == "int" and layout.fixed_bit_of(field.name) == peek.bit:
            return field
    return None


def _constant(layout: Layout, peek: Peek) -> bool | None:
    """Whether a condition holds for every such header, by its constants; None where they do not tell."""
    known = 0
    for field in layout.fields:
        const, start = field.get(Const), layout.fixed_bit_of(field.name)
        if const is None or start is None or field.bits is None:
            continue
        first, last = max(start, peek.bit), min(start + field.bits, peek.bit + peek.count)
        if first < last:
            mask = (1 << last - first) - 1
            own = const.value >> start + field.bits - last & mask
            if own != peek.value >> peek.bit + peek.count - last & mask:
                return False
            known += last - first
    return True if known == peek.count else None


def _fails(layout: Layout, guards: Key) -> tuple[str, int] | None:
    """A field and the value that it must not have for a condition to fail; ("", 0) where one fails anyhow."""
    for peek in guards.conditions:
        if not isinstance(peek, Peek):
            continue
        if _constant(layout, peek) is False:
            return "", 0
        field = _field_at(layout, peek)
        if field is not None and not (
            Const in field or field.name in layout.sized_by or LengthField in field or Checksum in field
        ):
            return field.name, peek.value
    return None


def _holds(layout: Layout, key: Key) -> tuple[tuple[str, int], ...] | None:
    """The fields that fulfil the conditions of a key. `Within` is fulfilled by lengths that are right."""
    must = []
    for peek in key.conditions:
        if isinstance(peek, Peek) and not (constant := _constant(layout, peek)):
            field = _field_at(layout, peek)
            if constant is False or field is None:
                return None
            must.append((field.name, peek.value))
    return tuple(must)


def _before(key: Key, outside: Layout) -> dict[str, int] | None:
    """What the conditions of a key ask of the header before; None where that is none that could fulfil them."""
    asked = {condition.field: condition.value for condition in key.conditions if isinstance(condition, PreviousHeader)}
    return asked if all(name in outside.by_name for name in asked) else None


def _spot_of(candidates: tuple[Binding, ...], cls: type[Header], outside: Layout) -> tuple[Spot, Told] | None:
    """What the fields of a header, and of the one before, must be for it to be found; None where another always is."""
    layout = cls.__layout__
    must_not: list[tuple[str, int]] = []
    told: dict[str, int] = {}
    for key, other in candidates:
        asked = _before(key, outside)
        if asked is None or any(told.get(name, value) != value for name, value in asked.items()):
            continue
        if other is cls and (must := _holds(layout, key)) is not None:
            kept = tuple(pair for pair in must_not if pair[0])
            return None if set(must) & set(kept) else (Spot(cls, must, kept), tuple((told | asked).items()))
        flag = next((name for name in asked if outside.by_name[name].kind == "bool" and name not in told), None)
        if flag is not None:
            told[flag] = not asked[flag]
            continue
        failing = _fails(layout, key) if key.conditions else None
        if failing is None:
            return None
        must_not.append(failing)
    return None


def _spots(candidates: tuple[Binding, ...], outside: Layout) -> dict[tuple[Spot, Told], None]:
    """What can be found behind a header, in order, and what that header must be for it."""
    classes = dict.fromkeys(cls for _, cls in candidates)
    return dict.fromkeys(found for cls in classes if (found := _spot_of(candidates, cls, outside)) is not None)


def _avoid(candidates: tuple[Binding, ...]) -> tuple[Guard, ...] | None:
    """The conditions under which something is found; None where something always is."""
    guards = [tuple(asked for asked in key.conditions if isinstance(asked, Peek | MinOctets)) for key, _ in candidates]
    return tuple(guards) if all(guards) else None


def _keyed(spot: Spot, selector: Field, selects: Selects, catalog: Catalog) -> Iterable[Way]:
    """The ways of a selector's values."""
    space = selects.space
    lowest = selects.lengths[0] + 1 if selects.lengths else 0
    outside = spot.cls.__layout__
    found: dict[tuple[Spot, Told], list[int]] = {}
    for value in sorted(catalog.values(space)):
        if lowest <= value <= selector.maximum and _allowed(spot, selector, value):
            for place in _spots(catalog.candidates(space, value), outside):
                found.setdefault(place, []).append(value)
    for (other, before), values in found.items():
        first = catalog.key_of(space, other.cls)
        lengthy = selects.lengths and other.cls in catalog.keys_in(selects.lengths[1].space)
        yield Way(other, "key", tuple(values), before, auto=first in values and not lengthy)
    for other, before in _spots(catalog.candidates(space, None), outside):
        yield Way(other, "other", before=before)
    if selects.lengths and selector.name not in dict(spot.must):
        space = selects.lengths[1].space
        for other, before in _spots(catalog.candidates(space, selects.lengths[1].value), outside):
            if other.cls in catalog.keys_in(space):
                yield Way(other, "length", before=before, auto=True)


def _allowed(spot: Spot, field: Field, value: int) -> bool:
    return dict(spot.must).get(field.name, value) == value and (field.name, value) not in spot.must_not


def _unbound(selector: Field, selects: Selects, bound: frozenset[int]) -> bool:
    """Whether some value of the selector is neither a length nor bound."""
    lowest = selects.lengths[0] + 1 if selects.lengths else 0
    return sum(lowest <= value <= selector.maximum for value in bound) <= selector.maximum - lowest


def _carried(layout: Layout, catalog: Catalog) -> tuple[Binding, ...]:
    return () if layout.carries is None else catalog.candidates(layout.carries.space, layout.carries.value)


def _closed(layout: Layout) -> bool:
    """Whether nothing can follow."""
    return layout.closed or any(Rest in field for field in layout.fields)


def _ways(spot: Spot, catalog: Catalog) -> Iterable[Way]:
    layout = spot.cls.__layout__
    if _closed(layout):
        return
    if any(StackEnd in field for field in layout.fields):
        key = layout.keys[0]
        for other, before in _spots(catalog.candidates(key.space, key.value), layout):
            if other.cls is spot.cls:
                yield Way(other, "stack", before=before)
    selection = selects_of(layout)
    if selection is not None:
        yield from _keyed(spot, *selection, catalog)
    if selection is None or selection[1].when:
        for other, before in _spots(_carried(layout, catalog), layout):
            yield Way(other, "carried", before=before)


def _ends(spot: Spot, catalog: Catalog) -> Iterable[End]:
    layout = spot.cls.__layout__
    if _closed(layout):
        yield End("closed")
        return
    selection = selects_of(layout)
    carried = _carried(layout, catalog)
    if selection is None or selection[1].when:
        avoid = _avoid(carried)
        if avoid is not None:
            yield End("carried" if selection else "plain", avoid)
    if selection is None:
        return
    selector, selects = selection
    avoid = _avoid(catalog.candidates(selects.space, None))
    bound = catalog.values(selects.space)
    if selector.name not in dict(spot.must):
        if selects.nothing is not None and selects.nothing not in bound and avoid == ():
            yield End("nothing")
        if avoid is not None and _unbound(selector, selects, bound):
            yield End("unbound", avoid)
    if selects.only or selects.unless:
        yield End("unread")
    if any(FragmentOffset in field for field in layout.fields):
        yield End("piece")


def _relaxed(ways: dict[Spot, tuple[Way, ...]], start: dict[Spot, int]) -> dict[Spot, int]:
    """The least number of steps from each spot to one of those in `start`, each of which has a number already."""
    best = dict(start)
    changed = True
    while changed:
        changed = False
        for spot, found in ways.items():
            count = min((best[way.spot] + 1 for way in found if way.spot in best), default=None)
            if count is not None and count < best.get(spot, count + 1):
                best[spot] = count
                changed = True
    return best


@lru_cache(maxsize=64)
def map_of(catalog: Catalog, first: type[Header]) -> Map:
    """The map of what can follow `first`."""
    ways: dict[Spot, tuple[Way, ...]] = {}
    found = [Spot(first)]
    for spot in found:  # grows while it is read
        if spot not in ways:
            ways[spot] = tuple(way for way in _ways(spot, catalog) if drawable(way.spot.cls.__layout__))
            found += [way.spot for way in ways[spot]]
    ends = {spot: tuple(_ends(spot, catalog)) for spot in ways}
    return Map(ways, ends, _relaxed(ways, {spot: 0 for spot, kinds in ends.items() if kinds}))


def drawable(layout: Layout) -> bool:
    """Whether the declaration says all of every field: what a `construct` object reads must be given."""
    return not any(ConstructField in field for field in layout.fields)
