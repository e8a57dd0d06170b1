"""Mutations that know where fields and layers are: those of `overlaycodec.fuzz`, or lengths made right again.

Strategy: libFuzzer changes octets and has the larger part; it seldom makes a packet whose lengths agree, or a number of
some bits in the middle of an octet that is one more than it was.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import overlaycodec as oc
from fuzz.targets import HEAD, chosen
from overlaycodec.fuzz import EngineMutator

__all__ = ["mutated"]


def mutated(octets: bytes, most: int, seed: int, plain: Callable[[bytes, int], bytes]) -> bytes:
    """Another input of at most so many octets; `plain` is the engine's own mutation."""
    kind = Random(seed).randrange(4)
    if kind >= 2 or len(octets) <= HEAD:
        return plain(octets, most)
    asked = chosen(octets)
    try:
        if kind:
            data = EngineMutator(first=asked.first).mutate(asked.data, most - HEAD, seed)
        else:
            data = oc.encode(oc.fill(oc.decode(asked.data, first=asked.first, lax=True)))
    except Exception:  # a finding is for the target to make
        return plain(octets, most)
    changed = octets[:HEAD] + data
    return changed if changed != octets and len(changed) <= most else plain(octets, most)
