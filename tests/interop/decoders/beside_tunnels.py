"""Differences in formats beside tunnels, and in places where a tunnel is bound too; see `differences`."""

from __future__ import annotations

from typing import Final

import overlaycodec as oc
from tests.interop.decoders.differences import Entry, Parting, behind, here

TSHARK: Final[tuple[Entry, ...]] = (
    Parting(
        "EtherTypes in loopback captures of link type 108",
        "both",
        "LINKTYPE_NULL and LINKTYPE_LOOP have an address family. Some writers put an EtherType there; tshark looks for "
        "it in captures of link type 0 alone.",
        lambda packet, number: isinstance(header := here(packet, number), oc.BSDLoopback) and header.family > 1500,
    ),
    Parting(
        "EtherTypes in Cisco's HDLC",
        "both",
        "RFC 1547 section 4.3.1: the protocol is an EtherType. tshark has a table of its own, with IP, MPLS and PPP.",
        lambda packet, number: (
            isinstance(behind(packet, number), oc.CiscoHDLC)
            and here(packet, number) is not None
            and not isinstance(here(packet, number), oc.IPv4 | oc.IPv6 | oc.MPLS | oc.SLARP)
        ),
    ),
)

TCPDUMP: Final[tuple[Entry, ...]] = (
    Parting(
        "Ethernet by protocol number 143",
        "overlaycodec",
        "RFC 8986 section 10.1. tcpdump shows the number and stops.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.Ethernet)
            and 143 in (getattr(behind(packet, number), name, None) for name in ("protocol", "next_header"))
        ),
    ),
    Parting(
        "GRE in UDP",
        "overlaycodec",
        "RFC 8086 section 3: port 4754. tcpdump shows the ports and stops.",
        lambda packet, number: isinstance(here(packet, number), oc.GRE) and isinstance(behind(packet, number), oc.UDP),
    ),
    Parting(
        "IP by an access point of LLC",
        "overlaycodec",
        "RFC 1042: 0x06 is IP. tcpdump names it and stops.",
        lambda packet, number: isinstance(here(packet, number), oc.IPv4) and isinstance(behind(packet, number), oc.LLC),
    ),
    Parting(
        "EtherTypes in Cisco's HDLC",
        "both",
        "RFC 1547 section 4.3.1: the protocol is an EtherType. tcpdump follows IP, MPLS and OSI alone.",
        lambda packet, number: (
            isinstance(behind(packet, number), oc.CiscoHDLC)
            and not isinstance(here(packet, number), oc.IPv4 | oc.IPv6 | oc.MPLS)
        ),
    ),
)
