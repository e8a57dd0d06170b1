"""The report: a Markdown page of what was measured, with the targets and whether they are met."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.column_ratios import Ratio, Ratios
from bench.columns import Columns
from bench.engines import Groupings, Stream
from bench.growth import Growth
from bench.memory import Reading
from bench.memory_columns import ColumnsMemory, Held
from bench.operations import DECODE, OPERATIONS, Kind, Operation, Operations
from bench.timing import Timing

__all__ = [
    "Target", "columns_tables", "contest_table", "engines_table", "environment", "growth_table", "held_table",
    "import_table", "memory_table", "operation_targets", "operations_table", "ratio_table", "stream_table",
    "target_table", "workers_table",
]  # fmt: skip

OURS = "overlaycodec"
MIB = 1 << 20


@dataclass(frozen=True)
class Target:
    """What was promised, and what was measured; `met` is None where the peer is not installed."""

    what: str
    wanted: str
    measured: str
    met: bool | None

    @classmethod
    def faster(cls, what: str, timings: Mapping[str, Timing], peer: str, times: float, *, ours: str = OURS) -> Target:
        """At least so many times as fast as a peer."""
        wanted = f"at least {times:,} x {peer}"
        if peer not in timings:
            return cls(what, wanted, "not installed", None)
        ratio = timings[peer].median / timings[ours].median
        return cls(what, wanted, f"{_number(ratio)} x", ratio >= times)

    @classmethod
    def of_ratio(cls, ratio: Ratio) -> Target:
        """At most so many times another time, or so many milliseconds."""
        against = f" {ratio.against}" if ratio.against else ""
        wanted = f"at most {ratio.most:g} {ratio.unit}{against}"
        return cls(f"Columns. {ratio.what}", wanted, f"{_number(ratio.value)} {ratio.unit}", ratio.met)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def target_table(targets: Sequence[Target]) -> str:
    """The promises, first of all."""
    words = {True: "yes", False: "**no**", None: "not measured"}
    rows = [(target.what, target.wanted, target.measured, words[target.met]) for target in targets]
    return _table(("What", "Target", "Measured", "Met"), rows)


def contest_table(title: str, unit: str, timings: Mapping[str, Timing]) -> str:
    """One contest: the time of each, and how many times this library's."""
    ours = timings[OURS].median
    ranked = sorted(timings.values(), key=lambda timing: timing.median)
    rows = [
        (timing.name, _number(timing.median), _number(timing.best), f"{timing.median / ours:.1f}") for timing in ranked
    ]
    return f"### {title}\n\nMicroseconds a {unit}.\n\n" + _table(("", "median", "best", "times ours"), rows)


def operations_table(found: Mapping[Kind, Operations]) -> str:
    """The operations: each as a multiple of `decode` of the same frames, by the kind of frames."""
    kinds = list(found)
    rows = [
        ("`decode`, microseconds", "", *(_number(found[kind].ours[DECODE].median) for kind in kinds), ""),
        *(
            (
                operation.name,
                f"{operation.most:g}",
                *(_number(found[kind].multiple(operation)) for kind in kinds),
                _beside_scapy(found, operation),
            )
            for operation in OPERATIONS
        ),
    ]
    head = ("", "at most", *(kind.title for kind in kinds), "times as fast as scapy")
    return (
        "### Operations\n\nMultiples of the time that `decode` takes for the same frames of 7 headers, no field read, "
        "by the octets of the payload and by the addresses.\n\n" + _table(head, rows)
    )


def operation_targets(found: Mapping[Kind, Operations]) -> list[Target]:
    """Each operation in its worst kind of frames."""
    targets = []
    for operation in OPERATIONS:
        worst = max(one.multiple(operation) for one in found.values())
        wanted = f"at most {operation.most:g} x `decode`"
        targets.append(Target(operation.name, wanted, f"{_number(worst)} x", worst <= operation.most))
    return targets


