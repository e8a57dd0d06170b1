"""Stacks, fields, depths and payloads that a test asks for are in every packet that is drawn."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import TCP, UDP, VXLAN, Ethernet, Geneve, IPv4, IPv6, VLANTag
from overlaycodec import strategies as overlay
from overlaycodec.packet.paths import scopes_of

NETWORK: Final = IPv4Network("10.1.0.0/16")
ADDRESSES: Final = st.ip_addresses(v=4, network=NETWORK)
STACK: Final = (Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN, Ethernet)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(overlay.packets(VXLAN, fixed={"vxlan.vni": 5, "inner.ipv4.src": ADDRESSES}))
def test_fields_are_fixed_by_path(packet: oc.Packet) -> None:
    assert packet["vxlan.vni"] == 5
    assert packet["inner.ipv4.src"] in NETWORK
    assert oc.decode(oc.encode(packet)) == packet


@few
@given(overlay.packets(fixed={"vlan[1].vid": 9, "outer.ipv4.ttl": 1, "inner.ipv6.flow_label": st.integers(7, 8)}))
def test_each_fixed_field_is_in_a_header_of_the_packet(packet: oc.Packet) -> None:
    assert packet["vlan[1].vid"] == 9
    assert packet["outer.ipv4.ttl"] == 1
    assert packet["inner.ipv6.flow_label"] in (7, 8)


@pytest.mark.parametrize("protocol", [17, st.sampled_from([6, 17, 200]), oc.AUTO])
def test_a_fixed_selector_leads_where_it_says(protocol: Any) -> None:
    @few
    @given(overlay.packets(fixed={"ipv4.protocol": protocol, "ipv4.fragment_offset": 0}))
    def law(packet: oc.Packet) -> None:
        assert protocol != 17 or packet["ipv4.protocol"] == 17
        assert oc.decode(oc.encode(packet)) == packet

    law()


@few
@given(overlay.packets(fixed={"udp.checksum": 0xBAD, "udp.length": 9}, resolved=False))
def test_a_wrong_value_stays_wrong(packet: oc.Packet) -> None:
    assert (packet["udp.checksum"], packet["udp.length"]) == (0xBAD, 9)


@few
@given(overlay.packets(stack=STACK, fixed={"vxlan.vni": 5}, payload=b"hello"))
def test_a_stack_of_classes(packet: oc.Packet) -> None:
    assert oc.Pipeline(*STACK).matches(packet)
    assert packet["vxlan.vni"] == 5
    assert packet.payload == b"hello"
    assert oc.decode(oc.encode(packet)) == packet


@few
@given(overlay.packets(VLANTag, stack=oc.Pipeline(*STACK)))
def test_a_header_of_a_pipeline_can_be_asked_for(packet: oc.Packet) -> None:
    assert VLANTag in packet


@pytest.mark.parametrize("depth", [0, 1, 2, 3, (1, 2)])
def test_scopes_are_as_deep_as_asked(depth: int | tuple[int, int]) -> None:
    least, most = depth if isinstance(depth, tuple) else (depth, depth)

    @few
    @given(overlay.packets(depth=depth))
    def law(packet: oc.Packet) -> None:
        assert least <= len(scopes_of(packet.headers)) - 1 <= most

    law()


@few
@given(overlay.packets(payload=st.binary(min_size=20, max_size=40)))
def test_a_payload_is_taken_as_it_is(packet: oc.Packet) -> None:
    assert 20 <= len(packet.payload) <= 40
    assert oc.decode(oc.encode(packet)) == packet


def test_a_fixed_field_shrinks_with_the_packet() -> None:
    """From some start, at least, to a packet of few headers."""
    for start in range(3):
        found = find(
            overlay.packets(fixed={"inner.ipv4.src": ADDRESSES}),
            lambda packet: packet["inner.ipv4.src"] > IPv4Address("10.1.0.7"),
            random=Random(start),
        )
        assert found["inner.ipv4.src"] == IPv4Address("10.1.0.8")
        if len(found.headers) <= 3:
            return
    pytest.fail("shrinking keeps more than three headers")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fixed": {"vxlan.vin": 5}}, "VXLAN has no field vin .nearest: vni"),
        ({"fixed": {"vxlam.vni": 5}}, "the catalog has no header vxlam .nearest: vxlan"),
        ({"fixed": {"vxlan": 5}}, "names no field of a header: say 'inner.ipv4.src'"),
        ({"fixed": {"vxlan..vni": 5}}, "does not follow the grammar of paths"),
        ({"fixed": {"innermost.ipv4.src": 5}}, "which scope is innermost is not known"),
        (
            {"fixed": {"inner.inner.vxlan.vni": 5}, "max_headers": 6},
            "no stack of at most 6 headers from Ethernet on has",
        ),
        (
            {"stack": (Ethernet, IPv4, TCP), "fixed": {"vxlan.vni": 5}},
            r"no packet of Pipeline.* fixed=.*has at most 10",
        ),
        ({"through": Geneve, "stack": (Ethernet, IPv4, TCP)}, "no packet of Pipeline.* with Geneve has at most 10"),
        ({"depth": (2, 1)}, "depth is a number of scopes, or the least and the greatest"),
        ({"first": oc.ARP, "payload": b"x"}, "no way leads|no stack of at most 10 headers"),
    ],
)
def test_what_no_packet_has_is_said_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        overlay.packets(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fixed": 5}, "fixed takes a mapping of paths"),
        ({"stack": 5}, "stack takes a Pipeline"),
        ({"payload": 5}, "payload takes bytes or a strategy"),
        ({"depth": "two"}, "depth takes a number"),
        ({"trough": VXLAN}, "there is no argument trough"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        overlay.packets(**arguments)
