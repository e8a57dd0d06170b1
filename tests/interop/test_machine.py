"""What a machine lacks is said, and nothing is left on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.interop.live import machine
from tests.interop.live.machine import PATIENCE, Unavailable
from tests.interop.live.ovs import OpenVSwitch
from tests.interop.live.uml import UserModeLinux
from tests.interop.test_examples import START

ROOT: Final = Path(__file__).parents[2]


@pytest.mark.parametrize(("kind", "package"), [(OpenVSwitch, "openvswitch-switch"), (UserModeLinux, "user-mode-linux")])
def test_what_is_missing_is_said(kind: type, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=f"apt-get install .*{package}"):
        kind()


PEERS: Final = {
    "a program": ("from tests.interop.live.machine import start", "process = start(['sleep', '600'])"),
    "Open vSwitch": ("from tests.interop.live.ovs import OpenVSwitch", "peer = OpenVSwitch()"),
    "an example": (
        "from tests.interop.live.laboratory import Laboratory",
        "watching = Laboratory('vlan_switch').watched('right', 'trunk', 'vlan 99')",
        "watching.__enter__()",
    ),
}
"""Not user-mode Linux: asked to end, it now and then spins in its own clean-up, and only `end` kills it then."""
KINDS: Final[dict[str, Callable[[], Any]]] = {"Open vSwitch": OpenVSwitch, "an example": START["vlan_switch"]}


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_leaves_no_process(
    name: str, how: signal.Signals, tmp_path: Path, started: Callable[[Callable[[], Any]], Any]
) -> None:
    """The run that started a peer is killed, with no chance to end it."""
    if name in KINDS:
        started(KINDS[name])  # whether it can run here
    mark = f"overlaycodec-{os.getpid()}-{name.replace(' ', '-')}-{how.name}"
    script = "\n".join((*PEERS[name], "print(flush=True)", "import time", "time.sleep(600)"))
    run = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "OVERLAYCODEC_MARK": mark}
    )
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == b"\n"
        wait(lambda: len(marked(mark)) > 1)  # a program that is being loaded has no environment yet
    finally:
        run.send_signal(how)
        run.communicate()
    wait(lambda: not marked(mark))


def marked(mark: str) -> list[int]:
    """The processes that have this mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it has ended, or is another user's
            continue
    return found


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
