"""VLAN operations: what kernels and switches made of the same frames, and what comes back when it is undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import (
    ARP,
    LLC,
    UDP,
    VXLAN,
    Ethernet,
    Geneve,
    IPv4,
    IPv6,
    Packet,
    Trailer,
    VLANTag,
    tunnel,
    vlan,
)
from overlaycodec import strategies as overlay
from overlaycodec.checksum import adjusted_checksum, internet_checksum, internet_sum
from overlaycodec.packet.paths import scopes_of

CAPTURES: Final = Path(__file__).parents[1] / "captures"
BASE: Final = Ethernet(dst="02:00:00:00:00:0b", src="02:00:00:00:00:0a")


def frames(name: str) -> list[Packet]:
    with oc.open_capture(CAPTURES / f"{name}.pcap") as capture:
        return list(capture.packets())


# --- as kernels and switches do it ------------------------------------------------------------------------------------


def test_the_kernels_tags() -> None:
    """`bpf_skb_vlan_push` and `_pop` on one frame; see tests/captures/made-by/kvlan_bpf.py for each case."""
    made = frames("kernel-vlan-bpf")
    plain, tagged = made[6], made[7]
    assert vlan.push(plain, vid=100, pcp=3) == made[0]
    assert vlan.push(plain, vid=200, pcp=7, dei=True, tpid=0x88A8) == made[1]
    assert vlan.push(plain, vid=0, pcp=7) == made[2]
    assert vlan.push(plain, vid=4095) == made[3]
    assert vlan.push(tagged, vid=200, tpid=0x88A8) == made[4]
    three = vlan.push(vlan.push(vlan.push(plain, vid=1), vid=2), vid=3, tpid=0x88A8)
    assert three == made[5]
    assert vlan.pop(tagged) == plain
    assert vlan.pop(made[4]) == tagged
    assert vlan.pop(vlan.pop(made[4])) == made[8]
    assert vlan.retag(tagged, vid=0x123, pcp=5) == made[9]
    assert vlan.pop(three, depth=2) == vlan.push(vlan.push(plain, vid=2), vid=3, tpid=0x88A8)
    assert vlan.push(vlan.pop(three, depth=1), vid=2, depth=1) == three


def test_the_switchs_tags() -> None:
    """OpenFlow's push_vlan, pop_vlan and set_field in Open vSwitch; see tests/captures/made-by/ovs_live.py."""
    made = frames("ovs-vlan-push-pop")
    plain = made[4]
    assert vlan.push(plain, vid=100, pcp=3) == made[0] == made[3]
    assert vlan.push(made[0], vid=200, pcp=1, tpid=0x88A8) == made[1] == made[2]
    assert vlan.pop(made[1]) == made[3]
    assert vlan.pop(vlan.pop(made[1])) == plain


def test_the_switchs_ports() -> None:
    """Access, trunk and dot1q-tunnel ports of Open vSwitch."""
    tagged, double, back = frames("ovs-vlan-access-trunk-qinq")
    access, trunk = vlan.Port.access(100), vlan.Port.trunk([100, 200])
    plain = vlan.pop(tagged)
    classified = access.ingress(plain)
    assert classified == vlan.Classified(100, plain)
    assert trunk.egress(classified) == tagged
    arrived = trunk.ingress(back)
    assert arrived is not None
    assert access.egress(arrived) == vlan.pop(back)
    provider = vlan.Port.access(200, tpid=0x88A8)  # to which the customer's tag is none
    customers = vlan.pop(double)
    assert vlan.tags(customers) == (vlan.Tag(100),)
    entered = provider.ingress(customers)
    assert entered is not None
    assert vlan.Port.trunk([100, 200], tpid=0x88A8).egress(entered) == double


