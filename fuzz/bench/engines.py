"""Fuzzers that look at the parser's coverage: AFL++, libFuzzer and atheris, alone and with our mutators.

Each run has one bug and one seed, begins with the seed frames, and ends at the first input that shows the bug.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import construct
import msgspec

import overlaycodec
from fuzz.bench.planted import Bug, compiled
from fuzz.bench.seeds import seed_frames
from overlaycodec import Record, fuzz

__all__ = ["ENGINES", "Engine", "Run"]

_FLAGS: Final = ("-O1", "-g", "-DENGINE", "-fsanitize=fuzzer,address")
_ASAN: Final = "detect_leaks=0:symbolize=0:abort_on_error=1"
_MOST_OCTETS: Final = 4096
_CORPUS: Final = 2000
"""How many of our cases libFuzzer begins with."""
_SLACK: Final = 60
"""Seconds after which a fuzzer that does not end is ended."""
_ROOT: Final = Path(__file__).parents[2]


class Run(NamedTuple):
    """What one run came to."""

    cases: int
    """The cases that were run, up to the one that shows the bug."""
    seconds: float
    found: bool


class Engine(NamedTuple):
    """A fuzzer, the language of the parsers that it runs, and what it needs; `ready` says what is missing."""

    language: str
    run: Callable[[Bug, int, int, Path], Run]
    ready: Callable[[], str | None]


def _needs(*programs: str) -> Callable[[], str | None]:
    def ready() -> str | None:
        return next((program for program in programs if shutil.which(program) is None), None)

    return ready


def _needs_atheris() -> str | None:
    return None if importlib.util.find_spec("atheris") else "atheris"


def _seeds(folder: Path) -> Path:
    """A new folder with the seed frames."""
    folder.mkdir()
    for number, octets in enumerate(seed_frames()):
        (folder / f"seed{number:02d}").write_bytes(octets)
    return folder


def _environment(**more: str) -> dict[str, str]:
    return os.environ | more


def _library() -> str:
    """Where a Python that is not this one finds the library and what it needs."""
    modules = (overlaycodec, msgspec, construct)
    return os.pathsep.join(dict.fromkeys(str(Path(module.__file__ or "").parents[1]) for module in modules))


@cache
def _for_afl() -> Path:
    return compiled("afl", "afl-clang-fast", *_FLAGS)


@cache
def _for_libfuzzer() -> Path:
    return compiled("libfuzzer", "clang", *_FLAGS)


def _afl(bug: Bug, seed: int, seconds: int, folder: Path, *, ours: bool) -> Run:
    environment = _environment(
        PLANTED=bug.name,
        AFL_BENCH_UNTIL_CRASH="1",
        AFL_NO_UI="1",
        AFL_NO_AFFINITY="1",
        AFL_SKIP_CPUFREQ="1",
        AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES="1",
        AFL_FAST_CAL="1",
        ASAN_OPTIONS=_ASAN,
    )
    if ours:
        environment |= {
            "AFL_PYTHON_MODULE": "overlaycodec.fuzz.afl",
            "PYTHONPATH": _library(),
            "AFL_CUSTOM_MUTATOR_ONLY": "1",
            "AFL_DISABLE_TRIM": "1",
        }
    command = ["afl-fuzz", "-i", _seeds(folder / "seeds"), "-o", folder / "out", "-V", str(seconds), "-s", str(seed)]
    _ended([*map(str, command), "-m", "none", "--", str(_for_afl())], environment, seconds)
    text = (folder / "out/default/fuzzer_stats").read_text(encoding="utf-8")
    stats = dict(re.findall(r"(\w+)\s*: (\S+)", text))
    return Run(int(stats["execs_done"]), float(stats["run_time"]), int(stats["saved_crashes"]) > 0)


def _libfuzzer(bug: Bug, seed: int, seconds: int, folder: Path, *, ours: bool) -> Run:
    corpus = _seeds(folder / "seeds")
    command = [str(_for_libfuzzer()), f"-seed={seed}", f"-max_total_time={seconds}", f"-max_len={_MOST_OCTETS}"]
    if ours:
        records = {number: Record(octets, 1) for number, octets in enumerate(seed_frames(), 1)}
        fuzz.write_corpus(folder / "cases", fuzz.cases(records, seed=seed, count=_CORPUS))
        (folder / "dictionary").write_text(fuzz.dictionary(), encoding="utf-8")
        command += [f"-dict={folder}/dictionary"]
    command += ["-print_final_stats=1", f"-artifact_prefix={folder}/", str(corpus)]
    command += [str(folder / "cases")] * ours
    began = time.monotonic()
    text = _ended(command, _environment(PLANTED=bug.name, ASAN_OPTIONS=_ASAN), seconds)
    cases = re.search(r"number_of_executed_units: (\d+)", text)
    found = any(folder.glob("crash-*")) or any(folder.glob("timeout-*")) or any(folder.glob("oom-*"))
    return Run(int(cases[1]) if cases else 0, time.monotonic() - began, found)


def _atheris(bug: Bug, seed: int, seconds: int, folder: Path, *, ours: bool) -> Run:
    command = [sys.executable, "-m", "fuzz.bench.atheris_target", bug.name, "ours" if ours else "alone"]
    command += [
        f"-seed={seed}",
        f"-max_total_time={seconds}",
        f"-max_len={_MOST_OCTETS}",
        str(_seeds(folder / "seeds")),
    ]
    path = os.pathsep.join((str(_ROOT), _library()))
    began = time.monotonic()
    text = _ended(command, _environment(PYTHONPATH=path), seconds)
    shown = re.search(r"^(found|not found) (\d+)$", text, re.MULTILINE)
    took = time.monotonic() - began
    return Run(int(shown[2]), took, shown[1] == "found") if shown else Run(0, took, found=False)


def _ended(command: list[str], environment: dict[str, str], seconds: int) -> str:
    """What a fuzzer prints; it is ended if it does not end by itself."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            process.wait(seconds + _SLACK)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.seek(0)
        return log.read()


def _alone(run: Callable[..., Run], *, ours: bool) -> Callable[[Bug, int, int, Path], Run]:
    def bound(bug: Bug, seed: int, seconds: int, folder: Path) -> Run:
        return run(bug, seed, seconds, folder, ours=ours)

    return bound


ENGINES: Final[dict[str, tuple[Engine, ...]]] = {
    "AFL++ or atheris, our mutator": (
        Engine("C", _alone(_afl, ours=True), _needs("afl-fuzz", "afl-clang-fast")),
        Engine("Python", _alone(_atheris, ours=True), _needs_atheris),
    ),
    "libFuzzer, our corpus and dictionary": (Engine("C", _alone(_libfuzzer, ours=True), _needs("clang")),),
    "AFL++ alone": (Engine("C", _alone(_afl, ours=False), _needs("afl-fuzz", "afl-clang-fast")),),
    "libFuzzer or atheris alone": (
        Engine("C", _alone(_libfuzzer, ours=False), _needs("clang")),
        Engine("Python", _alone(_atheris, ours=False), _needs_atheris),
    ),
}
"""The fuzzers by name; some run parsers in two languages, by two programs."""
