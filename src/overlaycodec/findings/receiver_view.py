"""The packet as a receiver reads it, where a field does not mean to it what the specification says.

Strategy: the octets are put right in what the receiver does not look at (a length, and the checksum that goes with it),
and read again; what is found from there on is what that receiver meets. Each case was seen on a live one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from overlaycodec.checksum import internet_checksum, internet_sum
from overlaycodec.findings.model import Receiver
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet, VLANTag

__all__ = ["Reading", "reading_of"]

_IPV4: Final = 0x0800
_IPV6: Final = 0x86DD
_UDP: Final = 17
_GRE: Final = 47
_IN_PIECES: Final = 0x3FFF


class Reading(msgspec.Struct, frozen=True):
    """Octets to read in place of the packet's own, from a bit on."""

    octets: bytes
    bit: int
    """What stands before it is judged as it is."""
    forgiven: Mapping[str, str]
    """Faults that do not stop the receiver, by the names of their rules, and what it does."""


_NOT_SEEN: Final = "Open vSwitch does not look"
_OVS: Final = {"udp-length": _NOT_SEEN, "udp-short": _NOT_SEEN}
_OVS_IPV4: Final = {**_OVS, "ipv4-value": "Open vSwitch reads on, and does not look at the header checksum"}
_LINUX: Final = {"udp-length": "Linux takes it for a jumbogram"}


class _Datagram(NamedTuple):
    """UDP or GRE in IP."""

    data: bytes
    network: int
    """Where the IP header stands."""
    at: int
    """Where what it carries stands."""
    octets: int
    """How much IP says that it carries."""
    protocol: int


def reading_of(data: bytes, packet: Packet, receiver: Receiver) -> Reading | None:
    """How the receiver reads a tunnel packet to itself; None where that is as usual."""
    at, kind = 0, 0
    for header in packet.headers:
        if not isinstance(header, Ethernet | VLANTag):
            break
        kind = header.ethertype
        at += octets_in(header)
    datagram = _in_ipv4(data, at) if kind == _IPV4 else _in_ipv6(data, at) if kind == _IPV6 else None
    if datagram is None:
        return None
    if receiver == "ovs":
        return _to_the_end(datagram, _OVS_IPV4 if kind == _IPV4 else _OVS)
    if receiver == "linux" and kind == _IPV6 and datagram.protocol == _UDP and _number(data, datagram.at + 4) == 0:
        return _to_the_end(datagram._replace(data=data[: datagram.at + datagram.octets]), _LINUX)
    return None


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")


def _in_ipv6(data: bytes, at: int) -> _Datagram | None:
    """What IPv6 carries at once and as a whole."""
    if len(data) < at + 40 or data[at] >> 4 != 6:
        return None
    return _tunnelled(_Datagram(data, at, at + 40, _number(data, at + 4), data[at + 6]))


def _in_ipv4(data: bytes, at: int) -> _Datagram | None:
    """What IPv4 carries as a whole; a version of 6 behind the EtherType of IPv4 is as good to Open vSwitch as 4."""
    if len(data) < at + 20 or data[at] >> 4 not in (4, 6) or _number(data, at + 6) & _IN_PIECES:
        return None
    size, total = (data[at] & 15) * 4, _number(data, at + 2)
    if size < 20 or total < size:
        return None
    return _tunnelled(_Datagram(data, at, at + size, total - size, data[at + 9]))


def _tunnelled(datagram: _Datagram) -> _Datagram | None:
    """The same, where it is UDP or GRE with a tunnel header."""
    least = {_UDP: 16, _GRE: 4}.get(datagram.protocol)
    there = datagram.at + datagram.octets <= len(datagram.data)
    return datagram if least is not None and datagram.octets >= least and there else None


def _to_the_end(datagram: _Datagram, forgiven: Mapping[str, str]) -> Reading:
    """All octets read to their end, whatever IP and UDP say of them."""
    data, network, at, octets, protocol = datagram
    patched = bytearray(data)
    length = min(len(data) - at, 0xFFFF)
    if forgiven is _OVS_IPV4:
        first, size = network + 12, 4
        patched[network] = 0x40 | data[network] & 15
        patched[network + 2 : network + 4] = (at - network + length).to_bytes(2, "big")
        patched[network + 20 : at] = bytes([1]) * (at - network - 20)  # a source route ends elsewhere: it is not seen
    else:
        first, size = network + 8, 16
        patched[network + 4 : network + 6] = length.to_bytes(2, "big")
    if protocol == _GRE:
        return Reading(bytes(patched), at * 8, forgiven)
    src, dst = (int.from_bytes(data[start : start + size], "big") for start in (first, first + size))
    patched[at + 4 : at + 6] = length.to_bytes(2, "big")
    given = _number(data, at + 6)
    if given:
        right = internet_sum(data[at:], src + dst + _UDP + octets) == 0xFFFF
        patched[at + 6 : at + 8] = bytes(2)
        wanted = internet_checksum(bytes(patched[at:]), src + dst + _UDP + length) or 0xFFFF
        value = wanted if right else given if given != wanted else given ^ 1
        patched[at + 6 : at + 8] = value.to_bytes(2, "big")
    return Reading(bytes(patched), (at + 6) * 8, forgiven)
