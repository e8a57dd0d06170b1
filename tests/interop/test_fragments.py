"""This machine's kernel and fragments: it puts ours together, we put its together, and we agree on what is no whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random
from typing import Any, Final, TypeVar

import pytest

import overlaycodec as oc
from overlaycodec.reassembly import FragmentReassembler, fragment
from overlaycodec.tunnel import decapsulate
from tests.interop import comparing, frames
from tests.interop.live.linux_vxlan import DEVICE, LinuxVXLAN
from tests.interop.live.passage import Passage
from tests.interop.live.underlay import over_udp
from tests.interop.tally import Tally

P = TypeVar("P")
Start = Callable[[Callable[[], P]], P]

SMALL: Final = 1400
"""An MTU of the underlay that frames do not go through whole."""


LINUX: Final[dict[int, Callable[[], LinuxVXLAN]]] = {
    4: lambda: LinuxVXLAN("df unset"),
    6: lambda: LinuxVXLAN(version=6),
}
versions = pytest.mark.parametrize("version", [4, 6])


def _wrapped(frame: bytes, version: int) -> bytes:
    return oc.encode(over_udp(oc.VXLAN(vni=100), frame, version=version, checked=True))


def _receiving(device: LinuxVXLAN, version: int) -> Passage:
    return Passage(device.outside, device.inside, wrapped=lambda frame: _wrapped(frame, version))


def _numbered(packet: oc.Packet, number: int) -> oc.Packet:
    """An outer packet with an identification of its own, in IPv4."""
    if oc.IPv4 not in packet.outer:
        return packet
    return oc.fill(packet.replace(oc.IPv4, identification=number & 0xFFFF))


@versions
def test_our_fragments_are_put_together(version: int, started: Start[LinuxVXLAN], tally: Tally) -> None:
    passage = _receiving(started(LINUX[version]), version)
    random = Random(version)
    made = frames.frames(seed=version, count=200, largest=6000)
    pieces: list[list[oc.Packet]] = []
    for number, frame in enumerate(made):
        packet = _numbered(oc.decode(_wrapped(oc.encode(frame), version)), number)
        pieces.append(list(fragment(packet, mtu=random.randrange(100, 1400), identification=number)))
        random.shuffle(pieces[-1])
    out = iter(passage.through([oc.encode(piece) for group in pieces for piece in group]))
    for frame, group in zip(made, pieces, strict=True):
        assert [data for _ in group for data in next(out)] == [oc.encode(frame)]
    tally.add(f"Linux reassembly, IPv{version}", "delivered", made)


def test_its_fragments_are_put_together(started: Start[LinuxVXLAN], tally: Tally) -> None:
    """The device is told of a larger MTU than its underlay has. Over IPv6 the kernel drops what is too long for it."""
    device = started(LINUX[4])
    made = frames.frames(seed=6, count=400, largest=6000)
    reassembler = FragmentReassembler()
    passage = Passage(device.inside, device.outside)
    device.namespace.ip(f"link set peer mtu {SMALL}", f"link set {DEVICE} mtu 8900")
    try:
        out = passage.through([oc.encode(frame) for frame in made])
    finally:
        device.namespace.ip("link set peer mtu 9000")
    wholes = []
    for frame, pieces in zip(made, out, strict=True):
        assert all(len(piece) - 14 <= SMALL for piece in pieces)
        found = [whole for piece in pieces if (whole := reassembler.feed(piece)) is not None]
        (whole,) = found
        packet = comparing.read(oc.encode(whole))
        assert packet.inner == oc.decode(oc.encode(frame))
        wholes.append(whole)
    assert sum(len(pieces) > 1 for pieces in out) > 50
    tally.add("Linux fragments, IPv4", "emitted", wholes)


def _payload(piece: oc.Packet) -> bytes:
    """What a fragment carries."""
    cls = oc.IPv4 if oc.IPv4 in piece.outer else oc.IPv6Fragment
    index = next(index for index, header in enumerate(piece.headers) if type(header) is cls)
    return oc.encode(oc.Packet(piece.headers[index + 1 :], piece.payload))


def _moved(piece: oc.Packet, by: int, *, more: bool | None = None, data: bytes | None = None) -> oc.Packet:
    """A fragment that says that it begins elsewhere, so many units of 8 octets on."""
    cls = oc.IPv4 if oc.IPv4 in piece.outer else oc.IPv6Fragment
    index = next(index for index, header in enumerate(piece.headers) if type(header) is cls)
    old: Any = piece[cls]  # Any: IPv4 or the fragment header, which both have these fields
    header = old.replace(
        fragment_offset=old.fragment_offset + by, more_fragments=old.more_fragments if more is None else more
    )
    whole = oc.Packet((*piece.headers[:index], header), _payload(piece) if data is None else data)
    return oc.decode(oc.encode(oc.fill(whole)), lax=True)


KINDS: Final = ("nothing", "lost", "twice", "overlap", "longer", "shorter", "beyond", "marked")


def _spoilt(pieces: list[oc.Packet], kind: str, random: Random) -> list[oc.Packet]:
    """The fragments with one thing wrong, or none."""
    at = random.randrange(len(pieces))
    piece = pieces[at]
    if kind == "lost":
        return pieces[:at] + pieces[at + 1 :]
    if kind == "twice":
        return [*pieces[: at + 1], piece, *pieces[at + 1 :]]
    if kind == "overlap" and len(pieces) > 1:
        # across the border of two fragments, so that it lies within neither
        first, second = pieces[max(0, at - 1)], pieces[max(1, at)]
        data = (_payload(first)[-8:] + _payload(second)[:8]).ljust(16, b"?")[:16]
        across = _moved(second, -1, more=True, data=data)
        return [first, across, second, *(other for other in pieces if other is not first and other is not second)]
    if kind == "longer":
        return [pieces[-1], _moved(pieces[-1], 2), *pieces[:-1]]
    if kind == "shorter" and len(pieces) > 2:
        return [pieces[-1], _moved(pieces[1], 0, more=False), pieces[0], *pieces[2:-1]]
    if kind == "beyond":
        return [pieces[-1], _moved(pieces[0], 2000 // 8 * 3, more=True, data=bytes(8)), *pieces[:-1]]
    if kind == "marked":
        return [*pieces[:at], _marked(piece, 3), *pieces[at + 1 :]]
    return pieces


def _marked(piece: oc.Packet, ecn: int) -> oc.Packet:
    cls = oc.IPv4 if oc.IPv4 in piece.outer else oc.IPv6
    return oc.decode(oc.encode(oc.fill(piece.replace(cls, ecn=ecn), lengths=False)), lax=True)


def _drawn(version: int, random: Random, number: int) -> list[oc.Packet]:
    """The fragments of a packet that takes part in congestion notification."""
    inner = oc.resolve(
        oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
        / oc.IPv4(src="192.168.0.1", dst="192.168.0.2", ecn=2)
        / oc.UDP(src_port=1000, dst_port=2000)
        / random.randbytes(random.randrange(900, 1600))
    )
    packet = _numbered(_marked(oc.decode(_wrapped(oc.encode(inner), version)), 2), number)
    return list(fragment(packet, mtu=random.choice((200, 300, 600)), identification=number))


@versions
def test_we_agree_on_what_is_no_whole(version: int, started: Start[LinuxVXLAN], tally: Tally) -> None:
    passage = _receiving(started(LINUX[version]), version)
    random = Random(version)
    groups, predicted, wholes = [], [], []
    for number in range(600):
        kind = KINDS[number % len(KINDS)]
        pieces = _spoilt(_drawn(version, random, number + 1000), kind, random)
        reassembler = FragmentReassembler()
        found = [whole for piece in pieces if (whole := reassembler.feed(oc.encode(piece))) is not None]
        predicted.append([decapsulate(whole).frame for whole in found])
        wholes += found
        groups.append(pieces)
    out = iter(passage.through([oc.encode(piece) for group in groups for piece in group]))
    observed = [[data for _ in group for data in next(out)] for group in groups]
    assert observed == predicted
    kinds = {kind for kind, frames_out in zip(itertools.cycle(KINDS), predicted, strict=False) if frames_out}
    assert {"nothing", "twice", "marked"} <= kinds <= {"nothing", "twice", "marked", "shorter"}
    tally.add(f"Linux reassembly, IPv{version}", "delivered", wholes)


@versions
def test_where_we_are_not_linux(version: int, started: Start[LinuxVXLAN]) -> None:
    """It passes over any octets within those that came; and gives a datagram up where we drop one fragment."""
    passage = _receiving(started(LINUX[version]), version)
    random = Random(version)
    number = itertools.count(5000)

    def handed_out(spoil: Callable[[oc.Packet, oc.Packet], list[oc.Packet]]) -> tuple[int, int]:
        first, second, *others = _drawn(version, random, next(number))
        pieces = [*spoil(first, second), *others]
        reassembler = FragmentReassembler()
        ours = [whole for piece in pieces if (whole := reassembler.feed(oc.encode(piece))) is not None]
        return sum(map(len, passage.through([oc.encode(piece) for piece in pieces]))), len(ours)

    assert handed_out(lambda a, b: [a, b, _moved(b, 0, data=b"x" * 64)]) == (1, 0)
    assert handed_out(lambda a, b: [a, _moved(b, 0, data=b""), b]) == (0, 1)
    assert handed_out(lambda a, b: [a, _moved(b, 0, data=_payload(b)[:-3]), b]) == (int(version == 6), 1)
    assert handed_out(lambda a, b: [_marked(a, 0), b]) == (0, 1)
