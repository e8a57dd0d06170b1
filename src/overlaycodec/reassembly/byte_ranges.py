"""Octets of one whole that come in pieces, in any order: which are here, and what to do where two claim one place.

Strategy: pieces stay as they came, sorted by where they start, and are joined once, when nothing is missing. So a whole
costs what was sent of it, whatever length it announces.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from enum import StrEnum
from typing import Literal, TypeAlias

__all__ = ["Drop", "Overlap", "Pieces"]

Overlap: TypeAlias = Literal["drop", "drop_piece", "first", "last"]
"""What happens where a piece claims octets that another one brought.

`drop`: the whole is given up, with all its pieces that are still to come (RFC 5722). `drop_piece`: the later piece is
dropped. `first`, `last`: the octets that came first, or last, stand. A piece that repeats another one is always passed
over.
"""


class Drop(StrEnum):
    """Why a piece, or all that had come of a whole, was dropped."""

    CHECKSUM = "checksum"
    """A checksum that receivers verify first is wrong."""
    CUT_SHORT = "cut short"
    """Octets of the piece itself are missing: it was snapped, or is in pieces itself."""
    EMPTY = "empty"
    UNEVEN = "uneven"
    """A fragment before others, and no multiple of 8 octets."""
    PAST_END = "past the end"
    DUPLICATE = "duplicate"
    OVERLAP = "overlap"
    CONTRADICTION = "contradiction"
    """Two pieces disagree on how long the whole is."""
    CONGESTION = "congestion"
    """Pieces that do and that do not take part in congestion notification, and congestion was met (RFC 3168)."""
    MALFORMED = "malformed"
    """The whole is here, and cannot be read as what it should be."""
    EXPIRED = "expired"
    EVICTED = "evicted"
    """The oldest unfinished whole, to make room."""

    def __repr__(self) -> str:
        return f"Drop.{self.name}"


class Pieces:
    """The pieces of one whole; `total` is its length, once known."""

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
        """Where the last piece ends."""
        return self._starts[-1] + len(self._chunks[-1]) if self._starts else 0

    def add(self, start: int, data: bytes, overlap: Overlap) -> Drop | None:
        """Takes a piece of one octet at least; else says why not."""
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
        """Puts in what is not there of a piece that the pieces `first` to `last` overlap."""
        stop, at = start + len(data), start
        starts, chunks = [], []
        for there, chunk in zip(self._starts[first:last], self._chunks[first:last], strict=True):
            if at < there:
                starts.append(at)
                chunks.append(data[at - start : there - start])
            starts.append(there)
            chunks.append(chunk)
            at = there + len(chunk)
        if at < stop:
            starts.append(at)
            chunks.append(data[at - start :])
        self._put(first, last, starts, chunks)

    def _cover(self, start: int, data: bytes, first: int, last: int) -> None:
        """Puts a piece in place of what the pieces `first` to `last` say there."""
        stop = start + len(data)
        starts, chunks = [start], [data]
        there, chunk = self._starts[first], self._chunks[first]
        if there < start:
            starts.insert(0, there)
            chunks.insert(0, chunk[: start - there])
        there, chunk = self._starts[last - 1], self._chunks[last - 1]
        if there + len(chunk) > stop:
            starts.append(stop)
            chunks.append(chunk[stop - there :])
        self._put(first, last, starts, chunks)

    def _put(self, first: int, last: int, starts: list[int], chunks: list[bytes]) -> None:
        self.octets += sum(map(len, chunks)) - sum(map(len, self._chunks[first:last]))
        self._starts[first:last] = starts
        self._chunks[first:last] = chunks

    def clear(self) -> None:
        """Forgets the pieces."""
        self._starts, self._chunks, self.octets = [], [], 0

    def whole(self) -> bytes | None:
        """All octets, once they are here."""
        return b"".join(self._chunks) if self.octets == self.total else None
