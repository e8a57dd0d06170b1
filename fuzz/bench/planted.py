"""The planted bugs, and the first case of a stream that shows one.

The oracle of a bug is the same parser without it: a case shows the bug if the two read other things, or if the one with
the bug reads past the end of the frame (AddressSanitizer), raises what a parser does not raise, or does not end.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from fuzz.bench.parsers import rebuild

__all__ = ["BUGS", "BUILD", "PARSERS", "Bug", "compiled", "first_cases", "outcome", "runner", "write_stream"]

PARSERS: Final = Path(__file__).parent / "parsers"
BUILD: Final = Path(__file__).parents[2] / "build" / "fuzz-bench"
ENVIRONMENT: Final = os.environ | {"ASAN_OPTIONS": "detect_leaks=0:symbolize=0:log_path=/dev/null"}


class Bug(NamedTuple):
    """A bug that can be planted."""

    name: str
    language: str
    """The language of its parser: "C" or "Python"."""
    what: str


def _bugs() -> Iterator[Bug]:
    for name, what in re.findall(r'X\((\w+), "(.*?)"\)', (PARSERS / "bugs.h").read_text(encoding="utf-8")):
        yield Bug(name, "C", what)
    for name, what in rebuild.BUGS.items():
        yield Bug(name, "Python", what)


BUGS: Final = tuple(_bugs())


def compiled(name: str, *command: str) -> Path:
    """A program made of overlay.c by this command. Raises: CalledProcessError."""
    BUILD.mkdir(parents=True, exist_ok=True)
    program = BUILD / name
    subprocess.run([*command, str(PARSERS / "overlay.c"), "-o", str(program)], check=True, capture_output=True)
    return program


@cache
def runner() -> Path | None:
    """The program that reads a stream with one bug; None without a C compiler with AddressSanitizer."""
    compiler = next((found for found in map(shutil.which, ("gcc", "clang", "cc")) if found), None)
    try:
        return compiled("overlay", compiler, "-O1", "-g", "-fsanitize=address") if compiler else None
    except subprocess.CalledProcessError:
        return None


def write_stream(path: Path, cases: Iterable[bytes]) -> None:
    """Writes cases as the runner reads them."""
    with path.open("wb") as file:
        file.writelines(struct.pack("=I", len(case)) + case for case in cases)


def first_cases(cases: Sequence[bytes], bugs: Sequence[Bug], program: Path | None, path: Path) -> dict[str, int | None]:
    """For each bug the number of the first case that shows it, from 1 on; None where no case does.

    Bugs in C are left out where there is no program.
    """
    found = _first_in_python(cases, [bug.name for bug in bugs if bug.language == "Python"])
    if program is not None:
        write_stream(path, cases)
        for bug in bugs:
            if bug.language == "C":
                run = subprocess.run(
                    [program, bug.name, path],
                    check=True,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=ENVIRONMENT,
                )
                number = int(run.stdout)
                found[bug.name] = None if number < 0 else number + 1
        path.unlink()
    return found


def _first_in_python(cases: Sequence[bytes], names: Iterable[str]) -> dict[str, int | None]:
    found: dict[str, int | None] = dict.fromkeys(names)
    left = list(found)
    for number, case in enumerate(cases, 1):
        right = outcome(case, "")
        for name in left:
            if outcome(case, name) != right:
                found[name] = number
        left = [name for name in left if found[name] is None]
        if not left:
            break
    return found


def outcome(case: bytes, bug: str) -> object:
    """What the parser in Python gives for a case; that it refuses it; or what else it raised."""
    try:
        return rebuild.read(case, bug)
    except rebuild.Refused:
        return "refused"
    except Exception as error:
        return type(error)
