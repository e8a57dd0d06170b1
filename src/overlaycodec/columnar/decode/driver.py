"""Sources -> tables."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.columnar.column import BY_REQUEST, RECORD_COLUMNS, columns_of
from overlaycodec.columnar.column_buffers import Memory, Output
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.columnar.decode.column_filler import ColumnFiller
from overlaycodec.columnar.decode.row_filter import RowFilter
from overlaycodec.columnar.decode.source_batches import batches_from, batches_twice
from overlaycodec.columnar.table import Table
from overlaycodec.errors import CaptureError
from overlaycodec.filters.filter import Filter, filter_of
from overlaycodec.filters.record_facts import RECORD_FACTS
from overlaycodec.packet.paths import names_of
from overlaycodec.values.argument_checks import check_callable

if TYPE_CHECKING:
    from overlaycodec.columnar.decode.source_batches import Rows
    from overlaycodec.pipelines.pipeline import AnyPipeline

Item = TypeVar("Item")

__all__ = [
    "TABLE_PACKETS",
    "Origin",
    "facts_for",
    "names_in",
    "occurring_names",
    "outputs_of",
    "table_of",
    "tables_of",
    "until_failure",
]

_UNREQUESTED = tuple(name for name in RECORD_COLUMNS if name not in BY_REQUEST)
"""The columns of the record that tables without requested names have."""
TABLE_PACKETS = 1 << 16
"""At most this many packets are in a table of `iter_columns`."""
_FIRST_CAPACITY, _MOST_CAPACITY = 1 << 10, 1 << 20
"""A fourth of the fewest packets, and the most, for which arrays are made at once where their number is unknown."""


class Origin(ABC):
    """What gives outputs in the place of a source: processes do."""

    @abstractmethod
    def names(self, catalog: Catalog, progress: Callable[[int], object] | None, failed: list[Exception]) -> list[str]:
        """The names of the columns that occur; the error that ended the reading is put into `failed`."""

    @abstractmethod
    def outputs(
        self, rows: RowFilter, catalog: Catalog, pipeline: AnyPipeline | None, most: int | None
    ) -> Iterator[tuple[Output, int]]:
        """What `outputs_of` gives."""


def table_of(
    source: Rows | Origin,
    names: Iterable[str] | None,
    link_type: int | None,
    catalog: Catalog,
    progress: Callable[[int], object] | None,
    pipeline: AnyPipeline | None,
    where: Filter | str | None,
) -> Table:
    """See `overlaycodec.columns`."""
    check_callable("progress", progress)
    check_catalog(catalog)
    if pipeline is not None:
        _check_pipeline(pipeline)
        catalog = pipeline.catalog
        names = [*_UNREQUESTED, *pipeline.fields()] if names is None else names
    wanted = None if where is None else filter_of(where, catalog)
    batches: Iterable[Batch] = ()
    names_there = names
    if isinstance(source, Origin):
        if names is None:
            names_there = source.names(catalog, None, [])
    elif names is None:
        first, batches = batches_twice(source, frozenset(RECORD_FACTS), link_type, catalog)
        names_there = occurring_names(until_failure(first, []), catalog)  # it fails again below
    rows = RowFilter(wanted, columns_of(names_there or (), catalog), catalog, pipeline)
    if names is not None and not isinstance(source, Origin):
        batches = batches_from(source, facts_for(rows), link_type, catalog)
    outputs: list[Output] = []

    def table() -> Table:
        read = Table(outputs)
        return read if names is not None else read.without_empty()

    try:
        if isinstance(source, Origin):
            filled = source.outputs(rows, catalog, pipeline, None)
            found = _reporting(filled, progress, lambda one: one[1])
        else:
            found = outputs_of(_reporting(batches, progress, _octets_of), rows, catalog, pipeline)
        for output, _ in found:
            outputs.append(output)  # one by one, so that those before an error are kept
    except CaptureError as error:
        error.table = table()
        raise
    return table()


def facts_for(rows: RowFilter) -> frozenset[str]:
    """The facts of records that columns and filter ask for."""
    return frozenset(column.name for column in (*rows.columns, *rows.asked) if column.name in RECORD_FACTS)


def tables_of(
    source: Rows | Origin,
    names: Iterable[str],
    link_type: int | None,
    catalog: Catalog,
    progress: Callable[[int], object] | None,
    pipeline: AnyPipeline | None,
    where: Filter | str | None,
) -> Iterator[Table]:
    """See `overlaycodec.iter_columns`."""
    check_callable("progress", progress)
    if pipeline is not None:
        _check_pipeline(pipeline)
        catalog = pipeline.catalog
    wanted = None if where is None else filter_of(where, catalog)
    rows = RowFilter(wanted, columns_of(names, catalog), catalog, pipeline)
    if isinstance(source, Origin):
        found = source.outputs(rows, catalog, pipeline, TABLE_PACKETS)
    else:
        batches = batches_from(source, facts_for(rows), link_type, catalog)
        found = outputs_of(batches, rows, catalog, pipeline, most=TABLE_PACKETS)
    for output, octets in found:
        if output.count or output.others:
            yield Table([output])
        if progress is not None:
            progress(octets)


def names_in(
    source: Rows | Origin, link_type: int | None, catalog: Catalog, progress: Callable[[int], object] | None
) -> list[str]:
    """See `overlaycodec.column_names`."""
    check_callable("progress", progress)
    check_catalog(catalog)
    if isinstance(source, Origin):
        failed: list[Exception] = []
        names = source.names(catalog, progress, failed)
        for error in failed:
            raise error
        return names
    batches = batches_from(source, frozenset(), link_type, catalog)
    return occurring_names(_reporting(batches, progress, _octets_of), catalog)


def _octets_of(batch: Batch) -> int:
    return int(batch.lengths.sum())


def _reporting(
    items: Iterable[Item], progress: Callable[[int], object] | None, octets_of: Callable[[Item], int]
) -> Iterator[Item]:
    """The items; `progress` gets the octets of each one once the next one is asked for."""
    if progress is None:
        yield from items
        return
    for item in items:
        octets = octets_of(item)
        yield item
        progress(octets)


def outputs_of(
    batches: Iterable[Batch],
    rows: RowFilter,
    catalog: Catalog,
    pipeline: AnyPipeline | None = None,
    *,
    most: int | None = None,
    filler: ColumnFiller | None = None,
    memory: Memory | None = None,
) -> Iterator[tuple[Output, int]]:
    """Filled outputs of at most `most` packets, and the octets of these packets; there is at least one output.

    The packets that `rows` leaves out count, so that there is an output after so many packets, whatever matches.
    """
    columns = rows.columns
    filler = ColumnFiller(columns, catalog, pipeline) if filler is None else filler
    capacity = most or _FIRST_CAPACITY
    output, octets, packets = None, 0, 0
    failed: list[Exception] = []
    for batch in until_failure(batches, failed):
        if output is not None and (output.count if most is None else packets) + len(batch) > output.capacity:
            _finish(output, filler, pipeline)
            yield output, octets
            output, octets, packets = None, 0, 0
        if output is None:
            if most is None:
                ahead = batch.ahead
                capacity = min(4 * capacity, _MOST_CAPACITY) if ahead is None else _capacity_of(ahead, len(batch))
            output = Output(columns, _room(most, len(batch)) if most else capacity + len(batch), memory)
        wanted, others = rows.wanted(batch)
        output.others += others
        if len(wanted):
            filler.add(wanted, output)
        octets += int(batch.lengths.sum())
        packets += len(batch)
    output = Output(columns, 0) if output is None else output
    _finish(output, filler, pipeline)
    yield output, octets
    for error in failed:
        raise error


def _finish(output: Output, filler: ColumnFiller, pipeline: AnyPipeline | None) -> None:
    """Fills in what is left, and takes out the packets that do not fit."""
    filler.finish(output)
    if pipeline is not None:
        output.keep_fitting()


def _capacity_of(ahead: int, known: int) -> int:
    """The capacity for about `ahead` packets, given the number of known ones; a capacity too large costs nothing."""
    return ahead + 3 * ahead // math.isqrt(known)


def _room(most: int, packets: int) -> int:
    """At most `most`, or so many: room for batches of about so many packets, with little that stays empty."""
    return max(min(most // max(packets, 1) * packets + packets // 8, most), packets)


def until_failure(batches: Iterable[Batch], failed: list[Exception]) -> Iterator[Batch]:
    """The batches before the end of the source, or before reading it fails: the error is put into `failed`."""
    try:
        yield from batches
    except Exception as error:
        failed.append(error)


def occurring_names(batches: Iterable[Batch], catalog: Catalog) -> list[str]:
    """The name of every field of every header that occurs, outermost first; then those of the declared trailers."""
    columns = columns_of(["fault"], catalog)
    filler = ColumnFiller(columns, catalog, named=True)
    for batch in batches:
        output = Output(columns, len(batch))
        filler.add(batch, output)
        filler.finish(output)
    names: dict[str, None] = dict.fromkeys(_UNREQUESTED)
    for stack in filler.stacks:
        for path, cls in zip(names_of(stack), stack, strict=True):
            names |= dict.fromkeys(f"{path}.{field.name}" for field in cls.__layout__.fields)
    for trailer in catalog.trailers:
        names |= dict.fromkeys(f"trailer.{trailer.__layout__.name}.{field.name}" for field in trailer.__layout__.fields)
    return list(names)


def _check_pipeline(pipeline: object) -> None:
    from overlaycodec.pipelines.pipeline import check_pipeline

    check_pipeline(pipeline)
