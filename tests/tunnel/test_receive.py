"""What endpoints accept and refuse, and that their short way and `diagnose` agree."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import (
    GRE,
    UDP,
    VXLAN,
    AWSFlowCookieOption,
    Ethernet,
    Geneve,
    GeneveOption,
    IPv4,
    OVNOption,
    Packet,
    VLANTag,
    tunnel,
    vlan,
)
from overlaycodec import strategies as overlay
from tests.interop.live.underlay import HERE, PEER
from tests.interop.near_valid import near_valid
from tests.laws import common as laws

HERE_LINK: Final = Ethernet(dst=PEER.mac, src=HERE.mac)
PEER_LINK: Final = Ethernet(dst=HERE.mac, src=PEER.mac)
INSIDE: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
KINDS: Final[dict[str, Any]] = {  # Any: constructors of several classes
    "vxlan": partial(tunnel.VXLANTunnel, vni=100),
    "vxlan-gbp": partial(tunnel.VXLANGBPTunnel, vni=100, group_policy_id=7),
    "vxlan-gpe": partial(tunnel.VXLANGPETunnel, vni=100),
    "geneve": partial(tunnel.GeneveTunnel, vni=100),
    "nvgre": partial(tunnel.NVGRETunnel, vsid=0x1234),
    "stt": partial(tunnel.STTTunnel, context_id=100),
}
OVER: Final = {4: (HERE.ipv4, PEER.ipv4), 6: (HERE.ipv6, PEER.ipv6)}
each_kind: Final = pytest.mark.parametrize("kind", KINDS)
each_version: Final = pytest.mark.parametrize("version", [4, 6])
fewer: Final = laws.share(8)


def ends(kind: str, version: int = 4, **settings: Any) -> tuple[tunnel.Tunnel, tunnel.Tunnel]:
    """The endpoint that sends, and the one that receives, with these settings."""
    here, peer = OVER[version]
    sender = KINDS[kind](src=here, dst=peer, link=HERE_LINK)
    return sender, KINDS[kind](src=peer, dst=here, link=PEER_LINK, **settings)


def frame(**changes: Any) -> Packet:
    return INSIDE / IPv4(src="192.0.2.1", dst="192.0.2.2", **changes) / UDP(src_port=1, dst_port=9) / b"hello"


def reason(got: tunnel.Received | tunnel.Refusal) -> str:
    return "" if isinstance(got, tunnel.Received) else got.rule


@each_kind
@each_version
@fewer
@given(data=st.data())
def test_a_frame_comes_out_as_it_went_in(kind: str, version: int, data: st.DataObject) -> None:
    sender, receiver = ends(kind, version)
    drawn = data.draw(overlay.packets(Ethernet).map(oc.encode) | overlay.malformed_bytes())
    second = oc.decode(drawn, lax=True).headers[1:2]
    assume(kind != "nvgre" or not second or not isinstance(second[0], VLANTag))
    got = receiver.receive(oc.encode(sender.encapsulate(drawn)))
    if isinstance(got, tunnel.Received):
        assert got.frame == drawn
        assert got.vni == (0x1234 if kind == "nvgre" else 100)
        assert bool(got)
    else:
        assert len(drawn) < 14 or got.rule in ("inner-tag", "ecn-lost"), str(got)
        assert not got


@each_kind
@each_version
def test_what_is_not_for_the_endpoint_is_refused(kind: str, version: int) -> None:
    sender, receiver = ends(kind, version)
    packet = sender.encapsulate(frame())
    name = f"ipv{version}"
    assert reason(receiver.receive(oc.encode(packet))) == ""
    elsewhere = "192.0.2.77" if version == 4 else "2001:db8::77"
    wrong = {
        "link-destination": packet.replace(Ethernet, dst="02:00:00:00:00:77"),
        "destination": oc.fill(packet.replace_at(f"{name}.dst", elsewhere)),
        "no-tunnel": oc.resolve(packet.replace(Ethernet, ethertype=0x88B5)),
    }
    if kind not in ("nvgre", "stt"):
        wrong["port"] = packet.replace_at("udp.dst_port", 99)
    for rule, changed in wrong.items():
        assert reason(receiver.receive(oc.encode(changed))) == rule
    nothing = receiver.receive(oc.encode(wrong["no-tunnel"]))
    assert isinstance(nothing, tunnel.Refusal)
    assert nothing.path == "ethernet"
    other: dict[str, Any] = {"nvgre": {"vsid": 0x4321}, "stt": {"context_id": 9}}.get(kind, {"vni": 9})
    refusal = receiver.replace(**other).receive(oc.encode(packet))
    assert isinstance(refusal, tunnel.Refusal)
    assert refusal.rule == "network"
    assert refusal.demand == f"it is {next(iter(other.values()))}"
    assert (refusal.bits[0], refusal.bits[1]) == packet.span(refusal.path)
    anyone = receiver.replace(**other, reception=tunnel.Reception(any_network=True)).receive(oc.encode(packet))
    assert isinstance(anyone, tunnel.Received)
    assert anyone.vni == (0x1234 if kind == "nvgre" else 100)


@pytest.mark.parametrize(("diffserv", "inside"), [("pipe", 10), ("uniform", 46)])
def test_the_class_of_a_frame_that_is_received(diffserv: str, inside: int) -> None:
    """RFC 2983 sections 3.1 and 3.2: in the uniform model, the inner header gets the DSCP of the outer one."""
    sender, receiver = ends("vxlan", diffserv=diffserv)
    packet = oc.fill(sender.encapsulate(frame(dscp=10)).replace_at("ipv4.dscp", 46))
    got = receiver.receive(oc.encode(packet))
    assert isinstance(got, tunnel.Received)
    assert oc.decode(got.frame)[IPv4].dscp == inside


@pytest.mark.parametrize("kind", ["vxlan", "vxlan-gbp", "vxlan-gpe"])
def test_a_vni_that_is_not_valid_is_no_network(kind: str) -> None:
    """RFC 7348 section 5: the I flag must be 1 for a valid VNI."""
    sender, receiver = ends(kind)
    packet = sender.encapsulate(frame())
    path = packet.names[3]
    assert isinstance(receiver.receive(oc.encode(packet)), tunnel.Received)
    unmarked = oc.fill(packet.replace_at(f"{path}.vni_valid", False))
    assert isinstance(receiver.receive(oc.encode(unmarked)), tunnel.Refusal)


@each_version
def test_another_port_of_vxlan_is_not_the_endpoints(version: int) -> None:
    """Linux's default of 8472 is known to the catalog, but the endpoint listens on 4789 (RFC 7348 section 5)."""
    sender, receiver = ends("vxlan", version)
    packet = sender.replace(dst_port=8472).encapsulate(frame())
    assert "vxlan" in oc.decode(oc.encode(packet)).names
    assert reason(receiver.receive(oc.encode(packet))) == "port"
    assert reason(receiver.replace(dst_port=8472).receive(oc.encode(packet))) == ""


