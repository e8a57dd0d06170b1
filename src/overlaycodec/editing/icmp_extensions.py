"""The extension structure of an ICMP error, which follows the packet that the error quotes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlaycodec.checksum import internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.values.argument_checks import check_type

__all__ = ["MINIMUM_QUOTED", "error_in", "extensions"]

MINIMUM_QUOTED: Final = 128
"""Octets of the quotation before extensions; shorter ones are padded with zeros (RFC 4884 section 3)."""
_HEADER: Final = 4
_COMPLETE_SUM: Final = 0xFFFF


def error_in(headers: Sequence[Header]) -> int | None:
    """The index of the ICMP error whose length says where extensions begin; None where there is no such error."""
    return next(
        (at for at, header in enumerate(headers) if header.__layout__.quotes and header.__layout__.extent), None
    )


def extensions(packet: Packet, *, catalog: Catalog = DEFAULT) -> Packet | None:
    """The extension structure of the ICMP error in a packet, as a packet of its own; None where there is none.

    Its paths begin with `icmp_extensions`: `icmp_extensions.objects[0].labels[1].ttl`. It is decoded with `lax`:
    octets that are no such structure are its payload, and `encode` gives all of them as they were.

    It is behind the octets that the length of the error counts. Older routers leave the length 0: then it is behind
    128 octets, if its version and its checksum are correct.

    Raises: EncodeError for a packet with AUTO that cannot be derived.

    Spec: RFC 4884 sections 5.5 and 7.
    """
    check_type("packet", packet, Packet)
    check_catalog(catalog)
    at = error_in(packet.headers)
    structure = catalog.header_called("icmp_extensions")
    if at is None or structure is None:
        return None
    extent = packet.headers[at].__layout__.extent
    assert extent is not None
    if getattr(packet.headers[at], extent.field.name):
        octets = b"".join(trailer.data for trailer in packet.trailers if trailer.header == at)
    else:
        outside = sum(len(trailer.data) for trailer in packet.trailers if trailer.header < at)
        whole = encode(packet, catalog=catalog)
        content = whole[sum(map(octets_in, packet.headers[: at + 1])) : len(whole) - outside]
        octets = content[MINIMUM_QUOTED:]
        if len(octets) <= _HEADER or octets[0] >> 4 != 2 or internet_sum(octets) != _COMPLETE_SUM:
            return None
    return decode(octets, first=structure, lax=True, catalog=catalog) if octets else None
