"""Records in bulk: the octets of many, in one buffer, and where each begins and ends.

Strategy: stretches of a file are taken as they are, without making an object of any record; other records are laid end
to end. Behind the last octet there is room, so that reading a whole row of octets never runs off the buffer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.record_blocks import RecordBlock
from overlaycodec.capture.record import Record

__all__ = ["ROW", "Batch", "Ints", "batches_in", "batches_of", "joined"]

ROW = 128
"""Octets that are read of a packet at once."""

Ints = NDArray[np.int64]

_NO_TIMES = np.empty(0, np.int64)
_NOT_TIMED = np.empty(0, np.bool_)


class Batch(msgspec.Struct, frozen=True, eq=False):
    """Records, one after another."""

    octets: NDArray[np.uint8]
    """All octets, and at least `ROW` more behind the last one; good until the next batch is asked for."""
    starts: Ints
    lengths: Ints
    wire: Ints
    times: NDArray[np.int64] | NDArray[np.object_]
    """Time stamps; none of records that are read again."""
    timed: NDArray[np.bool_]
    """Whether the record has a time stamp."""
    link_types: NDArray[np.uint32]
    fcs: Ints
    ahead: int | None = None
    """About how many records follow in later batches; None where nobody knows."""

    def __len__(self) -> int:
        return len(self.starts)

    def data(self, index: int) -> bytes:
        """The octets of one record."""
        start = int(self.starts[index])
        return self.octets[start : start + int(self.lengths[index])].tobytes()

    def some(self, which: Ints) -> Batch:
        """Some of the records, in octets of their own; without time stamps."""
        lengths = self.lengths[which]
        return Batch(
            np.frombuffer(b"".join([*map(self.data, which.tolist()), bytes(ROW)]), np.uint8),
            np.cumsum(lengths) - lengths,
            lengths,
            self.wire[which],
            _NO_TIMES,
            _NOT_TIMED,
            self.link_types[which],
            self.fcs[which],
        )


def batches_of(records: Iterable[Record], count: int) -> Iterator[Batch]:
    """Batches of so many records; where reading them fails, also of those before that."""
    chunk: list[Record] = []
    try:
        for record in records:
            chunk.append(record)
            if len(chunk) == count:
                yield _batch_of(chunk)
                chunk = []
    except Exception:
        if chunk:
            yield _batch_of(chunk)
        raise
    if chunk:
        yield _batch_of(chunk)


def batches_in(stretch: RecordBlock, count: int) -> Iterator[Batch]:
    """Batches of so many records of a stretch."""
    ends = stretch.starts + stretch.lengths
    near = int(np.searchsorted(ends, len(stretch.octets) - ROW, side="right"))
    """Records from here on have no room behind them."""
    for first in range(0, near, count):
        yield _part_of(stretch, first, min(first + count, near))
    if near < len(ends):
        start = int(stretch.starts[near])
        octets = np.concatenate([stretch.octets[start:], np.zeros(ROW, np.uint8)])
        yield _part_of(stretch._replace(octets=octets, starts=stretch.starts - start), near, len(ends))


def _part_of(stretch: RecordBlock, first: int, stop: int) -> Batch:
    part = slice(first, stop)
    return Batch(
        stretch.octets,
        stretch.starts[part],
        stretch.lengths[part],
        stretch.wire[part],
        stretch.times[part],
        np.broadcast_to(np.True_, stop - first),
        stretch.link_types[part],
        stretch.fcs[part],
        None if stretch.ahead is None else stretch.ahead + len(stretch.starts) - stop,
    )


def _batch_of(records: list[Record]) -> Batch:
    lengths = np.fromiter((len(record.data) for record in records), np.int64, len(records))
    stamps = [record.time_ns or 0 for record in records]
    fits = all(-(1 << 63) <= stamp < 1 << 63 for stamp in stamps)
    return Batch(
        np.frombuffer(b"".join([*(record.data for record in records), bytes(ROW)]), np.uint8),
        np.cumsum(lengths) - lengths,
        lengths,
        np.fromiter((record.wire_length for record in records), np.int64, len(records)),
        np.array(stamps, np.int64 if fits else object),
        np.fromiter((record.time_ns is not None for record in records), np.bool_, len(records)),
        np.fromiter((record.link_type for record in records), np.int64, len(records)).astype(np.uint32),
        np.fromiter((record.fcs_octets or 0 for record in records), np.int64, len(records)),
    )


def joined(batches: list[Batch]) -> Batch:
    """One batch of several; without time stamps."""
    before = np.cumsum([0] + [len(batch.octets) for batch in batches[:-1]])
    return Batch(
        np.concatenate([batch.octets for batch in batches]),
        np.concatenate([batch.starts + octets for batch, octets in zip(batches, before, strict=True)]),
        np.concatenate([batch.lengths for batch in batches]),
        np.concatenate([batch.wire for batch in batches]),
        _NO_TIMES,
        _NOT_TIMED,
        np.concatenate([batch.link_types for batch in batches]),
        np.concatenate([batch.fcs for batch in batches]),
    )
