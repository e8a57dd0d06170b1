"""The benchmarks run: at the smallest sizes, with whichever peers are installed. No figure is asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_quick_run_gives_a_whole_report() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "figures mean nothing" in done.stdout
    sections = [line for line in done.stdout.splitlines() if line.startswith("### ")]
    assert len(sections) == 18, sections
    rows = [line for line in done.stdout.splitlines() if line.startswith("| overlaycodec |")]
    assert len(rows) == 11, rows  # once in each contest, with columns of one shape and of ten, and in memory
    assert "packets decoded" in done.stdout
