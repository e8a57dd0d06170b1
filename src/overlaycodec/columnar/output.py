"""Where values go while batches are walked: an array and a mask a column."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.batch import Ints
from overlaycodec.columnar.names import Column
from overlaycodec.errors import FieldValueError, LengthFieldError, NestingError, TruncatedError
from overlaycodec.verify import Verdict

__all__ = ["CATEGORIES", "Output"]

CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "fault": tuple(cls.__name__ for cls in (TruncatedError, FieldValueError, LengthFieldError, NestingError)),
    "verdict": tuple(str(verdict) for verdict in Verdict),
}
"""Types of columns whose values are few words; what is stored is a word's number."""


class Output:
    """The values of some columns for some packets; absent until stored."""

    __slots__ = ("absent", "columns", "count", "values")

    def __init__(
        self,
        columns: tuple[Column, ...],
        count: int,
        values: dict[str, NDArray[Any]] | None = None,  # Any: each column has its type
        absent: dict[str, NDArray[np.bool_]] | None = None,
    ) -> None:
        self.columns = columns
        self.count = count
        if values is None or absent is None:
            values = {
                column.name: np.zeros(count, "uint8" if column.dtype in CATEGORIES else column.dtype)
                for column in columns
            }
            absent = {column.name: np.ones(count, np.bool_) for column in columns}
        self.values = values
        self.absent = absent

    def part(self, start: int, stop: int) -> Output:
        """The packets from `start` to `stop`: the same memory."""
        return Output(
            self.columns,
            stop - start,
            {name: values[start:stop] for name, values in self.values.items()},
            {name: absent[start:stop] for name, absent in self.absent.items()},
        )

    def store(self, name: str, index: Ints | slice, values: object) -> None:
        """Puts values at these packets."""
        if not isinstance(index, slice) and len(index) == self.count:
            index = slice(None)
        self.values[name][index] = values
        self.absent[name][index] = False

    def clear(self, name: str, index: Ints | slice) -> None:
        """Takes the values of these packets away."""
        self.absent[name][index] = True

    def fault(self, index: Ints, name: str) -> None:
        """Says why these packets stopped."""
        if "fault" in self.values:
            self.store("fault", index, CATEGORIES["fault"].index(name))
