"""The types of parameters: which values each one accepts, what a wrong name is answered with, and what shells complete.

Strategy: names of headers, fields, scopes and dialects come from the catalogs, so completion knows what the commands
know. Paths are completed part by part: a part that is the only one is followed by the parts under it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.columnar.column import RECORD_COLUMNS
from overlaycodec.describe.plain import printable
from overlaycodec.dialects import NAMED
from overlaycodec.packet.paths import SCOPES, scoped, tokens_of
from overlaycodec.schema.record import WireStruct
from overlaycodec.trailers import timestamps
from overlaycodec.values.nearest_names import nearest

if TYPE_CHECKING:
    Type = click.ParamType[str]
else:  # click before 8.4 has no generic class
    Type = click.ParamType

__all__ = ["BINDING", "COLUMNS", "DIALECT", "FILE", "IGNORED", "RECORD", "SCOPE", "elements_of", "records", "unknown"]

_WHOLE: Final = ("outer", *SCOPES, "innermost")
"""The scopes that a path can begin with."""
_IGNORED: Final = ("time", "wire_length", "payload", "checksum", "ttl", "vlan")
_MOST: Final = 3
"""How many parts of a path completion adds at once."""

Complete = Callable[[Catalog, str], Iterable[str]]
"""The values that begin with a text, in a catalog."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that there is not, with the nearest ones."""
    near = nearest(name, known)
    return f"there is no {kind} {printable(name)!r}" + (f": did you mean {' or '.join(near)}?" if near else "")


def elements_of(record: type[WireStruct]) -> list[type[WireStruct]]:
    """The classes of the elements in the record's option lists, and in theirs, each once."""
    found: dict[type[WireStruct], None] = {}
    for field in record.__layout__.fields:
        for element in field.elements:
            found |= dict.fromkeys([element, *elements_of(element)])
    return list(found)


def records() -> dict[str, type[WireStruct]]:
    """Every header of the default catalog and every element in them, by path and by class name."""
    names: dict[str, type[WireStruct]] = {}
    for header in DEFAULT.headers:
        for record in (header, *elements_of(header)):
            names |= {record.__layout__.name: record, record.__name__: record}
    return names


# --- types ------------------------------------------------------------------------------------------------------------


class _File(Type):
    """The name of a file, or "-"; the command opens it, and says what is wrong with it."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


class _Name(Type):
    """One of a set of names."""

    def __init__(self, kind: str, known: Callable[[], Iterable[str]]) -> None:
        self.name, self._known = kind, known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # Any: click's own
        if value not in self._known():
            self.fail(unknown(self.name, value, self._known()), param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _items(name for name in self._known() if name.startswith(incomplete))


class _Text(Type):
    """Text that the command reads; names in it are completed."""

    def __init__(self, name: str, complete: Complete) -> None:
        self.name, self._complete = name, complete

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _items(self._complete(NAMED.get(ctx.params.get("dialect") or "plain", DEFAULT), incomplete))


class _Scope(_Text):
    """A scope of packets: outer, inner, inner.inner, quoted, innermost."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # Any: as above
        tokens = tokens_of(value)
        if tokens is None or any(number is not None for _, number in tokens) or scoped(tokens)[1]:
            self.fail(unknown("scope", value, _WHOLE), param, ctx)
        return str(value)


def _items(names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in dict.fromkeys(names)]


# --- completion of paths ----------------------------------------------------------------------------------------------


def _paths(catalog: Catalog, incomplete: str, words: Sequence[str] = ()) -> list[str]:
    """The paths, and of those that go on the next parts, that begin with a text; `words` stand for themselves."""
    found = [word for word in words if word.startswith(incomplete)]
    for _ in range(_MOST):
        start = incomplete[: incomplete.rfind(".") + 1]
        parts = [start + part for part in _parts(catalog, start) if (start + part).startswith(incomplete)]
        if len(parts) + len(found) != 1 or not parts or not parts[0].endswith("."):
            return [*found, *parts]
        incomplete = parts[0]
    return [*found, incomplete]


def _parts(catalog: Catalog, start: str) -> Iterable[str]:
    """The parts of a path that can follow its beginning; a dot ends those that more must follow."""
    tokens = tokens_of(start[:-1]) if start else ()
    if tokens is None:
        return ()
    scope, rest = scoped(tokens) if tokens else (None, ())
    headers: dict[str, type[WireStruct]] = {cls.__layout__.name: cls for cls in catalog.headers}
    if not rest:
        nested = _WHOLE if not tokens else () if scope in ("", "innermost") else SCOPES
        return [f"{name}." for name in (*headers, *nested)]
    records = [headers[rest[0][0]]] if rest[0][0] in headers else []
    for name, number in rest[1:]:
        fields = [record.__layout__.by_name[name] for record in records if name in record.__layout__.by_name]
        records = [element for field in fields if number is not None for element in field.elements]
    fields = [field for record in records for field in record.__layout__.fields]
    return [name for field in fields for name in (field.name, *([f"{field.name}[0]."] if field.elements else ()))]


def _columns(catalog: Catalog, incomplete: str) -> Iterable[str]:
    """The last of names that commas separate."""
    start = incomplete[: incomplete.rfind(",") + 1]
    return (start + path for path in _paths(catalog, incomplete.removeprefix(start), tuple(RECORD_COLUMNS)))


def _ignored(catalog: Catalog, incomplete: str) -> Iterable[str]:
    # a difference has the path of its header from the outermost scope on
    return (path for path in _paths(catalog, incomplete, _IGNORED) if not path.startswith("innermost."))


def _scopes(_: Catalog, incomplete: str) -> Iterable[str]:
    start = incomplete[: incomplete.rfind(".") + 1]
    names = SCOPES if start else _WHOLE
    return (start + name for name in names if (start + name).startswith(incomplete))


def _bindings(catalog: Catalog, incomplete: str) -> Iterable[str]:
    """A key space and a colon, or a header after the equals sign."""
    key, equals, _ = incomplete.partition("=")
    names = (
        [f"{key}={header.__layout__.name}" for header in catalog.headers]
        if equals
        else sorted({f"{key.space.name}:" for key, _ in catalog.bindings})
    )
    return (name for name in names if name.startswith(incomplete))


FILE: Final = _File()
DIALECT: Final = _Name("dialect", lambda: NAMED)
TRAILER: Final = _Name("trailer", lambda: timestamps.NAMED)
RECORD: Final = _Name("header", records)
COLUMNS: Final = _Text("columns", _columns)
IGNORED: Final = _Text("path", _ignored)
SCOPE: Final = _Scope("scope", _scopes)
BINDING: Final = _Text("binding", _bindings)
