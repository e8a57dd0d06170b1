"""What a mutation is, and how mutations are applied to the octets of a seed packet.

Strategy: a mutation inverts bits of the seed, or puts pieces of the seed into another order, or both. Inverted bits
commute, so that several mutations of fields and one of layers can be applied at once, in that order. All positions are
worked out when the mutation is made, and nothing is decoded when it is applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

import msgspec

__all__ = ["FIXES", "KINDS", "MIXED", "Edit", "Fix", "Follow", "Kind", "Mutation", "applied"]

Kind = Literal[
    "together",
    "value",
    "length",
    "count",
    "overrun",
    "selector",
    "flag",
    "checksum",
    "duplicate",
    "drop",
    "swap",
    "nest",
    "tag",
    "insert",
    "truncate",
    "extend",
    "fragment",
]
"""What a mutation does; `KINDS` lists them, and docs/fuzzing.md says what each is."""
Fix = Literal["none", "lengths", "checksums", "both", "mixed"]
"""What follows a mutation, so that a parser reads on: length fields that count what was added or cut, checksums.

"mixed": each case has another of these, drawn from its number.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)
FIXES: tuple[Fix, ...] = get_args(Fix)
MIXED: tuple[Fix, ...] = ("none", "lengths", "both")
"""What "mixed" draws from."""


_LENGTHS: Final[tuple[Kind, ...]] = ("length", "count", "overrun")
"""Kinds whose limits in an inner packet are others than in an outer one."""
_SCOPES: Final = re.compile(r"^(?:(?:inner|quoted)\.)+")
_INDEX: Final = re.compile(r"\[\d+\]")


@lru_cache(maxsize=1 << 14)
def _unscoped(path: str, *, within: bool) -> str:
    """A path without the numbers of headers and options, and (`within`) without the packets that they are in."""
    path = _INDEX.sub("", path)
    return _SCOPES.sub("", path) if within else path


class Edit(NamedTuple):
    """Bits to invert: an octet of the seed packet, and the mask of it and the octets after it."""

    octet: int
    mask: bytes


class Follow(NamedTuple):
    """A field that follows a change of layers: bits to invert in the result, unless the field is mutated itself."""

    bit: int
    """The first bit of the field in the seed packet."""
    octet: int
    """The octet of the result at which the mask begins."""
    mask: bytes


Piece: TypeAlias = tuple[int, int] | bytes
"""Octets of the result: from one octet of the seed packet to another, or new ones."""


class Mutation(msgspec.Struct, frozen=True, gc=False):
    """One change of a seed packet.

    `path` names what is changed, `label` says how: `inner.ipv4.ihl - 1`. `bits` are the first bit of a field and its
    number of bits in the seed packet; None where it is no field that is changed.
    """

    kind: Kind
    path: str
    label: str
    edits: tuple[Edit, ...] = ()
    bits: tuple[int, int] | None = None
    pieces: tuple[Piece, ...] | None = None
    """The result, piece by piece, after `edits`; None: all octets in their order."""
    selectors: tuple[Follow, ...] = ()
    """The selectors that select what follows them in the result."""
    lengths: tuple[Follow, ...] = ()
    """The lengths that count what they counted, which is larger or smaller; applied where lengths are to be fixed."""
    packets: tuple[bytes, ...] = ()
    """The result, where that is several packets (fragments)."""
    brings: str = ""
    """The class of headers or options that is put in."""

    @property
    def subject(self) -> tuple[Kind, str, str]:
        """What is changed in which way, with any value: the field of all headers of a class, the class put in."""
        return self.kind, _unscoped(self.path, within=self.kind not in _LENGTHS), self.brings

    def __repr__(self) -> str:
        return f"<Mutation: {self.label}>"

    def new_octets(self) -> list[range]:
        """Where octets are in the result that the seed packet does not have."""
        found, at = [], 0
        for piece in self.pieces or ():
            octets = len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
            if isinstance(piece, bytes):
                found.append(range(at, at + octets))
            at += octets
        return found

    def excludes(self, other: Mutation) -> bool:
        """Whether both cannot be applied together: both are of layers, or of the same bits."""
        if self.bits is None or other.bits is None:
            return self.bits is other.bits
        (first, count), (start, length) = self.bits, other.bits
        return first < start + length and start < first + count


def applied(data: bytes, mutations: Sequence[Mutation], *, lengths: bool) -> bytes:
    """The octets of the seed packet after these mutations, of which at most one has pieces."""
    if len(mutations) == 1 and (single := mutations[0]).pieces is None and len(single.edits) == 1:
        octet, mask = single.edits[0]
        end = octet + len(mask)
        changed = int.from_bytes(data[octet:end], "big") ^ int.from_bytes(mask, "big")
        return data[:octet] + changed.to_bytes(end - octet, "big") + data[end:]
    octets: bytes | bytearray = data
    rebuilt: Mutation | None = None
    for mutation in mutations:
        if mutation.pieces is not None:
            rebuilt = mutation
        if mutation.edits:
            octets = _inverted(bytearray(octets), mutation.edits)
    if rebuilt is None or rebuilt.pieces is None:
        return bytes(octets)
    octets = b"".join([piece if isinstance(piece, bytes) else octets[piece[0] : piece[1]] for piece in rebuilt.pieces])
    followers = rebuilt.selectors + rebuilt.lengths if lengths else rebuilt.selectors
    if not followers:
        return octets
    mutated = [mutation.bits[0] for mutation in mutations if mutation.bits is not None]
    return bytes(_inverted(bytearray(octets), [edit[1:] for edit in followers if edit[0] not in mutated]))


def _inverted(octets: bytearray, edits: Iterable[tuple[int, bytes]]) -> bytearray:
    for first, mask in edits:
        octet = first
        for bits in mask:
            octets[octet] ^= bits
            octet += 1
    return octets
