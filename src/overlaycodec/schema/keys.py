"""Keys: by which value of which numbering, and under which conditions, a header is found."""

from __future__ import annotations

import msgspec

from overlaycodec.errors import number_text

__all__ = ["Asked", "Fits", "Key", "KeySpace", "MinOctets", "Peek", "Pieces", "PreviousHeader", "Within"]


class Peek(msgspec.Struct, frozen=True):
    """A condition on the next octets: the `count` bits at `bit` equal `value`."""

    bit: int
    count: int
    value: int


class PreviousHeader(msgspec.Struct, frozen=True):
    """A condition on the previous header: it has this field with this value (the S flag of GRE, for ERSPAN)."""

    field: str
    value: int


class MinOctets(msgspec.Struct, frozen=True):
    """A condition on the next octets: there are at least so many (an IGMPv3 query is longer than older ones)."""

    octets: int


class Within(msgspec.Struct, frozen=True):
    """A condition on the next octets: they are a part of a frame whose length they give (segments of STT).

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

    A value without a binding in this space is looked up in the space `parent`.
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
    """The key of a header: a value of a key space, and conditions on its first octets or on the header before."""

    space: KeySpace
    value: int | None
    conditions: tuple[Asked, ...] = ()
    fallback: bool = False
    """Whether it is asked after the keys of other headers (VXLAN's dialects on VXLAN's port)."""
    guess: bool = False
    """Whether the header is found only where its signs do not refuse it (see `overlaycodec.schema.signs`)."""

    @property
    def fits(self) -> bool:
        """Whether the value is a number in the range of the key space."""
        value: object = self.value
        return value is None or (isinstance(value, int) and 0 <= value < 1 << self.space.bits)

    def when(self, *conditions: Asked) -> Key:
        """The same key, valid only if all `conditions` are true. Keys with conditions are tried before others."""
        return msgspec.structs.replace(self, conditions=self.conditions + conditions)

    def as_fallback(self) -> Key:
        """The same key, tried after the keys of other headers; encoding uses it like any other key.

        If another header is found at this value without conditions, only a binding finds this one.
        """
        return msgspec.structs.replace(self, fallback=True)

    def as_guess(self) -> Key:
        """The same key, as a guess: it finds the header unless several of the header's signs are wrong.

        If a key without conditions is refused, the octets are payload. Encoding uses it like any other key.
        """
        return msgspec.structs.replace(self, guess=True)

    def __repr__(self) -> str:
        value = "any" if self.value is None else self.space.text(self.value)
        asked = f".when{self.conditions!r}" if self.conditions else ""
        return f"{self.space!r}({value}){asked}" + ".as_fallback()" * self.fallback + ".as_guess()" * self.guess
