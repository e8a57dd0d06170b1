"""Packets with options, packets without time stamps and blocks without packets are read in blocks as others are."""

from __future__ import annotations

import io
import random
import struct
from typing import Final

import pytest

import overlaycodec as oc
from tests.tools import capture_files as files
from tests.tools import readers

COMMENT, FLAGS, HASH, DROPS = 1, 2, 3, 4
FACTS: Final = ["time_ns", "captured_length", "wire_length", "fcs", "comment", "flags", "interface", "data"]


def odd(blocks: files.Blocks, source: random.Random, count: int, *, wrong: float = 0) -> bytes:
    """So many packets, every other one with something odd; a share of them with options that are wrong."""
    content = [blocks.section(), blocks.interface(snap=60), blocks.interface((13, b"\x04"), link_type=1)]
    for number in range(count):
        data = source.randbytes(source.randrange(14, 90))
        options: list[tuple[int, bytes]] = []
        if number % 2:
            for _ in range(source.randrange(5)):
                code = source.choice((COMMENT, COMMENT, FLAGS, HASH, DROPS, 0x0BAD))
                if not wrong and any(known == FLAGS for known, _ in options):
                    code = HASH  # several words of flags are left to the reader
                value = source.choice((b"", b"one", "zw\u00f6lf\0rest".encode(), b"\xff\xfe", bytes(12)))
                options.append((code, blocks.word(source.randrange(1 << 9)) if code == FLAGS else value))
        kind = source.randrange(12)
        if kind == 0:
            content.append(blocks.simple(data))
        elif kind == 1:
            content.append(blocks.block(source.choice((files.NAMES, files.STATISTICS, files.CUSTOM)), data[:20]))
        elif kind == 2:
            content.append(blocks.block(files.UNKNOWN, b""))
        block = blocks.enhanced(data, *options, ticks=number, interface=source.randrange(2), wire=100)
        if source.random() < wrong:
            at = len(block) - 4 - source.randrange(1, 30)
            block = block[:at] + struct.pack("B", source.randrange(256)) + block[at + 1 :]
        content.append(block)
    return b"".join(content)


@pytest.mark.parametrize("blocks", [files.LITTLE, files.BIG], ids=["little", "big"])
def test_all_packets_are_read_in_blocks(blocks: files.Blocks) -> None:
    data = odd(blocks, random.Random(1), 3000)
    records = len(readers.check(lambda: data).rows)
    with oc.open_capture(data) as capture:
        assert next(iter(capture)) is not None  # the interfaces stand before it
        assert sum(len(block.starts) for block in capture.record_blocks(1 << 20)) == records - 1
    assert readers.check(lambda: io.BytesIO(data)).error is None


@pytest.mark.parametrize("blocks", [files.LITTLE, files.BIG], ids=["little", "big"])
def test_facts_are_those_of_the_records(blocks: files.Blocks) -> None:
    data = odd(blocks, random.Random(2), 3000)
    with oc.open_capture(data) as capture:
        wanted = [
            (
                record.time_ns, len(record.data), record.wire_length, record.decode(lax=True).fcs,
                "\n".join(record.comments) if record.comments else None, record.flags, record.interface, record.data,
            )
            for record in capture
        ]  # fmt: skip
    table = oc.columns(data, FACTS)
    found = zip(*(table[name].tolist() for name in FACTS), strict=True)
    for row, expected in zip(found, wanted, strict=True):
        assert row == tuple(value.data if isinstance(value, oc.FCS) else value for value in expected)
    noted = sum(row[4] is not None for row in wanted)
    assert len(oc.columns(data, ["time_ns"], where="comment")) == noted > 500
    assert oc.columns(data, ["comment"], where="comment")["comment"].tolist() == [
        row[4] for row in wanted if row[4] is not None
    ]


@pytest.mark.parametrize("seed", range(12))
def test_wrong_options_and_lengths_are_left_to_the_reader(seed: int) -> None:
    source = random.Random(seed)
    data = odd(source.choice((files.LITTLE, files.BIG)), source, 400, wrong=0.01)
    with readers.piece_sizes(content=4096, chunk=1024):
        readers.check(lambda: data)
        cut = data[: source.randrange(len(data))]
        readers.check(lambda: io.BytesIO(cut))


def test_a_block_of_many_options() -> None:
    blocks = files.LITTLE
    many = blocks.enhanced(bytes(20), *[(HASH, b"")] * 3000, (COMMENT, b"last"))
    data = blocks.section() + blocks.interface() + (blocks.enhanced(bytes(20)) * 50 + many) * 3
    assert readers.check(lambda: data).error is None
    assert oc.columns(data, ["comment"])["comment"].compressed().tolist() == ["last"] * 3


@pytest.mark.parametrize("blocks", [files.LITTLE, files.BIG], ids=["little", "big"])
def test_nothing_is_an_option_after_the_end_of_the_options(blocks: files.Blocks) -> None:
    options = blocks.option(COMMENT, b"before") + blocks.option(0, b"") + blocks.option(COMMENT, b"after")
    fields = struct.pack(blocks.order + "IIIII", 0, 0, 0, 20, 20)
    packet = blocks.block(files.ENHANCED, fields + bytes(20) + options)
    data = blocks.section() + blocks.interface() + packet * 100
    with oc.open_capture(data) as capture:
        assert [record.comments for record in capture] == [("before",)] * 100
    assert oc.columns(data, ["comment"])["comment"].tolist() == ["before"] * 100


@pytest.mark.parametrize("code", [0, COMMENT, FLAGS, HASH])
@pytest.mark.parametrize("beyond", [0, 1, 4, 0xFFF0])
def test_an_option_that_is_longer_than_its_block(code: int, beyond: int) -> None:
    """In the middle of good blocks: what is read in blocks ends where the reader finds the error."""
    blocks = files.LITTLE
    fields = struct.pack("<IIIII", 0, 0, 0, 20, 20)
    option = struct.pack("<HH", code, 4 + beyond) + b"text"
    good = blocks.enhanced(bytes(20), (COMMENT, b"good"))
    data = blocks.section() + blocks.interface() + good * 50
    data += blocks.block(files.ENHANCED, fields + bytes(20) + option) + good * 50
    wanted = readers.check(lambda: data)
    fits = not beyond or not code  # pcapng section 3.5: the length of opt_endofopt has no meaning to us
    assert (wanted.error is None) == fits
    assert len(wanted.rows) == (101 if fits else 50)
