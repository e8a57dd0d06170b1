"""A pipeline as a construct: the same values as its own decoder, and the same octets."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Annotated, Any, Final

import construct
import pytest

import overlaycodec as oc
from overlaycodec import ARP, UDP, VXLAN, Ethernet, Geneve, IPv4, IPv6, Pipeline, VLANTag
from overlaycodec.pipelines.pipeline import AnyPipeline
from overlaycodec.reference import construct_of, container_of, header_of
from tests.pipelines.test_agreement import frames, some_pattern

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


# --- alternatives, optional and repeated headers ----------------------------------------------------------------------

TUNNEL: Final = Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN | Geneve, Ethernet, VLANTag | None, ARP | IPv4)


def members_of(container: Any, pipeline: AnyPipeline) -> dict[str, Any]:
    """The members that are given to build the same octets: what is there, made of headers, without hidden members."""
    found: dict[str, Any] = {}
    for place in pipeline.places().places:
        value = container[place.name]
        if value is not None:
            headers = [header_of(place.header, each) for each in (value if place.several else [value])]
            found[place.name] = list(map(container_of, headers)) if place.several else container_of(headers[0])
    return {**found, "payload": container.payload}


def headers_in(container: Any, pipeline: AnyPipeline) -> tuple[oc.Header, ...]:
    """The headers of a Container, in the order of its members."""
    found: list[oc.Header] = []
    for place in pipeline.places().places:
        value = container[place.name]
        if value is not None:
            found += [header_of(place.header, each) for each in (value if place.several else [value])]
    return tuple(found)


def test_the_members_of_a_pipeline_with_alternatives() -> None:
    names = [subcon.name for subcon in construct_of(TUNNEL).subcons if subcon.name and not subcon.name.startswith("_")]
    assert names == [
        "ethernet", "vlan", "ipv4", "ipv6", "udp", "vxlan", "geneve", "ethernet_1", "vlan_1", "arp", "ipv4_1", "payload"
    ]  # fmt: skip
    # By hand: two tags, IPv6, UDP to port 4789, VXLAN 7, a frame with one tag and an ARP request.
    data = bytes.fromhex(
        "020000000002 020000000001 88a8 0005 8100 0006 86dd"
        "60000000 0040 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002"
        "0001 12b5 0040 0000 0800000000000700"
        "020000000004 020000000003 8100 0009 0806"
        "0001 0800 06 04 0001 020000000003 0a000001 000000000000 0a000002 3f21"
    )
    container = construct_of(TUNNEL).parse(data)
    assert [tag.vid for tag in container.vlan] == [5, 6]
    assert [container[name] for name in ("ipv4", "geneve", "ipv4_1")] == [None] * 3
    assert (container.ipv6.hop_limit, container.vxlan.vni, container.vlan_1.vid) == (64, 7, 9)
    assert str(container.arp.target_protocol) == "10.0.0.2"
    assert container.payload == b"?!"
    assert construct_of(TUNNEL).build(container) == data
    assert headers_in(container, TUNNEL) == TUNNEL.decode(data).headers
    assert construct_of(TUNNEL).build(members_of(container, TUNNEL)) == data
    untagged = construct_of(TUNNEL).parse(data[:12] + data[20:])
    assert untagged.vlan is None
    assert untagged.arp == container.arp


@pytest.mark.parametrize(
    ("pipeline", "data"),
    [
        (Pipeline(Ethernet, IPv4 | IPv6), "020000000002 020000000001 0806 0001080006040001"),
        (Pipeline(Ethernet, VLANTag[0:2], IPv4 | IPv6), "020000000002 020000000001 8100 0005 88b5 3f"),
        (Pipeline(Ethernet, VLANTag[1:], IPv4), "020000000002 020000000001 8100 0005 8100 0006 0806 00"),
        (Pipeline(Ethernet, VLANTag[0:1], IPv4), "020000000002 020000000001 8100 0005 8100 0006 0800 45"),
        (Pipeline(Ethernet, VLANTag[0:2], IPv4), "020000000002 020000000001 8100 0005 8100 0006 8100 0007 0800 45"),
        (Pipeline(Ethernet, VLANTag[2:3]), "020000000002 020000000001 8100 0005 88b5 3f"),
        (Pipeline(Ethernet, VLANTag[2:3], IPv4 | ARP), "020000000002 020000000001 8100 0005 0800 45"),
        (Pipeline(IPv4 | IPv6, UDP), "25000000"),
    ],
    ids=repr,
)
def test_what_does_not_fit_is_the_fault_that_decoding_raises(pipeline: AnyPipeline, data: str) -> None:
    with pytest.raises(oc.FieldValueError) as expected:
        pipeline.decode(bytes.fromhex(data))
    with pytest.raises(construct.ConstructError) as fault:
        construct_of(pipeline).parse(bytes.fromhex(data))
    assert fault.value.error == expected.value


def test_conditions_of_keys_are_asked() -> None:
    """The first four bits behind the last label tell IPv4 from IPv6, and the label stack goes on by its flag."""
    labels = Pipeline(oc.MPLS[1:], IPv4 | IPv6)
    four = bytes.fromhex("00010040 00020140 45000014 00000000 40fd0000 0a000001 0a000002")
    six = bytes.fromhex("00010140 60000000 0000 3b 40" + "00" * 32)
    assert construct_of(labels).parse(four).ipv4.version == 4
    assert [label.label for label in construct_of(labels).parse(four).mpls] == [16, 32]
    assert construct_of(labels).parse(six).ipv6.version == 6
    for data in (four, six):
        assert headers_in(construct_of(labels).parse(data), labels) == labels.decode(data).headers


# By hand: an IPv4 header, UDP to VXLAN's port, and a DNS query for example.net, which is no VXLAN header.
DNS: Final = bytes.fromhex(
    "45000039 00000000 40110000 0a000001 0a000002 0035 12b5 0025 0000"
    "1a2b 0100 0001 0000 0000 0000 07 6578616d706c65 03 6e6574 00 0001 0001"
)


@pytest.mark.parametrize(
    ("pipeline", "data", "names"),
    [
        (Pipeline(IPv4, UDP, VXLAN[0:1]), DNS, ["ipv4", "udp"]),
        (Pipeline(IPv4, UDP, VXLAN[0:1]), DNS[:28] + bytes.fromhex("0800000000000500"), ["ipv4", "udp", "vxlan"]),
        (Pipeline(IPv4, UDP, oc.VXLANGBP[0:1]), DNS, ["ipv4", "udp"]),
        (Pipeline(Ethernet, oc.LLC[0:1]), bytes.fromhex("020000000002 020000000001 0000 aaaa03"), ["ethernet"]),
        (Pipeline(Ethernet, oc.LLC[0:1]), bytes.fromhex("020000000002 020000000001 0003 424203"), ["ethernet", "llc"]),
    ],
)  # fmt: skip
def test_guesses_and_lengths_are_asked(pipeline: AnyPipeline, data: bytes, names: list[str]) -> None:
    assert pipeline.decode(data, lax=True).names == names
    container = construct_of(pipeline).parse(data)
    assert [name for name in container if name[0] != "_" and name != "payload" and container[name]] == names


def test_what_may_go_on_is_no_refused_guess() -> None:
    labels = Pipeline(oc.MPLS, IPv4[0:1])
    for data in (bytes.fromhex("00010140 45"), bytes.fromhex("00010140 4500 0014 0000 0000")):
        with pytest.raises(oc.TruncatedError) as expected:
            labels.decode(data)
        with pytest.raises(construct.ConstructError) as fault:
            construct_of(labels).parse(data)
        assert fault.value.error.path == expected.value.path == "ipv4"


def test_the_pattern_says_what_follows_where_the_catalog_has_no_key() -> None:
    class Probe(oc.Header, spec="in-house"):
        """No key finds it."""

        switch: Annotated[int, oc.Bits(16)]

    probed = Pipeline(IPv4, UDP, VXLAN | Probe)
    ip = oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
    for port, header in ((4789, oc.VXLAN(vni=5)), (9999, Probe(switch=5))):
        data = oc.encode(ip / oc.UDP(src_port=1, dst_port=port, checksum=0) / header)
        container = construct_of(probed).parse(data)
        assert headers_in(container, probed) == probed.decode(data).headers
        assert (container.vxlan is None) == (container.probe is not None) == (port == 9999)


ENDS: Final = {"src": "::1", "dst": "::2"}
TAG: Final = {"vid": 5, "ethertype": 0x86DD}
LINK: Final = {"dst": "02:00:00:00:00:02", "src": "02:00:00:00:00:01", "ethertype": 0x86DD}
SIX: Final = {**ENDS, "payload_length": 0, "next_header": 59}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"ethernet": LINK, "ipv6": SIX, "vlan": [TAG, TAG]}, ""),
        ({"ethernet": LINK, "ipv6": SIX, "vlan": []}, ""),
        ({"ethernet": LINK, "vlan": [TAG]}, "Ethernet, VLANTag is no stack of Pipeline"),
        ({}, "nothing is no stack of"),
        ({"ethernet": LINK, "ipv4": SIX, "ipv6": SIX}, "Ethernet, IPv4, IPv6 is no stack of"),
        ({"ethernet": LINK, "ipv6": SIX, "vlan": [TAG] * 3}, "Ethernet, VLANTag, VLANTag, VLANTag, IPv6 is no stack"),
    ],
)
def test_what_is_no_stack_of_the_pattern_is_not_built(given: dict[str, Any], error: str) -> None:
    pipeline = Pipeline(Ethernet, VLANTag[0:2], IPv4 | IPv6, payload=False)
    if error:
        with pytest.raises(construct.ConstructError, match=error):
            construct_of(pipeline).build(given)
    else:
        octets = construct_of(pipeline).build(given)
        assert len(octets) == 14 + 4 * len(given["vlan"]) + 40


OPTIONS: Final = Pipeline(IPv6, Pipeline(oc.IPv6HopByHop | oc.IPv6DestinationOptions)[1:2])


@pytest.mark.parametrize(
    ("pipeline", "error", "text"),
    [
        (Pipeline(Ethernet, Pipeline(VLANTag, IPv4)[0:1]), oc.SchemaError, "is only known when IPv4 is met in it"),
        (Pipeline(Ethernet, Pipeline(IPv4, UDP)[1:2]), oc.SchemaError, "repeated a varying number of times"),
        (
            OPTIONS,
            oc.SchemaError,
            "repeated a varying number of times",
        ),
        (Pipeline(VLANTag[0:2], VLANTag, IPv4), oc.SchemaError, "only a later header tells which VLANTag of it is met"),
        (Pipeline(VLANTag[0:1], IPv4), ValueError, "say which key is first"),
    ],
    ids=repr,
)
def test_what_a_construct_cannot_say_is_refused(pipeline: AnyPipeline, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        construct_of(pipeline)


@pytest.mark.parametrize("seed", range(4))
def test_constructs_read_what_pipelines_decode(seed: int) -> None:
    """Frames of real stacks, some with an octet changed; patterns made from their stacks. Seeds are fixed."""
    source = Random(seed)
    tally: Counter[str] = Counter()
    while tally["fits"] < 100 or tally["refused"] < 100:
        stack = tuple(map(type, oc.decode(source.choice(frames()), lax=True).headers))
        try:
            pipeline = Pipeline(some_pattern(source, stack))
            read = construct_of(pipeline)
        except (ValueError, oc.SchemaError):
            tally["no pattern, or no construct"] += 1
            continue
        for _ in range(25):
            frame = bytearray(source.choice(frames()))
            if source.random() < 0.3:
                frame[source.randrange(min(len(frame), 60))] ^= 1 << source.randrange(8)
            tally[compare(pipeline, read, bytes(frame))] += 1


def compare(pipeline: AnyPipeline, read: construct.Struct, data: bytes) -> str:
    """Compares what a construct makes of octets with what the pipeline does; gives what happened."""
    looks = any(subcon.name == "_start" for subcon in read.subcons)
    lax = pipeline.decode(data, first=Ethernet, lax=True)
    if lax.trailers or oc.decode(data, lax=True).trailers:
        return "trailers"  # no length bounds what a construct reads, and so what the keys ask of it
    if isinstance(lax.fault, oc.FieldValueError) and looks:
        with pytest.raises(construct.ConstructError) as caught:
            read.parse(data)
        error, fault = caught.value.error, lax.fault
        assert isinstance(error, oc.FieldValueError)
        assert (error.actual, error.bits, error.expected) == (fault.actual, fault.bits, fault.expected)
        assert fault.path.split(".")[-1] == error.path.split(".")[-1]  # a fault within a header names no scope
        return "refused"
    if lax.fault is not None or lax.faults:
        return "fault"  # of a length, which a construct does not look at; or of keys, where the headers are fixed
    container = read.parse(data)
    assert headers_in(container, pipeline) == lax.headers
    assert container.payload == lax.payload
    assert read.build(container) == read.build(members_of(container, pipeline)) == data
    return "fits"
