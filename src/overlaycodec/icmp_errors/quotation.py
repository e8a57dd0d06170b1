"""The packet that an ICMP error is about, how much of it the error quotes, and extensions after the quotation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode, resolved
from overlaycodec.editing.icmp_extensions import MINIMUM_QUOTED
from overlaycodec.editing.network_headers import framed_network_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import extent_of, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet, ICMPExtensions, IPv4, IPv6
from overlaycodec.values.argument_checks import check_number, check_type
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["MINIMUM_QUOTED", "Extension", "Offender", "extended", "offender_of"]

_OBJECT_HEADER: Final = 4


class Extension(msgspec.Struct, frozen=True):
    """An object of the extension structure, such as an MPLS label stack (class 1, type 1: RFC 4950).

    Raises: TypeError, ValueError for numbers out of range, and for data that are not a multiple of 4 octets.

    Spec: RFC 4884 section 8.
    """

    class_num: int
    c_type: int
    data: bytes = b""

    def __post_init__(self) -> None:
        check_number("class_num", self.class_num, 0, 0xFF)
        check_number("c_type", self.c_type, 0, 0xFF)
        check_type("data", self.data, bytes, "bytes")
        if len(self.data) % 4 or len(self.data) > 0xFFFF - _OBJECT_HEADER:
            raise ValueError(f"data are a multiple of 4 octets, at most 65528, not {len(self.data)}")

    @property
    def octets(self) -> bytes:
        """The object with its header."""
        length = _OBJECT_HEADER + len(self.data)
        return length.to_bytes(2, "big") + bytes([self.class_num, self.c_type]) + self.data


class Offender(msgspec.Struct, frozen=True):
    """A packet that cannot be forwarded."""

    link: Ethernet | None
    before: tuple[Header, ...]
    """The headers before IP: the link header and tags."""
    network: IPv4 | IPv6
    extensions: tuple[Header, ...]
    """The extension headers of IPv6."""
    content: Header | None
    """The first header that IP carries; None where it is not known."""
    octets: bytes
    """The IP packet, without padding; it may be cut short by the capture."""
    length: int
    """How many octets the IP packet has."""


def offender_of(packet: BytesLike | Packet, first: type[Header], catalog: Catalog) -> Offender | None:
    """The packet as an error needs it; None where it is not IP, or IP behind other headers than tags."""
    if isinstance(packet, Packet):
        found, octets = resolved(packet.without_fcs(), catalog)
        missing = packet.missing
    else:
        octets = bytes_of(packet)
        found, missing = decode(octets, first=first, lax=True, catalog=catalog), 0
    index = framed_network_of(found.headers)
    network: Any = None if index is None else found.headers[index]  # Any: a header of any class
    if index is None or not isinstance(network, IPv4 | IPv6):
        return None
    stop = index + 1
    while stop < len(found.headers) and found.headers[stop].__layout__.layer == "extension":
        stop += 1
    datagram = octets[sum(map(octets_in, found.headers[:index])) :]
    length = extent_of(network) or len(datagram) + missing
    link = found.headers[0]
    return Offender(
        link if isinstance(link, Ethernet) else None,
        found.headers[:index],
        network,
        found.headers[index + 1 : stop],
        found.headers[stop] if stop < len(found.headers) else None,
        datagram[:length],
        length,
    )


def extended(quoted: bytes, structure: ICMPExtensions | Sequence[Extension]) -> bytes:
    """The quotation with 128 octets, and the extension structure after it.

    128 octets: receivers that do not know the length field look for the structure there.

    Raises: EncodeError for a structure that cannot be encoded.

    Spec: RFC 4884 sections 5 and 7.
    """
    if not isinstance(structure, ICMPExtensions):
        objects = b"".join(extension.octets for extension in structure)
        structure = ICMPExtensions(objects=(), objects_rest=objects)
    return quoted[:MINIMUM_QUOTED].ljust(MINIMUM_QUOTED, b"\0") + encode(structure)
