"""What tcpdump reads otherwise than we do; see `differences` for what an entry is."""

from __future__ import annotations

from typing import Final

import overlaycodec as oc
from overlaycodec.packet.header import Header
from tests.interop.decoders import beside_tunnels
from tests.interop.decoders.compare import type_of
from tests.interop.decoders.differences import (
    Entry,
    Parting,
    Value,
    behind,
    here,
    home_addresses,
    network_of,
    quoted,
    refused,
)

_UNKNOWN: Final = (
    *(oc.ITag, oc.ETag, oc.VNTag, oc.ERSPAN, oc.ERSPANv3, oc.GUE, oc.GTPU, oc.GTPUExtension, oc.STT, oc.STTSegment),
    *(oc.INTMD, oc.INTMX, oc.PseudowireControlWord, oc.PPPFramed, oc.PPPFramedCompressed, oc.GREv1),
    *(oc.GACh, oc.EDSA, oc.AristaTimestamp, oc.AristaTimestamp48, oc.CiscoMetaData, oc.CiscoTimestampTag, oc.SocketCAN),
    *(oc.EtherIP, oc.TZSP, oc.MACsec, oc.LISP, oc.TeredoAuthentication, oc.TeredoOrigin),
)
_IPV6_ONLY: Final = (
    oc.IPv6HopByHop,
    oc.IPv6DestinationOptions,
    oc.IPv6Routing,
    oc.IPv6SegmentRouting,
    oc.IPv6Fragment,
    oc.ICMPv6,
)


def _before(packet: oc.Packet, number: int, *classes: type[Header]) -> bool:
    """Whether a header of these classes stands before another."""
    return any(isinstance(header, classes) for header in packet.headers[:number])


