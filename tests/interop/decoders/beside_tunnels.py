"""Differences in formats beside tunnels, and in places where a tunnel is bound too; see `differences`."""

from __future__ import annotations

from typing import Final

import overlaycodec as oc
from tests.interop.decoders.differences import Entry, Parting, Value, behind, here, octets_behind


def _bounded(packet: oc.Packet, number: int) -> int:
    """How many octets stand behind a header within the bounds of those outside."""
    outside = sum(len(trailer.data) for trailer in packet.trailers if trailer.header < number)
    return octets_behind(packet, number) - outside


def _of_another_link_type(packet: oc.Packet, number: int) -> bool:
    """Whether a header of packet information is before, with a link type that the other decoders may not look up."""
    before = behind(packet, number)
    return isinstance(before, oc.PPI | oc.PKTAP) and before.link_type not in (1, 12, 113, 276)


TSHARK: Final[tuple[Entry, ...]] = (
    Parting(
        "Marvell's tags",
        "overlaycodec",
        "LINKTYPE_DSA_TAG_EDSA, and Linux's net/dsa/tag_dsa.c. tshark 4.0 has no dissector for them.",
        lambda packet, number: isinstance(here(packet, number), oc.DSA | oc.EDSA),
    ),
    Parting(
        "Link types within PPI and PKTAP",
        "both",
        "LINKTYPE_PPI and LINKTYPE_PKTAP: the number is a DLT_ value, which is the link type but for a few that differ "
        "by system. We look up any link type; tshark has a list of its own.",
        _of_another_link_type,
    ),
    Parting(
        "EtherTypes in Cisco's frame relay",
        "both",
        "Cisco puts an EtherType behind the address. tshark has the table of its HDLC, and looks for frames there.",
        lambda packet, number: (
            isinstance(behind(packet, number), oc.CiscoFrameRelay)
            and not isinstance(here(packet, number), oc.IPv4 | oc.IPv6 | oc.MPLS)
        ),
    ),
    Value(
        "EtherTypes in Cisco's frame relay that it does not know",
        "overlaycodec",
        "The field is there, whatever its value is. tshark shows it only where it knows it.",
        ("fr.chdlctype",),
        lambda difference: difference.theirs == [],
    ),
    Value(
        "Organisations in frame relay",
        "both",
        "RFC 2427 section 3: SNAP behind an NLPID. tshark shows it by other names there.",
        ("llc.oui", "llc.type"),
        lambda difference: isinstance(difference.packet.headers[0], oc.FrameRelay),
    ),
    Parting(
        "A packet of NFLOG that is not all there, or has octets behind it",
        "both",
        "tshark shows no attribute that goes on, with its padding, behind the end of the record, "
        "nor the packet where more follows it; we show both.",
        lambda packet, number: (
            isinstance(header := here(packet, number), oc.NFLOG)
            and octets_behind(packet, number) != -(-header.attributes[-1].length // 4) * 4 - 4
        ),
    ),
    Parting(
        "A length behind the tags of Arista and Cisco",
        "overlaycodec",
        "The tags stand between the addresses and the type or length of a frame. tshark takes it for a type.",
        lambda packet, number: (
            isinstance(behind(packet, number), oc.AristaTimestamp | oc.AristaTimestamp48 | oc.CiscoMetaData)
            and isinstance(here(packet, number), oc.LLC)
        ),
    ),
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
            and not isinstance(here(packet, number), oc.IPv4 | oc.IPv6 | oc.MPLS | oc.SLARP | oc.SLARPKeepalive)
        ),
    ),
    Parting(
        "Teredo's indications in front of no IPv6 packet, or of another indication",
        "both",
        "RFC 4380 section 5.1.1: at most one of each, and an IPv6 packet behind them. tshark calls anything else there "
        "a packet of IP; we leave it as payload, and read indications as they come.",
        lambda packet, number: (
            isinstance(behind(packet, number), oc.TeredoAuthentication | oc.TeredoOrigin)
            and not isinstance(here(packet, number), oc.IPv6 | oc.TeredoOrigin)
        ),
    ),
    Parting(
        "Data of WireGuard that is not encrypted",
        "both",
        "The protocol pads what it encrypts to 16 octets and adds a tag of 16. tshark reads no other message.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.WireGuard)
            and (_bounded(packet, number) < 16 or _bounded(packet, number) % 16 > 0)
        ),
    ),
    Parting(
        "A control message of L2TP with less than an attribute",
        "both",
        "RFC 2661 section 4.1: an attribute has 6 octets or more. tshark shows nothing of a message with less.",
        lambda packet, number: any(
            isinstance(header, oc.L2TPControl | oc.L2TPv3Control) and 12 < header.length < 18
            for header in packet.headers[number : number + 2]  # the session 0 is before those in IP
        ),
    ),
    Value(
        "The session 0 of such a message in IP",
        "both",
        "RFC 3931 section 4.1.1.2: 0 is no packet. tshark shows nothing of a message with less than an attribute.",
        ("l2tp.sid",),
        lambda difference: difference.theirs == [] and any(isinstance(h, oc.L2TPv3Control) for h in difference.packet),
    ),
    Parting(
        "A length in MACsec",
        "overlaycodec",
        "IEEE 802.1AE clause 9.6: the secured data begin with a type or a length, as the frame did. tshark takes it "
        "for a type.",
        lambda packet, number: (
            isinstance(behind(packet, number), oc.MACsec) and isinstance(here(packet, number), oc.LLC)
        ),
    ),
    Parting(
        "MACsec without a check value",
        "tshark",
        "IEEE 802.1AE clause 9.7: 8 to 16 octets follow the data. tshark reads nothing where there are not 16, and "
        "data before them.",
        lambda packet, number: (
            isinstance(here(packet, number), oc.MACsec | oc.MACsecEncrypted) and _bounded(packet, number) <= 16
        ),
    ),
    Value(
        "Reserved bits of a packet of L2TP version 3 in UDP",
        "overlaycodec",
        "RFC 3931 section 4.1.2.1: all but T and the version are reserved. tshark shows those of L and S.",
        ("l2tp.length_bit", "l2tp.seq_bit"),
        lambda difference: any(isinstance(header, oc.L2TPv3OverUDP) for header in difference.packet.headers),
    ),
    Value(
        "Checksum of a Register over IPv6",
        "tshark",
        "RFC 7761 section 4.9: over the first 8 octets and a pseudo-header. We show the field, and do not judge it.",
        ("pim.cksum.status",),
        lambda difference: any(isinstance(header, oc.PIMRegisterOverIPv6) for header in difference.packet.headers),
    ),
    Value(
        "Checksum of ICMP's extensions in a first fragment",
        "overlaycodec",
        "RFC 791 section 3.2: more fragments follow, so the structure is not all there. tshark judges what there is.",
        ("icmp.ext.checksum.status",),
        lambda difference: difference.ours == 2,
    ),
)

