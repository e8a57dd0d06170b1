"""Pipelines as values: what they take, what they refuse, and what they do where a catalog has no key."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Annotated, Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import ARP, TCP, UDP, VXLAN, Ethernet, Geneve, IPv4, IPv6, Pipeline, VLANTag

TUNNEL: Final = Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN)
FRAME: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
OUTER: Final = FRAME / IPv4(src="10.0.0.1", dst="10.0.0.2")
INNER: Final = FRAME / IPv4(src="10.1.0.1", dst="10.1.0.2", protocol=253)
FRAMED: Final = INNER.headers
DATA: Final = oc.encode(OUTER / UDP(src_port=1) / VXLAN(vni=7) / INNER / b"?")


class Probe(oc.Header, spec="in-house"):
    """Four octets that no key finds."""

    switch: Annotated[int, oc.Bits(16)]
    delay: Annotated[int, oc.Bits(16)] = 0


# --- values -----------------------------------------------------------------------------------------------------------


def test_pipelines_are_values() -> None:
    again = Pipeline(Ethernet, VLANTag[0:3], IPv6 | IPv4, UDP) + VXLAN
    assert again == TUNNEL
    assert hash(again) == hash(TUNNEL)
    assert pickle.loads(pickle.dumps(TUNNEL)) == TUNNEL
    assert repr(TUNNEL) == "Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN)"
    assert Pipeline(Ethernet, VLANTag[0:2], IPv4 | IPv6, UDP, VXLAN) != TUNNEL
    assert Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN, payload=False) != TUNNEL
    assert TUNNEL.pattern != TUNNEL
    with pytest.raises(AttributeError):
        TUNNEL.payload = False  # type: ignore[misc]  # the point


@pytest.mark.parametrize(
    ("pipeline", "text"),
    [
        (Pipeline(Ethernet, VLANTag | None, IPv4), "Pipeline(Ethernet, VLANTag[0:1], IPv4)"),
        (Pipeline(Ethernet, VLANTag[2], IPv4, payload=False), "Pipeline(Ethernet, VLANTag[2], IPv4, payload=False)"),
        (Pipeline(Ethernet, VLANTag[:], IPv4), "Pipeline(Ethernet, VLANTag[0:], IPv4)"),
        (Pipeline(Ethernet, IPv4 | VLANTag[1:2]), "Pipeline(Ethernet, IPv4 | VLANTag[1:2])"),
        (Pipeline(Ethernet, VLANTag[1:2] | IPv4), "Pipeline(Ethernet, VLANTag[1:2] | IPv4)"),
        (Pipeline(Ethernet, (IPv6[1] | IPv4)[1:2]), "Pipeline(Ethernet, (IPv6[1] | IPv4)[1:2])"),
        (Pipeline(Pipeline(Ethernet, IPv4), UDP), "Pipeline(Ethernet, IPv4, UDP)"),
        (Pipeline(Ethernet, Pipeline(VLANTag, IPv4)[0:1]), "Pipeline(Ethernet, Pipeline(VLANTag, IPv4)[0:1])"),
        (Pipeline(Ethernet, ARP | Pipeline(IPv4, UDP)), "Pipeline(Ethernet, ARP | Pipeline(IPv4, UDP))"),
        (Pipeline(Ethernet, Pipeline(IPv4, UDP) | ARP), "Pipeline(Ethernet, Pipeline(IPv4, UDP) | ARP)"),
        (Pipeline(Ethernet, IPv4, payload=False) + UDP, "Pipeline(Ethernet, IPv4, UDP)"),
        (Pipeline(Ethernet) + (IPv4 | IPv6), "Pipeline(Ethernet, IPv4 | IPv6)"),
    ],
)
def test_what_a_pipeline_takes(pipeline: oc.Pipeline[Any], text: str) -> None:  # Any: headers of any number
    assert repr(pipeline) == text
    assert pickle.loads(pickle.dumps(pipeline)) == pipeline


WRONG: Final[dict[str, tuple[Callable[[], object], type[Exception], str]]] = {
    "text": (lambda: Pipeline("Ethernet"), TypeError, "'Ethernet' is no part"),  # type: ignore[call-overload]
    "a header": (lambda: Pipeline(FRAME), TypeError, "is no part"),  # type: ignore[call-overload]
    "an element": (lambda: Pipeline(oc.GeneveOption), TypeError, "is no part"),
    "the base": (lambda: Pipeline(oc.Header), TypeError, "is no part"),
    "the base, repeated": (lambda: oc.Header[0:2], TypeError, "is no part"),
    "no count": (lambda: VLANTag[None], TypeError, "counted by integers, .* not by None"),  # type: ignore[index]
    "a union with another type": (lambda: Pipeline(Ethernet, IPv4 | int), TypeError, "is no part"),
    "None": (lambda: Pipeline(None), TypeError, "is no part"),  # type: ignore[call-overload]
    "a sum with text": (lambda: TUNNEL + "x", TypeError, "unsupported operand"),  # type: ignore[operator]
    "a step": (lambda: VLANTag[0:4:2], TypeError, "has no step"),
    "a count that is no number": (lambda: VLANTag["a"], TypeError, "counted by integers"),  # type: ignore[index]
    "a flag": (lambda: VLANTag[True], TypeError, "counted by integers"),
    "none": (lambda: VLANTag[0], ValueError, "is not in"),
    "a count below zero": (lambda: VLANTag[-1:2], ValueError, "is not in"),
    "most below least": (lambda: VLANTag[3:2], ValueError, "is not in"),
    "too many": (lambda: VLANTag[0:256], ValueError, "is not in"),
    "far too many": (lambda: Pipeline(Ethernet, Pipeline(VLANTag[255])[255]), ValueError, "at most 1024"),
    "no header": (Pipeline, ValueError, "one header at least"),
    "nothing that must be there": (lambda: Pipeline(Ethernet[0:1]), ValueError, "one header at least"),
    "what nothing can follow": (lambda: Pipeline(Ethernet, ARP, UDP), ValueError, "nothing follows ARP"),
    "a choice without a key": (
        lambda: Pipeline(IPv4, UDP, Probe[0:1]),
        ValueError,
        "nothing in UDP says whether Probe follows: bind it",
    ),
    "two without a key": (lambda: Pipeline(UDP, Probe | VLANTag), ValueError, "which of Probe or VLANTag follows"),
    "two catalogs": (
        lambda: TUNNEL + Pipeline(Ethernet, catalog=oc.DEFAULT.with_max_headers(3)),
        ValueError,
        "different catalogs",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_pipeline_refuses(name: str) -> None:
    make, error, text = WRONG[name]
    with pytest.raises(error, match=text):
        make()


# --- decoding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tags", range(5))
def test_a_header_is_repeated_as_often_as_the_pattern_says(tags: int) -> None:
    packet = oc.Packet(
        (FRAME, *(VLANTag(vid=n) for n in range(tags)), *(OUTER / UDP(src_port=1)).headers[1:], VXLAN(vni=1), *FRAMED)
    )
    data = oc.encode(packet)
    if tags <= 3:
        assert TUNNEL.decode(data).headers == oc.decode(data).headers[: tags + 4]
        assert [tag.vid for tag in TUNNEL.unpack(data) if isinstance(tag, VLANTag)] == list(range(tags))
        assert TUNNEL.matches(packet)
    else:
        with pytest.raises(oc.FieldValueError) as caught:
            TUNNEL.decode(data)
        assert str(caught.value) == "ipv4 (from bit 208) is VLANTag, expected IPv4 or IPv6"
        assert not TUNNEL.matches(packet)


def test_a_repetition_without_a_limit_ends_at_the_most_headers_of_the_catalog() -> None:
    pipeline = Pipeline(Ethernet, VLANTag[:], catalog=oc.DEFAULT.with_max_headers(4))
    data = oc.encode(oc.Packet((FRAME, *[VLANTag(vid=1)] * 9, *INNER.headers[1:])))
    assert len(Pipeline(Ethernet, VLANTag[:]).decode(data)) == 10
    with pytest.raises(oc.NestingError):
        pipeline.decode(data)
    assert isinstance(pipeline.decode(data, lax=True).fault, oc.NestingError)
    forty = oc.encode(oc.Packet((FRAME, *[VLANTag(vid=1)] * 40, *INNER.headers[1:])))
    assert len(Pipeline(Ethernet, VLANTag[40], IPv4).decode(forty)) == 42  # as many as the pattern itself needs


def test_what_follows_the_last_header_is_payload_or_a_fault() -> None:
    assert Pipeline(Ethernet, IPv4).decode(DATA).payload == DATA[34:]
    closed = Pipeline(Ethernet, IPv4, UDP, VXLAN, Ethernet, IPv4, payload=False)
    fault = oc.FieldValueError("1 octet", "payload", (672, 679), "none")
    for _ in range(300):  # from the 258th on by the decoder of this stack
        with pytest.raises(oc.FieldValueError) as caught:
            closed.decode(DATA)
        assert caught.value == fault
    lax = closed.decode(DATA, lax=True)
    assert (lax.payload, lax.fault) == (b"?", fault)
    assert closed.decode(DATA[:-1], wire_length=len(DATA)).missing == 1
    with pytest.raises(oc.EncodeError, match="has 1 octets"):
        closed.encode(oc.decode(DATA))


def test_lax_decoding_gives_what_fits_and_the_fault() -> None:
    packet = Pipeline(Ethernet, IPv4, UDP, Geneve).decode(DATA, lax=True)
    assert packet.names == ["ethernet", "ipv4", "udp"]
    assert str(packet.fault) == "geneve (from bit 336) is VXLAN, expected Geneve"
    assert packet.faults == (packet.fault,)
    assert oc.encode(packet) == DATA


def test_an_optional_end_that_is_another_header_is_payload() -> None:
    pipeline = Pipeline(Ethernet, IPv4, UDP, Geneve[0:1])
    for _ in range(300):
        assert pipeline.decode(DATA).names == ["ethernet", "ipv4", "udp"]
        assert pipeline.decode(DATA).payload == DATA[42:]


def test_a_fault_in_an_optional_part_counts_if_the_part_is_there() -> None:
    pipeline = Pipeline(Ethernet, IPv4, UDP, Pipeline(VXLAN, Ethernet, IPv4, TCP)[0:1])
    outside, network = OUTER / UDP(src_port=1) / VXLAN(vni=7) / FRAME, IPv4(src="10.1.0.1", dst="10.1.0.2")
    whole = oc.encode(outside / network / TCP(src_port=1, dst_port=2))
    other = oc.encode(outside / network / UDP(src_port=1, dst_port=2))
    bad = [data[:66] + b"\xff\xff" + data[68:] for data in (whole, other)]  # the inner total length
    for _ in range(300):  # the outer stack gets its decoder in between, which then leaves the inner one to the steps
        with pytest.raises(oc.TruncatedError):
            pipeline.decode(bad[0])
        assert len(pipeline.decode(bad[1])) == 3
        assert len(pipeline.decode(other)) == 3
        assert len(pipeline.decode(whole)) == 7


def test_the_beginning_can_be_a_key() -> None:
    network = Pipeline(IPv4 | IPv6, UDP)
    data = DATA[14:]
    assert network.decode(data).names == ["ipv4", "udp"]  # link type 101 is for both
    assert network.decode(data, first=oc.LINK_TYPE(228)).names == ["ipv4", "udp"]
    assert network.decode(DATA, first=oc.LINK_TYPE(1), lax=True).names == []
    with pytest.raises(oc.FieldValueError, match=r"ipv4 \(from bit 0\) is Ethernet, expected IPv4 or IPv6"):
        network.decode(DATA, first=oc.LINK_TYPE(1))
    loose = Pipeline(VLANTag[0:1], IPv4)
    with pytest.raises(ValueError, match="say which key is first"):
        loose.decode(data)
    assert loose.decode(data, first=IPv4).names == ["ipv4"]


@pytest.mark.parametrize("lax", [False, True])
def test_a_frame_check_sequence_is_a_trailer(lax: bool) -> None:
    """As for `oc.decode`: complete, in part, or not captured; and apart from a payload that may not follow."""
    pipeline = Pipeline(Ethernet, IPv4)
    for _ in range(300):
        pipeline.decode(DATA, lax=lax)  # the stack gets a decoder of its own
    packet = pipeline.decode(DATA + b"fcs!", fcs_octets=4, lax=lax)
    assert packet.fcs == oc.FCS(data=b"fcs!") == oc.decode(DATA + b"fcs!", fcs_octets=4).fcs
    assert packet.payload == DATA[34:]
    assert pipeline.encode(packet) == DATA + b"fcs!"
    part = pipeline.decode(DATA + b"fc", fcs_octets=4, wire_length=len(DATA) + 4, lax=lax)
    assert (part.fcs, part.missing) == (oc.FCS(data=b"fc"), 2)
    none = pipeline.decode(DATA, fcs_octets=4, wire_length=len(DATA) + 4, lax=lax)
    assert (none.fcs, none.payload) == (oc.FCS(data=b""), DATA[34:])
    closed = Pipeline(Ethernet, payload=False)
    assert closed.decode(DATA[:14] + b"fcs!", fcs_octets=4, lax=lax).fault is None
    assert pipeline.unpack(DATA + b"fcs!", fcs_octets=4) == packet.headers


@pytest.mark.parametrize(
    "wrong",
    [{"wire_length": -1}, {"wire_length": "9"}, {"wire_length": True}, {"fcs_octets": -1}, {"fcs_octets": None}],
)
def test_wrong_numbers_of_octets_are_refused_as_by_decode(wrong: dict[str, Any]) -> None:
    pipeline = Pipeline(Ethernet, IPv4)
    for _ in range(300):
        pipeline.decode(DATA)
    with pytest.raises((TypeError, ValueError)) as expected:
        oc.decode(DATA, **wrong)
    with pytest.raises(expected.type, match=f"^{expected.value}$"):
        pipeline.decode(DATA, **wrong)


# --- where the catalog has no key -------------------------------------------------------------------------------------


PROBED: Final = Pipeline(Ethernet, IPv4, UDP, Probe, Ethernet, IPv4)


def probed(port: int) -> bytes:
    return oc.encode(OUTER / UDP(src_port=1, dst_port=port) / Probe(switch=5) / INNER)


def test_the_pattern_decides_where_the_catalog_has_no_key() -> None:
    packet = PROBED.decode(probed(9999))
    for _ in range(300):
        assert PROBED.decode(probed(9999)) == packet
    assert packet.names == ["ethernet", "ipv4", "udp", "probe", "inner.ethernet", "inner.ipv4"]
    assert packet[Probe].switch == 5
    assert PROBED.encode(packet) == probed(9999)
    with pytest.raises(oc.FieldValueError, match="is VXLAN, expected Probe"):
        PROBED.decode(DATA)
    with pytest.raises(oc.TruncatedError) as caught:
        PROBED.decode(probed(9999)[:44])
    assert caught.value.path == "ipv4.total_length"
    fragment = bytearray(probed(9999))
    fragment[20:22] = b"\0\x08"
    with pytest.raises(oc.FieldValueError, match="is payload, expected UDP"):
        PROBED.decode(fragment)


def test_a_key_of_the_catalog_comes_before_the_pattern() -> None:
    with pytest.raises(oc.FieldValueError, match="is payload, expected VXLAN"):
        TUNNEL.decode(oc.encode(OUTER / UDP(src_port=1, dst_port=9999) / VXLAN(vni=7)))
    bound = Pipeline(*TUNNEL.pattern.parts, catalog=oc.DEFAULT.with_binding(oc.UDP_PORT(9999), VXLAN))
    assert bound.decode(oc.encode(OUTER / UDP(src_port=1, dst_port=9999) / VXLAN(vni=7)))[VXLAN].vni == 7


# --- building ---------------------------------------------------------------------------------------------------------

ENDS: Final = {"ethernet": {"dst": "02:00:00:00:00:02", "src": "02:00:00:00:00:01"}}


def test_a_packet_is_built_by_paths() -> None:
    pipeline = TUNNEL + Pipeline(Ethernet, VLANTag[0:2], IPv4)
    packet = pipeline.build(
        {"vlan.vid": 5, "vlan[1].vid": 6, "inner.vlan.vid": 7, "outer.ipv4.ttl": 9},
        **ENDS,
        ipv4=IPv4(src="10.0.0.1", dst="10.0.0.2"),
        udp={"src_port": 1},
        vxlan={"vni": 5},
        inner={**ENDS, "ipv4": {"src": "10.1.0.1", "dst": "10.1.0.2", "protocol": 253}},
        payload=b"!",
    )
    assert packet.names == [
        "ethernet", "vlan", "vlan[1]", "ipv4", "udp", "vxlan", "inner.ethernet", "inner.vlan", "inner.ipv4"
    ]  # fmt: skip
    assert [packet.at(path) for path in ("vlan[1].vid", "ipv4.ttl", "vxlan.vni", "inner.vlan.vid")] == [6, 9, 5, 7]
    assert pipeline.decode(pipeline.encode(packet)) == oc.resolve(packet)


def test_what_is_named_chooses_the_stack() -> None:
    pipeline = Pipeline(VLANTag[0:2], IPv4 | IPv6)
    ends = {"src": "::1", "dst": "::2"}
    assert pipeline.build(ipv6=ends).names == ["ipv6"]
    assert pipeline.build(ipv6=ends, vlan={"vid": 5}).names == ["vlan", "ipv6"]
    with pytest.raises(oc.PathError, match=r"no udp\.src_port in any stack"):
        pipeline.build(udp={"src_port": 1}, ipv6=ends)
    with pytest.raises(oc.PathError, match="grammar"):
        pipeline.build({"IPv6": 1})
    with pytest.raises(TypeError, match="ipv6 takes the header IPv6"):
        pipeline.build(ipv6=IPv4(src="10.0.0.1", dst="10.0.0.2"))
    with pytest.raises(TypeError, match=r"ipv6 takes the header IPv6 or its fields"):
        pipeline.build({"ipv6": 5})
    with pytest.raises(oc.FieldRangeError):
        pipeline.build(vlan={"vid": 4096}, ipv6=ends)
