"""Columns say what the scalar decoder says, field for field and fault for fault; and they are what people expect."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from binascii import crc32
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import strategies as overlay
from overlaycodec.columnar.column import RECORD_COLUMNS, columns_of
from overlaycodec.columnar.column_buffers import Output
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.columnar.decode.column_filler import ColumnFiller
from overlaycodec.columnar.decode.driver import occurring_names
from overlaycodec.columnar.decode.source_batches import batches_from
from overlaycodec.columnar.table import Table
from overlaycodec.packet import paths
from tests.laws import common as laws
from tests.tools import capture_files as files
from tests.tools import stacks

CAPTURES: Final = stacks.captures(stacks.CAPTURES)
PUBLIC: Final = stacks.captures(stacks.PUBLIC) if stacks.PUBLIC.is_dir() else {}
VXLAN: Final = CAPTURES["kernel-vxlan-inner-vlan.pcap"]


# --- the same answers -------------------------------------------------------------------------------------------------


def expected(packet: oc.Packet, name: str, verdicts: dict[str, Any]) -> Any:  # Any: as above
    """What a column must hold for a packet; None where it is masked."""
    if name == "fault":
        return None if packet.fault is None else type(packet.fault).__name__
    if name == "fcs":
        return None if packet.fcs is None else packet.fcs.data
    if name == "fcs.verdict":
        return None if "fcs" not in verdicts else str(verdicts["fcs"])
    if name == "payload":
        return packet.payload
    if name.endswith(".verdict"):
        try:
            place = paths.find(packet.headers, name.removesuffix(".verdict"))
        except oc.PathError:
            return None
        verdict = verdicts.get(f"{packet.names[place.header]}.{place.rest[0][0]}")
        return None if verdict is None else str(verdict)
    try:
        value = packet.at(name)
    except oc.PathError:
        return None
    return None if name.endswith(".ethertype") and value <= 1500 else value  # IEEE 802.3 clause 3.2.6: a length


def same(value: Any, wanted: Any) -> bool:  # Any: as above
    """Whether a column's value is the scalar one."""
    if isinstance(value, np.void):
        return bool(value.tobytes() == wanted.packed)
    if isinstance(value, np.bool_):
        return wanted is bool(value)
    if isinstance(value, np.integer):
        return int(value) == int(wanted)
    return (isinstance(value, str) or type(value) is type(wanted)) and bool(value == wanted)


def walked(records: Iterable[oc.Record], names: Iterable[str] | None, catalog: oc.Catalog) -> tuple[Table, int]:
    """Columns of which as much as possible is walked in groups, and how many packets were not."""
    batches = list(batches_from(list(records)))
    wanted = columns_of(occurring_names(batches, catalog) if names is None else names, catalog)
    filling = ColumnFiller(wanted, catalog, few=1)
    outputs = [Output(wanted, 0)]
    for batch in batches:
        outputs.append(Output(wanted, len(batch)))
        filling.add(batch, outputs[-1])
        filling.finish(outputs[-1])
    return Table(outputs), filling.one_by_one


def check(records: list[oc.Record], names: Iterable[str] | None = None, catalog: oc.Catalog = oc.DEFAULT) -> int:
    """Compares each value of each column with the packet's own; gives the number of packets not walked in groups."""
    table, slow = walked(records, names, catalog)
    packets = [record.decode(lax=True, catalog=catalog) for record in records]
    verdicts = [oc.checksums(p, catalog=catalog) if any("verdict" in n for n in table) else {} for p in packets]
    for name in table:
        if name in RECORD_COLUMNS and name not in ("fault", "payload"):
            continue
        column = table[name]
        for index, packet in enumerate(packets):
            wanted = expected(packet, name, verdicts[index])
            gone = bool(np.ma.getmaskarray(column)[index])
            assert gone == (wanted is None), (name, index, records[index].data.hex())
            assert gone or same(column.data[index], wanted), (name, index, records[index].data.hex())
    return slow


@pytest.mark.parametrize("path", [*CAPTURES.values(), *PUBLIC.values()], ids=lambda path: path.stem)
def test_every_field_of_every_capture(path: Path) -> None:
    with oc.open_capture(path) as capture:
        check(list(capture))


def test_most_packets_are_walked_in_groups() -> None:
    slow = count = 0
    for path in CAPTURES.values():
        with oc.open_capture(path) as capture:
            records = list(capture)
        slow += walked(records, None, oc.DEFAULT)[1]
        count += len(records)
    assert slow < count // 8


