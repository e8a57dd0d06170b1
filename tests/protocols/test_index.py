"""The catalog is made of the declarations alone: the index is up to date, and the order of lines decides nothing."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import protocols
from overlaycodec.protocols import HEADERS, index
from overlaycodec.schema.keys import Asked
from tests.tools import protocol_index, stacks
from tests.vectors.test_vectors import VECTORS, bound, decoded

FOLDER: Final = Path(protocols.__file__).parent
NEW_FAMILY: Final = """
from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits
from overlaycodec.schema.keys import MinOctets
from overlaycodec.schema.keyspaces import IP_PROTOCOL, UDP_PORT
from overlaycodec.schema.record import Element

class ZZOption(Element):
    type: Annotated[int, Bits(8)]

class ZZ(Header, keys=(IP_PROTOCOL(253), UDP_PORT(9).when(MinOctets(1)))):
    type: Annotated[int, Bits(8)]

class _Own(Element, path="own"):
    type: Annotated[int, Bits(8)]
"""

Binding = tuple[oc.Key, type[oc.Header]]


def shuffled(seed: int) -> oc.Catalog:
    return oc.Catalog(tuple(Random(seed).sample(HEADERS, len(HEADERS))))


def precedence(binding: Binding) -> tuple[bool, bool]:
    """The rule of the catalog: the lower one is asked first."""
    key, _ = binding
    return not key.conditions, key.fallback


def values_of_all_spaces() -> set[tuple[oc.KeySpace, int | None]]:
    return {(key.space, key.value) for key, _ in oc.DEFAULT.bindings}


def test_the_index_is_what_the_declarations_say() -> None:
    stored = Path(index.__file__).read_text(encoding="utf-8")
    assert stored == protocol_index.text(FOLDER), "run `make generate`"


def test_the_tool_runs_whatever_is_in_the_index(tmp_path: Path) -> None:
    """An index in conflict cannot be imported; the tool writes it anew from the declarations, with a new family."""
    root = Path(__file__).parents[2]
    shutil.copytree(FOLDER.parent, tmp_path / "src" / "overlaycodec", ignore=shutil.ignore_patterns("__pycache__"))
    tools = tmp_path / "tests" / "tools"
    shutil.copytree(root / "tests" / "tools", tools, ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "src" / "overlaycodec" / "protocols"
    (folder / "index.py").write_text("<<<<<<< HEAD\n")
    (folder / "zz.py").write_text(NEW_FAMILY)

    def run(*arguments: str) -> int:
        command = [sys.executable, "-m", "tests.tools.protocol_index", *arguments]
        environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert not done.stderr
        return done.returncode

    assert [run("--check"), run(), run("--check")] == [1, 0, 0]
    lines = (folder / "index.py").read_text(encoding="utf-8").splitlines()
    new = [line for line in lines if line not in Path(index.__file__).read_text(encoding="utf-8").splitlines()]
    assert '    "zz": ("ZZ", "ZZOption"),' in new
    assert "    from overlaycodec.protocols.zz import ZZ, ZZOption" in new
    keys = "(IP_PROTOCOL(253), UDP_PORT(9).when(MinOctets(octets=1)))"
    assert f'    LateHeader("overlaycodec.protocols.zz", "ZZ", "zz", {keys}),' in new


def test_the_index_names_every_class_of_every_family() -> None:
    """Read from the sources, so that the tool which writes the index is tested too."""
    for module in protocol_index.modules(FOLDER):
        tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
        classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        assert set(index.FAMILIES[module]) == {name for name in classes if not name.startswith("_")}


def test_every_name_of_the_index_is_the_class_of_that_name() -> None:
    for family, names in index.FAMILIES.items():
        for name in names:
            cls = getattr(protocols, name)
            assert (cls.__module__, cls.__name__) == (f"{protocols.__name__}.{family}", name)
            assert getattr(oc, name) is cls
    assert sorted(protocols.__all__) == sorted(name for names in index.FAMILIES.values() for name in names)


def test_the_headers_of_the_index_are_those_of_the_catalog() -> None:
    for late, header in zip(index.HEADERS, HEADERS, strict=True):
        assert late.load() is header
        assert (late.name, late.path, late.keys) == (header.__name__, header.__layout__.name, header.__layout__.keys)


def test_the_catalog_is_in_alphabetical_order() -> None:
    names = [(header.__module__, header.__name__) for header in oc.DEFAULT.headers]
    assert names == sorted(names)


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'NoSuchHeader'"):
        getattr(protocols, "NoSuchHeader")  # noqa: B009


# --- which header is asked first --------------------------------------------------------------------------------------


def exclude(one: Asked, other: Asked) -> bool:
    """Whether two conditions never hold at once."""
    if isinstance(one, oc.PreviousHeader) and isinstance(other, oc.PreviousHeader):
        return one.field == other.field and one.value != other.value
    if isinstance(one, oc.Peek) and isinstance(other, oc.Peek):
        first, last = max(one.bit, other.bit), min(one.bit + one.count, other.bit + other.count)
        if first >= last:
            return False
        parts = [peek.value >> peek.bit + peek.count - last & (1 << last - first) - 1 for peek in (one, other)]
        return parts[0] != parts[1]
    return False


def test_what_the_rule_leaves_open_excludes_each_other() -> None:
    """Two headers of equal precedence at one value never both fit; only fallbacks without conditions may."""
    for space, value in values_of_all_spaces():
        for one, other in combinations(oc.DEFAULT.candidates(space, value), 2):
            if precedence(one) != precedence(other) or (one[0].fallback and not one[0].conditions):
                continue
            pairs = [(a, b) for a in one[0].conditions for b in other[0].conditions]
            assert any(exclude(a, b) for a, b in pairs), f"{space!r} {value}: {one} and {other}"


def test_conditions_are_compared_bit_by_bit() -> None:
    assert exclude(oc.Peek(0, 4, 4), oc.Peek(0, 2, 0))
    assert exclude(oc.Peek(4, 8, 0xAB), oc.Peek(0, 8, 0x1B))
    assert not exclude(oc.Peek(4, 8, 0xAB), oc.Peek(0, 8, 0x1A))
    assert not exclude(oc.Peek(0, 4, 4), oc.Peek(4, 4, 5))
    assert not exclude(oc.Peek(0, 4, 4), oc.MinOctets(4))


@pytest.mark.parametrize("seed", range(5))
def test_another_order_of_the_headers_gives_the_same_candidates(seed: int) -> None:
    """Up to the order of those that exclude each other."""
    other = shuffled(seed)
    assert other.headers != oc.DEFAULT.headers
    for space, value in values_of_all_spaces():
        mine, theirs = oc.DEFAULT.candidates(space, value), other.candidates(space, value)
        assert set(mine) == set(theirs)
        assert list(map(precedence, mine)) == list(map(precedence, theirs)) == sorted(map(precedence, mine))
        assert other.key_of(space, mine[0][1]) == oc.DEFAULT.key_of(space, mine[0][1])


def test_another_order_of_the_headers_decodes_the_same() -> None:
    catalogs = [shuffled(seed) for seed in range(2)]
    for name, vector in VECTORS.items():
        for catalog in catalogs:
            other = bound(catalog, vector.get("bindings", []))
            assert decoded(vector, lax=True, catalog=other) == decoded(vector, lax=True), name
    for path in stacks.captures(stacks.CAPTURES).values():
        with oc.open_capture(path) as capture:
            for record in capture:
                packet = record.decode(lax=True)
                for catalog in catalogs:
                    assert record.decode(lax=True, catalog=catalog) == packet


def test_a_fallback_is_found_by_binding_alone() -> None:
    port = oc.UDP_PORT(4789)
    assert [cls for _, cls in oc.DEFAULT.candidates(oc.UDP_PORT, 4789)] == [oc.VXLAN, oc.VXLANGBP, oc.VXLANRCO]
    bound = oc.DEFAULT.with_binding(port, oc.VXLANGBP)
    assert bound.candidates(oc.UDP_PORT, 4789)[0] == (port, oc.VXLANGBP)
    assert oc.DEFAULT.key_of(oc.UDP_PORT, oc.VXLANGBP) == 4789
    assert repr(port.as_fallback()) == "UDP_PORT(4789).as_fallback()"
    assert port.as_fallback().when(oc.MinOctets(1)) == port.when(oc.MinOctets(1)).as_fallback()
