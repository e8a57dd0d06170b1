"""The table of pending datagrams: by key, for a time, within a bound of memory.

Strategy: the oldest datagram is dropped first, when its time is over or when room is needed. What a sender can make the
table hold is charged at what it costs here, not at its octets alone.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable
from typing import Final, get_args

import msgspec

from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.reassembly.byte_ranges import ByteRanges, Drop, Overlap
from overlaycodec.values.argument_checks import check_choice, check_number

__all__ = ["MAX_OCTETS", "MAX_PENDING", "SECOND", "Fragment", "PendingDatagram", "ReassemblyTable"]

SECOND: Final = 1_000_000_000
MAX_OCTETS: Final = 1 << 24
MAX_PENDING: Final = 4096

# What each takes in CPython, measured, a little more than less.
_DATAGRAM_COST: Final = 800
_RANGE_COST: Final = 90
_HEADER_COST: Final = 150
_ELEMENT_COST: Final = 56


class Fragment(msgspec.Struct, frozen=True):
    """What a packet brings of a datagram."""

    start: int
    data: bytes
    total: int | None
    """The length of the datagram, where the fragment gives it."""
    head: Packet | None = None
    """The headers that the datagram will have, where this is its first fragment."""
    ecn: int = 0


class PendingDatagram:
    """One datagram, as far as it was received."""

    __slots__ = ("cost", "dropped", "ecn", "head", "ranges", "since")

    def __init__(self, since: int | None) -> None:
        self.since = since
        self.ranges = ByteRanges()
        self.head: Packet | None = None
        self.ecn = 0
        """A bit for each codepoint of congestion notification that was received."""
        self.dropped = False
        """Whether it was dropped; so are fragments that are still to come."""
        self.cost = _DATAGRAM_COST


class ReassemblyTable:
    """The pending datagrams of one reassembler."""

    def __init__(self, overlap: Overlap, lifetime_ns: int, max_octets: int, max_pending: int) -> None:
        for name, value in (("lifetime_ns", lifetime_ns), ("max_octets", max_octets), ("max_pending", max_pending)):
            check_number(name, value, 1)
        check_choice("overlap", overlap, get_args(Overlap))
        self._pending: OrderedDict[Hashable, PendingDatagram] = OrderedDict()
        self._overlap: Overlap = overlap
        self._lifetime, self._max_octets, self._max_pending = lifetime_ns, max_octets, max_pending
        self.octets = 0
        self.drops: Counter[Drop] = Counter()

    def __len__(self) -> int:
        return len(self._pending)

    def drop(self, why: Drop) -> None:
        """Counts what was dropped."""
        self.drops[why] += 1

    def pending(self, key: Hashable, time_ns: int | None) -> PendingDatagram:
        """The datagram of this key, a new one if none is pending."""
        if time_ns is not None:
            check_number("time_ns", time_ns, None)
            self._expire(time_ns)
        datagram = self._pending.get(key)
        if datagram is not None and self._is_expired(datagram, time_ns):  # time stamps need not be in order
            self._drop_pending(key, Drop.EXPIRED)
            datagram = None
        if datagram is None:
            datagram = self._pending[key] = PendingDatagram(time_ns)
            self.octets += datagram.cost
            if len(self._pending) > self._max_pending:
                self._drop_pending(next(iter(self._pending)), Drop.EVICTED)
        elif datagram.since is None:
            datagram.since = time_ns
        return datagram

    def add(self, key: Hashable, datagram: PendingDatagram, fragment: Fragment) -> bytes | None:
        """Adds a fragment to the datagram of this key; gives all octets if it was the last one missing."""
        if why := self._refused(datagram, fragment):
            self.drop(why)
            if why is not Drop.DUPLICATE and self._overlap == "drop":
                self._drop_datagram(datagram)
            return None
        ranges = datagram.ranges
        if fragment.total is not None:
            ranges.total = fragment.total
        if fragment.head is not None and (datagram.head is None or self._overlap == "last"):
            datagram.head = fragment.head
        datagram.ecn |= 1 << fragment.ecn
        octets = ranges.joined()
        if octets is not None:
            self._remove(key)
            return octets
        self._charge(datagram, _cost_of(datagram))
        while self.octets > self._max_octets:
            self._drop_pending(next(iter(self._pending)), Drop.EVICTED)
        return None

    def _refused(self, datagram: PendingDatagram, fragment: Fragment) -> Drop | None:
        """Why the fragment cannot be one of this datagram; None if it was added."""
        if datagram.dropped:
            return Drop.OVERLAP
        known, stop = datagram.ranges.total, fragment.start + len(fragment.data)
        total = known if fragment.total is None else fragment.total
        if total is not None:
            if stop > total:
                return Drop.PAST_END
            if known is None:
                known = total if datagram.ranges.end <= total else None
            if total != known:
                return Drop.CONTRADICTION
        return datagram.ranges.add(fragment.start, fragment.data, self._overlap)

    def _drop_datagram(self, datagram: PendingDatagram) -> None:
        """Drops a datagram, and the fragments that are still to come."""
        datagram.dropped = True
        datagram.head = None
        datagram.ranges.clear()
        self._charge(datagram, _DATAGRAM_COST)

    def _remove(self, key: Hashable) -> None:
        """Removes a datagram."""
        self.octets -= self._pending.pop(key).cost

    def _charge(self, datagram: PendingDatagram, cost: int) -> None:
        self.octets += cost - datagram.cost
        datagram.cost = cost

    def _drop_pending(self, key: Hashable, why: Drop) -> None:
        if not self._pending[key].dropped:
            self.drop(why)
        self._remove(key)

    def _is_expired(self, datagram: PendingDatagram, time_ns: int | None) -> bool:
        return time_ns is not None and datagram.since is not None and time_ns - datagram.since > self._lifetime

    def _expire(self, time_ns: int) -> None:
        while self._pending:
            key, oldest = next(iter(self._pending.items()))
            if not self._is_expired(oldest, time_ns):
                return
            self._drop_pending(key, Drop.EXPIRED)


def _cost_of(datagram: PendingDatagram) -> int:
    headers = () if datagram.head is None else datagram.head.headers
    elements = sum(
        len(getattr(header, field.name) or ())
        for header in headers
        for field in header.__layout__.fields
        if field.kind == "items"
    )
    return (
        _DATAGRAM_COST
        + datagram.ranges.octets
        + _RANGE_COST * len(datagram.ranges)
        + _HEADER_COST * len(headers)
        + _ELEMENT_COST * elements
        + sum(map(octets_in, headers))
    )
