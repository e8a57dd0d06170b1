"""Geneve options with Open vSwitch: written by its flows as we write them, and matched by them as we wrote them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

import pytest

import overlaycodec as oc
from tests.interop import comparing
from tests.interop.live.ovs import PreparedSwitch
from tests.interop.live.passage import Passage
from tests.interop.live.underlay import from_peer, over_udp
from tests.interop.tally import Tally
from tests.interop.test_ovs_tunnels import DEEPEST_TAG, FENCES, MATTERS, frames_of, matter_of


class Known(NamedTuple):
    """An option that the switch is told of."""

    option_class: int
    type: int
    octets: int


KNOWN: Final = (
    Known(0x0102, 0x80, 4),  # OVN's, critical
    Known(0x0103, 0x01, 8),
    Known(0xFFFF, 0x7F, 124),
    Known(0x0104, 0x02, 0),
    Known(0x0132, 0x81, 16),
)


class Matter(NamedTuple):
    """What the tunnel header of some frames says."""

    vni: int
    options: tuple[oc.GeneveOption, ...]

    @property
    def geneve(self) -> oc.Geneve:
        return oc.Geneve(vni=self.vni, options=self.options)

    def words(self, assign: str) -> list[str]:
        """VNI and options in the words of a flow: `{1}=1` matches, `{1}->{0}` sets."""
        values = [("tun_id", self.vni.to_bytes(3, "big"))]
        values += [
            (f"tun_metadata{KNOWN.index(Known(option.option_class, option.type, len(option.data)))}", option.data)
            for option in self.options
        ]
        return [assign.format(name, f"0x{octets.hex() or '0'}") for name, octets in values]


def matters() -> list[Matter]:
    """A different one for each of `MATTERS`."""
    random = Random(8926)
    return [
        Matter(
            random.getrandbits(24),
            tuple(
                oc.GeneveOption(option_class=known.option_class, type=known.type, data=random.randbytes(known.octets))
                for known in KNOWN
                if random.random() < 0.5
            ),
        )
        for _ in MATTERS
    ]


ALL: Final = matters()


class Switch(PreparedSwitch):
    """A switch that knows these options."""

    def _prepare(self) -> None:
        self.host = self.switch.host("h1")
        self.switch.tunnel("t1", "geneve")
        maps = (
            f"{{class={known.option_class:#x},type={known.type:#x},len={known.octets}}}->tun_metadata{index}"
            for index, known in enumerate(KNOWN)
        )
        self.switch.ofctl("add-tlv-map", "br-int", ",".join(maps))


@pytest.fixture
def peer(started: Callable[[Callable[[], Switch]], Switch]) -> Switch:
    return started(Switch)


def test_options_are_emitted_as_we_write_them(peer: Switch, tally: Tally) -> None:
    peer.switch.flows(
        *(
            f"in_port=h1,dl_dst={destination},actions={','.join(matter.words('set_field:{1}->{0}'))},output:t1"
            for destination, matter in zip(MATTERS, ALL, strict=True)
        ),
        f"in_port=h1,dl_dst={FENCES},actions=output:t1",
    )
    made = frames_of(len(MATTERS), 2_000, seed=8926)
    packets = []
    for frame, out in zip(
        made, Passage(peer.host, peer.switch.underlay).through(list(map(oc.encode, made))), strict=True
    ):
        (data,) = out
        packet = comparing.read(data)
        _, ecn = comparing.marks(frame, DEEPEST_TAG)
        outer = from_peer(ecn=ecn, dont_fragment=True) / oc.UDP(src_port=packet[oc.UDP].src_port, checksum=0)
        geneve = ALL[matter_of(frame)].geneve
        comparing.same(data, outer / geneve / frame)
        expected = comparing.read(oc.encode(outer / geneve / frame))
        assert packet[oc.Geneve].options == expected[oc.Geneve].options
        packets.append(packet)
    tally.add("Open vSwitch, Geneve with options", "emitted", packets)


def test_options_are_matched_as_we_wrote_them(peer: Switch, tally: Tally) -> None:
    """A bit more or less in an option, or in the VNI, and the frame does not come out."""
    peer.switch.flows(
        *(
            f"in_port=t1,dl_dst={destination},{','.join(matter.words('{0}={1}'))},actions=output:h1"
            for destination, matter in zip(MATTERS, ALL, strict=True)
        ),
        f"in_port=t1,dl_dst={FENCES},actions=output:h1",
    )
    made = frames_of(len(MATTERS), 2_000, seed=8927)
    random = Random(8927)
    packets, expected = [], []
    for frame in made:
        geneve = ALL[matter_of(frame)].geneve
        wrong = random.random() < 0.3
        packet = oc.resolve(over_udp(changed(geneve, random) if wrong else geneve, frame))
        packets.append(oc.encode(packet))
        expected.append(() if wrong else (oc.encode(frame),))
    passage = Passage(
        peer.switch.underlay, peer.host, wrapped=lambda fence: oc.encode(over_udp(oc.Geneve(vni=1), oc.decode(fence)))
    )
    assert passage.through(packets) == expected
    tally.add(
        "Open vSwitch, Geneve with options", "delivered", [f for f, out in zip(made, expected, strict=True) if out]
    )


def changed(geneve: oc.Geneve, random: Random) -> oc.Geneve:
    """One bit is another: of the data of an option, or of the VNI where there is none."""
    options = [option for option in geneve.options if isinstance(option, oc.GeneveOption)]
    with_data = [index for index, option in enumerate(options) if option.data]
    if not with_data:
        return geneve.replace(vni=geneve.vni ^ 1 << random.randrange(24))
    index = random.choice(with_data)
    data = bytearray(options[index].data)
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    options[index] = options[index].replace(data=bytes(data))
    return geneve.replace(options=tuple(options))
