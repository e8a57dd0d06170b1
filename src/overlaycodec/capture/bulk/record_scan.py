"""Chains of records, each of which tells where the next one begins: where all of them stand, found with NumPy.

Strategy: one walk from record to record is slow, many at once are not. Octets are cut in segments, a record is guessed
near the start of each, and all segments are walked in step. Then it is proved: a walk must end just where the next one
began. Where it does not, the guess was wrong, and the records are walked one by one until they meet a start again. So
a guess can cost time, never a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.buffered_reader import Window
from overlaycodec.capture.bulk.arrays import Ints

__all__ = ["Chain", "pieces_of", "places_in"]

_CHUNK: Final = 1 << 18
_SPARE: Final = 256
"""Octets behind a piece that can be read, whatever they are, so that nobody has to look out for its end."""
_FIRST: Final = 64
"""Records that are walked one by one, to know their mean size."""
_SEGMENTS: Final = 512
_RECORDS: Final = 64
"""In a segment, on average: fewer are not worth a guess."""
_PATIENCE: Final = 4
"""How many times the expected steps are made."""


class Chain(NamedTuple):
    """How records follow one another."""

    order: str
    """The byte order, as `struct` writes it."""
    header: int
    """The least octets of a record."""
    length_at: int
    """Where in it the 32 bits stand that tell its length."""
    uncounted: int
    """The octets of a record that this length does not count."""
    lead_at: int
    """Where the 16 bits stand that most records have in common."""


class _Octets:
    """The octets of a chain, read as numbers at any place."""

    def __init__(self, octets: memoryview, chain: Chain) -> None:
        self.octets, self.chain = octets, chain
        self.lengths = self._words("u4", chain.length_at)
        self.leads = self._words("u2", chain.lead_at)

    def _words(self, word: str, at: int) -> NDArray[np.unsignedinteger]:
        dtype = np.dtype(self.chain.order + word)
        count = len(self.octets) - at - dtype.itemsize + 1
        return np.ndarray((count,), dtype, buffer=self.octets, offset=at, strides=(1,))

    def behind(self, places: Ints, out: Ints | None = None) -> Ints:
        """Where the records at these places end, if there are any."""
        behind: Ints = np.add(self.lengths[places], places, out=out)
        behind += self.chain.uncounted
        return behind


Usable = Callable[[memoryview, Ints, int], int]
"""Of the records at these places of some octets, the last of which ends there: how many can be used, from the first."""


def pieces_of(
    window: Window, whole: memoryview | None, chain: Chain, octets: int, most: int, usable: Usable | None = None
) -> Iterator[tuple[memoryview, Ints, int]]:
    """The stream of a window in pieces, as long as whole records follow one another: octets, places, and the end.

    The octets may be more than the piece. The window then stands behind the last record, or before the first that is
    not usable. `whole` is the stream, if it is in memory: then the pieces are parts of it; otherwise all of them take
    the same memory.
    """
    if whole is not None:
        yield from _parts_of(window, whole, chain, octets, most, usable)
        return
    size = min(octets, _CHUNK)  # the first pieces are short: who knows how many records follow
    buffer, there, ended = _room(size), 0, False
    while not ended:
        there += window.pour(buffer[there:-_SPARE])
        places, end, ended = _used(buffer[:there], chain, most, usable)
        if len(places):
            yield buffer, places, end
        elif there < size or size > most:
            break
        if not len(places) or size < octets:
            size *= 2
        left = bytes(buffer[end:there])
        if len(buffer) < size:
            buffer = _room(size)
        there = len(left)
        buffer[:there] = left
    window.put_back(bytes(buffer[:there]))


def _used(octets: memoryview, chain: Chain, most: int, usable: Usable | None) -> tuple[Ints, int, bool]:
    """The places of the usable records, where the last of them ends, and whether one came that is not."""
    places, end = places_in(octets, 0, chain, most)
    if usable is not None and len(places):
        count = usable(octets, places, end)
        if count < len(places):
            return places[:count], int(places[count]), True
    return places, end, False


def _room(octets: int) -> memoryview:
    return np.empty(octets + _SPARE, np.uint8).data


def _parts_of(
    window: Window, whole: memoryview, chain: Chain, octets: int, most: int, usable: Usable | None
) -> Iterator[tuple[memoryview, Ints, int]]:
    at, ended = window.octet, False
    while not ended:
        piece = whole[at : at + octets]
        places, end, ended = _used(piece, chain, most, usable)
        at += end
        if len(places):
            yield piece, places, end
        elif at + octets > len(whole) or octets > most:
            break
        else:
            octets *= 2
    window.restart((bytes(whole[start : start + _CHUNK]) for start in range(at, len(whole), _CHUNK)), at)


def places_in(octets: memoryview, start: int, chain: Chain, most: int) -> tuple[Ints, int]:
    """Where each whole record begins, from the one at `start` on, and where the last of them ends.

    It stops before a record of more than `most` octets, or of fewer than a header has.
    """
    first, at = _one_by_one(octets, start, chain, most, count=_FIRST)
    if len(first) < _FIRST:
        return np.array(first, np.int64), at
    average = -(-(at - start) // _FIRST)
    widest = max(behind - place for place, behind in zip(first, [*first[1:], at], strict=True))
    alike = _alike(_Octets(octets, chain), at, widest) if widest == average else np.empty(0, np.int64)
    at += len(alike) * widest
    rest = np.empty(0, np.int64)
    segments = min(_SEGMENTS, (len(octets) - at) // (average * _RECORDS))
    if segments >= 4:
        rest, at = _in_step(_Octets(octets, chain), at, segments, average, widest, most)
    last, at = _one_by_one(octets, at, chain, most)
    return np.concatenate([np.array(first, np.int64), alike, rest, np.array(last, np.int64)]), at


def _alike(octets: _Octets, start: int, size: int) -> Ints:
    """The records from `start` on as long as all are of this size."""
    lengths = octets.lengths[start::size][: (len(octets.octets) - start) // size]
    other = lengths != size - octets.chain.uncounted
    count = int(other.argmax()) if other.any() else len(lengths)
    return np.arange(start, start + count * size, size)


def _one_by_one(
    octets: memoryview, at: int, chain: Chain, most: int, count: int | None = None, until: int | None = None
) -> tuple[list[int], int]:
    """The next records, at most `count`, that begin before `until`."""
    length_of = Struct(chain.order + "I").unpack_from
    _, header, length_at, uncounted, _ = chain
    last = len(octets) - header if until is None else min(until - 1, len(octets) - header)
    places: list[int] = []
    while at <= last and len(places) != count:
        octets_of = length_of(octets, at + length_at)[0] + uncounted
        if not header <= octets_of <= most or at + octets_of > len(octets):
            break
        places.append(at)
        at += octets_of
    return places, at


def _in_step(octets: _Octets, start: int, segments: int, average: int, widest: int, most: int) -> tuple[Ints, int]:
    starts = _guessed(octets, start, segments, widest)
    stop = len(octets.octets)
    last = stop - octets.chain.header
    limits = np.append(starts[1:], last)
    steps = _PATIENCE * (stop - start) // (average * segments)
    walked = np.empty((steps, len(starts)), np.int64)
    walked[0] = at = starts
    for step in range(1, steps):
        at = octets.behind(at, walked[step])
        np.minimum(at, last, out=at)
        if step % 8 == 7 and (at >= limits).all():
            walked = walked[: step + 1]
            break
    return _proved(octets, np.ascontiguousarray(walked.T), starts, limits, most)


def _guessed(octets: _Octets, start: int, segments: int, widest: int) -> Ints:
    """Where segments begin: the first at `start`, the others where there seems to be a record."""
    last = len(octets.octets) - octets.chain.header
    apart = (last - start) // segments
    lead_at = start + octets.chain.lead_at
    lead = octets.leads[start]
    first, second = octets.octets[lead_at], octets.octets[lead_at + 1]
    shape, strides = (segments - 1, min(widest, apart) + 1), (apart, 1)
    seen = np.ndarray(shape, np.uint8, buffer=octets.octets, offset=lead_at + apart, strides=strides)
    found = np.flatnonzero((seen[:, :-1] == first) & (seen[:, 1:] == second))  # much faster than nonzero of rows
    segment, at = np.divmod(found, shape[1] - 1)
    places = start + (segment + 1) * apart + at
    plausible = np.ones(len(places), np.bool_)
    following = places
    for _ in range(2):
        following = octets.behind(following)
        plausible &= following <= last
        following = np.minimum(following, last)
        plausible &= octets.leads[following] == lead
    _, firsts = np.unique(segment[plausible], return_index=True)
    return np.concatenate([[start], places[plausible][firsts]])


def _proved(octets: _Octets, walked: Ints, starts: Ints, limits: Ints, most: int) -> tuple[Ints, int]:
    """The places of the walks that end where the next one began; the others are walked again, one by one."""
    inside = walked < limits[:, None]
    counts = np.count_nonzero(inside, axis=1)
    steps = walked.shape[1]
    reached = walked[np.arange(len(starts)), np.minimum(counts, steps - 1)]
    if (counts < steps).all() and (reached == limits)[:-1].all():
        places = walked[inside]
    else:
        places = _repaired(octets, walked, counts, starts, limits, most)
    behind = np.append(places[1:], octets.behind(places[-1:]))
    sizes = behind - places
    right = (sizes <= most) & (sizes >= octets.chain.header)
    right[-1] &= behind[-1] <= len(octets.octets)
    if not right.all():
        count = int(right.argmin())
        places, behind = places[:count], behind[:count]
    return places, int(behind[-1]) if len(places) else int(starts[0])


def _repaired(octets: _Octets, walked: Ints, counts: Ints, starts: Ints, limits: Ints, most: int) -> Ints:
    """The places of the records, of which those walks are taken that records lead to."""
    number_of = {start: number for number, start in enumerate(starts.tolist())}
    pieces: list[Ints] = []
    at: int | None = int(starts[0])
    while at is not None:
        number = number_of.get(at)
        if number is None:  # no walk began here: on to the next start, if the records come by it
            number = int(np.searchsorted(starts, at))
            until = int(starts[number]) if number < len(starts) else None
            one_by_one, behind = _one_by_one(octets.octets, at, octets.chain, most, until=until)
            pieces.append(np.array(one_by_one, np.int64))
        else:
            pieces.append(walked[number, : int(counts[number])])
            behind = int(octets.behind(pieces[-1][-1:])[0])
        at = behind if at < behind <= len(octets.octets) - octets.chain.header else None
    return np.concatenate(pieces)
