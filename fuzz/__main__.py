"""`python -m fuzz`: every target in turn, from the corpus; what was found stands in build/fuzz."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from fuzz.targets import TARGETS, seeds_of

BUILD: Final = Path(__file__).parents[1] / "build" / "fuzz"
OPTIONS: Final = ("-max_len=1024", "-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1", "-verbosity=0")


def run(target: str, seconds: int) -> tuple[int, str]:
    """Fuzzes one target; gives its exit status and what libFuzzer counted."""
    grown, found = BUILD / target / "corpus", BUILD / target / "found"
    for folder in (grown, found):
        folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "fuzz.engine", target, *OPTIONS, f"-max_total_time={seconds}"]
    command += [f"-artifact_prefix={found}/", str(grown), str(seeds_of(target))]
    log = BUILD / target / "log"
    with log.open("wb") as stream:
        ended = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    counted = [line.removeprefix("stat::") for line in lines if line.startswith("stat::")]
    return ended.returncode, "\n".join(lines[-40:] if ended.returncode else counted)


def main() -> int:
    """The exit status: 1 if a target found something."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together (60)")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}; all of them if none is said"
    )
    asked = parser.parse_args()
    if unknown := set(asked.targets) - TARGETS.keys():
        parser.error(f"no target {', '.join(sorted(unknown))}")
    targets = asked.targets or list(TARGETS)
    worst = 0
    for target in targets:
        began = time.monotonic()
        status, counted = run(target, max(1, asked.seconds // len(targets)))
        took = time.monotonic() - began
        print(f"== {target}: {'nothing found' if status == 0 else f'status {status}'}, {took:.0f} s", counted, sep="\n")
        sys.stdout.flush()
        worst = max(worst, status != 0)
    return worst


if __name__ == "__main__":
    sys.exit(main())
