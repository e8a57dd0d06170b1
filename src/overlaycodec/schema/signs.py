"""Signs: what must be true of a header, and of what it carries, for a guess that found it to be believed.

A key that is a guess (`Key.as_guess`) is believed unless several signs of the header fail, a decisive one among them.
"""

from __future__ import annotations

import msgspec

from overlaycodec.schema.keys import Asked

__all__ = ["KnownNext", "NoFrame", "Pattern", "RightChecksum", "SensibleContent", "Sign"]


class Pattern(msgspec.Struct, frozen=True):
    """The octets fulfil all conditions of one of the alternatives; the first one is the common case."""

    name: str
    alternatives: tuple[tuple[Asked, ...], ...]
    decisive: bool = False
    """Whether no guess is refused while this sign, and each other decisive one, is true."""


class RightChecksum(msgspec.Struct, frozen=True):
    """The checksum that covers the header alone is right.

    It fails with whatever else is damaged, so it does not count without two more.
    """

    name: str = "checksum"
    decisive: bool = False


class KnownNext(msgspec.Struct, frozen=True):
    """The selector has a value that the catalog knows, or one of `also`; or it is a length that fits (IEEE 802.3)."""

    name: str
    also: tuple[int, ...] = ()
    decisive: bool = False


class NoFrame(msgspec.Struct, frozen=True):
    """The octets do not begin with the addresses and the EtherType, one of `types`, of an Ethernet frame."""

    name: str
    types: tuple[int, ...]
    decisive: bool = False


class SensibleContent(msgspec.Struct, frozen=True):
    """What follows the header is known, or its key is one of `also`; and all decisive signs of that header are true."""

    name: str = "inner header"
    also: tuple[int, ...] = ()
    decisive: bool = True
    unknown: bool = False
    """Whether a key at which nothing is found is as good (an offset)."""


Sign = Pattern | RightChecksum | KnownNext | NoFrame | SensibleContent
"""What speaks for a guess."""
