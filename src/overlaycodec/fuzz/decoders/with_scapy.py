"""scapy as a decoder: its layers, with our names for them and for their fields.

scapy reports no faults: what it cannot read is `Raw`, and some layers are read although the octets contradict them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from overlaycodec.capture import Record
from overlaycodec.describe.plain import Plain
from overlaycodec.fuzz.decoders.reading import CRASHED, HeaderReading, Reading

__all__ = ["DECODER", "Scapy"]

_SAME: Final = ("version", "ttl", "src", "dst", "code", "seq", "vni", "type")
_TCP_FLAGS: Final = {"F": "fin", "S": "syn", "R": "rst", "P": "psh", "A": "ack", "U": "urg", "E": "ece", "C": "cwr"}

Fields = dict[str, str]
"""scapy's name of a field: ours."""
_LAYERS: Final[dict[str, tuple[str, Fields]]] = {
    "Ether": ("ethernet", {"dst": "dst", "src": "src", "type": "ethertype"}),
    "Dot3": ("ethernet", {"dst": "dst", "src": "src", "len": "ethertype"}),
    "Dot1Q": ("vlan", {"prio": "pcp", "dei": "dei", "id": "dei", "vlan": "vid", "type": "ethertype"}),
    "Dot1AD": ("vlan", {"prio": "pcp", "dei": "dei", "id": "dei", "vlan": "vid", "type": "ethertype"}),
    "Dot1AH": ("i_tag", {"prio": "pcp", "dei": "dei", "uca": "uca", "isid": "isid"}),
    "LLC": ("llc", {"dsap": "dsap", "ssap": "ssap", "ctrl": "control"}),
    "SNAP": ("snap", {"OUI": "oui", "code": "protocol"}),
    "ARP": (
        "arp",
        {
            "hwtype": "hardware_type", "ptype": "protocol_type", "hwlen": "hardware_length", "plen": "protocol_length",
            "op": "operation", "hwsrc": "sender_hardware", "psrc": "sender_protocol", "hwdst": "target_hardware",
            "pdst": "target_protocol",
        },
    ),
    "IP": (
        "ipv4",
        {
            "version": "version", "ihl": "ihl", "len": "total_length", "id": "identification",
            "frag": "fragment_offset", "ttl": "ttl", "proto": "protocol", "chksum": "checksum", "src": "src",
            "dst": "dst",
        },
    ),
    "IPv6": (
        "ipv6",
        {
            "version": "version", "fl": "flow_label", "plen": "payload_length", "nh": "next_header",
            "hlim": "hop_limit", "src": "src", "dst": "dst",
        },
    ),
    "IPv6ExtHdrFragment": (
        "ipv6_fragment",
        {"nh": "next_header", "offset": "fragment_offset", "m": "more_fragments", "id": "identification"},
    ),
    "IPv6ExtHdrHopByHop": ("ipv6_hop_by_hop", {"nh": "next_header", "len": "hdr_ext_len"}),
    "IPv6ExtHdrDestOpt": ("ipv6_destination_options", {"nh": "next_header", "len": "hdr_ext_len"}),
    "IPv6ExtHdrRouting": (
        "ipv6_routing", {"nh": "next_header", "len": "hdr_ext_len", "type": "routing_type", "segleft": "segments_left"},
    ),
    "IPv6ExtHdrSegmentRouting": (
        "ipv6_segment_routing",
        {"nh": "next_header", "len": "hdr_ext_len", "type": "routing_type", "segleft": "segments_left",
            "lastentry": "last_entry"},
    ),
    "AH": ("ah", {"nh": "next_header", "payloadlen": "payload_len", "spi": "spi", "seq": "sequence"}),
    "ESP": ("esp", {"spi": "spi", "seq": "sequence"}),
    "UDP": ("udp", {"sport": "src_port", "dport": "dst_port", "len": "length", "chksum": "checksum"}),
    "TCP": (
        "tcp",
        {
            "sport": "src_port", "dport": "dst_port", "seq": "sequence", "ack": "acknowledgment",
            "dataofs": "data_offset", "window": "window", "chksum": "checksum", "urgptr": "urgent_pointer",
        },
    ),
    "SCTP": (
        "sctp", {"sport": "src_port", "dport": "dst_port", "tag": "verification_tag", "chksum": "checksum"},
    ),
    "ICMP": ("icmp", {"type": "type", "code": "code", "chksum": "checksum"}),
    "VXLAN": ("vxlan", {"vni": "vni"}),
    "GENEVE": (
        "geneve",
        {
            "version": "version", "optionlen": "opt_len", "oam": "control", "critical": "critical",
            "proto": "protocol_type", "vni": "vni", "reserved2": "reserved2",
        },
    ),
    "GRE": (
        "gre",
        {
            "chksum_present": "checksum_present", "routing_present": "routing_present", "key_present": "key_present",
            "seqnum_present": "sequence_present", "strict_route_source": "strict_source_route",
            "recursion_control": "recursion", "version": "version", "proto": "protocol_type", "key": "key",
            "sequence_number": "sequence", "chksum": "checksum",
        },
    ),
    "GRE_PPTP": (
        "gre_v1",
        {
            "key_present": "key_present", "seqnum_present": "sequence_present", "acknum_present":
                "acknowledgment_present",
            "version": "version", "proto": "protocol_type", "payload_len": "payload_length", "call_id": "call_id",
            "seqence_number": "sequence", "ack_number": "acknowledgment",
        },
    ),
    "ERSPAN": ("erspan", {"ver": "version", "vlan": "vlan", "cos": "cos", "en": "encapsulation", "t":
        "truncated", "session_id": "session_id", "index": "index"}),
    "ERSPAN_II": ("erspan", {"ver": "version", "vlan": "vlan", "cos": "cos", "en": "encapsulation", "t":
        "truncated", "session_id": "session_id", "index": "index"}),
    "ERSPAN_III": ("erspan_v3", {"ver": "version", "vlan": "vlan", "cos": "cos", "bso": "bad_short_oversized",
        "t": "truncated", "session_id": "session_id", "timestamp": "timestamp"}),
    "MPLS": ("mpls", {"label": "label", "cos": "traffic_class", "s": "bottom_of_stack", "ttl": "ttl"}),
    "NSH": ("nsh", {"ver": "version", "oam": "oam", "ttl": "ttl", "length": "length", "mdtype": "md_type",
        "nextproto": "next_protocol", "spi": "service_path", "si": "service_index"}),
    "GTP_U_Header": (
        "gtpu",
        {"version": "version", "PT": "protocol_type", "E": "extension_present", "S": "sequence_present", "PN":
            "npdu_present", "gtp_type": "message_type", "length": "length", "teid": "teid", "seq": "sequence",
            "npdu": "npdu"},
    ),
    "PPPoE": ("pppoe", {"version": "version", "type": "type", "code": "code", "sessionid": "session_id", "len":
        "length"}),
    "PPPoED": ("pppoe_discovery", {"version": "version", "type": "type", "code": "code", "sessionid":
        "session_id", "len": "length"}),
    "PPP": ("ppp", {"proto": "protocol"}),
    "EtherIP": ("etherip", {"version": "version"}),
    "BFD": ("bfd", {"version": "version", "my_discriminator": "my_discriminator", "your_discriminator":
        "your_discriminator"}),
    "VRRP": ("vrrp", {"version": "version", "type": "type", "vrid": "router_id", "priority": "priority",
        "ipcount": "address_count", "chksum": "checksum"}),
    "VRRPv3": ("vrrp_v3", {"version": "version", "type": "type", "vrid": "router_id", "priority": "priority",
        "ipcount": "address_count", "chksum": "checksum"}),
    "BOOTP": ("dhcp", {"op": "op", "htype": "htype", "hlen": "hlen", "hops": "hops", "xid": "xid", "secs":
        "secs", "ciaddr": "ciaddr", "yiaddr": "yiaddr", "siaddr": "siaddr", "giaddr": "giaddr"}),
    "RIP": ("rip", {"cmd": "command", "version": "version"}),
    "STP": ("stp", {"version": "version", "bpdutype": "type"}),
    "CookedLinux": ("sll", {"pkttype": "packet_type", "lladdrtype": "arphrd_type", "lladdrlen":
        "address_length", "proto": "protocol"}),
    "Loopback": ("bsd_null", {"type": "family"}),
    "ICMPv6EchoRequest": ("icmpv6_echo", {"id": "identifier", "seq": "sequence"}),
    "ICMPv6EchoReply": ("icmpv6_echo", {"id": "identifier", "seq": "sequence"}),
    "ICMPv6DestUnreach": ("icmpv6_unreachable", {"length": "length"}),
    "ICMPv6PacketTooBig": ("icmpv6_packet_too_big", {"mtu": "mtu"}),
    "ICMPv6TimeExceeded": ("icmpv6_time_exceeded", {"length": "length"}),
    "ICMPv6ParamProblem": ("icmpv6_parameter_problem", {"ptr": "pointer"}),
    "ICMPv6ND_NS": ("neighbor_solicitation", {"tgt": "target"}),
    "ICMPv6ND_NA": ("neighbor_advertisement", {"R": "router", "S": "solicited", "O": "override", "tgt": "target"}),
    "ICMPv6ND_RS": ("router_solicitation", {}),
    "ICMPv6ND_RA": ("router_advertisement", {"chlim": "hop_limit", "M": "managed", "O": "other",
        "routerlifetime": "router_lifetime"}),
}  # fmt: skip
_QUOTED: Final = {"IPerror": "IP", "UDPerror": "UDP", "TCPerror": "TCP", "ICMPerror": "ICMP", "IPerror6": "IPv6"}
_ICMP: Final = {
    8: ("icmp_echo", {"id": "identifier", "seq": "sequence"}),
    0: ("icmp_echo", {"id": "identifier", "seq": "sequence"}),
    13: ("icmp_timestamp", {"id": "identifier", "seq": "sequence"}),
    14: ("icmp_timestamp", {"id": "identifier", "seq": "sequence"}),
    3: ("icmp_unreachable", {"nexthopmtu": "next_hop_mtu"}),
    5: ("icmp_redirect", {"gw": "gateway"}),
    11: ("icmp_time_exceeded", {}),
    12: ("icmp_parameter_problem", {"ptr": "pointer"}),
}
_ICMPV6: Final = {"type": "type", "code": "code", "cksum": "checksum"}
_NOT_SHOWN: Final = ("Raw", "Padding", "NoPayload")


