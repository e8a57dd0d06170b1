"""The contest of processes: one table by two workers, beside two programs that read half of the file each.

Strategy: each contestant is a program of its own, from its start to its end, and they take turns. All use all cores.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.captures import FILE_HEADER, uniform_blocks
from bench.columns import MEMORY
from bench.timing import Timing, all_cores, fetch_memory

__all__ = ["HALVES", "ONE", "TWO_WORKERS", "run"]

ONE, TWO_WORKERS, HALVES = "one process", "two workers", "two programs, half of the file each"
_PROGRAM = """
import sys
import overlaycodec
from bench.peers.tables import COLUMNS
if __name__ == "__main__":
    print(len(overlaycodec.columns(sys.argv[1], COLUMNS, workers=int(sys.argv[2]))))
"""


def run(packets: int, rounds: int) -> dict[str, Timing]:
    """Microseconds a packet, by contestant; each reads a file of so many packets, or two of half of them."""
    with tempfile.TemporaryDirectory() as name:
        halves = [Path(name, f"half-{number}.pcap") for number in (1, 2)]
        whole = Path(name, "whole.pcap")
        with whole.open("wb") as file:
            file.write(FILE_HEADER)
            for half in halves:
                with half.open("wb") as part:
                    part.write(FILE_HEADER)
                    for block in uniform_blocks(packets // 2):
                        part.write(block)
                        file.write(block)
        jobs = {ONE: [(whole, 1)], TWO_WORKERS: [(whole, 2)], HALVES: [(half, 1) for half in halves]}
        timings = {contestant: Timing(contestant) for contestant in jobs}
        for number in range(rounds):
            order = list(jobs)[number % len(jobs) :] + list(jobs)[: number % len(jobs)]
            for contestant in order:
                fetch_memory(packets * MEMORY)
                start = time.perf_counter()
                assert _packets(jobs[contestant]) == packets // 2 * 2
                timings[contestant].rounds.append((time.perf_counter() - start) * 1e6 / packets)
        return timings


def _packets(jobs: list[tuple[Path, int]]) -> int:
    """The packets that programs read which run at once, on all cores."""
    with all_cores():
        running = [
            subprocess.Popen([sys.executable, "-c", _PROGRAM, path, str(workers)], stdout=subprocess.PIPE, text=True)
            for path, workers in jobs
        ]
    return sum(int(process.communicate()[0]) for process in running)
