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
from itertools import count, islice
from typing import TYPE_CHECKING, Final

from overlaycodec.capture.files import file_name
from overlaycodec.capture.part import StaleStateError
from overlaycodec.capture.split import Split
from overlaycodec.capture.splitting import rest_after, splits_by_size
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

_PIECES: Final = 8
"""Splits for each process, so that none waits long for the last one."""
LEAST: Final = 1 << 22
"""Octets of a split: of fewer, starting a process costs more than it gains."""
_MOST: Final = 1 << 26
_MOST_AT_ONCE: Final = 1 << 24
"""The most octets of a split of which each table is needed only for a while."""


def can_work() -> bool:
    """Whether this process can start others: not in WebAssembly, and not where it is itself one of a pool."""
    return sys.platform not in ("emscripten", "wasi") and not multiprocessing.current_process().daemon


class _Task:
    """A split, who has it, and what came of it."""

    __slots__ = ("end", "file", "given", "last", "outcome", "split")

    def __init__(self, file: int, split: Split, end: Split, *, last: bool) -> None:
        self.file, self.split = file, split
        self.end = end
        """The last split of the file."""
        self.last = last
        self.given = False
        self.outcome: Outcome | None = None


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
        request = Request(rows.names, catalog, pipeline, rows.where, most)
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
        for error in failed:
            raise error

    def _outcomes(self, request: Request) -> Iterator[Outcome]:
        """What comes of all splits, in order. Raises: as reading does, after what comes of those before."""
        worker = Worker(request)
        planned = self._planned(_MOST if request.most is None else _MOST_AT_ONCE)
        queue: deque[_Task] = deque()
        given: dict[int, _Task] = {}
        numbers = count()
        with Crew(request, worker.columns, self._workers - 1) as crew:
            while True:
                while len(queue) < self._ahead and (tasks := next(planned, None)) is not None:
                    queue += tasks
                if not queue:
                    return
                mine = self._give(queue, crew, given, numbers)
                if queue[0].outcome is not None:
                    yield from self._settled(queue.popleft(), queue, worker)
                    continue
                came = False
                for number, outcome in crew.outcomes(wait_for_one=mine is None):
                    given.pop(number).outcome = outcome
                    came = True
                if mine is not None and not came:
                    mine.given = True
                    mine.outcome = worker.outcome(mine.split)

    def _planned(self, most: int) -> Iterator[list[_Task]]:
        """The tasks of one file after another. Raises: as opening a file does, once its tasks are asked for."""
        for number, file in enumerate(self._files):
            try:
                found = splits_by_size(file, _PIECES * self._workers, LEAST, most)
            except CaptureError as error:
                raise self._named(error, number) from None
            yield _tasks(number, found)

    def _give(
        self, queue: deque[_Task], crew: Crew, given: dict[int, _Task], numbers: Iterator[int]
    ) -> _Task | None:
        """Gives tasks out, but for the first that nobody has: that is what this process does itself."""
        waiting = [task for task in islice(queue, self._ahead) if not task.given]
        for task in waiting[1:]:
            number = next(numbers)
            if not crew.give(number, task.split):
                break
            task.given = True
            given[number] = task
        return waiting[0] if waiting else None

    def _settled(self, task: _Task, queue: deque[_Task], worker: Worker) -> Iterator[Outcome]:
        """What came of the first task, or comes of reading on from there. Raises: the error that one reader raises."""
        outcome = task.outcome
        assert outcome is not None
        error = outcome.error
        if error is None:
            yield outcome
        elif isinstance(error, CaptureError) and not task.last:
            while queue and queue[0].file == task.file:
                queue.popleft()
            if isinstance(error, StaleStateError):
                yield outcome
                octets = (task.split.stop or 0) - task.split.start
                queue.extendleft(reversed(_tasks(task.file, rest_after(task.split, task.end, octets))))
                return
            split = task.split
            rest = Split(split.path, split.start, task.end.stop, split.state, task.end.following)
            try:
                for part in worker.outcomes(rest):
                    yield part
                    if part.error is not None:
                        raise part.error
            except CaptureError as error:
                raise self._named(error, task.file) from None
        else:
            yield outcome
            raise self._named(error, task.file) if isinstance(error, CaptureError) else error

    def _named(self, error: CaptureError, file: int) -> CaptureError:
        if not self._several:
            return error
        return CaptureError(error.reason, error.octet, file_name(self._files[file]))


def _tasks(file: int, found: Iterable[Split]) -> list[_Task]:
    found = list(found)
    return [_Task(file, split, found[-1], last=split is found[-1]) for split in found]
