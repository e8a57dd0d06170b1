"""What is to be done with each split, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from overlaycodec.capture.split import Split
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import columns_of
from overlaycodec.columnar.column_buffers import Memory, Output
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.columnar.decode.column_filler import ColumnFiller
from overlaycodec.columnar.decode.driver import facts_for, occurring_names, outputs_of, until_failure
from overlaycodec.columnar.decode.row_filter import RowFilter
from overlaycodec.columnar.decode.source_batches import batches_from

if TYPE_CHECKING:
    from overlaycodec.filters.filter import Filter
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["Outcome", "Request", "Worker"]


class Request(NamedTuple):
    """What is asked of a capture: columns, or, without names, the names of those that occur."""

    names: tuple[str, ...] | None
    catalog: Catalog
    pipeline: AnyPipeline | None = None
    where: Filter | None = None
    most: int | None = None
    """The most packets of an output."""


class Outcome(NamedTuple):
    """What came of a split, or of a part of it, and the error that ended its reading."""

    outputs: list[tuple[Output, int]]
    names: list[str]
    octets: int = 0
    """Those of the packets whose names these are."""
    error: Exception | None = None


class Worker:
    """Does what a request asks for."""

    def __init__(self, request: Request) -> None:
        names, self._catalog, self._pipeline, where, self._most = request
        self._rows = (
            None if names is None else RowFilter(where, columns_of(names, self._catalog), self._catalog, self._pipeline)
        )
        self.columns = () if self._rows is None else self._rows.columns
        self._filler = None if names is None else ColumnFiller(self.columns, self._catalog, self._pipeline)

    def parts(self, split: Split, memory: Memory | None = None) -> Iterator[Outcome]:
        """What comes of a split, an output at a time; the last one may have an error."""
        try:
            yield from self._parts(split, memory)
        except Exception as error:
            yield Outcome([], [], 0, error)

    def _parts(self, split: Split, memory: Memory | None) -> Iterator[Outcome]:
        if self._rows is None:
            failed: list[Exception] = []
            octets: list[int] = []
            batches = _counted(until_failure(batches_from(split), failed), octets)
            yield Outcome([], occurring_names(batches, self._catalog), sum(octets), *failed)
            return
        batches = batches_from(split, facts_for(self._rows))
        for output in outputs_of(
            batches,
            self._rows,
            self._catalog,
            self._pipeline,
            most=self._most,
            filler=self._filler,
            memory=memory,
        ):
            yield Outcome([output], [])


def _counted(batches: Iterable[Batch], octets: list[int]) -> Iterator[Batch]:
    for batch in batches:
        octets.append(int(batch.lengths.sum()))
        yield batch
