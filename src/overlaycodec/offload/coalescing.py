"""Coalescing of TCP segments and UDP datagrams, as Linux does it on receipt (GRO).

Strategy: frames of one flow whose headers differ only in what `segment` writes become one frame. What `segment` could
not make of that frame again is not coalesced.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.editing.checksum_status import ChecksumStatus, checksums
from overlaycodec.errors import DecodeError, EncodeError, MissingHeaderError
from overlaycodec.offload.transport import TransportFrame, transport_frame
from overlaycodec.packet.header import Header
from overlaycodec.protocols import TCP, UDP, Ethernet, IPv4
from overlaycodec.values.argument_checks import check_flag, check_number, check_several
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["Coalesced", "coalesce"]

_MOST_OCTETS: Final = 65_535
_FINE: Final = {ChecksumStatus.VALID, ChecksumStatus.ABSENT}
_LAYERS: Final = {"network", "link"}


class Coalesced(msgspec.Struct, frozen=True):
    """One frame, made of `count` frames that were received."""

    frame: bytes
    """Its octets, with right lengths and checksums; those of the frame that was received, if `count` is 1."""
    count: int = 1
    size: int = 0
    """The octets of payload of each segment, but for the last; 0 if `count` is 1."""
    fixed: tuple[str, ...] = ()
    """The IPv4 headers whose identification was the same in all segments, as `segment` takes them."""


class _Part:
    """A frame that may be coalesced with others."""

    def __init__(self, found: TransportFrame, catalog: Catalog) -> None:
        self.found = found
        transport = found.transport
        self.tcp = transport if isinstance(transport, TCP) else None
        self.identifications = {name: ip.identification for name, _, ip in found.identifications()}
        masked = [self._masked(header) for header in found.headers]
        self.shape = tuple(masked)
        addresses = tuple(
            (getattr(header, "src"), getattr(header, "dst"))  # noqa: B009 - fields that only some headers have
            for header in found.headers
            if header.__layout__.layer in _LAYERS
        )
        ports = getattr(transport, "src_port"), getattr(transport, "dst_port")  # noqa: B009
        self.flow = (tuple(map(type, found.headers)), addresses, ports)

    @staticmethod
    def _masked(header: Header) -> Header:
        """The header without what differs from segment to segment."""
        layout = header.__layout__
        changes: dict[str, int] = {}
        if layout.extent is not None and getattr(header, layout.extent.field.name) is not None:
            changes[layout.extent.field.name] = 0
        if layout.coverage is not None and getattr(header, layout.coverage.field.name):
            changes[layout.coverage.field.name] = 1
        if isinstance(header, IPv4):
            changes["identification"] = 0
        if isinstance(header, TCP):
            changes |= {"sequence": 0, "psh": False, "fin": False, "cwr": False}
        return header.replace(**changes) if changes else header

    @property
    def ends(self) -> bool:
        """Whether no segment may follow this one."""
        return self.tcp is not None and (self.tcp.psh or self.tcp.fin)


class _Group:
    """The frames that become one."""

    def __init__(self, frame: bytes, part: _Part | None) -> None:
        self.frame, self.part = frame, part
        self.parts = [] if part is None else [part]
        self.octets = 0 if part is None else len(part.found.payload)
        self.counting: dict[str, bool] = {}
        """Whether the identification counts up, of each IPv4 header; known from the second frame on."""

    def takes(self, part: _Part, limit: int) -> bool:
        """Whether the frame is the next of the group."""
        first, last = self.parts[0], self.parts[-1]
        size, octets = len(first.found.payload), len(part.found.payload)
        if first.shape != part.shape or last.ends or len(last.found.payload) < size or octets > size:
            return False
        if self.octets + octets + len(first.found.head) > limit:
            return False
        if part.tcp is not None and not self._follows(part.tcp):
            return False
        counting = {name: self._counting(name, part) for name in part.identifications}
        if None in counting.values() or (self.counting and counting != self.counting):
            return False
        self.counting = {name: bool(counts) for name, counts in counting.items()}
        self.parts.append(part)
        self.octets += octets
        return True

    def _follows(self, tcp: TCP) -> bool:
        """Whether a TCP header is that of the next segment."""
        first = self.parts[0].tcp
        return first is not None and not tcp.cwr and tcp.sequence == first.sequence + self.octets & 0xFFFFFFFF

    def _counting(self, name: str, part: _Part) -> bool | None:
        """Whether an identification counts up (True) or stays (False); None where it does neither."""
        last = self.parts[-1].identifications[name]
        if part.identifications[name] == last + 1 & 0xFFFF:
            return True
        fixed = next(ip for other, _, ip in part.found.identifications() if other == name).dont_fragment
        return False if fixed and part.identifications[name] == last else None

    def coalesced(self, catalog: Catalog) -> Coalesced:
        """The frame that they are together."""
        if len(self.parts) < 2:
            return Coalesced(self.frame)
        first, last = self.parts[0], self.parts[-1]
        payload = b"".join(part.found.payload for part in self.parts)
        found = first.found
        if first.tcp is not None and last.tcp is not None:
            ended = first.tcp.replace(psh=last.tcp.psh, fin=last.tcp.fin)
            found = msgspec.structs.replace(found, headers=(*found.headers[:-1], ended))
        return Coalesced(
            found.sized(payload, catalog, checksums=True) + payload,
            len(self.parts),
            len(first.found.payload),
            tuple(name for name, counts in self.counting.items() if not counts),
        )


def coalesce(
    frames: Iterable[BytesLike],
    *,
    udp: bool = False,
    limit: int = _MOST_OCTETS,
    first: type[Header] = Ethernet,
    catalog: Catalog = DEFAULT,
) -> tuple[Coalesced, ...]:
    """The frames, with consecutive segments of a TCP flow as one frame; in tunnels too.

    Segments are coalesced if their headers are the same but for lengths, checksums, sequence numbers, identifications
    and the flags FIN, PSH and CWR, if all checksums are right, and if all but the last have the same size. A frame with
    FIN or PSH is the last of its group. As Linux does, frames with SYN, RST, URG or IPv4 options, fragments, and padded
    frames are left alone. With `udp`, datagrams of a flow that have a checksum are coalesced too: do that only if the
    receiver divides them again, as UDP_GRO and `segment` do. A frame has at most `limit` octets after coalescing.

    The result has one flow's frames in their order; frames of several flows are in the order of the first of each
    group.

    Raises: TypeError for what is no octets; ValueError for a limit above 65,535.
    """
    check_several("frames", frames, "frames")
    check_flag("udp", udp)
    check_catalog(catalog)
    check_number("limit", limit, 1, _MOST_OCTETS)
    groups: list[_Group] = []
    open_: dict[object, _Group] = {}
    for frame in frames:
        octets = bytes_of(frame)
        found = _found(octets, first, catalog)
        if found is None:
            groups.append(_Group(octets, None))
            continue
        part = _Part(found, catalog)
        mergeable = _is_mergeable(found, udp, catalog)
        group = open_.get(part.flow)
        if mergeable and group is not None and group.takes(part, limit):
            continue
        group = _Group(octets, part)
        groups.append(group)
        if mergeable:
            open_[part.flow] = group
        else:
            open_.pop(part.flow, None)
    return tuple(group.coalesced(catalog) for group in groups)


def _found(octets: bytes, first: type[Header], catalog: Catalog) -> TransportFrame | None:
    try:
        return transport_frame(octets, first, None, catalog)
    except (MissingHeaderError, DecodeError, EncodeError):
        return None


def _is_mergeable(found: TransportFrame, udp: bool, catalog: Catalog) -> bool:
    """Whether the frame may be part of a group."""
    packet, transport = found.packet, found.transport
    if packet.faults or packet.trailers or not found.payload:
        return False
    if any(isinstance(header, IPv4) and (header.options or header.options_rest) for header in found.headers):
        return False
    if isinstance(transport, TCP):
        if transport.syn or transport.rst or transport.urg:
            return False
    elif not udp or not (isinstance(transport, UDP) and transport.checksum):
        return False
    return set(checksums(packet, catalog=catalog).values()) <= _FINE
