"""Seed packets of the tests, and a catalog that does not grow with the library's."""

from __future__ import annotations

from typing import Final

import overlaycodec as oc
from overlaycodec import fuzz
from tests.tools import stacks

__all__ = ["CATALOG", "FRAMES", "VXLAN_FRAME", "seeds"]

HEADERS: Final = (oc.Ethernet, oc.VLANTag, oc.IPv4, oc.IPv6, oc.UDP, oc.TCP, oc.VXLAN, oc.Geneve, oc.MPLS)
CATALOG: Final = oc.Catalog(
    HEADERS,
    bindings=(
        (oc.LINK_TYPE(1), oc.Ethernet),
        (oc.ETHERTYPE(0x6558), oc.Ethernet),
        (oc.ETHERTYPE(0x0800), oc.IPv4),
        (oc.ETHERTYPE(0x86DD), oc.IPv6),
        (oc.ETHERTYPE(0x8847), oc.MPLS),
        *((oc.ETHERTYPE(value), oc.VLANTag) for value in (0x8100, 0x88A8, 0x9100)),
        (oc.IP_PROTOCOL(4), oc.IPv4),
        (oc.IP_PROTOCOL(6), oc.TCP),
        (oc.IP_PROTOCOL(17), oc.UDP),
        (oc.IP_PROTOCOL(41), oc.IPv6),
        (oc.UDP_PORT(4789), oc.VXLAN),
        (oc.UDP_PORT(6081), oc.Geneve),
        (oc.MPLS_LABEL.any().when(oc.Peek(0, 4, 4)), oc.IPv4),
        (oc.MPLS_LABEL.any().when(oc.Peek(0, 4, 6)), oc.IPv6),
    ),
)

# Written by hand after RFC 7348 figure 1, with the lengths and checksums that tshark calls right.
VXLAN_FRAME: Final = bytes.fromhex(
    "525400000002 525400000001 0800"
    "4500005b 00000000 40116690 0a000001 0a000002"  # total length 91
    "c000 12b5 0047 a113"  # UDP length 71
    "08000000 00006400"
    "020000000002 020000000001 8100"
    "0007 0800"
    "45000025 00000000 4011f974 c0a80001 c0a80002"  # total length 37
    "03e8 07d0 0011 6a5e"  # UDP length 17
    "68656c6c6f20626f62"
)
_IPV6: Final = bytes.fromhex(
    "525400000002 525400000001 86dd"
    "60000000 000d 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002"
    "03e8 07d0 000d 54d5"
    "68656c6c6f"
)
_MPLS: Final = bytes.fromhex(
    "525400000002 525400000001 8847 0001003f 0001113f"
    "45000028 00010000 4006 66cd 0a000001 0a000002"
    "03e8 0050 00000001 00000000 5002ffff 97a7 0000"
)
FRAMES: Final = {"vxlan": VXLAN_FRAME, "ipv6": _IPV6, "mpls": _MPLS}


def seeds() -> list[oc.Record]:
    """The shortest record for each order of headers in the captures of real stacks."""
    records: list[oc.Record] = []
    for path in stacks.captures(stacks.CAPTURES).values():
        with oc.open_capture(path) as capture:
            records += fuzz.seeds_of(capture).values()
    return list(fuzz.seeds_of(records).values())
