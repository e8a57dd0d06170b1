"""A window that slides over a stream of octets: the walk of both file formats.

Strategy: readers unpack in place from `chunk` at `at`, after asking whether enough octets are there. A length that lies
costs no memory: the window grows only by what the stream gives.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Window"]


class Window:
    """The octets under the reader's eyes: `chunk`, from `at` on."""

    __slots__ = ("_base", "_pieces", "at", "chunk")

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.chunk = b""
        self.at = 0
        self._base = 0

    @property
    def octet(self) -> int:
        """Where `at` is in the stream."""
        return self._base + self.at

    @property
    def left(self) -> int:
        """How many octets are in the window; after a `has` that said no, how many the stream still had."""
        return len(self.chunk) - self.at

    def has(self, octets: int) -> bool:
        """Whether the stream has that many octets more; they are in `chunk` then."""
        missing = octets - (len(self.chunk) - self.at)
        if missing <= 0:
            return True
        parts = [self.chunk[self.at :]]
        while missing > 0 and (piece := next(self._pieces, b"")):
            parts.append(piece)
            missing -= len(piece)
        self._base += self.at
        self.at = 0
        self.chunk = b"".join(parts)
        return missing <= 0

    def skip(self, octets: int) -> bool:
        """Pass over that many octets, however many, in constant memory; whether the stream had them."""
        while octets > self.left:
            octets -= self.left
            self.at = len(self.chunk)
            if not self.has(1):
                return False
        self.at += octets
        return True
