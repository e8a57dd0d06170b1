"""Entropy: numbers that are the same for all packets of a flow and differ between flows, for the choice of a path.

Strategy: 64 bits of a keyed BLAKE2b (RFC 7693) over the octets that identify the flow. It is part of every Python and
gives the same on every machine and in every process. Who does not know the key cannot direct flows to one path.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv4Address
from struct import Struct
from typing import Any

from overlaycodec.editing.stack_plan import PLANS, StackPlan
from overlaycodec.packet.packet import Packet, check_packet
from overlaycodec.protocols import Ethernet, IPv6
from overlaycodec.values.argument_checks import check_number, check_type

__all__ = ["flow_hash", "flow_label", "flow_octets", "flow_port", "hash_in_stack", "spread"]

BITS = 64
_IPV4_FLOW = Struct(">IIBHH").pack
_PORTS = Struct(">BHH").pack


def flow_octets(packet: Packet) -> bytes:
    """The octets that identify the flow of a packet, by its outermost scope.

    Of IP: source and destination address, protocol (1 octet), then source and destination port (2 octets each). Where
    there are no ports, or the packet is a fragment (only the first one has ports), IPv6's flow label (3 octets)
    replaces them. Of other frames: destination, source and EtherType; of what has no headers, its first 14 octets.
    """
    check_packet(packet)
    return _flow_octets(packet, PLANS[tuple(map(type, packet.headers))])


def _flow_octets(packet: Packet, plan: StackPlan) -> bytes:
    headers: Any = packet.headers  # Any: headers of several classes, known by what they declare
    network, field, ports = plan.flow
    if network is None:
        ethernet = packet.get(Ethernet)
        if ethernet is None:
            return packet.payload[:14]
        return ethernet.dst.packed + ethernet.src.packed + ethernet.ethertype.to_bytes(2, "big")
    octets: bytes
    src, dst = headers[network].src, headers[network].dst
    protocol = 0 if field is None else getattr(headers[field[0]], field[1])
    if ports is None or any(getattr(headers[index], name) for index, name in plan.flow_fragments):
        octets = src.packed + dst.packed + bytes([protocol])
        label = packet[IPv6].flow_label if src.version == 6 else 0
        return octets + label.to_bytes(3, "big") if label else octets
    outside = headers[ports]
    if src.__class__ is IPv4Address:
        return _IPV4_FLOW(int(src), int(dst), protocol, outside.src_port, outside.dst_port)
    octets = src.packed + dst.packed + _PORTS(protocol, outside.src_port, outside.dst_port)
    return octets


def flow_hash(packet: Packet, key: bytes = b"") -> int:
    """64 bits that identify the flow: BLAKE2b of `flow_octets` with a digest of 8 octets, read as one number.

    `key` has 64 octets at most.
    """
    check_packet(packet)
    check_type("key", key, bytes, "bytes")
    if len(key) > blake2b.MAX_KEY_SIZE:
        raise ValueError(f"the key has {len(key)} octets; at most {blake2b.MAX_KEY_SIZE}")
    return hash_in_stack(packet, PLANS[tuple(map(type, packet.headers))], key)


def hash_in_stack(packet: Packet, plan: StackPlan, key: bytes) -> int:
    """The same for a packet whose stack is known, and a key that was checked."""
    digest = _keyed(key).copy()
    digest.update(_flow_octets(packet, plan))
    return int.from_bytes(digest.digest(), "big")


@lru_cache(maxsize=16)
def _keyed(key: bytes) -> blake2b:
    """The hash of nothing, which is copied for each packet: quicker than to begin with the key."""
    return blake2b(digest_size=BITS // 8, key=key)


def spread(number: int, first: int, last: int) -> int:
    """A number from `first` to `last`, uniformly distributed, from 64 bits: the high bits decide."""
    return first + (number * (last - first + 1) >> BITS)


def flow_port(packet: Packet, first: int = 49152, last: int = 65535, key: bytes = b"") -> int:
    """The source port for a flow, `first` to `last`: by default the range that RFC 7348 section 5 recommends."""
    check_number("last", last, check_number("first", first, 0, 0xFFFF), 0xFFFF)
    return spread(flow_hash(packet, key), first, last)


def flow_label(number: int) -> int:
    """A flow label, never 0, from the low bits, which do not decide the port.

    Spec: RFC 6438 section 3.
    """
    half = BITS // 2
    return 1 + ((number & (1 << half) - 1) * 0xFFFFF >> half)
