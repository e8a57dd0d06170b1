"""Signals that end the process: the files that a command has not finished are removed first.

Strategy: handlers are set only while a command writes a file, and only for signals that have their default action. So a
signal that is ignored, as under `nohup`, stays ignored, and a handler of the program that runs the command stays. A
handler removes the files and then lets the signal end the process; a shell reports 128 more than the signal. No code of
the command runs after the signal, so nothing can block the end, and a second signal cannot interrupt it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from overlaycodec.capture.sink import remove_unfinished

__all__ = ["ENDING_SIGNALS", "unfinished_removed"]

_NAMES: Final = (
    *("SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK", "SIGALRM", "SIGUSR1", "SIGUSR2"),
    *("SIGVTALRM", "SIGPROF", "SIGXCPU", "SIGIO", "SIGPWR", "SIGSTKFLT"),
)
ENDING_SIGNALS: Final = [signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__]
"""The signals whose default action ends a process, those of them that the system has: Windows has no SIGHUP. SIGINT is
a KeyboardInterrupt, Python ignores SIGPIPE and SIGXFSZ, and no code can run after those that a fault raises."""


@contextmanager
def unfinished_removed() -> Iterator[None]:
    """While it is entered, signals that end the process remove unfinished files first."""
    handled = []
    try:
        with suppress(ValueError):  # only the main thread can set handlers
            for number in ENDING_SIGNALS:
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
