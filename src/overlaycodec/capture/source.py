"""Where the octets of a capture come from: bytes, a path or a binary stream, compressed with gzip or not.

Strategy: a source gives octets from a position, and each reader keeps a position of its own. So a capture can be read
again from its start, or by two loops at once, where the source can seek. Memory is bounded by `CHUNK`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from overlaycodec.errors import CaptureError

if TYPE_CHECKING:
    from mmap import mmap
    from typing import IO, TypeAlias

    from typing_extensions import TypeIs

    BytesLike: TypeAlias = bytes | bytearray | memoryview | mmap
    Readable: TypeAlias = "str | os.PathLike[str] | BytesLike | BinaryStream"

__all__ = ["BinaryStream", "RawChunks", "Source", "SpooledStream", "chunks_of", "is_readable", "memory_of", "source_of"]

CHUNK = 1 << 18
"""The most octets that are requested, or decompressed, at once."""
_GZIP = b"\x1f\x8b"
_GZIP_ONLY = 16 + zlib.MAX_WBITS


@runtime_checkable
class BinaryStream(Protocol):
    """What a stream must have; it may also have `read1`, `seekable`, `tell` and `seek`."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` octets; none at the end of the stream."""
        ...


class Source(Protocol):
    """Octets by position."""

    def read_at(self, position: int, size: int) -> bytes:
        """One to `size` octets from `position`; none at the end."""
        ...

    def read_into(self, position: int, buffer: memoryview) -> int:
        """The same into a buffer; gives their number."""
        ...

    def view(self) -> memoryview | None:
        """All octets, where they are in memory already."""
        ...

    def size(self) -> int | None:
        """How many octets there are; None where that is not known."""
        ...

    def close(self) -> None:
        """Close what the source opened itself."""
        ...


class _Octets:
    """Octets in memory; they are copied a chunk at a time."""

    def __init__(self, view: memoryview) -> None:
        self._view = view.cast("B")

    def read_at(self, position: int, size: int) -> bytes:
        return bytes(self._view[position : position + size])

    def read_into(self, position: int, buffer: memoryview) -> int:
        octets = self._view[position : position + len(buffer)]
        buffer[: len(octets)] = octets
        return len(octets)

    def view(self) -> memoryview | None:
        return self._view[:]

    def size(self) -> int | None:
        return len(self._view)

    def close(self) -> None:
        self._view.release()  # an mmap cannot be closed while it is held; a later read is a ValueError, as with files


class _Stream:
    """A binary stream; one that cannot seek is read once."""

    def __init__(self, stream: BinaryStream, *, owned: bool) -> None:
        self._stream, self._owned = stream, owned
        # read1 gives what was received; read would wait for a full chunk, and a live capture would be delayed.
        self._read = getattr(stream, "read1", stream.read)
        self._into = stream.readinto if owned else None  # type: ignore[attr-defined]  # a raw file has it
        seekable = getattr(stream, "seekable", None)
        self._seek = getattr(stream, "seek", None) if seekable is not None and seekable() else None
        self._start: int = stream.tell() if self._seek else 0  # type: ignore[attr-defined]  # seekable streams can tell
        self._next = 0
        self._closed = False

    def read_at(self, position: int, size: int) -> bytes:
        if self._closed:
            raise ValueError("the capture is closed")
        if self._seek:
            self._seek(self._start + position)
        elif position != self._next:
            raise CaptureError("this stream cannot go back: it is read once", position)
        data = self._read(size)
        if data is None:
            raise BlockingIOError("the stream has no octets yet: open it in blocking mode")
        if not isinstance(data, bytes):
            raise TypeError(f"a binary stream gives bytes, this one gives {type(data).__name__}")
        self._next = position + len(data)
        return data

    def read_into(self, position: int, buffer: memoryview) -> int:
        into = None if self._closed else self._into
        if into is None:
            data = self.read_at(position, min(len(buffer), CHUNK))
            buffer[: len(data)] = data
            return len(data)
        if self._seek:
            self._seek(self._start + position)
        elif position != self._next:
            return len(self.read_at(position, 0))  # it raises the error
        count: int | None = into(buffer)
        if count is None:
            raise BlockingIOError("the stream has no octets yet: open it in blocking mode")
        self._next = position + count
        return count

    def view(self) -> memoryview | None:
        return None

    def size(self) -> int | None:
        if not self._owned or self._closed:
            return None
        return os.fstat(self._stream.fileno()).st_size or None  # type: ignore[attr-defined]  # a file

    def close(self) -> None:
        self._closed = True
        if self._owned:
            self._stream.close()  # type: ignore[attr-defined]  # an owned stream was opened here


