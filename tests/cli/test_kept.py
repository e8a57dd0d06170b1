"""What a rewritten capture keeps of the one that was read, block by block.

`tests.tools.pcapng_blocks` compares the files; it knows the format and nothing of the library.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

import overlaycodec as oc
from overlaycodec import cli
from tests.tools import stacks
from tests.tools.capture_files import BIG, CUSTOM, LITTLE, NAMES, STATISTICS, UNKNOWN, Blocks, pcap, record
from tests.tools.pcapng_blocks import NOT_COPIED, Block, blocks_of, check_kept, is_pcapng

CAPTURES: Final = Path(__file__).parents[1] / "captures"
FILES: Final = {
    name: path
    for folder in (CAPTURES, stacks.PUBLIC)
    for name, path in sorted(stacks.captures(folder).items())
    if is_pcapng(path)
}
ENDS: Final = ("--src", "10.0.0.1", "--dst", "10.0.0.2")
LINK: Final = ("--link-src", "02:00:00:00:00:01", "--link-dst", "02:00:00:00:00:02")
ALL_PACKETS: Final[dict[str, tuple[Sequence[str], Sequence[str]]]] = {
    "select": (("select",), ()),
    "decap": (("decap",), ("--others",)),
    "push": (("vlan", "push"), ("--vid", "7")),
    "pop": (("vlan", "pop"), ()),
    "translate": (("vlan", "translate"), ("100=8", "200=9", "--scope", "inner")),
    "normalise": (("vlan", "normalise"), ()),
}
"""Commands that write each packet once: what precedes the files, and what follows them."""
SOME_PACKETS: Final[dict[str, tuple[Sequence[str], Sequence[str]]]] = {
    "select": (("select",), ("--where", "udp")),
    "decap": (("decap",), ()),
    "encap": (("encap",), (*ENDS, *LINK, "--vni", "1")),
    "encap without a link": (("encap",), (*ENDS, "--vni", "1")),
    "encap in fragments": (("encap",), (*ENDS, "--vni", "1", "--mtu", "100", "--df", "clear")),
}
JOURNAL, SECRETS = 9, 10
FCS: Final = b"fcs!"
PEN: Final = 32473
"""The enterprise number for examples (RFC 5612)."""


MADE: Final = {
    "micro": pcap(record(bytes(70), 1, 2), record(bytes(60), 3, 4, 99)),
    "nano, big": pcap(record(bytes(70), 1, 2, order=">"), order=">", magic=0xA1B23C4D),
    "modified": pcap(record(bytes(70), 1, 2)[:16] + b"eightoct" + bytes(70), magic=0xA1B2CD34),
    "2.2": pcap(struct.pack("<IIII", 1, 2, 99, 70) + bytes(70), version=(2, 2)),
    "fcs": pcap(record(bytes(70)), word=0x2400_0001),
    "empty": pcap(order=">"),
}
"""pcap files of each kind."""


def records(name: str) -> list[oc.Record]:
    with oc.open_capture(CAPTURES / name) as capture:
        return list(capture)


ETHERNET_INSIDE: Final = [record.data for record in records("kernel-vxlan-inner-vlan.pcap")]
IP_INSIDE: Final = [
    record.data for record in records("kernel-vxlan-gpe.pcap") if record.decode(lax=True).names[4:5] == ["inner.ipv4"]
]


def run(words: Sequence[str], source: Path, target: Path, options: Sequence[str], status: int = 0) -> str:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        found = cli.main([*words, str(source), str(target), *options])
    said: str = streams[1].buffer.getvalue().decode()
    assert found == status, said
    return said


def section_of(blocks: Blocks) -> bytes:
    """A section with blocks of every kind, each with the options that it can have."""
    order = blocks.order
    custom = struct.pack(order + "I", PEN)
    comment, end = (1, "größer".encode()), b"\0\0\0\0"
    kept, not_kept = (2989, custom + b"\1\2\3"), (19373, custom + b"\4\5")
    about = blocks.options(comment, (2, b"board"), (3, b"Linux"), (4, b"program"), (2988, custom + b"text"), not_kept)
    wide = struct.pack(order + "Q", 10**10)
    interface = (
        (2, b"eth0"), (3, b"uplink"), (4, bytes(range(8))), (5, bytes(range(17))), (6, bytes(range(6))),
        (7, bytes(range(8))), (8, wide), (9, b"\x03"), (10, bytes(4)), (11, b"\0udp"), (12, b"Linux"), (13, b"\x00"),
        (14, struct.pack(order + "q", -5)), (15, b"card"), (16, wide), (17, wide), (18, b"Asia/Tokyo"), comment, kept,
        not_kept,
    )  # fmt: skip
    packet = (
        comment, (2, struct.pack(order + "I", 0x0001_0081)), (3, b"\x02" + bytes(4)), (4, struct.pack(order + "Q", 3)),
        (5, struct.pack(order + "Q", 77)), (6, struct.pack(order + "I", 5)), (7, b"\0" + bytes(8)),
        (8, struct.pack(order + "II", 1, 2)), kept, not_kept, (0x8001, b"local"), (1, b"another"),
    )  # fmt: skip
    statistics = blocks.options((2, bytes(8)), (3, bytes(8)), (4, wide), (5, wide), kept)
    body = [
        blocks.interface(*interface, link_type=1, snap=65535),
        blocks.block(SECRETS, struct.pack(order + "II", 0x544C534B, 7) + b"secret\n\0" + blocks.options(comment)),
        blocks.enhanced(ETHERNET_INSIDE[0] + FCS, *packet, ticks=2**33 + 5),
        blocks.enhanced(IP_INSIDE[0] + FCS, *packet, ticks=2**33 + 6),  # an interface more
        blocks.interface((2, b"eth1"), (9, b"\x8a"), link_type=1, snap=len(ETHERNET_INSIDE[1])),
        blocks.block(NAMES, struct.pack(order + "HH", 1, 11) + b"\x0a\0\0\1tunnel\0\0" + end + blocks.options(comment)),
        blocks.enhanced(ETHERNET_INSIDE[1], ticks=2**33 + 7, interface=1),
        blocks.enhanced(ETHERNET_INSIDE[1][:70], (2, bytes(4)), ticks=2**33 + 8, interface=1, wire=900),
        blocks.block(STATISTICS, struct.pack(order + "III", 1, 2, 3) + statistics),
        blocks.obsolete(ETHERNET_INSIDE[2], comment, ticks=2**33 + 9, interface=1, drops=4),
        blocks.obsolete(ETHERNET_INSIDE[2], ticks=2**33 + 10, drops=0xFFFF),
        blocks.block(JOURNAL, b"__REALTIME_TIMESTAMP=1\nMESSAGE=up\n"),
        blocks.block(CUSTOM, custom + b"octets of a vendor"),
        blocks.block(NOT_COPIED, custom + b"of this file alone"),
        blocks.simple(ETHERNET_INSIDE[3]),
        blocks.block(UNKNOWN, b"what nobody knows"),
        blocks.block(STATISTICS, struct.pack(order + "III", 0, 2, 3) + statistics),
    ]
    return blocks.section(length=sum(map(len, body)), options=about) + b"".join(body)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sections, of both byte orders; the one without packets is between the others."""
    path = tmp_path_factory.mktemp("kept") / "all.pcapng"
    path.write_bytes(section_of(BIG) + LITTLE.section() + LITTLE.block(UNKNOWN, b"") + section_of(LITTLE))
    return path


