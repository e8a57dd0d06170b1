"""What is left as payload is what docs/maintaining/coverage.md says."""

from __future__ import annotations

import pytest

from tests.tools import coverage, stacks


@pytest.mark.parametrize("number", [n for n, (folder, _) in enumerate(stacks.SETS) if folder.is_dir()])
def test_what_is_left_is_told(number: int) -> None:
    page = coverage.PAGE.read_text(encoding="utf-8")
    assert coverage.section(number) in page, "run python -m tests.tools.coverage"