@pytest.mark.parametrize("tpid", [0x8100, 0x88A8])
def test_the_kernels_bridge(tpid: int) -> None:
    """A request that came in tagged at the trunk, and the answer of a station at an access port."""
    found = [p for p in frames("linux-vlan-bridge") if vlan.tags(p) == (vlan.Tag(55, tpid=tpid),) and ARP in p]
    request, answer = found
    trunk, access = vlan.Port.trunk([55], tpid=tpid), vlan.Port.access(55, tpid=tpid)
    arrived = trunk.ingress(request)
    assert arrived is not None
    delivered = access.egress(arrived)
    assert delivered is not None
    assert vlan.tags(delivered) == ()
    replied = access.ingress(vlan.pop(answer))
    assert replied is not None
    assert trunk.egress(replied) == answer
    other = next((p for p in frames("linux-vlan-bridge") if vlan.tags(p) == (vlan.Tag(56),)), None)
    assert other is not None
    assert trunk.ingress(other) is None  # VLAN 56 was not on the port: nobody answered


# --- done and undone --------------------------------------------------------------------------------------------------

tag_values: Final = st.fixed_dictionaries(
    {
        "vid": st.integers(0, 4095),
        "pcp": st.integers(0, 7),
        "dei": st.booleans(),
        "tpid": st.sampled_from([0x8100, 0x88A8, 0x9100, 0x9200]),
    }
)
stacks: Final = overlay.packets() | overlay.packets(VXLAN) | overlay.packets(Geneve) | overlay.packets(VLANTag)


def tagged_scopes(packet: Packet) -> list[str]:
    found = []
    for name in ("outer", "innermost", *(scope.prefix for scope in scopes_of(packet.headers)[1:])):
        try:
            vlan.tags(packet, scope=name)
        except oc.MissingHeaderError:
            continue
        if "quoted" not in name:
            found.append(name)
    return found


@given(packet=stacks, values=tag_values, data=st.data())
def test_pop_undoes_push(packet: Packet, values: dict[str, Any], data: st.DataObject) -> None:
    # an offset of 8 bits in STT, which a tag moves by four octets
    assume(all(header.l4_offset <= 251 for header in packet if isinstance(header, oc.STT)))
    scope = data.draw(st.sampled_from(tagged_scopes(packet)))
    before = vlan.tags(packet, scope=scope)
    depth = data.draw(st.integers(0, len(before)))
    pushed = vlan.push(packet, **values, scope=scope, depth=depth)
    after = vlan.tags(pushed, scope=scope)
    assert after[:depth] + after[depth + 1 :] == before
    assert after[depth] == vlan.Tag(**values)
    assert vlan.pop(pushed, scope=scope, depth=depth) == packet
    octets = oc.encode(pushed)
    assert len(octets) == len(oc.encode(packet)) + 4
    assume(len(pushed) <= 31)
    decoded = oc.decode(octets)
    assert decoded == pushed
    # whoever checks the packet finds in it what was found before, lengths too
    assert list(oc.checksums(decoded).values()) == list(oc.checksums(packet).values())
    assert oc.fill(pushed) == pushed


@given(data=overlay.malformed_bytes(VXLAN) | overlay.malformed_bytes(VLANTag), values=tag_values)
def test_pop_undoes_push_in_whatever_can_be_read(data: bytes, values: dict[str, Any]) -> None:
    packet = oc.decode(data, lax=True)
    for scope in tagged_scopes(packet):
        try:
            pushed = vlan.push(packet, **values, scope=scope)
        except oc.CodecError:  # a length outside can count no more
            continue
        assert len(oc.encode(pushed)) == len(data) + 4
        assert vlan.pop(pushed, scope=scope) == packet


@pytest.mark.parametrize("checksum", [0x0000, 0x0001, 0x1234, 0xFFFE, 0xFFFF])
@pytest.mark.parametrize("path", ["ipv4.checksum", "udp.checksum", "gre.checksum", "stt_segment.checksum"])
def test_pop_undoes_push_for_every_checksum_outside(path: str, checksum: int) -> None:
    """0xFFFF and 0 are one number in ones' complement, and two values of the field."""
    outside: dict[str, Packet] = {
        "ipv4.checksum": UDP(src_port=5) / VXLAN(vni=1),
        "udp.checksum": UDP(src_port=5, checksum=1) / VXLAN(vni=1),
        "gre.checksum": Packet((oc.GRE(checksum_present=True),)),
        "stt_segment.checksum": oc.STTSegment(src_port=5) / oc.STT(context_id=1),
    }
    inside = BASE / IPv4(src="10.1.0.1", dst="10.1.0.2") / UDP(src_port=1, dst_port=2) / b"..."
    packet = oc.resolve(BASE / IPv4(src="10.0.0.1", dst="10.0.0.2") / outside[path] / inside).replace_at(path, checksum)
    pushed = vlan.push(packet, vid=5, scope="inner")
    assert pushed.inner == vlan.push(packet.inner, vid=5)
    assert vlan.pop(pushed, scope="inner") == packet


