"""Expression -> a function of one packet.

Strategy: closures, made once for a filter. The classes of a packet's headers decide which header each path names; that
is worked out once for each stack and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from overlaycodec.codec.catalog import Catalog
from overlaycodec.editing.checksum_status import checksums
from overlaycodec.errors import UnresolvedError
from overlaycodec.filters.conditions import condition_of, tester_of
from overlaycodec.filters.expression import And, Compare, Expression, In, Not, Or
from overlaycodec.filters.operands import Operand
from overlaycodec.filters.record_facts import OF_THE_CAPTURE, RECORD_FACTS
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.values import AUTO

if TYPE_CHECKING:
    from overlaycodec.capture.reader import Capture
    from overlaycodec.capture.record import Record

__all__ = ["Matcher"]

_Depths: TypeAlias = Sequence[int | None]
_Origin: TypeAlias = "tuple[Record, Capture | None] | None"
"""The record that a packet is from, and the capture that the record is from, as far as they are known."""
_Test: TypeAlias = Callable[[Packet, _Depths, _Origin], bool]

_MOST_STACKS: Final = 1024
"""How many stacks are kept: hostile captures have ever new ones."""


class Matcher:
    """Says whether packets match an expression."""

    def __init__(self, expression: Expression, operands: Mapping[str, Operand], catalog: Catalog) -> None:
        self._catalog = catalog
        self._operands = list(operands.values())
        self._number = {name: number for number, name in enumerate(operands)}
        self._depths: dict[tuple[type[Header], ...], _Depths] = {}
        self._test = self._test_of(expression)

    def __call__(self, packet: Packet, record: Record | None = None, capture: Capture | None = None) -> bool:
        """Whether the packet, the record that it is from, and its capture match. Raises: as `Filter.matches`."""
        stack = tuple(map(type, packet.headers))
        depths = self._depths.get(stack)
        if depths is None:
            if len(self._depths) >= _MOST_STACKS:
                self._depths.clear()
            depths = [operand.path.depth_in(stack) if operand.path.header else None for operand in self._operands]
            self._depths[stack] = depths
        return self._test(packet, depths, None if record is None else (record, capture))

    def _test_of(self, expression: Expression) -> _Test:
        if isinstance(expression, Not):
            negated = self._test_of(expression.term)
            return lambda packet, depths, origin: not negated(packet, depths, origin)
        if isinstance(expression, And):
            return _all_of([self._test_of(term) for term in expression.terms])
        if isinstance(expression, Or):
            return _any_of([self._test_of(term) for term in expression.terms])
        number = self._number[expression.path]
        if self._operands[number].is_header:
            return lambda packet, depths, origin: depths[number] is not None
        value_of = self._value_of(number)
        if not isinstance(expression, Compare | In):
            return lambda packet, depths, origin: value_of(packet, depths, origin) is not None
        holds = tester_of(condition_of(expression))

        def test(packet: Packet, depths: _Depths, origin: _Origin) -> bool:
            value = value_of(packet, depths, origin)
            return value is not None and holds(value)

        return test

    def _value_of(self, number: int) -> Callable[[Packet, _Depths, _Origin], Any]:  # Any: a field's own type
        """The function that gives the value of an operand; None where it is absent."""
        operand, catalog = self._operands[number], self._catalog
        path, name = operand.path, operand.path.name
        if path.field is None:
            return _fact_of(name, catalog)
        if path.status:
            field = path.field.name

            def status(packet: Packet, depths: _Depths, origin: _Origin) -> str | None:
                depth = depths[number]
                if depth is None:
                    return None
                left = origin is not None and origin[0].left_to_card
                found = checksums(packet, left_to_card=left, catalog=catalog).get(
                    f"{names_of(packet.headers)[depth]}.{field}"
                )
                return None if found is None else str(found)

            return status
        if path.in_trailer:
            return lambda packet, depths, origin: path.value_at_end(packet)
        value_in = path.value_in

        def value(packet: Packet, depths: _Depths, origin: _Origin) -> Any:  # Any: as above
            depth = depths[number]
            if depth is None:
                return None
            found = value_in(packet.headers[depth])
            if found is AUTO:
                raise UnresolvedError(name, "is AUTO and has no value yet: filter `oc.resolve(packet)`")
            return found

        return value


def _all_of(tests: list[_Test]) -> _Test:
    def test(packet: Packet, depths: _Depths, origin: _Origin) -> bool:
        for one in tests:  # noqa: SIM110 - a generator takes twice the time
            if not one(packet, depths, origin):
                return False
        return True

    return test


def _any_of(tests: list[_Test]) -> _Test:
    def test(packet: Packet, depths: _Depths, origin: _Origin) -> bool:
        for one in tests:  # noqa: SIM110 - as above
            if one(packet, depths, origin):
                return True
        return False

    return test


def _fact_of(name: str, catalog: Catalog) -> Callable[[Packet, _Depths, _Origin], Any]:  # Any: as above
    """The function that gives a fact of the record, or of the packet as a whole."""
    if name == "fault":
        return lambda packet, depths, origin: None if packet.fault is None else type(packet.fault).__name__
    if name == "fcs":
        return lambda packet, depths, origin: None if packet.fcs is None else packet.fcs.data
    if name == "fcs.verdict":
        return lambda packet, depths, origin: _text(checksums(packet, catalog=catalog).get("fcs"))
    read = RECORD_FACTS.get(name)

    def fact(packet: Packet, depths: _Depths, origin: _Origin) -> Any:  # Any: as above
        if origin is None:
            raise ValueError(f"{name} is a fact of the record that the packet is from: give it, as record=")
        record, capture = origin
        if read is None:
            return len(record.data) if name == "captured_length" else getattr(record, name)
        if capture is None and name in OF_THE_CAPTURE:
            raise ValueError(f"{name} is a fact of the capture that is being read: give it, as capture=")
        return read(record, capture)

    return fact


def _text(status: str | None) -> str | None:
    return None if status is None else str(status)
