"""Segmentation of STT frames for an MTU.

Spec: draft-davie-stt-08 section 3.
"""

from __future__ import annotations

from typing import Final

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.errors import EncodeError, FieldRangeError, LengthOverflowError, MissingHeaderError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet, check_packet
from overlaycodec.protocols import STT, IPv4, STTSegment
from overlaycodec.reassembly.rebuild import outside_of, rebuilt, with_auto_length
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_number

__all__ = ["segment_stt"]

_FRAME_HEADER: Final = 18
_MAX_TOTAL: Final = 0xFFFF


def segment_stt(packet: Packet, *, mtu: int, catalog: Catalog = DEFAULT) -> tuple[Packet, ...]:
    """The packets that carry an STT frame through an MTU: the packet's outer headers around each segment.

    The packet holds the complete frame, of up to 65,517 octets, after `STTSegment` and `STT`. It may be longer than an
    IP packet can be if its lengths are AUTO. Each segment is a datagram of its own: IPv4 identifications count up.
    Padding and a check sequence after the packet are left out.

    Raises: FieldRangeError for an MTU that leaves no room for the frame header; LengthOverflowError for a longer frame;
    MissingHeaderError where the packet holds no such frame.
    """
    check_packet(packet)
    check_number("mtu", mtu, None)
    headers = packet.headers
    index = next((i for i, header in enumerate(headers[:-1]) if isinstance(header, STTSegment)), None)
    network = None if index is None else outside_of(headers, index)
    if index is None or network is None or not isinstance(headers[index + 1], STT):
        raise MissingHeaderError("STT frame in IP", ", ".join(packet.names))
    inside = tuple(t.moved(t.header - index - 1) for t in packet.trailers if t.header > index)
    frame = encode(Packet(headers[index + 1 :], packet.payload, inside), catalog=catalog)
    segment = headers[index]
    assert isinstance(segment, STTSegment)
    total = len(frame)
    if total > _MAX_TOTAL:
        raise LengthOverflowError("stt_segment.total_length", total, _MAX_TOTAL)
    if packet.without_fcs().missing or segment.total_length not in (AUTO, total):
        raise EncodeError("stt_segment.total_length", segment.total_length, f"is not that of the frame, {total} octets")
    segment = segment.replace(total_length=total, segment_offset=0, checksum=AUTO)
    outside = with_auto_length((*headers[:index], segment), network)
    written = resolve(Packet(outside, frame[:_FRAME_HEADER]), catalog=catalog)
    octets_outside = sum(map(octets_in, written.headers[network:]))
    room = mtu - octets_outside
    if room < _FRAME_HEADER:
        raise FieldRangeError("mtu", mtu, octets_outside + _FRAME_HEADER, _MAX_TOTAL)
    return tuple(
        rebuilt(
            (*_numbered(outside, network, number), segment.replace(segment_offset=at)), frame[at : at + room], catalog
        )
        for number, at in enumerate(range(0, total, room))
    )


def _numbered(headers: tuple[Header, ...], network: int, number: int) -> tuple[Header, ...]:
    """The headers outside of the segment of this number."""
    ip = headers[network]
    if isinstance(ip, IPv4):
        ip = ip.replace(identification=ip.identification + number & 0xFFFF)
    return (*headers[:network], ip, *headers[network + 1 : -1])
