"""Layouts -> one function for a whole stack of headers, as long as they are plain: a checked guess.

Strategy: most packets of a capture look alike. Where the last packets had one stack, the next is guessed to have it
too: the fixed parts of all its headers are read with one `struct` call, and every fact that the steps would have
found is tested (constants, lengths, selectors, conditions, bounds). If one does not hold the function gives None, and
the packet goes from step to step as if nothing had been tried. A header is plain where it consists of its first run
alone and fills its bound to the end; what follows the plain headers is left to its step. The function is keyed by
classes, never by a packet's octets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct, calcsize
from typing import Protocol

from overlaycodec.layout import Field, Layout, Run
from overlaycodec.packing import plan
from overlaycodec.reader import add_item, built, item_names
from overlaycodec.schema import Header
from overlaycodec.source import Source
from overlaycodec.spans import octets_in
from overlaycodec.stepper import Step, Tables, add_selection, condition_text
from overlaycodec.wire import (
    Asked,
    Before,
    Bounds,
    Const,
    FragmentOffset,
    Key,
    KeySpace,
    MoreFragments,
    Remainder,
    Selects,
    Sized,
    StackEnd,
    When,
)

__all__ = ["Fused", "fused_of", "plain_stack"]

Fused = Callable[[bytes, int], tuple[tuple[Header, ...], Step | None, int] | None]
"""`fused(data, end)` gives the headers, the next step and where it starts; None where the guess was wrong."""

Link = tuple[type[Header], int | None]
"""A header, and the value of its selector that led to the next one."""


class Keyed(Tables, Protocol):
    """What a fused function needs of its catalog."""

    def candidates(self, space: KeySpace, value: int | None) -> tuple[tuple[Key, type[Header]], ...]:
        """What can be found at a value, in the order in which it is asked."""
        ...


def plain_stack(headers: Sequence[Header]) -> tuple[Link, ...]:
    """The longest plain start of a decoded stack, with the keys that were taken."""
    stack: list[Link] = []
    for header in headers:
        layout = header.__layout__
        if not _can_be_plain(layout) or octets_in(header) != _run_of(layout).octets:
            break
        value = None
        if layout.selector is not None:
            value = getattr(header, layout.selector.name)
            lengths = layout.selector[Selects].lengths
            if lengths and value <= lengths[0]:
                break
        stack.append((type(header), value))
    if stack:
        stack[-1] = stack[-1][0], None  # what follows the last one is looked up: one function for all its values
    return tuple(stack)


def _run_of(layout: Layout) -> Run:
    run = layout.parts[0]
    assert isinstance(run, Run)
    return run


def _can_be_plain(layout: Layout) -> bool:
    if not isinstance(layout.parts[0], Run) or layout.parts[0].condition is not None:
        return False
    if layout.closed or layout.quotes or any(StackEnd in field for field in layout.fields):
        return False
    for field in layout.fields:
        bounds, selects = field.get(Bounds), field.get(Selects)
        if bounds and (bounds.unless or bounds.optional):
            return False
        if selects and (selects.when or selects.only or selects.unless):
            return False
    # what stands behind the first run must be there only by a flag, or be sized by a number, in that run
    behind = [part for part in layout.parts[1:] if isinstance(part, Field)]
    runs = [part for part in layout.parts[1:] if isinstance(part, Run)]
    return all(isinstance(run.condition, When) for run in runs) and all(_empty(layout, f) is not None for f in behind)


def _empty(layout: Layout, field: Field) -> str | None:
    """The expression that says that a field behind the run is empty or not there; None if there is none."""
    if when := field.get(When):
        return " and ".join(f"not {{p}}{flag}" for flag in when.flags)
    if field.condition is not None:
        return None
    if sized := field.get(Sized):
        value, odd = divmod(-sized.bias, sized.unit)
        length = layout.by_name[sized.field]
        return (
            None if odd or value < 0 or length.optional or sized.origin == "start" else f"{{p}}{sized.field} == {value}"
        )
    return "" if Remainder in field else None


def fused_of(first: type[Header] | Key, stack: tuple[Link, ...], tables: Keyed) -> Fused:
    """The function for this stack of plain headers, found at `first`."""
    layouts = [cls.__layout__ for cls, _ in stack]
    formats = [plan(_run_of(layout)) for layout in layouts]
    format_ = ">" + "".join(text[1:] for text, _ in formats)
    source = Source("_".join(["fused", *(layout.name for layout in layouts)]), "data, end")
    source.names["unpack"] = Struct(format_).unpack_from
    names = [item_names(items, f"h{n}_") for n, (_, items) in enumerate(formats)]
    source.add(
        f"if end < {calcsize(format_)}: return None",
        f"{', '.join(name for row in names for name in row)}, = unpack(data, 0)",
    )
    if isinstance(first, Key):
        tests = _chosen(first.space, first.value, stack[0][0], tables, 0)
        if tests:
            source.add(f"if not ({' and '.join(tests)}): return None")
    at = 0
    for number, layout in enumerate(layouts):
        prefix = f"h{number}_"
        for item, name in zip(formats[number][1], names[number], strict=True):
            add_item(source, item, name, prefix, intern=False)
        following = stack[number + 1][0] if number + 1 < len(stack) else None
        tests = _tests(layout, prefix, at)
        at += _run_of(layout).octets
        if following is not None:
            tests += _leads_to(layout, stack[number][1], following, tables, prefix, at)
        if tests:
            source.add(f"if not ({' and '.join(tests)}): return None")
    for number, (layout, (_, items)) in enumerate(zip(layouts, formats, strict=True)):
        for item, name in zip(items, names[number], strict=True):
            add_item(source, item, name, f"h{number}_", cut=False)
        for part in layout.parts[1:]:
            for field in part.fields if isinstance(part, Run) else (part,):
                empty = "None" if field.optional else "()" if field.kind == "items" else "b''"
                source.add(f"h{number}_{field.name} = {empty}")
    headers = ", ".join(built(source, layout, f"h{number}_") for number, layout in enumerate(layouts))
    source.add(f"headers = ({headers},)")
    add_selection(source, layouts[-1], tables, f"h{len(layouts) - 1}_", str(at), "headers, {next}, {stop}")
    fused: Fused = source.compile("fused")
    return fused


def _tests(layout: Layout, prefix: str, at: int) -> list[str]:
    """What must hold for the header at octet `at` to be plain."""
    tests = []
    for field in layout.fields:
        local = f"{prefix}{field.name}"
        if const := field.get(Const):
            tests.append(f"{local} == {const.value}")
        if FragmentOffset in field or MoreFragments in field:
            tests.append(f"not {local}")
        if (bounds := field.get(Bounds)) and field.condition is None:
            start = at + bounds.bias + (_run_of(layout).octets if bounds.origin == "end" else 0)
            octets = local if bounds.unit == 1 else f"{local} * {bounds.unit}"
            tests.append(f"{octets} + {start} == end")
    for part in layout.parts[1:]:
        for field in part.fields if isinstance(part, Run) else (part,):
            tests += [(_empty(layout, field) or "").format(p=prefix)]
    return [test for test in dict.fromkeys(tests) if test]


def _leads_to(
    layout: Layout, value: int | None, following: type[Header], tables: Keyed, prefix: str, at: int
) -> list[str]:
    """What must hold for the next header to be `following`."""
    if layout.selector is None:
        assert layout.carries is not None
        return _chosen(layout.carries.space, layout.carries.value, following, tables, at, layout, prefix)
    same = f"{prefix}{layout.selector.name} == {value}"
    return [same, *_chosen(layout.selector[Selects].space, value, following, tables, at, layout, prefix)]


def _chosen(
    space: KeySpace,
    found: int | None,
    wanted: type[Header],
    tables: Keyed,
    at: int,
    before: Layout | None = None,
    prefix: str = "",
) -> list[str]:
    """What must hold for `wanted`, of all that is found at a key, to be chosen for the octets at `at`."""

    def text(condition: Asked) -> str:
        if not isinstance(condition, Before):
            return condition_text(condition, str(at))
        told = before is not None and any(field.name == condition.field for field in _run_of(before).fields)
        return f"{prefix}{condition.field} == {condition.value}" if told else "False"

    tests: list[str] = []
    for key, cls in tables.candidates(space, found) or tables.candidates(space, None):
        holds = " and ".join(map(text, key.conditions))
        if cls is wanted:
            return [*tests, *([holds] if holds else [])]
        tests.append(f"not ({holds})" if holds else "False")
    return [*tests, "False"]
