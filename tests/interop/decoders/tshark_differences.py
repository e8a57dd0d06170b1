"""What tshark reads otherwise than we do; see `differences` for what an entry is."""

from __future__ import annotations

from typing import Final

import overlaycodec as oc
from tests.interop.decoders import beside_tunnels
from tests.interop.decoders.compare import STACK, type_of
from tests.interop.decoders.differences import (
    Entry,
    Parting,
    Value,
    behind,
    follows,
    here,
    home_addresses,
    network_of,
    octets_behind,
    quoted,
    refused,
)

GRE_TYPES: Final = frozenset({0x0800, 0x86DD, 0x6558, 0x88BE, 0x22EB, 0x8847, 0x8848, 0x894F, 0x880B, 0x0806})

_PSEUDO_CHECKSUMS: Final = (
    *(f"{name}.checksum.status" for name in ("udp", "tcp", "icmpv6", "vrrp")),
    "pim.cksum.status",
)
_CHECKSUMS: Final = (*_PSEUDO_CHECKSUMS, *(f"{name}.checksum.status" for name in ("gre", "icmp", "igmp")))

TSHARK: Final[tuple[Entry, ...]] = (
    *beside_tunnels.TSHARK,
    Parting(
        "ERSPAN III outside GRE",
        "both",
        "0x22EB stands in the registry of EtherTypes, which GRE's protocol types are (RFC 2784 section 2.4); we "
        "look any EtherType up there. draft-foschiano-erspan puts ERSPAN in GRE only, and only there tshark looks "
        "for it.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.ERSPANv3) and not isinstance(behind(packet, number), oc.GRE | oc.GREv1)
        ),
    ),
    Parting(
        "PPP by EtherType outside GRE and PPPoE",
        "both",
        "0x880B is PPP in the registry of EtherTypes; tshark looks for it in GRE only (RFC 2637).",
        lambda packet, number: (
            isinstance(here(packet, number), oc.PPP | oc.PPPFramed | oc.PPPCompressed | oc.PPPFramedCompressed)
            and type_of(behind(packet, number)) == 0x880B
            and not isinstance(behind(packet, number), oc.GRE | oc.GREv1)
        ),
    ),
    Parting(
        "PPP's address and control octets in a PPPoE session",
        "both",
        "RFC 2516 section 4 has no octets of HDLC framing in front of the protocol. We read 0xFF03 there as "
        "framing, as in GRE; tshark as a protocol of one octet, 0xFF. No such protocol exists (RFC 1661 section "
        "2).",
        follows(oc.PPPoE, (oc.PPPFramed, oc.PPPFramedCompressed)),
    ),
    Parting(
        "GUE",
        "overlaycodec",
        "Port 6080 is assigned to GUE (draft-ietf-intarea-gue); tshark 4.0 has no dissector for it.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.GUE | oc.IPv4 | oc.IPv6)
            and getattr(behind(packet, number), "dst_port", 0) == 6080
        ),
    ),
    Parting(
        "GRE's protocol types that are EtherTypes of tags, LLDP, PPPoE",
        "overlaycodec",
        "RFC 2784 section 2.4: protocol types are EtherTypes. tshark has a table of its own for GRE, in which "
        "these are not.",
        lambda packet, number: (
            isinstance(before := behind(packet, number), oc.GRE | oc.GREv1) and before.protocol_type not in GRE_TYPES
        ),
    ),
    Parting(
        "TPID 0x9200",
        "both",
        "No standard names it; switches of some makers tag with it. tshark knows 0x8100, 0x88A8, 0x9100 and "
        "0x9300's kin only.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.VLANTag) and type_of(behind(packet, number)) == 0x9200
        ),
    ),
    Parting(
        "ERSPAN type I",
        "overlaycodec",
        "draft-foschiano-erspan-03 section 4.1: type I has no header of its own, and GRE's S is 0. tshark reads a "
        "header of type II in the addresses of the frame.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.Ethernet)
            and getattr(behind(packet, number), "protocol_type", 0) == 0x88BE
        ),
    ),
    Parting(
        "GRE version 1 with another protocol type than PPP",
        "neither",
        "RFC 2637 section 4.1: the protocol type is 0x880B. With another one tshark reads on as in version 0, we "
        "as in version 1.",
        lambda packet, number: isinstance(header := here(packet, number), oc.GREv1) and header.protocol_type != 0x880B,
    ),
    Parting(
        "STT behind anything but IPv4",
        "overlaycodec",
        "draft-davie-stt-08 has STT over IPv4 and IPv6. tshark's heuristic stands behind IPv4's own header alone.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.STTSegment) and not isinstance(behind(packet, number), oc.IPv4)
        ),
    ),
    Parting(
        "More than 8 octets of data in a redirect's quotation",
        "overlaycodec",
        "RFC 792 page 12 quotes 64 bits of data, RFC 1812 section 4.3.2.3 as much as fits 576 octets, of all ICMP "
        "errors. tshark reads more than 8 octets in the others, and no more in a redirect.",
        lambda packet, number: (
            number >= 2
            and isinstance(here(packet, number - 2), oc.ICMPRedirect)
            and octets_behind(packet, number - 1) > 8
        ),
    ),
    Parting(
        "A length behind S-tags, I-tags and E-tags",
        "overlaycodec",
        "IEEE 802.1Q clause 9.6, IEEE 802.3 clause 3.2.6: the field behind a tag is a type or a length, as "
        "without one. tshark takes it for a type behind these tags, and finds none.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.LLC)
            and (
                isinstance(behind(packet, number), oc.ETag)
                or (isinstance(behind(packet, number), oc.VLANTag) and type_of(behind(packet, number - 1)) == 0x88A8)
                or (isinstance(behind(packet, number), oc.Ethernet) and isinstance(behind(packet, number - 1), oc.ITag))
            )
        ),
    ),
    Parting(
        "GTP-U of an unknown message type",
        "both",
        "3GPP TS 29.281 section 6.1 lists the messages. The header is laid out in the same way for all; tshark "
        "shows none for a type that it does not know.",
        lambda packet, number: (
            isinstance(header := here(packet, number), oc.GTPU) and header.message_type not in (1, 2, 26, 31, 254, 255)
        ),
    ),
    Parting(
        "An IP packet in ERSPAN III",
        "overlaycodec",
        "draft-foschiano-erspan-03 section 4.3: frame type 2 is an IP packet. tshark goes on with Ethernet alone.",
        follows(oc.ERSPANv3, (oc.IPv4, oc.IPv6)),
    ),
    Parting(
        "Ports of tunnels with octets that are no such tunnel",
        "both",
        "RFC 7605 section 5: the port of a packet does not prove its service. Where several signs of the header are "
        "wrong, we read payload, or TCP instead of STT; tshark reads the tunnel by the port alone.",
        refused,
    ),
    Value(
        "Seconds of DHCP that end in a zero octet",
        "both",
        "RFC 2131 section 2: network order. Some clients write the other order, so that tshark swaps the octets where "
        "the second one is 0.",
        ("dhcp.secs",),
        lambda difference: isinstance(difference.theirs, int) and difference.ours == difference.theirs << 8,
    ),
    Value(
        "Several home address options",
        "neither",
        "RFC 6275 section 6.3: a packet has no more than one. We take the innermost header's first one for the "
        "pseudo-header, tshark the last one.",
        _PSEUDO_CHECKSUMS,
        lambda difference: home_addresses(difference.packet, difference.header) > 1,
    ),
    Value(
        "Checksums behind a first fragment",
        "both",
        "RFC 791 section 3.2: more fragments follow, so tshark judges no checksum. Where a length inside shows "
        "that all octets are there, we judge.",
        _CHECKSUMS,
        lambda difference: (
            difference.theirs == 2
            and any(
                getattr(header, "more_fragments", False) for header in difference.packet.headers[: difference.header]
            )
        ),
    ),
    Value(
        "Checksums behind a routing header behind IPv4",
        "neither",
        "RFC 8200 section 4.4: routing headers are IPv6's. Behind IPv4 we take their last address for the "
        "pseudo-header, tshark that of the IPv4 header.",
        _PSEUDO_CHECKSUMS,
        lambda difference: any(
            isinstance(header, oc.IPv6SegmentRouting) and network_of(difference.packet, number) is oc.IPv4
            for number, header in enumerate(difference.packet.headers[: difference.header])
        ),
    ),
    Parting(
        "A container of a radio network in GTP-U",
        "overlaycodec",
        "3GPP TS 29.281 section 5.2.2.6: extension header 0x84 (NR RAN container) is one as all others. tshark "
        "shows it, and nothing behind it.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.GTPUExtension)
            and getattr(behind(packet, number), "next_extension", None) == 0x84
        ),
    ),
    Parting(
        "GRE version 1 with C or R",
        "both",
        "RFC 2637 section 4.1: both bits are 0. Where one is set, tshark looks for a checksum and an offset, as "
        "RFC 1701 has them in version 0; we do not.",
        lambda packet, number: (
            isinstance(header := here(packet, number), oc.GREv1) and (header.checksum_present or header.routing_present)
        ),
    ),
    Parting(
        "An S-tag in front of another, or of an I-tag",
        "both",
        "IEEE 802.1Q clause 9.7: the tags of a backbone frame. tshark takes both for one header, and shows the "
        "first as the backbone's VID.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.VLANTag)
            and type_of(behind(packet, number)) == 0x88A8
            and (type_of(here(packet, number)) == 0x88A8 or isinstance(here(packet, number + 1), oc.ITag))
        ),
    ),
    Value(
        "Selective acknowledgment of no block",
        "both",
        "RFC 2018 section 3: an option of n blocks takes 8 n + 2 octets. tshark calls 2 octets too short, and "
        "reads no option from there on; we read no block.",
        (
            "tcp.option_kind",
            "tcp.option_len",
            "tcp.options.mss_val",
            "tcp.options.wscale.shift",
            "tcp.options.sack_le",
            "tcp.options.sack_re",
            "tcp.options.timestamp.tsval",
            "tcp.options.timestamp.tsecr",
        ),
        lambda difference: any(
            isinstance(option, oc.TCPSACKOption) and not option.blocks
            for header in difference.packet.headers
            if isinstance(header, oc.TCP)
            for option in header.options
        ),
    ),
    Value(
        "Pad1 at the very end",
        "overlaycodec",
        "RFC 8200 section 4.2: Pad1 is one octet, without a length. tshark reads a length behind it all the same, "
        "and calls the packet malformed where nothing follows.",
        ("ipv6.opt.type",),
        lambda difference: (
            not difference.packet.payload
            and isinstance(
                header := here(difference.packet, len(difference.packet.headers) - 1),
                oc.IPv6HopByHop | oc.IPv6DestinationOptions,
            )
            and header.options[-1].type == 0
        ),
    ),
    Value(
        "Checksums behind an IPv6 fragment header behind IPv4",
        "neither",
        "RFC 8200 section 4.5: the header is IPv6's. We take what follows for a first fragment; tshark "
        "judges its checksum.",
        _CHECKSUMS,
        lambda difference: (
            difference.ours == 2
            and any(
                isinstance(header, oc.IPv6Fragment) and network_of(difference.packet, number) is oc.IPv4
                for number, header in enumerate(difference.packet.headers[: difference.header])
            )
        ),
    ),
    Value(
        "SNAP and IP behind other controls of LLC",
        "overlaycodec",
        "IEEE 802 clause 9.5, RFC 1042: SNAP and IP are in unnumbered information. tshark reads them behind any "
        "control.",
        ("llc.oui", "llc.type", "llc.pid", STACK),
        lambda difference: any(
            isinstance(header, oc.LLC)
            and ((header.dsap, header.ssap) == (0xAA, 0xAA) or header.dsap == 0x06)
            and header.control != 3
            for header in difference.packet.headers
        ),
    ),
    Value(
        "ICMP of less than 8 octets",
        "tshark",
        "RFC 792: all messages have 8 octets or more. tshark shows none that is shorter; we show the 4 that are "
        "in all of them, and leave the rest as payload.",
        (STACK, *(f"icmp.{name}" for name in ("type", "code", "checksum", "checksum.status"))),
        lambda difference: (
            isinstance(here(difference.packet, len(difference.packet.headers) - 1), oc.ICMP)
            and len(difference.packet.payload) < 4
        ),
    ),
    Value(
        "Checksums behind a routing header in a quotation",
        "overlaycodec",
        "RFC 8200 section 8.1: the pseudo-header has the last address of the way. In a quotation tshark takes "
        "that of the IPv6 header.",
        _PSEUDO_CHECKSUMS,
        lambda difference: (
            quoted(difference.packet, difference.header)
            and any(
                isinstance(header, oc.IPv6SegmentRouting) for header in difference.packet.headers[: difference.header]
            )
        ),
    ),
    Parting(
        "Headers that are not all there, or of an unknown version",
        "both",
        "What cannot be read as a whole is payload to us, with a fault that says why. tshark names it, shows the "
        "part that is there, and marks the packet malformed; it reads an unknown version as if it were the known "
        "one.",
        lambda packet, number: number == len(packet.headers) and packet.fault is not None,
    ),
    Parting(
        "The last header before the capture's cut",
        "both",
        "Where a capture kept less than was on the wire, tshark shows fields of what is cut as far as they are "
        "there, or gives a whole message up. We read a header, or an option, whole or not at all.",
        lambda packet, number: packet.missing > 0 and number >= len(packet.headers) - 2,
    ),
    Parting(
        "An empty PPPoE session frame",
        "both",
        "RFC 2516 section 4: the length is 0, and what follows is the link's padding. tshark names a PPP of no octets.",
        lambda packet, number: isinstance(before := behind(packet, number), oc.PPPoE) and before.length == 0,
    ),
    Parting(
        "IPv6 in the loopback captures of Linux",
        "overlaycodec",
        "Address family 10 is IPv6 on Linux, as 24, 28 and 30 are on the BSDs and macOS (LINKTYPE_NULL: the "
        "numbers are those of the machine). tshark knows the latter.",
        lambda packet, number: getattr(behind(packet, number), "family", None) == 10,
    ),
    Parting(
        "In-band telemetry behind VXLAN-GPE",
        "overlaycodec",
        "INT dataplane specification 2.1 section 5.6; tshark 4.0 has no dissector for it.",
        lambda packet, number: isinstance(here(packet, number), oc.INTMD | oc.INTMX),
    ),
    Parting(
        "A profile of Google's in Geneve, without data",
        "both",
        "The maker says nothing of its size. tshark reads a number of up to 8 octets, and gives the packet up where "
        "there are none.",
        lambda packet, number: (
            isinstance(header := here(packet, number), oc.Geneve)
            and any((option.option_class, option.type, option.length) == (0x0132, 3, 0) for option in header.options)
        ),
    ),
    Parting(
        "Cooked captures of netlink and of radio",
        "both",
        "LINKTYPE_LINUX_SLL: with ARPHRD type 824 the protocol field has a netlink family, and with 803 it is to be "
        "ignored. tshark goes on with netlink, of which it shows the header as a part, and with radiotap; here both "
        "are payload.",
        lambda packet, number: any(
            isinstance(header, oc.SLL | oc.SLL2) and header.arphrd_type in (824, 803)
            for header in (here(packet, number), behind(packet, number))
        ),
    ),
    Parting(
        "MPLS in VXLAN-GPE",
        "both",
        "draft-ietf-nvo3-vxlan-gpe-03 had next protocol 5 for MPLS; the last draft (-13, section 3.2) has not, "
        "and neither do we.",
        lambda packet, number: (
            here(packet, number) is None
            and isinstance(before := behind(packet, number), oc.VXLANGPE)
            and before.next_protocol == 5
        ),
    ),
    Parting(
        "A record route option shorter than its pointer",
        "both",
        "RFC 791 section 3.1 has 3 octets before the route. tshark reads nothing behind an option of 2; we read "
        "one without data.",
        lambda packet, number: (
            isinstance(before := behind(packet, number), oc.IPv4)
            and any(isinstance(option, oc.IPv4Option) and option.type == 7 for option in before.options)
        ),
    ),
    Value(
        "No UDP checksum over IPv6",
        "overlaycodec",
        "RFC 6935 section 5, RFC 6936: a tunnel may send 0 for none over IPv6 too. tshark calls it illegal, as "
        "RFC 8200 section 8.1 has it for all else.",
        ("udp.checksum.status",),
        lambda difference: difference.ours == 3 and difference.theirs == 4,
    ),
    Value(
        "The pointer of a time stamp option",
        "both",
        "RFC 791 section 3.1. We have no class for this option, and its pointer is the first octet of its data.",
        ("ip.opt.ptr",),
        lambda difference: any(
            isinstance(option, oc.IPv4Option) and option.type == 68
            for header in difference.packet.headers
            if isinstance(header, oc.IPv4)
            for option in header.options
        ),
    ),
    Value(
        "STT's checksum",
        "overlaycodec",
        "draft-davie-stt-08 section 3.1: the checksum is TCP's. tshark 4.0 sums it wrong: it calls each right one "
        "bad, and says that 0 was right. With the heuristic off, it judges the same octets as TCP and finds them "
        "right: see the test of STT.",
        ("stt.checksum.status",),
        lambda difference: difference.ours == 1 and difference.theirs == 0,
    ),
    Value(
        "Checksums in quoted packets",
        "both",
        "An ICMP error need not quote the whole packet (RFC 792, RFC 4443 section 2.4). Where all octets are "
        "there we judge; tshark never does in a quotation.",
        _CHECKSUMS,
        lambda difference: difference.theirs == 2 and quoted(difference.packet, difference.header),
    ),
    Value(
        "IGMP with octets behind its message",
        "overlaycodec",
        "RFC 2236 section 2.3: the checksum is over the whole IP payload. tshark sums 8 octets of version 2.",
        ("igmp.checksum.status",),
        lambda difference: (
            difference.ours in (1, 2)
            and difference.theirs == 0
            and isinstance(here(difference.packet, len(difference.packet.headers) - 1), oc.IGMPGroup | oc.IGMPQuery)
            and (bool(difference.packet.payload) or difference.packet.missing > 0)
        ),
    ),
    Value(
        "IGMP of an unknown type",
        "both",
        "tshark shows no checksum where it does not know the message; RFC 2236 section 2 has it in all of them.",
        ("igmp.checksum", "igmp.checksum.status"),
        lambda difference: any(
            isinstance(header, oc.IGMP) and header.type not in (0x11, 0x12, 0x16, 0x17, 0x22)
            for header in difference.packet.headers
        ),
    ),
    Value(
        "Octets behind the end of TCP's options",
        "overlaycodec",
        "RFC 9293 section 3.1: the end of the option list is the end; what fills the header up is padding. tshark "
        "shows each zero of the padding as one more end.",
        ("tcp.option_kind",),
        lambda difference: any(
            isinstance(header, oc.TCP) and bool(header.options_rest) for header in difference.packet.headers
        ),
    ),
)

# Packets that show what the corpus seldom has.
_FRAME: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
_OVER_IPV6: Final = _FRAME / oc.IPv6(src="fd00::1", dst="fd00::2")
_OVER_IPV4: Final = _FRAME / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
WITNESSES: Final[tuple[oc.Packet, ...]] = (
    _OVER_IPV6 / oc.IPv6DestinationOptions(options=(oc.IPv6Option(type=0x1E, data=bytes(3)), oc.IPv6Option(type=0))),
    _FRAME / oc.PPPoE(session_id=1) / b"",
    _FRAME / oc.LLC(dsap=0xAA, ssap=0xAA, control=44, sequence=0) / bytes(8),
    # an end marker with the container of a session
    _OVER_IPV4
    / oc.UDP(src_port=50000)
    / oc.GTPU(message_type=254, teid=1, sequence=0, npdu=0, next_extension=0x85, extension_present=True)
    / b"\x01\x10\x09\x00",
)
