"""What is left as payload is what docs/coverage.md says, and the files of declarations stay small."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

import overlaycodec
from tests.tools import coverage, stacks


@pytest.mark.parametrize("number", [n for n, (folder, _) in enumerate(stacks.SETS) if folder.is_dir()])
def test_what_is_left_is_told(number: int) -> None:
    page = coverage.PAGE.read_text(encoding="utf-8")
    assert coverage.section(number) in page, "run python -m tests.tools.coverage"


def test_a_family_is_a_small_file_of_declarations() -> None:
    folder = Path(overlaycodec.__file__).parent / "protocols"
    lines = {path.name: len(path.read_text().splitlines()) for path in folder.glob("*.py") if path.stem != "__init__"}
    assert median(lines.values()) <= 60, lines
