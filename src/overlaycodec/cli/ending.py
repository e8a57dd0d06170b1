"""Signals that end the process: the files that a command has not finished are removed first.

Strategy: handlers are set only while a command writes a file, and only for signals that have their default action. So a
signal that is ignored, as under `nohup`, stays ignored, and a handler of the program that runs the command stays. A
handler removes the files and then lets the signal end the process; a shell reports the status 143 or 129. No code of
the command runs after the signal, so nothing can block the end, and a second signal cannot interrupt it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from overlaycodec.capture.sink import remove_unfinished

__all__ = ["unfinished_removed", "without_reader"]

_NO_READER = 141
"""The status that a shell reports for a process that SIGPIPE ended."""

_ENDING: Final = [signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__]
"""The signals that ask a process to end, those of them that the system has: Windows has no SIGHUP. SIGINT is a
KeyboardInterrupt."""


@contextmanager
def unfinished_removed() -> Iterator[None]:
    """While it is entered, SIGTERM and SIGHUP remove unfinished files before they end the process."""
    handled = []
    try:
        with suppress(ValueError):  # only the main thread can set handlers
            for number in _ENDING:
                if signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, _end)
                    handled.append(number)
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _: object) -> None:
    remove_unfinished()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def without_reader() -> int:
    """The exit status for a reader that closed the pipe, as `head` does; what is still buffered is discarded."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _NO_READER
