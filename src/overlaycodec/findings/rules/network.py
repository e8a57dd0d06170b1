"""Rules for IP, and for the checksums and lengths of what it carries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlaycodec.editing.checksums import ChecksumStatus
from overlaycodec.findings.model import Does, Rule, Seen, Severity, Site
from overlaycodec.findings.rules.outcomes import (
    LINUX_ALLOWS,
    LINUX_DROPS,
    LINUX_TAKES,
    OVS_ALLOWS,
    OVS_DROPS,
    OVS_OVERLOOKS,
    OVS_TAKES,
)
from overlaycodec.packet.offsets import octets_in
from overlaycodec.protocols import (
    GRE,
    ICMP,
    SCTP,
    TCP,
    UDP,
    ICMPv6,
    IPv4,
    IPv4LooseSourceRouteOption,
    IPv4StrictSourceRouteOption,
    IPv6,
    IPv6Fragment,
)

__all__ = ["NETWORKS"]

_LOOPBACK: Final = 127


def _bad(site: Site) -> Iterator[Seen]:
    field = site.header.__layout__.checksum
    if field is not None and site.verdict(field.name) is ChecksumStatus.BAD:
        yield Seen(field.name, f"is {getattr(site.header, field.name):#06x}, and wrong")


def _partial(site: Site) -> Iterator[Seen]:
    field = site.header.__layout__.checksum
    if field is not None and site.verdict(field.name) is ChecksumStatus.PARTIAL:
        yield Seen(field.name, f"is {getattr(site.header, field.name):#06x}, the sum of the pseudo-header alone")


def _no_life(site: Site) -> Iterator[Seen]:
    field = "ttl" if isinstance(site.header, IPv4) else "hop_limit"
    if getattr(site.header, field) == 0:
        yield Seen(field, "is 0")


def _not_a_sender(site: Site) -> Iterator[Seen]:
    src = site.header.src
    if src.is_multicast:
        yield Seen("src", f"is {src}, a group")
    elif src.is_loopback:
        yield Seen("src", f"is {src}, a loopback address")


def _broadcast_sender(site: Site) -> Iterator[Seen]:
    if int(site.header.src) in (0, 0xFFFFFFFF):
        yield Seen("src", f"is {site.header.src}, no host's address")


def _this_network(site: Site) -> Iterator[Seen]:
    if 0 < int(site.header.src) < 1 << 24:
        yield Seen("src", f"is {site.header.src}, of the network that is meant by 0")


def _unbounded(site: Site) -> Iterator[Seen]:
    if site.header.total_length == 0:
        yield Seen("total_length", "is 0")


def _options(site: Site) -> Iterator[Seen]:
    if site.header.options and site.scope.prefix == "" and (len(site.scopes) > 1 or site.read_on):
        yield Seen("options", f"takes {octets_in(site.header) - 20} octets outside of a tunnel")


def _source_routed(site: Site) -> Iterator[Seen]:
    for number, option in enumerate(site.header.options):
        if isinstance(option, IPv4LooseSourceRouteOption | IPv4StrictSourceRouteOption):
            yield Seen(f"options[{number}]", "is a source route")


def _reserved_flag(site: Site) -> Iterator[Seen]:
    if site.header.reserved0:
        yield Seen("reserved0", "is 1")


def _piece(site: Site) -> Iterator[Seen]:
    header = site.header
    if header.more_fragments or header.fragment_offset:
        last = "" if header.more_fragments else ", the last one"
        yield Seen("fragment_offset", f"is {header.fragment_offset}: a fragment{last}")


def _whole_in_pieces(site: Site) -> Iterator[Seen]:
    if isinstance(site.header, IPv4) and site.header.dont_fragment and any(_piece(site)):
        yield Seen("dont_fragment", "is set in a fragment")


def _unchecked_over_ipv6(site: Site) -> Iterator[Seen]:
    if site.header.checksum == 0 and isinstance(site.outside(IPv4, IPv6), IPv6):
        yield Seen("checksum", "is 0")


def _shorter(site: Site) -> Iterator[Seen]:
    """Whether UDP ends before IP does."""
    trailers = sum(len(trailer.data) for trailer in site.packet.trailers if trailer.header == site.index)
    if trailers:
        yield Seen("length", f"says {site.header.length} octets, IP carries {site.header.length + trailers}")


NETWORKS: Final = (
    Rule(
        "checksum-header",
        (IPv4,),
        _bad,
        "RFC 1122 section 3.2.1.2",
        "a host verifies the header checksum and silently discards what fails",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "checksum-udp",
        (UDP,),
        _bad,
        "RFC 1122 section 4.1.3.4",
        "a datagram with a wrong checksum is silently discarded",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "checksum-tcp",
        (TCP,),
        _bad,
        "RFC 9293 section 3.1",
        "the receiver checks it",
        Severity.DROP,
    ),
    Rule(
        "checksum-icmp",
        (ICMP, ICMPv6),
        _bad,
        "RFC 1122 section 3.2.2, RFC 4443 section 2.1",
        "a message with a wrong checksum is not looked at",
        Severity.DROP,
    ),
    Rule(
        "checksum-gre",
        (GRE,),
        _bad,
        "RFC 2784 section 2.1",
        "the checksum is that of header and payload",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "checksum-sctp",
        (SCTP,),
        _bad,
        "RFC 9260 section 6.8",
        "a packet with a wrong checksum is silently discarded",
        Severity.DROP,
    ),
    Rule(
        "checksum-partial",
        (TCP, UDP, SCTP, ICMPv6),
        _partial,
        "RFC 9293 section 3.1",
        "the sum covers the content; on the sender, a network card may still have to do that",
        Severity.NOTE,
    ),
    Rule(
        "ttl-zero",
        (IPv4, IPv6),
        _no_life,
        "RFC 1122 section 3.2.1.7",
        "nobody sends that; a destination does not discard for it",
        Severity.VIOLATION,
        Does(Severity.VIOLATION, "Linux takes what is for itself"),
        OVS_OVERLOOKS,
    ),
    Rule(
        "source-address",
        (IPv4, IPv6),
        _not_a_sender,
        "RFC 1122 section 3.2.1.3, RFC 4291 section 2.7",
        "that is no source address; a host discards it silently",
        Severity.DROP,
        LINUX_DROPS,
        OVS_OVERLOOKS,
    ),
    Rule(
        "source-broadcast",
        (IPv4,),
        _broadcast_sender,
        "RFC 1122 section 3.2.1.3",
        "that is no source address, but for a host that does not know its own yet",
        Severity.VIOLATION,
        LINUX_DROPS,
        OVS_OVERLOOKS,
    ),
    Rule(
        "source-network",
        (IPv4,),
        _this_network,
        "RFC 1122 section 3.2.1.3",
        "that is no source address, but for a host that does not know its network yet",
        Severity.VIOLATION,
        LINUX_TAKES,
        OVS_OVERLOOKS,
    ),
    Rule(
        "length-none",
        (IPv4,),
        _unbounded,
        "RFC 791 section 3.1",
        "it counts the header too; in captures it marks a packet that a network card was to cut in segments",
        Severity.VIOLATION,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "tunnel-options",
        (IPv4,),
        _options,
        "RFC 791 section 3.1",
        "every node knows options",
        Severity.NOTE,
        LINUX_ALLOWS,
        Does(Severity.DROP, "Open vSwitch drops tunnel packets with IPv4 options"),
    ),
    Rule(
        "source-route",
        (IPv4,),
        _source_routed,
        "RFC 7126 section 4.3",
        "such packets are dropped by default",
        Severity.NOTE,
        Does(Severity.DROP, "Linux drops it, unless accept_source_route is set"),
    ),
    Rule(
        "flag-reserved",
        (IPv4,),
        _reserved_flag,
        "RFC 791 section 3.1",
        "it is 0",
        Severity.VIOLATION,
        LINUX_TAKES,
        OVS_TAKES,
    ),
    Rule(
        "fragment",
        (IPv4, IPv6Fragment),
        _piece,
        "RFC 7348 section 4.3",
        "tunnel packets are not fragmented",
        Severity.NOTE,
        Does(Severity.NOTE, "Linux waits for the other pieces"),
        Does(Severity.NOTE, "Open vSwitch takes no tunnel off a fragment"),
    ),
    Rule(
        "fragment-df",
        (IPv4,),
        _whole_in_pieces,
        "RFC 791 section 2.3",
        "what may not be fragmented is not",
        Severity.VIOLATION,
    ),
    Rule(
        "checksum-none",
        (UDP,),
        _unchecked_over_ipv6,
        "RFC 8200 section 8.1",
        "it is not 0, but for tunnels that asked for it (RFC 6935)",
        Severity.VIOLATION,
        Does(Severity.DROP, "Linux drops it, unless the device has udp6zerocsumrx"),
        OVS_ALLOWS,
    ),
    Rule(
        "udp-shorter",
        (UDP,),
        _shorter,
        "RFC 768",
        "the length is that of the datagram; what follows is not told",
        Severity.NOTE,
        Does(Severity.NOTE, "Linux cuts the rest off"),
        Does(Severity.NOTE, "Open vSwitch does not look, and keeps the rest as part of the frame"),
    ),
)
