"""The cache of stack decoders: for stacks of headers that were met often, and the choice among them for a packet.

Strategy: every so many packets that miss the cache, the stack of one is learnt (see `stack_decoder`). Where there are
several stacks, a generated function looks at the octets in which they differ and tries only the decoders that can be
right. A wrong choice costs time, never correctness, since each decoder tests everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from overlaycodec.codec.stack_decoder import Ending, StackDecoder, StackReader, StackTables, stack_decoder_of
from overlaycodec.codec.stack_shape import StackEntry, option_free_stack
from overlaycodec.codegen import Source
from overlaycodec.packet.header import Header
from overlaycodec.schema.keys import Key

__all__ = ["MAX_STACKS", "MISSES_TO_LEARN", "Judge", "StackCache"]

MISSES_TO_LEARN: Final = 257
"""So many that learning costs nothing where no stack is ever met again; a prime, since packets may take turns."""
_MAX_MISSES_TO_LEARN: Final = 1 << 16
_MIN_HEADERS: Final = 2
"""Of fewer option-free headers, a stack is not worth a decoder."""
MAX_STACKS: Final = 16

Judge = Callable[[tuple[type[Header], ...]], Ending]
"""How a stack of these headers ends."""


class StackCache:
    """The stack decoders of one catalog, or one pipeline, for packets that begin with one header."""

    __slots__ = ("_judge", "_tables", "decoders", "entry", "misses_left", "misses_to_learn")

    entry: tuple[type[Header] | Key | None, StackReader]
    """What packets begin with, and the function that tries the cached stacks on those; it gives None for a miss.

    It is one value, so that threads see both or neither.
    """

    def __init__(self, tables: StackTables, judge: Judge | None = None) -> None:
        self._tables = tables
        self._judge = judge
        self.decoders: dict[tuple[StackEntry, ...], StackDecoder] = {}
        self.misses_to_learn = self.misses_left = MISSES_TO_LEARN
        self.entry = None, _miss

    def miss(self, first: type[Header] | Key, headers: Sequence[Header]) -> None:
        """Counts a packet that no cached stack decoder read to its end; learns the stack of one in so many."""
        self.misses_left -= 1
        if not self.misses_left:
            self.misses_left = self.misses_to_learn
            self.learn(first, headers)

    def learn(self, first: type[Header] | Key, headers: Sequence[Header]) -> None:
        """Caches a decoder for packets that begin as this one does, if enough of its headers are option-free."""
        stack = option_free_stack(headers[: self._tables.max_headers - 1])
        if len(stack) < _MIN_HEADERS:
            return
        if first != self.entry[0]:
            self.decoders.clear()
        elif stack in self.decoders:
            return
        elif len(self.decoders) >= MAX_STACKS:
            # more stacks than that: to learn them over and over would cost more than it gives
            self.decoders.clear()
            self.misses_to_learn = self.misses_left = min(self.misses_to_learn * 2, _MAX_MISSES_TO_LEARN)
        ending = None if self._judge is None else self._judge(tuple(cls for cls, _ in stack))
        self.decoders[stack] = stack_decoder_of(first, stack, headers, self._tables, ending)
        self.entry = first, _choice_of(list(self.decoders.values()))


def _miss(data: bytes, end: int) -> None:
    """An empty cache."""


def _choice_of(decoders: list[StackDecoder]) -> StackReader:
    """A function that tries those decoders that the octets do not rule out."""
    if len(decoders) == 1:
        return decoders[0].read
    source = Source("read_any_stack", "data, end")
    # those that read most come first: the stack of another may be the start of theirs
    _add_choice(source, sorted(decoders, key=lambda decoder: -decoder.octets), frozenset())
    choice: StackReader = source.compile("stack cache")
    return choice


def _add_choice(source: Source, decoders: list[StackDecoder], tested: frozenset[int]) -> None:
    offset = _deciding_octet(decoders, tested)
    if offset is None:
        *others, last = decoders
        for decoder in others:
            source.add(f"found = {source.bind('read', decoder.read)}(data, end)")
            source.add("if found is not None: return found")
        source.add(f"return {source.bind('read', last.read)}(data, end)")
        return
    decided = [decoder for decoder in decoders if offset in decoder.constants]
    source.add(f"if end >= {min(decoder.octets for decoder in decided)}:", f"    octet = data[{offset}]")
    source.indent()
    for value in sorted({decoder.constants[offset] for decoder in decided}):
        source.add(f"if octet == {value}:")
        source.indent()
        possible = [decoder for decoder in decoders if decoder.constants.get(offset, value) == value]
        _add_choice(source, possible, tested | {offset})
        source.dedent()
    source.dedent()
    others = [decoder for decoder in decoders if offset not in decoder.constants]
    if others:
        _add_choice(source, others, tested | {offset})
    else:
        source.add("return None")


def _deciding_octet(decoders: list[StackDecoder], tested: frozenset[int]) -> int | None:
    """The offset of the octet that has most values among these decoders, if it has several."""

    def values_at(offset: int) -> tuple[int, int]:
        values = [decoder.constants[offset] for decoder in decoders if offset in decoder.constants]
        return len(set(values)), len(values)

    offsets = sorted({offset for decoder in decoders for offset in decoder.constants} - tested)
    best = max(offsets, key=values_at, default=None)
    return best if best is not None and values_at(best)[0] > 1 else None
