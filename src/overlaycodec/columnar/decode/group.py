"""Groups of packets of one shape: the same headers one behind another, so that a field is a column of a matrix.

Strategy: a group splits where the next header differs, and where a flag puts part of a header there or not. Where only
a size differs, rows are gathered anew from behind it, and the group stays one: all rows, or those of few that differ
from the rest. They are gathered anew, too, where a header goes past them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.decode.batch import ROW, Ints
from overlaycodec.columnar.decode.bit_fields import Rows, Values

if TYPE_CHECKING:
    from overlaycodec.columnar.decode.plan import Fixed, Node

__all__ = ["Group", "Mask", "every", "gathered", "least", "some", "taken"]

Mask = NDArray[np.bool_]


def gathered(octets: NDArray[np.uint8], starts: Ints) -> Rows:
    """`ROW` octets from each start on; where they lie, if all are equally far apart."""
    if len(starts) > 1:
        first, apart = int(starts[0]), int(starts[1] - starts[0])
        if apart > 0 and int(starts[-1]) == first + apart * (len(starts) - 1) and (np.diff(starts) == apart).all():
            return np.ndarray((len(starts),), f"V{ROW}", buffer=octets.data, offset=first, strides=(apart,))
    everywhere: Rows = np.ndarray((len(octets) - ROW + 1,), f"V{ROW}", buffer=octets.data, strides=(1,))
    return everywhere[starts]


def some(values: Values) -> bool:
    """Whether any of the values, none of which is negative, is not 0: much faster than `any`."""
    return bool(len(values) and values[values.argmax()])


def every(values: Values) -> bool:
    """Whether none of the values, none of which is negative, is 0: much faster than `all`."""
    return bool(not len(values) or values[values.argmin()])


def least(values: Ints) -> int:
    """The least of the values, of which there are some: much faster than `min`."""
    return int(values[values.argmin()])


def taken(rows: Rows, picked: Ints, at: int, row: np.dtype[np.void]) -> tuple[Rows, int]:
    """Some octets of picked rows, among them those from `at` on; and where in them those begin."""
    start = min(at, ROW - row.itemsize)
    if not rows.flags.c_contiguous:
        return rows.getfield(row, start)[picked], at - start
    # Rows that lie end to end are pieces of this size, so many each: these are much faster to take.
    pieces: Rows = np.ndarray(((len(rows) * ROW - start) // row.itemsize,), row, rows, start)
    return pieces.take(picked * (ROW // row.itemsize)), at - start


def _of_read(rows: Rows, picked: Ints | None, which: Ints) -> tuple[Rows, Ints | None]:
    """Some of those rows that were read before the present ones, and which of them."""
    if rows.itemsize < ROW:  # they were taken already
        return rows.take(which), None
    return rows, which if picked is None else picked.take(which)


class Group:
    """Packets that have had the same headers."""

    __slots__ = (
        "_base", "_index", "_places", "_rows", "addresses", "at", "least", "left", "node", "octets", "picked",
        "read", "start", "values", "whole", "zero",
    )  # fmt: skip

    octets: NDArray[np.uint8]
    _rows: Rows | None
    """None where they are to be gathered anew, until something is read: packets that leave before cost nothing."""
    picked: Ints | None
    """Which of the rows are those of the packets; None for all of them."""
    _base: Ints
    """Where in the buffer each row begins."""
    _index: Ints | None
    """Which packets the rows are of; None for all packets."""
    _places: Ints | None
    left: Ints
    """Where the present region of a packet ends, in octets from its row's beginning."""
    least: int
    """No more than the least of that."""
    at: int
    """Where the next octets are read, from the rows' beginning."""
    start: int | Ints
    """Where the present header begins."""
    node: Node
    zero: Mask | None
    """Where the IP header before told a length of 0; None where none did."""
    whole: Mask | None
    """Where all octets of the region are there; None: everywhere. Kept for verdicts, as are the addresses."""
    addresses: NDArray[np.uint64] | None
    """The sums of the addresses of the network header outside; None where there is none."""
    values: dict[str, Values]
    """What of the present header decides how it goes on."""
    read: list[tuple[Fixed, Rows, Ints | None, int]]
    """The runs of the present header that were read, in which rows, which of these are picked, and where in them."""

    @classmethod
    def of(cls, node: Node, octets: NDArray[np.uint8], index: Ints | None, base: Ints, left: Ints) -> Group:
        """Packets at their beginnings."""
        group = cls()
        group.node = node
        group.octets, group._index, group._base, group.left = octets, index, base, left
        group.least = least(left)
        group.at = group.start = 0
        group.zero = group.picked = group._places = group.whole = group.addresses = None
        group._rows = gathered(octets, base)
        group.values, group.read = {}, []
        return group

    def __len__(self) -> int:
        return len(self.left)

    @property
    def index(self) -> Ints | None:
        """Which packets they are; None for all of them."""
        if self.picked is None:
            return self._index
        if self._places is None:
            self._places = self.picked if self._index is None else self._index.take(self.picked)
        return self._places

    @property
    def rows(self) -> Rows:
        """What stands at the packets, and at others."""
        if self._rows is None:
            self._rows = gathered(self.octets, self._base)
        return self._rows

    def places(self, mask: Mask) -> Ints:
        """Which packets those of the mask are."""
        which = mask.nonzero()[0]
        if self.picked is not None:
            which = self.picked.take(which)
        return which if self._index is None else self._index.take(which)

    def base(self) -> Ints:
        """Where in the buffer the packets' rows begin."""
        return self._base if self.picked is None else self._base.take(self.picked)

    def part(self, mask: Mask) -> Group:
        """The packets of the mask."""
        which = mask.nonzero()[0]
        group = self.copy()
        if len(which) == len(self):
            return group
        group._pick(self, which)
        if not isinstance(self.start, int):
            group.start = self.start[which]
        if self.zero is not None:
            group.zero = self.zero[which]
        for name, values in self.values.items():
            group.values[name] = values.take(which)
        group.read = [
            (fixed, *_of_read(rows, picked, which), at) if rows is not self._rows else (fixed, rows, group.picked, at)
            for fixed, rows, picked, at in self.read
        ]
        return group

    def following(self, node: Node, mask: Mask | None, octets: int) -> Group:
        """The packets of the mask, or all, at the next header; none of their regions ends before so many octets."""
        group = Group()
        group._place(self)
        if mask is not None:
            which = mask.nonzero()[0]
            if len(which) < len(self):
                group._pick(self, which)
        group.node = node
        group.least = max(self.least, octets)
        group.at = group.start = self.at
        group.zero = None
        group.values, group.read = {}, []
        return group

    def copy(self) -> Group:
        """The same packets."""
        group = Group()
        group._place(self)
        group.node, group.least = self.node, self.least
        group.at, group.start, group.zero = self.at, self.start, self.zero
        group.values, group.read = dict(self.values), list(self.read)
        return group

    def _place(self, other: Group) -> None:
        """Stands at the packets of the other."""
        self.octets, self._rows, self.picked = other.octets, other._rows, other.picked
        self._base, self._index, self._places = other._base, other._index, other._places
        self.left, self.whole, self.addresses = other.left, other.whole, other.addresses

    def _pick(self, other: Group, which: Ints) -> None:
        """Stands at some of the packets of the other."""
        self._places = None
        if other._rows is None:
            self._base = other._base.take(which)
            self._index = which if other._index is None else other._index.take(which)
        else:
            self.picked = which if other.picked is None else other.picked.take(which)
        self.left = other.left.take(which)
        if other.whole is not None:
            self.whole = other.whole[which]
        if other.addresses is not None:
            self.addresses = other.addresses[which]

    def by(self, numbers: Values, mask: Mask | None) -> Iterator[tuple[int, Mask | None]]:
        """The packets of each number, of those of the mask; None for all packets. There are few numbers."""
        first = numbers[0]
        if mask is None:
            left = numbers != first
            if not some(left):
                yield int(first), None
                return
            yield int(first), ~left
        else:
            left = mask.copy()
        while some(left):
            number = numbers[left.argmax()]
            of = (numbers == number) & left
            yield int(number), of
            left &= ~of

    def skip(self, octets: Ints) -> None:
        """Reads on behind so many octets of each packet: as one group, whatever these numbers are."""
        usual = int(np.bincount(octets[:: len(octets) // 16 + 1]).argmax())
        which = (octets != usual).nonzero()[0]
        few = len(which) * 4 <= len(self)
        if not len(which) or (few and self._realign(which, octets.take(which) - usual)):
            self.at += usual
        else:
            self.shift(self.at + octets)

    def _realign(self, which: Ints, later: Ints) -> bool:
        """Begins the rows of these packets so many octets later, in the place of their rows so far; False: cannot."""
        rows, picked = self._rows, self.picked
        if rows is None or picked is None or not (rows.flags.owndata and rows.flags.writeable):
            return False
        places = picked.take(which)
        base = self._base.take(places) + later
        if least(base) < 0 or any(rows is others for _, others, _, _ in self.read):
            return False
        rows[places] = gathered(self.octets, base)
        self._base, self.left = self._base.copy(), self.left.copy()
        self._base[places] = base
        self.left[which] -= later
        self.start = np.full(len(self), self.start)
        self.start[which] -= later
        self.least = least(self.left)
        return True

    def move(self) -> None:
        """Begins the rows where the next octets are read."""
        self.shift(self.at)

    def shift(self, octets: int | Ints) -> None:
        """Begins the rows, and reads the next octets, so many octets later: of each packet, if they are many."""
        self._index = self.index
        self._base = self.base() + octets
        self.picked = self._places = None
        self.at = 0
        self.left = self.left - octets
        self.start = self.start - octets
        self.least = least(self.left)
        self._rows = None
