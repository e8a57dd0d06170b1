"""Writes src/overlaycodec/protocols/index.py from the declarations beside it.

python -m tests.tools.protocol_index            write the index
python -m tests.tools.protocol_index --check    say whether it is up to date

The program also runs where the stored index is out of date or in conflict: it begins with names read from the sources.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from overlaycodec.packet.header import Header
    from overlaycodec.schema.keys import Key
    from overlaycodec.schema.record import WireStruct

PACKAGE: Final = "overlaycodec.protocols"
FOLDER: Final = Path(__file__).resolve().parents[2] / "src" / "overlaycodec" / "protocols"
WIDTH: Final = 120
HEAD: Final = '''"""Every family of protocols, its public names, and the keys of its headers.

`make generate` writes this file from the declarations; a test and `make check` compare it with them. Families and names
are in alphabetical order.
"""
'''


def modules(folder: Path) -> list[str]:
    """The modules in which families may be declared, in alphabetical order."""
    names = {path.stem for path in folder.glob("*.py")} - {"index", "numberings"}
    return sorted(name for name in names if not name.startswith("_"))


def names_alone(folder: Path) -> ModuleType:
    """An index without keys, from the sources: enough to import the package."""
    found: dict[str, tuple[str, ...]] = {}
    for module in modules(folder):
        tree = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
        found[module] = tuple(node.name for node in tree.body if isinstance(node, ast.ClassDef))
    index = ModuleType(f"{PACKAGE}.index")
    vars(index).update(__all__=[name for names in found.values() for name in names], FAMILIES=found, HEADERS=())
    return index


def family(module: str) -> dict[str, type[WireStruct]]:
    """The headers and elements that a module declares. Those whose name begins with an underscore are its own."""
    from overlaycodec.packet.header import Header
    from overlaycodec.schema.record import Element

    return {
        name: value
        for name, value in sorted(vars(import_module(f"{PACKAGE}.{module}")).items())
        if isinstance(value, type) and issubclass(value, Header | Element) and not name.startswith("_")
        if (value.__module__, value.__name__) == (f"{PACKAGE}.{module}", name)
    }


def families(folder: Path) -> dict[str, dict[str, type[WireStruct]]]:
    """The headers and elements of each family. Raises: SystemExit, where a name is not unique."""
    found = {module: names for module in modules(folder) if (names := family(module))}
    owners: dict[str, str] = {}
    for module, names in found.items():
        for name, cls in names.items():
            for of in (name, f"path {cls.__layout__.name!r}"):
                if of in owners:
                    raise SystemExit(f"{owners[of]}.py and {module}.py both declare the {of}; each must be unique")
                owners[of] = module
    return found


def key_text(key: Key) -> str:
    """A key as Python source."""
    space = key.space.name.upper()
    text = f"{space}.any()" if key.value is None else f"{space}({key.space.text(key.value)})"
    if key.conditions:
        text += f".when({', '.join(map(repr, key.conditions))})"
    return text + ".as_fallback()" * key.fallback + ".as_guess()" * key.guess


def filled(start: str, parts: list[str], end: str) -> Iterator[str]:
    """A tuple, a list or names in brackets: on one line where it fits, else on indented lines."""
    line = start + ", ".join(parts) + ("," if start.endswith("(") and len(parts) == 1 else "") + end
    if len(line) <= WIDTH:
        yield line
        return
    indent = " " * (len(start) - len(start.lstrip()))
    yield start
    line = ""
    for part in parts:
        if line and len(f"{line} {part},") > WIDTH:
            yield line
            line = ""
        line = f"{line} {part}," if line else f"{indent}    {part},"
    yield line
    yield indent + end


def imported(module: str, names: list[str], indent: str = "") -> Iterator[str]:
    """An import of names."""
    line = f"{indent}from {module} import {', '.join(names)}"
    return iter([line]) if len(line) <= WIDTH else filled(f"{indent}from {module} import (", names, ")")


def header_row(cls: type[Header]) -> Iterator[str]:
    """The row of a header."""
    layout = cls.__layout__
    start = f'    LateHeader("{cls.__module__}", "{cls.__name__}", "{layout.name}", ('
    return filled(start, [key_text(key) for key in layout.keys], ")),")


def text(folder: Path = FOLDER) -> str:
    """The index of a folder of families."""
    from overlaycodec.packet.header import Header
    from overlaycodec.schema import keyspaces

    found = families(folder)
    headers = [cls for names in found.values() for cls in names.values() if issubclass(cls, Header)]
    keys = [key for cls in headers for key in cls.__layout__.keys]
    lines = [
        HEAD,
        "# fmt: off",
        "from typing import TYPE_CHECKING, Final",
        "",
        "from overlaycodec.packet.late_header import LateHeader",
    ]
    asked = sorted({type(condition).__name__ for key in keys for condition in key.conditions})
    spaces = sorted({key.space.name.upper() for key in keys})
    own = [name for name in spaces if name not in vars(keyspaces)]
    if own:
        lines += imported(f"{PACKAGE}.numberings", own)
    lines += imported("overlaycodec.schema.keys", asked)
    lines += imported("overlaycodec.schema.keyspaces", [name for name in spaces if name not in own])
    lines += ["", "if TYPE_CHECKING:"]
    for module, names in found.items():
        lines += imported(f"{PACKAGE}.{module}", list(names), "    ")
    public = sorted(f'"{name}"' for names in found.values() for name in names)
    lines += ["", *filled("__all__ = [", public, "]")]
    lines += ["", "FAMILIES: Final[dict[str, tuple[str, ...]]] = {"]
    for module, names in found.items():
        lines += filled(f'    "{module}": (', [f'"{name}"' for name in names], "),")
    lines += ["}", '"""The public names of each family."""', "", "HEADERS: Final = ("]
    for cls in headers:
        lines += header_row(cls)
    lines += [")", '"""Every header of the default catalog: where it is declared, its name in paths, its keys."""']
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the index, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check, path = parser.parse_args().check, FOLDER / "index.py"
    sys.modules[f"{PACKAGE}.index"] = names_alone(FOLDER)
    made = text()
    if not check:
        path.write_text(made, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != made:
        print("src/overlaycodec/protocols/index.py is not what the declarations say: run `make generate`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
