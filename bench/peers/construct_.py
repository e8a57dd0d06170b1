"""construct, interpreted and compiled; the stack is fixed."""

# ruff: noqa: B018 - to read a field is the work

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import construct

from bench.peers.base import Peer, untupled

__all__ = ["PEERS"]

_ETHERNET = construct.Struct("dst" / construct.Bytes(6), "src" / construct.Bytes(6), "type" / construct.Int16ub)
_IPV4 = construct.Struct(
    "bits" / construct.BitStruct("version" / construct.Nibble, "ihl" / construct.Nibble),
    "service" / construct.BitStruct("dscp" / construct.BitsInteger(6), "ecn" / construct.BitsInteger(2)),
    "total_length" / construct.Int16ub,
    "identification" / construct.Int16ub,
    "fragment"
    / construct.BitStruct(
        "reserved" / construct.Flag, "dont" / construct.Flag, "more" / construct.Flag,
        "offset" / construct.BitsInteger(13),
    ),
    "ttl" / construct.Int8ub,
    "protocol" / construct.Int8ub,
    "checksum" / construct.Int16ub,
    "src" / construct.Bytes(4),
    "dst" / construct.Bytes(4),
    "options" / construct.Bytes(construct.this.bits.ihl * 4 - 20),
)  # fmt: skip
_UDP = construct.Struct(
    "src_port" / construct.Int16ub, "dst_port" / construct.Int16ub, "length" / construct.Int16ub,
    "checksum" / construct.Int16ub,
)  # fmt: skip
_VXLAN = construct.Struct(
    "flags" / construct.Int8ub, "reserved1" / construct.Bytes(3), "vni" / construct.Int24ub,
    "reserved2" / construct.Int8ub,
)  # fmt: skip
_TCP = construct.Struct(
    "src_port" / construct.Int16ub,
    "dst_port" / construct.Int16ub,
    "sequence" / construct.Int32ub,
    "acknowledgment" / construct.Int32ub,
    "bits" / construct.BitStruct("data_offset" / construct.Nibble, "reserved" / construct.Nibble),
    "flags"
    / construct.BitStruct(
        "cwr" / construct.Flag, "ece" / construct.Flag, "urg" / construct.Flag, "ack" / construct.Flag,
        "psh" / construct.Flag, "rst" / construct.Flag, "syn" / construct.Flag, "fin" / construct.Flag,
    ),
    "window" / construct.Int16ub,
    "checksum" / construct.Int16ub,
    "urgent_pointer" / construct.Int16ub,
    "options" / construct.Bytes(construct.this.bits.data_offset * 4 - 20),
)  # fmt: skip
_FRAME = construct.Struct(
    "ethernet" / _ETHERNET, "ip" / _IPV4, "udp" / _UDP, "vxlan" / _VXLAN, "inner" / _ETHERNET, "inner_ip" / _IPV4,
    "tcp" / _TCP, "payload" / construct.GreedyBytes,
)  # fmt: skip


@untupled
def frame_reader(frame: Any) -> Callable[[bytes], Any]:  # Any: construct's own types are open
    parse = frame.parse

    def read_frame(data: bytes) -> Any:
        found = parse(data)
        ethernet, vxlan, udp, inner, tcp = found.ethernet, found.vxlan, found.udp, found.inner, found.tcp
        ethernet.dst, ethernet.src, ethernet.type
        for ip in (found.ip, found.inner_ip):
            ip.bits.version, ip.bits.ihl, ip.service.dscp, ip.service.ecn, ip.total_length, ip.identification
            ip.fragment.reserved, ip.fragment.dont, ip.fragment.more, ip.fragment.offset
            ip.ttl, ip.protocol, ip.checksum, ip.src, ip.dst, ip.options
        udp.src_port, udp.dst_port, udp.length, udp.checksum
        vxlan.flags, vxlan.reserved1, vxlan.vni, vxlan.reserved2
        inner.dst, inner.src, inner.type
        tcp.src_port, tcp.dst_port, tcp.sequence, tcp.acknowledgment, tcp.bits.data_offset, tcp.bits.reserved
        flags = tcp.flags
        flags.cwr, flags.ece, flags.urg, flags.ack, flags.psh, flags.rst, flags.syn, flags.fin
        tcp.window, tcp.checksum, tcp.urgent_pointer, tcp.options
        return found.ip.src, vxlan.vni, tcp.sequence, found.payload

    return read_frame


@untupled
def vxlan_reader(vxlan: Any) -> Callable[[bytes], Any]:  # Any: construct's own types are open
    parse = vxlan.parse

    def read_vxlan(data: bytes) -> Any:
        found = parse(data)
        found.flags, found.reserved1, found.reserved2
        return found.vni

    return read_vxlan


PEERS = [
    Peer(
        "construct, compiled",
        construct.__version__,
        frame_reader(_FRAME.compile()),
        vxlan_reader(_VXLAN.compile()),
        share=5,
    ),
    Peer("construct", construct.__version__, frame_reader(_FRAME), vxlan_reader(_VXLAN), share=10),
]
