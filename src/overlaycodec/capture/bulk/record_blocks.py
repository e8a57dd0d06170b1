"""Records in bulk: what the headers of many say, read with NumPy.

Strategy: a stretch is some octets of a file with whole records, of one kind, in which nothing is out of the ordinary.
Whatever else there is, the readers read record by record; so what is wrong with a file is said there, and only there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.buffered_reader import Window
from overlaycodec.capture.bulk.arrays import Ints
from overlaycodec.capture.bulk.record_scan import Chain, pieces_of
from overlaycodec.capture.record import Interface

__all__ = ["Stretch", "enhanced_stretches", "pcap_stretches"]

_SECOND: Final = 1_000_000_000
_LATEST: Final = 1 << 62
"""Time stamps beyond this, in ns, are left to those who reckon with any number."""
_FLAGS: Final = 2
_FCS_SHIFT, _FCS_MASK = 5, 0xF


class Stretch(NamedTuple):
    """Some records, one behind another."""

    octets: NDArray[np.uint8]
    """Octets that hold them, good until the next stretch is asked for."""
    starts: Ints
    """Where each packet begins."""
    lengths: Ints
    wire: Ints
    times: Ints
    """In ns."""
    link_types: NDArray[np.uint32]
    fcs: Ints
    ahead: int | None
    """About how many records follow; None where nobody knows."""


def _ahead(left: int | None, places: Ints, end: int) -> int | None:
    return None if left is None else max(left, 0) * len(places) // (end - int(places[0]))


def _heads(octets: memoryview, places: Ints, words: int, order: str) -> NDArray[np.uint32]:
    """The first 32-bit words at each place."""
    size = words * 4
    everywhere = np.ndarray((len(octets) - size + 1,), f"V{size}", buffer=octets, strides=(1,))
    return everywhere[places].view(f"{order}u4").reshape(-1, words)


def pcap_stretches(
    window: Window,
    whole: memoryview | None,
    size: int | None,
    octets: int,
    order: str,
    header: int,
    most: int,
    interface: Interface,
) -> Iterator[Stretch]:
    """The records of a pcap file, in pieces of some `octets` octets; `whole` and `size`: the file, as far as known."""
    chain = Chain(order, header, 8, header, 2 if order == "<" else 0)  # common: the upper half of the seconds
    for piece, places, end in pieces_of(window, whole, chain, octets, most):
        size = None if size is None or size < end else size - end  # a packed file is larger than it seems
        starts = places + header
        heads = _heads(piece, places, 4, order)
        times = heads[:, 0].astype(np.int64)
        times *= _SECOND
        times += heads[:, 1] * np.int64(_SECOND // interface.ticks_per_second)
        yield Stretch(
            np.frombuffer(piece, np.uint8),
            starts,
            np.append(places[1:], end) - starts,
            heads[:, 3].astype(np.int64),
            times,
            np.broadcast_to(np.uint32(interface.link_type), len(places)),
            np.broadcast_to(np.int64(interface.fcs_octets or 0), len(places)),
            _ahead(size, places, end),
        )


class _Blocks:
    """Enhanced packet blocks, as far as each is ordinary: with no options but the flags, and times that fit."""

    def __init__(self, order: str, interfaces: Sequence[Interface]) -> None:
        self._order, self._interfaces = order, interfaces
        self._limits = np.array([_limit(interface) for interface in interfaces], np.int64)

    def usable(self, octets: memoryview, places: Ints, end: int) -> int:
        """How many of the blocks at these places are ordinary, from the first on."""
        heads = _heads(octets, places, 7, self._order)
        totals, captured = heads[:, 1].astype(np.int64), heads[:, 5].astype(np.int64)
        self.interface = heads[:, 2]
        self.ticks = heads[:, 3].astype(np.uint64) << np.uint64(32) | heads[:, 4]
        self.starts, self.lengths, self.wire = places + 28, captured, heads[:, 6].astype(np.int64)
        options = self.starts + (captured + 3) // 4 * 4
        room = places + totals - 4 - options
        right = (heads[:, 0] == 6) & (totals == np.append(places[1:], end) - places) & (totals % 4 == 0)
        right &= (room >= 0) & (self.interface < len(self._interfaces))
        right &= _heads(octets, places + totals - 4, 1, self._order)[:, 0] == totals
        known = np.where(right, self.interface, 0)
        if len(self._limits):
            right &= self.ticks <= self._limits[known].astype(np.uint64)
            right &= self._limits[known] >= 0
        self.flags = np.zeros(len(places), np.uint32)
        right &= (room == 0) | (room >= 8)
        which = np.flatnonzero(right & (room > 0))
        if len(which):
            first = _heads(octets, options[which], 2, self._order)
            behind = _heads(octets, options[which] + np.minimum(8, room[which]), 1, self._order)[:, 0]
            head = 4 << 16 | _FLAGS if self._order == "<" else _FLAGS << 16 | 4
            right[which] = (first[:, 0] == head) & ((room[which] == 8) | (behind == 0))
            self.flags[which] = first[:, 1]
        return len(places) if right.all() else int(right.argmin())

    def stretch(self, octets: memoryview, places: Ints, end: int, left: int | None) -> Stretch:
        """The blocks that were usable."""
        count, interfaces = len(places), self._interfaces
        number = self.interface[:count]
        fcs = np.array([interface.fcs_octets or 0 for interface in interfaces], np.int64)[number]
        told = (self.flags[:count] >> np.uint32(_FCS_SHIFT)) & np.uint32(_FCS_MASK)
        times = np.empty(count, np.int64)
        for which in np.flatnonzero(np.bincount(number)).tolist():
            of = number == which
            times[of] = _times(self.ticks[:count][of], interfaces[which])
        return Stretch(
            np.frombuffer(octets, np.uint8),
            self.starts[:count],
            self.lengths[:count],
            self.wire[:count],
            times,
            np.array([interface.link_type for interface in interfaces], np.uint32)[number],
            np.where(told > 0, told.astype(np.int64), fcs),
            _ahead(left, places, end),
        )


def _limit(interface: Interface) -> int:
    """The last tick that is reckoned with; -1 where none is."""
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


def enhanced_stretches(
    window: Window,
    whole: memoryview | None,
    size: int | None,
    octets: int,
    order: str,
    most: int,
    interfaces: Sequence[Interface],
) -> Iterator[Stretch]:
    """The enhanced packet blocks of a pcapng file that follow, in such pieces, up to what is not ordinary."""
    chain = Chain(order, 32, 4, 0, 0 if order == "<" else 2)  # common: the lower half of the blocks' type
    blocks = _Blocks(order, interfaces)
    for piece, places, end in pieces_of(window, whole, chain, octets, most, blocks.usable):
        size = None if size is None or size < end else size - end
        yield blocks.stretch(piece, places, end, size)
