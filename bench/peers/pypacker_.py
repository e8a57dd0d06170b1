"""pypacker, with VXLAN by hand; it decodes headers and fields as they are asked for."""

# ruff: noqa: B018 - to read a field is the work

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pypacker.layer12.ethernet import Ethernet
from pypacker.pypacker import Packet

from bench.peers.base import Peer, untupled

__all__ = ["PEERS"]


class PypackerVXLAN(Packet):  # type: ignore[misc]  # pypacker has no types
    __hdr__ = (("flags", "B", 8), ("reserved1", "3s", bytes(3)), ("vni_reserved2", "I", 0))


@untupled
def read_frame(data: bytes) -> Any:  # Any: pypacker has no types
    ethernet = Ethernet(data)
    ip = ethernet.higher_layer
    udp = ip.higher_layer
    vxlan = PypackerVXLAN(udp.body_bytes)
    inner = Ethernet(vxlan.body_bytes)
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


@untupled
def read_vxlan(data: bytes) -> int:
    vxlan = PypackerVXLAN(data)
    vxlan.flags, vxlan.reserved1
    number: int = vxlan.vni_reserved2
    return number >> 8


PEERS = [Peer("pypacker", version("pypacker"), read_frame, read_vxlan)]
