"""Where the payload of each packet lies, for many packets at once.

Strategy: after each header, what follows it is noted as the payload; the next header that is read overwrites that. So
a packet that stops at a header that it does not have completely keeps it as payload, as the scalar decoder does.
"""

from __future__ import annotations

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints, Mask
from overlaycodec.columnar.column_buffers import Part, put
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.columnar.decode.group import Group

__all__ = ["Payloads"]


class Payloads:
    """The payloads of one output: where each starts and stops in the buffer of its batch."""

    __slots__ = ("_starts", "_stops")

    def begin(self, count: int) -> None:
        """Notes nothing of this many packets."""
        self._starts, self._stops = np.zeros(count, np.int64), np.zeros(count, np.int64)

    def note(self, group: Group) -> None:
        """Notes that the payload of these packets is all that is left."""
        base, which = group.base(), self._which(group)
        self._starts[which], self._stops[which] = base + group.offset, base + group.left

    def note_after_header(self, group: Group, left: Ints, early: Mask | None) -> None:
        """Notes the payload after the header that was read.

        A header that takes all octets leaves none. What is left after one that nothing follows is a trailer. `early`:
        where the header's own length is at fault; the payload then goes on to the end before (`left`).
        """
        node, which = group.node, self._which(group)
        starts = group.base() + group.offset
        nothing = node.takes_all or node.layout.next.closed
        stops = starts if nothing else group.base() + group.left
        if early is not None:
            stops = np.where(early, group.base() + left, stops)
        self._starts[which], self._stops[which] = starts, stops

    def _which(self, group: Group) -> Ints | slice:
        index = group.index
        return slice(None) if index is None else index

    def store(self, batch: Batch, output: Part, index: Ints, others: Ints) -> None:
        """Stores the payloads of the packets with these indexes, without those of the others."""
        if len(others):
            index = np.setdiff1d(index, others)
        octets, starts, stops = batch.octets, self._starts[index].tolist(), self._stops[index].tolist()
        found = [octets[start:stop].tobytes() for start, stop in zip(starts, stops, strict=True)]
        put("payload", index, found, output)
