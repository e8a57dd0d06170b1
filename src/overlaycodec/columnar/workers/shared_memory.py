"""Memory that two processes share: one fills arrays in it, the other copies them and gives the memory back.

Strategy: the system hands out shared memory page by page, which takes as long as filling it, so the same memory is used
again and again. It has no name, only a descriptor that is sent to the other process once. So nothing is left behind,
however a process ends, and a small /dev/shm is no limit. Where the system has no such memory, arrays are sent.
"""

from __future__ import annotations

import mmap
import os
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, Values

__all__ = ["Arenas", "LargeBlocks", "Packing", "ReceivedArenas"]

_LEAST: Final = 1 << 16
"""Fewer octets are sent."""
_LARGE: Final = 1 << 25
_ALIGNED: Final = 64
_PAGE: Final = 1 << 21
"""A large page of most systems."""
_HAS_MEMORY: Final = hasattr(os, "memfd_create")


class Packing(NamedTuple):
    """What the other process has to know of the arenas that an outcome is in."""

    created: list[tuple[int, int]]
    """Numbers and octets of those that it does not know; their descriptors follow."""
    used: dict[int, int]
    """How many octets of each are used."""


class Arenas:
    """The memory in which a process fills arrays."""

    zeroed = False
    """An arena is used again with what is in it."""

    def __init__(self) -> None:
        self._arenas: list[ByteBuffer] = []
        self._free: set[int] = set()
        self._created: dict[int, int] = {}
        """Descriptors of those that the other process does not know."""
        self._used: dict[int, int] = {}
        """How many octets of each are used in this outcome."""

    @property
    def lent(self) -> int:
        """How many arenas the other process has not given back."""
        return len(self._arenas) - len(self._free)

    def allocate(self, octets: int) -> ByteBuffer:
        """A block of octets; shared, if it is large and the system can."""
        if octets < _LEAST or not _HAS_MEMORY:
            return np.zeros(octets, np.uint8)
        fitting = [number for number in self._free if len(self._arenas[number]) >= octets]
        if not fitting:
            self._used[self._new(octets + octets // 4)] = 0
            return self._arenas[-1][:octets]
        number = min(fitting, key=lambda one: len(self._arenas[one]))
        self._free.remove(number)
        self._used[number] = 0
        return self._arenas[number][:octets]

    def _new(self, octets: int) -> int:
        descriptor = os.memfd_create("overlaycodec", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, octets)
        self._arenas.append(np.frombuffer(mmap.mmap(descriptor, octets), np.uint8))
        number = len(self._arenas) - 1
        self._created[number] = descriptor
        return number

    def packed(self, array: Values) -> Any:  # Any: an array, or where it is
        """Where an array is: arena, offset, type and length; the array itself if it is in none."""
        if array.dtype != object and array.flags.c_contiguous and len(array):
            address = array.__array_interface__["data"][0]
            for number in self._used:
                arena = self._arenas[number]
                offset = address - arena.__array_interface__["data"][0]
                if 0 <= offset < len(arena):
                    self._used[number] = max(self._used[number], offset + array.nbytes)
                    return number, offset, array.dtype.str, len(array)
        return array

    def packing(self) -> Packing:
        """What was used since the last call."""
        created = [(number, len(self._arenas[number])) for number in self._created]
        packing = Packing(created, self._used)
        self._used = {}
        return packing

    def send_created(self, connection: Connection) -> None:
        """Sends the descriptors of the arenas that the other process does not know."""
        from socket import AF_UNIX, SOCK_STREAM, fromfd, send_fds

        # From 3.15 on, `multiprocessing` waits for an answer to a descriptor, and takes the next task for it.
        with fromfd(connection.fileno(), AF_UNIX, SOCK_STREAM) as channel:
            for descriptor in self._created.values():
                send_fds(channel, [b"d"], [descriptor])
                os.close(descriptor)
        self._created.clear()

    def free(self, numbers: list[int]) -> None:
        """Takes back arenas that the other process has copied."""
        self._free.update(numbers)


class LargeBlocks:
    """Memory for many arrays, in blocks so large that the system hands them out in large pages."""

    zeroed = True

    def __init__(self) -> None:
        self._block = np.zeros(0, np.uint8)

    def allocate(self, octets: int) -> ByteBuffer:
        """A block of octets, all of them 0."""
        if octets > len(self._block):
            made = np.zeros(max(octets, _LARGE) + _PAGE, np.uint8)
            self._block = made[-made.__array_interface__["data"][0] % _PAGE :]
        block, self._block = self._block[:octets], self._block[-(-octets // _ALIGNED) * _ALIGNED :]
        return block

    def copy(self, octets: ByteBuffer) -> ByteBuffer:
        """A copy of these octets."""
        block = self.allocate(len(octets))
        block[:] = octets
        return block


class ReceivedArenas:
    """The arenas of another process; what is in them is copied to `blocks`."""

    def __init__(self, blocks: LargeBlocks) -> None:
        self._blocks = blocks
        self._arenas: dict[int, ByteBuffer] = {}
        self._copies: dict[int, ByteBuffer] = {}
        self.copied: list[int] = []
        """Those that can be given back."""

    def receive(self, connection: Connection, packing: Packing) -> None:
        """Takes the descriptors, and copies what is used."""
        from socket import AF_UNIX, SOCK_STREAM, fromfd, recv_fds

        for number, octets in packing.created:
            with fromfd(connection.fileno(), AF_UNIX, SOCK_STREAM) as channel:
                _, descriptors, _, _ = recv_fds(channel, 1, 1)
            if not descriptors:
                raise EOFError  # the process has ended
            (descriptor,) = descriptors
            try:
                self._arenas[number] = np.frombuffer(mmap.mmap(descriptor, octets), np.uint8)
            finally:
                os.close(descriptor)
        self._copies = {number: self._blocks.copy(self._arenas[number][:used]) for number, used in packing.used.items()}
        self.copied += packing.used

    def unpacked(self, place: Any) -> Values:  # Any: as above
        """The array that was packed, in the copy."""
        if not isinstance(place, tuple):
            array: Values = place
            return array
        number, offset, dtype, count = place
        kind = np.dtype(dtype)
        return self._copies[number][offset : offset + count * kind.itemsize].view(kind)
