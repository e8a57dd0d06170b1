"""Writing pcap: records in nanoseconds and little-endian order, or as the file that they are of has them.

Strategy: where the parts of a pcap file are written, its header decides byte order and time stamps; a record that is
not changed is written as its octets.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from overlaycodec.capture.blocks import SNAP_LENGTH
from overlaycodec.capture.pcap import FILE_HEADER, MAGICS, NANO, RECORD_HEADER, SECOND, link_word
from overlaycodec.capture.record import MAX_OCTETS, Record, check_number
from overlaycodec.errors import EncodeError, LengthOverflowError

if TYPE_CHECKING:
    from collections.abc import Callable

    from overlaycodec.capture.blocks import Block, Section
    from overlaycodec.capture.frames import Frames

__all__ = ["PcapWriter"]

_MAX_TIME_NS: Final = (1 << 32) * SECOND - 1
_LINK_WORD: Final = 20
"""Where the file header has its last word."""
_PLAIN: Final = struct.pack("<" + FILE_HEADER, NANO, 2, 4, 0, 0, SNAP_LENGTH, 0)


class PcapWriter:
    """Writes pcap from records, and from the parts of a file.

    A file cannot know beforehand whether a later time stamp will need nanoseconds, so it always has them, unless it
    begins with the header of another one. Comments, flags and interfaces are not kept.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._first: Record | None = None
        self._section: Section | None = None
        self._take(_PLAIN)
        self.count = 0

    def _take(self, header: bytes) -> None:
        """Write as a file with this header does."""
        self._header = header
        order, ticks, octets = MAGICS[header[:4]]
        self._tick = SECOND // ticks
        self._record = struct.Struct(order + RECORD_HEADER)
        self._more = bytes(octets - self._record.size)
        _, major, minor, _, _, self._limit, _ = struct.unpack(order + FILE_HEADER, header)
        self._swapped = (major, minor) < (2, 3)
        """The two lengths were in the other order up to version 2.2."""

    def add(self, record: Record, index: int) -> None:
        """Write one record; the first also decides the link type and the FCS length of the file header.

        `index` is its number in what is to be written. Raises: EncodeError, and then nothing of it is written.
        """
        self._check(record, index)
        seconds, rest = divmod(0 if record.time_ns is None else record.time_ns, SECOND)
        fraction, lost = divmod(rest, self._tick)
        if lost:
            path = f"records[{index}].time_ns"
            raise EncodeError(path, record.time_ns, "is finer than the microseconds of this file's header")
        head = self._record.pack(seconds, fraction, *self._lengths(record))
        self._put(record, head + self._more, index)

    def add_block(self, block: Block, index: int) -> None:
        """Write the part of a file: the header before its first record. Raises: EncodeError, as `add`."""
        record = block.record
        if block.kind is None and self._section is None and self._first is None:
            self._section = block.section
            self._take(block.section.header if record is not None else block.octets)
        if record is None:
            return
        same_time = block.original is None or record.time_ns == block.original.time_ns
        if block.kind is not None or block.section is not self._section or not same_time:
            self.add(record, index)
            return
        head = block.octets[: self._record.size + len(self._more)]
        if block.original is not None:
            self._check(record, index, block.original)
            seconds, fraction, _, _ = self._record.unpack_from(head)
            head = self._record.pack(seconds, fraction, *self._lengths(record)) + head[self._record.size :]
        self._put(record, head, index)

    def _check(self, record: Record, index: int, original: Record | None = None) -> None:
        octets = len(record.data)
        check_number(index, "data", octets, MAX_OCTETS, "octets")
        check_number(index, "time_ns", 0 if record.time_ns is None else record.time_ns, _MAX_TIME_NS, "ns")
        check_number(index, "wire_length", record.wire_length, 0xFFFF_FFFF)
        limit = 0 if self._section is None else self._limit
        if limit and octets > max(limit, 0 if original is None else len(original.data)):  # libpcap cuts off the rest
            raise LengthOverflowError(f"records[{index}].data", octets, limit)

    def _lengths(self, record: Record) -> tuple[int, int]:
        captured, wire = len(record.data), record.wire_length
        return (wire, captured) if self._swapped else (captured, wire)

    def _put(self, record: Record, head: bytes, index: int) -> None:
        if self._first is None:
            self._start(record.link_type, record.fcs_octets, index)
            self._first = record
        elif (record.link_type, record.fcs_octets) != (self._first.link_type, self._first.fcs_octets):
            field = "fcs_octets" if record.link_type == self._first.link_type else "link_type"
            value, first = getattr(record, field), getattr(self._first, field)
            reason = f"= {value}: a pcap file has one, here {first}; pcapng can hold both"
            raise EncodeError(f"records[{index}].{field}", value, reason)
        self._write(head + record.data)
        self.count += 1

    def add_frames(self, frames: Frames, link_type: int, time_ns: int | None) -> None:
        """Write frames as records, without an object for each."""
        from overlaycodec.capture.bulk.record_write import checked_lengths, checked_times, joined, parts_of, words

        lengths = checked_lengths(frames, self.count, MAX_OCTETS)
        times = checked_times(frames, self.count, time_ns or 0, _MAX_TIME_NS)
        for part in parts_of(frames):
            if self._first is None:
                self._start(link_type, frames.fcs_octets)
                self._first = Record(b"", link_type, fcs_octets=frames.fcs_octets)
            seconds, fraction = divmod(times[part], SECOND)
            heads = words(seconds, fraction, lengths[part], lengths[part], count=part.stop - part.start)
            self._write(joined(frames, part, heads, heads[:, :0], 1).tobytes())
        self.count += len(frames)

    def finish(self, link_type: int) -> None:
        """Without records, write a header with this link type."""
        if self._first is not None:
            return
        if self._section is None:
            self._start(link_type, None)
        else:
            self._write(self._header)

    def _start(self, link_type: int, fcs_octets: int | None, index: int = 0) -> None:
        word = link_word(link_type, fcs_octets, index)
        if self._section is None:
            self._write(self._header[:_LINK_WORD] + word.to_bytes(4, "little"))
            return
        (interface,) = self._section.interfaces
        if (link_type, fcs_octets) == (interface.link_type, interface.fcs_octets):
            self._write(self._header)
        else:
            self._write(self._header[:_LINK_WORD] + word.to_bytes(4, self._section.byte_order))
