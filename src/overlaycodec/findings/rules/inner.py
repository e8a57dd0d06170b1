"""Rules for what a tunnel's endpoint sees of the packet inside: its congestion mark, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from overlaycodec.codec.packet_encoder import encode
from overlaycodec.editing.ecn import ECNAlarm, ECNOutcome, egress_ecn
from overlaycodec.errors import TruncatedError
from overlaycodec.findings.model import Check, Context, Observation, Reaction, Rule, Severity
from overlaycodec.findings.rules.outcomes import (
    LINUX_ALLOWS,
    LINUX_DROPS,
    LINUX_TAGS,
    OVS_ALLOWS,
    OVS_DROPS,
    OVS_TAKES,
    VXLANS,
    ip_of,
    number_in,
)
from overlaycodec.protocols import GRE, STT, Ethernet, Geneve, IPv4, IPv6, VLANTag

__all__ = ["INNER"]

_ENDPOINTS: Final = (*VXLANS, Geneve, GRE, STT)
_NOT_ECT: Final = 0
_CE: Final = 3
_ECN: Final = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
_TYPE_OCTETS: Final = 2


def _mark_inside(context: Context) -> int | None:
    """The congestion mark of the IP packet in the frame; of a header that cannot be decoded, by its version, too."""
    inside = context.inside_ip
    if inside is not None:
        mark: int = inside.ecn
        return mark
    last, octets = context.packet.headers[-1], context.packet.payload
    if context.scopes[-1].start != context.index + 1 or not isinstance(last, Ethernet | VLANTag):
        return None
    ip = ip_of(last.ethertype)
    return None if ip is None or len(octets) < ip.__layout__.minimum_octets else number_in(octets, ip, "ecn")


def _marked(matches: Callable[[ECNOutcome], bool], *, tagged: bool = False) -> Check:
    """Marks outside and inside that match, of a frame with tags or of one without."""

    def check(context: Context) -> Iterable[Observation]:
        network, inside = context.outside(IPv4, IPv6), _mark_inside(context)
        if network is None or inside is None or (context.inside(VLANTag) is not None) is not tagged:
            return ()
        if matches(egress_ecn(inside, network.ecn)):
            return (Observation("", f"has {_ECN[network.ecn]} outside and {_ECN[inside]} inside"),)
        return ()

    return check


def _in_tag(context: Context) -> Iterable[Observation]:
    """Whether congestion was met, and the octets of a tag, read as an IP header, have the mark Not-ECT."""
    network, inner = context.outside(IPv4, IPv6), context.inner_scope
    headers = () if inner is None else context.packet.headers[inner.start + 1 : inner.stop]
    tags = [header for header in headers if isinstance(header, VLANTag)]
    if network is None or network.ecn != _CE or not tags or not headers or headers[0] is not tags[0]:
        return ()
    ip = ip_of(tags[-1].ethertype)
    if ip is not None and number_in(encode(tags[0]), ip, "ecn") == _NOT_ECT:
        return (Observation("", "has CE outside and a tag inside that reads like Not-ECT"),)
    return ()


def _truncated(context: Context) -> Iterable[Observation]:
    """Whether the length of the packet inside is longer than the packet, and congestion was met."""
    network, inside = context.outside(IPv4, IPv6), context.inside_ip
    if network is None or network.ecn != _CE:
        return ()
    short = any(
        isinstance(fault, TruncatedError) and fault.path in _inner_lengths(context) for fault in context.packet.faults
    )
    if short and (inside is None or inside.ecn != _NOT_ECT):
        return (Observation("", "has CE outside and a packet inside that is truncated"),)
    return ()


def _inner_lengths(context: Context) -> tuple[str, ...]:
    """The paths of the faults of a packet inside that is shorter than its length."""
    prefix = f"{context.scope.prefix}.inner" if context.scope.prefix else "inner"
    return f"{prefix}.ipv4.total_length", f"{prefix}.ipv6.payload_length", f"{prefix}.ipv4", f"{prefix}.ipv6"


def _of_frame(text: Callable[[Ethernet], str | None]) -> Check:
    """What is wrong with the frame in the tunnel; `text` says it, or gives None."""

    def check(context: Context) -> Iterable[Observation]:
        frame = context.next
        if isinstance(frame, Ethernet) and (words := text(frame)) is not None:
            return (Observation("", f"carries a frame {words}"),)
        return ()

    return check


def _group_source(frame: Ethernet) -> str | None:
    return f"from the group address {frame.src}" if frame.src.is_multicast else None


def _no_source(frame: Ethernet) -> str | None:
    return f"from {frame.src}" if int(frame.src) == 0 else None


def _short_tag(context: Context) -> Iterable[Observation]:
    """Whether less than a type field follows the first tag of the frame inside; padding counts."""
    packet, frame = context.packet, context.next
    tagged = (
        len(packet.headers) == context.index + 3
        and isinstance(frame, Ethernet)
        and isinstance(packet.headers[-1], VLANTag)
        and frame.ethertype in LINUX_TAGS
    )
    if not tagged:
        return ()
    padding = sum(len(trailer.data) for trailer in packet.trailers if trailer.header > context.index)
    left = len(packet.payload) + padding
    if left < _TYPE_OCTETS:
        return (Observation("", f"carries a frame with {left} octets after its tag"),)
    return ()


INNER: Final = (
    Rule(
        "ecn-lost",
        _ENDPOINTS,
        _marked(lambda outcome: outcome.drop),
        "RFC 6040 section 4.2",
        "congestion was met, and the sender inside would not hear of it: the packet is dropped",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "ecn-lost-tagged",
        _ENDPOINTS,
        _marked(lambda outcome: outcome.drop, tagged=True),
        "RFC 6040 section 4.2",
        "congestion was met, and the sender inside would not hear of it: the packet is dropped",
        Severity.DROP,
        Reaction(Severity.VIOLATION, "Linux does not read the mark after a tag, and takes it"),
        OVS_DROPS,
        needs=(VLANTag,),
    ),
    Rule(
        "ecn-tag",
        (GRE,),
        _in_tag,
        "RFC 6040 section 4.2",
        "the marks of both IP headers are combined",
        Severity.NOTE,
        Reaction(Severity.DROP, "Linux reads the mark in the tag, and drops it"),
        Reaction(Severity.NOTE, "Open vSwitch reads the mark after the tags"),
        needs=(VLANTag,),
    ),
    Rule(
        "ecn-unread",
        _ENDPOINTS,
        _truncated,
        "RFC 6040 section 4.2",
        "the marks of both headers are combined",
        Severity.NOTE,
        Reaction(Severity.NOTE, "Linux looks at the mark alone"),
        Reaction(Severity.DROP, "Open vSwitch takes it for one without ECN, and drops it"),
    ),
    Rule(
        "ecn-alarm",
        _ENDPOINTS,
        _marked(lambda outcome: outcome.alarm is ECNAlarm.ALARM and not outcome.drop),
        "RFC 6040 section 4.2",
        "no known sender does that: a potential attack or a fault",
        Severity.NOTE,
        LINUX_ALLOWS,
        OVS_ALLOWS,
    ),
    Rule(
        "frame-short-tag",
        _ENDPOINTS,
        _short_tag,
        "IEEE 802.3 clause 3.2.7",
        "a frame has 46 octets of data and padding, on a link that needs them",
        Severity.NOTE,
        LINUX_DROPS,
        OVS_ALLOWS,
        needs=(VLANTag,),
    ),
    Rule(
        "frame-from-group",
        VXLANS,
        _of_frame(_group_source),
        "IEEE 802.3 clause 3.2.3",
        "a source address is an individual one",
        Severity.VIOLATION,
        Reaction(Severity.DROP, "Linux drops it where it learns addresses"),
        OVS_TAKES,
    ),
    Rule(
        "frame-from-nobody",
        VXLANS,
        _of_frame(_no_source),
        "IEEE 802 clause 8.2",
        "00:00:00:00:00:00 is nobody's address",
        Severity.VIOLATION,
        Reaction(Severity.DROP, "Linux drops it where it learns addresses"),
        OVS_TAKES,
    ),
)
