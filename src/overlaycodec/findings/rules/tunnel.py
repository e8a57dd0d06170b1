"""Rules for tunnel headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from overlaycodec.findings.model import Check, Context, Observation, Reaction, Rule, Severity
from overlaycodec.findings.rules.outcomes import (
    LINUX_DROPS,
    LINUX_TAKES,
    OVS_DROPS,
    OVS_TAKES,
    VXLANS,
    number_in,
)
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
from overlaycodec.schema.record import Element
from overlaycodec.values.by_class import ByClass

__all__ = ["TUNNEL"]

_FRAME: Final = 0x6558
_GRE: Final = 47
_ACKNOWLEDGMENT: Final = 0x10
_EPHEMERAL: Final = 49152


def _reserved(context: Context) -> Iterable[Observation]:
    header, found = context.header, []
    for name, digits in _RESERVED[type(header)]:
        if value := getattr(header, name):
            found.append(Observation(name, f"is {value:#0{2 + digits}x}"))
    return found


def _reserved_fields(cls: type[Header]) -> tuple[tuple[str, int], ...]:
    """The reserved fields of a class, each with its hexadecimal digits."""
    return tuple((field.name, (field.width + 3) // 4) for field in cls.__layout__.fields if field.reserved)


_RESERVED: Final = ByClass(_reserved_fields)


def _is_set(flag: str) -> Check:
    """Whether a flag of the header is set."""

    def check(context: Context) -> Iterable[Observation]:
        if getattr(context.header, flag):
            return (Observation(flag, "is set"),)
        return ()

    return check


def _no_vni(context: Context) -> Iterable[Observation]:
    if not context.header.vni_valid:
        return (Observation("vni_valid", "is clear"),)
    return ()


def _low_port(context: Context) -> Iterable[Observation]:
    if isinstance(context.next, VXLANS) and context.header.src_port < _EPHEMERAL:
        return (Observation("src_port", f"is {context.header.src_port}"),)
    return ()


def _inner_tag(context: Context) -> Iterable[Observation]:
    if context.inside(VLANTag) is not None:
        return (Observation("", "carries a frame with a VLAN tag"),)
    return ()


def _options_rest(context: Context) -> Iterable[Observation]:
    if context.header.options_rest:
        return (
            Observation("options_rest", f"is {len(context.header.options_rest)} octets that are not a complete option"),
        )
    return ()


def _is_critical(option: Element) -> bool:
    flag = Geneve.__layout__.by_name["critical"].element_flag
    return flag is not None and flag.set_by(option)


def _critical_option(context: Context) -> Iterator[Observation]:
    for number, option in enumerate(context.header.options):
        if context.header.critical and _is_critical(option):
            kind = f"class {option.option_class:#06x}, type {option.type:#04x}"
            yield Observation(f"options[{number}]", f"is critical ({kind})")


def _critical_flag_clear(context: Context) -> Iterable[Observation]:
    if not context.header.critical and any(map(_is_critical, context.header.options)):
        return (Observation("critical", "is clear, and an option is critical"),)
    return ()


def _critical_flag_set(context: Context) -> Iterable[Observation]:
    if context.header.critical and not any(map(_is_critical, context.header.options)):
        return (Observation("critical", "is set, and no option is critical"),)
    return ()


def _no_frame(context: Context) -> Iterable[Observation]:
    if context.header.protocol_type != _FRAME:
        return (
            Observation("protocol_type", f"is {ETHERTYPE.text(context.header.protocol_type)}, not an Ethernet frame"),
        )
    return ()


def _gre_reserved(context: Context) -> Iterable[Observation]:
    if context.header.reserved0 & ~_ACKNOWLEDGMENT:
        return (Observation("reserved0", f"is {context.header.reserved0:#04x}"),)
    return ()


def _gre_acknowledgment(context: Context) -> Iterable[Observation]:
    if context.header.reserved0 == _ACKNOWLEDGMENT:
        return (
            Observation(
                "reserved0", f"is {context.header.reserved0:#04x}, the flag that version 1 has for an acknowledgment"
            ),
        )
    return ()


def _gre_reserved1(context: Context) -> Iterable[Observation]:
    if context.header.reserved1:
        return (Observation("reserved1", f"is {context.header.reserved1:#06x}"),)
    return ()


def _enhanced(context: Context) -> Iterable[Observation]:
    return (Observation("version", "is 1"),)


def _no_gre(context: Context) -> Iterable[Observation]:
    """IP that carries GRE of an unknown version, or less than a GRE header."""
    field = "protocol" if isinstance(context.header, IPv4) else "next_header"
    octets = context.packet.payload
    if context.next is not None or getattr(context.header, field) != _GRE:
        return ()
    if len(octets) < GRE.__layout__.minimum_octets:
        return (Observation(field, f"is {_GRE}, and {len(octets)} octets follow"),)
    elif (version := number_in(octets, GRE, "version")) not in (0, 1):
        return (Observation(field, f"is {_GRE}, and the version of GRE {version}"),)
    return ()


def _old_flags(context: Context) -> Iterator[Observation]:
    if context.header.strict_source_route:
        yield Observation("strict_source_route", "is set")
    if context.header.recursion:
        yield Observation("recursion", f"is {context.header.recursion}")


def _reserved_rule(header: type[Header], linux: Reaction | None, ovs: Reaction | None, demand: str) -> Rule:
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
_LINUX_STRICT: Final = Reaction(Severity.DROP, "Linux drops packets with any reserved bit set")
_OVS_STRICT: Final = Reaction(Severity.DROP, "Open vSwitch drops packets with any reserved bit set")

TUNNEL: Final = (
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
        Reaction(Severity.DROP, "Linux drops it, where it has no GRE device for it"),
        Reaction(Severity.DROP, "Open vSwitch drops it, unless the port takes packets without a frame"),
    ),
    Rule(
        "gre-enhanced",
        (GREv1,),
        _enhanced,
        "RFC 2637 section 4.1",
        "that is PPTP's, and no tunnel of frames",
        Severity.NOTE,
        Reaction(Severity.DROP, "Linux drops it, unless it speaks PPTP"),
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
        Reaction(Severity.DROP, "Linux drops packets without the I flag"),
        Reaction(Severity.DROP, "Open vSwitch drops packets without the I flag"),
    ),
    Rule(
        "vxlan-port",
        (UDP,),
        _low_port,
        "RFC 7348 section 5",
        "a port from 49152 on is recommended",
        Severity.NOTE,
        Reaction(Severity.NOTE, "Linux does not look"),
        Reaction(Severity.NOTE, "Open vSwitch does not look"),
        needs=VXLANS,
    ),
    Rule(
        "vxlan-inner-tag",
        (VXLAN, VXLANGBP),
        _inner_tag,
        "RFC 7348 section 6.1",
        "such frames should be discarded, unless it was agreed otherwise",
        Severity.NOTE,
        Reaction(Severity.NOTE, "Linux delivers the frame with its tag"),
        Reaction(Severity.NOTE, "Open vSwitch hands the frame on with its tag"),
        needs=(VLANTag,),
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
        _critical_option,
        "RFC 8926 section 3.5",
        "an endpoint that does not know the option drops the packet",
        Severity.NOTE,
        Reaction(Severity.DROP, "Linux drops it, unless the device is external"),
        Reaction(Severity.DROP, "Open vSwitch drops it, unless it has the option in its table"),
    ),
    Rule(
        "geneve-critical-clear",
        (Geneve,),
        _critical_flag_clear,
        "RFC 8926 section 3.4",
        "the C bit is set where an option is critical",
        Severity.VIOLATION,
        LINUX_TAKES,
        Reaction(Severity.DROP, "Open vSwitch drops it, unless it has the option in its table"),
    ),
    Rule(
        "geneve-critical-set",
        (Geneve,),
        _critical_flag_set,
        "RFC 8926 section 3.4",
        "the C bit says that an option is critical",
        Severity.VIOLATION,
        Reaction(Severity.DROP, "Linux drops it, unless the device is external"),
        OVS_TAKES,
    ),
    Rule(
        "geneve-control",
        (Geneve,),
        _is_set("control"),
        "RFC 8926 section 3.4",
        "it is a control packet: endpoints do not forward what it carries",
        Severity.NOTE,
        Reaction(Severity.NOTE, "Linux takes it as any other"),
        Reaction(Severity.NOTE, "Open vSwitch takes it as any other"),
    ),
    Rule(
        "geneve-payload",
        (Geneve,),
        _no_frame,
        "RFC 8926 section 3.4",
        "the payload may be of any EtherType",
        Severity.NOTE,
        Reaction(Severity.DROP, "Linux drops it, unless the device has innerprotoinherit"),
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
