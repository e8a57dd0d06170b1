"""A buffer over a stream of octets, for the readers of both file formats.

Strategy: readers unpack in place from `buffer` at `at`, after they asked whether enough octets are there. A wrong
length costs no memory: the buffer grows only by what the stream gives. Where the stream raises an error, the octets
before it are read first: a request for more octets than there are raises the error, each time.
"""

from __future__ import annotations

from collections.abc import Iterator

from overlaycodec.capture.source import RawChunks

__all__ = ["BufferedReader"]


class BufferedReader:
    """The octets that were read and not consumed: `buffer`, from `at` on."""

    __slots__ = ("_base", "_chunks", "_failure", "at", "buffer")

    def __init__(self, chunks: Iterator[bytes], base: int = 0) -> None:
        self._chunks = chunks
        self._failure: Exception | None = None
        """What the stream raised, after the octets that it gave."""
        self.buffer = b""
        self.at = 0
        self._base = base

    @property
    def octet(self) -> int:
        """The offset of `at` in the stream."""
        return self._base + self.at

    @property
    def available(self) -> int:
        """How many octets are buffered; after a `has` that gave False, how many the stream still had."""
        return len(self.buffer) - self.at

    def has(self, octets: int) -> bool:
        """Whether the stream has that many octets more; they are in `buffer` then.

        Raises: what the stream raised, if it failed before it gave them.
        """
        if octets <= len(self.buffer) - self.at or self._gather(octets):
            return True
        if self._failure is not None:
            raise self._failure
        return False

    def _gather(self, octets: int) -> bool:
        """Reads until so many octets are buffered, or the stream ends; whether they are there."""
        missing = octets - self.available
        parts = [self.buffer[self.at :]] if self.available else []
        while missing > 0 and (chunk := self._next()):
            parts.append(chunk)
            missing -= len(chunk)
        self._base += self.at
        self.at = 0
        self.buffer = parts[0] if len(parts) == 1 else b"".join(parts)
        return missing <= 0

    def _next(self) -> bytes:
        """The next octets of the stream; none at its end, or where it fails."""
        if self._failure is None:
            try:
                return next(self._chunks, b"")
            except Exception as error:
                self._failure = error
        return b""

    def _next_into(self, chunks: RawChunks, target: memoryview) -> int:
        """The same into a buffer; gives their number."""
        if self._failure is None:
            try:
                return chunks.read_into(target)
            except Exception as error:
                self._failure = error
        return 0

    def read_into(self, target: memoryview) -> int:
        """Moves octets of the stream into a buffer, until it is full or the stream ends; gives their number.

        It raises nothing: `has` raises an error of the stream.
        """
        count = 0
        while count < len(target):
            if self.available == 0 and isinstance(self._chunks, RawChunks):
                into = self._next_into(self._chunks, target[count:])
                self._base += into
            elif self.available or self._gather(1):
                into = min(self.available, len(target) - count)
                target[count : count + into] = memoryview(self.buffer)[self.at : self.at + into]
                self.at += into
            else:
                into = 0
            if not into:
                break
            count += into
        return count

    def restart(self, chunks: Iterator[bytes], base: int) -> None:
        """Continues at an offset of the stream, with the chunks from there on."""
        self._chunks, self._failure, self._base = chunks, None, base
        self.buffer, self.at = b"", 0

    def unread(self, octets: bytes) -> None:
        """Takes back octets that were the last to be read into a buffer."""
        start = self.at - len(octets)
        if start >= 0 and self.buffer.startswith(octets, start):
            self.at = start
            return
        self._base -= len(octets) - self.at
        self.buffer = octets + self.buffer[self.at :]
        self.at = 0

    def skip(self, octets: int) -> bool:
        """Skips that many octets, however many, in constant memory; gives whether the stream had them."""
        while octets > self.available:
            octets -= self.available
            self.at = len(self.buffer)
            if not self.has(1):
                return False
        self.at += octets
        return True
