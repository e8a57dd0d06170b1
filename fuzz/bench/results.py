"""What the runs came to, and tables of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from fuzz.bench.planted import BUGS

__all__ = ["OURS", "Found", "Results", "comparison", "tables"]

OURS: Final = (
    "our strategies",
    "our mutations",
    "AFL++ or atheris, our mutator",
    "libFuzzer, our corpus and dictionary",
)
_SHARES: Final = (0.5, 0.75, 0.9)


class Found(NamedTuple):
    """One seed: the number of the first case that shows the bug, or None; the seconds up to it, or of all cases."""

    case: int | None
    seconds: float


class Results:
    """What was found, by fuzzer and bug, a `Found` for each seed; kept in a file from run to run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: dict[str, dict[str, dict[int, Found]]] = {}
        if path.exists():
            for tool, bugs in json.loads(path.read_text(encoding="utf-8")).items():
                self.found[tool] = {
                    bug: {int(seed): Found(*each) for seed, each in seeds.items()} for bug, seeds in bugs.items()
                }

    def add(self, tool: str, bug: str, seed: int, found: Found) -> None:
        """Keeps what one run came to."""
        self.found.setdefault(tool, {}).setdefault(bug, {})[seed] = found

    def save(self) -> None:
        """Writes the file."""
        self._path.write_text(json.dumps(self.found), encoding="utf-8")

    def cases(self, tool: str, bug: str) -> float | None:
        """The median of the cases until a bug was found; infinite where most seeds did not; None if it was not run."""
        runs = self.found.get(tool, {}).get(bug)
        return None if not runs else median(run.case or math.inf for run in runs.values())

    def seconds(self, tool: str, bug: str) -> float:
        """The median of the seconds until a bug was found."""
        runs = self.found[tool][bug].values()
        return median(run.seconds if run.case else math.inf for run in runs)


def tables(results: Results) -> str:
    """The tables, in Markdown."""
    tools = [tool for tool in (*OURS, *results.found) if tool in results.found]
    return "\n".join(
        (*_summary(results, list(dict.fromkeys(tools))), "", *_by_bug(results, list(dict.fromkeys(tools))))
    )


def _summary(results: Results, tools: Sequence[str]) -> list[str]:
    lines = [
        "| fuzzer | bugs found | cases until 50 % | 75 % | 90 % | seconds until 50 % | 75 % | 90 % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tool in tools:
        bugs = [bug.name for bug in BUGS if bug.name in results.found[tool]]
        cases = sorted(results.cases(tool, bug) or math.inf for bug in bugs)
        seconds = sorted(results.seconds(tool, bug) for bug in bugs)
        found = sum(each < math.inf for each in cases)
        cells = [_number(_share(cases, share)) for share in _SHARES]
        cells += [_number(_share(seconds, share), digits=1) for share in _SHARES]
        lines.append(f"| {tool} | {found} of {len(bugs)} | {' | '.join(cells)} |")
    return lines


def _share(values: Sequence[float], share: float) -> float:
    """What is enough for this share of the values, which are sorted."""
    return values[math.ceil(share * len(values)) - 1]


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else "-" if value == math.inf else f"{value:,.{digits}f}"


def _by_bug(results: Results, tools: Sequence[str]) -> list[str]:
    lines = [f"| bug | {' | '.join(tools)} |", f"|---|{'---|' * len(tools)}"]
    for bug in BUGS:
        cells = {tool: results.cases(tool, bug.name) for tool in tools}
        if any(cell is not None for cell in cells.values()):
            lines.append(f"| `{bug.name}`: {bug.what} | {' | '.join(_number(cell) for cell in cells.values())} |")
    return lines


def comparison(results: Results) -> str:
    """How our best fuzzer compares with the best of the others, bug by bug, in a sentence."""
    ratios = []
    for bug in BUGS:
        ours, others = (_best(results, bug.name, ours=which) for which in (True, False))
        if min(ours, others) < math.inf:
            ratios.append(ours / others if others < math.inf else 0.0)
    tenth, less = sum(ratio <= 0.1 for ratio in ratios), sum(ratio < 1 for ratio in ratios)
    alone = sum(ratio == 0 for ratio in ratios)
    return (
        f"Of {len(ratios)} bugs that some fuzzer found, the best of ours needed at most a tenth of the cases of the "
        f"best other one for {tenth} ({alone} of them no other fuzzer found), fewer cases for {less}."
    )


def _best(results: Results, bug: str, *, ours: bool) -> float:
    found: Mapping[str, float | None] = {tool: results.cases(tool, bug) for tool in results.found}
    return min((each for tool, each in found.items() if each is not None and (tool in OURS) is ours), default=math.inf)
