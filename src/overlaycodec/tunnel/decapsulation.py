"""The egress of a tunnel: the frame inside, octet for octet, and what the outer headers change in it.

Strategy: the outer lengths alone delimit the frame, which need not be decodable. Of its octets only a congestion mark
changes, where RFC 6040 requires it, and the DSCP where the tunnel is uniform (RFC 2983); a checksum over them is
updated by the difference. A checksum that the tunnel leaves to its receiver is completed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from overlaycodec.checksum import finished_checksum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.dialects import NVGRE_KEY
from overlaycodec.editing.ecn import EGRESS, ECNOutcome, egress_ecn
from overlaycodec.editing.incremental import forwarded
from overlaycodec.editing.network_headers import framed_network_of
from overlaycodec.editing.stack_plan import PLANS, StackPlan, resolved_packet
from overlaycodec.errors import DecodeError, FieldValueError, MissingHeaderError, TruncatedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import ends_of, octets_in
from overlaycodec.packet.packet import Packet, packet_of
from overlaycodec.packet.paths import names_of
from overlaycodec.protocols import GRE, STT, VXLANRCO, Ethernet
from overlaycodec.reassembly import STTFrame
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.plans import ValueLength
from overlaycodec.tunnel.inner_packet import Diffserv
from overlaycodec.tunnel.sessions import session_end
from overlaycodec.values.argument_checks import check_choice, check_text, check_type
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["Decapsulated", "decapsulate", "decapsulate_all", "decapsulated"]


class Decapsulated(msgspec.Struct, frozen=True):
    """A frame from a tunnel, with its outer headers."""

    frame: bytes
    """The inner octets as they were received, except a congestion mark or a DSCP that the egress must change, and a
    checksum that VXLAN's remote checksum offload leaves to the egress."""
    vni: int | None
    """The network of the frame: a VNI, NVGRE's VSID, STT's context ID; None where the tunnel has none, or says
    that its VNI is not valid."""
    tunnel: Packet
    """The outer headers, and the octets after the frame, except an FCS, which covers the frame too."""
    first: type[Header] | None
    """The class of the frame's first header; None where the catalog knows none."""
    ecn: ECNOutcome | None = None
    """The result of RFC 6040 for the outer and the inner congestion mark. None if one of the two packets is not IP; IP
    behind MPLS or PPPoE does not count. If `ecn.drop` is true, do not forward the frame: it is given unchanged, for
    inspection.
    """
    missing: int = 0
    """Octets of the frame that were not captured."""

    @property
    def packet(self) -> Packet:
        """The frame decoded, as far as it can be."""
        if self.first is None:
            return Packet((), self.frame, missing=self.missing)
        wire_length = len(self.frame) + self.missing
        return decode(self.frame, first=self.first, wire_length=wire_length, lax=True)


