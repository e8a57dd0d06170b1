"""Columns of packets whose lengths are 0: those of the scalar decoder, also among ordinary packets."""

from __future__ import annotations

import io
import json
import random
import struct
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec.columnar.decode.scalar_fallback import ScalarFallback
from tests.codec.test_jumbograms import FAULTY, FRAME, LINK, OPEN, ipv4, ipv6, jumbogram, udp, vxlan


@pytest.mark.parametrize("name", [*OPEN, *FAULTY])
def test_columns_are_those_of_the_scalar_decoder(name: str) -> None:
    first, packet = (OPEN | FAULTY)[name]
    data = LINK + (b"\x08\x00" if first is oc.IPv4 else b"\x86\xdd") + packet
    ordinary = oc.encode(
        oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
        / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
        / oc.UDP(src_port=1, dst_port=4789)
        / oc.VXLAN(vni=5)
    )
    capture = io.BytesIO()
    oc.write_capture(capture, [oc.Record(octets) for _ in range(20) for octets in (data, ordinary)], format="pcap")
    table = oc.columns(capture.getvalue(), ["vxlan.vni", "udp.length", "inner.ethernet.ethertype", "fault"])
    expected = oc.decode(data, lax=True)
    values = [table[name].tolist()[0] for name in ("vxlan.vni", "udp.length", "inner.ethernet.ethertype", "fault")]

    def at(path: str) -> object:
        try:
            return expected.at(path)
        except oc.MissingHeaderError:
            return None

    fault = None if expected.fault is None else type(expected.fault).__name__
    assert values == [at("vxlan.vni"), at("udp.length"), at("inner.ethernet.ethertype"), fault]


PADDING: Final = bytes([1, 4, 0, 0, 0, 0])


