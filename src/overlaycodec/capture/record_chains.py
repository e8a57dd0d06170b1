"""Where records can begin and end in the octets of a file, by their lengths alone.

Strategy: the tests are those that a reader makes, and no others: what it reads as a record always passes them. A record
of more than `LONGEST` octets does not; who relies on that has to hold it against the records that are read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final, Protocol

from overlaycodec.capture.pcapng import FRAME
from overlaycodec.capture.source import Source

__all__ = ["LONGEST", "Chain", "PcapChain", "PcapngChain", "Window"]

LONGEST: Final = 1 << 18
"""The most octets of a packet: libpcap reads no longer ones, except of USB."""
_OPTIONS: Final = 1 << 12
"""The most octets of a block of pcapng beside those of its packet."""
_BLOCK_HEAD: Final = 8
_READ: Final = 1 << 16
"""The octets that are read at once."""
_YEARS: Final = 10 * 365 * 86_400
"""In seconds."""


class Window:
    """Octets of a source from a position on, as many as were asked for, or some more."""

    def __init__(self, source: Source, start: int) -> None:
        self._source = source
        self.start = start
        self.octets = bytearray()

    def has(self, octets: int) -> bool:
        """Whether there are so many octets; they are in `octets` then."""
        while octets > len(self.octets):
            missing = max(octets - len(self.octets), _READ)
            chunk = self._source.read_at(self.start + len(self.octets), missing)
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

    def ends(self, window: Window) -> Iterator[int]:
        """The indexes from `reach` on at which those records can end that can begin before."""
        ...

    def end(self, window: Window, at: int) -> int | None:
        """The index at which the record at this index ends, perhaps after the end of the file; None: it is none."""
        ...


def _small(order: str, most: int) -> re.Pattern[bytes]:
    """Where the upper half of a number of 32 bits is at most that of another, which has 24 bits."""
    high = b"[\\x00-" + re.escape(bytes([most >> 16])) + b"]"
    return re.compile(b"(?=" + (high + b"\\x00" if order == "<" else b"\\x00" + high) + b")", re.DOTALL)


class PcapChain:
    """Records of pcap: a header with the length of the packet; `seconds` is the time of one of them."""

    twin = 4

    def __init__(self, order: str, header: int, seconds: int, longest: int = LONGEST) -> None:
        self.header, self.reach = header, header + longest
        self._seconds, self._longest = seconds, longest
        self._word = struct.Struct(order + "I").unpack_from
        self._pattern = _small(order, longest)
        self._offset = 10 if order == "<" else 8

    def is_timely(self, window: Window, at: int) -> bool:
        """Whether a record is some years from the other at the most."""
        return not window.has(at + 4) or abs(self._word(window.octets, at)[0] - self._seconds) < _YEARS

    def ends(self, window: Window) -> Iterator[int]:
        """The indexes after packets."""
        octets, word, reach, header, longest = window.octets, self._word, self.reach, self.header, self._longest
        window.has(reach + header)
        for found in self._pattern.finditer(octets, self._offset, reach + self._offset + 1):
            at = found.start() - self._offset
            if at + header <= len(octets):
                captured = word(octets, at + 8)[0]
                if reach - at <= header + captured <= header + longest:
                    yield at + header + captured

    def end(self, window: Window, at: int) -> int | None:
        """The index after the packet."""
        if not window.has(at + self.header):
            return at + self.header
        captured: int = self._word(window.octets, at + 8)[0]
        return at + self.header + captured if captured <= self._longest else None


class PcapngChain:
    """Blocks of pcapng: a length before and after them; they begin at multiples of 4."""

    header = FRAME
    twin = 0

    def __init__(self, order: str, longest: int = LONGEST) -> None:
        self.reach = longest + _OPTIONS
        self._word = struct.Struct(order + "I").unpack_from
        self._pattern = _small(order, self.reach)
        self._offset = 6 if order == "<" else 4

    def is_timely(self, window: Window, at: int) -> bool:
        """Always: not all blocks have a time, and none has a twin."""
        return True

    def ends(self, window: Window) -> Iterator[int]:
        """The indexes after blocks."""
        octets, word, reach = window.octets, self._word, self.reach
        window.has(reach + _BLOCK_HEAD)
        last = min(reach, len(octets) - _BLOCK_HEAD)
        found = [match.start() - self._offset for match in self._pattern.finditer(octets, self._offset, reach + 8)]
        for at in found:
            if not at & 3 and at <= last and reach - at <= word(octets, at + 4)[0] <= reach:
                end = self.end(window, at)
                if end is not None:
                    yield end

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
