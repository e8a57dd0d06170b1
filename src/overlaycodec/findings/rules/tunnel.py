"""Rules for tunnel headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from overlaycodec.findings.model import Does, Look, Rule, Seen, Severity, Site
from overlaycodec.findings.rules.outcomes import LINUX_DROPS, LINUX_TAKES, OVS_DROPS, OVS_TAKES, VXLANS
from overlaycodec.packet.header import Header
from overlaycodec.protocols import (
    GRE,
    NSH,
    STT,
    UDP,
    VXLAN,
    VXLANGBP,
    VXLANGPE,
    VXLANRCO,
    Geneve,
    GREv1,
    IPv4,
    IPv6,
    VLANTag,
)
from overlaycodec.schema.keyspaces import ETHERTYPE

__all__ = ["TUNNELS"]

_FRAME: Final = 0x6558
_GRE: Final = 47
_GRE_OCTETS: Final = 4
_ACKNOWLEDGMENT: Final = 0x10
_EPHEMERAL: Final = 49152


def _reserved(site: Site) -> Iterator[Seen]:
    for field in site.header.__layout__.fields:
        value = getattr(site.header, field.name)
        if field.reserved and value:
            yield Seen(field.name, f"is {value:#0{2 + ((field.bits or 0) + 3) // 4}x}")


def _is_set(flag: str) -> Look:
    """Whether a flag of the header is set."""

    def look(site: Site) -> Iterator[Seen]:
        if getattr(site.header, flag):
            yield Seen(flag, "is set")

    return look


def _no_vni(site: Site) -> Iterator[Seen]:
    if not site.header.vni_valid:
        yield Seen("vni_valid", "is clear")


def _low_port(site: Site) -> Iterator[Seen]:
    if isinstance(site.next, VXLANS) and site.header.src_port < _EPHEMERAL:
        yield Seen("src_port", f"is {site.header.src_port}")


def _inner_tag(site: Site) -> Iterator[Seen]:
    if site.inside(VLANTag) is not None:
        yield Seen("", "carries a frame with a VLAN tag")


def _options_rest(site: Site) -> Iterator[Seen]:
    if site.header.options_rest:
        yield Seen("options_rest", f"is {len(site.header.options_rest)} octets that are no whole option")


def _critical(site: Site) -> Iterator[Seen]:
    for number, option in enumerate(site.header.options):
        if option.type & 0x80 and site.header.critical:
            kind = f"class {option.option_class:#06x}, type {option.type:#04x}"
            yield Seen(f"options[{number}]", f"is critical ({kind})")


def _quietly_critical(site: Site) -> Iterator[Seen]:
    if not site.header.critical and any(option.type & 0x80 for option in site.header.options):
        yield Seen("critical", "is clear, and an option is critical")


def _needlessly_critical(site: Site) -> Iterator[Seen]:
    if site.header.critical and not any(option.type & 0x80 for option in site.header.options):
        yield Seen("critical", "is set, and no option is critical")


def _no_frame(site: Site) -> Iterator[Seen]:
    if site.header.protocol_type != _FRAME:
        yield Seen("protocol_type", f"is {ETHERTYPE.text(site.header.protocol_type)}, not an Ethernet frame")


def _gre_reserved(site: Site) -> Iterator[Seen]:
    if site.header.reserved0 & ~_ACKNOWLEDGMENT:
        yield Seen("reserved0", f"is {site.header.reserved0:#04x}")


def _gre_acknowledgment(site: Site) -> Iterator[Seen]:
    if site.header.reserved0 == _ACKNOWLEDGMENT:
        yield Seen("reserved0", f"is {site.header.reserved0:#04x}, the flag that version 1 has for an acknowledgment")


def _gre_reserved1(site: Site) -> Iterator[Seen]:
    if site.header.reserved1:
        yield Seen("reserved1", f"is {site.header.reserved1:#06x}")


def _enhanced(site: Site) -> Iterator[Seen]:
    yield Seen("version", "is 1")


def _no_gre(site: Site) -> Iterator[Seen]:
    """IP that carries GRE of a version that nobody reads, or less than GRE."""
    field = "protocol" if isinstance(site.header, IPv4) else "next_header"
    octets = site.packet.payload
    if site.next is not None or getattr(site.header, field) != _GRE:
        return
    if len(octets) < _GRE_OCTETS:
        yield Seen(field, f"is {_GRE}, and {len(octets)} octets follow")
    elif octets[1] & 7 > 1:
        yield Seen(field, f"is {_GRE}, and the version of GRE {octets[1] & 7}")


def _old_flags(site: Site) -> Iterator[Seen]:
    if site.header.strict_source_route:
        yield Seen("strict_source_route", "is set")
    if site.header.recursion:
        yield Seen("recursion", f"is {site.header.recursion}")


def _reserved_rule(header: type[Header], linux: Does | None, ovs: Does | None, demand: str) -> Rule:
    layout = header.__layout__
    return Rule(
        f"{layout.name.replace('_', '-')}-reserved",
        (header,),
        _reserved,
        layout.spec,
        demand,
        Severity.VIOLATION,
        linux,
        ovs,
    )


_IGNORE: Final = "it is zero when sent and ignored when received"
_LINUX_STRICT: Final = Does(Severity.DROP, "Linux drops packets with any reserved bit set")
_OVS_STRICT: Final = Does(Severity.DROP, "Open vSwitch drops packets with any reserved bit set")

TUNNELS: Final = (
    _reserved_rule(VXLAN, _LINUX_STRICT, _OVS_STRICT, _IGNORE),
    _reserved_rule(VXLANGBP, _LINUX_STRICT, None, _IGNORE),
    _reserved_rule(VXLANGPE, None, None, _IGNORE),
    _reserved_rule(VXLANRCO, None, None, _IGNORE),
    _reserved_rule(Geneve, LINUX_TAKES, OVS_TAKES, _IGNORE),
    Rule(
        "gre-reserved",
        (GRE,),
        _gre_reserved,
        "RFC 2784 section 2.3",
        _IGNORE,
        Severity.VIOLATION,
        LINUX_DROPS,
        _OVS_STRICT,
    ),
    Rule(
        "gre-acknowledgment",
        (GRE,),
        _gre_acknowledgment,
        "RFC 2784 section 2.3",
        _IGNORE,
        Severity.VIOLATION,
        LINUX_TAKES,
        _OVS_STRICT,
    ),
    Rule(
        "gre-reserved1",
        (GRE,),
        _gre_reserved1,
        "RFC 2784 section 2.6",
        _IGNORE,
        Severity.VIOLATION,
        LINUX_TAKES,
        OVS_TAKES,
    ),
    Rule(
        "gre-payload",
        (GRE,),
        _no_frame,
        "RFC 2784 section 2.4",
        "the payload may be of any EtherType",
        Severity.NOTE,
        Does(Severity.DROP, "Linux drops it, where it has no GRE device for it"),
        Does(Severity.DROP, "Open vSwitch drops it, unless the port takes packets without a frame"),
    ),
    Rule(
        "gre-enhanced",
        (GREv1,),
        _enhanced,
        "RFC 2637 section 4.1",
        "that is PPTP's, and no tunnel of frames",
        Severity.NOTE,
        Does(Severity.DROP, "Linux drops it, unless it speaks PPTP"),
        OVS_DROPS,
    ),
    Rule(
        "gre-version",
        (IPv4, IPv6),
        _no_gre,
        "RFC 2784 section 2.3",
        "the header has 4 octets or more, and the version 0",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    _reserved_rule(STT, None, None, _IGNORE),
    _reserved_rule(NSH, None, None, _IGNORE),
    Rule(
        "vxlan-no-vni",
        VXLANS,
        _no_vni,
        "RFC 7348 section 5",
        "the I flag is 1 for a valid VNI",
        Severity.VIOLATION,
        Does(Severity.DROP, "Linux drops packets without the I flag"),
        Does(Severity.DROP, "Open vSwitch drops packets without the I flag"),
    ),
    Rule(
        "vxlan-port",
        (UDP,),
        _low_port,
        "RFC 7348 section 5",
        "a port from 49152 on is recommended",
        Severity.NOTE,
        Does(Severity.NOTE, "Linux does not look"),
        Does(Severity.NOTE, "Open vSwitch does not look"),
    ),
    Rule(
        "vxlan-inner-tag",
        (VXLAN, VXLANGBP),
        _inner_tag,
        "RFC 7348 section 6.1",
        "such frames should be discarded, unless it was agreed otherwise",
        Severity.NOTE,
        Does(Severity.NOTE, "Linux delivers the frame with its tag"),
        Does(Severity.NOTE, "Open vSwitch hands the frame on with its tag"),
    ),
    Rule(
        "gpe-oam",
        (VXLANGPE,),
        _is_set("oam"),
        "draft-ietf-nvo3-vxlan-gpe-13 section 3",
        "it is an OAM packet, not for a tenant",
        Severity.NOTE,
    ),
    Rule(
        "geneve-options",
        (Geneve,),
        _options_rest,
        "RFC 8926 section 3.5",
        "a packet whose options do not fit their length is dropped",
        Severity.DROP,
        LINUX_TAKES,
        OVS_DROPS,
    ),
    Rule(
        "geneve-critical",
        (Geneve,),
        _critical,
        "RFC 8926 section 3.5",
        "an endpoint that does not know the option drops the packet",
        Severity.NOTE,
        Does(Severity.DROP, "Linux drops it, unless the device is external"),
        Does(Severity.DROP, "Open vSwitch drops it, unless it has the option in its table"),
    ),
    Rule(
        "geneve-critical-clear",
        (Geneve,),
        _quietly_critical,
        "RFC 8926 section 3.4",
        "the C bit is set where an option is critical",
        Severity.VIOLATION,
        LINUX_TAKES,
        Does(Severity.DROP, "Open vSwitch drops it, unless it has the option in its table"),
    ),
    Rule(
        "geneve-critical-set",
        (Geneve,),
        _needlessly_critical,
        "RFC 8926 section 3.4",
        "the C bit says that an option is critical",
        Severity.VIOLATION,
        Does(Severity.DROP, "Linux drops it, unless the device is external"),
        OVS_TAKES,
    ),
    Rule(
        "geneve-control",
        (Geneve,),
        _is_set("control"),
        "RFC 8926 section 3.4",
        "it is a control packet: endpoints do not forward what it carries",
        Severity.NOTE,
        Does(Severity.NOTE, "Linux takes it as any other"),
        Does(Severity.NOTE, "Open vSwitch takes it as any other"),
    ),
    Rule(
        "geneve-payload",
        (Geneve,),
        _no_frame,
        "RFC 8926 section 3.4",
        "the payload may be of any EtherType",
        Severity.NOTE,
        Does(Severity.DROP, "Linux drops it, unless the device has innerprotoinherit"),
        OVS_DROPS,
    ),
    Rule(
        "gre-routing",
        (GRE,),
        _is_set("routing_present"),
        "RFC 2784 section 2.3",
        "a receiver discards it, unless it implements RFC 1701",
        Severity.DROP,
        LINUX_DROPS,
        OVS_DROPS,
    ),
    Rule(
        "gre-flags",
        (GRE,),
        _old_flags,
        "RFC 2784 section 2.3",
        "a receiver discards it, unless it implements RFC 1701",
        Severity.DROP,
        LINUX_TAKES,
        _OVS_STRICT,
    ),
)
