"""The key spaces of the catalog: the numberings that say what follows."""

from __future__ import annotations

from typing import Final

from overlaycodec.schema.keys import KeySpace

ETHERTYPE: Final = KeySpace("ethertype", hexadecimal=True)
"""IEEE 802 numbers of 0x0600 and up: what an Ethernet frame, a tag or a tunnel carries."""
IEEE802_LENGTH: Final = KeySpace("ieee802_length")
"""One key, 0: what follows where the type field is a length."""
LLC_SAP: Final = KeySpace("llc_sap", 8)
"""Service access points of LLC."""
IP_PROTOCOL: Final = KeySpace("ip_protocol", 8)
"""IANA protocol numbers: IPv4's protocol, IPv6's next header."""
UDP_PORT: Final = KeySpace("udp_port")
"""UDP destination ports."""
TCP_PORT: Final = KeySpace("tcp_port")
"""TCP destination ports; nothing is bound by default."""
LINK_TYPE: Final = KeySpace("link_type")
"""Link types of capture files: what a record starts with."""
LOOPBACK_FAMILY: Final = KeySpace("loopback_family", 32, parent=ETHERTYPE)
"""Address families at the start of NULL and LOOP records; some writers put EtherTypes there."""
MPLS_LABEL: Final = KeySpace("mpls_label", 20)
"""The label at the bottom of a stack; a binding says what its tunnel carries."""
ICMP_TYPE: Final = KeySpace("icmp_type", 8)
"""ICMP message types, which say how the body is laid out."""
ICMPV6_TYPE: Final = KeySpace("icmpv6_type", 8)
"""ICMPv6 message types."""
GPE_PROTOCOL: Final = KeySpace("gpe_protocol", 8)
"""VXLAN-GPE's next protocol."""
SLL_PROTOCOL: Final = KeySpace("sll_protocol", parent=ETHERTYPE, hexadecimal=True)
"""Linux cooked captures: EtherTypes, and a few numbers of Linux's own."""
SNAP_PROTOCOL: Final = KeySpace("snap_protocol", parent=ETHERTYPE, hexadecimal=True)
"""SNAP's protocol id under the OUI 0 or 0x0000F8."""
CISCO_HDLC_PROTOCOL: Final = KeySpace("cisco_hdlc_protocol", parent=ETHERTYPE, hexadecimal=True)
"""Cisco's HDLC: EtherTypes, and numbers of its own, some of which are EtherTypes of something else (0x8035, SLARP)."""
STT_OFFSET: Final = KeySpace("stt_offset")
"""The offset of an STT segment: only at 0 stands the frame header."""
PPP_PROTOCOL: Final = KeySpace("ppp_protocol", hexadecimal=True)
"""PPP's protocol numbers."""
NSH_PROTOCOL: Final = KeySpace("nsh_protocol", 8)
"""The network service header's next protocol."""
ERSPAN_FRAME: Final = KeySpace("erspan_frame", 5)
"""What kind of frame ERSPAN III mirrors."""
GTPU_EXTENSION: Final = KeySpace("gtpu_extension", 8, hexadecimal=True)
"""Types of GTP-U's extension headers; 0: the packet itself follows."""
IGMP_TYPE: Final = KeySpace("igmp_type", 8, hexadecimal=True)
"""IGMP message types."""
IGMP_QUERY: Final = KeySpace("igmp_query", 1)
"""One key, 0: what a query has beyond the group."""
MLD_QUERY: Final = KeySpace("mld_query", 1)
"""The same of MLD."""
BPDU_TYPE: Final = KeySpace("bpdu_type", 8)
"""Types of bridge protocol data units: what follows those of STP."""
BPDU_ADDITION: Final = KeySpace("bpdu_addition", 8)
"""One key, 0: what newer versions add to a rapid BPDU."""
SLOW_SUBTYPE: Final = KeySpace("slow_subtype", 8)
"""Subtypes of slow protocols."""
PTP_MESSAGE: Final = KeySpace("ptp_message", 4)
"""Types of messages of the precision time protocol."""
TZSP_PROTOCOL: Final = KeySpace("tzsp_protocol")
"""What the frame of a sniffer is."""
