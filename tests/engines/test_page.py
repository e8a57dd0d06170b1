"""The programs of docs/engines.md, as a user would run them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc
from tests.tools.program import environment

pytestmark = pytest.mark.engines

ROOT: Final = Path(__file__).parent.parent.parent
PAGE: Final = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
PROGRAMS: Final = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES: Final = sorted(map(str, (ROOT / "tests" / "captures").glob("*vxlan*.pcap")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a capture of several thousand packets."""
    folder = tmp_path_factory.mktemp("captures")
    records = []
    for file in FILES:
        with oc.open_capture(file) as capture:
            records += list(capture)
    oc.write_capture(folder / "trace.pcap", records * 100)
    return folder


def output_of(text: str, folder: Path) -> str:
    program = folder / "program.py"
    program.write_text(text)
    words = [sys.executable, str(program)]
    done = subprocess.run(
        words, cwd=folder, env=environment(), capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def octets_by_vni(folder: Path) -> dict[int, int]:
    """The octets of each VNI, packet by packet."""
    found: dict[int, int] = {}
    with oc.open_capture(folder / "trace.pcap") as capture:
        for record in capture:
            vni = record.decode(lax=True).get("vxlan.vni")
            if vni is not None:
                found[vni] = found.get(vni, 0) + record.wire_length
    return found


def test_there_are_two_programs_and_they_are_short() -> None:
    assert [("duckdb" in text, "dask" in text) for text in PROGRAMS] == [(True, False), (False, True)]
    assert all(len(text.splitlines()) <= 25 for text in PROGRAMS)


def test_duckdb(folder: Path) -> None:
    text = output_of(PROGRAMS[0], folder)
    for vni, octets in octets_by_vni(folder).items():
        assert re.search(rf"│ +{vni} │ +\d+ │ +{octets} │", text), text


def test_dask_with_two_workers_on_many_splits(folder: Path) -> None:
    text = PROGRAMS[1].replace("octets=64 << 20", "octets=100_000")
    assert text != PROGRAMS[1]
    assert len(oc.splits(folder / "trace.pcap", octets=100_000)) > 3
    found = re.findall(r"^(\d+) +(\d+)$", output_of(text, folder), re.MULTILINE)
    assert {int(vni): int(octets) for vni, octets in found} == octets_by_vni(folder)