def decapsulate(
    data: BytesLike | Packet,
    *,
    first: type[Header] = Ethernet,
    wire_length: int | None = None,
    diffserv: Diffserv = "pipe",
    lax: bool = False,
    catalog: Catalog = DEFAULT,
    through: str | None = None,
) -> Decapsulated:
    """The frame inside the outermost tunnel of a packet, or behind another header.

    `through` is the name of that header, as in `packet.names`, for sessions and others that are no tunnels: "pppoe",
    "vlan", "mpls", "erspan". Further headers of the same class, and the PPP header of a session, are removed too, so an
    IP packet is left of PPPoE. "pppoe[0]" removes that header alone.

    `first` and `wire_length` as for `decode`. `diffserv="uniform"` gives the frame's IP header the outer DSCP
    (RFC 2983). `lax` ignores faults of the outer headers and takes the octets that are there. Of the frame, only its IP
    header and what precedes it are decoded; faults in the frame are not raised.

    Raises: MissingHeaderError without a tunnel, or that header; DecodeError for faults of the outer headers, and for a
    fragment or a segment, which must be reassembled first.
    """
    if diffserv != "pipe":
        check_choice("diffserv", diffserv, get_args(Diffserv))
    if through is not None:
        check_text("through", through)
    if isinstance(data, Packet):
        packet, octets = resolved_packet(data, catalog)
        faults = data.faults
    else:
        octets = data if type(data) is bytes else bytes_of(data)
        packet = decode(octets, first=first, wire_length=wire_length, lax=True, catalog=catalog)
        faults = packet.faults
    plan: StackPlan = PLANS[tuple(map(type, packet.headers))]
    if (
        through is None
        and plan.tunnel_end
        and not (packet.trailers or packet.missing or faults or plan.outer_segmented)
    ):
        found = _from_complete(packet, octets, plan, diffserv, catalog)
        if found is not None:
            return found
    if packet.fcs is not None:  # it covers the outer frame
        octets = octets[: len(octets) - len(packet.fcs.data)]
        packet = packet.without_fcs()
    start = plan.tunnel_end if through is None else session_end(packet.headers, through)
    outer = packet.headers[:start]
    sizes = [octets_in(header) for header in outer]
    at = sum(sizes)
    for fault in () if lax else faults:
        if fault.bits[0] < at * 8 or not start:
            raise fault
    if not start:
        raise MissingHeaderError("tunnel", ", ".join(packet.names))
    trailers = tuple(trailer for trailer in packet.trailers if trailer.header < start)
    frame = octets[at : len(octets) - sum(len(trailer.data) for trailer in trailers)]
    missing = _missing(outer, sizes, at + len(frame), packet.missing)
    if not missing:
        frame = _completed(frame, packet, start)
    inner = Packet(packet.headers[start:])
    changed, outcome = _combined(frame, inner, outer, diffserv)
    return Decapsulated(
        changed, _vni_of(outer), Packet(outer, b"", trailers), _first_of(packet, start, catalog), outcome, missing
    )


def _from_complete(
    packet: Packet, octets: bytes, plan: StackPlan, diffserv: str, catalog: Catalog
) -> Decapsulated | None:
    """What comes out of the tunnel of a packet that is here with all its octets, without faults and trailers.

    None for a fragment.
    """
    headers, start = packet.headers, plan.tunnel_end
    for index, name in plan.outer_fragments:
        if getattr(headers[index], name):
            return None
    at = plan.start_of(headers, start)
    outer = headers[:start]
    frame = octets[at:]
    if isinstance(outer[-1], VXLANRCO):
        frame = _completed(frame, packet, start)
    outside: Any = None if plan.outer_network is None else headers[plan.outer_network]  # Any: IPv4 or IPv6, which
    inside: Any = None if plan.inner_network is None else headers[plan.inner_network]  # both have these fields
    outcome = None
    if outside is not None and inside is not None:
        outcome = EGRESS[inside.ecn, outside.ecn]
        if outcome.ecn is not None and (
            outcome.ecn != inside.ecn or (diffserv == "uniform" and outside.dscp != inside.dscp)
        ):
            frame, outcome = _combined(frame, packet_of(headers[start:]), outer, diffserv)
    first = plan.classes[start] if start < len(headers) else _first_of(packet, start, catalog)
    return Decapsulated(frame, _vni_of(outer), packet_of(outer), first, outcome)


def decapsulate_all(
    data: BytesLike | Packet,
    *,
    first: type[Header] = Ethernet,
    wire_length: int | None = None,
    diffserv: Diffserv = "pipe",
    lax: bool = False,
    catalog: Catalog = DEFAULT,
) -> tuple[Decapsulated, ...]:
    """The frame of each nested tunnel, the outermost first; the arguments are those of `decapsulate`.

    It stops before a frame that must be dropped, before one that cannot be decapsulated, and at the catalog's
    limit of headers.

    Raises: as `decapsulate` does, for the outermost tunnel alone.
    """
    found = [decapsulate(data, first=first, wire_length=wire_length, diffserv=diffserv, lax=lax, catalog=catalog)]
    while len(found) < catalog.max_headers:
        last = found[-1]
        if last.first is None or (last.ecn and last.ecn.drop):
            break
        wire_length = len(last.frame) + last.missing
        try:
            found.append(
                decapsulate(
                    last.frame, first=last.first, wire_length=wire_length, diffserv=diffserv, lax=lax, catalog=catalog
                )
            )
        except (MissingHeaderError, DecodeError):
            break
    return tuple(found)


