"""Wholes that wait for their pieces: by key, for a time, within a bound of memory.

Strategy: what waits longest goes first, when its time is over or when room is needed. What a sender can make us hold is
charged for at what it costs here, not at its octets alone.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable
from typing import Final

import msgspec

from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.reassembly.byte_ranges import Drop, Overlap, Pieces

__all__ = ["MAX_OCTETS", "MAX_WHOLES", "SECOND", "Piece", "Unfinished", "Waiting"]

SECOND: Final = 1_000_000_000
MAX_OCTETS: Final = 1 << 24
MAX_WHOLES: Final = 4096

# What each takes in CPython, measured, a little more than less.
_WHOLE_COST: Final = 800
_PIECE_COST: Final = 90
_HEADER_COST: Final = 150
_ELEMENT_COST: Final = 56


class Piece(msgspec.Struct, frozen=True):
    """What a packet brings of a whole."""

    start: int
    data: bytes
    total: int | None
    """The length of the whole, where the piece tells it."""
    head: Packet | None = None
    """The headers that the whole will have, where this is its first piece."""
    ecn: int = 0


class Unfinished:
    """One whole, as far as it came."""

    __slots__ = ("cost", "dead", "ecn", "head", "pieces", "since")

    def __init__(self, since: int | None) -> None:
        self.since = since
        self.pieces = Pieces()
        self.head: Packet | None = None
        self.ecn = 0
        """A bit for each codepoint of congestion notification that came."""
        self.dead = False
        """It was given up; pieces that still come are dropped."""
        self.cost = _WHOLE_COST


class Waiting:
    """The unfinished wholes of one reassembler."""

    def __init__(self, overlap: Overlap, lifetime_ns: int, max_octets: int, max_wholes: int) -> None:
        for name, value in (("lifetime_ns", lifetime_ns), ("max_octets", max_octets), ("max_wholes", max_wholes)):
            if value < 1:
                raise ValueError(f"{name} is {value}, it must be positive")
        if overlap not in ("drop", "drop_piece", "first", "last"):
            raise ValueError(f"overlap is {overlap!r}, not 'drop', 'drop_piece', 'first' or 'last'")
        self._wholes: OrderedDict[Hashable, Unfinished] = OrderedDict()
        self._overlap: Overlap = overlap
        self._lifetime, self._max_octets, self._max_wholes = lifetime_ns, max_octets, max_wholes
        self.octets = 0
        self.drops: Counter[Drop] = Counter()

    def __len__(self) -> int:
        return len(self._wholes)

    def drop(self, why: Drop) -> None:
        """Counts what was dropped."""
        self.drops[why] += 1

    def at(self, key: Hashable, time_ns: int | None) -> Unfinished:
        """The whole of this key, a new one if none waits."""
        if time_ns is not None:
            self._expire(time_ns)
        whole = self._wholes.get(key)
        if whole is not None and self._is_over(whole, time_ns):  # time stamps need not be in order
            self._give_up(key, Drop.EXPIRED)
            whole = None
        if whole is None:
            whole = self._wholes[key] = Unfinished(time_ns)
            self.octets += whole.cost
            if len(self._wholes) > self._max_wholes:
                self._give_up(next(iter(self._wholes)), Drop.EVICTED)
        elif whole.since is None:
            whole.since = time_ns
        return whole

    def add(self, key: Hashable, whole: Unfinished, piece: Piece) -> bytes | None:
        """Adds a piece to the whole of this key; gives all its octets if it was the last one missing."""
        if why := self._refused(whole, piece):
            self.drop(why)
            if why is not Drop.DUPLICATE and self._overlap == "drop":
                self._kill(whole)
            return None
        pieces = whole.pieces
        if piece.total is not None:
            pieces.total = piece.total
        if piece.head is not None and (whole.head is None or self._overlap == "last"):
            whole.head = piece.head
        whole.ecn |= 1 << piece.ecn
        octets = pieces.whole()
        if octets is not None:
            self._remove(key)
            return octets
        self._charge(whole, _cost_of(whole))
        while self.octets > self._max_octets:
            self._give_up(next(iter(self._wholes)), Drop.EVICTED)
        return None

    def _refused(self, whole: Unfinished, piece: Piece) -> Drop | None:
        """Why the piece cannot be one of this whole; None if it was taken."""
        if whole.dead:
            return Drop.OVERLAP
        known, stop = whole.pieces.total, piece.start + len(piece.data)
        total = known if piece.total is None else piece.total
        if total is not None:
            if stop > total:
                return Drop.PAST_END
            if known is None:
                known = total if whole.pieces.end <= total else None
            if total != known:
                return Drop.CONTRADICTION
        return whole.pieces.add(piece.start, piece.data, self._overlap)

    def _kill(self, whole: Unfinished) -> None:
        """Gives a whole up, and what still comes of it."""
        whole.dead = True
        whole.head = None
        whole.pieces.clear()
        self._charge(whole, _WHOLE_COST)

    def _remove(self, key: Hashable) -> None:
        """Forgets a whole."""
        self.octets -= self._wholes.pop(key).cost

    def _charge(self, whole: Unfinished, cost: int) -> None:
        self.octets += cost - whole.cost
        whole.cost = cost

    def _give_up(self, key: Hashable, why: Drop) -> None:
        if not self._wholes[key].dead:
            self.drop(why)
        self._remove(key)

    def _is_over(self, whole: Unfinished, time_ns: int | None) -> bool:
        return time_ns is not None and whole.since is not None and time_ns - whole.since > self._lifetime

    def _expire(self, time_ns: int) -> None:
        while self._wholes:
            key, oldest = next(iter(self._wholes.items()))
            if not self._is_over(oldest, time_ns):
                return
            self._give_up(key, Drop.EXPIRED)


def _cost_of(whole: Unfinished) -> int:
    headers = () if whole.head is None else whole.head.headers
    elements = sum(
        len(getattr(header, field.name) or ())
        for header in headers
        for field in header.__layout__.fields
        if field.kind == "items"
    )
    return (
        _WHOLE_COST
        + whole.pieces.octets
        + _PIECE_COST * len(whole.pieces)
        + _HEADER_COST * len(headers)
        + _ELEMENT_COST * elements
        + sum(map(octets_in, headers))
    )
