"""Columns of the record itself, and tables of what is not a capture."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

import overlaycodec as oc
from overlaycodec import cli
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.columnar.decode.source_batches import batches_from
from tests.tools import capture_files as files

CAPTURES: Final = Path("tests/captures")
FACTS: Final = ["interface", "interface_name", "comment", "flags", "section"]
FRAME: Final = bytes.fromhex("020000000002 020000000001 88b5") + b"content"
OTHER: Final = bytes.fromhex("020000000002 020000000001 88b5") + b"other"
COMMENT, FLAGS, NAME, IF_NAME = 1, 2, 2, 2


def pcapng(blocks: files.Blocks, ordinary: int = 1) -> bytes:
    """Two sections, each in blocks that are read in bulk and in blocks that are read one by one."""
    flags = blocks.word(0x83)  # outbound, and an FCS of 4 octets
    return b"".join(
        [
            blocks.section(),
            blocks.interface((IF_NAME, b"eth0")),
            blocks.interface(),
            blocks.enhanced(FRAME, (FLAGS, flags)) * ordinary,
            blocks.enhanced(OTHER, interface=1) * ordinary,
            blocks.enhanced(FRAME, (COMMENT, b"s=1,l=web"), (COMMENT, "zweitens \u20ac".encode())),
            blocks.simple(FRAME),
            blocks.section(),
            blocks.interface((IF_NAME, "br\u00fccke".encode())),
            blocks.enhanced(FRAME) * ordinary,
            blocks.enhanced(FRAME, (FLAGS, blocks.word(1)), (COMMENT, b"")),
        ]
    )


# As tshark 4.0.17 reads it (frame.interface_id, interface_name, comment, packet_flags, section_number), except that it
# counts sections from 1, joins comments with commas, keeps the FCS length in the flags, and writes "unknown" for an
# interface without a name.
EXPECTED: Final[dict[str, list[Any]]] = {
    "interface": [0, 1, 0, 0, 0, 0],
    "interface_name": ["eth0", None, "eth0", "eth0", "br\u00fccke", "br\u00fccke"],
    "comment": [None, None, "s=1,l=web\nzweitens \u20ac", None, None, ""],
    "flags": [0x3, None, None, None, None, 1],
    "section": [0, 0, 0, 0, 1, 1],
}


def repeated(values: list[Any], count: int) -> list[Any]:
    """The expected values where the ordinary packets are so many."""
    return [value for at, value in enumerate(values) for _ in range(count if at in (0, 1, 4) else 1)]


@pytest.mark.parametrize("blocks", [files.LITTLE, files.BIG])
@pytest.mark.parametrize("ordinary", [1, 200])
def test_facts_of_pcapng(blocks: files.Blocks, ordinary: int) -> None:
    data = pcapng(blocks, ordinary)
    sources: list[Any] = [data, io.BytesIO(data), oc.open_capture(data)]
    for source in sources:
        found = oc.columns(source, FACTS)
        for name, values in EXPECTED.items():
            assert found[name].tolist() == repeated(values, ordinary), name
    table = oc.columns(data, FACTS)
    assert [table["interface"].dtype, table["flags"].dtype, table["comment"].dtype] == ["u4", "u4", "O"]
    (part,) = oc.iter_columns(data, FACTS)
    assert part["comment"].tolist() == repeated(EXPECTED["comment"], ordinary)
    with oc.open_capture(data) as capture:
        records = list(capture)
    table = oc.columns(records, FACTS)
    for name in ("interface", "comment", "flags"):
        assert table[name].tolist() == repeated(EXPECTED[name], ordinary)
    assert table["section"].count() == table["interface_name"].count() == 0


def test_pcap_has_no_facts_but_the_octets() -> None:
    data = files.pcap(files.record(FRAME), files.record(OTHER))
    for content in (data, files.pcap(files.record(FRAME), files.record(OTHER), version=(2, 2))):
        table = oc.columns(content, [*FACTS, "data", "payload"])
        assert [table[name].tolist() for name in FACTS] == [[None, None]] * len(FACTS)
        assert table["data"].tolist() == [FRAME, OTHER]
        assert table["payload"].tolist() == [b"content", b"other"]
    assert oc.columns([FRAME], ["time_ns", "interface"])["time_ns"].tolist() == [None]


def test_without_names_facts_are_there_and_octets_are_not() -> None:
    data = pcapng(files.LITTLE)
    assert set(FACTS) <= set(oc.columns(data))
    assert not {"data", "payload"} & {*oc.columns(data), *oc.column_names(data)}
    assert not set(FACTS) & set(oc.columns(files.pcap(files.record(FRAME))))


def test_payloads_are_those_of_the_packets() -> None:
    for path in sorted(CAPTURES.glob("*.pcap")):
        with oc.open_capture(path) as capture:
            records = list(capture)
        table = oc.columns(path, ["data", "payload"])
        assert table["data"].tolist() == [record.data for record in records]
        assert table["payload"].tolist() == [record.decode(lax=True).payload for record in records], path


def test_payloads_where_a_length_is_wrong_or_a_header_takes_all() -> None:
    """A total length below the header's, a header that is cut off, and options up to the end (neighbor discovery)."""
    ipv4 = oc.encode(PACKET)
    with oc.open_capture(CAPTURES / "linux-vlan-devices.pcap") as capture:
        frames = [record.data for record in capture]
    frames += [ipv4[:16] + octets + ipv4[18:] for octets in (b"\0\0", b"\0\1", b"\0\x14", b"\0\x15", b"\xff\xff")]
    frames += [ipv4[:octets] for octets in range(len(ipv4))]
    for count in (1, 100):
        table = oc.columns(frames * count, ["payload", "udp.checksum.verdict"])
        packets = [oc.decode(data, lax=True) for data in frames]
        assert table["payload"].tolist() == [packet.payload for packet in packets] * count


