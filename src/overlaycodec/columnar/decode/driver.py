"""Sources -> tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.columnar.column import BY_REQUEST, RECORD_COLUMNS, Column, columns_of
from overlaycodec.columnar.column_buffers import Output
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

__all__ = ["names_in", "occurring_names", "table_of", "tables_of"]

_UNREQUESTED = tuple(name for name in RECORD_COLUMNS if name not in BY_REQUEST)
"""The columns of the record that tables without requested names have."""
_TABLE_PACKETS = 1 << 16
"""At most this many packets are in a table of `iter_columns`."""
_FIRST_CAPACITY, _MOST_CAPACITY = 1 << 10, 1 << 20
"""A fourth of the fewest packets, and the most, for which arrays are made at once where their number is unknown."""


def table_of(
    source: Rows,
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
    if names is not None:
        rows = RowFilter(wanted, columns_of(names, catalog), catalog, pipeline)
        batches = batches_from(source, _facts_in((*rows.columns, *rows.asked)), link_type, catalog)
    else:
        first, batches = batches_twice(source, frozenset(RECORD_FACTS), link_type, catalog)
        names_there = occurring_names(_until_failure(first, []), catalog)  # it fails again below
        rows = RowFilter(wanted, columns_of(names_there, catalog), catalog, pipeline)
    outputs: list[Output] = []

    def table() -> Table:
        read = Table(outputs)
        return read if names is not None else read.without_empty()

    try:
        for output, _ in _outputs(_reporting(batches, progress), rows, catalog, pipeline):
            outputs.append(output)  # one by one, so that those before an error are kept
    except CaptureError as error:
        error.table = table()
        raise
    return table()


def _facts_in(columns: Iterable[Column]) -> frozenset[str]:
    return frozenset(column.name for column in columns if column.name in RECORD_FACTS)


def tables_of(
    source: Rows,
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
    batches = batches_from(source, _facts_in((*rows.columns, *rows.asked)), link_type, catalog)
    for output, octets in _outputs(batches, rows, catalog, pipeline, most=_TABLE_PACKETS):
        if output.count or output.others:
            yield Table([output])
        if progress is not None:
            progress(octets)


def names_in(
    source: Rows, link_type: int | None, catalog: Catalog, progress: Callable[[int], object] | None
) -> list[str]:
    """See `overlaycodec.column_names`."""
    check_callable("progress", progress)
    check_catalog(catalog)
    return occurring_names(_reporting(batches_from(source, frozenset(), link_type, catalog), progress), catalog)


def _reporting(batches: Iterable[Batch], progress: Callable[[int], object] | None) -> Iterator[Batch]:
    """The batches; `progress` gets the octets of each one once the next one is asked for."""
    if progress is None:
        yield from batches
        return
    for batch in batches:
        octets = int(batch.lengths.sum())
        yield batch
        progress(octets)


def _outputs(
    batches: Iterable[Batch],
    rows: RowFilter,
    catalog: Catalog,
    pipeline: AnyPipeline | None = None,
    *,
    most: int | None = None,
) -> Iterator[tuple[Output, int]]:
    """Filled outputs of at most `most` packets, and the octets of these packets; there is at least one output.

    The packets that `rows` leaves out count, so that there is an output after so many packets, whatever matches.
    """
    columns = rows.columns
    filler = ColumnFiller(columns, catalog, pipeline)
    capacity = most or _FIRST_CAPACITY
    output, octets, packets = None, 0, 0
    failed: list[Exception] = []
    for batch in _until_failure(batches, failed):
        if output is not None and (output.count if most is None else packets) + len(batch) > output.capacity:
            _finish(output, filler, pipeline)
            yield output, octets
            output, octets, packets = None, 0, 0
        if output is None:
            if most is None:
                ahead = batch.ahead
                capacity = min(4 * capacity, _MOST_CAPACITY) if ahead is None else _capacity_of(ahead, len(batch))
            output = Output(columns, max(capacity, len(batch)) if most else capacity + len(batch))
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


def _until_failure(batches: Iterable[Batch], failed: list[Exception]) -> Iterator[Batch]:
    """The batches before the end of the source, or before reading it fails: the error is put into `failed`."""
    try:
        yield from batches
    except Exception as error:
        failed.append(error)


def occurring_names(batches: Iterable[Batch], catalog: Catalog) -> list[str]:
    """The name of every field of every header that occurs, outermost first."""
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
    return list(names)


def _check_pipeline(pipeline: object) -> None:
    from overlaycodec.pipelines.pipeline import check_pipeline

    check_pipeline(pipeline)
