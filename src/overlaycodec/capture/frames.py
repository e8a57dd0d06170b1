"""Packets in bulk: their octets, concatenated, as `encode_columns` gives them and a file holds them.

Strategy: no packet becomes an object unless it is asked for. The code that makes `Frames` loads NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from overlaycodec.errors import number_text
from overlaycodec.values.argument_checks import check_number
from overlaycodec.values.for_notebooks import ForNotebooks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Frames"]


class Frames(ForNotebooks):
    """The octets of packets, concatenated; iteration gives the bytes of each.

    `octets` are `(n,) uint8`; `starts` has the index where each packet begins and, one more, where the last ends;
    `time_ns` has a time stamp for each packet, if any has. `link_type` is that of all packets, None where their first
    header has none; `fcs_octets` as in a `Record`.
    """

    __slots__ = ("fcs_octets", "link_type", "octets", "starts", "time_ns")

    def __init__(
        self,
        octets: NDArray[np.uint8],
        starts: NDArray[np.int64],
        time_ns: NDArray[np.int64] | None = None,
        link_type: int | None = 1,
        fcs_octets: int | None = None,
    ) -> None:
        self.octets, self.starts, self.time_ns = octets, starts, time_ns
        self.link_type, self.fcs_octets = link_type, fcs_octets

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many octets each packet has."""
        return self.starts[1:] - self.starts[:-1]

    @property
    def rows(self) -> NDArray[np.uint8]:
        """One packet per row, in the same memory. Raises: ValueError where they are not all of one length."""
        lengths = self.lengths
        if not len(lengths):
            return self.octets.reshape(0, 0)
        if (lengths != lengths[0]).any():
            raise ValueError(f"these packets have {lengths.min()} to {lengths.max()} octets, not all the same")
        return self.octets.reshape(len(lengths), int(lengths[0]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> bytes:
        """The octets of one packet. Raises: IndexError, TypeError."""
        index = check_number("index", index, None)
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(f"there are {len(self)} packets, and none at {number_text(index)}")
        return self.octets[self.starts[at] : self.starts[at + 1]].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        for start, stop in pairwise(self.starts.tolist()):
            yield self.octets[start:stop].tobytes()

    def __repr__(self) -> str:
        return f"<Frames: {len(self)} packets, {len(self.octets)} octets>"
