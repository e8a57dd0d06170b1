"""Keys: by which value of which numbering, and under which conditions, a header is found."""

from __future__ import annotations

import msgspec

from overlaycodec.errors import number_text

__all__ = ["Asked", "Fits", "Key", "KeySpace", "MinOctets", "Peek", "Pieces", "PreviousHeader", "Within"]


class Peek(msgspec.Struct, frozen=True):
    """A condition on what follows: the `count` bits at `bit` equal `value`."""

    bit: int
    count: int
    value: int


class PreviousHeader(msgspec.Struct, frozen=True):
    """A condition on the header before: it has this field, with this value (ERSPAN's type, by GRE's S)."""

    field: str
    value: int


class MinOctets(msgspec.Struct, frozen=True):
    """A condition on what follows: there are so many octets (an IGMPv3 query is larger than older ones)."""

    octets: int


class Within(msgspec.Struct, frozen=True):
    """A condition on what follows: it lies within a frame whose length it gives (STT's segments).

    The octets after the first `header`, at the offset that the 16 bits at `offset` give, end within the length that the
    16 bits at `length` give.
    """

    length: int
    offset: int
    header: int


class Fits(msgspec.Struct, frozen=True):
    """A condition on what follows: a length in it fits the octets at hand.

    `unit` x the number in the `count` bits at `bit` + `base` is `least` or more, and at most `spare` octets (None: any
    number of octets) come after so many.
    """

    bit: int
    count: int
    unit: int = 1
    base: int = 0
    least: int = 0
    spare: int | None = None


class Pieces(msgspec.Struct, frozen=True):
    """A condition on what follows: it is one of the equal pieces of a frame, or the last one (STT's segments).

    The octets after the first `header` are one or more. They end where the length in the 16 bits at `length` ends, or,
    with `equal`, the offset in the 16 bits at `offset` is a multiple of them.
    """

    length: int
    offset: int
    header: int
    equal: bool = True


Asked = Peek | Within | MinOctets | PreviousHeader | Fits | Pieces
"""What the condition of a key, or a sign, can ask."""


class KeySpace(msgspec.Struct, frozen=True):
    """A numbering that selects headers, such as EtherTypes: `ETHERTYPE(0x0800)` is a key in it.

    A value without a binding of its own falls back to the same value in the space `parent`.
    """

    name: str
    bits: int = 16
    parent: KeySpace | None = None
    hexadecimal: bool = False
    """How people write its values."""

    def __call__(self, value: int) -> Key:
        """The key `value` in this space."""
        return Key(self, value)

    def text(self, value: int) -> str:
        """A value as people write it."""
        if self.hexadecimal and isinstance(value, int):
            return f"{value:#0{2 + self.bits // 4}x}"
        return number_text(value)

    def any(self) -> Key:
        """The key for every value that is not bound otherwise."""
        return Key(self, None)

    def __repr__(self) -> str:
        return self.name.upper()


class Key(msgspec.Struct, frozen=True):
    """Where a header is found: a value of a key space, and conditions on its first octets or the header before."""

    space: KeySpace
    value: int | None
    conditions: tuple[Asked, ...] = ()
    fallback: bool = False
    """Whether it is asked after the keys of other headers (VXLAN's dialects on VXLAN's port)."""
    guess: bool = False
    """Whether the header is found only where its signs do not refuse it (see `overlaycodec.schema.signs`)."""

    @property
    def fits(self) -> bool:
        """Whether the value is a number that the space has room for."""
        value: object = self.value
        return value is None or (isinstance(value, int) and 0 <= value < 1 << self.space.bits)

    def when(self, *conditions: Asked) -> Key:
        """The same key, good only where all `conditions` hold. Conditional keys are asked before unconditional ones."""
        return msgspec.structs.replace(self, conditions=self.conditions + conditions)

    def as_fallback(self) -> Key:
        """The same key, asked after the keys of other headers; encoding takes it like any other key.

        Where another header is found at the value without conditions, this one is found by a binding alone.
        """
        return msgspec.structs.replace(self, fallback=True)

    def as_guess(self) -> Key:
        """The same key, as a guess: it finds the header unless several of the signs that the header declares fail.

        Where a key without conditions is refused, what is there is payload. Encoding takes it like any other key.
        """
        return msgspec.structs.replace(self, guess=True)

    def __repr__(self) -> str:
        value = "any" if self.value is None else self.space.text(self.value)
        asked = f".when{self.conditions!r}" if self.conditions else ""
        return f"{self.space!r}({value}){asked}" + ".as_fallback()" * self.fallback + ".as_guess()" * self.guess
