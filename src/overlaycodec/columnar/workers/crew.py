"""The processes that work for this one: each decodes the splits that it is given, one after another.

Strategy: a process ends when its pipe does, so all end with the one that started them, however that ends. They ignore
Ctrl-C, which goes to all processes of a terminal: this one ends them.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Final

from overlaycodec.capture.split import Split
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import Output
from overlaycodec.columnar.workers.shared_memory import Arenas, LargeBlocks, ReceivedArenas
from overlaycodec.columnar.workers.work import Outcome, Request, Worker

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

__all__ = ["Crew"]

_LENT: Final = 3
"""So many blocks of memory wait to be copied; then a process waits for the other."""
_AT_ONCE: Final = 2
"""So many splits are given to a process, so that it has one when the other is done."""


class _Hand:
    """One process, and what it was given."""

    def __init__(self, process: BaseProcess, connection: Connection, blocks: LargeBlocks) -> None:
        self.process, self.connection = process, connection
        self.arenas = ReceivedArenas(blocks)
        self.given: list[int] = []


class Crew:
    """Processes that do what a request asks for; each is started when there is work for it."""

    def __init__(self, request: Request, columns: tuple[Column, ...], most: int) -> None:
        self._request, self._columns, self._most = request, columns, most
        self._hands: list[_Hand] = []
        self.blocks = LargeBlocks()
        """Memory for what comes of splits."""

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.process.kill()  # it holds nothing that would have to be given back
            hand.connection.close()
        for hand in self._hands:
            hand.process.join()
            hand.process.close()
        self._hands.clear()

    def give(self, number: int, split: Split) -> bool:
        """Gives a split to a process that has time for it; whether there is one."""
        hand = min(self._hands, key=lambda hand: len(hand.given), default=None)
        if hand is None or (hand.given and len(self._hands) < self._most):
            if len(self._hands) == self._most:
                return False
            hand = self._started()
        if len(hand.given) == _AT_ONCE:
            return False
        hand.given.append(number)
        try:
            hand.connection.send((number, split, []))
        except (BrokenPipeError, ConnectionResetError):
            raise self._ended(hand) from None
        return True

    def outcomes(self, *, wait_for_one: bool) -> Iterator[tuple[int, Outcome, bool]]:
        """What came of splits, by their numbers, as far as it is there, and whether that is all of a split.

        Raises: ChildProcessError where a process was ended from outside.
        """
        busy = {hand.connection: hand for hand in self._hands if hand.given}
        for connection in wait(list(busy), None if wait_for_one else 0):
            assert isinstance(connection, Connection)
            hand = busy[connection]
            try:
                number, outcome, is_all = _outcome_from(hand, self._columns)
                if hand.arenas.copied:
                    connection.send((0, None, hand.arenas.copied))
                    hand.arenas.copied = []
            except (EOFError, BrokenPipeError, ConnectionResetError):
                raise self._ended(hand) from None
            if is_all:
                hand.given.remove(number)
            yield number, outcome, is_all

    def _ended(self, hand: _Hand) -> ChildProcessError:
        hand.process.join(1)
        return ChildProcessError(
            f"a process that decodes for this one was ended, with exit code {hand.process.exitcode}"
        )

    def _started(self) -> _Hand:
        context = _context()
        ours, theirs = context.Pipe()
        # A process that is forked has the descriptors of this one, and would keep the pipes of the others open.
        forked = context.get_start_method() == "fork"
        inherited = [ours, *(hand.connection for hand in self._hands)] if forked else []
        process: BaseProcess = context.Process(  # type: ignore[attr-defined]  # every context has it
            target=serve, args=(theirs, inherited, self._request), daemon=True, name="overlaycodec"
        )
        with _no_interrupt():
            process.start()
        theirs.close()
        hand = _Hand(process, ours, self.blocks)
        self._hands.append(hand)
        return hand


def _context() -> BaseContext:
    """The way to start processes that the program has chosen, or else that of the system.

    A process with threads is not forked: a lock that one of them holds would never be released in the other process.
    """
    chosen: str | None = multiprocessing.get_start_method(allow_none=True)  # type: ignore[no-untyped-call, unused-ignore]
    method = chosen or multiprocessing.get_all_start_methods()[0]
    if chosen is None and method == "fork" and threading.active_count() > 1:
        method = "spawn"
    return multiprocessing.get_context(method)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """While it is entered, Ctrl-C waits, and so it does in processes that are started, until they ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(connection: Connection, inherited: list[Connection], request: Request) -> None:
    """What a process does: splits in, outcomes out, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler that was inherited would act for the other process
    for other in inherited:
        other.close()
    worker, arenas = Worker(request), Arenas()
    tasks: deque[tuple[int, Split]] = deque()

    def listen() -> None:
        """Takes what was sent; waits for it, if there is nothing to do, or too much was not taken."""
        while not tasks or arenas.lent > _LENT or connection.poll():
            number, split, copied = connection.recv()
            arenas.free(copied)
            if split is not None:
                tasks.append((number, split))

    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            listen()
            number, split = tasks[0]
            for part in worker.parts(split, arenas):
                _send_outcome(connection, number, part, arenas, is_all=False)
                listen()
            tasks.popleft()
            _send_outcome(connection, number, Outcome([], []), arenas, is_all=True)


def _send_outcome(connection: Connection, number: int, outcome: Outcome, arenas: Arenas, *, is_all: bool) -> None:
    outputs = [
        (
            {name: arenas.packed(values[: output.count]) for name, values in output.values.items()},
            {presence: arenas.packed(mask[: output.count]) for presence, mask in output.absent.items()},
            output.count,
            output.others,
            octets,
        )
        for output, octets in outcome.outputs
    ]
    connection.send_bytes(pickle.dumps((number, is_all, arenas.packing(), outputs, *outcome[1:]), protocol=5))
    arenas.send_created(connection)


def _outcome_from(hand: _Hand, columns: tuple[Column, ...]) -> tuple[int, Outcome, bool]:
    content: Any = pickle.loads(hand.connection.recv_bytes())  # Any: as `_send_outcome` makes it
    number, is_all, packing, packed, *rest = content
    hand.arenas.receive(hand.connection, packing)
    unpacked = hand.arenas.unpacked
    outputs = [
        (
            Output.filled(
                columns,
                {name: unpacked(place) for name, place in values.items()},
                {presence: unpacked(place) for presence, place in absent.items()},
                count,
                others,
            ),
            octets,
        )
        for values, absent, count, others, octets in packed
    ]
    return number, Outcome(outputs, *rest), is_all
