"""Files read by several processes, in order.

Strategy: this process plans the splits, gives them out, and decodes some itself. What comes of them is given on in the
order of the file, and held against it: a split counts once the one before it was read up to its first octet. Where that
is not so, as in damaged files, this process reads on from there alone, or makes other splits; so rows and errors are
those of one reader.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Final

from overlaycodec.capture.files import file_name
from overlaycodec.capture.part import StaleStateError
from overlaycodec.capture.split import Split
from overlaycodec.capture.splitting import rest_after, splits_for
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column_buffers import Output
from overlaycodec.columnar.decode.driver import Origin, occurring_names
from overlaycodec.columnar.decode.row_filter import RowFilter
from overlaycodec.columnar.workers.crew import Crew
from overlaycodec.columnar.workers.work import Outcome, Request, Worker
from overlaycodec.errors import CaptureError

if TYPE_CHECKING:
    from overlaycodec.capture.files import File
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["Workers", "can_work"]

LEAST: Final = 1 << 24
"""Octets of a split: of fewer, starting a process costs more than it gains."""
_MOST: Final = 1 << 27
_PACKETS: Final = 1 << 15
"""The most packets of an output: few enough that the memory that is shared is used often, and stays in caches."""


def can_work() -> bool:
    """Whether this process can start others: not in WebAssembly, and not where it is itself one of a pool."""
    return sys.platform not in ("emscripten", "wasi") and not multiprocessing.current_process().daemon


class _Task:
    """A split, who has it, and what came of it."""

    __slots__ = ("done", "end", "file", "given", "parts", "split")

    def __init__(self, file: int, split: Split, end: Split) -> None:
        self.file, self.split = file, split
        self.end = end
        """The file, as a split."""
        self.given = self.done = False
        self.parts: list[Outcome] = []

    @property
    def error(self) -> Exception | None:
        """The error that ended the reading."""
        return self.parts[-1].error if self.parts else None


class _Plan:
    """What is to be done, in order: the next tasks in a queue, the others yet to be made, file by file."""

    def __init__(self, files: Iterable[tuple[int, Iterator[_Task]]]) -> None:
        self.queue: deque[_Task] = deque()
        self._files = deque(files)

    def has(self, tasks: int) -> bool:
        """Whether there is a task; so many are in the queue then, or all."""
        while len(self.queue) < tasks and self._files:
            task = next(self._files[0][1], None)
            if task is None:
                self._files.popleft()
            else:
                self.queue.append(task)
        return bool(self.queue)

    def replace(self, file: int, tasks: Iterator[_Task]) -> None:
        """Puts other tasks in the place of those of a file, which are the first."""
        later = [task for task in self.queue if task.file != file]
        self.queue.clear()
        if self._files and self._files[0][0] == file:
            self._files.popleft()
        self._files.extendleft(((file + 1, iter(later)), (file, tasks)))


class Workers(Origin):
    """Processes that read files."""

    def __init__(self, files: Sequence[File], workers: int, *, several: bool) -> None:
        self._files, self._workers = files, workers
        self._several = several
        """Whether errors name the file."""
        self._ahead = 3 * workers
        """So many splits are decoded before the first of them is asked for."""

    def names(self, catalog: Catalog, progress: Callable[[int], object] | None, failed: list[Exception]) -> list[str]:
        """The names of the columns that occur; the error that ended the reading is put into `failed`."""
        found: dict[str, None] = {}
        try:
            for outcome in self._outcomes(Request(None, catalog)):
                found |= dict.fromkeys(outcome.names)
                if progress is not None:
                    progress(outcome.octets)
        except Exception as error:
            failed.append(error)
        return list(found) or occurring_names((), catalog)

    def outputs(
        self, rows: RowFilter, catalog: Catalog, pipeline: AnyPipeline | None, most: int | None
    ) -> Iterator[tuple[Output, int]]:
        """The outputs of all files, in order; there is at least one. Raises: as reading does, after those before."""
        request = Request(rows.names, catalog, pipeline, rows.where, most or _PACKETS)
        some = False
        failed: list[Exception] = []
        try:
            for outcome in self._outcomes(request):
                for output in outcome.outputs:
                    some = True
                    yield output
        except Exception as error:
            failed.append(error)
        if not some:
            yield Output(rows.columns, 0), 0
        if failed:
            raise failed[0]

    def _outcomes(self, request: Request) -> Iterator[Outcome]:
        """What comes of all splits, in order. Raises: as reading does, after what comes of those before."""
        worker = Worker(request)
        plan = _Plan((number, self._tasks_of(number)) for number in range(len(self._files)))
        given: dict[int, _Task] = {}
        numbers = count()

        def collect(*, wait_for_one: bool) -> bool:
            """Takes what others have done; whether they have."""
            came = False
            for number, outcome, is_all in crew.outcomes(wait_for_one=wait_for_one):
                came = True
                task = given[number]
                task.parts.append(outcome)
                if is_all:
                    task.parts.pop()
                    task.done = True
                    del given[number]
            return came

        with Crew(request, worker.columns, self._workers - 1) as crew:
            while plan.has(2):
                self._give(plan.queue, crew, given, numbers)  # before more is planned, so that others begin
                plan.has(self._ahead)
                mine = self._give(plan.queue, crew, given, numbers)
                if plan.queue[0].done:
                    yield from self._settled(plan.queue.popleft(), plan, worker)
                elif not collect(wait_for_one=mine is None) and mine is not None:
                    mine.given = True
                    for part in worker.parts(mine.split, crew.blocks):
                        mine.parts.append(part)
                        while collect(wait_for_one=False):
                            pass
                    mine.done = True

    def _tasks_of(self, number: int) -> Iterator[_Task]:
        """The tasks of a file; the last has the error, where it cannot be read."""
        file = self._files[number]
        end = file if isinstance(file, Split) else Split(file_name(file))
        try:
            for split in splits_for(file, self._workers, LEAST, _MOST):
                yield _Task(number, split, end)
        except Exception as error:
            failed = _Task(number, end, end)
            failed.parts.append(Outcome([], [], 0, error))
            failed.given = failed.done = True
            yield failed

    def _give(self, queue: deque[_Task], crew: Crew, given: dict[int, _Task], numbers: Iterator[int]) -> _Task | None:
        """Gives tasks out, but for the first that nobody has: that is what this process does itself."""
        waiting = [task for task in queue if not task.given]
        for task in waiting[1:]:
            number = next(numbers)
            if not crew.give(number, task.split):
                break
            task.given = True
            given[number] = task
        return waiting[0] if waiting else None

    def _settled(self, task: _Task, plan: _Plan, worker: Worker) -> Iterator[Outcome]:
        """What came of the first task, or comes of reading on from there. Raises: the error that one reader raises."""
        parts, split, end = iter(task.parts), task.split, task.end
        if isinstance(task.error, CaptureError) and split.stop != end.stop:
            if isinstance(task.error, StaleStateError):
                rest = rest_after(split, end, split.octets or LEAST)
                plan.replace(task.file, (_Task(task.file, one, end) for one in rest))
                yield from (part._replace(error=None) for part in parts)
                return
            plan.replace(task.file, iter(()))
            parts = worker.parts(Split(split.path, split.start, end.stop, split.state, end.following))
        for part in parts:
            yield part._replace(error=None)
            if part.error is not None:
                raise self._named(part.error, task.file)

    def _named(self, error: Exception, file: int) -> Exception:
        if not self._several or not isinstance(error, CaptureError):
            return error
        return CaptureError(error.reason, error.octet, file_name(self._files[file]))
