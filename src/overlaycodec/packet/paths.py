"""Paths and scopes: how headers and fields are named in packets within packets.

Strategy: scopes are found from the headers alone, so that a packet has the same names however it came to be. A tunnel
header ends its scope; the next header opens one called `inner`, or `quoted` after an ICMP error. Names are those of
the declarations: `ipv4.src`, `inner.vlan[1].vid`, `geneve.options[0].type`. The grammar is here alone: packets, columns
and ignore patterns use the same one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from overlaycodec.errors import MissingHeaderError, PathError
from overlaycodec.packet.header import Header
from overlaycodec.schema.record import WireStruct
from overlaycodec.values.argument_checks import check_text
from overlaycodec.values.nearest_names import nearest

__all__ = [
    "GRAMMAR",
    "SCOPES",
    "HeaderOrClass",
    "Namer",
    "Scope",
    "Target",
    "Token",
    "find",
    "names_of",
    "opens",
    "read_at",
    "replaced_at",
    "scope_in",
    "scoped",
    "scopes_of",
    "tokens_of",
]

_TOKEN: Final = re.compile(r"([a-z_][a-z0-9_]*)(?:\[(\d{1,6})\])?")
SCOPES: Final = ("inner", "quoted")
GRAMMAR: Final = "the grammar of paths: scope.header[n].field[n].field"
"""What an error names where a path does not follow it."""

Token = tuple[str, int | None]
"""A name in a path, and its index where it has one."""


class Scope(msgspec.Struct, frozen=True):
    """Headers `start` to `stop` of a packet, and their common prefix: empty outside, `inner`, `inner.inner`, ..."""

    start: int
    stop: int
    prefix: str


class Target(msgspec.Struct, frozen=True):
    """What a path names: a header by its index, and the field tokens after it."""

    header: int
    rest: tuple[Token, ...]


HeaderOrClass = Header | type[Header]


# --- scopes and names -------------------------------------------------------------------------------------------------


def opens(before: HeaderOrClass, header: HeaderOrClass, networked: bool) -> str | None:
    """The scope that a header opens; `networked`: whether the present one has a network header already."""
    outside, inside = before.__layout__, header.__layout__
    if outside.quotes:
        return "quoted"
    if inside.layer == "shim" or outside.layer == "metadata":
        return None
    if outside.tunnel or inside.layer == "link":
        return "inner"
    if inside.layer == "network" and networked:
        return "inner"
    return None


def scopes_of(headers: Sequence[HeaderOrClass]) -> list[Scope]:
    """The scopes of a packet, outermost first; one at least."""
    scopes, start, prefix = [], 0, ""
    networked = bool(headers) and headers[0].__layout__.layer == "network"
    for index in range(1, len(headers)):
        kind = opens(headers[index - 1], headers[index], networked)
        if kind:
            scopes.append(Scope(start, index, prefix))
            start, prefix = index, f"{prefix}.{kind}" if prefix else kind
            networked = False
        networked = networked or headers[index].__layout__.layer == "network"
    scopes.append(Scope(start, len(headers), prefix))
    return scopes


class Namer:
    """The full names of the headers of a packet, which are given one after another."""

    __slots__ = ("_networked", "_prefix", "_previous", "_seen")

    def __init__(self) -> None:
        self._previous: HeaderOrClass | None = None
        self._prefix = ""
        self._networked = False
        self._seen: dict[str, int] = {}

    def add(self, header: HeaderOrClass) -> str:
        """The name of the next header: its scope, its name, and its number where it is not the first of that name."""
        previous, self._previous = self._previous, header
        layout = header.__layout__
        kind = None if previous is None else opens(previous, header, self._networked)
        if kind:
            self._prefix += f"{kind}."
            self._networked = False
            self._seen.clear()
        self._networked = self._networked or layout.layer == "network"
        name = layout.name
        number = self._seen.get(name, 0)
        self._seen[name] = number + 1
        return f"{self._prefix}{name}[{number}]" if number else self._prefix + name


def names_of(headers: Sequence[HeaderOrClass]) -> list[str]:
    """The full name of each header: its scope, its name, and which of that name it is where that is not the first."""
    return list(map(Namer().add, headers))


# --- the grammar ------------------------------------------------------------------------------------------------------


def tokens_of(path: str) -> tuple[Token, ...] | None:
    """The tokens of a path; None where it does not follow the grammar. Raises: TypeError for what is no text."""
    check_text("path", path)
    tokens: list[Token] = []
    for text in path.split("."):
        match = _TOKEN.fullmatch(text)
        if match is None:
            return None
        tokens.append((match[1], None if match[2] is None else int(match[2])))
    return tuple(tokens)


def scoped(tokens: tuple[Token, ...]) -> tuple[str | None, tuple[Token, ...]]:
    """The scope that the tokens begin with, and the other tokens.

    The scope is a prefix: "" for `outer`; or "innermost" or "trailer"; or None, where none is named and all count.
    """
    first = tokens[0][0]
    if first in ("outer", "innermost", "trailer"):
        return "" if first == "outer" else first, tokens[1:]
    count = next((index for index, (name, _) in enumerate(tokens) if name not in SCOPES), len(tokens))
    return ".".join(name for name, _ in tokens[:count]) if count else None, tokens[count:]


def scope_in(scopes: Sequence[Scope], scope: str | None) -> Scope | None:
    """The headers that a scope, as `scoped` gives it, stands for; None where the packet has no such scope."""
    if scope is None:
        return Scope(scopes[0].start, scopes[-1].stop, "")
    if scope == "innermost":
        return next(found for found in reversed(scopes) if "quoted" not in found.prefix)
    return next((found for found in scopes if found.prefix == scope), None)


def find(headers: Sequence[HeaderOrClass], path: str) -> Target:
    """The header that a path names, and the tokens after it. Raises: PathError."""
    tokens = tokens_of(path)
    if tokens is None:
        raise PathError(f"path {path!r}", GRAMMAR)
    prefix, tokens = scoped(tokens)
    scope = scope_in(scopes_of(headers), prefix)
    if scope is None:
        raise MissingHeaderError(f"scope {prefix}", ", ".join(names_of(headers)))
    if not tokens:
        raise PathError(f"header in path {path!r}", ", ".join(names_of(headers)))
    name, number = tokens[0]
    found = [index for index in range(scope.start, scope.stop) if headers[index].__layout__.name == name]
    if (number or 0) >= len(found):
        names = names_of(headers)
        raise MissingHeaderError(path, ", ".join(names), nearest(path.partition(f".{name}.")[0], names))
    return Target(found[number or 0], tokens[1:])


# --- values under a record --------------------------------------------------------------------------------------------


def read_at(record: WireStruct, tokens: tuple[Token, ...], path: str) -> Any:  # Any: a field's own type
    """The value under `record`. Raises: PathError."""
    value: Any = record
    for name, number in tokens:
        if not isinstance(value, WireStruct) or name not in value.__layout__.by_name:
            near = nearest(name, value.__layout__.by_name) if isinstance(value, WireStruct) else ()
            raise PathError(path, f"{type(value).__name__}, which has no {name}", near)
        value = getattr(value, name)
        if number is not None:
            if not isinstance(value, tuple) or number >= len(value):
                raise PathError(path, f"{name}, which has no member {number}")
            value = value[number]
    return value


def replaced_at(
    record: WireStruct, tokens: tuple[Token, ...], path: str, value: object
) -> Any:  # Any: a record of the same class
    """A copy of `record` with the value under it changed. Raises: PathError, and as the constructor does."""
    (name, number), rest = tokens[0], tokens[1:]
    present = read_at(record, tokens[:1], path)
    if rest:
        if not isinstance(present, WireStruct):
            raise PathError(path, f"{name}, which has no parts with names")
        value = replaced_at(present, rest, path, value)
    if number is not None:
        elements = list(getattr(record, name))
        elements[number] = value
        value = tuple(elements)
    return record.replace(**{name: value})
