"""Runs tests with a mutant in place of its module, each in a process of its own."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[3]
SOURCE: Final = ROOT / "src" / "overlaycodec"
MEMORY: Final = 6 << 30
"""Octets of address space that a process may take."""
PATIENCE: Final = 600
"""Seconds of CPU time for tests of the library as it is."""
_QUIET: Final = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # Hypothesis is loaded before pytest looks for it
_BEFORE_FORKING: Final = ("construct", "hypothesis.strategies", "msgspec", "numpy", "pytest", "pandas", "pyarrow")


class Verdict(NamedTuple):
    """What tests say of a module, and after how many seconds of CPU time."""

    word: str
    """`noticed`, `survived` or `timed out`."""
    seconds: float


def prepare() -> None:
    """Load what every run needs, but nothing of the library."""
    os.environ["HYPOTHESIS_PROFILE"] = "few"
    os.environ["SPLIT_GUESSES"] = "300"
    os.chdir(ROOT)
    for name in _BEFORE_FORKING:
        with suppress(ImportError):
            importlib.import_module(name)


def path_of(module: str) -> Path:
    """The file of a module such as `codec.catalog`."""
    place = SOURCE / module.replace(".", "/")
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def run(module: str, text: str, tests: Sequence[str], patience: float = PATIENCE) -> Verdict:
    """Run `tests` with `text` as the source of `module`; `patience` is in seconds of CPU time."""
    before = _seconds_of_children()
    child = os.fork()
    if child == 0:
        _in_child(module, text, tests, int(patience))
    give_up = time.monotonic() + 10 * patience  # waits take no CPU time, and the machine may be busy
    while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < give_up:
        time.sleep(0.02)
    with suppress(ProcessLookupError, PermissionError):  # with the processes that tests started
        os.killpg(child, signal.SIGKILL)
    status = ended[1] if ended[0] else os.waitpid(child, 0)[1]
    seconds = _seconds_of_children() - before
    if not ended[0] or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return Verdict("timed out", seconds)
    return Verdict("survived" if status == 0 else "noticed", seconds)


def _seconds_of_children() -> float:
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def _in_child(module: str, text: str, tests: Sequence[str], patience: int) -> None:
    code = 1
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (patience, patience + 5))
        sys.meta_path.insert(0, _Finder(module, text))
        import pytest

        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *_QUIET, *tests]))
    finally:
        os._exit(code)


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from another text."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        super().__init__(name, str(path))
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the module that is changed."""

    def __init__(self, module: str, text: str) -> None:
        self._loader = _Loader(f"overlaycodec.{module}".removesuffix(".__init__"), path_of(module), text)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._loader.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._loader.path, loader=self._loader)
