"""What this machine must have for a peer to run here: programs and rights."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

PATH: Final = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
"""The tools of administration are not on everybody's PATH."""

PATIENCE: Final = 120.0
"""Seconds after which what should come is given up. Where all is well none is spent, however busy the machine is."""

PACKAGES: Final = {
    "bridge": "iproute2",
    "ethtool": "ethtool",
    "insmod": "kmod",
    "ip": "iproute2",
    "linux.uml": "user-mode-linux",
    "mount": "mount",
    "nsenter": "util-linux",
    "ovs-ofctl": "openvswitch-switch",
    "ovs-vsctl": "openvswitch-switch",
    "ovs-vswitchd": "openvswitch-switch",
    "ovsdb-server": "openvswitch-switch",
    "ovsdb-tool": "openvswitch-switch",
    "ping": "iputils-ping",
    "setpriv": "util-linux",
    "tc": "iproute2",
    "tcpdump": "tcpdump",
    "tshark": "tshark",
    "unshare": "util-linux",
}
"""The Debian package of each program that a peer may need."""


class Unavailable(Exception):
    """A peer cannot run on this machine; the text says what is missing."""


class Silent(Exception):
    """A peer did not do within its time what it does when all is well."""


def need(*programs: str) -> None:
    """Raises: Unavailable, naming the programs that are not here and their packages."""
    absent = [program for program in programs if shutil.which(program, path=PATH) is None]
    if absent:
        packages = " ".join(sorted({PACKAGES[program] for program in absent}))
        raise Unavailable(f"no {', '.join(absent)} here (Debian: apt-get install {packages})")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of what is started, in which those programs are found and speak plainly."""
    return {**os.environ, "PATH": PATH, "LC_ALL": "C", **(extra or {})}


def run(*argv: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
    """What a program says. Raises: RuntimeError with all it said where it fails."""
    done = subprocess.run(
        argv,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
        env=environment(env),
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stdout.strip()} (status {done.returncode})\n{stdin}")
    return done.stdout


_UNLESS_ORPHANED: Final = '[ "$PPID" = "$0" ] && exec "$@"'
"""A parent that ends before the child has asked to be told of it tells nobody: then the child ends of itself."""


def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """A program in a session of its own, which is told to end when this process ends, however it ends."""
    need("setpriv")
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", "--", "sh", "-c", _UNLESS_ORPHANED, str(os.getpid()), *argv],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        pass_fds=pass_fds,
        env=environment(env),
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], patience: float = 10.0) -> None:
    """Ends a program that `start` started: gently, then with all that it started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
