"""The contests in time: decoding, one header alone, mixed stacks, encoding."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench import pipelines
from bench.frames import frames, mixed_frames, uncached_frames, usual_frames
from bench.peers import Peer, Values
from bench.timing import Contestant, Timing, compete

__all__ = ["CONTESTS", "Contest", "Sizes", "check"]


@dataclass(frozen=True)
class Sizes:
    """How much is done."""

    rounds: int
    inputs: int
    """In each round."""


Work = Callable[[Peer], Contestant | None]


@dataclass(frozen=True)
class Contest:
    """One question, put to all who can answer it."""

    title: str
    unit: str
    """What one input is."""
    inputs: Callable[[random.Random, int], Sequence[Any]]  # Any: each contest's own
    work: Work
    seed: int
    others: Callable[[], list[Contestant]] = list
    """Contestants that are no peers."""

    def run(self, peers: Sequence[Peer], sizes: Sizes) -> dict[str, Timing]:
        """The timings of all peers that can, by name."""
        source = random.Random(self.seed)
        contestants = [contestant for peer in peers if (contestant := self.work(peer)) is not None]
        contestants += self.others()
        return compete(contestants, lambda _: self.inputs(source, sizes.inputs), sizes.rounds)


def _values(source: random.Random, count: int) -> list[Values]:
    def mac() -> str:
        return "02:" + source.randbytes(5).hex(":")

    def ip() -> str:
        return "10." + ".".join(str(octet) for octet in source.randbytes(3))

    ends = [(mac(), ip()) for _ in range(16)]

    def one() -> Values:
        (outer_src_mac, outer_src), (outer_dst_mac, outer_dst) = source.choice(ends), source.choice(ends)
        (inner_src_mac, inner_src), (inner_dst_mac, inner_dst) = source.choice(ends), source.choice(ends)
        return Values(
            outer_src=outer_src,
            outer_dst=outer_dst,
            outer_src_mac=outer_src_mac,
            outer_dst_mac=outer_dst_mac,
            identification=source.getrandbits(16),
            src_port=source.randrange(49152, 65536),
            vni=source.getrandbits(24),
            inner_src=inner_src,
            inner_dst=inner_dst,
            inner_src_mac=inner_src_mac,
            inner_dst_mac=inner_dst_mac,
            sequence=source.getrandbits(32),
            payload=source.randbytes(64),
        )

    return [one() for _ in range(count)]


def _vxlans(source: random.Random, count: int) -> list[bytes]:
    return [b"\x08\0\0\0" + source.randbytes(3) + b"\0" for _ in range(count)]


def _reads(peer: Peer) -> Contestant:
    return Contestant(peer.name, peer.read_frame, peer.share)


def _reads_vxlan(peer: Peer) -> Contestant:
    return Contestant(peer.name, peer.read_vxlan, peer.share)


def _reads_simplest(peer: Peer) -> Contestant | None:
    return None if peer.read_simplest is None else Contestant(peer.name, peer.read_simplest, peer.share)


def _decodes(peer: Peer) -> Contestant | None:
    return None if peer.decode is None else Contestant(peer.name, peer.decode, peer.share)


def _encodes(peer: Peer) -> Contestant | None:
    if peer.encode is None or peer.build is None:
        return None
    return Contestant(peer.name, peer.encode, peer.share, prepare=peer.build)


def _builds(peer: Peer) -> Contestant | None:
    build, encode = peer.build, peer.encode
    if build is None or encode is None:
        return None
    return Contestant(peer.name, lambda values: encode(build(values)), peer.share)


CONTESTS = {
    "few": Contest(
        "Decode, addresses of 16 hosts",
        "frame of 7 headers, every field read",
        lambda source, count: frames(source, count, distinct=False),
        _reads,
        seed=1,
    ),
    "distinct": Contest(
        "Decode, all addresses distinct",
        "frame of 7 headers, every field read",
        lambda source, count: frames(source, count, distinct=True),
        _reads,
        seed=2,
    ),
    "usual": Contest(
        "Decode, one frame in a hundred of another stack",
        "frame of 7 headers, no field read",
        usual_frames,
        _decodes,
        seed=7,
    ),
    "mixed": Contest(
        "Decode, four stacks in random order",
        "frame of 3 to 8 headers, no field read",
        mixed_frames,
        _decodes,
        seed=3,
    ),
    "pipelines": Contest(
        "Decode by a pipeline, beside an open decode",
        "frame of 7 headers, every field read where nothing else is said",
        lambda source, count: frames(source, count, distinct=False),
        lambda peer: None,
        seed=10,
        others=pipelines.contestants,
    ),
    # after the contests that fill the cache of stacks: each frame is held against what is in it, in vain
    "uncached": Contest(
        "Decode, the worst case: no frame of a stack in the cache",
        "frame of 7 headers, an option in the outer IPv4 header, no field read",
        uncached_frames,
        _decodes,
        seed=9,
    ),
    "vxlan": Contest("Decode one header alone", "VXLAN header, every field read", _vxlans, _reads_vxlan, seed=4),
    "simplest": Contest(
        "Decode one header alone, beside dpkt's simplest",
        "header of 8 octets, every field read: VXLAN, and UDP by dpkt",
        _vxlans,
        _reads_simplest,
        seed=8,
    ),
    "encode": Contest(
        "Encode, checksums computed", "frame of 7 headers, from packet objects", _values, _encodes, seed=5
    ),
    "build": Contest("Build and encode", "frame of 7 headers, from plain values", _values, _builds, seed=6),
}


def check(peers: Sequence[Peer]) -> None:
    """Before anything is timed: all who decode find the same, all who encode write the same octets.

    Raises: AssertionError.
    """
    source = random.Random(0)
    for frame in [*frames(source, 20, distinct=False), *frames(source, 20, distinct=True)]:
        found = {(_text(src), *rest) for src, *rest in (peer.read_frame(frame) for peer in peers)}
        assert len(found) == 1, found
    for data in _vxlans(source, 20):
        assert len({peer.read_vxlan(data) for peer in peers}) == 1
    for values in _values(source, 20):
        written = {
            _without_udp_checksum(peer.encode(peer.build(values))) for peer in peers if peer.encode and peer.build
        }
        assert len(written) == 1, [octets.hex() for octets in written]


def _text(address: object) -> str:
    return ".".join(map(str, address)) if isinstance(address, bytes) else str(address)


def _without_udp_checksum(frame: bytes) -> bytes:
    """dpkt cannot leave out the checksum in front of VXLAN."""
    return frame[:40] + frame[42:]
