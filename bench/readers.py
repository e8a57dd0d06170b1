"""Decoding: each peer reads a frame of seven headers and every field of every header.

Each function decodes one frame, reads all that its library calls a field, and gives four of them that lie on both sides of
the tunnel; before anything is timed, all must give the same four. What a library lacks is written by hand as its users
write it: VXLAN for dpkt and pypacker, the whole stack for construct (which spares it the search for the next header).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import construct
import dpkt
from pypacker.layer12 import ethernet as pypacker_ethernet
from pypacker.pypacker import Packet as PypackerPacket
from scapy.layers.inet import TCP as ScapyTCP  # noqa: F401 - binds itself below IP
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN as ScapyVXLAN

from overlaycodec import VXLAN, Packet, decode, decode_header

__all__ = ["FRAME_READERS", "SHARES", "VXLAN_READERS", "Facts", "same"]

Facts = tuple[str, int, int, int]
"""The outer source address, the VNI, the inner sequence number, the octets of payload."""


def _dotted(octets: bytes) -> str:
    return "%d.%d.%d.%d" % tuple(octets)


# --- overlaycodec -----------------------------------------------------------------------------------------------------


def read_overlaycodec(data: bytes) -> Any:  # Any: as each library has it
    packet = decode(data)
    ethernet, ip, udp, vxlan, inner, inner_ip, tcp = _headers(packet)
    ethernet.dst, ethernet.src, ethernet.ethertype
    for ip_ in (ip, inner_ip):
        ip_.version, ip_.ihl, ip_.dscp, ip_.ecn, ip_.total_length, ip_.identification
        ip_.reserved0, ip_.dont_fragment, ip_.more_fragments, ip_.fragment_offset
        ip_.ttl, ip_.protocol, ip_.checksum, ip_.src, ip_.dst, ip_.options, ip_.options_rest
    udp.src_port, udp.dst_port, udp.length, udp.checksum
    vxlan.reserved_flags0, vxlan.vni_valid, vxlan.reserved_flags1, vxlan.reserved1, vxlan.vni, vxlan.reserved2
    inner.dst, inner.src, inner.ethertype
    tcp.src_port, tcp.dst_port, tcp.sequence, tcp.acknowledgment, tcp.data_offset, tcp.reserved1
    tcp.cwr, tcp.ece, tcp.urg, tcp.ack, tcp.psh, tcp.rst, tcp.syn, tcp.fin
    tcp.window, tcp.checksum, tcp.urgent_pointer, tcp.options, tcp.options_rest
    return ip.src, vxlan.vni, tcp.sequence, packet.payload


def _headers(packet: Packet) -> tuple[Any, ...]:  # Any: the seven classes, which the reader knows
    return packet.headers


def read_overlaycodec_vxlan(data: bytes) -> int:
    vxlan, _ = decode_header(VXLAN, data)
    vxlan.reserved_flags0, vxlan.vni_valid, vxlan.reserved_flags1, vxlan.reserved1, vxlan.reserved2
    return vxlan.vni


# --- dpkt -------------------------------------------------------------------------------------------------------------


class DpktVXLAN(dpkt.Packet):  # type: ignore[misc]  # dpkt has no types
    __hdr__ = (("flags", "B", 8), ("reserved1", "3s", bytes(3)), ("vni_reserved2", "I", 0))

    @property
    def vni(self) -> int:
        number: int = self.vni_reserved2
        return number >> 8

    @property
    def reserved2(self) -> int:
        number: int = self.vni_reserved2
        return number & 0xFF

    def unpack(self, data: bytes) -> None:
        super().unpack(data)
        if self.data:
            self.data = dpkt.ethernet.Ethernet(self.data)


def read_dpkt(data: bytes) -> Any:  # Any: as each library has it
    ethernet = dpkt.ethernet.Ethernet(data)
    ip = ethernet.data
    udp = ip.data
    vxlan = DpktVXLAN(udp.data)
    inner = vxlan.data
    inner_ip = inner.data
    tcp = inner_ip.data
    ethernet.dst, ethernet.src, ethernet.type
    for ip_ in (ip, inner_ip):
        ip_.v, ip_.hl, ip_.tos, ip_.len, ip_.id, ip_.rf, ip_.df, ip_.mf, ip_.offset
        ip_.ttl, ip_.p, ip_.sum, ip_.src, ip_.dst, ip_.opts
    udp.sport, udp.dport, udp.ulen, udp.sum
    vxlan.flags, vxlan.reserved1, vxlan.vni, vxlan.reserved2
    inner.dst, inner.src, inner.type
    tcp.sport, tcp.dport, tcp.seq, tcp.ack, tcp.off, tcp.flags, tcp.win, tcp.sum, tcp.urp, tcp.opts
    return ip.src, vxlan.vni, tcp.seq, tcp.data


def read_dpkt_vxlan(data: bytes) -> int:
    vxlan = DpktVXLAN(data)
    vxlan.flags, vxlan.reserved1, vxlan.reserved2
    return vxlan.vni


# --- pypacker ---------------------------------------------------------------------------------------------------------


class PypackerVXLAN(PypackerPacket):  # type: ignore[misc]  # pypacker has no types
    __hdr__ = (("flags", "B", 8), ("reserved1", "3s", bytes(3)), ("vni_reserved2", "I", 0))


def read_pypacker(data: bytes) -> Any:  # Any: as each library has it
    ethernet = pypacker_ethernet.Ethernet(data)
    ip = ethernet.higher_layer
    udp = ip.higher_layer
    vxlan = PypackerVXLAN(udp.body_bytes)
    inner = pypacker_ethernet.Ethernet(vxlan.body_bytes)
    inner_ip = inner.higher_layer
    tcp = inner_ip.higher_layer
    ethernet.dst, ethernet.src, ethernet.type
    for ip_ in (ip, inner_ip):
        ip_.v, ip_.hl, ip_.tos, ip_.len, ip_.id, ip_.frag_off
        ip_.ttl, ip_.p, ip_.sum, ip_.src, ip_.dst, ip_.opts
    udp.sport, udp.dport, udp.ulen, udp.sum
    vxlan.flags, vxlan.reserved1
    inner.dst, inner.src, inner.type
    tcp.sport, tcp.dport, tcp.seq, tcp.ack, tcp.off, tcp.flags, tcp.win, tcp.sum, tcp.urp, tcp.opts
    return ip.src, vxlan.vni_reserved2 >> 8, tcp.seq, tcp.body_bytes


def read_pypacker_vxlan(data: bytes) -> int:
    vxlan = PypackerVXLAN(data)
    vxlan.flags, vxlan.reserved1
    number: int = vxlan.vni_reserved2
    return number >> 8


# --- scapy ------------------------------------------------------------------------------------------------------------


def read_scapy(data: bytes) -> Any:  # Any: as each library has it
    ethernet = Ether(data)
    ip = ethernet.payload
    udp = ip.payload
    vxlan = udp.payload
    inner = vxlan.payload
    inner_ip = inner.payload
    tcp = inner_ip.payload
    ethernet.dst, ethernet.src, ethernet.type
    for ip_ in (ip, inner_ip):
        ip_.version, ip_.ihl, ip_.tos, ip_.len, ip_.id, ip_.flags, ip_.frag
        ip_.ttl, ip_.proto, ip_.chksum, ip_.src, ip_.dst, ip_.options
    udp.sport, udp.dport, udp.len, udp.chksum
    vxlan.flags, vxlan.reserved1, vxlan.vni, vxlan.reserved2
    inner.dst, inner.src, inner.type
    tcp.sport, tcp.dport, tcp.seq, tcp.ack, tcp.dataofs, tcp.reserved, tcp.flags
    tcp.window, tcp.chksum, tcp.urgptr, tcp.options
    return ip.src, vxlan.vni, tcp.seq, tcp.payload.load


def read_scapy_vxlan(data: bytes) -> int:
    vxlan = ScapyVXLAN(data)
    vxlan.flags, vxlan.reserved1, vxlan.reserved2
    number: int = vxlan.vni
    return number


# --- construct --------------------------------------------------------------------------------------------------------

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


def construct_reader(frame: Any) -> Callable[[bytes], Any]:  # Any: construct's own types are open
    parse = frame.parse

    def read_construct(data: bytes) -> Any:
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

    return read_construct


def construct_vxlan_reader(vxlan: Any) -> Callable[[bytes], Any]:  # Any: construct's own types are open
    parse = vxlan.parse

    def read_construct_vxlan(data: bytes) -> Any:
        found = parse(data)
        found.flags, found.reserved1, found.reserved2
        return found.vni

    return read_construct_vxlan


FRAME_READERS: dict[str, Callable[[bytes], Any]] = {
    "overlaycodec": read_overlaycodec,
    "pypacker": read_pypacker,
    "dpkt": read_dpkt,
    "construct, compiled": construct_reader(_FRAME.compile()),
    "construct": construct_reader(_FRAME),
    "scapy": read_scapy,
}
VXLAN_READERS: dict[str, Callable[[bytes], Any]] = {
    "overlaycodec": read_overlaycodec_vxlan,
    "pypacker": read_pypacker_vxlan,
    "dpkt": read_dpkt_vxlan,
    "construct, compiled": construct_vxlan_reader(_VXLAN.compile()),
    "construct": construct_vxlan_reader(_VXLAN),
    "scapy": read_scapy_vxlan,
}
SHARES = {"construct, compiled": 5, "construct": 10, "scapy": 10}
"""One frame in so many goes to the slow ones."""


def same(frame: bytes) -> bool:
    """Whether all readers find the same in a frame."""
    found = {tuple(_plain(value) for value in reader(frame)) for reader in FRAME_READERS.values()}
    return len(found) == 1


def _plain(value: Any) -> Any:  # Any: an address in one of several types, or a number
    if isinstance(value, bytes) and len(value) == 4:
        return _dotted(value)
    return value if isinstance(value, int | bytes) else str(value)
