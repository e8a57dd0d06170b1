"""--where: each command takes the packets that match, and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import overlaycodec as oc
from overlaycodec.cli.commands import overlaycodec
from tests.cli.test_cli import INNER_VLAN
from tests.columnar.test_record_columns import pcapng
from tests.tools import capture_files

TAGGED = "inner.vlan.vid in {100, 200}"


def run(*args: str | Path, status: int = 0) -> str:
    result = CliRunner().invoke(overlaycodec, list(map(str, args)))
    assert result.exit_code == status, result.output
    return result.output


def numbers(*args: str | Path) -> list[int]:
    return [json.loads(line)["number"] for line in run("show", "--json", *args, INNER_VLAN).splitlines()]


def test_show_counts_the_packets_that_match() -> None:
    assert numbers("--where", TAGGED) == [1, 2, 3, 4]
    assert numbers("--where", f"not {TAGGED}") == [5, 6, 7, 8, 9]
    assert numbers("--where", TAGGED, "--first", "2", "-n", "2") == [2, 3]


def test_stats_count_the_packets_that_match() -> None:
    found = json.loads(run("stats", "--json", "--where", TAGGED, INNER_VLAN))
    assert found["packets"] == 4
    assert {100, 200} <= {tag["network"] for tag in found["tags"]["inside"]} <= {10, 100, 200}


def test_export_writes_the_packets_that_match(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    run("export", "-f", "inner.vlan.vid", "--where", TAGGED, INNER_VLAN, target)
    assert [json.loads(line)["inner.vlan.vid"] for line in target.read_text().splitlines()] == [100, 100, 200, 200]
    run("export", "--where", "not inner.vlan", INNER_VLAN, target)
    (line,) = map(json.loads, target.read_text().splitlines())
    assert not [name for name in line if name.startswith("inner.vlan")]


def test_decap_takes_the_packets_that_match(tmp_path: Path) -> None:
    target = tmp_path / "inside.pcap"
    assert "5 left out (not matching 5)" in run("decap", "--others", "--where", TAGGED, INNER_VLAN, target)
    with oc.open_capture(target) as capture:
        assert [packet["vlan.vid"] for packet in capture.packets()] == [100, 100, 200, 200]


def test_diagnose_looks_at_the_packets_that_match() -> None:
    everything = run("diagnose", INNER_VLAN)
    some = run("diagnose", "--where", "inner.vlan.vid == 4095", INNER_VLAN)
    assert everything.splitlines()[-1].startswith("9 packets")
    assert not some.splitlines()[-1].startswith("9 packets")
    assert {*some.splitlines()[:-1]} < {*everything.splitlines()[:-1]}
    counts = [
        json.loads(line)["packets"]
        for line in run("diagnose", "--summary", "--json", INNER_VLAN, INNER_VLAN).splitlines()
    ]
    once = [json.loads(line)["packets"] for line in run("diagnose", "--summary", "--json", INNER_VLAN).splitlines()]
    assert sorted(counts) == sorted(2 * count for count in once)


def test_commands_ask_for_facts_of_the_record(tmp_path: Path) -> None:
    source, wanted = tmp_path / "in.pcapng", ("--where", "interface_name == eth0 and not flags")
    source.write_bytes(pcapng(capture_files.LITTLE))
    assert [json.loads(line)["number"] for line in run("show", "--json", *wanted, source).splitlines()] == [3, 4]
    assert json.loads(run("stats", "--json", *wanted, source))["packets"] == 2
    run("export", "-f", "interface_name", *wanted, source, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text().splitlines() == ['{"interface_name":"eth0"}'] * 2
    assert "2 packets" in run("diagnose", *wanted, source)
    assert "left out (no tunnel 2, not matching 4)" in run("decap", *wanted, source, tmp_path / "out.pcapng")
    assert "interface_name is a fact of the capture" in run(
        "show", "--hex", "02 00 00 00 00 02 02 00 00 00 00 01 88 b5", *wanted, status=2
    )


def test_select_writes_the_records_that_match(tmp_path: Path) -> None:
    target = tmp_path / "some.pcap"
    assert "9 packets read, 4 written; 5 left out (not matching 5)" in run(
        "select", "--where", TAGGED, INNER_VLAN, target
    )
    with oc.open_capture(target) as some, oc.open_capture(INNER_VLAN) as every:
        assert list(some) == list(every)[:4] == list(every.records(where=TAGGED))
        assert list(every.records()) == list(every)
    ranged = run("select", "--where", TAGGED, "-n", "3..", INNER_VLAN, target)
    assert "2 written; 7 left out (not matching 5, not of the range 2)" in ranged
    assert json.loads(run("select", "--json", "-n", "2", INNER_VLAN, target))["left_out"] == {"not of the range": 7}


def test_select_keeps_what_the_file_says(tmp_path: Path) -> None:
    source, target = tmp_path / "in.pcapng", tmp_path / "out.pcapng"
    source.write_bytes(pcapng(capture_files.LITTLE))
    run("select", "--where", "section == 0 and (comment or interface == 1)", source, target)
    with oc.open_capture(source) as every, oc.open_capture(target) as some:
        records = list(every)
        found = [(record.comments, some.interfaces[record.interface].name) for record in some]
        assert found == [(records[1].comments, None), (records[2].comments, "eth0")]


@pytest.mark.parametrize("command", ["show", "stats", "export", "decap", "diagnose", "select"])
def test_a_wrong_filter_is_a_wrong_argument(command: str, tmp_path: Path) -> None:
    target = (
        [tmp_path / "out.pcap"]
        if command in ("decap", "select")
        else [tmp_path / "out.csv"]
        if command == "export"
        else []
    )
    said = run(command, "--where", "vxlan.vnii == 1", INNER_VLAN, *target, status=2)
    assert "did you mean vxlan.vni" in said
    assert not list(tmp_path.iterdir())


def test_the_filter_knows_the_dialect() -> None:
    found = run("show", "--json", "--dialect", "gbp", "--where", "vxlan_gbp", INNER_VLAN)
    assert len(found.splitlines()) == 9
    assert run("show", "--json", "--where", "vxlan_gbp", INNER_VLAN) == ""
