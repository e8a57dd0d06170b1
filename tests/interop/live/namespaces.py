"""Network namespaces without a name: each lives as long as its file descriptor, so none is left behind by a crash."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from tests.interop.live import machine
from tests.interop.live.machine import Unavailable

_CLONE_NEWNET: Final = 0x40000000
_libc: Final = ctypes.CDLL(None, use_errno=True)  # os.setns and os.unshare are not in Python 3.11


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _current() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Namespace:
    """A network namespace of one's own."""

    def __init__(self) -> None:
        machine.need("ip", "ethtool")
        home = _current()
        try:
            try:
                _checked(_libc.unshare(_CLONE_NEWNET), "unshare")
            except OSError as error:
                raise Unavailable(f"network namespaces need root (CAP_SYS_ADMIN and CAP_NET_ADMIN): {error}") from None
            self._descriptor = _current()
            _checked(_libc.setns(home, _CLONE_NEWNET), "setns")
        finally:
            os.close(home)

    @property
    def path(self) -> str:
        """Where it stands for `ip link ... netns`, as long as this process lives."""
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread, and what it starts, inside; sockets made here stay here."""
        home = _current()
        try:
            _checked(_libc.setns(self._descriptor, _CLONE_NEWNET), "setns")
            yield
        finally:
            _checked(_libc.setns(home, _CLONE_NEWNET), "setns")
            os.close(home)

    def ip(self, *commands: str) -> None:
        """Commands of `ip`, in one batch."""
        with self.entered():
            machine.run("ip", "-batch", "-", stdin="".join(f"{command}\n" for command in commands))

    def run(self, *argv: str) -> str:
        """What a program says inside."""
        with self.entered():
            return machine.run(*argv)

    def set(self, name: str, value: int) -> None:
        """A knob in /proc/sys/net, which shows the thread's namespace."""
        with self.entered():
            Path("/proc/sys/net", *name.split(".")).write_text(f"{value}\n", encoding="ascii")

    def close(self) -> None:
        """Ends it, with all devices in it, once its sockets are closed too."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
