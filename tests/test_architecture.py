"""The packages of the library, read from its sources: which may import which, in layers, without a circle."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import msgspec
import pytest

import overlaycodec as oc
from overlaycodec.protocols import HEADERS
from overlaycodec.schema.facts import ConstructField, Fact
from overlaycodec.schema.keys import Key, KeySpace, MinOctets, Peek, PreviousHeader, Within

ROOT: Final = Path(oc.__file__).parent
SOURCES: Final = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}

# What each package, or module of the root, may import; what it does not name it must not know.
ALLOWED: Final[dict[str, str]] = {
    "errors": "",
    "checksum": "",
    "codegen": "",
    "values": "errors",
    "schema": "codegen errors values",
    "packet": "errors schema values",
    "reference": "errors packet pipelines schema values",
    "protocols": "packet schema values",
    "describe": "packet schema values",
    "telemetry": "errors protocols values",
    "trailers": "codec describe errors packet schema values",
    "codec": "checksum codegen errors guesses packet protocols schema values",
    "pipelines": "codec describe errors guesses packet schema values",
    "dialects": "codec packet protocols schema values",
    "strategies": "capture codec editing errors packet pipelines protocols schema trailers values",
    "capture": "codec errors filters packet pipelines schema values",
    "editing": "checksum codec codegen errors guesses packet schema values",
    "vlan": "editing errors packet protocols schema values",
    "reassembly": "checksum codec editing errors packet protocols values",
    "offload": "checksum codec editing errors packet protocols reassembly schema values",
    "comparison": "capture codec describe errors packet protocols schema values",
    "columnar": "capture checksum codec describe editing errors filters packet pipelines schema values",
    "filters": "codec editing errors packet schema values",
    "icmp_errors": "checksum codec editing packet protocols values",
    "tunnel": "checksum codec dialects editing errors findings icmp_errors packet protocols reassembly schema values"
    " vlan",
    "display": "codec describe editing packet schema values",
    "interchange": "codec describe errors packet protocols schema values",
    "findings": "checksum codec editing errors packet protocols schema values",
    "guesses": "checksum packet schema",
    "anonymise": "checksum codec editing packet protocols schema values",
    "fuzz": (
        "capture checksum codec describe editing errors filters findings interchange packet protocols schema values"
    ),
    "conformance": "capture describe fuzz",
}
FACES: Final = ("overlaycodec", "notebook", "cli")
"""The public names, the pages of notebooks and the command line may import everything below; the last, the first."""
CONVENIENCE: Final = frozenset(
    {
        "overlaycodec.schema.record",
        "overlaycodec.values.for_notebooks",
        "overlaycodec.packet.header",
        "overlaycodec.values.for_people",
        "overlaycodec.codec.catalog",
        "overlaycodec.capture.split",
    }
)
"""The files whose methods call a module above, by an import when they are called, and have no logic of their own:
`help()` describes a class; notebooks show what is `ForNotebooks`; `Header.__truediv__` makes a packet; `Packet.show`
and others, `Catalog.decode` and `Catalog.encode` call the functions of these names; `Split.columns` calls `columns`."""
MOST_MODULES: Final = 6
MOST_LAYERS: Final = 12
CORE: Final = ("schema", "packet", "codec")
MOST_CORE_LINES: Final = 8_000


def package_of(module: str) -> str:
    """The package, or the module of the root, that a module is in."""
    return module.split(".")[1] if "." in module else module


class Imports(ast.NodeVisitor):
    """What a module imports: at once, and later within functions. What type checkers alone import is left out.

    And the names of classes that it writes into.
    """

    def __init__(self) -> None:
        self.now: set[str] = set()
        self.later: set[str] = set()
        self.written: set[str] = set()
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

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id[:1].isupper()
            ):
                self.written.add(target.value.id)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self._add(*(alias.name for alias in node.names))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "imports are absolute"
        module = node.module or ""
        for alias in node.names:
            self._add(f"{module}.{alias.name}" if f"{module}.{alias.name}" in SOURCES else module)


@cache
def all_imports() -> dict[str, Imports]:
    """What each module imports. The trees are not kept: they would take more room than all else."""
    found = {module: Imports() for module in SOURCES}
    for module, imports in found.items():
        imports.visit(ast.parse(SOURCES[module].read_text()))
    return found


def ours(names: set[str]) -> Iterator[str]:
    return (name for name in sorted(names) if name.partition(".")[0] == "overlaycodec")


def test_a_package_imports_only_what_it_may() -> None:
    wrong = {}
    for module, imports in all_imports().items():
        package = package_of(module)
        assert package in ALLOWED or package in FACES, f"say in ALLOWED what {package} may import"
        upward = module in CONVENIENCE
        found = {package_of(name) for name in ours(imports.now if upward else imports.now | imports.later)} - {package}
        if package in FACES:
            wrong[module] = found & ({"notebook"} if package == "cli" else {*FACES})
        else:
            wrong[module] = found - set(ALLOWED[package].split())
    assert {module: found for module, found in wrong.items() if found} == {}


def layers() -> list[set[str]]:
    """The packages by how many stand below each one, the lowest first."""
    graph = TopologicalSorter({package: set(allowed.split()) for package, allowed in ALLOWED.items()})
    below = ALLOWED.keys() - {"fuzz", "conformance", "anonymise"}  # only their users and the command line import them
    graph.add("overlaycodec", *below)
    graph.add("notebook", *below)
    graph.add("cli", "overlaycodec", "conformance", "anonymise")
    graph.prepare()
    found = []
    while ready := set(graph.get_ready()):
        found.append(ready)
        graph.done(*ready)
    return found


def test_the_packages_stand_in_few_layers_without_a_circle() -> None:
    assert sum(map(len, layers())) == len(ALLOWED) + len(FACES), "there is a circle"
    assert len(layers()) <= MOST_LAYERS


def test_every_arrow_that_is_allowed_is_there() -> None:
    for package, allowed in ALLOWED.items():
        inside = [module for module in SOURCES if package_of(module) == package]
        found = {
            package_of(name)
            for module in inside
            for name in ours(all_imports()[module].now | all_imports()[module].later)
        }
        assert set(allowed.split()) <= found, f"{package} does not import {set(allowed.split()) - found}"


def test_few_modules_are_in_no_package() -> None:
    flat = {path.stem for path in ROOT.glob("*.py")}
    assert len(flat) <= MOST_MODULES, flat


def test_modules_import_each_other_in_no_circle() -> None:
    """Imports within functions count too, but for the file whose methods call upward."""
    graph = {
        module: set(ours(imports.now if module in CONVENIENCE else imports.now | imports.later)) - {module}
        for module, imports in all_imports().items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) >= len(SOURCES)


def test_the_core_is_small_and_knows_no_face() -> None:
    lines = sum(len(path.read_text().splitlines()) for module, path in SOURCES.items() if package_of(module) in CORE)
    assert lines <= MOST_CORE_LINES
    below: set[str] = set()
    asked = set(CORE)
    while asked:
        package = asked.pop()
        below.add(package)
        asked |= set(ALLOWED[package].split()) - below
    assert not below & {"cli", "columnar", "capture"}


def test_no_class_is_written_into_from_outside() -> None:
    assert {module: imports.written for module, imports in all_imports().items() if imports.written} == {}


def test_protocols_are_data_alone() -> None:
    for module in SOURCES:
        if module.startswith("overlaycodec.protocols."):
            tree = ast.parse(SOURCES[module].read_text())
            assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)], module


FACT_READERS: Final = ("schema", "reference", "protocols", "dialects", "telemetry", "trailers", "overlaycodec")
"""Where facts are read, declared or published."""


def test_facts_are_read_where_plans_are_made_and_nowhere_else() -> None:
    readers = {
        module
        for module, imports in all_imports().items()
        if {"overlaycodec.schema.facts", "overlaycodec.schema.declaration"} & (imports.now | imports.later)
        and package_of(module) not in FACT_READERS
    }
    assert readers == set()


OUTSIDE: Final = (
    "overlaycodec.columnar.workers.shared_memory",
    "overlaycodec.display.output",
    "overlaycodec.fuzz.afl",
    "overlaycodec.fuzz.corpus",
    "overlaycodec.fuzz.decoders.decoder",
    "overlaycodec.fuzz.decoders.with_tshark",
)
"""Modules that have to do with the system: memory, a terminal, AFL++, a folder of files, programs."""


def test_only_faces_and_captures_touch_files() -> None:
    outside = {"os", "pathlib", "socket", "subprocess", "tempfile", "shutil", "rich", "click"}
    for module, imports in all_imports().items():
        if package_of(module) not in (*FACES, "capture") and module not in OUTSIDE:
            assert not outside & {name.partition(".")[0] for name in imports.now | imports.later}, module


def test_construct_is_loaded_in_one_place_by_the_codec() -> None:
    users = {module for module, imports in all_imports().items() if "construct" in imports.now | imports.later}
    assert {module for module in users if ".reference" not in module} == {"overlaycodec.values.constructs"}
    early = {module for module, imports in all_imports().items() if "overlaycodec.values.constructs" in imports.now}
    assert {module for module in early if ".reference" not in module} <= {"overlaycodec.strategies.records"}


def test_the_reference_knows_no_plan_and_nothing_of_the_codec() -> None:
    """It proves the generator only as long as it reads the declarations and nothing else."""
    for module, imports in all_imports().items():
        if package_of(module) == "reference":
            assert "overlaycodec.schema.plans" not in imports.now | imports.later
        else:
            assert not [name for name in ours(imports.now | imports.later) if package_of(name) == "reference"], module


def facts_in(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, tuple):
        for member in value:
            yield from facts_in(member)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from (key, *facts_in(member))
    elif isinstance(value, msgspec.Struct) and not isinstance(value, ConstructField):
        for name in value.__struct_fields__:
            yield from facts_in(getattr(value, name))


def test_the_vocabulary_is_data_and_never_a_callable() -> None:
    plain = (Fact, Key, KeySpace, Peek, PreviousHeader, MinOctets, Within, int, str, bool, type(None), tuple, dict)
    for header in HEADERS:
        for field in header.__declaration__:
            for fact in field.facts.values():
                assert isinstance(fact, msgspec.Struct)
                for value in facts_in(fact):
                    assert isinstance(value, plain), f"{header.__name__}.{field.name}: {value!r}"


def test_modules_are_small() -> None:
    """All but the index, which a program writes: it grows with the catalog."""
    lines = {module: len(path.read_text().splitlines()) for module, path in SOURCES.items()}
    del lines["overlaycodec.protocols.index"]
    assert {module: count for module, count in lines.items() if count > 400} == {}


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
print(*(set(sys.modules) - before))
"""
ROUND_TRIP: Final = """
import overlaycodec as oc
frame = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
packet = oc.decode(oc.encode(frame / oc.UDP(src_port=1) / oc.VXLAN(vni=7) / frame / oc.UDP(src_port=1, dst_port=2)))
oc.checksums(oc.fill(packet))
"""
EARLY: Final = {"checksum", "codec", "codegen", "errors", "guesses", "packet", "protocols", "schema", "values"}
"""The packages that decoding and encoding need. `import overlaycodec` loads these, and each other one is late."""
EARLY_STANDARD: Final = frozenset(
    {"binascii", "bisect", "collections", "contextlib", "copy", "enum", "functools", "importlib", "inspect"}
    | {"ipaddress", "itertools", "keyword", "linecache", "operator", "re", "struct", "sys", "types", "typing"}
    | {"weakref"}
)
"""What these import of the standard library. Python or msgspec has most of it at hand; the rest is small."""


