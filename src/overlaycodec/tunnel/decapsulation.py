"""The end of a tunnel: the frame inside, octet for octet, and what the outer header has to say to it.

Strategy: the frame is cut out of the octets by the outer lengths alone and need not be readable. Of its octets only a
congestion mark changes, where RFC 6040 says so, and the DSCP where the tunnel is uniform (RFC 2983); a checksum over
them is brought after, by the difference. A checksum that the tunnel leaves to its receiver is finished.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from overlaycodec.checksum import finished_checksum
from overlaycodec.codec.bytes_like import BytesLike, bytes_of
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode, resolved
from overlaycodec.dialects import NVGRE_KEY
from overlaycodec.editing.incremental import forwarded
from overlaycodec.errors import DecodeError, FieldValueError, MissingHeaderError, TruncatedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import ends_of, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of, network_of
from overlaycodec.protocols import GRE, STT, VXLANRCO, Ethernet
from overlaycodec.schema.facts import FragmentOffset, LengthField, MoreFragments, Selects
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.tunnel.ecn import ECNOutcome, egress_ecn
from overlaycodec.tunnel.inner_packet import Diffserv, check_choice, inner_start

__all__ = ["Decapsulated", "combined", "decapsulate", "decapsulate_all"]


class Decapsulated(msgspec.Struct, frozen=True):
    """What came out of a tunnel."""

    frame: bytes
    """The inner octets: as they came, save for a mark and a DSCP that the tunnel's end must change, and a checksum that
    VXLAN's remote checksum offload leaves to it."""
    vni: int | None
    """The network that the frame is of: a VNI, NVGRE's VSID, STT's context ID; None where the tunnel tells none."""
    tunnel: Packet
    """The headers outside, and what stood behind the frame."""
    first: type[Header] | None
    """The class of the header that the frame begins with; None where the catalog knows none."""
    ecn: ECNOutcome | None = None
    """What RFC 6040 says of the marks; None where one of the two packets is no IP. Where it says drop, do not forward
    the frame: it is here to be looked at, unchanged."""
    missing: int = 0
    """Octets of the frame that were not captured."""

    @property
    def packet(self) -> Packet:
        """The frame decoded, as far as it can be."""
        if self.first is None:
            return Packet((), self.frame, missing=self.missing)
        whole = len(self.frame) + self.missing
        return decode(self.frame, first=self.first, wire_length=whole, lax=True)


def decapsulate(
    data: BytesLike | Packet,
    *,
    first: type[Header] = Ethernet,
    wire_length: int | None = None,
    diffserv: Diffserv = "pipe",
    lax: bool = False,
    catalog: Catalog = DEFAULT,
) -> Decapsulated:
    """The frame inside the outermost tunnel of a packet.

    `first` and `wire_length` as for `decode`. `diffserv="uniform"` gives the frame's IP header the outer DSCP
    (RFC 2983). `lax` passes over faults of the outer headers and takes what there is. The frame is not looked at beyond
    its IP header: a fault in it is none here.

    Raises: MissingHeaderError without a tunnel; DecodeError for faults of the outer headers, and for a fragment or a
    segment, which must be put together first.
    """
    check_choice("diffserv", diffserv, get_args(Diffserv))
    if isinstance(data, Packet):
        packet, octets = resolved(data, catalog)
        faults = data.faults
    else:
        octets = bytes_of(data)
        packet = decode(octets, first=first, wire_length=wire_length, lax=True, catalog=catalog)
        faults = packet.faults
    start = inner_start(packet.headers)
    outer = packet.headers[:start]
    sizes = [octets_in(header) for header in outer]
    at = sum(sizes)
    for fault in () if lax else faults:
        if fault.bits[0] < at * 8 or not start:
            raise fault
    if not start:
        raise MissingHeaderError("tunnel", ", ".join(packet.names))
    around = tuple(trailer for trailer in packet.trailers if trailer.header < start)
    frame = octets[at : len(octets) - sum(len(trailer.data) for trailer in around)]
    missing = _missing(outer, sizes, at + len(frame), packet.missing)
    if not missing:
        frame = _finished(frame, packet, start)
    inner = Packet(packet.headers[start:])
    changed, outcome = combined(frame, inner, outer, diffserv)
    return Decapsulated(
        changed, _vni_of(outer), Packet(outer, b"", around), _first_of(packet, start, catalog), outcome, missing
    )


