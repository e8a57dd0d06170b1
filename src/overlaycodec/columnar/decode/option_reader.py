"""Elements of option lists, read for many packets at once: the rules of the scalar decoder.

Strategy: the first element of all packets is read, then the second one of those that have one, up to the requested one.
Each is read as the class that its first octets indicate, or, where that fails, as an element of any kind.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, Ints, Mask
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import Part, put
from overlaycodec.columnar.decode.batch import ROW
from overlaycodec.columnar.decode.bit_fields import SPARE, bits_of, stored
from overlaycodec.columnar.decode.group import Group
from overlaycodec.columnar.decode.plan import Node
from overlaycodec.columnar.decode.record_reader import PartReader, octets_each
from overlaycodec.schema.layout import Field, Layout, Run
from overlaycodec.schema.plans import CountSize, LengthSize, UnparsedSize

__all__ = ["elements_of", "walkable"]


@lru_cache(maxsize=1024)
def walkable(column: Column, part: Field) -> bool:
    """Whether a column is of a field of an element, and all elements of the option list can be read here."""
    if part.kind != "items" or column.field is not part or len(column.rest) != 2 or column.rest[1][1] is not None:
        return False
    layouts: list[Layout] = [element.__layout__ for element in part.elements]
    wanted = [layout.by_name[column.rest[1][0]] for layout in layouts if column.rest[1][0] in layout.by_name]
    if any(field.kind not in ("int", "bool", "mac", "ipv4", "ipv6", "bytes") for field in wanted):
        return False
    if column.dtype == "object" and any(field.kind != "bytes" for field in wanted):
        return False
    parts = [inner for layout in layouts for inner in layout.parts]
    if any(inner.octets + SPARE > ROW for inner in parts if isinstance(inner, Run)):
        return False
    return all(
        isinstance(inner, Run)
        or isinstance(inner.size, UnparsedSize)
        or (isinstance(inner.size, LengthSize) and inner.construct is None)
        or (isinstance(inner.size, CountSize) and octets_each(inner) is not None)
        for inner in parts
    )


def elements_of(column: Column, part: Field, group: Group, starts: Ints, stops: Ints, output: Part) -> None:
    """Stores a field of an element of the option lists, each of which lies between two offsets of the buffer."""
    reader = _ElementReader(column, part)
    number = column.rest[0][1] or 0
    which = np.flatnonzero(starts < stops)
    starts, stops = starts[which], stops[which]
    for _ in range(number):
        if not len(which):
            return
        which, starts, stops = reader.next(group.octets, which, starts, stops)
    for read in reader.read_all(group.octets, which, starts, stops) if len(which) else ():
        reader.store(read, read.index if group.index is None else group.index[read.index], output)


class _ElementReader(PartReader):
    """Reads elements of one option list for one column."""

    def __init__(self, column: Column, part: Field) -> None:
        assert part.options is not None
        self._column = column
        self._options = part.options
        kind = self._options.kind
        octets, typed = part.typed()
        self._prefix_bits = octets * 8
        self._typed = {
            int.from_bytes(prefix, "big"): [Node.of_element(element.__layout__, kind, column) for element in elements]
            for prefix, elements in typed.items()
        }
        self._any = Node.of_element(part.element.__layout__, kind, column)
        self._failed: list[Ints] = []
        """The packets whose element could not be read as the class that was tried last."""

    def ended(self, group: Group, mask: Mask, name: str) -> None:
        """Notes that the packets of the mask have no such element here."""
        self._failed.append(_index_of(group)[mask])

    def not_understood(self, group: Group) -> None:
        """Notes the same of all packets; `walkable` keeps what cannot be read here away."""
        self._failed.append(_index_of(group))

    def read_all(self, octets: ByteBuffer, which: Ints, starts: Ints, stops: Ints) -> list[Group]:
        """The elements that start here; those that cannot be read are left out."""
        group = Group.of(self._any, octets, which, starts, stops - starts)
        group.rows.flags.writeable = False  # an element that is not of one class is read again as one of another
        found: list[Group] = []
        generic = np.ones(len(group), np.bool_)
        if self._typed:
            prefixes = bits_of(group.rows, None, 0, self._prefix_bits)
            long_enough = group.left * 8 >= self._prefix_bits
            for prefix, nodes in self._typed.items():
                of = long_enough & (prefixes == prefix)
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
            complete = self.read(*states.pop(), states)
            if complete is not None:
                found.append(complete)
        return found

    def next(self, octets: ByteBuffer, which: Ints, starts: Ints, stops: Ints) -> tuple[Ints, Ints, Ints]:
        """The packets that have one more element, where it starts, and where the option list ends."""
        ends = np.full(len(which), -1)
        for group in self.read_all(octets, which, starts, stops):
            index, end = _index_of(group), group.base() + group.offset
            if self._options.kind is not None and self._options.end is not None:
                more = group.values[self._options.kind] != self._options.end
                index, end = index[more], end[more]
            ends[np.searchsorted(which, index)] = end
        more = (ends >= 0) & (ends < stops)
        return which[more], ends[more], stops[more]

    def store(self, group: Group, index: Ints | None, output: Part) -> None:
        """Stores the field of the elements that have it."""
        name = self._column.name
        for fixed, rows, picked, offset in group.read:
            for bit_field, field, _ in fixed.writes:
                values = stored(field, bit_field.read(rows, picked, offset, native=True))
                output.store(name, index, values)
        for _, field in group.node.variable:
            if (starts := group.values.get(field.name)) is not None and f"{field.name} ends" in group.values:
                stops = group.values[f"{field.name} ends"]
                octets = group.octets
                data = [
                    octets[start:stop].tobytes() for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
                ]
                put(name, index, data, output)


def _index_of(group: Group) -> Ints:
    return np.arange(len(group)) if group.index is None else group.index
