"""Packets of more than 65,535 octets: RFC 2675's jumbograms, and the packets with lengths of 0 that Linux writes."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import pytest

import overlaycodec as oc
from tests.laws.common import words_sum

LINK: Final = bytes.fromhex("020000000002020000000001")
A4, B4 = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
A6, B6 = IPv6Address("fd00::1"), IPv6Address("fd00::2")


def ipv4(content: bytes, protocol: int = 17, *, length: int = 0, fragment: int = 0) -> bytes:
    """RFC 791 section 3.1."""
    return struct.pack(">BBHHHBBH", 0x45, 0, length, 1, fragment, 64, protocol, 0) + A4.packed + B4.packed + content


def ipv6(content: bytes, following: int = 17, *, length: int = 0) -> bytes:
    """RFC 8200 section 3."""
    return struct.pack(">IHBB", 6 << 28, length, following, 64) + A6.packed + B6.packed + content


def udp(content: bytes, port: int = 4789, *, length: int = 0, checksum: int = 0) -> bytes:
    """RFC 768."""
    return struct.pack(">HHHH", 50000, port, length, checksum) + content


def vxlan(frame: bytes) -> bytes:
    """RFC 7348 section 5."""
    return struct.pack(">BBHI", 8, 0, 0, 100 << 8) + frame


def complement(data: bytes) -> int:
    """RFC 1071."""
    return words_sum(data) ^ 0xFFFF


def jumbo(content: bytes, following: int = 17) -> bytes:
    """RFC 2675 section 2: the option counts the extension header too."""
    return struct.pack(">BBBBI", following, 0, 0xC2, 4, 8 + len(content)) + content


FRAME: Final = LINK + b"\x88\xb5" + b"z" * 50
PADDED: Final = bytes([17, 0, 1, 4, 0, 0, 0, 0])
"""An extension header with one option that pads (RFC 8200 section 4.2)."""
ATOMIC: Final = bytes([17, 0, 0, 0, 0, 0, 0, 1])
"""A fragment header of a packet that is no fragment (RFC 6946)."""
Packets = dict[str, tuple[type[oc.Header], bytes]]
OPEN: Final[Packets] = {
    "IPv4": (oc.IPv4, ipv4(udp(vxlan(FRAME)))),
    "IPv6": (oc.IPv6, ipv6(udp(vxlan(FRAME)))),
    "IPv6 with destination options": (oc.IPv6, ipv6(PADDED + udp(vxlan(FRAME)), 60)),
    "IPv6 with a fragment header": (oc.IPv6, ipv6(ATOMIC + udp(vxlan(FRAME)), 44)),
    "a jumbogram": (oc.IPv6, ipv6(jumbo(udp(vxlan(FRAME))), 0)),
    "IPv4 in IPv6": (oc.IPv6, ipv6(ipv4(udp(vxlan(FRAME))), 4)),
    "IPv4 in IPv6 of a known length": (oc.IPv6, ipv6(ipv4(udp(vxlan(FRAME))), 4, length=20 + 8 + 8 + len(FRAME))),
}
FAULTY: Final[Packets] = {
    "a first fragment of IPv4": (oc.IPv4, ipv4(udp(vxlan(FRAME)), fragment=0x2000)),
    "a first fragment of IPv6": (oc.IPv6, ipv6(bytes([17, 0, 0, 1, 0, 0, 0, 1]) + udp(vxlan(FRAME)), 44)),
    "IPv4 of a known length": (oc.IPv4, ipv4(udp(vxlan(FRAME)), length=20 + 8 + 8 + len(FRAME))),
    "IPv6 of a known length": (oc.IPv6, ipv6(udp(vxlan(FRAME)), length=8 + 8 + len(FRAME))),
    "IPv4 of a known length in IPv6": (oc.IPv6, ipv6(ipv4(udp(b"data", 9), length=32), 4)),
    "a frame in a jumbogram": (
        oc.IPv6,
        ipv6(jumbo(udp(vxlan(LINK + b"\x08\x00" + ipv4(udp(b"data", 9), length=32)))), 0),
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_a_udp_length_of_0_gives_no_bound_where_that_of_ip_does_not(name: str) -> None:
    first, data = OPEN[name]
    packet = oc.decode(data, first=first)
    assert ([type(header) for header in packet.headers[-2:]], packet.payload) == ([oc.VXLAN, oc.Ethernet], b"z" * 50)
    assert oc.encode(packet) == data
    assert oc.fill(packet)[oc.UDP].length == 0


@pytest.mark.parametrize("name", FAULTY)
def test_a_udp_length_of_0_is_a_fault_elsewhere(name: str) -> None:
    """RFC 768: the least length is 8; RFC 2675 section 4: it is 0 in jumbograms, which are never fragments."""
    first, data = FAULTY[name]
    with pytest.raises(oc.LengthFieldError, match=r"udp\.length"):
        oc.decode(data, first=first)
    packet = oc.decode(data, first=first, lax=True)
    assert packet.names[-1].endswith("udp")
    assert oc.encode(packet) == data


# --- what AUTO is -----------------------------------------------------------------------------------------------------


BIG: Final = bytes(70_000)


def test_lengths_that_cannot_count_are_0_as_in_linux() -> None:
    """include/linux/ip.h, iph_set_totlen: a length of more than 65,535 octets is written as 0."""
    for network in (oc.IPv4(src=A4, dst=B4, total_length=0), oc.IPv6(src=A6, dst=B6, payload_length=0)):
        data = oc.encode(network / oc.UDP(src_port=1, dst_port=9, checksum=0) / BIG)
        packet = oc.decode(data, first=type(network))
        assert (packet[oc.UDP].length, packet.payload) == (0, BIG)
        assert int.from_bytes(data[2:4] if isinstance(network, oc.IPv4) else data[4:6], "big") == 0
    for automatic in (oc.IPv4(src=A4, dst=B4), oc.IPv6(src=A6, dst=B6)):
        with pytest.raises(oc.LengthOverflowError):
            oc.encode(automatic / oc.UDP(src_port=1, dst_port=9, checksum=0) / BIG)
    largest = oc.encode(oc.IPv4(src=A4, dst=B4, protocol=99) / bytes(65_515))
    assert largest[2:4] == b"\xff\xff"


def test_the_length_of_a_fragment_counts() -> None:
    fragment = oc.IPv6Fragment(next_header=17, more_fragments=True)
    for packet in (
        oc.IPv4(src=A4, dst=B4, protocol=17, more_fragments=True) / BIG,
        oc.IPv6(src=A6, dst=B6) / fragment / BIG,
    ):
        with pytest.raises(oc.LengthOverflowError, match="_length"):
            oc.encode(packet)


def test_a_udp_length_is_0_only_where_that_of_ip_is() -> None:
    datagram = oc.UDP(src_port=1, dst_port=9, checksum=0)
    for packet in (datagram / BIG, oc.IPv4(src=A4, dst=B4, total_length=100) / datagram / BIG):
        with pytest.raises(oc.LengthOverflowError, match=r"udp\.length"):
            oc.encode(packet)


@pytest.mark.parametrize("octets", [4, 70_000])
def test_a_jumbo_payload_length_is_derived(octets: int) -> None:
    """RFC 2675 section 2: the IPv6 length is 0, and the option counts all that follows the IPv6 header."""
    option = oc.IPv6JumboPayloadOption()
    stack = oc.IPv6(src=A6, dst=B6) / oc.IPv6HopByHop(options=(option,)) / oc.TCP(src_port=1, dst_port=2)
    data = oc.encode(stack / bytes(octets))
    assert (data[4:6], data[44:48]) == (bytes(2), struct.pack(">I", 8 + 20 + octets))
    assert oc.resolve(stack / bytes(octets))[oc.IPv6HopByHop].options[0] == oc.IPv6JumboPayloadOption(
        jumbo_payload_length=28 + octets
    )
    packet = oc.decode(data, first=oc.IPv6)
    assert (packet.names, packet.payload) == (["ipv6", "ipv6_hop_by_hop", "tcp"], bytes(octets))
    assert oc.checksums(packet)["tcp.checksum"] is oc.ChecksumStatus.VALID


def test_a_jumbo_payload_length_after_other_options() -> None:
    options = (oc.IPv6RouterAlertOption(), oc.IPv6JumboPayloadOption())
    data = oc.encode(oc.IPv6(src=A6, dst=B6) / oc.IPv6HopByHop(options=options, next_header=59) / b"data")
    assert data[40:56] == bytes.fromhex("3b01 05020000 c204 00000014 01020000".replace(" ", ""))


def test_a_jumbo_payload_length_alone_is_unresolved() -> None:
    """Of several options the first counts the octets; no rule says what the others are."""
    open_options = oc.IPv6HopByHop(next_header=59, options=(oc.IPv6JumboPayloadOption(),) * 2)
    with pytest.raises(oc.UnresolvedError, match=r"options\[1\]\.jumbo_payload_length is AUTO, but no packet follows"):
        oc.encode(open_options)
    counted = oc.IPv6HopByHop(next_header=59, options=(oc.IPv6JumboPayloadOption(jumbo_payload_length=9),) * 2)
    assert oc.encode(counted).hex() == "3b01" + "c20400000009" * 2 + "0100"


# --- edits ------------------------------------------------------------------------------------------------------------


def jumbogram(frame: bytes) -> bytes:
    """A jumbogram with a frame in VXLAN, the UDP checksum of which is right (RFC 2675 section 4)."""
    datagram = udp(vxlan(frame))
    checksum = complement(A6.packed + B6.packed + struct.pack(">II", len(datagram), 17) + datagram)
    return LINK + b"\x86\xdd" + ipv6(jumbo(udp(vxlan(frame), checksum=checksum)), 0)


def test_a_tag_in_a_jumbogram_changes_its_length() -> None:
    frame = LINK + b"\x88\xb5" + b"z" * 70_000
    packet = oc.decode(jumbogram(frame))
    pushed = oc.vlan.push(packet, vid=9, scope="inner")
    assert oc.encode(pushed) == jumbogram(frame[:12] + bytes.fromhex("81000009") + frame[12:])
    assert oc.vlan.pop(pushed, scope="inner") == packet
    moved = oc.vlan.translate(pushed, {9: 7}, scope="inner")
    assert oc.encode(moved) == jumbogram(frame[:12] + bytes.fromhex("81000007") + frame[12:])
    assert oc.tunnel.decapsulate(oc.encode(pushed)).frame == frame[:12] + bytes.fromhex("81000009") + frame[12:]


def test_the_length_of_a_jumbogram_is_filled() -> None:
    frame = LINK + b"\x88\xb5" + b"z" * 70_000
    packet = oc.decode(jumbogram(frame))
    assert oc.encode(oc.fill(packet.__replace__(payload=b"z" * 80_000))) == jumbogram(frame + b"z" * 10_000)


def test_a_large_frame_is_encapsulated() -> None:
    inside = oc.IPv4(src=A4, dst=B4, total_length=0) / oc.UDP(src_port=1, dst_port=9, length=0, checksum=0) / BIG
    frame = LINK + b"\x08\x00" + oc.encode(inside)
    for src, dst in (("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")):
        outer = oc.tunnel.VXLANTunnel(vni=7, src=src, dst=dst).encapsulate(frame)
        first = type(outer.headers[0])
        assert outer[oc.UDP].length == 0
        assert oc.tunnel.decapsulate(oc.encode(outer), first=first).frame == frame


def test_a_jumbogram_is_not_fragmented() -> None:
    """RFC 2675 section 3: a jumbo payload option and a fragment header together are an error."""
    with pytest.raises(oc.EncodeError, match="jumbogram"):
        oc.reassembly.fragment(oc.decode(jumbogram(FRAME[:14] + bytes(70_000))), mtu=1500, identification=1)


# --- lengths that end within the header -------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 4, 7])
def test_a_length_within_the_header_bounds_no_checksum(length: int) -> None:
    """Open vSwitch, which does not look at the length, sums all octets; both functions do so too."""
    packet = oc.resolve(oc.IPv4(src=A4, dst=B4) / oc.UDP(src_port=1, dst_port=9, length=length) / b"data")
    segment = struct.pack(">HHHH", 1, 9, length, 0) + b"data"
    right = complement(A4.packed + B4.packed + struct.pack(">BBH", 0, 17, 12) + segment)
    assert packet[oc.UDP].checksum == right
    assert oc.checksums(packet)["udp.checksum"] is oc.ChecksumStatus.VALID


def test_lengths_around_a_jumbogram_that_is_built_are_0() -> None:
    """RFC 2675 sections 3 and 4: none of the lengths of 16 bits can count it, whichever header they are in."""
    outer = (
        oc.IPv6(src=A6, dst=B6)
        / oc.UDP(src_port=1, dst_port=4789)
        / oc.VXLAN(vni=1)
        / oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    )
    inner = (
        oc.IPv6(src=A6, dst=B6)
        / oc.IPv6HopByHop(options=(oc.IPv6JumboPayloadOption(),))
        / oc.UDP(src_port=1, dst_port=2)
    )
    packet = oc.resolve(oc.Packet((*outer.headers, *inner.headers), bytes(70_000)))
    lengths = ("ipv6.payload_length", "udp.length", "inner.ipv6.payload_length", "inner.udp.length")
    assert [packet.at(path) for path in lengths] == [0, 0, 0, 0]
    assert packet.at("inner.ipv6_hop_by_hop.options[0].jumbo_payload_length") == 8 + 8 + 70_000
