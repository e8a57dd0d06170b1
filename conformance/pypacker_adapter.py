"""pypacker: pip install pypacker; python conformance/pypacker_adapter.py"""

import contextlib
import io
import logging

from answering import answer, tcp_flags
from pypacker import pypacker
from pypacker.layer3 import ip, ip6
from pypacker.layer12 import ethernet, linuxcc

logging.disable(logging.CRITICAL)
LINKS = {
    1: ethernet.Ethernet,
    113: linuxcc.LinuxCC,
    228: ip.IP,
    229: ip6.IP6,
}
SAME = {
    "ARP": ("arp", {"hrd": "hardware_type", "pro": "protocol_type", "hln": "hardware_length", "pln": "protocol_length", "op": "operation", "sha_s": "sender_hardware", "spa_s": "sender_protocol", "tha_s": "target_hardware", "tpa_s": "target_protocol"}),
    "UDP": ("udp", {"sport": "src_port", "dport": "dst_port", "ulen": "length", "sum": "checksum"}),
    "ICMP": ("icmp", {"type": "type", "code": "code", "sum": "checksum"}),
    "ICMP6": ("icmpv6", {"type": "type", "code": "code", "sum": "checksum"}),
    "IGMP": ("igmp", {"type": "type", "sum": "checksum"}),
    "SCTP": ("sctp", {"sport": "src_port", "dport": "dst_port", "vtag": "verification_tag", "sum": "checksum"}),
    "ESP": ("esp", {"spi": "spi", "seq": "sequence"}),
    "PPPoE": ("pppoe", {"v_type": None, "code": "code", "session": "session_id", "len": "length"}),
    "LLC": ("llc", {"dsap": "dsap", "ssap": "ssap", "ctl": "control"}),
    "LinuxCC": ("sll", {}),
    "STP": ("stp", {}),
    "LLDP": ("lldp", {}),
    "PIM": ("pim", {"type": "type", "sum": "checksum"}),
    "VRRP": ("vrrp", {"vrid": "router_id", "priority": "priority", "count": "address_count", "sum": "checksum"}),
    "DHCP": ("dhcp", {"op": "op", "hops": "hops", "xid": "xid", "secs": "secs"}),
    "RIP": ("rip", {"cmd": "command", "v": "version"}),
}  # fmt: skip
EXTENSIONS = {
    "IP6HopOptsHeader": "ipv6_hop_by_hop", "IP6DstOptsHeader": "ipv6_destination_options",
    "IP6RoutingHeader": "ipv6_routing", "IP6FragmentHeader": "ipv6_fragment", "IP6AHHeader": "ah",
}  # fmt: skip


def headers_of(layer):
    kind = type(layer).__name__
    if kind == "Ethernet":
        tags = list(layer.vlan)
        kinds = [tag.type for tag in tags] + [layer.type]
        yield "ethernet", {"dst": layer.dst_s, "src": layer.src_s, "ethertype": kinds[0]}
        for tag, following in zip(tags, kinds[1:], strict=True):
            yield (
                "vlan",
                {"pcp": tag.tci >> 13, "dei": tag.tci >> 12 & 1, "vid": tag.tci & 0xFFF, "ethertype": following},
            )
    elif kind == "IP":
        flags = layer.frag_off >> 13
        yield "ipv4", {
            "version": layer.v_hl >> 4, "ihl": layer.v_hl & 15, "dscp": layer.tos >> 2, "ecn": layer.tos & 3,
            "total_length": layer.len, "identification": layer.id, "reserved0": flags >> 2 & 1,
            "dont_fragment": flags >> 1 & 1, "more_fragments": flags & 1, "fragment_offset": layer.frag_off & 0x1FFF,
            "ttl": layer.ttl, "protocol": layer.p, "checksum": layer.sum, "src": layer.src_s, "dst": layer.dst_s,
        }  # fmt: skip
    elif kind == "IP6":
        word = layer.v_fc_flow
        extensions = list(layer.opts)
        yield "ipv6", {
            "version": word >> 28, "dscp": word >> 22 & 63, "ecn": word >> 20 & 3, "flow_label": word & 0xFFFFF,
            "payload_length": layer.dlen, "hop_limit": layer.hlim, "src": layer.src_s, "dst": layer.dst_s,
        } | ({} if extensions else {"next_header": layer.nxt})  # fmt: skip
        for extension in extensions:
            if type(extension).__name__ in EXTENSIONS:
                yield EXTENSIONS[type(extension).__name__], {}
    elif kind == "TCP":
        yield "tcp", {
            "src_port": layer.sport, "dst_port": layer.dport, "sequence": layer.seq, "acknowledgment": layer.ack,
            "data_offset": layer.off_x2 >> 4, "window": layer.win, "checksum": layer.sum, "urgent_pointer": layer.urp,
        } | tcp_flags(layer.flags)  # fmt: skip
    elif kind in SAME:
        name, fields = SAME[kind]
        yield name, {ours: getattr(layer, theirs) for theirs, ours in fields.items() if ours}


def read(link_type, data):
    if link_type in (12, 14, 101):
        link_type = 229 if data[:1] and data[0] >> 4 == 6 else 228
    if link_type not in LINKS:
        return [], None
    found = []
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            layer = LINKS[link_type](data)
            for each in layer:
                if each is None:
                    break
                found += headers_of(each)
                if each.errors:
                    return found, f"errors {each.errors}"
        except pypacker.DissectException as error:
            return found, str(error)
    return found, None


if __name__ == "__main__":
    answer(read)
