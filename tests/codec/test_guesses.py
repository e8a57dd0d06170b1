"""Guesses: ordinary traffic on a tunnel's port stays what it is; odd and damaged tunnels stay tunnels.

The octets are made from RFC 1035, RFC 7348, RFC 3032 and RFC 9293, not by the encoder.
"""

from __future__ import annotations

import struct

import pytest

import overlaycodec as oc
from overlaycodec import UDP, VXLAN, VXLANGPE, IPv4
from overlaycodec.schema import registered
from overlaycodec.schema.signs import Pattern

ANSWER = bytes.fromhex("1a2b81800001000100000000 076578616d706c6503636f6d00 00010001 c00c00010001000000ff0004 01020304")
QUERY = bytes.fromhex("1a2b01000001000000000000 076578616d706c6503636f6d00 00010001")
NTP = bytes.fromhex("230006ec") + bytes(36) + bytes.fromhex("e5f1c2d3a4b5c6d7")
PORTS = (4789, 8472, 4790, 6081, 2152)
FRAME = bytes.fromhex("02000000000202000000000188b5") + b"experimental"
ARP = bytes.fromhex("ffffffffffff0200000000010806 0001080006040001020000000001c0a80001000000000000c0a80002")


def ethernet(content: bytes, ethertype: int) -> bytes:
    return bytes.fromhex("020000000002020000000001") + struct.pack(">H", ethertype) + content


def ip(content: bytes, protocol: int) -> bytes:
    header = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(content), 1, 0, 64, protocol, 0, 0x0A000001, 0x0A000002)
    total = -sum(struct.unpack(">10H", header)) % 0xFFFF
    return ethernet(header[:10] + struct.pack(">H", total) + header[12:] + content, 0x0800)


def udp(content: bytes, port: int, source: int = 53) -> bytes:
    return ip(struct.pack(">HHHH", source, port, 8 + len(content), 0) + content, 17)


@pytest.mark.parametrize("content", [ANSWER, QUERY, NTP], ids=["answer", "query", "ntp"])
@pytest.mark.parametrize("port", PORTS)
def test_ordinary_datagrams_on_the_port_of_a_tunnel_are_payload(port: int, content: bytes) -> None:
    data = udp(content, port)
    packet = oc.decode(data)
    assert packet.names == ["ethernet", "ipv4", "udp"]
    assert packet.payload == content
    assert oc.decode(data, lax=True) == packet
    assert oc.encode(packet) == data
    (refused,) = oc.refused_guesses(packet)
    assert refused.place == 3
    assert refused.header.__layout__.tunnel
    assert len(refused.signs) >= 2


def test_ordinary_datagrams_on_the_port_of_a_tunnel_have_no_columns_of_it() -> None:
    pytest.importorskip("numpy")
    from io import BytesIO

    file = BytesIO()
    records = [
        oc.Record(data=udp(ANSWER, 4789), time_ns=0),
        oc.Record(data=udp(b"\x08" + bytes(7) + ARP, 4789), time_ns=1),
    ]
    oc.write_capture(file, records * 40, format="pcap")
    table = oc.columns(file.getvalue(), ["vxlan.vni"])
    assert table["vxlan.vni"].tolist() == [None, 0] * 40


def test_a_stack_that_is_cached_refuses_too() -> None:
    tunnel, answer = udp(bytes.fromhex("0800000000006400") + FRAME, 4789), udp(ANSWER, 4789)
    for _ in range(600):
        assert oc.decode(tunnel).names[3:] == ["vxlan", "inner.ethernet"]
        assert oc.decode(answer).names == ["ethernet", "ipv4", "udp"]


@pytest.mark.parametrize(
    "header",
    [
        "0000000000006400",
        "0800040000006400",
        "0000000000006401",
        "8800000500006400",
        "0c00000300006400",
        "0800000000006400",
    ],
)
def test_one_failed_sign_does_not_refuse_vxlan(header: str) -> None:
    assert "vxlan" in oc.decode(udp(bytes.fromhex(header) + ARP, 4789)).names


def test_vxlan_with_any_content_is_vxlan_where_its_own_signs_are_right() -> None:
    for content in (b"", b"abc", FRAME, ANSWER, bytes(60)):
        assert "vxlan" in oc.decode(udp(bytes.fromhex("0800000000006400") + content, 4789), lax=True).names


def test_no_single_octet_unbinds_a_tunnel() -> None:
    data = udp(bytes.fromhex("0800000000006400") + ARP, 4789)
    for octet in range(42, len(data)):
        for value in (0, 0xFF, data[octet] ^ 0x80, data[octet] ^ 1):
            changed = data[:octet] + bytes([value]) + data[octet + 1 :]
            assert "vxlan" in oc.decode(changed, lax=True).names, (octet, value)


