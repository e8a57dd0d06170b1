"""Reading pcapng: files put together from the specification, with what tshark 4.0.17 made of them where it can."""

from __future__ import annotations

import struct

import pytest

from overlaycodec.capture import Interface, Record, open_capture
from overlaycodec.errors import CaptureError
from tests.tools.capture_files import BIG, CUSTOM, LITTLE, NAMES, STATISTICS, UNKNOWN, Blocks

COMMENT, FLAGS = 1, 2
NAME, DESCRIPTION, TSRESOL, FCSLEN, TSOFFSET, TSOFFSET_NS = 2, 3, 9, 13, 14, 19


def read(*blocks: bytes) -> list[Record]:
    with open_capture(b"".join(blocks)) as capture:
        assert capture.format == "pcapng"
        return list(capture)


@pytest.fixture(params=["<", ">"], ids=["little", "big"])
def blocks(request: pytest.FixtureRequest) -> Blocks:
    return Blocks(request.param)


@pytest.mark.parametrize(
    ("options", "ticks", "time_ns"),
    [
        ([], 1_500_000, 1_500_000_000),  # microseconds unless said otherwise
        ([(TSRESOL, b"\x06")], 1_500_000, 1_500_000_000),
        ([(TSRESOL, b"\x09")], (1 << 64) - 1, (1 << 64) - 1),
        ([(TSRESOL, b"\x00")], 1_700_000_000, 1_700_000_000 * 10**9),
        ([(TSRESOL, b"\x03")], 1, 1_000_000),
        ([(TSRESOL, b"\x0c")], 1_700_000 * 10**12 + 123_456_789_999, 1_700_000_123_456_789),  # tshark overflows here
        ([(TSRESOL, b"\x7f")], (1 << 64) - 1, 0),
        ([(TSRESOL, b"\x80")], 3, 3 * 10**9),
        ([(TSRESOL, b"\x8a")], 1, 976_562),  # 1/1024 s is 976562.5 ns: rounded down
        # tshark: 1700000000.000001437 and 1700000000.999999999
        ([(TSRESOL, b"\xa1")], (1_700_000_000 << 33) + 12_345, 1_700_000_000_000_001_437),
        ([(TSRESOL, b"\xa1")], (1_700_000_000 << 33) + (1 << 33) - 1, 1_700_000_000_999_999_999),
        ([(TSRESOL, b"\xff")], (1 << 64) - 1, 0),
    ],
)
def test_resolution(blocks: Blocks, options: list[tuple[int, bytes]], ticks: int, time_ns: int) -> None:
    (record,) = read(blocks.section(), blocks.interface(*options), blocks.enhanced(b"", ticks=ticks))
    assert record.time_ns == time_ns


@pytest.mark.parametrize(
    ("seconds", "nanoseconds", "time_ns"),
    [
        (1000, None, 1_001_500_000_000),  # tshark: 1001.5
        (-3, None, -1_500_000_000),  # tshark: -2.5, the sum of its seconds and its fraction: -3 + 1.5
        (None, -7, 1_499_999_993),
        (2, 5, 3_500_000_005),
    ],
)
def test_time_offset(blocks: Blocks, seconds: int | None, nanoseconds: int | None, time_ns: int) -> None:
    options = []
    if seconds is not None:
        options.append((TSOFFSET, struct.pack(blocks.order + "q", seconds)))
    if nanoseconds is not None:
        options.append((TSOFFSET_NS, struct.pack(blocks.order + "i", nanoseconds)))
    (record,) = read(blocks.section(), blocks.interface(*options), blocks.enhanced(b"", ticks=1_500_000))
    assert record.time_ns == time_ns


@pytest.mark.parametrize(
    ("if_fcslen", "epb_flags", "fcs_octets", "flags"),
    [
        (None, None, None, None),
        (4, None, 4, None),  # the specification's example
        (0, None, 0, None),
        (32, None, 4, None),  # its text says bits, and 32 octets of FCS do not exist
        (16, None, 2, None),
        (17, None, None, None),
        (4, 2 << 5, 2, 0),  # the flags override
        (None, 4 << 5 | 0x1000_0001, 4, 0x1000_0001),
        (4, 0x0000_0002, 4, 2),  # 0000: not available here
        (0, 15 << 5, 15, 0),
    ],
)
def test_fcs(
    blocks: Blocks, if_fcslen: int | None, epb_flags: int | None, fcs_octets: int | None, flags: int | None
) -> None:
    described = [] if if_fcslen is None else [(FCSLEN, bytes([if_fcslen]))]
    options = [] if epb_flags is None else [(FLAGS, blocks.word(epb_flags))]
    for packet in (blocks.enhanced, blocks.obsolete):
        (record,) = read(blocks.section(), blocks.interface(*described), packet(b"abcd", *options))
        assert (record.fcs_octets, record.flags) == (fcs_octets, flags)


