"""The packet as a receiver reads it, where a field does not mean to it what the specification says.

Strategy: the fields that the receiver ignores (a length, and the checksum that covers it) are set to the values that it
assumes, and the octets are decoded again; the findings from there on are those that the receiver meets. Each case was
seen on a live one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from overlaycodec.checksum import internet_checksum, internet_sum
from overlaycodec.codec.packet_decoder import decode_header
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import DecodeError
from overlaycodec.findings.model import Receiver
from overlaycodec.findings.rules.outcomes import ip_of, number_in
from overlaycodec.packet.offsets import is_fragment, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import UDP, Ethernet, IPv4, IPv6, VLANTag

__all__ = ["ReceiverView", "receiver_view"]

_UDP: Final = 17
_GRE: Final = 47
_MINIMUM_OCTETS: Final = {_UDP: 16, _GRE: 0}
"""UDP with the tunnel header, by the length of IP; for GRE that length does not matter to Open vSwitch."""
_NOP: Final = b"\x01"
_MAX_LENGTH: Final = 0xFFFF


class ReceiverView(msgspec.Struct, frozen=True):
    """Octets to decode in place of the packet's own, from a bit on."""

    octets: bytes
    bit: int
    """The findings before it are those of the packet itself."""
    tolerated: Mapping[str, str]
    """Faults that do not stop the receiver, by the names of their rules, and what it does."""


_IGNORED: Final = "Open vSwitch does not look"
_OVS: Final = {"udp-length": _IGNORED, "udp-short": _IGNORED, "ipv6-length-none": _IGNORED}
_OVS_IPV4: Final = {**_OVS, "ipv4-value": "Open vSwitch reads on, and does not look at the header checksum"}
_LINUX: Final = {"udp-length": "Linux takes it for a jumbogram"}


class _Datagram(msgspec.Struct, frozen=True):
    """A datagram of UDP or GRE in IP."""

    data: bytes
    link_octets: int
    """The offset of the IP header."""
    ip: IPv4 | IPv6
    content: int
    """The offset of what IP carries."""
    octets: int
    """How many octets IP carries, by its own length."""
    protocol: int


def receiver_view(data: bytes, packet: Packet, receiver: Receiver) -> ReceiverView | None:
    """The receiver's view of a tunnel packet that is sent to it; None where it reads the packet as it is."""
    offset, ethertype = 0, 0
    for header in packet.headers:
        if not isinstance(header, Ethernet | VLANTag):
            break
        ethertype = header.ethertype
        offset += octets_in(header)
    ip = ip_of(ethertype)
    datagram = None if ip is None else _in_ipv4(data, offset) if ip is IPv4 else _in_ipv6(data, offset)
    if datagram is None:
        return None
    if receiver == "ovs":
        return _to_the_end(datagram, _OVS_IPV4 if ip is IPv4 else _OVS)
    if receiver == "linux" and ip is IPv6 and datagram.protocol == _UDP:
        udp, _ = decode_header(UDP, data[datagram.content :])
        if udp.length == 0:
            end = datagram.content + datagram.octets
            return _to_the_end(msgspec.structs.replace(datagram, data=data[:end]), _LINUX)
    return None


def _in_ipv6(data: bytes, offset: int) -> _Datagram | None:
    """The datagram that follows the IPv6 header at once."""
    try:
        ip, size = decode_header(IPv6, data[offset:])
    except DecodeError:
        return None
    return _tunnel(_Datagram(data, offset, ip, offset + size, ip.payload_length, ip.next_header))


def _in_ipv4(data: bytes, offset: int) -> _Datagram | None:
    """The datagram in IPv4, if it is not fragmented.

    Open vSwitch takes a version of 6 for 4 here, and reads the traffic class where IPv6 has it.
    """
    octets, traffic_class = data[offset:], None
    if number_in(octets, IPv4, "version") == 6:
        traffic_class = int.from_bytes(octets[:2], "big") >> 4 & 0xFF
        octets = bytes([octets[0] ^ (6 ^ 4) << 4]) + octets[1:]
    try:
        ip, size = decode_header(IPv4, octets)
    except DecodeError:
        return None
    if is_fragment(ip) or ip.total_length < size:
        return None
    if traffic_class is not None:
        ip = ip.replace(dscp=traffic_class >> 2, ecn=traffic_class & 3)
    return _tunnel(_Datagram(data, offset, ip, offset + size, ip.total_length - size, ip.protocol))


def _tunnel(datagram: _Datagram) -> _Datagram | None:
    """The same, where it is UDP or GRE with a tunnel header."""
    minimum = _MINIMUM_OCTETS.get(datagram.protocol)
    complete = datagram.content + datagram.octets <= len(datagram.data)
    return datagram if minimum is not None and datagram.octets >= minimum and complete else None


def _to_the_end(datagram: _Datagram, tolerated: Mapping[str, str]) -> ReceiverView:
    """All octets belong to the datagram, whatever the lengths of IP and UDP are."""
    data, ip, content = datagram.data, datagram.ip, datagram.data[datagram.content :]
    if isinstance(ip, IPv4):
        size = datagram.content - datagram.link_octets
        length = min(len(content), _MAX_LENGTH - size)
        options = size - IPv4.__layout__.minimum_octets
        # a source route changes the destination of the pseudo-header, and Open vSwitch does not look at it
        ip = ip.replace(total_length=size + length, options=(), options_rest=_NOP * options)
    else:
        length = min(len(content), _MAX_LENGTH)
        ip = ip.replace(payload_length=length)
    outside = data[: datagram.link_octets] + encode(ip)
    if datagram.protocol == _GRE:
        return ReceiverView(outside + content, datagram.content * 8, tolerated)
    udp, size = decode_header(UDP, content)
    content = content[size:]
    pseudo_header = int(ip.src) + int(ip.dst) + _UDP
    checksum = udp.checksum
    if checksum:
        valid = internet_sum(encode(udp) + content, pseudo_header + datagram.octets) == 0xFFFF
        unchecked = encode(udp.replace(length=length, checksum=0))
        right = internet_checksum(unchecked + content, pseudo_header + length) or 0xFFFF
        checksum = right if valid else checksum if checksum != right else checksum ^ 1
    bit = datagram.content * 8 + (UDP.__layout__.fixed_bit_of("checksum") or 0)
    return ReceiverView(outside + encode(udp.replace(length=length, checksum=checksum)) + content, bit, tolerated)
