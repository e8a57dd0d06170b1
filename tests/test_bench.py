"""The benchmarks run: at the smallest sizes, with whichever peers are installed. No figure is asserted."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

import overlaycodec as oc
from bench.frames import mixed_frames, uncached_frames
from overlaycodec.protocols import HEADERS
from tests.tools.internals import code_of

ROOT = Path(__file__).parent.parent


@pytest.mark.survey
def test_a_quick_run_gives_a_whole_report() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--stream=1000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "figures mean nothing" in done.stdout
    sections = [line for line in done.stdout.splitlines() if line.startswith("### ")]
    assert len(sections) == 25, sections
    rows = [line for line in done.stdout.splitlines() if line.startswith("| overlaycodec |")]
    # once in each contest, with columns of one size, many sizes and ten shapes, and memory
    assert len(rows) == 14, rows
    assert "| a fixed pipeline |" in done.stdout
    assert "packets decoded" in done.stdout


def test_the_worst_case_is_one() -> None:
    """No frame of it is read by a stack decoder, whatever was decoded before."""
    catalog = oc.Catalog(HEADERS)
    source = random.Random(1)
    frames = [
        frame for pair in zip(mixed_frames(source, 3000), uncached_frames(source, 3000), strict=True) for frame in pair
    ]
    for frame in frames:
        catalog.decode(frame)
    packet = catalog.decode(frames[-1])
    assert packet.names[:4] == ["ethernet", "ipv4", "udp", "vxlan"]
    assert packet[oc.IPv4].options == (oc.IPv4RouterAlertOption(value=0),)
    first, read = code_of(catalog).stack_cache.entry
    assert first is oc.Ethernet
    assert [read(frame, len(frame)) is None for frame in frames[-200:]] == [False, True] * 100
