"""What `dir(overlaycodec)` shows, and that a documented submodule is never hidden by a family of the same name."""

from __future__ import annotations

import ast
import pydoc
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = Path(oc.__file__).parent
SUBMODULES: Final = (
    "anonymise",
    "comparison",
    "conformance",
    "dialects",
    "fuzz",
    "icmp_errors",
    "offload",
    "reassembly",
    "reference",
    "strategies",
    "telemetry",
    "trailers",
    "tunnel",
    "vlan",
)
PROGRAM: Final = {"cli", "errors"}
"""Named on the pages, but no submodules to use: the command line, and the errors in tracebacks, which `oc` has."""


def run(code: str) -> str:
    path = f"import sys; sys.path.insert(0, {str(SOURCES.parent)!r})\n"
    done = subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def documented() -> set[str]:
    """The submodules that the pages name."""
    found: set[str] = set()
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")]:
        text = page.read_text(encoding="utf-8")
        found.update(re.findall(r"(?:from |`)overlaycodec\.(\w+)", text))
        for names in re.findall(r"from overlaycodec import ([^\n]+)", text):
            found.update(re.findall(r"\w+", names.partition(" as ")[0]))
    return {name for name in found if (SOURCES / name).is_dir() or (SOURCES / f"{name}.py").is_file()} - PROGRAM


def test_dir_shows_the_public_names_and_the_documented_submodules() -> None:
    shown = {name for name in dir(oc) if not (name.startswith("__") and name.endswith("__"))}
    assert shown == {*oc.__all__, *SUBMODULES}
    assert set(SUBMODULES) == documented()
    assert dir(oc) == sorted(set(dir(oc)))


def test_late_names_are_imported_from_where_type_checkers_find_them() -> None:
    """Both halves of the `if TYPE_CHECKING` say it: the imports of the one, and the table of the other."""
    (block,) = (
        node for node in ast.parse((SOURCES / "__init__.py").read_text("utf-8")).body if isinstance(node, ast.If)
    )
    homes: dict[str, str] = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        homes |= {alias.name: str(node.module) for alias in node.names if alias.name != "*"}
    submodules = {name for name, home in homes.items() if home == "overlaycodec"}
    (table,) = (
        ast.literal_eval(node.value)
        for node in block.orelse
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    )
    late = {name: f"overlaycodec.{home}" for home, names in table.items() for name in names.split()}
    assert submodules == {*SUBMODULES}
    assert {name: home for name, home in homes.items() if name not in submodules} == late
    assert late.keys() <= {*oc.__all__}
    assert [name for name, home in late.items() if getattr(oc, name) is not getattr(import_module(home), name)] == []


def test_dir_shows_the_same_whatever_was_imported() -> None:
    imports = "\n".join(f"import overlaycodec.{name}" for name in (*SUBMODULES, "columnar.table", "protocols.vlan"))
    shown = run(f"import overlaycodec\nfirst = dir(overlaycodec)\n{imports}\nprint(first == dir(overlaycodec))")
    assert shown == "True\n"


def test_every_name_that_dir_shows_is_there() -> None:
    assert [name for name in dir(oc) if not hasattr(oc, name)] == []


def test_a_documented_submodule_is_that_submodule() -> None:
    """Each in a process of its own, by attribute and by import, also after families of such a name were imported."""
    code = f"""
import os, sys, overlaycodec as oc
import overlaycodec.protocols.vlan, overlaycodec.protocols.telemetry
oc.VLANTag, oc.INTMD, oc.DEFAULT.headers
for name in {SUBMODULES}:
    child = os.fork()
    if child == 0:
        module = getattr(oc, name)
        exec(f"from overlaycodec import {{name}} as imported")
        assert module is imported is sys.modules[f"overlaycodec.{{name}}"]
        print(module.__name__, flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, name
"""
    assert run(code).split() == [f"overlaycodec.{name}" for name in SUBMODULES]
    for name in SUBMODULES:
        assert getattr(oc, name) is import_module(f"overlaycodec.{name}")


def test_a_submodule_without_its_dependency_is_no_attribute() -> None:
    code = """
sys.modules["hypothesis"] = None
import overlaycodec as oc
print(hasattr(oc, "strategies"))
try:
    oc.strategies
except AttributeError as error:
    print(error)
try:
    from overlaycodec import strategies
except ModuleNotFoundError as error:
    print(error)
"""
    assert run(code).splitlines() == ["False", *(2 * [run_message()])]


def run_message() -> str:
    return "overlaycodec.strategies needs Hypothesis: pip install 'overlaycodec[hypothesis]'"


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'overlaycodec' has no attribute 'protocol'"):
        getattr(oc, "protocol")  # noqa: B009


def test_a_star_import_gives_the_public_names() -> None:
    code = "from overlaycodec import *\nimport overlaycodec\nprint(set(overlaycodec.__all__) - set(globals()))"
    assert run(code) == "set()\n"


def test_help_shows_the_package() -> None:
    """What many people type first: `help(overlaycodec)`."""
    text = pydoc.plain(pydoc.render_doc(oc))
    assert "decode(" in text
    assert "class ConstructField" in text
