"""`python -m fuzz.bench`: plants each bug, runs each fuzzer, and prints what was found."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from fuzz.bench.engines import ENGINES, Engine
from fuzz.bench.generators import GENERATORS, missing
from fuzz.bench.planted import BUGS, BUILD, Bug, first_cases, runner
from fuzz.bench.results import Found, Results, comparison, tables

_MOST: Final = 100_000
"""The most cases of a fuzzer that does not look at coverage."""
_SHORT: Final = (1, 8, 20_000)
"""Seeds, seconds of each fuzzer, and most cases of the short form."""
_FLOOR: Final = 0.9
"""The share of the bugs that our mutations must find."""


def generated(tool: str, seeds: int, seconds: float, most: int, results: Results) -> None:
    """Runs a fuzzer that does not look at coverage: all bugs see the same cases."""
    program = runner()
    bugs = [bug for bug in BUGS if bug.language == "Python" or program is not None]
    for seed in range(1, seeds + 1):
        cases: list[bytes] = []
        times: list[float] = []
        began = time.process_time()
        for case in GENERATORS[tool][0](seed):
            cases.append(case)
            times.append(time.process_time() - began)
            if times[-1] > seconds or len(cases) == most:
                break
        for bug, number in first_cases(
            cases, bugs, program, BUILD / f"stream-{tool.rsplit(maxsplit=1)[-1]}-{seed}"
        ).items():
            results.add(tool, bug, seed, Found(number, times[(number or len(cases)) - 1]))
        _say(f"{tool}, seed {seed}: {len(cases):,} cases in {times[-1]:.1f} s")
    results.save()


def engined(tool: str, engines: Sequence[Engine], seed: int, seconds: int, jobs: int, results: Results) -> None:
    """Runs a fuzzer that looks at coverage, once for each bug."""

    def run(job: tuple[Engine, Bug]) -> Found:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            done = job[0].run(job[1], seed, seconds, Path(folder))
        return Found(done.cases if done.found else None, done.seconds)

    wanted = [(engine, bug) for engine in engines for bug in BUGS if bug.language == engine.language]
    wanted = [(engine, bug) for engine, bug in wanted if seed not in results.found.get(tool, {}).get(bug.name, {})]
    with ThreadPoolExecutor(jobs) as pool:
        for (_, bug), found in zip(wanted, pool.map(run, wanted), strict=True):
            results.add(tool, bug.name, seed, found)
    results.save()
    _say(f"{tool}, seed {seed}: {len(wanted)} runs")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """The exit status: 1 if our mutations find fewer bugs than they did."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one seed, and no fuzzers but what pip gives")
    parser.add_argument("--seeds", type=int, default=3, help="how often each fuzzer runs (3)")
    parser.add_argument("--seconds", type=int, default=30, help="the most seconds of one run (30)")
    parser.add_argument("--engine-seconds", type=int, default=10, help="those of a fuzzer that looks at coverage (10)")
    parser.add_argument("--jobs", type=int, default=2, help="how many of the latter run at once (2)")
    parser.add_argument("--results", type=Path, help="a file with results, which is continued")
    parser.add_argument("--into", type=Path, help="the page of the documentation in which the tables are replaced")
    parser.add_argument("fuzzers", nargs="*", metavar="FUZZER", help="what to run; everything if none is said")
    asked = parser.parse_args()
    wanted = asked.fuzzers or [*GENERATORS, *ENGINES]
    if unknown := set(wanted) - {*GENERATORS, *ENGINES}:
        parser.error(f"no fuzzer {', '.join(sorted(unknown))}; there are {', '.join((*GENERATORS, *ENGINES))}")
    BUILD.mkdir(parents=True, exist_ok=True)
    results = Results(asked.results or BUILD / "results.json")
    if asked.results is None:
        results.found.clear()
    seeds, seconds, most = _SHORT if asked.short else (asked.seeds, asked.seconds, _MOST)
    if runner() is None:
        _say("left out: the parser in C, no compiler with AddressSanitizer")
    for tool in GENERATORS:
        if tool not in wanted:
            continue
        if (module := missing(tool)) is not None:
            _say(f"left out: {tool}, {module} is not installed")
        elif tool not in results.found:
            generated(tool, seeds, seconds, most, results)
    for seed in range(1, seeds + 1) if not asked.short else ():
        for tool, engines in ENGINES.items():
            if tool not in wanted:
                continue
            ready = [engine for engine in engines if engine.ready() is None]
            for engine in engines:
                if engine not in ready and seed == 1:
                    _say(f"left out: {tool} for {engine.language}, {engine.ready()} is not installed")
            if ready:
                engined(tool, ready, seed, asked.engine_seconds, asked.jobs, results)
    text = f"{tables(results)}\n\n{comparison(results)}"
    print(text)
    if asked.into is not None:
        before, _, rest = asked.into.read_text(encoding="utf-8").partition("<!-- results -->\n")
        after = rest.partition("<!-- end of results -->\n")[2]
        page = f"{before}<!-- results -->\n\n{text}\n\n<!-- end of results -->\n{after}"
        asked.into.write_text(page, encoding="utf-8")
    ours = results.found.get("our mutations", {}).values()
    share = sum(any(run.case for run in runs.values()) for runs in ours) / len(ours) if ours else 1
    if share < _FLOOR:
        _say(f"our mutations found {share:.0%} of the bugs, and are to find {_FLOOR:.0%}")
    return int(share < _FLOOR)


if __name__ == "__main__":
    sys.exit(main())
