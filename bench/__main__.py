"""`python -m bench`: measures, prints the report, and fails if a target is missed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import column_ratios, columns, engines, growth, operations, pipelines, plot, workers
from bench.contests import CONTESTS, Sizes, check
from bench.imports import HEAVY, heavy_modules, import_times
from bench.memory import Reading, measure
from bench.memory_columns import ColumnsMemory, Held, held, measure_columns
from bench.peers import Peer, installed
from bench.report import (
    MIB,
    OURS,
    Target,
    columns_tables,
    contest_table,
    engines_table,
    environment,
    growth_table,
    held_table,
    import_table,
    memory_table,
    operation_targets,
    operations_table,
    ratio_table,
    stream_table,
    target_table,
    workers_table,
)
from bench.timing import Timing, use_one_core

GROWTH = 1 * MIB
"""What the peak may grow by from the last mark but one to the last: the allocator's own rounding."""
_SCAN_GROWTH = 16 * MIB
_PLOT = "benchmarks.svg"


@dataclass(frozen=True)
class Scale:
    """How much is done in all."""

    sizes: Sizes
    operations: int
    """Frames of a round of operations."""
    marks: tuple[int, ...]
    columns: int
    written: int
    rounds: int
    growth: tuple[int, int]
    kept: int
    scanned: int
    by_workers: int
    """Packets that two workers read."""


FULL = Scale(
    Sizes(15, 2000), 600, (10_000, 100_000, 1_000_000), 1_000_000, 100_000, 7, (9, 500), 20_000, 10_000_000, 6_000_000
)
QUICK = Scale(Sizes(2, 20), 10, (1_000, 2_000, 5_000), 1_000, 100, 1, (1, 5), 200, 20_000, 2_000)


@dataclass(frozen=True)
class Results:
    """All that was measured."""

    timings: Mapping[str, Mapping[str, Timing]]
    operations: Mapping[operations.Kind, operations.Operations]
    columns: columns.Columns
    ratios: column_ratios.Ratios
    growth: list[growth.Growth]
    imports: Mapping[str, Timing]
    heavy: list[str]
    reading: Reading
    held: list[Held]
    memory: ColumnsMemory
    workers: Mapping[str, Timing]


