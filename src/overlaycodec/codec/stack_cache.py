"""What packets are expected to look like: the stacks that were met often, and which of them a packet may be.

Strategy: every so many packets that no guess was right for, the stack of one becomes a guess (see `fused`). Where there
are several, a generated function looks at the octets in which they differ and tries only what can be right: a wrong
choice costs time, never correctness, since each guess is checked whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlaycodec.codec.stack_decoder import Fused, Keyed, Read, fused_of
from overlaycodec.codec.stack_shape import Link, plain_stack
from overlaycodec.codegen import Source
from overlaycodec.packet.header import Header
from overlaycodec.schema.keys import Key

__all__ = ["Guesses"]

MISSES_A_GUESS: Final = 257
"""So seldom that looking costs nothing where no guess is right; a prime, since packets may take turns."""
_MOST_MISSES: Final = 1 << 16
_WORTH_A_GUESS: Final = 2
_MOST_GUESSES: Final = 16


class Guesses:
    """The guesses of one catalog, for packets that begin with one header."""

    __slots__ = ("_left", "_patience", "_stacks", "_tables", "present")

    present: tuple[type[Header] | Key | None, Read]
    """What packets begin with, and what to try on those; one value, so that threads see both or neither."""

    def __init__(self, tables: Keyed) -> None:
        self._tables = tables
        self._stacks: dict[tuple[Link, ...], Fused] = {}
        self._patience = self._left = MISSES_A_GUESS
        self.present = None, _nothing

    def missed(self, first: type[Header] | Key, headers: Sequence[Header]) -> None:
        """Takes note of a packet that no guess was right for to its end; now and then one becomes a guess."""
        self._left -= 1
        if not self._left:
            self._left = self._patience
            self.expect(first, headers)

    def expect(self, first: type[Header] | Key, headers: Sequence[Header]) -> None:
        """From now on, packets that begin as this one did are expected too, where enough of it is plain."""
        stack = plain_stack(headers[: self._tables.max_headers - 1])
        if len(stack) < _WORTH_A_GUESS:
            return
        if first != self.present[0]:
            self._stacks.clear()
        elif stack in self._stacks:
            return
        elif len(self._stacks) >= _MOST_GUESSES:
            # more stacks than that: to learn them over and over would cost more than it gives
            self._stacks.clear()
            self._patience = self._left = min(self._patience * 2, _MOST_MISSES)
        self._stacks[stack] = fused_of(first, stack, headers, self._tables)
        self.present = first, _choice(list(self._stacks.values()))


def _nothing(data: bytes, end: int) -> None:
    """No guess."""


def _choice(guesses: list[Fused]) -> Read:
    """A function that tries those guesses that the octets do not rule out."""
    if len(guesses) == 1:
        return guesses[0].read
    source = Source("choose", "data, end")
    # those that say most come first: another's stack may be the start of theirs
    ranked = sorted(guesses, key=lambda guess: -guess.octets)
    _add_choice(source, ranked, frozenset())
    choice: Read = source.compile("guesses")
    return choice


def _add_choice(source: Source, guesses: list[Fused], asked: frozenset[int]) -> None:
    place = _telling(guesses, asked)
    if place is None:
        *others, last = guesses
        for guess in others:
            source.add(f"found = {source.bind('read', guess.read)}(data, end)", "if found is not None: return found")
        source.add(f"return {source.bind('read', last.read)}(data, end)")
        return
    told = [guess for guess in guesses if place in guess.pinned]
    source.add(f"if end >= {min(guess.octets for guess in told)}:", f"    octet = data[{place}]")
    source.indent()
    for value in sorted({guess.pinned[place] for guess in told}):
        source.add(f"if octet == {value}:")
        source.indent()
        _add_choice(source, [g for g in guesses if g.pinned.get(place, value) == value], asked | {place})
        source.dedent()
    source.dedent()
    rest = [guess for guess in guesses if place not in guess.pinned]
    if rest:
        _add_choice(source, rest, asked | {place})
    else:
        source.add("return None")


def _telling(guesses: list[Fused], asked: frozenset[int]) -> int | None:
    """The octet that has most values among these guesses, if it has several."""

    def worth(place: int) -> tuple[int, int]:
        values = [guess.pinned[place] for guess in guesses if place in guess.pinned]
        return len(set(values)), len(values)

    places = sorted({place for guess in guesses for place in guess.pinned} - asked)
    best = max(places, key=worth, default=None)
    return best if best is not None and worth(best)[0] > 1 else None