@given(packet=overlay.packets(VXLAN), values=tag_values)
def test_packets_that_are_not_resolved(packet: Packet, values: dict[str, Any]) -> None:
    headers = [h.replace(ethertype=oc.AUTO) if type(h) is Ethernet else h for h in packet.headers[:-1]]
    unresolved = Packet((*headers, packet.headers[-1]), packet.payload, packet.trailers)
    pushed = vlan.push(unresolved, **values)
    assert vlan.pop(pushed) == unresolved


def test_lengths_of_802_3() -> None:
    """The length of an 802.3 frame goes with the frame, and so does the padding that it bounds."""
    packet = oc.decode(bytes.fromhex("0180c2000000 020000000001 0003 424203") + bytes(43))
    assert packet.trailers == (Trailer(0, bytes(43)),)
    pushed = vlan.push(packet, vid=9)
    assert oc.encode(pushed)[12:20].hex(" ", 2) == "8100 0009 0003 4242"
    assert oc.decode(oc.encode(pushed)) == pushed
    assert LLC in pushed
    assert vlan.pop(pushed) == packet


def test_snapped_packets() -> None:
    """Octets that were not captured are counted all the same."""
    whole = oc.resolve(
        BASE / IPv6(src="fd00::1", dst="fd00::2") / UDP(src_port=5) / VXLAN(vni=1)
        / BASE.replace(ethertype=0x9999) / bytes(range(100))
    )  # fmt: skip
    octets = oc.encode(whole)
    snapped = oc.decode(octets[:90], wire_length=len(octets), lax=True)
    tagged = oc.encode(vlan.push(whole, vid=5, scope="inner"))
    assert oc.encode(vlan.push(snapped, vid=5, scope="inner")) == tagged[:94]


def test_offsets_into_the_frame_go_with_it() -> None:
    """STT's offset of layer 4, in octets; the start of a remote checksum in VXLAN, in units of 2."""
    frame = oc.resolve(BASE / IPv4(src="10.0.0.1", dst="10.0.0.2") / UDP(src_port=1, dst_port=2) / b"x")
    stt = oc.resolve(
        IPv4(src="10.1.0.1", dst="10.1.0.2")
        / oc.STTSegment(src_port=1)
        / oc.STT(context_id=1, checksum_partial=True, ipv4=True, l4_offset=34)
        / frame
    )
    rco = oc.resolve(
        IPv4(src="10.1.0.1", dst="10.1.0.2")
        / UDP(src_port=1, dst_port=4789)
        / oc.VXLANRCO(vni=1, checksum_is_udp=True, checksum_start=17)
        / frame
    )
    for packet, path, there in ((stt, "stt.l4_offset", 38), (rco, "vxlan_rco.checksum_start", 19)):
        tagged = vlan.push(packet, vid=7, scope="inner")
        assert tagged.at(path) == there
        assert oc.ChecksumStatus.BAD not in oc.checksums(tagged).values()
        assert vlan.pop(tagged, scope="inner") == packet
        assert vlan.retag(tagged, vid=8, scope="inner").at(path) == there


def test_a_field_that_holds_no_checksum_is_kept() -> None:
    """RFC 1701: with the R bit alone, GRE's checksum field is present, but its contents are not a checksum."""
    gre = oc.GRE(checksum_present=False, checksum=0x1234, reserved1=0, routing=(oc.GRESourceRoute(address_family=0),))
    frame = BASE / IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253) / b"abcd"
    packet = oc.resolve(IPv4(src="10.1.0.1", dst="10.1.0.2") / gre / frame)
    assert oc.checksums(packet)["gre.checksum"] is oc.ChecksumStatus.ABSENT
    assert vlan.push(packet, vid=7, scope="inner").at("gre.checksum") == 0x1234


