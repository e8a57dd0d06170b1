"""The arrays that decoding fills: one per column, and a mask for columns with absent values.

Strategy: columns that have a value in the same packets (`Column.presence`) share one mask, and a mask is made only
where something is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, Ints, Mask, Values
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.identity import Same
from overlaycodec.filters.operands import FAULTS, STATUSES

__all__ = ["CATEGORIES", "Memory", "Output", "Part", "put"]

CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "fault": FAULTS,
    "status": STATUSES,
}
"""Types of columns whose values are a few words; the index of the word is stored."""


class Memory(Protocol):
    """What gives memory for arrays."""

    zeroed: bool
    """Whether all octets that it gives are 0; if not, they are made 0 where a value is absent."""

    def allocate(self, octets: int) -> ByteBuffer:
        """A block of octets."""
        ...


class _Form(NamedTuple):
    """What outputs of the same columns have in common."""

    numbers: dict[str, np.dtype[Any]]  # Any: each column has its type
    """The types of all columns but those of objects."""
    presence: dict[str, str]
    alike: dict[str, list[str]]
    """The columns that share a mask."""


@lru_cache(maxsize=64)
def _form_of(columns: Same[tuple[Column, ...]]) -> _Form:
    numbers = {
        column.name: np.dtype("uint8" if column.dtype in CATEGORIES else column.dtype)
        for column in columns.value
        if column.dtype != "object"
    }
    presence = {column.name: column.presence for column in columns.value}
    alike: dict[str, list[str]] = {}
    for name, present in presence.items():
        alike.setdefault(present, []).append(name)
    return _Form(numbers, presence, alike)


class Output:
    """Arrays for the values of some columns of some packets, filled from their start on."""

    __slots__ = (
        "_masks",
        "_memory",
        "absent",
        "alike",
        "capacity",
        "columns",
        "count",
        "fits",
        "others",
        "presence",
        "values",
    )

    def __init__(self, columns: tuple[Column, ...], capacity: int, memory: Memory | None = None) -> None:
        self._memory = memory
        form = _form_of(Same(columns))
        self.columns = columns
        self.capacity = capacity
        self.count = 0
        self.values: dict[str, Values] = {}
        # One block for all columns: the operating system gives one large block, zeroed, much faster than many small.
        starts, octets = [], 0
        for dtype in form.numbers.values():
            starts.append(octets)
            octets += -(-dtype.itemsize * capacity // 64) * 64
        block = np.zeros(octets, np.uint8) if memory is None else memory.allocate(octets)
        at = iter(starts)
        for name in form.presence:
            number = form.numbers.get(name)
            self.values[name] = (
                np.empty(capacity, object) if number is None else np.ndarray((capacity,), number, block, next(at))
            )
        self._masks: Mask | None = None
        self.absent: dict[str, Mask] = {}
        """The masks in which something is absent, by the presence of their columns."""
        self.fits = np.zeros(capacity, np.bool_)
        """Which packets fit the pipeline, where there is one."""
        self.others = 0
        """How many packets were taken out."""
        self.presence, self.alike = form.presence, form.alike

    @classmethod
    def filled(
        cls,
        columns: tuple[Column, ...],
        values: Mapping[str, Values],
        absent: Mapping[str, Mask],
        count: int,
        others: int,
    ) -> Output:
        """An output that was filled elsewhere."""
        output = cls(columns, 0)
        output.capacity = output.count = count
        output.values, output.absent, output.others = dict(values), dict(absent), others
        return output

    def keep_fitting(self) -> None:
        """Takes out the packets that do not fit the pipeline, and counts them."""
        before = self.count
        self.keep(self.fits[:before])
        self.others += before - self.count

    def keep(self, rows: Mask) -> None:
        """Takes out the packets whose rows are not marked."""
        self.values = {name: values[: self.count][rows] for name, values in self.values.items()}
        self.absent = {presence: mask[: self.count][rows] for presence, mask in self.absent.items()}
        self.count = int(rows.sum())

    @property
    def zeroed(self) -> bool:
        """Whether all values were 0 before any was stored."""
        return self._memory is None or self._memory.zeroed

    def next_part(self, count: int) -> Part:
        """The arrays of this many packets more."""
        start, self.count = self.count, self.count + count
        return Part(self, start, self.count)

    def filled_part(self) -> Part:
        """The arrays of all packets that were filled so far."""
        return Part(self, 0, self.count, filled=True)

    def mask(self, presence: str, start: int) -> Mask:
        """The mask of the columns of this presence; in a new one, nothing is absent before packet `start`."""
        mask = self.absent.get(presence)
        if mask is None:
            if self._masks is None:
                if self._memory is None:
                    self._masks = np.empty((len(self.alike), self.capacity), np.bool_)
                else:
                    masks = self._memory.allocate(len(self.alike) * self.capacity)
                    self._masks = masks.view(np.bool_).reshape(len(self.alike), self.capacity)
            mask = self.absent[presence] = self._masks[len(self.absent)]
            mask[:start] = False
        return mask


class Part:
    """The arrays of some packets: a value is absent until it is stored, unless it was filled before."""

    __slots__ = ("_all", "_filled", "_masks", "_output", "_start", "_stop", "fits", "values")

    def __init__(self, output: Output, start: int, stop: int, *, filled: bool = False) -> None:
        self._output, self._start, self._stop = output, start, stop
        self._filled = filled
        self.fits = output.fits[start:stop]
        """Which packets fit the pipeline, where there is one."""
        self.values = {name: values[start:stop] for name, values in output.values.items()}
        self._masks: dict[str, Mask] = {}
        self._all: set[str] = set()
        """The presences of columns in which nothing is absent so far."""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __len__(self) -> int:
        return self._stop - self._start

    def store(self, name: str, index: Ints | None, values: object) -> None:
        """Stores the values of these packets, or of all."""
        self.mark(self._output.presence[name], index)
        self.write(name, index, values)

    def write(self, name: str, index: Ints | None, values: object) -> None:
        """Stores the values of packets that are marked as having them."""
        self.values[name][... if index is None else index] = values

    def mark(self, presence: str, index: Ints | None) -> None:
        """Marks these packets, or all, as having the columns of this presence; call it before `write`."""
        if index is not None:
            if presence not in self._all:
                self._mask(presence)[index] = False
        elif self._filled:
            self._mask(presence)[...] = False
        else:
            self._masks.pop(presence, None)
            self._all.add(presence)

    def clear(self, name: str, index: Ints | None) -> None:
        """Makes the values of these packets absent."""
        presence = self._output.presence[name]
        if presence in self._all or presence in self._masks or self._filled:
            self._mask(presence)[... if index is None else index] = True

    def fault(self, index: Ints | None, name: str) -> None:
        """Stores the fault at which these packets stopped."""
        if "fault" in self.values:
            self.store("fault", index, CATEGORIES["fault"].index(name))

    def replace(self, name: str, values: Values) -> None:
        """Stores the values of all packets in a column whose type may be too small for them."""
        if values.dtype == object:
            self._output.values[name] = self._output.values[name].astype(object)
            self.values[name] = self._output.values[name][self._start : self._stop]
        self.store(name, None, values)

    def finish(self) -> None:
        """Makes absent what was not stored."""
        for presence in self._output.alike:
            if presence in self._all:
                if presence in self._output.absent:
                    self._output.absent[presence][self._start : self._stop] = False
            elif presence not in self._masks:
                self._mask(presence)

    def _mask(self, presence: str) -> Mask:
        """The mask of the columns of this presence: what was not stored is absent."""
        mask = self._masks.get(presence)
        if mask is None:
            complete = self._output.mask(presence, self._stop if self._filled else self._start)
            mask = self._masks[presence] = complete[self._start : self._stop]
            if not self._filled:
                mask[...] = presence not in self._all
                if not self._output.zeroed and presence not in self._all:
                    self._make_zero(presence)
            self._all.discard(presence)
        return mask

    def _make_zero(self, presence: str) -> None:
        """Makes the values of the columns of this presence 0, before any of them is stored."""
        for name in self._output.alike[presence]:
            if self.values[name].dtype != object:
                self.values[name].view(np.uint8)[...] = 0


def put(name: str, index: Ints | None, found: list[Any], output: Part) -> None:  # Any: what a column holds
    """Stores the values of these packets; None is absent."""
    gone = [value is None for value in found]
    if True in gone:
        present = ~np.array(gone, np.bool_)
        index = np.flatnonzero(present) if index is None else index[present]
        found = [value for value in found if value is not None]
    if found:
        if index is None and output.values[name].dtype != object:
            output.store(name, None, found)
            return
        values = np.empty(len(found), output.values[name].dtype)
        values[:] = found
        output.store(name, index, values)
