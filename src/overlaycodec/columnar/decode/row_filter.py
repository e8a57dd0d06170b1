"""The rows of filled outputs that a filter wants."""

from __future__ import annotations

from collections.abc import Sequence

from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import Column, columns_of
from overlaycodec.columnar.column_buffers import CATEGORIES, Output
from overlaycodec.columnar.table import Table
from overlaycodec.filters.filter import Filter
from overlaycodec.filters.mask import ColumnValues, mask_of

__all__ = ["RowFilter"]


class RowFilter:
    """Takes out the packets that do not match; without a filter, none."""

    def __init__(self, where: Filter | None, columns: tuple[Column, ...], catalog: Catalog) -> None:
        self.where = where
        self.names = tuple(column.name for column in columns)
        """The columns that were requested."""
        asked = [] if where is None else [operand.column for operand in where.operands.values()]
        more = columns_of([name for name in asked if name not in self.names], catalog)
        self.columns = (*columns, *more)
        """The columns that were requested, then those that the filter asks for."""
        self._types = {column.name: column.dtype for column in self.columns}

    def keep(self, output: Output) -> None:
        """Takes out of an output the packets that do not match."""
        if self.where is None:
            return

        def column(name: str) -> ColumnValues:
            mask = output.absent.get(output.presence[name])
            absent = None if mask is None else mask[: output.count]
            return ColumnValues(output.values[name][: output.count], absent, CATEGORIES.get(self._types[name]))

        output.keep(mask_of(self.where.expression, self.where.operands, column, output.count))

    def table(self, outputs: Sequence[Output]) -> Table:
        """The table of these outputs, with the columns that were requested."""
        table = Table(outputs)
        return table if len(self.names) == len(self.columns) else table.only(self.names)