def test_translate_retag_normalise() -> None:
    packet = oc.resolve(
        BASE / VLANTag(vid=7, pcp=2) / VLANTag(vid=9) / IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=59)
    )
    assert vlan.tags(vlan.translate(packet, {7: 8, 9: 1}))[0] == vlan.Tag(8, 2)
    assert vlan.tags(vlan.translate(packet, {9: 1}, depth=1))[1] == vlan.Tag(1)
    assert vlan.translate(packet, {9: 1}) == packet
    with pytest.raises(TypeError, match="vids takes numbers of VLANs, not text: '7'"):
        vlan.translate(packet, {"7": 8})  # type: ignore[dict-item]
    assert vlan.translate(vlan.pop(vlan.pop(packet)), {7: 8}) == vlan.pop(vlan.pop(packet))
    assert vlan.tags(vlan.retag(packet, pcp=6, dei=True, tpid=0x9100))[0] == vlan.Tag(7, 6, True, 0x9100)
    old = vlan.retag(vlan.retag(packet, tpid=0x9100), tpid=0x9200, depth=1)
    assert [tag.tpid for tag in vlan.tags(vlan.normalise(old))] == [0x88A8, 0x8100]
    assert [tag.tpid for tag in vlan.tags(vlan.normalise(vlan.pop(old)))] == [0x8100]
    inner = tunnel.VXLANTunnel(vni=1, src="fd00::1", dst="fd00::2").encapsulate(packet)
    moved = vlan.translate(inner, {7: 8}, scope="inner")
    assert moved.at("inner.vlan.vid") == 8
    assert oc.checksums(moved)["udp.checksum"] is oc.ChecksumStatus.VALID
    assert moved == oc.fill(inner.replace_at("inner.vlan.vid", 8))


@pytest.mark.parametrize("tpid", [-1, 0x10000])
@pytest.mark.parametrize("name", ["outer", "inner"])
@pytest.mark.parametrize("count", range(3))
def test_a_tpid_of_more_bits_is_refused_whatever_tags_there_are(tpid: int, name: str, count: int) -> None:
    packet = Packet((BASE, *(VLANTag(vid=vid) for vid in range(count))), b"...")
    with pytest.raises(ValueError, match=rf"^{name} is in 0\.\.65535, not {tpid}$"):
        vlan.normalise(packet, outer=tpid if name == "outer" else 0x88A8, inner=tpid if name == "inner" else 0x8100)


@pytest.mark.parametrize("tpid", [0, 0xFFFF])
def test_a_tpid_is_any_number_of_16_bits(tpid: int) -> None:
    packet = BASE / VLANTag(vid=7) / VLANTag(vid=9) / b"..."
    assert [tag.tpid for tag in vlan.tags(vlan.normalise(packet, outer=tpid))] == [tpid, 0x8100]
    assert [tag.tpid for tag in vlan.tags(vlan.normalise(packet, inner=tpid))] == [0x88A8, tpid]
    tagged = vlan.Port.trunk([7], tpid=tpid).egress(vlan.Classified(7, Packet((BASE,), b"...")))
    assert tagged is not None
    assert vlan.tags(tagged)[0].tpid == tpid


@pytest.mark.parametrize("scope", [3, None, ["outer"]])
def test_a_scope_is_text(scope: Any) -> None:
    with pytest.raises(TypeError, match="scope takes a str"):
        vlan.tags(Packet((BASE, VLANTag(vid=7))), scope=scope)


def test_a_misspelt_setting_of_a_port() -> None:
    with pytest.raises(TypeError, match=r"Port has no field 'pvidd': did you mean 'pvid'\?"):
        vlan.Port(pvidd=5)  # type: ignore[call-arg]


