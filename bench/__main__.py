"""`python -m bench`: measures, prints the report, and fails if a target is missed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from bench.contests import CONTESTS, Sizes, check
from bench.imports import HEAVY, heavy_modules, import_times
from bench.memory import Reading, measure
from bench.peers import installed
from bench.report import (
    MIB,
    Target,
    contest_table,
    environment,
    import_table,
    memory_table,
    target_table,
)
from bench.timing import Timing, use_one_core

GROWTH = 1 * MIB
"""What the peak may grow by from the last mark but one to the last: the allocator's own rounding."""


def main() -> int:
    """The exit status: 1 if a target was measured and missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to see that it works; its figures mean nothing"
    )
    quick = parser.parse_args().quick
    sizes = Sizes(rounds=2, inputs=20) if quick else Sizes(rounds=15, inputs=2000)
    marks = (1_000, 2_000, 5_000) if quick else (10_000, 100_000, 1_000_000)

    bound = use_one_core()
    peers, absent = installed()
    check(peers)
    timings = {}
    for name, contest in CONTESTS.items():
        _say(contest.title)
        timings[name] = contest.run(peers, sizes)
    _say("Import")
    imports = import_times(2, ("msgspec", "overlaycodec")) if quick else import_times(21)
    heavy = heavy_modules()
    _say("Memory")
    reading = measure(marks)

    targets = _targets(timings, imports, heavy, reading)
    parts = [environment(bound, {peer.name.partition(",")[0]: peer.version for peer in peers}, absent)]
    if quick:
        parts.insert(0, "**A quick run: its figures mean nothing.**")
    parts.append(target_table(targets))
    parts += [contest_table(contest.title, contest.unit, timings[name]) for name, contest in CONTESTS.items()]
    parts += [import_table(imports), memory_table(reading)]
    print("\n\n".join(parts))
    return 0 if quick else int(any(target.met is False for target in targets))


def _targets(
    timings: Mapping[str, Mapping[str, Timing]], imports: Mapping[str, Timing], heavy: list[str], reading: Reading
) -> list[Target]:
    ratio = imports["overlaycodec"].median / imports["msgspec"].median
    growth = reading.samples[-1].peak - reading.samples[-2].peak
    before, after = reading.samples[-2].packets, reading.samples[-1].packets
    return [
        Target.faster("Decode 7 headers, every field read", timings["few"], "dpkt", 3),
        Target.faster("Decode 7 headers, every field read", timings["few"], "scapy", 70),
        Target.faster("Encode 7 headers, checksums computed", timings["encode"], "scapy", 20),
        Target("`import overlaycodec`", "at most 3 x `import msgspec`", f"{ratio:.2f} x", ratio <= 3),
        Target(f"and does not load {', '.join(HEAVY)}", "none", ", ".join(heavy) or "none", not heavy),
        Target(
            "Memory over a long capture",
            "constant",
            f"{growth / MIB:+.2f} MiB from {before:,} to {after:,} packets",
            growth <= GROWTH,
        ),
    ]


def _say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
