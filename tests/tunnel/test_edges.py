"""Tunnels at the last value that is taken and the first that is not."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import GRE, UDP, VXLAN, Ethernet, ICMPUnreachable, ICMPv6PacketTooBig, IPv4, IPv6, Packet, tunnel

LINK: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
ENDPOINT: Final = tunnel.VXLANTunnel(vni=1, src="10.0.0.1", dst="10.0.0.2")
PLATEAUS: Final = (32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68)
"""RFC 1191 table 7-1, without 65535, which no datagram is longer than."""


def message(octets: int, mtu: int, code: int = 4) -> bytes:
    """A router's message about a packet of the endpoint, of so many octets by its length field."""
    quoted = IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=17, total_length=octets)
    datagram = UDP(src_port=50000, dst_port=4789, length=min(octets, 0xFFFF) - 20, checksum=0)
    network = IPv4(src="10.9.9.9", dst="10.0.0.1")
    error = Packet((network, oc.ICMP(type=3, code=code), ICMPUnreachable(next_hop_mtu=mtu), quoted, datagram))
    return oc.encode(error)


@pytest.mark.parametrize(("plateau", "next_one"), list(zip(PLATEAUS, (*PLATEAUS[1:], 68), strict=True)))
def test_a_router_that_says_no_mtu(plateau: int, next_one: int) -> None:
    assert ENDPOINT.told_mtu(message(plateau + 1, 0)) == plateau
    assert ENDPOINT.told_mtu(message(plateau, 0)) == next_one


@pytest.mark.parametrize(("said", "told"), [(1, 68), (67, 68), (68, 68), (69, 69), (65535, 65535)])
def test_no_mtu_is_less_than_68(said: int, told: int) -> None:
    """RFC 791 section 3.2: every module forwards 68 octets without fragmentation."""
    assert ENDPOINT.told_mtu(message(1500, said)) == told
    for code in (0, 3, 5):
        assert ENDPOINT.told_mtu(message(1500, said, code)) is None


@pytest.mark.parametrize(("said", "told"), [(0, 1280), (1279, 1280), (1280, 1280), (1281, 1281)])
def test_no_mtu_of_ipv6_is_less_than_1280(said: int, told: int) -> None:
    """RFC 8200 section 5."""
    endpoint = tunnel.VXLANTunnel(vni=1, src="fd00::1", dst="fd00::2")
    quoted = IPv6(src="fd00::1", dst="fd00::2", next_header=17, payload_length=1400)
    datagram = UDP(src_port=50000, dst_port=4789, length=1400, checksum=0)
    headers = (IPv6(src="fd00::9", dst="fd00::1"), oc.ICMPv6(type=2), ICMPv6PacketTooBig(mtu=said))
    assert endpoint.told_mtu(oc.encode(Packet((*headers, quoted, datagram)))) == told
    assert endpoint.told_mtu(oc.encode(Packet((*headers, quoted)))) is None
    other = IPv6(src="fd00::7", dst="fd00::2", next_header=17, payload_length=1400)
    assert endpoint.told_mtu(oc.encode(Packet((*headers, other, datagram)))) is None


def test_a_frame_that_the_catalog_does_not_know() -> None:
    packet = oc.encode(LINK / IPv4(src="10.0.0.1", dst="10.0.0.2") / GRE(protocol_type=0x1234) / b"frame")
    got = tunnel.decapsulate(packet)
    assert (got.first, got.frame, got.packet) == (None, b"frame", Packet((), b"frame"))
    assert tunnel.decapsulate_all(packet) == (got,)


@pytest.mark.parametrize(
    ("group", "mac"),
    [  # RFC 1112 section 6.4: 23 bits; RFC 2464 section 7: 32 bits
        ("224.0.0.1", "01:00:5e:00:00:01"),
        ("239.255.255.255", "01:00:5e:7f:ff:ff"),
        ("224.128.0.1", "01:00:5e:00:00:01"),
        ("ff02::1", "33:33:00:00:00:01"),
        ("ff02::1:ffff:ffff", "33:33:ff:ff:ff:ff"),
        ("ff02::1:0:1", "33:33:00:00:00:01"),
    ],
)
def test_the_address_of_a_group(group: str, mac: str) -> None:
    address = IPv6Address(group) if ":" in group else IPv4Address(group)
    assert str(tunnel.group_mac(address)) == mac


