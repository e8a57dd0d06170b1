"""What stands behind a header of a packet, as octets; and a packet put together again around other octets."""

from __future__ import annotations

from collections.abc import Sequence

from overlaycodec.emission import emit
from overlaycodec.packet import Packet
from overlaycodec.pipeline import Catalog, decode, encode, resolve
from overlaycodec.schema import Header
from overlaycodec.spans import reaches_of
from overlaycodec.values import AUTO
from overlaycodec.verify import fill
from overlaycodec.wire import Bounds, FragmentOffset, MoreFragments

__all__ = ["around", "in_pieces", "is_cut", "outside_of", "unbounded", "written"]


def written(packet: Packet, catalog: Catalog) -> tuple[list[Header], list[bytes]]:
    """The headers, resolved, and what each of them and its content comes to, without what trails behind its end."""
    headers: list[Header] = []
    octets: list[bytes] = []
    emit(packet, catalog, headers, octets)
    headers.reverse()
    octets.reverse()
    return headers, octets


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


def in_pieces(header: Header) -> bool:
    """Whether what follows the header is a piece of something."""
    return any(
        (FragmentOffset in field or MoreFragments in field) and getattr(header, field.name)
        for field in header.__layout__.fields
    )


def is_cut(header: Header, octets: bytes) -> bool:
    """Whether the header says that there are more octets than it and its content have."""
    reach = next((reach for field, reach in reaches_of(header) if Bounds in field), None)
    return reach is not None and reach > len(octets)


def around(headers: tuple[Header, ...], content: bytes, catalog: Catalog) -> Packet:
    """The packet of these headers and this content, lengths computed, and read again.

    Raises: EncodeError where a length field cannot say so much.
    """
    whole = fill(resolve(Packet(headers, content), catalog=catalog), checksums=False, catalog=catalog)
    return decode(encode(whole, catalog=catalog), first=type(headers[0]), lax=True, catalog=catalog)
