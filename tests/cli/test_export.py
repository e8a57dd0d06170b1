"""`overlaycodec export`: tables in files that other programs read, whole or not there."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

import overlaycodec as oc
from overlaycodec import cli
from overlaycodec.cli import export as exporting
from overlaycodec.cli.commands import overlaycodec
from overlaycodec.describe.plain import plain_of
from tests.cli.test_cli import INNER_VLAN, documents
from tests.tools import stacks
from tests.tools.capture_files import LITTLE
from tests.tools.program import COMMAND, environment, sent_to, terminal, terminal_environment
from tests.tools.program import run as run_process

CAPTURES: Final = stacks.captures(stacks.CAPTURES)
GENEVE: Final = CAPTURES["linux-geneve-options.pcap"]
VIDS: Final = [100, 100, 200, 200, 0, 0, None, 1, 1]
"""The outer one of the inner tags in INNER_VLAN, by `tshark -e vlan.id`."""


def export(*args: str | Path, status: int = 0, stdin: bytes | None = None) -> str:
    """Runs the command; gives what it said."""
    result = CliRunner().invoke(overlaycodec, ["export", *map(str, args)], input=stdin)
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def lines_of(path: Path) -> list[dict[str, Any]]:  # Any: JSON
    return [json.loads(line) for line in path.read_text().splitlines()]


# --- what is written --------------------------------------------------------------------------------------------------


def test_the_three_forms_have_what_tshark_sees(tmp_path: Path) -> None:
    names = "vxlan.vni,inner.vlan.vid,outer.ipv4.dst"
    for ending in ("csv", "jsonl", "ndjson", "parquet"):
        assert export("-f", names, INNER_VLAN, tmp_path / f"out.{ending}") == ""
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table["vxlan.vni"].to_pylist() == [100] * 9
    assert table["inner.vlan.vid"].to_pylist() == VIDS
    assert set(table["outer.ipv4.dst"].to_pylist()) == {"10.77.0.1", "10.77.0.2"}
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [row["inner.vlan.vid"] for row in rows] == ["" if vid is None else str(vid) for vid in VIDS]
    lines = lines_of(tmp_path / "out.jsonl")
    assert [line.get("inner.vlan.vid") for line in lines] == VIDS
    assert "inner.vlan.vid" not in lines[6]
    assert (tmp_path / "out.ndjson").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


def flat(document: dict[str, Any]) -> dict[str, Any]:
    """The fields of a packet that `show --json` has, by their paths; those that are not there left out."""
    return {
        f"{header['path']}.{name}": _without_classes(value)
        for header in document["headers"]
        for name, value in header["fields"].items()
        if value is not None and not (name == "ethertype" and value <= 1500)  # an 802.3 length is no type
    }


def _without_classes(value: Any) -> Any:  # Any: JSON
    """The value; a list of elements without the classes that it names: a column has none."""
    if not isinstance(value, list):
        return value
    return [{name: part for name, part in element.items() if name != "class"} for element in value]


def said(value: str, wanted: Any) -> bool:
    """Whether a cell of CSV says a value of JSON."""
    return value == (wanted if isinstance(wanted, str) else json.dumps(wanted, separators=(",", ":")))


@pytest.mark.parametrize(
    "name", ["linux-geneve-options.pcap", "ovs-vxlan-gbp.pcap", "linux-tcp.pcap", "linux-llc.pcap"]
)
def test_without_names_all_that_show_shows_is_there(name: str, tmp_path: Path) -> None:
    wanted = [flat(document) for document in documents(CAPTURES[name])]
    occurring = set().union(*wanted)
    export(CAPTURES[name], tmp_path / "out.jsonl")
    export(CAPTURES[name], tmp_path / "out.csv")
    export(CAPTURES[name], tmp_path / "out.parquet")
    about = {"time_ns", "wire_length", "captured_length", "link_type", "fault"}
    for line, fields in zip(lines_of(tmp_path / "out.jsonl"), wanted, strict=True):
        same = {path: value for path, value in line.items() if path in fields}
        assert same == fields
    for row, fields in zip(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())), wanted, strict=True):
        assert all(said(row[path], value) for path, value in fields.items())
        assert {*row} - about == occurring
    table = parquet.read_table(tmp_path / "out.parquet")
    assert {*table.column_names} - about == occurring
    for column, values in table.to_pydict().items():
        assert any(value is not None for value in values), column


def test_addresses_as_octets_and_time_stamps_in_parquet(tmp_path: Path) -> None:
    export(
        "-f", "time_ns,outer.ipv4.src,inner.ethernet.src", "--addresses", "binary", INNER_VLAN, tmp_path / "o.parquet"
    )
    table = parquet.read_table(tmp_path / "o.parquet")
    assert table.schema.field("time_ns").type == pa.timestamp("ns", "UTC")
    assert table.schema.field("outer.ipv4.src").type == pa.binary(4)
    with oc.open_capture(INNER_VLAN) as capture:
        packets = [record.decode() for record in capture]
    assert table["inner.ethernet.src"].to_pylist() == [packet.at("inner.ethernet.src").packed for packet in packets]


def many(count: int) -> bytes:
    """A capture of ARP with hardware addresses of 6 octets and of 3, a thousand packets of each in turn."""
    arps = [
        oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
        / oc.ARP(
            sender_hardware=address, sender_protocol="10.0.0.1", target_hardware=address, target_protocol="10.0.0.2"
        )
        for address in (b"\x02\0\0\0\0\1", b"\1\2\3")
    ]
    octets = [oc.encode(arp) for arp in arps]
    stream = io.BytesIO()
    oc.write_capture(stream, (octets[number // 1000 % 2] for number in range(count)), format="pcap")
    return stream.getvalue()


def test_tables_become_row_groups_of_one_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "ROW_GROUP_ROWS", 5_000)
    path = tmp_path / "many.pcap"
    path.write_bytes(many(40_000))
    export("-f", "arp.sender_hardware,arp.operation,captured_length", path, tmp_path / "out.parquet")
    file = parquet.ParquetFile(tmp_path / "out.parquet")
    assert file.metadata.num_rows == 40_000
    assert file.metadata.num_row_groups > 1
    hardware = file.read()["arp.sender_hardware"].to_pylist()
    assert {*hardware[:1000]} == {"02:00:00:00:00:01"}
    assert {*hardware[1000:2000]} == {"010203"}  # what is no address of 6 octets
    assert hardware[-1] == hardware[1999]


def test_gzip_by_the_name_and_a_form_that_the_name_does_not_say(tmp_path: Path) -> None:
    export("-f", "vxlan.vni", INNER_VLAN, tmp_path / "out.csv.gz")
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == b"vxlan.vni\n" + b"100\n" * 9
    export("-f", "vxlan.vni", "--format", "csv", INNER_VLAN, tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == b"vxlan.vni\n" + b"100\n" * 9


@pytest.mark.survey
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("names", [("-f", "vxlan.vni"), ()])
def test_from_a_pipe_and_into_one(form: str, names: tuple[str, ...], tmp_path: Path) -> None:
    export(*names, INNER_VLAN, tmp_path / f"file.{form}")
    result = run_process("export", *names, "--format", form, "-", "-", stdin=INNER_VLAN.read_bytes())
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == (tmp_path / f"file.{form}").read_bytes()


def test_an_empty_capture_is_a_table_without_rows(tmp_path: Path) -> None:
    oc.write_capture(tmp_path / "empty.pcap", [])
    export("-f", "vxlan.vni", tmp_path / "empty.pcap", tmp_path / "out.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").to_pydict() == {"vxlan.vni": []}
    export("-f", "vxlan.vni", tmp_path / "empty.pcap", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "vxlan.vni\n"
    export(tmp_path / "empty.pcap", tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == ""


def test_a_dialect_and_a_binding(tmp_path: Path) -> None:
    packet = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1, dst_port=12345) / oc.VXLAN(vni=7) / b"..."
    oc.write_capture(tmp_path / "in.pcap", [packet], link_type=228)
    export("-f", "vxlan.vni", "--bind", "udp_port:12345=vxlan", tmp_path / "in.pcap", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "vxlan.vni\n7\n"
    export("-f", "vxlan_gbp.vni", "--dialect", "gbp", CAPTURES["ovs-vxlan-gbp.pcap"], tmp_path / "gbp.csv")
    assert set((tmp_path / "gbp.csv").read_text().splitlines()[1:]) != {""}


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """A file that was there before, and must be there as it was, with nothing beside it."""
    path = tmp_path / "kept.csv"
    path.write_text("what was there\n")
    yield path
    assert path.read_text() == "what was there\n"
    assert [name for name in os.listdir(tmp_path) if "partial" in name] == []


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["-f", "vxlan.vnj", INNER_VLAN], "no column 'vxlan.vnj' in vxlan: did you mean vxlan.vni"),
        (["-f", "inner.vxlam.vni", INNER_VLAN], "in the catalog: did you mean inner.vxlan.vni"),
        (["-f", "vxlan", INNER_VLAN], "no column 'vxlan' in the catalog: did you mean vxlan.vni"),
        (["--addresses", "binary", INNER_VLAN], "csv has addresses as text"),
    ],
)
def test_misuse_is_said_and_leaves_what_was_there(args: list[str | Path], text: str, kept: Path) -> None:
    assert text in " ".join(export(*args, kept, status=2).replace("│", "").split())


def test_a_name_that_says_no_form(tmp_path: Path) -> None:
    assert "says neither .csv, .jsonl, .ndjson, .parquet" in export(INNER_VLAN, tmp_path / "out.txt", status=2)
    assert "says neither" in export(INNER_VLAN, "-", status=2)


def test_what_is_no_capture_leaves_what_was_there(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no capture")
    assert "neither pcap nor pcapng" in export(tmp_path / "text", kept, status=1)
    assert "neither pcap nor pcapng" in export("-f", "vxlan.vni", tmp_path / "text", kept, status=1)
    assert "No such file" in export("-f", "vxlan.vni", tmp_path / "nowhere", kept, status=1)
    assert "No such file" in export(INNER_VLAN, tmp_path / "nowhere" / "out.csv", status=1)


def test_an_interrupt_leaves_what_was_there(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting.CSVWriter, "add", interrupted)
    assert cli.main(["export", "-f", "vxlan.vni", str(INNER_VLAN), str(kept)]) == 130


def test_a_time_stamp_that_arrow_has_no_room_for_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "in.pcapng").write_bytes(
        LITTLE.section() + LITTLE.interface((9, b"\x06"), link_type=1) + LITTLE.enhanced(b"abc", ticks=(1 << 64) - 1)
    )
    assert "leave out the column time_ns" in export(tmp_path / "in.pcapng", tmp_path / "out.parquet", status=1)
    assert not (tmp_path / "out.parquet").exists()
    export(tmp_path / "in.pcapng", tmp_path / "out.jsonl")
    assert lines_of(tmp_path / "out.jsonl")[0]["time_ns"] == ((1 << 64) - 1) * 1000


@pytest.mark.parametrize("names", [("-f", "vxlan.vni"), ()])
def test_of_a_damaged_capture_what_stands_before_the_damage(names: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "cut.pcap").write_bytes(INNER_VLAN.read_bytes()[:-5])
    text = export(*names, tmp_path / "cut.pcap", tmp_path / "out.jsonl", status=1)
    assert "the record has 110 octets, 105 are there" in text
    assert f"the 8 packets before that are in {tmp_path}" in text
    assert [line["vxlan.vni"] for line in lines_of(tmp_path / "out.jsonl")] == [100] * 8


@pytest.mark.parametrize(("package", "extra"), [("numpy", "columns"), ("pyarrow", "arrow")])
def test_a_missing_extra_is_said_in_a_sentence(package: str, extra: str, tmp_path: Path) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; import overlaycodec.cli as c; sys.exit(c.main())"
    command = [sys.executable, "-c", code, "export", "-f", "vxlan.vni", str(INNER_VLAN), str(tmp_path / "out.parquet")]
    env = environment()
    result = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert result.returncode == 2
    assert result.stderr == (
        f"overlaycodec: this command needs the package {package!r}: "
        f"install it with `pip install 'overlaycodec[{extra}]'`\n"
    )
    assert list(tmp_path.iterdir()) == []


# --- on a terminal ----------------------------------------------------------------------------------------------------


def test_a_bar_on_a_terminal_only(tmp_path: Path) -> None:
    path = tmp_path / "many.pcap"
    path.write_bytes(many(40_000))
    leader, follower = terminal(120)
    words = ["export", "-f", "arp.operation", "--format", "csv", str(path), "-"]
    with subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=follower, env=terminal_environment()
    ) as process:
        os.close(follower)
        assert process.stdout is not None
        table = process.stdout.read()
        sent = sent_to(leader)
        assert process.wait(60) == 0
    assert table == b"arp.operation\n" + b"1\n" * 40_000
    assert b"40,000 packets" in sent
    assert run_process(*words).stderr == b""


def test_plain_values_are_those_of_the_packets() -> None:
    with oc.open_capture(GENEVE) as capture:
        records = list(capture)
    table = oc.columns(records)
    assert set(table.names) <= set(oc.column_names(records))
    for name in table.names:
        if "." not in name:
            continue
        for record, value in zip(records, table.to_plain(name), strict=True):
            try:
                wanted = record.decode(lax=True).at(name)
            except oc.PathError:
                wanted = None
            assert value == plain_of(wanted)
