"""Where in a packet a declared trailer can be: behind all that its headers count."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import ends_of, octets_in
from overlaycodec.packet.packet import FCS, Packet, Trailer

__all__ = ["free_octets", "outermost_bound", "with_last"]


def _bound_of(headers: tuple[Header, ...]) -> tuple[int, int]:
    """The octet up to which the headers count what follows, and the outermost header that counts so far; else -1."""
    start, reached, index = 0, 0, -1
    for number, header in enumerate(headers):
        for _, octets in ends_of(headers, number):
            if start + octets > reached:
                reached, index = start + octets, number
        start += octets_in(header)
    return max(start, reached), index


def outermost_bound(packet: Packet) -> int:
    """The index of the header after whose end a trailer of this packet is; -1 where no header says where it ends.

    Raises: UnresolvedError where a size is AUTO.
    """
    reached, index = _bound_of(packet.headers)
    if _free(packet, reached) > 0:
        padding = _padding(packet)
        return -1 if padding is None else padding.header
    closed = packet.headers and packet.headers[-1].__layout__.next.closed and not packet.payload
    return len(packet.headers) - 1 if index < 0 and closed else index


def free_octets(packet: Packet) -> bytes:
    """The octets that no header counts, before the trailers that were read already."""
    if packet.missing:
        return b""
    padding = _padding(packet)
    tail = packet.payload if padding is None else padding.data
    return tail[max(0, len(tail) - max(0, _free(packet, _bound_of(packet.headers)[0]))) :]


def _free(packet: Packet, reached: int) -> int:
    """How many octets of payload and padding are behind the one that the headers reach."""
    padding = sum(len(trailer.data) for trailer in packet.trailers if _is_plain(trailer))
    return sum(map(octets_in, packet.headers)) + len(packet.payload) + padding - reached


def with_last(packet: Packet, trailers: Sequence[Trailer], taken: int) -> Packet:
    """The packet in which the last so many free octets, one or more, are these trailers."""
    padding = _padding(packet)
    later = packet.trailers[len(packet.trailers) - len(_read(packet)) - (packet.fcs is not None) :]
    earlier = packet.trailers[: len(packet.trailers) - len(later)]
    kept, payload = earlier[:-1], packet.payload
    if padding is None:
        payload = payload[:-taken]
    elif data := padding.data[:-taken]:
        kept = (*kept, Trailer(padding.header, data))
    return msgspec.structs.replace(packet, payload=payload, trailers=(*kept, *trailers, *later))


def _is_plain(trailer: Trailer) -> bool:
    return trailer.record is None and not isinstance(trailer, FCS)


def _read(packet: Packet) -> tuple[Trailer, ...]:
    """The trailers that were read already."""
    return tuple(trailer for trailer in packet.trailers if trailer.record is not None)


def _padding(packet: Packet) -> Trailer | None:
    """The outermost trailer of octets that nothing declares."""
    return next((trailer for trailer in reversed(packet.trailers) if _is_plain(trailer)), None)
