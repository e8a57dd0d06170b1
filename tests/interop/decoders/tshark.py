"""tshark: its names for our fields, and its reading of a capture.

Strategy: `-T fields` gives each field's values in the order in which they stand in the packet, at whatever depth. So
does a walk over our headers. Nothing is matched but that order.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import overlaycodec as oc
from overlaycodec.schema.record import WireStruct
from tests.interop.decoders.compare import Comparison, Tables, names_of_stack, parting, type_of
from tests.interop.decoders.corpus import PSEUDOWIRE_LABEL
from tests.interop.decoders.differences import Entry
from tests.interop.decoders.fields import VERDICT, As, Table, among, bits, coded, each, times, told, type_or_length
from tests.interop.decoders.tshark_differences import TSHARK, WITNESSES
from tests.interop.live.machine import need
from tests.test_stacks import NAMES, NO_HEADER
from tests.tools.stacks import OPTIONS as STACK_OPTIONS
from tests.tools.stacks import tshark_version

# Those that the stored stacks were made with, but with the checksums checked.
OPTIONS: Final = (
    *(part.replace("check_checksum:FALSE", "check_checksum:TRUE") for part in STACK_OPTIONS),
    *(
        "-o",
        "ipv6.try_heuristic_first:TRUE",
        "-o",
        "stt.check_checksum:TRUE",
        "-o",
        "tcp.relative_sequence_numbers:FALSE",
        "--disable-protocol",
        "carp",
        "-d",
        f"mpls.label=={PSEUDOWIRE_LABEL},pwethcw",
    ),
)
S_TAG: Final = "a tag of type 0x88A8"
MLD_V2_QUERY: Final = "a query of version 2"
BEHIND_I_TAG: Final = "a frame behind an I-tag"

_IP_OPTION: Final = {"type": "ip.opt.type", "length": "ip.opt.len"}
_ROUTE: Final = _IP_OPTION | {"pointer": "ip.opt.ptr"}
_IPV6_OPTION: Final = {"type": "ipv6.opt.type", "length": "ipv6.opt.length"}
_TCP_OPTION: Final = {"kind": "tcp.option_kind", "length": "tcp.option_len"}
_NDP_OPTION: Final = {"type": "icmpv6.opt.type", "length": "icmpv6.opt.length"}
_ECHO: Final = {"identifier": "icmp.ident", "sequence": "icmp.seq"}
_VXLAN: Final = {"vni": "vxlan.vni"}
_PPPOE: Final = {
    "version": "pppoe.version",
    "type": "pppoe.type",
    "code": "pppoe.code",
    "session_id": "pppoe.session_id",
    "length": "pppoe.payload_length",
}


def last_hop(options: tuple[WireStruct, ...]) -> object:
    """The last address of the first source route, while there are some to be visited."""
    for option in options:
        if isinstance(option, oc.IPv4LooseSourceRouteOption | oc.IPv4StrictSourceRouteOption):
            return option.route[-1].address if option.pointer <= option.length and option.route else None
    return None


def pending(header: WireStruct) -> object:
    """The last hop of a header's source route, as long as it is on the way."""
    return last_hop(header.options) if isinstance(header, oc.IPv4) else None