def test_a_group_is_heard_too_and_other_sources_by_a_setting() -> None:
    flood = tunnel.VXLANTunnel(vni=42, src=HERE.ipv4, dst="239.1.1.1", link=HERE.mac)
    member = tunnel.VXLANTunnel(vni=42, src=PEER.ipv4, dst="239.1.1.1", link=PEER.mac)
    packet = oc.encode(flood.encapsulate(frame()))
    assert reason(member.receive(packet)) == ""
    sender, receiver = ends("vxlan", reception=tunnel.Reception(any_source=False))
    assert reason(receiver.receive(oc.encode(sender.encapsulate(frame())))) == ""
    other = sender.replace(src="10.77.0.9")
    assert reason(receiver.receive(oc.encode(other.encapsulate(frame())))) == "source"


def test_without_a_link_octets_begin_with_ip() -> None:
    for version, (here, peer) in OVER.items():
        sender = tunnel.GeneveTunnel(vni=1, src=here, dst=peer)
        receiver = tunnel.GeneveTunnel(vni=1, src=peer, dst=here)
        data = oc.encode(sender.encapsulate(frame()))
        assert data[0] >> 4 == version
        assert reason(receiver.receive(data)) == ""
        link = HERE_LINK.replace(ethertype=0x0800 if version == 4 else 0x86DD)
        assert reason(receiver.receive(oc.encode(link) + data, first=Ethernet)) == ""
        assert reason(receiver.receive(b"")) == f"ipv{version}-short"


