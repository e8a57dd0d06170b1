"""Rules for IP, and for the checksums and lengths of what it carries."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import Final

from overlaycodec.editing.checksum_status import ChecksumStatus
from overlaycodec.findings.model import Context, Observation, Reaction, Rule, Severity
from overlaycodec.findings.rules.outcomes import (
    LINUX_ALLOWS,
    LINUX_DROPS,
    LINUX_TAKES,
    OVS_ALLOWS,
    OVS_DROPS,
    OVS_OVERLOOKS,
    OVS_TAKES,
)
from overlaycodec.packet.offsets import is_unbounded, jumbo_octets_of, octets_in
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

__all__ = ["NETWORK"]

_BROADCAST: Final = 0xFFFFFFFF
_LINK_GROUPS: Final = 0xE00000
"""224.0.0.0/24: groups that no router forwards to (RFC 5771 section 4)."""
_GROUPS: Final = 224
"""The first octet of the first multicast group."""
_LOOPBACK: Final = 127
_HOP_BY_HOP: Final = 0
_IGMP: Final = 2


def _bad_checksum(context: Context) -> Iterable[Observation]:
    if context.all_valid:
        return ()
    field = context.header.__layout__.checksum
    if field is not None and context.checksum_status(field.name) is ChecksumStatus.BAD:
        return (Observation(field.name, f"is {getattr(context.header, field.name):#06x}, and wrong"),)
    return ()


def _partial_checksum(context: Context) -> Iterable[Observation]:
    if context.all_valid:
        return ()
    field = context.header.__layout__.checksum
    if field is not None and context.checksum_status(field.name) is ChecksumStatus.PARTIAL:
        return (Observation(field.name, f"is {getattr(context.header, field.name):#06x}: a network card finishes it"),)
    return ()


def _zero_ttl(context: Context) -> Iterable[Observation]:
    field = "ttl" if isinstance(context.header, IPv4) else "hop_limit"
    if getattr(context.header, field) == 0:
        return (Observation(field, "is 0"),)
    return ()


def _invalid_source(context: Context) -> Iterable[Observation]:
    src = context.header.src
    if src.__class__ is IPv4Address and _GROUPS > int(src) >> 24 != _LOOPBACK:  # most of them, at once
        return ()
    if src.is_multicast:
        return (Observation("src", f"is {src}, a group"),)
    if src.is_loopback:
        return (Observation("src", f"is {src}, a loopback address"),)
    return ()


def _broadcast_source(context: Context) -> Iterable[Observation]:
    src = int(context.header.src)
    if src == _BROADCAST or (src == 0 and not _learns_its_address(context.header)):
        return (Observation("src", f"is {context.header.src}, no host's address"),)
    return ()


def _learns_its_address(header: IPv4) -> bool:
    """Whether a host without an address sends such a packet: to all hosts (DHCP), to a link's group, or IGMP."""
    dst = int(header.dst)
    return dst in (0, _BROADCAST) or dst >> 8 == _LINK_GROUPS or (header.dst.is_multicast and header.protocol == _IGMP)


def _this_network(context: Context) -> Iterable[Observation]:
    if 0 < int(context.header.src) < 1 << 24:
        return (Observation("src", f"is {context.header.src}, of the network that is meant by 0"),)
    return ()


def _unbounded(context: Context) -> Iterable[Observation]:
    if context.header.total_length == 0:
        return (Observation("total_length", "is 0"),)
    return ()


def _unbounded_ipv6(context: Context) -> Iterable[Observation]:
    """Whether a payload length of 0 stands in front of another header than options, which may give the length."""
    if context.header.payload_length == 0 and context.next is not None and context.header.next_header != _HOP_BY_HOP:
        return (Observation("payload_length", "is 0"),)
    return ()


def _options(context: Context) -> Iterable[Observation]:
    if context.header.options and context.scope.prefix == "" and (len(context.scopes) > 1 or context.reads_to_end):
        return (Observation("options", f"takes {octets_in(context.header) - 20} octets outside of a tunnel"),)
    return ()


def _source_routed(context: Context) -> Iterable[Observation]:
    if not context.header.options:
        return ()
    return [
        Observation(f"options[{number}]", "is a source route")
        for number, option in enumerate(context.header.options)
        if isinstance(option, IPv4LooseSourceRouteOption | IPv4StrictSourceRouteOption)
    ]


def _reserved_flag(context: Context) -> Iterable[Observation]:
    if context.header.reserved0:
        return (Observation("reserved0", "is 1"),)
    return ()


def _fragment(context: Context) -> Iterable[Observation]:
    header = context.header
    if header.more_fragments or header.fragment_offset:
        last = "" if header.more_fragments else ", the last one"
        return (Observation("fragment_offset", f"is {header.fragment_offset}: a fragment{last}"),)
    return ()


def _unfragmentable(context: Context) -> Iterable[Observation]:
    if isinstance(context.header, IPv4) and context.header.dont_fragment and any(_fragment(context)):
        return (Observation("dont_fragment", "is set in a fragment"),)
    return ()


def _unchecked_over_ipv6(context: Context) -> Iterable[Observation]:
    if context.header.checksum == 0 and isinstance(context.outside(IPv4, IPv6), IPv6):
        return (Observation("checksum", "is 0"),)
    return ()


