"""Two captures, compared packet by packet.

Strategy: a window of each capture is in memory. Packets are paired by criteria that become less and less certain: the
same octets at the same time; the same octets; the same innermost packet, but for what changes in transit; the same
time; and last, the same headers. Each criterion pairs packets between those that are paired already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from overlaycodec.capture import Capture, Record, open_capture
from overlaycodec.codec.catalog import Catalog
from overlaycodec.comparison.alignment import Pair, cheapest, common
from overlaycodec.comparison.changes import CaptureDiff, Change, Changed, RecordDiff
from overlaycodec.comparison.ignore_patterns import Ignored
from overlaycodec.comparison.packets import packet_diff
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet, VLANTag

if TYPE_CHECKING:
    import os

__all__ = ["WINDOW", "capture_diff", "record_diffs"]

WINDOW: Final = 2048
_IN_TRANSIT: Final = frozenset(("ttl", "hop_limit", "dscp", "ecn"))
"""What routers change, and checksums with it."""
_FIELDS: Final = tuple(name for name in Record.__struct_fields__ if name != "data")


def capture_diff(
    a: Capture | str | os.PathLike[str], b: Capture | str | os.PathLike[str], ignored: Ignored, catalog: Catalog
) -> CaptureDiff:
    """What differs between two captures. Raises: CaptureError, OSError."""
    same = 0
    different = []
    with _opened(a) as old, _opened(b) as new:
        for found in record_diffs(old, new, ignored, catalog):
            if found:
                different.append(found)
            else:
                same += 1
    return CaptureDiff(tuple(different), same)


def _opened(capture: Capture | str | os.PathLike[str]) -> AbstractContextManager[Capture]:
    return nullcontext(capture) if isinstance(capture, Capture) else open_capture(capture)


class _Side:
    """A capture, and the window of it that is in memory."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = iter(records)
        self.window: list[Record] = []
        self.number = 1
        """That of the first record in the window."""
        self.ended = False
        self.failure: Exception | None = None
        """Why no more records can be read, where that is not the end of the capture."""

    def fill(self) -> None:
        """Reads on, until the window is full."""
        while not self.ended and len(self.window) < WINDOW:
            record = None
            try:
                record = next(self._records, None)
            except Exception as error:
                self.failure = error
            if record is None:
                self.ended = True
            else:
                self.window.append(record)

    def drop(self, count: int) -> None:
        """Removes the first records of the window."""
        del self.window[:count]
        self.number += count


def record_diffs(a: Iterable[Record], b: Iterable[Record], ignored: Ignored, catalog: Catalog) -> Iterator[RecordDiff]:
    """Each packet of two captures, with what differs, in order; memory does not grow with them.

    Where a capture is damaged, the packets before the damage are compared. Those of the other capture that may belong
    to the damaged part are left out.

    Raises: what reading the captures raises, after the packets before that.
    """
    old, new = _Side(a), _Side(b)
    while True:
        old.fill()
        new.fill()
        for side in (old, new):
            if side.failure is not None and not side.window:
                raise side.failure
        if not old.window and not new.window:
            return
        pairs = _paired(old.window, new.window, catalog)
        if old.ended and new.ended:
            stop, end = len(old.window), len(new.window)
        elif pairs:
            stop, end = pairs[-1][0] + 1, pairs[-1][1] + 1
        else:
            stop, end = _unpaired(old, new)
        paired, other = pairs[-1] if pairs else (-1, -1)
        if old.failure is not None:  # no more packets after the last pair than the damaged capture has there
            end = min(end, other + len(old.window) - paired)
        if new.failure is not None:
            stop = min(stop, paired + len(new.window) - other)
        yield from _differences(old, new, pairs, stop, end, ignored, catalog)
        old.drop(stop)
        new.drop(end)


def _unpaired(old: _Side, new: _Side) -> tuple[int, int]:
    """How many records of two windows without a pair to report: the older ones of them."""
    halves = len(old.window) + 1 >> 1, len(new.window) + 1 >> 1
    if not old.window or not new.window:
        return halves
    first, second = old.window[halves[0] - 1].time_ns, new.window[halves[1] - 1].time_ns
    starts = old.window[0].time_ns, new.window[0].time_ns
    if None not in (first, second, *starts):
        if first < starts[1]:  # type: ignore[operator]  # None is not there
            return halves[0], 0
        if second < starts[0]:  # type: ignore[operator]
            return 0, halves[1]
    return halves


