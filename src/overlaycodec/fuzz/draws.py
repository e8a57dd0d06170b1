"""Mutations that are drawn one at a time, without a list of all.

Strategy: a field, an order of headers, an insertion or a cut is drawn, and only that mutation is made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final, TypeVar

from overlaycodec.fuzz.fields import Number, numbers_of, value_text
from overlaycodec.fuzz.insertions import insertions
from overlaycodec.fuzz.layers import Order, Stack, layer_orders
from overlaycodec.fuzz.mutation import KINDS, Kind, Mutation
from overlaycodec.fuzz.random_numbers import SplitMix64
from overlaycodec.fuzz.seed_packet import SeedPacket
from overlaycodec.fuzz.sites import RecordSite, Site

__all__ = ["Draws", "one_of"]

T = TypeVar("T")

_RECORDS: Final = 24
"""The most headers and options of which fields are drawn, so that the last ones of a deep stack come often enough."""
_PREFERRED: Final = 2
"""How many of four fields are of preferred headers."""
_STRIDE: Final = 5
"""The values of a field are taken in steps of so many, so that they are of several sorts soon."""
_TRIES: Final = 8
"""How many orders are tried, of which some change nothing."""


def one_of(members: Sequence[T], random: SplitMix64) -> T:
    """One of the members."""
    return members[random.below(len(members))]


class Draws:
    """The mutations of a packet that can be drawn, of some kinds; those of headers in some octets come more often."""

    def __init__(self, packet: SeedPacket, kinds: Collection[Kind] = KINDS, preferred: Collection[range] = ()) -> None:
        self.packet, self._kinds = packet, frozenset(kinds)
        self._layers: list[Callable[[], Mutation | None]] | None = None
        fields = [(record, [site for site in record.fields if site.kind in self._kinds]) for record in packet.records]
        self._fields = [(record, sites) for record, sites in fields if sites]
        self._preferred = [each for each in self._fields if any(each[0].start in octets for octets in preferred)]

    def field(self, random: SplitMix64) -> Mutation | None:
        """Another value in one field; None where there is no field."""
        if not self._fields:
            return None
        turn = random.below(4)
        if turn < _PREFERRED and self._preferred:
            fields = self._preferred
        else:
            fields = self._fields[-_RECORDS:] if turn & 1 else self._fields
        record, sites = one_of(fields, random)
        site = one_of(sites, random)
        numbers = self._numbers(record, site)
        if not numbers or random.below(4) == 0:
            value = random.bits(site.bits)
            value ^= value == site.value
            return site.mutation(f"{site.path} = {value_text(site, value)}", value)
        value, text = one_of(numbers, random)
        return site.mutation(f"{site.path} {text}", value)

    def preferred(self, turn: int) -> Mutation | None:
        """One of the values of one of the preferred fields: the fields take turns. None where there is none."""
        sites = [(record, site) for record, sites in self._preferred for site in sites]
        if not sites:
            return None
        visit, which = divmod(turn, len(sites))
        record, site = sites[which]
        numbers = self._numbers(record, site)
        if not numbers:
            return None
        value, text = numbers[(visit * _STRIDE + which) % len(numbers)]
        return site.mutation(f"{site.path} {text}", value)

    def _numbers(self, record: RecordSite, site: Site) -> list[Number]:
        return [
            number
            for number in numbers_of(site, record, self.packet.catalog)
            if number[0] != site.value and 0 <= number[0] < 1 << site.bits
        ]

    def layers(self, random: SplitMix64) -> Mutation | None:
        """Another order of the headers, or more of them, or an option; None where there is none."""
        if self._layers is None:
            stack = self.packet.stack
            self._layers = [
                *(partial(_ordered, stack, order) for order in layer_orders(stack)),
                *insertions(stack),
            ]
        for _ in range(_TRIES if self._layers else 0):
            if (found := one_of(self._layers, random)()) is not None:
                return found
        return None

    def cut(self, random: SplitMix64) -> Mutation:
        """The packet, cut after some octets, or at the end of a header, or an octet before."""
        packet = self.packet
        at = random.below(len(packet.data)) + 1
        if packet.stack.headers and random.below(2):
            at = max(1, one_of(packet.stack.headers, random).stop - random.below(2))
        return packet.stack.resized("truncate", "payload", f"truncated after {at} octets", ((0, at),), at, 0)


def _ordered(stack: Stack, order: Callable[[], Order]) -> Mutation | None:
    return stack.restacked(*order())
