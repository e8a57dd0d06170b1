"""Dissectors for Wireshark: what is exported, and what is refused. That tshark reads as we do is tested with tshark."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import construct
import pytest

import overlaycodec as oc
from overlaycodec import cli
from overlaycodec.interchange.wireshark.lua_text import lua_text


class Telemetry(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9999),)):
    """Eight octets in front of the mirrored frame."""

    version: Annotated[int, oc.Bits(4), "Version"] = 1
    reserved: Annotated[int, oc.Reserved(4)] = 0
    switch: Annotated[int, oc.Bits(24), "Switch id"]
    delay: Annotated[int, oc.Bits(32), "Nanoseconds in the queue"]


class Foreign(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9998),)):
    """A field that a construct object reads."""

    name: Annotated[str, oc.ConstructField(construct.CString("utf8"))] = ""


class Wide(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9997),)):
    """A number of more than eight octets."""

    left: Annotated[int, oc.Bits(4)] = 0
    number: Annotated[int, oc.Bits(64), "A number"] = 0
    right: Annotated[int, oc.Bits(4)] = 0


def test_a_header_of_ones_own_has_our_paths() -> None:
    text = oc.export_schema(Telemetry, "wireshark-lua")
    assert '"telemetry.switch"' in text
    assert 'keys = { { space = "udp_port", value = 9999 } }' in text
    assert '"net.telemetry.switch"' in oc.export_schema(Telemetry, prefix="net.")


def test_the_library_s_headers_do_not_take_wireshark_s_names() -> None:
    assert '"overlaycodec.vxlan.vni"' in oc.export_schema(oc.VXLAN)


def test_every_header_is_exported() -> None:
    text = oc.export_schema([cls for cls in oc.DEFAULT.headers if cls.__layout__.name == "geneve"])
    assert text.count("\ndeclare {") == 1
    for cls in oc.DEFAULT.headers:
        assert f'"overlaycodec.{cls.__layout__.name}"' in oc.export_schema(cls, keys=[oc.UDP_PORT(9999)])


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (Foreign, "Foreign.name: is read by a construct object, which Lua cannot call"),
        (Wide, "Wide.number: is in 9 octets; Wireshark has numbers of 8 at most"),
        (oc.Ethernet, "Ethernet: Wireshark reads link type 1 itself; those for users are 147 to 162: give keys="),
        (oc.STTSegment, "STTSegment: its key asks Within, which a dissector cannot test: give keys="),
        (oc.PseudowireControlWord, "PseudowireControlWord: has no key, so Wireshark does not find it: give keys="),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_wireshark_cannot_be_told_is_refused(header: type[oc.Header], sentence: str) -> None:
    with pytest.raises(oc.SchemaError) as caught:
        oc.export_schema(header)
    assert str(caught.value) == sentence


def test_arguments_are_checked() -> None:
    with pytest.raises(TypeError, match="form is 'wireshark-lua'"):
        oc.export_schema(Telemetry, "kaitai")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="keys= is for one header"):
        oc.export_schema([Telemetry, Wide], keys=[oc.UDP_PORT(1)])
    with pytest.raises(TypeError, match="keys takes keys"):
        oc.export_schema(Telemetry, keys=[9999])  # type: ignore[list-item]


def test_text_of_other_people_stays_text() -> None:
    assert lua_text('a"\\\n\u00e9') == '"a\\"\\\\\\010\\195\\169"'
    assert lua_text([True, None, -1, {}]) == "{ true, nil, -1, {} }"


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "overlaycodec.cli", "export-schema", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_the_command_writes_a_header_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "fabric_headers.py").write_text(
        "from typing import Annotated\n"
        "import overlaycodec as oc\n"
        "class Mark(oc.Header, spec='in-house', keys=(oc.UDP_PORT(9999),)):\n"
        "    '''A mark.'''\n"
        "    value: Annotated[int, oc.Bits(32), 'Value'] = 0\n"
    )
    done = run("fabric_headers:Mark", "--key", "udp_port:0x270e", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"mark.value"' in done.stdout
    assert 'space = "udp_port", value = 9998' in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["vxlna"], "there is no header 'vxlna': did you mean vxlan"),
        (["no_such_module:Mark"], "no_such_module:Mark: No module named 'no_such_module'"),
        (["overlaycodec:decode"], "overlaycodec:decode is no header class"),
        (["vxlan", "geneve", "--key", "udp_port:1"], "--key is for one HEADER"),
        (["vxlan", "--key", "udp_prt:1"], "there is no key space 'udp_prt': did you mean udp_port"),
        (["vxlan", "--key", "udp_port:x"], "'udp_port:x' is not of the form udp_port:4790"),
        (["vxlan", "--key", "udp_port:70000"], "70000 is no value of udp_port"),
        (["ethernet"], "Wireshark reads link type 1 itself"),
    ],
)
def test_the_command_names_what_is_wrong(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["export-schema", *arguments]) == 2
    assert sentence in capsys.readouterr().err
