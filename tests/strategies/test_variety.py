"""Overlay stacks are common in what the strategies draw, and what fails shrinks to the fewest headers.

Which examples Hypothesis draws depends on its version; it also makes several examples of each one that it draws. So
nothing here asks for much in one survey: of five surveys of 500 examples, most have each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from random import Random
from statistics import median
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings

import overlaycodec as oc
from overlaycodec import TCP, UDP, VXLAN, Ethernet, Geneve, IPv4, VLANTag
from overlaycodec import strategies as overlay
from overlaycodec.packet.paths import scopes_of
from overlaycodec.protocols import HEADERS
from overlaycodec.strategies.stack_graph import graph_of

SURVEYS: Final = 5
EXAMPLES: Final = 500
TUNNELS: Final = (
    "GRE",
    "GREv1",
    "VXLAN",
    "VXLANGPE",
    "Geneve",
    "STT",
    "NSH",
    "GTPU",
    "GUE",
    "ERSPAN",
    "ERSPANv3",
    "ITag",
)
SIZES: Final = {"0": 0, "1 to 64": 64, "65 to 1,500": 1_500, "1,501 to 8,999": 8_999, "9,000": 9_000}
survey = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def kinds_of(packet: oc.Packet) -> set[str]:
    """What is in a packet, as far as it matters here."""
    names = [type(header).__name__ for header in packet.headers]
    kinds = set(names)
    kinds |= {f"{count} tags" for count in range(2, names.count("VLANTag") + 1)}
    kinds |= {f"{count} levels" for count in range(1, len(scopes_of(packet.headers)))}
    kinds |= {f"options of {type(header).__name__}" for header in packet.headers if getattr(header, "options", ())}
    kinds.add(next(f"payload of {name}" for name, most in SIZES.items() if len(packet.payload) <= most))
    return kinds


@cache
def surveys() -> list[Counter[str]]:
    """How many packets of each survey have what."""
    return [survey_of(number) for number in range(SURVEYS)]


def survey_of(number: int) -> Counter[str]:
    seen: Counter[str] = Counter()

    @seed(number)
    @survey
    @given(overlay.packets())
    def look(packet: oc.Packet) -> None:
        seen.update(kinds_of(packet))

    look()
    return seen


@pytest.mark.survey
@pytest.mark.parametrize(
    "kind",
    [*TUNNELS, "2 tags", "3 tags", "2 levels", "options of IPv4", *(f"payload of {size}" for size in SIZES)],
)
def test_500_packets_have_each_kind_of_overlay(kind: str) -> None:
    assert sum(seen[kind] > 0 for seen in surveys()) > SURVEYS / 2, [seen[kind] for seen in surveys()]


@pytest.mark.survey
@pytest.mark.parametrize(("kind", "least"), [("2 levels", 10), ("3 tags", 3), ("IPv6", 60), ("payload of 9,000", 3)])
def test_overlays_are_common(kind: str, least: int) -> None:
    assert median(seen[kind] for seen in surveys()) >= least, [seen[kind] for seen in surveys()]


@pytest.mark.survey
def test_most_headers_are_drawn() -> None:
    """In 2,500 packets, of those that can be behind Ethernet; some of them are one of many in their place."""
    possible = {cls.__name__ for cls in graph_of(oc.DEFAULT, Ethernet).headers()}
    assert len(possible) >= 0.75 * len(HEADERS)
    assert len(possible & set().union(*surveys())) >= 0.8 * len(possible)


@pytest.mark.survey
def test_transports_are_common() -> None:
    assert sum(seen["TCP"] for seen in surveys()) >= 5, [seen["TCP"] for seen in surveys()]


# --- shrinking --------------------------------------------------------------------------------------------------------

Wanted = Callable[[oc.Packet], bool]


def shrunk(through: type[oc.Header] | None, wanted: Wanted) -> list[oc.Packet]:
    """What failing tests are shown, from several starts."""
    options = settings(max_examples=1_500, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    return [find(overlay.packets(through), wanted, random=Random(start), settings=options) for start in range(2)]


def vids_of(packet: oc.Packet) -> list[int]:
    return [header.vid for header in packet.headers if isinstance(header, VLANTag)]


@pytest.mark.survey
@pytest.mark.parametrize(
    ("through", "wanted", "headers"),
    [
        (None, lambda packet: VXLAN in packet and packet[VXLAN].vni >= 100, 5),
        (None, lambda packet: len(vids_of(packet)) >= 3, 4),
        (None, lambda packet: "ipv4.ttl" in packet and packet["ipv4.ttl"] < 5, 2),
        (None, lambda packet: len(packet.payload) >= 100, 1),
        (Geneve, lambda packet: bool(packet[Geneve].options), 4),
    ],
    ids=["vni", "three-tags", "ttl", "payload", "option"],
)
def test_what_fails_shrinks_to_the_fewest_headers(
    through: type[oc.Header] | None, wanted: Wanted, headers: int
) -> None:
    found = shrunk(through, wanted)
    assert min(len(packet.headers) for packet in found) == headers, found
    least = min(found, key=lambda packet: len(packet.headers))
    for header in least.headers[1:]:
        if isinstance(header, VXLAN):
            assert header == VXLAN(vni=100)
        if isinstance(header, IPv4):
            assert int(header.src) == int(header.dst) == header.identification == 0
        if isinstance(header, UDP):
            assert header.src_port == 0
    if not isinstance(least.headers[-1], TCP | Geneve):
        assert not least.payload or set(least.payload) == {0}
    assert int(least[Ethernet].dst) == int(least[Ethernet].src) == 0