def test_enhanced_block(blocks: Blocks) -> None:
    options = [(COMMENT, b"first"), (3, b"\x02hash"), (FLAGS, blocks.word(1)), (2988, b"\0\0\0\1text"), (COMMENT, b"")]
    got = read(
        blocks.section(options=blocks.options((4, b"application"), (COMMENT, b"of the section"))),
        blocks.interface(link_type=101),
        blocks.interface((COMMENT, b"of the interface"), link_type=113),
        blocks.enhanced(b"abcde", *options, ticks=7, interface=1, wire=1000),
        blocks.enhanced(b"ab", ticks=8, interface=0),
    )
    assert got == [
        Record(b"abcde", 113, 7000, 1000, 1, ("first", ""), None, 1),
        Record(b"ab", 101, 8000, 2, 0),
    ]
    assert got[0].comment == "first"


def test_options_may_lack_an_end_and_stop_at_it(blocks: Blocks) -> None:
    fields = struct.pack(blocks.order + "IIIII", 0, 0, 0, 4, 4) + b"data"
    unended = blocks.block(6, fields + blocks.option(COMMENT, b"abcd"))
    ended = blocks.block(6, fields + blocks.option(0, b"") + blocks.option(COMMENT, b"after the end"))
    got = read(blocks.section(), blocks.interface(), unended, ended)
    assert [record.comments for record in got] == [("abcd",), ()]


def test_strings_end_at_a_zero_and_are_repaired(blocks: Blocks) -> None:
    (record,) = read(
        blocks.section(),
        blocks.interface(),
        blocks.enhanced(b"", (COMMENT, b"seen\0unseen"), (COMMENT, b"\xff!"), (COMMENT, "größer".encode())),
    )
    assert record.comments == ("seen", "\ufffd!", "größer")


@pytest.mark.parametrize(
    ("snap", "wire", "captured"),
    [(0, 10, 10), (4, 10, 4), (10, 4, 4), (10, 10, 10), (0, 0, 0), (4, 0, 0)],
)
def test_simple_block(blocks: Blocks, snap: int, wire: int, captured: int) -> None:
    data = bytes(range(captured))
    got = read(blocks.section(), blocks.interface(snap=snap, link_type=101), blocks.simple(data, wire))
    assert got == [Record(data, 101, None, wire, 0)]


def test_obsolete_block(blocks: Blocks) -> None:
    packet = blocks.obsolete(b"abc", (COMMENT, b"old"), ticks=1 << 40, interface=1, drops=9)
    got = read(blocks.section(), blocks.interface(), blocks.interface(link_type=101), packet)
    assert got == [Record(b"abc", 101, (1 << 40) * 1000, 3, 1, ("old",))]


def test_other_blocks_are_skipped_by_their_length(blocks: Blocks) -> None:
    others = [
        blocks.block(kind, bytes(size)) for kind in (NAMES, STATISTICS, CUSTOM, UNKNOWN, 0) for size in (0, 4, 64)
    ]
    large = blocks.block(UNKNOWN, bytes(3_000_000))
    parts = [
        blocks.section(),
        *others,
        blocks.interface(),
        large,
        blocks.enhanced(b"one"),
        *others,
        blocks.simple(b"2"),
    ]
    assert [record.data for record in read(*parts)] == [b"one", b"2"]


def test_sections_have_their_own_interfaces_and_byte_order() -> None:
    data = b"".join(
        [
            LITTLE.section(length=8),  # a wrong section length: never believed
            LITTLE.interface((TSRESOL, b"\x09"), link_type=101),
            LITTLE.interface(link_type=113),
            LITTLE.enhanced(b"a", interface=1, ticks=1),
            BIG.section(),
            BIG.interface((NAME, b"eth0"), (DESCRIPTION, b"first"), (COMMENT, b"c"), (FCSLEN, b"\x04"), snap=96),
            BIG.enhanced(b"b", interface=0, ticks=2),
            LITTLE.section((1, 2)),  # minor version 2 is the same format
            LITTLE.interface(link_type=276),
            LITTLE.simple(b"c"),
        ]
    )
    seen = []
    with open_capture(data) as capture:
        assert (capture.byte_order, capture.interfaces) == ("little", ())
        for record in capture:
            seen.append((record.data, capture.byte_order, capture.interfaces[record.interface]))
            assert record.link_type == seen[-1][2].link_type
    assert seen == [
        (b"a", "little", Interface(link_type=113)),
        (
            b"b",
            "big",
            Interface(link_type=1, snap_length=96, fcs_octets=4, name="eth0", description="first", comments=("c",)),
        ),
        (b"c", "little", Interface(link_type=276)),
    ]


def test_interface_may_come_late(blocks: Blocks) -> None:
    got = read(
        blocks.section(),
        blocks.interface(),
        blocks.enhanced(b"a"),
        blocks.interface(link_type=101),
        blocks.enhanced(b"b", interface=1),
    )
    assert [(record.interface, record.link_type) for record in got] == [(0, 1), (1, 101)]


@pytest.mark.parametrize("version", [(1, 1), (2, 0), (0, 9)])
def test_unknown_versions_are_refused(version: tuple[int, int]) -> None:
    with pytest.raises(CaptureError, match=r"version \d\.\d is not known") as caught:
        open_capture(LITTLE.section(version))  # as tshark does; skipping the section would lose its packets unseen
    assert caught.value.octet == 12
