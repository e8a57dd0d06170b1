"""Elements of rows, such as options, of many packets at once: the rules of `option_list_reader`.

Strategy: the first element of all packets is read, then the second of those that have one, up to the one that is asked
for. Each is read as the class that its first octets tell, and as any element where it is not laid out like that.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import Part, put
from overlaycodec.columnar.decode.batch import Ints
from overlaycodec.columnar.decode.bit_fields import bits_of, stored
from overlaycodec.columnar.decode.group import Group, Mask
from overlaycodec.columnar.decode.plan import Node
from overlaycodec.columnar.decode.record_reader import PartReader
from overlaycodec.schema.facts import ConstructField, Elements, SizedBy, Unparsed
from overlaycodec.schema.layout import Field, Layout, Run

__all__ = ["elements_of", "walkable"]


@lru_cache(maxsize=1024)
def walkable(column: Column, part: Field) -> bool:
    """Whether a column is of a field of an element, and all elements of the row can be read here."""
    if part.kind != "items" or column.field is not part or len(column.rest) != 2 or column.rest[1][1] is not None:
        return False
    layouts: list[Layout] = [element.__layout__ for element in part.elements]
    wanted = [layout.by_name[column.rest[1][0]] for layout in layouts if column.rest[1][0] in layout.by_name]
    if any(field.kind not in ("int", "bool", "mac", "ipv4", "ipv6", "bytes") for field in wanted):
        return False
    if column.dtype == "object" and any(field.kind != "bytes" for field in wanted):
        return False
    return all(
        isinstance(inner, Run) or Unparsed in inner or (SizedBy in inner and ConstructField not in inner)
        for layout in layouts
        for inner in layout.parts
    )


def elements_of(column: Column, part: Field, group: Group, starts: Ints, stops: Ints, output: Part) -> None:
    """Stores a field of an element of the rows between these places of the buffer."""
    reader = _ElementReader(column, part)
    number = column.rest[0][1] or 0
    which = np.flatnonzero(starts < stops)
    places, stops = starts[which], stops[which]
    for _ in range(number):
        if not len(which):
            return
        which, places, stops = reader.next(group.octets, which, places, stops)
    for read in reader.read_all(group.octets, which, places, stops) if len(which) else ():
        reader.store(read, read.index if group.index is None else group.index[read.index], output)


class _ElementReader(PartReader):
    """Reads elements of one row for one column."""

    def __init__(self, column: Column, part: Field) -> None:
        self._column = column
        self._items = part[Elements]
        octets, typed = part.typed()
        self._lead_bits = octets * 8
        self._typed = {
            int.from_bytes(lead, "big"): [
                Node.of_element(element.__layout__, self._items.kind, column) for element in elements
            ]
            for lead, elements in typed.items()
        }
        self._any = Node.of_element(part.element.__layout__, self._items.kind, column)
        self._failed: list[Ints] = []

    def ended(self, group: Group, mask: Mask, name: str) -> None:
        """The packets of the mask have no such element there."""
        self._failed.append(_index_of(group)[mask])

    def not_understood(self, group: Group) -> None:
        """As above: what is not understood here is sorted out before."""
        self._failed.append(_index_of(group))

    def read_all(self, octets: NDArray[np.uint8], which: Ints, places: Ints, stops: Ints) -> list[Group]:
        """The elements that begin at these places; those that cannot be read are left out."""
        group = Group.of(self._any, octets, which, places, stops - places)
        group.rows.flags.writeable = False  # what is no element of one class is read as one of another
        found: list[Group] = []
        generic = np.ones(len(group), np.bool_)
        if self._typed:
            leads = bits_of(group.rows, None, 0, self._lead_bits)
            there = group.left * 8 >= self._lead_bits
            for lead, nodes in self._typed.items():
                of = there & (leads == lead)
                generic &= ~of
                for node in nodes:
                    if not of.any():
                        break
                    self._failed.clear()
                    found += self._read(group.part(of), node)
                    of = np.zeros(len(group), np.bool_)
                    for failed in self._failed:
                        of[np.searchsorted(which, failed)] = True
                generic |= of
        if generic.any():
            found += self._read(group.part(generic), self._any)
        return found

    def _read(self, group: Group, node: Node) -> list[Group]:
        group.node = node
        states, found = [(group, 0)], []
        while states:
            whole = self.read(*states.pop(), states)
            if whole is not None:
                found.append(whole)
        return found

    def next(self, octets: NDArray[np.uint8], which: Ints, places: Ints, stops: Ints) -> tuple[Ints, Ints, Ints]:
        """Which packets have one more element, where it begins, and where the row ends."""
        behind = np.full(len(which), -1)
        for group in self.read_all(octets, which, places, stops):
            index, at = _index_of(group), group.base() + group.at
            if self._items.kind is not None and self._items.end is not None:
                more = group.values[self._items.kind] != self._items.end
                index, at = index[more], at[more]
            behind[np.searchsorted(which, index)] = at
        more = (behind >= 0) & (behind < stops)
        return which[more], behind[more], stops[more]

    def store(self, group: Group, index: Ints | None, output: Part) -> None:
        """Stores the field of the elements that have it."""
        name = self._column.name
        for fixed, rows, picked, at in group.read:
            for cut, field, _ in fixed.writes:
                values = stored(field, cut.read(rows, picked, at, native=True))
                output.store(name, index, values)
        for _, field in group.node.rows:
            if (starts := group.values.get(field.name)) is not None and f"{field.name} ends" in group.values:
                stops = group.values[f"{field.name} ends"]
                octets = group.octets
                data = [
                    octets[start:stop].tobytes() for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
                ]
                put(name, index, data, output)


def _index_of(group: Group) -> Ints:
    return np.arange(len(group)) if group.index is None else group.index
