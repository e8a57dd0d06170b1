"""The code that is generated for a catalog: decoding steps and encoders, each made when it is first used.

Strategy: what is generated depends on the headers, keys and options of one catalog, so it is kept with that catalog and
not with the classes. A catalog never changes; nothing here is ever out of date.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Protocol

from overlaycodec.codec.decode_state import DecodeState
from overlaycodec.codec.decode_step import Believed, Candidate, Step, conditional_step, step_of
from overlaycodec.codec.emitters import Keys, unreadable_next
from overlaycodec.codec.header_encoder import HeaderEncoder, header_encoder_of
from overlaycodec.codec.stack_cache import StackCache
from overlaycodec.codec.stack_encoder import StackEncoder, stack_encoder_of, stackable
from overlaycodec.guesses.corroboration import is_believed
from overlaycodec.packet.header import Header, check_header_class
from overlaycodec.packet.late_header import AnyHeader, LateBinding, is_imported, loaded
from overlaycodec.schema.keys import Key, KeySpace
from overlaycodec.schema.layout import Layout

__all__ = ["MAX_CLASSES", "MAX_STACKS", "STACK_USES", "CodeCache"]

STACK_USES: Final = 32
"""After how many packets of one stack an encoder is made for it: so seldom that making it is worth the time."""
_MIN_STACK: Final = 2
"""The fewest headers for which it is worth the time."""
MAX_STACKS: Final = 256
MAX_CLASSES: Final = 1024
"""For more classes, those of the catalog and others, what was generated is dropped: programs may declare any number."""


class Declared(Keys, Protocol):
    """What a catalog declares, as far as code is generated from it."""

    max_headers: int

    def layout(self, cls: type[Header], /) -> Layout:
        """The layout of a header."""
        ...

    def values(self, space: KeySpace, /) -> frozenset[int]:
        """The values of a space that are bound."""
        ...


class CodeCache:
    """The generated code of one catalog."""

    __slots__ = (
        "_catalog",
        "_tables",
        "decode_steps",
        "header_encoders",
        "max_headers",
        "stack_cache",
        "stack_encoders",
    )

    decode_steps: dict[type[Header], Step]
    header_encoders: dict[type[Header], HeaderEncoder]
    stack_encoders: dict[tuple[type[Header], ...], tuple[int, StackEncoder]]
    """By the classes of a packet: how many of its headers one function encodes, and the function."""
    stack_cache: StackCache
    """The decoders of stacks that came often."""
    max_headers: int

    def __init__(self, catalog: Declared) -> None:
        self._catalog = catalog
        self._tables: dict[KeySpace, tuple[dict[int, Step], Step | None]] = {}
        self.decode_steps = {}
        self.header_encoders = {}
        self.stack_encoders = {}
        self.max_headers = catalog.max_headers
        self.stack_cache = StackCache(self)

    # --- encoders -----------------------------------------------------------------------------------------------------

    def header_encoder(self, cls: type[Header]) -> HeaderEncoder:
        """The encoder of a header."""
        encoder = self.header_encoders.get(cls)
        if encoder is None:
            if len(self.header_encoders) >= MAX_CLASSES:
                self.header_encoders.clear()
            encoder = self.header_encoders[cls] = header_encoder_of(self._catalog.layout(cls), self._catalog)
        return encoder

    def stack_encoder(self, classes: tuple[type[Header], ...]) -> tuple[int, StackEncoder]:
        """How many headers of such a packet one function encodes, and the function.

        Until some packets were encoded, it is one that counts them and encodes nothing.
        """
        if len(self.stack_encoders) >= MAX_STACKS:
            self.stack_encoders.clear()
        uses = 0

        def count(headers: Sequence[Header], content: bytes) -> None:
            nonlocal uses
            uses += 1
            if uses == STACK_USES:
                start = stackable(classes)
                if start >= _MIN_STACK and not self._has_unreadable(classes):
                    self.stack_encoders[classes] = start, stack_encoder_of(classes, start, self._catalog)

        self.stack_encoders[classes] = len(classes), count
        return len(classes), count

    def _has_unreadable(self, classes: tuple[type[Header], ...]) -> bool:
        """Whether a header would be read as another one: only the encoders of the headers test for that."""
        tables = (
            (unreadable_next(cls.__layout__.next, self._catalog), following) for cls, following in pairwise(classes)
        )
        return any(table is not None and table[following] for table, following in tables)

    # --- decoding steps -----------------------------------------------------------------------------------------------

    def decode_step(self, cls: type[Header]) -> Step:
        """The decoding step for a header."""
        step = self.decode_steps.get(cls)
        if step is None:
            if len(self.decode_steps) >= MAX_CLASSES:
                self.decode_steps.clear()
            step = self.decode_steps[cls] = step_of(self._catalog.layout(cls), self)
        return step

    def first_step(self, first: type[Header] | Key) -> Step | None:
        """The step for a header class, or for what is found at a key. Raises: TypeError."""
        if isinstance(first, Key):
            if first.value is None:
                return self.otherwise(first.space)
            return self.table(first.space).get(first.value, self.otherwise(first.space))
        check_header_class("the first header", first, " or a key")
        return self.decode_steps.get(first) or self.decode_step(first)

    def candidates(self, space: KeySpace, value: int | None) -> tuple[LateBinding, ...]:
        """What can be found at a value, in the order in which it is asked; nothing is imported."""
        return self._catalog.late_candidates(space, value)

    def believed(self, cls: type[Header]) -> Believed:
        """The function that decides whether a guess that found this header is believed."""

        def believed(data: bytes, pos: int, end: int, cut: bool) -> bool:
            return is_believed(cls.__layout__, self._catalog, data, pos, end, cut=cut)

        return believed

    def table(self, space: KeySpace) -> dict[int, Step]:
        """The steps by value of a key space; the object is the same at every call."""
        return self._table(space)[0]

    def otherwise(self, space: KeySpace) -> Step | None:
        """The step for the values of a space that are not bound."""
        return self._table(space)[1]

    def _table(self, space: KeySpace) -> tuple[dict[int, Step], Step | None]:
        entry = self._tables.get(space)
        if entry is None:
            table: dict[int, Step] = {}
            for value in self._catalog.values(space):
                table[value] = self._lazy(space, value, table)
            rest = self._lazy(space, None, None) if self.candidates(space, None) else None
            entry = self._tables.setdefault(space, (table, rest))
        return entry

    def _lazy(self, space: KeySpace, value: int | None, table: dict[int, Step] | None) -> Step:
        """A step that is generated when it is first taken, and then replaces itself in the table.

        A header without conditions is imported then; one with conditions when they hold.
        """
        made: Step | None = None

        def first(data: bytes, pos: int, end: int, state: DecodeState) -> Any:  # Any: as Step
            nonlocal made
            step = made
            if step is None:
                steps = []
                for key, header in self.candidates(space, value):
                    steps.append(candidate(key, header))
                    if not key.conditions:
                        break  # those after it are never asked
                step = made = conditional_step(tuple(steps))
                if table is not None and value is not None:
                    table[value] = step
            return step(data, pos, end, state)

        def candidate(key: Key, header: AnyHeader) -> Candidate:
            if not key.conditions or is_imported(header):
                cls = loaded(header)
                plan = cls.__layout__.corroboration if key.guess else None
                return Candidate(key, self.decode_step(cls), plan, None if plan is None else self.believed(cls))

            def import_it(data: bytes, pos: int, end: int, state: DecodeState) -> Any:  # Any: as Step
                nonlocal made
                made = None  # the next packet gets a step without this one
                if table is not None and value is not None:
                    table[value] = first
                loaded(header)
                return first(data, pos, end, state)

            return Candidate(key, import_it)

        return first
