"""The bar of commands that write lines: it is shown beside a file only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import overlaycodec as oc
from tests.cli.test_cli import INNER_VLAN
from tests.tools.program import COMMAND, sent_to, terminal, terminal_environment


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A capture of several thousand packets."""
    with oc.open_capture(INNER_VLAN) as capture:
        records = list(capture) * 500
    path = tmp_path / "long.pcap"
    oc.write_capture(path, records)
    return path


@pytest.mark.parametrize("command", ["show", "diagnose"])
@pytest.mark.parametrize("to_a_file", [True, False])
def test_a_bar_beside_a_file_and_none_beside_a_pager(command: str, to_a_file: bool, long: Path, tmp_path: Path) -> None:
    leader, follower = terminal(100)
    with (tmp_path / "lines").open("wb") as lines:
        process = subprocess.Popen(
            [*COMMAND, command, str(long)],
            stdout=lines if to_a_file else subprocess.PIPE,
            stderr=follower,
            env=terminal_environment(),
        )
        os.close(follower)
        if process.stdout is not None:
            process.stdout.read()
            process.stdout.close()
        sent = sent_to(leader)
        assert process.wait(60) == 0
    assert (b"4,500 packets" in sent) == to_a_file
    assert bool(sent) == to_a_file
