"""Layout -> one decode step of a packet: read the header, bound what follows, choose the next step.

Strategy: a step is generated for one header and one catalog. It handles the common case inline, so that a packet costs
one call for each header; for everything else it calls the `DecodeState`. `step(data, pos, end, state)` gives the next
step or None, where it starts and where it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from overlaycodec.codec.decode_state import DecodeState
from overlaycodec.codec.header_decoder import add_reading, build_text
from overlaycodec.codegen import Source, linear, literal
from overlaycodec.schema.corroboration import Corroboration
from overlaycodec.schema.keys import Asked, Fits, Key, KeySpace, MinOctets, Peek, Pieces, PreviousHeader, Within
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.plans import Guard

__all__ = [
    "Believed",
    "Candidate",
    "Step",
    "Tables",
    "add_next",
    "common_text",
    "condition_text",
    "conditional_step",
    "step_of",
]

Step = Callable[[bytes, int, int, DecodeState], Any]
"""Gives `(next step or None, position, end)`; a recursive type that Python cannot write down."""


Believed = Callable[[bytes, int, int, bool], bool]
"""`believed(data, pos, end, cut)`: whether a guess is believed (see `corroboration`)."""


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
    source = Source(f"step_{layout.name}", "data, pos, end, state")
    stop = add_reading(source, layout)
    source.names["LAYOUT"] = layout
    source.comment("the header")
    source.add(f"state.append({build_text(source, layout)})")
    if layout.quotes:
        source.add("state.enter_quotation()")
    _add_bound(source, layout, stop)
    source.comment("what follows")
    if layout.next.closed:
        source.add(f"if {stop} < end: state.add_trailer(data, {stop}, end)", f"return None, {stop}, {stop}")
    else:
        if layout.next.offset is not None:
            source.add(f"if v_{layout.next.offset}: return None, {stop}, end")
        if layout.more_fragments is not None:
            source.add(f"if v_{layout.more_fragments}: state.enter_fragment()")
        add_next(source, layout, tables, "v_", stop)
    step: Step = source.compile("step")
    return step


def _add_bound(source: Source, layout: Layout, stop: str) -> None:
    """Adds the lines that find where the content ends, unless it ends where the octets at hand do."""
    extent, jumbo = layout.extent, layout.jumbo
    if extent is not None:
        value = f"v_{extent.field.name}"
        claimed = f"{'pos' if extent.from_start else stop} + {linear(value, extent.unit, extent.bias)}"
        tests = [f"({claimed} != end or state.wire_end is not None)"]
        if extent.field.optional:
            tests.insert(0, f"{value} is not None")
        if extent.unless:
            tests.insert(0, f"not v_{extent.unless}")
        source.comment("where its content ends")
        source.add(
            f"if {' and '.join(tests)}:", f"    end = state.end_by_length(LAYOUT, {value}, data, pos, {stop}, end)"
        )
    if jumbo is not None:
        source.comment("where a jumbogram ends")
        source.add(
            "if state.zero_length >= 0:",
            f"    end = state.end_by_option(LAYOUT, v_{jumbo.options}, data, pos, {stop}, end)",
        )


def _step_text(source: Source, tables: Tables, space: KeySpace, value: str) -> str:
    """The expression for the step at a value of a key space."""
    get = source.bind(f"get_{space.name}", tables.table(space).get)
    otherwise = source.bind(f"otherwise_{space.name}", tables.otherwise(space))
    return f"{get}({value}, {otherwise})"


def _step_at(source: Source, tables: Tables, key: Key) -> str:
    """The expression for the step at a key."""
    return _step_text(source, tables, key.space, literal(key.value))


def _guard_fails_text(guard: Guard, prefix: str) -> str:
    """The expression that is true where the guard does not hold."""
    if guard.carried:  # a flag
        return f"not {prefix}{guard.field}"
    return f"{prefix}{guard.field} {'in' if guard.negated else 'not in'} {literal(tuple(guard.values))}"


def add_next(  # the forms of one return statement
    source: Source, layout: Layout, tables: Tables, prefix: str, stop: str, form: str = "{next}, {stop}, end"
) -> None:
    """Adds the lines that return the next step, in this form. A form without an end never follows a length rule."""
    plan = layout.next

    def return_of(following: str) -> str:
        return f"return {form.format(next=following, stop=stop)}"

    if plan.repeat is not None:
        source.add(f"if not {prefix}{plan.repeat.flag}: {return_of(_step_at(source, tables, plan.repeat.key))}")
    carried = "None" if plan.carried is None else _step_at(source, tables, plan.carried)
    content = ""
    if plan.content is not None:
        values = literal(tuple(plan.content.values))
        content = f"{prefix}{plan.content.field} in {values}"
        if plan.content_outside:
            source.names["PLAN"] = plan
            content = "PLAN.has_content(state)"
        carried = f"{carried} if {content} else None"
    if plan.selector is None or plan.space is None:
        source.add(return_of(carried))
        return
    value = f"{prefix}{plan.selector.name}"
    for guard in plan.guards:
        source.add(f"if {_guard_fails_text(guard, prefix)}: {return_of(carried if guard.carried else 'None')}")
    if content and plan.nothing is not None:
        source.add(f"if {value} == {literal(plan.nothing)} and not ({content}): {return_of('None')}")
    if plan.lengths is not None:
        source.add(f"if {value} <= {literal(plan.lengths.limit)}:")
        if "end" in form:
            following = _step_at(source, tables, plan.lengths.key)
            source.add(
                f"    end = state.end_by_type(LAYOUT, {value}, data, pos, {stop}, end)",
                f"    {return_of(f'{following} if {value} else None')}",
            )
        else:
            source.add("    return None")  # a length bounds what follows: such a form has no bound to return
    source.add(return_of(_step_text(source, tables, plan.space, value)))


class Candidate(NamedTuple):
    """What can be found at a key."""

    key: Key
    step: Step
    plan: Corroboration | None = None
    """What the key asks, where it is a guess."""
    believed: Believed | None = None


def conditional_step(candidates: tuple[Candidate, ...]) -> Step:
    """A step that tests the conditions of each key in turn and goes on as the first one whose conditions hold."""
    first = candidates[0]
    if not first.key.conditions and first.plan is None:
        return first.step
    source = Source(f"choose_{first.key.space.name}_{first.key.value}", "data, pos, end, state")
    tests: list[str] = []
    for number, (key, step, plan, believed) in enumerate(candidates):
        source.names[f"step{number}"] = step
        following = f"return step{number}(data, pos, end, state)"
        tests = [f"({condition_text(condition)})" for condition in key.conditions]
        if plan is not None:
            cut = "state.wire_end is not None or state.faults != ()"
            asked = f"{source.bind(f'believed{number}', believed)}(data, pos, end, {cut})"
            if plan.octets:
                asked += f" or (end - pos < {literal(plan.octets)} and state.has_no_bound(data, end))"
            common = common_text(plan)
            tests.append(f"({common} or {asked})" if common else f"({asked})")
        source.add(f"if {' and '.join(tests)}: {following}" if tests else following)
        if not key.conditions:
            break
    if tests:
        source.add("return None, pos, end")
    chosen: Step = source.compile("choice")
    return chosen


def common_text(plan: Corroboration, pos: str = "pos") -> str:
    """The expression that tests the common case of a guess; empty where there is none."""
    peeks = [asked for asked in plan.common if isinstance(asked, Peek)]
    tests = [f"({condition_text(asked, pos)})" for asked in plan.common if not isinstance(asked, Peek)]
    if peeks:  # as one number
        octets = max((peek.bit + peek.count + 7) // 8 for peek in peeks)
        mask = value = 0
        for peek in peeks:
            below = octets * 8 - peek.bit - peek.count
            mask |= (1 << peek.count) - 1 << below
            value |= peek.value << below
        number = f"int.from_bytes(data[{pos}:{pos} + {octets}], 'big') & {literal(mask)} == {literal(value)}"
        tests.insert(0, f"{pos} + {octets} <= end and {number}")
    return f"({' and '.join(tests)})" if tests else ""


def condition_text(condition: Asked, pos: str = "pos") -> str:
    """The expression that tests a condition of a key on the header at `pos`, or on the last header read."""
    if isinstance(condition, PreviousHeader):
        return f"(state and getattr(state[-1], {literal(condition.field)}, None) == {literal(condition.value)})"
    if isinstance(condition, MinOctets):
        return f"{pos} + {literal(condition.octets)} <= end"
    if isinstance(condition, Fits):
        return _fits_text(condition, pos)
    if isinstance(condition, Pieces):
        return _pieces_text(condition, pos)
    if isinstance(condition, Within):
        length, offset = _number_text(condition.length, 16, pos), _number_text(condition.offset, 16, pos)
        header = literal(condition.header)
        return f"{pos} + {header} <= end and {offset} + end - {pos} - {header} <= {length}"
    first, last = condition.bit // 8, (condition.bit + condition.count - 1) // 8
    if condition.bit % 8 == 0 and condition.count % 8 == 0:
        octets = enumerate(condition.value.to_bytes(condition.count // 8, "big"), first)
        return f"{pos} + {last} < end and " + " and ".join(f"data[{pos} + {at}] == {octet}" for at, octet in octets)
    return f"{pos} + {last} < end and {_number_text(condition.bit, condition.count, pos)} == {literal(condition.value)}"


def _number_text(bit: int, count: int, pos: str) -> str:
    first, last = bit // 8, (bit + count - 1) // 8
    shift, mask = 7 - (bit + count - 1) % 8, literal((1 << count) - 1)
    octets = f"data[{pos} + {first}]" if first == last else f"int.from_bytes(data[{pos} + {first}:{pos} + {last + 1}])"
    return octets if bit % 8 == 0 and shift == 0 else f"({octets} >> {shift} & {mask})"


def _fits_text(condition: Fits, pos: str) -> str:
    claimed = linear(_number_text(condition.bit, condition.count, pos), condition.unit, condition.base)
    last = (condition.bit + condition.count - 1) // 8
    spare = "" if condition.spare is None else f" and end - {pos} - n <= {literal(condition.spare)}"
    least = literal(condition.least)
    return f"{pos} + {last} < end and {least} <= (n := {claimed}) <= end - {pos}{spare}"


def _pieces_text(condition: Pieces, pos: str) -> str:
    length, offset = _number_text(condition.length, 16, pos), _number_text(condition.offset, 16, pos)
    header = literal(condition.header)
    equal = " or o % n == 0" if condition.equal else ""
    return f"(n := end - {pos} - {header}) > 0 and ((o := {offset}) + n == {length}{equal})"
