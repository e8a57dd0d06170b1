"""The contestants: this library, and those peers that are installed.

A peer reads all that it calls a field, by the names that its users write. What it lacks is written by hand, as its
users write it: VXLAN for dpkt and pypacker, the whole stack for construct, which need not look for what follows.
"""

from __future__ import annotations

from importlib import import_module

from bench.peers.base import Peer, Values

__all__ = ["Peer", "Values", "installed"]

_NEEDS = {
    "dpkt": "dpkt",
    "pypacker": "pypacker.layer12.ethernet",
    "construct": "construct",
    "kaitai": "kaitaistruct",
    "os_ken": "os_ken.lib.packet.packet",
    "scapy": "scapy.all",
}
"""Each peer, and the module without which it is not there."""


def installed() -> tuple[list[Peer], list[str]]:
    """The contestants, this library first, and the names of the peers that are not there."""
    found: list[Peer] = list(import_module("bench.peers.overlaycodec_").PEERS)
    absent = []
    for name, module in _NEEDS.items():
        try:
            import_module(module)
        except ImportError:
            absent.append(name)
        else:
            found += import_module(f"bench.peers.{name}_").PEERS
    return found, absent
