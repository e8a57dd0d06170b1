"""Splits: their places are those of records, for every capture; together they have its records, each once.

Captures here are made from the layouts of the formats (`capture_files`), with packets that hold whole captures of the
same format: what is taken for a record by its looks alone is wrong there.
"""

from __future__ import annotations

import os
import pickle
import random
from pathlib import Path

import pytest

import overlaycodec as oc
from overlaycodec.capture.boundaries import boundary_after
from overlaycodec.capture.record_chains import Chain, PcapChain, PcapngChain
from overlaycodec.capture.source import Source, source_of
from tests.tools import stacks
from tests.tools.capture_files import BIG, LITTLE, pcap, record

LONGEST = 2048
NOW = 1_700_000_000
GUESSES = int(os.environ.get("SPLIT_GUESSES", "1500"))
"""How many places are asked for in all; a million takes ten minutes."""


def payload(source: random.Random, order: str, *, pcapng: bool) -> bytes:
    """Zeros, random octets, small numbers, or a capture of the same format, perhaps cut."""
    kind, count = source.randrange(7), source.randrange(LONGEST)
    blocks = LITTLE if order == "<" else BIG
    if kind < 3:
        return [bytes(count), source.randbytes(count), b"\x00\x01" * (count // 2)][kind]
    if kind == 3:
        return bytes(source.randrange(60))
    out = bytearray(source.randbytes(source.randrange(4)) if source.random() < 0.5 else b"")
    if kind == 4:
        out += blocks.section() + blocks.interface() if pcapng else pcap(order=order)
    while len(out) < count:
        data = source.randbytes(source.randrange(200)) if source.random() < 0.5 else bytes(source.randrange(200))
        out += blocks.enhanced(data) if pcapng else record(data, source.getrandbits(32), order=order)
    return bytes(out[:count] if source.random() < 0.5 else out[:LONGEST])


def hostile(source: random.Random, order: str, *, pcapng: bool, records: int = 400) -> tuple[bytes, set[int]]:
    """A capture of such packets, and where its records begin."""
    blocks = LITTLE if order == "<" else BIG
    out = bytearray(blocks.section() + blocks.interface() if pcapng else pcap(order=order))
    starts = set()
    for number in range(records):
        starts.add(len(out))
        data = payload(source, order, pcapng=pcapng)
        wire = len(data) + (source.random() < 0.1)
        if pcapng:
            out += blocks.enhanced(data, wire=wire)
        else:
            out += record(data, NOW + number, source.randrange(10**6), wire, order)
    return bytes(out), starts


def test_no_place_is_wrong_though_packets_hold_captures() -> None:
    source, guessed, none = random.Random(1), 0, 0
    while guessed < GUESSES:
        order, pcapng = source.choice("<>"), source.random() < 0.5
        data, starts = hostile(source, order, pcapng=pcapng)
        chain: Chain = PcapngChain(order, LONGEST) if pcapng else PcapChain(order, 16, NOW, LONGEST)
        for _ in range(100):
            found = boundary_after(source_of(data), source.randrange(24, len(data)) & ~3, chain)
            guessed += 1
            none += found is None
            assert found is None or found[0] in starts
    assert none < guessed // 10  # those near the end of the file


CAPTURES = {**stacks.captures(stacks.CAPTURES), **stacks.captures(stacks.PUBLIC)}


@pytest.mark.parametrize("name", sorted(CAPTURES))
def test_splits_have_the_records_of_the_file(name: str) -> None:
    path = CAPTURES[name]
    expected = read(path)
    for octets in (1, 700, 5000):
        found = [pickle.loads(pickle.dumps(split)) for split in oc.splits(path, octets=octets)]
        assert read(*found) == expected
        if octets == 1 and expected[1] is None and len(expected[0]) > 1 and found[0].stop is not None:
            assert len(found) >= len(expected[0])


def read(*sources: str | Path | oc.Split) -> tuple[list[oc.Record], oc.CaptureError | None]:
    """The records of captures one after another, and the error that ended the reading."""
    records: list[oc.Record] = []
    try:
        for source in sources:
            with oc.open_capture(source) as capture:
                records += list(capture)
    except oc.CaptureError as error:
        return records, error
    return records, None


def large(path: Path, order: str, *, pcapng: bool, middle: bytes = b"") -> Path:
    """A capture of 12 MB, with other blocks in its middle."""
    blocks = LITTLE if order == "<" else BIG
    source = random.Random(5)
    data = [source.randbytes(2000) for _ in range(6000)]
    if pcapng:
        head = blocks.section() + blocks.interface((2, b"one"))
        parts = [blocks.enhanced(one, ticks=number) for number, one in enumerate(data)]
    else:
        head = pcap(order=order)
        parts = [record(one, NOW, number, order=order) for number, one in enumerate(data)]
    path.write_bytes(head + b"".join(parts[:3000]) + middle + b"".join(parts[3000:]))
    return path


class Counting:
    """A source that counts what is read of it."""

    def __init__(self, source: Source, read: list[int]) -> None:
        self._source, self._read = source, read

    def read_at(self, position: int, size: int) -> bytes:
        data = self._source.read_at(position, size)
        self._read.append(len(data))
        return data

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("pcapng", [False, True])
def test_little_of_a_large_file_is_read(
    tmp_path: Path, order: str, pcapng: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = large(tmp_path / "large", order, pcapng=pcapng)
    counted: list[int] = []
    opened = source_of
    monkeypatch.setattr(
        "overlaycodec.capture.splitting.source_of", lambda readable: Counting(opened(readable), counted)
    )
    found = oc.splits(path, octets=5_000_000)
    assert len(found) == 3
    assert sum(counted) < path.stat().st_size // 4
    assert read(*found) == read(path)
    assert [5_000_000 < (split.octets or 0) < 5_700_000 for split in found] == [True, True, False]


def test_a_section_in_the_middle_is_an_error_or_known(tmp_path: Path) -> None:
    """Nothing but a walk finds it, if it is not near the places that are looked at."""
    middle = LITTLE.section() + LITTLE.interface((2, b"two"))
    path = large(tmp_path / "two.pcapng", "<", pcapng=True, middle=middle)
    records, error = read(*oc.splits(path, octets=4_000_000))
    assert error is not None
    assert "section" in error.reason
    assert records == read(path)[0][: len(records)]
    walked = oc.splits(path, octets=4_000_000, walk=True)
    assert len(walked) == 4
    assert read(*walked) == read(path)
    with walked[3].open() as capture:
        assert (capture.section, [one.name for one in capture.interfaces]) == (1, ["two"])


def test_a_record_over_the_place_where_a_split_was_made_is_an_error(tmp_path: Path) -> None:
    """Longer than any that libpcap reads, and full of records: the place is wrong, and reading tells."""
    source = random.Random(2)
    inside = b"".join(record(source.randbytes(996), NOW, number) for number in range(9000))
    rest = b"".join(record(bytes(996), NOW, number) for number in range(2000))
    path = tmp_path / "long.pcap"
    path.write_bytes(pcap(record(inside, NOW)) + rest)
    found = oc.splits(path, octets=2_000_000)
    _, error = read(*found)
    assert error is not None
    assert "walk=True" in error.__notes__[0]
    assert read(*oc.splits(path, octets=2_000_000, walk=True)) == read(path)


def test_a_compressed_file_is_one_split(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "small.pcap.gz"
    path.write_bytes(gzip.compress(pcap(record(b"one"), record(b"two"))))
    (found,) = oc.splits(path, octets=1)
    assert [one.data for one in found.records()] == [b"one", b"two"]


def test_an_open_capture_is_not_pickled() -> None:
    with oc.open_capture(pcap()) as capture, pytest.raises(TypeError, match=r"oc\.splits\(path\)"):
        pickle.dumps(capture)


def test_what_cannot_be_opened_again_has_no_splits() -> None:
    with pytest.raises(TypeError, match="another process"):
        oc.splits(pcap())  # type: ignore[arg-type]


def test_a_later_part_of_pcapng_gives_no_blocks(tmp_path: Path) -> None:
    """Sections and interfaces are in the blocks at the beginning of the file: a copy of the others would lack them."""
    path = tmp_path / "many.pcapng"
    oc.write_capture(path, [oc.Record(bytes([number]) * 60) for number in range(200)])
    parts = list(oc.splits(path, octets=4000))
    assert len(parts) > 2
    for part in parts[1:]:
        with part.open() as capture, pytest.raises(ValueError, match=r"gives records and packets, no blocks"):
            next(iter(capture.blocks()))