@pytest.mark.parametrize(
    ("kind", "changes", "rule"),
    [
        ("vxlan", {"vxlan.vni_valid": False}, "vxlan-no-vni"),
        ("vxlan-gpe", {"vxlan_gpe.oam": True}, "gpe-oam"),
        ("geneve", {"geneve.control": True}, "geneve-control"),
        ("vxlan", {"ipv4.more_fragments": True}, "fragment"),
        ("vxlan", {"ipv4.ecn": 3}, "ecn-lost"),
        ("nvgre", {"ipv4.ecn": 3}, "ecn-lost"),
        ("vxlan", {"udp.length": 2000}, "udp-short"),
        ("geneve", {"ipv4.total_length": 2000}, "ipv4-short"),
        ("vxlan", {"ipv4.src": "224.0.0.1"}, "source-address"),
    ],
)
def test_the_outer_headers_are_examined(kind: str, changes: dict[str, Any], rule: str) -> None:
    sender, receiver = ends(kind)
    packet = sender.encapsulate(frame())
    for path, value in changes.items():
        packet = packet.replace_at(path, value)
    got = receiver.receive(oc.encode(oc.fill(packet, lengths=False)))
    assert isinstance(got, tunnel.Refusal)
    assert got.rule == rule
    assert got.severity is oc.Severity.DROP


def test_a_wrong_checksum_is_a_matter_of_policy() -> None:
    sender, receiver = ends("geneve")
    packet = sender.encapsulate(frame())
    wrong = oc.encode(packet.replace(UDP, checksum=packet[UDP].checksum ^ 1 or 2))
    absent = oc.encode(packet.replace(UDP, checksum=0))
    verdicts = {}
    for policy in ("verify", "ignore", "require"):
        chosen = receiver.replace(reception=tunnel.Reception(checksum=policy))
        verdicts[policy] = reason(chosen.receive(wrong)), reason(chosen.receive(absent))
    assert verdicts == {
        "verify": ("checksum-udp", ""),
        "ignore": ("", ""),
        "require": ("checksum-udp", "checksum-absent"),
    }


def test_over_ipv6_an_absent_checksum_must_be_allowed() -> None:
    """RFC 6936 section 5: a receiver discards it, unless it was configured for it."""
    sender, receiver = ends("geneve", 6)
    absent = oc.encode(sender.encapsulate(frame()).replace(UDP, checksum=0))
    assert reason(receiver.receive(absent)) == "checksum-none"
    allowing = receiver.replace(ipv6_zero_checksum=True)
    assert reason(allowing.receive(absent)) == ""
    linux = allowing.replace(reception=tunnel.Reception(receiver="linux"))
    assert reason(linux.receive(absent)) == ""
    assert reason(linux.replace(ipv6_zero_checksum=False).receive(absent)) == "checksum-none"


def test_control_packets_are_for_those_who_ask() -> None:
    sender, receiver = ends("geneve")
    packet = oc.encode(sender.replace(control=True).encapsulate(frame()))
    assert reason(receiver.receive(packet)) == "geneve-control"
    assert reason(receiver.replace(reception=tunnel.Reception(oam="accept")).receive(packet)) == ""


