"""Declared trailers: read from the end of frames by a catalog that has them, written back octet by octet."""

from __future__ import annotations

import json
import pickle
from typing import Annotated, Final

import pytest

import overlaycodec as oc
from overlaycodec import trailers
from overlaycodec.trailers import Arista7150, Exablaze, Metamako, MetamakoExtension, TrailerElement, TrailerRecord

# The values are those that tshark 4.0.17 shows of these octets (metamako.*, exablaze.*).
METAMAKO: Final = bytes.fromhex("deadbeef 6553f100 075bcd15 01 1234 07")
METAMAKO_EXTENDED: Final = bytes.fromhex("deadbeef 64616263 0000003f 00123400 6553f100 075bcd15 03 1234 07")
EXABLAZE: Final = bytes.fromhex("cafebabe 09 03 6553f100 8000000000 00")
# http://ithitman.blogspot.com/2015/10/decoding-timestamping-on-arista-7150.html: tick 2139641334
ARISTA: Final = bytes.fromhex("ff10ab76")

UDP: Final = bytes.fromhex(
    "020000000002 020000000001 0800 45000024000000004011 66c7 0a000001 0a000002 0001000200100000 6f637465742e2e2e"
)
PADDING: Final = bytes(10)
CATALOG: Final = oc.DEFAULT.with_trailer(Metamako)


def test_metamako() -> None:
    packet = CATALOG.decode(UDP + PADDING + METAMAKO_EXTENDED)
    stamp = packet["trailer.metamako"]
    assert (stamp.original_fcs, stamp.seconds, stamp.nanoseconds) == (0xDEADBEEF, 1700000000, 123456789)
    assert (stamp.fcs_valid, stamp.has_extensions, stamp.device, stamp.port) == (True, True, 4660, 7)
    sequence, text = stamp.extensions
    assert (sequence.tag, int.from_bytes(sequence.data, "big"), sequence.last) == (0, 4660, 0)
    assert (text.tag, text.secondary_tag, text.more + text.data, text.last) == (31, 0, b"dabc", 1)
    assert packet.trailers[0] == oc.Trailer(1, PADDING)
    assert packet.payload == b"octet..."
    assert CATALOG.encode(packet) == UDP + PADDING + METAMAKO_EXTENDED
    assert stamp.octets() == METAMAKO_EXTENDED


def test_exablaze() -> None:
    catalog = oc.DEFAULT.with_trailer(Exablaze)
    stamp = catalog.decode(UDP + EXABLAZE)["trailer.exablaze"]
    assert stamp == Exablaze(seconds=1700000000, fraction=1 << 39, port=3, device=9, original_fcs=0xCAFEBABE)
    assert stamp.octets() == EXABLAZE


def test_arista_7150() -> None:
    stamp = oc.DEFAULT.with_trailer(Arista7150).decode(UDP + ARISTA)["trailer.arista7150"]
    assert stamp.high * 128 + stamp.low == 2139641334
    assert stamp.octets() == ARISTA


def test_nothing_is_read_that_no_catalog_declares() -> None:
    assert oc.decode(UDP + METAMAKO).trailers == (oc.Trailer(1, METAMAKO),)


def test_the_frame_check_sequence_is_no_part_of_it() -> None:
    packet = CATALOG.decode(UDP + METAMAKO + b"\1\2\3\4", fcs_octets=4)
    assert packet["trailer.metamako.port"] == 7
    assert packet["fcs"] == b"\1\2\3\4"
    assert CATALOG.encode(packet) == UDP + METAMAKO + b"\1\2\3\4"


@pytest.mark.parametrize(
    "data",
    [UDP, UDP + METAMAKO[1:], UDP + METAMAKO_EXTENDED[8:]],
    ids=["none", "short", "extensions without an end"],
)
def test_what_does_not_fit_stays_octets(data: bytes) -> None:
    packet = CATALOG.decode(data)
    assert packet == oc.decode(data)
    assert "trailer.metamako" not in packet
    assert packet.get("trailer.metamako.port") is None
    with pytest.raises(oc.MissingHeaderError, match=r"no trailer\.metamako\.port"):
        packet["trailer.metamako.port"]


