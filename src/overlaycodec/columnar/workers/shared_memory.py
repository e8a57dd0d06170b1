"""Memory that two processes share: one fills arrays in it, the other has them without a copy.

Strategy: the memory has no name, only a descriptor that is sent to the other process. So nothing is left behind, however
a process ends, and a small /dev/shm is no limit. Where the system has no such memory, arrays are sent as octets.
"""

from __future__ import annotations

import mmap
import os
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, Values

__all__ = ["SharedBlocks", "received", "unpacked"]

_LEAST: Final = 1 << 16
"""Fewer octets are sent."""


class SharedBlocks:
    """Blocks of shared memory, and the arrays in them."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, ByteBuffer]] = []

    def allocate(self, octets: int) -> ByteBuffer:
        """A block of octets, all of them 0; shared, if it is large and the system can."""
        if octets < _LEAST or not hasattr(os, "memfd_create"):
            return np.zeros(octets, np.uint8)
        descriptor = os.memfd_create("overlaycodec", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, octets)
        block = np.frombuffer(mmap.mmap(descriptor, octets), np.uint8)
        self._blocks.append((descriptor, block))
        return block

    def packed(self, array: Values) -> Any:  # Any: an array, or where it is
        """Where an array is in these blocks: block, offset, type and length; the array itself if it is in none."""
        if array.dtype != object and array.flags.c_contiguous and array.ndim == 1 and len(array):
            address = array.__array_interface__["data"][0]
            for number, (_, block) in enumerate(self._blocks):
                offset = address - block.__array_interface__["data"][0]
                if 0 <= offset < len(block):
                    return number, offset, array.dtype.str, len(array)
        return array

    def send(self, connection: Connection) -> None:
        """Sends the blocks; they stay here no longer."""
        from multiprocessing.reduction import send_handle

        connection.send([len(block) for _, block in self._blocks])
        for descriptor, _ in self._blocks:
            send_handle(connection, descriptor, 0)  # only Windows asks for the process
            os.close(descriptor)
        self._blocks.clear()


def received(connection: Connection) -> list[ByteBuffer]:
    """The blocks that the other process sent."""
    from multiprocessing.reduction import recv_handle

    blocks = []
    for octets in connection.recv():
        descriptor = recv_handle(connection)
        try:
            blocks.append(np.frombuffer(mmap.mmap(descriptor, octets), np.uint8))
        finally:
            os.close(descriptor)
    return blocks


def unpacked(place: Any, blocks: list[ByteBuffer]) -> Values:  # Any: as above
    """The array that was packed."""
    if not isinstance(place, tuple):
        array: Values = place
        return array
    number, offset, dtype, count = place
    kind = np.dtype(dtype)
    return blocks[number][offset : offset + count * kind.itemsize].view(kind)