FRAMED: Final = [cls for cls in laws.CLASSES if laws.first_of(cls) is oc.Ethernet]
SOME: Final = [
    "payload",
    "fault", "outer.ipv4.src", "ipv4[1].dst", "inner.ipv4.src", "innermost.ipv4.src", "innermost.ethernet.dst",
    "inner.inner.ipv6.dst", "vlan.vid", "vlan[1].vid", "inner.vlan.vid", "mpls[1].label", "udp.length", "tcp.options",
    "tcp.options[0].kind", "tcp.options[2].data", "geneve.options[0].type", "geneve.options[1].data", "gre.key",
    "geneve.options[1].option_class", "geneve.options[0].data", "tcp.options[0].length", "tcp.options[1].value",
    "tcp.options[3].data", "ipv4.options[0].pointer", "ipv4.options[1].type", "ipv6_hop_by_hop.options[0].value",
    "ipv6_destination_options.options[0].limit", "tcp.options[0].blocks", "tcp.options[0].mss",
    "inner.tcp.options[1].kind",
    "geneve.options_rest", "ipv4.options_rest", "arp.sender_hardware", "quoted.ipv4.src", "stt.context_id",
]  # fmt: skip
VERDICTS: Final = [
    f"{scope}{checked.__layout__.name}.{checked.__layout__.checksum.name}.verdict"
    for scope in ("outer.", "inner.", "quoted.", "innermost.")
    for checked in oc.DEFAULT.headers
    if checked.__layout__.checksum is not None
]


@pytest.mark.survey
@pytest.mark.parametrize("cls", FRAMED, ids=lambda cls: cls.__name__)
def test_any_stack_whole_cut_and_damaged(cls: type[oc.Header]) -> None:
    """For each header: stacks through it, whole, snapped, cut short, with a check sequence, and damaged."""
    records: list[oc.Record] = []

    @settings(max_examples=6, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(laws.packets(cls), overlay.malformed_bytes(cls), st.integers(0, 80))
    def draw(packet: oc.Packet, damaged: bytes, octets: int) -> None:
        data = oc.encode(packet)
        left = data[: max(0, len(data) - octets)]
        records.extend([oc.Record(data), oc.Record(damaged), oc.Record(left), oc.Record(left, wire_length=len(data))])
        records.extend([oc.Record(data, fcs_octets=4), oc.Record(left, wire_length=len(data), fcs_octets=4)])

    draw()
    check(records)
    check(records, SOME)
    check(records, VERDICTS)
    check(records, ["fcs", "fcs.verdict"])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=90), max_size=8), st.sampled_from(sorted(oc.DEFAULT.values(oc.LINK_TYPE))))
def test_any_octets(packets: list[bytes], link_type: int) -> None:
    check([oc.Record(data, link_type) for data in packets])