def decapsulate_all(
    data: BytesLike | Packet,
    *,
    first: type[Header] = Ethernet,
    wire_length: int | None = None,
    diffserv: Diffserv = "pipe",
    lax: bool = False,
    catalog: Catalog = DEFAULT,
) -> tuple[Decapsulated, ...]:
    """What comes out of each tunnel in turn, the outermost first, until there is none; arguments as `decapsulate`.

    It ends before a frame that must be dropped, before one that cannot be taken out, and with as many tunnels as the
    catalog follows headers.

    Raises: as `decapsulate` does, for the outermost tunnel alone.
    """
    found = [decapsulate(data, first=first, wire_length=wire_length, diffserv=diffserv, lax=lax, catalog=catalog)]
    while len(found) < catalog.max_headers:
        last = found[-1]
        if last.first is None or (last.ecn and last.ecn.drop):
            break
        whole = len(last.frame) + last.missing
        try:
            found.append(
                decapsulate(
                    last.frame, first=last.first, wire_length=whole, diffserv=diffserv, lax=lax, catalog=catalog
                )
            )
        except (MissingHeaderError, DecodeError):
            break
    return tuple(found)


def _finished(frame: bytes, packet: Packet, start: int) -> bytes:
    """The frame with what VXLAN's remote checksum offload leaves to the receiver."""
    tunnel = packet.headers[start - 1]
    if not isinstance(tunnel, VXLANRCO) or not tunnel.remote_checksum:
        return frame
    stop = len(frame) - sum(len(trailer.data) for trailer in packet.trailers if trailer.header >= start)
    return finished_checksum(frame, tunnel.checksum_start * 2, stop, udp=tunnel.checksum_is_udp)


def _missing(outer: Sequence[Header], sizes: Sequence[int], end: int, missing: int) -> int:
    """How many octets of the frame are not here, by the innermost length outside. Raises: DecodeError for pieces."""
    at, claim = 0, end + missing
    names = names_of(outer)
    for name, header, size in zip(names, outer, sizes, strict=True):
        layout = header.__layout__
        for field in layout.fields:
            if (FragmentOffset in field or MoreFragments in field) and getattr(header, field.name):
                raise FieldValueError(getattr(header, field.name), f"{name}.{field.name}", _bits(layout, field, at), 0)
        for field, reach in ends_of(header):
            if LengthField in field and field[LengthField].pieces and at + reach > claim:
                raise TruncatedError(reach, f"{name}.{field.name}", _bits(layout, field, at), end - at, claim=True)
            claim = min(claim, at + reach)
        at += size
    return max(0, claim - end)


def _bits(layout: Layout, field: Field, at: int) -> tuple[int, int]:
    """The bits of a field at a fixed place in the header at octet `at`."""
    bit = at * 8 + (layout.fixed_bit_of(field.name) or 0)
    return bit, bit + (field.bits or 1) - 1


def combined(frame: bytes, inner: Packet, outer: Sequence[Header], diffserv: str) -> tuple[bytes, ECNOutcome | None]:
    """The frame with the marks that go on, and what RFC 6040 says of them."""
    outside: Any = next((header for header in reversed(outer) if header.__layout__.layer == "network"), None)
    index = network_of(inner.headers)
    if outside is None or index is None:
        return frame, None
    inside: Any = inner.headers[index]  # Any: IPv4 or IPv6, of which both have these fields
    outcome = egress_ecn(inside.ecn, outside.ecn)
    if outcome.ecn is None:
        return frame, outcome
    changes = {"ecn": outcome.ecn, "dscp": outside.dscp if diffserv == "uniform" else inside.dscp}
    if changes == {"ecn": inside.ecn, "dscp": inside.dscp}:
        return frame, outcome
    at = sum(map(octets_in, inner.headers[:index]))
    octets = encode(forwarded(inside, **changes))
    return frame[:at] + octets + frame[at + len(octets) :], outcome


def _vni_of(outer: Sequence[Header]) -> int | None:
    """What network the tunnel says that the frame is of."""
    for header in reversed(outer):
        if isinstance(header, STT):
            return header.context_id
        if isinstance(header, GRE):
            meaning = NVGRE_KEY.of(header)
            return None if meaning is None else meaning.vsid
        if "vni" in header.__layout__.by_name:
            vni: int = getattr(header, "vni")  # noqa: B009 - a field that only some headers have
            return vni
    return None


def _first_of(packet: Packet, start: int, catalog: Catalog) -> type[Header] | None:
    """What the frame begins with: what was read, or else what the last header outside says."""
    if start < len(packet.headers):
        return type(packet.headers[start])
    last = packet.headers[start - 1]
    layout = last.__layout__
    key = layout.carries
    space, value = (None, None) if key is None else (key.space, key.value)
    if layout.selector is not None:
        selects = layout.selector[Selects]
        if not selects.when or getattr(last, selects.when):
            space, value = selects.space, getattr(last, layout.selector.name)
    if space is None:
        return None
    found = catalog.candidates(space, value)
    return found[-1][1] if found else None