def _drawn(source: random.Random) -> bytes:
    """A packet whose lengths and options are, or are not, those of a jumbogram; some are cut off."""
    content, protocol = udp(vxlan(FRAME), length=source.choice((0, 0, 0, 8, 30, 9000))), 17
    for _ in range(source.choice((0, 1, 1, 1, 2))):
        size = source.choice((8 + len(content), 8 + len(content), 8, 7, 40, 70_000, 1 << 31))
        option = struct.pack(">BBI", source.choice((0xC2, 0xC2, 0xC2, 5)), source.choice((4, 4, 4, 2)), size)
        options = source.choice((option, option, option, PADDING, PADDING + bytes(2) + option))
        content = bytes([protocol, len(options) // 8]) + options + content
        protocol = source.choice((0, 0, 60))
    if source.random() < 0.1:
        content, protocol = bytes([protocol, 0, 0, source.choice((0, 1)), 0, 0, 0, 1]) + content, 44
    length = source.choice((0, 0, 0, len(content), 30))
    packet = ipv6(content, protocol, length=length)
    if protocol == 17 and source.random() < 0.5:
        packet = ipv4(content, length=length and 20 + length, fragment=source.choice((0, 0, 0x2000)))
    data = LINK + (b"\x08\x00" if packet[0] == 0x45 else b"\x86\xdd") + packet
    return data[: source.randrange(14, len(data))] if source.random() < 0.2 else data


def test_any_lengths_and_options() -> None:
    """Each row is what the scalar decoder reads."""
    source = random.Random(2675)
    packets = [_drawn(source) for _ in range(4000)]
    names = ["payload", "udp.length", "vxlan.vni", "ipv6_hop_by_hop.next_header", "inner.ethernet.ethertype", "fault"]
    table = oc.columns([oc.Record(data) for data in packets], names)
    found = [table[name].tolist() for name in names]
    for number, data in enumerate(packets):
        packet = oc.decode(data, lax=True)
        values = [packet.payload, *(packet.get(name) for name in names[1:-1])]
        values.append(None if packet.fault is None else type(packet.fault).__name__)
        assert [column[number] for column in found] == values, data.hex()


def test_jumbograms_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """No packet is left to the scalar decoder."""
    ran: list[int] = []
    monkeypatch.setattr(ScalarFallback, "run", lambda _, batch, which, *rest, **more: ran.append(len(which)))
    data = jumbogram(LINK + b"\x88\xb5" + bytes(100))
    table = oc.columns([oc.Record(data)] * 100, ["vxlan.vni", "fault", "payload"])
    assert table["vxlan.vni"].tolist() == [100] * 100
    assert not sum(ran)


def test_packets_from_columns_have_the_lengths_of_the_encoder() -> None:
    frame = oc.decode(jumbogram(LINK + b"\x88\xb5" + bytes(10)))
    option = oc.IPv6HopByHop(options=(oc.IPv6JumboPayloadOption(),))
    template = oc.IPv6(src="fd00::1", dst="fd00::2") / option / oc.UDP(src_port=1, dst_port=9) / b"data"
    assert frame.names[-1] == "inner.ethernet"
    payloads = [b"a", bytes(70_000), b"abc"]
    frames = oc.encode_columns(template, {"payload": payloads})
    big = oc.IPv4(src="10.0.0.1", dst="10.0.0.2", total_length=0) / oc.UDP(src_port=1, dst_port=9) / b""
    for made, stack in ((frames, template), (oc.encode_columns(big, {"payload": payloads}), big)):
        assert [bytes(octets) for octets in made] == [
            oc.encode(stack.__replace__(payload=payload)) for payload in payloads
        ]


def test_columns_refuse_lengths_that_the_encoder_refuses() -> None:
    """An ordinary packet of more than 65,535 octets; only a length of 0 that was given makes it a BIG TCP packet."""
    stack = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1, dst_port=9) / bytes(70_000)
    with pytest.raises(oc.LengthOverflowError, match=r"^udp\.length would count 70008 octets; at most 65535$"):
        oc.encode(stack)
    with pytest.raises(oc.LengthOverflowError, match=r"^packets\[1\]\.udp\.length would count 70008 octets"):
        oc.encode_columns(stack, {"payload": [b"a", bytes(70_000)]})


VECTORS: Final = Path(__file__).parent.parent / "vectors"


def hex_of(family: str, name: str) -> bytes:
    vectors = json.loads((VECTORS / f"{family}.json").read_text(encoding="utf-8"))
    return bytes.fromhex(next(vector["hex"] for vector in vectors if vector["name"] == name))


def test_many_packets_have_the_columns_of_each() -> None:
    """Groups large enough to be read at once: GTP-U messages, home addresses, UDP lengths that are too short."""
    several = [
        hex_of("gtp", "gtpu-error-indication-two-extensions"),
        hex_of("gtp", "gtpu-extension"),
        hex_of("gtp", "gtpu-echo-request"),
        hex_of("ip", "ipv6-home-address"),
        hex_of("ppp", "pptp-protocol-of-one-octet"),
        hex_of("errors", "gre-version-2"),
        oc.encode(
            oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
            / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
            / oc.UDP(src_port=1, dst_port=9, length=4)
            / b"data"
        ),
    ]
    capture = io.BytesIO()
    oc.write_capture(capture, [oc.Record(octets) for _ in range(20) for octets in several], format="pcap")
    names = ["gtpu.message_type", "gtpu_extension[1].next_extension", "gre.version", "inner.ipv4.src", "udp.src_port"]
    table = oc.columns(capture.getvalue(), [*names, "udp.checksum.verdict", "fault"])
    for number, octets in enumerate(several):
        packet = oc.decode(octets, lax=True)
        statuses = oc.checksums(packet).items()
        status = next((found for path, found in statuses if path.endswith("udp.checksum")), None)
        assert table["udp.checksum.verdict"].tolist()[number::7] == [None if status is None else str(status)] * 20
        fault = None if packet.fault is None else type(packet.fault).__name__
        assert table["fault"].tolist()[number::7] == [fault] * 20
        for name in names:
            try:
                value = packet.at(name)
            except oc.MissingHeaderError:
                value = None
            found = table[name].tolist()[number::7]
            assert found == [value if value is None else int(value)] * 20, name