def test_most_packets_have_one_size_and_others_another() -> None:
    """Options of several sizes among packets without any, and lengths of headers that are wrong."""
    frames = [TUNNELLED] * 6
    for octets in (4, 8, 40):
        version_ihl = bytes([0x45 + octets // 4])
        frames.append(TUNNELLED[:14] + version_ihl + TUNNELLED[15:34] + b"\x01" * octets + TUNNELLED[34:])
    frames += [TUNNELLED[:14] + bytes([0x40 + ihl]) + TUNNELLED[15:] for ihl in (0, 4, 15)]
    for count in (1, 3, 9):
        check([oc.Record(data) for data in frames[:6] * count + frames[6:]], [*EVERY, "ipv4.options", "ipv4.ihl"])
    for path in CAPTURES.values():
        with oc.open_capture(path) as capture:
            check(list(capture))


def with_options(octets: bytes, missing: int = 0) -> bytes:
    """The tunnelled frame with these IPv4 options, and lengths that say so, or so many octets less."""
    length = int.from_bytes(TUNNELLED[16:18], "big") + len(octets) - missing
    head = bytes([0x45 + len(octets) // 4, 0]) + length.to_bytes(2, "big")
    return TUNNELLED[:14] + head + TUNNELLED[18:34] + octets + TUNNELLED[34:]


@pytest.mark.parametrize(("usual", "other"), [(b"", bytes([1] * 8)), (bytes([1] * 8), b"")])
def test_few_packets_have_more_or_fewer_options_than_the_rest(usual: bytes, other: bytes) -> None:
    """They go on with the others: up to where they were cut off, or to the end that they tell."""
    few = with_options(other)
    frames = [few, *(few[:octets] for octets in range(20, len(few)))]
    frames += [with_options(other, missing) for missing in range(1, 40)]
    check([oc.Record(data, wire_length=len(few)) for data in [*frames, *[with_options(usual)] * 4 * len(frames)]])


class Note(oc.Element, spec="in-house"):
    """Anything."""

    kind: Annotated[int, oc.Bits(8), "Kind"]
    length: Annotated[int, oc.Bits(8), "Octets of the text"] = oc.AUTO
    text: Annotated[bytes, oc.SizedBy("length"), "Text"] = b""


class SealedNote(oc.Element, spec="in-house", path="sealed_note"):
    """A text with a seal behind it."""

    kind: Annotated[int, oc.Bits(8), oc.Const(1), "Kind"] = 1
    length: Annotated[int, oc.Bits(8), "Octets of the text"] = oc.AUTO
    text: Annotated[bytes, oc.SizedBy("length"), "Text"] = b""
    seal: Annotated[int, oc.Bits(8), oc.Const(0x5A), "Seal"] = 0x5A


class Notes(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9995),)):
    """A row of both."""

    octets: Annotated[int, oc.Bits(16), "Octets of the notes"] = oc.AUTO
    notes: Annotated[tuple[SealedNote | Note, ...], oc.SizedBy("octets"), oc.Elements(), "Notes"] = ()
    notes_rest: Annotated[bytes, oc.Unparsed("notes"), "What is no note"] = oc.AUTO


def test_what_is_no_element_of_one_class_is_read_as_one_of_another() -> None:
    """Sealed notes of several sizes, some with a broken seal."""
    catalog = oc.DEFAULT.with_header(Notes)
    source = random.Random(1)
    records = []
    for _ in range(300):
        sizes = [4 if source.random() < 0.9 else source.randrange(12) for _ in range(3)]
        row = b"".join(
            bytes([source.choice((1, 1, 1, 2)), size]) + source.randbytes(size) + source.choice((b"Z", b"Z", b"?"))
            for size in sizes
        )
        ends = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
        datagram = ends / oc.UDP(src_port=1, dst_port=9995) / (len(row).to_bytes(2, "big") + row)
        records.append(oc.Record(oc.encode(datagram)))
    names = [f"notes.notes[{at}].{name}" for at in range(4) for name in ("kind", "length", "text", "seal")]
    check(records, names, catalog)


def test_more_headers_than_are_followed() -> None:
    tag = bytes.fromhex("00018100")
    data = bytes.fromhex("020000000002 020000000001 8100") + tag * 40
    records = [oc.Record(data), oc.Record(data[:130]), oc.Record(data[:144])] * 3
    check(records, ["fault", "vlan.vid", "vlan[30].vid", "vlan[31].vid"])
    check(records, ["fault", "vlan[2].vid"], oc.DEFAULT.with_max_headers(3))


@pytest.mark.parametrize("path", [*CAPTURES.values(), *PUBLIC.values()], ids=lambda path: path.stem)
def test_verdicts_of_every_capture(path: Path) -> None:
    with oc.open_capture(path) as capture:
        check(list(capture), [*VERDICTS, "payload"])


def test_verdicts() -> None:
    with oc.open_capture(CAPTURES["python-to-ovs-geneve.pcap"]) as capture:
        records = list(capture)
    table = oc.columns(records, ["outer.udp.checksum.verdict"])
    assert set(table["outer.udp.checksum.verdict"].compressed()) == {"absent", "bad", "valid"}


def test_verdicts_where_a_source_route_names_the_final_destination() -> None:
    """RFC 791 section 3.1: the pseudo-header has the last address of a source route, until that is reached."""
    gateways = tuple(oc.IPv4RouteAddress(address=f"10.0.0.{number}") for number in (7, 9))
    alert = oc.IPv4RouterAlertOption()
    records = []
    for number in range(60):
        pointer = (4, 8, 12)[number % 3]
        routes = (
            oc.IPv4LooseSourceRouteOption(pointer=pointer, route=gateways),
            oc.IPv4StrictSourceRouteOption(pointer=pointer, route=gateways[:1]),
        )
        options = ((), (alert,), (routes[0],), (alert, routes[1]))[number % 4]
        packet = (
            oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
            / oc.IPv4(src="192.0.2.1", dst="192.0.2.2", options=options)
            / oc.UDP(src_port=number, dst_port=2)
            / bytes([number])
        )
        records.append(oc.Record(oc.encode(packet)))
    table = oc.columns(records, ["udp.checksum.verdict"])
    assert set(table["udp.checksum.verdict"].tolist()) == {"valid"}
    assert check(records, VERDICTS) == 30, "packets without a source route are decoded in groups"


def test_a_catalog_of_ones_own() -> None:
    catalog = oc.DEFAULT.with_binding(oc.UDP_PORT(4789), oc.VXLANGBP)
    table = oc.columns(CAPTURES["kernel-vxlan-gbp.pcap"], ["vxlan_gbp.group_policy_id"], catalog=catalog)
    assert list(table["vxlan_gbp.group_policy_id"].compressed()) == [4660, 65535, 1, 0, 16962, 0, 0, 0]


# --- short and last records -------------------------------------------------------------------------------------------

NEIGHBOUR: Final = b"\xa5" * 300
TUNNELLED: Final = oc.encode(
    oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
    / oc.UDP(src_port=49152)
    / oc.VXLAN(vni=100)
    / oc.Ethernet(dst="02:00:00:00:00:04", src="02:00:00:00:00:03")
    / oc.IPv4(src="192.168.0.1", dst="192.168.0.2")
    / oc.TCP(src_port=1000, dst_port=2000, options=(oc.TCPOption(kind=254, data=b"abcdef"),))
)
EVERY: Final = [
    "fault", "ethernet.dst", "ethernet.ethertype", "ipv4.src", "ipv4.dst", "ipv4.checksum.verdict", "udp.checksum",
    "udp.checksum.verdict", "vxlan.vni", "vxlan.reserved2", "inner.ethernet.src", "inner.ethernet.ethertype",
    "inner.ipv4.ttl", "inner.ipv4.dst", "inner.ipv4.checksum.verdict", "inner.tcp.src_port", "inner.tcp.urgent_pointer",
    "inner.tcp.checksum.verdict", "inner.tcp.options[0].kind", "inner.tcp.options[0].data", "inner.tcp.options[1].kind",
]  # fmt: skip


def shows_nothing_else(table: Table, index: int) -> None:
    """Under the mask of a packet stands nothing, least of all what follows the packet."""
    for name in table:
        column = table[name]
        if np.ma.getmaskarray(column)[index] and column.dtype.kind in "uib":
            assert column.data[index] == 0, (name, index)


@pytest.mark.parametrize("snapped", [False, True])
def test_records_cut_at_every_octet_show_nothing_of_the_next(snapped: bool) -> None:
    cuts = [cut for cut in range(len(TUNNELLED) + 1) for _ in range(70)]
    whole = len(TUNNELLED) if snapped else None
    pieces = []
    for cut in cuts:
        data = TUNNELLED[:cut]
        pieces += [files.record(data, wire=max(cut, whole or 0)), files.record(NEIGHBOUR)]
    table = oc.columns(files.pcap(*pieces), EVERY)
    for cut in range(len(TUNNELLED) + 1):
        record = oc.Record(TUNNELLED[:cut], wire_length=max(cut, whole or 0))
        packet = record.decode(lax=True)
        verdicts = oc.checksums(packet)
        for index in (cut * 140, cut * 140 + 138):
            for name in EVERY:
                wanted = expected(packet, name, verdicts)
                column = table[name]
                assert bool(np.ma.getmaskarray(column)[index]) == (wanted is None), (name, cut)
                assert wanted is None or same(column.data[index], wanted), (name, cut)
            shows_nothing_else(table, index)


@pytest.mark.parametrize("before", [0, 7, 80])
def test_a_last_record_cut_at_every_octet(before: int, tmp_path: Path) -> None:
    """At the very end of a file, in memory and not, there is nothing behind it to be read."""
    for cut in range(len(TUNNELLED) + 1):
        content = files.pcap(*[files.record(TUNNELLED)] * before, files.record(TUNNELLED[:cut], wire=len(TUNNELLED)))
        packet = oc.Record(TUNNELLED[:cut], wire_length=len(TUNNELLED)).decode(lax=True)
        verdicts = oc.checksums(packet)
        for source in (content, io.BytesIO(content)):
            table = oc.columns(source, EVERY)
            assert len(table) == before + 1
            for name in EVERY:
                wanted = expected(packet, name, verdicts)
                column = table[name]
                assert bool(np.ma.getmaskarray(column)[-1]) == (wanted is None), (name, cut)
                assert wanted is None or same(column.data[-1], wanted), (name, cut)
            shows_nothing_else(table, before)


def test_a_length_that_reaches_into_the_next_record() -> None:
    """Whatever a length claims, no octet of the next record is taken for one of this."""
    # ihl, total_length, the UDP length, the inner total_length, the data offset
    changes = (14, b"\x4f"), (16, b"\xff\xff"), (38, b"\xff\xff"), (66, b"\xff\xff"), (96, b"\xf0")
    claims = [TUNNELLED[:at] + octets + TUNNELLED[at + len(octets) :] for at, octets in changes]
    records = [oc.Record(data) for data in claims for _ in range(20)]
    pieces = [piece for record in records for piece in (files.record(record.data), files.record(NEIGHBOUR))]
    table = oc.columns(files.pcap(*pieces), EVERY)
    for index, record in enumerate(records):
        packet = record.decode(lax=True)
        verdicts = oc.checksums(packet)
        for name in EVERY:
            wanted, column = expected(packet, name, verdicts), table[name]
            assert bool(np.ma.getmaskarray(column)[2 * index]) == (wanted is None), (name, record.data.hex())
            assert wanted is None or same(column.data[2 * index], wanted), (name, record.data.hex())
        shows_nothing_else(table, 2 * index)


def test_the_peak_of_memory() -> None:
    content = files.pcap(*[files.record(TUNNELLED + bytes(200))] * 200_000)
    tracemalloc.start()
    table = oc.columns(content, EVERY[:10])
    result = sum(table[name].nbytes + len(table) for name in table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table) == 200_000
    assert peak < 3 * result + (64 << 20)


# --- what people see --------------------------------------------------------------------------------------------------


def test_a_table() -> None:
    names = ["time_ns", "outer.ipv4.src", "vxlan.vni", "inner.vlan.vid", "inner.ethernet.src", "inner.ipv6.src"]
    table = oc.columns(VXLAN, names)
    with oc.open_capture(VXLAN) as capture:
        records = list(capture)
    assert len(table) == len(records)
    assert table.names == list(table) == names
    assert "vxlan.vni" in table
    assert table["vxlan.vni"].dtype == np.uint32
    assert table["inner.vlan.vid"].dtype == np.uint16
    assert table["outer.ipv4.src"].dtype == np.uint32
    assert table["inner.ethernet.src"].dtype == np.uint64
    assert table["inner.ipv6.src"].dtype == "V16"
    assert table["time_ns"].tolist() == [record.time_ns for record in records]
    assert set(table["inner.vlan.vid"].compressed().tolist()) == {0, 1, 100, 200}
    assert repr(table) == f"<Table: {len(records)} packets, 6 columns>"
    with pytest.raises(KeyError):
        table["udp.length"]


def test_without_names_every_field_that_occurs() -> None:
    table = oc.columns(VXLAN)
    assert {"time_ns", "ethernet.dst", "vxlan.vni", "inner.vlan.vid", "inner.ipv4.src"} <= set(table)
    assert not any(np.ma.getmaskarray(table[name]).all() for name in table)
    assert oc.columns([]).names == []


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("vxlan.vnid", "mean vxlan.vni"), ("vxlam.vni", "mean vxlan.vni"), ("vxlan", "mean vxlan.vni"), ("", "grammar"),
        ("inner.vxlan", "mean inner.vxlan.vni"), ("vni", "mean geneve.vni"), ("x", "name a field"),
        ("geneve.options[0].typ", "no typ"), ("geneve.vni[0]", "row"),
        ("geneve.options.type", r"\[n\]"),
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_refused(name: str, word: str) -> None:
    with pytest.raises(oc.PathError, match=word):
        oc.columns(VXLAN, [name])


def test_sources() -> None:
    names = ["time_ns", "wire_length", "captured_length", "link_type", "vxlan.vni", "inner.ipv4.src"]
    data = VXLAN.read_bytes()
    with oc.open_capture(VXLAN) as capture:
        records = list(capture)
    out = io.BytesIO()
    oc.write_capture(out, records, format="pcapng")
    sources: list[Any] = [str(VXLAN), data, bytearray(data), memoryview(data), io.BytesIO(data), gzip.compress(data)]
    sources += [records, iter(records), out.getvalue()]
    tables = [oc.columns(source, names) for source in sources]
    for table in tables:
        for name in names:
            assert table[name].tolist() == tables[0][name].tolist()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34])
