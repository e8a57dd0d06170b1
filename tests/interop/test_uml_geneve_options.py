"""Geneve options with Linux: written by `act_tunnel_key` as we write them, and matched by `flower` as we wrote them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import pytest

import overlaycodec as oc
from tests.interop import comparing
from tests.interop.live.passage import Passage
from tests.interop.live.uml import TIED, UserModeLinux
from tests.interop.live.underlay import HERE, PEER, from_peer, over_udp
from tests.interop.tally import Tally
from tests.interop.test_ovs_geneve_options import Matter, changed
from tests.interop.test_ovs_tunnels import MATTERS, frames_of, matter_of

DEVICE: Final = "tunnel0"


def matters(count: int) -> list[Matter]:
    """As many VNIs, with options of all sizes that `tc` takes."""
    random = Random(9)
    made = []
    for _ in range(count):
        sizes = random.choice(((1,), (1, 2), (31,), (3, 1, 7), (31, 29)))
        options = tuple(
            oc.GeneveOption(
                option_class=random.getrandbits(16), type=random.getrandbits(8), data=random.randbytes(4 * words)
            )
            for words in sizes
        )
        made.append(Matter(random.getrandbits(24), options))
    return made


ALL: Final = matters(24)


def in_words(options: tuple[oc.GeneveOption, ...]) -> str:
    """As `tc` takes them."""
    return ",".join(f"{option.option_class:04x}:{option.type:02x}:{option.data.hex()}" for option in options)


@pytest.fixture
def kernel(started: Callable[[Callable[[], UserModeLinux]], UserModeLinux]) -> Iterator[UserModeLinux]:
    """With a Geneve device that is told in each case which VNI and options."""
    kernel = started(UserModeLinux)
    kernel.run(f"ip link add {DEVICE} type geneve external", f"ip link set {DEVICE} mtu 1400 up")
    try:
        kernel.tie(DEVICE)
        for device in (TIED, DEVICE):
            kernel.run(f"tc filter del dev {device} ingress")
        yield kernel
    finally:
        kernel.run(f"ip link del {DEVICE}")


def test_options_are_emitted_as_we_write_them(kernel: UserModeLinux, tally: Tally) -> None:
    def leaves(match: str, preference: int, vni: int, options: str) -> str:
        return (
            f"tc filter add dev {TIED} ingress pref {preference} protocol all {match} action tunnel_key set id {vni} "
            f"src_ip {PEER.ipv4} dst_ip {HERE.ipv4} dst_port 6081 nocsum ttl 64 {options} "
            f"pipe action mirred egress redirect dev {DEVICE}"
        )

    for number, (destination, matter) in enumerate(zip(MATTERS, ALL, strict=False)):
        options = f"geneve_opts {in_words(matter.options)}"
        kernel.run(leaves(f"flower dst_mac {destination}", number + 1, matter.vni, options))
    kernel.run(leaves("matchall", 100, 1, ""))

    made = frames_of(len(ALL), 1_000, seed=9)
    packets = []
    out = Passage(kernel.inside, kernel.underlay).through(list(map(oc.encode, made)))
    for frame, (data,) in zip(made, out, strict=True):
        packet = comparing.read(data)
        _, ecn = comparing.marks(frame)
        network = packet[oc.IPv4]
        outer = from_peer(ecn=ecn, identification=network.identification, dont_fragment=network.dont_fragment)
        # Linux leaves the header's C bit clear, whatever options it writes (RFC 8926 section 3.4 has it set).
        geneve = ALL[matter_of(frame)].geneve.replace(critical=False)
        comparing.same(data, outer / oc.UDP(src_port=packet[oc.UDP].src_port, checksum=0) / geneve / frame)
        packets.append(packet)
    tally.add("user-mode Linux, Geneve with options", "emitted", packets)


def test_options_are_matched_as_we_wrote_them(kernel: UserModeLinux, tally: Tally) -> None:
    """A bit more or less in an option, and the frame does not come out."""
    for number, matter in enumerate([*ALL, Matter(1, ())]):
        options = f"geneve_opts {in_words(matter.options)}" if matter.options else ""
        kernel.run(
            f"tc filter add dev {DEVICE} ingress pref {number + 1} protocol all flower enc_key_id {matter.vni} "
            f"{options} action mirred egress redirect dev {TIED}"
        )
    random = Random(10)
    made = frames_of(len(ALL), 1_000, seed=10)
    packets, expected = [], []
    for frame in made:
        wrong = random.random() < 0.3
        geneve = ALL[matter_of(frame)].geneve
        geneve = changed(geneve, random) if wrong else geneve
        packets.append(oc.encode(over_udp(geneve.replace(critical=random.random() < 0.5), frame)))
        expected.append(() if wrong else (oc.encode(frame),))
    passage = Passage(
        kernel.underlay, kernel.inside, wrapped=lambda fence: oc.encode(over_udp(oc.Geneve(vni=1), oc.decode(fence)))
    )
    assert passage.through(packets) == expected
    taken = [frame for frame, out in zip(made, expected, strict=True) if out]
    tally.add("user-mode Linux, Geneve with options", "delivered", taken)
