"""Frames in bulk, each with the octets that a file format has before and after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.frames import Frames
from overlaycodec.capture.record import check_number

__all__ = ["checked_lengths", "checked_times", "joined", "parts_of", "words"]

_OCTETS = 1 << 20
"""Octets of frames that are written at once."""
_FRAMES = 1 << 14


def parts_of(frames: Frames) -> Iterator[slice]:
    """The frames, some at a time."""
    start, count = 0, len(frames)
    while start < count:
        stop = int(np.searchsorted(frames.starts, frames.starts[start] + _OCTETS, "right"))
        stop = min(max(stop - 1, start + 1), start + _FRAMES, count)
        yield slice(start, stop)
        start = stop


def checked_lengths(frames: Frames, index: int, maximum: int) -> NDArray[np.int64]:
    """How many octets each frame has; the first is the record with that index. Raises: FieldRangeError."""
    lengths = frames.lengths
    if len(lengths):
        longest = int(lengths.argmax())
        check_number(index + longest, "data", int(lengths[longest]), maximum, "octets")
    return lengths


def checked_times(frames: Frames, index: int, time_ns: int, maximum: int) -> NDArray[np.uint64]:
    """The time stamp of each frame, `time_ns` where they have none. Raises: FieldRangeError."""
    if frames.time_ns is None:
        return np.full(len(frames), check_number(index, "time_ns", time_ns, maximum, "ns"), np.uint64)
    times = frames.time_ns
    for extreme in (int(times.argmin()), int(times.argmax())) if len(times) else ():
        check_number(index + extreme, "time_ns", int(times[extreme]), maximum, "ns")
    return times.astype(np.uint64)


def words(*columns: NDArray[np.uint64] | NDArray[np.int64] | int, count: int) -> NDArray[np.uint8]:
    """Rows of little-endian 32-bit words, from a column for each word."""
    rows = np.empty((count, len(columns)), "<u4")
    for number, column in enumerate(columns):
        rows[:, number] = column
    return rows.view(np.uint8).reshape(count, 4 * len(columns))


def joined(
    frames: Frames, part: slice, heads: NDArray[np.uint8], tails: NDArray[np.uint8], unit: int
) -> NDArray[np.uint8]:
    """Each frame of a part between its head and its tail, padded with zeros to a multiple of `unit`."""
    starts = frames.starts[part.start : part.stop + 1]
    lengths = starts[1:] - starts[:-1]
    octets = frames.octets[starts[0] : starts[-1]]
    count, before, after = len(lengths), heads.shape[1], tails.shape[1]
    sizes = before + lengths + -lengths % unit + after
    if (lengths == lengths[0]).all():
        rows = np.zeros((count, int(sizes[0])), np.uint8)
        rows[:, :before] = heads
        rows[:, before : before + int(lengths[0])] = octets.reshape(count, int(lengths[0]))
        rows[:, rows.shape[1] - after :] = tails
        return rows.reshape(-1)
    ends = np.cumsum(sizes)
    begins = ends - sizes
    out = np.zeros(int(ends[-1]), np.uint8)
    inside = np.zeros(len(out) + 1, np.int8)
    np.add.at(inside, begins + before, 1)
    np.subtract.at(inside, begins + before + lengths, 1)
    out[np.cumsum(inside[:-1], dtype=np.int8).view(np.bool_)] = octets
    out[begins[:, None] + np.arange(before)] = heads
    out[ends[:, None] - after + np.arange(after)] = tails
    return out
