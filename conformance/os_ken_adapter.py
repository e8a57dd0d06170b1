"""os-ken: pip install os-ken; python conformance/os_ken_adapter.py"""

from answering import answer, tcp_flags
from os_ken.lib.packet import ethernet, ipv4, ipv6, packet, stream_parser

LINKS = {1: ethernet.ethernet, 228: ipv4.ipv4, 229: ipv6.ipv6}
SAME = {
    "ethernet": ("ethernet", {"dst": "dst", "src": "src", "ethertype": "ethertype"}),
    "vlan": ("vlan", {"pcp": "pcp", "cfi": "dei", "vid": "vid", "ethertype": "ethertype"}),
    "svlan": ("vlan", {"pcp": "pcp", "cfi": "dei", "vid": "vid", "ethertype": "ethertype"}),
    "mpls": ("mpls", {"label": "label", "exp": "traffic_class", "bsb": "bottom_of_stack", "ttl": "ttl"}),
    "arp": ("arp", {"hwtype": "hardware_type", "proto": "protocol_type", "hlen": "hardware_length", "plen": "protocol_length", "opcode": "operation", "src_mac": "sender_hardware", "src_ip": "sender_protocol", "dst_mac": "target_hardware", "dst_ip": "target_protocol"}),
    "ipv4": ("ipv4", {"version": "version", "header_length": "ihl", "total_length": "total_length", "identification": "identification", "offset": "fragment_offset", "ttl": "ttl", "proto": "protocol", "csum": "checksum", "src": "src", "dst": "dst"}),
    "ipv6": ("ipv6", {"version": "version", "flow_label": "flow_label", "payload_length": "payload_length", "hop_limit": "hop_limit", "src": "src", "dst": "dst"}),
    "udp": ("udp", {"src_port": "src_port", "dst_port": "dst_port", "total_length": "length", "csum": "checksum"}),
    "tcp": ("tcp", {"src_port": "src_port", "dst_port": "dst_port", "seq": "sequence", "ack": "acknowledgment", "offset": "data_offset", "window_size": "window", "csum": "checksum", "urgent": "urgent_pointer"}),
    "sctp": ("sctp", {"src_port": "src_port", "dst_port": "dst_port", "vtag": "verification_tag", "csum": "checksum"}),
    "icmp": ("icmp", {"type": "type", "code": "code", "csum": "checksum"}),
    "icmpv6": ("icmpv6", {"type_": "type", "code": "code", "csum": "checksum"}),
    "igmp": ("igmp", {"msgtype": "type", "csum": "checksum"}),
    "igmpv3_query": ("igmp", {"msgtype": "type", "csum": "checksum"}),
    "igmpv3_report": ("igmp", {"msgtype": "type", "csum": "checksum"}),
    "vxlan": ("vxlan", {"vni": "vni"}),
    "geneve": ("geneve", {"version": "version", "opt_len": "opt_len", "flags": None, "protocol": "protocol_type", "vni": "vni"}),
    "gre": ("gre", {"protocol": "protocol_type", "checksum": "checksum", "key": "key", "seq_number": "sequence"}),
    "nvgre": ("gre", {"protocol": "protocol_type", "key": "key"}),
    "itag": ("i_tag", {"pcp": "pcp", "dei": "dei", "uca": "uca", "sid": "isid"}),
    "llc": ("llc", {"dsap_addr": "dsap", "ssap_addr": "ssap"}),
    "bfd": ("bfd", {"ver": "version", "diag": "diagnostic", "state": "state", "detect_mult": "detect_multiplier", "length": "length", "my_discr": "my_discriminator", "your_discr": "your_discriminator"}),
    "vrrpv2": ("vrrp", {"version": "version", "type": "type", "vrid": "router_id", "priority": "priority", "count_ip": "address_count", "checksum": "checksum"}),
    "vrrpv3": ("vrrp_v3", {"version": "version", "type": "type", "vrid": "router_id", "priority": "priority", "count_ip": "address_count", "checksum": "checksum"}),
    "dhcp": ("dhcp", {"op": "op", "htype": "htype", "hlen": "hlen", "hops": "hops", "xid": "xid", "secs": "secs", "ciaddr": "ciaddr", "yiaddr": "yiaddr", "siaddr": "siaddr", "giaddr": "giaddr"}),
    "cfm": ("cfm", {}),
    "lldp": ("lldp", {}),
    "lacp": ("lacp", {}),
    "slow": ("slow_protocol", {}),
    "ConfigurationBPDUs": ("stp", {}),
    "RstBPDUs": ("stp", {}),
}  # fmt: skip
EXTENSIONS = {
    "hop_opts": ("ipv6_hop_by_hop", {"nxt": "next_header", "size": "hdr_ext_len"}),
    "dst_opts": ("ipv6_destination_options", {"nxt": "next_header", "size": "hdr_ext_len"}),
    "routing_type3": ("ipv6_routing", {"nxt": "next_header"}),
    "fragment": ("ipv6_fragment", {"nxt": "next_header", "offset": "fragment_offset", "more": "more_fragments", "id_": "identification"}),
    "auth": ("ah", {"nxt": "next_header", "spi": "spi", "seq": "sequence"}),
}  # fmt: skip


def named(layer, fields):
    values = {ours: getattr(layer, theirs, None) for theirs, ours in fields.items() if ours}
    return {name: value for name, value in values.items() if isinstance(value, (int, str))}


def headers_of(layer):
    kind = type(layer).__name__
    if kind not in SAME:
        return
    name, fields = SAME[kind]
    found = named(layer, fields)
    if kind == "ipv4":
        found |= {"dscp": layer.tos >> 2, "ecn": layer.tos & 3, "reserved0": layer.flags >> 2}
        found |= {"dont_fragment": layer.flags >> 1 & 1, "more_fragments": layer.flags & 1}
    if kind == "ipv6":
        found |= {"dscp": layer.traffic_class >> 2, "ecn": layer.traffic_class & 3}
        found |= {} if layer.ext_hdrs else {"next_header": layer.nxt}
    if kind == "geneve":  # it counts octets; the field on the wire, words of 4
        found |= {"opt_len": layer.opt_len // 4, "control": layer.flags >> 7 & 1, "critical": layer.flags >> 6 & 1}
    if kind == "tcp":
        found |= tcp_flags(layer.bits)
    yield name, found
    for extension in getattr(layer, "ext_hdrs", None) or []:
        if type(extension).__name__ in EXTENSIONS:
            name, fields = EXTENSIONS[type(extension).__name__]
            yield name, named(extension, fields)


def read(link_type, data):
    if link_type in (12, 14, 101):
        link_type = 229 if data[:1] and data[0] >> 4 == 6 else 228
    if link_type not in LINKS:
        return [], None
    try:
        read = packet.Packet(data, parse_cls=LINKS[link_type])
    except stream_parser.StreamParser.TooSmallException as error:
        return [], f"too small: {error}"
    return [header for layer in read.protocols for header in headers_of(layer)], None


if __name__ == "__main__":
    answer(read)
