"""What importing costs, and what it brings in.

Strategy: each import is timed inside a fresh interpreter, from before the statement to after it; modules take turns.
The byte code is cached beforehand, in a folder of this run's own, as it is after an installation's first use.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec

from bench.timing import Timing

__all__ = ["HEAVY", "MODULES", "heavy_modules", "import_times"]

MODULES = ("msgspec", "overlaycodec", "dpkt", "construct", "scapy.all")
HEAVY = ("numpy", "hypothesis", "construct", "rich", "click", "scapy")
"""What `import overlaycodec` must leave alone, whether it is installed or not."""

_TIME = "import time; start = time.perf_counter_ns(); import {module}; print(time.perf_counter_ns() - start)"
_LIST = "import json, sys; import overlaycodec; print(json.dumps(sorted(sys.modules)))"


def _python(code: str, cache: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = cache
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def import_times(rounds: int, modules: Sequence[str] = MODULES) -> dict[str, Timing]:
    """Microseconds that each import took, for those that are installed."""
    there = [module for module in modules if find_spec(module.partition(".")[0]) is not None]
    timings = {module: Timing(module) for module in there}
    with tempfile.TemporaryDirectory() as cache:
        for module in there:
            _python(_TIME.format(module=module), cache)
        for _ in range(rounds):
            for module in there:
                timings[module].rounds.append(int(_python(_TIME.format(module=module), cache)) / 1000)
    return timings


def heavy_modules() -> list[str]:
    """Those of the heavy modules that `import overlaycodec` brings in: none, if all is well."""
    with tempfile.TemporaryDirectory() as cache:
        loaded = set(json.loads(_python(_LIST, cache)))
    return [name for name in HEAVY if name in loaded]