def test_other_libraries_take_the_facts() -> None:
    import pyarrow as pa

    table = oc.columns(pcapng(files.LITTLE), [*FACTS, "data", "payload"])
    arrow = table.to_arrow()
    assert arrow.schema.field("interface_name").type == pa.dictionary(pa.int32(), pa.string())
    assert arrow.schema.field("comment").type == pa.string()
    assert arrow.schema.field("data").type == pa.binary()
    assert arrow.schema.field("flags").type == arrow.schema.field("interface").type == pa.uint32()
    for name, values in EXPECTED.items():
        assert arrow[name].to_pylist() == values
        assert table.to_polars()[name].to_list() == values
        assert table.to_plain(name) == values
    assert arrow["payload"].to_pylist() == [b"con", b"other", *[b"content"] * 4]
    assert table.to_pandas()["comment"].isna().tolist() == [value is None for value in EXPECTED["comment"]]
    assert oc.columns([], [*FACTS, "data"]).to_arrow().schema == arrow.select([*FACTS, "data"]).schema


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_export_writes_the_facts(ending: str, tmp_path: Path) -> None:
    import csv

    from pyarrow import parquet

    source, target = tmp_path / "in.pcapng", tmp_path / f"out.{ending}"
    source.write_bytes(pcapng(files.LITTLE))
    assert cli.main(["export", "-f", ",".join(FACTS), str(source), str(target)]) == 0
    comments = EXPECTED["comment"]
    if ending == "parquet":
        assert parquet.read_table(target)["comment"].to_pylist() == comments
    elif ending == "csv":
        with target.open(newline="", encoding="utf-8") as lines:
            assert [row["comment"] for row in csv.DictReader(lines)] == [comment or "" for comment in comments]
    else:
        rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
        assert [row.get("comment") for row in rows] == comments


# --- other sources ----------------------------------------------------------------------------------------------------

PACKET: Final = (
    oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
    / oc.UDP(src_port=49152)
    / oc.VXLAN(vni=100)
)
NAMES: Final = ["time_ns", "wire_length", "captured_length", "link_type", "vxlan.vni", "udp.length", "data"]


@pytest.mark.parametrize("count", [0, 1, 300])
@pytest.mark.parametrize("stamps", [False, True])
def test_frames_are_read_as_the_capture_that_has_them(count: int, stamps: bool) -> None:
    values: dict[str, Any] = {"vxlan.vni": np.arange(count)}
    if stamps:
        values["time_ns"] = np.arange(count) + 5
    frames = oc.encode_columns(PACKET / b"content", values)
    table = oc.columns(frames, NAMES)
    assert table["vxlan.vni"].tolist() == list(range(count))
    assert table["time_ns"].tolist() == ([5 + number for number in range(count)] if stamps else [None] * count)
    assert table["data"].tolist() == list(frames)
    assert table["wire_length"].tolist() == table["captured_length"].tolist() == frames.lengths.tolist()
    assert not count or "vxlan.vni" in oc.columns(frames)
    assert "vxlan.vni" in oc.column_names(oc.encode_columns(PACKET, {"vxlan.vni": [1]}))
    assert len(oc.columns(frames, ["ipv4.src"], link_type=101)) == count