FIELDS: Final[Mapping[type[WireStruct] | str, Table]] = {
    oc.Ethernet: {"dst": "eth.dst", "src": "eth.src", "ethertype": type_or_length("ethertype", "eth.type", "eth.len")},
    BEHIND_I_TAG: {"dst": "ieee8021ah.cdst", "src": "ieee8021ah.csrc", "ethertype": "ieee8021ah.etype"},
    oc.VLANTag: {
        "pcp": "vlan.priority",
        "dei": "vlan.dei",
        "vid": "vlan.id",
        "ethertype": type_or_length("ethertype", "vlan.etype", "vlan.len"),
    },
    S_TAG: {
        "pcp": "ieee8021ad.priority",
        "dei": "ieee8021ad.dei",
        "vid": "ieee8021ad.id",
        "ethertype": "ieee8021ah.etype",
    },
    oc.LLC: {"dsap": "llc.dsap", "ssap": "llc.ssap"},
    oc.SNAP: {"oui": "llc.oui", "protocol": among("llc.type", "oui", frozenset({0, 0xF8}))},
    oc.ARP: {
        "hardware_type": "arp.hw.type",
        "protocol_type": "arp.proto.type",
        "hardware_length": "arp.hw.size",
        "protocol_length": "arp.proto.size",
        "operation": "arp.opcode",
        "sender_hardware": "arp.src.hw_mac",
        "sender_protocol": "arp.src.proto_ipv4",
        "target_hardware": "arp.dst.hw_mac",
        "target_protocol": "arp.dst.proto_ipv4",
    },
    oc.MPLS: {
        "label": "mpls.label",
        "traffic_class": "mpls.exp",
        "bottom_of_stack": "mpls.bottom",
        "ttl": "mpls.ttl",
    },
    oc.IPv4: {
        "version": "ip.version",
        "ihl": times("ip.hdr_len", 4),
        "dscp": "ip.dsfield.dscp",
        "ecn": "ip.dsfield.ecn",
        "total_length": "ip.len",
        "identification": "ip.id",
        "reserved0": "ip.flags.rb",
        "dont_fragment": "ip.flags.df",
        "more_fragments": "ip.flags.mf",
        "fragment_offset": "ip.frag_offset",
        "ttl": "ip.ttl",
        "protocol": "ip.proto",
        "checksum": "ip.checksum",
        VERDICT: "ip.checksum.status",
        "src": "ip.src",
        # with hops still to be visited, it shows the last one as the destination
        "dst": (
            As("ip.dst", where=lambda header: pending(header) is None),
            As("ip.cur_rt", where=lambda header: pending(header) is not None),
        ),
        "options": As("ip.dst", last_hop, lambda header: pending(header) is not None),
    },
    oc.IPv4Option: _IP_OPTION,
    oc.IPv4RecordRouteOption: _ROUTE,
    oc.IPv4LooseSourceRouteOption: _ROUTE,
    oc.IPv4StrictSourceRouteOption: _ROUTE,
    oc.IPv4RouterAlertOption: _IP_OPTION | {"value": "ip.opt.ra"},
    oc.IPv6: {
        "version": ("ip.version", "ipv6.version"),
        "dscp": "ipv6.tclass.dscp",
        "ecn": "ipv6.tclass.ecn",
        "flow_label": "ipv6.flow",
        "payload_length": "ipv6.plen",
        "next_header": "ipv6.nxt",
        "hop_limit": "ipv6.hlim",
        "src": "ipv6.src",
        "dst": "ipv6.dst",
    },
    oc.IPv6HopByHop: {"next_header": "ipv6.hopopts.nxt", "hdr_ext_len": "ipv6.hopopts.len"},
    oc.IPv6DestinationOptions: {"next_header": "ipv6.dstopts.nxt", "hdr_ext_len": "ipv6.dstopts.len"},
    oc.IPv6Option: _IPV6_OPTION,
    oc.IPv6RouterAlertOption: _IPV6_OPTION | {"value": "ipv6.opt.router_alert"},
    oc.IPv6JumboPayloadOption: _IPV6_OPTION | {"jumbo_payload_length": "ipv6.opt.jumbo"},
    oc.IPv6TunnelEncapsulationLimitOption: _IPV6_OPTION | {"limit": "ipv6.opt.tel"},
    oc.IPv6Routing: {
        "next_header": "ipv6.routing.nxt",
        "hdr_ext_len": "ipv6.routing.len",
        "routing_type": "ipv6.routing.type",
        "segments_left": "ipv6.routing.segleft",
    },
    oc.IPv6SegmentRouting: {
        "next_header": "ipv6.routing.nxt",
        "hdr_ext_len": "ipv6.routing.len",
        "routing_type": "ipv6.routing.type",
        "segments_left": "ipv6.routing.segleft",
        "last_entry": "ipv6.routing.srh.last_entry",
        "flags": "ipv6.routing.srh.flags",
        "tag": As("ipv6.routing.srh.tag", "{:04x}".format),
    },
    oc.SRv6Segment: {"address": "ipv6.routing.srh.addr"},
    oc.IPv6Fragment: {
        "next_header": "ipv6.fraghdr.nxt",
        "reserved1": "ipv6.fraghdr.reserved_octet",
        "fragment_offset": "ipv6.fraghdr.offset",
        "reserved2": "ipv6.fraghdr.reserved_bits",
        "more_fragments": "ipv6.fraghdr.more",
        "identification": "ipv6.fraghdr.ident",
    },
    oc.AuthenticationHeader: {
        "next_header": "ah.next_header",
        "payload_len": "ah.length",
        "reserved": "ah.reserved",
        "spi": "ah.spi",
        "sequence": "ah.sequence",
        "icv": "ah.icv",
    },
    oc.UDP: {
        "src_port": "udp.srcport",
        "dst_port": "udp.dstport",
        "length": "udp.length",
        "checksum": "udp.checksum",
        VERDICT: "udp.checksum.status",
    },
    oc.TCP: {
        "src_port": "tcp.srcport",
        "dst_port": "tcp.dstport",
        "sequence": "tcp.seq",
        "acknowledgment": "tcp.ack_raw",
        "data_offset": times("tcp.hdr_len", 4),
        "cwr": "tcp.flags.cwr",
        "ece": "tcp.flags.ece",
        "urg": "tcp.flags.urg",
        "ack": "tcp.flags.ack",
        "psh": "tcp.flags.push",
        "rst": "tcp.flags.reset",
        "syn": "tcp.flags.syn",
        "fin": "tcp.flags.fin",
        "window": "tcp.window_size_value",
        "checksum": "tcp.checksum",
        VERDICT: "tcp.checksum.status",
        "urgent_pointer": "tcp.urgent_pointer",
    },
    oc.TCPOption: _TCP_OPTION,
    oc.TCPMSSOption: _TCP_OPTION | {"mss": "tcp.options.mss_val"},
    oc.TCPWindowScaleOption: _TCP_OPTION | {"shift": "tcp.options.wscale.shift"},
    oc.TCPSACKPermittedOption: _TCP_OPTION,
    oc.TCPSACKOption: _TCP_OPTION,
    oc.TCPSACKBlock: {"left": "tcp.options.sack_le", "right": "tcp.options.sack_re"},
    oc.TCPTimestampsOption: _TCP_OPTION
    | {"value": "tcp.options.timestamp.tsval", "echo_reply": "tcp.options.timestamp.tsecr"},
    oc.SCTP: {
        "src_port": "sctp.srcport",
        "dst_port": "sctp.dstport",
        "verification_tag": "sctp.verification_tag",
        "checksum": "sctp.checksum",
    },
    oc.SCTPChunk: {"type": "sctp.chunk_type", "flags": "sctp.chunk_flags", "length": "sctp.chunk_length"},
    oc.ICMP: {
        "type": "icmp.type",
        "code": "icmp.code",
        "checksum": "icmp.checksum",
        VERDICT: "icmp.checksum.status",
    },
    oc.ICMPEcho: _ECHO,
    oc.ICMPTimestamp: _ECHO
    | {
        "originate": "icmp.originate_timestamp",
        "receive": "icmp.receive_timestamp",
        "transmit": "icmp.transmit_timestamp",
    },
    oc.ICMPUnreachable: {"length": told("icmp.length", "length")},
    oc.ICMPRedirect: {"gateway": "icmp.redir_gw"},
    oc.ICMPTimeExceeded: {"length": told("icmp.length", "length")},
    oc.ICMPParameterProblem: {"pointer": "icmp.pointer", "length": told("icmp.length", "length")},
    oc.ICMPv6: {
        "type": "icmpv6.type",
        "code": "icmpv6.code",
        "checksum": "icmpv6.checksum",
        VERDICT: "icmpv6.checksum.status",
    },
    oc.ICMPv6Echo: {"identifier": "icmpv6.echo.identifier", "sequence": "icmpv6.echo.sequence_number"},
    oc.ICMPv6PacketTooBig: {"mtu": "icmpv6.mtu"},
    oc.ICMPv6ParameterProblem: {"pointer": "icmpv6.pointer"},
    oc.RouterAdvertisement: {
        "cur_hop_limit": "icmpv6.nd.ra.cur_hop_limit",
        "managed": "icmpv6.nd.ra.flag.m",
        "other": "icmpv6.nd.ra.flag.o",
        "home_agent": "icmpv6.nd.ra.flag.h",
        "preference": "icmpv6.nd.ra.flag.prf",
        "router_lifetime": "icmpv6.nd.ra.router_lifetime",
        "reachable_time": "icmpv6.nd.ra.reachable_time",
        "retrans_timer": "icmpv6.nd.ra.retrans_timer",
    },
    oc.NeighborSolicitation: {"target_address": "icmpv6.nd.ns.target_address"},
    oc.NeighborAdvertisement: {
        "router": "icmpv6.nd.na.flag.r",
        "solicited": "icmpv6.nd.na.flag.s",
        "override": "icmpv6.nd.na.flag.o",
        "target_address": "icmpv6.nd.na.target_address",
    },
    oc.NDPRedirect: {
        "target_address": "icmpv6.nd.rd.target_address",
        "destination_address": "icmpv6.rd.na.destination_address",
    },
    oc.NDPOption: _NDP_OPTION,
    oc.NDPSourceLinkLayerAddress: _NDP_OPTION | {"address": "icmpv6.opt.src_linkaddr"},
    oc.NDPTargetLinkLayerAddress: _NDP_OPTION | {"address": "icmpv6.opt.target_linkaddr"},
    oc.NDPPrefixInformation: _NDP_OPTION
    | {
        "prefix_length": "icmpv6.opt.prefix.length",
        "on_link": "icmpv6.opt.prefix.flag.l",
        "autonomous": "icmpv6.opt.prefix.flag.a",
        "valid_lifetime": "icmpv6.opt.prefix.valid_lifetime",
        "preferred_lifetime": "icmpv6.opt.prefix.preferred_lifetime",
        "prefix": "icmpv6.opt.prefix",
    },
    oc.NDPMTU: _NDP_OPTION | {"mtu": "icmpv6.opt.mtu"},
    MLD_V2_QUERY: {
        "maximum_response_code": As(
            "icmpv6.mld.maximum_response_code",
            lambda code: code if code < 0x8000 else (code & 0xFFF | 0x1000) << (code >> 12 & 7) + 3,
        ),
        "multicast_address": "icmpv6.mld.multicast_address",
    },
    oc.MLDQuery: {
        "maximum_response_code": "icmpv6.mld.maximum_response_delay",
        "multicast_address": "icmpv6.mld.multicast_address",
    },
    oc.MLDReport: {
        "maximum_response_delay": "icmpv6.mld.maximum_response_delay",
        "multicast_address": "icmpv6.mld.multicast_address",
    },
    oc.MLDv2Query: {
        "suppress": "icmpv6.mld.flag.s",
        "robustness": "icmpv6.mld.flag.qrv",
        "interval_code": coded("icmpv6.mld.qqi"),
        "source_count": "icmpv6.mld.nb_sources",
    },
    oc.MLDv2Report: {"record_count": "icmpv6.mldr.nb_mcast_records"},
    oc.MLDAddressRecord: {
        "type": "icmpv6.mldr.mar.record_type",
        "aux_data_len": "icmpv6.mldr.mar.aux_data_len",
        "source_count": "icmpv6.mldr.mar.nb_sources",
        "multicast_address": "icmpv6.mldr.mar.multicast_address",
    },
    oc.IGMP: {
        "type": "igmp.type",
        "checksum": "igmp.checksum",
        VERDICT: "igmp.checksum.status",
    },
    oc.IGMPGroup: {"group_address": "igmp.maddr"},
    oc.IGMPQuery: {"group_address": "igmp.maddr"},
    oc.IGMPv3Query: {
        "suppress": "igmp.s",
        "robustness": "igmp.qrv",
        "interval_code": "igmp.qqic",
        "source_count": "igmp.num_src",
    },
    oc.IGMPv3Report: {"record_count": "igmp.num_grp_recs"},
    oc.IGMPGroupRecord: {
        "type": "igmp.record_type",
        "aux_data_len": "igmp.aux_data_len",
        "source_count": "igmp.num_src",
        "multicast_address": "igmp.maddr",
        "aux_data": told("igmp.aux_data", "aux_data_len"),
    },
    oc.IGMPSource: {"address": "igmp.saddr"},
    oc.GRE: {
        "checksum_present": "gre.flags.checksum",
        "routing_present": "gre.flags.routing",
        "key_present": "gre.flags.key",
        "sequence_present": "gre.flags.sequence_number",
        "strict_source_route": "gre.flags.strict_source_route",
        "recursion": "gre.flags.recursion_control",
        "version": "gre.flags.version",
        "protocol_type": "gre.proto",
        "checksum": "gre.checksum",
        VERDICT: As("gre.checksum.status", lambda verdict: 2 if verdict == 3 else verdict),
        "reserved1": "gre.offset",
        "key": "gre.key",
        "sequence": "gre.sequence_number",
    },
    oc.GRESourceRoute: {
        "address_family": "gre.routing.address_family",
        "offset": "gre.routing.sre_offset",
        "length": "gre.routing.src_length",
        "data": told("gre.routing.information", "length"),
    },
    oc.GREv1: {
        "checksum_present": "gre.flags.checksum",
        "routing_present": "gre.flags.routing",
        "key_present": "gre.flags.key",
        "sequence_present": "gre.flags.sequence_number",
        "strict_source_route": "gre.flags.strict_source_route",
        "recursion": "gre.flags.recursion_control",
        "acknowledgment_present": "gre.flags.ack",
        "version": "gre.flags.version",
        "protocol_type": "gre.proto",
        "payload_length": "gre.key.payload_length",
        "call_id": "gre.key.call_id",
        "sequence": "gre.sequence_number",
        "acknowledgment": "gre.ack_number",
    },
    oc.VXLAN: _VXLAN
    | {
        "reserved_flags0": bits("vxlan.flag_g", 3, 1),
        "vni_valid": "vxlan.flag_i",
        "reserved1": (bits("vxlan.flag_d", 22, 1), bits("vxlan.flag_a", 19, 1), bits("vxlan.gbp", 0, 0xFFFF)),
    },
    oc.VXLANGBP: _VXLAN
    | {
        "group_policy": "vxlan.flag_g",
        "vni_valid": "vxlan.flag_i",
        "dont_learn": "vxlan.flag_d",
        "policy_applied": "vxlan.flag_a",
        "group_policy_id": "vxlan.gbp",
    },
    oc.VXLANRCO: _VXLAN
    | {
        "reserved_flags0": bits("vxlan.flag_g", 3, 1),
        "vni_valid": "vxlan.flag_i",
        "reserved_flags1": bits("vxlan.flag_d", 0, 1),
        "reserved1": (bits("vxlan.flag_a", 19, 1), bits("vxlan.gbp", 0, 0xFFFF)),
    },
    oc.VXLANGPE: _VXLAN
    | {
        "version": "vxlan.ver",
        "vni_valid": "vxlan.i_bit",
        "next_protocol_present": "vxlan.p_bit",
        "oam": "vxlan.o_bit",
        "next_protocol": "vxlan.next_proto",
    },
    oc.Geneve: {
        "version": "geneve.version",
        "opt_len": times("geneve.option.length", 4),
        "control": "geneve.flags.oam",
        "critical": "geneve.flags.critical",
        "protocol_type": "geneve.proto_type",
        "vni": "geneve.vni",
        "reserved2": "geneve.reserved",
    },
    oc.GeneveOption: {
        "option_class": "geneve.option.class",
        "type": "geneve.option.type",
        "length": times("geneve.option.length", 4, 4),
    },
    oc.GTPU: {
        "version": "gtp.flags.version",
        "protocol_type": "gtp.flags.payload",
        "extension_present": "gtp.flags.e",
        "sequence_present": "gtp.flags.s",
        "npdu_present": "gtp.flags.pn",
        "message_type": "gtp.message",
        "length": "gtp.length",
        "teid": "gtp.teid",
        "next_extension": told("gtp.ext_hdr.next", "extension_present"),
    },
    oc.GTPUExtension: {"length": "gtp.ext_hdr.length", "next_extension": "gtp.ext_hdr.next"},
    oc.NSH: {
        "version": "nsh.version",
        "oam": "nsh.Obit",
        "ttl": "nsh.ttl",
        "length": "nsh.length",
        "md_type": "nsh.mdtype",
        "next_protocol": "nsh.nextproto",
        "service_path": "nsh.spi",
        "service_index": "nsh.si",
    },
    oc.NSHMetadata: {
        "metadata_class": "nsh.metadataclass",
        "type": "nsh.metadatatype",
        "length": "nsh.metadatalen",
    },
    oc.ERSPAN: {
        "version": "erspan.version",
        "vlan": "erspan.vlan",
        "cos": "erspan.cos",
        "encapsulation": "erspan.encap",
        "truncated": "erspan.truncated",
        "session_id": "erspan.spanid",
        "index": "erspan.index",
    },
    oc.ERSPANv3: {
        "version": "erspan.version",
        "vlan": "erspan.vlan",
        "cos": "erspan.cos",
        "bad_short_oversized": "erspan.bso",
        "truncated": "erspan.truncated",
        "session_id": "erspan.spanid",
        "timestamp": "erspan.timestamp",
        "security_group_tag": "erspan.sgt",
        "pdu": "erspan.p",
        "frame_type": "erspan.ft",
        "hardware_id": "erspan.hw",
        "direction": "erspan.direction",
        "granularity": "erspan.gra",
        "platform_present": "erspan.o",
        "platform_id": "erspan.platid",
    },
    oc.STTSegment: {
        "src_port": "stt.stream_id",
        "dst_port": "stt.dport",
        "total_length": "stt.pkt_len",
        "segment_offset": "stt.seg_off",
        "frame_id": "stt.pkt_id",
        "data_offset": times("stt.tcp.data_offset", 4),
        "flags": "stt.tcp.flags",
        "window": "stt.tcp.window",
        "checksum": "stt.checksum",
        VERDICT: "stt.checksum.status",
        "urgent_pointer": "stt.tcp.urg_ptr",
    },
    oc.STT: {
        "version": "stt.version",
        "tcp": "stt.flags.tcp",
        "ipv4": "stt.flags.ipv4",
        "checksum_partial": "stt.flags.csum_partial",
        "checksum_verified": "stt.flags.csum_verified",
        "l4_offset": "stt.l4offset",
        "mss": "stt.mss",
        "pcp": "stt.vlan.pcp",
        "tag_valid": "stt.vlan.v",
        "vid": "stt.vlan.id",
        "context_id": "stt.context_id",
    },
    oc.ITag: {
        "pcp": "ieee8021ah.priority",
        "dei": "ieee8021ah.drop",
        "uca": "ieee8021ah.nca",
        "isid": "ieee8021ah.isid",
    },
    oc.ETag: {
        "pcp": "etag.pcp",
        "dei": "etag.dei",
        "ingress_ecid_base": "etag.iecid_base",
        "group": "etag.group",
        "ecid_base": "etag.ecid_base",
        "ingress_ecid_extension": "etag.iecid_ext",
        "ecid_extension": "etag.ecid_ext",
        "ethertype": "etag.etype",
    },
    oc.VNTag: {
        "direction": "vntag.dir",
        "pointer": "vntag.ptr",
        "destination_vif": "vntag.dst",
        "looped": "vntag.looped",
        "version": "vntag.version",
        "source_vif": "vntag.src",
        "ethertype": type_or_length("ethertype", "vntag.etype", "vntag.len"),
    },
    oc.LLDPTLV: {"type": "lldp.tlv.type", "length": "lldp.tlv.len"},
    oc.PPPoE: _PPPOE,
    oc.PPPoEDiscovery: _PPPOE,
    oc.PPPFramed: {"address": "ppp.address", "control": "ppp.control", "protocol": "ppp.protocol"},
    oc.PPP: {"protocol": "ppp.protocol"},
    oc.PseudowireControlWord: {"sequence": "pweth.cw.sequence_number"},
    oc.SLL: {
        "packet_type": "sll.pkttype",
        "arphrd_type": "sll.hatype",
        "address_length": "sll.halen",
        "protocol": type_or_length("protocol", "sll.etype", "sll.ltype"),
    },
    oc.SLL2: {
        "packet_type": "sll.pkttype",
        "arphrd_type": "sll.hatype",
        "address_length": "sll.halen",
        "protocol": type_or_length("protocol", "sll.etype", "sll.ltype"),
        "interface_index": "sll.ifindex",
    },
    oc.BSDLoopback: {"family": "null.family"},
    oc.BSDNull: {"family": "null.family"},
}  # fmt: skip