def decapsulated(frame: STTFrame, *, diffserv: Diffserv = "pipe", catalog: Catalog = DEFAULT) -> Decapsulated:
    """The frame of an STT tunnel, as from `decapsulate`, with complete checksum and combined congestion marks.

    If one segment has the CE mark, the outer mark of the frame is CE.
    """
    check_type("frame", frame, STTFrame)
    check_choice("diffserv", diffserv, get_args(Diffserv))
    octets = frame.completed()
    inner = decode(octets, lax=True, catalog=catalog)
    changed, outcome = _combined(octets, inner, frame.tunnel.headers, diffserv)
    return Decapsulated(changed, frame.context_id, frame.tunnel, Ethernet, outcome)


def _completed(frame: bytes, packet: Packet, start: int) -> bytes:
    """The frame with what VXLAN's remote checksum offload leaves to the receiver."""
    tunnel = packet.headers[start - 1]
    if not isinstance(tunnel, VXLANRCO) or not tunnel.remote_checksum:
        return frame
    stop = len(frame) - sum(len(trailer.data) for trailer in packet.trailers if trailer.header >= start)
    return finished_checksum(frame, tunnel.checksum_start * 2, stop, udp=tunnel.checksum_is_udp)


def _missing(outer: Sequence[Header], sizes: Sequence[int], end: int, missing: int) -> int:
    """How many octets of the frame are missing, by the innermost length outside. Raises: DecodeError for fragments."""
    at, claimed_end = 0, end + missing
    names = names_of(outer)
    for index, (name, header, size) in enumerate(zip(names, outer, sizes, strict=True)):
        layout = header.__layout__
        for field in layout.fields:
            if field.name in layout.fragment_fields and getattr(header, field.name):
                raise FieldValueError(getattr(header, field.name), f"{name}.{field.name}", _bits(layout, field, at), 0)
        for field, length in ends_of(outer, index):
            if layout.segmented and at + length > claimed_end:
                raise TruncatedError(length, f"{name}.{field.name}", _bits(layout, field, at), end - at, claim=True)
            claimed_end = min(claimed_end, at + length)
        at += size
    return max(0, claimed_end - end)


def _bits(layout: Layout, field: Field, at: int) -> tuple[int, int]:
    """The bits of a field at a fixed offset in the header at octet `at`."""
    bit = at * 8 + (layout.fixed_bit_of(field.name) or 0)
    return bit, bit + (field.bits or 1) - 1


def _combined(frame: bytes, inner: Packet, outer: Sequence[Header], diffserv: str) -> tuple[bytes, ECNOutcome | None]:
    """The frame with the marks to forward, and what RFC 6040 requires for them."""
    outside: Any = next((header for header in reversed(outer) if header.__layout__.layer == "network"), None)
    index = framed_network_of(inner.headers)
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
    """The network of the frame, by the headers of the tunnel; None where the I flag is clear (RFC 7348 section 5)."""
    for header in reversed(outer):
        if isinstance(header, STT):
            return header.context_id
        if isinstance(header, GRE):
            meaning = NVGRE_KEY.of(header)
            return None if meaning is None else meaning.vsid
        if "vni" in header.__layout__.by_name:
            vni: int = getattr(header, "vni")  # noqa: B009 - a field that only some headers have
            return vni if getattr(header, "vni_valid", True) else None
    return None


def _first_of(packet: Packet, start: int, catalog: Catalog) -> type[Header] | None:
    """The frame's first header: the one that was decoded, or else the one that the last header outside indicates."""
    if start < len(packet.headers):
        return type(packet.headers[start])
    last = packet.headers[start - 1]
    following = last.__layout__.next.of(last, packet.headers[: start - 1])
    key = following.key if isinstance(following, ValueLength) else following
    found = () if key is None else catalog.candidates(key.space, key.value)
    return found[-1][1] if found else None