def test_a_cut_tunnel_stays_a_tunnel() -> None:
    data = udp(bytes.fromhex("0000040000006400") + ARP, 4789)
    for octets in range(50, len(data)):
        assert "vxlan" in oc.decode(data[:octets], lax=True, wire_length=len(data)).names
        assert "vxlan" in oc.decode(data[:octets], lax=True).names


def test_a_binding_of_the_user_overrides() -> None:
    data = udp(ANSWER, 4789)
    for catalog in (oc.DEFAULT.with_binding(oc.UDP_PORT(4789), VXLAN), oc.DEFAULT.with_header(VXLAN)):
        assert "vxlan" in catalog.decode(data, lax=True).names
        assert oc.refused_guesses(catalog.decode(data, lax=True), catalog=catalog) == ()
    assert oc.decode(data[42:], first=VXLAN, lax=True).names[0] == "vxlan"


@pytest.mark.parametrize("address", ["4cffffffffff", "44a2b3c4d5e6", "6cffffffffff", "6a0102030405"])
def test_an_address_is_no_ip_version(address: str) -> None:
    data = ethernet(struct.pack(">I", 16 << 12 | 0x1FF) + bytes.fromhex(address) + ARP[6:], 0x8847)
    assert oc.decode(data).names == ["ethernet", "mpls"]
    (refused,) = oc.refused_guesses(oc.decode(data))
    assert refused.header in (IPv4, oc.IPv6)


@pytest.mark.parametrize("octet", range(1, 20))
def test_a_damaged_octet_does_not_unbind_ip_behind_mpls(octet: int) -> None:
    inner = bytearray(udp(b"hello", 9)[14:])
    inner[octet] ^= 0xA5
    data = ethernet(struct.pack(">I", 16 << 12 | 0x1FF) + bytes(inner), 0x8847)
    assert "ipv4" in oc.decode(data, lax=True).names or "ipv4" in str(oc.decode(data, lax=True).fault)


@pytest.mark.parametrize("flags", [0x10, 0x18])
@pytest.mark.parametrize("content", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello"])
def test_tcp_to_the_port_of_stt_is_tcp(content: bytes, flags: int) -> None:
    data = ip(struct.pack(">HHIIBBHHH", 40000, 7471, 0x50001001, 7, 0x50, flags, 502, 0, 0) + content, 6)
    packet = oc.decode(data)
    assert packet.names == ["ethernet", "ipv4", "tcp"]
    (refused,) = oc.refused_guesses(packet)
    assert refused.header is oc.STTSegment


def test_a_stack_that_reads_as_another_is_not_encoded() -> None:
    inside = IPv4(src="1.1.1.1", dst="2.2.2.2") / UDP(src_port=1, dst_port=2) / b"hello"
    outside = IPv4(src="9.9.9.9", dst="8.8.8.8") / UDP(src_port=1)
    for _ in range(70):  # the encoder of a stack that came often refuses it too
        with pytest.raises(oc.EncodeError, match="IPv4, which would be read as Ethernet"):
            oc.encode(outside / VXLAN(vni=1) / inside)
    assert "inner.ipv4" in oc.decode(oc.encode(outside / VXLANGPE(vni=1) / inside), first=IPv4).names
    asked = oc.DEFAULT.with_binding(oc.ETHERTYPE(0x6558), IPv4)
    data = asked.encode(outside / VXLAN(vni=1) / inside)
    packet = asked.decode(data, first=IPv4)
    assert "inner.ipv4" in packet.names
    assert oc.encode(packet) == data  # what was decoded is written as it is


def test_a_sign_that_has_no_meaning_is_refused() -> None:
    with pytest.raises(oc.SchemaError, match="is no sign"):

        class Bad(oc.Header, signs=("flag",)):
            field: int

    with pytest.raises(oc.SchemaError, match="alternatives"):

        class Worse(oc.Header, signs=(Pattern("flag", ()),)):
            field: int


@pytest.mark.parametrize(("first_octet", "header", "octets"), [(0x45, "ipv4", 20), (0x60, "ipv6", 40)])
def test_a_header_of_ip_that_the_capture_cuts_is_no_payload(first_octet: int, header: str, octets: int) -> None:
    """LINKTYPE_RAW: the first four bits tell the version, and too few octets are there to look at more."""
    data = bytes([first_octet]) + bytes(9)
    packet = oc.decode(data, first=oc.LINK_TYPE(101), lax=True)
    assert isinstance(packet.fault, oc.TruncatedError)
    assert str(packet.fault).startswith(f"{header} (from bit 0) needs {octets} octets, has 10")
    with pytest.raises(oc.TruncatedError):
        oc.decode(data, first=oc.LINK_TYPE(101))


def test_no_registered_number_is_given_twice() -> None:
    for numbers in (registered.ETHERTYPES, registered.IP_PROTOCOLS):
        assert list(numbers) == sorted(set(numbers))
