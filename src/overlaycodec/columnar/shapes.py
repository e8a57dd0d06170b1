"""Groups of packets of one shape: the same headers at the same octets, so that a field is a column of a matrix.

Strategy: a group splits wherever a value makes a difference: a flag, a length, what follows. The rows of a group are
gathered once and cut where they split; they are gathered anew only where a header goes past them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.batch import ROW, Ints
from overlaycodec.columnar.extract import Values
from overlaycodec.schema import Header

__all__ = ["OPEN", "UNCUT", "Group", "Mask"]

Mask = NDArray[np.bool_]

UNCUT = -1
"""Of a packet's region: its end is its true end."""
OPEN = 1 << 62
"""Of a packet's region: it goes on beyond, nobody knows how far."""


def _gathered(octets: NDArray[np.uint8], starts: Ints) -> NDArray[np.uint8]:
    """`ROW` octets from each start on, as a matrix."""
    rows: NDArray[Any] = np.ndarray((len(octets) - ROW + 1,), f"V{ROW}", buffer=octets.data, strides=(1,))[starts]
    return rows.view(np.uint8).reshape(len(starts), ROW)


class Group:
    """Packets that have had the same headers, at the same octets of their rows."""

    __slots__ = ("at", "base", "before", "cut", "index", "left", "octets", "rows", "stack", "zero")

    def __init__(
        self,
        octets: NDArray[np.uint8],
        index: Ints,
        base: Ints,
        left: Ints,
        cut: Ints | None,
        *,
        at: int = 0,
        stack: tuple[type[Header], ...] = (),
        zero: bool = False,
        rows: NDArray[np.uint8] | None = None,
        before: dict[str, Values] | None = None,
    ) -> None:
        self.octets = octets
        self.index = index
        """Which packets they are."""
        self.base = base
        """Where in the buffer the rows begin."""
        self.left = left
        """Where the present region ends, in octets from there."""
        self.cut = cut
        """Where it would end on the wire, or UNCUT; None where all are UNCUT."""
        self.at = at
        """Where the next octets are read, from the rows' beginning."""
        self.stack = stack
        self.zero = zero
        """Whether some IP header's length was 0."""
        self.rows = _gathered(octets, base) if rows is None else rows
        self.before = {} if before is None else before
        """What of the last header decides what follows."""

    def __len__(self) -> int:
        return len(self.index)

    def part(self, mask: Mask) -> Group:
        """The packets of the mask."""
        which = np.flatnonzero(mask)
        if len(which) == len(self):
            return self.copy()
        return Group(
            self.octets,
            self.index[which],
            self.base[which],
            self.left[which],
            None if self.cut is None else self.cut[which],
            at=self.at,
            stack=self.stack,
            zero=self.zero,
            rows=self.rows[which],
            before={name: values[which] for name, values in self.before.items()},
        )

    def copy(self) -> Group:
        """The same packets."""
        return Group(
            self.octets,
            self.index,
            self.base,
            self.left,
            self.cut,
            at=self.at,
            stack=self.stack,
            zero=self.zero,
            rows=self.rows,
            before=dict(self.before),
        )

    def by(self, values: Values) -> Iterator[tuple[Any, Group]]:
        """The packets of each value."""
        first = values[0]
        if (values == first).all():
            yield first, self
            return
        for value in np.unique(values):
            yield value, self.part(values == value)

    def move(self) -> None:
        """Begins the rows where the next octets are read."""
        octets, self.at = self.at, 0
        self.base = self.base + octets
        self.left = self.left - octets
        if self.cut is not None:
            told = (self.cut != UNCUT) & (self.cut < OPEN)
            self.cut = np.where(told, self.cut - octets, self.cut)
        self.rows = _gathered(self.octets, self.base)