@pytest.mark.parametrize("version", [(2, 4), (2, 2), (2, 3)])
def test_kinds_of_pcap(order: str, magic: int, version: tuple[int, int]) -> None:
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    frames = [bytes(12) + b"\x08\x06" + bytes(octets) for octets in (28, 46, 0)]
    records = []
    for number, frame in enumerate(frames):
        head = files.record(frame, seconds=5, fraction=number, wire=len(frame), order=order)[:16]
        records.append(head + extra + frame)
    data = files.pcap(*records, order=order, magic=magic, version=version)
    names = ["time_ns", "captured_length", "wire_length", "arp.operation", "fault"]
    with oc.open_capture(data) as capture:
        by_record = oc.columns(list(capture), names)
    table = oc.columns(data, names)
    assert [table[name].tolist() for name in names] == [by_record[name].tolist() for name in names]


def test_a_damaged_file_gives_what_stands_before_the_damage() -> None:
    data = VXLAN.read_bytes()[:-3]
    with pytest.raises(oc.CaptureError) as caught:
        oc.columns(data, ["vxlan.vni"])
    with pytest.raises(oc.CaptureError) as every_column:
        oc.columns(data)
    seen: list[int] = []
    with pytest.raises(oc.CaptureError) as again:
        seen.extend(len(table) for table in oc.iter_columns(data, ["vxlan.vni"]))
    with oc.open_capture(data) as capture, pytest.raises(oc.CaptureError) as plain_error:
        count = sum(1 for _ in iter(capture))
    with oc.open_capture(VXLAN) as capture:
        count = sum(1 for _ in capture) - 1
    assert sum(seen) == count
    before = caught.value.table["vxlan.vni"].tolist()
    assert before == oc.columns(VXLAN, ["vxlan.vni"])["vxlan.vni"].tolist()[:-1]
    assert every_column.value.table["vxlan.vni"].tolist() == before
    assert plain_error.value.table is None
    assert str(caught.value) == str(again.value) == str(plain_error.value)


