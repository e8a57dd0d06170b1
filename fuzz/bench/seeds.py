"""The frames that all fuzzers begin with: one of a kind, from captures of real stacks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import overlaycodec as oc

__all__ = ["SEEDS", "seed_frames"]

_CAPTURES: Final = Path(__file__).parents[2] / "tests" / "captures"

SEEDS: Final = (
    ("kernel-vxlan-inner-vlan", 3),
    ("ovs-geneve-options", 1),
    ("ovs-gre-nvgre", 1),
    ("linux-icmpv6-errors", 11),
    ("linux-mpls", 5),
    ("linux-tcp", 1),
    ("linux-ipv4-options", 5),
    ("ovs-v6-underlay-geneve-vxlan", 3),
    ("ovs-gtpu", 1),
    ("ovs-vxlan-gpe", 3),
    ("linux-icmp-errors", 2),
    ("flannel-pods", 1),
)
"""Captures, and the number of a record in each, from 1 on."""


@cache
def seed_frames() -> tuple[bytes, ...]:
    """The octets of the frames."""
    found = []
    for name, number in SEEDS:
        with oc.open_capture(_CAPTURES / f"{name}.pcap") as capture:
            found.append(next(bytes(record.data) for at, record in enumerate(capture, 1) if at == number))
    return tuple(found)
