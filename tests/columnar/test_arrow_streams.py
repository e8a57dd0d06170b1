"""Tables as streams of Arrow: schemas known before, rows taken without copies, batches of one schema."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import overlaycodec as oc

CAPTURES: Final = Path(__file__).parent.parent / "captures"
INNER_VLAN: Final = CAPTURES / "kernel-vxlan-inner-vlan.pcap"
FILES: Final = sorted(str(path) for path in CAPTURES.glob("*.pcap"))
NAMES: Final = ["time_ns", "fault", "ipv4.src", "inner.ethernet.src", "inner.ipv6.dst", "vxlan.vni", "inner.vlan.vid"]


@pytest.mark.parametrize("addresses", ["text", "number", "binary"])
def test_the_schema_is_known_before_anything_is_read(addresses: str) -> None:
    """Of every column that occurs in the captures, and of the record."""
    names = [*oc.column_names(FILES), "fcs", "fcs.verdict", "interface_name", "comment", "data", "payload", "section"]
    names += ["udp.checksum.verdict", "geneve.options[0].type", "geneve.options[0]"]
    schema = oc.arrow_schema(names, addresses=addresses)  # type: ignore[arg-type]  # one of the three
    for source in ([], FILES):
        with oc.batches(source, names, addresses=addresses) as reader:  # type: ignore[arg-type]  # as above
            assert reader.schema == schema
            read = reader.read_all()
        table = oc.columns(source, names)
        assert read.equals(table.to_arrow(addresses=addresses, dictionaries=False))  # type: ignore[arg-type]  # as above
        if addresses == "text":
            assert pa.schema(table) == pa.table(table).schema == schema


def test_fields_say_what_they_are() -> None:
    """RFC 791 section 3.1: IHL is the header's length in 32 bit words; RFC 7348 section 5 has the VNI."""
    schema = oc.arrow_schema(["ipv4.ihl", "outer.udp.length", "vxlan.vni", "time_ns", "wire_length"])
    found = {field.name: {key.decode(): value.decode() for key, value in field.metadata.items()} for field in schema}
    assert found["ipv4.ihl"]["unit"] == "4 octets"
    assert found["ipv4.ihl"]["specification"].startswith("RFC 791")
    assert found["outer.udp.length"]["unit"] == found["wire_length"]["unit"] == "octets"
    assert found["outer.udp.length"]["path"] == "outer.udp.length"
    assert "unit" not in found["vxlan.vni"]
    assert found["vxlan.vni"]["specification"].startswith("RFC 7348")
    assert "specification" not in found["time_ns"]
    assert found["time_ns"]["unit"].startswith("nanoseconds")
    with pytest.raises(oc.PathError, match="did you mean"):
        oc.arrow_schema(["vxlan.vin"])


def test_numbers_of_a_stream_are_not_copied() -> None:
    table = oc.columns(FILES, ["captured_length", "wire_length"])
    taken = pa.table(table)["wire_length"].chunk(0).to_numpy()
    assert np.shares_memory(taken, table["wire_length"].data)


def test_rows_are_views_where_they_can_be() -> None:
    table = oc.columns(INNER_VLAN, NAMES)
    vids = [100, 100, 200, 200, 0, 0, None, 1, 1]  # as tshark shows them: vlan.id of the inner tags
    assert table["inner.vlan.vid"].tolist() == vids
    some = table[2:5]
    assert (len(some), some["inner.vlan.vid"].tolist()) == (3, vids[2:5])
    assert np.shares_memory(some["vxlan.vni"].data, table["vxlan.vni"].data)
    assert table[-2:]["inner.vlan.vid"].tolist() == vids[-2:]
    assert len(table[20:]) == 0
    one_after_another = table.where("inner.vlan.vid == 200")
    assert one_after_another["inner.vlan.vid"].tolist() == [200, 200]
    assert np.shares_memory(one_after_another["vxlan.vni"].data, table["vxlan.vni"].data)
    assert table[table["inner.vlan.vid"] == 1]["inner.vlan.vid"].tolist() == [1, 1]
    assert table[table["inner.vlan.vid"] != 200]["inner.vlan.vid"].tolist() == [100, 100, 0, 0, 1, 1]  # absent: masked
    assert table.where("not inner.vlan.vid == 200")["inner.vlan.vid"].tolist() == [100, 100, 0, 0, None, 1, 1]
    assert len(table.where("vxlan")) == 9
    assert len(table.where("inner.ethernet and fault")) == 0
    whole = pa.table(table)
    for rows, numbers in ((table[1:8:3], [1, 4, 7]), (table.where("inner.vlan.vid in {1, 100}"), [0, 1, 7, 8])):
        assert pa.table(rows).to_pylist() == whole.take(numbers).to_pylist()
        assert pl.DataFrame(rows).equals(rows.to_polars())
    with pytest.raises(oc.PathError, match=r"no column 'inner\.tcp\.dst_port' in the table"):
        table.where("inner.tcp.dst_port == 80")
    with pytest.raises(IndexError, match=r"shape \(9,\)"):
        table[np.ones(3, np.bool_)]


def test_batches_are_the_rows_of_the_table_in_constant_memory() -> None:
    packet = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1, dst_port=2)
    frames = oc.encode_columns(packet, {"udp.src_port": np.arange(200_000) % 65536})
    reader = oc.batches(frames, ["udp.src_port", "ipv4.src"])
    sizes = [batch.num_rows for batch in reader]
    assert sum(sizes) == 200_000
    assert max(sizes) <= 1 << 16
    matching = oc.batches(frames, ["ipv4.src"], where="udp.src_port < 100").read_all()
    assert matching.num_rows == 400


def test_damage_is_an_error_after_the_packets_before_it() -> None:
    data = INNER_VLAN.read_bytes()
    reader = oc.batches(io.BytesIO(data[:-3]), ["vxlan.vni"])
    assert reader.read_next_batch().num_rows == 8
    with pytest.raises(oc.CaptureError):
        reader.read_next_batch()


def test_a_time_stamp_beyond_64_bits_is_no_time_stamp() -> None:
    late = oc.columns([oc.Record(b"", time_ns=1 << 70)], ["time_ns"])
    with pytest.raises(OverflowError, match="leave out the column time_ns"):
        pa.table(late)
    with pytest.raises(OverflowError, match="leave out the column time_ns"):
        oc.batches([oc.Record(b"", time_ns=1 << 70)], ["time_ns"]).read_all()
