"""Reading pcap, the ways into a capture, and every capture against what tshark says of it."""

from __future__ import annotations

import copy
import gzip
import io
import itertools
import mmap
import pickle
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from overlaycodec.capture import Capture, Record, open_capture
from overlaycodec.errors import CaptureError
from tests.tools import records, stacks
from tests.tools.capture_files import MICRO, MODIFIED, NANO, pcap, record

OWN = stacks.CAPTURES / "kernel-vxlan-v4.pcap"

FOUND = [(name, path) for name, folder in records.SETS for path in sorted(stacks.captures(folder))]


@pytest.mark.parametrize(("name", "path"), FOUND, ids=[f"{name}:{path}" for name, path in FOUND])
def test_records_are_what_tshark_says(name: str, path: str) -> None:
    with open_capture(dict(records.SETS)[name] / path) as capture:
        lines = [
            records.line(
                "" if each.time_ns is None else "{}.{:09}".format(*divmod(each.time_ns, 10**9)),
                each.wire_length,
                each.interface,
                each.comments,
                each.data,
            )
            for each in capture
        ]
    assert records.summary(lines) == records.load()[name][path]


def test_all_own_captures_are_expected() -> None:
    assert set(stacks.captures(stacks.CAPTURES)) == set(records.load()["own"])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "time_ns"), [(MICRO, 1_700_000_000_000_005_000), (NANO, 1_700_000_000_000_000_005)])
def test_magic_says_order_and_resolution(order: str, magic: int, time_ns: int) -> None:
    data = pcap(record(b"abc", 1_700_000_000, 5, 1000, order=order), order=order, magic=magic, word=101)
    with open_capture(data) as capture:
        assert (capture.format, capture.byte_order) == ("pcap", {"<": "little", ">": "big"}[order])
        assert list(capture) == [Record(b"abc", link_type=101, time_ns=time_ns, wire_length=1000)]
        (interface,) = capture.interfaces
        assert (interface.link_type, interface.snap_length) == (101, 65535)
        assert interface.ticks_per_second == (10**6 if magic == MICRO else 10**9)


@pytest.mark.parametrize(
    ("word", "link_type", "fcs_octets"),
    [
        (0x0000_0001, 1, None),
        (0x3000_0001, 1, None),  # without bit 26 the top bits say nothing; such files exist
        (0x2400_0001, 1, 4),
        (0x0400_0001, 1, 0),  # said to be none
        (0xF400_0071, 113, 30),
        (0x0800_0001, 1, None),  # bit 27 is unassigned
        (0x0001_0001, 65537, None),  # as libpcap reads it: tcpdump 4.99 says "unknown data link type 65537"
    ],
)
def test_link_type_word(word: int, link_type: int, fcs_octets: int | None) -> None:
    with open_capture(pcap(record(b"abcd"), word=word)) as capture:
        (only,) = capture
        assert (only.link_type, only.fcs_octets) == (link_type, fcs_octets)
        assert capture.interfaces[0].fcs_octets == fcs_octets


@pytest.mark.parametrize(
    ("version", "first", "second"),
    [
        # the two lengths as they stand; tshark 4.0 and tcpdump 4.99 read 60 captured of 100 in each
        ((2, 2), 100, 60),
        ((2, 3), 100, 60),
        ((2, 3), 60, 100),
        ((2, 4), 60, 100),
    ],
)
def test_lengths_of_old_versions(version: tuple[int, int], first: int, second: int) -> None:
    data = pcap(struct.pack("<IIII", 0, 0, first, second) + bytes(60), record(b"next", wire=4), version=version)
    with open_capture(data) as capture:
        cut, following = capture
        assert (len(cut.data), cut.wire_length, following.data) == (60, 100, b"next")


def test_wire_length_below_the_captured_is_kept() -> None:
    with open_capture(pcap(record(bytes(60), wire=50))) as capture:
        assert [(len(each.data), each.wire_length) for each in capture] == [(60, 50)]


def test_modified_format() -> None:
    # `editcap -F modpcap` (Wireshark 4.0.17) of a capture: each record's header has 8 octets more.
    header = bytes.fromhex("34cdb2a1 02000400 00000000 00000000 00000400 01000000")
    one = bytes.fromhex("8f60036b cbbe0300 06000000 53000000 00000000 00000000 020000000 00b".replace(" ", ""))
    assert header[:4] == struct.pack("<I", MODIFIED)
    with open_capture(header + one + one) as capture:
        expected = Record(one[24:], time_ns=1_795_383_439_245_451_000, wire_length=83)
        assert list(capture) == [expected, expected]


# The ways in


class Dribble:
    """A stream that has nothing but read(), and gives one octet at a time."""

    def __init__(self, data: bytes) -> None:
        self.stream = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self.stream.read(min(size, 1))


def _mmap(path: Path, stack: ExitStack) -> mmap.mmap:
    file = stack.enter_context(path.open("rb"))
    return stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


