"""Blocks of records: the headers of many records, read with NumPy.

Strategy: a block is some octets of a file with complete, ordinary records of one kind. All else is left to the readers,
record by record; so they alone raise the errors of a damaged file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.buffered_reader import BufferedReader
from overlaycodec.capture.bulk.arrays import Ints, Mask
from overlaycodec.capture.bulk.record_scan import RecordFormat, blocks_of
from overlaycodec.capture.record import Interface

__all__ = ["InterfaceTable", "RecordBlock", "pcap_blocks", "pcapng_blocks"]

_SECOND: Final = 1_000_000_000
_LATEST: Final = 1 << 62
"""Time stamps beyond this, in ns, are left to the readers, which use Python's integers."""
_FLAGS: Final = 2
_FCS_SHIFT, _FCS_MASK = 5, 0xF
_INTERFACE: Final = np.dtype(
    [("limit", "i8"), ("ticks_per_second", "i8"), ("time_offset_ns", "i8"), ("link_type", "u4"), ("fcs", "i8")]
)


class RecordBlock(NamedTuple):
    """Some records, one after another."""

    octets: NDArray[np.uint8]
    """Octets that hold them, valid until the next block is requested."""
    starts: Ints
    """Where each packet begins."""
    lengths: Ints
    wire: Ints
    times: Ints
    """In ns."""
    link_types: NDArray[np.uint32]
    fcs: Ints
    ahead: int | None
    """About how many records follow; None where that is not known."""
    interface: NDArray[np.uint32] | None = None
    """The interface of each record; None where the file has no numbers of interfaces."""
    flags: NDArray[np.uint32] | None = None
    """The word of epb_flags of each record, 0 where it has none; None where no record has one."""
    flagged: Mask | None = None
    """Which records have flags."""


def _ahead(left: int | None, offsets: Ints, end: int) -> int | None:
    return None if left is None else max(left, 0) * len(offsets) // (end - int(offsets[0]))


def _heads(octets: memoryview, offsets: Ints, words: int, order: str) -> NDArray[np.uint32]:
    """The first 32-bit words at each offset."""
    size = words * 4
    everywhere = np.ndarray((len(octets) - size + 1,), f"V{size}", buffer=octets, strides=(1,))
    return everywhere[offsets].view(f"{order}u4").reshape(-1, words)


