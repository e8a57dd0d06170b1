"""What type checkers say of the library's face: correct uses pass, misuses are rejected, each on its own line.

accept.py and reject.py in the folder typing are checked as a user's code would be, with a configuration of their own,
against the copy of the package that is under test.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc

FOLDER: Final = Path(__file__).parent / "typing"
ACCEPT, REJECT = FOLDER / "accept.py", FOLDER / "reject.py"
PACKAGES: Final = Path(oc.__file__).parents[1]
INSTALLED: Final = "site-packages" in PACKAGES.parts

Lines = dict[int, list[str]]


def mypy(path: Path, cwd: Path) -> Lines:
    config = cwd / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\n[mypy-construct.*]\nignore_missing_imports = true\n")
    environment = os.environ | ({} if INSTALLED else {"MYPYPATH": str(PACKAGES)})
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), path.name]
    run = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stderr
    lines: Lines = {}
    for text in run.stdout.splitlines():
        place, _, message = text.partition(": error: ")
        if message:
            name, line = place.rsplit(":", 1)
            assert name == path.name, text
            lines.setdefault(int(line), []).append(message)
    return lines


def pyright(path: Path, cwd: Path) -> Lines:
    config: dict[str, Any] = {"include": [path.name], "strict": [path.name], "pythonVersion": "3.11"}
    config |= {} if INSTALLED else {"extraPaths": [str(PACKAGES)]}
    (cwd / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(cwd)]
    environment = os.environ | {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    run = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    report = json.loads(run.stdout[run.stdout.index("{") :])
    assert report["summary"]["filesAnalyzed"] == 1
    lines: Lines = {}
    for found in report["generalDiagnostics"]:
        lines.setdefault(found["range"]["start"]["line"] + 1, []).append(f"{found['message']} ({found.get('rule')})")
    return lines


CHECKERS: Final[dict[str, Callable[[Path, Path], Lines]]] = {"mypy": mypy, "pyright": pyright}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a user's: the two files, and the checkers' caches."""
    folder = tmp_path_factory.mktemp("project")
    for path in (ACCEPT, REJECT):
        shutil.copy(path, folder)
    return folder


@pytest.mark.survey
@pytest.mark.parametrize("name", CHECKERS)
def test_correct_uses_pass(name: str, project: Path) -> None:
    assert CHECKERS[name](ACCEPT, project) == {}


@pytest.mark.survey
@pytest.mark.parametrize("name", CHECKERS)
def test_each_misuse_is_rejected_on_its_line(name: str, project: Path) -> None:
    marked = {number for number, line in enumerate(REJECT.read_text().splitlines(), 1) if line.endswith("  # E")}
    assert len(marked) > 60
    found = CHECKERS[name](REJECT, project)
    assert {number: found[number] for number in found.keys() - marked} == {}
    assert marked - found.keys() == set()


@pytest.mark.survey
def test_correct_uses_run(tmp_path: Path) -> None:
    uses = runpy.run_path(str(ACCEPT))
    for name in ("one.pcap", "one.pcapng"):
        assert uses["to_a_capture"](tmp_path / name) == [uses["packet"]]
    uses["law"]()
