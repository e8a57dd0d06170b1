"""How time grows: with the number of headers, with the size of the payload, with the number of options."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.frames import ETHERNET, UDP, VXLAN, ipv4
from bench.peers import Peer
from bench.timing import Contestant, Timing, compete

__all__ = ["Growth", "run"]

_MACS = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
_ENDS = b"\x0a\0\0\x01", b"\x0a\0\0\x02"
_EXPERIMENT = 253
"""A protocol number that nothing is bound to."""


@dataclass(frozen=True)
class Growth:
    """Microseconds a frame, of each library that can, for each size."""

    title: str
    unit: str
    sizes: tuple[int, ...]
    timings: dict[int, dict[str, Timing]]


def _stack(headers: int, payload: int, source: random.Random) -> bytes:
    """A frame of so many headers; there is none of four: a tunnel holds a frame."""
    content = source.randbytes(payload)
    if headers == 7:
        ports = source.randrange(32768, 47000), source.randrange(50000, 60000)
        content = b"".join(number.to_bytes(2, "big") for number in ports) + source.randbytes(8) + b"\x50\x10" + (
            source.randbytes(6) + content
        )  # fmt: skip
    if headers >= 6:
        content = ipv4(source, 6 if headers == 7 else _EXPERIMENT, *_ENDS, len(content)) + content
    if headers >= 5:
        content = ETHERNET(*_MACS, 0x0800 if headers > 5 else 0x88B5) + content
        content = VXLAN(0x08000000, source.getrandbits(24) << 8) + content
    if headers >= 3:
        port = 4789 if headers >= 5 else 50000
        content = UDP(source.randrange(49152, 65536), port, 8 + len(content), 0) + content
    if headers >= 2:
        content = ipv4(source, 17 if headers >= 3 else _EXPERIMENT, *_ENDS, len(content)) + content
    return ETHERNET(*_MACS, 0x0800 if headers >= 2 else 0x88B5) + content


def _geneve(options: int, source: random.Random) -> bytes:
    """Ethernet, IPv4, UDP, Geneve with so many options of four octets, Ethernet."""
    row = b"".join(b"\x01\x02" + source.randbytes(1) + b"\x01" + source.randbytes(4) for _ in range(options))
    head = bytes([2 * options, 0]) + b"\x65\x58" + source.randbytes(3) + b"\0"
    content = head + row + ETHERNET(*_MACS, 0x88B5) + source.randbytes(64)
    datagram = UDP(source.randrange(49152, 65536), 6081, 8 + len(content), 0) + content
    return ETHERNET(*_MACS, 0x0800) + ipv4(source, 17, *_ENDS, len(datagram)) + datagram


def _grow(
    title: str,
    unit: str,
    sizes: Sequence[int],
    make: Callable[[int, random.Random], bytes],
    peers: Sequence[Peer],
    rounds: int,
    inputs: int,
) -> Growth:
    contestants = [Contestant(peer.name, peer.decode, peer.share) for peer in peers if peer.decode is not None]
    timings = {}
    for size in sizes:

        def given(number: int, size: int = size) -> list[Any]:  # Any: as `compete` has it
            source = random.Random(f"{title} {size} {number}")
            return [make(size, source) for _ in range(inputs)]

        timings[size] = compete(contestants, given, rounds)
    return Growth(title, unit, tuple(sizes), timings)


def run(peers: Sequence[Peer], rounds: int, inputs: int) -> list[Growth]:
    """All of it; no field is read."""
    decoding = [peer for peer in peers if peer.decode is not None]
    ours = [peer for peer in decoding if peer.name == "overlaycodec"]
    grow = partial(_grow, rounds=rounds, inputs=inputs)
    return [
        grow("Headers", "headers", (1, 2, 3, 5, 6, 7), lambda size, s: _stack(size, 64, s), peers=decoding),
        grow("Payload", "octets of payload", (0, 64, 512, 1400, 8900), partial(_stack, 7), peers=decoding),
        grow("Options", "options of a Geneve header", (0, 1, 2, 4, 8, 16), _geneve, peers=ours),
    ]
