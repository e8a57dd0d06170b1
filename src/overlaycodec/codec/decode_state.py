"""The state of one walk through a packet: bounds, faults and trailers while headers are read one after another.

Strategy: the steps (see `stepper`) handle the usual case inline and call here only where a bound is not simply the end
of what is there. `end` is where the present region ends in the octets at hand. `cut` is None where that is its true
end; otherwise the region goes on beyond, up to octet `cut` on the wire, and only an absent octet that a header needs
is a fault.
"""

from __future__ import annotations

from typing import Any, Final

from overlaycodec.errors import DecodeError, LengthFieldError, TruncatedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Trailer
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.facts import LengthField
from overlaycodec.schema.layout import Layout

__all__ = ["CAPTURED", "UNKNOWN", "Walk"]

UNKNOWN: Final = 1 << 62
"""A wire end that nobody told: that of a fragment, or of a quoted packet."""

CAPTURED: Final = "the captured octets"
"""What bounds a packet where nothing in it does."""


class Walk(list[Header]):
    """What is known so far of one packet: the headers, and beside them how far they reach and what is wrong.

    It is the list of headers itself, since beginning a walk must cost little.
    """

    # what most packets leave as it is stands here once
    trailers: tuple[Trailer, ...] = ()
    faults: tuple[DecodeError, ...] = ()
    lax = False
    cut: int | None = None
    cut_by = CAPTURED
    stop = 0
    """Where the header before this fault ended, for faults of its bounds."""
    zero = -1
    """The index of the last IP header whose length was 0."""
    jumbo = False

    def path_of_last(self, field: str) -> str:
        """The full path of a field of the last header read."""
        return f"{names_of(self)[-1]}.{field}"

    def bound(self, layout: Layout, fact: LengthField, value: int, data: bytes, pos: int, stop: int, end: int) -> int:
        """Where the payload of the header at `pos` ends, by its length field. Raises: DecodeError where strict."""
        if value == 0 and fact.zero != "length":
            if fact.zero == "unbounded":
                self.zero = len(self) - 1
                return end
            if self.jumbo:
                return end
        start = pos if fact.origin == "start" else stop
        claim = start + fact.unit * value + fact.bias
        assert layout.bounds is not None
        name = layout.bounds.name
        minimum = -(-(stop - start - fact.bias) // fact.unit)
        return self._reach(layout, name, value, data, pos, start, stop, claim, end, minimum, pieces=fact.pieces)

    def length(self, layout: Layout, value: int, data: bytes, pos: int, stop: int, end: int) -> int:
        """Where the payload ends, by a type field that is a length (802.3)."""
        assert layout.selector is not None
        return self._reach(layout, layout.selector.name, value, data, pos, stop, stop, stop + value, end, 0)

    def jumbogram(
        self, layout: Layout, options: tuple[Any, ...], data: bytes, pos: int, stop: int, end: int
    ) -> int:  # Any: elements of a row
        """Where the payload ends, if a jumbo payload option says so (RFC 2675)."""
        assert layout.jumbo is not None
        if self.zero == len(self) - 2 and (value := layout.jumbo.octets_of(options)) is not None:
            self.jumbo = True
            row = layout.jumbo.options
            return self._reach(layout, row, value, data, pos, pos, stop, pos + value, end, stop - pos)
        return end

    def _reach(
        self,
        layout: Layout,
        name: str,
        value: int,
        data: bytes,
        pos: int,
        start: int,
        stop: int,
        claim: int,
        end: int,
        minimum: int,
        *,
        pieces: bool = False,
    ) -> int:
        """Holds a claimed end against what is there and what was on the wire."""
        if claim < stop:
            self.stop = stop
            raise LengthFieldError(value, f"{layout.name}.{name}", _bits(layout, name, pos, stop), minimum)
        if claim <= end:
            if claim < end:
                self.trail(data, claim, end)
            self.cut = None
            return claim
        if self.cut is not None and claim <= self.cut:
            self.cut = claim
        elif pieces:  # the first of more segments: the rest of the frame is in others
            if self.cut is None:
                self.cut_by = "the segment"
            self.cut = claim
        else:
            self.stop = stop
            error = TruncatedError(
                claim - start, f"{layout.name}.{name}", _bits(layout, name, pos, stop), end - start, claim=True
            )
            if not self.lax:
                raise error
            self.faults += (error.rebased(self.path_of_last(name), ""),)
        return end

    def trail(self, data: bytes, start: int, end: int) -> None:
        """Keeps the octets behind the end of the last header read as its trailer."""
        self.trailers = (Trailer(len(self) - 1, data[start:end]), *self.trailers)

    def fragment(self) -> None:
        """What follows is the first piece of more."""
        self.cut, self.cut_by = UNKNOWN, "the fragment"

    def quote(self) -> None:
        """What follows is a quoted packet: read as far as it goes, whatever it lacks."""
        self.lax = True
        self.cut, self.cut_by = UNKNOWN, "the quotation"


def _bits(layout: Layout, name: str, pos: int, stop: int) -> tuple[int, int]:
    """The bits of a field; of one whose place is not fixed, those of the whole header."""
    bit = layout.fixed_bit_of(name)
    if bit is None:
        return pos * 8, stop * 8 - 1
    first = pos * 8 + bit
    return first, first + (layout.by_name[name].bits or 0) - 1
