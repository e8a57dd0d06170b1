"""What columns cost beside the plain case: text of addresses, many stacks, odd records, filters, few packets, lists.

Strategy: each figure is the ratio of two times that are taken in turns, in one run: the median of the ratios of the
rounds.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, NamedTuple

from bench.captures import FILE_HEADER, uniform_blocks, write_assorted, write_uniform
from bench.columns import MEMORY
from bench.frames import ETHERNET, OCTETS, UDP, VXLAN, capture_record, frame, ipv4, tcp
from bench.peers.tables import COLUMNS
from bench.timing import fetch_memory

if TYPE_CHECKING:
    import numpy as np

__all__ = ["HOSTS", "Ratio", "Ratios", "run", "write_hosts"]

HOSTS = 1 << 16
_ADDRESSES = (26, 30, 76, 80)
"""Where a frame of seven headers has its IPv4 addresses."""
_TEXTS = ("outer.ipv4.src", "outer.ipv4.dst", "inner.ipv4.src", "inner.ipv4.dst")
_BLOCK = 20_000


class Ratio(NamedTuple):
    """One figure: a time as so many times another, or in milliseconds."""

    what: str
    against: str
    most: float
    value: float
    unit: str = "x"

    @property
    def met(self) -> bool:
        return self.value <= self.most


class Ratios(NamedTuple):
    """What was measured."""

    packets: int
    filtered: int
    rows: list[Ratio]


def run(addressed: int, packets: int, rounds: int, say: Callable[[str], None]) -> Ratios:
    """All of it: addresses of `addressed` packets, filters over a fifth of these, the rest over `packets`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows: list[Ratio] = []
        say("Columns: addresses as text")
        rows += _addresses(folder, addressed, rounds)
        say("Columns: filters")
        rows += _filters(folder, max(addressed // 5, 1), rounds)
        say("Columns: stacks, shapes and odd records")
        rows += _shapes(folder, packets, rounds)
        rows += _records(folder, max(packets // 4, 1), rounds)
        say("Columns: few packets, and lists")
        rows += _few(folder, rounds)
        rows += _lists(folder, max(packets // 50, 100), rounds)
        return Ratios(addressed, max(addressed // 5, 1), rows)


def _took(work: Callable[[], object], packets: int) -> float:
    """The seconds of work that makes a table of so many packets."""
    fetch_memory(packets * MEMORY)
    start = time.process_time()
    work()
    return time.process_time() - start


def _ratio(work: Callable[[], object], base: Callable[[], object], rounds: int, packets: int) -> float:
    """The median of the ratios of so many rounds, over so many packets; each is worked once before."""
    _took(base, packets), _took(work, packets)
    return statistics.median(_took(work, packets) / _took(base, packets) for _ in range(rounds))


# --- addresses and filters --------------------------------------------------------------------------------------------


def write_hosts(path: Path, packets: int, hosts: int | None) -> None:
    """Frames of seven headers, of so many hosts in random order, or of hosts that are all distinct."""
    import numpy as np

    numbers = np.random.default_rng(packets)
    known = None if hosts is None else numbers.integers(0, 256, (hosts, 4), np.uint8)
    with path.open("wb") as file:
        file.write(FILE_HEADER)
        for block in uniform_blocks(packets):
            records: np.ndarray = np.frombuffer(bytearray(block), np.uint8).reshape(-1, 16 + OCTETS)
            for at in _ADDRESSES:
                drawn = numbers.integers(0, 256, (len(records), 4), np.uint8)
                if known is not None:
                    drawn = known[numbers.integers(0, len(known), len(records))]
                records[:, 16 + at : 20 + at] = drawn
            file.write(records.tobytes())


def _addresses(folder: Path, packets: int, rounds: int) -> Iterator[Ratio]:
    import overlaycodec

    path = folder / "hosts.pcap"
    write_hosts(path, packets, HOSTS)
    scans: list[float] = []
    overlaycodec.columns([], COLUMNS).to_arrow()  # so that all is loaded
    found: dict[str, list[float]] = {"to_arrow": [], "to_pandas": [], "to_polars": []}
    for _ in range(rounds):
        fetch_memory(packets * MEMORY)
        start = time.process_time()
        table = overlaycodec.columns(path, COLUMNS)
        scans.append(time.process_time() - start)
        four = table.only(_TEXTS)
        for name, times in found.items():
            try:
                times.append(_took(getattr(four, name), packets))
            except ModuleNotFoundError:
                continue
        del table, four
    path.unlink()
    for name, times in found.items():
        if times:
            value = statistics.median(one / scan for one, scan in zip(times, scans, strict=True))
            yield Ratio(f"`{name}`: four columns of addresses of {HOSTS:,} hosts", "file to 20 columns", 0.7, value)


def _filters(folder: Path, packets: int, rounds: int) -> Iterator[Ratio]:
    import overlaycodec

    path = folder / "distinct.pcap"
    write_hosts(path, packets, None)
    filters = {
        "one host in 256": "inner.ipv4.dst in 10.0.0.0/8",
        "half of them": "inner.ipv4.dst in 0.0.0.0/1",
        "all": "inner.ipv4.dst in 0.0.0.0/0",
    }
    for name, where in filters.items():
        plain = partial(overlaycodec.columns, path, COLUMNS)
        value = _ratio(partial(plain, where=where), plain, rounds, packets)
        yield Ratio(f"`where=` by address, of distinct hosts: {name}", "without a filter", 1.5, value)
    path.unlink()


# --- stacks, shapes, records ------------------------------------------------------------------------------------------


def _stacks(source: random.Random) -> list[bytes]:
    """A frame of each of 256 stacks: link with 0 to 3 tags, IP of 4 kinds, 4 tunnels, and 4 kinds of frames inside."""

    def link(tags: int, ethertype: int) -> bytes:
        types = [0x8100] * tags + [ethertype]
        vids = [source.randrange(1, 4095).to_bytes(2, "big") for _ in range(tags)]
        tagged = b"".join(vid + kind.to_bytes(2, "big") for vid, kind in zip(vids, types[1:], strict=True))
        return ETHERNET(b"\2" + source.randbytes(5), b"\2" + source.randbytes(5), types[0]) + tagged

    def network(kind: int, protocol: int, content: bytes) -> tuple[int, bytes]:
        if kind < 2:
            options = b"\x94\x04\0\0" * kind
            octets = ipv4(source, protocol, source.randbytes(4), source.randbytes(4), len(content), options)
            return 0x0800, octets + content
        if kind == 3:
            content, protocol = pack(">BBBBI", protocol, 0, 1, 4, 0) + content, 0
        head = pack(">IHBB", 6 << 28 | source.getrandbits(20), len(content), protocol, 64)
        return 0x86DD, head + source.randbytes(32) + content

    def tunnel(kind: int, content: bytes) -> tuple[int, bytes]:
        if kind == 0:
            content = VXLAN(0x08000000, source.getrandbits(24) << 8) + content
        elif kind == 1:
            content = b"\0\0\x65\x58" + source.randbytes(3) + b"\0" + content
        else:
            key = source.randbytes(4) if kind == 3 else b""
            return 47, (b"\x20\0" if key else b"\0\0") + b"\x65\x58" + key + content
        return 17, UDP(source.randrange(49152, 65536), (4789, 6081)[kind], 8 + len(content), 0) + content

    found = []
    for number in range(256):
        tags, outside, kind, inside = number >> 6, number >> 4 & 3, number >> 2 & 3, number & 3
        ethertype, inner = network(inside & 2, 6, tcp(source, b""))
        protocol, content = tunnel(kind, link(inside & 1, ethertype) + inner)
        ethertype, packet = network(outside, protocol, content)
        found.append(link(tags, ethertype) + packet)
    return found


def _shapes(folder: Path, packets: int, rounds: int) -> Iterator[Ratio]:
    import overlaycodec

    one, many, uniform, mixed = (folder / f"{name}.pcap" for name in ("one", "many", "uniform", "mixed"))
    source = random.Random(packets)
    for path, stacks in ((one, 1), (many, 256)):
        pool = [data for _ in range(20) for data in _stacks(source)[:stacks]]
        pool *= max(1, _BLOCK // len(pool))
        records = [capture_record(number, source.choice(pool)) for number in range(min(packets, _BLOCK))]
        with path.open("wb") as file:
            file.write(FILE_HEADER)
            for _ in range(max(1, packets // len(records))):
                file.write(b"".join(records))
    write_uniform(uniform, packets)
    write_assorted(mixed, packets)
    value = _ratio(
        lambda: overlaycodec.columns(many, COLUMNS), lambda: overlaycodec.columns(one, COLUMNS), rounds, packets
    )
    yield Ratio("256 stacks", "one stack", 4, value)
    value = _ratio(
        lambda: overlaycodec.columns(mixed, COLUMNS), lambda: overlaycodec.columns(uniform, COLUMNS), rounds, packets
    )
    yield Ratio("Ten shapes, some damaged", "one shape", 2, value)
    for path in (one, many, uniform, mixed):
        path.unlink()


def _records(folder: Path, packets: int, rounds: int) -> Iterator[Ratio]:
    """pcapng: records with and without a comment in turn."""
    import overlaycodec

    def block(kind: int, body: bytes) -> bytes:
        return pack("<II", kind, 12 + len(body)) + body + pack("<I", 12 + len(body))

    source = random.Random(packets)
    frames = [frame(source, summed=False) for _ in range(min(packets, _BLOCK))]
    head = block(0x0A0D0D0A, pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, pack("<HHI", 1, 0, 0))
    comment = pack("<HH8sHH", 1, 7, b"comment", 0, 0)
    paths = folder / "plain.pcapng", folder / "odd.pcapng"
    for path, odd in zip(paths, (b"", comment), strict=True):
        with path.open("wb") as file:
            file.write(head)
            for number in range(packets):
                data = frames[number % len(frames)]
                fields = pack("<IIIII", 0, 0, number, len(data), len(data))
                file.write(block(6, fields + data + bytes(-len(data) % 4) + (odd if number % 2 else b"")))
    value = _ratio(
        lambda: overlaycodec.columns(paths[1], COLUMNS),
        lambda: overlaycodec.columns(paths[0], COLUMNS),
        rounds,
        packets,
    )
    yield Ratio("pcapng, every other record with a comment", "none with one", 1.5, value)


# --- few packets, lists -----------------------------------------------------------------------------------------------


def _few(folder: Path, rounds: int) -> Iterator[Ratio]:
    import overlaycodec

    for packets, most in ((1, 0.2), (1000, 1.0)):
        path = folder / f"few-{packets}.pcap"
        write_uniform(path, packets)
        times = [_took(partial(overlaycodec.columns, path.read_bytes(), COLUMNS), 0) for _ in range(rounds * 20 + 1)]
        what = f"{packets:,} packet{'s' if packets > 1 else ''}, after the first call"
        yield Ratio(what, "", most, statistics.median(times[1:]) * 1e3, "ms")


def _lists(folder: Path, packets: int, rounds: int) -> Iterator[Ratio]:
    """Frames whose lists no field tells the size of: IGMPv3, MLDv2, LLDP, segment routing; and jumbograms."""
    import overlaycodec

    link = b"\2\0\0\0\0\2" + b"\2\0\0\0\0\1"
    group = b"\xe0\0\0\x16"
    report = b"\x22\0\0\0" + b"\0\0\0\2" + (b"\4\0\0\1" + group + b"\x0a\0\0\1") * 2
    source = random.Random(packets)
    ipv6 = pack(">IHBB", 6 << 28, 56, 0, 1) + bytes(31) + b"\x16"
    listener = b"\x3a\0\5\2\0\0\1\0" + b"\x8f\0\0\0" + b"\0\0\0\2" + (b"\4\0\0\0" + b"\xff\2" + bytes(14)) * 2
    segments = b"\x3b\4\4\0\1\0\0\0" + b"\x20\1" + bytes(30)
    facts = [(1, b"\4" + bytes(6)), (2, b"\5eth0"), (3, b"\0\x78"), (5, b"switch"), (0, b"")]
    kinds = {
        "IGMPv3": link + b"\x08\x00" + ipv4(source, 2, b"\x0a\0\0\1", group, len(report)) + report,
        "MLDv2": link + b"\x86\xdd" + ipv6 + listener,
        "LLDP": link + b"\x88\xcc" + b"".join(pack(">H", kind << 9 | len(text)) + text for kind, text in facts),
        "Segment routing": link + b"\x86\xdd" + pack(">IHBB", 6 << 28, len(segments), 43, 1) + bytes(32) + segments,
    }

    def one_by_one(path: Path) -> None:
        with overlaycodec.open_capture(path) as capture:
            for _ in capture.packets(lax=True):
                pass

    datagram = UDP(50000, 9, 0, 0) + bytes(70_000)
    option = pack(">BBBBI", 17, 0, 0xC2, 4, 8 + len(datagram))
    kinds["Jumbogram of 70,000 octets"] = (
        link + b"\x86\xdd" + pack(">IHBB", 6 << 28, 0, 0, 1) + bytes(32) + option + datagram
    )
    for name, data in kinds.items():
        path = folder / "lists.pcap"
        count = packets if len(data) < 1 << 16 else max(packets // 20, 20)
        path.write_bytes(FILE_HEADER + b"".join(capture_record(number, data) for number in range(count)))
        assert overlaycodec.columns(path, ["fault"])["fault"].count() == 0, name
        value = _ratio(partial(overlaycodec.columns, path, COLUMNS), partial(one_by_one, path), rounds, count)
        yield Ratio(name, "`packets()`", 1, value)
