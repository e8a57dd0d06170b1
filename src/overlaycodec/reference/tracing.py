"""construct's expressions as the numbers and conditions of facts.

Strategy: an expression is called with a context that records what it asks for. `this.length * 4` and a lambda that
computes the same give the same `Number`; what has no fact, such as a comparison of two fields, is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

__all__ = ["Compared", "Number", "Scope", "condition_of", "number_of"]


class Compared(NamedTuple):
    """That a field has one of these values, or none of them."""

    field: str
    values: tuple[int, ...]
    equal: bool


@dataclass(frozen=True, eq=False)
class Number:
    """`unit` x a field + `bias`."""

    field: str
    unit: int = 1
    bias: int = 0
    codes: Mapping[str, int] | None = None
    """The values by their names, of an Enum: construct compares it by names and does not compute with it."""

    @property
    def plain(self) -> bool:
        """Whether it is the value of the field itself."""
        return self.unit == 1 and self.bias == 0

    def __add__(self, other: object) -> Number:
        if type(other) is not int or self.codes is not None:
            return NotImplemented
        return replace(self, bias=self.bias + other)

    def __radd__(self, other: object) -> Number:
        return self + other

    def __sub__(self, other: object) -> Number:
        return self + -other if type(other) is int else NotImplemented

    def __mul__(self, other: object) -> Number:
        if type(other) is not int or self.codes is not None:
            return NotImplemented
        return replace(self, unit=self.unit * other, bias=self.bias * other)

    def __rmul__(self, other: object) -> Number:
        return self * other

    def __lshift__(self, other: object) -> Number:
        return self * (1 << other) if type(other) is int and other >= 0 else NotImplemented

    def __eq__(self, other: object) -> Any:  # Any: a condition, not a bool
        return self._compared(other, equal=True)

    def __ne__(self, other: object) -> Any:  # Any: as above
        return self._compared(other, equal=False)

    def _compared(self, other: object, *, equal: bool) -> Compared:
        value = other if self.codes is None else self.codes.get(str(other)) if isinstance(other, str) else None
        if not isinstance(value, int) or not self.plain:
            raise TypeError("no fact compares these")
        return Compared(self.field, (int(value),), equal)

    __hash__ = None  # type: ignore[assignment]  # a dict would ask for equality

    def __bool__(self) -> bool:
        raise TypeError("the way that is taken depends on a value")


class Scope:
    """What stands for construct's context: the members of a Struct so far, and those of the Structs around it."""

    def __init__(self, outer: Scope | None = None) -> None:
        self._outer = outer
        self._members: dict[str, Number | Scope] = {}

    def add(self, name: str, member: Number | Scope) -> None:
        """Know a member of the Struct."""
        self._members[name] = member

    def has(self, name: str) -> bool:
        """Whether it is a member of the Struct."""
        return name in self._members

    def __getitem__(self, name: str) -> Number | Scope:
        if name == "_" and self._outer is not None:
            return self._outer
        return self._members[name]

    def __getattr__(self, name: str) -> Number | Scope:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def _traced(expression: object, scope: Scope) -> object:
    if not callable(expression):
        return expression
    call: Callable[[Any], object] = expression
    try:
        return call(scope)
    except Exception:  # an expression is foreign code: whatever it raises, it has no fact
        return None


def number_of(expression: object, scope: Scope) -> Number | int | None:
    """The number that an expression computes; None where it has no fact."""
    found = _traced(expression, scope)
    if isinstance(found, Number):
        return found if found.unit > 0 and found.codes is None else None
    return found if type(found) is int else None


def condition_of(expression: object, scope: Scope) -> Compared | Number | None:
    """The condition that an expression computes, or the field that it asks for; None where it has no fact."""
    found = _traced(expression, scope)
    if isinstance(found, Number):
        return found if found.plain else None
    return found if isinstance(found, Compared) else None
