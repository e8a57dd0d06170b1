"""From a source to tables: batches are walked in groups, and what is left over one by one."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from mmap import mmap
from typing import TYPE_CHECKING

import numpy as np

from overlaycodec.capture.reader import Capture, open_capture
from overlaycodec.capture.record import Record
from overlaycodec.capture.source import BinaryStream, Kept, is_readable
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import ABOUT, Column, columns_of
from overlaycodec.columnar.column_buffers import Output, Part
from overlaycodec.columnar.decode.batch import Batch, Ints, batches_in, batches_of, joined
from overlaycodec.columnar.decode.engine import Engine
from overlaycodec.columnar.decode.scalar_fallback import Scalar
from overlaycodec.columnar.table import Table
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import names_of

if TYPE_CHECKING:
    from overlaycodec.capture.source import Readable

__all__ = ["names_in", "table_of", "tables_of"]

_RECORDS = 1 << 16
"""At most so many packets a batch: more are slower again, since what is made of them does not stay in caches."""
_SCANNED = 1 << 16
"""Packets a table, in a scan."""
_OCTETS = 1 << 22
"""Octets of a file that are read at once."""
_FEW = 64
"""Fewer packets of one shape, in a batch, are kept until there are more of them."""
_FEWEST = 8
"""Fewer packets than these are read faster one by one."""
_KEPT = 1 << 14
"""At most so many packets are kept."""
_MOST = 1 << 20
"""Packets for which room is made at once, where nobody knows how many there are."""


def table_of(
    source: Readable | Iterable[Record],
    names: Iterable[str] | None,
    catalog: Catalog,
    progress: Callable[[int], object] | None,
) -> Table:
    """See `overlaycodec.columns`."""
    if names is not None:
        batches, wanted = _batches(source), columns_of(names, catalog)
    else:
        first, batches = _twice(source)
        wanted = columns_of(_occurring(first, catalog), catalog)
    table = Table([output for output, _ in _outputs(_told(batches, progress), wanted, catalog)])
    return table if names is not None else table.without_empty()


def tables_of(
    source: Readable | Iterable[Record],
    names: Iterable[str],
    catalog: Catalog,
    progress: Callable[[int], object] | None,
) -> Iterator[Table]:
    """See `overlaycodec.scan`."""
    wanted = columns_of(names, catalog)
    for output, octets in _outputs(_batches(source), wanted, catalog, most=_SCANNED):
        if output.count:
            yield Table([output])
        if progress is not None:
            progress(octets)


def names_in(
    source: Readable | Iterable[Record], catalog: Catalog, progress: Callable[[int], object] | None
) -> list[str]:
    """See `overlaycodec.column_names`."""
    return _occurring(_told(_batches(source), progress), catalog)


def _told(batches: Iterable[Batch], progress: Callable[[int], object] | None) -> Iterator[Batch]:
    """The batches; `progress` is told of the octets of each that is done with."""
    if progress is None:
        yield from batches
        return
    for batch in batches:
        octets = int(batch.lengths.sum())
        yield batch
        progress(octets)


def _batches(source: Readable | Iterable[Record]) -> Iterator[Batch]:
    if is_readable(source):
        with open_capture(source) as capture:
            yield from _batches_of(capture)
    else:
        yield from batches_of(source, _RECORDS)


def _batches_of(capture: Capture) -> Iterator[Batch]:
    """Stretches as long as there are any, then some records one by one: ever more while no stretch follows them."""
    count, records = 1, None
    while True:
        for stretch in capture.stretches(_OCTETS):
            count = 1
            yield from batches_in(stretch, _RECORDS)
        records = iter(capture) if records is None else records
        found = False
        for batch in batches_of(islice(records, count), _RECORDS):
            found = True
            yield batch
        if not found:
            return
        count = min(2 * count, _RECORDS)


def _twice(source: Readable | Iterable[Record]) -> tuple[Iterator[Batch], Iterator[Batch]]:
    """The batches of a source, to be read one time after the other."""
    if not is_readable(source):
        records = list(source)
        return _batches(records), _batches(records)
    if isinstance(source, mmap) or not isinstance(source, BinaryStream):
        return _batches(source), _batches(source)
    data = io.BytesIO()  # a stream is read once
    kept = Kept(source, data)
    octets = data.getbuffer() if kept.failure is None else kept
    return _batches(octets), _batches(octets)


def _outputs(
    batches: Iterable[Batch], wanted: tuple[Column, ...], catalog: Catalog, *, most: int | None = None
) -> Iterator[tuple[Output, int]]:
    """Outputs that are filled, of at most so many packets, and the octets of those; one at least."""
    filling = Filling(wanted, catalog)
    room = most or _RECORDS
    output, octets = None, 0
    failed: list[Exception] = []
    for batch in _until(batches, failed):
        if output is not None and output.count + len(batch) > output.capacity:
            filling.finish(output)
            yield output, octets
            output, octets = None, 0
        if output is None:
            if most is None:
                room = min(2 * room, _MOST) if batch.ahead is None else _room(batch.ahead, len(batch))
            output = Output(wanted, max(room, len(batch)) if most else room + len(batch))
        filling.add(batch, output)
        octets += int(batch.lengths.sum())
    output = Output(wanted, 0) if output is None else output
    filling.finish(output)
    yield output, octets
    for error in failed:
        raise error


def _room(ahead: int, known: int) -> int:
    """Room for about so many packets, by the mean size of those that are known; too much of it costs nothing."""
    return ahead + 3 * ahead // math.isqrt(known)


def _until(batches: Iterable[Batch], failed: list[Exception]) -> Iterator[Batch]:
    """The batches before the end of the source, or before reading it fails: the error is put into `failed`."""
    try:
        yield from batches
    except Exception as error:
        failed.append(error)


class Filling:
    """Fills outputs with the packets of batches."""

    def __init__(self, wanted: tuple[Column, ...], catalog: Catalog, *, few: int = _FEW, fewest: int = _FEWEST) -> None:
        self._engine, self._scalar = Engine(wanted, catalog), Scalar(wanted, catalog)
        self._few, self._fewest = few, fewest
        self._kept: list[tuple[Batch, Ints]] = []
        """Packets that are left for later, and where in the output they belong."""
        self.one_by_one = 0
        """How many packets were not walked in groups."""

    @property
    def stacks(self) -> list[tuple[type[Header], ...]]:
        """The headers that were met, one behind another."""
        return [*self._engine.stacks, *self._scalar.stacks]

    def add(self, batch: Batch, output: Output) -> None:
        """Fills in the packets of a batch; those of rare shapes later."""
        start = output.count
        part = output.next_part(len(batch))
        _about(batch, part)
        few, slow = self._engine.run(batch, part, self._few)
        part.finish()
        self._one_by_one(batch, slow, output, start)
        if len(few):
            self._kept.append((batch.some(few), few + start))
            if sum(len(places) for _, places in self._kept) >= _KEPT:
                self.finish(output)

    def finish(self, output: Output) -> None:
        """Fills in what was left for later."""
        if self._kept:
            batch = joined([batch for batch, _ in self._kept])
            index = np.concatenate([places for _, places in self._kept])
            self._kept.clear()
            few, slow = self._engine.run(batch, output.whole(), self._fewest, index)
            places = np.concatenate([few, slow])
            which = np.flatnonzero(np.isin(index, places))
            self.one_by_one += len(which)
            self._scalar.run(batch, which, output.whole(), index)

    def _one_by_one(self, batch: Batch, which: Ints, output: Output, start: int) -> None:
        self.one_by_one += len(which)
        if len(which):
            self._scalar.run(batch, which, output.whole(), np.arange(start, start + len(batch)))


def _about(batch: Batch, output: Part) -> None:
    """What is known of each record itself."""
    known = {"wire_length": batch.wire, "captured_length": batch.lengths, "link_type": batch.link_types}
    for name, values in known.items():
        if name in output:
            output.store(name, None, values)
    if "time_ns" in output:
        output.replace("time_ns", batch.times)
        if not batch.timed.all():
            output.clear("time_ns", np.flatnonzero(~batch.timed))


def _occurring(batches: Iterable[Batch], catalog: Catalog) -> list[str]:
    """Every field of every header that occurs, outermost first."""
    wanted = columns_of(["fault"], catalog)
    filling = Filling(wanted, catalog)
    for batch in batches:
        output = Output(wanted, len(batch))
        filling.add(batch, output)
        filling.finish(output)
    names: dict[str, None] = dict.fromkeys(ABOUT)
    for stack in filling.stacks:
        for path, cls in zip(names_of(stack), stack, strict=True):
            names |= dict.fromkeys(f"{path}.{field.name}" for field in cls.__layout__.fields)
    return list(names)
