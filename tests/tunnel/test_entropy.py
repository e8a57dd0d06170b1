"""Source ports: the same for a flow everywhere, and spread evenly over flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import (
    ARP,
    ICMP,
    TCP,
    UDP,
    Ethernet,
    IPv4,
    IPv6,
    IPv6Fragment,
    Packet,
    VLANTag,
    tunnel,
)

FLOWS: Final = 100_000
INSIDE: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")


def flow(number: int) -> Packet:
    """Flows as they are in nature: one client after the other, ports one after the other, few servers."""
    client, port = divmod(number, 100)
    network = IPv4(src=IPv4Address(0x0A000000 + client), dst="192.168.0.1", protocol=6)
    return Packet((network, TCP(src_port=32768 + port, dst_port=443)))


def statistic(counts: Counter[int], cells: Iterable[int], flows: int) -> tuple[float, float]:
    """Pearson's chi-square, and by how many standard deviations it is off what chance gives."""
    cells = list(cells)
    assert set(counts) <= set(cells)
    expected = flows / len(cells)
    square = sum((counts[cell] - expected) ** 2 / expected for cell in cells)
    freedom = len(cells) - 1
    return square, (square - freedom) / (2 * freedom) ** 0.5


def test_source_ports_are_even() -> None:
    numbers = [tunnel.flow_hash(flow(number)) for number in range(FLOWS)]
    for name, low, high in (
        ("VXLAN: RFC 7348 section 5", 49152, 65535),
        ("Geneve: RFC 8926 section 3.3", 1, 65535),
        ("NVGRE's FlowID", 0, 255),
    ):
        counts = Counter(tunnel.entropy.spread(number, low, high) for number in numbers)
        _, deviations = statistic(counts, range(low, high + 1), FLOWS)
        # both ways: ports that were too even would come from counting, not from a hash
        assert abs(deviations) < 4, name
    labels = Counter(tunnel.entropy.flow_label(number) >> 8 for number in numbers)
    assert abs(statistic(labels, range(1 << 12), FLOWS)[1]) < 4


def test_the_test_can_fail() -> None:
    """What a plain sum of the octets makes of the same flows."""
    counts = Counter(49152 + sum(tunnel.flow_octets(flow(number))) % 16384 for number in range(10_000))
    assert statistic(counts, range(49152, 65536), 10_000)[1] > 4


# The octets as documented; the hash by `b2sum -l 64` of the GNU coreutils.
VECTORS: Final = {
    "udp v4": (
        INSIDE / IPv4(src="192.168.0.1", dst="192.168.0.2") / UDP(src_port=1000, dst_port=2000),
        "c0a80001 c0a80002 11 03e8 07d0",
        "d3b70c05240f0573",
    ),
    "tcp v6, tagged": (
        INSIDE / VLANTag(vid=7) / IPv6(src="fd00::1", dst="fd00::2", flow_label=9) / TCP(src_port=1, dst_port=80),
        "fd000000000000000000000000000001 fd000000000000000000000000000002 06 0001 0050",
        "400bc2672f972aae",
    ),
    "icmp": (INSIDE / IPv4(src="10.0.0.1", dst="10.0.0.2") / ICMP(type=8), "0a000001 0a000002 01", "459e7b33ee8b92bc"),
    "no ports, flow label": (
        INSIDE / IPv6(src="fd00::1", dst="fd00::2", flow_label=9, next_header=59),
        "fd000000000000000000000000000001 fd000000000000000000000000000002 3b 000009",
        "a6c41fdfa7be68bd",
    ),
    "arp": (
        INSIDE
        / ARP(
            sender_hardware="02:00:00:00:00:01",
            sender_protocol="10.0.0.1",
            target_hardware="00:00:00:00:00:00",
            target_protocol="10.0.0.2",
        ),
        "020000000002 020000000001 0806",
        "655caaa5542a8fd0",
    ),
    "octets": (Packet((), b"abcdefghijklmnopqrst"), "6162636465666768696a6b6c6d6e", "107eda07c17c47f4"),
}


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(name: str) -> None:
    packet, octets, digest = VECTORS[name]
    packet = oc.resolve(packet)
    assert tunnel.flow_octets(packet) == bytes.fromhex(octets)
    assert tunnel.flow_hash(packet) == int(digest, 16)
    assert tunnel.flow_port(packet) == 49152 + int(digest, 16) // (1 << 50)


def test_the_port_of_an_endpoint_is_that_of_the_flow() -> None:
    packet = oc.resolve(VECTORS["udp v4"][0])
    tep = tunnel.VXLANTunnel(vni=1, src="10.0.0.1", dst="10.0.0.2")
    port = tep.encapsulate(packet)[UDP].src_port
    assert port == tunnel.flow_port(packet)
    assert tep.encapsulate(packet / b"another payload")[UDP].src_port == port
    assert tep.encapsulate(oc.encode(packet))[UDP].src_port == port
    assert tep.replace(key=b"other").encapsulate(packet)[UDP].src_port != port
    assert tep.replace(src_ports=(5, 5)).encapsulate(packet)[UDP].src_port == 5


@pytest.mark.parametrize("version", [4, 6])
def test_all_fragments_go_one_way(version: int) -> None:
    payload = UDP(src_port=1, dst_port=2, length=48, checksum=0)
    pieces = []
    for offset, more in ((0, True), (2, True), (5, False)):
        inside = payload / bytes(8) if offset == 0 else Packet((), bytes(16))
        if version == 4:
            network = IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=17, fragment_offset=offset, more_fragments=more)
            pieces.append(Packet((INSIDE, network)) / inside)
        else:
            fragment = IPv6Fragment(next_header=17, fragment_offset=offset, more_fragments=more)
            pieces.append(INSIDE / IPv6(src="fd00::1", dst="fd00::2") / fragment / inside)
    ports = {tunnel.flow_port(oc.decode(oc.encode(piece), lax=True)) for piece in pieces}
    assert len(ports) == 1


def test_flow_labels_are_all_numbers_but_0() -> None:
    """RFC 6437 section 2: 0 is no label; the field has 20 bits."""
    labels = {tunnel.entropy.flow_label(number) for number in (0, 1, 0xFFFF, 0xFFFF_FFFF, (1 << 64) - 1)}
    assert min(labels) == 1
    assert 0xFFFFF - (0xFFFFF >> 8) < max(labels) <= 0xFFFFF


def test_the_hop_limit_of_the_outer_header_is_64() -> None:
    """The recommended default of IANA (IP option numbers, RFC 1700), as Linux has it in `ip_default_ttl`."""
    frame = INSIDE.replace(ethertype=0x88B5) / b"..."
    endpoint = tunnel.VXLANTunnel(vni=1, src="192.0.2.1", dst="192.0.2.2")
    assert endpoint.encapsulate(frame).at("ipv4.ttl") == 64
    over_ipv6 = tunnel.VXLANTunnel(vni=1, src="2001:db8::1", dst="2001:db8::2")
    assert over_ipv6.encapsulate(frame).at("ipv6.hop_limit") == 64
