"""The captures that a command reads."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import click

from overlaycodec.capture import Capture, open_capture
from overlaycodec.cli.messages import complain
from overlaycodec.describe.plain import printable
from overlaycodec.errors import CaptureError

__all__ = ["capture_of", "check_target", "named", "read"]

_STREAMS: Final = {"stdin": "(the standard input)", "stdout": "the standard output"}


def capture_of(file: str) -> Capture:
    """The capture in a file; in the standard input for "-". Raises: CaptureError; OSError with the name of the file."""
    with named(file):
        return open_capture(sys.stdin.buffer if file == "-" else file)


@contextmanager
def named(file: str) -> Iterator[None]:
    """Gives an OSError that has no file name this one: reading and writing an open file raise such errors."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or file
        raise


def check_target(files: Iterable[str], target: str = "-") -> None:
    """Compares the file that a command writes with those it reads, whatever their names; "-" is a standard stream.

    Raises: click.UsageError where one of them is the same file.
    """
    written = _regular_file(target, "stdout")
    if written is None:
        return
    for file in files:
        found = _regular_file(file, "stdin")
        if found is not None and os.path.samestat(found, written):
            raise click.UsageError(f"{_named(target, 'stdout')} is the same file as the input {_named(file, 'stdin')}")


def _regular_file(file: str, stream: str) -> os.stat_result | None:
    """What identifies a regular file; None for other files, and for one that does not exist."""
    try:
        found = os.stat(getattr(sys, stream).fileno() if file == "-" else file)
    except (OSError, ValueError, AttributeError):  # a standard stream can be closed, None or in memory
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _named(file: str, stream: str) -> str:
    return _STREAMS[stream] if file == "-" else printable(file)


def read(file: str, reading: Callable[[Capture], None]) -> bool:
    """Passes the capture in a file to `reading`; gives whether it could be read to its end, and reports an error."""
    try:
        with capture_of(file) as capture:
            reading(capture)
    except (CaptureError, OSError) as error:
        complain(file, error)
        return False
    return True