def test_critical_options_must_be_known() -> None:
    """RFC 8926 section 3.5."""
    sender, receiver = ends("geneve")
    critical, other = OVNOption(ingress_port=1, egress_port=2), AWSFlowCookieOption(flow_cookie=1)
    harmless = oc.encode(sender.replace(options=(other,)).encapsulate(frame()))
    needed = oc.encode(sender.replace(options=(other, critical)).encapsulate(frame()))
    both = oc.encode(
        sender.replace(options=(critical, GeneveOption(option_class=0xFF00, type=0x80))).encapsulate(frame())
    )
    knowing = receiver.replace(reception=tunnel.Reception(known_options=(OVNOption,)))
    assert [reason(receiver.receive(data)) for data in (harmless, needed, both)] == ["", *["geneve-critical"] * 2]
    assert [reason(knowing.receive(data)) for data in (harmless, needed, both)] == ["", "", "geneve-critical"]
    refusal = receiver.receive(needed)
    assert isinstance(refusal, tunnel.Refusal)
    assert refusal.path == "geneve.options[1]"


@pytest.mark.parametrize(("receiver", "rule"), [("rfc", ""), ("linux", ""), ("ovs", "geneve-critical-clear")])
def test_a_critical_option_that_the_header_does_not_announce(receiver: Any, rule: str) -> None:
    """RFC 8926 section 3.4; Open vSwitch looks at the option itself, as tests of live stacks found."""
    sender, endpoint = ends("geneve", reception=tunnel.Reception(receiver=receiver))
    packet = sender.replace(options=(OVNOption(ingress_port=1, egress_port=2),)).encapsulate(frame())
    silent = oc.fill(packet.replace_at("geneve.critical", False))
    assert reason(endpoint.receive(oc.encode(silent))) == rule


@pytest.mark.parametrize("kind", ["vxlan", "geneve", "nvgre"])
def test_inner_tags_are_kept_stripped_or_refused(kind: str) -> None:
    """RFC 7348 section 6.1, RFC 7637 section 3.3."""
    bare = frame()
    tagged = vlan.push(vlan.push(oc.resolve(bare), vid=7, pcp=5), vid=8, pcp=3, tpid=0x88A8)
    sender, receiver = ends(kind)
    outside = sender.encapsulate(b"")
    cut = len(outside.headers)
    data = oc.encode(oc.fill(Packet((*outside.headers[:cut], *tagged.headers), tagged.payload)))
    kept = receiver.replace(inner_tags="keep").receive(data)
    assert isinstance(kept, tunnel.Received)
    assert (kept.frame, kept.tags, kept.pcp) == (oc.encode(tagged), (), 3)
    stripped = receiver.replace(inner_tags="strip").receive(data)
    assert isinstance(stripped, tunnel.Received)
    assert stripped.frame == oc.encode(bare)
    assert stripped.tags == (vlan.Tag(8, 3, tpid=0x88A8), vlan.Tag(7, 5))
    assert reason(receiver.replace(inner_tags="refuse").receive(data)) == "inner-tag"
    assert reason(receiver.receive(data)) == ("inner-tag" if kind == "nvgre" else "")


@pytest.mark.parametrize("kind", ["vxlan", "geneve", "nvgre", "stt"])
@pytest.mark.parametrize("given_as", ["octets", "packet"])
def test_tags_and_priorities_in_both_directions(kind: str, given_as: str) -> None:
    """RFC 2474 section 4.2.2: class selector 5 is DSCP 40."""
    settings: dict[str, Any] = {"inner_tags": "strip", "priorities": tunnel.CLASS_SELECTORS}
    sender, receiver = ends(kind, **settings)
    sender = sender.replace(**settings, dscp=1)
    tagged = vlan.push(oc.resolve(frame(dscp=9)), vid=7, pcp=5)
    outer = sender.encapsulate(oc.encode(tagged) if given_as == "octets" else tagged)
    assert outer[IPv4].dscp == 40
    assert not vlan.tags(outer, scope="inner")
    got = receiver.receive(oc.encode(outer))
    assert isinstance(got, tunnel.Received)
    assert (got.frame, got.pcp) == (oc.encode(frame(dscp=9)), 5)
    assert sender.encapsulate(frame(dscp=9))[IPv4].dscp == 1
    if kind == "stt":
        parts = sender.segments(oc.encode(tagged), mtu=1500)  # type: ignore[attr-defined]
        assert parts[0].headers == outer.headers


