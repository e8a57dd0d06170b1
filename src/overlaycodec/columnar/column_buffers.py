"""Where values go while batches are walked: an array a column, and a mask where something is absent."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.column import Column
from overlaycodec.columnar.decode.batch import Ints
from overlaycodec.editing.checksums import ChecksumStatus
from overlaycodec.errors import FieldValueError, LengthFieldError, NestingError, TruncatedError

__all__ = ["CATEGORIES", "Output", "Part", "put"]

CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "fault": tuple(cls.__name__ for cls in (TruncatedError, FieldValueError, LengthFieldError, NestingError)),
    "verdict": tuple(str(verdict) for verdict in ChecksumStatus),
}
"""Types of columns whose values are few words; what is stored is a word's number."""

Values = NDArray[Any]  # Any: each column has its type
Mask = NDArray[np.bool_]


class Output:
    """Room for the values of some columns for some packets, which is filled from its start on."""

    __slots__ = ("_masks", "absent", "alike", "capacity", "columns", "count", "presence", "values")

    def __init__(self, columns: tuple[Column, ...], capacity: int) -> None:
        self.columns = columns
        self.capacity = capacity
        self.count = 0
        self.values: dict[str, Values] = {}
        numbers = {
            column.name: np.dtype("uint8" if column.dtype in CATEGORIES else column.dtype)
            for column in columns
            if column.dtype != "object"
        }
        # One block for all: memory is the operating system's, and it hands out large blocks much faster, zeroed.
        block = np.zeros(sum(_rounded(dtype.itemsize * capacity) for dtype in numbers.values()), np.uint8)
        at = 0
        for column in columns:
            if column.name in numbers:
                dtype = numbers[column.name]
                octets = dtype.itemsize * capacity
                self.values[column.name] = block[at : at + octets].view(dtype)
                at += _rounded(octets)
            else:
                self.values[column.name] = np.empty(capacity, object)
        self._masks: Mask | None = None
        self.absent: dict[str, Mask] = {}
        """The masks that have something absent, by what their columns have in common."""
        self.presence = {column.name: column.presence for column in columns}
        self.alike: dict[str, list[str]] = {}
        """The columns that have a mask in common."""
        for name, presence in self.presence.items():
            self.alike.setdefault(presence, []).append(name)

    def next_part(self, count: int) -> Part:
        """Room for so many packets more."""
        start, self.count = self.count, self.count + count
        return Part(self, start, self.count)

    def whole(self) -> Part:
        """The room that is filled already."""
        return Part(self, 0, self.count, filled=True)

    def mask(self, presence: str, start: int) -> Mask:
        """The mask of some columns, in which nothing is absent before packet `start` if it is new."""
        mask = self.absent.get(presence)
        if mask is None:
            if self._masks is None:
                self._masks = np.empty((len(self.alike), self.capacity), np.bool_)
            mask = self.absent[presence] = self._masks[len(self.absent)]
            mask[:start] = False
        return mask


def _rounded(octets: int) -> int:
    return -(-octets // 64) * 64


class Part:
    """Room for some packets: absent until stored, unless they were filled before."""

    __slots__ = ("_all", "_filled", "_masks", "_output", "_start", "_stop", "values")

    def __init__(self, output: Output, start: int, stop: int, *, filled: bool = False) -> None:
        self._output, self._start, self._stop = output, start, stop
        self._filled = filled
        self.values = {name: values[start:stop] for name, values in output.values.items()}
        self._masks: dict[str, Mask] = {}
        self._all: set[str] = set()
        """What columns have in common in which nothing is absent so far."""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __len__(self) -> int:
        return self._stop - self._start

    def store(self, name: str, index: Ints | None, values: object) -> None:
        """Puts values at these packets, or at all."""
        self.mark(self._output.presence[name], index)
        self.write(name, index, values)

    def write(self, name: str, index: Ints | None, values: object) -> None:
        """The same of packets that are marked as having them."""
        self.values[name][... if index is None else index] = values

    def mark(self, presence: str, index: Ints | None) -> None:
        """Says that these packets, or all, have what these columns have in common; before it is written."""
        if index is not None:
            if presence not in self._all:
                self._mask(presence)[index] = False
        elif self._filled:
            self._mask(presence)[...] = False
        else:
            self._masks.pop(presence, None)
            self._all.add(presence)

    def clear(self, name: str, index: Ints | None) -> None:
        """Takes the values of these packets away."""
        presence = self._output.presence[name]
        if presence in self._all or presence in self._masks or self._filled:
            self._mask(presence)[... if index is None else index] = True

    def fault(self, index: Ints | None, name: str) -> None:
        """Says why these packets stopped."""
        if "fault" in self.values:
            self.store("fault", index, CATEGORIES["fault"].index(name))

    def replace(self, name: str, values: Values) -> None:
        """Puts the values of all packets into a column that may be of too small a type for them."""
        if values.dtype == object:
            self._output.values[name] = self._output.values[name].astype(object)
            self.values[name] = self._output.values[name][self._start : self._stop]
        self.store(name, None, values)

    def finish(self) -> None:
        """What was not stored is absent."""
        for presence in self._output.alike:
            if presence in self._all:
                if presence in self._output.absent:
                    self._output.absent[presence][self._start : self._stop] = False
            elif presence not in self._masks:
                self._mask(presence)

    def _mask(self, presence: str) -> Mask:
        """The mask of some columns, in which all is absent that was not stored."""
        mask = self._masks.get(presence)
        if mask is None:
            whole = self._output.mask(presence, self._stop if self._filled else self._start)
            mask = self._masks[presence] = whole[self._start : self._stop]
            if not self._filled:
                mask[...] = presence not in self._all
            self._all.discard(presence)
        return mask


def put(name: str, index: Ints | None, found: list[Any], output: Part) -> None:  # Any: what a column holds
    """Stores what was found of these packets; None is absent."""
    there = np.fromiter((value is not None for value in found), np.bool_, len(found))
    if not there.all():
        index = np.flatnonzero(there) if index is None else index[there]
        found = [value for value in found if value is not None]
    if found:
        values = np.empty(len(found), output.values[name].dtype)
        values[:] = found
        output.store(name, index, values)
