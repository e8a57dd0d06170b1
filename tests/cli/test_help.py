"""The help of every command, the pages made from it, and what all commands have in common: ranges, reports, names."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

import overlaycodec as oc
from overlaycodec import cli
from overlaycodec.cli.commands import overlaycodec
from overlaycodec.cli.help_text import STATUSES, examples_of
from tests.cli.every_command import NEEDED, commands
from tests.cli.test_cli import INNER_VLAN, documents, show, show_bytes
from tests.cli.test_rewriting import run
from tests.tools.program import environment

ROOT: Final = Path(__file__).parents[2]
MANUAL: Final = ROOT / "docs" / "man" / "overlaycodec.1"
PAGE: Final = ROOT / "docs" / "command-line.md"
COMMANDS: Final = commands()
NAMES: Final = re.compile(r"[a-z]+\.pcap(?:ng)?(?:\.gz)?")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the captures of the examples, and the programs that they call."""
    programs = tmp_path / "programs"
    programs.mkdir()
    scripts = {
        "overlaycodec": f'exec {sys.executable} -m overlaycodec.cli "$@"',
        "tcpdump": f"exec cat {INNER_VLAN}",
        "less": "exec cat",
    }
    if shutil.which("jq") is None:
        scripts["jq"] = f'exec {sys.executable} -c "import json, sys; [json.loads(line) for line in sys.stdin]"'
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    for line in (line for command in COMMANDS.values() for line in examples_of(command)):
        for name in NAMES.findall(line):
            with oc.open_capture(INNER_VLAN) as capture:
                oc.write_capture(tmp_path / name, capture)
    return tmp_path


@pytest.mark.survey
@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - NEEDED.keys()))
def test_the_examples_run(name: str, folder: Path) -> None:
    lines = examples_of(COMMANDS[name])
    assert lines, "give the command examples"
    path = f"{folder / 'programs'}:{environment()['PATH']}"
    for line in lines:
        assert f"overlaycodec {name}" in line
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", line],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(PATH=path),
            timeout=300,
            check=False,
        )
        differs = name == "diff" and done.returncode == 1
        assert done.returncode == 0 or differs, (line, done.stderr.decode())
        assert b"overlaycodec: " not in done.stderr or b"packets read" in done.stderr, line


def test_the_manual_page_has_every_option() -> None:
    text = MANUAL.read_text(encoding="utf-8").replace("\\-", "-")
    for name, command in COMMANDS.items():
        part = text.partition(f".SS overlaycodec {name}\n")[2].partition("\n.SS ")[0].partition("\n.SH ")[0]
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert f"\\fB{parameter.opts[-1]}\\fR" in part, name
    if shutil.which("groff") is not None:
        done = subprocess.run(
            ["groff", "-man", "-ww", "-Tutf8", str(MANUAL)], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        assert "EXIT STATUS" in re.sub(".\b", "", done.stdout)


def test_the_page_has_every_command_and_status() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`{name}`" in text, name
    for status, meaning in STATUSES.items():
        assert f"| {status} | {meaning} |\n" in text


def test_ranges_and_octets_given_as_text() -> None:
    def numbers(*args: str) -> list[int]:
        return [document["number"] for document in documents(*args, INNER_VLAN)]

    assert numbers("-n", "3..5") == [3, 4, 5]
    assert numbers("-n", "..2") == [1, 2]
    assert numbers("-n", "8..") == [8, 9]
    assert numbers("-n", "4") == [1, 2, 3, 4]
    assert numbers("-n", "10..12") == []
    for wrong in ("5..3", "0..3", "1..2..3", "x", "-1", "1.5"):
        assert "'--count'" in show("-n", wrong, INNER_VLAN, status=2)
    assert "exclude each other" in show("-n", "3..5", "--first", "2", INNER_VLAN, status=2)
    with oc.open_capture(INNER_VLAN) as capture:
        record = next(iter(capture))
    (expected,) = documents("-n", "1", INNER_VLAN)
    for document in (
        documents("--hex", record.data.hex(" "))[0],
        *documents("--hex", record.data.hex(), "--hex", record.data.hex(":"))[1:],
    ):
        assert document["headers"] == expected["headers"]
        assert (document["file"], document["time_ns"]) == (None, None)
    typed = CliRunner().invoke(overlaycodec, ["show", "--hex", "-"], input=record.data.hex(" "))
    assert typed.output.split()[2:] == show("-n", "1", INNER_VLAN).split()[2:]
    assert "'z' is no hexadecimal digit" in show("--hex", "zz", status=2)
    assert "exclude each other" in show("--hex", "00", INNER_VLAN, status=2)
    assert "Missing argument" in show("-v", status=2)
    assert "vxlan 100" in show_bytes(record.data)


def test_a_range_reads_no_record_behind_it() -> None:
    """A live capture may never send another one: the pipe stays open."""
    with subprocess.Popen(
        [sys.executable, "-m", "overlaycodec.cli", "show", "-n", "1..2", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        data = INNER_VLAN.read_bytes()
        process.stdin.write(data[: 24 + 2 * (16 + 102)])
        process.stdin.flush()
        assert len(process.stdout.read().splitlines()) == 2
        assert process.wait(60) == 0


def test_reports_as_json(tmp_path: Path) -> None:
    target = tmp_path / "out.pcap"
    for words in (("decap",), ("vlan", "pop", "--scope", "inner"), ("export", "--format", "csv")):
        done = run(*words, "--json", INNER_VLAN, target)
        assert done.stderr == ""
        document = json.loads(done.stdout)
        assert (document["read"], document["target"], document["damage"]) == (9, str(target), None)
        done = run(*words, "--json", INNER_VLAN, "-")
        assert json.loads(done.stderr)["read"] == 9
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(INNER_VLAN.read_bytes()[:-1])
    done = run("decap", "--json", damaged, target, status=1)
    assert json.loads(done.stdout)["damage"].startswith("the record has 110 octets")
    counts = json.loads(run("diff", "-q", "--json", INNER_VLAN, INNER_VLAN).stdout)
    assert counts == {"removed": 0, "added": 0, "changed": 0, "same": 9}
    figure = json.loads(run("diagram", "--json", "geneve_option").stdout)
    assert figure["class"] == "GeneveOption"


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["shw"], "did you mean show?"),
        (["vlan", "pusj"], "did you mean push?"),
        (["show", "--veify", "x"], "--verify"),
        (["show", "--dialect", "ciscoaci", "x"], "did you mean cisco-aci?"),
        (["vlan", "pop", "a", "b", "--scope", "innre"], "did you mean inner?"),
        (["diagram", "vxlam"], "did you mean vxlan or vlan?"),
        (["export", "-f", "vxlan.vin", str(INNER_VLAN), "x.csv"], "did you mean vxlan.vni?"),
        (["stats", "--bind", "udp_prt:1=vxlan", "x"], "did you mean udp_port?"),
    ],
)
def test_a_wrong_name_gets_the_nearest(words: list[str], near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    said = capsys.readouterr().err
    assert near in said
    assert len(said) < 250