def test_an_endpoint_that_refuses_tags_sends_none() -> None:
    sender, _ = ends("vxlan")
    tagged = vlan.push(oc.resolve(frame()), vid=7)
    with pytest.raises(oc.EncodeError, match="has a VLAN tag"):
        sender.replace(inner_tags="refuse").encapsulate(tagged)


def test_a_frame_of_many_segments_is_received_once_it_is_reassembled() -> None:
    sender, receiver = ends("stt")
    octets = oc.encode(vlan.push(oc.resolve(frame()), vid=7, pcp=5)) + bytes(3000)
    reassembler = tunnel.STTReassembler()
    parts = sender.segments(octets, mtu=1500)  # type: ignore[attr-defined]
    whole = [reassembler.feed(part) for part in parts][-1]
    assert isinstance(receiver, tunnel.STTTunnel)
    assert whole is not None
    got = receiver.receive(whole)
    assert isinstance(got, tunnel.Received)
    assert (got.frame, got.vni, got.pcp) == (octets, 100, 5)
    assert reason(receiver.replace(inner_tags="refuse").receive(whole)) == "inner-tag"
    assert reason(receiver.replace(context_id=9).receive(whole)) == "network"
    assert reason(receiver.replace(src="10.77.0.9").receive(whole)) == "destination"


def test_the_outer_vlan_is_the_endpoints_own() -> None:
    sender, receiver = ends("vxlan")
    tagged = oc.encode(sender.replace(tags=(VLANTag(vid=7),)).encapsulate(frame()))
    untagged = oc.encode(sender.encapsulate(frame()))
    verdicts = [reason(receiver.replace(tags=tags).receive(data)) for data in (tagged, untagged)
                for tags in ((), (VLANTag(vid=7, pcp=3),), (VLANTag(vid=8),))]  # fmt: skip
    assert verdicts == ["", "", "link-tag", "", "", ""]  # a socket may have taken the tag off


def test_a_segment_is_no_frame_and_its_checksum_is_verified() -> None:
    sender, receiver = ends("stt")
    parts = sender.segments(oc.encode(frame()) + bytes(3000), mtu=1500)  # type: ignore[attr-defined]
    assert [reason(receiver.receive(oc.encode(part))) for part in parts] == ["segment", "no-tunnel", "no-tunnel"]
    packet = sender.encapsulate(frame())
    wrong = oc.encode(packet.replace_at("stt_segment.checksum", 1))
    assert reason(receiver.receive(wrong)) == "checksum-stt"
    assert reason(receiver.replace(reception=tunnel.Reception(checksum="ignore")).receive(wrong)) == ""


def test_a_reassembled_packet_is_received() -> None:
    sender, receiver = ends("geneve")
    packet = sender.encapsulate(frame() / bytes(900)) / oc.FCS()
    assert reason(receiver.receive(packet)) == ""
    reassembler = oc.reassembly.FragmentReassembler()
    parts = oc.reassembly.fragment(packet.without_fcs().replace(IPv4, dont_fragment=False), mtu=576, identification=7)
    assert {reason(receiver.receive(part)) for part in parts} == {"fragment"}
    whole = [reassembler.feed(part) for part in parts][-1]
    assert whole is not None
    got = receiver.receive(whole)
    assert isinstance(got, tunnel.Received)
    assert got.frame == oc.encode(frame() / bytes(900))


