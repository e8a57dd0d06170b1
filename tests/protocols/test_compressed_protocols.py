"""PPP's protocol field compression, extension headers of GTP-U messages, and versions that are not known."""

from __future__ import annotations

import struct
from typing import Final

import pytest

import overlaycodec as oc

INSIDE: Final = oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / oc.UDP(src_port=1, dst_port=2) / b"hello"
IPV4: Final = oc.encode(INSIDE)
PPPOE: Final = bytes.fromhex("1100 0001")
GREV1: Final = bytes.fromhex("2001 880b")
LEADS: Final = {"": "ppp", "ff03": "ppp_framed"}


def carried(carrier: str, frame: bytes) -> tuple[bytes, type[oc.Header] | oc.Key]:
    """A PPP frame in its carrier: RFC 1661, RFC 2516, RFC 2637."""
    if carrier == "link":
        return frame, oc.LINK_TYPE(9)
    length = struct.pack(">H", len(frame))
    if carrier == "pppoe":
        return PPPOE + length + frame, oc.PPPoE
    if carrier == "pptp":
        return GREV1 + length + bytes(2) + frame, oc.GREv1
    return bytes(12) + b"\x88\x0b" + frame, oc.Ethernet


@pytest.mark.parametrize("carrier", ["link", "pppoe", "pptp", "ethernet"])
@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize("protocol", ["21", "0021"])
def test_a_protocol_of_one_octet_or_two_in_each_carrier(carrier: str, lead: str, protocol: str) -> None:
    """RFC 1661 section 6.5: the low bit of the first octet tells; RFC 1662 section 3.1 has the octets before it."""
    data, first = carried(carrier, bytes.fromhex(lead + protocol) + IPV4)
    packet = oc.decode(data, first=first)
    name = LEADS[lead] + ("_compressed" if protocol == "21" else "")
    assert [found.removeprefix("inner.") for found in packet.names[-3:]] == [name, "ipv4", "udp"]
    assert packet.payload == b"hello"
    assert oc.encode(packet) == data


@pytest.mark.parametrize("octets", ["2145", "ff02", "ff0300", "c021", "0145", "fd"])
def test_the_first_octet_tells_how_long_a_protocol_is(octets: str) -> None:
    data = bytes.fromhex(octets)
    packet = oc.decode(data, first=oc.LINK_TYPE(9), lax=True)
    odd = data[0] & 1 and data[:2] != b"\xff\x03"
    assert (packet.names == ["ppp_compressed"]) is bool(odd)
    assert oc.encode(packet) == data


def test_a_protocol_that_needs_two_octets_has_no_key_in_one() -> None:
    """RFC 3032 section 4.3: MPLS is 0x0281."""
    label = oc.MPLS(label=16) / b"data"
    assert oc.encode(oc.PPP() / label)[:2] == b"\x02\x81"
    with pytest.raises(oc.UnresolvedError, match="ppp_compressed"):
        oc.encode(oc.PPPCompressed() / label)
    assert oc.encode(oc.PPPCompressed() / INSIDE) == b"\x21" + IPV4


@pytest.mark.parametrize("lead", [0x40, 0x60])
def test_information_elements_are_not_taken_for_a_packet(lead: int) -> None:
    """3GPP TS 29.281 section 7.3.1: information elements follow the extension headers of an error indication."""
    content = bytes([lead]) + bytes(60)
    message = struct.pack(">BBHI", 0x34, 26, 8 + len(content), 0) + bytes.fromhex("00000040 01086800") + content
    packet = oc.decode(message, first=oc.GTPU)
    assert (packet.names, packet.payload) == (["gtpu", "gtpu_extension"], content)
    assert oc.encode(packet) == message
    assert oc.encode(oc.fill(packet, selectors=True)) == message


def test_a_packet_follows_the_extension_headers_of_a_g_pdu_alone() -> None:
    for kind, last in ((255, "udp"), (254, "gtpu_extension")):
        message = struct.pack(">BBHI", 0x34, kind, 8 + len(IPV4), 7) + bytes.fromhex("00000040 01086800") + IPV4
        assert oc.decode(message, first=oc.GTPU).names[-1].endswith(last)
        plain = struct.pack(">BBHI", 0x34, kind, 4 + len(IPV4), 7) + bytes(4) + IPV4
        assert (len(oc.decode(plain, first=oc.GTPU)) > 1) is (kind == 255)


@pytest.mark.parametrize("version", range(2, 8))
def test_versions_of_gre_that_are_not_known_are_faults(version: int) -> None:
    """RFC 2784 section 2.3.1 and RFC 2637 section 4.1 have the versions 0 and 1."""
    data = oc.encode(
        oc.IPv4(src="192.0.2.1", dst="192.0.2.2", protocol=47) / (bytes([0, version]) + b"\x08\x00" + IPV4)
    )
    with pytest.raises(oc.FieldValueError, match=r"gre\.version"):
        oc.decode(data, first=oc.IPv4)
    packet = oc.decode(data, first=oc.IPv4, lax=True)
    assert (packet.names, packet.payload) == (["ipv4"], data[20:])


@pytest.mark.parametrize("lead", [0x50, 0x80, 0xC0])
def test_variants_of_gue_that_are_not_known_are_faults(lead: int) -> None:
    """draft-ietf-intarea-gue-09 section 3: variant 1 is an IP packet, whose version is 4 or 6."""
    data = oc.encode(oc.UDP(src_port=1, dst_port=6080, checksum=0) / (bytes([lead, 59]) + bytes(126)))
    with pytest.raises(oc.FieldValueError, match=r"gue\.variant"):
        oc.decode(data, first=oc.UDP)
    assert oc.decode(data, first=oc.UDP, lax=True).payload == data[8:]


def test_an_ip_packet_of_version_7_in_gue_is_payload() -> None:
    """Two signs of GUE fail, the variant and the type of the control message: another protocol may use the port."""
    data = oc.encode(oc.UDP(src_port=1, dst_port=6080, checksum=0) / (bytes([0x70, 59]) + bytes(126)))
    packet = oc.decode(data, first=oc.UDP)
    assert (packet.names, packet.payload) == (["udp"], data[8:])
    (refused,) = oc.refused_guesses(packet, first=oc.UDP)
    assert refused.signs == ("variant", "control message")