PCPS: Final = tuple(range(8))
DSCPS: Final = tuple(dscp % 8 for dscp in range(64))

WRONG: Final[dict[str, tuple[Callable[[], object], type[Exception], str]]] = {
    "no group": (lambda: tunnel.group_mac(IPv4Address("223.255.255.255")), ValueError, "is no multicast group"),
    "a long key": (lambda: tunnel.flow_hash(Packet(), bytes(65)), ValueError, "has 65 octets; at most 64"),
    "a key of text": (lambda: tunnel.flow_hash(Packet(), "a"), TypeError, "key"),  # type: ignore[arg-type]
    "one port": (lambda: ENDPOINT.replace(src_ports=(1,)), TypeError, "src_ports"),
    "ports in a list": (lambda: ENDPOINT.replace(src_ports=[1, 2]), TypeError, "src_ports"),
    "a port too many": (lambda: ENDPOINT.replace(src_ports=(1, 65536)), ValueError, r"not \(1, 65536\)"),
    "a port below all": (lambda: ENDPOINT.replace(src_ports=(-1, 1)), ValueError, r"not \(-1, 1\)"),
    "ports in the wrong order": (lambda: ENDPOINT.replace(src_ports=(2, 1)), ValueError, r"not \(2, 1\)"),
    "too few classes": (lambda: tunnel.Priorities(PCPS[1:], DSCPS), ValueError, "dscp is a tuple of 8 numbers"),
    "too many classes": (lambda: tunnel.Priorities((*PCPS, 1), DSCPS), ValueError, "dscp is a tuple of 8 numbers"),
    "a class too high": (lambda: tunnel.Priorities((64, *PCPS[1:]), DSCPS), ValueError, r"dscp\[0\]"),
    "a class below all": (lambda: tunnel.Priorities((-1, *PCPS[1:]), DSCPS), ValueError, r"dscp\[0\]"),
    "too few priorities": (lambda: tunnel.Priorities(PCPS, DSCPS[1:]), ValueError, "pcp is a tuple of 64 numbers"),
    "a priority too high": (lambda: tunnel.Priorities(PCPS, (*DSCPS[1:], 8)), ValueError, r"pcp\[63\]"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told(case: str) -> None:
    act, error, words = WRONG[case]
    with pytest.raises(error, match=words):
        act()


def test_the_last_that_is_taken() -> None:
    assert ENDPOINT.replace(src_ports=(0, 65535)).src_ports == (0, 65535)
    assert ENDPOINT.replace(src_ports=(7, 7)).source_port(b"") == 7
    assert tunnel.Priorities((0, 63, *PCPS[2:]), (0, 7, *DSCPS[2:])).dscp[1] == 63
    assert tunnel.flow_hash(Packet(), bytes(64)) != tunnel.flow_hash(Packet(), bytes(63) + b"\1")
    assert tunnel.CLASS_SELECTORS.dscp == (0, 8, 16, 24, 32, 40, 48, 56)  # RFC 2474 section 4.2.2
    assert [tunnel.CLASS_SELECTORS.pcp[dscp] for dscp in (0, 7, 8, 46, 63)] == [0, 0, 1, 5, 7]


def test_truth_of_what_is_received() -> None:
    packet = ENDPOINT.encapsulate(oc.encode(LINK.replace(ethertype=0x88B5)))
    receiving: Any = tunnel.VXLANTunnel(vni=1, src="10.0.0.2", dst="10.0.0.1")
    got = receiving.receive(oc.encode(packet))
    assert bool(got) is True
    other = receiving.replace(vni=2).receive(oc.encode(packet))
    assert bool(other) is False
    assert VXLAN in packet
