"""What ICMP errors about an endpoint's own packets say of the path between the two ends."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from overlaycodec.editing.checksum_status import ChecksumStatus, checksums
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import ICMPUnreachable, ICMPv6PacketTooBig, IPv4, IPv6

__all__ = ["told_mtu"]

_FRAGMENTATION_NEEDED: Final = 4
_PLATEAUS: Final = (32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68)
"""MTUs of links, for messages of routers that do not say theirs (RFC 1191 section 7.1)."""
_LEAST: Final = {4: 68, 6: 1280}


def told_mtu(
    packet: Packet, src: IPv4Address | IPv6Address, transport: type[Header], dst_port: int | None
) -> int | None:
    """The MTU that an ICMP error says, if it is about a packet of the tunnel from `src`; None otherwise."""
    headers = packet.headers
    at = next((i for i, header in enumerate(headers) if isinstance(header, ICMPUnreachable | ICMPv6PacketTooBig)), None)
    if at is None:
        return None
    message: Any = headers[at]  # Any: one of these two
    outer, quoted = headers[:at], headers[at + 1 :]
    network: Any = next((header for header in outer if isinstance(header, IPv4 | IPv6)), None)
    if network is None or network.dst != src or not _is_ours(quoted, src, transport, dst_port):
        return None
    statuses = checksums(packet)
    if any(status is ChecksumStatus.BAD and "quoted" not in path for path, status in statuses.items()):
        return None
    if isinstance(message, ICMPv6PacketTooBig):
        return max(message.mtu, _LEAST[6])
    if getattr(headers[at - 1], "code", None) != _FRAGMENTATION_NEEDED:
        return None
    mtu: int = message.next_hop_mtu
    if mtu:
        return max(mtu, _LEAST[4])
    octets: int = getattr(quoted[0], "total_length", 0)
    return next((plateau for plateau in _PLATEAUS if plateau < octets), _LEAST[4])


def _is_ours(
    quoted: Sequence[Header], src: IPv4Address | IPv6Address, transport: type[Header], dst_port: int | None
) -> bool:
    """Whether the quoted packet is one that the endpoint sent."""
    network: Any = quoted[0] if quoted else None
    if not isinstance(network, IPv4 | IPv6) or network.src != src or len(quoted) < 2:
        return False
    return isinstance(quoted[1], transport) and getattr(quoted[1], "dst_port", None) == dst_port
