"""How a table says under which names another decoder shows our fields, and in what form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from overlaycodec.schema.record import WireStruct


class As(NamedTuple):
    """Another decoder's field; where it is shown at all, and what of our value it shows."""

    name: str
    value: Callable[[Any], Any] = lambda value: value  # Any: a value of any field
    where: Callable[[WireStruct], bool] = lambda record: True


Name = str | As | tuple[str | As, ...]
Table = Mapping[str, Name]
"""Of one header or element: its fields, and how they are shown. `verdict` is that on its checksum."""

VERDICT: Final = "verdict"


def each(named: Name) -> Iterator[As]:
    """The names of a field."""
    for one in named if isinstance(named, tuple) and not isinstance(named, As) else (named,):
        yield As(one) if isinstance(one, str) else one


def times(name: str, factor: int, plus: int = 0) -> As:
    """Octets, where the wire counts units."""
    return As(name, lambda value: value * factor + plus)


def bits(name: str, shift: int, mask: int) -> As:
    """Some bits of a number."""
    return As(name, lambda value: value >> shift & mask)


def told(name: str, field: str) -> As:
    """Shown only where it is not 0, or empty."""
    return As(name, where=lambda record: bool(getattr(record, field)))


def among(name: str, field: str, values: frozenset[int]) -> As:
    """Shown only where a field of the same record has one of these values."""
    return As(name, where=lambda record: getattr(record, field) in values)


def type_or_length(field: str, kind: str, length: str) -> tuple[As, As]:
    """A type above 1500, a length up to there."""
    return (
        As(kind, where=lambda record: getattr(record, field) > 1500),
        As(length, where=lambda record: getattr(record, field) <= 1500),
    )


def coded(name: str) -> As:
    """RFC 3376 section 4.1.1: from 128 on a mantissa of 4 bits and an exponent of 3."""
    return As(name, lambda value: value if value < 128 else (value & 15 | 16) << (value >> 4 & 7) + 3)