def source_of(readable: Readable) -> Source:
    """The source for an argument: a path is opened, bytes are the content itself, a stream stays the caller's."""
    if isinstance(readable, str | os.PathLike):
        return _Stream(open(readable, "rb", buffering=0), owned=True)
    try:
        view = memoryview(readable)  # type: ignore[arg-type]  # a stream is refused here, and taken below
    except TypeError:
        if not hasattr(readable, "read"):
            raise TypeError(f"a path, bytes or a binary stream is needed, not {type(readable).__name__}") from None
        return _Stream(readable, owned=False)  # type: ignore[arg-type]  # it has read()
    return _Octets(view)


def is_readable(source: Readable | Iterable[object]) -> TypeIs[Readable]:
    """Whether this is the content of a capture, or where it is, and not an iterable of records."""
    is_content = isinstance(source, str | bytes | bytearray | memoryview | os.PathLike)
    return is_content or hasattr(source, "read") or not isinstance(source, Iterable)


class RawChunks(Iterator[bytes]):
    """The octets of a source as they are, from a position on: in chunks, or into a buffer."""

    def __init__(self, source: Source, position: int = 0, head: bytes = b"") -> None:
        self._source = source
        self._position = position
        self._head = head
        """Octets that were read already."""

    def __next__(self) -> bytes:
        chunk, self._head = self._head or self._source.read_at(self._position, CHUNK), b""
        if not chunk:
            raise StopIteration
        self._position += len(chunk)
        return chunk

    def read_into(self, buffer: memoryview) -> int:
        """Fills the buffer as far as octets are there at once; gives their number, 0 at the end."""
        if self._head:
            count = min(len(buffer), len(self._head))
            buffer[:count], self._head = self._head[:count], self._head[count:]
        else:
            count = self._source.read_into(self._position, buffer)
        self._position += count
        return count


class SpooledStream:
    """A stream that is copied to a file, and can be read from there several times.

    Where the stream fails, `failure` is the exception, and reading raises it after the octets before the failure.
    """

    def __init__(self, stream: BinaryStream, file: IO[bytes]) -> None:
        self._file = file
        self.failure: Exception | None = None
        chunks = RawChunks(_Stream(stream, owned=False))
        while chunk := self._chunk(chunks):
            file.write(chunk)
        self.seek = file.seek
        self.tell = file.tell
        self.seek(0)

    def _chunk(self, chunks: RawChunks) -> bytes:
        try:
            return next(chunks, b"")
        except Exception as error:
            self.failure = error
            return b""

    def seekable(self) -> bool:
        """Always True."""
        return True

    def read(self, size: int, /) -> bytes:
        """At most `size` octets; none at the end. Raises: what the stream raised, at the offset where it failed."""
        data = self._file.read(size)
        if not data and size and self.failure is not None:
            raise self.failure
        return data


def chunks_of(source: Source) -> Iterator[bytes]:
    """The octets from the source's start, decompressed where the first two are gzip's."""
    chunks = RawChunks(source)
    head = b""
    while len(head) < len(_GZIP) and (chunk := next(chunks, b"")):  # a pipe may give them one by one
        head += chunk
    if head[: len(_GZIP)] == _GZIP:
        return _decompressed(head, chunks)
    return RawChunks(source, head=head)


def memory_of(source: Source) -> tuple[memoryview | None, int | None]:
    """All octets of a source, where they are in memory and not compressed; and their number, where that is known."""
    view = source.view()
    if view is None:
        return None, source.size()
    return (None, None) if view[: len(_GZIP)] == _GZIP else (view, len(view))


def _decompressed(compressed: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of one or more gzip members, without zero padding between and after them.

    Raises: CaptureError where the compressed data is damaged or truncated, after all octets before the damage.
    """
    octet = 0  # of the content
    member = None
    full = False  # the last output was as long as allowed: there may be more
    while True:
        if not compressed and not full:
            compressed = next(chunks, b"")
            if not compressed:
                break
        if member is None:
            compressed = compressed.lstrip(b"\0")
            if not compressed:
                continue
            member = zlib.decompressobj(_GZIP_ONLY)
        before = member.copy()
        try:
            output = member.decompress(compressed, CHUNK)
        except zlib.error as error:
            for output in _salvaged(before, compressed):
                octet += len(output)
                yield output
            reason = str(error).rpartition(": ")[2]
            raise CaptureError(f"the gzip data is damaged: {reason}", octet) from None
        full = len(output) == CHUNK
        compressed = member.unconsumed_tail
        if member.eof:
            compressed, member, full = member.unused_data, None, False
        octet += len(output)
        if output:
            yield output
    if member is not None:
        raise CaptureError("the gzip data is truncated", octet)


def _salvaged(member: zlib._Decompress, compressed: bytes) -> Iterator[bytes]:
    """What a damaged member still gives: zlib drops the output of the call that fails, so calls are short."""
    try:
        for position in range(len(compressed)):
            if output := member.decompress(compressed[position : position + 1]):
                yield output
    except zlib.error:
        return
