"""Tables of columns, and their conversion for other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, overload

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints, Mask, Values
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.columnar.column import columns_of
from overlaycodec.columnar.column_buffers import CATEGORIES, Output
from overlaycodec.columnar.extras import needed
from overlaycodec.errors import PathError
from overlaycodec.filters.filter import Filter, filter_of
from overlaycodec.filters.mask import ColumnValues, mask_of
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
    """Arrays by name; one is made when it is asked for, so that at most one is in memory twice."""

    def __init__(self) -> None:
        super().__init__()
        self._makers: dict[str, Callable[[], Values]] = {}

    def add(self, name: str, make: Callable[[], Values]) -> None:
        """Adds an array that this function makes."""
        self._makers[name] = make

    def __missing__(self, name: str) -> Values:
        values = self[name] = self._makers[name]()
        del self._makers[name]
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
            if len(outputs) == 1:
                self._values[name] = first.values.pop(name)[: first.count]
                continue
            parts = [output.values.pop(name)[: output.count] for output in outputs]
            self._values.add(name, partial(_joined, parts))
        for presence in first.alike if any(output.absent for output in outputs) else ():
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

    @overload
    def __getitem__(self, name: str) -> MaskedColumn: ...
    @overload
    def __getitem__(self, name: slice | MaskedColumn | Mask) -> Table: ...
    def __getitem__(self, name: str | slice | MaskedColumn | Mask) -> MaskedColumn | Table:
        """A column by its name, as a masked array of NumPy: a view, but for columns of words. Or a table of some rows.

        `table[10:20]` has views of the columns. `table[table["vxlan.vni"] == 100]` has the rows where the mask is True;
        a column is copied when it is asked for, and not at all if the rows are one after another.

        Raises: PathError for a name that the table does not have; IndexError for a mask of another length.
        """
        if isinstance(name, slice):
            return self._rows(name)
        if isinstance(name, np.ndarray):
            return self._rows(_rows_of(name, self._count))
        if name not in self.names:
            raise self._unknown(name)
        values, words = self._values[name], CATEGORIES.get(self._columns[name].dtype)
        if words is not None:
            values = np.array(words)[values]
        masked: MaskedColumn = np.ma.MaskedArray(values, self.absent(name), copy=False)
        return masked

    def _unknown(self, name: str) -> PathError:
        text = text_of(name)
        return PathError(f"column {text}", "the table", nearest(text.strip("'"), self._columns))

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
        return self[: max(0, rows)]

    def where(self, where: Filter | str, *, catalog: Catalog = DEFAULT) -> Table:
        """The rows that match a filter, as `table[mask]` gives them. A filter that is text is one of the catalog.

        Raises: FilterError for a wrong filter; PathError where it asks for a column that the table does not have.
        """
        wanted = filter_of(where, catalog)

        def column(name: str) -> ColumnValues:
            found = self._columns.get(name)
            if found is None:  # a filter that names a header asks for one of its fields
                presence = columns_of([name], wanted.catalog)[0].presence
                headers = {operand.column for operand in wanted.operands.values() if operand.is_header}
                alike = [other for other in self._columns.values() if other.presence == presence and name in headers]
                if not alike:
                    raise self._unknown(name)
                found = alike[0]
            absent = self._absent.get(found.presence)
            return ColumnValues(self._values[found.name], absent, CATEGORIES.get(found.dtype))

        return self[mask_of(wanted.expression, wanted.operands, column, self._count)]

    def _rows(self, rows: slice | Ints) -> Table:
        table = Table.__new__(Table)
        table._columns, table.others = self._columns, self.others
        table._count = len(range(self._count)[rows]) if isinstance(rows, slice) else len(rows)
        table._absent = {presence: mask[rows] for presence, mask in self._absent.items()}
        table._values, values = Columns(), self._values
        for name in self._columns:
            table._values.add(name, partial(lambda name: values[name][rows], name))
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
        """The table for libraries that take one from any object: `polars.DataFrame(table)`, `pyarrow.table`, DuckDB.

        Its schema is `arrow_schema` of its names: text of addresses is text as any other. Numbers are not copied.

        Raises: OverflowError for a time stamp that does not fit in 64 bits; ModuleNotFoundError without pyarrow.
        """
        needed("pyarrow", "arrow")
        from overlaycodec.columnar.arrow import checked

        return checked(self._arrow("text", "text"), self._schema()).__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """The schema of that, for libraries that take one from any object: `pyarrow.schema(table)`."""
        return self._schema().__arrow_c_schema__()

    def _schema(self) -> pyarrow.Schema:
        needed("pyarrow", "arrow")
        from overlaycodec.columnar.arrow import schema_of

        return schema_of(tuple(self._columns.values()), "text", form="text")

    def __array__(self, dtype: object | None = None, copy: bool | None = None) -> NoReturn:
        """Raises: TypeError, where NumPy or pandas would make an array of the columns' names."""
        raise TypeError(
            "a Table has columns of different types and is no array: table.to_pandas() is a pandas data frame, "
            "table.to_polars() one of Polars, table[name] the array of one column"
        )

    def to_arrow(self, *, addresses: Addresses = "text", dictionaries: bool = True) -> pyarrow.Table:
        """An Arrow table: time stamps in nanoseconds, words as dictionaries.

        Addresses are text, numbers (of IPv6 addresses the octets) or octets. Text of addresses and names of interfaces
        are in dictionary encoding or, without `dictionaries`, text as any other, as in `arrow_schema`.
        Raises: ValueError for other `addresses`; ModuleNotFoundError without pyarrow.
        """
        return self._arrow(addresses, "dictionary" if dictionaries else "text")

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


def _rows_of(mask: MaskedColumn | Mask, count: int) -> slice | Ints:
    """The rows where a mask is True; a slice where they are one after another. Raises: IndexError."""
    if mask.dtype != np.bool_ or mask.shape != (count,):
        raise IndexError(f"a mask of the rows has shape ({count},) and type bool, not {mask.shape} and {mask.dtype}")
    rows = np.flatnonzero(np.ma.filled(mask, False))
    if len(rows) and int(rows[-1]) - int(rows[0]) == len(rows) - 1:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows
