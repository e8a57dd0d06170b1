"""Mutations of many fields at once: all that a packet has and that leave its headers as they are.

Strategy: most bugs in how a value is read, such as a mask, show with many values of the field, whatever else the packet
has. So one packet in which all of these fields have another value stands for as many packets with one such field each.
A field whose value steers a parser is left out: the packet is decoded again, and the fields are divided until its
headers and options are the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from overlaycodec.codec.packet_decoder import decode
from overlaycodec.fuzz.mutation import Mutation, applied
from overlaycodec.fuzz.random_numbers import SplitMix64
from overlaycodec.fuzz.seed_packet import SeedPacket
from overlaycodec.fuzz.sites import Site, records_of

__all__ = ["together"]

Change: TypeAlias = tuple[Site, int]
"""A field, and its new value."""


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
    free = {site.path for site in sites}
    random = SplitMix64(len(seed.data))
    for label, value in _VALUES:
        changes = _kept(seed, _changes(sites, value))
        yield from _distinct(seed, label, changes, seen)
        free &= {site.path for site, _ in changes} | {site.path for site in sites if value(site) == site.value}
    sites = [site for site in sites if site.path in free]  # the others steer a parser
    for number in range(1, _RANDOM + 1):
        changes = _kept(seed, _changes(sites, lambda site: random.bits(site.bits)))
        yield from _distinct(seed, f"all values random ({number})", changes, seen)


def _changes(sites: Sequence[Site], value: Callable[[Site], int]) -> list[Change]:
    return [(site, new) for site in sites if (new := value(site)) != site.value]


def _distinct(seed: SeedPacket, label: str, changes: Sequence[Change], seen: set[bytes]) -> Iterator[Mutation]:
    mutation = _mutation(seed, label, changes)
    octets = applied(seed.data, (mutation,), lengths=False)
    if changes and octets not in seen:
        seen.add(octets)
        yield mutation


def _mutation(seed: SeedPacket, label: str, changes: Sequence[Change]) -> Mutation:
    edits = tuple(site.mutation("", new).edits[0] for site, new in changes)
    return Mutation("together", "/".join(seed.stack.names), label, edits, (0, len(seed.data) * 8))


def _kept(seed: SeedPacket, changes: Sequence[Change]) -> Sequence[Change]:
    """Those of the changes that leave the headers and options as they are."""
    if not changes or _same(seed, changes):
        return changes
    middle = len(changes) // 2
    if not middle:
        return ()
    first, second = _kept(seed, changes[:middle]), _kept(seed, changes[middle:])
    both = (*first, *second)
    return both if not (first and second) or _same(seed, both) else max(first, second, key=len)


def _same(seed: SeedPacket, changes: Sequence[Change]) -> bool:
    octets = applied(seed.data, (_mutation(seed, "", changes),), lengths=False)
    packet = decode(octets, first=seed.first, lax=True, catalog=seed.catalog)
    return [*map(type, packet.headers)] == seed.stack.classes and [
        (type(each.record), each.start) for each in records_of(packet, octets)
    ] == [(type(each.record), each.start) for each in seed.records]
