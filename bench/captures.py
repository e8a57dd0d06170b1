"""Captures for the columns: pcap files of as many frames as are wanted, no two alike."""

from __future__ import annotations

import random
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING

from bench.frames import OCTETS, PAYLOAD_OCTETS, capture_record, frame, hosts
from bench.shapes import assorted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

__all__ = ["FILE_HEADER", "write_assorted", "write_sizes", "write_uniform"]

FILE_HEADER = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_BLOCK = 20_000
_PAYLOAD = OCTETS - PAYLOAD_OCTETS
"""Where the payload begins."""
_MOST_PAYLOAD = 1400
_RANDOM = ((34, 36), (46, 49), (88, 96), (98, 100), (104, OCTETS))
"""Source port, VNI, sequence and acknowledgment number, window, payload."""


def write_uniform(path: Path, packets: int) -> None:
    """Frames of seven headers. Checksums of TCP are any number."""
    with path.open("wb") as file:
        file.write(FILE_HEADER)
        for block in uniform_blocks(packets):
            file.write(block)


def uniform_blocks(packets: int) -> Iterator[bytes]:
    """The records of such a file: frames with all addresses distinct, taken again and again with new numbers."""
    import numpy as np

    source = random.Random(packets)
    count = min(packets, _BLOCK)
    records = np.zeros((count, 16 + OCTETS), np.uint8)
    made = b"".join(frame(source, summed=False) for _ in range(count))
    records[:, 16:] = np.frombuffer(made, np.uint8).reshape(count, OCTETS)
    numbers = np.random.default_rng(packets)
    for start in range(0, packets, count):
        stop = min(start + count, packets)
        at = np.arange(start, start + count)
        head = np.stack([1_700_000_000 + at // 1_000_000, at % 1_000_000, *[np.full(count, OCTETS)] * 2], axis=1)
        records[:, :16] = head.astype("<u4").view(np.uint8)
        for first, last in _RANDOM:
            records[:, 16 + first : 16 + last] = numbers.integers(0, 256, (count, last - first), np.uint8)
        records[:, 16 + 34] |= 0xC0  # a port that nothing is bound to
        yield records[: stop - start].tobytes()


def write_sizes(path: Path, packets: int) -> None:
    """The same frames with payloads of 0 to 1,400 octets, their lengths and the checksums of IPv4 right."""
    import numpy as np

    numbers = np.random.default_rng(packets)
    with path.open("wb") as file:
        file.write(FILE_HEADER)
        for block in uniform_blocks(packets):
            heads = np.frombuffer(bytearray(block), np.uint8).reshape(-1, 16 + OCTETS)[:, : 16 + _PAYLOAD]
            lengths = _PAYLOAD + numbers.integers(0, _MOST_PAYLOAD + 1, len(heads))
            heads[:, 8:16] = np.stack([lengths, lengths], axis=1).astype("<u4").view(np.uint8)
            for at, before in ((16, 14), (38, 34), (66, 64)):  # outer IPv4, UDP, inner IPv4
                heads[:, 16 + at : 18 + at] = (lengths - before).astype(">u2")[:, None].view(np.uint8)
            for at in (14, 64):
                _sum_up(heads[:, 16 + at : 36 + at])
            ends = np.cumsum(16 + lengths)
            starts = ends - (16 + lengths)
            octets = numbers.integers(0, 256, ends[-1], np.uint8)
            octets[starts[:, None] + np.arange(heads.shape[1])] = heads
            file.write(octets.tobytes())


def _sum_up(headers: np.ndarray) -> None:
    """Writes the checksums of IPv4 headers without options (RFC 1071), one in each row."""
    headers[:, 10:12] = 0
    words = headers[:, 0::2].astype("u4") << 8 | headers[:, 1::2]
    total = words.sum(axis=1)
    for _ in range(2):
        total = (total & 0xFFFF) + (total >> 16)
    headers[:, 10:12] = (0xFFFF - total).astype(">u2")[:, None].view("u1")


def write_assorted(path: Path, packets: int) -> None:
    """Frames of ten shapes in random order, some of them damaged.

    They are written in blocks as large as those of the other file, so that the system keeps both in pages of one size.
    """
    source = random.Random(packets)
    known = hosts(source, 64)
    with path.open("wb", buffering=_BLOCK * (16 + OCTETS)) as file:
        file.write(FILE_HEADER)
        for number in range(packets):
            file.write(capture_record(number, *assorted(source, known)))
