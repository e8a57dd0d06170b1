"""Reassembly of STT segments.

Spec: draft-davie-stt-08 section 3, and what Open vSwitch does.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from overlaycodec.checksum import finished_checksum, internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_decoder import decode, decode_header
from overlaycodec.codec.packet_encoder import resolved_headers
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.editing.incremental import forwarded
from overlaycodec.errors import DecodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import is_fragment, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import STT, TCP, STTSegment
from overlaycodec.reassembly.byte_ranges import Drop
from overlaycodec.reassembly.reassembler import Reassembler
from overlaycodec.reassembly.reassembly_table import MAX_OCTETS, MAX_PENDING, SECOND, Fragment, ReassemblyTable
from overlaycodec.reassembly.rebuild import is_truncated, outside_of
from overlaycodec.values.argument_checks import check_flag
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["STTFrame", "STTReassembler"]

_PORT, _PROTOCOL, _CE = 7471, 6, 3


class STTFrame(msgspec.Struct, frozen=True):
    """A complete inner frame, and how it was received."""

    frame: bytes
    """Its octets as they were sent: with `stt.checksum_partial`, its layer 4 has the pseudo-header's sum alone."""
    tunnel: Packet
    """The outer headers of the first segment; `STT` is the last. They show congestion that any segment met."""

    @property
    def packet(self) -> Packet:
        """The frame decoded, as far as it can be."""
        return decode(self.frame, lax=True)

    @property
    def stt(self) -> STT:
        """The frame header."""
        return self.tunnel[STT]

    @property
    def context_id(self) -> int:
        """The context, such as the tenant."""
        return self.stt.context_id

    @property
    def checksum_verified(self) -> bool:
        """Whether the sender verified the inner checksum, so that a receiver need not."""
        return self.stt.checksum_verified and not self.stt.checksum_partial

    def completed(self) -> bytes:
        """The frame to forward: if its checksum of layer 4 is partial, this is completed."""
        stt, frame = self.stt, self.frame
        if not stt.checksum_partial or not stt.l4_offset:
            return frame
        stop = len(frame) - sum(len(trailer.data) for trailer in self.packet.trailers)
        return finished_checksum(frame, stt.l4_offset, stop, udp=not stt.tcp)


class STTReassembler(Reassembler):
    """Takes packets, and returns each frame when all its segments have arrived.

    A frame is identified by its outer addresses and its frame id. Segments are dropped if they have no octets, extend
    past the end of the frame, or overlap octets that were already received. Segments with a wrong TCP checksum are also
    dropped, unless `verify` is False, for captures from a host whose network card computes it. A frame that is not
    complete within `lifetime_ns` from its first segment is dropped, and so is the oldest one where more than
    `max_octets` of memory or `max_pending` frames would be pending.
    """

    def __init__(
        self,
        *,
        lifetime_ns: int = 30 * SECOND,
        max_octets: int = MAX_OCTETS,
        max_pending: int = MAX_PENDING,
        verify: bool = True,
        catalog: Catalog = DEFAULT,
    ) -> None:
        super().__init__(
            ReassemblyTable("drop_fragment", lifetime_ns, max_octets, max_pending), verify=verify, catalog=catalog
        )

    def feed(
        self, packet: Packet | BytesLike, *, time_ns: int | None = None, left_to_card: bool = False
    ) -> STTFrame | None:
        """The frame, if this packet is its last missing segment.

        Octets are read from Ethernet on. `time_ns` is the arrival time of the packet, from any clock; without it,
        nothing expires. `left_to_card` says that the packet was captured before its network card computed the checksum
        (`Record.left_to_card`), which is then not verified. For a packet that is no STT segment, the result is None.
        """
        check_flag("left_to_card", left_to_card)
        packet = self._packet_of(packet)
        index = next((i for i, header in enumerate(packet.headers) if isinstance(header, STTSegment)), None)
        if index is None:
            if _is_past_end(packet):
                self._table.drop(Drop.PAST_END)  # or real TCP to this port: nothing tells one from the other
            return None
        network = outside_of(packet.headers, index)
        if network is None:
            return None
        headers, octets = resolved_headers(packet, self._catalog)
        segment = headers[index]
        assert isinstance(segment, STTSegment)
        content = octets[index - 1][octets_in(headers[index - 1]) :]
        data = content[octets_in(segment) :]
        truncated = (
            packet.without_fcs().missing
            or is_truncated(headers[network], octets[network])
            or any(map(is_fragment, headers[:index]))
        )
        verify = self._verify and not left_to_card
        why = Drop.TRUNCATED if truncated else self._fault(headers, index, content, verify=verify)
        if why:
            self._table.drop(why)
            return None
        key = (type(headers[network]), pseudo_header(headers, index), segment.frame_id)
        pending = self._table.pending(key, time_ns)
        head = None if segment.segment_offset else Packet(tuple(headers[: index + 1]))
        ecn: int = getattr(headers[network], "ecn", 0)
        fragment = Fragment(segment.segment_offset, data, segment.total_length, head, ecn)
        frame = self._table.add(key, pending, fragment)
        if frame is None:
            return None
        assert pending.head is not None  # the segment with octet 0 brought it
        head = pending.head
        if pending.ecn & 1 << _CE:
            outer = outside_of(head.headers, len(head.headers) - 1)
            assert outer is not None
            head = head.__replace__(
                headers=tuple(
                    forwarded(header, ecn=_CE) if index == outer else header
                    for index, header in enumerate(head.headers)
                )
            )
        return self._frame(head, frame)

    @staticmethod
    def _fault(headers: Sequence[Header], index: int, content: bytes, *, verify: bool) -> Drop | None:
        """Why a segment is dropped, whatever came before it."""
        segment = headers[index]
        assert isinstance(segment, STTSegment)
        octets = len(content) - octets_in(segment)
        if verify:
            addresses = pseudo_header(headers, index)
            assert addresses is not None
            if internet_sum(content, sum(addresses) + len(content) + _PROTOCOL) != 0xFFFF:
                return Drop.CHECKSUM
        if not octets:
            return Drop.EMPTY
        return Drop.PAST_END if segment.segment_offset + octets > segment.total_length else None

    def _frame(self, head: Packet, octets: bytes) -> STTFrame | None:
        """The frame after the frame header; both are in these octets."""
        try:
            stt, size = decode_header(STT, octets)
        except DecodeError:
            self._table.drop(Drop.MALFORMED)
            return None
        return STTFrame(octets[size:], head / stt)


def _is_past_end(packet: Packet) -> bool:
    """Whether TCP to the port of STT would be a segment past the end of its frame."""
    tcp = packet.get(TCP)
    if tcp is None or tcp.dst_port != _PORT or tcp.data_offset != 5:
        return False
    total_length, offset = divmod(tcp.sequence, 1 << 16)
    return (
        offset + sum(map(octets_in, packet.headers[packet.headers.index(tcp) + 1 :])) + len(packet.payload)
        > total_length
    )
