"""Option lists whose octets no field tells, for many packets at once: where they end.

Strategy: the first elements of all packets are read, then the second ones of those that have one, and so on. Elements
of one size are counted. Lists with elements of several classes, and the last ones of a few long lists, are left to the
scalar decoder.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints, Mask
from overlaycodec.columnar.decode.group import Group
from overlaycodec.columnar.decode.plan import Node
from overlaycodec.columnar.decode.record_reader import PartReader, octets_each
from overlaycodec.schema.layout import Field, Run
from overlaycodec.schema.plans import CountSize, EndSize, LengthSize, UnparsedSize

__all__ = ["ListWalk", "walkable"]

_ROUNDS, _FEW = 32, 16
"""After so many elements, fewer packets than these are decoded faster one by one."""


class ListWalk(PartReader):
    """Where the option lists of a group end, and which packets have none that can be read here."""

    def __init__(self, group: Group, field: Field) -> None:
        self.octets: Ints = np.zeros(len(group), np.int64)
        """The octets of each list."""
        self.faulty: list[tuple[str, Mask]] = []
        """The faults at which packets end in their lists."""
        self.slow: Mask = np.zeros(len(group), np.bool_)
        """The packets that are not understood here."""
        self._field, self._group = field, group
        self._read_all()

    def _read_all(self) -> None:
        group, field = self._group, self._field
        first = group.base() + group.offset
        stops = group.base() + group.left
        which, starts = np.arange(len(group)), first
        counts = _counts(field, group)
        options = field.options
        assert options is not None
        node = Node.of_list(field.element.__layout__, options.kind)
        rounds = 0
        if counts is not None:
            which = np.flatnonzero(counts > 0)
            starts = starts[which]
        while len(which):
            if rounds >= _ROUNDS and len(which) < _FEW:
                self.slow[which] = True
                break
            rounds += 1
            ends = np.full(len(group), -1)
            here = Group.of(node, group.octets, which, starts, stops[which] - starts)
            states = [(here, 0)]
            while states:
                read = self.read(*states.pop(), states)
                if read is None:
                    continue
                index = np.arange(len(read)) if read.index is None else read.index
                ends[index] = read.base() + read.offset
                if counts is None:
                    last = index[read.values[options.kind or ""] == options.end]
                    self.octets[last] = ends[last] - first[last]
                    ends[last] = -1
            if counts is not None:
                full = counts[which] == rounds
                done = which[full & (ends[which] >= 0)]
                self.octets[done] = ends[done] - first[done]
                ends[which[full]] = -1
            which = which[ends[which] >= 0]
            starts = ends[which]

    def ended(self, group: Group, mask: Mask, name: str) -> None:
        """Notes that the packets of the mask end here."""
        self._note(name, group.index_of(mask))

    def not_understood(self, group: Group) -> None:
        """Notes packets whose elements cannot be read here."""
        index = group.index
        self.slow[... if index is None else index] = True

    def _note(self, name: str, index: Ints) -> None:
        mask = np.zeros(len(self._group), np.bool_)
        mask[index] = True
        self.faulty.append((name, mask))


def _counts(field: Field, group: Group) -> Ints | None:
    """How many elements each list has; None where an element ends it."""
    if not isinstance(field.size, CountSize):
        return None
    return group.values[field.size.field].astype(np.int64) + field.size.bias


@lru_cache(maxsize=256)
def walkable(field: Field) -> bool:
    """Whether the end of such a list can be found here."""
    if field.kind != "items" or field.options is None or field.typed()[1]:
        return False
    if isinstance(field.size, EndSize):
        kind = field.options.kind
        if kind is None or field.element.__layout__.by_name[kind].presence is not None:
            return False
    elif not isinstance(field.size, CountSize):
        return False
    return all(
        isinstance(part, Run)
        or isinstance(part.size, UnparsedSize)
        or (isinstance(part.size, LengthSize) and part.construct is None)
        or (isinstance(part.size, CountSize) and octets_each(part) is not None)
        for part in field.element.__layout__.parts
    )
