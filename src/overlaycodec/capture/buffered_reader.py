"""A window that slides over a stream of octets: the walk of both file formats.

Strategy: readers unpack in place from `chunk` at `at`, after asking whether enough octets are there. A length that lies
costs no memory: the window grows only by what the stream gives. Where the stream raises an error, the octets before it
are read first: whoever asks for more of them than there are gets the error, and gets it again.
"""

from __future__ import annotations

from collections.abc import Iterator

from overlaycodec.capture.source import Plain

__all__ = ["Window"]


class Window:
    """The octets under the reader's eyes: `chunk`, from `at` on."""

    __slots__ = ("_base", "_failure", "_pieces", "at", "chunk")

    def __init__(self, pieces: Iterator[bytes], base: int = 0) -> None:
        self._pieces = pieces
        self._failure: Exception | None = None
        """What the stream raised; behind the octets that it gave."""
        self.chunk = b""
        self.at = 0
        self._base = base

    @property
    def octet(self) -> int:
        """Where `at` is in the stream."""
        return self._base + self.at

    @property
    def left(self) -> int:
        """How many octets are in the window; after a `has` that said no, how many the stream still had."""
        return len(self.chunk) - self.at

    def has(self, octets: int) -> bool:
        """Whether the stream has that many octets more; they are in `chunk` then.

        Raises: what the stream raised, if it failed before it gave them.
        """
        if octets <= len(self.chunk) - self.at or self._gather(octets):
            return True
        if self._failure is not None:
            raise self._failure
        return False

    def _gather(self, octets: int) -> bool:
        """Reads on until so many octets are in the window, or no more come; whether they are there."""
        missing = octets - self.left
        parts = [self.chunk[self.at :]] if self.left else []
        while missing > 0 and (piece := self._next()):
            parts.append(piece)
            missing -= len(piece)
        self._base += self.at
        self.at = 0
        self.chunk = parts[0] if len(parts) == 1 else b"".join(parts)
        return missing <= 0

    def _next(self) -> bytes:
        """The next octets of the stream; none at its end, or where it fails."""
        if self._failure is None:
            try:
                return next(self._pieces, b"")
            except Exception as error:
                self._failure = error
        return b""

    def _next_into(self, pieces: Plain, buffer: memoryview) -> int:
        """The same into a buffer; how many they were."""
        if self._failure is None:
            try:
                return pieces.into(buffer)
            except Exception as error:
                self._failure = error
        return 0

    def pour(self, buffer: memoryview) -> int:
        """Moves octets of the stream into a buffer, until it is full or no more come; how many they were.

        It raises nothing: an error of the stream is left for `has`.
        """
        count = 0
        while count < len(buffer):
            if self.left == 0 and isinstance(self._pieces, Plain):
                into = self._next_into(self._pieces, buffer[count:])
                self._base += into
            elif self.left or self._gather(1):
                into = min(self.left, len(buffer) - count)
                buffer[count : count + into] = memoryview(self.chunk)[self.at : self.at + into]
                self.at += into
            else:
                into = 0
            if not into:
                break
            count += into
        return count

    def restart(self, pieces: Iterator[bytes], base: int) -> None:
        """Stands at an octet of the stream, with the pieces from there on."""
        self._pieces, self._failure, self._base = pieces, None, base
        self.chunk, self.at = b"", 0

    def put_back(self, octets: bytes) -> None:
        """Takes octets back that were the last to be poured out."""
        start = self.at - len(octets)
        if start >= 0 and self.chunk.startswith(octets, start):
            self.at = start
            return
        self._base -= len(octets) - self.at
        self.chunk = octets + self.chunk[self.at :]
        self.at = 0

    def skip(self, octets: int) -> bool:
        """Pass over that many octets, however many, in constant memory; whether the stream had them."""
        while octets > self.left:
            octets -= self.left
            self.at = len(self.chunk)
            if not self.has(1):
                return False
        self.at += octets
        return True
