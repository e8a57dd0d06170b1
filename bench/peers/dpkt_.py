"""dpkt, with VXLAN by hand."""

# ruff: noqa: B018 - to read a field is the work

from __future__ import annotations

import socket
from typing import Any

import dpkt

from bench.peers.base import Peer, Values, untupled

__all__ = ["PEERS"]


class DpktVXLAN(dpkt.Packet):  # type: ignore[misc]  # dpkt has no types
    __hdr__ = (("flags", "B", 8), ("reserved1", "3s", bytes(3)), ("vni_reserved2", "I", 0))

    data: Any

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


@untupled
def read_frame(data: bytes) -> Any:  # Any: dpkt has no types
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


@untupled
def read_vxlan(data: bytes) -> int:
    vxlan = DpktVXLAN(data)
    vxlan.flags, vxlan.reserved1, vxlan.reserved2
    return vxlan.vni


@untupled
def read_udp(data: bytes) -> None:
    udp = dpkt.udp.UDP(data)
    udp.sport, udp.dport, udp.ulen, udp.sum


def decode(data: bytes) -> object:
    ethernet = dpkt.ethernet.Ethernet(data)
    udp = getattr(ethernet.data, "data", None)
    return DpktVXLAN(udp.data) if isinstance(udp, dpkt.udp.UDP) and udp.dport == 4789 else ethernet


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def build(values: Values) -> Any:  # Any: dpkt has no types
    tcp = dpkt.tcp.TCP(sport=40000, dport=50000, seq=values.sequence, flags=0x10, win=8192, data=values.payload)
    inner_ip = dpkt.ip.IP(
        src=socket.inet_aton(values.inner_src), dst=socket.inet_aton(values.inner_dst), p=6, ttl=64, id=0, data=tcp
    )
    inner = dpkt.ethernet.Ethernet(
        dst=_mac(values.inner_dst_mac), src=_mac(values.inner_src_mac), type=0x0800, data=inner_ip
    )
    vxlan = DpktVXLAN(vni_reserved2=values.vni << 8, data=inner)
    udp = dpkt.udp.UDP(sport=values.src_port, dport=4789, data=vxlan)
    ip = dpkt.ip.IP(
        src=socket.inet_aton(values.outer_src),
        dst=socket.inet_aton(values.outer_dst),
        p=17,
        ttl=64,
        id=values.identification,
        data=udp,
    )
    return dpkt.ethernet.Ethernet(dst=_mac(values.outer_dst_mac), src=_mac(values.outer_src_mac), type=0x0800, data=ip)


def encode(packet: Any) -> bytes:  # Any: dpkt has no types
    # dpkt computes IP's length and the checksums of IP and TCP; UDP's length is the user's to set
    inner_ip = packet.data.data.data.data.data
    inner_ip.len = len(inner_ip)
    packet.data.len = len(packet.data)
    packet.data.data.ulen = len(packet.data.data)
    return bytes(packet)


PEERS = [Peer("dpkt", dpkt.__version__, read_frame, read_vxlan, decode, build, encode, read_udp)]
