"""The state of one decode: the headers read so far, how far they reach, the trailers and the faults.

Strategy: the steps (see `decode_step`) handle the common case inline and call here only where a region does not end
just where the octets at hand do. `end` is where the present region ends in the octets at hand. `wire_end` is None where
that is its true end; otherwise the region goes on to the octet `wire_end` on the wire, and only an absent octet that a
header needs is a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, Final

from overlaycodec.errors import DecodeError, LengthFieldError, TruncatedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import RecordSpans, is_unbounded
from overlaycodec.packet.packet import Trailer
from overlaycodec.packet.paths import Namer
from overlaycodec.schema.layout import Layout

__all__ = ["CAPTURED", "UNKNOWN", "DecodeState"]

UNKNOWN: Final = 1 << 62
"""The `wire_end` of a fragment and of a quoted packet, which nothing gives."""

CAPTURED: Final = "the captured octets"
"""What bounds a packet where nothing in it does."""


class DecodeState(list[Header]):
    """What is known so far of one packet: the headers, and beside them how far they reach and what is wrong.

    It is the list of headers itself, since to begin a decode must cost little.
    """

    # what most packets leave as it is: defaults of the class
    trailers: Sequence[Trailer] = ()
    """Outermost first."""
    faults: Sequence[DecodeError] = ()
    lax = False
    wire_end: int | None = None
    truncated_by = CAPTURED
    """What ends the octets at hand, where the region goes on on the wire."""
    fault_pos = 0
    """Where the header with the faulty bound ends; 0: no bound is at fault."""
    zero_length = -1
    """The index of the last IP header whose length was 0."""
    named = 0
    """The number of headers that `namer` named."""
    namer: Namer

    def has_no_bound(self, data: bytes, end: int) -> bool:
        """Whether the region ends with the octets at hand, and no length field of a header says so."""
        return end == len(data) and all(header.__layout__.extent is None for header in self)

    def path_of_last(self, field: str) -> str:
        """The full path of a field of the last header read."""
        if not self.named:
            self.namer = Namer()
        name = ""
        for header in self[self.named :]:
            name = self.namer.add(header)
        self.named = len(self)
        return f"{name}.{field}"

    def add_fault(self, fault: DecodeError) -> None:
        """Keeps a fault that lax decoding does not raise."""
        self.faults = self.faults or []
        assert isinstance(self.faults, list)
        self.faults.append(fault)

    def end_by_length(self, layout: Layout, value: int, data: bytes, pos: int, stop: int, end: int) -> int:
        """Where the payload of the header at `pos` ends, by its length field. Raises: DecodeError where strict."""
        extent = layout.extent
        assert extent is not None
        if value == 0 and is_unbounded(self, len(self) - 1):
            if extent.zero == "unbounded":
                self.zero_length = len(self) - 1
            return end
        start = pos if extent.from_start else stop
        claimed = pos + extent.end_of(value, stop - pos)
        minimum = -(-(stop - start - extent.bias) // extent.unit)
        return self._claimed_end(
            layout, extent.field.name, value, data, pos, start, stop, claimed, end, minimum, segment=extent.segmented
        )

    def end_by_type(self, layout: Layout, value: int, data: bytes, pos: int, stop: int, end: int) -> int:
        """Where the payload ends, by a type field that is a length (IEEE 802.3)."""
        assert layout.selector is not None
        return self._claimed_end(layout, layout.selector.name, value, data, pos, stop, stop, stop + value, end, 0)

    def end_by_option(  # Any: elements of an option list
        self, layout: Layout, options: tuple[Any, ...], data: bytes, pos: int, stop: int, end: int
    ) -> int:
        """Where the payload ends: where a jumbo payload option gives its length, that is the end (RFC 2675)."""
        assert layout.jumbo is not None
        if self.zero_length == len(self) - 2 and (value := layout.jumbo.value_in(options)) is not None:
            name = layout.jumbo.options
            return self._claimed_end(layout, name, value, data, pos, pos, stop, pos + value, end, stop - pos)
        return end

    def _claimed_end(
        self,
        layout: Layout,
        name: str,
        value: int,
        data: bytes,
        pos: int,
        start: int,
        stop: int,
        claimed: int,
        end: int,
        minimum: int,
        *,
        segment: bool = False,
    ) -> int:
        """Where the payload ends in the octets at hand, if the field `name` claims the end `claimed`."""
        if claimed < stop:
            self.fault_pos = stop
            raise LengthFieldError(value, f"{layout.name}.{name}", self._bits_of(layout, name, pos, stop), minimum)
        if claimed <= end:
            if claimed < end:
                self.add_trailer(data, claimed, end)
            self.wire_end = None
            return claimed
        if self.wire_end is not None and claimed <= self.wire_end:
            self.wire_end = claimed
        elif segment:  # the first of several: the rest of the frame is in the others
            if self.wire_end is None:
                self.truncated_by = "the segment"
            self.wire_end = claimed
        else:
            self.fault_pos = stop
            bits = self._bits_of(layout, name, pos, stop)
            error = TruncatedError(claimed - start, f"{layout.name}.{name}", bits, end - start, claim=True)
            if not self.lax:
                raise error
            self.add_fault(error.rebased(self.path_of_last(name), ""))
        return end

    def add_trailer(self, data: bytes, start: int, end: int) -> None:
        """Keeps the octets after the end of the last header read as its trailer."""
        self.trailers = self.trailers or []
        assert isinstance(self.trailers, list)
        self.trailers.append(Trailer(len(self) - 1, data[start:end]))

    def copied(self) -> DecodeState:
        """The same state, for a step that may be undone."""
        copied = copy(self)
        copied.trailers, copied.faults, copied.named = list(self.trailers), list(self.faults), 0
        return copied

    def enter_fragment(self) -> None:
        """What follows is a first fragment."""
        self.wire_end, self.truncated_by = UNKNOWN, "the fragment"

    def enter_quotation(self) -> None:
        """What follows is a quoted packet: it is read as far as it goes, whatever it lacks."""
        self.lax = True
        self.wire_end, self.truncated_by = UNKNOWN, "the quotation"

    def _bits_of(self, layout: Layout, name: str, pos: int, stop: int) -> tuple[int, int]:
        """The bits of a field of the last header read; for a list of options, those of the whole header."""
        bit, count = layout.fixed_bit_of(name), layout.by_name[name].bits
        if count is None:
            return pos * 8, stop * 8 - 1
        if bit is None:
            return RecordSpans(self[-1], pos * 8).of(((name, None),), name)
        return pos * 8 + bit, pos * 8 + bit + count - 1