def _beside_scapy(found: Mapping[Kind, Operations], operation: Operation) -> str:
    ratios = [
        one.scapy[operation.name].median / one.ours[operation.name].median
        for one in found.values()
        if operation.name in one.scapy
    ]
    return f"{_number(min(ratios))} to {_number(max(ratios))}" if ratios else ""


def columns_tables(found: Columns) -> str:
    """The contests of columns."""
    missing = f" Not there: {', '.join(found.absent)}." if found.absent else ""
    ours = found.uniform[OURS].median
    tables = [
        f"### Columns: file to 20 columns\n\nMicroseconds a packet, each from a file of so many packets.{missing}\n\n"
        + _takers_table(found.uniform, found.shares),
        "### Columns: file to 20 columns, packets of many sizes\n\n"
        "Microseconds a packet; payloads of 0 to 1,400 octets.\n\n"
        + _takers_table(found.sized, dict.fromkeys(found.sized, found.sized_packets)),
        "### Columns: ten shapes in random order\n\nMicroseconds a packet.\n\n"
        + _table(
            ("", "packets", "median", "best", "times one shape"),
            [
                (
                    OURS,
                    f"{found.packets:,}",
                    _number(found.mixed.median),
                    _number(found.mixed.best),
                    _number(found.mixed.median / ours),
                )
            ],
        ),
        "### Columns: how time grows with packets\n\nMicroseconds a packet, best of several.\n\n"
        + _table(("packets", OURS), [(f"{count:,}", _number(time)) for count, time in sorted(found.growth.items())]),
    ]
    base = found.encoding["encode_columns"].median
    encoded = [
        (f"`{name}`" if "_" in name else name, _number(t.median), _number(t.best), _number(t.median / base))
        for name, t in found.encoding.items()
    ]
    tables.append(
        "### Columns: packets written\n\nMicroseconds a packet of 7 headers; 7 fields differ from packet to packet.\n\n"
        + _table(("", "median", "best", "times `encode_columns`"), encoded)
    )
    return "\n\n".join(tables)


def _takers_table(timings: Mapping[str, Timing], shares: Mapping[str, int]) -> str:
    ours = timings[OURS].median
    rows = [
        (t.name, f"{shares[t.name]:,}", _number(t.median), _number(t.best), _number(t.median / ours))
        for t in sorted(timings.values(), key=lambda timing: timing.median)
    ]
    return _table(("", "packets", "median", "best", "times ours"), rows)


def workers_table(timings: Mapping[str, Timing]) -> str:
    """Several processes, from the start of the first to the end of the last."""
    base = min(timings.values(), key=lambda timing: timing.median).median
    rows = [(t.name, _number(t.median), _number(t.best), _number(t.median / base)) for t in timings.values()]
    return "### Columns: several processes\n\nMicroseconds a packet, with the start of the programs.\n\n" + _table(
        ("", "median", "best", "times the fastest"), rows
    )


def engines_table(found: Groupings) -> str:
    """Inner hosts grouped by engines, with one worker and with two, and by peers."""
    times = [one.seconds * 1e6 / one.packets for one in found.rows]
    rows = [
        (
            one.engine,
            str(one.workers),
            f"{one.packets:,}",
            f"{one.seconds:.2f}",
            _number(time),
            _number(time / min(times)),
            f"{one.memory / MIB:,.0f}",
        )
        for one, time in zip(found.rows, times, strict=True)
    ]
    missing = f" Not there: {', '.join(found.absent)}." if found.absent else ""
    head = ("", "workers", "packets", "seconds", "µs a packet", "times the fastest", "memory at most, MiB")
    return (
        "### Engines: inner hosts grouped\n\n"
        f"A program of each, from its start to its end, on a file of so many packets.{missing}\n\n" + _table(head, rows)
    )


