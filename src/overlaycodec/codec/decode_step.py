"""Layout -> one step of the decoding pipeline: read the header, bound what follows, choose the next step.

Strategy: a step is generated for one header and one catalog. It does the usual case inline, so that a packet costs one
call a header; whatever is not usual it hands to the `Walk`. `step(data, pos, end, walk)` gives the next step or None,
where it starts and where it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from overlaycodec.codec.decode_state import Walk
from overlaycodec.codec.header_decoder import add_reading, built
from overlaycodec.codegen import Source
from overlaycodec.schema.facts import FragmentOffset, LengthField, MoreFragments, Selects, StackEnd
from overlaycodec.schema.keys import Asked, Key, KeySpace, MinOctets, PreviousHeader, Within
from overlaycodec.schema.layout import Layout

__all__ = ["Step", "Tables", "add_selection", "alternatives", "condition_text", "step_of"]

Step = Callable[[bytes, int, int, Walk], Any]
"""Gives `(next step or None, position, end)`; a recursive type that Python cannot write down."""


class Tables(Protocol):
    """What a step needs of its catalog."""

    def table(self, space: KeySpace) -> dict[int, Step]:
        """The steps by value; the object is the same at every call."""
        ...

    def otherwise(self, space: KeySpace) -> Step | None:
        """The step for values that are not in the table."""
        ...


def step_of(layout: Layout, tables: Tables) -> Step:
    """The step for headers of this layout."""
    source = Source(f"step_{layout.name}", "data, pos, end, walk")
    stop = add_reading(source, layout)
    source.names["LAYOUT"] = layout
    source.add(f"walk.append({built(source, layout)})")
    if layout.quotes:
        source.add("walk.quote()")
    _add_bounds(source, layout, stop)
    if layout.jumbo is not None:
        source.add(f"if walk.zero >= 0: end = walk.jumbogram(LAYOUT, v_{layout.jumbo.options}, data, pos, {stop}, end)")
    if layout.closed:
        source.add(f"if {stop} < end: walk.trail(data, {stop}, end)", f"return None, {stop}, {stop}")
    else:
        _add_fragments(source, layout, stop)
        add_selection(source, layout, tables, "v_", stop)
    step: Step = source.compile("step")
    return step


def _add_bounds(source: Source, layout: Layout, stop: str) -> None:
    field = layout.bounds
    if field is None:
        return
    bounds = field[LengthField]
    source.names["BOUNDS"] = bounds
    value = f"v_{field.name}"
    start = "pos" if bounds.origin == "start" else stop
    octets = f"{value} * {bounds.unit}" if bounds.unit != 1 else value
    claim = f"{start} + {octets}" + (f" + {bounds.bias}" if bounds.bias else "")
    guards = [f"({claim} != end or walk.cut is not None)"]
    if field.optional:
        guards.insert(0, f"{value} is not None")
    if bounds.unless:
        guards.insert(0, f"not v_{bounds.unless}")
    source.add(f"if {' and '.join(guards)}:", f"    end = walk.bound(LAYOUT, BOUNDS, {value}, data, pos, {stop}, end)")


def _add_fragments(source: Source, layout: Layout, stop: str) -> None:
    for field in layout.fields:
        if FragmentOffset in field:
            source.add(f"if v_{field.name}: return None, {stop}, end")
        if MoreFragments in field:
            source.add(f"if v_{field.name}: walk.fragment()")


def _lookup(source: Source, tables: Tables, space: KeySpace, value: str) -> str:
    get = source.bind(f"get_{space.name}", tables.table(space).get)
    otherwise = source.bind(f"otherwise_{space.name}", tables.otherwise(space))
    return f"{get}({value}, {otherwise})"


def add_selection(  # the forms of one return statement
    source: Source, layout: Layout, tables: Tables, prefix: str, stop: str, form: str = "{next}, {stop}, end"
) -> None:
    """Adds the lines that return the next step, in the form that is asked for."""

    def leave(following: str) -> str:
        return f"return {form.format(next=following, stop=stop)}"

    for field in layout.fields:
        if StackEnd in field:
            key = layout.keys[0]
            again = _lookup(source, tables, key.space, str(key.value))
            source.add(f"if not {prefix}{field.name}: {leave(again)}")
    selector = layout.selector
    carried = "None"
    if layout.carries is not None:
        carried = _lookup(source, tables, layout.carries.space, str(layout.carries.value))
    if selector is None:
        source.add(leave(carried))
        return
    selects = selector[Selects]
    value = f"{prefix}{selector.name}"
    if selects.only:
        source.add(f"if {prefix}{selects.only[0]} not in {selects.only[1]!r}: {leave('None')}")
    if selects.unless:
        source.add(f"if {prefix}{selects.unless[0]} in {selects.unless[1]!r}: {leave('None')}")
    if selects.when:
        source.add(f"if not {prefix}{selects.when}: {leave(carried)}")
    if selects.lengths:
        limit, key = selects.lengths
        source.add(f"if {value} <= {limit}:")
        if "end" in form:
            follower = _lookup(source, tables, key.space, str(key.value))
            source.add(
                f"    end = walk.length(LAYOUT, {value}, data, pos, {stop}, end)",
                f"    {leave(f'{follower} if {value} else None')}",
            )
        else:
            source.add("    return None")  # a length has a bound of its own: not for a form without one
    source.add(leave(_lookup(source, tables, selects.space, value)))


def alternatives(candidates: tuple[tuple[Key, Step], ...]) -> Step:
    """A step that asks the conditions of each key in turn and goes on as the first whose conditions hold."""
    if not candidates[0][0].conditions:
        return candidates[0][1]
    source = Source(f"choose_{candidates[0][0].space.name}_{candidates[0][0].value}", "data, pos, end, walk")
    for number, (key, step) in enumerate(candidates):
        source.names[f"step{number}"] = step
        go = f"return step{number}(data, pos, end, walk)"
        if not key.conditions:
            source.add(go)
            break
        source.add(f"if {' and '.join(map(condition_text, key.conditions))}: {go}")
    else:
        source.add("return None, pos, end")
    chosen: Step = source.compile("alternatives")
    return chosen


def condition_text(condition: Asked, pos: str = "pos") -> str:
    """The expression that asks the condition of the header at `pos`, or of the last one of the walk."""
    if isinstance(condition, PreviousHeader):
        return f"(walk and getattr(walk[-1], {condition.field!r}, None) == {condition.value})"
    if isinstance(condition, MinOctets):
        return f"{pos} + {condition.octets} <= end"
    if isinstance(condition, Within):
        length, offset, header = condition.length // 8, condition.offset // 8, condition.header
        return (
            f"{pos} + {header} <= end"
            f" and int.from_bytes(data[{pos} + {offset}:{pos} + {offset + 2}], 'big') + end - {pos} - {header}"
            f" <= int.from_bytes(data[{pos} + {length}:{pos} + {length + 2}], 'big')"
        )
    first, last = condition.bit // 8, (condition.bit + condition.count - 1) // 8
    octets = last - first + 1
    shift = octets * 8 - condition.bit % 8 - condition.count
    if condition.bit % 8 == 0 and shift == 0:
        tests = zip(range(first, last + 1), condition.value.to_bytes(octets, "big"), strict=True)
        return f"{pos} + {last} < end and " + " and ".join(f"data[{pos} + {at}] == {octet}" for at, octet in tests)
    if octets == 1:
        mask = (1 << condition.count) - 1
        return f"{pos} + {first} < end and data[{pos} + {first}] >> {shift} & {mask} == {condition.value}"
    number = f"int.from_bytes(data[{pos} + {first}:{pos} + {last + 1}], 'big')"
    return f"{pos} + {last} < end and {number} >> {shift} & {(1 << condition.count) - 1} == {condition.value}"
