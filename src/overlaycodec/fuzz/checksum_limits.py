"""Right checksums at their limits, by other octets under them: 0, which some protocols send as 0xffff, and next to it.

Strategy: a checksum of 16 bits is a sum, so that one word of what it covers can make it any value (RFC 1071). That
word is the last one of the payload, or a field of 16 bits in a header that has a checksum of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlaycodec.fuzz.checksum_fix import covered_of
from overlaycodec.fuzz.mutation import Edit, Mutation
from overlaycodec.fuzz.seed_packet import SeedPacket

__all__ = ["checksum_limits"]

_LIMITS: Final = (0, 1, 0xFFFE)
_WORD: Final = 2


def checksum_limits(seed: SeedPacket) -> Iterator[Mutation]:
    """The innermost checksum of payload and each one of a header, at its limits; those that are right in the seed."""
    found = [each for each in covered_of(seed.packet, len(seed.data)) if each[1].algorithm != "crc32c"]
    whole = [each for each in found if not each[1].header_only][-1:]
    for index, coverage, start, stop in [*(each for each in found if each[1].header_only), *whole]:
        at = start + coverage.octet
        name = f"{seed.stack.names[index]}.{coverage.field.name}"
        word = _word_of(seed, index, start, stop, header_only=coverage.header_only)
        now = int.from_bytes(seed.data[at : at + _WORD], "big")
        if word is None or coverage.octets != _WORD or now in (0, 0xFFFF):
            continue
        old = int.from_bytes(seed.data[word : word + _WORD], "big")
        for limit in _LIMITS:
            new = (old + now - limit) % 0xFFFF
            written = limit or (0xFFFF if coverage.zero_absent else 0)
            if new != old:
                edits = (_edit(word, old ^ new), _edit(at, now ^ written))
                label = f"octets {word} and {word + 1} so that {name} is 0x{written:04x}"
                yield Mutation("extend", "payload", label, edits)


def _edit(octet: int, mask: int) -> Edit:
    return Edit(octet, mask.to_bytes(_WORD, "big"))


def _word_of(seed: SeedPacket, index: int, start: int, stop: int, *, header_only: bool) -> int | None:
    """The octet at which a word begins that may have any value."""
    if header_only:
        for site in seed.stack.headers[index].fields:
            if site.bits == 16 and site.kind == "value" and site.bit % 16 == start * 8 % 16:
                return site.bit // 8
        return None
    end = min(stop, seed.stack.payload_end)
    word = end - _WORD - (end - start) % _WORD
    return word if word >= seed.stack.content else None
