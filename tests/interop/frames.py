"""Inner frames of all kinds, from a seed: tags of any depth, IPv4, IPv6, ARP, nothing known, tunnels in tunnels."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from random import Random

from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import strategies as overlay

DEEPEST = 2
"""Tunnels in an inner frame."""


def frames(seed: int, count: int, largest: int = 1200) -> list[oc.Packet]:
    """Packets whose lengths, checksums and selectors are derived, with at most so many octets of payload."""
    random = Random(seed)
    return [oc.resolve(frame(random, largest)) for _ in range(count)]


def any_frames(largest: int = 1200) -> st.SearchStrategy[list[oc.Packet]]:
    """Up to eight stacks of whatever the catalog holds, which the device of a receiver has room for."""
    packets = overlay.packets(reserved=True, payload=st.binary(max_size=64))
    return st.lists(packets.filter(lambda packet: len(oc.encode(packet)) <= largest), min_size=1, max_size=8)


def frame(random: Random, largest: int, depth: int = 0) -> oc.Packet:
    """One frame."""
    tags = tuple(_tag(random) for _ in range(random.choice((0, 0, 1, 2, 3))))
    behind = random.choice((_ipv4, _ipv4, _ipv6, _arp, _unknown))(random, largest, depth)
    link = oc.Ethernet(dst=_mac(random), src=_mac(random, unicast=True))
    if tags and random.random() < 0.3:
        link = link.replace(ethertype=0x88A8)
    headers: tuple[oc.Header, ...] = (link, *tags)
    if isinstance(behind, bytes):
        last = headers[-1].replace(ethertype=random.choice((0x88B5, 0x88B6, 0x9999)))
        return oc.Packet((*headers[:-1], last), behind)
    return oc.Packet(headers) / behind


def _tag(random: Random) -> oc.VLANTag:
    return oc.VLANTag(
        pcp=random.randrange(8),
        dei=random.random() < 0.2,
        vid=random.choice((0, 1, 4094, 4095, random.randrange(4096))),
    )


def _mac(random: Random, *, unicast: bool = False) -> oc.MACAddress:
    octets = random.randbytes(6)
    return oc.MACAddress(bytes([octets[0] & 0xFE if unicast else octets[0]]) + octets[1:])


def _payload(random: Random, largest: int) -> bytes:
    return random.randbytes(random.choice((0, 1, 18, largest, random.randrange(largest + 1))))


def _unknown(random: Random, largest: int, depth: int) -> bytes:
    return random.randbytes(random.randrange(2, 100))  # Linux takes no tagged frame with less


def _arp(random: Random, largest: int, depth: int) -> oc.Packet:
    return oc.Packet(
        (
            oc.ARP(
                operation=random.choice((1, 2)),
                sender_hardware=_mac(random),
                sender_protocol=_ipv4_address(random),
                target_hardware=_mac(random),
                target_protocol=_ipv4_address(random),
            ),
        )
    )


def ip(random: Random, largest: int, version: int) -> oc.Packet:
    """An IP packet, without a link."""
    return _ipv4(random, largest, 0) if version == 4 else _ipv6(random, largest, 0)


def _ipv4_address(random: Random) -> IPv4Address:
    return IPv4Address(random.getrandbits(32))


def _ipv6_address(random: Random) -> IPv6Address:
    return IPv6Address(random.getrandbits(128))


def _ipv4(random: Random, largest: int, depth: int) -> oc.Packet:
    header = oc.IPv4(
        src=_ipv4_address(random),
        dst=_ipv4_address(random),
        dscp=random.randrange(64),
        ecn=random.randrange(4),
        identification=random.getrandbits(16),
        dont_fragment=random.random() < 0.5,
        ttl=random.randrange(1, 256),
    )
    return header / _transport(random, largest, depth)


def _ipv6(random: Random, largest: int, depth: int) -> oc.Packet:
    header = oc.IPv6(
        src=_ipv6_address(random),
        dst=_ipv6_address(random),
        dscp=random.randrange(64),
        ecn=random.randrange(4),
        flow_label=random.getrandbits(20),
        hop_limit=random.randrange(1, 256),
    )
    return header / _transport(random, largest, depth)


def _transport(random: Random, largest: int, depth: int) -> oc.Packet:
    ways: list[Callable[[Random, int, int], oc.Packet]] = [_udp, _tcp]
    if depth < DEEPEST:
        ways.append(_tunnel)
    return random.choice(ways)(random, largest, depth)


def _port(random: Random) -> int:
    return random.randrange(20000, 40000)  # no tunnel is bound there


def _udp(random: Random, largest: int, depth: int) -> oc.Packet:
    return oc.UDP(src_port=_port(random), dst_port=_port(random)) / _payload(random, largest)


def _tcp(random: Random, largest: int, depth: int) -> oc.Packet:
    options = random.choice(((), (oc.TCPMSSOption(mss=1460), oc.TCPOption(kind=1), oc.TCPOption(kind=1))))
    header = oc.TCP(
        src_port=_port(random),
        dst_port=_port(random),
        sequence=random.getrandbits(32),
        acknowledgment=random.getrandbits(32),
        ack=True,
        psh=random.random() < 0.5,
        window=random.getrandbits(16),
        options=options,
    )
    return header / _payload(random, largest)


def _tunnel(random: Random, largest: int, depth: int) -> oc.Packet:
    inner = frame(random, largest // 2, depth + 1)
    vni = random.getrandbits(24)
    kind = random.randrange(3)
    if kind == 0:
        return oc.UDP(src_port=_port(random)) / oc.VXLAN(vni=vni) / inner
    if kind == 1:
        options = tuple(
            oc.GeneveOption(
                option_class=random.getrandbits(16), type=random.getrandbits(8), data=random.randbytes(4 * words)
            )
            for words in random.choice(((), (1,), (0, 2, 31)))
        )
        return oc.UDP(src_port=_port(random)) / oc.Geneve(vni=vni, options=options) / inner
    return oc.GRE(key=random.getrandbits(32)) / inner
