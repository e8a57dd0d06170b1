"""The contests of columns: captures into twenty columns, and packets written from columns.

The packets of a capture are of one shape and one size, of one shape and many sizes, or of ten shapes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.captures import write_assorted, write_sizes, write_uniform
from bench.peers import Values
from bench.peers.overlaycodec_ import build
from bench.peers.tables import COLUMNS, PARSER, Taker, takers
from bench.timing import Timing, fetch_memory

__all__ = ["MEMORY", "PARSER", "Columns", "run"]

MEMORY = 256
"""Octets that are fetched for each packet before it becomes a row: more than the row takes."""
_SIZED = 4
"""One packet in so many is in the capture of many sizes: its packets are five times as long."""


@dataclass
class Columns:
    """What was measured: microseconds a packet."""

    packets: int
    written: int
    uniform: dict[str, Timing]
    sized: dict[str, Timing]
    """Packets of many sizes: of this library, and of the fastest peer where it is there."""
    sized_packets: int
    mixed: Timing
    growth: dict[int, float]
    """Of this library, by how many packets the capture has."""
    encoding: dict[str, Timing]
    shares: dict[str, int]
    """How many packets each had to read."""
    absent: list[str] = field(default_factory=list)


def run(packets: int, written: int, rounds: int, say: Callable[[str], None], *, programs: bool = True) -> Columns:
    """All of it, over captures of so many packets."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found, absent = takers(folder, programs=programs)
        _check(folder, found)
        say("Columns: a capture of one shape")
        shares = {taker.name: max(packets // taker.share, 1) for taker in found}
        uniform = _contest(folder / "uniform.pcap", write_uniform, found, shares, rounds)
        say("Columns: a capture of many sizes")
        fast = [taker for taker in found if taker.name in ("overlaycodec", PARSER)]
        few = max(packets // _SIZED, 1)
        sized = _contest(folder / "sized.pcap", write_sizes, fast, {taker.name: few for taker in fast}, rounds)
        say("Columns: a capture of ten shapes")
        mixed = _mixed(folder, packets, rounds)
        growth = {}
        for count in (packets // 1000, packets // 100, packets // 10, packets):
            path = folder / "growing.pcap"
            write_uniform(path, max(count, 1))
            growth[count] = min(_seconds(found[0], path, count, count) for _ in range(rounds)) * 1e6 / count
        say("Columns: packets written")
        encoding = _encoding(written, rounds)
        return Columns(packets, written, uniform, sized, few, mixed, growth, encoding, shares, absent)


def _check(folder: Path, found: Sequence[Taker]) -> None:
    """All find the same in captures of one shape; this library finds in a mixed one what it finds packet by packet.

    Raises: AssertionError.
    """
    import overlaycodec

    path = folder / "check.pcap"
    for write in (write_uniform, write_sizes):
        write(path, 500)
        results = {taker.name: taker.take(path, 500) for taker in found}
        first = results["overlaycodec"]
        assert first.packets == 500
        assert first.sums[-1] == 0
        for name, result in results.items():
            assert result.sums == first.sums, name
    write_assorted(path, 2000)
    table = overlaycodec.columns(path, COLUMNS)
    with overlaycodec.open_capture(path) as capture:
        for number, packet in enumerate(capture.packets(lax=True)):
            for name in COLUMNS[2:-1]:
                try:
                    value = packet.at(name)
                except overlaycodec.MissingHeaderError:
                    value = None
                cell = table[name][number]
                assert (None if cell is _masked() else int(cell)) == (None if value is None else int(value)), name
            cell = table["fault"][number]
            fault = None if packet.fault is None else type(packet.fault).__name__
            assert (None if cell is _masked() else str(cell)) == fault


def _masked() -> object:
    import numpy as np

    return np.ma.masked


def _contest(
    path: Path, write: Callable[[Path, int], None], found: Sequence[Taker], shares: Mapping[str, int], rounds: int
) -> dict[str, Timing]:
    """All of them by turns, each on a file of its share of the packets that is beside `path`.

    Each takes its file once before it is timed, so that imports and generated code are not in the times.
    """
    most = max(shares.values())
    paths = {count: path.with_stem(f"{path.stem}-{count}") for count in set(shares.values())}
    for count, its in paths.items():
        write(its, count)

    def took(taker: Taker) -> float:
        count = shares[taker.name]
        return _seconds(taker, paths[count], count, most) * 1e6 / count

    timings = {taker.name: Timing(taker.name) for taker in found}
    for taker in found:
        took(taker)
    for number in range(rounds):
        turn = number % len(found)
        for taker in (*found[turn:], *found[:turn]):
            timings[taker.name].rounds.append(took(taker))
    for its in paths.values():
        its.unlink()
    return timings


def _seconds(taker: Taker, path: Path, count: int, fetched: int) -> float:
    """The seconds in which a file of `count` packets is taken, after memory for so many rows was fetched."""
    fetch_memory(fetched * MEMORY)
    taken = taker.take(path, count)
    assert taken.packets == count, taker.name
    return taken.seconds


def _mixed(folder: Path, packets: int, rounds: int) -> Timing:
    import overlaycodec

    path = folder / "mixed.pcap"
    write_assorted(path, packets)
    timing = Timing("overlaycodec")
    for _ in range(rounds):
        fetch_memory(packets * MEMORY)
        start = time.process_time()
        table = overlaycodec.columns(path, COLUMNS)
        timing.rounds.append((time.process_time() - start) * 1e6 / packets)
        assert len(table) == packets
    path.unlink()
    return timing


_TEMPLATE = Values(
    "10.0.0.1", "10.0.0.2", "02:00:00:00:00:01", "02:00:00:00:00:02", 0, 49152, 0, "10.1.0.1", "10.1.0.2",
    "02:00:00:00:00:03", "02:00:00:00:00:04", 0, bytes(64),
)  # fmt: skip


def _encoding(packets: int, rounds: int) -> dict[str, Timing]:
    """Packets from arrays; the same values one by one, packets built and encoded; packets that were built encoded."""
    import numpy as np

    import overlaycodec
    from overlaycodec import encode

    timings = {name: Timing(name) for name in ("encode_columns", "encode", "build and encode")}
    few = max(packets // 20, 1)
    for number in range(rounds):
        source = np.random.default_rng(number)
        columns = {
            "outer.ipv4.identification": source.integers(0, 1 << 16, packets, np.uint16),
            "outer.udp.src_port": source.integers(49152, 1 << 16, packets, np.uint16),
            "vxlan.vni": source.integers(0, 1 << 24, packets, np.uint32),
            "inner.ipv4.src": source.integers(0, 1 << 32, packets, np.uint32),
            "inner.ipv4.dst": source.integers(0, 1 << 32, packets, np.uint32),
            "inner.tcp.sequence": source.integers(0, 1 << 32, packets, np.uint32),
            "payload": source.integers(0, 256, (packets, 64), np.uint8),
        }
        template = build(_TEMPLATE)
        fetch_memory(packets * MEMORY)
        start = time.process_time()
        frames = overlaycodec.encode_columns(template, columns)
        timings["encode_columns"].rounds.append((time.process_time() - start) * 1e6 / packets)

        def values(at: int, columns: dict[str, np.ndarray] = columns) -> Values:
            src, dst = (".".join(map(str, int(columns[f"inner.ipv4.{end}"][at]).to_bytes(4))) for end in ("src", "dst"))
            return _TEMPLATE._replace(
                identification=int(columns["outer.ipv4.identification"][at]),
                src_port=int(columns["outer.udp.src_port"][at]), vni=int(columns["vxlan.vni"][at]),
                inner_src=src, inner_dst=dst, sequence=int(columns["inner.tcp.sequence"][at]),
                payload=columns["payload"][at].tobytes(),
            )  # fmt: skip

        given = [values(at) for at in range(few)]
        start = time.process_time()
        for one in given:
            encode(build(one))
        timings["build and encode"].rounds.append((time.process_time() - start) * 1e6 / few)
        built = [build(one) for one in given]
        start = time.process_time()
        octets = [encode(packet) for packet in built]
        timings["encode"].rounds.append((time.process_time() - start) * 1e6 / few)
        for at in range(few):
            assert bytes(frames[at]) == octets[at], at
    return timings
