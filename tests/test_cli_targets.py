"""Files that commands write: never the one that they read, under whatever name; and none is left unfinished."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc
from tests.test_cli import INNER_VLAN
from tests.test_cli_rewriting import ENDS, run
from tests.tools.program import COMMAND, environment

WRITERS: Final = {
    "decap": ("decap", "FILE", "TARGET"),
    "encap": ("encap", "--vni", "1", *ENDS, "FILE", "TARGET"),
    "push": ("vlan", "push", "--vid", "7", "FILE", "TARGET"),
    "pop": ("vlan", "pop", "FILE", "TARGET"),
    "translate": ("vlan", "translate", "FILE", "TARGET", "7=8"),
    "normalise": ("vlan", "normalise", "FILE", "TARGET"),
    "export": ("export", "-f", "vxlan.vni", "--format", "csv", "FILE", "TARGET"),
    "export-all": ("export", "--format", "csv", "FILE", "TARGET"),
}
READERS: Final = {
    "show": ("show", "FILE"),
    "diagnose": ("diagnose", "FILE"),
    "stats": ("stats", "FILE"),
    "diff": ("diff", str(INNER_VLAN), "FILE"),
}
every_writer = pytest.mark.parametrize("command", WRITERS)


def args(words: tuple[str, ...], file: str | Path, target: str | Path) -> list[str]:
    """The arguments of a command with these two files."""
    names = {"FILE": str(file), "TARGET": str(target)}
    return [names.get(word, word) for word in words]


def process(
    words: list[str], stdin: int = subprocess.DEVNULL, stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    """A run of the command in a process of its own, with these standard streams."""
    return subprocess.run(
        [*COMMAND, *words],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=60,
        check=False,
    )


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A copy of a capture, alone in its directory."""
    return Path(shutil.copy(INNER_VLAN, tmp_path / "trace.pcap"))


SAME: Final = "is the same file as the input"


def refused(done: subprocess.CompletedProcess[bytes]) -> bool:
    """Whether the command says that input and output are the same file, and nothing else."""
    return (done.returncode, done.stdout or b"") == (2, b"") and SAME in done.stderr.decode()


# --- input and output ------------------------------------------------------------------------------------------------


def same_path(path: Path) -> str:
    return str(path)


def relative_path(path: Path) -> str:
    return os.path.relpath(path)


def path_with_detour(path: Path) -> str:
    return f"{path.parent}/../{path.parent.name}/{path.name}"


def symbolic_link(path: Path) -> str:
    link = path.with_name("symbolic.pcap")
    link.symlink_to(path.name)
    return str(link)


def hard_link(path: Path) -> str:
    link = path.with_name("hard.pcap")
    link.hardlink_to(path)
    return str(link)


NAMES: Final = (same_path, relative_path, path_with_detour, symbolic_link, hard_link)


@every_writer
def test_a_capture_is_not_written_onto_itself(command: str, capture: Path) -> None:
    assert SAME in run(*args(WRITERS[command], capture, capture), status=2).stderr
    assert capture.read_bytes() == INNER_VLAN.read_bytes()
    assert os.listdir(capture.parent) == [capture.name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("command", ["decap", "export"])
def test_nor_under_another_name_of_the_file(
    command: str, name: Callable[[Path], str], swapped: bool, capture: Path
) -> None:
    names = (name(capture), capture) if swapped else (capture, name(capture))
    assert SAME in run(*args(WRITERS[command], *names), status=2).stderr
    assert capture.read_bytes() == INNER_VLAN.read_bytes()


@every_writer
def test_nor_through_a_standard_stream(command: str, capture: Path) -> None:
    with capture.open("rb") as stdin, capture.open("ab") as stdout:
        assert refused(process(args(WRITERS[command], "-", capture), stdin=stdin.fileno()))
        assert refused(process(args(WRITERS[command], capture, "-"), stdout=stdout.fileno()))
        assert refused(process(args(WRITERS[command], "-", "-"), stdin=stdin.fileno(), stdout=stdout.fileno()))
    assert capture.read_bytes() == INNER_VLAN.read_bytes()


@pytest.mark.parametrize("command", READERS)
def test_nothing_is_appended_to_the_capture_that_is_read(command: str, capture: Path) -> None:
    with capture.open("ab") as stdout:
        assert refused(process(args(READERS[command], capture, ""), stdout=stdout.fileno()))
    assert capture.read_bytes() == INNER_VLAN.read_bytes()


def test_a_device_that_is_the_file(capture: Path) -> None:
    with capture.open("ab") as stdout:
        assert refused(process(args(WRITERS["export"], capture, "/dev/stdout"), stdout=stdout.fileno()))
    with capture.open("rb") as stdin:
        assert refused(process(args(WRITERS["decap"], "/dev/stdin", capture), stdin=stdin.fileno()))
    assert capture.read_bytes() == INNER_VLAN.read_bytes()


@every_writer
def test_equal_files_are_not_the_same_file(command: str, capture: Path) -> None:
    target = Path(shutil.copy(capture, capture.with_name("copy.pcap")))
    run(*args(WRITERS[command], capture, target))
    assert capture.read_bytes() == INNER_VLAN.read_bytes() != target.read_bytes()


def test_one_device_can_be_read_and_written(tmp_path: Path) -> None:
    """A socket that is both standard streams."""
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    with ours, theirs:
        ours.sendall(INNER_VLAN.read_bytes())
        ours.shutdown(socket.SHUT_WR)
        done = process(args(WRITERS["push"], "-", "-"), stdin=theirs.fileno(), stdout=theirs.fileno())
        theirs.close()
        sent = b"".join(iter(lambda: ours.recv(65536), b""))
    assert done.returncode == 0, done.stderr
    with oc.open_capture(sent) as found, oc.open_capture(INNER_VLAN) as wanted:
        assert [oc.vlan.pop(record.decode()) for record in found] == [record.decode() for record in wanted]