TCPDUMP: Final[tuple[Entry, ...]] = (
    *beside_tunnels.TCPDUMP,
    Parting(
        "What stands behind headers that it has no words for",
        "overlaycodec",
        "tcpdump 4.99 has no printer for 802.1ah, 802.1BR and VN tags, Cisco's tags, those of Marvell and Arista in "
        "most frames, a CAN bus, EtherIP, ERSPAN, GUE, GTP-U, STT, telemetry, the control word of pseudowires, "
        "MPLS's associated channel, TZSP, "
        "Teredo's indications, the content of MACsec and LISP, PPP's framing outside PPP captures; of GRE version 1 it "
        "follows PPP alone.",
        lambda packet, number: _before(packet, number, *_UNKNOWN),
    ),
    Parting(
        "GUE without a header",
        "overlaycodec",
        "draft-ietf-intarea-gue-09 section 4: variant 1 is an IP packet right behind UDP, on port 6080. tcpdump "
        "has no GUE.",
        lambda packet, number: getattr(behind(packet, number), "dst_port", None) == 6080,
    ),
    Parting(
        "Ports of tunnels with octets that are no such tunnel",
        "both",
        "RFC 7605 section 5: the port of a packet does not prove its service. Where several signs of the header are "
        "wrong, we leave the octets as payload; tcpdump reads them by the port alone.",
        refused,
    ),
    Parting(
        "IPv6's extension headers and ICMPv6 behind IPv4",
        "both",
        "RFC 8200 has them in IPv6; protocol numbers are one registry. tcpdump shows the number and stops.",
        lambda packet, number: isinstance(here(packet, number), _IPV6_ONLY) and network_of(packet, number) is oc.IPv4,
    ),
    Parting(
        "MPLS in IP",
        "overlaycodec",
        "RFC 4023 section 3: protocol 137. tcpdump shows the number and stops.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.MPLS)
            and 137 in (getattr(behind(packet, number), name, None) for name in ("protocol", "next_header"))
        ),
    ),
    Parting(
        "A frame by EtherType outside tunnels",
        "both",
        "0x6558 is in the registry of EtherTypes; tcpdump looks for it in GRE, Geneve and NSH only.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.Ethernet)
            and type_of(behind(packet, number)) == 0x6558
            and not isinstance(behind(packet, number), oc.GRE | oc.Geneve)
        ),
    ),
    Parting(
        "GRE's protocol types",
        "overlaycodec",
        "RFC 2784 section 2.4: protocol types are EtherTypes. tcpdump follows IPv4, IPv6, MPLS, frames and a few more.",
        lambda packet, number: (
            isinstance(before := behind(packet, number), oc.GRE)
            and before.protocol_type not in (0x0800, 0x86DD, 0x8847, 0x6558)
        ),
    ),
    Parting(
        "Source routes in GRE",
        "overlaycodec",
        "RFC 1701: a row of entries, up to one of no octets. tcpdump shows the first, and loses its place in some.",
        lambda packet, number: isinstance(before := behind(packet, number), oc.GRE) and bool(before.routing_present),
    ),
    Parting(
        "Behind a routing header",
        "overlaycodec",
        "RFC 8200 section 4.4. tcpdump knows types 0, 2 and 4, asks for segments that are laid out just so, and "
        "stops at all others.",
        lambda packet, number: _before(packet, number, oc.IPv6Routing, oc.IPv6SegmentRouting),
    ),
    Parting(
        "Quoted packets",
        "both",
        "tcpdump shows the quotation of ICMP's errors by type and code, and none of ICMPv6's.",
        quoted,
    ),
    Parting(
        "Hop-by-hop options elsewhere than first",
        "both",
        "RFC 8200 section 4.1: they stand right behind the IPv6 header. Elsewhere tcpdump shows them, and stops.",
        lambda packet, number: any(
            isinstance(header, oc.IPv6HopByHop) and not isinstance(behind(packet, place), oc.IPv6)
            for place, header in enumerate(packet.headers[:number])
        ),
    ),
    Parting(
        "Extension headers behind an authentication header",
        "overlaycodec",
        "RFC 8200 section 4.1 recommends an order of extension headers and asks nodes to take any. Behind AH "
        "tcpdump stops at the next one.",
        lambda packet, number: any(
            isinstance(header, oc.IPv6DestinationOptions | oc.IPv6Fragment)
            and _before(packet, place, oc.AuthenticationHeader)
            for place, header in enumerate(packet.headers[:number])
        ),
    ),
    Parting(
        "What follows NSH",
        "overlaycodec",
        "RFC 8300 section 2.2: next protocol 4 is NSH, 5 is MPLS. tcpdump follows IPv4, IPv6 and frames.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.NSH | oc.MPLS) and isinstance(behind(packet, number), oc.NSH)
        ),
    ),
    Parting(
        "VLAN tags outside frames",
        "both",
        "IEEE 802.1Q clause 9.3 has tags in frames, and in SNAP. tcpdump looks for them behind an Ethernet header "
        "alone.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.VLANTag)
            and not isinstance(behind(packet, number), oc.Ethernet | oc.VLANTag)
        ),
    ),
    Parting(
        "IPv6 in loopback captures",
        "overlaycodec",
        "LINKTYPE_NULL: 24, 28 and 30 are IPv6 on the BSDs and macOS, 10 on Linux, by the machine that wrote the "
        "file. tcpdump knows some of them, by the machine that reads it.",
        lambda packet, number: isinstance(behind(packet, number), oc.BSDLoopback | oc.BSDNull),
    ),
    Parting(
        "Headers that are not all there",
        "both",
        "What cannot be read as a whole is payload to us, with a fault that says why. tcpdump shows what it has, "
        "and a mark where it ran out.",
        lambda packet, number: (
            (number >= len(packet.headers) - 1 and packet.fault is not None)
            or (number >= len(packet.headers) - 3 and packet.missing > 0)
        ),
    ),
    Value(
        "An option of Geneve that is longer than the options",
        "overlaycodec",
        "RFC 8926 section 3.5: such an option makes the packet one to drop. tcpdump shows it with the length it "
        "claims; it is no option to us, and kept as it is.",
        ("geneve.options",),
        lambda difference: any(
            isinstance(header, oc.Geneve) and bool(header.options_rest) for header in difference.packet.headers
        ),
    ),
    Value(
        "Partial checksums",
        "overlaycodec",
        "A capture on the sender has the sum of the pseudo-header where the network card is to finish it: partial "
        "to us, incorrect to tcpdump.",
        ("tcp.verdict", "udp.verdict"),
        lambda difference: (difference.ours, difference.theirs) == ("partial", "bad"),
    ),
    Value(
        "No UDP checksum over IPv6",
        "overlaycodec",
        "RFC 6935 section 5, RFC 6936: a tunnel may send 0 for none over IPv6 too. tcpdump calls it bad.",
        ("udp.verdict",),
        lambda difference: (difference.ours, difference.theirs) == ("absent", "bad"),
    ),
    Value(
        "The home address of a mobile node",
        "overlaycodec",
        "RFC 6275 section 11.3.1: the pseudo-header has the home address of the option as its source. tcpdump takes "
        "the source of the IPv6 header.",
        ("udp.verdict", "tcp.verdict", "icmpv6.verdict", "stt_segment.verdict"),
        lambda difference: home_addresses(difference.packet, difference.header) > 0,
    ),
    Value(
        "A completed source route",
        "overlaycodec",
        "RFC 791 section 3.1: with the pointer behind the last address the destination is reached. tcpdump takes "
        "the last address of the option for the pseudo-header all the same.",
        ("udp.verdict", "tcp.verdict", "stt_segment.verdict"),
        lambda difference: any(
            isinstance(option, oc.IPv4LooseSourceRouteOption | oc.IPv4StrictSourceRouteOption)
            and option.pointer > option.length
            for header in difference.packet.headers[: difference.header]
            if isinstance(header, oc.IPv4)
            for option in header.options
        ),
    ),
)

# Packets that show what the corpus seldom has.
_OVER_IPV6: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.IPv6(
    src="fd00::1", dst="fd00::2"
)
_DATAGRAM: Final = oc.UDP(src_port=50000, dst_port=40001) / b"data"
WITNESSES: Final[tuple[oc.Packet, ...]] = (
    _OVER_IPV6 / oc.AuthenticationHeader(spi=1) / oc.IPv6DestinationOptions() / _DATAGRAM,
    _OVER_IPV6 / oc.IPv6DestinationOptions() / oc.IPv6HopByHop() / _DATAGRAM,
)
