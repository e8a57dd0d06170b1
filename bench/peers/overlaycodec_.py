"""This library."""

# ruff: noqa: B018 - to read a field is the work

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import overlaycodec
from bench.peers.base import Peer, Values, untupled
from overlaycodec import TCP, UDP, VXLAN, Ethernet, IPv4, Packet, decode, decode_header, encode

__all__ = ["PEERS", "frame_reader"]


def _read_frame(data: bytes) -> tuple[Any, int, int, bytes]:  # Any: an address
    """Decodes a frame and reads every field of the seven headers."""
    packet = decode(data)
    headers: tuple[Any, ...] = packet.headers  # Any: of the seven classes below
    ethernet, ip, udp, vxlan, inner, inner_ip, tcp = headers
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


def frame_reader(decode: Callable[[bytes], Packet]) -> Callable[[bytes], tuple[Any, int, int, bytes]]:  # Any: as above
    """What reads every field of a frame's seven headers, in one function as users write it, by this way to decode."""
    return untupled(_read_frame, decode=decode)


@untupled
def read_vxlan(data: bytes) -> int:
    vxlan, _ = decode_header(VXLAN, data)
    vxlan.reserved_flags0, vxlan.vni_valid, vxlan.reserved_flags1, vxlan.reserved1, vxlan.reserved2
    return vxlan.vni


def build(values: Values) -> Packet:
    return (
        Ethernet(dst=values.outer_dst_mac, src=values.outer_src_mac)
        / IPv4(src=values.outer_src, dst=values.outer_dst, identification=values.identification)
        / UDP(src_port=values.src_port)
        / VXLAN(vni=values.vni)
        / Ethernet(dst=values.inner_dst_mac, src=values.inner_src_mac)
        / IPv4(src=values.inner_src, dst=values.inner_dst)
        / TCP(src_port=40000, dst_port=50000, sequence=values.sequence, ack=True, window=8192)
        / values.payload
    )


PEERS = [
    Peer("overlaycodec", overlaycodec.__version__, frame_reader(decode), read_vxlan, decode, build, encode, read_vxlan)
]
