"""gopacket, in Go: built from the sources that Debian installs, where they and the compiler are there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from bench.peers.base import Taken

__all__ = ["by_packet", "by_parser", "ready"]

_SOURCE = Path(__file__).parent / "gopacket"
_GO_PATH = "/usr/share/gocode"
_program: Path | None = None


def ready(folder: Path) -> str | None:
    """Builds the program in the folder; why not, where it cannot."""
    global _program  # noqa: PLW0603 - built once a run
    compiler = shutil.which("go")
    if compiler is None:
        return "no Go compiler"
    if not Path(_GO_PATH, "src/github.com/google/gopacket").is_dir():
        return "its sources are not installed"
    environment = os.environ | {
        "GO111MODULE": "off", "GOFLAGS": "", "GOPATH": _GO_PATH, "GOCACHE": str(folder / "go"),
    }  # fmt: skip
    program = folder / "gopacket"
    built = subprocess.run(
        [compiler, "build", "-o", str(program), "."], cwd=_SOURCE, env=environment, capture_output=True, check=False
    )
    if built.returncode:
        return "it could not be built"
    _program = program
    return None


def _run(way: str, path: Path, packets: int) -> Taken:
    assert _program is not None
    command = [str(_program), way, str(path), str(packets)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return Taken(found["seconds"], found["packets"], [int(number) for number in found["sums"]])


def by_parser(path: Path, packets: int) -> Taken:
    """`DecodingLayerParser`, which keeps one set of layers and decodes into it."""
    return _run("parser", path, packets)


def by_packet(path: Path, packets: int) -> Taken:
    """`NewPacket`, which makes new layers for each packet."""
    return _run("packet", path, packets)
