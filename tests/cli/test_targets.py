"""Files that commands write: never the one that they read, under whatever name; and none is left unfinished."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec.cli import ending
from tests.cli.test_cli import INNER_VLAN
from tests.cli.test_rewriting import ENDS, run
from tests.tools.program import COMMAND, environment

WRITERS: Final = {
    "decap": ("decap", "FILE", "TARGET"),
    "encap": ("encap", "--vni", "1", *ENDS, "FILE", "TARGET"),
    "select": ("select", "--where", "vxlan", "FILE", "TARGET"),
    "push": ("vlan", "push", "--vid", "7", "FILE", "TARGET"),
    "pop": ("vlan", "pop", "FILE", "TARGET"),
    "translate": ("vlan", "translate", "FILE", "TARGET", "7=8"),
    "normalise": ("vlan", "normalise", "FILE", "TARGET"),
    "export": ("export", "-f", "vxlan.vni", "--format", "csv", "FILE", "TARGET"),
    "fuzz": ("fuzz", "--count", "9", "--format", "pcap", "FILE", "TARGET"),
    "fuzz-lines": ("fuzz", "--count", "9", "--format", "jsonl", "FILE", "TARGET"),
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


@pytest.mark.survey
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
    before = target.stat().st_ino
    run(*args(WRITERS[command], capture, target))
    assert capture.read_bytes() == INNER_VLAN.read_bytes()
    assert target.stat().st_ino != before  # some commands change nothing in it, and write the same octets


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


# --- a process that ends before its file is finished -----------------------------------------------------------------

WAITING: Final = {
    "decap": (WRITERS["decap"], "out.pcapng"),
    "encap": (WRITERS["encap"], "out.pcap.gz"),
    "push": (WRITERS["push"], "out.pcap"),
    "csv": (("export", "-f", "vxlan.vni", "FILE", "TARGET"), "out.csv"),
    "parquet": (("export", "-f", "vxlan.vni", "FILE", "TARGET"), "out.parquet"),
}
SECONDS: Final = 60
"""How long a process may take for what it does at once: a bound for failing tests."""


def default_signals() -> None:
    """Gives signals their default action, which a run in the background or under `nohup` may have changed."""
    for number in {*ending.ENDING_SIGNALS, signal.SIGINT}:
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def writing(command: str, folder: Path, *before: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has begun its file in the empty directory, and waits for the rest of its input."""
    words, name = WAITING[command]
    with subprocess.Popen(
        [*before, *COMMAND, *args(words, "-", folder / name)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        preexec_fn=default_signals,  # noqa: PLW1509 - no thread of the tests is running
    ) as process:
        assert process.stdin is not None
        try:
            process.stdin.write(INNER_VLAN.read_bytes())
            process.stdin.flush()
            end = time.monotonic() + SECONDS
            while not os.listdir(folder):
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.01)
            yield process
        finally:
            process.kill()  # does nothing where it has ended


SIGNALS: Final = {name: [signal.SIGTERM, signal.SIGHUP] for name in WAITING} | {"decap": ending.ENDING_SIGNALS}
"""Every signal for one of the commands, and the usual ones for the others."""


USUAL: Final = {(command, signal.SIGTERM) for command in WAITING} | {("decap", signal.SIGHUP)}


@pytest.mark.parametrize(
    ("command", "number"),
    [
        pytest.param(command, number, marks=[] if (command, number) in USUAL else [pytest.mark.survey])
        for command, numbers in SIGNALS.items()
        for number in numbers
    ],
)
def test_a_signal_leaves_no_unfinished_file(command: str, number: signal.Signals, tmp_path: Path) -> None:
    with writing(command, tmp_path) as process:
        assert os.listdir(tmp_path) != [WAITING[command][1]]
        process.send_signal(number)
        assert process.wait(SECONDS) == -number  # a shell reports 128 more than the signal
    assert os.listdir(tmp_path) == []


def test_several_signals_leave_no_unfinished_file(tmp_path: Path) -> None:
    """A service manager sends SIGTERM and SIGHUP, one right after the other."""
    with writing("decap", tmp_path) as process:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
            process.send_signal(number)
        assert process.wait(SECONDS) in (-signal.SIGTERM, -signal.SIGHUP)
    assert os.listdir(tmp_path) == []


def test_an_interrupt_leaves_no_unfinished_file(tmp_path: Path) -> None:
    """Python drops a KeyboardInterrupt in a callback of a weak reference, so it may take a second one."""
    with writing("decap", tmp_path) as process:
        for _ in range(SECONDS // 10):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
                break
        assert process.wait(1) == 130
    assert os.listdir(tmp_path) == []


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """As under `nohup`."""
    with writing("decap", tmp_path, "sh", "-c", 'trap "" HUP; exec "$@"', "sh") as process:
        process.send_signal(signal.SIGHUP)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(SECONDS) == 0
    with oc.open_capture(tmp_path / "out.pcapng") as capture:
        assert len(list(capture)) == 9


SCRIPT: Final = """
import signal, sys, threading
from overlaycodec import cli
from overlaycodec.capture import sink
from overlaycodec.cli import rewriting

def mine(*_): pass

file, target, how = sys.argv[1:]
plain = how != "handler"
signal.signal(signal.SIGTERM, signal.SIG_DFL if plain else mine)
seen = []

def changed(*args):
    seen.append(signal.getsignal(signal.SIGTERM))
    return args[0]

from overlaycodec.cli import vlan
vlan.changed = changed

def run():
    assert cli.main(["vlan", "push", "--vid", "7", file, target]) == 0

if how == "thread":
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
else:
    run()
assert len(seen) == 9
assert (seen[0] is signal.SIG_DFL, seen[0] is mine) == {
    "main": (False, False), "handler": (False, True), "thread": (True, False)
}[how], seen
assert signal.getsignal(signal.SIGTERM) is (signal.SIG_DFL if plain else mine)
assert not sink._unfinished
"""


@pytest.mark.parametrize("how", ["main", "handler", "thread"])
def test_handlers_are_there_while_a_file_is_written_and_replace_none(how: str, tmp_path: Path) -> None:
    """The handler of a program that runs the command stays, and a thread beside the main one sets none."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(INNER_VLAN), str(tmp_path / "out.pcap"), how],
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert os.listdir(tmp_path) == ["out.pcap"]


LIMITED: Final = """
import json, os, resource, sys
from pathlib import Path
from overlaycodec import cli

folder, runs = Path(sys.argv[1]), json.loads(sys.argv[2])
usual = resource.getrlimit(resource.RLIMIT_FSIZE)
for words in runs:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, usual[1]))
    status = cli.main(words)
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    print(json.dumps([status, os.listdir(folder)]), flush=True)
"""


def test_a_full_disk_leaves_no_unfinished_file(tmp_path: Path) -> None:
    """A process that may write no octet to files."""
    runs = [args(words, INNER_VLAN, tmp_path / name) for words, name in WAITING.values()]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), json.dumps(runs)],
        capture_output=True,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [json.loads(line) for line in done.stdout.splitlines()] == [[1, []]] * len(WAITING)
    assert [os.strerror(errno.EFBIG) in line for line in done.stderr.decode().splitlines()] == [True] * len(WAITING)
