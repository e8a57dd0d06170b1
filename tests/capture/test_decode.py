"""From records to packets and back: each record is read by its link type, with what the capture knows of it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from overlaycodec.capture import Record, open_capture, write_capture
from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import DecodeError
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import VXLAN, Ethernet, IPv4
from overlaycodec.schema.keyspaces import LINK_TYPE, UDP_PORT
from tests.tools import stacks
from tests.tools.capture_files import LITTLE, pcap, record

OWN = sorted(stacks.captures(stacks.CAPTURES).values())
VXLAN_V4 = stacks.CAPTURES / "kernel-vxlan-v4.pcap"
FCS = b"\xde\xad\xbe\xef"


def longest() -> Record:
    with open_capture(VXLAN_V4) as capture:
        return max(capture, key=lambda each: len(each.data))


@pytest.mark.parametrize("path", OWN, ids=[path.name for path in OWN])
def test_packets_are_the_records_decoded(path: Path) -> None:
    with open_capture(path) as capture:
        assert [encode(packet) for packet in capture.packets(lax=True)] == [each.data for each in capture]


def test_the_contract() -> None:
    with open_capture(str(VXLAN_V4)) as capture:
        for each in capture:
            assert isinstance(each.decode(lax=True), Packet)
        tenant = [p for p in capture.packets(lax=True) if p.get(VXLAN) and p[VXLAN].vni == 100]
    assert tenant
    assert Ethernet in tenant[0].inner


def test_link_type_chooses_the_first_header() -> None:
    frame = longest()
    assert isinstance(frame.decode().headers[0], Ethernet)
    for link_type in (12, 14, 101, 228):
        assert isinstance(Record(frame.data[14:], link_type).decode().headers[0], IPv4)
    unknown = Record(frame.data, 250).decode()
    assert (unknown.headers, unknown.payload) == ((), frame.data)


def test_strict_and_lax() -> None:
    short = Record(longest().data[:20])
    with pytest.raises(DecodeError):
        short.decode()
    assert short.decode(lax=True).fault is not None
    with open_capture(pcap(record(short.data))) as capture:
        assert [packet.fault for packet in capture.packets(lax=True)] == [short.decode(lax=True).fault]
        with pytest.raises(DecodeError):
            list(capture.packets())


def test_catalog() -> None:
    each = longest()
    port = each.decode().at("udp.dst_port")
    other = DEFAULT.without_binding(UDP_PORT(port))
    assert VXLAN in each.decode()
    assert VXLAN not in each.decode(catalog=other)
    with open_capture(pcap(record(each.data))) as capture:
        assert [VXLAN in packet for packet in capture.packets(catalog=other)] == [False]


def test_wire_length_and_fcs_reach_the_decoder() -> None:
    each = longest()
    kept = each.data[:-20]
    cut = Record(kept, wire_length=len(each.data)).decode()
    assert cut == decode(kept, first=LINK_TYPE(1), wire_length=len(each.data))
    assert cut.missing == 20
    for data in (
        pcap(record(each.data + FCS), word=0x2400_0001),
        b"".join([LITTLE.section(), LITTLE.interface((13, b"\x04")), LITTLE.enhanced(each.data + FCS)]),
        b"".join([LITTLE.section(), LITTLE.interface(), LITTLE.enhanced(each.data + FCS, (2, LITTLE.word(4 << 5)))]),
    ):
        with open_capture(data) as capture:
            (packet,) = capture.packets()
        assert [trailer.data for trailer in packet.trailers] == [FCS]
        assert encode(packet) == each.data + FCS


@pytest.mark.parametrize("suffix", ["pcap", "pcapng", "pcapng.gz"])
def test_packets_are_written(suffix: str, tmp_path: Path) -> None:
    target = tmp_path / f"out.{suffix}"
    with open_capture(VXLAN_V4) as capture:
        expected = [each.data for each in capture]
        assert write_capture(target, capture.packets(), time_ns=5) == len(expected)
    with open_capture(target) as written:
        assert [(each.data, each.time_ns, each.link_type) for each in written] == [(data, 5, 1) for data in expected]


def test_headers_and_inner_packets_are_written() -> None:
    packet = longest().decode()
    stream = io.BytesIO()
    write_capture(stream, [packet, packet.inner, packet[VXLAN]], link_type=1)
    with open_capture(stream.getvalue()) as capture:
        assert [each.data for each in capture] == [encode(packet), encode(packet.inner), encode(packet[VXLAN])]


def test_a_packet_cut_short_keeps_its_wire_length() -> None:
    each = longest()
    cut = Record(each.data[:-20], wire_length=len(each.data))
    stream = io.BytesIO()
    write_capture(stream, [cut.decode()])
    with open_capture(stream.getvalue()) as capture:
        assert [(again.data, again.wire_length) for again in capture] == [(cut.data, cut.wire_length)]
