"""Kaitai Struct: its Python runtime, under classes in the form in which its compiler emits them."""

# ruff: noqa: B018 - to read a field is the work

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from kaitaistruct import BytesIO, KaitaiStream, KaitaiStruct

from bench.peers.base import Peer, untupled

__all__ = ["PEERS"]


class _Parsed(KaitaiStruct):  # type: ignore[misc]  # the runtime has no types
    def __init__(self, _io: Any, _parent: Any = None, _root: Any = None) -> None:
        super().__init__(_io)
        self._parent = _parent
        self._root = _root or self
        self._read()

    _io: Any
    _read: Any


class Ethernet(_Parsed):
    def _read(self) -> None:
        self.dst = self._io.read_bytes(6)
        self.src = self._io.read_bytes(6)
        self.ether_type = self._io.read_u2be()
        if self.ether_type == 0x0800:
            self._raw_body = self._io.read_bytes_full()
            self.body: Any = IPv4(KaitaiStream(BytesIO(self._raw_body)), self, self._root)
        else:
            self.body = self._io.read_bytes_full()


class IPv4(_Parsed):
    def _read(self) -> None:
        self.version = self._io.read_bits_int_be(4)
        self.ihl = self._io.read_bits_int_be(4)
        self.dscp = self._io.read_bits_int_be(6)
        self.ecn = self._io.read_bits_int_be(2)
        self._io.align_to_byte()
        self.total_length = self._io.read_u2be()
        self.identification = self._io.read_u2be()
        self.reserved = self._io.read_bits_int_be(1) != 0
        self.dont_fragment = self._io.read_bits_int_be(1) != 0
        self.more_fragments = self._io.read_bits_int_be(1) != 0
        self.fragment_offset = self._io.read_bits_int_be(13)
        self._io.align_to_byte()
        self.ttl = self._io.read_u1()
        self.protocol = self._io.read_u1()
        self.checksum = self._io.read_u2be()
        self.src = self._io.read_bytes(4)
        self.dst = self._io.read_bytes(4)
        self.options = self._io.read_bytes(self.ihl * 4 - 20)
        self._raw_body = self._io.read_bytes(self.total_length - self.ihl * 4)
        if self.protocol == 17:
            self.body: Any = UDP(KaitaiStream(BytesIO(self._raw_body)), self, self._root)
        elif self.protocol == 6:
            self.body = TCP(KaitaiStream(BytesIO(self._raw_body)), self, self._root)
        else:
            self.body = self._raw_body


class UDP(_Parsed):
    def _read(self) -> None:
        self.src_port = self._io.read_u2be()
        self.dst_port = self._io.read_u2be()
        self.length = self._io.read_u2be()
        self.checksum = self._io.read_u2be()
        self._raw_body = self._io.read_bytes(self.length - 8)
        if self.dst_port == 4789:
            self.body: Any = Tunnelled(KaitaiStream(BytesIO(self._raw_body)), self, self._root)
        else:
            self.body = self._raw_body


class VXLAN(_Parsed):
    def _read(self) -> None:
        self.reserved_flags0 = self._io.read_bits_int_be(4)
        self.vni_valid = self._io.read_bits_int_be(1) != 0
        self.reserved_flags1 = self._io.read_bits_int_be(3)
        self.reserved1 = self._io.read_bits_int_be(24)
        self.vni = self._io.read_bits_int_be(24)
        self.reserved2 = self._io.read_bits_int_be(8)


class Tunnelled(_Parsed):
    def _read(self) -> None:
        self.vxlan = VXLAN(self._io, self, self._root)
        self.frame = Ethernet(self._io, self, self._root)


class TCP(_Parsed):
    def _read(self) -> None:
        self.src_port = self._io.read_u2be()
        self.dst_port = self._io.read_u2be()
        self.sequence = self._io.read_u4be()
        self.acknowledgment = self._io.read_u4be()
        self.data_offset = self._io.read_bits_int_be(4)
        self.reserved = self._io.read_bits_int_be(4)
        self.cwr = self._io.read_bits_int_be(1) != 0
        self.ece = self._io.read_bits_int_be(1) != 0
        self.urg = self._io.read_bits_int_be(1) != 0
        self.ack = self._io.read_bits_int_be(1) != 0
        self.psh = self._io.read_bits_int_be(1) != 0
        self.rst = self._io.read_bits_int_be(1) != 0
        self.syn = self._io.read_bits_int_be(1) != 0
        self.fin = self._io.read_bits_int_be(1) != 0
        self._io.align_to_byte()
        self.window = self._io.read_u2be()
        self.checksum = self._io.read_u2be()
        self.urgent_pointer = self._io.read_u2be()
        self.options = self._io.read_bytes(self.data_offset * 4 - 20)
        self.body = self._io.read_bytes_full()


@untupled
def read_frame(data: bytes) -> Any:  # Any: the runtime has no types
    ethernet = Ethernet(KaitaiStream(BytesIO(data)))
    ip = ethernet.body
    udp = ip.body
    vxlan, inner = udp.body.vxlan, udp.body.frame
    inner_ip = inner.body
    tcp = inner_ip.body
    ethernet.dst, ethernet.src, ethernet.ether_type
    for ip_ in (ip, inner_ip):
        ip_.version, ip_.ihl, ip_.dscp, ip_.ecn, ip_.total_length, ip_.identification
        ip_.reserved, ip_.dont_fragment, ip_.more_fragments, ip_.fragment_offset
        ip_.ttl, ip_.protocol, ip_.checksum, ip_.src, ip_.dst, ip_.options
    udp.src_port, udp.dst_port, udp.length, udp.checksum
    vxlan.reserved_flags0, vxlan.vni_valid, vxlan.reserved_flags1, vxlan.reserved1, vxlan.vni, vxlan.reserved2
    inner.dst, inner.src, inner.ether_type
    tcp.src_port, tcp.dst_port, tcp.sequence, tcp.acknowledgment, tcp.data_offset, tcp.reserved
    tcp.cwr, tcp.ece, tcp.urg, tcp.ack, tcp.psh, tcp.rst, tcp.syn, tcp.fin
    tcp.window, tcp.checksum, tcp.urgent_pointer, tcp.options
    return ip.src, vxlan.vni, tcp.sequence, tcp.body


@untupled
def read_vxlan(data: bytes) -> int:
    vxlan = VXLAN(KaitaiStream(BytesIO(data)))
    vxlan.reserved_flags0, vxlan.vni_valid, vxlan.reserved_flags1, vxlan.reserved1, vxlan.reserved2
    number: int = vxlan.vni
    return number


PEERS = [Peer("kaitai", version("kaitaistruct"), read_frame, read_vxlan, share=5)]
