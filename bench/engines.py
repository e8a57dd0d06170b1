"""Hosts of the inner packets grouped by engines over columns and by peers, and a stream that never ends up in memory.

Strategy: each contestant is a program of its own, from its start to its end, and they take turns. Memory is what all
processes of the program have together, apart from pages of files; pages that several have are divided among them. Run
alone, it prints its tables and what they were measured on: `python -m bench.engines 10000000 100000000`.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from bench.captures import FILE_HEADER, uniform_blocks
from bench.column_ratios import HOSTS, write_hosts
from bench.memory_columns import anonymous
from bench.peers.groups import PEERS, Row
from bench.peers.tables import COLUMNS
from bench.timing import CORES, all_cores

__all__ = ["Grouping", "Groupings", "Stream", "group", "stream"]

_NAMES = ("inner.ipv4.src", "wire_length")
_SQL = 'select "inner.ipv4.src", count(*), sum(wire_length) from packets group by all'
_MARKS = 10
_CHECKED = 2_000
"""Packets of the capture in which all have to find the same."""


class Engine(NamedTuple):
    """Somebody who can group, of one package; slow ones get one packet in so many."""

    name: str
    package: str
    workers: tuple[int, ...] = (1, 2)
    share: int = 1

    @property
    def version(self) -> str | None:
        """That of the package; None if it is not there."""
        if self.package != "tshark":
            with suppress(PackageNotFoundError):
                return version(self.package)
        elif shutil.which("tshark") is not None:
            said = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout
            return said.partition("\n")[0].split()[2]
        return None


_ENGINES = (
    Engine("DuckDB, a table", "duckdb"),
    Engine("DuckDB, a stream", "duckdb"),
    Engine("Polars", "polars"),
    Engine("Dask", "distributed"),
    Engine("tshark", "tshark", (1,), 20),
    Engine("pcaptoparquet", "pcaptoparquet", (1,), 100),
    Engine("scapy", "scapy", (1,), 200),
)


class Grouping(NamedTuple):
    """One engine: the median seconds of its program, and the most memory of its processes, in octets."""

    engine: str
    workers: int
    packets: int
    seconds: float
    memory: int


class Groupings(NamedTuple):
    """All of them, the versions of their packages, and the packages that are not there."""

    rows: list[Grouping]
    versions: dict[str, str]
    absent: list[str]


class Stream(NamedTuple):
    """Memory after each tenth of a stream of packets, in octets over what there was before it, and how long it took."""

    packets: int
    seconds: float
    memory: list[int]


def group(packets: int, rounds: int, say: Callable[[str], None]) -> Groupings:
    """Packets and octets of each of some thousands of inner hosts, by each engine and peer that is installed.

    Raises: AssertionError if two of them find different packets or octets of a host.
    """
    known = {engine.package: engine.version for engine in _ENGINES}
    engines = [engine for engine in _ENGINES if known[engine.package] is not None]
    jobs = [(engine, workers) for engine in engines for workers in engine.workers]
    found: dict[tuple[Engine, int], list[tuple[float, int]]] = {job: [] for job in jobs}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hosts.pcap")
        write_hosts(path, _CHECKED, HOSTS)
        say("Engines: whether all find the same")
        first, *others = (_program("rows", engine.name, path, workers).communicate()[0] for engine, workers in jobs)
        for (engine, _), other in zip(jobs[1:], others, strict=True):
            assert json.loads(other) == json.loads(first), engine.name
        counts = {engine: max(packets // engine.share, 1) for engine in engines}
        for count in set(counts.values()):
            write_hosts(path.with_stem(f"hosts-{count}"), count, HOSTS)
        for number in range(rounds):
            for engine, workers in jobs[number % len(jobs) :] + jobs[: number % len(jobs)]:
                say(f"Engines: {engine.name}, {workers}")
                count = counts[engine]
                its = path.with_stem(f"hosts-{count}")
                found[engine, workers].append(_measured(its, engine.name, workers, count))
    rows = [
        Grouping(
            engine.name,
            workers,
            counts[engine],
            statistics.median(seconds for seconds, _ in measured),
            max(peak for _, peak in measured),
        )
        for (engine, workers), measured in found.items()
    ]
    versions = {name: number for name, number in known.items() if number is not None}
    return Groupings(rows, versions, [name for name in known if name not in versions])


def stream(packets: int) -> Stream:
    """All columns of packets that are made while they are read, batch by batch."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.engines", "stream", str(packets)], capture_output=True, text=True, check=True
    )
    seconds, memory = json.loads(done.stdout)
    return Stream(packets, seconds, memory)


