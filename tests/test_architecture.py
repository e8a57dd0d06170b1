"""The floors of the library, read from its sources: imports run downwards only; a new module says where it stands."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import msgspec
import pytest

import overlaycodec as oc
from overlaycodec.protocols import HEADERS
from overlaycodec.schema.facts import ConstructField, Fact

ROOT: Final = Path(oc.__file__).parent
SOURCES: Final = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}

FLOORS: Final = (
    # 0: errors, facts, values; nothing of headers
    ("errors", "wire", "values", "checksum", "source"),
    # 1: what a declaration is
    ("layout", "grammar", "schema", "checked", "foreign", "keys"),
    # 2: declarations, and what is derived from one of them; neither knows the other
    (
        "protocols",
        "packing",
        "reader",
        "rows",
        "writer",
        "spans",
        "plain",
        "describe",
        "views",
        "prose",
        "diagram",
        "reference",
    ),
    # 3: packets, and the ways through them
    (
        "paths",
        "packet",
        "walk",
        "stepper",
        "fused",
        "guesses",
        "stacked",
        "emission",
        "catalog",
        "pipeline",
        "verify",
        "edits",
        "capture",
    ),
    # 4: what is made of all that
    ("strategies", "dialects", "columnar", "comparison", "reassembly", "telemetry", "tunnel", "vlan", "findings"),
    # 5: faces
    ("cli",),
)
FLOOR: Final = {f"overlaycodec.{name}": floor for floor, names in enumerate(FLOORS) for name in names}
TOP: Final = len(FLOORS)
DERIVERS: Final = tuple(f"overlaycodec.{name}" for name in FLOORS[2] if name != "protocols")


def floor_of(module: str) -> int:
    """The floor of a module, or of the package it is in; the package's own names stand above all."""
    if module == "overlaycodec":
        return TOP
    return FLOOR[".".join(module.split(".")[:2])]


class Imports(ast.NodeVisitor):
    """What a module imports: at once, and later within functions. What type checkers alone import is left out."""

    def __init__(self) -> None:
        self.now: set[str] = set()
        self.later: set[str] = set()
        self._inside = 0

    def _add(self, *names: str) -> None:
        (self.later if self._inside else self.now).update(names)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._inside += 1
        self.generic_visit(node)
        self._inside -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for other in node.orelse:
                self.visit(other)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self._add(*(alias.name for alias in node.names))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "imports are absolute"
        module = node.module or ""
        for alias in node.names:
            self._add(f"{module}.{alias.name}" if f"{module}.{alias.name}" in SOURCES else module)


def imports_of(module: str) -> Imports:
    imports = Imports()
    imports.visit(ast.parse(SOURCES[module].read_text()))
    return imports


IMPORTS: Final = {module: imports_of(module) for module in SOURCES}


def ours(names: set[str]) -> Iterator[str]:
    return (name for name in sorted(names) if name.partition(".")[0] == "overlaycodec")


@pytest.mark.parametrize("module", SOURCES)
def test_imports_run_downwards(module: str) -> None:
    assert module == "overlaycodec" or ".".join(module.split(".")[:2]) in FLOOR, "say in FLOORS where it stands"
    imports = IMPORTS[module]
    for other in ours(imports.now | imports.later):
        if other == "overlaycodec":
            assert floor_of(module) == TOP - 1, f"{module}: only faces may use the package's own names"
        else:
            assert floor_of(other) <= floor_of(module), f"{module} imports {other}, which stands above it"


def test_imports_go_in_no_circle() -> None:
    graph = {module: set(ours(imports.now)) - {module} for module, imports in IMPORTS.items()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(SOURCES)


def test_protocols_are_data_alone() -> None:
    allowed = {"keys", "schema", "values", "wire"}
    for module, imports in IMPORTS.items():
        if module.startswith("overlaycodec.protocols."):
            others = set(ours(imports.now | imports.later))
            assert {other for other in others if ".protocols" not in other} <= {
                f"overlaycodec.{name}" for name in allowed
            }
            tree = ast.parse(SOURCES[module].read_text())
            assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)], module


def test_derivers_know_no_protocol() -> None:
    for module, imports in IMPORTS.items():
        if floor_of(module) <= 2 and not module.startswith("overlaycodec.protocols"):
            assert not [other for other in ours(imports.now | imports.later) if "protocols" in other], module
    assert set(DERIVERS) <= set(SOURCES)


