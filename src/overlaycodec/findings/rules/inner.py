"""Rules for what a tunnel's endpoint sees of the packet inside: its congestion mark, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from overlaycodec.errors import TruncatedError
from overlaycodec.findings.model import Does, Look, Rule, Seen, Severity, Site
from overlaycodec.findings.rules.outcomes import LINUX_ALLOWS, LINUX_DROPS, OVS_ALLOWS, OVS_DROPS, OVS_TAKES, VXLANS
from overlaycodec.protocols import GRE, STT, Ethernet, Geneve, IPv4, IPv6, VLANTag
from overlaycodec.tunnel.ecn import ECNAlarm, ECNOutcome, egress_ecn

__all__ = ["INSIDES"]

_ENDPOINTS: Final = (*VXLANS, Geneve, GRE, STT)
_IPV4: Final = 0x0800
_IPV6: Final = 0x86DD
_NOT_ECT: Final = 0
_CE: Final = 3
_ECN: Final = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
_TYPE_OCTETS: Final = 2


def _mark_inside(site: Site) -> int | None:
    """The congestion mark of the packet inside; of one with a wrong version, where it would be."""
    inside = site.inside(IPv4, IPv6)
    if inside is not None:
        mark: int = inside.ecn
        return mark
    last, octets = site.packet.headers[-1], site.packet.payload
    if site.inside(type(last)) is last and isinstance(last, Ethernet | VLANTag):
        if last.ethertype == _IPV4 and len(octets) >= 20:
            return octets[1] & 3
        if last.ethertype == _IPV6 and len(octets) >= 40:
            return octets[1] >> 4 & 3
    return None


def _marked(told: Callable[[ECNOutcome], bool], *, tagged: bool = False) -> Look:
    """Marks outside and inside that do not go together, of a frame with tags or of one without."""

    def look(site: Site) -> Iterator[Seen]:
        network, inside = site.outside(IPv4, IPv6), _mark_inside(site)
        if network is None or inside is None or (site.inside(VLANTag) is not None) is not tagged:
            return
        if told(egress_ecn(inside, network.ecn)):
            yield Seen("", f"has {_ECN[network.ecn]} outside and {_ECN[inside]} inside")

    return look


def _in_tag(site: Site) -> Iterator[Seen]:
    """Whether congestion was met, and the octets of a tag, read as those of IP, have the mark Not-ECT."""
    network, headers = site.outside(IPv4, IPv6), site.packet.headers[site.index + 1 :]
    tags = [header for header in headers[1:] if isinstance(header, VLANTag)]
    if network is None or network.ecn != _CE or not tags or not isinstance(headers[1], VLANTag):
        return
    control = tags[0].pcp << 13 | tags[0].dei << 12 | tags[0].vid
    mark = {_IPV4: control & 3, _IPV6: control >> 4 & 3}.get(tags[-1].ethertype)
    if mark == _NOT_ECT:
        yield Seen("", "has CE outside and a tag inside that reads like Not-ECT")


def _unread(site: Site) -> Iterator[Seen]:
    """Whether the packet inside says that it is longer than it is, and congestion was met."""
    network, inside = site.outside(IPv4, IPv6), site.inside(IPv4, IPv6)
    if network is None or network.ecn != _CE:
        return
    short = any(
        isinstance(fault, TruncatedError) and fault.path in _inner_lengths(site) for fault in site.packet.faults
    )
    if short and (inside is None or inside.ecn != _NOT_ECT):
        yield Seen("", "has CE outside and a packet inside that is cut short")


def _inner_lengths(site: Site) -> tuple[str, ...]:
    """The paths at which a packet inside is found to be shorter than it says."""
    prefix = f"{site.scope.prefix}.inner" if site.scope.prefix else "inner"
    return f"{prefix}.ipv4.total_length", f"{prefix}.ipv6.payload_length", f"{prefix}.ipv4", f"{prefix}.ipv6"


def _of_frame(told: Callable[[Ethernet], str | None]) -> Look:
    """What the endpoint sees of the frame that it takes out."""

    def look(site: Site) -> Iterator[Seen]:
        frame = site.next
        if isinstance(frame, Ethernet) and (words := told(frame)) is not None:
            yield Seen("", f"carries a frame {words}")

    return look


def _from_a_group(frame: Ethernet) -> str | None:
    return f"from the group address {frame.src}" if frame.src.packed[0] & 1 else None


def _from_nobody(frame: Ethernet) -> str | None:
    return f"from {frame.src}" if not any(frame.src.packed) else None


def _short_tag(site: Site) -> Iterator[Seen]:
    """Whether less than a type field follows the first tag of the frame inside."""
    headers, left = site.packet.headers, len(site.packet.payload)
    tagged = len(headers) == site.index + 3 and isinstance(site.next, Ethernet) and isinstance(headers[-1], VLANTag)
    if tagged and left < _TYPE_OCTETS:
        yield Seen("", f"carries a frame with {left} octets behind its tag")


INSIDES: Final = (
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
        Does(Severity.VIOLATION, "Linux does not look behind a tag, and takes it"),
        OVS_DROPS,
    ),
    Rule(
        "ecn-tag",
        (GRE,),
        _in_tag,
        "RFC 6040 section 4.2",
        "the marks of both IP headers are combined",
        Severity.NOTE,
        Does(Severity.DROP, "Linux reads the mark in the tag, and drops it"),
        Does(Severity.NOTE, "Open vSwitch reads the mark behind the tags"),
    ),
    Rule(
        "ecn-unread",
        _ENDPOINTS,
        _unread,
        "RFC 6040 section 4.2",
        "the marks of both headers are combined",
        Severity.NOTE,
        Does(Severity.NOTE, "Linux looks at the mark alone"),
        Does(Severity.DROP, "Open vSwitch takes it for one without ECN, and drops it"),
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
    ),
    Rule(
        "frame-from-group",
        VXLANS,
        _of_frame(_from_a_group),
        "IEEE 802.3 clause 3.2.3",
        "a source address is an individual one",
        Severity.VIOLATION,
        Does(Severity.DROP, "Linux drops it where it learns addresses"),
        OVS_TAKES,
    ),
    Rule(
        "frame-from-nobody",
        VXLANS,
        _of_frame(_from_nobody),
        "IEEE 802 clause 8.2",
        "00:00:00:00:00:00 is nobody's address",
        Severity.VIOLATION,
        Does(Severity.DROP, "Linux drops it where it learns addresses"),
        OVS_TAKES,
    ),
)
