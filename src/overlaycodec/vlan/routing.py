"""Routing between VLANs on one port: received with one tag, sent with another."""

from __future__ import annotations

from typing import Any

from overlaycodec.editing.incremental import follow_outside, forwarded
from overlaycodec.errors import MissingHeaderError
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet
from overlaycodec.values import MACAddress
from overlaycodec.vlan.tags import place_of, pop, push, retag

__all__ = ["route"]


def route(
    packet: Packet, *, vid: int | None, src: MACAddress | str, dst: MACAddress | str, scope: str = "outer"
) -> Packet | None:
    """The packet as a router forwards it: into the VLAN `vid`, between these MAC addresses, with its TTL decremented.

    `vid` None: without a tag, on the native VLAN. The outermost tag is rewritten, pushed or popped as needed; its
    priority stays. IPv4's checksum is updated by the difference. None: the TTL is exceeded, and the packet is dropped
    (the router answers with ICMP time exceeded).

    Raises: MissingHeaderError for a packet that is not IP in Ethernet: IP behind MPLS or PPPoE is not the frame's own.

    Spec: RFC 1812 section 5.3.1, RFC 8200 section 3, RFC 1624.
    """
    place = place_of(packet, scope)
    headers = list(packet.headers)
    at, start = place.network, place.start
    if at is None or not isinstance(headers[start], Ethernet):
        raise MissingHeaderError(f"IP in Ethernet in {scope}", ", ".join(packet.names))
    network: Any = headers[at]  # Any: IPv4 and IPv6 have different names for it
    field = "ttl" if "ttl" in network.__layout__.by_name else "hop_limit"
    left = getattr(network, field)
    if left <= 1:
        return None
    headers[at] = forwarded(network, **{field: left - 1})
    headers[start] = headers[start].replace(src=src, dst=dst)
    routed = packet._with(tuple(headers))
    if start or packet.trailers:
        routed = follow_outside(packet, routed, start)
    if vid is None:
        return pop(routed, scope=scope) if place.count else routed
    return retag(routed, vid=vid, scope=scope) if place.count else push(routed, vid=vid, scope=scope)
