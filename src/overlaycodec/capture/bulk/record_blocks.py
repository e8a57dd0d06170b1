"""Blocks of records: the headers of many records, read with NumPy.

Strategy: a block is some octets of a file with complete, ordinary records. Of pcapng, that are packets with options and
without, and the blocks between them that have no packets and describe no interface. All else is left to the readers,
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
    [("limit", "i8"), ("ticks_per_second", "i8"), ("time_offset_ns", "i8"), ("link_type", "u4"), ("fcs", "i8"),
     ("snap", "i8")]
)  # fmt: skip
_DESCRIPTION, _OBSOLETE, _SIMPLE, _ENHANCED, _SECTION = 1, 2, 3, 6, 0x0A0D0D0A
"""Types of blocks; all others are passed over."""
_COMMENT: Final = 1
_FRAME: Final = 12
"""The octets of a block without content."""
_HEAD: Final = 28
"""The octets of an enhanced packet block before the packet."""
_MOST_OPTIONS: Final = 16
"""Packets with more options are left to the reader."""


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
    timed: Mask | None = None
    """Which records have a time stamp; None: all."""
    comments: tuple[Ints, Ints, Ints] | None = None
    """For each comment, by the order of the records: its record, and where it starts and stops; None: there is none."""


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
            snap = interface.snap_length or 1 << 32
            self._rows[number] = limit, *times, interface.link_type, interface.fcs_octets or 0, snap
        self._count = len(interfaces)
        return self._rows[: self._count]


class _Blocks:
    """Packets whose times fit, and blocks that are passed over."""

    def __init__(self, order: str, interfaces: NDArray[np.void]) -> None:
        self._order, self._interfaces = order, interfaces
        self._limits = interfaces["limit"]

    def usable(self, octets: memoryview, offsets: Ints, end: int) -> int:
        """How many of the blocks at these offsets are ordinary, from the first on."""
        order, interfaces = self._order, self._interfaces
        kinds, words = _heads(octets, offsets, 2, order).T
        totals = words.astype(np.int64)
        right = (totals == np.append(offsets[1:], end) - offsets) & (totals % 4 == 0)
        right &= _heads(octets, offsets + totals - 4, 1, order)[:, 0] == totals
        simple = kinds == _SIMPLE
        packets: Mask = (kinds == _ENHANCED) | simple
        right &= ~((kinds == _DESCRIPTION) | (kinds == _OBSOLETE) | (kinds == _SECTION))
        # No packet block is so near to the end of the octets that its head is not in them.
        heads = _heads(
            octets if len(octets) >= _HEAD else memoryview(bytes(octets) + bytes(_HEAD)),
            np.minimum(offsets, max(len(octets) - _HEAD, 0)),
            _HEAD // 4,
            order,
        )
        self.interface = np.where(simple, np.uint32(0), heads[:, 2])
        self.ticks = heads[:, 3].astype(np.uint64) << np.uint64(32) | heads[:, 4]
        self.starts = offsets + _HEAD
        captured, wire = heads[:, 5].astype(np.int64), heads[:, 6].astype(np.int64)
        described: Mask = self.interface < len(interfaces)
        known = np.where(described, self.interface, 0)
        if simple.any():
            self.ticks[simple] = 0
            self.starts[simple] = offsets[simple] + 12
            wire[simple] = heads[simple, 2]
            limit = interfaces["snap"][0] if len(interfaces) else 0
            captured[simple] = np.minimum(wire[simple], limit)
        self.lengths, self.wire, self.packets, self.simple = captured, wire, packets, simple
        options = self.starts + (captured + 3) // 4 * 4
        room = np.where(simple, 0, offsets + totals - 4 - options)
        inside = (self.starts + captured <= offsets + totals - 4) & (room >= 0) & described
        inside &= totals >= np.where(simple, _FRAME + 4, _HEAD + 4)
        if len(self._limits):
            inside &= (self.ticks <= self._limits[known].astype(np.uint64)) & (self._limits[known] >= 0)
        right &= inside | ~packets
        self.flags = np.zeros(len(offsets), np.uint32)
        self.flagged: Mask = np.zeros(len(offsets), np.bool_)
        self.comments: list[tuple[Ints, Ints, Ints]] = []
        which = np.flatnonzero(right & packets & (room > 0))
        if len(which):
            self._options(octets, which, options[which], (options + room)[which], right)
        return len(offsets) if right.all() else int(right.argmin())

    def _options(self, octets: memoryview, which: Ints, at: Ints, ends: Ints, right: Mask) -> None:
        """Reads the options of these packets, each from `at` to its end, and notes which are not ordinary."""
        for _ in range(_MOST_OPTIONS):
            there = ends - at >= 4
            if not there.all():
                which, at, ends = which[there], at[there], ends[there]
            if not len(which):
                return
            halves = np.ascontiguousarray(_heads(octets, at, 1, self._order)).view(f"{self._order}u2")
            codes, lengths = halves.astype(np.int64).T
            at = at + 4
            wrong = (lengths > ends - at) & (codes != 0)
            marks = codes == _FLAGS
            if marks.any():
                wrong |= marks & ((lengths != 4) | self.flagged[which])
                marks &= ~wrong
                self.flags[which[marks]] = _heads(octets, at[marks], 1, self._order)[:, 0]
                self.flagged[which[marks]] = True
            if wrong.any():
                right[which[wrong]] = False
            noted = (codes == _COMMENT) & ~wrong
            if noted.all():
                self.comments.append((which, at, at + lengths))
            elif noted.any():
                self.comments.append((which[noted], at[noted], (at + lengths)[noted]))
            more = (codes != 0) & ~wrong
            if not more.any():
                return
            at = at + (lengths + 3) // 4 * 4
            if not more.all():
                which, at, ends = which[more], at[more], ends[more]
        right[which[ends - at >= 4]] = False

    def block(self, octets: memoryview, offsets: Ints, end: int, left: int | None) -> RecordBlock:
        """The packets of the blocks that were usable."""
        count, interfaces = len(offsets), self._interfaces
        packets: Ints | slice = slice(count)
        if not self.packets[:count].all():
            packets = np.flatnonzero(self.packets[:count])
        number, flags = self.interface[packets], self.flags[packets]
        fcs = interfaces["fcs"][number]
        indicated = (flags >> np.uint32(_FCS_SHIFT)) & np.uint32(_FCS_MASK)
        rates = interfaces["ticks_per_second"][number]
        times = np.empty(len(number), np.int64)
        ticks = self.ticks[packets]
        for rate in np.unique(rates).tolist():  # powers of 2 or 10, so there are few
            of = rates == rate
            times[of] = _times(ticks[of], rate)
        times += interfaces["time_offset_ns"][number]
        simple = self.simple[packets]
        times[simple] = 0
        return RecordBlock(
            np.frombuffer(octets, np.uint8),
            self.starts[packets],
            self.lengths[packets],
            self.wire[packets],
            times,
            interfaces["link_type"][number],
            np.where(indicated > 0, indicated.astype(np.int64), fcs),
            _ahead(left, offsets, end),
            number,
            flags,
            self.flagged[packets],
            ~simple if simple.any() else None,
            self._comments(count),
        )

    def _comments(self, count: int) -> tuple[Ints, Ints, Ints] | None:
        """The comments of the packets of so many blocks."""
        if not self.comments:
            return None
        which, starts, stops = self.comments[0]
        if len(self.comments) > 1:
            which, starts, stops = (np.concatenate(columns) for columns in zip(*self.comments, strict=True))
            order = np.argsort(which, kind="stable")
            which, starts, stops = which[order], starts[order], stops[order]
        here = int(np.searchsorted(which, count))
        packets = self.packets[:count]
        number = which[:here] if packets.all() else (np.cumsum(packets) - 1)[which[:here]]
        return number, starts[:here], stops[:here]


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
    """The packets of a pcapng file that follow, in such blocks, up to the first block that is not ordinary.

    `interfaces` as `InterfaceTable` gives them.
    """
    form = RecordFormat(order, _FRAME, 4, 0, 0 if order == "<" else 2)  # common: the lower half of the blocks' type
    blocks = _Blocks(order, interfaces)
    for octets_here, offsets, end in blocks_of(stream, memory, form, octets, maximum, blocks.usable):
        size = None if size is None or size < end else size - end
        block = blocks.block(octets_here, offsets, end, size)
        if len(block.starts):
            yield block