def test_scanning_takes_constant_memory_and_tells_its_progress(tmp_path: Path) -> None:
    record = oc.Record(bytes.fromhex("020000000002 020000000001 88b5") + bytes(986))
    peaks = []
    for count in (20_000, 80_000):
        path = tmp_path / f"{count}.pcap"
        oc.write_capture(path, (record for _ in range(count)))
        told: list[int] = []
        tracemalloc.start()
        rows = sum(len(table) for table in oc.iter_columns(path, ["ethernet.dst", "fault"], progress=told.append))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == count
        assert sum(told) == count * 1000
        told.clear()
        oc.columns(path, ["captured_length"], progress=told.append)
        assert sum(told) == count * 1000
    assert peaks[1] < peaks[0] * 1.5, peaks


# --- other libraries --------------------------------------------------------------------------------------------------

ADDRESSES: Final = [
    "time_ns",
    "fault",
    "outer.ipv4.src",
    "inner.ethernet.src",
    "inner.ipv6.src",
    "vxlan.vni",
    "udp.checksum",
]


def test_arrow() -> None:
    import pyarrow as pa

    table = oc.columns(VXLAN, ADDRESSES)
    arrow = table.to_arrow()
    assert arrow.schema.field("time_ns").type == pa.timestamp("ns", "UTC")
    assert arrow.schema.field("vxlan.vni").type == pa.uint32()
    with oc.open_capture(VXLAN) as capture:
        packets = list(capture.packets(lax=True))
    for name in ADDRESSES[2:5]:
        wanted = [expected(packet, name, {}) for packet in packets]
        assert arrow[name].to_pylist() == [None if value is None else str(value) for value in wanted]
        octets = table.to_arrow(addresses="binary")[name].to_pylist()
        assert octets == [None if value is None else value.packed for value in wanted]
    with pytest.raises(ValueError, match="'text', 'number' or 'binary'"):
        table.to_arrow(addresses="words")  # type: ignore[arg-type]  # that is the point