def _shorter(context: Context) -> Iterable[Observation]:
    """Whether the UDP datagram ends before the IP packet does."""
    trailers = context.trailing.get(context.index)
    if trailers:
        return (
            Observation("length", f"is {context.header.length} octets, IP carries {context.header.length + trailers}"),
        )
    return ()


def _unbounded_datagram(context: Context) -> Iterable[Observation]:
    """Whether the UDP length is 0 as in BIG TCP packets; that of a jumbogram is 0 by specification."""
    headers, index = context.packet.headers, context.index
    if not is_unbounded(headers, index):
        return ()
    if all(jumbo_octets_of(headers, outside) is None for outside in range(context.scope.start, index)):
        return (Observation("length", "is 0"),)
    return ()


NETWORK: Final = (
    Rule(
        "checksum-header",
        (IPv4,),
        _bad_checksum,
        "RFC 1122 section 3.2.1.2",
        "a host verifies the header checksum and silently discards what fails",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "checksum-udp",
        (UDP,),
        _bad_checksum,
        "RFC 1122 section 4.1.3.4",
        "a datagram with a wrong checksum is silently discarded",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "checksum-tcp",
        (TCP,),
        _bad_checksum,
        "RFC 9293 section 3.1",
        "the receiver checks it",
        Severity.DROP,
    ),
    Rule(
        "checksum-icmp",
        (ICMP, ICMPv6),
        _bad_checksum,
        "RFC 1122 section 3.2.2, RFC 4443 section 2.1",
        "a message with a wrong checksum is not looked at",
        Severity.DROP,
    ),
    Rule(
        "checksum-gre",
        (GRE,),
        _bad_checksum,
        "RFC 2784 section 2.1",
        "the checksum is that of header and payload",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "checksum-sctp",
        (SCTP,),
        _bad_checksum,
        "RFC 9260 section 6.8",
        "a packet with a wrong checksum is silently discarded",
        Severity.DROP,
    ),
    Rule(
        "checksum-partial",
        (TCP, UDP, SCTP, ICMPv6),
        _partial_checksum,
        "RFC 9293 section 3.1",
        "the sum covers the content; on the sender, a network card may still have to do that",
        Severity.NOTE,
    ),
    Rule(
        "ttl-zero",
        (IPv4, IPv6),
        _zero_ttl,
        "RFC 1122 section 3.2.1.7",
        "nobody sends that; a destination does not discard for it",
        Severity.VIOLATION,
        Reaction(Severity.VIOLATION, "Linux takes what is for itself"),
        OVS_OVERLOOKS,
    ),
    Rule(
        "source-address",
        (IPv4, IPv6),
        _invalid_source,
        "RFC 1122 section 3.2.1.3, RFC 4291 section 2.7",
        "that is no source address; a host discards it silently",
        Severity.DROP,
        LINUX_DROPS,
        OVS_OVERLOOKS,
    ),
    Rule(
        "source-broadcast",
        (IPv4,),
        _broadcast_source,
        "RFC 1122 section 3.2.1.3",
        "that is no source address, but for a host that does not know its own yet (DHCP, IGMP)",
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
        "ipv6-length-none",
        (IPv6,),
        _unbounded_ipv6,
        "RFC 8200 section 3, RFC 2675 section 3",
        "it is 0 in jumbograms alone; in captures it marks a packet that a network card was to cut in segments",
        Severity.VIOLATION,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "udp-length-none",
        (UDP,),
        _unbounded_datagram,
        "RFC 768, RFC 2675 section 4",
        "it is 0 in jumbograms alone; in captures it marks a packet that a network card was to cut in segments",
        Severity.VIOLATION,
        Reaction(Severity.VIOLATION, "Linux takes it for a jumbogram"),
        Reaction(Severity.VIOLATION, "Open vSwitch does not look"),
    ),
    Rule(
        "tunnel-options",
        (IPv4,),
        _options,
        "RFC 791 section 3.1",
        "every node knows options",
        Severity.NOTE,
        LINUX_ALLOWS,
        Reaction(Severity.DROP, "Open vSwitch drops tunnel packets with IPv4 options"),
    ),
    Rule(
        "source-route",
        (IPv4,),
        _source_routed,
        "RFC 7126 section 4.3",
        "such packets are dropped by default",
        Severity.NOTE,
        Reaction(Severity.DROP, "Linux drops it, unless accept_source_route is set"),
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
        _fragment,
        "RFC 7348 section 4.3",
        "tunnel packets are not fragmented",
        Severity.NOTE,
        Reaction(Severity.NOTE, "Linux waits for the other fragments"),
        Reaction(Severity.NOTE, "Open vSwitch takes no tunnel off a fragment"),
    ),
    Rule(
        "fragment-df",
        (IPv4,),
        _unfragmentable,
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
        Reaction(Severity.DROP, "Linux drops it, unless the device has udp6zerocsumrx"),
        OVS_ALLOWS,
        needs=(IPv6,),
    ),
    Rule(
        "udp-shorter",
        (UDP,),
        _shorter,
        "RFC 768",
        "the length is that of the datagram; nothing is specified for what follows",
        Severity.NOTE,
        Reaction(Severity.NOTE, "Linux cuts the rest off"),
        Reaction(Severity.NOTE, "Open vSwitch does not look, and keeps the rest as part of the frame"),
    ),
)