def test_no_octets_that_a_header_counts_are_taken() -> None:
    """Padding of an inner frame, and a payload that its IP header bounds."""
    inner = oc.DEFAULT.decode(UDP + METAMAKO)
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    outer = link / oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1) / oc.VXLAN(vni=1)
    data = oc.encode(outer / inner)
    assert CATALOG.decode(data) == oc.decode(data)
    bounded = oc.encode(link / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253) / METAMAKO)
    assert CATALOG.decode(bounded).payload == METAMAKO
    assert CATALOG.decode(data + METAMAKO)["trailer.metamako"] == CATALOG.decode(UDP + METAMAKO)["trailer.metamako"]


def test_it_is_the_end_of_a_payload_without_a_bound() -> None:
    data = UDP[:12] + b"\x88\xb5" + b"experiment" + METAMAKO
    packet = CATALOG.decode(data)
    assert (packet.payload, packet["trailer.metamako.device"]) == (b"experiment", 4660)
    assert CATALOG.encode(packet) == data


def test_a_truncated_frame_has_none() -> None:
    assert "trailer.metamako" not in CATALOG.decode(UDP + METAMAKO, wire_length=len(UDP + METAMAKO) + 4)


def test_several_are_read_from_the_end_inwards() -> None:
    catalog = oc.DEFAULT.with_trailer(Exablaze).with_trailer(Metamako, Metamako)
    packet = catalog.decode(UDP + METAMAKO_EXTENDED + METAMAKO + EXABLAZE)
    assert [type(trailer.record) for trailer in packet.trailers] == [Metamako, Metamako, Exablaze]
    assert packet["trailer.metamako.extensions[0].tag"] == 0
    assert packet["trailer.metamako[1].extensions"] is None


def test_values_are_changed_by_path() -> None:
    packet = CATALOG.decode(UDP + METAMAKO)
    changed = packet.replace_at("trailer.metamako.port", 8)
    assert CATALOG.encode(changed) == UDP + METAMAKO[:-1] + b"\x08"
    other = Metamako(seconds=1)
    assert packet.replace_at("trailer.metamako", other)["trailer.metamako.seconds"] == 1
    with pytest.raises(oc.FieldRangeError):
        packet.replace_at("trailer.metamako.port", 256)
    with pytest.raises(TypeError, match=r"trailer\.metamako takes a Metamako"):
        packet.replace_at("trailer.metamako", b"")


def test_a_packet_is_given_one() -> None:
    plain = oc.decode(UDP)
    stamped = trailers.add_trailer(plain / oc.FCS(), Metamako(seconds=1))
    assert stamped.trailers[0].record == Metamako(seconds=1, has_extensions=False)
    frame = oc.encode(stamped)
    assert frame[len(UDP) : -4] == bytes(4) + bytes.fromhex("00000001 00000000 01 0000 00")
    assert CATALOG.decode(frame, fcs_octets=4) == oc.resolve(stamped)
    with pytest.raises(TypeError, match="a TrailerRecord"):
        trailers.add_trailer(plain, oc.UDP(src_port=1, dst_port=2))  # type: ignore[arg-type]


def test_a_filter_selects_by_it() -> None:
    where = oc.Filter("trailer.metamako.port == 7", catalog=CATALOG)
    assert [where.matches(CATALOG.decode(frame)) for frame in (UDP, UDP + METAMAKO)] == [False, True]


def test_a_pipeline_reads_it() -> None:
    pipeline = oc.Pipeline(oc.Ethernet, oc.IPv4, oc.UDP, catalog=CATALOG)
    for _ in range(600):  # more packets than it takes to learn their stack
        assert pipeline.decode(UDP + METAMAKO)["trailer.metamako.port"] == 7
        assert CATALOG.decode(UDP + METAMAKO)["trailer.metamako.port"] == 7


def test_it_is_read_behind_stacks_that_come_often() -> None:
    tagged = UDP[:12] + b"\x81\x00\x00\x05\x88\xb5" + b"experiment" + METAMAKO
    pipeline = oc.Pipeline(oc.Ethernet, oc.VLANTag, catalog=CATALOG)
    for _ in range(600):
        assert CATALOG.decode(tagged)["trailer.metamako.port"] == 7
        assert pipeline.decode(tagged)["trailer.metamako.port"] == 7


