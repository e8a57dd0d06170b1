"""Mutations that know where fields are: a number at its limits, next to what it was, or lengths made right again.

Strategy: libFuzzer changes octets and has the larger part; it seldom makes a packet whose lengths agree, or a number of
some bits in the middle of an octet that is one more than it was.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import overlaycodec as oc
from fuzz.targets import HEAD, chosen
from overlaycodec.packet.offsets import octets_in, spans_of

__all__ = ["mutated"]


def mutated(octets: bytes, most: int, seed: int, plain: Callable[[bytes, int], bytes]) -> bytes:
    """Another input of at most so many octets; `plain` is the engine's own mutation."""
    random = Random(seed)
    kind = random.randrange(4)
    if kind >= 2 or len(octets) <= HEAD:
        return plain(octets, most)
    asked = chosen(octets)
    try:
        packet = oc.decode(asked.data, first=asked.first, lax=True)
        data = _number(asked.data, packet, random) if kind else oc.encode(oc.fill(packet))
    except Exception:  # a finding is for the target to make
        return plain(octets, most)
    changed = octets[:HEAD] + data
    return changed if changed != octets and len(changed) <= most else plain(octets, most)


def _number(data: bytes, packet: oc.Packet, random: Random) -> bytes:
    """The octets with another number in some field."""
    places, at = [], 0
    for header in packet.headers:
        places += [(at + bit, bits) for field, bit, bits in spans_of(header) if field.kind in ("int", "bool")]
        at += octets_in(header) * 8
    if not places:
        return data
    bit, bits = random.choice(places)
    below, most = len(data) * 8 - bit - bits, (1 << bits) - 1
    whole = int.from_bytes(data, "big")
    now = whole >> below & most
    value = (
        random.choice((0, most, now + 1, now - 1, now ^ 1 << random.randrange(bits), random.getrandbits(bits))) & most
    )
    return (whole & ~(most << below) | value << below).to_bytes(len(data), "big")
