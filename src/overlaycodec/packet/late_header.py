"""A header whose class is imported when it is first needed.

Strategy: a catalog has to know the keys of a header before it meets one, and nothing else of it. `LateHeader` holds the
keys and the name of the class. The index of the protocols is a list of these.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TypeAlias

import msgspec

from overlaycodec.packet.header import Header
from overlaycodec.schema.keys import Key

__all__ = [
    "AnyHeader",
    "LateBinding",
    "LateHeader",
    "is_class",
    "is_imported",
    "keys_of",
    "loaded",
    "name_of",
    "path_of",
]


class LateHeader(msgspec.Struct, frozen=True):
    """Where a header's class is, its name in paths, and the keys at which it is found."""

    module: str
    name: str
    path: str
    keys: tuple[Key, ...] = ()

    def load(self) -> type[Header]:
        """The class. Its module is imported the first time."""
        cls: type[Header] = getattr(import_module(self.module), self.name)
        return cls


AnyHeader: TypeAlias = type[Header] | LateHeader
"""A header class, or where it is."""
LateBinding: TypeAlias = tuple[Key, AnyHeader]
"""A key, and the header that is found at it."""


def is_imported(header: AnyHeader) -> bool:
    """Whether the class is at hand."""
    return not isinstance(header, LateHeader) or header.module in sys.modules


def loaded(header: AnyHeader) -> type[Header]:
    """The class of a header; its module is imported if need be."""
    return header.load() if isinstance(header, LateHeader) else header


def is_class(header: AnyHeader, cls: type[Header]) -> bool:
    """Whether the header is this class; nothing is imported."""
    if isinstance(header, LateHeader):
        return (cls.__module__, cls.__name__) == (header.module, header.name) and header.load() is cls
    return header is cls


def keys_of(header: AnyHeader) -> tuple[Key, ...]:
    """The keys of the declaration."""
    return header.keys if isinstance(header, LateHeader) else header.__layout__.keys


def path_of(header: AnyHeader) -> str:
    """The header's name in paths."""
    return header.path if isinstance(header, LateHeader) else header.__layout__.name


def name_of(header: AnyHeader) -> str:
    """The name of the class."""
    return header.name if isinstance(header, LateHeader) else header.__name__