def test_the_file_that_was_made_has_every_kind(made: Path) -> None:
    """The kinds of section 4 and of appendix A of the draft, and one that nobody knows."""
    kinds = {block.kind for block in blocks_of(made.read_bytes())}
    assert kinds == {0x0A0D0D0A, 1, 2, 3, 4, 5, 6, 9, 10, 0xBAD, 0x40000BAD, UNKNOWN}
    assert len(records_of(made)) == 14


def records_of(path: Path) -> list[oc.Record]:
    with oc.open_capture(path) as capture:
        return list(capture)


@pytest.mark.parametrize("command", ALL_PACKETS)
def test_what_a_command_does_not_change_has_the_same_octets(command: str, made: Path, tmp_path: Path) -> None:
    words, options = ALL_PACKETS[command]
    target = tmp_path / "out.pcapng"
    run(words, made, target, options)
    same, changed = check_kept(made.read_bytes(), target.read_bytes())
    assert same + changed == 14
    assert (changed > 0) == (command in ("decap", "push", "translate"))
    if command == "select":
        assert same == 14


@pytest.mark.parametrize("command", SOME_PACKETS)
def test_what_a_command_leaves_out_takes_nothing_with_it(command: str, made: Path, tmp_path: Path) -> None:
    words, options = SOME_PACKETS[command]
    target = tmp_path / "out.pcapng"
    run(words, made, target, options)
    same, changed = check_kept(made.read_bytes(), target.read_bytes(), left_out=True)
    assert same + changed > 9
    assert (same > 0) == (command == "select")


