"""What is found at keys, for many packets at once: keys are looked up in a table, conditions tested on the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import Mask, Values
from overlaycodec.codec.catalog import Binding, Catalog
from overlaycodec.columnar.decode.batch import ROW
from overlaycodec.columnar.decode.bit_fields import SPARE, bits_of
from overlaycodec.columnar.decode.group import Group, every, some, taken
from overlaycodec.schema.corroboration import Corroboration
from overlaycodec.schema.keys import Asked, Fits, KeySpace, MinOctets, Peek, Pieces, PreviousHeader, Within

__all__ = ["Tables", "conditions_hold", "doubtful"]

_MANY_BITS = 16
_PEEKED = np.dtype("V16")


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


def conditions_hold(conditions: tuple[Asked, ...], group: Group) -> Mask:
    """Which packets of a group fulfil all conditions, for a header at `group.offset`."""
    holds: Mask = np.ones(len(group), np.bool_)
    for condition in conditions:
        holds &= _holds(condition, group)
        if not some(holds):
            break
    return holds


def doubtful(plan: Corroboration, group: Group) -> Mask | None:
    """Which packets of a group might be refused, where a guess found the header at `group.offset`; None: none."""
    doubt: Mask = np.zeros(len(group), np.bool_)
    if not plan.clear:
        return ~doubt
    for alternatives in plan.clear:
        holds = conditions_hold(alternatives[0], group)
        for conditions in alternatives[1:]:
            if every(holds):
                break
            holds |= conditions_hold(conditions, group)
        doubt |= ~holds
    return doubt if some(doubt) else None


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
    last = (condition.bit + condition.count - 1) // 8
    if group.offset + last + SPARE >= ROW:
        group.move()
    number = _peeked(group, condition.bit, condition.count).astype(np.int64)
    claimed, here = number * condition.unit + condition.base, group.left - group.offset
    holds: Mask = (here > last) & (claimed >= condition.least) & (claimed <= here)
    return holds if condition.spare is None else holds & (here - claimed <= condition.spare)


def _peeked(group: Group, bit: int, bits: int) -> Values:
    """The number in these bits, counted from the next octet to be read."""
    rows, offset = group.rows, group.offset + bit // 8
    if group.picked is not None:
        rows, offset = taken(rows, group.picked, offset, _PEEKED)
    return bits_of(rows, None, offset * 8 + bit % 8, bits)