VERDICTS: Final = {"valid": 1, "bad": 0, "unverifiable": 2, "absent": 3, "partial": 0}
"""PROTO_CHECKSUM_E_GOOD and its kin."""


# Protocols that it reads and the catalog does not: what they read is payload to us.
_KNOWN: Final = {name for name in NAMES.values() if name} | {"ieee8021ad"}


def stack_of(column: str) -> tuple[list[str], bool]:
    """The headers in a protocol column as far as the catalog goes, and whether it goes on beyond."""
    found: list[str] = []
    for name in column.split(":"):
        if name in NO_HEADER or (name == "igmp" and found and found[-1] == name):  # listed twice, with its message
            continue
        if name not in _KNOWN:
            return found, name != "data"
        found.append(name)
    return found, False


def kind_of(headers: Sequence[oc.Header], number: int) -> type[oc.Header] | str:
    """Under which key of the table a header stands."""
    header, before = headers[number], headers[number - 1] if number else None
    if isinstance(header, oc.VLANTag) and type_of(before) == 0x88A8:
        return S_TAG
    if isinstance(header, oc.Ethernet) and isinstance(before, oc.ITag):
        return BEHIND_I_TAG
    if isinstance(header, oc.MLDQuery) and any(isinstance(behind, oc.MLDv2Query) for behind in headers[number + 1 :]):
        return MLD_V2_QUERY
    return type(header)


