"""This machine's kernel and VXLAN's remote checksum offload: it finishes the inner checksums that we leave to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from typing import Final, TypeVar

import pytest

import overlaycodec as oc
from overlaycodec import dialects
from overlaycodec.tunnel import decapsulate
from tests.interop.live.linux_vxlan import DEVICE, NO_OFFLOADS, VNI, LinuxVXLAN
from tests.interop.live.passage import Passage
from tests.interop.live.peer import Peer
from tests.interop.live.ports import PacketSocket
from tests.interop.live.underlay import over_udp
from tests.interop.tally import Tally
from tests.laws import common as laws

P = TypeVar("P")
Start = Callable[[Callable[[], P]], P]

PROTOCOLS: Final[dict[type[oc.Header], tuple[int, int]]] = {oc.UDP: (17, 6), oc.TCP: (6, 16)}
"""The number, and where the checksum stands in the header that is summed (RFC 768, RFC 9293 section 3.1)."""
INNER: Final = ("inner.udp.checksum", "inner.tcp.checksum")


class Bridged(Peer):
    """A VXLAN device whose frames a bridge hands on to a card that does not sum: the kernel must have summed before.

    On the device itself a frame may be seen with its checksum still to be finished.
    """

    def __init__(self, options: str) -> None:
        with ExitStack() as stack:
            self._device = stack.enter_context(LinuxVXLAN(options))
            self.version, self.outside, namespace = self._device.version, self._device.outside, self._device.namespace
            namespace.ip("link add card mtu 9000 type veth peer name beyond mtu 9000")
            for name in ("card", "beyond"):
                namespace.run("ethtool", "-K", name, *NO_OFFLOADS)
            namespace.ip(
                "link add bridge0 type bridge mcast_snooping 0",
                f"link set {DEVICE} master bridge0",
                "link set card master bridge0",
                *(f"link set {name} up" for name in ("card", "beyond", "bridge0")),
            )
            self.beyond = PacketSocket(namespace, "beyond")
            stack.callback(self.beyond.close)
            self._stack = stack.pop_all()

    def passage(self) -> Passage:
        return Passage(
            self.outside, self.beyond, wrapped=lambda fence: oc.encode(over_udp(oc.VXLAN(vni=VNI), oc.decode(fence)))
        )


def offloaded() -> Bridged:
    return Bridged("remcsumrx")


def plain() -> Bridged:
    return Bridged("")


def made(count: int) -> list[oc.Packet]:
    """Frames with UDP or TCP over either IP, behind no tag, one or two."""
    random = Random(9)

    def one(number: int) -> oc.Packet:
        tags = [oc.VLANTag(vid=random.randrange(1, 4095)) for _ in range(number % 3)]
        networks = oc.IPv4(src="192.168.0.1", dst="192.168.0.2"), oc.IPv6(src="fd98::1", dst="fd98::2")
        src_port, dst_port = random.randrange(20_000, 40_000), random.randrange(20_000, 40_000)
        transports = (
            oc.UDP(src_port=src_port, dst_port=dst_port),
            oc.TCP(src_port=src_port, dst_port=dst_port, sequence=random.getrandbits(32), ack=True, window=8192),
        )
        link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
        headers = link, *tags, random.choice(networks), random.choice(transports)
        return oc.resolve(oc.Packet(headers, random.randbytes(random.randrange(1_000))))

    return [one(number) for number in range(count)]


def left_to_the_receiver(frame: oc.Packet) -> tuple[oc.VXLANRCO, bytes]:
    """The tunnel header, and the frame with no more than the pseudo-header's sum for a checksum (RFC 1071)."""
    *before, network, transport = frame.headers
    assert isinstance(network, oc.IPv4 | oc.IPv6)
    octets = bytearray(oc.encode(frame))
    start = len(oc.encode(oc.Packet((*before, network))))
    protocol, offset = PROTOCOLS[type(transport)]
    pseudo = network.src.packed + network.dst.packed + (len(octets) - start).to_bytes(4, "big") + bytes([0, protocol])
    octets[start + offset : start + offset + 2] = laws.words_sum(pseudo).to_bytes(2, "big")
    return oc.VXLANRCO(vni=VNI, checksum_is_udp=protocol == 17, checksum_start=start // 2), bytes(octets)


def wrapped(frame: oc.Packet) -> bytes:
    tunnel, octets = left_to_the_receiver(frame)
    return dialects.LINUX_RCO.encode(over_udp(tunnel, octets))


def test_inner_checksums_are_finished(started: Start[Bridged], tally: Tally) -> None:
    drawn = made(300)
    packets = [wrapped(frame) for frame in drawn]
    for data in packets:
        verdicts = oc.checksums(dialects.LINUX_RCO.decode(data))
        assert {str(verdict) for path, verdict in verdicts.items() if path in INNER} == {"partial"}
    assert [decapsulate(data, catalog=dialects.LINUX_RCO).frame for data in packets] == list(map(oc.encode, drawn))
    assert started(offloaded).passage().through(packets) == [(oc.encode(frame),) for frame in drawn]
    tally.add("Linux VXLAN, remote checksum offload", "delivered", drawn)


def test_who_was_not_told_of_it_drops_it(started: Start[Bridged]) -> None:
    packets = [wrapped(frame) for frame in made(20)]
    assert started(plain).passage().through(packets) == [()] * 20


@pytest.mark.parametrize("start", [0, 3, 16, 18])
def test_another_start_sums_something_else(start: int, started: Start[Bridged]) -> None:
    frame = made(1)[0]
    tunnel, octets = left_to_the_receiver(frame)
    packet = dialects.LINUX_RCO.encode(over_udp(tunnel.replace(checksum_start=start), octets))
    assert started(offloaded).passage().through([packet]) != [(oc.encode(frame),)]
