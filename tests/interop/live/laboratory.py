"""An example of examples/, in the namespaces that its docstring makes.

Strategy: the commands of the docstring name their namespaces, as users do. They run under a mount namespace of their
own, in which /run is empty, so the names are nobody else's, and nothing is left once its processes are gone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.interop.live import machine
from tests.interop.live.linux_vxlan import version_of_kernel
from tests.interop.live.machine import PATIENCE, Silent, Unavailable
from tests.interop.live.namespaces import Namespace
from tests.interop.live.peer import Peer
from tests.tools.examples import ROOT, shell_of

_HOLDER: Final = "mount --make-rprivate / && mount -t tmpfs none /run && echo ready && exec cat"


class Program(Peer):
    """A program that runs, and the lines that it has printed, also as errors."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        with ExitStack() as stack:
            self._process = machine.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            stack.callback(machine.end, self._process)
            reader = threading.Thread(target=self._read, daemon=True)
            reader.start()
            self._stack = stack.pop_all()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def until(self, found: Callable[[str], object]) -> str:
        """The first line for which that is true, once it was printed. Raises: Silent with all that was."""
        end = time.monotonic() + PATIENCE
        with self._changed:
            while True:
                line = next(filter(found, self.lines), None)
                if line is not None:
                    return line
                if self._ended or not self._changed.wait(end - time.monotonic()):
                    raise Silent(f"{self._process.args!r} printed only {self.lines}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class NamedNamespace(Namespace):
    """A namespace that `ip netns add` made."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)


class Laboratory(Peer):
    """The namespaces of an example, and its programs in them, which have said that they are ready."""

    def __init__(self, example: str) -> None:
        machine.need("ip", "tcpdump", "mount", "nsenter", "ping", "unshare")
        Namespace().close()  # Unavailable where none can be made
        commands = shell_of(example)
        with ExitStack() as stack:
            self._holder = Program(["unshare", "--mount", "--net", "sh", "-c", f"({_HOLDER}) 2>&1"])
            stack.callback(self._holder.close)
            try:
                self._holder.until("ready".__eq__)
            except Silent as silent:
                raise Unavailable(f"mount namespaces need root (CAP_SYS_ADMIN): {silent}") from None
            self.shell(commands["Namespaces"])
            self._try = commands["Try"]
            runs = commands.get("Run", "").replace("\\\n", " ").splitlines()
            self.programs = [stack.enter_context(self._started(command)) for command in runs]
            self.version = version_of_kernel()
            self._stack = stack.pop_all()

    def _inside(self, script: str) -> list[str]:
        return ["nsenter", f"--target={self._holder.pid}", "--mount", "--net", f"--wd={ROOT}", "sh", "-ec", script]

    def tried(self) -> str:
        """What the commands under "Try" say. Raises: RuntimeError where the last one fails."""
        return self.shell(_with_this_python(self._try))

    def _started(self, command: str) -> Program:
        program = Program(self._inside(f"exec {_with_this_python(command).strip()} 2>&1"))
        try:
            program.until("ready".__eq__)
        except Silent:
            program.close()
            raise
        return program

    def shell(self, script: str) -> str:
        """What commands say. Raises: RuntimeError where one fails."""
        return machine.run(*self._inside(script))

    def says(self, script: str) -> str:
        """What commands say, whether they fail or not."""
        return self.shell(f"{{ {script}\n}} 2>&1 || true")

    @contextmanager
    def watched(self, name: str, device: str, wanted: str, words: str = "") -> Iterator[Callable[[], str]]:
        """While inside, tcpdump waits for a packet on a device; what is given returns what it says of that packet."""
        # it stays root: a process that changes its user is no longer sent the signal when its parent ends
        tcpdump = f"tcpdump -Z root --immediate-mode -lnv -c 1 {words} -i {device} '{wanted}'"
        command = f"exec ip netns exec {name} {tcpdump} 2>&1"
        with Program(self._inside(command)) as program:
            program.until(lambda line: "listening on" in line)

            def first() -> str:
                program.until(lambda line: "captured" in line)
                return "\n".join(program.lines)

            yield first

    def namespace(self, name: str) -> NamedNamespace:
        """One of the namespaces, to make sockets in."""
        return NamedNamespace(f"/proc/{self._holder.pid}/root/run/netns/{name}")


def _with_this_python(commands: str) -> str:
    return commands.replace(" python ", f" {sys.executable} ")
