"""scapy, loaded whole as its documentation has it: its layers then look for what follows among all that it knows."""

# ruff: noqa: B018 - to read a field is the work

from __future__ import annotations

from typing import Any

import scapy.all
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from bench.peers.base import Peer, Values, untupled

__all__ = ["PEERS"]


@untupled
def read_frame(data: bytes) -> Any:  # Any: scapy's fields are dynamic
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


@untupled
def read_vxlan(data: bytes) -> int:
    vxlan = VXLAN(data)
    vxlan.flags, vxlan.reserved1, vxlan.reserved2
    number: int = vxlan.vni
    return number


def build(values: Values) -> Any:  # Any: scapy's fields are dynamic
    return (
        Ether(dst=values.outer_dst_mac, src=values.outer_src_mac)
        / IP(src=values.outer_src, dst=values.outer_dst, id=values.identification)
        # no checksum in front of VXLAN, as RFC 7348 has it and as this library derives it: the octets are the same
        / UDP(sport=values.src_port, chksum=0)
        / VXLAN(vni=values.vni, flags="Instance")
        / Ether(dst=values.inner_dst_mac, src=values.inner_src_mac)
        / IP(src=values.inner_src, dst=values.inner_dst, id=0)
        / TCP(sport=40000, dport=50000, seq=values.sequence, flags="A", window=8192)
        / Raw(values.payload)
    )


PEERS = [Peer("scapy", scapy.__version__, read_frame, read_vxlan, Ether, build, bytes, share=10)]