def test_what_is_not_there() -> None:
    packet = oc.resolve(BASE / VLANTag(vid=7, ethertype=0x9999))
    for call, reason in (
        (lambda: vlan.pop(packet, depth=1), "no tag at depth 1 in a stack of 1"),
        (lambda: vlan.push(packet, vid=1, depth=2), "no position for a tag at depth 2 in a stack of 1"),
        (lambda: vlan.tags(packet, scope="inner"), "no scope inner in ethernet, vlan"),
        (lambda: vlan.tags(Packet((), b"x")), "no link header in outer"),
        (lambda: vlan.tags(Packet((IPv4(src="10.0.0.1", dst="10.0.0.2"),))), "no link header in outer in ipv4"),
        (lambda: vlan.route(packet, vid=1, src=BASE.src, dst=BASE.dst), "no IP in Ethernet in outer"),
    ):
        with pytest.raises(oc.MissingHeaderError, match=reason):
            call()
    with pytest.raises(oc.FieldRangeError):
        vlan.push(packet, vid=4096)
    with pytest.raises(oc.FieldRangeError):
        vlan.push(packet, vid=1, tpid=1 << 16)


# --- ports ------------------------------------------------------------------------------------------------------------

PLAIN: Final = oc.resolve(BASE / IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=59))
PRIORITY: Final = vlan.push(PLAIN, vid=0, pcp=5)


def tagged(vid: int, pcp: int = 0, tpid: int = 0x8100) -> Packet:
    return vlan.push(PLAIN, vid=vid, pcp=pcp, tpid=tpid)


ACCESS: Final = vlan.Port.access(10, priority=1)
TRUNK: Final = vlan.Port.trunk([10, 20])
NATIVE: Final = vlan.Port.trunk([10, 20], native=20)


@pytest.mark.parametrize(
    ("port", "packet", "vid", "pcp"),
    [
        (ACCESS, PLAIN, 10, 1),  # 6.9.1: the PVID; the port's priority
        (ACCESS, PRIORITY, 10, 5),  # 6.9.1: a VID of 0 gives the PVID; the tag's priority
        (ACCESS, tagged(10), None, 0),  # admit only untagged and priority-tagged frames
        (ACCESS, tagged(20), None, 0),
        (ACCESS, tagged(20, tpid=0x88A8), 10, 1),  # no tag of this bridge's kind: an untagged frame
        (TRUNK, tagged(10, 3), 10, 3),
        (TRUNK, tagged(30), None, 0),  # 8.6.2: ingress filtering
        (TRUNK, PLAIN, None, 0),  # admit only VLAN-tagged frames
        (TRUNK, PRIORITY, None, 0),  # which a priority-tagged one is not
        (TRUNK, tagged(4095), None, 0),  # table 9-2
        (NATIVE, PLAIN, 20, 0),
        (NATIVE, PRIORITY, 20, 5),
        (NATIVE, tagged(20, 2), 20, 2),
        (NATIVE, tagged(4095), None, 0),
        (vlan.Port(), tagged(4095), None, 0),
        (vlan.Port(pvid=10), tagged(4094), 4094, 0),
    ],
)
def test_ingress(port: vlan.Port, packet: Packet, vid: int | None, pcp: int) -> None:
    frame = port.ingress(packet)
    if vid is None:
        assert frame is None
    else:
        assert frame is not None
        assert (frame.vid, frame.pcp) == (vid, pcp)
        stripped = packet if port.tpid not in [tag.tpid for tag in vlan.tags(packet)] else PLAIN
        assert frame.frame == stripped


@pytest.mark.parametrize(
    ("port", "vid", "packet"),
    [
        (ACCESS, 10, PLAIN),
        (ACCESS, 20, None),  # 8.6.4: egress filtering
        (TRUNK, 10, tagged(10, 5)),
        (TRUNK, 30, None),
        (NATIVE, 20, PLAIN),
        (NATIVE, 10, tagged(10, 5)),
        (vlan.Port.trunk([20], native=20, native_tagged=True), 20, tagged(20, 5)),
        (vlan.Port.trunk(tpid=0x88A8), 4094, tagged(4094, 5, 0x88A8)),
    ],
)
def test_egress(port: vlan.Port, vid: int, packet: Packet | None) -> None:
    assert port.egress(vlan.Classified(vid, PLAIN, 5)) == packet


