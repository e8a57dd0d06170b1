"""The VLAN tags of a frame: how an endpoint reads them, and a frame without them."""

from __future__ import annotations

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet, VLANTag
from overlaycodec.tunnel.reception import InnerTags
from overlaycodec.values.bytes_like import BytesLike, bytes_of
from overlaycodec.vlan.tags import Tag, pop, tags

__all__ = ["admitted", "frame_tags", "without_tags"]

_ADDRESSES = 12
_TAG = 4


def frame_tags(packet: Packet, start: int = 0) -> tuple[Tag, ...]:
    """The VLAN tags of the frame that begins with the header at `start`, outermost first."""
    headers = packet.headers[start:]
    if len(headers) < 2 or not isinstance(headers[0], Ethernet) or not isinstance(headers[1], VLANTag):
        return ()
    return tags(Packet(headers))


def without_tags(frame: bytes, count: int) -> bytes:
    """The frame without so many tags after its addresses."""
    return frame[:_ADDRESSES] + frame[_ADDRESSES + _TAG * count :]


def admitted(
    frame: BytesLike | Packet, first: type[Header], catalog: Catalog, inner_tags: InnerTags
) -> tuple[BytesLike | Packet, int | None]:
    """The frame as the tunnel carries it, and the priority of its outermost tag; None without a tag."""
    packet = frame if isinstance(frame, Packet) else decode(frame, first=first, lax=True, catalog=catalog)
    stack = frame_tags(packet)
    if not stack:
        return frame, None
    if inner_tags == "strip":
        if isinstance(frame, Packet):
            for _ in stack:
                frame = pop(frame)
        else:
            frame = without_tags(bytes_of(frame), len(stack))
    return frame, stack[0].pcp