TABLES: Final = Tables(FIELDS, VERDICTS, kind_of)


def names() -> list[str]:
    """Every field of the table once."""
    return list(dict.fromkeys(one.name for table in FIELDS.values() for named in table.values() for one in each(named)))


def compared(path: Path, packets: Sequence[oc.Packet], catalog: oc.Catalog) -> Iterator[Comparison]:
    """Each packet of a capture, compared with what tshark reads."""
    for packet, (column, values) in zip(packets, _read(path), strict=True):
        comparison = Comparison(packet)
        stack, beyond = stack_of(column)
        until, parted = parting(names_of_stack(packet), stack, len(packet.headers))
        comparison.add(TABLES, catalog, values, until, parted, beyond=beyond)
        yield comparison


class TShark:
    """The program, where it is there."""

    name = "tshark"
    known: tuple[Entry, ...] = TSHARK
    witnesses: tuple[oc.Packet, ...] = WITNESSES

    def __init__(self) -> None:
        need("tshark")
        self.version = tshark_version()

    def close(self) -> None:
        """Nothing is left running."""

    compared = staticmethod(compared)


def _read(path: Path) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Of each record, the protocol column, and the values of each field that occurs."""
    asked = names()
    command = ["tshark", "-n", "-r", str(path), *OPTIONS, "-T", "fields", "-E", "aggregator=|"]
    command += [part for name in ("frame.encap_type", "frame.protocols", *asked) for part in ("-e", name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        for line in running.stdout:
            link_type, protocols, *values = line.rstrip("\n").split("\t")
            if link_type:  # tshark lists a pcapng Custom Block as a frame, without a link type
                yield protocols, {name: value.split("|") for name, value in zip(asked, values, strict=True) if value}
        complaint = running.stderr.read()
        assert running.wait() == 0, complaint[:500]
