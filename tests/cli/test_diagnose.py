"""`overlaycodec diagnose --summary`, compared with the findings one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc
from tests.cli.test_cli import CAPTURES, show
from tests.cli.test_rewriting import run

OVS: Final = CAPTURES / "ovs-vxlan.pcap"
GENEVE: Final = CAPTURES / "linux-geneve.pcap"
ORDER: Final = ("drop", "violation", "note")


def documents(*args: str | Path) -> list[dict[str, Any]]:  # Any: JSON
    return [json.loads(line) for line in run("diagnose", "--json", *args).stdout.splitlines()]


@pytest.mark.parametrize("receiver", ["rfc", "linux", "ovs"])
@pytest.mark.parametrize("files", [[OVS], [OVS, GENEVE], [OVS, OVS]], ids=["one", "two", "twice"])
def test_a_summary_counts_what_the_findings_are(receiver: str, files: list[Path]) -> None:
    each = [documents("--receiver", receiver, file) for file in files]
    findings = [finding for found in each for finding in found]
    groups = documents("--receiver", receiver, "--summary", *files)
    assert {(group["severity"], group["rule"]) for group in groups} == {
        (finding["severity"], finding["rule"]) for finding in findings
    }
    for group in groups:
        same = [
            [finding for finding in found if all(finding[name] == group[name] for name in ("severity", "rule"))]
            for found in each
        ]
        assert group["first"] == next(finding for found in same for finding in found)
        assert group["findings"] == sum(map(len, same))
        assert group["packets"] == sum(len({finding["number"] for finding in found}) for found in same)
    ranks = [(ORDER.index(group["severity"]), -group["packets"]) for group in groups]
    assert ranks == sorted(ranks)


def test_a_summary_is_a_line_per_rule() -> None:
    *lines, total = run("diagnose", "--summary", "--least", "violation", OVS).stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["3", "violation", "vxlan-reserved"],
        ["1", "violation", "vxlan-no-vni"],
    ]
    assert "  first in packet 8: vxlan.reserved_flags0 (bits 336-339) is 0x8; RFC 7348 section 5 says " in lines[0]
    assert total == "10 packets: 0 drop, 4 violation"
    assert f"first in {GENEVE}:35: geneve.options" in run("diagnose", "--summary", OVS, GENEVE).stdout


def test_many_packets_give_a_page(tmp_path: Path) -> None:
    with oc.open_capture(OVS) as capture:
        records = list(capture)
    path = tmp_path / "many.pcap"
    oc.write_capture(path, records * 100)
    few, many = (run("diagnose", "--summary", file).stdout.splitlines() for file in (OVS, path))
    assert len(many) == len(few)
    assert [int(line.split()[0].replace(",", "")) for line in many] == [100 * int(line.split()[0]) for line in few]


def test_a_damaged_file_is_summarised_up_to_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "damaged.pcap"
    path.write_bytes(OVS.read_bytes()[:-1])
    found = run("diagnose", "--summary", path, status=1)
    with oc.open_capture(OVS) as capture:
        assert found.stdout.splitlines()[-1].startswith(f"{len(list(capture)) - 1} packets: ")
    assert found.stderr.startswith(f"overlaycodec: {path}: ")


def test_there_is_no_summary_of_nothing(tmp_path: Path) -> None:
    assert run("diagnose", "--summary", tmp_path / "nothing.pcap", status=1).stdout == ""


def test_n_is_the_count() -> None:
    assert len(show("-n", "2", OVS).splitlines()) == 2
