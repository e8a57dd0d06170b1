"""Writes docs/maintaining/public-api.txt from the sources: every public name, with its signature.

Functions and classes are read from their source text by griffe, so that the file is the same on every Python version.
Headers and elements are read from their declarations.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import griffe

import overlaycodec as oc
from overlaycodec.describe.facts import default_text, type_of
from overlaycodec.schema.record import WireStruct

SOURCES: Final = Path(oc.__file__).parent
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "maintaining" / "public-api.txt"
SPECIAL: Final = ("__call__", "__getitem__", "__init__", "__new__", "__truediv__")
HEAD: Final = """\
The public interface: every public name with its signature. `make generate` writes this file from the sources, and a
test compares it with them. What a change of it means is in versions.md.
"""


def page() -> str:
    """The text of the file."""
    package = griffe.load("overlaycodec", search_paths=[str(SOURCES.parent)])
    assert isinstance(package, griffe.Module)
    modules = [oc, *(value for name in dir(oc) if isinstance(value := getattr(oc, name), ModuleType))]
    return "".join([HEAD, *("\n".join(["", *lines_of_module(module, package), ""]) for module in modules)])


def lines_of_module(module: ModuleType, package: griffe.Module) -> Iterator[str]:
    """A module's name, and its public names below it."""
    yield module.__name__
    for name in sorted(module.__all__):
        value = getattr(module, name)
        if isinstance(value, type) and issubclass(value, WireStruct) and hasattr(value, "__layout__"):
            lines = lines_of_record(name, value)
        else:
            lines = lines_of_object(name, source_of(name, value, module, package))
        yield from (f"    {line}" for line in lines)


def source_of(name: str, value: object, module: ModuleType, package: griffe.Module) -> griffe.Object:
    """What the source says of a public name: where it is defined, wherever it was imported from."""
    here = getattr(value, "__module__", "").startswith("overlaycodec.")
    if here and (inspect.isfunction(value) or isinstance(value, type)):
        path = f"{value.__module__}.{value.__qualname__}"
    else:
        path = f"{module.__name__}.{name}"
    found = package[path.split(".")[1:]]
    return found.final_target if isinstance(found, griffe.Alias) else found


def lines_of_record(name: str, record: type[WireStruct]) -> Iterator[str]:
    """A header or an element: its fields, with types and defaults."""
    bases = [base.__name__ for base in record.__bases__]
    yield f"class {name}({', '.join(bases)})  # {record.__layout__.name}"
    for field in record.__layout__.fields:
        default = default_text(field)
        yield f"    {field.name}: {type_of(field).replace('`', '')} = {default}"


def lines_of_object(name: str, found: griffe.Object) -> Iterator[str]:
    """A function, a constant, or a class with what is public in it."""
    if isinstance(found, griffe.Function):
        for overload in overloads_of(found) or [found]:
            yield signature(name, overload)
    elif isinstance(found, griffe.Class):
        bases = ", ".join(str(base) for base in found.bases)
        yield f"class {name}({bases})" if bases else f"class {name}"
        for member in sorted(found.members):
            if not member.startswith("_") or member in SPECIAL:
                value = found.members[member]
                if isinstance(value, griffe.Object):
                    yield from (f"    {line}" for line in lines_of_object(member, value))
    elif isinstance(found, griffe.Attribute):
        yield f"{name}: {found.annotation}" if found.annotation is not None else name


def overloads_of(function: griffe.Function) -> list[griffe.Function]:
    """The overloads of a function, which its source has in front of it."""
    parent: Any = function.parent  # Any: griffe gives overloads of modules and of classes the same way, untyped
    return list(function.overloads or parent.overloads.get(function.name) or [])


def signature(name: str, function: griffe.Function) -> str:
    """A function's parameters with annotations, and which of them can be left out."""
    marks = "".join(f"@{label} " for label in ("staticmethod", "classmethod") if label in function.labels)
    return marks + str(function.signature(name=name))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