TCPDUMP: Final[tuple[Entry, ...]] = (
    Value(
        "Checksum of a Register over IPv6",
        "tcpdump",
        "RFC 7761 section 4.9: over the first 8 octets and a pseudo-header. We show the field, and do not judge it.",
        ("pim_register_ipv6.verdict",),
        lambda difference: difference.ours is None,
    ),
    Value(
        "PIM's checksum in a first fragment",
        "overlaycodec",
        "RFC 791 section 3.2: more fragments follow, so the message is not all there. tcpdump judges what there is.",
        ("pim.verdict", "pim_ipv6.verdict"),
        lambda difference: difference.ours == "unverifiable",
    ),
    Parting(
        "Link types within PPI and PKTAP",
        "both",
        "LINKTYPE_PPI and LINKTYPE_PKTAP: the number is a DLT_ value, which is the link type but for a few that differ "
        "by system. We look up any link type; tcpdump has a list of its own.",
        _of_another_link_type,
    ),
    Parting(
        "ESP without content",
        "both",
        "RFC 4303 section 2.4: padding and a next header follow at least. tcpdump shows nothing of ESP without them.",
        lambda packet, number: isinstance(here(packet, number), oc.ESP) and octets_behind(packet, number) == 0,
    ),
    Parting(
        "Teredo",
        "overlaycodec",
        "RFC 4380 section 5.1.1: an IPv6 packet right behind UDP, on port 3544. tcpdump has no Teredo.",
        lambda packet, number: getattr(behind(packet, number), "dst_port", None) == 3544,
    ),
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
