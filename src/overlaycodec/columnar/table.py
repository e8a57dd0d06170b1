"""Tables of columns, and their conversion for other libraries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from overlaycodec.capture.bulk.arrays import Mask, Values
from overlaycodec.columnar.column_buffers import CATEGORIES, Output
from overlaycodec.columnar.extras import needed
from overlaycodec.errors import PathError
from overlaycodec.values.argument_checks import text_of
from overlaycodec.values.for_notebooks import ForNotebooks
from overlaycodec.values.nearest_names import nearest

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from overlaycodec.columnar.address_text import Addresses
    from overlaycodec.columnar.arrow import TextForm
    from overlaycodec.describe.plain import Plain

__all__ = ["Table"]

MaskedColumn = np.ma.MaskedArray[Any, np.dtype[Any]]  # Any: each column has its shape and type


class Columns(dict[str, Values]):
    """Arrays by name; the parts of one are joined when it is asked for, so that at most one is in memory twice."""

    def __init__(self, values: Mapping[str, Values] | None = None) -> None:
        super().__init__(values or {})
        self._parts: dict[str, list[Values]] = {}

    def add(self, name: str, parts: list[Values]) -> None:
        """Adds an array that has these parts."""
        self._parts[name] = parts

    def __missing__(self, name: str) -> Values:
        values = self[name] = _joined(self._parts.pop(name))
        return values


class Table(ForNotebooks):
    """Columns of equal length, by name; absent values are masked."""

    _values: Columns
    _absent: dict[str, Mask]
    """The masks in which something is absent, by the presence of their columns."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        first = outputs[0]
        self.others = sum(output.others for output in outputs)
        """How many packets were left out, because they do not fit the pipeline."""
        self._columns = {column.name: column for column in first.columns}
        self._count = sum(output.count for output in outputs)
        self._values, self._absent = Columns(), {}
        for name in self._columns:
            self._values.add(name, [output.values.pop(name)[: output.count] for output in outputs])
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
        """The names of the columns, in the order of the request."""
        return list(self._columns)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> MaskedColumn:
        """A column as a masked array of NumPy: a view, but for columns of words. Raises: PathError."""
        if name not in self.names:
            text = text_of(name)
            raise PathError(f"column {text}", "the table", nearest(text.strip("'"), self._columns))
        values, words = self._values[name], CATEGORIES.get(self._columns[name].dtype)
        if words is not None:
            values = np.array(words)[values]
        masked: MaskedColumn = np.ma.MaskedArray(values, self.absent(name), copy=False)
        return masked

    def absent(self, name: str) -> Mask:
        """Where a column has no value: a mask that the caller may change. Raises: KeyError."""
        mask = self._absent.get(self._columns[name].presence)
        return np.zeros(self._count, np.bool_) if mask is None else mask.copy()

    def __repr__(self) -> str:
        return f"<Table: {len(self)} packets, {len(self._columns)} columns>"

    def type_of(self, name: str) -> str:
        """The NumPy type of a column; "category" where it holds words. Raises: KeyError."""
        return "category" if self._columns[name].dtype in CATEGORIES else str(self._values[name].dtype)

    def first(self, rows: int) -> Table:
        """The first rows, as a view."""
        table = Table.__new__(Table)
        table._columns, table._count = self._columns, min(max(0, rows), self._count)
        table._values = Columns({name: self._values[name][: table._count] for name in self._columns})
        table._absent = {presence: mask[: table._count] for presence, mask in self._absent.items()}
        return table

    def without_empty(self) -> Table:
        """The columns that have a value in some packet."""
        return self.only([name for name in self._columns if not self.absent(name).all()])

    def only(self, names: Iterable[str]) -> Table:
        """The columns of these names."""
        table = Table.__new__(Table)
        kept = {name: self._columns[name] for name in names}
        table._columns, table._count = kept, self._count
        table.others = self.others
        table._values = self._values
        table._absent = self._absent
        return table

    def to_plain(self, name: str) -> list[Plain]:
        """A column as values that JSON has; None where a value is absent.

        Addresses are text, octets hexadecimal digits, option lists lists of objects. Raises: KeyError.
        """
        from overlaycodec.columnar.column_values import plain_column

        column = self._columns[name]
        return plain_column(column, self._values[name], np.ma.getmaskarray(self[name]))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow table for libraries that take one from any object: `polars.DataFrame(table)`, `pyarrow.table`."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __array__(self, dtype: object | None = None, copy: bool | None = None) -> NoReturn:
        """Raises: TypeError, where NumPy or pandas would make an array of the columns' names."""
        raise TypeError(
            "a Table has columns of different types and is no array: table.to_pandas() is a pandas data frame, "
            "table.to_polars() one of Polars, table[name] the array of one column"
        )

    def to_arrow(self, *, addresses: Addresses = "text") -> pyarrow.Table:
        """An Arrow table: time stamps in nanoseconds, words as dictionaries.

        Addresses are text in dictionary encoding, numbers (of IPv6 addresses the octets) or octets.
        Raises: ValueError for other `addresses`; ModuleNotFoundError without pyarrow.
        """
        return self._arrow(addresses)

    def to_pandas(self, *, addresses: Addresses = "text") -> pandas.DataFrame:
        """A pandas data frame with the types of Arrow, so that absent values are absent and numbers stay numbers.

        Text of addresses is text as any other: it can be sorted, matched and concatenated.
        Raises: as `to_arrow`; ModuleNotFoundError without pandas.
        """
        needed("pandas", "pandas")
        import pandas

        frame: pandas.DataFrame = self._arrow(addresses, "text").to_pandas(types_mapper=pandas.ArrowDtype)
        return frame

    def to_polars(self, *, addresses: Addresses = "text") -> polars.DataFrame:
        """A Polars data frame, made from the Arrow table; text of addresses is of type String.

        Raises: as `to_arrow`; ModuleNotFoundError without polars.
        """
        needed("polars", "polars")
        import polars

        frame = polars.from_arrow(self._arrow(addresses, "views"))
        assert isinstance(frame, polars.DataFrame)
        return frame

    def _arrow(self, addresses: Addresses, form: TextForm = "dictionary") -> pyarrow.Table:
        needed("pyarrow", "arrow")
        from overlaycodec.columnar.arrow import arrow_table

        columns = {
            name: (column, self._values[name], self._absent.get(column.presence))
            for name, column in self._columns.items()
        }
        return arrow_table(columns, addresses, form=form)


def _joined(arrays: Sequence[Values]) -> Values:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
