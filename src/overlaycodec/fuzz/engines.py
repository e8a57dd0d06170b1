"""Mutations for coverage-guided fuzzers, which choose the inputs themselves: atheris and AFL++.

Strategy: an engine calls with another input each time and wants one mutant of it. So nothing is listed here: one
mutation is drawn and made. Inputs that are no packet, and one call in eight, get changes of octets, so that payloads
and unknown headers change too.
"""

from __future__ import annotations

from typing import Final

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.fuzz.draws import Draws, one_of
from overlaycodec.fuzz.mutation import MIXED, Fix, Mutation
from overlaycodec.fuzz.random_numbers import SplitMix64, mixed
from overlaycodec.fuzz.seed_packet import SeedPacket
from overlaycodec.fuzz.sites import RecordSite
from overlaycodec.packet.header import Header
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.keys import Key

__all__ = ["CustomCrossOver", "CustomMutator", "EngineMutator"]

_TURNS: Final = 16
"""Of so many mutations, the first ones are of fields, then of layers, then cuts, then of octets."""
_FIELDS: Final = 9
_LAYERS: Final = 12
_CUTS: Final = 14
_MOST: Final = 3
"""The most mutations at once."""
_ADDED: Final = 16
"""The most octets that are put in."""


class EngineMutator:
    """Mutants of packets for an engine: `mutate` is a custom mutator, `cross_over` a custom crossover.

    Inputs are packets that begin with `first`, as `decode` takes it. `fix` is what follows a mutation (see
    `overlaycodec.fuzz.mutations`); None draws that too. The same arguments give the same mutant everywhere.
    """

    def __init__(
        self, *, first: type[Header] | Key = Ethernet, catalog: Catalog = DEFAULT, fix: Fix | None = None
    ) -> None:
        self._first, self._catalog = first, catalog
        self._fix: Fix | None = fix
        self._last: bytes | None = None
        self._draws: dict[Fix, Draws] = {}
        self.label = ""
        """What was changed in the last mutant."""

    def mutate(self, data: bytes, max_size: int, seed: int) -> bytes:
        """A mutant of at most `max_size` octets."""
        random = SplitMix64(mixed(seed))
        fix = MIXED[random.below(len(MIXED))] if self._fix in (None, "mixed") else self._fix
        self.label = "octets"
        if not data:
            return random.next().to_bytes(8, "big")[: max(1, max_size)]
        draws = self._draws_of(bytes(data), fix)
        packet = draws.packet
        chosen: list[Mutation] = []
        for _ in range(1 + random.below(_MOST)):
            mutation = self._drawn(draws, random)
            if mutation is None:
                return _octets_changed(packet.mutated(chosen)[0] if chosen else data, random)[:max_size]
            if not any(mutation.excludes(other) for other in chosen):
                chosen.append(mutation)
        self.label = "; ".join(mutation.label for mutation in chosen)
        return packet.mutated(chosen)[0][:max_size]

    def cross_over(self, data: bytes, other: bytes, max_size: int, seed: int) -> bytes:
        """The first headers of one packet and the last headers of another, joined at headers of the same class."""
        self.label = "crossover"
        random = SplitMix64(mixed(seed))
        front, back = (self._headers_of(bytes(each)) for each in (data, other))
        places = [
            (before.start, behind.start)
            for before in front
            for behind in back
            if type(before.record) is type(behind.record) and (before.start or behind.start)
        ]
        if not places:
            at, begin = random.below(len(data) + 1), random.below(len(other) + 1)
        else:
            at, begin = one_of(places, random)
        return (data[:at] + other[begin:])[:max_size]

    def _headers_of(self, data: bytes) -> list[RecordSite]:
        return [] if not data else self._new(data, "none").stack.headers

    def _new(self, data: bytes, fix: Fix) -> SeedPacket:
        return SeedPacket(data, fix=fix, first=self._first, catalog=self._catalog)

    def _draws_of(self, data: bytes, fix: Fix) -> Draws:
        """An input as a packet; engines ask for many mutants of one after another."""
        if self._last != data:
            self._last = data
            self._draws.clear()
        if fix not in self._draws:
            self._draws[fix] = Draws(self._new(data, fix))
        return self._draws[fix]

    def _drawn(self, draws: Draws, random: SplitMix64) -> Mutation | None:
        """A mutation; None where octets are to be changed."""
        turn = random.below(_TURNS)
        if not draws.packet.records or turn >= _CUTS:
            return None
        if turn < _FIELDS:
            return draws.field(random)
        return draws.layers(random) if turn < _LAYERS else draws.cut(random)


def _octets_changed(data: bytes, random: SplitMix64) -> bytes:
    """The octets with some bits inverted, or some octets written over, put in, or taken out."""
    at, kind = random.below(len(data) + 1), random.below(4)
    count = 1 + random.below(_ADDED)
    new = random.bits(count * 8).to_bytes(count, "big")
    if kind == 0 and at < len(data):
        return data[:at] + bytes([data[at] ^ 1 << random.below(8)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + new[: len(data) - at] + data[at + count :]
    if kind == 2 and len(data) > count:
        return data[:at] + data[at + count :]
    return data[:at] + new + data[at:]


_ETHERNET: Final = EngineMutator()


def CustomMutator(data: bytes, max_size: int, seed: int) -> bytes:
    """A mutant of an Ethernet frame: `atheris.Setup(sys.argv, target, custom_mutator=CustomMutator)`."""
    return _ETHERNET.mutate(data, max_size, seed)


def CustomCrossOver(data: bytes, other: bytes, max_size: int, seed: int) -> bytes:
    """Two Ethernet frames in one: `atheris.Setup(sys.argv, target, custom_crossover=CustomCrossOver)`."""
    return _ETHERNET.cross_over(data, other, max_size, seed)