def pcap_blocks(
    stream: BufferedReader,
    memory: memoryview | None,
    size: int | None,
    octets: int,
    order: str,
    header: int,
    maximum: int,
    interface: Interface,
) -> Iterator[RecordBlock]:
    """The records of a pcap file, in blocks of about `octets` octets; `memory` and `size`: of the file, if known."""
    form = RecordFormat(order, header, 8, header, 2 if order == "<" else 0)  # common: the upper half of the seconds
    for octets_here, offsets, end in blocks_of(stream, memory, form, octets, maximum):
        size = None if size is None or size < end else size - end  # a compressed file is larger than its size
        starts = offsets + header
        heads = _heads(octets_here, offsets, 4, order)
        times = heads[:, 0].astype(np.int64)
        times *= _SECOND
        times += heads[:, 1] * np.int64(_SECOND // interface.ticks_per_second)
        yield RecordBlock(
            np.frombuffer(octets_here, np.uint8),
            starts,
            np.append(offsets[1:], end) - starts,
            heads[:, 3].astype(np.int64),
            times,
            np.broadcast_to(np.uint32(interface.link_type), len(offsets)),
            np.broadcast_to(np.int64(interface.fcs_octets or 0), len(offsets)),
            _ahead(size, offsets, end),
        )


class InterfaceTable:
    """Arrays of what blocks of packets need to know of the interfaces of a section, by their numbers.

    A section can describe interfaces between its packets: each is added once, however often blocks are read.
    """

    def __init__(self) -> None:
        self._count = 0
        self._rows = np.empty(8, _INTERFACE)

    def rows(self, interfaces: Sequence[Interface]) -> NDArray[np.void]:
        """A row per interface, of these that were described so far."""
        if len(interfaces) > len(self._rows):
            self._rows = np.resize(self._rows, 2 * len(interfaces))
        for number in range(self._count, len(interfaces)):
            interface = interfaces[number]
            limit = _limit(interface)
            times = (interface.ticks_per_second, interface.time_offset_ns) if limit >= 0 else (1, 0)
            self._rows[number] = limit, *times, interface.link_type, interface.fcs_octets or 0
        self._count = len(interfaces)
        return self._rows[: self._count]


class _Blocks:
    """Enhanced packet blocks that are ordinary: without options other than the flags, and with times that fit."""

    def __init__(self, order: str, interfaces: NDArray[np.void]) -> None:
        self._order, self._interfaces = order, interfaces
        self._limits = interfaces["limit"]

    def usable(self, octets: memoryview, offsets: Ints, end: int) -> int:
        """How many of the blocks at these offsets are ordinary, from the first on."""
        heads = _heads(octets, offsets, 7, self._order)
        totals, captured = heads[:, 1].astype(np.int64), heads[:, 5].astype(np.int64)
        self.interface = heads[:, 2]
        self.ticks = heads[:, 3].astype(np.uint64) << np.uint64(32) | heads[:, 4]
        self.starts, self.lengths, self.wire = offsets + 28, captured, heads[:, 6].astype(np.int64)
        options = self.starts + (captured + 3) // 4 * 4
        room = offsets + totals - 4 - options
        right = (heads[:, 0] == 6) & (totals == np.append(offsets[1:], end) - offsets) & (totals % 4 == 0)
        right &= (room >= 0) & (self.interface < len(self._interfaces))
        right &= _heads(octets, offsets + totals - 4, 1, self._order)[:, 0] == totals
        known = np.where(right, self.interface, 0)
        if len(self._limits):
            right &= self.ticks <= self._limits[known].astype(np.uint64)
            right &= self._limits[known] >= 0
        self.flags = np.zeros(len(offsets), np.uint32)
        right &= (room == 0) | (room >= 8)
        self.flagged: Mask = room > 0
        which = np.flatnonzero(right & self.flagged)
        if len(which):
            first = _heads(octets, options[which], 2, self._order)
            after = _heads(octets, options[which] + np.minimum(8, room[which]), 1, self._order)[:, 0]
            head = 4 << 16 | _FLAGS if self._order == "<" else _FLAGS << 16 | 4
            right[which] = (first[:, 0] == head) & ((room[which] == 8) | (after == 0))
            self.flags[which] = first[:, 1]
        return len(offsets) if right.all() else int(right.argmin())

    def block(self, octets: memoryview, offsets: Ints, end: int, left: int | None) -> RecordBlock:
        """The packet blocks that were usable."""
        count, interfaces = len(offsets), self._interfaces
        number = self.interface[:count]
        fcs = interfaces["fcs"][number]
        indicated = (self.flags[:count] >> np.uint32(_FCS_SHIFT)) & np.uint32(_FCS_MASK)
        rates = interfaces["ticks_per_second"][number]
        times = np.empty(count, np.int64)
        for rate in np.unique(rates).tolist():  # powers of 2 or 10, so there are few
            of = rates == rate
            times[of] = _times(self.ticks[:count][of], rate)
        times += interfaces["time_offset_ns"][number]
        return RecordBlock(
            np.frombuffer(octets, np.uint8),
            self.starts[:count],
            self.lengths[:count],
            self.wire[:count],
            times,
            interfaces["link_type"][number],
            np.where(indicated > 0, indicated.astype(np.int64), fcs),
            _ahead(left, offsets, end),
            number,
            self.flags[:count],
            self.flagged[:count],
        )


def _limit(interface: Interface) -> int:
    """The last tick of ordinary blocks; -1: none is."""
    ticks = interface.ticks_per_second
    if ticks > 1 << 33 or abs(interface.time_offset_ns) > _LATEST:  # the ticks of one second, in ns, must fit 63 bits
        return -1
    return min(_LATEST * ticks // _SECOND, _LATEST)


def _times(ticks: NDArray[np.uint64], rate: int) -> Ints:
    """Ticks, so many per second, in ns: the nanosecond in which each lies, rounded towards the past."""
    if rate == _SECOND:
        return ticks.astype(np.int64)
    if _SECOND % rate == 0:
        return (ticks * np.uint64(_SECOND // rate)).astype(np.int64)
    seconds, rest = np.divmod(ticks, np.uint64(rate))
    return (seconds * np.uint64(_SECOND) + rest * np.uint64(_SECOND) // np.uint64(rate)).astype(np.int64)


def pcapng_blocks(
    stream: BufferedReader,
    memory: memoryview | None,
    size: int | None,
    octets: int,
    order: str,
    maximum: int,
    interfaces: NDArray[np.void],
) -> Iterator[RecordBlock]:
    """The enhanced packet blocks of a pcapng file that follow, in such blocks, up to the first that is not ordinary.

    `interfaces` as `InterfaceTable` gives them.
    """
    form = RecordFormat(order, 32, 4, 0, 0 if order == "<" else 2)  # common: the lower half of the blocks' type
    blocks = _Blocks(order, interfaces)
    for octets_here, offsets, end in blocks_of(stream, memory, form, octets, maximum, blocks.usable):
        size = None if size is None or size < end else size - end
        yield blocks.block(octets_here, offsets, end, size)
