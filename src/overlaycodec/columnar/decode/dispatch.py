"""What is found at keys, for many packets at once: keys are looked up in a table, conditions tested on the rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import Ints, Mask, Values
from overlaycodec.codec.catalog import Binding, Catalog
from overlaycodec.columnar.decode.batch import ROW
from overlaycodec.columnar.decode.bit_fields import SPARE, bits_of
from overlaycodec.columnar.decode.group import Group, every, some, taken
from overlaycodec.schema.corroboration import Corroboration
from overlaycodec.schema.keys import Asked, Fits, KeySpace, MinOctets, Peek, Pieces, PreviousHeader, Within

__all__ = ["Tables", "conditions_hold", "doubtful"]

_MANY_BITS = 16
_PEEKED = np.dtype("V16")
_WORD = np.dtype(np.uint64)
_FIRST_OCTETS = np.array([-(1 << 8 * (8 - octets)) % (1 << 64) for octets in range(9)], ">u8").view(_WORD)
"""The bits of so many octets of a word."""


class Tables:
    """What a catalog finds at the values of its key spaces, as tables."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._at: dict[tuple[KeySpace, int | None], tuple[Binding, ...]] = {}
        self._tables: dict[KeySpace, tuple[NDArray[np.uint16] | None, list[tuple[Binding, ...]]]] = {}

    def at(self, space: KeySpace, value: int | None) -> tuple[Binding, ...]:
        """What can be found at a value, in the order in which the conditions are tested."""
        found = self._at.get((space, value))
        if found is None:
            catalog = self._catalog
            found = self._at[space, value] = catalog.candidates(space, value) or catalog.candidates(space, None)
        return found

    def _table(self, space: KeySpace) -> tuple[NDArray[np.uint16] | None, list[tuple[Binding, ...]]]:
        """For each value of a space a number, and for each number what is found there; 0 is for all other values."""
        made = self._tables.get(space)
        if made is None:
            found: dict[tuple[Binding, ...], int] = {self.at(space, None): 0}
            table = np.zeros(1 << space.bits, np.uint16) if space.bits <= _MANY_BITS else None
            for value in self._catalog.values(space):
                number = found.setdefault(self.at(space, value), len(found))
                if table is not None and value < len(table):
                    table[value] = number
            made = self._tables[space] = table, list(found)
        return made

    def by_key(
        self, group: Group, values: Values, space: KeySpace, mask: Mask | None = None
    ) -> Iterator[tuple[tuple[Binding, ...], Mask | None]]:
        """What can be found after the packets of the mask, by their keys, and after which packets; None: after all."""
        table, found = self._table(space)
        if len(found) == 1:
            yield found[0], mask
            return
        if values[0] == values[-1] and every(values == values[0]):
            yield self.at(space, int(values[0])), mask
            return
        if table is None or (values.itemsize * 8 > space.bits and int(values.max()) >= len(table)):
            numbers = np.zeros(len(values), np.uint16)
            for value in self._catalog.values(space):
                numbers[values == value] = found.index(self.at(space, value))
        else:
            numbers = table.take(values)
        for number, of in group.by(numbers, mask):
            yield found[number], of


def conditions_hold(conditions: tuple[Asked, ...], group: Group, cut: Mask | None = None) -> Mask:
    """Which packets of a group fulfil all conditions, for a header at `group.offset`.

    `cut`: where the region goes on after the octets at hand, what is not at hand fulfils any condition.
    """
    peeked, others = _together(conditions)
    holds: Mask | None = None if peeked is None else peeked.hold(group, cut)
    for condition in others:
        if holds is not None and not some(holds):
            break
        found = _holds(condition, group)
        if cut is not None:
            found |= cut & _reaches_out(condition, group)
        holds = found if holds is None else holds & found
    return np.ones(len(group), np.bool_) if holds is None else holds


def doubtful(plan: Corroboration, group: Group) -> Mask | None:
    """Which packets of a group might be refused, where a guess found the header at `group.offset`; None: none."""
    if not plan.clear:
        return np.ones(len(group), np.bool_)
    doubt = ~conditions_hold(plan.common, group)
    if not some(doubt):
        return None
    others = group.part(doubt)
    clear: Mask = np.ones(len(others), np.bool_)
    for alternatives in plan.clear:
        holds = conditions_hold(alternatives[0], others, others.cut)
        for conditions in alternatives[1:]:
            if every(holds):
                break
            holds |= conditions_hold(conditions, others, others.cut)
        clear &= holds
    if every(clear):
        return None
    doubt[doubt] = ~clear
    return doubt