def _plain(value: Any) -> Plain:  # Any: what scapy has in a field
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):
        return value
    try:
        return int(value)
    except (TypeError, ValueError):
        return str(value)


def _named(layer: Any, fields: Fields) -> dict[str, Plain]:  # Any: a layer of scapy
    found = {}
    for theirs, ours in fields.items():
        value = layer.fields.get(theirs)
        if value is not None:
            found[ours] = _plain(value)
    return found


def _ip(layer: Any) -> dict[str, Plain]:  # Any: as above
    flags = int(layer.flags)
    return {
        "dscp": layer.tos >> 2, "ecn": layer.tos & 3, "reserved0": flags >> 2 & 1,
        "dont_fragment": flags >> 1 & 1, "more_fragments": flags & 1,
    }  # fmt: skip


def _tcp(layer: Any) -> dict[str, Plain]:  # Any: as above
    flags = str(layer.flags)
    return {ours: letter in flags for letter, ours in _TCP_FLAGS.items()}


def _vxlan(layer: Any) -> dict[str, Plain]:  # Any: as above
    return {"vni_valid": bool(int(layer.flags) & 8)}


_MORE: Final[dict[str, Callable[[Any], dict[str, Plain]]]] = {
    "IP": _ip,
    "IPv6": lambda layer: {"dscp": layer.tc >> 2, "ecn": layer.tc & 3},
    "TCP": _tcp,
    "VXLAN": _vxlan,
    "GENEVE": lambda layer: {
        f"options[{number}].{ours}": int(getattr(option, theirs))
        for number, option in enumerate(layer.options)
        for theirs, ours in (("classid", "option_class"), ("type", "type"), ("length", "length"))
        if hasattr(option, theirs)
    },
}


