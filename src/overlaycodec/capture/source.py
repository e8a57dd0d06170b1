"""Where the octets of a capture come from: bytes, a path, a URL or a binary stream, compressed or not.

Strategy: a source gives octets from a position, and each reader keeps a position of its own. So a capture can be read
again from its start, or by two loops at once, where the source can seek. Memory is bounded by `CHUNK`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from overlaycodec.capture.compression import HEAD, compression_of, decompressed
from overlaycodec.capture.urls import is_url, opened_url
from overlaycodec.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap
    from typing import IO, TypeAlias

    from typing_extensions import TypeIs

    BytesLike: TypeAlias = bytes | bytearray | memoryview | mmap
    Readable: TypeAlias = "str | os.PathLike[str] | BytesLike | BinaryStream | FileReference"

__all__ = ["BinaryStream", "RawChunks", "Source", "SpooledStream", "chunks_of", "is_readable", "memory_of", "source_of"]

CHUNK = 1 << 18
"""The most octets that are requested, or decompressed, at once."""


@runtime_checkable
class BinaryStream(Protocol):
    """What a stream must have; it may also have `read1`, `seekable`, `tell` and `seek`."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` octets; none at the end of the stream."""
        ...


class FileReference(Protocol):
    """What stands for a file that is not open: a `Split`, or what `fsspec.open` gives."""

    def open(self) -> Any:  # Any: each gives what it has
        """What it stands for, opened."""
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
        self._into = getattr(stream, "readinto", None) if owned else None
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
        if isinstance(self._stream, io.FileIO):
            return os.fstat(self._stream.fileno()).st_size or None
        return getattr(self._stream, "size", None)  # a file of fsspec

    def close(self) -> None:
        self._closed = True
        if self._owned:
            self._stream.close()  # type: ignore[attr-defined]  # an owned stream was opened here


def source_of(readable: Readable) -> Source:
    """The source for an argument: a path is opened, bytes are the content itself, a stream stays the caller's."""
    if isinstance(readable, str | os.PathLike):
        opened = opened_url(readable) if is_url(readable) else open(readable, "rb", buffering=0)  # noqa: SIM115
        return _Stream(opened, owned=True)
    to_source: Callable[[], Source] | None = getattr(readable, "to_source", None)
    if to_source is not None:  # a split
        return to_source()
    if hasattr(readable, "fs") and not hasattr(readable, "read"):  # a file of fsspec that is not open
        return _Stream(readable.open(), owned=True)  # type: ignore[union-attr]  # it has open()
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
    """The octets from the source's start, decompressed where the first ones are those of a compressed file."""
    chunks = RawChunks(source)
    head = b""
    while len(head) < HEAD and (chunk := next(chunks, b"")):  # a pipe may give them one by one
        head += chunk
    compression = compression_of(head)
    return RawChunks(source, head=head) if compression is None else decompressed(compression, head, chunks)


def memory_of(source: Source) -> tuple[memoryview | None, int | None]:
    """All octets of a source, where they are in memory and not compressed; and their number, where that is known."""
    view = source.view()
    if view is None:
        return None, source.size()
    return (view, len(view)) if compression_of(bytes(view[:HEAD])) is None else (None, None)