def test_arrow_of_rows_and_of_time_stamps_beyond_64_bits() -> None:
    table = oc.columns(CAPTURES["linux-geneve-options.pcap"], ["geneve.options", "geneve.options[0].egress_port"])
    arrow = table.to_arrow()
    assert '"option_class": 258' in arrow["geneve.options"][0].as_py()
    with oc.open_capture(CAPTURES["linux-geneve-options.pcap"]) as capture:
        first = next(iter(capture)).decode()
    assert arrow["geneve.options[0].egress_port"][0].as_py() == first.at("geneve.options[0].egress_port")
    late = oc.columns([oc.Record(b"", time_ns=1 << 70), oc.Record(b"")], ["time_ns"])
    assert late["time_ns"].tolist() == [1 << 70, None]
    assert late.to_arrow()["time_ns"].to_pylist() == [str(1 << 70), None]


def test_pandas_and_polars() -> None:
    table = oc.columns(VXLAN, ADDRESSES)
    wanted = table.to_arrow()["vxlan.vni"].to_pylist()
    frame = table.to_pandas()
    assert frame["vxlan.vni"].isna().tolist() == [value is None for value in wanted]
    assert frame["vxlan.vni"].dropna().tolist() == [value for value in wanted if value is not None]
    assert table.to_polars()["vxlan.vni"].to_list() == wanted


