"""What a path names in the packets of a catalog, known from the declarations before any packet is there.

Strategy: a path means what `Packet.at` means. The classes of a stack alone decide which of its headers a path names,
once for all packets of one shape. Columns and filters use the same paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.errors import PathError
from overlaycodec.filters.record_facts import RECORD_FACTS
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import GRAMMAR, SCOPES, Token, scope_in, scoped, scopes_of, tokens_of
from overlaycodec.schema.layout import Field
from overlaycodec.schema.record import WireStruct
from overlaycodec.values.nearest_names import nearest

__all__ = ["RECORD_NAMES", "STATUS", "FieldPath", "declared_at", "field_path_of", "final_fields_of", "header_path_of"]

RECORD_NAMES: Final = (
    "time_ns", "wire_length", "captured_length", "link_type", "fault", "fcs", "fcs.verdict", *RECORD_FACTS,
)  # fmt: skip
"""The names of facts of the record, or of the packet as a whole."""
STATUS: Final = "verdict"
"""The token after the path of a checksum that names its status."""

_scopes_of = lru_cache(maxsize=64)(scopes_of)
"""All paths ask for the scopes of one stack, then of the next one."""


class FieldPath(msgspec.Struct, frozen=True):
    """A path: the header and the field that it names; without a header, it is a name of `RECORD_NAMES`."""

    name: str
    scope: str | None = None
    """The scope, as `paths.scoped` gives it."""
    header: str = ""
    number: int = 0
    """Which header of that name, from 0."""
    field: Field | None = None
    """The field of the header; None where the path names the header itself."""
    rest: tuple[Token, ...] = ()
    """The tokens after the header in the path."""
    status: bool = False
    """Whether it names the status of the checksum `field`."""
    types_from: int = 0
    """The least value that is a type, where the field is a type or a length; lengths are absent."""

    def depth_in(self, stack: Sequence[type[Header]]) -> int | None:
        """The index in the stack of the header that it names; None where the stack has no such header."""
        scope = scope_in(_scopes_of(tuple(stack)), self.scope)
        if scope is None:
            return None
        depths = [depth for depth in range(scope.start, scope.stop) if stack[depth].__layout__.name == self.header]
        return depths[self.number] if self.number < len(depths) else None

    @property
    def in_trailer(self) -> bool:
        """Whether it names a field of a declared trailer."""
        return self.scope == "trailer"

    def value_at_end(self, packet: Packet) -> Any:  # Any: a field's own type
        """The value in the declared trailer that the path names; None where it is absent."""
        found = [trailer.record for trailer in packet.trailers if trailer.record is not None]
        named = [record for record in found if record.__layout__.name == self.header]
        return self.value_in(named[self.number]) if self.number < len(named) else None

    def settled(self, stack: Sequence[type[Header]]) -> bool:
        """Whether it names no header after this stack, whatever follows."""
        if self.scope == "innermost":
            return False
        if self.in_trailer:
            return True
        if self.depth_in(stack) is not None:
            return True
        if self.scope is None:
            return False
        reached = _scopes_of(tuple(stack))[-1].prefix
        return reached != "" and not f"{self.scope}.".startswith(f"{reached}.")

    def value_in(self, header: Header) -> Any:  # Any: a field's own type
        """The value of the field in the header that the path names; None where it is absent."""
        value: Any = header
        for name, number in self.rest:
            if not isinstance(value, WireStruct) or name not in value.__layout__.by_name:
                return None
            value = getattr(value, name)
            if number is not None:
                if not isinstance(value, tuple) or number >= len(value):
                    return None
                value = value[number]
        return None if self.types_from and isinstance(value, int) and value < self.types_from else value


def field_path_of(name: str, catalog: Catalog, what: str) -> FieldPath:
    """What this name names. Raises: PathError for what no header of the catalog has; `what` is the word for a name."""
    if name in RECORD_NAMES:
        return FieldPath(name)
    tokens = tokens_of(name)
    if tokens is None:
        raise PathError(f"{what} {name!r}", GRAMMAR)
    status = tokens[-1] == (STATUS, None) and len(tokens) > 2
    scope, left = scoped(tokens[:-1] if status else tokens)
    rest = left[1:]
    header = declared_at(scope, left[0][0], catalog) if rest else None
    if header is None:
        near = _near(name, catalog)
        hint = "" if near else ": name a field of a header, such as vxlan.vni"
        raise PathError(f"{what} {name!r}", f"the catalog{hint}", near)
    layout = catalog.layout(header)
    field = layout.by_name.get(rest[0][0])
    if field is None:
        start = name[: name.index(layout.name) + len(layout.name)]
        near = nearest(rest[0][0], layout.by_name)
        raise PathError(f"{what} {name!r}", layout.name, tuple(f"{start}.{field}" for field in near))
    types_from = layout.next.lowest_key if field is layout.selector and len(rest) == 1 else 0
    path = FieldPath(name, scope, left[0][0], left[0][1] or 0, field, rest, status, types_from)
    final_fields_of(path, what)
    return path


def declared_at(scope: str | None, name: str, catalog: Catalog) -> type[Header] | None:
    """The header of this name, or in the scope of trailers the trailer, in this catalog."""
    if scope != "trailer":
        return catalog.header_called(name)
    return next((trailer for trailer in catalog.trailers if trailer.__layout__.name == name), None)


def header_path_of(name: str, catalog: Catalog) -> FieldPath | None:
    """The path of a header alone; None where the name is no such path."""
    tokens = tokens_of(name)
    scope, tokens = (None, ()) if tokens is None else scoped(tokens)
    if len(tokens) != 1 or catalog.header_called(tokens[0][0]) is None:
        return None
    return FieldPath(name, scope, tokens[0][0], tokens[0][1] or 0)


def final_fields_of(path: FieldPath, what: str = "path") -> tuple[Field, ...]:
    """The fields that the path ends at: of elements of several classes, the field of each class.

    Empty where it names an element itself. Raises: PathError where the tokens do not fit the fields.
    """
    assert path.field is not None
    fields: tuple[Field, ...] = (path.field,)
    for index, (name, number) in enumerate(path.rest):
        deeper = path.rest[index + 1 :]
        if number is None and not deeper:
            return fields
        rows = [field for field in fields if field.kind == "items"]
        if not rows or number is None:
            raise PathError(f"{what} {path.name!r}", f"{name}: a row's elements are named by [n], and no others")
        if not deeper:
            return ()
        layouts = [element.__layout__ for field in rows for element in field.elements]
        wanted = deeper[0][0]
        fields = tuple(layout.by_name[wanted] for layout in layouts if wanted in layout.by_name)
        if not fields:
            near = nearest(wanted, {known for layout in layouts for known in layout.by_name})
            raise PathError(f"{what} {path.name!r}", f"{name}, whose elements have no {wanted}", near)
    return fields


def _near(name: str, catalog: Catalog) -> tuple[str, ...]:
    """The nearest names of the record and of the headers' fields, in the scope of the name, at most three."""
    if name.startswith("trailer."):
        names = [
            f"trailer.{cls.__layout__.name}.{field}" for cls in catalog.trailers for field in cls.__layout__.by_name
        ]
        return nearest(name, names)
    rest = name
    while rest.partition(".")[0] in ("outer", "innermost", *SCOPES):
        rest = rest.partition(".")[2]
    fields = {
        f"{cls.__layout__.name}.{field}": field for cls in catalog.headers for field in catalog.layout(cls).by_name
    }
    near = nearest(rest, [*RECORD_NAMES, *fields]) or tuple(path for path, field in fields.items() if field == rest)[:3]
    return tuple(path if path in RECORD_NAMES else name.removesuffix(rest) + path for path in near)
