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

__all__ = ["RecordBlock", "pcap_blocks", "pcapng_blocks"]

_SECOND: Final = 1_000_000_000
_LATEST: Final = 1 << 62
"""Time stamps beyond this, in ns, are left to the readers, which use Python's integers."""
_FLAGS: Final = 2
_FCS_SHIFT, _FCS_MASK = 5, 0xF


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


class _Blocks:
    """Enhanced packet blocks that are ordinary: without options other than the flags, and with times that fit."""

    def __init__(self, order: str, interfaces: Sequence[Interface]) -> None:
        self._order, self._interfaces = order, interfaces
        self._limits = np.array([_limit(interface) for interface in interfaces], np.int64)

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
        fcs = np.array([interface.fcs_octets or 0 for interface in interfaces], np.int64)[number]
        indicated = (self.flags[:count] >> np.uint32(_FCS_SHIFT)) & np.uint32(_FCS_MASK)
        times = np.empty(count, np.int64)
        for which in np.flatnonzero(np.bincount(number)).tolist():
            of = number == which
            times[of] = _times(self.ticks[:count][of], interfaces[which])
        return RecordBlock(
            np.frombuffer(octets, np.uint8),
            self.starts[:count],
            self.lengths[:count],
            self.wire[:count],
            times,
            np.array([interface.link_type for interface in interfaces], np.uint32)[number],
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


def _times(ticks: NDArray[np.uint64], interface: Interface) -> Ints:
    """Ticks in ns: the nanosecond in which each lies, rounded towards the past."""
    per_second = np.uint64(interface.ticks_per_second)
    if interface.ticks_per_second == _SECOND:
        times = ticks.astype(np.int64)
    elif _SECOND % interface.ticks_per_second == 0:
        times = (ticks * np.uint64(_SECOND // interface.ticks_per_second)).astype(np.int64)
    else:
        seconds, rest = np.divmod(ticks, per_second)
        times = (seconds * np.uint64(_SECOND) + rest * np.uint64(_SECOND) // per_second).astype(np.int64)
    times += interface.time_offset_ns
    return times


def pcapng_blocks(
    stream: BufferedReader,
    memory: memoryview | None,
    size: int | None,
    octets: int,
    order: str,
    maximum: int,
    interfaces: Sequence[Interface],
) -> Iterator[RecordBlock]:
    """The enhanced packet blocks of a pcapng file that follow, in such blocks, up to the first that is not ordinary."""
    form = RecordFormat(order, 32, 4, 0, 0 if order == "<" else 2)  # common: the lower half of the blocks' type
    blocks = _Blocks(order, interfaces)
    for octets_here, offsets, end in blocks_of(stream, memory, form, octets, maximum, blocks.usable):
        size = None if size is None or size < end else size - end
        yield blocks.block(octets_here, offsets, end, size)