def _headers_of(layer: Any) -> Iterator[HeaderReading]:  # Any: as above
    while layer is not None:
        kind = type(layer).__name__
        kind = _QUOTED.get(kind, kind)
        if kind in _NOT_SHOWN:
            return
        if kind.startswith("ICMPv6"):
            yield HeaderReading("icmpv6", _named(layer, _ICMPV6))
        if kind in _LAYERS:
            name, fields = _LAYERS[kind]
            more = _MORE.get(kind, lambda _: {})(layer)
            found = _named(layer, fields) | more
            others = (
                {"vxlan_gbp": found | {"group_policy_id": int(layer.gpid or 0)}, "vxlan_gpe": found}
                if kind == "VXLAN"
                else {}
            )
            yield HeaderReading(name, found, None, others)
        elif not kind.startswith("ICMPv6"):
            yield HeaderReading(f"scapy_{kind.lower()}")
            return
        if kind == "ICMP" and layer.type in _ICMP:
            name, fields = _ICMP[layer.type]
            yield HeaderReading(name, _named(layer, fields))
        layer = layer.payload if type(layer.payload).__name__ != "NoPayload" else None


@cache
def _link_types() -> dict[int, Any]:  # Any: a class of scapy
    import scapy.all
    import scapy.contrib.bfd
    import scapy.contrib.erspan
    import scapy.contrib.etherip
    import scapy.contrib.geneve
    import scapy.contrib.gtp
    import scapy.contrib.mpls
    import scapy.contrib.nsh

    return dict(scapy.all.conf.l2types.num2layer)


class Scapy:
    """scapy, which must be installed: `pip install scapy`."""

    name: str = "scapy"
    tells_faults: bool = False

    def __init__(self) -> None:
        self._links = _link_types()

    def read(self, records: Sequence[Record]) -> list[Reading]:
        """The layers of each packet."""
        return [self._reading(record) for record in records]

    def _reading(self, record: Record) -> Reading:
        link = self._links.get(record.link_type)
        if link is None:
            return Reading()
        try:
            return Reading(tuple(_headers_of(link(record.data))))
        except Exception as error:
            return Reading((), f"{CRASHED}{type(error).__name__}: {error}")


DECODER: Final = Scapy
