"""Every input of the fuzzer's corpus is survived: seeds, and whatever was found and mended."""

from __future__ import annotations

import pytest

from fuzz.targets import CORPUS, TARGETS, seeds_of
from tests.tools.stacks import ROOT


def test_every_folder_is_a_targets() -> None:
    assert set(CORPUS.iterdir()) == {seeds_of(target) for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS)
def test_every_input_is_survived(target: str) -> None:
    files = sorted(seeds_of(target).iterdir())
    assert len(files) >= 4
    for path in files:
        try:
            TARGETS[target](path.read_bytes())
        except Exception as error:
            error.add_note(f"python -m fuzz.engine {target} {path.relative_to(ROOT)}")
            raise
