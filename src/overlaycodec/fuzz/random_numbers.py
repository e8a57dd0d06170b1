"""A generator of random numbers that gives the same numbers on every machine and in every version of Python.

Spec: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, figure 17 (SplitMix64).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

__all__ = ["SplitMix64", "mixed"]

T = TypeVar("T")

_MASK: Final = (1 << 64) - 1
_GAMMA: Final = 0x9E3779B97F4A7C15


def mixed(*numbers: int) -> int:
    """One number of 64 bits that follows from several numbers, from 0 on, of any size and in this order."""
    state = 0
    for number in numbers:
        size = number.bit_length()
        for part in (size, *(number >> at & _MASK for at in range(0, size, 64))):
            state = SplitMix64(state ^ part).next()
    return state


class SplitMix64:
    """Numbers of 64 bits that follow from one such number.

    >>> hex(SplitMix64(0).next())
    '0xe220a8397b1dcdaf'
    """

    __slots__ = ("_state",)

    def __init__(self, state: int) -> None:
        self._state = state & _MASK

    def next(self) -> int:
        """The next number, 0 to 2**64 - 1."""
        self._state = state = (self._state + _GAMMA) & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        return state ^ state >> 31

    def below(self, limit: int) -> int:
        """The next number, scaled to 0..limit - 1; `limit` is small against 2**64."""
        return self.next() * limit >> 64

    def bits(self, count: int) -> int:
        """A number of so many bits, from as many numbers as it takes."""
        value, have = 0, 0
        while have < count:
            value, have = value << 64 | self.next(), have + 64
        return value >> have - count

    def shuffled(self, members: Sequence[T]) -> list[T]:
        """All members in another order (Fisher and Yates)."""
        order = list(members)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order
