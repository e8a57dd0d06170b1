"""The standard streams of a run: streams that are closed or full, and encodings that lack a character.

Strategy: while a command runs, `sys.stdout` and `sys.stderr` are streams of our own over the same files, and a stream
that is closed is there too. A failure of the standard output is an `OutputError`. It is no OSError, so that no command
takes it for a failure of a file that it reads. A failure of the standard error is ignored: no place is left for a
message, and the exit status is the same. After a failure, all that is written is discarded, so that nothing is left
for the interpreter to flush. A character that the encoding lacks is written as an escape.

Streams in memory, which a program has put in the place of the standard ones, are used as they are.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["OutputError", "standard_streams"]

_LOSSY: Final = ("replace", "ignore", "xmlcharrefreplace", "namereplace")
"""The error handlers that encode every character; a user can ask for them with PYTHONIOENCODING."""


class OutputError(Exception):
    """The standard output takes no more octets; `__cause__` is the OSError."""

    no_reader: bool
    """Whether the reader of a pipe closed it, as `head` does."""
    status: int = 1
    """The exit status that the command has for trouble."""

    def __init__(self, error: OSError) -> None:
        self.no_reader = error.errno == errno.EPIPE
        super().__init__(f"the standard output: {error.strerror or error}")


class _Output(io.RawIOBase):
    """The file of the standard output or the standard error; None for a stream that is closed."""

    def __init__(self, raw: io.RawIOBase | None, *, raises: bool) -> None:
        self._raw, self._raises = raw, raises
        self._failed = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return super().fileno() if self._raw is None else self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw is not None and self._raw.isatty()

    def write(self, data: ReadableBuffer, /) -> int:
        size = memoryview(data).nbytes
        if self._failed:
            return size
        try:
            if self._raw is None:
                raise OSError(errno.EBADF, "it is closed")
            while (written := self._raw.write(data)) is None:  # another program has set the file to non-blocking mode
                select.select([], [self._raw], [])
        except OSError as error:
            self._failed = True
            if self._raises:
                raise OutputError(error) from error
            return size
        return written


class _ClosedInput(io.RawIOBase):
    """A standard input that is closed."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: WriteableBuffer, /) -> NoReturn:
        raise OSError(errno.EBADF, "the standard input is closed")


@contextmanager
def standard_streams() -> Iterator[None]:
    """While it is entered, the standard streams are those described above."""
    ours: list[TextIO] = []
    before = sys.stdin, sys.stdout, sys.stderr
    with ExitStack() as stack:
        for number, stream in enumerate(before):
            if stream is None:
                stack.enter_context(_reserved(number))
        if sys.stdin is None:
            sys.stdin = io.TextIOWrapper(io.BufferedReader(_ClosedInput()))
        if (output := _checked(sys.stdout, raises=True)) is not None:
            sys.stdout = output
            ours.append(output)
        if (output := _checked(sys.stderr, raises=False)) is not None:
            sys.stderr = output
            ours.append(output)
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
            for output in ours:
                with suppress(OutputError):
                    output.flush()


def _checked(stream: TextIO | None, *, raises: bool) -> TextIO | None:
    """A stream of our own for this one; None for a stream in memory."""
    if stream is None:
        raw: io.RawIOBase | None = None
        encoding, errors, buffered = "utf-8", "strict", False
    else:
        binary = getattr(stream, "buffer", None)
        raw = getattr(binary, "raw", binary)  # `python -u` has no buffer between
        if not isinstance(raw, io.RawIOBase):
            return None
        with suppress(OSError):
            stream.flush()
        encoding, errors = stream.encoding, stream.errors or "strict"
        buffered = not stream.line_buffering
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(raw, raises=raises)),
        encoding=encoding,
        errors=errors if errors in _LOSSY else "backslashreplace",
        newline=None,
        line_buffering=not buffered,
    )


@contextmanager
def _reserved(number: int) -> Iterator[None]:
    """The descriptor of a closed stream, open to nothing: else the next file that is opened would get its number."""
    try:
        os.fstat(number)
    except OSError:
        null = os.open(os.devnull, os.O_RDWR)
        try:
            yield
        finally:
            os.close(null)
    else:
        yield