def _measured(path: Path, engine: str, workers: int, packets: int) -> tuple[float, int]:
    start, peak = time.perf_counter(), 0
    with _program("group", engine, path, workers) as program:
        while program.poll() is None:
            peak = max(peak, sum(map(_own_memory, _tree(program.pid))))
            time.sleep(0.1)
        seconds = time.perf_counter() - start
        assert program.stdout is not None
        assert json.loads(program.stdout.read()) == packets, engine
    return seconds, peak


def _program(work: str, engine: str, path: Path, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.engines", work, engine, str(path), str(workers)]
    with all_cores():
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


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


def _grouped(engine: str, path: str, workers: int) -> list[Row]:
    """Each host, its packets and its octets, in any order."""
    if engine in PEERS:
        return PEERS[engine](Path(path))
    if engine == "Dask":
        return _grouped_by_dask(path, workers)
    import overlaycodec as oc

    if engine == "Polars":
        import polars as pl

        scan = oc.scan_polars(path, _NAMES, workers=workers)
        return scan.group_by("inner.ipv4.src").agg(pl.len(), pl.col("wire_length").sum()).collect().rows()
    import duckdb

    packets = (
        oc.batches(path, _NAMES, workers=workers) if "stream" in engine else oc.columns(path, _NAMES, workers=workers)
    )
    connection = duckdb.connect()
    connection.register("packets", packets)
    rows: list[Row] = connection.sql(_SQL).fetchall()
    return rows


def _read(split: Any) -> Any:  # Any: a split, and a data frame of an optional package
    return split.columns(_NAMES).to_pandas()


def _grouped_by_dask(path: str, workers: int) -> list[Row]:
    import dask.dataframe as dd
    from dask.distributed import Client

    import overlaycodec as oc

    with Client(n_workers=workers, threads_per_worker=1, dashboard_address=None):
        empty = oc.columns([], _NAMES).to_pandas()
        packets = dd.from_map(_read, oc.splits([path], octets=64 << 20), meta=empty)
        of_hosts = packets.groupby("inner.ipv4.src")["wire_length"].agg(["count", "sum"]).compute()
        return list(zip(of_hosts.index, of_hosts["count"].tolist(), of_hosts["sum"].tolist(), strict=True))


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
            print(json.dumps(sum(packets for _, packets, _ in _grouped(engine, path, int(workers)))))
        case ["rows", engine, path, workers]:
            print(json.dumps(sorted(_grouped(engine, path, int(workers)))))
        case ["stream", packets]:
            print(json.dumps(_streamed(int(packets))))
        case [grouped, streamed]:
            from bench.report import engines_table, environment, stream_table

            cores = f"{len(CORES)} core{'s' if len(CORES) > 1 else ''}"
            if int(grouped):
                found = group(int(grouped), 3, lambda what: print(what, file=sys.stderr, flush=True))
                print(environment(cores, found.versions, found.absent), end="\n\n")
                print(engines_table(found), end="\n\n")
            if int(streamed):
                print(stream_table(stream(int(streamed))))
        case _:
            sys.exit("usage: python -m bench.engines PACKETS_GROUPED PACKETS_STREAMED")


if __name__ == "__main__":
    main(sys.argv[1:])
