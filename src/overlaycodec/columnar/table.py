"""The columns themselves, and what other libraries take them as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.column_buffers import CATEGORIES, Output

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from overlaycodec.describe.plain import Plain

__all__ = ["Table"]

Column = np.ma.MaskedArray[Any, np.dtype[Any]]  # Any: each column has its shape and type


class Table:
    """Columns of equal length, by name; absent values are masked."""

    _values: dict[str, NDArray[Any]]  # Any: as above
    _absent: dict[str, NDArray[np.bool_]]
    """The masks that have something absent, by what their columns have in common."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        first = outputs[0]
        self._columns = {column.name: column for column in first.columns}
        self._count = sum(output.count for output in outputs)
        self._values, self._absent = {}, {}
        for name in self._columns:  # column by column, so that no more than one is there twice
            self._values[name] = _joined([output.values.pop(name)[: output.count] for output in outputs])
        for presence in first.alike:
            masks = [output.absent.pop(presence, None) for output in outputs]
            if any(mask is not None for mask in masks):
                self._absent[presence] = _joined(
                    [
                        np.zeros(output.count, np.bool_) if mask is None else mask[: output.count]
                        for output, mask in zip(outputs, masks, strict=True)
                    ]
                )

    @property
    def names(self) -> list[str]:
        """The columns' names, in the order in which they were asked for."""
        return list(self._columns)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> Column:
        """A column as a masked array of NumPy: a view, but for columns of words. Raises: KeyError."""
        values, words = self._values[name], CATEGORIES.get(self._columns[name].dtype)
        if words is not None:
            values = np.array(words)[values]
        masked: Column = np.ma.MaskedArray(values, self.absent(name), copy=False)
        return masked

    def absent(self, name: str) -> NDArray[np.bool_]:
        """Where a column has no value: a mask of the caller's own. Raises: KeyError."""
        mask = self._absent.get(self._columns[name].presence)
        return np.zeros(self._count, np.bool_) if mask is None else mask.copy()

    def __repr__(self) -> str:
        return f"<Table: {len(self)} packets, {len(self._columns)} columns>"

    def without_empty(self) -> Table:
        """The columns that have a value somewhere."""
        table = Table.__new__(Table)
        kept = {name: column for name, column in self._columns.items() if not self.absent(name).all()}
        table._columns, table._count = kept, self._count
        table._values = {name: self._values[name] for name in kept}
        table._absent = self._absent
        return table

    def to_plain(self, name: str) -> list[Plain]:
        """A column as JSON could say it; None where a value is absent.

        Addresses are text, octets hexadecimal digits, rows lists of objects. Raises: KeyError.
        """
        from overlaycodec.columnar.column_values import plain_column

        column = self._columns[name]
        return plain_column(column, self._values[name], np.ma.getmaskarray(self[name]))

    def to_arrow(self, *, addresses: Literal["text", "binary"] = "text") -> pyarrow.Table:
        """An Arrow table: time stamps in nanoseconds, few words as dictionaries, addresses as text or as octets."""
        from overlaycodec.columnar.arrow import arrow_table

        columns = {name: (column, self._values[name], self.absent(name)) for name, column in self._columns.items()}
        return arrow_table(columns, addresses)

    def to_pandas(self, *, addresses: Literal["text", "binary"] = "text") -> pandas.DataFrame:
        """A pandas data frame, by way of Arrow: its types, so that absent is absent and numbers stay numbers."""
        import pandas

        frame: pandas.DataFrame = self.to_arrow(addresses=addresses).to_pandas(types_mapper=pandas.ArrowDtype)
        return frame

    def to_polars(self, *, addresses: Literal["text", "binary"] = "text") -> polars.DataFrame:
        """A Polars data frame, by way of Arrow."""
        import polars

        frame = polars.from_arrow(self.to_arrow(addresses=addresses))
        assert isinstance(frame, polars.DataFrame)
        return frame


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
