"""The program as a process of its own, in a pipe and on a terminal."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path
from typing import Final

__all__ = ["COMMAND", "environment", "in_terminal", "run", "sent_to", "terminal", "terminal_environment"]

COMMAND: Final = [sys.executable, "-m", "overlaycodec.cli"]
_WISHES: Final = {"NO_COLOR", "COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}


def environment(**extra: str) -> dict[str, str]:
    """The environment of a Python that finds the sources which this one found."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **extra}


def run(*args: str | Path, stdin: bytes = b"", **extra: str) -> subprocess.CompletedProcess[bytes]:
    """A run of the program, its output in a pipe."""
    return subprocess.run(
        [*COMMAND, *map(str, args)],
        input=stdin,
        capture_output=True,
        env=environment(**extra),
        check=False,
        timeout=60,
    )


def terminal(columns: int) -> tuple[int, int]:
    """A terminal of so many columns: the end that reads what it is sent, and the one that a process is given."""
    leader, follower = pty.openpty()
    ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    return leader, follower


def terminal_environment(**extra: str) -> dict[str, str]:
    """The environment of someone at a terminal who has no wishes."""
    env = environment(**{"TERM": "xterm-256color", **extra})
    for name in _WISHES - extra.keys():
        env.pop(name, None)
    return env


def sent_to(leader: int) -> bytes:
    """All that a terminal is sent until no process has it any more."""
    sent = b""
    try:
        while chunk := os.read(leader, 65536):
            sent += chunk
    except OSError:
        pass  # how Linux says that the other end is closed
    os.close(leader)
    return sent


def in_terminal(columns: int, *args: str | Path, **extra: str) -> str:
    """What a terminal of that many columns would be sent."""
    leader, follower = terminal(columns)
    with subprocess.Popen(
        [*COMMAND, *map(str, args)], stdout=follower, stdin=follower, env=terminal_environment(**extra)
    ) as process:
        os.close(follower)
        sent = sent_to(leader)
        assert process.wait(60) == 0
    return sent.decode().replace("\r\n", "\n")
