"""The programs of examples/ explain themselves and are listed; tests/interop runs them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.tools.examples import EXAMPLES, ROOT, shell_of

PROGRAMS: Final = sorted(
    path.stem for path in EXAMPLES.glob("*.py") if "argparse" in path.read_text(encoding="utf-8").split()
)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_the_page_lists_the_programs() -> None:
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) == PROGRAMS
    others = {path.stem for path in EXAMPLES.glob("*.py")} - {*PROGRAMS, "__init__"}
    assert others == {name for name in re.findall(r"`(\w+)`", page) if (EXAMPLES / f"{name}.py").exists()} - {*PROGRAMS}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_says_how_to_run_it(program: str) -> None:
    commands = shell_of(program)
    assert commands["Namespaces"].startswith("for name in ")
    assert f"python -m examples.{program} " in commands.get("Run", "") + commands["Try"]
    made = commands["Namespaces"].partition(";")[0].removeprefix("for name in ").split()
    used = re.findall(r"netns exec ([a-z]+)", "".join(commands.values()))
    assert set(used) <= set(made)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_needs_only_the_library(path: Path) -> None:
    tree = tree_of(path)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= {*sys.stdlib_module_names, "overlaycodec", "examples"}
