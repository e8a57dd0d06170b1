"""The bugs of docs/maintaining/found-bugs.md in programs, and in libraries that are not in Python.

Those are installed by hand, so `python -m pytest -m peers tests/peers` runs these tests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools import found_bugs

pytestmark = pytest.mark.peers
ADAPTERS = Path(__file__).parents[2] / "conformance"
BUGS = [bug for bug in found_bugs.bugs() if bug.language == "console"]


def _gopacket(folder: Path) -> str | None:
    """Makes the adapter; why it cannot be made."""
    if not shutil.which("go") or not Path("/usr/share/gocode/src/github.com/google/gopacket").exists():
        return "golang-go or golang-github-google-gopacket-dev is not installed"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    command = ["go", "build", "-o", str(folder / "gopacket_adapter"), str(ADAPTERS / "gopacket_adapter.go")]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return None


def _libtins(folder: Path) -> str | None:
    if not shutil.which("g++") or not Path("/usr/include/tins/tins.h").exists():
        return "g++ or libtins-dev is not installed"
    command = ["g++", "-O1", "-o", str(folder / "libtins_adapter"), str(ADAPTERS / "libtins_adapter.cpp"), "-ltins"]
    subprocess.run(command, check=True, capture_output=True)
    return None


def _program(name: str) -> Callable[[Path], str | None]:
    def ready(_folder: Path) -> str | None:
        if not shutil.which(name) or not shutil.which("text2pcap"):
            return f"{name} or text2pcap is not installed"
        shown = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)
        version = next(bug.version for bug in BUGS if bug.peer == name)
        return None if re.search(rf"\b{re.escape(version)}\b", shown.stdout + shown.stderr) else f"not {name} {version}"

    return ready


READY = {"gopacket": _gopacket, "libtins": _libtins, "tshark": _program("tshark"), "tcpdump": _program("tcpdump")}


@pytest.mark.parametrize("peer", READY)
def test_the_bugs_of_a_program_are_there(peer: str, tmp_path: Path) -> None:
    why = READY[peer](tmp_path)
    if why:
        pytest.fail(why)
    found = [bug for bug in BUGS if bug.peer == peer]
    assert found
    assert not [difference for bug in found if (difference := found_bugs.shell_difference(bug, tmp_path))]


def test_each_program_has_its_test() -> None:
    assert {bug.peer for bug in BUGS} == set(READY)
