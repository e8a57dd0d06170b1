"""Packets built again: the same headers, other content, and the lengths that go with it."""

from __future__ import annotations

from collections.abc import Sequence

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.editing.fill import fill
from overlaycodec.errors import LengthOverflowError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import extent_of, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.values import AUTO

__all__ = ["is_truncated", "outside_of", "rebuilt", "with_auto_length"]


def outside_of(headers: Sequence[Header], index: int) -> int | None:
    """The index of the IP header that carries header `index`, through extension headers or none; None without one."""
    for outside in range(index - 1, -1, -1):
        layer = headers[outside].__layout__.layer
        if layer == "network":
            return outside
        if layer != "extension":
            break
    return None


def with_auto_length(headers: Sequence[Header], network: int) -> tuple[Header, ...]:
    """The headers, with AUTO for length and checksum of the IP header among them."""
    ip = headers[network]
    layout = ip.__layout__
    changes = {field.name: AUTO for field in (layout.length_field, layout.checksum) if field is not None}
    return (*headers[:network], ip.replace(**changes), *headers[network + 1 :])


def is_truncated(header: Header, octets: bytes) -> bool:
    """Whether the length field of the header counts more octets than it and its content have."""
    end = extent_of(header)
    return end is not None and end > len(octets)


def rebuilt(headers: tuple[Header, ...], content: bytes, catalog: Catalog) -> Packet:
    """The packet of these headers and this content, with lengths computed, decoded again.

    Raises: EncodeError where a length field cannot count so many octets.
    """
    packet = fill(Packet(headers, content), checksums=False, catalog=catalog)
    for open_, header in zip(headers, packet.headers, strict=True):
        extent = header.__layout__.extent
        if extent is None or extent.zero != "unbounded":
            continue
        if getattr(open_, extent.field.name) is AUTO and getattr(header, extent.field.name) == 0:
            path = f"{header.__layout__.name}.{extent.field.name}"
            raise LengthOverflowError(path, octets_in(header) + len(content), extent.field.maximum)
    return decode(encode(packet, catalog=catalog), first=type(headers[0]), lax=True, catalog=catalog)
