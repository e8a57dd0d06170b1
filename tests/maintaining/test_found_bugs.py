"""The bugs that docs/maintaining/found-bugs.md lists, as far as the peers are installed in those versions."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.tools import found_bugs

BUGS = list(found_bugs.bugs())
IN_PYTHON = {bug.peer: bug.version for bug in BUGS if bug.language == "pycon"}
HERE = [peer for peer, version in IN_PYTHON.items() if found_bugs.missing(peer, version) is None]
"""The peers that are installed in the version of the page."""
KINDS = {"other exception", "does not end", "wrong value", "refuses valid", "accepts invalid"}


@pytest.mark.parametrize("peer", HERE)
def test_the_bugs_of_a_peer_in_python_are_there(peer: str) -> None:
    """Each peer in a process of its own: they change warnings, logging and the tables of each other's imports."""
    command = [sys.executable, "-W", "ignore", found_bugs.__file__, peer]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_counts_its_bugs() -> None:
    text = found_bugs.PAGE.read_text(encoding="utf-8")
    peers = Counter(bug.peer for bug in BUGS)
    assert f"minimised: {len(BUGS)} bugs in {len(peers)} peers" in text
    assert text.count("\n### ") == len(BUGS)
    assert len({(bug.peer, bug.title) for bug in BUGS}) == len(BUGS)
    assert {bug.kind for bug in BUGS} == KINDS
    for entry in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        assert re.search(r"RFC \d+|IEEE 802|draft-", entry), entry
        assert "Found" in entry, entry
