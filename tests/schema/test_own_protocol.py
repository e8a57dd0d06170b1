"""A protocol that a user declares, in one class and one element, has all that the library's own headers have."""

from __future__ import annotations

import copy
import pickle
from random import Random
from typing import Annotated, Final

import pytest
from hypothesis import given

import overlaycodec as oc
from overlaycodec import (
    AUTO,
    ETHERTYPE,
    UDP_PORT,
    Bits,
    Element,
    Elements,
    Header,
    Reserved,
    Selects,
    SizedBy,
    Unparsed,
)
from overlaycodec import strategies as overlay
from overlaycodec.describe.diagram import diagram_of, diagram_svg_of
from overlaycodec.describe.facts import found_at, meanings_of, size_of
from overlaycodec.describe.plain import plain_of
from overlaycodec.display.model import view_of
from overlaycodec.display.spans import text_of_line
from overlaycodec.display.tree import tree_lines
from overlaycodec.packet.offsets import octets_in
from overlaycodec.reference import construct_of, decode_header

# What a user writes -------------------------------------------------------------------------------------------------


class Hop(Element, spec="in-house"):
    """Where a packet was, and how long."""

    kind: Annotated[int, Bits(8), "Kind"]
    length: Annotated[int, Bits(8), "Octets of the note"] = AUTO
    note: Annotated[bytes, SizedBy("length"), "What happened"] = b""


class Trace(Header, spec="in-house", keys=(UDP_PORT(9996),), tunnel=True):
    """A journal in front of the frame that it is about."""

    version: Annotated[int, Bits(4), oc.Const(1), "Version"] = 1
    words: Annotated[int, Bits(6), "Hops in units of 4 octets"] = AUTO
    stamped: Annotated[bool, Bits(1), "S"] = AUTO
    reserved: Annotated[int, Reserved(5)] = 0
    protocol: Annotated[int, Bits(16), Selects(ETHERTYPE), "What follows"] = AUTO
    stamp: Annotated[int | None, Bits(32), oc.When("stamped"), "Nanoseconds"] = AUTO
    hops: Annotated[tuple[Hop, ...], SizedBy("words", unit=4), Elements("kind", end=0), "Hops"] = ()
    hops_rest: Annotated[bytes, Unparsed("hops"), "What is no hop"] = AUTO


# What comes of it ---------------------------------------------------------------------------------------------------

CATALOG: Final = oc.DEFAULT.with_header(Trace)
FRAME: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5)
PACKET: Final = (
    oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
    / oc.UDP(src_port=1)
    / Trace(stamp=7, hops=(Hop(kind=3, note=b"ab"),))
    / FRAME
    / b"?"
)
# By hand: version 1, one word, stamped; Transparent Ethernet Bridging; the stamp; kind 3, two octets, "ab".
OCTETS: Final = "10606558" + "00000007" + "03026162"


