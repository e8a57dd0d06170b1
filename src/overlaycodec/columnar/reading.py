"""From a source to tables: batches are walked in groups, and what is left over one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from overlaycodec.capture.reader import open_capture
from overlaycodec.capture.record import Record
from overlaycodec.capture.source import is_readable
from overlaycodec.columnar.batch import Batch, batches_in, batches_of
from overlaycodec.columnar.engine import FEWEST, Engine
from overlaycodec.columnar.names import ABOUT, Column, columns_of
from overlaycodec.columnar.output import Output
from overlaycodec.columnar.scalar import Scalar
from overlaycodec.columnar.table import Table
from overlaycodec.paths import names_of
from overlaycodec.pipeline import Catalog

if TYPE_CHECKING:
    from overlaycodec.capture.source import Readable

__all__ = ["table_of", "tables_of"]

_RECORDS = 1 << 14
"""Packets a batch: few enough that what is made of them stays in the processor's caches."""
_OCTETS = 1 << 23
"""Octets of a file that are read at once."""


def table_of(source: Readable | Iterable[Record], names: Iterable[str] | None, catalog: Catalog) -> Table:
    """See `overlaycodec.columns`."""
    batches = _batches(source)
    if names is not None:
        wanted = columns_of(names, catalog)
        return Table([output for output, _ in _outputs(batches, wanted, catalog)] or [Output(wanted, 0)])
    kept = list(batches)
    wanted = columns_of(_occurring(kept, catalog), catalog)
    outputs = [output for output, _ in _outputs(kept, wanted, catalog)] or [Output(wanted, 0)]
    return Table(outputs).without_empty()


def tables_of(
    source: Readable | Iterable[Record],
    names: Iterable[str],
    catalog: Catalog,
    progress: Callable[[int], object] | None,
) -> Iterator[Table]:
    """See `overlaycodec.scan`."""
    wanted = columns_of(names, catalog)
    for output, octets in _outputs(_batches(source), wanted, catalog):
        yield Table([output])
        if progress is not None:
            progress(octets)


def _batches(source: Readable | Iterable[Record]) -> Iterator[Batch]:
    if is_readable(source):
        with open_capture(source) as capture:
            stretches = capture.stretches(_OCTETS)
            if stretches is not None:
                for stretch in stretches:
                    yield from batches_in(stretch, capture.interfaces[0], _RECORDS)
            yield from batches_of(capture, _RECORDS)  # what no stretch holds, and what is wrong with the file
    else:
        yield from batches_of(source, _RECORDS)


def _outputs(
    batches: Iterable[Batch], wanted: tuple[Column, ...], catalog: Catalog, fewest: int = FEWEST
) -> Iterator[tuple[Output, int]]:
    engine, scalar = Engine(wanted, catalog, fewest=fewest), Scalar(wanted, catalog)
    for batch in batches:
        output = Output(wanted, len(batch))
        _about(batch, output)
        scalar.run(batch, engine.run(batch, output), output)
        yield output, int(batch.lengths.sum())


def _about(batch: Batch, output: Output) -> None:
    """What is known of each record itself."""
    known = {"wire_length": batch.wire, "captured_length": batch.lengths, "link_type": batch.link_types}
    for name in ABOUT:
        if name in known and name in output.values:
            output.store(name, slice(None), known[name])
    if "time_ns" in output.values:
        if batch.times.dtype == object:
            output.values["time_ns"] = output.values["time_ns"].astype(object)
        output.values["time_ns"][:] = batch.times
        output.absent["time_ns"][:] = ~batch.timed


def _occurring(batches: Iterable[Batch], catalog: Catalog) -> list[str]:
    """Every field of every header that occurs, outermost first."""
    wanted = columns_of(["fault"], catalog)
    engine, scalar = Engine(wanted, catalog), Scalar(wanted, catalog)
    for batch in batches:
        output = Output(wanted, len(batch))
        scalar.run(batch, engine.run(batch, output), output)
    names: dict[str, None] = dict.fromkeys(ABOUT)
    for stack in [*engine.stacks, *scalar.stacks]:
        for path, cls in zip(names_of(stack), stack, strict=True):
            names |= dict.fromkeys(f"{path}.{field.name}" for field in cls.__layout__.fields)
    return list(names)
