"""netprotocols 2: pip install netprotocols (Python 3.12 or newer); python conformance/netprotocols_adapter.py"""

from answering import answer, gre_flags, tcp_flags
from netprotocols import IPv4, IPv6, decode_frame
from netprotocols.layer2.ethernet import Ethernet

LINKS = {1: Ethernet, 228: IPv4, 229: IPv6}
SAME = {
    "Ethernet": ("ethernet", {"dst": "dst", "src": "src", "ethertype": "ethertype"}),
    "VLAN": ("vlan", {"pcp": "pcp", "dei": "dei", "vid": "vid", "ethertype": "ethertype"}),
    "ARP": ("arp", {"htype": "hardware_type", "ptype": "protocol_type", "hlen": "hardware_length", "plen": "protocol_length", "oper": "operation", "sha": "sender_hardware", "spa": "sender_protocol", "tha": "target_hardware", "tpa": "target_protocol"}),
    "IPv4": ("ipv4", {"version": "version", "ihl": "ihl", "dscp": "dscp", "ecn": "ecn", "total_length": "total_length", "identification": "identification", "fragment_offset": "fragment_offset", "ttl": "ttl", "protocol": "protocol", "checksum": "checksum", "src": "src", "dst": "dst"}),
    "IPv6": ("ipv6", {"version": "version", "flow_label": "flow_label", "payload_length": "payload_length", "next_header": "next_header", "hop_limit": "hop_limit", "src": "src", "dst": "dst"}),
    "IPv6HopByHopOptions": ("ipv6_hop_by_hop", {"next_header": "next_header", "hdr_ext_len": "hdr_ext_len"}),
    "IPv6DestinationOptions": ("ipv6_destination_options", {"next_header": "next_header", "hdr_ext_len": "hdr_ext_len"}),
    "IPv6Routing": ("ipv6_routing", {"next_header": "next_header", "hdr_ext_len": "hdr_ext_len", "routing_type": "routing_type", "segments_left": "segments_left"}),
    "IPv6Fragment": ("ipv6_fragment", {"next_header": "next_header", "fragment_offset": "fragment_offset", "m_flag": "more_fragments", "identification": "identification"}),
    "UDP": ("udp", {"src_port": "src_port", "dst_port": "dst_port", "length": "length", "checksum": "checksum"}),
    "TCP": ("tcp", {"src_port": "src_port", "dst_port": "dst_port", "seq": "sequence", "ack": "acknowledgment", "data_offset": "data_offset", "window": "window", "checksum": "checksum", "urgent_pointer": "urgent_pointer"}),
    "GRE": ("gre", {"protocol_type": "protocol_type"}),
    "ICMPv4": ("icmp", {"type": "type", "code": "code", "checksum": "checksum"}),
    "ICMPv6": ("icmpv6", {"type": "type", "code": "code", "checksum": "checksum"}),
    "IGMP": ("igmp", {"type": "type", "checksum": "checksum"}),
    "DHCP": ("dhcp", {"op": "op", "htype": "htype", "hlen": "hlen", "hops": "hops", "xid": "xid", "secs": "secs"}),
}  # fmt: skip


def header_of(layer):
    name, fields = SAME[type(layer).__name__]
    found = {ours: getattr(layer, theirs) for theirs, ours in fields.items()}
    if name == "ipv4":
        found |= {
            "reserved0": layer.flags >> 2,
            "dont_fragment": layer.flags >> 1 & 1,
            "more_fragments": layer.flags & 1,
        }
    if name == "ipv6":
        found |= {"dscp": layer.traffic_class >> 2, "ecn": layer.traffic_class & 3}
    if name == "tcp":
        found |= tcp_flags(layer.flags)
    if name == "gre":
        found |= gre_flags(layer.flags)
    return name, {field: int(value) if isinstance(value, int) else value for field, value in found.items()}


def read(link_type, data):
    if link_type in (12, 14, 101):
        link_type = 229 if data[:1] and data[0] >> 4 == 6 else 228
    if link_type not in LINKS:
        return [], None
    packet = decode_frame(data, start=LINKS[link_type], lax=True)
    found = []
    for layer in packet.layers:
        if type(layer).__name__ not in SAME:
            break
        found.append(header_of(layer))
    return found, None if packet.stopped_by is None else str(packet.stopped_by)


if __name__ == "__main__":
    answer(read)
