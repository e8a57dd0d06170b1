"""Mutation testing: changes one thing in a module at a time and asks whether some test notices.

python -m tests.tools.mutants                        a sample of each package
python -m tests.tools.mutants capture codec.catalog  of these
python -m tests.tools.mutants --sample 0 checksum    all mutants, no sample

Each mutant is run in a process of its own, forked when all but the library is loaded. What survives must stand in the
table of docs/maintaining/mutants.md, with the reason; all else is reported, and the command fails.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Final

from tests.tools.mutants.changes import Mutant, mutants_of
from tests.tools.mutants.runs import path_of, prepare, run
from tests.tools.mutants.selection import CORE, modules_of, packages, suite_of
from tests.tools.mutants.table import TABLE, explained, outdated, row

SAMPLE: Final = 40


def main() -> int:
    """Run the command; its status is 1 if a mutant survives without an explanation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=packages(), metavar="NAME", help="a package or a module")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants of each NAME; 0 for all")
    parser.add_argument("--seed", action="append", help="which ones; several give a score each")
    parser.add_argument("--list", action="store_true", help="show the mutants, and run none")
    parser.add_argument("--brief", action="store_true", help="only the tests that notice most")
    parser.add_argument(
        "--patience",
        type=int,
        metavar="SECONDS",
        help="the most CPU time of a run; then tests are run without a mutant only where no mutant survived them",
    )
    parser.add_argument("--outdated", action="store_true", help="show the rows of the table whose code is gone")
    arguments = parser.parse_args()
    if arguments.outdated:
        return _show_outdated()
    prepare()
    session = _Session(arguments.patience, brief=arguments.brief)
    for name in arguments.names:
        texts = {module: path_of(module).read_text() for module in modules_of(name)}
        everything = [(module, mutant) for module, text in texts.items() for mutant in mutants_of(module, text)]
        for seed in arguments.seed or ["1"]:
            chosen = everything
            if arguments.sample and len(everything) > arguments.sample:
                chosen = sorted(random.Random(f"{name} {seed}").sample(everything, arguments.sample))
            if arguments.list:
                print(*(row(mutant.key) for _, mutant in chosen), sep="\n")
            elif not session.run(name, seed, texts, chosen):
                return 2
    if not session.prove():
        return 2
    session.report()
    return 1 if session.left else 0


def _show_outdated() -> int:
    known = explained(TABLE.read_text())
    modules = {key.function.partition(":")[0] for key in known}
    files = {module: path_of(module) for module in modules}
    mutants = (m.key for module, file in files.items() if file.exists() for m in mutants_of(module, file.read_text()))
    rows = outdated(known, mutants)
    print(*map(row, rows), sep="\n")
    return 1 if rows else 0


class _Session:
    """The runs of one command, and their counts."""

    def __init__(self, patience: float | None, *, brief: bool) -> None:
        self._brief = brief
        self._known = explained(TABLE.read_text())
        self._given = patience
        self._patience: dict[tuple[str, ...], float] = {}
        self._unproven: dict[tuple[str, ...], tuple[str, str]] = {}
        """A module, and its source, of tests that have noticed every mutant so far: they may fail as they are."""
        self._counts: dict[tuple[str, str], Counter[str]] = {}

    @property
    def left(self) -> int:
        """How many mutants survived without an explanation."""
        return sum(counts["survived"] for counts in self._counts.values())

    def run(self, name: str, seed: str, texts: Mapping[str, str], chosen: list[tuple[str, Mutant]]) -> bool:
        """Run mutants of a package; False if its tests fail for the library as it is."""
        counts = self._counts[name, seed] = Counter[str]()
        for module, mutant in chosen:
            tests = tuple(suite_of(module, brief=self._brief))
            if tests not in self._patience and self._given is not None:
                self._patience[tests] = self._given
                self._unproven[tests] = module, texts[module]
            elif tests not in self._patience and not self._passes(module, texts[module], tests):
                return False
            verdict, seconds = run(module, mutant.applied_to(texts[module]), tests, self._patience[tests])
            if verdict == "survived" and mutant.key in self._known:
                verdict = "explained"
            counts[verdict] += 1
            if verdict in ("survived", "explained"):
                self._unproven.pop(tests, None)
            if verdict == "survived":
                line = texts[module].count("\n", 0, mutant.start) + 1
                print(f"{path_of(module).name}:{line}, after {seconds:.0f} s\n{row(mutant.key)}", flush=True)
        words = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        print(f"{name}, seed {seed}: {len(chosen)} mutants: {words}", flush=True)
        return True

    def prove(self) -> bool:
        """Run tests that no mutant survived with the library as it is; False if some fail."""
        return all(self._passes(module, text, tests) for tests, (module, text) in self._unproven.items())

    def _passes(self, module: str, text: str, tests: tuple[str, ...]) -> bool:
        verdict, seconds = run(module, text, tests)
        if verdict != "survived":
            print(f"{module}: its tests fail as it is ({verdict}): {' '.join(tests)}")
            return False
        self._patience[tests] = 20 + 3 * seconds
        return True

    def report(self) -> None:
        """Print the score of the core and of the others, for each seed: the share that was noticed or is explained."""
        totals: dict[tuple[str, str], Counter[str]] = {}
        for (name, seed), counts in self._counts.items():
            group = "core" if name.partition(".")[0] in CORE else "others"
            totals.setdefault((group, seed), Counter()).update(counts)
        for (group, seed), total in sorted(totals.items()):
            share = 1 - total["survived"] / total.total()
            print(f"{group}, seed {seed}: {share:.1%} of {total.total()} noticed or explained")


if __name__ == "__main__":
    sys.exit(main())
