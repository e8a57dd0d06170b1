"""Where a record begins, behind some octet in the middle of a capture file.

Strategy: every octet from there on, as far as the longest record goes, is taken for the start of a record, and all are
followed at once. The file's own records are among them, and go on to its end. The others break off, or meet one of
those. Where only one is left, and it is behind all that was taken for a start, a record of the file begins there: not
by its looks, but because no other is possible. So a packet that holds a whole capture file is no trap: at the worst,
nothing is proven. It rests on records of at most `LONGEST` octets; who reads the file up to there sees whether it is
true.

A record of pcap has its length twice, where the packet is complete. So each record has a twin, which begins 4 octets
later, has the second length for the first, and is followed by the next one's twin. If the twin were the record, the
microsecond of all packets would be their length; the time decides that it is not.
"""

from __future__ import annotations

from typing import Final

from overlaycodec.capture.record_chains import Chain, Window
from overlaycodec.capture.source import Source

__all__ = ["boundary_after"]

_PATIENCE: Final = 16
"""After so many times the longest record, nothing is proven any more."""
_ONWARDS: Final = 4
"""So many records follow a boundary, unless the file ends."""


def boundary_after(source: Source, octet: int, chain: Chain) -> tuple[int, Window] | None:
    """The octet at which a record begins, and what was read; None where none is proven, as at the end of the file.

    A record begins at most `reach` octets after the octet. So only those ends count that are farther: the others are
    starts of records that are taken for one anyway, or of none.
    """
    window = Window(source, octet)
    marks = bytearray(2 * chain.reach + 1)
    marks[chain.reach] = 1
    for following in chain.ends(window):
        marks[following] = 1
    at = marks.find(1)
    while 0 <= at < _PATIENCE * chain.reach:
        if not window.has(at + chain.header):
            return None
        other = marks.find(1, at + 1)
        if other < 0 or (other - at == chain.twin and marks.find(1, other + 1) < 0):  # this is left, or it and its twin
            return (octet + at, window) if _goes_on(window, at, chain) else None
        end = chain.end(window, at)
        if end is not None:
            if end >= len(marks):
                marks.extend(bytes(end + chain.reach - len(marks)))
            marks[end] = 1
            other = min(other, end)
        at = other
    return None


def _goes_on(window: Window, at: int, chain: Chain) -> bool:
    """Whether records follow, or the end of the file, and none of them is a twin of one."""
    for _ in range(_ONWARDS):
        if not chain.is_timely(window, at):
            return False
        end = chain.end(window, at)
        if end is None:
            return False
        if not window.has(end + chain.header):
            return True
        at = end
    return True
