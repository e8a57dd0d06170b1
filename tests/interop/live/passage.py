"""What a peer makes of each frame that is put in: nothing, or what came out, never a guess.

Strategy: behind each frame goes a fence, a frame with a number that the peer is known to pass on. Peers keep the order
of frames, so what comes out between two fences was made of the frame between them, and a frame is dropped only where
the fence behind it arrived and nothing before it. A fence that does not arrive is an error, not a verdict; but before
the first frame fences are put in until one arrives, because a device that was just set up may lose what comes first:
its kernel works out a moment later that the link is up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import overlaycodec as oc
from tests.interop.live.machine import PATIENCE, Silent
from tests.interop.live.ports import Port
from tests.interop.live.underlay import unasked

_MARK: Final = b"overlaycodec fence"
_LOCAL_EXPERIMENT: Final = 0x88B5
_LATE: Final = 0.05


def fence(number: int) -> bytes:
    """A frame that ends with a number."""
    return oc.encode(
        oc.Ethernet(dst="02:fe:ce:00:00:02", src="02:fe:ce:00:00:01", ethertype=_LOCAL_EXPERIMENT)
        / (bytes(20) + _MARK + number.to_bytes(8, "big"))
    )


def number_of(frame: bytes) -> int | None:
    """The number of a fence, bare or within a tunnel."""
    return int.from_bytes(frame[-8:], "big") if frame[-8 - len(_MARK) : -8] == _MARK else None


@contextmanager
def on_one_processor() -> Iterator[None]:
    """The kernel keeps the order of what is sent from one processor."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


class Passage:
    """A way through a peer, from one port to another.

    `wrapped` makes of a fence the frame that is put in, so that the fence is what comes out. `window` is the number of
    frames under way at once: fewer than the peer's queues hold. `heard` says which frames that come out are of
    interest: if it is not given, all but those that the peer sends unasked, whenever it likes. `unblock` is called
    where a fence is late, which is then put in again: for a peer that drops it for the sake of the frame before.
    """

    def __init__(
        self,
        entry: Port,
        exit_: Port,
        *,
        wrapped: Callable[[bytes], bytes] = bytes,
        window: int = 16,
        heard: Callable[[bytes], bool] = lambda frame: not unasked(frame),
        unblock: Callable[[], object] | None = None,
    ) -> None:
        self._entry, self._exit = entry, exit_
        self.wrapped, self._window, self._heard = wrapped, window, heard
        self._unblock = unblock
        self._number = 0
        self._is_open = False

    def through(self, frames: Sequence[bytes]) -> list[tuple[bytes, ...]]:
        """For each frame all that came out of it, in order. Raises: Silent where a fence is lost."""
        if not self._is_open:
            self._open()
        results: list[tuple[bytes, ...]] = []
        for start in range(0, len(frames), self._window):
            part = frames[start : start + self._window]
            opening = self._number + 1
            with on_one_processor():
                self._put_fence()
                for frame in part:
                    self._entry.send(frame)
                    self._put_fence()
            self._until(opening)  # what came before is of no frame here
            results += [self._until(opening + 1 + index) for index in range(len(part))]
        return results

    def _open(self) -> None:
        """Waits until the peer passes fences on; it may be that it is only about to be ready."""
        end = time.monotonic() + PATIENCE
        while not self._is_open:
            if time.monotonic() > end:
                raise Silent("no fence came out")
            self._put_fence()
            late = time.monotonic() + _LATE
            while not self._is_open and (left := late - time.monotonic()) > 0:
                frame = self._exit.receive(left)
                self._is_open = frame is not None and number_of(frame) is not None

    def _put_fence(self) -> None:
        self._number += 1
        self._entry.send(self.wrapped(fence(self._number)))

    def _until(self, number: int) -> tuple[bytes, ...]:
        """What came before that fence."""
        before: list[bytes] = []
        end = time.monotonic() + PATIENCE
        while True:
            left = max(0.0, end - time.monotonic())
            frame = self._exit.receive(left if self._unblock is None else min(left, _LATE))
            if frame is None and self._unblock is not None and left:
                self._unblock()
                self._entry.send(self.wrapped(fence(number)))
                continue
            if frame is None:
                raise Silent(f"fence {number} did not come out; before it came {[octets.hex() for octets in before]}")
            found = number_of(frame)
            if found is None:
                if self._heard(frame):
                    before.append(frame)
            elif found == number:
                return tuple(before)
            elif found > number:
                raise Silent(f"fence {found} came out, fence {number} before it did not")
