"""What must hold for the next header of a stack to be the one that decoding finds.

Strategy: what is known of the header before leaves few tests, on fields that were read already.
"""

from __future__ import annotations

from typing import Protocol

from overlaycodec.codec.decode_step import Believed, Tables, common_text, condition_text
from overlaycodec.codec.stack_position import Position, equal_text
from overlaycodec.codegen import Source, literal
from overlaycodec.packet.header import Header
from overlaycodec.packet.late_header import LateBinding, is_class, loaded
from overlaycodec.schema.keys import Asked, Fits, KeySpace, Peek, PreviousHeader

__all__ = ["StackTables", "following_tests", "selection_tests"]

_MOST_TESTS = 3
"""So many tests of fields cost less than one of octets that are made a number for it."""


class StackTables(Tables, Protocol):
    """What a stack decoder needs of its catalog."""

    max_headers: int

    def candidates(self, space: KeySpace, value: int | None) -> tuple[LateBinding, ...]:
        """What can be found at a value, in the order in which it is tried; nothing is imported."""
        ...

    def believed(self, cls: type[Header]) -> Believed:
        """The function that decides whether a guess that found this header is believed."""
        ...


def following_tests(source: Source, position: Position, following: Position, tables: StackTables) -> list[str]:
    """What must hold for the next header to be the one that follows, the selector being constant."""
    plan = position.layout.next
    if plan.selector is None or plan.space is None:
        assert plan.carried is not None
        return selection_tests(source, plan.carried.space, plan.carried.value, following, tables, position)
    value = position.constants[plan.selector.name]
    return selection_tests(source, plan.space, value, following, tables, position)


def selection_tests(
    source: Source,
    space: KeySpace,
    value: int | None,
    wanted: Position,
    tables: StackTables,
    previous: Position | None = None,
) -> list[str]:
    """What must hold for the header of `wanted`, of all that are found at a key, to be chosen for the octets there."""

    def text(condition: Asked) -> str:
        if isinstance(condition, PreviousHeader):
            fields = [] if previous is None else [field.name for field in previous.run.fields]
            if previous is None or condition.field not in fields:
                return "False"
            return f"{previous.text(condition.field)} == {literal(condition.value)}"
        if isinstance(condition, Peek):
            for field in wanted.run.fields:
                same = (wanted.run.bit_of(field.name), field.bits) == (condition.bit, condition.count)
                if same and field.kind == "int" and field.byte_order is None and wanted.is_item(field.name):
                    return f"{wanted.prefix}{field.name} == {literal(condition.value)}"
        return condition_text(condition, str(wanted.offset))

    tests: list[str] = []
    for key, header in tables.candidates(space, value) or tables.candidates(space, None):
        holds = " and ".join(map(text, key.conditions))
        if is_class(header, wanted.layout.cls):
            asked = _belief_text(source, wanted, tables) if key.guess else ""
            return [*tests, *filter(None, [holds, asked])]
        if holds and key.guess:  # it is found unless it is refused
            cls = loaded(header)
            believed = source.bind(f"believed_{cls.__layout__.name}", tables.believed(cls))
            holds += f" and {believed}(data, {wanted.offset}, end, False)"
        tests.append(f"not ({holds})" if holds else "False")
    return [*tests, "False"]


def _belief_text(source: Source, wanted: Position, tables: StackTables) -> str:
    """The test that a guess is believed; empty where what is known of the header is enough for that."""
    layout = wanted.layout
    plan = layout.corroboration
    if plan is None:
        return ""
    doubtful = [asked for asked in plan.common if not _is_known_to_hold(wanted, asked)]
    if plan.clear and not doubtful:
        return ""
    believed = (
        f"{source.bind(f'believed_{layout.name}', tables.believed(layout.cls))}(data, {wanted.offset}, end, False)"
    )
    by_field = [_field_tests(wanted, asked) for asked in doubtful]
    tests = [test for tests in by_field if tests for test in tests]
    if plan.clear and all(by_field) and len(tests) <= _MOST_TESTS:
        return f"({' and '.join(tests)} or {believed})"
    common = common_text(plan, str(wanted.offset))
    return f"({common} or {believed})" if common else believed


def _field_tests(position: Position, asked: Asked) -> list[str]:
    """The tests that a condition holds, on fields that were read already; empty where other bits are asked."""
    tests: list[str] = []
    bits = 0
    for field in position.run.fields:
        bit, count = position.run.bit_of(field.name), field.width
        if not isinstance(asked, Peek) or bit < asked.bit or bit + count > asked.bit + asked.count:
            continue
        wanted = asked.value >> (asked.bit + asked.count - bit - count) & (1 << count) - 1
        bits += count
        if field.name not in position.known:
            tests.append(equal_text(position.prefix + field.name, bool(wanted) if field.kind == "bool" else wanted))
        elif position.known[field.name] != wanted:
            return []
    return tests if isinstance(asked, Peek) and bits == asked.count else []


def _is_known_to_hold(position: Position, asked: Asked) -> bool:
    """Whether a condition holds by the constant fields, or by the length that was tested to be that of the octets."""
    extent, known = position.layout.extent, position.known
    if isinstance(asked, Fits):
        field = None if extent is None else extent.field
        if field is None or extent is None or field.presence is not None:
            return False
        same = (position.run.bit_of(field.name), field.bits, extent.unit) == (asked.bit, asked.count, asked.unit)
        start = extent.end_of(0, position.run.octets)
        return same and start == asked.base and asked.least <= position.run.octets
    if not isinstance(asked, Peek):
        return False
    bits = number = 0
    for field in position.run.fields:
        bit = position.run.bit_of(field.name)
        if asked.bit <= bit and bit + field.width <= asked.bit + asked.count and field.name in known:
            value = known[field.name]
            number = number << field.width | (value if isinstance(value, int) else 0)
            bits += field.width
    return bits == asked.count and number == asked.value
