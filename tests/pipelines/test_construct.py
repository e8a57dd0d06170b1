"""A pipeline as a construct: the same values as its own decoder, and the same octets."""

from __future__ import annotations

import pytest

import overlaycodec as oc
from overlaycodec import UDP, VXLAN, Ethernet, IPv4, Pipeline, VLANTag
from overlaycodec.reference import construct_of, container_of, header_of

STACK = Pipeline(Ethernet, VLANTag[2], IPv4, UDP, VXLAN, Ethernet)
FRAME = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5)
PACKET = STACK.build(
    {"vlan.vid": 5, "vlan[1].vid": 6},
    ethernet={"dst": "02:00:00:00:00:02", "src": "02:00:00:00:00:01"},
    ipv4={"src": "10.0.0.1", "dst": "10.0.0.2"},
    udp={"src_port": 1},
    vxlan={"vni": 7},
    inner={"ethernet": FRAME},
    payload=b"?!",
)
MEMBERS = ["ethernet", "vlan", "vlan_1", "ipv4", "udp", "vxlan", "ethernet_1"]


def test_a_construct_of_a_pipeline_reads_and_builds_the_whole_stack() -> None:
    data = STACK.encode(PACKET)
    decoded = STACK.decode(data)
    container = construct_of(STACK).parse(data)
    assert [name for name in container if not name.startswith("_")] == [*MEMBERS, "payload"]
    assert tuple(header_of(cls, container[name]) for cls, name in zip(STACK.headers, MEMBERS, strict=True)) == (
        decoded.headers
    )
    assert container["payload"] == b"?!"
    assert construct_of(STACK).build(container) == data
    members = {name: container_of(header) for name, header in zip(MEMBERS, decoded.headers, strict=True)}
    assert construct_of(STACK).build({**members, "payload": b"?!"}) == data


def test_a_construct_has_no_payload_where_none_may_follow() -> None:
    closed = Pipeline(IPv4, UDP, payload=False)
    assert [subcon.name for subcon in construct_of(closed).subcons] == ["ipv4", "udp"]


def test_a_construct_needs_fixed_headers() -> None:
    with pytest.raises(oc.SchemaError, match=r"has no fixed headers: VLANTag\[0:2\]"):
        construct_of(Pipeline(Ethernet, VLANTag[0:2], IPv4))