WAYS: dict[str, Callable[[Path, ExitStack], Any]] = {
    "str": lambda path, _: str(path),
    "path": lambda path, _: path,
    "bytes": lambda path, _: path.read_bytes(),
    "bytearray": lambda path, _: bytearray(path.read_bytes()),
    "memoryview": lambda path, _: memoryview(path.read_bytes()),
    "mmap": _mmap,
    "BytesIO": lambda path, _: io.BytesIO(path.read_bytes()),
    "file": lambda path, stack: stack.enter_context(path.open("rb")),
    "raw file": lambda path, stack: stack.enter_context(path.open("rb", buffering=0)),
    "not seekable": lambda path, _: Dribble(path.read_bytes()),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same(way: str, packed: bool, tmp_path: Path) -> None:
    with open_capture(OWN) as capture:
        expected = list(capture)
    path = tmp_path / "no-suffix"  # the content says what it is, not the name
    path.write_bytes(gzip.compress(OWN.read_bytes()) if packed else OWN.read_bytes())
    with ExitStack() as stack, open_capture(WAYS[way](path, stack)) as capture:
        assert list(capture) == expected
        assert expected


def test_stream_is_read_from_where_it_stands() -> None:
    stream = io.BytesIO(b"prefix" + OWN.read_bytes())
    stream.seek(6)
    with open_capture(stream) as capture:
        assert len(list(capture)) == len(list(capture)) == records.load()["own"][OWN.name]["count"]


def test_gzip_of_several_members_and_padding() -> None:
    data = OWN.read_bytes()
    packed = gzip.compress(data[:100]) + bytes(7) + gzip.compress(b"") + gzip.compress(data[100:]) + bytes(512)
    with open_capture(packed) as capture, open_capture(data) as plain:
        assert list(capture) == list(plain)


def test_each_loop_starts_at_the_first_record() -> None:
    with open_capture(OWN) as capture:
        once = list(capture)
        assert list(capture) == once
        assert [pair for pair in zip(capture, capture, strict=True) if pair[0] != pair[1]] == []
        first = iter(capture)
        next(first)
        assert next(iter(capture)) == once[0]
        assert next(first) == once[1]


def test_what_cannot_seek_is_read_once() -> None:
    with open_capture(Dribble(OWN.read_bytes())) as capture:
        assert list(capture)
        with pytest.raises(CaptureError, match="read once"):
            list(capture)


def test_live_stream_is_not_waited_for() -> None:
    """A record comes out as soon as it has come in, though the stream goes on."""

    class Live(io.RawIOBase):
        def __init__(self) -> None:
            self.pieces = [pcap(), record(b"one"), record(b"two")]

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            assert self.pieces, "read beyond what was asked for"
            piece = self.pieces.pop(0)
            buffer[: len(piece)] = piece
            return len(piece)

    with open_capture(io.BufferedReader(Live())) as capture:
        first, second = itertools.islice(capture, 2)
        assert (first.data, second.data) == (b"one", b"two")


def test_close_closes_only_what_was_opened(tmp_path: Path) -> None:
    stream = io.BytesIO(OWN.read_bytes())
    with open_capture(stream) as capture:
        pass
    assert not stream.closed
    for source in (OWN, io.BytesIO(OWN.read_bytes()), OWN.read_bytes()):
        capture = open_capture(source)
        capture.close()
        capture.close()
        with pytest.raises(ValueError, match="closed"):
            list(capture)
    with pytest.raises(CaptureError):
        open_capture(Path(__file__))  # a ResourceWarning, an error here, would say that the file stayed open
    with pytest.raises(FileNotFoundError):
        open_capture(tmp_path / "nothing.pcap")


@pytest.mark.parametrize("source", [5, None, [b"x"]])
def test_what_is_no_source(source: Any) -> None:
    with pytest.raises(TypeError, match="binary stream"):
        open_capture(source)


def test_streams_of_the_wrong_kind() -> None:
    class Waiting:
        def read(self, size: int, /) -> None:
            return None

    text: Any = io.StringIO("text")
    with pytest.raises(TypeError, match="gives str"):
        open_capture(text)
    with pytest.raises(BlockingIOError):
        open_capture(Waiting())


@pytest.mark.parametrize("data", [b"", b"abc", b"GET / HTTP/1.1\r\n", bytes(64), b"\xff" * 64])
def test_what_is_no_capture(data: bytes) -> None:
    with pytest.raises(CaptureError, match="neither pcap nor pcapng") as caught:
        open_capture(data)
    assert caught.value.octet == 0


def test_memory_is_constant() -> None:
    one = record(bytes(1000))

    class Endless:
        left = 100_000

        def read(self, size: int, /) -> bytes:
            count = min(size // len(one), self.left)
            self.left -= count
            return one * count if self.left or count else b""

    stream = Endless()
    head = pcap()

    class Headed:
        def read(self, size: int, /) -> bytes:
            nonlocal head
            data, head = head, b""
            return data or stream.read(size)

    tracemalloc.start()
    try:
        with open_capture(Headed()) as capture:
            assert sum(1 for _ in capture) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


# Records


def test_record_by_hand() -> None:
    made = Record(data=b"abc", link_type=1)
    assert (made.wire_length, made.time_ns, made.interface, made.comment, made.fcs_octets) == (3, None, 0, None, None)
    assert Record(b"abc", comments=("one", "two")).comment == "one"
    assert Record(b"abc", wire_length=3) == made
    assert hash(made) == hash(Record(b"abc"))
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made
    with pytest.raises(AttributeError):
        made.data = b""  # type: ignore[misc]


def test_capture_says_what_it_is() -> None:
    with open_capture(OWN) as capture:
        assert isinstance(capture, Capture)
        assert repr(capture) == "<Capture pcap, little-endian, 1 interfaces so far>"
        iterator: Iterator[Record] = iter(capture)
        assert next(iterator).link_type == 1
