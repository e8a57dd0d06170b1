"""Where a written capture goes: a path, which is replaced as a whole, or a binary stream."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BinaryTarget", "opened_path", "opened_stream", "remove_unfinished"]

_CHUNK = 1 << 18
_NAME_OCTETS = 255
"""How many octets of a name the usual file systems have room for."""
_unfinished: set[str] = set()
"""The paths of files that are being written and do not have the name of their target yet."""


class BinaryTarget(Protocol):
    """What is asked of a stream to write to."""

    def write(self, data: bytes, /) -> int | None:
        """Take the octets, or the first so many of them."""
        ...


@contextmanager
def opened_stream(stream: BinaryTarget) -> Iterator[Callable[[bytes], None]]:
    """A function that writes to the stream, in large chunks; what was written is flushed even if an error follows."""
    if not callable(getattr(stream, "write", None)) or isinstance(stream, type):
        raise TypeError(f"target is a path or a binary stream, not {type(stream).__name__}")
    pending = bytearray()

    def write(data: bytes) -> None:
        pending.extend(data)
        if len(pending) >= _CHUNK:
            flush()

    def flush() -> None:
        data = bytes(pending)
        pending.clear()
        while data:
            written = stream.write(data)
            if written is None or written >= len(data):  # some objects do not say how much they took
                break
            data = data[written:]  # a raw stream may take less

    try:
        yield write
    finally:
        flush()


@contextmanager
def opened_path(path: str | os.PathLike[str], *, gzip: bool) -> Iterator[Callable[[bytes], None]]:
    """A function that writes to the path.

    A file takes the path's place only when all is written: an error leaves what was there, and a capture can be written
    over the one that it is read from. A target that is not a regular file (a pipe, a device) is written to directly.
    """
    target = os.path.realpath(path)  # a link stays a link
    with _named(path):
        try:
            mode = os.stat(target).st_mode
        except FileNotFoundError:
            mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with _opened(path, target, "wb") as file, _packed(file, gzip=gzip) as write:
            yield write
        return
    folder, name = os.path.split(target)
    partial = os.path.join(folder, _partial_name(name))
    _unfinished.add(partial)
    try:
        with _opened(path, partial, "xb") as file, _packed(file, gzip=gzip) as write:
            yield write
        with _named(path):
            if mode is not None:
                os.chmod(partial, stat.S_IMODE(mode))
            os.replace(partial, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(partial)
        raise
    finally:
        _unfinished.discard(partial)


def _partial_name(name: str) -> str:
    """A new name for a file that is being written: that of its target, as far as the file system has room for it."""
    end = f".{os.urandom(4).hex()}.partial"
    while len(os.fsencode(name)) > _NAME_OCTETS - len(end) - 1:
        name = name[:-1]
    return f".{name}{end}"


def _opened(path: str | os.PathLike[str], file: str, mode: Literal["wb", "xb"]) -> BinaryIO:
    with _named(path):
        return open(file, mode)


@contextmanager
def _named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Gives an OSError the path as the caller has it, instead of that of the partial file."""
    try:
        yield
    except OSError as error:
        error.filename = os.fspath(path)
        del error.filename2  # None would be shown as a second name
        raise


def remove_unfinished() -> None:
    """Removes the files that do not have the name of their target yet: for a process that is about to end."""
    for partial in tuple(_unfinished):
        with suppress(OSError):
            os.unlink(partial)


@contextmanager
def _packed(file: BinaryIO, *, gzip: bool) -> Iterator[Callable[[bytes], None]]:
    if not gzip:
        with opened_stream(file) as write:
            yield write
        return
    from gzip import GzipFile

    # No name and no time: the same records give the same octets.
    with GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed, opened_stream(packed) as write:
        yield write