def test_octets() -> None:
    data = CATALOG.encode(PACKET)
    assert data[28:40].hex() == OCTETS
    packet = CATALOG.decode(data, first=oc.IPv4)
    assert packet.names == ["ipv4", "udp", "trace", "inner.ethernet"]
    assert packet == CATALOG.decode(CATALOG.encode(PACKET), first=oc.IPv4)
    assert packet.at("trace.hops[0].note") == b"ab"
    assert packet.inner.headers == (FRAME,)
    assert set(oc.checksums(packet, catalog=CATALOG).values()) == {oc.ChecksumStatus.VALID}
    assert data[packet.span("trace")[0] // 8 :][:12].hex() == OCTETS


def test_values() -> None:
    trace = PACKET[Trace]
    assert pickle.loads(pickle.dumps(trace)) == copy.copy(trace) == trace
    assert hash(trace) == hash(trace.replace())
    assert plain_of(oc.decode_header(Trace, bytes.fromhex(OCTETS))[0]) == {
        "version": 1, "words": 1, "stamped": True, "reserved": 0, "protocol": 0x6558, "stamp": 7,
        "hops": [{"kind": 3, "length": 2, "note": "6162"}], "hops_rest": "",
    }  # fmt: skip
    with pytest.raises(oc.FieldRangeError, match=r"trace\.words = 64 is not in 0\.\.63"):
        Trace(words=64)


def test_faults() -> None:
    with pytest.raises(oc.TruncatedError) as caught:
        oc.decode_header(Trace, bytes.fromhex(OCTETS)[:10])
    assert (caught.value.path, caught.value.needed, caught.value.available) == ("trace.hops", 4, 2)
    with pytest.raises(oc.FieldValueError, match=r"trace\.version"):
        oc.decode_header(Trace, bytes.fromhex("2" + OCTETS[1:]))


@given(overlay.packets(Trace, catalog=CATALOG))
def test_stacks_are_drawn_and_come_back(packet: oc.Packet) -> None:
    data = CATALOG.encode(packet)
    assert CATALOG.decode(data) == packet
    assert oc.fill(packet, catalog=CATALOG) == packet


@given(overlay.malformed_bytes(Trace, catalog=CATALOG))
def test_damage_gives_a_packet_or_a_fault(data: bytes) -> None:
    packet = CATALOG.decode(data, lax=True)
    assert CATALOG.encode(packet) == data
    strict: oc.Packet | oc.DecodeError
    try:
        strict = CATALOG.decode(data)
    except oc.DecodeError as error:
        strict = error
    assert strict in packet.faults if isinstance(strict, oc.DecodeError) else strict == packet


def test_random_octets_give_a_header_or_a_fault() -> None:
    random, read = Random(1), 0
    for _ in range(500):
        data = bytes([0x10 | random.randrange(4), random.randrange(256)]) + random.randbytes(random.randrange(60))
        try:
            header, octets = oc.decode_header(Trace, data)
        except oc.DecodeError:
            continue
        read += 1
        assert octets_in(header) == octets
        assert oc.encode(header) == data[:octets]
    assert read > 200


def test_columns() -> None:
    record = oc.Record(data=CATALOG.encode(PACKET), link_type=101)
    names = ["trace.stamp", "trace.hops[0].kind", "trace.hops[0].note", "inner.ethernet.src", "fault"]
    table = oc.columns([record] * 20, names, catalog=CATALOG)
    assert {name: table[name].tolist()[7] for name in names} == {
        "trace.stamp": 7, "trace.hops[0].kind": 3, "trace.hops[0].note": b"ab", "inner.ethernet.src": 0x020000000001,
        "fault": None,
    }  # fmt: skip
    written = oc.encode_columns(PACKET, {"trace.stamp": [1, 2]}, catalog=CATALOG)
    assert [CATALOG.decode(data, first=oc.IPv4).at("trace.stamp") for data in written] == [1, 2]


def test_the_reference() -> None:
    trace, octets = decode_header(Trace, bytes.fromhex(OCTETS))
    assert (trace, octets) == oc.decode_header(Trace, bytes.fromhex(OCTETS))
    assert construct_of(Trace).parse(bytes.fromhex(OCTETS)).stamp == 7


def test_words_and_figures() -> None:
    layout = Trace.__layout__
    assert [found_at(key) for key in layout.keys] == ["UDP_PORT 9996"]
    assert size_of(layout.by_name["hops"]) == "4 * words octets"
    assert meanings_of(layout, layout.by_name["stamped"]) == ["set if stamp is there"]
    assert "if stamped" in diagram_of(Trace)
    assert diagram_svg_of(Trace).count("<rect") == 7


def test_the_tree() -> None:
    lines = tree_lines(view_of(CATALOG.decode(CATALOG.encode(PACKET), first=oc.LINK_TYPE(101)), CATALOG))
    text = "\n".join(map(text_of_line, lines))
    assert "trace  12 octets  in-house" in text
    assert "hops[0].note" in text