@pytest.mark.parametrize(
    "settings",
    [{"pvid": 0}, {"pvid": 4095}, {"members": frozenset({4096})}, {"untagged": frozenset({0})}, {"priority": 8}],
)
def test_ports_that_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is no|is in 0"):
        vlan.Port(**settings)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"accept": "untaged"}, ValueError),
        ({"accept": None}, ValueError),
        ({"members": 7}, TypeError),
        ({"members": frozenset({"7"})}, TypeError),
        ({"untagged": [7]}, TypeError),
        ({"pvid": "7"}, TypeError),
        ({"pvid": True}, TypeError),
        ({"tpid": 0x10000}, ValueError),
        ({"tpid": None}, TypeError),
        ({"priority": "high"}, TypeError),
        ({"pvdi": 7}, TypeError),
    ],
)
def test_a_port_checks_its_settings(settings: dict[str, Any], error: type[Exception]) -> None:
    """A misspelt setting must not open the port."""
    with pytest.raises(error, match=next(iter(settings))):
        vlan.Port(**({"pvid": 10} | settings))
    with pytest.raises(TypeError, match="native_tagged"):
        vlan.Port.trunk([7], native=7, native_tagged="no")  # type: ignore[arg-type]  # that is the test


@pytest.mark.parametrize("link", [BASE, oc.SLL()], ids=["ethernet", "sll"])
def test_a_port_classifies_a_packet_that_is_not_resolved_as_its_octets(link: oc.Header) -> None:
    tags = (VLANTag(vid=7, pcp=2), VLANTag(vid=8))
    for count in range(3):
        built = Packet((link, *tags[:count], IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253)), b"...")
        read = oc.resolve(built)
        assert vlan.tags(built) == vlan.tags(read)
        for port in (vlan.Port.access(10), vlan.Port.trunk([7, 10]), vlan.Port.trunk([7], native=9), vlan.Port(pvid=7)):
            found, expected = port.ingress(built), port.ingress(read)
            if found is None or expected is None:
                assert found is expected
            else:
                assert (found.vid, found.pcp, oc.resolve(found.frame)) == (expected.vid, expected.pcp, expected.frame)
    assert vlan.Port.access(10).ingress(Packet((link, tags[0]), b"...")) is None


def test_octets_are_refused_and_the_right_way_is_named() -> None:
    octets: Any = oc.encode(BASE.replace(ethertype=0x88B5) / b"...")
    calls: list[Callable[[], object]] = [
        lambda: vlan.tags(octets),
        lambda: vlan.push(octets, vid=5),
        lambda: vlan.pop(octets),
        lambda: vlan.retag(octets, vid=5),
        lambda: vlan.translate(octets, {}),
        lambda: vlan.normalise(octets),
        lambda: vlan.route(octets, vid=5, src=BASE.src, dst=BASE.dst),
        lambda: vlan.Port.access(5).ingress(octets),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"packet takes a Packet, not bytes: .*overlaycodec\.decode"):
            call()
    with pytest.raises(TypeError, match="takes a Classified, not Packet"):
        vlan.Port.access(5).egress(oc.decode(octets))  # type: ignore[arg-type]  # that is the test


# --- routing ----------------------------------------------------------------------------------------------------------


def routable(packet: Packet) -> bool:
    """Whether IP follows the link header and its tags at once, or LLC's headers."""
    between = (VLANTag, oc.ETag, oc.VNTag, LLC, oc.SNAP)
    after = next((header for header in packet.headers[1:] if not isinstance(header, between)), None)
    return isinstance(after, IPv4 | IPv6)


@given(packet=(overlay.packets(IPv4) | overlay.packets(IPv6)).filter(routable), vid=st.none() | st.integers(1, 4094))
def test_a_router_on_one_port(packet: Packet, vid: int | None) -> None:
    """All that changed is what a router changes, and the checksum is the one computed from nothing."""
    network: Any = next(header for header in packet if header.__layout__.layer == "network")
    field = "ttl" if isinstance(network, IPv4) else "hop_limit"
    routed = vlan.route(packet, vid=vid, src="02:00:00:00:00:aa", dst="02:00:00:00:00:bb")
    if getattr(network, field) <= 1:
        assert routed is None
        return
    header = network.replace(**{field: getattr(network, field) - 1})
    if isinstance(header, IPv4):
        header = header.replace(checksum=internet_checksum(oc.encode(header.replace(checksum=0))))
    at = packet.headers.index(network)
    expected = packet.__replace__(headers=(*packet.headers[:at], header, *packet.headers[at + 1 :]))
    expected = expected.replace(Ethernet, src="02:00:00:00:00:aa", dst="02:00:00:00:00:bb")
    stack = vlan.tags(packet)
    if stack and vid is None:
        expected = vlan.pop(expected)
    elif vid is not None:
        expected = vlan.retag(expected, vid=vid) if stack else vlan.push(expected, vid=vid)
    assert routed == expected