def test_packets_headers_octets_and_records_are_rows() -> None:
    items: list[Any] = [
        PACKET,
        oc.encode(PACKET),
        bytearray(oc.encode(PACKET)),
        oc.Record(oc.encode(PACKET), time_ns=7),
    ]
    for source in (items, tuple(items), iter(items)):
        table = oc.columns(source, NAMES)
        assert table["vxlan.vni"].tolist() == [100] * 4
        assert table["udp.length"].tolist() == [16] * 4
        assert table["time_ns"].tolist() == [None, None, None, 7]
    assert "vxlan.vni" in oc.columns(iter(items))
    inside = oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253)
    packets: list[oc.Packet | oc.Header] = [inside / b"x", inside]
    assert oc.columns(packets, ["ipv4.protocol"])["ipv4.protocol"].tolist() == [253, 253]
    raw = oc.columns([oc.encode(inside / b"x")], ["ipv4.protocol", "link_type"], link_type=101)
    assert [raw[name].tolist() for name in raw] == [[253], [101]]
    snapped = oc.decode(oc.encode(PACKET / bytes(50))[:-20], wire_length=100, lax=True)
    assert oc.columns([snapped], ["wire_length", "captured_length"])["wire_length"].tolist() == [100]


def test_what_is_no_row_is_refused() -> None:
    with pytest.raises(TypeError, match="one packet"):
        oc.columns(PACKET, ["vxlan.vni"])
    with pytest.raises(TypeError, match=r"records\[1\] is int"):
        oc.columns([FRAME, 5], ["vxlan.vni"])  # type: ignore[arg-type]  # that is the point
    with pytest.raises(oc.EncodeError, match=r"records\[0\].link_type is not known: the packet begins with UDP"):
        oc.columns([oc.Packet((oc.UDP(src_port=1, dst_port=2, length=8, checksum=0),))], ["udp.src_port"])
    with pytest.raises(oc.FieldRangeError, match="flags"):
        oc.columns([oc.Record(FRAME), oc.Record(FRAME, flags=1 << 32)], ["flags", "comment"])


def test_without_numpy_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    for call in (oc.columns, oc.column_names, lambda source: oc.iter_columns(source, [])):
        with pytest.raises(ModuleNotFoundError, match=r"overlaycodec\[columns\]"):
            call([])
    with pytest.raises(ModuleNotFoundError, match=r"overlaycodec\[columns\]"):
        oc.encode_columns(PACKET, {"vxlan.vni": [1]})


def test_facts_that_are_not_requested_are_not_read() -> None:
    batches: list[Batch] = list(batches_from(pcapng(files.LITTLE)))
    assert all(not batch.facts for batch in batches)
    batches = list(batches_from(pcapng(files.LITTLE), frozenset({"flags"})))
    assert all(set(batch.facts) == {"flags"} for batch in batches)


# --- what a capture says of its card ----------------------------------------------------------------------------------

NOT_READY: Final = 1 << 9
"""draft-ietf-opsawg-pcapng section 4.3.1: bit 9 of epb_flags, checksum not ready."""


def unfinished(number: int) -> bytes:
    """A VXLAN packet with an outer checksum, whose inner one is nothing that a card or a sender would write."""
    inner = (
        oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
        / oc.IPv4(src="192.0.2.1", dst="192.0.2.2")
        / oc.TCP(src_port=number, dst_port=7000, checksum=0x1234)
        / b"content"
    )
    frame = oc.encode(inner)
    finished = oc.encode(oc.fill(inner))
    link = oc.Ethernet(dst="02:00:00:00:00:04", src="02:00:00:00:00:03")
    outside = link / oc.IPv6(src="2001:db8::1", dst="2001:db8::2") / oc.UDP(src_port=number, dst_port=4789)
    right = oc.encode(outside / oc.VXLAN(vni=7) / finished)
    return right[: -len(frame)] + frame


@pytest.mark.parametrize("count", [1, 20, 700])  # kept for later, too few for a group, in blocks
def test_the_flags_of_records_decide_verdicts(tmp_path: Path, count: int) -> None:
    """Columns and filters judge as `checksums` does with `left_to_card`: a sender sums the finished packet outside."""
    flags, frames = (NOT_READY, 1, None, NOT_READY | 1), [unfinished(number + 1) for number in range(4)]
    records = [oc.Record(frames[number % 4], flags=flags[number % 4]) for number in range(4 * count)]
    path = tmp_path / "sent.pcapng"
    oc.write_capture(path, records)
    names = ["udp.checksum.verdict", "inner.tcp.checksum.verdict"]
    expected = {
        names[0]: ["valid", "bad", "bad", "valid"] * count,
        names[1]: ["partial", "bad", "bad", "partial"] * count,
    }
    scalar = [oc.checksums(record.decode(), left_to_card=record.left_to_card) for record in records]
    where = f"{names[1]} == bad"
    for name, verdicts in expected.items():
        assert [str(found[name.removesuffix(".verdict")]) for found in scalar] == verdicts
    for source in (path, records):
        table = oc.columns(source, names)
        for name, verdicts in expected.items():
            assert table[name].tolist() == oc.columns(source, [name])[name].tolist() == verdicts
        assert len(oc.columns(source, ["inner.tcp.src_port"], where=where)) == 2 * count
    with oc.open_capture(path) as capture:
        wanted = oc.Filter(where)
        assert sum(wanted.matches(record.decode(), record) for record in capture) == 2 * count
