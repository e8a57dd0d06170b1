"""Records are found many at a time, and they are those that a walk from one to the next finds."""

from __future__ import annotations

import io
import random
import struct
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec.capture.bulk import record_scan as chains
from overlaycodec.capture.bulk.record_scan import RecordFormat, record_offsets
from tests.tools import capture_files as files

PCAP: Final = RecordFormat("<", 16, 8, 16, 2)
SECONDS: Final = 1_700_000_000


def record(data: bytes, seconds: int = SECONDS) -> bytes:
    return files.record(data, seconds)


def walked(octets: bytes, most: int) -> tuple[list[int], int]:
    """The places, the plain way."""
    at, places = 0, []
    while at + 16 <= len(octets):
        (captured,) = struct.unpack_from("<I", octets, at + 8)
        if captured + 16 > most or at + 16 + captured > len(octets):
            break
        places.append(at)
        at += 16 + captured
    return places, at


def check(octets: bytes, most: int = 1 << 20) -> int:
    places, end = record_offsets(memoryview(octets), 0, PCAP, most)
    assert (places.tolist(), end) == walked(octets, most)
    return len(places)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many short segments, so that little is walked one by one."""
    monkeypatch.setattr(chains, "FIRST_RECORDS", 4)
    monkeypatch.setattr(chains, "SEGMENT_RECORDS", 2)


def sizes(kind: str, source: random.Random) -> list[int]:
    return {
        "alike": [100] * 3000,
        "empty": [0] * 3000,
        "varied": [source.choice((0, 1, 60, 61, 200, 1500)) for _ in range(3000)],
        "small, then large": [40] * 500 + [1500] * 500,
        "large, then small": [1500] * 300 + [20] * 3000,
        "one huge": [60] * 1000 + [300_000] + [60] * 1000,
    }[kind]


KINDS: Final = ["alike", "empty", "varied", "small, then large", "large, then small", "one huge"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("eager")
def test_records_of_any_size(kind: str) -> None:
    source = random.Random(kind)
    octets = b"".join(record(source.randbytes(count)) for count in sizes(kind, source))
    check(octets)
    for cut in (1, 15, 16, 17, 40):
        check(octets[:-cut])
    check(octets, most=1000)


@pytest.mark.usefixtures("eager")
def test_packets_that_hold_what_looks_like_records() -> None:
    """Whatever is guessed inside of packets, it is found out: chains in packets that meet the true one, or never do."""
    source = random.Random(1)
    for inside in (record(b"x" * 7) * 9, record(b"") * 20, record(bytes(1 << 12)), record(b"ab")[:12] + bytes(4)):
        records = []
        for _ in range(1500):
            data = source.randbytes(source.randrange(30)) + inside[: source.randrange(len(inside) + 1)]
            records.append(record(data + record(b"z" * source.randrange(40))))
        check(b"".join(records))


@pytest.mark.usefixtures("eager")
def test_a_jump_in_time_and_a_record_that_is_too_large() -> None:
    octets = b"".join(record(bytes(50), SECONDS + (number // 700 << 17)) for number in range(3000))
    assert check(octets) == 3000
    broken = bytearray(octets)
    broken[66 * 2000 + 8 : 66 * 2000 + 12] = (1 << 31).to_bytes(4, "little")
    assert check(bytes(broken)) == 2000
    broken[66 * 2000 + 8 : 66 * 2000 + 12] = (5000).to_bytes(4, "little")
    assert check(bytes(broken), most=2000) == 2000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=60), max_size=12), st.integers(1, 400), st.binary(max_size=40), st.integers(0, 2**32)
)
def test_any_records(some: list[bytes], times: int, tail: bytes, seed: int) -> None:
    source = random.Random(seed)
    octets = b"".join(record(source.choice(some) if some else b"") for _ in range(times)) + tail
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chains, "FIRST_RECORDS", 4)
        patch.setattr(chains, "SEGMENT_RECORDS", 2)
        check(octets)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("octets", [1 << 9, 1 << 12, 1 << 16])
def test_pieces_of_a_file(kind: str, octets: int) -> None:
    """However a file is cut up, each record is found once; what is left is left for those who read one by one."""
    source = random.Random(kind)
    data = [source.randbytes(count) for count in sizes(kind, source)[:1200]]
    whole = files.pcap(*map(record, data))
    for content in (whole, whole[:-5]):
        readables: tuple[bytes | io.BytesIO, ...] = content, io.BytesIO(content)
        for readable in readables:
            with oc.open_capture(readable) as capture:
                found = []
                for stretch in capture.record_blocks(octets):
                    for start, count in zip(stretch.starts.tolist(), stretch.lengths.tolist(), strict=True):
                        found.append(stretch.octets[start : start + count].tobytes())
                if content is whole:
                    found += [left.data for left in capture]
                else:
                    with pytest.raises(oc.CaptureError, match="octets"):
                        found += [left.data for left in capture]
            assert found == (data if content is whole else data[:-1])


def blocks_of(order: files.Blocks, source: random.Random, odd: float) -> bytes:
    """A file of all kinds of blocks; so many of them are out of the ordinary."""
    three = (3).to_bytes(8, "little" if order is files.LITTLE else "big")
    wanted = [
        order.interface(), order.interface((9, b"\x09"), (13, b"\x04")),
        order.interface((9, b"\x8a"), (14, three), link_type=101),
        order.interface((9, b"\x0c")), order.interface((9, b"\x00")), order.interface((9, b"\x0b")),
    ]  # fmt: skip
    pieces = [order.section(), *wanted]
    for _ in range(600):
        data = source.randbytes(source.choice((0, 1, 14, 60, 61, 62, 63)))
        ticks, number = source.getrandbits(source.choice((20, 50, 56))), source.randrange(len(wanted))
        some = source.choice(([], [], [(2, order.word(0x80))]))
        if source.random() < odd:
            pieces.append(
                source.choice((
                    order.simple(data), order.obsolete(data, ticks=ticks), order.block(files.STATISTICS, bytes(12)),
                    order.enhanced(data, (1, b"said"), ticks=ticks), order.enhanced(data, ticks=1 << 63, interface=1),
                    order.enhanced(data, (2, order.word(3)), (1, b"said")), order.interface(link_type=12),
                    b"".join(pieces[:7]),
                ))
            )  # fmt: skip
        pieces.append(order.enhanced(data, *some, ticks=ticks, interface=number, wire=len(data) + source.randrange(3)))
    return b"".join(pieces)


ABOUT: Final = ["time_ns", "wire_length", "captured_length", "link_type", "ethernet.ethertype", "fault"]


@pytest.mark.parametrize("order", [files.LITTLE, files.BIG], ids=["little", "big"])
@pytest.mark.parametrize("odd", [0.0, 0.01, 0.3, 1.0])
@pytest.mark.usefixtures("eager")
def test_columns_of_pcapng_say_what_its_records_say(order: files.Blocks, odd: float) -> None:
    content = blocks_of(order, random.Random(odd), odd)
    with oc.open_capture(content) as capture:
        records = list(capture)
    wanted = oc.columns(records, ABOUT)
    assert len(set(wanted["link_type"].tolist())) > 1
    for readable in (content, io.BytesIO(content)):
        table = oc.columns(readable, ABOUT)
        assert len(table) == len(records)
        for name in ABOUT:
            assert table[name].tolist() == wanted[name].tolist(), name
    for cut in (1, 4, 17):
        with pytest.raises(oc.CaptureError):
            oc.columns(content[:-cut], ABOUT)
        seen: list[int] = []
        with pytest.raises(oc.CaptureError):
            seen.extend(len(part) for part in oc.iter_columns(content[:-cut], ABOUT))
        assert sum(seen) == len(records) - 1


def test_a_block_whose_second_length_is_wrong_is_not_passed_over() -> None:
    content = bytearray(files.LITTLE.section() + files.LITTLE.interface() + files.LITTLE.enhanced(bytes(60)) * 300)
    block = len(files.LITTLE.enhanced(bytes(60)))
    content[-100 * block - 4] ^= 4
    with pytest.raises(oc.CaptureError, match="before it and"):
        oc.columns(bytes(content), ABOUT)