@cache
def loaded_by(code: str) -> frozenset[str]:
    path = f"import sys; sys.path.insert(0, {str(ROOT.parent)!r})\n"
    command = [sys.executable, "-c", path + LOADED.format(code=code)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return frozenset(run.stdout.split())


def foreign(code: str) -> set[str]:
    """The packages that are loaded, but for those of the standard library."""
    return {name.partition(".")[0] for name in loaded_by(code)} - sys.stdlib_module_names


@pytest.mark.parametrize("code", ["import overlaycodec", ROUND_TRIP], ids=["import", "round trip"])
def test_the_core_loads_msgspec_and_nothing_else(code: str) -> None:
    assert foreign(code) == foreign("import msgspec") | {"overlaycodec"}


@pytest.mark.parametrize(
    ("code", "packages"),
    [("import overlaycodec", EARLY), (ROUND_TRIP, EARLY | {"editing"})],
    ids=["import", "round trip"],
)
def test_a_package_is_imported_when_it_is_first_needed(code: str, packages: set[str]) -> None:
    loaded = loaded_by(code) & SOURCES.keys()
    assert {package_of(module) for module in loaded} == packages | {"overlaycodec"}


def test_importing_the_core_imports_little_of_the_standard_library() -> None:
    names = {
        name.partition(".")[0]
        for module in loaded_by("import overlaycodec") & SOURCES.keys()
        for name in all_imports()[module].now
    }
    assert names & sys.stdlib_module_names - {"__future__"} == EARLY_STANDARD


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
