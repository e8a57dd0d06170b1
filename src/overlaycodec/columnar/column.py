"""Columns by name: which field of which header a column holds, and in what NumPy type.

Strategy: a name is a packet's path, so it means what `Packet.at` means. The classes of a stack alone decide which of
its headers a name means, once for all packets of one shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.errors import PathError
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import GRAMMAR, SCOPES, Token, scope_in, scoped, scopes_of, tokens_of
from overlaycodec.schema.arguments import nearest
from overlaycodec.schema.layout import Field
from overlaycodec.values.argument_checks import check_several

__all__ = [
    "BY_REQUEST",
    "RECORD_COLUMNS",
    "RECORD_FACTS",
    "STATUS",
    "Column",
    "columns_of",
    "dtype_of",
    "may_be_empty",
]

RECORD_COLUMNS: Final = {
    "time_ns": "int64", "wire_length": "int64", "captured_length": "int64", "link_type": "uint32", "fault": "fault",
    "fcs": "object", "fcs.verdict": "status",
    "interface": "uint32", "interface_name": "object", "comment": "object", "flags": "uint32", "section": "uint32",
    "data": "object", "payload": "object",
}  # fmt: skip
"""Columns of the record itself, and their types."""
RECORD_FACTS: Final = frozenset({"interface", "interface_name", "comment", "flags", "section"})
"""Columns of what a file says about a record, beside its lengths and time stamp."""
BY_REQUEST: Final = frozenset({"data", "payload"})
"""Columns of octets, which are large: nobody has them who does not name them."""
STATUS: Final = "verdict"
"""The token after the path of a checksum that names its status."""

_scopes_of = lru_cache(maxsize=64)(scopes_of)
"""All columns ask for the scopes of one stack, then of the next one."""


class Column(msgspec.Struct, frozen=True):
    """A column: the header and the field that it holds; without a header, it is of the record."""

    name: str
    dtype: str
    scope: str | None = None
    """The scope, as `paths.scoped` gives it."""
    header: str = ""
    number: int = 0
    """Which header of that name, from 0."""
    field: Field | None = None
    rest: tuple[Token, ...] = ()
    """The tokens after the header in the path."""
    status: bool = False
    """Whether it holds the status of the checksum `field`."""
    types_from: int = 0
    """The least value that is a type, where the field is a type or a length; lengths are absent."""

    @property
    def presence(self) -> str:
        """A text that is equal for columns that have a value in the same packets."""
        field = self.field
        if field is None or self.status or field.bits is None or field.presence is not None or len(self.rest) > 1:
            return self.name
        if self.types_from:
            return self.name
        return f"{self.scope}:{self.header}:{self.number}"

    def depth_in(self, stack: Sequence[type[Header]]) -> int | None:
        """The index in the stack of the header that it names; None where the stack has no such header."""
        scope = scope_in(_scopes_of(tuple(stack)), self.scope)
        if scope is None:
            return None
        depths = [depth for depth in range(scope.start, scope.stop) if stack[depth].__layout__.name == self.header]
        return depths[self.number] if self.number < len(depths) else None

    def settled(self, stack: Sequence[type[Header]]) -> bool:
        """Whether it names no header after this stack, whatever follows."""
        if self.scope == "innermost":
            return False
        if self.depth_in(stack) is not None:
            return True
        if self.scope is None:
            return False
        reached = _scopes_of(tuple(stack))[-1].prefix
        return reached != "" and not f"{self.scope}.".startswith(f"{reached}.")


def column_of(name: str, catalog: Catalog) -> Column:
    """The column of this name. Raises: PathError for one that no header of the catalog has."""
    if name in RECORD_COLUMNS:
        return Column(name, RECORD_COLUMNS[name])
    tokens = tokens_of(name)
    if tokens is None:
        raise PathError(f"column {name!r}", GRAMMAR)
    status = tokens[-1] == (STATUS, None) and len(tokens) > 2
    scope, tokens = scoped(tokens[:-1] if status else tokens)
    headers = {cls.__layout__.name: cls for cls in catalog.headers}
    if len(tokens) < 2 or tokens[0][0] not in headers:
        near = _near(name, headers)
        hint = "" if near else ": name a field of a header, such as vxlan.vni"
        raise PathError(f"column {name!r}", f"the catalog{hint}", near)
    layout = catalog.layout(headers[tokens[0][0]])
    field = layout.by_name.get(tokens[1][0])
    if field is None:
        start = name[: name.index(layout.name) + len(layout.name)]
        near = nearest(tokens[1][0], layout.by_name)
        raise PathError(f"column {name!r}", layout.name, tuple(f"{start}.{field}" for field in near))
    rest = tokens[1:]
    dtype = "status" if status else _dtype_at(field, rest, name)
    types_from = layout.next.lowest_key if field is layout.selector and len(rest) == 1 else 0
    return Column(name, dtype, scope, tokens[0][0], tokens[0][1] or 0, field, rest, status, types_from)


def _near(name: str, headers: Mapping[str, type[Header]]) -> tuple[str, ...]:
    """The nearest columns of the record and of these headers, in the scope of the name, at most three."""
    rest = name
    while rest.partition(".")[0] in ("outer", "innermost", *SCOPES):
        rest = rest.partition(".")[2]
    fields = {f"{header}.{field}": field for header, cls in headers.items() for field in cls.__layout__.by_name}
    near = nearest(rest, [*RECORD_COLUMNS, *fields]) or [path for path, field in fields.items() if field == rest][:3]
    return tuple(path if path in RECORD_COLUMNS else name.removesuffix(rest) + path for path in near)


def _dtype_at(field: Field, rest: tuple[Token, ...], name: str) -> str:
    """The type of what the tokens name: of a field, or of one in the elements of an option list."""
    (_, number), deeper = rest[0], rest[1:]
    if number is None and not deeper:
        return dtype_of(field)
    if field.kind != "items" or number is None:
        raise PathError(f"column {name!r}", f"{field.name}: a row's elements are named by [n], and no others")
    if not deeper:
        return "object"
    layouts = [element.__layout__ for element in field.elements]
    found = [layout.by_name[deeper[0][0]] for layout in layouts if deeper[0][0] in layout.by_name]
    if not found:
        near = nearest(deeper[0][0], {known for layout in layouts for known in layout.by_name})
        raise PathError(f"column {name!r}", f"{field.name}, whose elements have no {deeper[0][0]}", near)
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
    check_several("names", names, "several names of columns")
    check_catalog(catalog)
    return tuple(column_of(name, catalog) for name in dict.fromkeys(names))


def may_be_empty(column: Column) -> bool:
    """Whether the column can be without a value even where its header is."""
    return column.field is None or column.field.optional or len(column.rest) > 1 or column.types_from > 0
