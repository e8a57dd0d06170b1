"""Fields that a test fixes by their paths: which headers must be there for them, and what can follow these headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from overlaycodec.codec.catalog import Catalog
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import GRAMMAR, scoped, tokens_of
from overlaycodec.schema.layout import Layout
from overlaycodec.strategies.goals import Fields, Wanted
from overlaycodec.strategies.stack_graph import Edge, End, Node
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_type
from overlaycodec.values.nearest_names import nearest

__all__ = ["allows", "constants", "wanted_by"]

_MOST_NUMBER: Final = 31
"""The largest index in a path: packets have no more headers by default."""


def wanted_by(fixed: Mapping[str, object], catalog: Catalog) -> tuple[Wanted, ...]:
    """The headers that the paths name, each with its fixed fields.

    Raises: ValueError for a path that names no field of a header of the catalog, TypeError for what is no path.
    """
    check_type("fixed", fixed, Mapping, "a mapping of paths to values or strategies")
    by_header: dict[tuple[type[Header], str | None, int], dict[str, object]] = {}
    for path, value in fixed.items():
        tokens = tokens_of(path)
        if tokens is None:
            raise ValueError(f"fixed[{path!r}] does not follow {GRAMMAR}")
        scope, rest = scoped(tokens)
        if scope == "innermost":
            raise ValueError(f"fixed[{path!r}]: which scope is innermost is not known before the packet is drawn")
        if len(rest) != 2 or rest[1][1] is not None:
            raise ValueError(f"fixed[{path!r}] names no field of a header: say 'inner.ipv4.src'")
        (name, number), (field, _) = rest
        cls = catalog.header_called(name)
        if cls is None:
            near = nearest(name, [header.__layout__.name for header in catalog.headers])
            raise ValueError(f"fixed[{path!r}]: the catalog has no header {name}{_or(near)}")
        layout = cls.__layout__
        if field not in layout.by_name:
            raise ValueError(
                f"fixed[{path!r}]: {cls.__name__} has no field {field}{_or(nearest(field, layout.by_name))}"
            )
        if (number or 0) > _MOST_NUMBER:
            raise ValueError(f"fixed[{path!r}]: no packet has so many headers")
        by_header.setdefault((cls, scope, number or 0), {})[field] = value
    return tuple(
        Wanted(cls, scope, number, Fields(tuple(values), tuple(values.values())))
        for (cls, scope, number), values in by_header.items()
    )


def _or(names: tuple[str, ...] | list[str]) -> str:
    return f" (nearest: {', '.join(names)})" if names else ""


def constants(wanted: tuple[Fields, ...]) -> dict[str, Any]:  # Any: a field's own type
    """The fixed fields that have a value, by name; not those that have a strategy."""
    return {
        name: value
        for fields in wanted
        for name, value in zip(fields.names, fields.values, strict=True)
        if not isinstance(value, st.SearchStrategy)
    }


def allows(node: Node, after: Edge | End, given: Mapping[str, Any], catalog: Catalog) -> bool:  # Any: as above
    """Whether a header with these fields can be at a node and have this after it."""
    layout = catalog.layout(node.cls)
    for name, value in node.required:
        if given.get(name, value) != value:
            return False
    if any(given.get(name, -1) in never for name, never in node.excluded if not isinstance(given.get(name), bytes)):
        return False
    if isinstance(after, Edge) and any(given.get(name, value) != value for name, value in after.previous):
        return False
    return _fragment_allows(layout, after, given) and _selection_allows(layout, after, given, catalog)


def _fragment_allows(layout: Layout, after: Edge | End, given: Mapping[str, Any]) -> bool:
    offset = layout.next.offset
    if offset is None or given.get(offset, AUTO) is AUTO:
        return True
    return bool(given[offset]) is (after.kind == "fragment")


def _selection_allows(layout: Layout, after: Edge | End, given: Mapping[str, Any], catalog: Catalog) -> bool:
    plan, field = layout.next, layout.selector
    if field is None or after.kind == "repeat":
        return True
    if after.kind == "fragment":
        return field.name not in given or given[field.name] is not AUTO
    own = () if plan.content is None or plan.content_outside else (plan.content,)
    for guard in (*plan.guards, *own):
        value = given.get(guard.field, AUTO)
        if value is AUTO:
            continue
        if guard.carried:
            if guard.holds(value) is (after.kind == "carried"):
                return False
        elif after.kind == "no_key":
            if guard.holds(value):
                return False
        elif not guard.holds(value):
            return False
    if field.name in given and given[field.name] is AUTO:  # nothing derives it but what follows
        return after.auto if isinstance(after, Edge) else after.kind == "nothing"
    value = given.get(field.name, AUTO)
    if value is AUTO or after.kind in ("no_key", "carried"):
        return True
    if isinstance(after, Edge):
        if after.kind == "length":
            return plan.lengths is not None and value <= plan.lengths.limit
        return value in after.values if after.kind == "key" else value not in _bound(layout, catalog)
    if after.kind == "nothing":
        return bool(value == plan.nothing)
    return value not in _bound(layout, catalog) and value >= plan.lowest_key


def _bound(layout: Layout, catalog: Catalog) -> frozenset[int]:
    return frozenset() if layout.next.space is None else catalog.values(layout.next.space)
