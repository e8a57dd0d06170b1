"""Tests do not use private names of the library, so that a change inside a module changes no test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import overlaycodec

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = ("tests", "fuzz", "examples")
PRIVATE: Final = re.compile(r"\b_[A-Za-z]\w*")
PROTOCOLS: Final = {
    "_OVERLAYCODEC_COMPLETE": "the environment variable of shell completion, as click names it",
    "_replace": "a method of named tuples",
    "_fields": "an attribute of named tuples",
    "_repr_html_": "the method that notebooks call",
    "_repr_mimebundle_": "the method that notebooks call",
}
"""Names that are public in spite of their underscore."""
ALLOWED: Final = {
    ("tests/tools/internals.py", "_code"): "the seam: functions that say why a test needs what is private",
    ("tests/conftest.py", "_get_local_constants"): "of Hypothesis, which has no setting for it",
    ("tests/conftest.py", "_local_constants"): "of Hypothesis, which has no setting for it",
}
"""Files and private names that may be used in them, with the reason."""
BY_NAME: Final = {"getattr", "setattr", "delattr", "hasattr", "object"}
"""Functions that take the name of an attribute: the builtins, `monkeypatch.setattr`, `mock.patch.object`."""


@cache
def names_of_library() -> frozenset[str]:
    """The private names that occur in the library: any other is of another library, such as one that is measured."""
    files = Path(overlaycodec.__file__).parent.rglob("*.py")
    return frozenset(name for file in files for name in PRIVATE.findall(file.read_text(encoding="utf-8")))


def private_names(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of each private name of the library that a module uses.

    A name that the module itself defines is its own, and so is one of an imported module outside the library.
    """
    tree = ast.parse(source)
    own = {name for node in ast.walk(tree) for name in _defined(node)}
    others = {name for node in ast.walk(tree) for name in _foreign_modules(node)}
    replaced = {id(node.args[1]) for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) > 1}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if _of_library(module):
                used = [*module.split("."), *(alias.name for alias in names)]
            case ast.Import(names=names):
                used = [part for alias in names if _of_library(alias.name) for part in alias.name.split(".")]
            case ast.Attribute(value=value, attr=name):
                is_other = name in own or (isinstance(value, ast.Name) and value.id in others)
                used = [name] if name in names_of_library() and not is_other else []
            case ast.Call(
                func=ast.Name(id=function) | ast.Attribute(attr=function), args=[_, ast.Constant(value=str(name)), *_]
            ):
                used = [name] if function in BY_NAME else []
            case ast.Constant(value=str(name)) if re.fullmatch(r"overlaycodec(\.\w+)+", name):
                used = name.split(".")
            case ast.Constant(value=str(name)) if (
                name.isupper() and id(node) not in replaced
            ):  # of a table of constants that are replaced
                used = [name] if name in names_of_library() else []
            case _:
                continue
        yield from ((node.lineno, name) for name in used if PRIVATE.fullmatch(name) and name not in PROTOCOLS)


def _of_library(module: str) -> bool:
    return module.partition(".")[0] == "overlaycodec"


def _defined(node: ast.AST) -> Iterator[str]:
    """The names of functions, classes and attributes that a node defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
        yield node.attr


def _foreign_modules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (
            (alias.asname or alias.name).partition(".")[0] for alias in node.names if not _of_library(alias.name)
        )


def test_tests_use_no_private_names() -> None:
    found = set()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("tests/captures/"):
                found |= {(name, line, private) for line, private in private_names(path.read_text(encoding="utf-8"))}
    assert {use for use in found if (use[0], use[2]) not in ALLOWED} == set()
    assert ALLOWED.keys() <= {(name, private) for name, _, private in found}, "nothing needs these any more"


@pytest.mark.parametrize(
    "source",
    [
        "from overlaycodec.codec.stack_cache import _miss",
        "from overlaycodec._codec import miss",
        "import overlaycodec._codec",
        "catalog._code.first_step(1)",
        "oc.DEFAULT._code = None",
        "class Mine(Table):\n    def rows(self):\n        return self._rows",
        "monkeypatch.setattr(code_cache, '_FRAME', 4)",
        "mock.patch.object(code_cache, '_FRAME', 4)",
        "monkeypatch.setattr('overlaycodec.codec.code_cache._MOST', 4)",
        "getattr(catalog, '_code')",
        "SIZES = [(source_batches, '_PACKETS', 4)]",
    ],
)
def test_a_private_name_is_found(source: str) -> None:
    assert len(list(private_names(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos._exit(1)",
        "row._replace(a=1)",
        "def _rows(self): ...\nother._rows",
        "class Mine:\n    def __init__(self):\n        self._rows = 1\nMine()._rows",
        "self._not_a_name_of_the_library",
        "words['_source'], wide.__dict__, _ = 1, 2, 3",
    ],
)
def test_other_names_are_left_alone(source: str) -> None:
    assert list(private_names(source)) == []
