"""Completion in shells, by the protocol of click and in bash itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc
from tests.tools.program import COMMAND, environment, run

ASK: Final = "_OVERLAYCODEC_COMPLETE"


def completed(*words: str) -> list[str]:
    """What bash is given for the last word, as types and values."""
    done = subprocess.run(
        COMMAND,
        capture_output=True,
        env=environment(
            **{ASK: "bash_complete", "COMP_WORDS": " ".join(["overlaycodec", *words]), "COMP_CWORD": str(len(words))}
        ),
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def plain(*words: str) -> list[str]:
    found = completed(*words)
    assert all(line.startswith("plain,") for line in found)
    return [line.removeprefix("plain,") for line in found]


VXLAN_FIELDS: Final = [f"vxlan.{field.name}" for field in oc.VXLAN.__layout__.fields]


@pytest.mark.survey
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["dia"], ["diagnose", "diagram"]),
        (["vlan", "p"], ["pop", "push"]),
        (["show", "--ver"], ["--verbose", "--verify"]),
        (["show", "--dialect", "ci"], ["cisco-aci", "cilium"]),
        (["diagram", "vxlan_"], ["vxlan_gbp", "vxlan_gpe", "vxlan_rco"]),
        (["diagram", "VXLANG"], ["VXLANGBP", "VXLANGPE"]),
        (["export", "-f", "vxlan."], VXLAN_FIELDS),
        (["export", "-f", "time_ns,inner.vlan.p"], ["time_ns,inner.vlan.pcp"]),
        (["export", "-f", "vx"], ["vxlan.", "vxlan_gbp.", "vxlan_gpe.", "vxlan_rco."]),
        (["export", "-f", "inne"], ["inner.", "innermost."]),
        (["export", "-f", "geneve.options[0].option_"], ["geneve.options[0].option_class"]),
        (["export", "-f", "wire_"], ["wire_length"]),
        (["export", "-f", "nothing.at.all"], []),
        (["export", "-f", "["], []),
        (["diff", "--ignore", "tt"], ["ttl"]),
        (["diff", "--ignore", "inner"], ["inner."]),
        (["vlan", "pop", "--scope", "inner.q"], ["inner.quoted"]),
        (["show", "--bind", "udp_"], ["udp_port:"]),
        (["show", "--bind", "udp_port:1=vxlan_g"], ["udp_port:1=vxlan_gbp", "udp_port:1=vxlan_gpe"]),
        (["completion", "z"], ["zsh"]),
    ],
    ids=str,
)
def test_names(words: list[str], found: list[str]) -> None:
    assert sorted(plain(*words)) == sorted(found)


def test_a_path_is_followed_where_there_is_one_way() -> None:
    assert set(plain("export", "-f", "inner.genev")) == {
        f"inner.geneve.{name}" for name in [*oc.Geneve.__layout__.by_name, "options[0]."]
    }


@pytest.mark.parametrize("words", [["show", "tra"], ["export", "in", "ou"], ["diff", "a", "b"], ["vlan", "pop", "a"]])
def test_files(words: list[str]) -> None:
    assert completed(*words) == [f"file,{words[-1]}"]


def test_the_scripts() -> None:
    for shell, mark in (("bash", "complete -o nosort"), ("zsh", "#compdef overlaycodec"), ("fish", "complete ")):
        done = run("completion", shell)
        assert (done.returncode, done.stderr) == (0, b"")
        assert mark in done.stdout.decode()
        assert f"{ASK}={shell}_complete" in done.stdout.decode()


def test_in_bash(tmp_path: Path) -> None:
    program = tmp_path / "overlaycodec"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m overlaycodec.cli "$@"\n')
    program.chmod(0o755)
    code = """
eval "$(overlaycodec completion bash)"
complete -p overlaycodec
COMP_WORDS=(overlaycodec export -f vxlan.vni_) COMP_CWORD=3
_overlaycodec_completion overlaycodec
printf '%s\\n' "${COMPREPLY[@]}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", code],
        capture_output=True,
        text=True,
        env=environment(PATH=f"{tmp_path}:{environment()['PATH']}"),
        timeout=60,
        check=True,
    )
    registered, *found = done.stdout.splitlines()
    assert registered == "complete -o nosort -F _overlaycodec_completion overlaycodec"
    assert found == ["vxlan.vni_valid"]
