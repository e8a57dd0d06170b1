"""Names of columns: which field of which header a column holds, and in what NumPy type.

Strategy: a name is a packet's path, so it means what `Packet.at` means. Which header of a stack it names is told from
the classes of the stack alone, once for all packets of one shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.errors import MissingHeaderError
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import scopes_of
from overlaycodec.schema.layout import Field

__all__ = ["ABOUT", "VERDICT", "Column", "columns_of", "dtype_of", "may_be_empty"]

ABOUT: Final = {
    "time_ns": "int64", "wire_length": "int64", "captured_length": "int64", "link_type": "uint32", "fault": "fault",
}  # fmt: skip
"""Columns of the record itself."""
VERDICT: Final = "verdict"
"""Behind the path of a checksum: what became of it."""

_TOKEN: Final = re.compile(r"([a-z_][a-z0-9_]*)(?:\[(\d{1,6})\])?")
_SCOPES: Final = ("inner", "quoted")

Token = tuple[str, int | None]

_scopes_of = lru_cache(maxsize=64)(scopes_of)
"""All columns ask for those of one stack after another."""


class Column(msgspec.Struct, frozen=True):
    """A column: the header it is of, and the field there; of the record where `header` is empty."""

    name: str
    dtype: str
    scope: str | None = None
    """Prefix of the scope; "" is the outermost, "innermost" the last, None any."""
    header: str = ""
    number: int = 0
    """Which header of that name, from 0."""
    field: Field | None = None
    rest: tuple[Token, ...] = ()
    """What follows the header in the path."""
    verdict: bool = False

    @property
    def presence(self) -> str:
        """What columns have in common that have a value in just the same packets."""
        field = self.field
        if field is None or self.verdict or field.bits is None or field.condition is not None or len(self.rest) > 1:
            return self.name
        return f"{self.scope}:{self.header}:{self.number}"

    def depth_in(self, stack: Sequence[type[Header]]) -> int | None:
        """Which header of the stack it names; None where that has none such."""
        start, stop = 0, len(stack)
        if self.scope is not None:
            scopes = _scopes_of(tuple(stack))
            if self.scope == "innermost":
                found = next(scope for scope in reversed(scopes) if "quoted" not in scope.prefix)
            else:
                named = [scope for scope in scopes if scope.prefix == self.scope]
                if not named:
                    return None
                found = named[0]
            start, stop = found.start, found.stop
        depths = [depth for depth in range(start, stop) if stack[depth].__layout__.name == self.header]
        return depths[self.number] if self.number < len(depths) else None

    def settled(self, stack: Sequence[type[Header]]) -> bool:
        """Whether no header behind this stack can be the one."""
        if self.scope == "innermost":
            return False
        if self.depth_in(stack) is not None:
            return True
        if self.scope is None:
            return False
        reached = _scopes_of(tuple(stack))[-1].prefix
        return reached != "" and not f"{self.scope}.".startswith(f"{reached}.")


def column_of(name: str, catalog: Catalog) -> Column:
    """The column of this name. Raises: MissingHeaderError for one that no header of the catalog has."""
    if name in ABOUT:
        return Column(name, ABOUT[name])
    tokens: list[Token] = []
    for text in name.split("."):
        match = _TOKEN.fullmatch(text)
        if match is None:
            raise MissingHeaderError(f"column {name!r}", "the grammar of paths: scope.header[n].field[n].field")
        tokens.append((match[1], None if match[2] is None else int(match[2])))
    verdict = tokens[-1] == (VERDICT, None) and len(tokens) > 2
    if verdict:
        tokens.pop()
    scope: str | None = None
    if tokens[0][0] in ("outer", "innermost"):
        scope = "" if tokens[0][0] == "outer" else "innermost"
        tokens = tokens[1:]
    else:
        count = next((n for n, token in enumerate(tokens) if token[0] not in _SCOPES), len(tokens))
        if count:
            scope = ".".join(word for word, _ in tokens[:count])
            tokens = tokens[count:]
    headers = {cls.__layout__.name: cls for cls in catalog.headers}
    if len(tokens) < 2 or tokens[0][0] not in headers:
        known = ", ".join([*ABOUT, *sorted(headers)])
        raise MissingHeaderError(f"column {name!r}", f"{known}: name a field of one of these headers")
    layout = catalog.layout(headers[tokens[0][0]])
    field = layout.by_name.get(tokens[1][0])
    if field is None:
        raise MissingHeaderError(f"column {name!r}", f"{layout.name}: {', '.join(layout.by_name)}")
    rest = tuple(tokens[1:])
    dtype = "verdict" if verdict else _dtype_at(field, rest, name)
    return Column(name, dtype, scope, tokens[0][0], tokens[0][1] or 0, field, rest, verdict)


def _dtype_at(field: Field, rest: tuple[Token, ...], name: str) -> str:
    """The type of what the tokens name: of a field, or of one in the elements of a row."""
    (_, number), deeper = rest[0], rest[1:]
    if number is None and not deeper:
        return dtype_of(field)
    if field.kind != "items" or number is None:
        raise MissingHeaderError(f"column {name!r}", f"{field.name}: a row's elements are named by [n], and no others")
    if not deeper:
        return "object"
    layouts = [element.__layout__ for element in field.elements]
    found = [layout.by_name[deeper[0][0]] for layout in layouts if deeper[0][0] in layout.by_name]
    if not found:
        raise MissingHeaderError(f"column {name!r}", f"{field.name}, whose elements have no {deeper[0][0]}")
    kinds = {_dtype_at(inner, deeper, name) for inner in found}
    return max(kinds, key=_width) if len(kinds) == 1 or all(map(_width, kinds)) else "object"


def _width(dtype: str) -> int:
    """How wide a type of numbers is; 0 for others."""
    return int(dtype[4:]) if dtype.startswith("uint") else 0


def dtype_of(field: Field) -> str:
    """The NumPy type of a field's values: numbers as small as they fit; MAC addresses as uint64, IPv4 as uint32."""
    if field.kind == "bool":
        return "bool"
    if field.kind == "int" and (field.bits or 0) <= 64:
        return next(f"uint{bits}" for bits in (8, 16, 32, 64) if (field.bits or 0) <= bits)
    return {"mac": "uint64", "ipv4": "uint32", "ipv6": "V16"}.get(field.kind, "object")


def columns_of(names: Iterable[str], catalog: Catalog) -> tuple[Column, ...]:
    """The columns of these names, each once."""
    return tuple(column_of(name, catalog) for name in dict.fromkeys(names))


def may_be_empty(column: Column) -> bool:
    """Whether the column can be without a value even where its header is."""
    return column.field is None or column.field.optional or len(column.rest) > 1
