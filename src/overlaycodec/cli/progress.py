"""The progress of a long run, shown on a terminal only."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final, TypeAlias

__all__ = ["Advance", "no_progress", "progress_beside_lines", "progress_over", "progress_to"]

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
    with _bar(what, lambda: _octets_of(files, passes), "packets") as (shown, update):
        count = 0

        def advance(packets: int, octets: int) -> None:
            nonlocal count
            count += packets
            update(octets + _RECORD_OCTETS * packets, count)

        yield advance if shown else no_progress


@contextmanager
def progress_to(total: int, what: str, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar on the standard error for so many things, which is told how many more are done."""
    with _bar(what, lambda: total, unit) as (_, update):
        count = 0

        def advance(done: int) -> None:
            nonlocal count
            count += done
            update(done, count)

        yield advance


@contextmanager
def _bar(what: str, total: Callable[[], int | None], unit: str) -> Iterator[tuple[bool, Callable[[int, int], None]]]:
    """Whether there is a bar, and a function that moves it on by so much, and shows a count of such things."""
    if not sys.stderr.isatty():
        yield False, no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.fields[count]:,}} {unit}"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total(), count=0)
        yield True, lambda more, count: progress.update(task, advance=more, count=count)


def _octets_of(files: tuple[str, ...], passes: int) -> int | None:
    """How many octets will be read; None where that is not known."""
    total = 0
    for file in files:
        if file == "-" or not os.path.isfile(file) or file.endswith((".gz", ".zst", ".xz", ".bz2")):
            return None
        total += os.path.getsize(file)
    return total * passes
