"""`overlaycodec fuzz`: what it writes, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import overlaycodec as oc
from overlaycodec import cli, fuzz
from tests.cli.test_cli import INNER_VLAN


def run(*words: str | Path, status: int = 0) -> None:
    assert cli.main([*map(str, words)]) == status


def cases(**arguments: object) -> list[fuzz.Case]:
    with oc.open_capture(INNER_VLAN) as capture:
        return list(fuzz.cases(capture, **arguments))  # type: ignore[arg-type]


def test_every_form_has_the_cases_of_the_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = [data for case in cases(seed=3, count=60) for data in case.packets]
    for name in ("out", "out.pcap", "out.pcapng", "out.jsonl"):
        run("fuzz", INNER_VLAN, tmp_path / name, "--count", "60", "--seed", "3", "--no-fields", "--no-verdicts")
    assert [path.read_bytes() for path in sorted((tmp_path / "out").iterdir())] == expected
    for name in ("out.pcap", "out.pcapng"):
        with oc.open_capture(tmp_path / name) as capture:
            assert [record.data for record in capture] == expected
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [bytes.fromhex(data) for line in lines for data in line["packets"]] == expected
    assert "verdicts" not in lines[0]
    assert "fields" not in lines[0]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[0].startswith("overlaycodec: 9 packets read, 4 of them seeds; 60 cases written (")


def test_options_choose_kinds_seed_packets_and_what_follows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.jsonl"
    options = ("--kind", "length", "--kind", "swap", "--fix", "both", "--where", "inner.arp", "--count", "20")
    run("fuzz", INNER_VLAN, target, *options, "--json")
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    kinds = {mutation["kind"] for line in lines for mutation in line["mutations"]}
    assert kinds == {"length", "swap"}
    assert {line["fix"] for line in lines} == {"both"}
    with oc.open_capture(INNER_VLAN) as capture:
        tagged = [number for number, record in enumerate(capture, 1) if "inner.arp" in record.decode()]
    report = json.loads(capsys.readouterr().out)
    assert {line["source"] for line in lines} == set(report["seeds"]) <= set(tagged)
    assert (report["cases"], report["read"], set(report["kinds"])) == (20, 9, kinds)


def test_lines_go_to_the_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    run("fuzz", INNER_VLAN, "-", "--count", "5", "--no-fields")
    said = capfdbinary.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["label"] for line in lines] == [case.label for case in cases(count=5)]
    assert set(lines[0]["verdicts"]) == {"rfc", "linux", "ovs"}


def test_what_cannot_be_done_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "other").write_text("")
    run("fuzz", INNER_VLAN, folder, status=1)
    assert "out: the folder has files already" in capsys.readouterr().err
    run("fuzz", INNER_VLAN, tmp_path / "x.pcap", "--where", "geneve", status=1)
    assert "no packet to begin with" in capsys.readouterr().err
    run("fuzz", INNER_VLAN, tmp_path / "x.pcap", "--kind", "overrun", "--where", "inner.udp", status=1)
    assert "no packet has a mutation of the kinds overrun" in capsys.readouterr().err
    run("fuzz", INNER_VLAN, "-", "--format", "files", status=2)
    assert "files are written to a folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_damaged_capture_gives_the_seeds_before_the_damage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(INNER_VLAN.read_bytes()[:-300])
    run("fuzz", damaged, tmp_path / "out.pcap", "--count", "10", status=1)
    with oc.open_capture(tmp_path / "out.pcap") as capture:
        assert len(list(capture)) >= 10
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "damaged.pcap" in lines[0]
