"""Writing captures: octets against the formats' layouts, and what was written reads back as it was."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaycodec import (
    PPP,
    SLL,
    SLL2,
    VXLAN,
    BSDLoopback,
    BSDNull,
    Ethernet,
    Header,
    IPv4,
    IPv6,
    Packet,
    resolve,
)
from overlaycodec.capture import Block, Record, open_capture, write_capture
from overlaycodec.errors import CaptureError, CodecError, EncodeError, FieldRangeError, LengthOverflowError
from tests.tools import records as expected_records
from tests.tools import stacks
from tests.tools.capture_files import LITTLE, NANO, pcap, record

OWN = sorted(stacks.captures(stacks.CAPTURES).values())
ONE = Record(b"abc", time_ns=1_700_000_000_123_456_789, wire_length=9)


def written(records: list[Record], form: Any) -> bytes:
    stream = io.BytesIO()
    assert write_capture(stream, records, format=form) == len(records)
    return stream.getvalue()


def read(data: bytes) -> list[Record]:
    with open_capture(data) as capture:
        return list(capture)


def test_pcap_octets() -> None:
    data = written([ONE], "pcap")
    # magic (nanoseconds), version 2.4, two unused words, snap length 262144, link type 1
    assert data[:24].hex(" ", 4) == "4d3cb2a1 02000400 00000000 00000000 00000400 01000000"
    assert data[24:] == record(b"abc", 1_700_000_000, 123_456_789, 9)


def test_pcapng_octets() -> None:
    flags = 0x0000_0001
    spoken = Record(b"ab", time_ns=2**40, comments=("héllo", ""), flags=flags, fcs_octets=4, interface=7, link_type=113)
    assert written([ONE, spoken, Record(b"cde")], "pcapng") == b"".join(
        [
            LITTLE.section(),
            LITTLE.interface((9, b"\x09"), link_type=1),
            LITTLE.enhanced(b"abc", ticks=1_700_000_000_123_456_789, wire=9),
            LITTLE.interface((9, b"\x09"), (13, b"\x04"), link_type=113),
            LITTLE.enhanced(b"ab", (1, "héllo".encode()), (1, b""), (2, b"\x01\0\0\0"), ticks=2**40, interface=1),
            LITTLE.simple(b"cde"),
        ]
    )


def test_without_records_there_is_still_a_link_type() -> None:
    forms: tuple[Any, ...] = ("pcap", "pcapng")
    for form in forms:
        stream = io.BytesIO()
        assert write_capture(stream, [], format=form, link_type=101) == 0
        with open_capture(stream.getvalue()) as capture:
            assert list(capture) == []
            assert [interface.link_type for interface in capture.interfaces] == [101]


# Round trips

WORDS = st.integers(0, 2**32 - 1)
DATA = st.binary(max_size=80)
WIRE = st.none() | WORDS
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def _record(wire: int | None = None, **fields: Any) -> Record:
    return Record(**fields) if wire is None else Record(wire_length=wire, **fields)


@st.composite
def pcap_records(draw: st.DrawFn) -> list[Record]:
    link_type = draw(st.integers(0, 0x03FF_FFFF))
    fcs_octets = draw(st.none() | st.integers(0, 15).map(lambda units: 2 * units))
    times = st.integers(0, 2**32 * 10**9 - 1)
    made = st.builds(
        _record, data=DATA, wire=WIRE, time_ns=times, link_type=st.just(link_type), fcs_octets=st.just(fcs_octets)
    )
    return draw(st.lists(made, max_size=5))


PCAPNG_RECORDS = st.lists(
    st.builds(
        _record,
        data=DATA,
        wire=WIRE,
        time_ns=st.none() | st.integers(0, 2**64 - 1),
        link_type=st.sampled_from([0, 1, 113, 65535]),
        interface=st.sampled_from([0, 1, 2**31]),
        fcs_octets=st.none() | st.integers(0, 15),
        comments=st.lists(TEXT, max_size=2).map(tuple),
        flags=st.none() | WORDS.map(lambda word: word & ~0x1E0),
    ),
    max_size=5,
)


def as_pcapng(records: list[Record]) -> list[Record]:
    """What the format keeps: interfaces are numbered as they come, and a time stamp is missing only where it can."""
    numbers: dict[object, int] = {}
    kept = []
    for each in records:
        number = numbers.setdefault((each.interface, each.link_type, each.fcs_octets), len(numbers))
        simple = number == 0 and not each.comments and each.flags is None and each.wire_length == len(each.data)
        time_ns = 0 if each.time_ns is None and not simple else each.time_ns
        kept.append(
            Record(
                each.data,
                each.link_type,
                time_ns,
                each.wire_length,
                number,
                each.comments,
                each.fcs_octets,
                each.flags,
            )
        )
    return kept


@given(pcap_records())
def test_pcap_round_trip(records: list[Record]) -> None:
    if not records:
        return
    data = written(records, "pcap")
    assert read(data) == records
    assert written(read(data), "pcap") == data


@given(PCAPNG_RECORDS)
def test_pcapng_round_trip(records: list[Record]) -> None:
    data = written(records, "pcapng")
    assert read(data) == as_pcapng(records)
    if records:
        assert written(read(data), "pcapng") == data


@pytest.mark.parametrize("path", OWN, ids=[path.name for path in OWN])
def test_captures_round_trip(path: Path) -> None:
    with open_capture(path) as capture:
        records = list(capture)
        assert read(written(records, "pcap")) == records
        stream = io.BytesIO()
        write_capture(stream, capture)
        assert read(stream.getvalue()) == as_pcapng(records) == records


def test_other_tools_read_what_is_written(tmp_path: Path) -> None:
    """Where tshark is installed, it finds in our files what it finds in the captures they were written from."""
    small = [path for path in OWN if path.name in ("ovs-gtpu.pcap", "ovs-vxlan-gpe.pcap")]
    for path in small if shutil.which("tshark") else []:
        for suffix in ("pcap", "pcapng", "pcapng.gz"):
            target = tmp_path / f"{path.stem}.{suffix}"
            with open_capture(path) as capture:
                write_capture(target, capture)
            lines = list(expected_records.tshark_lines(target))
            assert expected_records.summary(lines) == expected_records.load()["own"][path.name]


def test_tshark_finds_comments_and_link_types(tmp_path: Path) -> None:
    target = tmp_path / "written.pcapng"
    write_capture(target, [Record(bytes(20), 101, 10**18, comments=("one",)), Record(bytes(60), 1, 1)])
    command = ["tshark", "-n", "-r", str(target), "-T", "json", "-e", "frame.comment", "-e", "frame.encap_type"]
    if shutil.which("tshark"):
        out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        layers = [packet["_source"]["layers"] for packet in out]
        assert [each["frame.encap_type"] for each in layers] == [["7"], ["1"]]  # WTAP_ENCAP_RAW_IP and _ETHERNET
        assert [each.get("frame.comment") for each in layers] == [["one"], None]


# What cannot be written

BEFORE = Record(b"before", time_ns=5)


@pytest.mark.parametrize(
    ("form", "bad", "error", "path"),
    [
        ("pcap", Record(b"", link_type=113), EncodeError, "records[1].link_type"),
        ("pcap", Record(b"", fcs_octets=4), EncodeError, "records[1].fcs_octets"),
        ("pcap", Record(b"", time_ns=-1), FieldRangeError, "records[1].time_ns"),
        ("pcap", Record(b"", time_ns=2**32 * 10**9), FieldRangeError, "records[1].time_ns"),
        ("pcap", Record(b"", wire_length=2**32), FieldRangeError, "records[1].wire_length"),
        ("pcap", Record(b"", wire_length=-1), FieldRangeError, "records[1].wire_length"),
        ("pcap", Record(bytes(2**26 + 1)), FieldRangeError, "records[1].data"),
        ("pcapng", Record(b"", link_type=65536), FieldRangeError, "records[1].link_type"),
        ("pcapng", Record(b"", fcs_octets=16), FieldRangeError, "records[1].fcs_octets"),
        ("pcapng", Record(b"", time_ns=2**63 * 10**9), FieldRangeError, "records[1].time_ns"),
        ("pcapng", Record(b"", time_ns=-(2**63) * 10**9 - 1), FieldRangeError, "records[1].time_ns"),
        ("pcapng", Record(b"", wire_length=2**32), FieldRangeError, "records[1].wire_length"),
        ("pcapng", Record(b"", flags=2**32), FieldRangeError, "records[1].flags"),
        ("pcapng", Record(b"", comments=("a\0b",)), EncodeError, "records[1].comments"),
        ("pcapng", Record(b"", comments=("\ud800",)), EncodeError, "records[1].comments"),
        ("pcapng", Record(b"", comments=("x" * 65536,)), LengthOverflowError, "records[1].comments"),
        ("pcapng", Record(bytes(2**26)), LengthOverflowError, "records[1]"),
    ],
)
def test_what_a_format_cannot_hold(form: Any, bad: Record, error: type[EncodeError], path: str) -> None:
    stream = io.BytesIO()
    with pytest.raises(CodecError) as caught:
        write_capture(stream, [BEFORE, bad], format=form)
    assert type(caught.value) is error
    assert isinstance(caught.value, EncodeError)
    assert caught.value.path == path
    assert read(stream.getvalue()) == [BEFORE]  # a stream keeps what came before


def test_first_record_of_pcap_decides() -> None:
    with pytest.raises(EncodeError, match="counts it in 2 octets"):
        written([Record(b"", fcs_octets=3)], "pcap")
    with pytest.raises(FieldRangeError):
        written([Record(b"", fcs_octets=32)], "pcap")
    with pytest.raises(FieldRangeError):
        written([Record(b"", link_type=0x0400_0000)], "pcap")


@pytest.mark.parametrize("field", ["time_ns", "wire_length", "link_type", "fcs_octets"])
@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_wrong_types(form: str, field: str) -> None:
    wrong: Any = {field: 2.0}
    with pytest.raises(TypeError, match=rf"records\[0\]\.{field} is float"):
        written([Record(b"", **wrong)], form)


def test_fcs_in_the_flags_is_the_records_alone() -> None:
    (got,) = read(written([Record(b"", time_ns=1, flags=4 << 5 | 1, fcs_octets=2)], "pcapng"))
    assert (got.flags, got.fcs_octets) == (1, 2)


# What a packet's first header says


IP4, IP6 = IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=99), IPv6(src="::1", dst="::2", next_header=99)


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
@pytest.mark.parametrize(
    ("packet", "link_type"),
    [
        (Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5) / b"x", 1),
        (IP4 / b"x", 101),
        (IP6 / b"x", 101),
        (IP6, 101),
        (BSDLoopback() / IP4, 108),
        (BSDNull() / IP6, 0),
        (SLL() / IP4, 113),
        (SLL2() / IP6, 276),
        (PPP() / IP4, 9),
    ],
)
def test_the_link_type_is_that_of_the_first_header(form: Any, packet: Packet | Header, link_type: int) -> None:
    """The numbers are those of the list of link types of libpcap."""
    stream = io.BytesIO()
    write_capture(stream, [packet], format=form)
    (record,) = read(stream.getvalue())
    assert record.link_type == link_type
    assert record.decode() == resolve(packet)


def test_bsd_null_has_the_order_of_the_file() -> None:
    """LINKTYPE_NULL: the family is in the order of the host that captured, which is that of the file."""
    stream = io.BytesIO()
    write_capture(stream, [BSDNull() / IP4], format="pcap")
    (record,) = read(stream.getvalue())
    with open_capture(stream.getvalue()) as capture:
        assert capture.byte_order == "little"
    assert record.data[:4] == b"\x02\0\0\0"  # AF_INET


def test_link_types_that_disagree_or_are_not_known() -> None:
    stack = [Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5) / b"x", IP4 / b"y"]
    with pytest.raises(EncodeError, match="a pcap file has one, here 1; pcapng can hold both"):
        write_capture(io.BytesIO(), stack, format="pcap")
    stream = io.BytesIO()
    write_capture(stream, stack)
    assert [record.link_type for record in read(stream.getvalue())] == [1, 101]
    for packet in (VXLAN(vni=1) / b"x", Packet((), b"x")):
        with pytest.raises(EncodeError, match=r"records\[1\]\.link_type is not known: .*; give link_type="):
            write_capture(io.BytesIO(), [IP4, packet])
        stream = io.BytesIO()
        write_capture(stream, [packet], link_type=147)
        assert read(stream.getvalue())[0].link_type == 147


# Times, and what is left out


@pytest.mark.parametrize(
    "time_ns",
    [-1, -(10**9), -1_699_999_999_999_995_000, -(2**63), 2**64, 2**70, 2**63 * 10**9 - 1, -(2**63) * 10**9],
)
def test_times_far_from_1970_come_back(time_ns: int) -> None:
    records = [Record(b"a", time_ns=5), Record(b"b", time_ns=time_ns), Record(b"c", time_ns=2**64 - 1)]
    assert [record.time_ns for record in read(written(records, "pcapng"))] == [5, time_ns, 2**64 - 1]


def test_one_offset_serves_many_times() -> None:
    data = written([Record(b"", time_ns=-step * 10**9) for step in range(500)], "pcapng")
    with open_capture(data) as capture:
        assert len(list(capture)) == 500
        assert [interface.time_offset_ns for interface in capture.interfaces] == [0, -(2**32) * 10**9]


def test_what_cannot_be_written_is_left_out() -> None:
    errors: list[EncodeError] = []
    stream = io.BytesIO()
    items: list[Record | Packet | Header | bytes] = [
        BEFORE,
        Record(b"old", time_ns=-1),
        VXLAN(vni=1) / b"x",
        BEFORE,
        Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01"),
    ]
    assert write_capture(stream, items, format="pcap", on_error=errors.append) == 2
    assert read(stream.getvalue()) == [BEFORE, BEFORE]
    assert [error.path for error in errors] == [
        "records[1].time_ns", "records[2].link_type", "records[4].ethernet.ethertype",
    ]  # fmt: skip


# Where it goes


@pytest.mark.parametrize(
    ("name", "magic"),
    [
        ("a.pcap", b"\x4d\x3c\xb2\xa1"),
        ("a.PCAP", b"\x4d\x3c\xb2\xa1"),
        ("a.pcapng", b"\n\r\r\n"),
        ("a.pcap.gz", b"\x1f\x8b"),
        ("a.pcapng.GZ", b"\x1f\x8b"),
    ],
)
def test_name_says_the_format(name: str, magic: bytes, tmp_path: Path) -> None:
    assert write_capture(tmp_path / name, [ONE]) == 1
    assert write_capture(str(tmp_path / name), [ONE, ONE]) == 2
    assert (tmp_path / name).read_bytes().startswith(magic)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with open_capture(tmp_path / name) as capture:
        assert capture.format == ("pcapng" if "ng" in name.lower() else "pcap")
        assert list(capture) == [ONE, ONE]


def test_format_overrides_the_name_and_must_be_known(tmp_path: Path) -> None:
    write_capture(tmp_path / "trace.cap", [ONE], format="pcap")
    assert read((tmp_path / "trace.cap").read_bytes()) == [ONE]
    wrong: Any = "cap"
    for name, form in (("trace.dump", None), ("trace.pcap", wrong), ("trace.gz", None)):
        with pytest.raises(ValueError, match=r"\.pcapng|'pcapng'"):
            write_capture(tmp_path / name, [ONE], format=form)
        assert not (tmp_path / name).exists()


def test_packed_files_depend_on_nothing_but_the_records(tmp_path: Path) -> None:
    for name in ("a.pcap.gz", "b.pcap.gz"):
        write_capture(tmp_path / name, [ONE] * 1000)
    data = (tmp_path / "a.pcap.gz").read_bytes()
    assert data == (tmp_path / "b.pcap.gz").read_bytes()
    assert len(gzip.decompress(data)) == 24 + 1000 * 19


def failing(error: Exception) -> Iterator[Record]:
    yield ONE
    raise error


@pytest.mark.parametrize("name", ["a.pcap", "a.pcapng", "a.pcap.gz"])
def test_an_error_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    target = tmp_path / name
    for before in (None, b"before"):
        if before is not None:
            target.write_bytes(before)
        with pytest.raises(CaptureError, match="damage"):
            write_capture(target, failing(CaptureError("damage", 7)))
        assert (target.read_bytes() if target.exists() else None) == before
        assert len(list(tmp_path.iterdir())) == (before is not None)


def test_a_capture_can_be_written_over_itself(tmp_path: Path) -> None:
    target = tmp_path / "a.pcap"
    shutil.copy(OWN[0], target)
    with open_capture(target) as capture:
        records = list(capture)
        assert write_capture(target, (each for each in capture if len(each.data) % 2)) < len(records)
        assert list(capture) == records  # the open one still is what it was
    assert read(target.read_bytes()) == [each for each in records if len(each.data) % 2]


@pytest.mark.parametrize("name", ["a.pcap", "symbolic.pcap", "hard.pcap"])
@pytest.mark.parametrize("cut", [0, 3])
def test_the_file_that_is_read_stays_until_all_is_written(name: str, cut: int, tmp_path: Path) -> None:
    """Under each of its names; of a damaged file nothing is replaced."""
    file = tmp_path / "a.pcap"
    file.write_bytes(before := OWN[0].read_bytes()[: -cut or None])
    (tmp_path / "symbolic.pcap").symlink_to(file)
    (tmp_path / "hard.pcap").hardlink_to(file)
    records = read(OWN[0].read_bytes())
    with open_capture(file) as capture:
        if cut:
            with pytest.raises(CaptureError):
                write_capture(tmp_path / name, capture)
        else:
            assert write_capture(tmp_path / name, capture) == len(records)
    if cut:
        assert file.read_bytes() == before
    assert cut or read((tmp_path / name).read_bytes()) == records
    assert len(list(tmp_path.iterdir())) == 3


def test_a_target_that_cannot_be_replaced_leaves_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where a file that is open cannot be replaced."""

    def refuse(*_: object) -> None:
        raise PermissionError("it is open")

    monkeypatch.setattr(os, "replace", refuse)
    (tmp_path / "a.pcap").write_bytes(b"before")
    with pytest.raises(PermissionError):
        write_capture(tmp_path / "a.pcap", [ONE])
    assert os.listdir(tmp_path) == ["a.pcap"]
    assert (tmp_path / "a.pcap").read_bytes() == b"before"