@given(overlay.malformed_bytes())
def test_whatever_the_octets_are_nothing_is_raised(data: bytes) -> None:
    for kind in KINDS:
        _, receiver = ends(kind)
        assert not receiver.receive(data)


@each_kind
@fewer
@given(cut=st.integers(0, 200), number=st.integers(0, 200), value=st.integers(0, 255))
def test_no_change_of_an_octet_raises(kind: str, cut: int, number: int, value: int) -> None:
    sender, receiver = ends(kind)
    data = bytearray(oc.encode(sender.encapsulate(frame())))
    data[number % len(data)] = value
    receiver.receive(bytes(data[: len(data) - cut] if cut < len(data) else data))


# --- the short way and the long one ---------------------------------------------------------------------------------


class LongWay:
    """Endpoints that ask `diagnose` about each packet."""

    def _received_plain(self, packet: Packet, octets: bytes) -> None:
        return None


class LongVXLAN(LongWay, tunnel.VXLANTunnel, frozen=True, kw_only=True, dict=True):
    """An endpoint that asks `diagnose` about each packet."""

    src: oc.values.AnyIP
    dst: oc.values.AnyIP


class LongGeneve(LongWay, tunnel.GeneveTunnel, frozen=True, kw_only=True, dict=True):
    """The same for Geneve."""

    src: oc.values.AnyIP
    dst: oc.values.AnyIP


class LongNVGRE(LongWay, tunnel.NVGRETunnel, frozen=True, kw_only=True, dict=True):
    """The same for NVGRE."""

    src: oc.values.AnyIP
    dst: oc.values.AnyIP


class LongSTT(LongWay, tunnel.STTTunnel, frozen=True, kw_only=True, dict=True):
    """The same for STT."""

    src: oc.values.AnyIP
    dst: oc.values.AnyIP


class LongVXLANGBP(LongWay, tunnel.VXLANGBPTunnel, frozen=True, kw_only=True, dict=True):
    """The same for VXLAN with a group policy."""

    src: oc.values.AnyIP
    dst: oc.values.AnyIP


ASKED: Final[list[tuple[Any, Any, Any, dict[str, int]]]] = [
    (VXLAN(vni=100), tunnel.VXLANTunnel, LongVXLAN, {"vni": 100}),
    (Geneve(vni=100), tunnel.GeneveTunnel, LongGeneve, {"vni": 100}),
    (GRE(key=0x123401), tunnel.NVGRETunnel, LongNVGRE, {"vsid": 0x1234}),
]


@pytest.mark.parametrize("receiver", ["rfc", "linux", "ovs"])
@each_version
def test_a_group_policy_is_no_reserved_bit_to_its_endpoint(receiver: oc.Receiver, version: int) -> None:
    """draft-smith-vxlan-group-policy-05 section 2.1; DEFAULT has VXLAN without one at the port."""
    here, peer = OVER[version]
    settings = tunnel.Reception(receiver=receiver)
    arguments: dict[str, Any] = {"vni": 100, "src": peer, "dst": here, "link": PEER_LINK, "reception": settings}
    data = oc.encode(ends("vxlan-gbp", version)[0].encapsulate(frame()))
    got = LongVXLANGBP(**arguments).receive(data)
    assert isinstance(got, tunnel.Received), str(got)
    assert got == tunnel.VXLANGBPTunnel(**arguments).receive(data)
    catalog = oc.DEFAULT.with_binding(oc.UDP_PORT(4789), oc.VXLANGBP)
    assert not [found for found in oc.diagnose(data, receiver=receiver, catalog=catalog) if "reserved" in found.rule]


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: type(asked[0]).__name__)
@pytest.mark.parametrize("receiver", ["rfc", "linux", "ovs"])
@each_version
def test_both_ways_say_the_same_and_agree_with_diagnose(asked: Any, receiver: oc.Receiver, version: int) -> None:
    header, short, long, network = asked
    here, peer = OVER[version]
    settings = tunnel.Reception(receiver=receiver, oam="accept", any_network=True)
    arguments = {**network, "src": peer, "dst": here, "link": PEER_LINK, "reception": settings, "inner_tags": "keep"}
    endpoint, examining = short(**arguments), long(**arguments)
    plain = 0
    for packet in near_valid(header, version, 80, seed=2003, from_anywhere=True):
        got = endpoint.receive(packet.data)
        told = examining.receive(packet.data)
        assert reason(got) == reason(told), packet.label
        assert got == told, packet.label
        plain += isinstance(got, tunnel.Received)
        findings = oc.diagnose(packet.data, receiver=receiver)
        drops = any(
            (finding.severity is oc.Severity.DROP or finding.rule == "fragment")
            for finding in findings
            if not finding.scope
        )
        if reason(got) == "port":  # of a header length that moves it: `diagnose` takes every port for the receiver's
            assert "ihl" in packet.label, packet.label
        elif receiver != "rfc" and header.__class__ is not GRE:
            assert bool(got) is not drops, (packet.label, str(got), list(map(str, findings)))
        elif drops:
            assert not got, packet.label
    assert plain > 15


