"""os-ken's packet library, which knows VXLAN."""

# ruff: noqa: B018 - to read a field is the work

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from os_ken.lib.packet.packet import Packet
from os_ken.lib.packet.vxlan import vxlan

from bench.peers.base import Peer, untupled

__all__ = ["PEERS"]


@untupled
def read_frame(data: bytes) -> Any:  # Any: os-ken has no types
    ethernet, ip, udp, vxlan, inner, inner_ip, tcp, payload = Packet(data).protocols
    ethernet.dst, ethernet.src, ethernet.ethertype
    for ip_ in (ip, inner_ip):
        ip_.version, ip_.header_length, ip_.tos, ip_.total_length, ip_.identification, ip_.flags, ip_.offset
        ip_.ttl, ip_.proto, ip_.csum, ip_.src, ip_.dst, ip_.option
    udp.src_port, udp.dst_port, udp.total_length, udp.csum
    inner.dst, inner.src, inner.ethertype
    tcp.src_port, tcp.dst_port, tcp.seq, tcp.ack, tcp.offset, tcp.bits
    tcp.window_size, tcp.csum, tcp.urgent, tcp.option
    return ip.src, vxlan.vni, tcp.seq, payload


@untupled
def read_vxlan(data: bytes) -> int:
    number: int = vxlan.parser(data)[0].vni
    return number


PEERS = [Peer("os-ken", version("os-ken"), read_frame, read_vxlan, Packet, share=5)]
