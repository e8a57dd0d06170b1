"""What follows a header, for many packets at once: keys looked up in a table, conditions asked of the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from overlaycodec.codec.catalog import Binding, Catalog
from overlaycodec.columnar.decode.batch import ROW
from overlaycodec.columnar.decode.bit_fields import SPARE, Values, bits_of
from overlaycodec.columnar.decode.group import Group, Mask, every, some, taken
from overlaycodec.schema.keys import Asked, KeySpace, MinOctets, Peek, PreviousHeader, Within

__all__ = ["Tables", "holding"]

_MANY_BITS = 16
_SEEN = np.dtype("V16")


class Tables:
    """What a catalog finds at the values of its key spaces, as tables."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._at: dict[tuple[KeySpace, int | None], tuple[Binding, ...]] = {}
        self._tables: dict[KeySpace, tuple[NDArray[np.uint16] | None, list[tuple[Binding, ...]]]] = {}

    def at(self, space: KeySpace, value: int | None) -> tuple[Binding, ...]:
        """What can be found at a value, in the order in which it is asked."""
        found = self._at.get((space, value))
        if found is None:
            catalog = self._catalog
            found = self._at[space, value] = catalog.candidates(space, value) or catalog.candidates(space, None)
        return found

    def _table(self, space: KeySpace) -> tuple[NDArray[np.uint16] | None, list[tuple[Binding, ...]]]:
        """A number for each value of a space, and what is found at the values of that number; 0 is for all others."""
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
        """What can be found behind the packets of the mask, by their keys, and behind which; None: behind all."""
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


def holding(conditions: tuple[Asked, ...], group: Group) -> Mask:
    """Which packets of a group fulfil all conditions, for a header at `group.at`."""
    holds: Mask = np.ones(len(group), np.bool_)
    for condition in conditions:
        holds &= _asked(condition, group)
        if not some(holds):
            break
    return holds


def _asked(condition: Asked, group: Group) -> Mask:
    if isinstance(condition, PreviousHeader):
        values = group.values.get(condition.field)
        return np.zeros(len(group), np.bool_) if values is None else values == condition.value
    if isinstance(condition, MinOctets):
        return np.asarray(group.at + condition.octets <= group.left)
    if isinstance(condition, Peek):
        last = (condition.bit + condition.count - 1) // 8
        if group.at + last + SPARE >= ROW:
            group.move()
        holds: Mask = _seen(group, condition.bit, condition.count) == condition.value
        if group.at + last >= group.least:
            holds &= group.at + last < group.left
        return holds
    assert isinstance(condition, Within)
    if group.at + condition.header + SPARE >= ROW:
        group.move()
    offset, length = _seen(group, condition.offset, 16), _seen(group, condition.length, 16)
    inside = group.left - group.at - condition.header
    return np.asarray((inside >= 0) & (offset + inside <= length))


def _seen(group: Group, bit: int, bits: int) -> Values:
    """The number in these bits of what comes next."""
    rows, at = group.rows, group.at + bit // 8
    if group.picked is not None:
        rows, at = taken(rows, group.picked, at, _SEEN)
    return bits_of(rows, None, at * 8 + bit % 8, bits)
