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
from tests.filters import samples
from tests.tools import stacks

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
