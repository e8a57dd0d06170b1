"""Groups of packets of one shape: they have the same headers, so that a field is a column of a byte matrix.

Strategy: a group splits where the next header differs, and where a part of a header is present in some packets only.
Where only a size differs, the group stays one and its rows are gathered again from after the field: all rows, or those
of the few packets that differ from the rest. Rows are also gathered again where a header reaches over their end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, ByteRows, Ints, Mask, Sums, Values
from overlaycodec.columnar.decode.batch import ROW

if TYPE_CHECKING:
    from overlaycodec.columnar.decode.plan import Fixed, Node

__all__ = ["Group", "among", "every", "gathered", "least", "some", "taken"]


def gathered(octets: ByteBuffer, starts: Ints) -> ByteRows:
    """`ROW` octets from each start on; a view of the buffer where the starts are equally far apart."""
    if len(starts) > 1:
        first, apart = int(starts[0]), int(starts[1] - starts[0])
        if apart > 0 and int(starts[-1]) == first + apart * (len(starts) - 1) and (np.diff(starts) == apart).all():
            return np.ndarray((len(starts),), f"V{ROW}", buffer=octets.data, offset=first, strides=(apart,))
    everywhere: ByteRows = np.ndarray((len(octets) - ROW + 1,), f"V{ROW}", buffer=octets.data, strides=(1,))
    return everywhere[starts]


def some(values: Values) -> bool:
    """Whether any of the values, none of which is negative, is not 0: much faster than `any`."""
    return bool(len(values) and values[values.argmax()])


def every(values: Values) -> bool:
    """Whether none of the values, none of which is negative, is 0: much faster than `all`."""
    return bool(not len(values) or values[values.argmin()])


def among(values: Values, allowed: tuple[int, ...], *, negated: bool) -> Mask:
    """Which of the values are among the allowed ones; with `negated`, which are not."""
    found: Mask = values if allowed == (True,) and values.dtype == np.bool_ else np.isin(values, allowed)
    return ~found if negated else found


def least(values: Ints) -> int:
    """The least of the values, of which there is one or more: much faster than `min`."""
    return int(values[values.argmin()])


def taken(rows: ByteRows, picked: Ints, offset: int, row: np.dtype[np.void]) -> tuple[ByteRows, int]:
    """Some octets of the picked rows, those at `offset` among them; and the offset at which these are now."""
    start = min(offset, ROW - row.itemsize)
    if not rows.flags.c_contiguous:
        return rows.getfield(row, start)[picked], offset - start
    # Rows that lie end to end are a fixed number of items of this size each: these are much faster to take.
    items: ByteRows = np.ndarray(((len(rows) * ROW - start) // row.itemsize,), row, rows, start)
    return items.take(picked * (ROW // row.itemsize)), offset - start


def _of_read(rows: ByteRows, picked: Ints | None, which: Ints) -> tuple[ByteRows, Ints | None]:
    """Some of the rows that were read before the present ones, and which of them are picked."""
    if rows.itemsize < ROW:  # they are taken already
        return rows.take(which), None
    return rows, which if picked is None else picked.take(which)


def _numbers_of(group: Group) -> Ints:
    index = group.index
    return np.arange(len(group)) if index is None else index


def _joined(masks: list[Mask | None], groups: list[Group], *, missing: bool) -> Mask | None:
    """The masks one after another; None where all are."""
    if all(mask is None for mask in masks):
        return None
    return np.concatenate(
        [np.full(len(group), missing) if mask is None else mask for group, mask in zip(groups, masks, strict=True)]
    )


class Group:
    """Packets that have the same headers so far."""

    __slots__ = (
        "_base", "_index", "_picked_index", "_rows", "addresses", "complete", "cut", "headers", "least", "left", "node",
        "octets", "offset", "picked", "read", "start", "values", "zero",
    )  # fmt: skip

    octets: ByteBuffer
    _rows: ByteRows | None
    """None where they are gathered again when something is read: packets that end before cost nothing."""
    picked: Ints | None
    """The rows of the packets; None where these are all rows."""
    _base: Ints
    """The offset in the buffer at which each row starts."""
    _index: Ints | None
    """The packet of each row, by its index; None where the rows are of all packets."""
    _picked_index: Ints | None
    """The index of each packet, once it was asked for."""
    left: Ints
    """The end of the present region of each packet, in octets from the start of its row."""
    least: int
    """Not more than the least value of `left`."""
    offset: int
    """Where the next octets are read, from the start of each row."""
    start: int | Ints
    """Where the present header starts, from the start of each row."""
    node: Node
    headers: int
    """The headers of the packet that has the most of them."""
    zero: Mask | None
    """Where the length field of the IP header is 0, after it or its extension headers; None where it is 0 nowhere."""
    cut: Mask | None
    """Where the present header's length claims more octets than are at hand; None: nowhere."""
    complete: Mask | None
    """Where all octets of the region were captured; None: everywhere. Only checksum statuses need it."""
    addresses: Sums | None
    """The sums of the addresses of the network header outside; None where there is none. Needed as `complete` is."""
    values: dict[str, Values]
    """The values of the deciding fields of the present header."""
    read: list[tuple[Fixed, ByteRows, Ints | None, int]]
    """The runs of the present header that were read: their rows, which of these are picked, and the run's offset."""

    @classmethod
    def of(cls, node: Node, octets: ByteBuffer, index: Ints | None, base: Ints, left: Ints) -> Group:
        """Packets at their first octet."""
        group = cls()
        group.node = node
        group.octets, group._index, group._base, group.left = octets, index, base, left
        group.least = least(left)
        group.offset = group.start = group.headers = 0
        group.zero = group.picked = group._picked_index = group.cut = group.complete = group.addresses = None
        group._rows = gathered(octets, base)
        group.values, group.read = {}, []
        return group

    @classmethod
    def joined(cls, groups: list[Group]) -> Group:
        """The packets of groups that are at the same node and have read nothing of its header.

        Either all of them know the sums of addresses, or none.
        """
        first = groups[0]
        if len(groups) == 1:
            return first
        group = cls()
        group.node, group.octets = first.node, first.octets
        group.headers = max(one.headers for one in groups)
        group.offset = group.start = 0
        group.values, group.read, group.cut = {}, [], None
        group.picked = group._picked_index = group._rows = None
        group._base = np.concatenate([one.base() + one.offset for one in groups])
        group._index = np.concatenate([_numbers_of(one) for one in groups])
        group.left = np.concatenate([one.left - one.offset for one in groups])
        group.least = min(one.least - one.offset for one in groups)
        group.zero = _joined([one.zero for one in groups], groups, missing=False)
        group.complete = _joined([one.complete for one in groups], groups, missing=True)
        sums = [one.addresses for one in groups if one.addresses is not None]
        group.addresses = np.concatenate(sums) if sums else None
        return group

    def __len__(self) -> int:
        return len(self.left)

    @property
    def index(self) -> Ints | None:
        """The indexes of the packets; None where these are all packets."""
        if self.picked is None:
            return self._index
        if self._picked_index is None:
            self._picked_index = self.picked if self._index is None else self._index.take(self.picked)
        return self._picked_index

    @property
    def rows(self) -> ByteRows:
        """The rows of the packets, and of others."""
        if self._rows is None:
            self._rows = gathered(self.octets, self._base)
        return self._rows

    def index_of(self, mask: Mask) -> Ints:
        """The indexes of the packets of the mask."""
        which = mask.nonzero()[0]
        if self.picked is not None:
            which = self.picked.take(which)
        return which if self._index is None else self._index.take(which)

    def base(self) -> Ints:
        """The offset in the buffer at which each packet's row starts."""
        return self._base if self.picked is None else self._base.take(self.picked)

    def part(self, mask: Mask) -> Group:
        """The packets of the mask."""
        which = mask.nonzero()[0]
        group = self.copy()
        if len(which) == len(self):
            return group
        group._select(self, which)
        if self.cut is not None:
            group.cut = self.cut.take(which)
        if not isinstance(self.start, int):
            group.start = self.start[which]
        if self.zero is not None:
            group.zero = self.zero[which]
        for name, values in self.values.items():
            group.values[name] = values.take(which)
        group.read = [
            (fixed, rows, group.picked, at) if rows is self._rows else (fixed, *_of_read(rows, picked, which), at)
            for fixed, rows, picked, at in self.read
        ]
        return group

    def following(self, node: Node, mask: Mask | None, octets: int) -> Group:
        """The packets of the mask, or all, at the next header; none of their regions ends before `octets`."""
        group = Group()
        group._copy_position(self)
        extent = node.layout.extent
        asks = node.layout.layer == "extension" or (extent is not None and extent.zero == "jumbo")
        group.zero = self.zero if asks else None
        if mask is not None:
            which = mask.nonzero()[0]
            if len(which) < len(self):
                group._select(self, which)
                group.zero = None if group.zero is None else group.zero.take(which)
        group.node = node
        group.headers = self.headers + 1
        group.least = max(self.least, octets)
        group.offset = group.start = self.offset
        group.values, group.read = {}, []
        return group

    def copy(self) -> Group:
        """The same packets."""
        group = Group()
        group._copy_position(self)
        group.node, group.headers, group.least = self.node, self.headers, self.least
        group.offset, group.start, group.zero = self.offset, self.start, self.zero
        group.values, group.read, group.cut = dict(self.values), list(self.read), self.cut
        return group

    def _copy_position(self, other: Group) -> None:
        """Takes the packets of the other group."""
        self.octets, self._rows, self.picked = other.octets, other._rows, other.picked
        self._base, self._index, self._picked_index = other._base, other._index, other._picked_index
        self.left, self.complete, self.addresses = other.left, other.complete, other.addresses
        self.cut = None

    def _select(self, other: Group, which: Ints) -> None:
        """Takes some of the packets of the other group, after `_copy_position`."""
        self._picked_index = None
        if other._rows is None:
            self._base = other._base.take(which)
            self._index = which if other._index is None else other._index.take(which)
        else:
            self.picked = which if other.picked is None else other.picked.take(which)
        self.left = other.left.take(which)
        if other.complete is not None:
            self.complete = other.complete[which]
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
        """Goes on after so many octets of each packet: as one group, even where the numbers differ."""
        common = int(np.bincount(octets[:: len(octets) // 16 + 1]).argmax())
        which = (octets != common).nonzero()[0]
        few = len(which) * 4 <= len(self)
        if not len(which) or (few and self._realign(which, octets.take(which) - common)):
            self.offset += common
        else:
            self.shift(self.offset + octets)

    def _realign(self, which: Ints, later: Ints) -> bool:
        """Makes the rows of these packets start so many octets later, by overwriting them; False where it cannot."""
        rows, picked = self._rows, self.picked
        if rows is None or picked is None or not (rows.flags.owndata and rows.flags.writeable):
            return False
        index = picked.take(which)
        base = self._base.take(index) + later
        if least(base) < 0 or any(rows is others for _, others, _, _ in self.read):
            return False
        rows[index] = gathered(self.octets, base)
        self._base, self.left = self._base.copy(), self.left.copy()
        self._base[index] = base
        self.left[which] -= later
        self.start = np.full(len(self), self.start)
        self.start[which] -= later
        self.least = least(self.left)
        return True

    def move(self) -> None:
        """Makes the rows start where the next octets are read."""
        self.shift(self.offset)

    def shift(self, octets: int | Ints) -> None:
        """Makes the rows start, and the next octets be read, so many octets later: one number, or one per packet."""
        self._index = self.index
        self._base = self.base() + octets
        self.picked = self._picked_index = None
        self.offset = 0
        self.left = self.left - octets
        self.start = self.start - octets
        self.least = least(self.left)
        self._rows = None