def test_links_and_modes_are_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "a.pcap", tmp_path / "link.pcap"
    target.write_bytes(b"")
    target.chmod(0o640)
    link.symlink_to(target)
    write_capture(link, [ONE])
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert read(target.read_bytes()) == [ONE]
    umask = os.umask(0o027)
    try:
        write_capture(tmp_path / "new.pcap", [ONE])
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new.pcap").stat().st_mode) == 0o640


def test_what_is_no_file_is_written_directly() -> None:
    assert write_capture("/dev/null", [ONE], format="pcap") == 1
    assert not stat.S_ISREG(Path("/dev/null").stat().st_mode)


class Reluctant:
    """A raw stream that takes a few octets at a time, and counts the calls."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes, /) -> int:
        self.data += data[:1000]
        return min(len(data), 1000)


def test_raw_streams_get_all(tmp_path: Path) -> None:
    stream = Reluctant()
    write_capture(stream, [ONE] * 500, format="pcap")
    assert read(bytes(stream.data)) == [ONE] * 500
    with (tmp_path / "raw").open("wb", buffering=0) as raw:
        write_capture(raw, [ONE] * 500)
        assert not raw.closed
    assert read((tmp_path / "raw").read_bytes()) == [ONE] * 500


def test_octets_get_the_given_link_type_and_time() -> None:
    stream = io.BytesIO()
    items: list[bytes | bytearray | memoryview | Record] = [b"abc", bytearray(b"de"), memoryview(b"f"), ONE]
    assert write_capture(stream, items, link_type=101, time_ns=7) == 4
    given = [Record(data, 101, 7) for data in (b"abc", b"de", b"f")]
    assert read(stream.getvalue()) == as_pcapng([*given, ONE])


def test_pcap_of_octets_without_time() -> None:
    assert written([Record(b"abc")], "pcap")[24:] == pcap(record(b"abc"), magic=NANO)[24:]


def test_interfaces_keep_what_their_capture_says_of_them() -> None:
    """Names, descriptions and comments, over sections that count their interfaces anew."""
    text = (1, "beside the türe".encode()), (2, b"eth0"), (3, b"uplink")
    data = b"".join(
        [
            LITTLE.section(),
            LITTLE.interface(*text, (9, b"\x06"), link_type=1),
            LITTLE.enhanced(b"b", ticks=2, interface=0),
            LITTLE.interface((2, b"eth1"), link_type=1),
            LITTLE.enhanced(b"a", ticks=1, interface=1),
            LITTLE.section(),
            LITTLE.interface((2, b"eth2"), link_type=1),
            LITTLE.enhanced(b"c", ticks=3, interface=0),
            LITTLE.enhanced(b"d", ticks=4, interface=0),
        ]
    )
    stream = io.BytesIO()
    with open_capture(data) as capture:
        edited = (Record(r.data * 2, time_ns=r.time_ns, interface=r.interface) for r in capture)
        write_capture(stream, edited, source=capture)
    with open_capture(stream.getvalue()) as again:
        records = list(again)
        told = [(again.interfaces[r.interface].name, r.data[:1], r.time_ns) for r in records]
        first = again.interfaces[records[0].interface]
    assert told == [("eth0", b"b", 2000), ("eth1", b"a", 1000), ("eth2", b"c", 3000), ("eth2", b"d", 4000)]
    assert (first.description, first.comments) == ("uplink", ("beside the türe",))
    assert len(again.interfaces) == 3


@pytest.mark.parametrize("flags", [None, 1, 2, 0x8000_0001])
def test_a_changed_packet_has_the_flags_of_its_record(flags: int | None) -> None:
    source = written([Record(b"first", 1, 5, flags=1), Record(b"second", 1, 6)], "pcapng")
    blocks: list[Block] = []
    for block in open_capture(source).blocks():
        record = block.record
        changed = record and msgspec.structs.replace(record, data=b"other", flags=flags)
        blocks.append(block.with_record(changed) if changed else block)
    target = io.BytesIO()
    write_capture(target, blocks)
    assert [(got.data, got.flags, got.time_ns) for got in read(target.getvalue())] == [
        (b"other", flags, 5),
        (b"other", flags, 6),
    ]
    assert target.getvalue().count(b"\x02\0\x04\0") == (0 if flags is None else 2)  # epb_flags, once in each


def test_one_packet_is_no_list_of_packets(tmp_path: Path) -> None:
    """It would be written header by header."""
    packet = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5) / b"..."
    with pytest.raises(TypeError, match="items is one packet: give a list of packets"):
        write_capture(tmp_path / "one.pcapng", packet)
    assert [*tmp_path.iterdir()] == []


def test_the_error_for_a_missing_folder_has_one_name(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "one.pcap"
    with pytest.raises(FileNotFoundError) as caught:
        write_capture(target, [ONE])
    assert str(caught.value).endswith(f"{str(target)!r}")
