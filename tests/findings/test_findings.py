"""What `diagnose` finds, where, and what it says of it; the live receivers it speaks of are in tests/interop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import (
    GRE,
    SCTP,
    STT,
    TCP,
    UDP,
    VXLAN,
    VXLANGBP,
    VXLANGPE,
    VXLANRCO,
    Ethernet,
    Geneve,
    GeneveOption,
    IPv4,
    IPv6,
    Packet,
    STTSegment,
    VLANTag,
)
from overlaycodec import strategies as overlay
from overlaycodec.cli.commands import overlaycodec
from overlaycodec.findings.diagnosis import RULES
from overlaycodec.findings.model import PROVEN, RECEIVERS, Rule
from tests.interop.ordinary import FRAMES as ORDINARY
from tests.laws import common as laws

CAPTURES: Final = Path(__file__).parents[1] / "captures"
LINK: Final = Ethernet(dst="02:00:00:00:00:0a", src="02:00:00:00:00:0b")
OVER: Final = LINK / IPv4(src="10.77.0.2", dst="10.77.0.1")
OVER_6: Final = LINK / IPv6(src="fd77::2", dst="fd77::1")
FRAME: Final = Ethernet(dst="02:bb:00:00:00:02", src="02:aa:00:00:00:01")
INSIDE: Final = FRAME / IPv4(src="192.168.0.1", dst="192.168.0.2") / UDP(src_port=9, dst_port=9) / b"some octets"
ENTROPY: Final = UDP(src_port=50000)
PLAIN: Final = OVER / ENTROPY / VXLAN(vni=100) / INSIDE
PLAIN_6: Final = OVER_6 / ENTROPY / VXLAN(vni=1) / INSIDE
GENEVE: Final = OVER / ENTROPY / Geneve(vni=100) / INSIDE
ROUTE: Final = (oc.IPv4RouteAddress(address="10.0.0.1"),)
CRITICAL: Final = (GeneveOption(option_class=0xFFF0, type=0x81),)


def rules_in(packet: Packet | bytes, receiver: oc.Receiver = "rfc", **options: Any) -> set[str]:  # Any: as diagnose has
    data = packet if isinstance(packet, bytes) else oc.encode(packet, catalog=options.get("catalog", oc.DEFAULT))
    return {finding.rule for finding in oc.diagnose(data, receiver=receiver, **options)}


@pytest.mark.parametrize("packet", [PLAIN, PLAIN_6, GENEVE], ids=["plain", "ipv6", "geneve"])
@pytest.mark.parametrize("receiver", ["rfc", "linux", "ovs"])
def test_nothing_is_found_where_nothing_is_wrong(packet: Packet, receiver: oc.Receiver) -> None:
    assert rules_in(packet, receiver) == set()


FAR: Final = IPv6(src="fd77::2", dst="fd77::1")


def jumbo(octets: int) -> oc.IPv6HopByHop:
    return oc.IPv6HopByHop(next_header=59, options=(oc.IPv6JumboPayloadOption(jumbo_payload_length=octets),))


def segments(left: int, *, last_entry: int, segments: int, hdr_ext_len: int) -> oc.IPv6SegmentRouting:
    listed = tuple(oc.SRv6Segment(address=f"fd77::{number}") for number in range(segments))
    return oc.IPv6SegmentRouting(
        next_header=59, segments_left=left, last_entry=last_entry, hdr_ext_len=hdr_ext_len, segments=listed
    )


def changed(path: str, value: object, packet: Packet = PLAIN) -> Packet:
    return packet.replace_at(path, value)


# One case of every rule, by hand: what a specification calls wrong or remarkable.
CASES: Final[dict[str, Packet]] = {
    "source-group": changed("ethernet.src", "03:00:00:00:00:0b"),
    "source-none": changed("ethernet.src", "00:00:00:00:00:00"),
    "type-undefined": LINK.replace(ethertype=1501) / b"...",
    "tag-protocol": LINK.replace(ethertype=0x9100) / VLANTag(vid=1, ethertype=0x88B5) / b"...",
    "vid-reserved": LINK / VLANTag(vid=4095, ethertype=0x88B5) / b"...",
    "vid-priority": LINK / VLANTag(vid=0, ethertype=0x88B5) / b"...",
    "checksum-header": changed("ipv4.checksum", 0x1234),
    "checksum-udp": changed("udp.checksum", 0x1234),
    "checksum-tcp": OVER / TCP(src_port=1, dst_port=2, checksum=0x1234),
    "checksum-icmp": OVER / oc.ICMP(type=8, checksum=0x1234) / oc.ICMPEcho(identifier=1, sequence=1),
    "checksum-gre": OVER / GRE(checksum=0x1234) / INSIDE,
    "checksum-sctp": OVER / SCTP(src_port=1, dst_port=2, verification_tag=0, checksum=0x12345678),
    # The sum of 10.77.0.2, 10.77.0.1, 6 and 20, by hand: 0a4d + 0002 + 0a4d + 0001 + 0006 + 0014.
    "checksum-partial": OVER / TCP(src_port=1, dst_port=2, checksum=0x14B7),
    "ttl-zero": changed("ipv4.ttl", 0),
    "source-address": changed("ipv4.src", "224.0.0.1"),
    "source-broadcast": changed("ipv4.src", "255.255.255.255"),
    "source-network": changed("ipv4.src", "0.1.2.3"),
    "length-none": changed("ipv4.total_length", 0),
    "ipv6-length-none": LINK / FAR.replace(payload_length=0) / UDP(src_port=50000, dst_port=40001) / b"...",
    "udp-length-none": changed("udp.length", 0, changed("ipv4.total_length", 0)),
    "tunnel-options": changed("ipv4.options", (oc.IPv4Option(type=1),) * 4),
    "source-route": changed(
        "ipv4.options", (oc.IPv4StrictSourceRouteOption(route=(oc.IPv4RouteAddress(address="10.0.0.1"),)),)
    ),
    "flag-reserved": changed("ipv4.reserved0", 1),
    "jumbo-missing": LINK / FAR.replace(payload_length=0) / oc.IPv6HopByHop(next_header=59),
    "jumbo-two-lengths": LINK / FAR.replace(payload_length=8) / jumbo(1 << 16),
    "jumbo-small": LINK / FAR.replace(payload_length=0) / jumbo(8),
    "jumbo-fragment": Packet(
        (
            LINK,
            FAR.replace(payload_length=0),
            jumbo(1 << 16).replace(next_header=oc.AUTO),
            oc.IPv6Fragment(next_header=59),
        )
    ),
    "segments-left": LINK / FAR / segments(3, last_entry=1, segments=2, hdr_ext_len=4),
    "fragment": changed("ipv4.more_fragments", True),
    "fragment-df": changed("ipv4.dont_fragment", True, changed("ipv4.more_fragments", True)),
    "checksum-none": OVER_6 / UDP(src_port=50000, checksum=0) / VXLAN(vni=1) / INSIDE,
    "udp-shorter": changed("udp.length", 60),
    "vxlan-reserved": changed("vxlan.reserved2", 1),
    "vxlan-gbp-reserved": OVER / ENTROPY / VXLANGBP(vni=1, reserved1=1) / INSIDE,
    "vxlan-gpe-reserved": OVER / ENTROPY / VXLANGPE(vni=1, reserved1=1) / INSIDE,
    "vxlan-rco-reserved": OVER / ENTROPY / VXLANRCO(vni=1, reserved1=1) / INSIDE,
    "geneve-reserved": changed("geneve.reserved1", 1, GENEVE),
    "gre-reserved": OVER / GRE(reserved0=1) / INSIDE,
    "gre-acknowledgment": OVER / GRE(reserved0=0x10) / INSIDE,
    "gre-reserved1": OVER / GRE(checksum_present=True, reserved1=1) / INSIDE,
    "gre-payload": OVER / GRE() / IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253) / b"...",
    "nvgre-inner-tag": OVER / GRE(key=0x138800) / FRAME / VLANTag(vid=7, ethertype=0x88B5) / b"...",
    "nvgre-vsid": OVER / GRE(key=0xFFF00) / INSIDE,
    "gre-enhanced": OVER / oc.GREv1(payload_length=0, call_id=1, sequence_present=False),
    "gre-version": OVER.replace(IPv4, protocol=47) / bytes.fromhex("0002 6558"),
    "stt-reserved": OVER / STTSegment(src_port=1) / STT(context_id=1, reserved1=1) / INSIDE,
    "nsh-reserved": OVER / ENTROPY / VXLANGPE(vni=1) / oc.NSH(unassigned1=1, service_path=1, md_type=2) / INSIDE,
    "vxlan-no-vni": changed("vxlan.vni_valid", False),
    "vxlan-port": changed("udp.src_port", 4789),
    "vxlan-inner-tag": OVER / ENTROPY / VXLAN(vni=1) / FRAME / VLANTag(vid=7, ethertype=0x88B5) / b"...",
    "gpe-oam": OVER / ENTROPY / VXLANGPE(vni=1, oam=True) / INSIDE,
    "geneve-options": changed("geneve.options_rest", bytes.fromhex("fff00103") + bytes(4), GENEVE),
    "geneve-critical": changed("geneve.options", CRITICAL, GENEVE),
    "geneve-critical-clear": changed("geneve.critical", False, changed("geneve.options", CRITICAL, GENEVE)),
    "geneve-critical-set": changed("geneve.critical", True, GENEVE),
    "geneve-control": changed("geneve.control", True, GENEVE),
    "geneve-payload": OVER / ENTROPY / Geneve(vni=1) / IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253) / b"...",
    "gre-routing": OVER / GRE(routing=(oc.GRESourceRoute(address_family=0),)) / INSIDE,
    "gre-flags": OVER / GRE(recursion=1) / INSIDE,
    "ecn-lost": changed("ipv4.ecn", 3),
    "ecn-lost-tagged": changed("ipv4.ecn", 3, PLAIN.insert(5, VLANTag(vid=7))),
    "ecn-tag": changed("ipv4.ecn", 3, OVER / GRE() / FRAME / VLANTag(vid=4) / INSIDE.headers[1] / INSIDE.headers[2]),
    "ecn-unread": changed("ipv4.ecn", 3, changed("inner.ipv4.ecn", 1, changed("inner.ipv4.total_length", 500))),
    "ecn-alarm": changed("ipv4.ecn", 1),
    "frame-short-tag": OVER / ENTROPY / VXLAN(vni=1) / FRAME / VLANTag(vid=7, ethertype=0x88B5) / b".",
    "frame-from-group": changed("inner.ethernet.src", "03:00:00:00:00:0b"),
    "frame-from-nobody": changed("inner.ethernet.src", "00:00:00:00:00:00"),
    "fcs-wrong": OVER / ENTROPY / VXLAN(vni=1) / INSIDE / oc.FCS(data=bytes(4)),
}
DIALECTS: Final[dict[str, type[oc.Header]]] = {
    "vxlan-gbp-reserved": VXLANGBP,
    "vxlan-gpe-reserved": VXLANGPE,
    "vxlan-rco-reserved": VXLANRCO,
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_case(rule: Rule) -> None:
    header = DIALECTS.get(rule.name)
    catalog = oc.DEFAULT if header is None else oc.DEFAULT.with_binding(oc.UDP_PORT(4789), header)
    packet = CASES[rule.name]
    data = oc.encode(packet, catalog=catalog)
    found = [
        finding
        for finding in oc.diagnose(data, catalog=catalog, fcs_octets=4 * (packet.fcs is not None))
        if finding.rule == rule.name
    ]
    assert [(finding.severity, finding.does, finding.source) for finding in found] == [(rule.rfc, "", rule.source)]


def test_a_tunnel_that_decoding_refuses_is_read_by_the_receiver_that_has_its_port() -> None:
    """As seen on live ones: no I flag and a frame of no known type; decoding leaves these octets as payload."""
    content = bytes.fromhex("0000000000006400 02bb00000002 02aa00000001 05f0") + bytes(9)
    data = oc.encode(OVER / UDP(src_port=50000, dst_port=4789) / content)
    assert oc.decode(data).names == ["ethernet", "ipv4", "udp"]
    assert oc.diagnose(data) == []
    for receiver in ("linux", "ovs"):
        assert {finding.rule for finding in oc.diagnose(data, receiver=receiver)} >= {"vxlan-no-vni"}
        assert oc.diagnose(oc.decode(data), receiver=receiver) == oc.diagnose(data, receiver=receiver)


@pytest.mark.parametrize("tags", [1, 2, 3])
def test_marks_are_found_in_ip_of_another_version_behind_any_tags(tags: int) -> None:
    """As seen on Open vSwitch: it looks at the mark alone."""
    frame = Packet((FRAME, *(VLANTag(vid=7),) * (tags - 1), VLANTag(vid=7, ethertype=0x0800)))
    data = oc.encode(OVER.replace(IPv4, ecn=3) / ENTROPY / VXLAN(vni=1) / frame / b"\x05".ljust(20, b"\0"))
    assert "ecn-lost-tagged" in {finding.rule for finding in oc.diagnose(data, receiver="ovs")}


def test_a_finding_says_where_what_and_why() -> None:
    (finding,) = oc.diagnose(oc.encode(changed("vxlan.reserved1", 0x400)), receiver="linux")
    assert (finding.path, finding.bits, finding.scope) == ("vxlan.reserved1", (344, 367), "")
    assert str(finding) == (
        "drop: vxlan.reserved1 (bits 344-367) is 0x000400: Linux drops packets with any reserved bit set; "
        "RFC 7348 section 5 says it is zero when sent and ignored when received"
    )
    assert finding.severity is oc.Severity.DROP


@pytest.mark.parametrize(("left", "last_entry", "dropped"), [(0, 1, False), (2, 1, False), (3, 1, True), (1, 2, True)])
def test_the_bounds_of_segment_routing(left: int, last_entry: int, dropped: bool) -> None:
    """RFC 8754 section 4.3.1.1: Last Entry is in the list, Segments Left is at most one more."""
    data = oc.encode(LINK / FAR / segments(left, last_entry=last_entry, segments=2, hdr_ext_len=4) / bytes(32))
    assert any(finding.severity is oc.Severity.DROP for finding in oc.diagnose(data)) is dropped


@pytest.mark.parametrize("receiver", ["rfc", "linux", "ovs"])
@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_traffic_breaks_no_rule(name: str, receiver: oc.Receiver) -> None:
    frame = ORDINARY[name]
    for data in (frame, oc.encode(OVER / ENTROPY / VXLAN(vni=100) / frame)):
        found = oc.diagnose(data, receiver=receiver)
        assert not [str(finding) for finding in found if finding.severity is not oc.Severity.NOTE]


# What Linux and Open vSwitch were seen to do with packets like these (tests/interop does it again).
SEEN: Final[list[tuple[str, Packet, str, str]]] = [
    ("reserved bits", changed("vxlan.reserved2", 1), "drop", "drop"),
    ("no I", changed("vxlan.vni_valid", False), "drop", "drop"),
    ("an option too long", CASES["geneve-options"], "violation", "drop"),
    ("critical, C clear", CASES["geneve-critical-clear"], "violation", "drop"),
    ("critical, C set", changed("geneve.options", CRITICAL, GENEVE), "drop", "drop"),
    ("control", changed("geneve.control", True, GENEVE), "note", "note"),
    ("not Ethernet", CASES["geneve-payload"], "drop", "drop"),
    ("version 1", changed("geneve.version", 1, GENEVE), "drop", "drop"),
    ("IPv4 options", changed("ipv4.options", (oc.IPv4Option(type=1),) * 4), "note", "drop"),
    ("a group's address", changed("ipv4.src", "224.0.0.1"), "drop", "violation"),
    ("congestion unheard of", changed("ipv4.ecn", 3), "drop", "drop"),
    ("the same behind a tag", CASES["ecn-lost-tagged"], "violation", "drop"),
    ("UDP length 0", changed("udp.length", 0), "drop", "violation"),
    ("UDP length 0 over IPv6", changed("udp.length", 0, PLAIN_6), "violation", "violation"),
    ("IPv4 as version 6", changed("ipv4.version", 6), "drop", "violation"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "packet", "linux", "ovs"), SEEN, ids=[case[0] for case in SEEN])
def test_receivers_differ(what: str, packet: Packet, linux: str, ovs: str) -> None:
    data = oc.encode(packet)
    order = [severity.value for severity in oc.Severity]

    def worst(receiver: oc.Receiver) -> str:
        severities = [f.severity.value for f in oc.diagnose(data, receiver=receiver) if not f.scope]
        return min(severities, key=order.index)

    assert (worst("linux"), worst("ovs")) == (linux, ovs)


def test_an_endpoint_minds_what_the_host_inside_does_not_and_the_other_way_round() -> None:
    wrong = changed("inner.udp.checksum", 0x1234)
    assert {finding.scope for finding in oc.diagnose(oc.encode(wrong), receiver="linux")} == {"inner"}
    short = OVER / ENTROPY / VXLAN(vni=1) / oc.encode(INSIDE)[:30]
    for receiver, scope in (("linux", ""), ("ovs", "inner")):
        (finding,) = oc.diagnose(oc.encode(short), receiver=receiver)  # type: ignore[arg-type]
        assert (finding.path, finding.severity, finding.scope) == ("inner.ipv4", "drop", scope)


def test_what_was_not_captured_is_no_finding() -> None:
    data = oc.encode(PLAIN)
    assert rules_in(data[:60], wire_length=len(data)) == set()
    assert "ethernet-short" in rules_in(data[:60])


def test_nobody_receives_what_an_error_quotes() -> None:
    with oc.open_capture(CAPTURES / "linux-icmp-errors.pcap") as capture:
        findings = [finding for packet in capture.packets(lax=True) for finding in oc.diagnose(packet)]
    assert not [finding for finding in findings if "quoted" in finding.path and "short" not in finding.rule]


@pytest.mark.parametrize(
    ("name", "drops"),
    [
        ("kernel-vxlan-v4", []),
        ("kernel-vxlan-vni-limits", []),
        # Each of these two holds one packet with a UDP checksum of 0 over IPv6, which Linux did not answer.
        ("kernel-vxlan-v6", [(3, "checksum-none")]),
        ("linux-geneve-v6", [(4, "checksum-none")]),
    ],
)
def test_linux_takes_what_it_took(name: str, drops: list[tuple[int, str]]) -> None:
    with oc.open_capture(CAPTURES / f"{name}.pcap") as capture:
        packets = list(capture.packets())
    found = [(n, f) for n, packet in enumerate(packets, 1) for f in oc.diagnose(packet, receiver="linux")]
    assert [(n, finding.rule) for n, finding in found if finding.severity == "drop"] == drops


@pytest.mark.parametrize("receiver", ["rfc", "linux", "ovs"])
@given(data=st.data())
def test_any_octets_can_be_diagnosed(receiver: oc.Receiver, data: st.DataObject) -> None:
    cls = data.draw(st.sampled_from(laws.CLASSES))
    first = laws.first_of(cls)
    octets = data.draw(overlay.malformed_bytes(cls, first=first))
    for finding in oc.diagnose(octets, receiver=receiver, first=first):
        assert str(finding).startswith(f"{finding.severity}: {finding.path}")
    packet = oc.decode(octets, first=first, lax=True)
    if first is not oc.Ethernet:
        assert oc.diagnose(packet, receiver=receiver) == oc.diagnose(octets, receiver=receiver, first=first)


@pytest.mark.parametrize("trailer", [0, 1, 100])
def test_octets_that_no_length_can_count(trailer: int) -> None:
    """Open vSwitch reads what follows an IPv4 packet of 65,535 octets too."""
    frame = FRAME.replace(ethertype=0x88B5) / bytes(0xFFFF - 20 - 8 - 8 - 14)
    data = oc.encode(OVER / ENTROPY / VXLAN(vni=100) / frame) + bytes(trailer)
    assert rules_in(data, receiver="ovs") == rules_in(data[: 14 + 0xFFFF], receiver="ovs") == set()


def test_a_packet_is_as_good_as_its_octets() -> None:
    packet = CASES["ecn-lost"]
    assert oc.diagnose(packet, receiver="ovs") == oc.diagnose(oc.encode(packet), receiver="ovs")
    with pytest.raises(ValueError, match="receiver is rfc, linux, ovs, not 'bsd'"):
        oc.diagnose(b"", receiver="bsd")  # type: ignore[arg-type]


def test_the_versions_on_which_the_rules_were_proven_are_shown() -> None:
    proofs = [proof for receiver in RECEIVERS for proof in PROVEN[receiver]]
    assert all(PROVEN[receiver] or receiver == "rfc" for receiver in RECEIVERS)
    told = " ".join(diagnose("--help").split())
    page = (Path(__file__).parents[2] / "docs/rules.md").read_text(encoding="utf-8")
    for proof in proofs:
        assert str(proof) in told
        assert f"- {proof}\n" in page
        assert proof.stack.rpartition(" ")[2] in (oc.diagnose.__doc__ or "")


# --- the command line -------------------------------------------------------------------------------------------------


def diagnose(*args: str | Path, status: int = 0) -> str:
    result = CliRunner().invoke(overlaycodec, ["diagnose", *map(str, args)])
    assert result.exit_code == status, result.output
    return result.output


def test_the_command_line_tells_packet_and_finding(tmp_path: Path) -> None:
    path = CAPTURES / "kernel-vxlan-gbp.pcap"
    lines = diagnose("--receiver", "linux", "--least", "drop", path).splitlines()
    assert lines[0] == (
        "   1  drop: vxlan.reserved_flags0 (bits 336-339) is 0x8: Linux drops packets with any reserved bit set; "
        "RFC 7348 section 5 says it is zero when sent and ignored when received"
    )
    assert lines[-1] == "8 packets: 8 drop"
    assert diagnose("--receiver", "linux", "--least", "drop", "--dialect", "gbp", path) == ("8 packets: 0 drop\n")
    both = diagnose(path, path).splitlines()
    assert both[0].startswith(f"{path}:1  ")
    objects = [json.loads(line) for line in diagnose("--json", path).splitlines()]
    assert objects[0]["number"] == 1
    assert {"severity", "path", "bits", "rule", "scope", "source"} <= objects[0].keys()


def test_a_damaged_file_is_said_after_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes((CAPTURES / "kernel-vxlan-gbp.pcap").read_bytes()[:-5])
    assert "packets: " in diagnose(path, status=1)
    diagnose(tmp_path / "none.pcap", status=1)
