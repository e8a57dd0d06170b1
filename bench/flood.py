"""`python -m bench.flood`: reassemblers under a flood of first pieces that never become whole.

Each first piece is of a frame, or a datagram, of its own and announces the longest one. What may be held is known from
the start, so the peak must not grow once the reassembler is full. Exit status 1 if it does.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator

import overlaycodec as oc
from overlaycodec.reassembly import FragmentReassembler, STTReassembler

MIB = 1 << 20
OCTETS = 1400  # of each piece
GROWTH = 4 * MIB
"""What the peak may grow by while a full reassembler is fed on: the allocator's own rounding."""


def segments() -> Iterator[oc.Packet]:
    """First segments of STT frames, each of another frame."""
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    for number in range(1 << 32):
        yield (
            link
            / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
            / oc.STTSegment(src_port=50000, total_length=0xFFFF, segment_offset=0, frame_id=number)
            / oc.STT(context_id=7)
            / number.to_bytes(OCTETS, "big")
        )


def fragments() -> Iterator[oc.Packet]:
    """First fragments of IPv6 datagrams, each of another datagram."""
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    for number in range(1 << 32):
        yield (
            link
            / oc.IPv6(src="fd00::1", dst="fd00::2")
            / oc.IPv6Fragment(next_header=17, more_fragments=True, identification=number)
            / number.to_bytes(OCTETS, "big")
        )


def peak() -> int:
    """The most memory that this process had so far, in octets."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def flood(name: str, feed: Callable[[oc.Packet], object], pieces: Iterator[oc.Packet], count: int) -> int:
    """Feeds `count` pieces; gives how much the peak grew after the first tenth."""
    began, full = time.process_time(), 0
    for number in range(1, count + 1):
        if feed(next(pieces)) is not None:
            raise AssertionError(f"{name}: a whole came of first pieces alone")
        if number == count // 10:
            full = peak()
    seconds = time.process_time() - began
    grown = peak() - full
    print(
        f"{name}: {count:,} pieces, peak {full / MIB:.1f} MiB after a tenth, {peak() / MIB:.1f} MiB at the end; "
        f"{seconds / count * 1e6:.0f} µs of CPU a piece, building it included",
        flush=True,
    )
    return grown


def main() -> int:
    """The exit status: 1 if the peak grew."""
    parser = argparse.ArgumentParser(prog="python -m bench.flood", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="first pieces to each reassembler")
    count = parser.parse_args().count
    print(f"before: {peak() / MIB:.1f} MiB")
    stt, ip = STTReassembler(), FragmentReassembler()
    grown = [
        flood("STT segments", stt.feed, segments(), count),
        flood("IPv6 fragments", ip.feed, fragments(), count),
    ]
    for name, reassembler in (("STT", stt), ("IPv6", ip)):
        print(f"{name}: {len(reassembler)} unfinished, {reassembler.octets / MIB:.1f} MiB charged")
    return int(any(growth > GROWTH for growth in grown))


if __name__ == "__main__":
    sys.exit(main())