@pytest.mark.parametrize("name", [*FILES, "made"])
def test_captures_as_they_are_found(name: str, made: Path, tmp_path: Path) -> None:
    source, target = FILES.get(name, made), tmp_path / "out.pcapng"
    before = source.read_bytes()
    for commands, left_out in ((ALL_PACKETS, False), (SOME_PACKETS, True)):
        for words, options in commands.values():
            run(words, source, target, options)
            check_kept(before, target.read_bytes(), left_out=left_out)
    with oc.open_capture(source) as capture:
        oc.write_capture(target, capture)
    assert target.read_bytes() == before


def test_a_copy_has_the_same_octets(made: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.pcapng"
    with oc.open_capture(made) as capture:
        assert oc.write_capture(target, capture) == 14
    assert target.read_bytes() == made.read_bytes()


@pytest.mark.parametrize("data", [section_of(BIG)[:900], *MADE.values()], ids=["pcapng", *MADE])
def test_blocks_are_all_that_was_read(data: bytes) -> None:
    """However a file is damaged: they are its octets up to the damage, and have the same records and error."""
    for size in range(len(data)):
        damaged = data[:size] + b"\xff" * (size % 5)
        assert read_from(damaged, in_blocks=True) == read_from(damaged, in_blocks=False)


def read_from(data: bytes, *, in_blocks: bool) -> tuple[list[oc.Record], str]:
    found: list[oc.Record] = []
    octets = b""
    try:
        with oc.open_capture(data) as capture:
            if not in_blocks:
                for record in capture:
                    found.append(record)  # noqa: PERF402 - those before an error are wanted
                return found, ""
            for block in capture.blocks():
                octets += block.octets
                assert data.startswith(octets)
                if block.record is not None:
                    found.append(block.record)
            assert octets == data
    except oc.CaptureError as error:
        return found, str(error)
    return found, ""


def test_a_filter_of_blocks(made: Path) -> None:
    stream = io.BytesIO()
    with oc.open_capture(made) as capture:
        chosen = [block.record for block in capture.blocks(where="inner.ipv4")]
        written = oc.write_capture(stream, capture.blocks(where="inner.ipv4"))
    assert 0 < written < 14
    assert written == sum(record is not None for record in chosen)
    assert check_kept(made.read_bytes(), stream.getvalue(), left_out=True) == (written, 0)


def test_blocks_of_some_sections_have_what_they_need(made: Path) -> None:
    """The header of a section and its interfaces are written, whether or not they are given."""
    stream = io.BytesIO()
    with oc.open_capture(made) as capture:
        last = list(capture.blocks())[-4:]
        assert oc.write_capture(stream, last) == 1
    kinds = [block.kind for block in blocks_of(stream.getvalue())]
    assert kinds == [0x0A0D0D0A, 1, 3, UNKNOWN, 1, STATISTICS] or kinds == [0x0A0D0D0A, 1, 3, UNKNOWN, STATISTICS]
    (found,) = records_of_octets(stream.getvalue())
    assert found == records_of(made)[-1]


def records_of_octets(data: bytes) -> list[oc.Record]:
    with oc.open_capture(data) as capture:
        return list(capture)


def packets_of(data: bytes) -> list[Block]:
    return [block for block in blocks_of(data) if block.kind in (2, 3, 6)]


@pytest.mark.parametrize("blocks", [LITTLE, BIG], ids=["little", "big"])
def test_what_is_not_true_of_another_packet_is_dropped(blocks: Blocks) -> None:
    data = section_of(blocks)
    with oc.open_capture(data) as capture:
        found = list(capture.blocks())
    first = next(block for block in found if block.record is not None)
    assert first.record is not None
    shorter = replace(first.record, data=b"ab", wire_length=2, flags=None, comments=("new",))
    stream = io.BytesIO()
    header = found[:3]
    oc.write_capture(
        stream, [*header, first.with_record(shorter), first.with_record(first.record, further=True), first]
    )
    changed, further, same = packets_of(stream.getvalue())
    assert same.octets == first.octets
    assert (changed.data, changed.lengths, changed.times) == (b"ab", (2, 2), same.times)
    assert [code for code, _ in changed.options] == [4, 5, 6, 7, 8, 2989, 0x8001, 1]
    assert [code for code, _ in further.options] == [1, 2, 3, 5, 6, 7, 8, 2989, 0x8001, 1]
    assert changed.options[-1][1] == b"new"


@pytest.mark.parametrize("blocks", [LITTLE, BIG], ids=["little", "big"])
def test_another_time_or_fcs(blocks: Blocks) -> None:
    """Where the interface cannot say it, another one like it does."""
    data = blocks.section() + blocks.interface((2, b"eth0"), (9, b"\x03"), (13, b"\x04"))
    data += blocks.enhanced(bytes(64), ticks=7)
    with oc.open_capture(data) as capture:
        section, interface, block = capture.blocks()
    assert block.record is not None
    records = [
        replace(block.record, time_ns=9_000_000),
        replace(block.record, time_ns=9_000_001),
        replace(block.record, time_ns=-1),
        replace(block.record, fcs_octets=None),
        replace(block.record, fcs_octets=0),
    ]
    stream = io.BytesIO()
    oc.write_capture(stream, [section, interface, *map(block.with_record, records)])
    assert [replace(record, interface=0) for record in records_of_octets(stream.getvalue())] == records
    found = blocks_of(stream.getvalue())
    assert [block.kind for block in found] == [0x0A0D0D0A, 1, 6, 1, 6, 1, 6, 1, 6, 1, 6]
    assert {dict(block.options)[2] for block in found if block.kind == 1} == {b"eth0"}
    assert {block.order for block in found} == {blocks.order}


def test_records_among_blocks(made: Path) -> None:
    """They are in the section that is being written, in its byte order."""
    stream = io.BytesIO()
    mine = oc.Record(b"mine", 147, 5, comments=("of mine",))
    with oc.open_capture(made) as capture:
        given = [item for block in capture.blocks() for item in (block, mine) if item is block or block.record]
    assert oc.write_capture(stream, given) == 28
    found = records_of_octets(stream.getvalue())
    theirs = [record for record in found if record.link_type != 147]
    assert [replace(record, interface=0) for record in found if record.link_type == 147] == [mine] * 14
    assert [replace(record, interface=0) for record in theirs] == [
        replace(record, interface=0) for record in records_of(made)
    ]


# --- pcap ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
def test_a_pcap_file_keeps_its_header(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in.pcap", tmp_path / "out.pcap"
    source.write_bytes(MADE[name])
    run(("select",), source, target, ())
    assert target.read_bytes() == MADE[name]
    with oc.open_capture(MADE[name]) as capture:
        oc.write_capture(target, capture)
    assert target.read_bytes() == MADE[name]
    run(("vlan", "push"), source, target, ("--vid", "7"))
    after = target.read_bytes()
    assert after[:16] + after[20:24] == MADE[name][:16] + MADE[name][20:24]
    assert int.from_bytes(after[16:20], "big" if after[0] == 0xA1 else "little") == 262144  # longer than before
    before, pushed = records_of(source), records_of(target)
    assert [record.time_ns for record in pushed] == [record.time_ns for record in before]
    assert [len(record.data) for record in pushed] == [len(record.data) + 4 for record in before]
    if name == "modified":
        assert b"eightoct" in after
    assert [record.wire_length for record in pushed] == [record.wire_length + 4 for record in before]


def test_what_a_pcap_file_cannot_hold() -> None:
    data = pcap(record(bytes(70), 1, 2))
    with oc.open_capture(data) as capture:
        header, block = capture.blocks()
    assert block.record is not None
    with pytest.raises(oc.EncodeError, match="finer than the microseconds"):
        oc.write_capture(
            io.BytesIO(), [header, block.with_record(replace(block.record, time_ns=1_000_000_001))], format="pcap"
        )
    longer = block.with_record(replace(block.record, data=bytes(70_000), wire_length=70_000))
    with pytest.raises(oc.LengthOverflowError):  # libpcap would cut it off
        oc.write_capture(io.BytesIO(), [header, longer], format="pcap")
    stream = io.BytesIO()
    oc.write_capture(stream, [header.without_snap_length(), longer], format="pcap")
    assert [len(record.data) for record in records_of_octets(stream.getvalue())] == [70_000]
    with pytest.raises(ValueError, match="no packet"):
        header.with_record(block.record)


def test_the_other_format_gets_the_records(made: Path, tmp_path: Path) -> None:
    """What pcap cannot hold is left out."""
    target = tmp_path / "out.pcap"
    run(("select",), made, target, ("-n", "1..2"))
    first = records_of(made)[:2]
    assert [(r.data, r.time_ns, r.fcs_octets) for r in records_of(target)] == [
        (r.data, r.time_ns, r.fcs_octets) for r in first
    ]
    source = tmp_path / "in.pcap"
    source.write_bytes(MADE["fcs"])
    run(("select",), source, tmp_path / "out.pcapng", ())
    assert records_of(tmp_path / "out.pcapng") == records_of(source)
