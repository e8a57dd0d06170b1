"""What stands behind a header of a packet, as octets; and a packet put together again around other octets."""

from __future__ import annotations

from collections.abc import Sequence

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.editing.fill import fill
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import extent_of
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.values import AUTO

__all__ = ["around", "is_cut", "outside_of", "unbounded"]


def outside_of(headers: Sequence[Header], index: int) -> int | None:
    """The index of the IP header right outside header `index`, but for extensions; None where there is none."""
    for outside in range(index - 1, -1, -1):
        layer = headers[outside].__layout__.layer
        if layer == "network":
            return outside
        if layer != "extension":
            break
    return None


def unbounded(headers: Sequence[Header], network: int) -> tuple[Header, ...]:
    """The headers, with length and checksum of the IP header among them to be computed."""
    ip = headers[network]
    layout = ip.__layout__
    changes = {field.name: AUTO for field in (layout.bounds, layout.checksum) if field is not None}
    return (*headers[:network], ip.replace(**changes), *headers[network + 1 :])


def is_cut(header: Header, octets: bytes) -> bool:
    """Whether the header says that there are more octets than it and its content have."""
    reach = extent_of(header)
    return reach is not None and reach > len(octets)


def around(headers: tuple[Header, ...], content: bytes, catalog: Catalog) -> Packet:
    """The packet of these headers and this content, lengths computed, and read again.

    Raises: EncodeError where a length field cannot say so much.
    """
    whole = fill(Packet(headers, content), checksums=False, catalog=catalog)
    return decode(encode(whole, catalog=catalog), first=type(headers[0]), lax=True, catalog=catalog)
