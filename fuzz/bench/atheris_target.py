"""atheris on the parser in Python: `python -m fuzz.bench.atheris_target BUG ours|alone [options of libFuzzer] FOLDER`.

Prints `found N` and ends at the case N that shows the bug, `not found N` after the last one.
"""

from __future__ import annotations

import atexit
import os
import sys

import atheris

with atheris.instrument_imports(include=["fuzz.bench.parsers.rebuild"]):
    from fuzz.bench.parsers import rebuild  # noqa: F401 - instrumented before another module imports it

from fuzz.bench.planted import outcome
from overlaycodec.fuzz import CustomCrossOver, CustomMutator


def main() -> None:
    """Runs until the bug shows, or for as long as the options say."""
    program, bug, mutator, *options = sys.argv
    count = 0

    def target(octets: bytes) -> None:
        nonlocal count
        count += 1
        if outcome(octets, bug) != outcome(octets, ""):
            print(f"found {count}", flush=True)
            os._exit(0)

    atexit.register(lambda: print(f"not found {count}", flush=True))
    ours = {"custom_mutator": CustomMutator, "custom_crossover": CustomCrossOver} if mutator == "ours" else {}
    atheris.Setup([program, *options], target, **ours)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