def test_batches_are_whole() -> None:
    with oc.open_capture(VXLAN) as capture:
        records = list(capture)
    batches: list[Batch] = list(batches_from(VXLAN))
    assert [batch.data(index) for batch in batches for index in range(len(batch))] == [r.data for r in records]


# --- lengths, and frame check sequences -------------------------------------------------------------------------------


def test_a_length_is_no_ethertype() -> None:
    """IEEE 802.3 clause 3.2.6: up to 1500 the field is a length, after a tag too; `at` keeps the value."""
    addresses = bytes.fromhex("0180c2000000 020000000001")
    bpdu = bytes.fromhex("424203") + bytes(35)
    untagged = addresses + (38).to_bytes(2, "big") + bpdu
    tagged = addresses + bytes.fromhex("8100 0005") + (38).to_bytes(2, "big") + bpdu
    neither = addresses + (1501).to_bytes(2, "big") + bpdu
    names = ["ethernet.ethertype", "vlan.ethertype", "ethernet.src"]
    for count in (1, 20):  # one by one, and in groups
        records = [oc.Record(data) for data in (untagged, tagged, neither, TUNNELLED) for _ in range(count)]
        table = oc.columns(records, names)
        assert table["ethernet.ethertype"].tolist()[::count] == [None, 0x8100, 1501, 0x0800]
        assert table["vlan.ethertype"].tolist()[::count] == [None, None, None, None]
        assert table["ethernet.src"].mask.any() == np.False_
        assert table.to_arrow()["ethernet.ethertype"].to_pylist()[::count] == [None, 0x8100, 1501, 0x0800]
    assert oc.decode(untagged).at("ethernet.ethertype") == 38


def test_columns_of_frame_check_sequences() -> None:
    right = crc32(TUNNELLED).to_bytes(4, "little")
    records = [
        oc.Record(TUNNELLED + right, fcs_octets=4),
        oc.Record(TUNNELLED + b"\1\2\3\4", fcs_octets=4),
        oc.Record(TUNNELLED),
        oc.Record(TUNNELLED + right[:2], fcs_octets=4, wire_length=len(TUNNELLED) + 4),
        oc.Record(TUNNELLED + b"\1\2", fcs_octets=2),
    ]
    table = oc.columns(records, ["fcs"])
    assert table.to_arrow()["fcs"].to_pylist()[0] == right
    for count in (1, 100):
        (table,) = oc.iter_columns([record for record in records for _ in range(count)], ["fcs", "fcs.verdict"])
        assert table["fcs"].tolist()[::count] == [right, b"\1\2\3\4", None, right[:2], b"\1\2"]
        assert table["fcs.verdict"].tolist()[::count] == ["valid", "bad", None, "unverifiable", None]
    assert {"fcs", "fcs.verdict"} <= {*oc.columns(records)}
    assert not {"fcs", "fcs.verdict"} & {*oc.columns(records[2:3])}
