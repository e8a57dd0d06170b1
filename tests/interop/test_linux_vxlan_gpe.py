"""This machine's kernel and VXLAN-GPE, which carries IP packets; the VNI comes from a route."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from random import Random
from typing import Final

import pytest

import overlaycodec as oc
from tests.interop import comparing, frames
from tests.interop.live.linux_vxlan import DEVICE, LinuxVXLAN
from tests.interop.live.passage import Passage
from tests.interop.live.ports import RoutedSocket
from tests.interop.live.underlay import HERE, from_peer, over_udp, summed
from tests.interop.tally import Tally

VNI: Final = 7777
OVERLAY: Final = {4: ("192.168.8.1", "192.168.8.2"), 6: ("fd98::1", "fd98::2")}
"""Addresses within the tunnel: the peer's, and one behind us."""


def gpe() -> LinuxVXLAN:
    with ExitStack() as stack:
        device = stack.enter_context(LinuxVXLAN("gpe external", vni=None, port=4790))
        device.namespace.set(f"ipv6.conf.{DEVICE}.disable_ipv6", 0)
        device.namespace.ip(
            f"address add {OVERLAY[4][0]}/32 dev {DEVICE}",
            f"address add {OVERLAY[6][0]}/128 dev {DEVICE} nodad",
            f"route add 192.168.8.0/24 encap ip id {VNI} dst {HERE.ipv4} dev {DEVICE}",
            f"route add fd98::/64 encap ip id {VNI} dst {HERE.ipv4} dev {DEVICE}",
        )
        stack.pop_all()
    return device


@pytest.fixture
def device(started: Callable[[Callable[[], LinuxVXLAN]], LinuxVXLAN]) -> LinuxVXLAN:
    return started(gpe)


def packets(seed: int, count: int, version: int, *, to_peer: bool) -> Iterator[oc.Packet]:
    """IP packets within the tunnel, whatever is in them."""
    random = Random(seed)
    while count:
        packet = frames.ip(random, 1_000, version)
        network = packet.headers[0]
        src, dst = OVERLAY[version][::-1] if to_peer else OVERLAY[version]
        changes: dict[str, object] = {"src": src, "dst": dst}
        if isinstance(network, oc.IPv4):
            changes["identification"] = network.identification or 1  # the kernel gives one where there is none
        yield oc.resolve(oc.Packet((network.replace(**changes), *packet.headers[1:]), packet.payload))
        count -= 1


def alone(fence: bytes, version: int, *, to_peer: bool) -> oc.Packet:
    """A fence as an IP packet."""
    src, dst = OVERLAY[version][::-1] if to_peer else OVERLAY[version]
    network = oc.IPv4(src=src, dst=dst, identification=1) if version == 4 else oc.IPv6(src=src, dst=dst)
    return network / oc.UDP(src_port=20_000, dst_port=20_000) / fence


@pytest.mark.parametrize("version", [4, 6])
def test_emitted(version: int, device: LinuxVXLAN, tally: Tally) -> None:
    made = list(packets(4, 200, version, to_peer=False))
    with closing(RoutedSocket(device.namespace)) as entry:
        passage = Passage(
            entry, device.outside, wrapped=lambda fence: oc.encode(alone(fence, version, to_peer=False)), heard=is_gpe
        )
        emitted = passage.through(list(map(oc.encode, made)))
    read = []
    for packet, out in zip(made, emitted, strict=True):
        (data,) = out
        seen = comparing.read(data)
        network = packet.headers[0]
        assert isinstance(network, oc.IPv4 | oc.IPv6)
        outer = from_peer(
            ttl=64,
            dont_fragment=seen[oc.IPv4].dont_fragment,
            ecn=2 if network.ecn == 3 else network.ecn,
            identification=seen[oc.IPv4].identification,
        )
        tunnel = oc.UDP(src_port=seen[oc.UDP].src_port) / oc.VXLANGPE(vni=VNI)
        comparing.same(data, summed(outer / tunnel / packet, checked=False))
        assert seen.inner == packet
        read.append(seen)
    tally.add(f"Linux VXLAN-GPE, IPv{version} inside", "emitted", read)


@pytest.mark.parametrize("version", [4, 6])
def test_delivered(version: int, device: LinuxVXLAN, tally: Tally) -> None:
    def wrapped(packet: bytes | oc.Packet) -> bytes:
        return oc.encode(over_udp(oc.VXLANGPE(vni=VNI), packet, checked=True))

    passage = Passage(device.outside, device.inside, wrapped=lambda fence: wrapped(alone(fence, version, to_peer=True)))
    made = list(packets(5, 200, version, to_peer=True))
    assert passage.through(list(map(wrapped, made))) == [(oc.encode(packet),) for packet in made]
    tally.add(f"Linux VXLAN-GPE, IPv{version} inside", "delivered", made)


def is_gpe(data: bytes) -> bool:
    return data[23] == 17 and data[36:38] == (4790).to_bytes(2, "big")