def _differences(
    old: _Side, new: _Side, pairs: Sequence[Pair], stop: int, end: int, ignored: Ignored, catalog: Catalog
) -> Iterator[RecordDiff]:
    """The differences of the records before these indexes of the windows."""
    i = j = 0
    for paired, other in [*pairs, (stop, end)]:
        left, right = old.window[i:paired], new.window[j:other]
        found = _same_headers(left, right, catalog) if left and right else []
        at = other_at = 0
        for match, other_match in [*found, (len(left), len(right))]:
            for number in range(at, match):
                yield RecordDiff(old.number + i + number, left[number], None, None)
            for number in range(other_at, other_match):
                yield RecordDiff(None, None, new.number + j + number, right[number])
            if match < len(left):
                numbers = old.number + i + match, new.number + j + other_match
                yield _compared(numbers[0], left[match], numbers[1], right[other_match], ignored, catalog)
            at, other_at = match + 1, other_match + 1
        if paired < stop:
            yield _compared(
                old.number + paired, old.window[paired], new.number + other, new.window[other], ignored, catalog
            )
        i, j = paired + 1, other + 1


def _compared(
    number: int, before: Record, new_number: int, after: Record, ignored: Ignored, catalog: Catalog
) -> RecordDiff:
    changes: list[Change] = []
    if before != after:
        complete = all(record.wire_length == len(record.data) for record in (before, after))
        for name in _FIELDS:
            value, other = getattr(before, name), getattr(after, name)
            if name == "wire_length" and complete:
                continue  # the octets differ too
            if value != other and name not in ignored:
                changes.append(Changed(name, None, value, name, None, other, (str(value), str(other))))
        if before.data != after.data or before.wire_length != after.wire_length:
            packets = before.decode(lax=True, catalog=catalog), after.decode(lax=True, catalog=catalog)
            changes += packet_diff(*packets, ignored)
    return RecordDiff(number, before, new_number, after, tuple(changes))


def _paired(a: Sequence[Record], b: Sequence[Record], catalog: Catalog) -> list[Pair]:
    """Indexes of records that are the same packet."""
    keys: tuple[Callable[[Record], Hashable], ...] = (
        lambda record: (record.data, record.time_ns),
        lambda record: record.data,
        lambda record: _identity(record.decode(lax=True, catalog=catalog)),
        lambda record: record.time_ns,
    )
    pairs: list[Pair] = []
    for key in keys:
        edges = [(-1, -1), *pairs, (len(a), len(b))]
        for before, after in pairwise(edges):
            left, right = a[before[0] + 1 : after[0]], b[before[1] + 1 : after[1]]
            if left and right:
                sides = list(map(key, left)), list(map(key, right))
                found = common(*(sides if key is not keys[-1] else map(_unique, sides)))
                pairs += [(before[0] + 1 + i, before[1] + 1 + j) for i, j in found]
        pairs.sort()
    return pairs


def _unique(keys: Sequence[Hashable]) -> list[Hashable]:
    """The keys; None for those that occur more than once, which identify no record."""
    counts = Counter(keys)
    return [key if counts[key] == 1 else None for key in keys]


def _identity(packet: Packet) -> Hashable:
    """What does not change in transit: the innermost packet without its link header and what routers change."""
    headers = packet.innermost.headers
    values: list[Any] = []  # Any: each field has its own type
    for header in headers:
        if isinstance(header, Ethernet | VLANTag):
            continue
        values += [
            getattr(header, field.name)
            for field in header.__layout__.fields
            if field.name not in _IN_TRANSIT and field is not header.__layout__.checksum
        ]
    return (tuple(values), packet.payload) if values or packet.payload else None


def _same_headers(a: Sequence[Record], b: Sequence[Record], catalog: Catalog) -> list[Pair]:
    """Indexes of records between two pairs that have the same headers."""
    names, others = ([record.decode(lax=True, catalog=catalog).names for record in records] for records in (a, b))

    def cost(i: int, j: int) -> int | None:
        return None if names[i] != others[j] else int(len(a[i].data) != len(b[j].data))

    return cheapest(len(a), len(b), cost, 2)
