"""Where records can begin and end in the octets of a file, by their lengths alone.

Strategy: the tests are those that a reader makes, and no others: what it reads as a record always passes them. A record
of more than `LONGEST` octets does not; who relies on that has to hold it against the records that are read.
"""

from __future__ import annotations

import re
import struct
import sys
from array import array
from collections.abc import Iterator
from typing import Final, Protocol

from overlaycodec.capture.pcapng import FRAME
from overlaycodec.capture.source import Source

__all__ = ["LONGEST", "Chain", "PcapChain", "PcapngChain", "Window"]

LONGEST: Final = 1 << 18
"""The most octets of a packet: libpcap reads no longer ones, except of USB."""
_BLOCK_HEAD: Final = 8
_YEARS: Final = 10 * 365 * 86_400
"""In seconds."""


class Window:
    """Octets of a source from a position on, as many as were asked for."""

    def __init__(self, source: Source, start: int) -> None:
        self._source = source
        self.start = start
        self.octets = bytearray()

    def has(self, octets: int) -> bool:
        """Whether there are so many octets; they are in `octets` then."""
        while octets > len(self.octets):
            chunk = self._source.read_at(self.start + len(self.octets), octets - len(self.octets))
            if not chunk:
                return False
            self.octets += chunk
        return True


class Chain(Protocol):
    """How records follow one another."""

    reach: int
    """The most octets of a record."""
    header: int
    """The least octets of one."""
    twin: int
    """The distance at which a record can have a twin; 0: none has."""

    def is_timely(self, window: Window, at: int) -> bool:
        """Whether the time of a record can be one of the file."""
        ...

    def starts(self, octets: bytearray, count: int) -> Iterator[int]:
        """The indexes before `count` at which a record can begin; a few of them can be wrong."""
        ...

    def end(self, window: Window, at: int) -> int | None:
        """The index at which the record at this index ends, perhaps after the end of the file; None: it is none."""
        ...


class PcapChain:
    """Records of pcap: a header with the length of the packet; `seconds` is the time of one of them."""

    twin = 4

    def __init__(self, order: str, header: int, seconds: int, longest: int = LONGEST) -> None:
        self.header, self.reach = header, header + longest
        self._seconds = seconds
        self._longest = longest
        self._length = struct.Struct(order + "I").unpack_from
        high = b"[\\x00-" + re.escape(bytes([longest >> 16 & 0xFF])) + b"]"
        self._pattern = re.compile(rb"(?=" + (high + rb"\x00" if order == "<" else rb"\x00" + high) + rb")", re.DOTALL)
        self._offset = 10 if order == "<" else 8

    def is_timely(self, window: Window, at: int) -> bool:
        """Whether a record is some years from the other at the most."""
        return not window.has(at + 4) or abs(self._length(window.octets, at)[0] - self._seconds) < _YEARS

    def starts(self, octets: bytearray, count: int) -> Iterator[int]:
        """The indexes at which two octets of a length are small."""
        offset = self._offset
        return (found.start() - offset for found in self._pattern.finditer(octets, offset, count + offset + 2))

    def end(self, window: Window, at: int) -> int | None:
        """The index after the packet."""
        if not window.has(at + self.header):
            return at + self.header
        captured: int = self._length(window.octets, at + 8)[0]
        return at + self.header + captured if captured <= self._longest else None


class PcapngChain:
    """Blocks of pcapng: a length before and after them."""

    header = FRAME
    twin = 0

    def __init__(self, order: str, longest: int = LONGEST) -> None:
        self.reach = longest + (1 << 12)  # its fields and options
        self._word = struct.Struct(order + "I").unpack_from
        self._swapped = (order == "<") != (sys.byteorder == "little")

    def is_timely(self, window: Window, at: int) -> bool:
        """Always: not all blocks have a time, and none has a twin."""
        return True

    def starts(self, octets: bytearray, count: int) -> Iterator[int]:
        """The indexes, all multiples of 4, at which the first length can be one."""
        words = array("I", bytes(octets[: min(count + _BLOCK_HEAD, len(octets)) & ~3]))
        if self._swapped:
            words.byteswap()
        most = self.reach
        return (4 * index - 4 for index, total in enumerate(words) if FRAME <= total <= most and index)

    def end(self, window: Window, at: int) -> int | None:
        """The index after the block."""
        if not window.has(at + _BLOCK_HEAD):
            return at + FRAME
        total: int = self._word(window.octets, at + 4)[0]
        if total < FRAME or total > self.reach or total & 3:
            return None
        if window.has(at + total) and self._word(window.octets, at + total - 4)[0] != total:
            return None
        return at + total