def stream_table(found: Stream) -> str:
    """Memory over a stream."""
    rows = [(f"{number * 10} %", f"{octets / MIB:.1f}") for number, octets in enumerate(found.memory, 1)]
    return (
        f"### Memory over a stream of {found.packets:,} packets\n\nThe packets were made as `oc.batches` read them, in "
        f"{found.seconds:,.0f} seconds. The most memory of each tenth, beside what the program had before.\n\n"
        + _table(("read", "MiB"), rows)
    )


def ratio_table(found: Ratios) -> str:
    """What columns cost beside the plain case."""
    rows = [
        (ratio.what, ratio.against or "-", f"{_number(ratio.value)} {ratio.unit}", f"{ratio.most:g} {ratio.unit}")
        for ratio in found.rows
    ]
    return (
        "### Columns: what costs more\n\n"
        f"Addresses are those of {found.packets:,} packets, filters are over {found.filtered:,}.\n\n"
        + _table(("", "against", "measured", "at most"), rows)
    )


def growth_table(growth: Growth) -> str:
    """How time grows with one size."""
    names = list(growth.timings[growth.sizes[0]])
    rows = [(f"{size:,}", *(_number(growth.timings[size][name].median) for name in names)) for size in growth.sizes]
    return f"### {growth.title}: how time grows\n\nMicroseconds a frame decoded, no field read.\n\n" + _table(
        (growth.unit, *names), rows
    )


def held_table(held: Sequence[Held], columns: ColumnsMemory) -> str:
    """Memory that packets and columns take."""
    rows = [(one.name, _number(one.octets), _number(one.octets / held[0].octets)) for one in held]
    return (
        "### Memory of what was decoded\n\nOctets a frame of 7 headers, while it is kept.\n\n"
        + _table(("", "octets", "times ours"), rows)
        + "\n\n"
        + _table(
            ("columns", "MiB"),
            [
                (f"result, 20 columns of {columns.packets:,} packets", f"{columns.result / MIB:,.1f}"),
                ("peak while it was made, the result included", f"{columns.peak / MIB:,.1f}"),
                (f"peak of a scan after {columns.scanned // 10:,} packets", f"{columns.scan_early / MIB:,.1f}"),
                (f"peak of a scan after {columns.scanned:,} packets", f"{columns.scan_peak / MIB:,.1f}"),
            ],
        )
    )


def import_table(timings: Mapping[str, Timing]) -> str:
    """What each import costs, and how many times that of msgspec."""
    base = timings["msgspec"].median
    rows = [
        (f"`import {t.name}`", _number(t.median / 1000), _number(t.best / 1000), f"{t.median / base:.2f}")
        for t in timings.values()
    ]
    return "### Import\n\nMilliseconds in a fresh interpreter, byte code cached.\n\n" + _table(
        ("", "median", "best", "times msgspec"), rows
    )


def memory_table(reading: Reading) -> str:
    """How far memory went over a long capture."""
    packets = reading.samples[-1].packets
    rows = [(f"{sample.packets:,}", f"{sample.peak / MIB:.1f} MiB") for sample in reading.samples]
    rate = f"{packets / reading.seconds:,.0f} packets a second"
    return (
        f"### Memory over a capture of {packets:,} packets\n\n"
        f"A pcap file of {reading.octets / MIB:,.0f} MiB, all addresses distinct, read and decoded lax: {rate}.\n\n"
        + _table(("packets decoded", "peak resident set"), rows)
    )


def environment(bound: str, peers: Mapping[str, str], absent: Sequence[str]) -> str:
    """What all this ran on."""
    named = ", ".join(f"{name} {number}" for name, number in peers.items())
    missing = f"; not there: {', '.join(absent)}" if absent else ""
    return (
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}. {platform.python_implementation()}"
        f" {platform.python_version()}, {_processor()}, {platform.system()} {platform.machine()}, {bound}."
        f" {named}, msgspec {version('msgspec')}{missing}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "an unknown processor"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
