"""Batches -> filled outputs: packets of common shapes are decoded in groups, all others one by one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import Output, Part, put
from overlaycodec.columnar.decode.batch import Batch, joined
from overlaycodec.columnar.decode.dispatch import Tables
from overlaycodec.columnar.decode.engine import Engine
from overlaycodec.columnar.decode.fcs_columns import fill_fcs_columns
from overlaycodec.columnar.decode.plan import Plan
from overlaycodec.columnar.decode.scalar_fallback import ScalarFallback
from overlaycodec.columnar.identity import Same
from overlaycodec.packet.header import Header

if TYPE_CHECKING:
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["ColumnFiller"]

_FEW = 64
"""Fewer packets of one shape, in a batch, are kept until there are more of them."""
_FEWEST = 8
"""Fewer packets than these are decoded faster one by one."""
_KEPT, _KEPT_OCTETS = 1 << 14, 1 << 23
"""At most this many packets are kept, of about so many octets."""
_LARGE = 1 << 11
"""To keep packets of more octets costs more than to decode a few of them alone."""


_Parts: TypeAlias = tuple[Plan, Tables, ScalarFallback]


def _parts_of(
    columns: tuple[Column, ...], catalog: Catalog, pipeline: AnyPipeline | None, *, named: bool = False
) -> _Parts:
    return (
        Plan(columns, catalog, pipeline, named=named),
        Tables(catalog),
        ScalarFallback(columns, catalog, pipeline),
    )


@lru_cache(maxsize=32)
def _parts_kept(
    columns: Same[tuple[Column, ...]], catalog: Same[Catalog], pipeline: Same[AnyPipeline | None]
) -> _Parts:
    """What is worked out once for all calls with these columns: `columns_of` gives the same ones again."""
    return _parts_of(columns.value, catalog.value, pipeline.value)


class ColumnFiller:
    """Fills outputs with the packets of batches."""

    def __init__(
        self,
        columns: tuple[Column, ...],
        catalog: Catalog,
        pipeline: AnyPipeline | None = None,
        named: bool = False,
        *,
        few: int = _FEW,
        fewest: int = _FEWEST,
    ) -> None:
        plan, tables, self._scalar = (
            _parts_of(columns, catalog, pipeline, named=True)
            if named
            else _parts_kept(Same(columns), Same(catalog), Same(pipeline))
        )
        self._engine = Engine(plan, tables)
        self._few, self._fewest = few, fewest
        self._alone = bool(catalog.trailers) and any(c.in_trailer or c.name == "payload" for c in columns)
        """Whether all packets are decoded one by one: only so are declared trailers read."""
        self._kept: list[tuple[Batch, Ints]] = []
        """Packets that are kept for later, and their indexes in the output."""
        self._kept_packets = self._kept_octets = 0
        self._open: Part | None = None
        """The arrays of all packets of the output, where these are few and are kept: nothing of them is absent yet."""
        self.one_by_one = 0
        """The number of packets that were not decoded in groups."""

    @property
    def stacks(self) -> list[tuple[type[Header], ...]]:
        """Stacks of headers that were met: with `named`, such that all names of headers are in them."""
        return [*self._engine.stacks, *self._scalar.stacks]

    def add(self, batch: Batch, output: Output) -> None:
        """Fills in the packets of a batch; those of rare shapes later."""
        start = output.count
        self._close()
        part = output.next_part(len(batch))
        _fill_record_columns(batch, part)
        fill_fcs_columns(batch, part, self._scalar.catalog)
        few_are = self._few if int(batch.lengths.sum()) <= _LARGE * len(batch) else self._fewest
        if len(batch) < few_are and not self._alone:
            few = np.arange(len(batch))
            self._open = part
            if start:
                self._close()
        else:
            every = np.arange(len(batch))
            few, slow = (every[:0], every) if self._alone else self._engine.run(batch, part, few_are)
            part.finish()
            self._one_by_one(batch, slow, output, start)
        if len(few):
            self._kept.append((batch.some(few), few + start))
            self._kept_packets += len(few)
            self._kept_octets += int(batch.lengths[few].sum())
            if self._kept_packets >= _KEPT or self._kept_octets >= _KEPT_OCTETS:
                self.finish(output)

    def finish(self, output: Output) -> None:
        """Fills in the packets that were kept."""
        part, self._open = self._open, None
        if part is not None and len(part) >= self._fewest:
            part.finish()
            part = None
        if self._kept:
            batch = joined([batch for batch, _ in self._kept])
            index = np.concatenate([index for _, index in self._kept])
            self._kept.clear()
            self._kept_packets = self._kept_octets = 0
            if part is not None:
                self.one_by_one += len(batch)
                self._scalar.run(batch, index, part, all_of_them=True)
                part.finish()
                return
            few, slow = self._engine.run(batch, output.filled_part(), self._fewest, index)
            which = np.flatnonzero(np.isin(index, np.concatenate([few, slow])))
            self.one_by_one += len(which)
            self._scalar.run(batch, which, output.filled_part(), index)

    def _close(self) -> None:
        if self._open is not None:
            self._open.finish()
            self._open = None

    def _one_by_one(self, batch: Batch, which: Ints, output: Output, start: int) -> None:
        self.one_by_one += len(which)
        if len(which):
            self._scalar.run(batch, which, output.filled_part(), np.arange(start, start + len(batch)))


def _fill_record_columns(batch: Batch, output: Part) -> None:
    """Stores the columns of the records themselves."""
    known = {"wire_length": batch.wire, "captured_length": batch.lengths, "link_type": batch.link_types}
    for name, values in known.items():
        if name in output:
            output.store(name, None, values)
    if "time_ns" in output:
        output.replace("time_ns", batch.times)
        if not batch.timed.all():
            output.clear("time_ns", np.flatnonzero(~batch.timed))
    if "data" in output:
        put("data", None, [batch.data(index) for index in range(len(batch))], output)
    for name, (values, present) in batch.facts.items():
        if name not in output:
            continue
        if present is None:
            output.store(name, None, values)
        else:
            output.store(name, np.flatnonzero(present), values[present])