def test_people_see_it_in_wire_order(capsys: pytest.CaptureFixture[str]) -> None:
    packet = CATALOG.decode(UDP + METAMAKO_EXTENDED)
    packet.show()
    lines = capsys.readouterr().out.splitlines()
    found = [line.split()[0] for line in lines[lines.index(next(one for one in lines if "trailer.metamako" in one)) :]]
    assert found[:4] == ["trailer.metamako", "original_fcs", "extensions[1].more", "extensions[1].data"]
    assert found[-2:] == ["device", "port"]
    assert [(leaf.bit, leaf.bits) for leaf in packet["trailer.metamako"].wire_leaves()][-1] == (
        len(METAMAKO_EXTENDED) * 8 - 8,
        8,
    )
    assert "trailer.metamako.port" in (packet._repr_html_() or "")


def test_documents_name_the_class() -> None:
    text = CATALOG.decode(UDP + METAMAKO).to_json()
    assert json.loads(text)["trailers"][0]["protocol"] == "Metamako"
    with pytest.raises(ValueError, match="declares no trailer 'Metamako'"):
        oc.from_json(text)


class Note(TrailerElement, spec="in-house"):
    """Text, and its length behind it."""

    length: Annotated[int, oc.Bits(8)] = oc.AUTO
    text: Annotated[bytes, oc.SizedBy("length")] = b""


class Tap(TrailerRecord, spec="in-house"):
    """A number in network order, another one in the other order, and notes before them."""

    count: Annotated[int, oc.Bits(8)] = oc.AUTO
    number: Annotated[int, oc.Bits(24)]
    odd: Annotated[int, oc.Bits(16), oc.ByteOrder("little")] = 0
    notes: Annotated[tuple[Note, ...], oc.CountedBy("count"), oc.Elements()] = ()


def test_a_trailer_of_ones_own() -> None:
    catalog = oc.DEFAULT.with_trailer(Tap)
    octets = bytes.fromhex("6e6f 02 6f6b 02 3412 000005 02")
    assert catalog.decode(UDP + octets)["trailer.tap"] == Tap(
        count=2, number=5, odd=0x1234, notes=(Note(length=2, text=b"ok"), Note(length=2, text=b"no"))
    )
    assert Tap(number=5, odd=0x1234, notes=(Note(text=b"ok"), Note(text=b"no"))).octets() == octets


def test_what_cannot_be_read_backwards_is_refused() -> None:
    with pytest.raises(oc.SchemaError, match="read from its last octet on"):

        class Address(TrailerRecord):
            src: Annotated[oc.MACLike, oc.Octets(6)]

    with pytest.raises(oc.SchemaError, match="no ByteOrder and no trailer"):

        class Checked(TrailerRecord):
            number: Annotated[int, oc.Bits(16)]
            checksum: Annotated[int, oc.Bits(16), oc.Checksum()] = oc.AUTO

    class Split(TrailerRecord):
        high: Annotated[int, oc.Bits(12)]
        low: Annotated[int, oc.Bits(4)]

    with pytest.raises(oc.SchemaError, match="whole octets or is within one"):
        oc.DEFAULT.with_trailer(Split)
    with pytest.raises(oc.SchemaError, match="whole octets or is within one"):
        Split(high=1, low=2).octets()
    for wrong in (oc.UDP, Metamako(seconds=1), int):
        with pytest.raises(oc.SchemaError, match="is no declared trailer"):
            oc.DEFAULT.with_trailer(wrong)


def test_catalogs_with_trailers_are_values() -> None:
    assert CATALOG != oc.DEFAULT
    assert oc.DEFAULT.with_trailer(Metamako) == CATALOG
    assert hash(oc.DEFAULT.with_trailer(Metamako)) == hash(CATALOG)
    assert pickle.loads(pickle.dumps(CATALOG)) == CATALOG
    assert MetamakoExtension(data=b"abc", tag=2).length is oc.AUTO
