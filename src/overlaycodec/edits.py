"""Edits as a forwarding node makes them: what depends on the change follows it, all else stays as it stood.

Strategy: a checksum inside is brought after the change by the difference alone, so that one that was wrong is wrong
still, and whoever checks it at the end finds that out. Lengths and checksums outside, which the node writes itself,
are computed anew.
"""

from __future__ import annotations

from typing import Any, TypeVar

from overlaycodec.checksum import adjusted_checksum
from overlaycodec.packet import Packet, Trailer
from overlaycodec.pipeline import DEFAULT, Catalog, encode
from overlaycodec.schema import Header
from overlaycodec.values import AUTO
from overlaycodec.verify import fill
from overlaycodec.wire import Checksum

__all__ = ["forwarded", "refilled_outside"]

H = TypeVar("H", bound=Header)


def forwarded(header: H, **changes: Any) -> H:  # Any: each field has its own type
    """The header with fields changed, and its own checksum by the difference (RFC 1624). Raises: as `replace` does.

    A checksum that covers more than the header, and one that is AUTO, stay as they are.
    """
    changed = header.replace(**changes)
    field = header.__layout__.checksum
    if field is None or field[Checksum].covers != "header":
        return changed
    checksum = getattr(header, field.name)
    if checksum is AUTO:
        return changed
    return changed.replace(**{field.name: adjusted_checksum(checksum, encode(header), encode(changed))})


def refilled_outside(packet: Packet, start: int, catalog: Catalog = DEFAULT) -> Packet:
    """The packet with lengths and checksums of the headers before `start` computed anew, and none from there on.

    Raises: EncodeError, as `fill` does.
    """
    if start == 0:
        return packet
    inside = tuple(Trailer(t.header - start, t.data) for t in packet.trailers if t.header >= start)
    content = encode(Packet(packet.headers[start:], packet.payload, inside), catalog=catalog)
    around = tuple(trailer for trailer in packet.trailers if trailer.header < start)
    outside = fill(Packet(packet.headers[:start], content, around, missing=packet.missing), catalog=catalog)
    return packet.__replace__(headers=outside.headers + packet.headers[start:])
