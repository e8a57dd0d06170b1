"""The mutations of one seed packet, and the case of each number.

Strategy: the mutations are listed once, by kind. The first cases are single mutations, each once, in an order that the
seed gives; after the last of them, each case combines two to four, or it has another stack of headers. A stack stays
for several cases, as it has to be decoded before its fields can be mutated. A case depends on the packet, the seed and
its number alone: it needs no case before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import count as counted_from
from typing import Final

import msgspec

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.fuzz.case import Case
from overlaycodec.fuzz.checksum_limits import checksum_limits
from overlaycodec.fuzz.draws import Draws
from overlaycodec.fuzz.fields import field_mutations, value_text
from overlaycodec.fuzz.fragments import fragment_mutations
from overlaycodec.fuzz.insertions import insertions
from overlaycodec.fuzz.layers import layer_mutations
from overlaycodec.fuzz.mutation import FIXES, KINDS, MIXED, Fix, Kind, Mutation
from overlaycodec.fuzz.octets import octet_mutations
from overlaycodec.fuzz.random_numbers import SplitMix64, mixed
from overlaycodec.fuzz.schedule import in_turn
from overlaycodec.fuzz.seed_packet import SeedPacket
from overlaycodec.fuzz.sites import RecordSite, Site
from overlaycodec.fuzz.together import together
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.keys import Key
from overlaycodec.values.argument_checks import check_number, text_of
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["Mutator", "mutations"]

_FEWEST: Final = 2
_MOST: Final = 4
"""The fewest and the most mutations that a case combines."""
_STACKS: Final[tuple[Kind, ...]] = ("insert", "tag", "nest", "duplicate", "swap", "drop", "selector")
"""The kinds of mutations after which other headers are there."""
_VISITS: Final = 8
"""How many cases after one another have the same stack: many fields are changed, then one at a time, then any."""
_TRIES: Final = 8
"""How many mutations are drawn for a case, of which those that exclude each other are left out."""


def mutations(
    data: BytesLike | Packet | Record,
    *,
    seed: int = 0,
    count: int | None = None,
    fix: Fix = "none",
    kinds: Collection[Kind] = KINDS,
    first: type[Header] | Key = Ethernet,
    catalog: Catalog = DEFAULT,
) -> Iterator[Case]:
    """Mutated packets, made from one valid packet: `count` of them, or without end.

    The same packet and seed give the same cases on every machine and with every version of Python. The first ones have
    one mutation each, until every mutation of the packet had its turn; then each has two to four. `fix` selects what is
    adjusted after a mutation: the "lengths" around added or removed octets, "checksums", "both" or "none". The mutated
    field itself is not adjusted. `kinds` are the kinds to take; `first` is as in `decode`, and a record brings its own.

    >>> import overlaycodec as oc
    >>> packet = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1, dst_port=2) / b"hello"
    >>> [case.label for case in mutations(packet, seed=1, count=2, first=oc.IPv4, kinds=["length"])]
    ['udp.length - 1', 'ipv4.ihl = 0']

    Raises: ValueError for a packet without octets, and for arguments that have no such value.
    """
    mutator = Mutator(data, seed=seed, fix=fix, kinds=kinds, first=first, catalog=catalog)
    if count is not None:
        check_number("count", count, 0)
    return (mutator.case(number) for number in (counted_from() if count is None else range(count)))


class Mutator:
    """The mutations of one seed packet. The arguments are those of `mutations`; `source` is that of the cases.

    Raises: ValueError, as `mutations` does.
    """

    def __init__(
        self,
        data: BytesLike | Packet | Record,
        *,
        seed: int = 0,
        fix: Fix = "none",
        kinds: Collection[Kind] = KINDS,
        first: type[Header] | Key = Ethernet,
        catalog: Catalog = DEFAULT,
        source: int = 0,
    ) -> None:
        if unknown := [kind for kind in kinds if kind not in [*KINDS]]:  # a list: what is given may have no hash
            raise ValueError(f"the kinds are {', '.join(KINDS)}, not {text_of(unknown[0])}")
        check_number("seed", seed, 0)
        self.fix: Fix = fix
        fixes: Sequence[Fix] = MIXED if fix == "mixed" else (fix,)
        self._packets = [SeedPacket(data, fix=each, first=first, catalog=catalog) for each in fixes]
        self._packet = self._packets[0]
        self.kinds: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind in kinds)
        self.seed, self.source = seed, source
        self._start = mixed(seed, int.from_bytes(self._packet.data, "big"))
        self._drawn: dict[tuple[str, Fix], Draws] = {}
        self._sites = [site for site in self._packet.sites if site.kind in self.kinds]

    @property
    def data(self) -> bytes:
        """The octets of the seed packet."""
        return self._packet.data

    @property
    def packet(self) -> Packet:
        """The seed packet, decoded as far as possible."""
        return self._packet.packet

    @property
    def records(self) -> list[RecordSite]:
        """The headers of the seed packet, and the options in them."""
        return self._packet.records

    # --- the mutations ------------------------------------------------------------------------------------------------

    @cached_property
    def by_kind(self) -> dict[Kind, tuple[Mutation, ...]]:
        """Every mutation of the seed packet, by kind; kinds without one are left out."""
        found: dict[Kind, list[Mutation]] = {kind: [] for kind in self.kinds}
        seed = self._packet
        for mutation in (
            *(together(seed) if "together" in found else ()),
            *field_mutations(seed.records, seed.data, seed.catalog),
            *layer_mutations(seed.stack),
            *_distinct(made() for made in insertions(seed.stack)),
            *octet_mutations(seed.stack, seed.records),
            *checksum_limits(seed),
            *(fragment_mutations(seed.packet, seed.catalog) if "fragment" in found else ()),
        ):
            if mutation.kind in found:
                found[mutation.kind].append(mutation)
        return {kind: tuple(members) for kind, members in found.items() if members}

    @cached_property
    def singles(self) -> tuple[Mutation, ...]:
        """Every mutation of the seed packet, in the order of the cases: the kinds take turns."""
        if not self.by_kind:
            raise ValueError(f"the seed packet has no mutation of the kinds {', '.join(self.kinds)}")
        return tuple(in_turn(self.by_kind, self._start))

    @cached_property
    def _combinable(self) -> Sequence[tuple[Mutation, ...]]:
        """The mutations that a case can combine, by kind: fragments are packets of their own."""
        return [members for kind, members in self.by_kind.items() if kind != "fragment"]

    # --- the cases ----------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Case]:
        return map(self.case, counted_from())

    def case(self, number: int) -> Case:
        """The case of a number, from 0 on."""
        singles = self.singles
        if number < len(singles):
            return self.mutated(singles[number : number + 1], number)
        several = number - len(singles)
        if self.stages and several % 2:
            return self._staged(number, several // 2)
        return self.mutated(self._combined(number), number)

    def combined(self, turn: int) -> int:
        """The number of a case with several mutations, `turn` from 0 on."""
        return len(self.singles) + turn * (2 if self.stages else 1)

    def staged(self, visit: int, subject: tuple[str, ...]) -> int:
        """The number of a case with another stack of headers, made as a subject of `stages` says."""
        round_, step = divmod(visit, _VISITS)
        block = round_ * len(self.stages) + self._stage_of[subject]
        return len(self.singles) + 2 * (block * _VISITS + step) + 1

    def mutated(self, chosen: tuple[Mutation, ...], number: int = 0) -> Case:
        """The case of these mutations, of which at most one is of layers or of octets, and no two of the same bits."""
        return self._case(self._seed_of(number), chosen, number)

    def _case(self, seed: SeedPacket, chosen: tuple[Mutation, ...], number: int) -> Case:
        return Case(seed.mutated(chosen), chosen, number, self.seed, seed.fix, seed.first, seed.catalog, self.source)

    def _seed_of(self, number: int) -> SeedPacket:
        """The seed packet, with what follows the mutations of this case."""
        packets = self._packets
        return packets[0] if len(packets) == 1 else packets[mixed(self._start, number) % len(packets)]

    @cached_property
    def stages(self) -> dict[tuple[str, ...], list[Mutation]]:
        """The mutations that make other stacks of headers, by kind, path and class put in, in their order."""
        found: dict[tuple[str, ...], list[Mutation]] = {}
        for mutation in self.singles if self._sites else ():
            if mutation.kind in _STACKS:
                kind, path, brings = mutation.subject
                found.setdefault((kind, path, brings.partition(" ")[0]), []).append(mutation)
        return found

    @cached_property
    def _stage_of(self) -> dict[tuple[str, ...], int]:
        return {subject: number for number, subject in enumerate(self.stages)}

    def _staged(self, number: int, turn: int) -> Case:
        """Another stack of headers: with many fields of the seed packet, or one or two of the new packet, mutated."""
        block, step = divmod(turn, _VISITS)
        round_, which = divmod(block, len(self.stages))
        members = [*self.stages.values()][which]
        stack, seed = members[round_ % len(members)], self._seed_of(number)
        if step == 0 and (many := self.by_kind.get("together")):
            return self.mutated((stack, many[round_ % len(many)]), number)
        random = SplitMix64(SplitMix64(self._start ^ number).next())
        case = self._case(seed, (stack,), number)
        draws = self._draws_of(stack, seed, case)
        chosen: list[Mutation] = []
        if step < _VISITS - 1 and (next_one := draws.preferred(round_ * (_VISITS - 2) + step - 1)) is not None:
            chosen.append(next_one)
        else:
            for _ in range(1 + random.below(2)):
                mutation = draws.field(random)
                if mutation is not None and not any(map(mutation.excludes, chosen)):
                    chosen.append(mutation)
        if not chosen:
            return case
        return msgspec.structs.replace(case, packets=draws.packet.mutated(chosen), mutations=(stack, *chosen))

    def _draws_of(self, stack: Mutation, seed: SeedPacket, case: Case) -> Draws:
        """The fields of the packet with another stack; several cases after one another have the same one."""
        key = stack.label, seed.fix
        if key not in self._drawn:
            if len(self._drawn) == len(FIXES):
                self._drawn.clear()
            new = SeedPacket(case.data, fix=seed.fix, first=seed.first, catalog=seed.catalog)
            self._drawn[key] = Draws(new, self.kinds, stack.new_octets())
        return self._drawn[key]

    def _combined(self, number: int) -> tuple[Mutation, ...]:
        """Two to four mutations that can be applied together, as far as the packet has so many."""
        random = SplitMix64(SplitMix64(self._start ^ number).next())
        kinds = self._combinable or [self.singles]
        sites = self._sites
        wanted = _FEWEST + random.below(_MOST - _FEWEST + 1)
        chosen: list[Mutation] = []
        for _ in range(_TRIES):
            draw = random.next()  # its bits decide all: first what kind of mutation, then which one of these
            choice, which = draw >> 32, draw & 0xFFFF_FFFF
            if sites and choice & 3 == 0:
                mutation = _random_value(sites[which * len(sites) >> 32], random)
            else:
                members = kinds[choice * len(kinds) >> 32]
                mutation = members[which * len(members) >> 32]
            if not any(map(mutation.excludes, chosen)):
                chosen.append(mutation)
                if len(chosen) == wanted:
                    break
        return tuple(chosen)


def _distinct(found: Iterable[Mutation | None]) -> Iterator[Mutation]:
    """The mutations without those that are None, and without a label that was there."""
    return iter({mutation.label: mutation for mutation in found if mutation is not None}.values())


def _random_value(site: Site, random: SplitMix64) -> Mutation:
    """The mutation that writes a random value."""
    value = random.bits(site.bits)
    if value == site.value:
        value ^= 1
    return site.mutation(f"{site.path} = {value_text(site, value)}", value)
