"""What is outside an edit follows it: a tag inside a tunnel is in every length and checksum of what carries it."""

from __future__ import annotations

from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import vlan

LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
IPV4: Final = LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
IPV6: Final = LINK / oc.IPv6(src="fd00::1", dst="fd00::2")
ALERT: Final = oc.IPv6HopByHop(options=(oc.IPv6RouterAlertOption(value=0),))
VXLAN: Final = oc.UDP(src_port=50000) / oc.VXLAN(vni=7)
OUTSIDE: Final = {
    "IPv4": IPV4 / VXLAN,
    "IPv4 with options": LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", options_rest=b"\x01" * 4) / VXLAN,
    "IPv6": IPV6 / VXLAN,
    "hop-by-hop options": IPV6 / ALERT / VXLAN,
    "destination options": IPV6 / oc.IPv6DestinationOptions() / VXLAN,
    "two kinds of options": IPV6 / ALERT / oc.IPv6DestinationOptions() / VXLAN,
    "GRE with a checksum": IPV4 / oc.GRE(checksum_present=True),
    "GRE in IPv6": IPV6 / ALERT / oc.GRE(),
    "a tunnel in a tunnel": IPV6 / ALERT / VXLAN / IPV6 / ALERT / VXLAN,
}


@pytest.mark.parametrize("size", [0, 1, 200])
@pytest.mark.parametrize("outside", OUTSIDE)
def test_a_tag_inside_a_tunnel_is_in_all_lengths_and_checksums(outside: str, size: int) -> None:
    inner = oc.IPv4(src="192.168.0.1", dst="192.168.0.2") / oc.UDP(src_port=1, dst_port=2) / bytes(range(size))
    before = oc.decode(oc.encode(OUTSIDE[outside] / (LINK / inner)))
    wanted = oc.encode(OUTSIDE[outside] / (LINK / (oc.VLANTag(vid=9) / inner)))
    pushed = vlan.push(before, vid=9, scope="innermost")
    assert oc.encode(pushed).hex() == wanted.hex()
    assert vlan.pop(oc.decode(wanted), scope="innermost") == before


def tagged(before: oc.Packet) -> oc.Packet:
    """With a tag inside; and without it, the packet is what it was."""
    after = vlan.push(before, vid=9, scope="inner")
    assert vlan.pop(after, scope="inner") == before
    return after


INSIDE: Final = LINK / oc.IPv4(src="192.168.0.1", dst="192.168.0.2") / oc.UDP(src_port=1, dst_port=2) / b"data"


def test_a_checksum_that_no_sender_computes_stays() -> None:
    """RFC 1624 section 3: 0xFFFF is the other 0 of ones' complement. In UDP it is the one that senders write."""
    before = oc.resolve(OUTSIDE["IPv4"] / INSIDE).replace(oc.IPv4, checksum=0xFFFF)
    assert tagged(before)[oc.IPv4].checksum == 0xFFFF
    summed = oc.resolve(OUTSIDE["GRE with a checksum"] / INSIDE).replace(oc.GRE, checksum=0xFFFF)
    assert tagged(summed)[oc.GRE].checksum == 0xFFFF
    datagram = oc.fill(oc.resolve(OUTSIDE["IPv4"] / INSIDE).replace(oc.UDP, checksum=1))
    assert tagged(datagram.replace(oc.UDP, checksum=0xFFFF))[oc.UDP].checksum != 0xFFFF


@pytest.mark.parametrize("outside", OUTSIDE)
@pytest.mark.parametrize("off", [1, 0x100, 0xFFFE])
def test_a_wrong_checksum_outside_stays_wrong_by_as_much(outside: str, off: int) -> None:
    right = oc.resolve(OUTSIDE[outside] / INSIDE)
    for path, verdict in oc.checksums(right).items():
        if verdict is oc.ChecksumStatus.VALID and not path.startswith("inner"):
            before = right.replace_at(path, (right.at(path) + off) % 0xFFFF)
            assert tagged(before).at(path) == (tagged(right).at(path) + off) % 0xFFFF


@pytest.mark.parametrize("outside", ["IPv4", "IPv6", "GRE with a checksum"])
def test_what_stands_behind_a_header_outside_is_in_the_checksums_outside_it(outside: str) -> None:
    """Octets behind the frame, behind the tunnel header's content, or behind all that IP counts."""
    whole = oc.resolve(OUTSIDE[outside] / INSIDE)
    for header in range(-1, len(whole.headers)):
        before = oc.fill(oc.Packet(whole.headers, whole.payload, (oc.Trailer(header, b"\xab\xcd\xef"),)))
        assert oc.checksums(tagged(before)) == oc.checksums(before)
        assert tagged(before) == oc.fill(tagged(before))


def test_the_check_sequence_of_the_frame_follows_a_tag_inside() -> None:
    whole = oc.resolve(OUTSIDE["IPv4"] / INSIDE / oc.FCS())
    assert oc.checksums(tagged(whole))["fcs"] is oc.ChecksumStatus.VALID
    wrong = whole.replace_at("fcs", bytes(octet ^ 1 for octet in whole.at("fcs")))
    assert tagged(wrong).at("fcs") == bytes(octet ^ 1 for octet in tagged(whole).at("fcs"))
    opened = OUTSIDE["IPv4"] / INSIDE / oc.FCS()
    assert vlan.push(opened, vid=9, scope="inner").at("fcs") is oc.AUTO


def test_a_length_in_place_of_a_type_follows() -> None:
    """IEEE 802.3 clause 3.2.6: up to 1500, the number counts what follows; RFC 1042 puts SNAP there."""
    link = LINK / oc.LLC() / oc.SNAP(protocol=0x6558)
    before = oc.resolve(link / INSIDE)
    assert before[oc.Ethernet].ethertype == 3 + 5 + 14 + 20 + 8 + 4
    assert tagged(before).at("ethernet.ethertype") == before.at("ethernet.ethertype") + 4


@pytest.mark.parametrize("checksum", [0, 1, 0xFF, 0x100, 0x101, 0xFE00, 0xFEFF, 0xFF00, 0xFF01, 0xFFFE])
@pytest.mark.parametrize("ttl", [2, 64, 255])
def test_a_router_counts_the_hops_down_in_any_checksum(checksum: int, ttl: int) -> None:
    """RFC 1624 section 3: the least and the largest sums are where the end-around carry matters."""
    none = oc.resolve(LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", ttl=ttl, protocol=99) / b"....")
    number = (none[oc.IPv4].checksum - checksum) % 0xFFFF
    packet = oc.fill(none.replace(oc.IPv4, identification=number))
    assert packet[oc.IPv4].checksum == checksum
    routed = vlan.route(packet, vid=None, src="02:00:00:00:00:aa", dst="02:00:00:00:00:bb")
    assert routed is not None
    assert routed[oc.IPv4].ttl == ttl - 1
    assert oc.checksums(routed)["ipv4.checksum"] is oc.ChecksumStatus.VALID
