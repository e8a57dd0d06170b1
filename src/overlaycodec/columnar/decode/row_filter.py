"""The rows that a filter wants.

Strategy: the columns that the filter asks for are decoded first, batch by batch, and the requested ones only for the
packets that match. To take rows out of filled columns costs more, even where most packets match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from overlaycodec.capture.bulk.arrays import Mask
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import Column, columns_of
from overlaycodec.columnar.column_buffers import CATEGORIES, Output
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.columnar.decode.column_filler import ColumnFiller
from overlaycodec.filters.filter import Filter
from overlaycodec.filters.mask import ColumnValues, mask_of

if TYPE_CHECKING:
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["RowFilter"]


class RowFilter:
    """Takes out the packets that do not match; without a filter, none."""

    def __init__(
        self,
        where: Filter | None,
        columns: tuple[Column, ...],
        catalog: Catalog,
        pipeline: AnyPipeline | None = None,
    ) -> None:
        self.columns = columns
        """The columns that were requested."""
        self.asked: tuple[Column, ...] = ()
        """The columns that the filter asks for."""
        self.where, self._pipeline = where, pipeline
        self.names = tuple(column.name for column in columns)
        if where is not None:
            self.asked = columns_of([operand.column for operand in where.operands.values()], catalog)
            self._filler = ColumnFiller(self.asked, catalog, pipeline)

    def wanted(self, batch: Batch) -> tuple[Batch, int]:
        """The packets of a batch that match, and how many of the others do not fit the pipeline."""
        if self.where is None:
            return batch, 0
        output = Output(self.asked, len(batch))
        self._filler.add(batch, output)
        self._filler.finish(output)
        rows, others = _matching(output, self.where), 0
        if self._pipeline is not None:
            others = len(batch) - int(np.count_nonzero(output.fits))
            rows &= output.fits
        which = np.flatnonzero(rows)
        return batch if len(which) == len(batch) else batch.only(which), others


def _matching(output: Output, where: Filter) -> Mask:
    types = {column.name: column.dtype for column in output.columns}

    def column(name: str) -> ColumnValues:
        mask = output.absent.get(output.presence[name])
        absent = None if mask is None else mask[: output.count]
        return ColumnValues(output.values[name][: output.count], absent, CATEGORIES.get(types[name]))

    return mask_of(where.expression, where.operands, column, output.count)
