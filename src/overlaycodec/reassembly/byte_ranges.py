"""The octets of one datagram, received as byte ranges in any order: which are here, and what happens on overlap.

Strategy: ranges stay as they were received, sorted by their start, and are joined once, when nothing is missing. So a
datagram costs what was received of it, whatever length it announces.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from enum import StrEnum
from typing import Literal, TypeAlias

__all__ = ["ByteRanges", "Drop", "Overlap"]

Overlap: TypeAlias = Literal["drop", "drop_fragment", "first", "last"]
"""What happens where a fragment has octets that another one brought.

`drop`: the datagram is dropped, with all fragments that are still to come (RFC 5722). `drop_fragment`: the later
fragment is dropped. `first`, `last`: the octets that were received first, or last, are kept. A fragment that repeats
another one is always ignored.
"""


class Drop(StrEnum):
    """Why a fragment, or a datagram with all its fragments, was dropped."""

    CHECKSUM = "checksum"
    """A checksum that receivers verify first is wrong."""
    TRUNCATED = "truncated"
    """Octets of the fragment itself are missing: it was truncated by the capture, or is fragmented itself."""
    EMPTY = "empty"
    UNEVEN = "uneven"
    """A fragment before others that is not a multiple of 8 octets."""
    PAST_END = "past the end"
    DUPLICATE = "duplicate"
    OVERLAP = "overlap"
    CONTRADICTION = "contradiction"
    """Two fragments disagree on the length of the datagram."""
    CONGESTION = "congestion"
    """Congestion was met, and not all fragments take part in congestion notification (RFC 3168)."""
    MALFORMED = "malformed"
    """The datagram is complete, and cannot be decoded as what it should be."""
    EXPIRED = "expired"
    EVICTED = "evicted"
    """The oldest pending datagram, to make room."""

    def __repr__(self) -> str:
        return f"Drop.{self.name}"


class ByteRanges:
    """The byte ranges of one datagram; `total` is its length, once known."""

    __slots__ = ("_chunks", "_starts", "octets", "total")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._chunks: list[bytes] = []
        self.octets = 0
        self.total: int | None = None

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def end(self) -> int:
        """Where the last range ends."""
        return self._starts[-1] + len(self._chunks[-1]) if self._starts else 0

    def add(self, start: int, data: bytes, overlap: Overlap) -> Drop | None:
        """Adds a range of at least one octet; gives the reason where it is refused."""
        starts, chunks, stop = self._starts, self._chunks, start + len(data)
        first = bisect_right(starts, start)
        if first and starts[first - 1] + len(chunks[first - 1]) > start:
            first -= 1
        last = bisect_left(starts, stop, first)
        if first < last:
            if last - first == 1 and starts[first] == start and chunks[first] == data:
                return Drop.DUPLICATE
            if overlap == "first":
                self._fill(start, data, first, last)
            elif overlap == "last":
                self._cover(start, data, first, last)
            else:
                return Drop.OVERLAP
            return None
        starts.insert(first, start)
        chunks.insert(first, data)
        self.octets += len(data)
        return None

    def _fill(self, start: int, data: bytes, first: int, last: int) -> None:
        """Adds the octets that the ranges `first` to `last` do not have."""
        stop, at = start + len(data), start
        starts, chunks = [], []
        for begin, chunk in zip(self._starts[first:last], self._chunks[first:last], strict=True):
            if at < begin:
                starts.append(at)
                chunks.append(data[at - start : begin - start])
            starts.append(begin)
            chunks.append(chunk)
            at = begin + len(chunk)
        if at < stop:
            starts.append(at)
            chunks.append(data[at - start :])
        self._replace(first, last, starts, chunks)

    def _cover(self, start: int, data: bytes, first: int, last: int) -> None:
        """Adds a range, and removes what it overlaps of the ranges `first` to `last`."""
        stop = start + len(data)
        starts, chunks = [start], [data]
        begin, chunk = self._starts[first], self._chunks[first]
        if begin < start:
            starts.insert(0, begin)
            chunks.insert(0, chunk[: start - begin])
        begin, chunk = self._starts[last - 1], self._chunks[last - 1]
        if begin + len(chunk) > stop:
            starts.append(stop)
            chunks.append(chunk[stop - begin :])
        self._replace(first, last, starts, chunks)

    def _replace(self, first: int, last: int, starts: list[int], chunks: list[bytes]) -> None:
        self.octets += sum(map(len, chunks)) - sum(map(len, self._chunks[first:last]))
        self._starts[first:last] = starts
        self._chunks[first:last] = chunks

    def clear(self) -> None:
        """Forgets the ranges."""
        self._starts, self._chunks, self.octets = [], [], 0

    def joined(self) -> bytes | None:
        """All octets, once they are here."""
        return b"".join(self._chunks) if self.octets == self.total else None
