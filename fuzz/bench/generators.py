"""Fuzzers that make cases without looking at the parser: each is a stream of octets that depends on a seed alone."""

from __future__ import annotations

import importlib.util
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as hypothesis_seed

import overlaycodec as oc
from fuzz.bench import models
from fuzz.bench.seeds import seed_frames
from overlaycodec import Record, fuzz
from overlaycodec import strategies as overlay

__all__ = ["GENERATORS", "missing"]

_EXAMPLES: Final = 40
"""How many examples are drawn of a strategy before the next one has its turn."""
PARSED: Final = (
    oc.VLANTag,
    oc.IPv4,
    oc.IPv6,
    oc.UDP,
    oc.TCP,
    oc.GRE,
    oc.VXLAN,
    oc.Geneve,
    oc.MPLS,
    oc.ARP,
    oc.NSH,
    oc.GTPU,
    oc.ICMPUnreachable,
    oc.VXLANGPE,
    oc.IPv6HopByHop,
    oc.IPv6Fragment,
    oc.IPv6SegmentRouting,
)
"""The headers that the parsers read."""


def our_mutations(seed: int) -> Iterator[bytes]:
    """The cases of `overlaycodec.fuzz`, as `overlaycodec fuzz` writes them."""
    records = {number: Record(octets, 1) for number, octets in enumerate(seed_frames(), 1)}
    for case in fuzz.cases(records, seed=seed, fix="mixed"):
        yield from case.packets


def our_strategies(seed: int) -> Iterator[bytes]:
    """What the strategies draw of packets with each header that the parsers read, valid and malformed."""
    strategies = [
        strategy
        for header in PARSED
        for strategy in (overlay.frames(header, reserved=True), overlay.malformed_bytes(header))
    ]
    random.Random(seed).shuffle(strategies)
    for number in itertools.count():
        strategy = strategies[number % len(strategies)]
        drawn: list[bytes] = []

        @hypothesis_seed(seed * 1000 + number)
        @settings(
            max_examples=_EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def draw(octets: bytes) -> None:
            drawn.append(bytes(octets))  # noqa: B023 - it is called before the next turn

        draw()
        yield from drawn


def random_octets(seed: int) -> Iterator[bytes]:
    """Random octets, as many as a seed frame has."""
    source = random.Random(seed)
    while True:
        yield source.randbytes(len(source.choice(seed_frames())))


def byte_flips(seed: int) -> Iterator[bytes]:
    """The seed frames with one to four octets inverted in one bit or written over, the usual dumb fuzzer."""
    source = random.Random(seed)
    while True:
        octets = bytearray(source.choice(seed_frames()))
        for _ in range(source.choice((1, 1, 2, 4))):
            at = source.randrange(len(octets))
            octets[at] = octets[at] ^ 1 << source.randrange(8) if source.random() < 0.5 else source.randrange(256)
        yield bytes(octets)


GENERATORS: Final[dict[str, tuple[Callable[[int], Iterator[bytes]], str | None]]] = {
    "our strategies": (our_strategies, None),
    "our mutations": (our_mutations, None),
    "random octets": (random_octets, None),
    "byte flips": (byte_flips, None),
    "scapy's fuzz()": (models.scapy_fuzz, "scapy"),
    "boofuzz": (models.boofuzz, "boofuzz"),
    "Fandango": (models.fandango, "fandango"),
}
"""The streams by name, and the module of PyPI that each needs."""


def missing(name: str) -> str | None:
    """What has to be installed for a stream; None if it is."""
    module = GENERATORS[name][1]
    return module if module is not None and importlib.util.find_spec(module) is None else None