def main() -> int:
    """The exit status: 1 if a target was measured and missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="tiny sizes and no other programs, to see that it works; its figures mean nothing",
    )
    parser.add_argument("--into", type=Path, help="the page whose results are to be replaced; the plot goes beside it")
    parser.add_argument("--engines", type=int, default=0, metavar="PACKETS", help="also group so many by engines")
    parser.add_argument("--stream", type=int, default=0, metavar="PACKETS", help="also read so many as they are made")
    arguments = parser.parse_args()
    quick: bool = arguments.quick

    bound = use_one_core()
    peers, absent = installed()
    check(peers)
    with_scapy = any(peer.name == "scapy" for peer in peers)
    operations.check(scapy=with_scapy)
    results = _measure(peers, QUICK if quick else FULL, quick=quick)
    targets = _targets(results) + operation_targets(results.operations)
    parts = [environment(bound, {peer.name.partition(",")[0]: peer.version for peer in peers}, absent)]
    if quick:
        parts.insert(0, "**A quick run: its figures mean nothing.**")
    parts += [target_table(targets)]
    page: Path | None = arguments.into
    if page is not None and plot.draw(page.with_name(_PLOT), results.timings["few"], results.columns, results.growth):
        parts.append(f"![Time by library, and how it grows]({_PLOT})")
    parts += [contest_table(contest.title, contest.unit, results.timings[name]) for name, contest in CONTESTS.items()]
    parts += [operations_table(results.operations)]
    parts += [columns_tables(results.columns), ratio_table(results.ratios), workers_table(results.workers)]
    if arguments.engines:
        parts.append(engines_table(engines.group(arguments.engines, 1 if quick else 3, _say)))
    if arguments.stream:
        parts.append(stream_table(engines.stream(arguments.stream)))
    parts += map(growth_table, results.growth)
    parts += [import_table(results.imports), held_table(results.held, results.memory), memory_table(results.reading)]
    text = "\n\n".join(parts)
    print(text)
    if page is not None:
        before, heading, _ = page.read_text("utf-8").partition("## Results\n")
        page.write_text(f"{before}{heading}\n{text}\n", "utf-8")
    return 0 if quick else int(any(target.met is False for target in targets))


def _measure(peers: list[Peer], scale: Scale, *, quick: bool) -> Results:
    timings = {}
    for name, contest in CONTESTS.items():
        _say(contest.title)
        timings[name] = contest.run(peers, scale.sizes)
    _say("Operations")
    with_scapy = any(peer.name == "scapy" for peer in peers)
    by_operation = operations.run(scale.sizes.rounds, scale.operations, scapy=with_scapy)
    by_columns = columns.run(scale.columns, scale.written, scale.rounds, _say, programs=not quick)
    _say("Columns: two workers")
    by_workers = workers.run(scale.by_workers, scale.rounds)
    ratios = column_ratios.run(scale.scanned, scale.columns, scale.rounds, _say)
    _say("Growth")
    grown = growth.run(peers, *scale.growth)
    _say("Import")
    imports = import_times(2, ("msgspec", OURS)) if quick else import_times(21)
    heavy = heavy_modules()
    _say("Memory")
    names = [peer.name for peer in peers if peer.decode is not None]
    kept = held(names[:1] if quick else names, scale.kept)
    memory = measure_columns(scale.columns, scale.scanned)
    reading = measure(scale.marks)
    return Results(timings, by_operation, by_columns, ratios, grown, imports, heavy, reading, kept, memory, by_workers)


def _targets(results: Results) -> list[Target]:
    decode, timings, by_columns = "Decode 7 headers, every field read", results.timings, results.columns
    distinct, alone = "The same, all addresses distinct", "Decode one header alone, VXLAN"
    encode, table = "Encode 7 headers, checksums computed", "Columns, file to 20 columns"
    ratio = results.imports[OURS].median / results.imports["msgspec"].median
    growth = results.reading.samples[-1].peak - results.reading.samples[-2].peak
    before, after = results.reading.samples[-2].packets, results.reading.samples[-1].packets
    memory = results.memory
    allowed = 3 * memory.result + 64 * MIB
    scan = memory.scan_peak - memory.scan_early
    return [
        Target.faster(decode, timings["few"], "dpkt", 5.5),
        Target.faster(decode, timings["few"], "scapy", 110),
        Target.faster(decode, timings["few"], "construct, compiled", 20),
        Target.faster(distinct, timings["distinct"], "dpkt", 3),
        Target.faster(encode, timings["encode"], "dpkt", 5),
        Target.faster(encode, timings["encode"], "scapy", 50),
        Target.faster(alone, timings["vxlan"], "construct", 20),
        Target.faster("The same, beside UDP by dpkt", timings["simplest"], "dpkt", 1),
        Target.faster("The same by a fixed pipeline", timings["pipelines"], OURS, 0.9, ours=pipelines.FIXED),
        Target.faster("A frame refused", timings["pipelines"], pipelines.SORTED_OUT, 0.9, ours=pipelines.REFUSED),
        Target.faster(table, by_columns.uniform, columns.PARSER, 2.5),
        Target.faster(f"{table}, packets of many sizes", by_columns.sized, columns.PARSER, 2.5),
        Target.faster(table, by_columns.uniform, "dpkt", 55),
        Target.faster(table, by_columns.uniform, "scapy", 1000),
        Target.faster("Columns by two workers", results.workers, workers.HALVES, 0.95, ours=workers.TWO_WORKERS),
        *map(Target.of_ratio, results.ratios.rows),
        Target.faster(
            "`encode_columns`, the same values", by_columns.encoding, "build and encode", 50, ours="encode_columns"
        ),
        Target(
            "Peak memory of `columns`",
            "at most 3 x its result + 64 MiB",
            f"{memory.peak / MIB:,.0f} MiB for a result of {memory.result / MIB:,.0f} MiB",
            memory.peak <= allowed,
        ),
        Target(
            f"Memory over a scan of {memory.scanned:,} packets",
            "constant",
            f"{scan / MIB:+.1f} MiB from {memory.scanned // 10:,} packets on",
            scan <= _SCAN_GROWTH,
        ),
        Target("`import overlaycodec`", "at most 3 x `import msgspec`", f"{ratio:.2f} x", ratio <= 3),
        Target(f"and does not load {', '.join(HEAVY)}", "none", ", ".join(results.heavy) or "none", not results.heavy),
        Target(
            "Memory over a long capture, packet by packet",
            "constant",
            f"{growth / MIB:+.2f} MiB from {before:,} to {after:,} packets",
            growth <= GROWTH,
        ),
    ]


def _say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