STT_CHANGES: Final[dict[str, tuple[object, ...]]] = {
    "stt.version": (1,),
    "stt.checksum_partial": (True,),
    "stt.l4_offset": (34,),
    "stt.reserved1": (1,),
    "stt.tag_valid": (True,),
    "stt.context_id": (99,),
    "stt_segment.segment_offset": (8,),
    "stt_segment.total_length": (40, 70, 90),
    "stt_segment.dst_port": (80,),
    "stt_segment.data_offset": (6,),
    "stt_segment.flags": (0, 2),
    "stt_segment.checksum": (0, 1),
    "outer.ipv4.ecn": (1, 2, 3),
    "outer.ipv6.ecn": (1, 2, 3),
}


@pytest.mark.parametrize("policy", ["verify", "ignore"])
@each_version
def test_both_ways_say_the_same_of_stt(version: int, policy: Any) -> None:
    here, peer = OVER[version]
    arguments: dict[str, Any] = {"context_id": 100, "src": peer, "dst": here, "link": PEER_LINK}
    arguments["reception"] = tunnel.Reception(checksum=policy)
    endpoint, examining = tunnel.STTTunnel(**arguments), LongSTT(**arguments)
    packet = ends("stt", version)[0].encapsulate(oc.fill(vlan.push(oc.resolve(frame(ecn=1)), vid=7, pcp=5)))
    octets = [oc.encode(packet), oc.encode(packet)[:-1], oc.encode(packet) + bytes(2)]
    for path, values in STT_CHANGES.items():
        for value in values if path in packet else ():
            changed = packet.replace_at(path, value)
            octets += [oc.encode(oc.fill(changed, lengths=False)), oc.encode(changed)]
    got = [endpoint.receive(data) for data in octets]
    assert got == [examining.receive(data) for data in octets]
    assert len(set(map(reason, got))) > 3


@pytest.mark.parametrize("kind", ["vxlan", "geneve", "geneve with an option", "stt"])
@each_version
def test_which_packets_take_the_short_way(kind: str, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sender, receiver = ends(kind.partition(" ")[0], version)
    if kind == "geneve with an option":
        sender = sender.replace(options=(AWSFlowCookieOption(flow_cookie=1),))
    monkeypatch.delattr("overlaycodec.tunnel.receiving.examined")
    for inside in (frame(), vlan.push(vlan.push(oc.resolve(frame()), vid=7, pcp=5), vid=8, pcp=3)):
        got = receiver.receive(oc.encode(sender.encapsulate(inside)))
        assert isinstance(got, tunnel.Received)
        assert got.frame == oc.encode(inside)
        assert got.pcp == (3 if vlan.tags(inside) else None)
