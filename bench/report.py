"""The report: a Markdown page of what was measured, with the targets and whether they are met."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.memory import Reading
from bench.timing import Timing

__all__ = ["Target", "contest_table", "environment", "import_table", "memory_table", "target_table"]

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
    def faster(cls, what: str, timings: Mapping[str, Timing], peer: str, times: int) -> Target:
        """At least so many times as fast as a peer."""
        wanted = f"at least {times} x {peer}"
        if peer not in timings:
            return cls(what, wanted, "not installed", None)
        ratio = timings[peer].median / timings[OURS].median
        return cls(what, wanted, f"{ratio:.1f} x", ratio >= times)


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
    missing = f"; not installed: {', '.join(absent)}" if absent else ""
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
