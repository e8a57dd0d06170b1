"""dpkt as a decoder: its classes, with our names for them and for their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from ipaddress import ip_address
from typing import Any, Final

from overlaycodec.capture import Record
from overlaycodec.describe.plain import Plain
from overlaycodec.fuzz.decoders.reading import CRASHED, HeaderReading, Reading

__all__ = ["DECODER", "Dpkt"]

Header = tuple[str, dict[str, Plain]]


def _mac(octets: bytes) -> str:
    return octets.hex(":")


def _ip(octets: bytes) -> str:
    return str(ip_address(octets))


def _ethernet(layer: Any) -> Iterator[Header]:  # Any: a class of dpkt, here and below
    tags = getattr(layer, "vlan_tags", None) or []
    kind = int(layer.type)
    types = [int(tag.type) for tag in tags]
    first = getattr(layer, "_tag_type", None)
    ethernet: dict[str, Plain] = {"dst": _mac(layer.dst), "src": _mac(layer.src)}
    if not tags:
        ethernet["ethertype"] = getattr(layer, "len", kind) if hasattr(layer, "llc") else kind
    elif isinstance(first, int):
        ethernet["ethertype"] = first
    yield "ethernet", ethernet
    for tag, following in zip(tags, types, strict=True):
        yield "vlan", {"pcp": int(tag.pri), "dei": int(tag.cfi), "vid": int(tag.id), "ethertype": following}
    for label in getattr(layer, "mpls_labels", None) or []:
        yield (
            "mpls",
            {"label": label.val, "traffic_class": label.exp, "bottom_of_stack": bool(label.s), "ttl": label.ttl},
        )


def _ipv4(layer: Any) -> Iterator[Header]:
    fields: dict[str, Plain] = {
        "version": int(layer.v), "ihl": int(layer.hl), "dscp": layer.tos >> 2, "ecn": layer.tos & 3,
        "total_length": layer.len, "identification": layer.id, "reserved0": int(layer.rf),
        "dont_fragment": int(layer.df), "more_fragments": int(layer.mf), "fragment_offset": int(layer.offset),
        "ttl": layer.ttl, "protocol": layer.p, "checksum": layer.sum, "src": _ip(layer.src), "dst": _ip(layer.dst),
    }  # fmt: skip
    yield "ipv4", fields


def _ipv6(layer: Any) -> Iterator[Header]:
    yield (
        "ipv6",
        {
            "version": int(layer.v), "dscp": int(layer.fc) >> 2, "ecn": int(layer.fc) & 3, "flow_label":
                int(layer.flow),
            "payload_length": layer.plen, "next_header": layer.nxt, "hop_limit": layer.hlim, "src": _ip(layer.src),
            "dst": _ip(layer.dst),
        },
    )  # fmt: skip
    for extension in getattr(layer, "all_extension_headers", None) or []:
        kind = type(extension).__name__
        if kind == "IP6FragmentHeader":
            yield (
                "ipv6_fragment",
                {
                    "next_header": extension.nxt,
                    "fragment_offset": int(extension.frag_off),
                    "more_fragments": int(extension.m_flag),
                    "identification": extension.id,
                },
            )
        elif kind in _EXTENSIONS:
            yield _EXTENSIONS[kind], {"next_header": extension.nxt}


_EXTENSIONS: Final = {
    "IP6HopOptsHeader": "ipv6_hop_by_hop",
    "IP6DstOptsHeader": "ipv6_destination_options",
    "IP6RoutingHeader": "ipv6_routing",
    "IP6AHHeader": "ah",
    "IP6ESPHeader": "esp",
}


def _tcp(layer: Any) -> Iterator[Header]:
    flags = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")
    fields: dict[str, Plain] = {
        "src_port": layer.sport, "dst_port": layer.dport, "sequence": layer.seq, "acknowledgment": layer.ack,
        "data_offset": int(layer.off), "window": layer.win, "checksum": layer.sum, "urgent_pointer": layer.urp,
    }  # fmt: skip
    yield "tcp", fields | {name: bool(layer.flags >> bit & 1) for bit, name in enumerate(flags)}


def _udp(layer: Any) -> Iterator[Header]:
    yield "udp", {"src_port": layer.sport, "dst_port": layer.dport, "length": layer.ulen, "checksum": layer.sum}


def _arp(layer: Any) -> Iterator[Header]:
    fields: dict[str, Plain] = {
        "hardware_type": layer.hrd, "protocol_type": layer.pro, "hardware_length": layer.hln,
        "protocol_length": layer.pln, "operation": layer.op,
    }  # fmt: skip
    if (layer.hln, layer.pln) == (6, 4):
        fields |= {
            "sender_hardware": _mac(layer.sha), "sender_protocol": _ip(layer.spa),
            "target_hardware": _mac(layer.tha), "target_protocol": _ip(layer.tpa),
        }  # fmt: skip
    yield "arp", fields


def _gre(layer: Any) -> Iterator[Header]:
    flags = int(layer.flags)
    fields: dict[str, Plain] = {
        "checksum_present": bool(flags & 0x8000), "routing_present": bool(flags & 0x4000),
        "key_present": bool(flags & 0x2000), "sequence_present": bool(flags & 0x1000),
        "strict_source_route": bool(flags & 0x0800), "recursion": int(layer.recur), "version": int(layer.v),
        "protocol_type": layer.p,
    }  # fmt: skip
    fields |= {
        ours: getattr(layer, theirs)
        for theirs, ours in (("sum", "checksum"), ("key", "key"), ("seq", "sequence"))
        if hasattr(layer, theirs)
    }
    yield ("gre_v1" if layer.v == 1 else "gre"), fields


def _icmp(layer: Any) -> Iterator[Header]:
    yield "icmp", {"type": layer.type, "code": layer.code, "checksum": layer.sum}
    inside, name = layer.data, type(layer.data).__name__
    if name == "Echo":
        yield "icmp_echo", {"identifier": inside.id, "sequence": inside.seq}
    elif name in ("Unreach", "TimeExceed", "Redirect", "ParamProbe"):
        found = {
            "Unreach": "unreachable",
            "TimeExceed": "time_exceeded",
            "Redirect": "redirect",
            "ParamProbe": "parameter_problem",
        }
        yield f"icmp_{found[name]}", {}


def _pppoe(layer: Any) -> Iterator[Header]:
    fields: dict[str, Plain] = {
        "version": int(layer.v), "type": int(layer.type), "code": layer.code, "session_id": layer.session,
            "length": layer.len,
    }  # fmt: skip
    yield ("pppoe" if layer.code == 0 else "pppoe_discovery"), fields


_READERS: Final[dict[str, Callable[[Any], Iterator[tuple[str, Mapping[str, Plain]]]]]] = {
    "Ethernet": _ethernet,
    "IP": _ipv4,
    "IP6": _ipv6,
    "TCP": _tcp,
    "UDP": _udp,
    "ARP": _arp,
    "GRE": _gre,
    "ICMP": _icmp,
    "PPPoE": _pppoe,
    "PPP": lambda layer: iter([("ppp", {"protocol": int(layer.p)})]),
    "LLC": lambda layer: iter([("llc", {"dsap": layer.dsap, "ssap": layer.ssap, "control": layer.ctl})]),
    "ICMP6": lambda layer: iter([("icmpv6", {"type": layer.type, "code": layer.code, "checksum": layer.sum})]),
    "IGMP": lambda layer: iter([("igmp", {"type": layer.type, "checksum": layer.sum})]),
    "SCTP": lambda layer: iter(
        [
            (
                "sctp",
                {
                    "src_port": layer.sport,
                    "dst_port": layer.dport,
                    "verification_tag": layer.vtag,
                    "checksum": layer.sum,
                },
            )
        ]
    ),
    "AH": lambda layer: iter([("ah", {"next_header": layer.nxt, "payload_len": layer.len, "spi": layer.spi,
        "sequence": layer.seq})]),
    "ESP": lambda layer: iter([("esp", {"spi": layer.spi, "sequence": layer.seq})]),
    "SLL": lambda layer: iter([("sll", {"packet_type": layer.type, "arphrd_type": layer.hrd, "address_length":
        layer.hlen, "protocol": layer.ethtype})]),
    "Loopback": lambda layer: iter([("bsd_null", {"family": layer.family})]),
    "Geneve": lambda layer: iter([("geneve", {"version": int(layer.version), "opt_len": int(layer.opt_len),
        "vni": int(layer.vni)})]),
}  # fmt: skip
_BETWEEN: Final = ("Echo", "Unreach", "TimeExceed", "Redirect", "ParamProbe", "Quote")
_MESSAGES: Final = ("Error", "Unreach", "TooBig", "TimeExceed", "ParamProb")


def _headers_of(layer: Any) -> Iterator[HeaderReading]:
    while layer is not None and not isinstance(layer, bytes):
        kind = type(layer).__name__
        if kind in _READERS:
            for name, fields in _READERS[kind](layer):
                yield HeaderReading(name, fields)
        elif kind not in _BETWEEN:
            return
        layer = getattr(layer, "data", None)


@cache
def _links() -> dict[int, Any]:
    import dpkt

    return {
        0: dpkt.loopback.Loopback, 1: dpkt.ethernet.Ethernet, 12: dpkt.ip.IP, 14: dpkt.ip.IP, 101: dpkt.ip.IP,
            108: dpkt.loopback.Loopback,
        113: dpkt.sll.SLL, 228: dpkt.ip.IP, 229: dpkt.ip6.IP6, 276: dpkt.sll2.SLL2,
    }  # fmt: skip


class Dpkt:
    """dpkt, which must be installed: `pip install dpkt`."""

    name: str = "dpkt"
    tells_faults: bool = True

    def __init__(self) -> None:
        import dpkt

        self._links, self._errors = _links(), (dpkt.UnpackError,)

    def read(self, records: Sequence[Record]) -> list[Reading]:
        """The classes of each packet."""
        return [self._reading(record) for record in records]

    def _reading(self, record: Record) -> Reading:
        link = self._links.get(record.link_type)
        if record.link_type in (12, 14, 101) and record.data[:1] and record.data[0] >> 4 == 6:
            link = self._links[229]
        if link is None:
            return Reading()
        try:
            return Reading(tuple(_headers_of(link(record.data))))
        except self._errors as error:
            return Reading((), f"{type(error).__name__}: {error}")
        except Exception as error:
            return Reading((), f"{CRASHED}{type(error).__name__}: {error}")


DECODER: Final = Dpkt
