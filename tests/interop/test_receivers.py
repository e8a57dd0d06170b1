"""Real tunnel receivers deliver the very frame that we encapsulated, and their verdicts on the rest are no guesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given

import overlaycodec as oc
from tests.interop import frames
from tests.interop.live import receivers
from tests.interop.live.machine import Silent
from tests.interop.live.passage import Passage, fence, number_of
from tests.interop.live.receivers import Receiver
from tests.interop.tally import Tally
from tests.laws import common as laws

Start = Callable[[type[Receiver]], Receiver]

KINDS: Final = [
    receivers.LinuxVXLANReceiver,
    receivers.LinuxVXLANGBPReceiver,
    receivers.OVSVXLANReceiver,
    receivers.OVSGeneveReceiver,
    receivers.LinuxGeneveReceiver,
]
each = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@each
def test_frames_from_a_seed_are_delivered(kind: type[Receiver], started: Start, tally: Tally) -> None:
    made = frames.frames(seed=7348, count=2_000)
    octets = list(map(oc.encode, made))
    receiver = started(kind)
    assert receiver.deliver(list(map(receiver.wrapped, octets))) == [kind.due(frame) for frame in octets]
    tally.add(kind.__name__, "delivered", made)


@each
def test_whatever_the_catalog_holds_is_delivered(kind: type[Receiver], started: Start, tally: Tally) -> None:
    receiver = started(kind)

    @laws.share(4)
    @given(frames.any_frames())
    def delivers(drawn: list[oc.Packet]) -> None:
        octets = list(map(oc.encode, drawn))
        assert receiver.deliver(list(map(receiver.wrapped, octets))) == [kind.due(frame) for frame in octets]
        tally.add(kind.__name__, "delivered", drawn)

    delivers()


@each
def test_a_verdict_is_of_its_own_packet(kind: type[Receiver], started: Start) -> None:
    """One octet of the tunnel header that no receiver takes, in every third packet."""
    receiver = started(kind)
    octets = [oc.encode(packet) for packet in frames.frames(seed=6040, count=100)]
    packets = [bytearray(receiver.wrapped(frame)) for frame in octets]
    for packet in packets[::3]:
        packet[42] = 0x40  # VXLAN without I and with a reserved bit; Geneve of version 1
    expected: list[bytes | None] = [*octets]
    expected[::3] = [None] * len(expected[::3])
    assert receiver.deliver(list(map(bytes, packets))) == expected


class Pipe:
    """A peer of which each part can fail."""

    def __init__(self, passes: Callable[[bytes], list[bytes]]) -> None:
        self.passes = passes
        self.frames: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.frames += self.passes(frame)

    def receive(self, seconds: float) -> bytes | None:
        return self.frames.pop(0) if self.frames else None

    def close(self) -> None:
        pass


def test_what_comes_out_between_two_fences_is_of_the_frame_between_them() -> None:
    pipe = Pipe(lambda frame: [frame] if number_of(frame) else [frame.upper()] * frame.count(b"a"))
    passage = Passage(pipe, pipe, window=2)
    assert passage.through([b"aa", b"", b"ab"]) == [(b"AA", b"AA"), (), (b"AB",)]
    pipe.frames.append(b"unasked")
    assert passage.through([b"a"]) == [(b"A",)]


# Linux 6.18 with the address of `PEER`, a second or two after IPv6 came up on its device.
UNASKED: Final = {
    "MLDv2 report": (
        "33330000001602000000000a86dd6000000000380001fe80000000000000000000fffe00000aff020000000000000000000000000016"
        "3a000502000001008f006fda0000000204000000ff0200000000000000000001ff00000a04000000ff0200000000000000000001ff00"
        "0001"
    ),
    "duplicate address detection": (
        "3333ff00000a02000000000a86dd6000000000203aff00000000000000000000000000000000ff0200000000000000000001ff00000a"
        "8700894b00000000fe80000000000000000000fffe00000a0e017046d5d89f9f"
    ),
    "router solicitation": (
        "33330000000202000000000a86dd6000000000103afffe80000000000000000000fffe00000aff020000000000000000000000000002"
        "85007b1a00000000010102000000000a"
    ),
}

# The same: of ARP and of a datagram to a port where nobody listens; and half a minute after one fragment of a datagram.
SAID_LATER: Final = {
    "ARP reply": "02000000000b02000000000a0806000108000604000202000000000a0a4d000102000000000b0a4d0002",
    "port unreachable": (
        "02000000000b02000000000a080045c00040ad1700004001b8490a4d00010a4d0002030311bb00000000450000240000000040"
        "11662d0a4d00020a4d0001c000000900105a533132333435363738"
    ),
    "reassembly time exceeded": (
        "02000000000b02000000000a080045c00058c1c600004001a3820a4d00010a4d00020b0109f5000000004500003c0007200040"
        "11460e0a4d00020a4d0001c000000900482ab8" + "00" * 32
    ),
}
each_said = pytest.mark.parametrize("octets", [*UNASKED.values(), *SAID_LATER.values()], ids=[*UNASKED, *SAID_LATER])


@each_said
def test_what_a_peer_says_of_itself_is_not_heard(octets: str) -> None:
    said = bytes.fromhex(octets)
    pipe = Pipe(lambda frame: [frame, said])
    passage = Passage(pipe, pipe)
    assert passage.through([b"a", b"b"]) == [(b"a",), (b"b",)]
    other = bytes([*said[:6], 0x02, *said[7:11], 0x0C, *said[12:]])
    assert passage.through([other]) == [(other,)]


@pytest.mark.parametrize("lost", [2, 3, 4])
def test_a_lost_fence_is_an_error(lost: int) -> None:
    pipe = Pipe(lambda frame: [] if number_of(frame) == lost else [frame])
    with pytest.raises(Silent, match="did not"):
        Passage(pipe, pipe).through([b"a", b"b"])


def test_a_peer_may_lose_what_comes_before_it_is_ready() -> None:
    puts = iter(range(100))
    pipe = Pipe(lambda frame: [frame] if next(puts) >= 3 else [])
    assert Passage(pipe, pipe).through([b"a", b"b"]) == [(b"a",), (b"b",)]


def test_fences_are_told_from_frames() -> None:
    assert number_of(fence(7)) == 7
    assert number_of(fence(7)[:-1]) is None
    found: Any = [number_of(oc.encode(packet)) for packet in frames.frames(seed=1, count=10)]
    assert found == [None] * 10