class _Peeks(NamedTuple):
    """Conditions on bits of the first 8 octets, as one on these octets, read as an int of this machine."""

    octets: int
    mask: np.uint64
    value: np.uint64

    def hold(self, group: Group, cut: Mask | None) -> Mask:
        """Which packets fulfil all of them; see `conditions_hold`. Of bits that are partly at hand, these count."""
        if group.offset + _WORD.itemsize > ROW:
            group.move()
        rows, offset = group.rows, group.offset
        if group.picked is not None:
            rows, offset = taken(rows, group.picked, offset, _PEEKED)
        wrong = rows.getfield(_WORD, offset) & self.mask ^ self.value
        short = group.offset + self.octets > group.left if group.offset + self.octets > group.least else None
        if short is None:
            return np.asarray(wrong == 0)
        if cut is None:
            return np.asarray((wrong == 0) & ~short)
        wrong &= _FIRST_OCTETS.take(np.clip(group.left - group.offset, 0, 8))
        return np.asarray((wrong == 0) & (cut | ~short))


@lru_cache(maxsize=256)
def _together(conditions: tuple[Asked, ...]) -> tuple[_Peeks | None, tuple[Asked, ...]]:
    """The conditions on bits of the first 8 octets, and the others."""
    peeks = [asked for asked in conditions if isinstance(asked, Peek) and asked.bit + asked.count <= 64]
    if not peeks:
        return None, conditions
    mask = value = 0
    for peek in peeks:
        below = 64 - peek.bit - peek.count
        mask |= (1 << peek.count) - 1 << below
        value |= peek.value << below
    words = np.array([mask, value], ">u8").view(_WORD)
    octets = max(peek.bit + peek.count + 7 for peek in peeks) // 8
    return _Peeks(octets, words[0], words[1]), tuple(asked for asked in conditions if asked not in peeks)


def _reaches_out(condition: Asked, group: Group) -> Mask | bool:
    """Where a condition asks for more octets than are at hand; False where that is not told, so that doubt remains."""
    if isinstance(condition, MinOctets | Pieces):
        return True
    if isinstance(condition, Fits):
        claimed, here, known = _claimed(condition, group)
        return ~known | ((claimed > here) & (claimed >= condition.least))
    return False


def _holds(condition: Asked, group: Group) -> Mask:
    if isinstance(condition, PreviousHeader):
        values = group.values.get(condition.field)
        return np.zeros(len(group), np.bool_) if values is None else values == condition.value
    if isinstance(condition, MinOctets):
        return np.asarray(group.offset + condition.octets <= group.left)
    if isinstance(condition, Peek):
        last = (condition.bit + condition.count - 1) // 8
        if last + SPARE >= ROW:
            return _far(condition, group, last)
        if group.offset + last + SPARE >= ROW:
            group.move()
        holds: Mask = _peeked(group, condition.bit, condition.count) == condition.value
        if group.offset + last >= group.least:
            holds &= group.offset + last < group.left
        return holds
    if isinstance(condition, Fits):
        return _fits(condition, group)
    assert isinstance(condition, Within | Pieces)
    if group.offset + condition.header + SPARE >= ROW:
        group.move()
    offset, length = _peeked(group, condition.offset, 16), _peeked(group, condition.length, 16)
    inside = group.left - group.offset - condition.header
    if isinstance(condition, Within):
        return np.asarray((inside >= 0) & (offset + inside <= length))
    right = offset + inside == length
    if condition.equal:
        right |= offset % np.maximum(inside, 1) == 0
    return np.asarray((inside > 0) & right)


def _far(condition: Peek, group: Group, last: int) -> Mask:
    """The same of bits that no row reaches: rows are gathered there, of the packets that are long enough."""
    holds: Mask = np.asarray(group.offset + last < group.left)
    if some(holds):
        there = group.part(holds)
        there.shift(there.offset + condition.bit // 8)
        holds[holds] = _peeked(there, condition.bit % 8, condition.count) == condition.value
    return holds


def _fits(condition: Fits, group: Group) -> Mask:
    claimed, here, known = _claimed(condition, group)
    holds: Mask = known & (claimed >= condition.least) & (claimed <= here)
    return holds if condition.spare is None else holds & (here - claimed <= condition.spare)


def _claimed(condition: Fits, group: Group) -> tuple[Ints, Ints, Mask]:
    """How many octets the length claims, how many are at hand, and whether the length is among them."""
    last = (condition.bit + condition.count - 1) // 8
    if group.offset + last + SPARE >= ROW:
        group.move()
    number = _peeked(group, condition.bit, condition.count).astype(np.int64)
    here = group.left - group.offset
    return number * condition.unit + condition.base, here, here > last


def _peeked(group: Group, bit: int, bits: int) -> Values:
    """The number in these bits, counted from the next octet to be read."""
    rows, offset = group.rows, group.offset + bit // 8
    if group.picked is not None:
        rows, offset = taken(rows, group.picked, offset, _PEEKED)
    return bits_of(rows, None, offset * 8 + bit % 8, bits)
