"""Engines over columns: hosts of the inner packets grouped, and a stream of packets that never ends up in memory.

Strategy: each contestant is a program of its own, from its start to its end, and they take turns. Memory is what all
processes of the program have together, apart from pages of files; pages that several have are divided among them. Run
alone, it prints its tables: `python -m bench.engines 10000000 100000000`.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from bench.captures import FILE_HEADER, uniform_blocks
from bench.column_ratios import HOSTS, write_hosts
from bench.memory_columns import anonymous
from bench.peers.tables import COLUMNS

__all__ = ["Grouping", "Stream", "group", "stream"]

_NAMES = ("inner.ipv4.src", "wire_length")
_MODULES = {"DuckDB, a table": "duckdb", "DuckDB, a stream": "duckdb", "Polars": "polars", "Dask": "distributed"}
_SQL = 'select "inner.ipv4.src", count(*), sum(wire_length) from packets group by all'
_MARKS = 10


class Grouping(NamedTuple):
    """One engine: the median seconds of its program, and the most memory of its processes, in octets."""

    engine: str
    workers: int
    packets: int
    seconds: float
    memory: int


class Stream(NamedTuple):
    """Memory after each tenth of a stream of packets, in octets over what there was before it, and how long it took."""

    packets: int
    seconds: float
    memory: list[int]


def group(packets: int, rounds: int, say: Callable[[str], None]) -> list[Grouping]:
    """Packets and octets of each of some thousands of inner hosts, by each engine that is installed."""
    engines = [name for name, module in _MODULES.items() if importlib.util.find_spec(module) is not None]
    jobs = [(engine, workers) for engine in engines for workers in (1, 2)]
    found: dict[tuple[str, int], list[tuple[float, int]]] = {job: [] for job in jobs}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hosts.pcap")
        write_hosts(path, packets, HOSTS)
        for number in range(rounds):
            for engine, workers in jobs[number % len(jobs) :] + jobs[: number % len(jobs)]:
                say(f"Engines: {engine}, {workers}")
                found[engine, workers].append(_measured(path, engine, workers, packets))
    return [
        Grouping(
            engine, workers, packets, statistics.median(seconds for seconds, _ in rows), max(peak for _, peak in rows)
        )
        for (engine, workers), rows in found.items()
    ]


def stream(packets: int) -> Stream:
    """All columns of packets that are made while they are read, batch by batch."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.engines", "stream", str(packets)], capture_output=True, text=True, check=True
    )
    seconds, memory = json.loads(done.stdout)
    return Stream(packets, seconds, memory)


def _measured(path: Path, engine: str, workers: int, packets: int) -> tuple[float, int]:
    start, peak = time.perf_counter(), 0
    command = [sys.executable, "-m", "bench.engines", "group", engine, str(path), str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        while program.poll() is None:
            peak = max(peak, sum(map(_own_memory, _tree(program.pid))))
            time.sleep(0.1)
        seconds = time.perf_counter() - start
        assert program.stdout is not None
        assert json.loads(program.stdout.read()) == packets, engine
    return seconds, peak


def _tree(process: int) -> Iterator[int]:
    """A process and all that it started, and so on."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # it has ended
            for child in children.read_text("ascii").split():
                yield from _tree(int(child))


def _own_memory(process: int) -> int:
    """Octets of memory that are of no file."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:"))) * 1024


# --- what the programs do ---------------------------------------------------------------------------------------------


def _grouped(engine: str, path: str, workers: int) -> int:
    """The packets of all hosts together."""
    import overlaycodec as oc

    if engine == "Dask":
        return _grouped_by_dask(path, workers)
    if engine == "Polars":
        import polars as pl

        scan = oc.scan_polars(path, _NAMES, workers=workers)
        of_hosts = scan.group_by("inner.ipv4.src").agg(pl.len(), pl.col("wire_length").sum()).collect()
        return int(of_hosts["len"].sum())
    import duckdb

    packets = (
        oc.batches(path, _NAMES, workers=workers) if "stream" in engine else oc.columns(path, _NAMES, workers=workers)
    )
    connection = duckdb.connect()
    connection.register("packets", packets)
    return sum(row[1] for row in connection.sql(_SQL).fetchall())


def _read(split: Any) -> Any:  # Any: a split, and a data frame of an optional package
    return split.columns(_NAMES).to_pandas()


def _grouped_by_dask(path: str, workers: int) -> int:
    import dask.dataframe as dd
    from dask.distributed import Client

    import overlaycodec as oc

    with Client(n_workers=workers, threads_per_worker=1, dashboard_address=None):
        empty = oc.columns([], _NAMES).to_pandas()
        packets = dd.from_map(_read, oc.splits([path], octets=64 << 20), meta=empty)
        of_hosts = packets.groupby("inner.ipv4.src")["wire_length"].agg(["count", "sum"]).compute()
        return int(of_hosts["count"].sum())


class _Made:
    """A capture that is made as it is read."""

    def __init__(self, packets: int) -> None:
        self._blocks, self._left = uniform_blocks(packets), FILE_HEADER

    def read(self, octets: int = -1) -> bytes:
        """The next octets: at most so many, and none at the end."""
        if not self._left:
            self._left = next(self._blocks, b"")
        read, self._left = (self._left, b"") if octets < 0 else (self._left[:octets], self._left[octets:])
        return read


def _streamed(packets: int) -> tuple[float, list[int]]:
    import overlaycodec as oc

    for _ in oc.batches(_Made(10), COLUMNS, addresses="number"):  # what is imported and generated at first use
        pass
    start, before, seen, most = time.perf_counter(), anonymous(), 0, 0
    memory: list[int] = []
    for batch in oc.batches(_Made(packets), COLUMNS, addresses="number"):
        seen += batch.num_rows
        most = max(most, anonymous() - before)
        while seen * _MARKS >= packets * (len(memory) + 1):
            memory.append(most)
            if seen * _MARKS < packets * (len(memory) + 1):
                most = 0
    assert seen == packets
    return time.perf_counter() - start, memory


def main(arguments: list[str]) -> None:
    """What a program of a contest does; or both contests."""
    match arguments:
        case ["group", engine, path, workers]:
            print(json.dumps(_grouped(engine, path, int(workers))))
        case ["stream", packets]:
            print(json.dumps(_streamed(int(packets))))
        case [grouped, streamed]:
            from bench.report import engines_table, stream_table

            if int(grouped):
                print(
                    engines_table(group(int(grouped), 3, lambda what: print(what, file=sys.stderr, flush=True))),
                    end="\n\n",
                )
            if int(streamed):
                print(stream_table(stream(int(streamed))))
        case _:
            sys.exit("usage: python -m bench.engines PACKETS_GROUPED PACKETS_STREAMED")


if __name__ == "__main__":
    main(sys.argv[1:])
