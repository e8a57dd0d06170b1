"""Mutations of many fields at once: all that a packet has and that leave its headers as they are.

Strategy: most bugs in how a value is read, such as a mask, show with many values of the field, whatever else the packet
has. So one packet in which all of these fields have another value stands for as many packets with one such field each.
A field whose value steers a parser is left out: the packet is decoded again, and the fields are divided until its
headers and options are the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from overlaycodec.codec.packet_decoder import decode
from overlaycodec.fuzz.mutation import Edit, Mutation, applied
from overlaycodec.fuzz.random_numbers import SplitMix64
from overlaycodec.fuzz.seed_packet import SeedPacket
from overlaycodec.fuzz.sites import Site, records_of

__all__ = ["together"]


def _largest(site: Site) -> int:
    return (1 << site.bits) - 1


def _reserved(site: Site) -> int:
    return _largest(site) if site.field.reserved else site.value


def _zero(_: Site) -> int:
    return 0


def _inverted(site: Site) -> int:
    return site.value ^ _largest(site)


_VALUES: Final[tuple[tuple[str, Callable[[Site], int]], ...]] = (
    ("all values at their largest", _largest),
    ("all values inverted", _inverted),
    ("all reserved bits = 1", _reserved),
    ("all values = 0", _zero),
)
_RANDOM: Final = 8
"""How often all fields get random values."""


def together(seed: SeedPacket) -> Iterator[Mutation]:
    """Every mutation of many fields of a packet at once."""
    if not seed.records:
        return
    sites = [site for site in seed.sites if site.kind == "value"]
    seen: set[bytes] = set()
    random = SplitMix64(len(seed.data))
    drawn = [(f"all values random ({number})", lambda site: random.bits(site.bits)) for number in range(1, _RANDOM + 1)]
    for label, value in (*_VALUES, *drawn):
        changed = [(site, new) for site in sites if (new := value(site)) != site.value]
        edits = tuple(site.mutation("", new).edits[0] for site, new in _kept(seed, changed))
        octets = applied(seed.data, (_mutation(seed, label, edits),), lengths=False)
        if edits and octets not in seen:
            seen.add(octets)
            yield _mutation(seed, label, edits)


def _mutation(seed: SeedPacket, label: str, edits: tuple[Edit, ...]) -> Mutation:
    return Mutation("together", "/".join(seed.stack.names), label, edits, (0, len(seed.data) * 8))


def _kept(seed: SeedPacket, changed: Sequence[tuple[Site, int]]) -> Sequence[tuple[Site, int]]:
    """Those of the changes that leave the headers and options as they are."""
    if not changed or _same(seed, changed):
        return changed
    middle = len(changed) // 2
    return [*_kept(seed, changed[:middle]), *_kept(seed, changed[middle:])] if middle else ()


def _same(seed: SeedPacket, changed: Sequence[tuple[Site, int]]) -> bool:
    edits = tuple(site.mutation("", new).edits[0] for site, new in changed)
    octets = applied(seed.data, (_mutation(seed, "", edits),), lengths=False)
    records = records_of(decode(octets, first=seed.first, lax=True, catalog=seed.catalog), octets)
    return [(type(each.record), each.start) for each in records] == [
        (type(each.record), each.start) for each in seed.records
    ]
