"""Filters on columns select the packets that filters on packets select."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import strategies as overlay
from overlaycodec.columnar.column_buffers import Output
from overlaycodec.columnar.decode import driver, source_batches
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.columnar.decode.column_filler import ColumnFiller
from tests.columnar.test_record_columns import pcapng
from tests.filters import samples
from tests.tools import capture_files, stacks

CAPTURES: Final = stacks.captures(stacks.CAPTURES)
FEW: Final = settings(
    max_examples=15, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
KEPT: Final = ["time_ns", "captured_length", "vxlan.vni"]


def numbered(records: Sequence[oc.Record]) -> list[oc.Record]:
    """The records, each with its number as its time."""
    return [
        oc.Record(record.data, record.link_type, number, record.wire_length, fcs_octets=record.fcs_octets)
        for number, record in enumerate(records)
    ]


def check(records: list[oc.Record], text: str) -> int:
    """Compares what a filter selects of packets and of columns; gives how many."""
    wanted = oc.Filter(text)
    assert oc.Filter(str(wanted)) == wanted
    packets = [record.decode(lax=True) for record in records]
    selected = [n for n, packet in enumerate(packets) if wanted.matches(packet, records[n])]
    table = oc.columns(records, KEPT, where=wanted)
    assert table["time_ns"].tolist() == selected, text
    assert table.names == KEPT
    inverse = oc.columns(records, ["time_ns"], where=~wanted)
    assert sorted([*selected, *inverse["time_ns"].tolist()]) == list(range(len(records))), text
    return len(selected)


@pytest.mark.survey
@pytest.mark.parametrize("path", CAPTURES.values(), ids=lambda path: path.stem)
def test_columns_and_packets_agree_on_captures(path: Path) -> None:
    with oc.open_capture(path) as capture:
        records = numbered(list(capture)[:200])
    packets = [record.decode(lax=True) for record in records]

    @FEW
    @given(samples.filters(packets[:40]))
    def law(text: str) -> None:
        check(records, text)

    law()


def test_columns_and_packets_agree_on_any_packets() -> None:
    @settings(FEW, max_examples=60)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        packets = data.draw(st.lists(overlay.packets(), min_size=1, max_size=4))
        damaged = data.draw(st.lists(overlay.malformed_bytes(), max_size=3))
        octets = [*map(oc.encode, packets), *damaged]
        records = numbered([oc.Record(data) for data in octets] * 12)
        decoded = [record.decode(lax=True) for record in records[: len(octets)]]
        check(records, data.draw(samples.filters(decoded)))

    law()


def test_columns_of_a_filter_are_not_in_the_table() -> None:
    path = CAPTURES["kernel-vxlan-inner-vlan.pcap"]
    table = oc.columns(path, ["vxlan.vni"], where="inner.vlan.vid in {1, 100..200} and wire_length > 60")
    assert table.names == ["vxlan.vni"]
    assert len(table) == 6
    parts = list(oc.iter_columns(path, ["inner.vlan.vid"], where="inner.vlan.vid in {1, 100..200}"))
    assert [part["inner.vlan.vid"].tolist() for part in parts] == [[100, 100, 200, 200, 1, 1]]


def test_columns_without_names_are_those_of_the_selected_packets() -> None:
    path = CAPTURES["kernel-vxlan-inner-vlan.pcap"]
    assert "inner.vlan.vid" in oc.columns(path).names
    assert "inner.vlan.vid" not in oc.columns(path, where="not inner.vlan").names


def test_columns_of_many_addresses_are_searched() -> None:
    base = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    frames = [
        oc.encode(base / oc.IPv6(src=f"2001:db8::{n:x}", dst=f"fe80::{n:x}00") / oc.UDP(src_port=n, dst_port=9))
        for n in range(1, 100)
    ]
    records = numbered([oc.Record(frame) for frame in frames])
    every = ", ".join(f"2001:db8::{n:x}" for n in range(0, 120, 3))
    assert check(records, f"ipv6.src in {{{every}}}") == 33
    assert check(records, f"ipv6.src in {{{every}, ::..2001:db7::, 2001:db8::50/124}}") > 33
    ports = ", ".join(str(n) for n in range(0, 120, 7))
    assert check(records, f"udp.src_port in {{{ports}}} and ipv6.dst in fe80::/10") == 14
    assert check(records, "ipv6.dst > fe80::1000 and ipv6.dst <= fe80::2000") == 16


def test_columns_take_a_pipeline_and_a_filter() -> None:
    path = CAPTURES["kernel-vxlan-inner-vlan.pcap"]
    pipeline = oc.Pipeline.from_text("eth/ip/udp/vxlan/eth/vlan")
    every = oc.columns(path, ["inner.vlan.vid"], pipeline=pipeline)
    some = oc.columns(path, ["inner.vlan.vid"], pipeline=pipeline, where="inner.vlan.vid >= 100")
    assert some["inner.vlan.vid"].tolist() == [vid for vid in every["inner.vlan.vid"].tolist() if vid >= 100]
    assert 0 < len(some) < len(every)
    assert some.others == every.others
    with oc.open_capture(path) as capture:
        packets = list(capture.packets(lax=True, pipeline=pipeline, where="inner.vlan.vid >= 100"))
    assert len(packets) >= len(some)


def test_times_that_do_not_fit_columns_are_compared() -> None:
    records = [oc.Record(b"", time_ns=time) for time in (None, -1, 1 << 70, 5)]
    table = oc.columns(records, ["time_ns"], where="time_ns > 1")
    assert table["time_ns"].tolist() == [1 << 70, 5]
    assert np.ma.count(oc.columns(records, ["time_ns"], where="not time_ns > 1")["time_ns"]) == 1


RECORD_TEXTS: Final = [
    "interface_name == eth0",
    "interface_name != 'eth0'",
    "not interface_name == 'eth0'",
    "interface_name in {'br\u00fccke', lo}",
    "interface_name",
    "interface == 0",
    "interface in 1..7 or section == 1",
    "section == 0 and not comment",
    "comment",
    "comment == 's=1,l=web\\nzweitens \u20ac'",
    "comment != ''",
    "flags == 3",
    "flags in {1, 2}",
    "flags",
    "ethernet.ethertype == 0x88b5 and interface_name == eth0 and wire_length > 20",
]


@pytest.mark.parametrize("ordinary", [1, 200])
@pytest.mark.parametrize("text", RECORD_TEXTS)
def test_facts_of_the_record_select_the_same_packets(text: str, ordinary: int) -> None:
    """The values are those of `test_record_columns`, which tshark read."""
    data = pcapng(capture_files.LITTLE, ordinary)
    wanted = oc.Filter(text)
    assert oc.Filter(str(wanted)) == wanted
    with oc.open_capture(data) as capture:
        lengths = [len(oc.encode(packet)) for packet in capture.packets(lax=True, where=text)]
        every = [(record, record.decode(lax=True), wanted) for record in capture]
        matched = [len(record.data) for record in capture if wanted.matches(record.decode(lax=True), record, capture)]
    assert oc.columns(data, ["captured_length"], where=wanted)["captured_length"].tolist() == lengths == matched
    parts = oc.iter_columns(data, ["captured_length"], where=text)
    assert [length for part in parts for length in part["captured_length"].tolist()] == lengths
    assert len(oc.columns(data, where=text)) == len(lengths)
    assert len(oc.columns(data, ["data"], where=~wanted)) == len(every) - len(lengths)


def test_which_packets_facts_of_the_record_select() -> None:
    def rows(text: str) -> list[object]:
        """The interfaces of the packets."""
        table = oc.columns(pcapng(capture_files.LITTLE), ["interface_name"], where=text)
        return [*table.to_plain("interface_name")]

    assert rows("section == 1") == ["br\u00fccke", "br\u00fccke"]
    assert rows("interface == 1") == [None]
    assert rows("interface_name == eth0 and not flags") == ["eth0", "eth0"]
    assert rows("comment == ''") == ["br\u00fccke"]


def test_pcap_and_records_alone_have_no_such_facts() -> None:
    path = CAPTURES["kernel-vxlan-inner-vlan.pcap"]
    for text in ("interface_name", "interface", "section", "flags", "comment"):
        assert len(oc.columns(path, ["time_ns"], where=text)) == 0
        with oc.open_capture(path) as capture:
            assert list(capture.packets(where=text)) == []
    record = oc.Record(b"", comments=("a",))
    packet = record.decode(lax=True)
    assert oc.Filter("comment == a and interface == 0").matches(packet, record)
    with pytest.raises(ValueError, match="give it, as record="):
        oc.Filter("comment").matches(packet)
    with pytest.raises(ValueError, match="interface_name is a fact of the capture that is being read"):
        oc.Filter("interface_name").matches(packet, record)


def test_columns_are_decoded_for_the_packets_that_match_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """`decoded`: how many packets are decoded for the requested columns."""
    decoded: list[int] = []
    add = ColumnFiller.add

    def counted(filler: ColumnFiller, batch: Batch, output: Output) -> None:
        decoded.append(len(batch) if "inner.ipv4.src" in output.values else 0)
        add(filler, batch, output)

    monkeypatch.setattr(ColumnFiller, "add", counted)
    path = CAPTURES["kernel-vxlan-inner-vlan.pcap"]
    table = oc.columns(path, ["inner.ipv4.src"], where="inner.vlan.vid == 200")
    assert sum(decoded) == len(table) == 2
    decoded.clear()
    assert len(oc.columns(path, ["inner.ipv4.src"], where="inner.vlan.vid == 201")) == sum(decoded) == 0


def test_tables_come_after_so_many_packets_whatever_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "TABLE_PACKETS", 100)
    monkeypatch.setattr(source_batches, "MOST_RECORDS", 50)
    records = [oc.Record(bytes([number]) * 14) for number in range(250)]
    told: list[int] = []
    where = "wire_length == 14 and ethernet.dst == 07:07:07:07:07:07"
    tables = [len(part) for part in oc.iter_columns(records, ["ethernet.src"], where=where, progress=told.append)]
    assert tables == [1]
    assert told == [1400, 1400, 700]
