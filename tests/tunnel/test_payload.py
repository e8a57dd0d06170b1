"""The tunnel header alone, as users of UDP sockets have it, and what endpoints say to those whose frames do not fit."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import (
    UDP,
    Ethernet,
    ICMPUnreachable,
    ICMPv6PacketTooBig,
    IPv4,
    IPv6,
    Packet,
    VLANTag,
    dialects,
    icmp_errors,
    tunnel,
    vlan,
)
from overlaycodec import strategies as overlay
from tests.laws import common as laws

V4: Final[dict[str, Any]] = {"src": "10.0.0.1", "dst": "10.0.0.2"}
V6: Final[dict[str, Any]] = {"src": "fd00::1", "dst": "fd00::2"}
INSIDE: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
KINDS: Final[dict[str, Any]] = {  # Any: constructors of several classes
    "vxlan": partial(tunnel.VXLANTunnel, vni=100),
    "vxlan-gbp": partial(tunnel.VXLANGBPTunnel, vni=100, group_policy_id=7),
    "vxlan-gpe": partial(tunnel.VXLANGPETunnel, vni=100),
    "geneve": partial(tunnel.GeneveTunnel, vni=100, options=(oc.AWSFlowCookieOption(flow_cookie=1),)),
    "another port": partial(tunnel.VXLANTunnel, vni=100, dst_port=48879),
}
each_kind: Final = pytest.mark.parametrize("kind", KINDS)


def frame(**changes: Any) -> Packet:
    return INSIDE / IPv4(src="192.0.2.1", dst="192.0.2.2", **changes) / UDP(src_port=1, dst_port=9) / b"hello"


@each_kind
@pytest.mark.parametrize("addresses", [V4, V6], ids=["IPv4", "IPv6"])
@laws.share(8)
@given(drawn=overlay.packets(Ethernet), as_octets=st.booleans())
def test_the_payload_is_that_of_the_packet(
    kind: str, addresses: dict[str, Any], drawn: Packet, as_octets: bool
) -> None:
    endpoint = KINDS[kind](**addresses)
    given_frame = oc.encode(drawn) if as_octets else drawn
    packet = endpoint.encapsulate(given_frame)
    data = oc.encode(packet)
    start = 28 if "ipv4" in packet.names[:1] else 48
    payload = endpoint.payload(given_frame)
    assert payload == data[start:]
    assert endpoint.source_port(given_frame) == packet[UDP].src_port
    network = packet[IPv4] if start == 28 else packet[IPv6]
    assert endpoint.traffic_class(given_frame) == network.dscp << 2 | network.ecn
    got = endpoint.from_payload(payload)
    if got:
        assert (got.frame, got.vni) == (oc.encode(drawn), 100)
        assert got.tunnel.headers == packet.headers[2:3]


def test_a_payload_from_elsewhere() -> None:
    """VXLAN of Linux: RFC 7348 figure 1 from the VXLAN header on."""
    frame_of = bytes.fromhex("0200000000020200000000010806") + bytes(28)
    endpoint = tunnel.VXLANTunnel(vni=0x123456, **V4)
    assert endpoint.payload(frame_of) == bytes.fromhex("0800000012345600") + frame_of
    got = endpoint.from_payload(bytes.fromhex("0800000012345600") + frame_of)
    assert isinstance(got, tunnel.Received)
    assert (got.frame, got.vni, got.ecn) == (frame_of, 0x123456, None)


@pytest.mark.parametrize(
    ("header", "rule", "path"),
    [
        ("0000000012345600", "vxlan-no-vni", "vxlan.vni_valid"),
        ("0800000012345700", "network", "vxlan.vni"),
        ("080000", "vxlan-short", "vxlan"),
        ("0800000012345600", "ethernet-short", "inner.ethernet"),
        ("", "vxlan-short", "vxlan"),
    ],
)
def test_a_wrong_payload_is_refused(header: str, rule: str, path: str) -> None:
    endpoint = tunnel.VXLANTunnel(vni=0x123456, **V4)
    octets = bytes.fromhex(header) + (oc.encode(frame()) if rule in ("vxlan-no-vni", "network") else b"")
    refusal = endpoint.from_payload(octets)
    assert isinstance(refusal, tunnel.Refusal)
    assert (refusal.rule, refusal.path) == (rule, path)
    if rule == "network":
        assert refusal.bits == (32, 55)


@pytest.mark.parametrize("addresses", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("kind", ["vxlan", "geneve"])
def test_the_traffic_class_is_that_of_the_packet(kind: str, addresses: dict[str, Any]) -> None:
    """RFC 6040 figure 4, all sixteen cells, and the priority by the class."""
    endpoint = KINDS[kind](**addresses, priorities=tunnel.CLASS_SELECTORS)
    back = endpoint.replace(src=endpoint.dst, dst=endpoint.src)
    name = IPv4 if endpoint.src.version == 4 else IPv6
    for inner in range(4):
        for outer in range(4):
            packet = endpoint.encapsulate(frame(ecn=inner)).replace(name, ecn=outer, dscp=46)
            expected = back.receive(oc.encode(oc.fill(packet)))
            got = endpoint.from_payload(endpoint.payload(frame(ecn=inner)), traffic_class=46 << 2 | outer)
            assert bool(got) is not (inner == 0 and outer == 3)
            if got:
                assert (got.frame, got.ecn, got.pcp) == (expected.frame, expected.ecn, 5)
            else:
                assert got.rule == expected.rule == "ecn-lost"


def test_wrong_arguments_are_named() -> None:
    endpoint = tunnel.VXLANTunnel(vni=1, **V4)
    with pytest.raises(ValueError, match=r"traffic_class is in 0\.\.255"):
        endpoint.from_payload(b"", traffic_class=256)
    with pytest.raises(TypeError):
        endpoint.from_payload("text")  # type: ignore[arg-type]
    with pytest.raises(oc.EncodeError, match="carries Ethernet frames"):
        endpoint.payload(frame().without(Ethernet), first=IPv4)
    with pytest.raises(ValueError, match="receiver is"):
        tunnel.Reception(receiver="windows")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="class of options"):
        tunnel.Reception(known_options=(5,))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dscp is a tuple of 8"):
        tunnel.Priorities(dscp=(1,), pcp=(0,) * 64)
    with pytest.raises(ValueError, match=r"dscp\[0\] is in 0\.\.63"):
        tunnel.Priorities(dscp=(64,) * 8, pcp=(0,) * 64)
    with pytest.raises(ValueError, match="inner_tags is"):
        endpoint.replace(inner_tags="lose")
    with pytest.raises(TypeError, match="reception takes"):
        endpoint.replace(reception={})
    with pytest.raises(TypeError, match="priorities takes"):
        endpoint.replace(priorities={})


def test_the_catalog_of_the_caller_counts() -> None:
    catalog = dialects.GBP.with_option(oc.Geneve, oc.AWSFlowCookieOption)
    endpoint = KINDS["geneve"](**V4)
    got = endpoint.from_payload(endpoint.payload(frame()), catalog=catalog)
    assert isinstance(got, tunnel.Received)
    assert endpoint.replace(src=endpoint.dst, dst=endpoint.src).receive(
        oc.encode(endpoint.encapsulate(frame())), catalog=catalog
    )


def test_the_traffic_class_follows_the_tag() -> None:
    endpoint = tunnel.VXLANTunnel(vni=1, **V4, priorities=tunnel.CLASS_SELECTORS, inner_tags="strip", dscp=1)
    tagged = vlan.push(oc.resolve(frame(ecn=1)), vid=7, pcp=5)
    assert endpoint.traffic_class(tagged) == 40 << 2 | 1
    assert endpoint.traffic_class(frame(ecn=2)) == 1 << 2 | 2
    assert endpoint.payload(tagged) == endpoint.payload(frame(ecn=1))


# --- frames that do not fit -----------------------------------------------------------------------------------------


LONG: Final = bytes(1472)


def test_the_sender_learns_the_mtu_that_is_left() -> None:
    """1500 - 50 = 1450 over IPv4, 1500 - 70 = 1430 over IPv6, as Linux sets the MTU of its device."""
    network = IPv4(src="192.0.2.1", dst="192.0.2.2", dont_fragment=True)
    packet = oc.encode(INSIDE / network / UDP(src_port=1, dst_port=9) / LONG)
    for addresses, mtu in ((V4, 1450), (V6, 1430)):
        endpoint = tunnel.VXLANTunnel(vni=1, **addresses)
        message = endpoint.too_big(packet, path_mtu=1500)
        assert message is not None
        assert message[ICMPUnreachable].next_hop_mtu == mtu
        assert (message[IPv4].src, message[IPv4].dst) == (network.dst, network.src)
        assert (message[Ethernet].src, message[Ethernet].dst) == (INSIDE.dst, INSIDE.src)
        assert endpoint.too_big(packet, path_mtu=1500 + 50 + 20) is None
        tagged = vlan.push(oc.decode(packet), vid=7)
        message = endpoint.too_big(tagged, path_mtu=1500)
        assert message is not None
        assert (message[ICMPUnreachable].next_hop_mtu, message[VLANTag].vid) == (mtu - 4, 7)
        message = endpoint.replace(inner_tags="strip").too_big(tagged, path_mtu=1500)
        assert message is not None
        assert message[ICMPUnreachable].next_hop_mtu == mtu


def test_ipv6_hears_of_1280_octets_at_least() -> None:
    """RFC 2473 section 7.1 (a)."""
    network = IPv6(src="2001:db8::1", dst="2001:db8::2")
    packet = INSIDE / network / UDP(src_port=1, dst_port=9) / LONG
    endpoint = tunnel.VXLANTunnel(vni=1, **V6)
    message = endpoint.too_big(packet, path_mtu=1300, src="fe80::1")
    assert message is not None
    assert message[ICMPv6PacketTooBig].mtu == 1280
    short = INSIDE / network / UDP(src_port=1, dst_port=9) / bytes(1232)
    assert endpoint.excess_octets(short, 1300) == 50
    assert endpoint.too_big(short, path_mtu=1300) is None


def test_ip_without_a_frame_has_more_room() -> None:
    network = IPv4(src="192.0.2.1", dst="192.0.2.2", dont_fragment=True)
    packet = oc.encode(network / UDP(src_port=1, dst_port=9) / LONG)
    endpoint = tunnel.GeneveTunnel(vni=1, **V4)
    message = endpoint.too_big(packet, path_mtu=1500, first=IPv4)
    assert message is not None
    assert message[ICMPUnreachable].next_hop_mtu == 1464
    assert message.names[0] == "ipv4"


# --- what routers say of the endpoint's own packets -----------------------------------------------------------------


def test_a_router_says_the_mtu_of_the_path() -> None:
    """RFC 1191 section 4; table 7-1 where it says none."""
    endpoint = tunnel.VXLANTunnel(vni=1, **V4)
    packet = oc.encode(endpoint.encapsulate(bytes(1450)))
    message = icmp_errors.too_big(packet, mtu=1400, src="10.9.9.9", first=IPv4)
    assert message is not None
    assert endpoint.told_mtu(oc.encode(message)) == 1400
    old = oc.encode(oc.fill(message.replace(ICMPUnreachable, next_hop_mtu=0)))
    assert endpoint.told_mtu(old) == 1006
    assert endpoint.replace(dst_port=8472).told_mtu(oc.encode(message)) is None
    assert endpoint.replace(src="10.0.0.7").told_mtu(oc.encode(message)) is None
    assert endpoint.told_mtu(oc.encode(message.replace(oc.ICMP, checksum=1))) is None
    other = icmp_errors.unreachable(packet, first=IPv4)
    assert other is not None
    assert endpoint.told_mtu(oc.encode(other)) is None
    assert endpoint.told_mtu(packet) is None
    assert endpoint.told_mtu(b"") is None


def test_a_router_says_the_mtu_of_a_path_of_ipv6() -> None:
    endpoint = tunnel.GeneveTunnel(vni=1, **V6, link=INSIDE)
    packet = oc.encode(endpoint.encapsulate(bytes(1450)))
    message = icmp_errors.too_big(packet, mtu=1300, src="fd00::9")
    assert message is not None
    assert endpoint.told_mtu(oc.encode(message)) == 1300
    lower = oc.encode(oc.fill(message.replace(ICMPv6PacketTooBig, mtu=600)))
    assert endpoint.told_mtu(lower) == 1280
