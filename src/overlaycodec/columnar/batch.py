"""Records in bulk: the octets of many, in one buffer, and where each begins and ends.

Strategy: a pcap file is walked without making an object of any record; everything else is read record by record and
laid end to end. Behind the last octet there is room, so that reading a whole row of octets never runs off the buffer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec
import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.pcap import Stretch
from overlaycodec.capture.record import Interface, Record

__all__ = ["ROW", "Batch", "batches_in", "batches_of"]

ROW = 128
"""Octets that are read of a packet at once."""

_SECOND = 1_000_000_000

Ints = NDArray[np.int64]


class Batch(msgspec.Struct, frozen=True, eq=False):
    """Records, one after another."""

    octets: NDArray[np.uint8]
    """All octets, and `ROW` more behind the last one."""
    starts: Ints
    lengths: Ints
    wire: Ints
    times: NDArray[np.int64] | NDArray[np.object_]
    timed: NDArray[np.bool_]
    """Whether the record has a time stamp."""
    link_types: NDArray[np.uint32]
    fcs: Ints

    def __len__(self) -> int:
        return len(self.starts)

    def data(self, index: int) -> bytes:
        """The octets of one record."""
        start = int(self.starts[index])
        return self.octets[start : start + int(self.lengths[index])].tobytes()


def batches_of(records: Iterable[Record], count: int) -> Iterator[Batch]:
    """Batches of so many records."""
    iterator = iter(records)
    while chunk := list(islice(iterator, count)):
        yield _batch_of(chunk)


def batches_in(stretch: Stretch, interface: Interface, count: int) -> Iterator[Batch]:
    """Batches of so many records of a piece of a pcap file."""
    places = np.array(stretch.places, np.int64)
    octets = np.frombuffer(stretch.octets, np.uint8)
    header = stretch.header_octets
    words = np.ndarray((len(octets) - 15,), "V16", buffer=octets.data, strides=(1,))[places]
    seconds, fraction, captured, wire = words.view(f"{stretch.order}u4").reshape(-1, 4).astype(np.int64).T
    times = seconds * _SECOND + fraction * (_SECOND // interface.ticks_per_second)
    starts = places + header
    octets = np.concatenate([octets, np.zeros(ROW, np.uint8)])
    for first in range(0, len(places), count):
        part = slice(first, first + count)
        records = len(starts[part])
        yield Batch(
            octets,
            starts[part],
            captured[part],
            wire[part],
            times[part],
            np.ones(records, np.bool_),
            np.full(records, interface.link_type, np.uint32),
            np.full(records, interface.fcs_octets or 0, np.int64),
        )


def _batch_of(records: list[Record]) -> Batch:
    octets = b"".join([record.data for record in records])
    lengths = np.fromiter((len(record.data) for record in records), np.int64, len(records))
    starts = np.cumsum(lengths) - lengths
    padded = np.zeros(len(octets) + ROW, np.uint8)
    padded[: len(octets)] = np.frombuffer(octets, np.uint8)
    stamps = [record.time_ns or 0 for record in records]
    fits = all(-(1 << 63) <= stamp < 1 << 63 for stamp in stamps)
    return Batch(
        padded,
        starts,
        lengths,
        np.fromiter((record.wire_length for record in records), np.int64, len(records)),
        np.array(stamps, np.int64 if fits else object),
        np.fromiter((record.time_ns is not None for record in records), np.bool_, len(records)),
        np.fromiter((record.link_type for record in records), np.int64, len(records)).astype(np.uint32),
        np.fromiter((record.fcs_octets or 0 for record in records), np.int64, len(records)),
    )
