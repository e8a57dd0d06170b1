"""Patterns: which headers a packet has, in which order, as values.

Strategy: a pattern is data. It is made of header classes and of three combinations of parts: in order, one of several,
and repeated. Whoever decodes, encodes or draws packets by a pattern reads it here; nothing here does so.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

import msgspec

from overlaycodec.errors import SchemaError
from overlaycodec.schema.record import WireStruct
from overlaycodec.values.argument_checks import text_of

__all__ = ["AnyOf", "InOrder", "Part", "PartLike", "Patterned", "Repeated", "headers_of", "part_of"]

MOST_TIMES: Final = 255
"""The largest count of a repetition; more is written as a repetition without a limit."""


@runtime_checkable
class Patterned(Protocol):
    """What has a pattern, and can be a part of another: a pipeline."""

    @property
    def pattern(self) -> InOrder:
        """The pattern."""
        ...

    @property
    def payload(self) -> bool:
        """Whether something may follow the last header."""
        ...


class _Combination(msgspec.Struct, frozen=True):
    """The base of the three combinations of parts."""

    def __or__(self, other: PartLike) -> AnyOf:
        """This part or another one."""
        return AnyOf.of(self, other)

    def __ror__(self, other: PartLike) -> AnyOf:
        return AnyOf.of(other, self)

    def __getitem__(self, times: int | slice) -> Repeated:
        """This part several times: see `Repeated`."""
        return Repeated.of(self, times)


class Repeated(_Combination, frozen=True):
    """A part `least` to `most` times in a row; `most` None: without a limit.

    >>> from overlaycodec import VLANTag
    >>> VLANTag[0:3]  # none, one, two or three
    VLANTag[0:3]
    >>> VLANTag[2], VLANTag[1:]  # exactly two; one or more
    (VLANTag[2], VLANTag[1:])
    """

    part: Part
    least: int
    most: int | None

    @classmethod
    def of(cls, part: object, times: object) -> Repeated:
        """The part, as often as an index or a slice says; both ends of the slice are included.

        Raises: TypeError, ValueError.
        """
        ends: slice[Any, Any, Any] = times if isinstance(times, slice) else slice(times, times)  # Any: checked below
        if ends.step is not None:
            raise TypeError("a repetition has no step: [0:3] is none to three")
        for number in (ends.start, ends.stop):
            if times is None or (number is not None and (not isinstance(number, int) or isinstance(number, bool))):
                raise TypeError(f"a repetition is counted by integers, as in [0:3], not by {number!r}")
        least: int = 0 if ends.start is None else ends.start
        most: int | None = ends.stop
        if not 0 <= least <= MOST_TIMES or (most is not None and not max(least, 1) <= most <= MOST_TIMES):
            raise ValueError(f"[{least}:{'' if most is None else most}] is not in [0:1]..[{MOST_TIMES}:{MOST_TIMES}]")
        return cls(part_of(part), least, most)

    def __repr__(self) -> str:
        times = str(self.least) if self.least == self.most else f"{self.least}:{'' if self.most is None else self.most}"
        return f"{_inside(self.part)}[{times}]"


class AnyOf(_Combination, frozen=True, eq=False):
    """One of several parts. Equality does not ask for their order."""

    options: tuple[Part, ...]

    @classmethod
    def of(cls, *values: object) -> AnyOf:
        """One of the values. Raises: TypeError for what is no part."""
        parts: list[Part] = []
        for value in values:
            part = part_of(value)
            parts.extend(part.options if isinstance(part, AnyOf) else (part,))
        return cls(tuple(dict.fromkeys(parts)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AnyOf):
            return NotImplemented
        return frozenset(self.options) == frozenset(other.options)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(frozenset(self.options))

    def __repr__(self) -> str:
        return " | ".join(map(_name, self.options))


class InOrder(_Combination, frozen=True):
    """Parts one after the other."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, parts: tuple[object, ...]) -> InOrder:
        """The parts in order; a sequence within them is taken apart. Raises: TypeError for what is no part."""
        return cls(tuple(each for part in map(part_of, parts) for each in _members(part)))

    def __repr__(self) -> str:
        return f"Pipeline({', '.join(map(_name, self.parts))})"


Part: TypeAlias = type[WireStruct] | Repeated | AnyOf | InOrder
"""A header class, or a combination of parts."""
PartLike: TypeAlias = Part | Patterned | types.UnionType
"""What can be given as a part: `IPv4 | IPv6` is a type union of Python."""


def part_of(value: object) -> Part:
    """The part that a value stands for. Raises: TypeError, where it stands for none."""
    if isinstance(value, type):
        if issubclass(value, WireStruct) and hasattr(value, "__layout__") and not hasattr(value, "__element__"):
            return value
    elif isinstance(value, Repeated | AnyOf | InOrder):
        return value
    elif isinstance(value, types.UnionType) or typing.get_origin(value) is typing.Union:
        arguments: tuple[Any, ...] = typing.get_args(value)
        optional = types.NoneType in arguments
        options = [argument for argument in arguments if argument is not types.NoneType]
        found = AnyOf.of(*options) if len(options) > 1 else part_of(options[0])
        return Repeated(found, 0, 1) if optional else found
    elif isinstance(value, Patterned) and isinstance(value.pattern, InOrder):
        return value.pattern
    raise TypeError(
        f"{text_of(value)} is no part of a pipeline: it takes header classes, VLANTag[0:3], IPv4 | IPv6, and pipelines"
    )


def _members(part: Part) -> Iterator[Part]:
    if isinstance(part, InOrder):
        yield from part.parts
    else:
        yield part


def _name(part: Part) -> str:
    return part.__name__ if isinstance(part, type) else repr(part)


def _inside(part: Part) -> str:
    return f"({part!r})" if isinstance(part, AnyOf) else _name(part)


def headers_of(pattern: InOrder) -> tuple[type[WireStruct], ...]:
    """The headers of a pattern that has no alternatives and repeats nothing a varying number of times.

    Raises: SchemaError.
    """
    found: list[type[WireStruct]] = []
    for part in pattern.parts:
        if isinstance(part, type):
            found.append(part)
        elif isinstance(part, Repeated) and part.least == part.most:
            found += headers_of(InOrder.of((part.part,))) * part.least
        elif isinstance(part, InOrder):
            found += headers_of(part)
        else:
            raise SchemaError(repr(pattern), None, f"has no fixed headers: {part!r}")
    return tuple(found)
