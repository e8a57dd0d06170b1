"""Batches: the octets of many records in one buffer, and where each record starts and ends.

Strategy: blocks of a file are used as they are, without an object for any record; other records are copied into one
buffer. The buffer goes on after the last record, so that a row of `ROW` octets can be read from any record's start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import ByteBuffer, Ints, Mask
from overlaycodec.capture.bulk.record_blocks import RecordBlock
from overlaycodec.capture.record import CHECKSUM_NOT_READY, Record
from overlaycodec.columnar.decode.record_facts import Facts, FactsOfRecords

__all__ = ["ROW", "Batch", "batches_in", "batches_of", "joined"]

ROW = 128
"""Octets that are read of a packet at once."""

_NO_TIMES = np.empty(0, np.int64)
_NOT_TIMED = np.empty(0, np.bool_)


class Batch(msgspec.Struct, frozen=True, eq=False):
    """Records, one after another."""

    octets: ByteBuffer
    """All octets, and at least `ROW` more after the last record; valid until the next batch is read."""
    starts: Ints
    lengths: Ints
    wire: Ints
    times: Ints | NDArray[np.object_]
    """Time stamps; empty for records that are read a second time."""
    timed: Mask
    """Whether the record has a time stamp."""
    link_types: NDArray[np.uint32]
    fcs: Ints
    ahead: int | None = None
    """About how many records follow in later batches; None where that is unknown."""
    facts: Facts = msgspec.field(default_factory=dict)
    """What the file says about the records, as far as it is requested; for records that are read the first time."""
    left_to_card: Mask | None = None
    """Which were captured before their card finished a checksum (`Record.left_to_card`); None: none of them."""

    def __len__(self) -> int:
        return len(self.starts)

    def data(self, index: int) -> bytes:
        """The octets of one record."""
        start = int(self.starts[index])
        return self.octets[start : start + int(self.lengths[index])].tobytes()

    def only(self, which: Ints) -> Batch:
        """Some of the records, in the same buffer."""
        return Batch(
            self.octets,
            self.starts[which],
            self.lengths[which],
            self.wire[which],
            self.times[which],
            self.timed[which],
            self.link_types[which],
            self.fcs[which],
            self.ahead,
            {
                name: (values[which], None if present is None else present[which])
                for name, (values, present) in self.facts.items()
            },
            None if self.left_to_card is None else self.left_to_card[which],
        )

    def some(self, which: Ints) -> Batch:
        """Some of the records, in a buffer of their own; without time stamps."""
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
            left_to_card=None if self.left_to_card is None else self.left_to_card[which],
        )


def batches_of(records: Iterable[Record], count: int, facts: FactsOfRecords | None = None) -> Iterator[Batch]:
    """Batches of `count` records; where reading fails, the records before that come in a last batch."""
    chunk: list[Record] = []
    try:
        for record in records:
            if facts is not None:
                facts.add(record)
            chunk.append(record)
            if len(chunk) == count:
                yield _batch_of(chunk, facts)
                chunk = []
    except Exception:
        if chunk:
            yield _batch_of(chunk, facts)
        raise
    if chunk:
        yield _batch_of(chunk, facts)


def batches_in(block: RecordBlock, count: int) -> Iterator[Batch]:
    """Batches of `count` records of a block."""
    ends = block.starts + block.lengths
    last = int(np.searchsorted(ends, len(block.octets) - ROW, side="right"))
    """Fewer than `ROW` octets follow this record, and each one after it."""
    for first in range(0, last, count):
        yield _part_of(block, first, min(first + count, last))
    if last < len(ends):
        start = int(block.starts[last])
        octets = np.concatenate([block.octets[start:], np.zeros(ROW, np.uint8)])
        yield _part_of(block._replace(octets=octets, starts=block.starts - start), last, len(ends))


def _part_of(block: RecordBlock, first: int, stop: int) -> Batch:
    part = slice(first, stop)
    return Batch(
        block.octets,
        block.starts[part],
        block.lengths[part],
        block.wire[part],
        block.times[part],
        np.ones(stop - first, np.bool_) if block.timed is None else block.timed[part],
        block.link_types[part],
        block.fcs[part],
        None if block.ahead is None else block.ahead + len(block.starts) - stop,
        left_to_card=None if block.flags is None else (block.flags[part] & np.uint32(CHECKSUM_NOT_READY)) != 0,
    )


def _batch_of(records: list[Record], facts: FactsOfRecords | None) -> Batch:
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
        None,
        {} if facts is None else facts.taken(),
        np.fromiter((record.left_to_card for record in records), np.bool_, len(records)),
    )


def joined(batches: list[Batch]) -> Batch:
    """One batch of several; without time stamps."""
    if len(batches) == 1:
        return batches[0]
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
        left_to_card=np.concatenate(
            [np.zeros(len(one), np.bool_) if one.left_to_card is None else one.left_to_card for one in batches]
        ),
    )
