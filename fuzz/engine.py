"""One target under atheris, the library and the functions that it generates instrumented.

python -m fuzz.engine TARGET [options and folders as libFuzzer takes them]
"""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any, Final

import atheris

_MOST_GENERATED: Final = 1_000
"""Counters are never given back, and a new order of headers makes a new function."""


def instrument_generated() -> None:
    """Has each generated function report its branches too; the same source always the same ones."""
    from overlaycodec.codegen import Source

    plain = Source.compile
    known: dict[str, CodeType] = {}

    def instrumented(self: Source, kind: str) -> Any:  # Any: as what it stands for
        function = plain(self, kind)
        text = "\n".join((kind, *self.lines))
        if text not in known and len(known) < _MOST_GENERATED:
            known[text] = atheris.patch_code(function.__code__, True, True)
        function.__code__ = known.get(text, function.__code__)
        return function

    Source.compile = instrumented  # type: ignore[method-assign]


def main(arguments: list[str]) -> None:
    """Runs until libFuzzer has enough, and leaves the process."""
    with atheris.instrument_imports(include=["overlaycodec"]):
        pass  # instrumented before anything is generated
    instrument_generated()
    from fuzz.mutation import mutated
    from fuzz.targets import TARGETS, seeds_of

    def mutate(octets: bytes, most: int, seed: int) -> bytes:
        return mutated(octets, most, seed, atheris.Mutate)

    target = arguments[0]
    mutator = {"custom_mutator": mutate} if seeds_of(target) == seeds_of("decode") else {}
    atheris.Setup([sys.argv[0], *arguments[1:]], TARGETS[target], **mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
