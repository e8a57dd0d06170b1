"""How time is taken.

Strategy: contestants take turns within each round, in another order each round, so that what else the machine does
falls on all of them alike. Each round has new inputs, made outside the clock. The clock is the CPU time of this one
process, bound to one core. The garbage collector runs as it does in a program; what lived before is frozen out.

Before work that fills much memory, so much is taken, written to and given back. In a virtual machine, memory that has
been free for some seconds may be with the host, which needs ten times as long to give it as the system needs to
clear it. So whoever came after a slow contestant would pay for memory that whoever came after a quick one gets at once.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CORES", "Contestant", "Timing", "all_cores", "compete", "fetch_memory", "use_one_core"]

CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
"""Those that this process may use when it starts."""
_PAGE = 4096


@dataclass
class Contestant:
    """Somebody who does one piece of work for each input."""

    name: str
    work: Callable[[Any], object]  # Any: each has inputs of its own kind
    share: int = 1
    """One input in so many is theirs: slow ones get fewer."""
    prepare: Callable[[Any], Any] | None = None  # Any: as above
    """Makes their input of the common one, outside the clock."""


@dataclass
class Timing:
    """Microseconds an input, a figure a round."""

    name: str
    rounds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def best(self) -> float:
        return min(self.rounds)


def use_one_core() -> str:
    """Binds this process to one core, where the system can; says what it did."""
    if not hasattr(os, "sched_setaffinity"):
        return "not bound to a core"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return "bound to one core"


@contextmanager
def all_cores() -> Iterator[None]:
    """A program that is started within this uses all cores, where the process that starts it is bound to one."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    bound = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, bound)


def fetch_memory(octets: int) -> None:
    """Takes so much memory, writes to each of its pages, and gives it back to the system."""
    import numpy as np

    np.zeros(octets, np.uint8)[::_PAGE] = 1


def compete(
    contestants: Sequence[Contestant],
    inputs: Callable[[int], Sequence[Any]],  # Any: the inputs of one contest, whatever they are
    rounds: int,
) -> dict[str, Timing]:
    """The timings of all contestants by name; `inputs(round)` gives that round's inputs."""
    timings = {contestant.name: Timing(contestant.name) for contestant in contestants}
    for contestant in contestants:
        _took(contestant, inputs(-1)[:200])  # what is generated or imported at first use
    for number in range(rounds):
        given = inputs(number)
        turn = number % len(contestants)
        for contestant in (*contestants[turn:], *contestants[:turn]):
            mine = given[: max(1, len(given) // contestant.share)]
            timings[contestant.name].rounds.append(_took(contestant, mine))
    return timings


def _took(contestant: Contestant, given: Sequence[Any]) -> float:
    if contestant.prepare is not None:
        given = [contestant.prepare(item) for item in given]
    work = contestant.work
    gc.collect()
    gc.freeze()
    start = time.process_time_ns()
    for item in given:
        work(item)
    took = time.process_time_ns() - start
    gc.unfreeze()
    return took / 1000 / len(given)
