"""The offsets of records whose length gives the start of the next one, found with NumPy.

Strategy: one walk from record to record is slow, many at once are not. The octets are divided into segments, a start of
a record is assumed near the start of each, and all segments are walked in step. Then the starts are verified: a walk
must end exactly where the next one began. Where it does not, the start was wrong, and the records are walked one by one
until they reach another start. So a wrong start costs time, never a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.buffered_reader import BufferedReader
from overlaycodec.capture.bulk.arrays import Ints, Mask

__all__ = ["CHUNK", "FIRST_RECORDS", "SEGMENT_RECORDS", "RecordFormat", "blocks_of", "record_offsets"]

CHUNK: Final = 1 << 18
_SPARE: Final = 256
"""Octets after a block that can be read, whatever they are, so that no access needs a check for its end."""
_FEW_RECORDS: Final = 1 << 14
_LONGEST: Final = 2
"""Blocks with few records become longer, up to so many times as long: each block has costs that all records share."""
FIRST_RECORDS: Final = 64
"""Records that are walked one by one, for their mean size."""
_SEGMENTS: Final = 512
SEGMENT_RECORDS: Final = 64
"""Records in a segment, on average: fewer are walked one by one."""
_PATIENCE: Final = 4
"""How many times the expected number of steps is made."""


class RecordFormat(NamedTuple):
    """How records follow one another."""

    order: str
    """The byte order, as `struct` writes it."""
    header: int
    """The least octets of a record."""
    length_offset: int
    """The offset in it of the 32 bits of its length."""
    uncounted: int
    """The octets of a record that this length does not count."""
    common_offset: int
    """The offset in it of 16 bits that most records have in common."""


class _Octets:
    """The octets of records, read as numbers at any offset."""

    def __init__(self, octets: memoryview, form: RecordFormat) -> None:
        self.octets, self.form = octets, form
        self.lengths = self._words("u4", form.length_offset)
        self.commons = self._words("u2", form.common_offset)

    def _words(self, word: str, at: int) -> NDArray[np.unsignedinteger]:
        dtype = np.dtype(self.form.order + word)
        count = len(self.octets) - at - dtype.itemsize + 1
        return np.ndarray((count,), dtype, buffer=self.octets, offset=at, strides=(1,))

    def ends(self, offsets: Ints, out: Ints | None = None) -> Ints:
        """Where the records at these offsets end, if there are any."""
        ends: Ints = np.add(self.lengths[offsets], offsets, out=out)
        ends += self.form.uncounted
        return ends


Usable = Callable[[memoryview, Ints, int], int]
"""How many records can be used, from the first: of octets, the offsets of the records, and the end of the last."""


def blocks_of(
    stream: BufferedReader,
    memory: memoryview | None,
    form: RecordFormat,
    octets: int,
    maximum: int,
    usable: Usable | None = None,
) -> Iterator[tuple[memoryview, Ints, int]]:
    """The stream in blocks, as long as complete records follow one another: octets, offsets, and the end of the last.

    The first blocks are short and each later one is longer, up to `octets`, or more if records are long: what is
    scanned in vain, after the last usable record, is in proportion to what is used. The octets may be more than the
    block. Afterwards the stream is after the last record, or before the first that is not usable. `memory` is the
    content of the stream, if it is in memory: then the blocks are views of it; otherwise all of them take the same
    memory.
    """
    if memory is not None:
        yield from _blocks_in(stream, memory, form, octets, maximum, usable)
        return
    size = min(octets, CHUNK)
    buffer, filled, ended = _allocate(size), 0, False
    while not ended:
        filled += stream.read_into(buffer[filled:-_SPARE])
        offsets, end, ended = _used(buffer[:filled], form, maximum, usable)
        if len(offsets):
            yield buffer, offsets, end
        elif filled < size or size > maximum:
            break
        size = _next_size(size, octets, len(offsets))
        left = bytes(buffer[end:filled])
        if len(buffer) < size:
            buffer = _allocate(size)
        filled = len(left)
        buffer[:filled] = left
    stream.unread(bytes(buffer[:filled]))


def _next_size(size: int, octets: int, records: int) -> int:
    """The octets of the next block, after one of `size` octets with so many records."""
    return 2 * size if size < octets or not records or (records < _FEW_RECORDS and size < _LONGEST * octets) else size


def _used(octets: memoryview, form: RecordFormat, maximum: int, usable: Usable | None) -> tuple[Ints, int, bool]:
    """The offsets of the usable records, where the last of them ends, and whether one is not usable."""
    offsets, end = record_offsets(octets, 0, form, maximum)
    if usable is not None and len(offsets):
        count = usable(octets, offsets, end)
        if count < len(offsets):
            return offsets[:count], int(offsets[count]), True
    return offsets, end, False


def _allocate(octets: int) -> memoryview:
    return np.empty(octets + _SPARE, np.uint8).data


def _blocks_in(
    stream: BufferedReader, memory: memoryview, form: RecordFormat, octets: int, maximum: int, usable: Usable | None
) -> Iterator[tuple[memoryview, Ints, int]]:
    at, ended, size = stream.octet, False, min(octets, CHUNK)
    while not ended:
        block = memory[at : at + size]
        offsets, end, ended = _used(block, form, maximum, usable)
        at += end
        if len(offsets):
            yield block, offsets, end
        elif at + size > len(memory) or size > maximum:
            break
        size = _next_size(size, octets, len(offsets))
    stream.restart((bytes(memory[start : start + CHUNK]) for start in range(at, len(memory), CHUNK)), at)


def record_offsets(octets: memoryview, start: int, form: RecordFormat, maximum: int) -> tuple[Ints, int]:
    """Where each complete record begins, from the one at `start` on, and where the last of them ends.

    It stops before a record of more than `maximum` octets, or of fewer than a header has.
    """
    first, at = _one_by_one(octets, start, form, maximum, count=FIRST_RECORDS)
    if len(first) < FIRST_RECORDS:
        return np.array(first, np.int64), at
    average = -(-(at - start) // FIRST_RECORDS)
    widest = max(end - offset for offset, end in zip(first, [*first[1:], at], strict=True))
    equal_sized = _equal_sized(_Octets(octets, form), at, widest) if widest == average else np.empty(0, np.int64)
    at += len(equal_sized) * widest
    rest = np.empty(0, np.int64)
    segments = min(_SEGMENTS, (len(octets) - at) // (average * SEGMENT_RECORDS))
    if segments >= 4:
        rest, at = _in_step(_Octets(octets, form), at, segments, average, widest, maximum, first)
    last, at = _one_by_one(octets, at, form, maximum)
    return np.concatenate([np.array(first, np.int64), equal_sized, rest, np.array(last, np.int64)]), at


def _equal_sized(octets: _Octets, start: int, size: int) -> Ints:
    """The records from `start` on as long as all are of this size."""
    lengths = octets.lengths[start::size][: (len(octets.octets) - start) // size]
    other = lengths != size - octets.form.uncounted
    count = int(other.argmax()) if other.any() else len(lengths)
    return np.arange(start, start + count * size, size)


def _one_by_one(
    octets: memoryview, at: int, form: RecordFormat, maximum: int, count: int | None = None, until: int | None = None
) -> tuple[list[int], int]:
    """The next records, at most `count`, that begin before `until`."""
    length_of = Struct(form.order + "I").unpack_from
    _, header, length_offset, uncounted, _ = form
    last = len(octets) - header if until is None else min(until - 1, len(octets) - header)
    offsets: list[int] = []
    while at <= last and len(offsets) != count:
        octets_of = length_of(octets, at + length_offset)[0] + uncounted
        if not header <= octets_of <= maximum or at + octets_of > len(octets):
            break
        offsets.append(at)
        at += octets_of
    return offsets, at


def _in_step(
    octets: _Octets, start: int, segments: int, average: int, widest: int, maximum: int, known: list[int]
) -> tuple[Ints, int]:
    """`known`: the offsets of some records."""
    starts = _candidates(octets, start, segments, widest, np.unique(octets.commons[known]))
    stop = len(octets.octets)
    last = stop - octets.form.header
    limits = np.append(starts[1:], last)
    steps = _PATIENCE * (stop - start) // (average * segments)
    walked = np.empty((steps, len(starts)), np.int64)
    walked[0] = at = starts
    going: Ints | None = None
    """The walks that have not come to their limits, once these are few; None: all."""
    for step in range(1, steps):
        if going is None:
            at = octets.ends(at, walked[step])
            np.minimum(at, last, out=at)
        else:
            at = np.minimum(octets.ends(at), last)
            walked[step, going] = at
        if step % 8 == 7:
            left = np.flatnonzero(at < (limits if going is None else limits[going]))
            if not len(left):
                walked = walked[: step + 1]
                break
            if 2 * len(left) < len(at):
                walked[step + 1 :] = last
                at, going = at[left], left if going is None else going[left]
    return _verified(octets, np.ascontiguousarray(walked.T), starts, limits, maximum)


def _candidates(octets: _Octets, start: int, segments: int, widest: int, commons: NDArray[np.unsignedinteger]) -> Ints:
    """Where segments begin: the first at `start`, the others where a record may begin.

    It begins as the one at `start`, and the next ones begin with 16 bits of `commons`.
    """
    last = len(octets.octets) - octets.form.header
    apart = (last - start) // segments
    common_offset = start + octets.form.common_offset
    first, second = octets.octets[common_offset], octets.octets[common_offset + 1]
    shape, strides = (segments - 1, min(widest, apart)), (apart, 1)
    seen = np.ndarray(shape, np.uint8, buffer=octets.octets, offset=common_offset + apart, strides=strides)
    segment, at = np.divmod(np.flatnonzero(seen == first), shape[1])  # much faster than nonzero of rows
    offsets = start + (segment + 1) * apart + at
    alike = np.frombuffer(octets.octets, np.uint8)[offsets + octets.form.common_offset + 1] == second
    offsets, segment = offsets[alike], segment[alike]
    following = offsets
    plausible: Mask = np.ones(len(offsets), np.bool_)
    for _ in range(2):
        following = octets.ends(following)
        plausible &= following <= last
        following = np.minimum(following, last)
        plausible &= _among(octets.commons[following], commons)
    _, firsts = np.unique(segment[plausible], return_index=True)
    return np.concatenate([[start], offsets[plausible][firsts]])


def _among(values: NDArray[np.unsignedinteger], commons: NDArray[np.unsignedinteger]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = values == commons[0]
    for common in commons[1:]:
        found |= values == common
    return found


def _verified(octets: _Octets, walked: Ints, starts: Ints, limits: Ints, maximum: int) -> tuple[Ints, int]:
    """The offsets of the walks that end where the next one began; the others are walked again, one by one."""
    inside = walked < limits[:, None]
    counts = np.count_nonzero(inside, axis=1)
    steps = walked.shape[1]
    reached = walked[np.arange(len(starts)), np.minimum(counts, steps - 1)]
    if (counts < steps).all() and (reached == limits)[:-1].all():
        offsets = walked[inside]
    else:
        offsets = _repaired(octets, walked, counts, starts, maximum)
    ends = np.append(offsets[1:], octets.ends(offsets[-1:]))
    sizes = ends - offsets
    right = (sizes <= maximum) & (sizes >= octets.form.header)
    right[-1] &= ends[-1] <= len(octets.octets)
    if not right.all():
        count = int(right.argmin())
        offsets, ends = offsets[:count], ends[:count]
    return offsets, int(ends[-1]) if len(offsets) else int(starts[0])


def _repaired(octets: _Octets, walked: Ints, counts: Ints, starts: Ints, maximum: int) -> Ints:
    """The offsets of the records, from the walks that records lead to."""
    number_of = {start: number for number, start in enumerate(starts.tolist())}
    walks: list[Ints] = []
    at: int | None = int(starts[0])
    while at is not None:
        number = number_of.get(at)
        if number is None:  # no walk began here: on to the next start, if the records come by it
            number = int(np.searchsorted(starts, at))
            until = int(starts[number]) if number < len(starts) else None
            one_by_one, end = _one_by_one(octets.octets, at, octets.form, maximum, until=until)
            walks.append(np.array(one_by_one, np.int64))
        else:
            walks.append(walked[number, : int(counts[number])])
            end = int(octets.ends(walks[-1][-1:])[0])
        at = end if at < end <= len(octets.octets) - octets.form.header else None
    return np.concatenate(walks)
