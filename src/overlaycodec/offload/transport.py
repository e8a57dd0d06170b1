"""A frame as segmentation sees it: headers up to TCP or UDP, the payload after them, and the fields that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from overlaycodec.checksum import TCP_OFFSET, UDP_OFFSET, internet_checksum, internet_sum
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.editing.fill import fill
from overlaycodec.errors import EncodeError, MissingHeaderError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import is_fragment, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of, scopes_of
from overlaycodec.protocols import GRE, TCP, UDP, AuthenticationHeader, IPv4
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.values import AUTO

__all__ = ["CHECKSUM_OFFSETS", "ChecksumPlace", "TransportFrame", "transport_frame"]

CHECKSUM_OFFSETS: Final[dict[type[Header], int]] = {TCP: TCP_OFFSET, UDP: UDP_OFFSET}
"""The transport headers that cards cut, and where each has its checksum."""


class ChecksumPlace(msgspec.Struct, frozen=True):
    """A checksum in the headers of a frame, and what it covers."""

    at: int
    """Its first octet in the frame."""
    start: int
    """The first octet that it covers."""
    stop: int | None
    """Where that ends; None: it covers the payload too."""
    pseudo: int | None
    """The sum of the pseudo-header, but for the length; None where it covers none."""
    zero_absent: bool

    def write(self, head: bytearray, payload_octets: int, payload_sum: int) -> None:
        """Writes the checksum of a frame whose headers are `head`."""
        head[self.at : self.at + 2] = bytes(2)
        if self.stop is not None:
            checksum = internet_checksum(bytes(head[self.start : self.stop]))
        else:
            covered = bytes(head[self.start :])
            total = payload_sum << 8 if len(covered) & 1 else payload_sum
            if self.pseudo is not None:
                total += self.pseudo + len(covered) + payload_octets
            if len(covered) & 1:  # an odd end would be padded: the payload's first octet follows it
                total += covered[-1] << 8
                covered = covered[:-1]
            checksum = internet_checksum(covered, total)
        if not checksum and self.zero_absent:
            checksum = 0xFFFF
        head[self.at : self.at + 2] = checksum.to_bytes(2, "big")


class TransportFrame(msgspec.Struct, frozen=True):
    """The headers of a frame up to TCP or UDP, and the payload."""

    packet: Packet
    headers: tuple[Header, ...]
    """Up to the transport header, which is the last."""
    starts: tuple[int, ...]
    """The first octet of each header."""
    head: bytes
    """The octets of the headers."""
    payload: bytes

    @property
    def transport(self) -> Header:
        """TCP or UDP."""
        return self.headers[-1]

    @property
    def start(self) -> int:
        """The first octet of the transport header."""
        return self.starts[-1]

    def identifications(self) -> Iterator[tuple[str, int, IPv4]]:
        """Each IPv4 header: its name, and the first octet of its identification."""
        names = names_of(self.headers)
        for name, start, header in zip(names, self.starts, self.headers, strict=True):
            if isinstance(header, IPv4):
                yield name, start + 4, header

    def checksums(self, catalog: Catalog) -> list[ChecksumPlace]:
        """Each Internet checksum that the headers have, the innermost first."""
        places = []
        for index in reversed(range(len(self.headers))):
            header, start = self.headers[index], self.starts[index]
            coverage = header.__layout__.coverage
            if coverage is None or getattr(header, coverage.field.name) is None or coverage.absent_in(header):
                continue
            pseudo = None
            if coverage.pseudo:
                addresses = pseudo_header(self.headers, index)
                if addresses is None:
                    continue
                pseudo = sum(addresses) % 0xFFFF + (catalog.key_of(IP_PROTOCOL, type(header)) or 0)
            stop = start + octets_in(header) if coverage.header_only else None
            places.append(ChecksumPlace(start + coverage.octet, start, stop, pseudo, coverage.zero_absent))
        return places

    def sized(self, payload: bytes, catalog: Catalog, *, checksums: bool = False) -> bytes:
        """The octets of the headers, with lengths for this payload. Raises: EncodeError where it is too long."""
        bounded = tuple(map(_bounded, self.headers))
        filled = fill(Packet(bounded, payload), checksums=checksums, catalog=catalog)
        octets = encode(filled, catalog=catalog)
        return octets[: len(octets) - len(payload)]

    def pseudo_sum(self, catalog: Catalog) -> int:
        """The sum that a checksum left to the card starts with."""
        place = self.checksums(catalog)[0]
        octets = octets_in(self.transport) + len(self.payload)
        return internet_sum(b"", (place.pseudo or 0) + octets)


def _bounded(header: Header) -> Header:
    """The header, with AUTO for a length of 0 that gives no bound, as that of BIG TCP."""
    extent = header.__layout__.extent
    if extent is None or getattr(header, extent.field.name) != 0:
        return header
    return header.replace(**{extent.field.name: AUTO})


def transport_frame(octets: bytes, first: type[Header], start: int | None, catalog: Catalog) -> TransportFrame:
    """The frame up to the TCP or UDP header at octet `start`, by default the innermost one.

    Raises: MissingHeaderError without such a header; DecodeError for a fault in the headers, as a length beyond the
    end; EncodeError for a frame that cannot be cut.
    """
    packet = decode(octets, first=first, lax=True, catalog=catalog)
    starts = [0]
    for header in packet.headers:
        starts.append(starts[-1] + octets_in(header))
    index = _index_of(packet.headers, starts, start)
    if index is None:
        raise MissingHeaderError(
            "TCP or UDP" if start is None else f"TCP or UDP at octet {start}", ", ".join(packet.names)
        )
    headers = packet.headers[: index + 1]
    for fault in packet.faults:
        if fault.bits[0] < starts[index + 1] * 8:
            raise fault
    for name, header in zip(packet.names, headers, strict=False):
        if is_fragment(header):
            raise EncodeError(name, header, "is a fragment: reassemble it first")
        jumbo = header.__layout__.jumbo
        if jumbo is not None and jumbo.value_in(getattr(header, jumbo.options)) is not None:
            raise EncodeError(name, header, "has a jumbo payload option")
        if isinstance(header, AuthenticationHeader) or (isinstance(header, GRE) and header.sequence is not None):
            raise EncodeError(name, header, "has a sequence number that no card counts")
    end = len(octets) - sum(len(trailer.data) for trailer in packet.trailers)
    stop = starts[index + 1]
    return TransportFrame(packet, headers, tuple(starts[: index + 1]), octets[:stop], octets[stop:end])


def _index_of(headers: Sequence[Header], starts: Sequence[int], start: int | None) -> int | None:
    """The index of the transport header; None where there is none, or where a tunnel stands after it."""
    quoted = {i for scope in scopes_of(headers) if "quoted" in scope.prefix for i in range(scope.start, scope.stop)}
    found = [i for i, header in enumerate(headers) if type(header) in CHECKSUM_OFFSETS and i not in quoted]
    if start is not None:
        return next((i for i in found if starts[i] == start), None)
    if not found or any(header.__layout__.tunnel for header in headers[found[-1] + 1 :]):
        return None
    return found[-1]
