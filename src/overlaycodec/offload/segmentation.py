"""Segmentation of TCP and UDP frames, as a card or Linux cuts them.

Strategy: all segments but the last have the same lengths, so the headers are computed for two sizes of payload; in each
segment, only sequence number, flags, identifications and checksums are written.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from overlaycodec.checksum import internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import MissingHeaderError
from overlaycodec.offload.transport import transport_frame
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import TCP, Ethernet
from overlaycodec.values.argument_checks import check_number, check_type
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["segment"]

_SEQUENCE, _FLAGS = 4, 13
"""Octets of the TCP header."""
_MOST: Final = 1 << 32
_LAST_ONLY: Final = TCP.Flags.FIN | TCP.Flags.PSH
_FIRST_ONLY: Final = TCP.Flags.CWR


def segment(
    frame: BytesLike | Packet,
    size: int,
    *,
    start: int | None = None,
    fixed: Collection[str] = (),
    first: type[Header] = Ethernet,
    catalog: Catalog = DEFAULT,
) -> tuple[bytes, ...]:
    """The frame as segments of `size` octets of payload each, complete and with right checksums; alone, if it fits.

    TCP: sequence numbers count on, only the last segment has FIN and PSH, and only the first has CWR. UDP: each piece
    is a datagram of its own (Linux: UDP_SEGMENT). In tunnels, the outer lengths and checksums are those of the
    segments; a checksum of 0 that means "none" stays. The identification of each IPv4 header counts up from segment to
    segment, but for the headers that `fixed` names (`("ipv4",)`).

    What is cut is the innermost TCP or UDP, or the one at octet `start`, as `csum_start` of `VirtioNet` gives it.
    Padding and a check sequence after the frame are left out. `first` is the class that octets begin with.

    Raises: MissingHeaderError without TCP or UDP; DecodeError for faults of the headers; EncodeError for a fragment,
    and for a frame with GRE's sequence numbers or an authentication header; ValueError for a size below 1.
    """
    check_catalog(catalog)
    size = check_number("size", size, 1)
    start = None if start is None else check_number("start", start, 0, _MOST)
    check_type("fixed", fixed, (tuple, list, set, frozenset), "a tuple of the names of IPv4 headers")
    if isinstance(frame, Packet):
        first = type(frame.headers[0]) if frame.headers else first
        frame = encode(frame.without_fcs(), catalog=catalog)
    found = transport_frame(bytes_of(frame), first, start, catalog)
    payload, at = found.payload, found.start
    places = found.checksums(catalog)
    counted = [(place, ip.identification) for name, place, ip in found.identifications() if name not in fixed]
    unknown = set(fixed) - {name for name, _, _ in found.identifications()}
    if unknown:
        raise MissingHeaderError(f"IPv4 header {min(unknown)}", ", ".join(found.packet.names))
    tcp = found.transport if isinstance(found.transport, TCP) else None
    heads: dict[int, bytes] = {}
    segments = []
    for number, begin in enumerate(range(0, len(payload) or 1, size)):
        piece = payload[begin : begin + size]
        if len(piece) not in heads:
            heads[len(piece)] = found.sized(piece, catalog)
        head = bytearray(heads[len(piece)])
        for place, identification in counted:
            head[place : place + 2] = (identification + number & 0xFFFF).to_bytes(2, "big")
        if tcp is not None:
            sequence = tcp.sequence + begin & 0xFFFFFFFF
            head[at + _SEQUENCE : at + _SEQUENCE + 4] = sequence.to_bytes(4, "big")
            if begin + size < len(payload):
                head[at + _FLAGS] &= ~_LAST_ONLY
            if number:
                head[at + _FLAGS] &= ~_FIRST_ONLY
        total = internet_sum(piece)
        for checksum in places:
            checksum.write(head, len(piece), total)
        segments.append(bytes(head) + piece)
    return tuple(segments)
