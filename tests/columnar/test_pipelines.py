"""Columns of a pipeline are what its packets have, one by one: the same rows, the same values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import pytest

import overlaycodec as oc
from overlaycodec import TCP, UDP, VXLAN, Ethernet, Geneve, IPv4, IPv6, Pipeline, VLANTag
from overlaycodec.columnar.decode import column_filler
from overlaycodec.pipelines.pipeline import AnyPipeline

CAPTURES: Final = sorted(Path(__file__).parent.parent.joinpath("captures").glob("*.pcap"))
TUNNEL: Final = Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN | Geneve)
PIPELINES: Final[dict[str, AnyPipeline]] = {
    "tunnel": TUNNEL,
    "inner": TUNNEL + Pipeline(Ethernet, VLANTag[:], IPv4 | IPv6),
    "start": Pipeline(Ethernet, IPv4),
    "fixed": Pipeline(Ethernet, IPv4, UDP, VXLAN, Ethernet, IPv4),
    "optional end": Pipeline(Ethernet, VLANTag[0:1], Pipeline(IPv4, UDP | TCP)[0:1]),
    "optional header": Pipeline(Ethernet, IPv4, UDP, VXLAN[0:1]),
    "no payload": Pipeline(Ethernet, IPv4, UDP, payload=False),
    "by the pattern": Pipeline(Ethernet, IPv4, UDP, oc.ARP),
}
NAMES: Final = (
    "captured_length",
    "vlan[1].vid",
    "outer.ipv4.src",
    "udp.dst_port",
    "vxlan.vni",
    "inner.ipv4.dst",
    "inner.vlan.vid",
)


def records() -> Iterator[oc.Record]:
    """Records of real stacks, half of them with an octet or their end changed, and a few datagrams without content."""
    empty = "020000000002 020000000001 0800 4500001c 00000000 401166cf 0a000001 0a000002 0035{:04x} 0008 0000"
    yield from (oc.Record(bytes.fromhex(empty.format(port))) for port in (7, 53, 4789, 6081))
    for path in CAPTURES:
        source = Random(path.name)  # another capture changes nothing here
        with oc.open_capture(path) as capture:
            for record in list(capture)[:60]:
                data = bytearray(record.data)
                change = source.random()
                if data and change < 0.25:
                    data[source.randrange(min(len(data), 100))] ^= 1 << source.randrange(8)
                elif change < 0.5:
                    del data[source.randrange(len(data) + 1) :]
                yield oc.Record(bytes(data), link_type=record.link_type)


@pytest.mark.parametrize("few", [1, 64])
@pytest.mark.parametrize("name", PIPELINES)
def test_rows_are_the_packets_that_fit(name: str, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """`few`: from how many packets of one stack on these are decoded together."""
    monkeypatch.setattr(column_filler.ColumnFiller.__init__, "__kwdefaults__", {"few": few, "fewest": few})
    pipeline = PIPELINES[name]
    given = list(records())
    packets = [(record, record.decode(pipeline=pipeline, lax=True)) for record in given]
    fitting = [(record, packet) for record, packet in packets if packet.fault is None]
    table = oc.columns(given, NAMES, pipeline=pipeline)
    assert len(table) == len(fitting)
    assert table.others == len(given) - len(fitting)
    assert table["captured_length"].tolist() == [len(record.data) for record, _ in fitting]
    for column in NAMES[1:]:
        assert table.to_plain(column) == [plain(packet, column) for _, packet in fitting], column
    assert min(len(fitting), table.others) >= {"no payload": 2, "by the pattern": 0}.get(name, 20)
    batches = list(oc.iter_columns(given, NAMES, pipeline=pipeline))
    assert [sum(len(each) for each in batches), sum(each.others for each in batches)] == [len(table), table.others]


def plain(packet: oc.Packet, path: str) -> object:
    try:
        value = packet.at(path)
    except oc.PathError:
        return None
    return value if isinstance(value, int) else str(value)


def test_without_names_the_columns_are_known_before_anything_is_read() -> None:
    table = oc.columns([], pipeline=TUNNEL)
    assert {"time_ns", "vlan[2].vid", "ipv6.src", "vxlan.vni", "geneve.options", "udp.checksum"} <= set(table.names)
    assert not [name for name in table.names if name.startswith(("inner.", "tcp.", "vlan[3]"))]
    assert oc.columns(list(records())[:300], pipeline=TUNNEL).names == table.names


def test_an_empty_table_has_no_others() -> None:
    assert oc.columns([], ["vxlan.vni"], pipeline=TUNNEL).others == 0
    assert np.ma.count(oc.columns([oc.Record(b"")], ["vxlan.vni"], pipeline=TUNNEL)["vxlan.vni"]) == 0
    assert oc.columns([oc.Record(b"")], ["time_ns"], pipeline=TUNNEL).others == 1


def test_a_capture_gives_the_packets_of_a_pipeline() -> None:
    with oc.open_capture(CAPTURES[0].parent / "kernel-vxlan-v4.pcap") as capture:
        packets = list(capture.packets(pipeline=TUNNEL, lax=True))
        fitting = [packet for packet in capture.packets(lax=True) if TUNNEL.matches(packet)]
    assert [packet.fault is None for packet in packets].count(True) == len(fitting) > 0
    assert all(packet.headers[-1] == packet[VXLAN] for packet in packets if packet.fault is None)
