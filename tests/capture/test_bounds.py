"""Rules of capture files at their bounds: chains of records, walks over damaged files, frames written in parts."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

import overlaycodec as oc
from overlaycodec.capture.bulk import record_write
from overlaycodec.capture.record_chains import Chain, PcapChain, PcapngChain, Window
from overlaycodec.capture.source import source_of
from tests.tools.capture_files import BIG, ENHANCED, LITTLE, pcap, record

NOW = 1_700_000_000
YEARS = 10 * 365 * 86_400
LONGEST = 100


# --- chains -----------------------------------------------------------------------------------------------------------


def window_of(data: bytes) -> Window:
    return Window(source_of(data), 0)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("header", [16, 24])
def test_a_record_of_pcap_ends_after_its_packet(order: str, header: int) -> None:
    chain = PcapChain(order, header, NOW, LONGEST)
    assert (chain.header, chain.reach) == (header, header + LONGEST)

    def end(captured: int, before: int = 0) -> int | None:
        head = struct.pack(order + "IIII", NOW, 0, captured, captured) + bytes(header - 16)
        return chain.end(window_of(bytes(before) + head), before)

    assert [end(0), end(1), end(LONGEST), end(LONGEST + 1)] == [header, header + 1, header + LONGEST, None]
    assert end(7, before=5) == 5 + header + 7
    assert chain.end(window_of(bytes(header - 1)), 0) == header  # behind the end of the file
    assert chain.end(window_of(bytes(header)), 0) == header


@pytest.mark.parametrize("order", "<>")
def test_the_time_of_a_record_is_within_some_years(order: str) -> None:
    chain = PcapChain(order, 16, NOW, LONGEST)

    def is_timely(seconds: int) -> bool:
        return chain.is_timely(window_of(b"\xff" + struct.pack(order + "I", seconds)), 1)

    assert [is_timely(NOW + sign * YEARS) for sign in (-1, 1)] == [False, False]
    assert all(is_timely(NOW + sign * (YEARS - 1)) for sign in (-1, 0, 1))
    assert chain.is_timely(window_of(bytes(4)), 1)  # the file ends before it
    assert not chain.is_timely(window_of(bytes(5)), 1)
    assert PcapngChain(order, LONGEST).is_timely(window_of(bytes(64)), 0)


@pytest.mark.parametrize("order", "<>")
def test_a_block_of_pcapng_has_its_length_twice(order: str) -> None:
    chain = PcapngChain(order, LONGEST)
    most = chain.reach
    assert most == LONGEST + 4096

    def end(total: int, again: int | None = None, there: int | None = None) -> int | None:
        block = struct.pack(order + "II", ENHANCED, total) + bytes(max(total - 12, 0))
        block += struct.pack(order + "I", total if again is None else again)
        return chain.end(window_of(bytes(4) + block[:there]), 4)

    assert [end(12), end(16), end(most)] == [16, 20, 4 + most]
    assert [end(8), end(4), end(0), end(13), end(14), end(most + 4)] == [None] * 6
    assert [end(16, again=12), end(16, again=20)] == [None, None]
    assert end(16, there=15) == 20  # its second length is behind the end of the file
    assert end(16, there=8) == 20
    assert end(16, there=7) == 4 + 12  # so is its first one


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("pcapng", [False, True])
@pytest.mark.parametrize("longest", [LONGEST, 70_000])
def test_ends_are_those_of_all_that_can_begin_before(order: str, pcapng: bool, longest: int) -> None:
    """The pattern finds each length that is short enough; what it finds is tested as each one is alone."""
    chain: Chain = PcapngChain(order, longest) if pcapng else PcapChain(order, 16, NOW, longest)
    source = random.Random(f"{order} {pcapng}")
    least = 12 if pcapng else 0
    sizes = (chain.reach * 2, chain.reach + 4, chain.reach - 8, 30)
    for size in sizes if longest == LONGEST else sizes[1:2]:
        octets = bytearray(source.randbytes(size))
        for at in range(0, size - 8, 4):  # lengths at all places, most of them about as long as they may be
            number = source.choice((chain.reach - at, chain.reach, longest, source.randrange(2 * chain.reach)))
            number += source.choice((-20, -16, -4, 0, 1, 4)) - 16 * (not pcapng)
            octets[at : at + 4] = struct.pack(order + "I", max(number, 0))
            if at + number - 4 > at + 8 and source.random() < 0.5:
                octets[at + number - 8 : at + number - 4] = octets[at : at + 4]
        del octets[size:]
        window = window_of(bytes(octets))
        found = set(chain.ends(window))
        head, step = (8, 4) if pcapng else (16, 1)
        alone = {at: chain.end(window, at) for at in range(0, min(chain.reach, size - head + 1), step)}
        assert found >= {end for end in alone.values() if end is not None and end >= chain.reach}
        at_reach = chain.end(window, chain.reach)
        assert found <= {end for end in (*alone.values(), at_reach) if end is not None and end >= chain.reach}
        assert all(end > least for end in found)


# --- walks ------------------------------------------------------------------------------------------------------------


def small(order: str, *, pcapng: bool) -> bytes:
    blocks = LITTLE if order == "<" else BIG
    if not pcapng:
        return pcap(*(record(bytes(n), NOW + n, order=order) for n in (0, 3, 8, 1)), order=order)
    parts = [blocks.interface(), blocks.enhanced(b"abc"), blocks.block(9, b"other"), blocks.interface((2, b"b"))]
    more = [blocks.section(), blocks.interface(), blocks.simple(b"de"), blocks.obsolete(b"fghij")]
    return blocks.section() + b"".join([*parts, blocks.enhanced(b"k", interface=1), *more, blocks.enhanced(b"")])


def all_of(*sources: Path | oc.Split) -> tuple[list[oc.Record], bool]:
    """The records, and whether an error ended the reading."""
    records: list[oc.Record] = []
    try:
        for source in sources:
            with oc.open_capture(source) as capture:
                records.extend(one for one in capture)  # not `list`: those before an error count
    except oc.CaptureError:
        return records, True
    return records, False


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("pcapng", [False, True])
def test_splits_of_a_damaged_file_have_its_records_and_its_error(order: str, pcapng: bool, tmp_path: Path) -> None:
    """A word of the file is another one, and the file may be cut behind it: a walk ends where reading does."""
    data, path = small(order, pcapng=pcapng), tmp_path / "damaged"
    source = random.Random(3)
    places = [(at, value) for at in range(24, len(data) - 3, 4) for value in (0, 8, 12, 13, 16, 1 << 25, 0xFFFFFFFF)]
    compared = 0
    for at, value in source.sample(places, 80):
        damaged = data[:at] + struct.pack(order + "I", value) + data[at + 4 :]
        path.write_bytes(damaged if source.random() < 0.8 else damaged[: at + source.randrange(40)])
        try:
            expected = all_of(path)
            found = oc.splits(path, octets=source.choice((1, 40)))
        except oc.CaptureError:
            continue
        assert all_of(*found) == expected, (at, value)
        assert (found[0].start, found[-1].stop) == (0, None)
        assert [split.stop for split in found[:-1]] == [split.start for split in found[1:]]
        compared += 1
    assert compared > 20


@pytest.mark.parametrize("pcapng", [False, True])
def test_each_record_begins_a_split_of_one_octet(pcapng: bool, tmp_path: Path) -> None:
    data, path = small("<", pcapng=pcapng), tmp_path / "small"
    path.write_bytes(data)
    starts = [0] if pcapng else [0, 24]
    while starts[-1] < len(data):
        total = struct.unpack_from("<I", data, starts[-1] + (4 if pcapng else 8))[0]
        starts.append(starts[-1] + total + (0 if pcapng else 16))
    found = oc.splits(path, octets=1)
    assert [split.start for split in found] == starts[:-1]
    assert len(oc.splits(path, octets=len(data))) == 1
    apart = starts[2]  # each split begins at the first record so far from the start of the one before
    expected = [0]
    while (following := next((at for at in starts if at >= expected[-1] + apart), len(data))) < len(data):
        expected.append(following)
    assert [split.start for split in oc.splits(path, octets=apart)] == expected
    assert len(expected) > 2


# --- frames -----------------------------------------------------------------------------------------------------------


def frames_of(octets: list[bytes], times: list[int] | None = None) -> Any:  # Any: there are frames only with NumPy
    from overlaycodec.capture.frames import Frames

    starts = np.cumsum([0, *map(len, octets)])
    stamps = None if times is None else np.array(times, np.int64)
    return Frames(np.frombuffer(b"".join(octets), np.uint8), starts, stamps)


MIB: Final = 1 << 20
COUNT: Final = 1 << 14


@pytest.mark.parametrize(
    "lengths",
    [
        [], [0], [MIB], [MIB + 1], [MIB, 1], [1, MIB], [MIB + 1, MIB + 1], [3, MIB + 7, 5], [MIB // 2] * 5,
        [MIB - 1, 1, 1], [0] * (COUNT + 1), [1] * (2 * COUNT), [0, 0, MIB + 1, 0], [99] * 30_000,
    ],
    ids=lambda lengths: f"{len(lengths)} of {max(lengths, default=0)}",
)  # fmt: skip
def test_frames_come_in_parts_of_so_many_octets_and_frames(lengths: list[int]) -> None:
    parts: list[slice] = []
    for part in record_write.parts_of(frames_of([bytes(n) for n in lengths])):
        assert len(parts) < len(lengths)
        parts.append(part)
    assert [index for part in parts for index in range(len(lengths))[part]] == list(range(len(lengths)))
    sizes = [(part.stop - part.start, sum(lengths[part])) for part in parts]
    assert all(0 < many <= COUNT and (total <= MIB or many == 1) for many, total in sizes)
    for part in parts[:-1]:  # each has as many as it may
        one_more = lengths[part.start : part.stop + 1]
        assert len(one_more) > COUNT or sum(one_more) > MIB


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_frames_of_any_lengths_are_written_as_their_records(form: Any) -> None:
    source = random.Random(4)
    octets = [source.randbytes(source.randrange(1, 40)) for _ in range(50)]
    octets += [bytes(200_000)] * 6 + [source.randbytes(9)] * 5 + [source.randbytes(100), b"x"]
    stamps = [NOW * 10**9 + source.randrange(10**12) for _ in octets]
    for times in (None, stamps):
        records = [oc.Record(one, 1, None if times is None else times[n]) for n, one in enumerate(octets)]
        found = written(frames_of(octets, times), form)
        assert found == written(records, form)
        assert [one.data for one in oc.open_capture(found)] == octets


def written(items: Any, form: Any) -> bytes:  # Any: as above
    stream = io.BytesIO()
    assert oc.write_capture(stream, items, format=form) == len(items)
    return stream.getvalue()


def test_frames_are_rows_where_all_have_one_length() -> None:
    frames = frames_of([b"ab", b"cd", b"ef"])
    assert frames.rows.tolist() == [[97, 98], [99, 100], [101, 102]]
    assert (frames.lengths.tolist(), len(frames), frames.link_type, frames.fcs_octets) == ([2, 2, 2], 3, 1, None)
    assert [frames[0], frames[2], frames[-1], frames[-3]] == [b"ab", b"ef", b"ef", b"ab"]
    for index in (3, -4):
        with pytest.raises(IndexError, match=f"there are 3 packets, and none at {index}"):
            frames[index]
    assert repr(frames) == "<Frames: 3 packets, 6 octets>"
    with pytest.raises(ValueError, match="these packets have 1 to 2 octets"):
        _ = frames_of([b"ab", b"c"]).rows
    assert frames_of([]).rows.shape == (0, 0)
