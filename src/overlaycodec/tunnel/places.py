"""Where in a packet what is, that both ends of a tunnel look for."""

from __future__ import annotations

from collections.abc import Sequence

from overlaycodec.packet import Packet
from overlaycodec.paths import scopes_of
from overlaycodec.schema import Header

__all__ = ["inner_start", "network_of"]


def network_of(packet: Packet) -> Header | None:
    """The IP header of the outermost scope."""
    for header in packet.headers:
        layout = header.__layout__
        if layout.layer == "network":
            return header
        if layout.tunnel:
            return None
    return None


def inner_start(headers: Sequence[Header]) -> int:
    """The index of the first header in the outermost tunnel; their number where none could be read; 0 without one."""
    scopes = scopes_of(headers)
    if len(scopes) > 1:
        return scopes[1].start if scopes[1].prefix == "inner" else 0
    return len(headers) if any(header.__layout__.tunnel for header in headers) else 0
