"""Entropy: numbers that are the same for all packets of a flow and differ between flows, for the choice of a path.

Strategy: 64 bits of a keyed BLAKE2b (RFC 7693) over the octets that identify the flow. It is part of every Python and
gives the same on every machine and in every process. Who does not know the key cannot direct flows to one path.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import is_fragment
from overlaycodec.packet.packet import FlowKey, Packet, check_packet
from overlaycodec.protocols import Ethernet, IPv6
from overlaycodec.values.argument_checks import check_number, check_type

__all__ = ["flow_hash", "flow_label", "flow_octets", "flow_port", "spread"]

BITS = 64


def flow_octets(packet: Packet) -> bytes:
    """The octets that identify the flow of a packet, by its outermost scope.

    Of IP: source and destination address, protocol (1 octet), then source and destination port (2 octets each). Where
    there are no ports, or the packet is a fragment (only the first one has ports), IPv6's flow label (3 octets)
    replaces them. Of other frames: destination, source and EtherType; of what has no headers, its first 14 octets.
    """
    check_packet(packet)
    flow = packet.flow
    if flow is None:
        ethernet = packet.get(Ethernet)
        if ethernet is None:
            return packet.payload[:14]
        return ethernet.dst.packed + ethernet.src.packed + ethernet.ethertype.to_bytes(2, "big")
    octets = flow.src.packed + flow.dst.packed + bytes([flow.protocol])
    ports = _ports(flow)
    if ports is None or _is_fragment(packet.headers):
        label = packet[IPv6].flow_label if flow.src.version == 6 else 0
        return octets + label.to_bytes(3, "big") if label else octets
    return octets + ports


def _ports(flow: FlowKey) -> bytes | None:
    if flow.src_port is None or flow.dst_port is None:
        return None
    return flow.src_port.to_bytes(2, "big") + flow.dst_port.to_bytes(2, "big")


def _is_fragment(headers: Sequence[Header]) -> bool:
    """Whether the outermost IP packet is a fragment, the first one too."""
    for header in headers:
        if is_fragment(header):
            return True
        layout = header.__layout__
        if layout.layer is None and "src_port" in layout.by_name:
            return False
    return False


def flow_hash(packet: Packet, key: bytes = b"") -> int:
    """64 bits that identify the flow: BLAKE2b of `flow_octets` with a digest of 8 octets, read as one number.

    `key` has 64 octets at most.
    """
    check_type("key", key, bytes, "bytes")
    if len(key) > blake2b.MAX_KEY_SIZE:
        raise ValueError(f"the key has {len(key)} octets; at most {blake2b.MAX_KEY_SIZE}")
    return int.from_bytes(blake2b(flow_octets(packet), digest_size=BITS // 8, key=key).digest(), "big")


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