def test_only_faces_and_captures_touch_files() -> None:
    outside = {"os", "pathlib", "socket", "subprocess", "tempfile", "shutil", "rich", "click"}
    for module, imports in IMPORTS.items():
        if floor_of(module) < TOP - 1 and not module.startswith("overlaycodec.capture"):
            assert not outside & {name.partition(".")[0] for name in imports.now | imports.later}, module


def test_construct_is_loaded_in_one_place_by_the_codec() -> None:
    users = {module for module, imports in IMPORTS.items() if "construct" in imports.now | imports.later}
    assert {module for module in users if ".reference" not in module} == {"overlaycodec.schema.construct_fields"}
    early = {module for module, imports in IMPORTS.items() if "overlaycodec.schema.construct_fields" in imports.now}
    assert {module for module in early if ".reference" not in module} <= {"overlaycodec.strategies.records"}


def test_the_reference_knows_nothing_of_the_codec() -> None:
    """It proves the generator only as long as it reads the declarations and nothing else."""
    seen: set[str] = set()
    reading = {module for module in SOURCES if module.startswith("overlaycodec.reference")}
    while reading:
        module = reading.pop()
        seen.add(module)
        imports = IMPORTS[module]
        reading |= set(ours(imports.now | imports.later)) - seen
    codec = {"reader", "writer", "rows", "packing", "stepper", "fused", "walk", "emission", "pipeline", "spans"}
    assert not seen & {f"overlaycodec.{name}" for name in codec}
    assert not {"overlaycodec.reference"} & {
        other
        for module in SOURCES
        if ".reference" not in module
        for other in ours(IMPORTS[module].now | IMPORTS[module].later)
    }


def facts_in(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, tuple):
        for member in value:
            yield from facts_in(member)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from (key, *facts_in(member))
    elif isinstance(value, Fact) and not isinstance(value, ConstructField):
        for name in value.__struct_fields__:
            yield from facts_in(getattr(value, name))


def test_the_vocabulary_is_data_and_never_a_callable() -> None:
    plain = (Fact, int, str, bool, type(None), tuple, dict)
    for header in HEADERS:
        for field in header.__declaration__:
            for fact in field.facts.values():
                assert isinstance(fact, msgspec.Struct)
                for value in facts_in(fact):
                    assert isinstance(value, plain), f"{header.__name__}.{field.name}: {value!r}"


@pytest.mark.parametrize("module", SOURCES)
def test_modules_are_small(module: str) -> None:
    lines = len(SOURCES[module].read_text().splitlines())
    assert lines <= 400


def test_a_protocol_is_a_page() -> None:
    lines = [
        len(path.read_text().splitlines())
        for module, path in SOURCES.items()
        if module.startswith("overlaycodec.protocols.")
    ]
    assert statistics.median(lines) <= 60


# What a Python process has loaded after these lines, beside what it had before.
LOADED: Final = """
import sys
before = set(sys.modules)
{code}
names = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*(names - set(sys.stdlib_module_names)))
"""
ROUND_TRIP: Final = """
import overlaycodec as oc
frame = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
packet = oc.decode(oc.encode(frame / oc.UDP(src_port=1) / oc.VXLAN(vni=7) / frame / oc.UDP(src_port=1, dst_port=2)))
oc.checksums(oc.fill(packet))
"""


def loaded_by(code: str) -> set[str]:
    path = f"import sys; sys.path.insert(0, {str(ROOT.parent)!r})\n"
    command = [sys.executable, "-c", path + LOADED.format(code=code)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


@pytest.mark.parametrize("code", ["import overlaycodec", ROUND_TRIP], ids=["import", "round trip"])
def test_the_core_loads_msgspec_and_nothing_else(code: str) -> None:
    assert loaded_by(code) == loaded_by("import msgspec") | {"overlaycodec"}


def test_a_catalog_is_a_value() -> None:
    """No registry of the module: another catalog is another value, and the default one stays as it is."""
    before = (oc.DEFAULT.headers, oc.DEFAULT.bindings)
    bound = oc.DEFAULT.with_binding(oc.UDP_PORT(48879), oc.VXLAN)
    assert bound != oc.DEFAULT
    assert bound == oc.DEFAULT.with_binding(oc.UDP_PORT(48879), oc.VXLAN)
    assert (oc.DEFAULT.headers, oc.DEFAULT.bindings) == before
    assert oc.DEFAULT.headers == HEADERS


def test_the_public_names_are_there() -> None:
    assert [name for name in oc.__all__ if not hasattr(oc, name)] == []
    assert len(set(oc.__all__)) == len(oc.__all__)
    for header in HEADERS:
        assert getattr(oc, header.__name__) is header
        assert header.__name__ in oc.__all__
    assert (ROOT / "py.typed").exists()
