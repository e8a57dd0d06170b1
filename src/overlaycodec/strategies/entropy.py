"""The octets from which the fields of fixed size of one record are made.

Strategy: all of them come from one draw of Hypothesis, at places that the layout alone decides. So a record costs one
draw however many fields it has, and a header that shrinking leaves out is one draw less. Octets of zeros give each
field its default, or else its least value. Half of the large numbers are near a limit: small, large, or by a power of
two.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from hypothesis import strategies as st

from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.record import WireStruct, kept_with_class

__all__ = ["Entropy", "binary", "entropy_of"]

T = TypeVar("T")

_SPARE: Final = 2
"""Octets for what is decided about the whole record."""
_SMALL: Final = 16
"""Numbers of no more values than this need no octet that puts them at a limit."""
_LOW, _HIGH, _POWER = 128, 170, 212
"""From which values of its own octet on a number is small, large, or by a power of two."""
_NEAR: Final = 4


class _Places(NamedTuple):
    """Where in the octets of a record each field has its own."""

    octets: int
    fields: dict[str, tuple[int, int, int | None]]
    """By name: the first octet and the one after the last, and the octet that puts the field at a limit."""


@kept_with_class
def _places(cls: type[WireStruct]) -> _Places:
    """The places of a class: first what decides, then the values, so that shrinking simplifies what decides first."""
    drawn = [field for field in cls.__layout__.fields if field.bits is not None and field.const is None]
    at = _SPARE
    limits: dict[str, int] = {}
    for field in drawn:
        if field.kind == "int" and field.maximum >= _SMALL:
            limits[field.name] = at
            at += 1
    fields: dict[str, tuple[int, int, int | None]] = {}
    for field in drawn:
        size = -(-field.width // 8)
        fields[field.name] = at, at + size, limits.get(field.name)
        at += size
    return _Places(at, fields)


@lru_cache(maxsize=4096)
def binary(least: int, most: int) -> st.SearchStrategy[bytes]:
    """Octets of a size in these bounds; the same strategy each time, since a new one costs more than a draw."""
    return st.binary(min_size=least, max_size=max(least, most))


class Entropy:
    """The octets of one record, and the values that they stand for."""

    __slots__ = ("_data", "_fields", "_spare")

    def __init__(self, data: bytes, places: _Places) -> None:
        self._data = data
        self._fields = places.fields
        self._spare = 0

    def spare(self) -> int:
        """An octet that belongs to no field."""
        self._spare += 1
        return self._data[self._spare % _SPARE]

    def _raw(self, field: Field) -> int:
        start, stop, _ = self._fields[field.name]
        return int.from_bytes(self._data[start:stop], "big")

    def octets(self, field: Field) -> bytes:
        """The octets of a field."""
        start, stop, _ = self._fields[field.name]
        return self._data[start:stop]

    def flag(self, field: Field) -> bool:
        """A flag; the simplest is its default."""
        return bool(self._raw(field) & 1) ^ (field.default is True)

    def pick(self, field: Field, options: Sequence[T]) -> T:
        """One of several values for a field; the simplest is the first."""
        return options[self._raw(field) % len(options)]

    def number(
        self, field: Field, excluded: frozenset[int] = frozenset(), lowest: int = 0, highest: int | None = None
    ) -> int:
        """A number that fits the field and is not excluded; the simplest is the default."""
        start, stop, limit = self._fields[field.name]
        raw = int.from_bytes(self._data[start:stop], "big")
        highest = field.maximum if highest is None else highest
        skipped = _skipped(excluded, lowest, highest) if excluded else ()
        count = highest - lowest + 1 - len(skipped)
        kind = 0 if limit is None else self._data[limit]
        if kind < _LOW:
            default, shift = field.default, 0
            if type(default) is int and lowest <= default <= highest and default not in excluded:
                shift = default - lowest - sum(value < default for value in excluded if value >= lowest)
            index = (raw + shift) % count
        elif kind < _HIGH:
            index = raw % min(count, _NEAR)
        elif kind < _POWER:
            index = count - min(count, _NEAR) + raw % min(count, _NEAR)
        else:
            index = (1 << raw % (field.bits or 1)) % count
        value = lowest + index
        return value + bisect_right(skipped, value)


@lru_cache(maxsize=1024)
def _skipped(excluded: frozenset[int], lowest: int, highest: int) -> tuple[int, ...]:
    """For each number that is left out, the number that takes its place if those below are left out too."""
    kept = sorted(value for value in excluded if lowest <= value <= highest)
    return tuple(value - index for index, value in enumerate(kept))


def entropy_of(draw: st.DrawFn, layout: Layout) -> Entropy:
    """What a record of this layout is made from."""
    places = _places(layout.cls)
    return Entropy(draw(binary(places.octets, places.octets)), places)
