"""Columns by name: which field of which header a column holds, and in what NumPy type.

Strategy: a name is a path (`filters.field_paths`), and its field decides the type.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import structs

from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.columnar.identity import Same
from overlaycodec.filters.field_paths import FieldPath, declared_at, field_path_of, final_fields_of
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.values.argument_checks import check_several

__all__ = [
    "BY_REQUEST",
    "RECORD_COLUMNS",
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
BY_REQUEST: Final = frozenset({"data", "payload"})
"""Columns of octets, which are large: nobody has them who does not name them."""


class Column(FieldPath, frozen=True, kw_only=True):
    """A column: the path that it holds the values of, and their type."""

    dtype: str
    layout: Layout | None = None
    """The declaration of its header."""

    @property
    def presence(self) -> str:
        """A text that is equal for columns that have a value in the same packets."""
        field = self.field
        if field is None or self.status or field.bits is None or field.presence is not None or len(self.rest) > 1:
            return self.name
        if self.types_from:
            return self.name
        return f"{self.scope}:{self.header}:{self.number}"


def column_of(name: str, catalog: Catalog) -> Column:
    """The column of this name. Raises: PathError for one that no header of the catalog has."""
    if name in RECORD_COLUMNS:
        return Column(name, dtype=RECORD_COLUMNS[name])
    path = field_path_of(name, catalog, "column")
    dtype = "status" if path.status else _dtype_of(final_fields_of(path))
    header = declared_at(path.scope, path.header, catalog)
    assert header is not None
    return Column(**structs.asdict(path), dtype=dtype, layout=catalog.layout(header))


def _dtype_of(fields: tuple[Field, ...]) -> str:
    """The type that holds the values of all these fields; without fields, of elements."""
    kinds = set(map(dtype_of, fields))
    return max(kinds, key=_width) if kinds and (len(kinds) == 1 or all(map(_width, kinds))) else "object"


def _width(dtype: str) -> int:
    """How wide a type of numbers is; 0 for others."""
    return int(dtype[4:]) if dtype.startswith("uint") else 0


def dtype_of(field: Field) -> str:
    """The NumPy type of a field's values: numbers as small as they fit; MAC addresses as uint64, IPv4 as uint32."""
    if field.kind == "bool":
        return "bool"
    if field.kind == "int" and field.width <= 64:
        return next(f"uint{bits}" for bits in (8, 16, 32, 64) if field.width <= bits)
    return {"mac": "uint64", "ipv4": "uint32", "ipv6": "V16"}.get(field.kind, "object")


def columns_of(names: Iterable[str], catalog: Catalog) -> tuple[Column, ...]:
    """The columns of these names, each once."""
    check_several("names", names, "several names of columns")
    check_catalog(catalog)
    return _columns_of(tuple(dict.fromkeys(names)), Same(catalog))


@lru_cache(maxsize=64)
def _columns_of(names: tuple[str, ...], catalog: Same[Catalog]) -> tuple[Column, ...]:
    return tuple(column_of(name, catalog.value) for name in names)


def may_be_empty(column: Column) -> bool:
    """Whether the column can be without a value even where its header is."""
    return column.field is None or column.field.optional or len(column.rest) > 1 or column.types_from > 0
