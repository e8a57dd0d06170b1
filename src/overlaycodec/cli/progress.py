"""The progress of a long run, shown on a terminal only."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final, TypeAlias

__all__ = ["Advance", "no_progress", "progress_beside_lines", "progress_over"]

Advance: TypeAlias = Callable[[int, int], None]
"""Called with how many more packets were read, and with their octets."""

_RECORD_OCTETS: Final = 16
"""The least octets that a file has for a packet beside its own."""


def no_progress(packets: int, octets: int) -> None:
    """Shows nothing."""


@contextmanager
def progress_beside_lines(files: tuple[str, ...], what: str) -> Iterator[Advance]:
    """The same for a command that writes lines: only where these go to a file.

    On a terminal, bar and lines are in one another's way; the reader of a pipe can be a pager on the same terminal.
    """
    with progress_over(files, what) if _to_a_file() else nullcontext(no_progress) as advance:
        yield advance


def _to_a_file() -> bool:
    """Whether the standard output is neither a terminal nor a pipe."""
    try:
        return not stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode) and not sys.stdout.isatty()
    except (OSError, ValueError, AttributeError):  # it is closed, None or in memory
        return False


@contextmanager
def progress_over(files: tuple[str, ...], what: str, passes: int = 1) -> Iterator[Advance]:
    """A bar on the standard error for `passes` passes over the files; without a total if their size is unknown."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[packets]:,} packets"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=_octets_of(files, passes), packets=0)
        count = 0

        def advance(packets: int, octets: int) -> None:
            nonlocal count
            count += packets
            progress.update(task, advance=octets + _RECORD_OCTETS * packets, packets=count)

        yield advance


def _octets_of(files: tuple[str, ...], passes: int) -> int | None:
    """How many octets will be read; None where that is not known."""
    total = 0
    for file in files:
        if file == "-" or not os.path.isfile(file) or file.endswith(".gz"):
            return None
        total += os.path.getsize(file)
    return total * passes