@pytest.mark.parametrize(
    "between",
    [
        (oc.MPLS(label=100, bottom_of_stack=True),),
        (oc.PPPoE(session_id=1), oc.PPP()),
        (VLANTag(vid=7), oc.MPLS(label=100, bottom_of_stack=True)),
    ],
    ids=["mpls", "pppoe", "tagged-mpls"],
)
def test_ip_that_is_not_the_frames_own_is_not_routed(between: tuple[oc.Header, ...]) -> None:
    packet = oc.resolve(Packet((BASE, *between, IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253)), b"..."))
    with pytest.raises(oc.MissingHeaderError, match="no IP in Ethernet"):
        vlan.route(packet, vid=None, src="02:00:00:00:00:aa", dst="02:00:00:00:00:bb")


def test_routing_inside_a_tunnel() -> None:
    frame = oc.resolve(
        BASE / VLANTag(vid=7, pcp=3) / IPv4(src="10.0.0.1", dst="10.1.0.1") / UDP(src_port=1, dst_port=2) / b"x"
    )
    outer = tunnel.GeneveTunnel(vni=5, src="fd00::1", dst="fd00::2").encapsulate(frame)
    routed = vlan.route(outer, vid=8, src="02:00:00:00:00:aa", dst="02:00:00:00:00:bb", scope="inner")
    assert routed is not None
    assert set(oc.checksums(routed).values()) == {oc.ChecksumStatus.VALID}
    assert routed.at("inner.ipv4.ttl") == 63
    assert vlan.tags(routed, scope="inner") == (vlan.Tag(8, 3),)
    assert oc.decode(oc.encode(routed), first=IPv6) == routed


def test_a_wrong_checksum_is_wrong_behind_the_router_too() -> None:
    packet = PLAIN.replace(IPv4, checksum=PLAIN[IPv4].checksum ^ 0x0100)
    routed = vlan.route(packet, vid=8, src=BASE.src, dst=BASE.dst)
    assert routed is not None
    assert oc.checksums(routed)["ipv4.checksum"] is oc.ChecksumStatus.BAD
    # by as much: what brings the one right brings the other right
    assert internet_sum(oc.encode(routed[IPv4])) == internet_sum(oc.encode(packet[IPv4]))


def test_adjusted_checksum() -> None:
    """RFC 1624 section 4, whose example tells its equation 3 from the wrong one of RFC 1141."""
    assert adjusted_checksum(0xDD2F, bytes.fromhex("5555"), bytes.fromhex("3285")) == 0x0000


@pytest.mark.parametrize("ttl", [0, 1])
def test_time_to_live_runs_out(ttl: int) -> None:
    assert vlan.route(PLAIN.replace(IPv4, ttl=ttl), vid=8, src=BASE.src, dst=BASE.dst) is None


@pytest.mark.parametrize("content", [b"", b"abc"])
def test_padding_after_a_length_that_is_derived_goes_behind_the_tag(content: bytes) -> None:
    """IEEE 802.3 clause 3.2.7: the length bounds what follows it, which is then behind the tag."""
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    open_ = oc.Packet((link, oc.LLC(dsap=0x42, ssap=0x42, control=3)), content, (oc.Trailer(0, bytes(9)),))
    closed = oc.resolve(open_)
    assert closed.headers[0] != open_.headers[0]
    for packet in (open_, closed):
        assert vlan.push(packet, vid=7).trailers == (oc.Trailer(1, bytes(9)),)
        assert vlan.pop(vlan.push(packet, vid=7)).trailers == packet.trailers
    other = oc.Packet((link, oc.IPv4(src="10.0.0.1", dst="10.0.0.2")), content, (oc.Trailer(0, bytes(9)),))
    assert vlan.push(other, vid=7).trailers == (oc.Trailer(0, bytes(9)),)
