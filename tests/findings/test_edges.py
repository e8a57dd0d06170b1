"""Rules at their bounds: the first value that breaks each, and the last that does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import GRE, UDP, VXLAN, Ethernet, IPv4, IPv6, Packet, VLANTag

LINK: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
TEST: Final = 0x88B5


def frame(**fields: Any) -> Packet:
    return LINK.replace(**fields) / bytes(46)


def tagged(**fields: Any) -> Packet:
    usual: dict[str, Any] = {"vid": 1, "ethertype": TEST}
    return LINK / VLANTag(**usual | fields) / bytes(46)


def ip(**fields: Any) -> Packet:
    usual: dict[str, Any] = {"src": "10.0.0.1", "dst": "10.0.0.2", "protocol": 99}
    return LINK / IPv4(**usual | fields) / bytes(26)


def ipv6(**fields: Any) -> Packet:
    usual: dict[str, Any] = {"src": "fd00::1", "dst": "fd00::2", "next_header": 59}
    return LINK / IPv6(**usual | fields)


def vxlan(**fields: Any) -> Packet:
    datagram = UDP(src_port=50000, dst_port=4789, checksum=0).replace(**fields)
    return LINK / IPv4(src="10.0.0.1", dst="10.0.0.2") / datagram / VXLAN(vni=1) / frame(ethertype=TEST)


def nvgre(vsid: int) -> Packet:
    header = GRE(protocol_type=0x6558, key_present=True, key=vsid << 8)
    return LINK / IPv4(src="10.0.0.1", dst="10.0.0.2") / header / frame(ethertype=TEST)


def gre(**fields: Any) -> Packet:
    return LINK / IPv4(src="10.0.0.1", dst="10.0.0.2") / GRE(protocol_type=0x6558, **fields) / frame(ethertype=TEST)


def behind_gre(octets: bytes) -> Packet:
    return LINK / IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=47) / octets


def jumbo(octets: int) -> Packet:
    option = oc.IPv6JumboPayloadOption(jumbo_payload_length=octets)
    options = oc.IPv6HopByHop(next_header=59, options=(option,))
    return LINK / IPv6(src="fd00::1", dst="fd00::2", payload_length=0, next_header=0) / options / bytes(26)


def routed(left: int) -> Packet:
    segments = oc.IPv6SegmentRouting(
        next_header=59,
        segments_left=left,
        last_entry=1,
        segments=tuple(oc.SRv6Segment(address=f"fd00::{number}") for number in (3, 4)),
    )
    return LINK / IPv6(src="fd00::1", dst="fd00::2") / segments


# the rule, a packet of a value, the values that break the rule, the values that do not
EDGES: Final[dict[str, tuple[str, Callable[[Any], Packet], tuple[Any, ...], tuple[Any, ...]]]] = {
    "types and lengths": ("type-undefined", lambda v: frame(ethertype=v), (1501, 1535), (1500, 1536, 46)),
    "behind a tag": ("type-undefined", lambda v: tagged(ethertype=v), (1501, 1535), (1500, 1536)),
    "a source that is a group": (
        "source-group",
        lambda v: frame(src=v, ethertype=TEST),
        ("01:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"),
        ("02:00:00:00:00:01", "fe:ff:ff:ff:ff:ff"),
    ),
    "a source of nobody": (
        "source-none",
        lambda v: frame(src=v, ethertype=TEST),
        ("00:00:00:00:00:00",),
        ("00:00:00:00:00:01", "80:00:00:00:00:00"),
    ),
    "a reserved VLAN": ("vid-reserved", lambda v: tagged(vid=v), (4095,), (4094, 0, 1)),
    "no VLAN": ("vid-priority", lambda v: tagged(vid=v), (0,), (1, 4095)),
    "a tag's type": (
        "tag-protocol",
        lambda v: Packet((LINK.replace(ethertype=v), VLANTag(vid=1, ethertype=TEST)), bytes(46)),
        (0x9100, 0x9200),
        (0x8100, 0x88A8),
    ),
    "the last hop": ("ttl-zero", lambda v: ip(ttl=v), (0,), (1, 255)),
    "the last hop of IPv6": ("ttl-zero", lambda v: ipv6(hop_limit=v), (0,), (1, 255)),
    "a source that is no host": (
        "source-address",
        lambda v: ip(src=v),
        ("224.0.0.0", "239.255.255.255", "127.0.0.0", "127.255.255.255"),
        ("223.255.255.255", "126.255.255.255", "128.0.0.0", "10.0.0.1"),
    ),
    "a source of IPv6 that is no host": (
        "source-address",
        lambda v: ipv6(src=v),
        ("::1", "ff02::1"),
        ("fe80::1", "::"),
    ),
    "a source that is all hosts": (
        "source-broadcast",
        lambda v: ip(src=v),
        ("255.255.255.255", "0.0.0.0"),
        ("255.255.255.254", "0.0.0.1"),
    ),
    "to whom a host without an address sends": (
        "source-broadcast",
        lambda v: ip(src="0.0.0.0", dst=v[0], protocol=v[1]),
        (("10.0.0.2", 17), ("224.0.1.0", 17), ("239.0.0.1", 17), ("223.255.255.255", 2), ("255.255.255.254", 17)),
        (("255.255.255.255", 17), ("0.0.0.0", 17), ("224.0.0.0", 17), ("224.0.0.255", 99), ("239.0.0.1", 2)),
    ),
    "a source of this network": (
        "source-network",
        lambda v: ip(src=v),
        ("0.0.0.1", "0.255.255.255"),
        ("0.0.0.0", "1.0.0.0"),
    ),
    "a reserved flag": ("flag-reserved", lambda v: ip(reserved0=v), (1,), (0,)),
    "a segment's network": ("nvgre-vsid", nvgre, (0, 0xFFF, 0xFFFFFF), (0x1000, 0xFFFFFE)),
    "flags of GRE": ("gre-reserved", lambda v: gre(reserved0=v), (1, 0x11, 0x08, 0x1F), (0, 0x10)),
    "the flag of an acknowledgment": ("gre-acknowledgment", lambda v: gre(reserved0=v), (0x10,), (0, 1, 0x11)),
    "a version of GRE": (
        "gre-version",
        behind_gre,
        (b"", bytes(3), b"\0\2\x65\x58", b"\0\7\x65\x58" + bytes(9)),
        (b"\0\0\x65\x58", b"\0\1\x88\x0b" + bytes(8)),
    ),
    "a source port of a tunnel": ("vxlan-port", lambda v: vxlan(src_port=v), (0, 49151), (49152, 65535)),
    "a jumbogram that is none": ("jumbo-small", jumbo, (0, 65535), (65536, 1 << 20)),
    "segments that are left": ("segments-left", routed, (3, 255), (0, 1, 2)),
}


def rules(packet: Packet) -> set[str]:
    return {finding.rule for finding in oc.diagnose(oc.encode(packet))}


@pytest.mark.parametrize("case", EDGES)
def test_the_first_that_breaks_a_rule_and_the_last_that_does_not(case: str) -> None:
    rule, packet, broken, kept = EDGES[case]
    assert [value for value in broken if rule not in rules(packet(value))] == []
    assert [value for value in kept if rule in rules(packet(value))] == []


def test_open_vswitch_reads_gre_from_its_first_bit_on_whatever_the_length_of_ip_is() -> None:
    """IP carries nothing, so the fault is at the first bit of GRE; Open vSwitch takes the octets after it."""
    octets = oc.encode(behind_gre(b""))
    padded = octets + bytes.fromhex("00006558") + bytes(22)
    bit = 8 * len(octets)
    for receiver in ("rfc", "linux"):
        assert ("gre-short", bit) in [(one.rule, one.bits[0]) for one in oc.diagnose(padded, receiver=receiver)]
    assert "gre-short" not in [one.rule for one in oc.diagnose(padded, receiver="ovs")]
    assert "gre-short" in [one.rule for one in oc.diagnose(octets, receiver="ovs")]


def test_words_are_shown_without_their_class() -> None:
    assert [repr(one) for one in oc.Severity] == ["drop", "violation", "note"]
    assert [str(one) for one in oc.Severity] == ["drop", "violation", "note"]
    assert [repr(one) for one in oc.ChecksumStatus] == [one.value for one in oc.ChecksumStatus]


def test_no_length_is_missing_where_the_options_are_not_here() -> None:
    """RFC 2675 section 3: an IPv6 length of 0 with a hop-by-hop header, in which there is no jumbo payload option."""
    whole = oc.encode(ipv6(next_header=oc.AUTO, payload_length=0) / oc.IPv6HopByHop(next_header=59))
    for octets, missing in ((len(whole), True), (54, False), (57, False)):
        rules = {finding.rule for finding in oc.diagnose(whole[:octets], wire_length=len(whole))}
        assert ("jumbo-missing" in rules) is missing, octets
