"""pcap files: one header, then records until the end.

Strategy: the format is described once, for reader and writer. The reader trusts no length that it did not check.
Spec: draft-ietf-opsawg-pcap; for versions before 2.4 and the modified format, what libpcap does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from overlaycodec.capture.blocks import Block, Section
from overlaycodec.capture.buffered_reader import BufferedReader
from overlaycodec.capture.record import MAX_OCTETS, Interface, Record, check_number
from overlaycodec.errors import CaptureError, EncodeError

if TYPE_CHECKING:
    from overlaycodec.capture.bulk.record_blocks import RecordBlock

__all__ = ["FILE_HEADER", "MAGICS", "NANO", "RECORD_HEADER", "SECOND", "PcapReader", "link_word"]

_MICRO: Final = 0xA1B2C3D4
NANO: Final = 0xA1B23C4D
_MODIFIED: Final = 0xA1B2CD34  # micro, with 8 octets more in each record's header

FILE_HEADER: Final = "IHHiIII"  # magic, major, minor, zone, accuracy, snap length, link type
RECORD_HEADER: Final = "IIII"  # seconds, fraction, captured octets, octets on the wire

_LINK_TYPE: Final = 0x03FF_FFFF
_FCS_PRESENT: Final = 0x0400_0000
_FCS_SHIFT: Final = 28  # the top 4 bits count the FCS in units of 2 octets, if _FCS_PRESENT says so
_FCS_UNIT: Final = 2

SECOND: Final = 1_000_000_000  # in ns

# Magic as it is in the file: byte order, ticks in a second, octets of a record's header.
MAGICS: Final = {
    struct.pack(order + "I", magic): (order, ticks, record_octets)
    for order in "<>"
    for magic, ticks, record_octets in ((_MICRO, 10**6, 16), (NANO, 10**9, 16), (_MODIFIED, 10**6, 24))
}


def link_word(link_type: int, fcs_octets: int | None, index: int) -> int:
    """The last word of the file header, for the record of that index. Raises: EncodeError."""
    word = check_number(index, "link_type", link_type, _LINK_TYPE)
    if fcs_octets is not None:
        units, rest = divmod(check_number(index, "fcs_octets", fcs_octets, _FCS_UNIT * 0xF), _FCS_UNIT)
        if rest:
            path = f"records[{index}].fcs_octets"
            raise EncodeError(path, fcs_octets, f"= {fcs_octets}: pcap counts it in 2 octets")
        word |= _FCS_PRESENT | units << _FCS_SHIFT
    return word


class PcapReader:
    """The records of one pcap file, from a stream at its start."""

    format: Literal["pcap"] = "pcap"
    section: None = None

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        order, ticks, self._header_octets = MAGICS[stream.buffer[stream.at : stream.at + 4]]
        self._order = order
        self.byte_order: Literal["little", "big"] = "little" if order == "<" else "big"
        self._unpack = struct.Struct(order + RECORD_HEADER).unpack_from
        header = struct.Struct(order + FILE_HEADER)
        if not stream.has(header.size):
            raise CaptureError(
                f"the file header needs {header.size} octets, {stream.available} are there", stream.octet
            )
        self._header = stream.buffer[stream.at : stream.at + header.size]
        _, major, minor, _, _, snap_length, word = header.unpack_from(stream.buffer, stream.at)
        if major < 2:
            raise CaptureError(f"pcap version {major}.{minor} is not known", stream.octet + 4)
        # Up to 2.2 the two lengths were in the other order; 2.3 was written in both orders.
        self._swapped, self._ambiguous = (major, minor) < (2, 3), (major, minor) == (2, 3)
        stream.at += header.size
        fcs_octets = _FCS_UNIT * (word >> _FCS_SHIFT) if word & _FCS_PRESENT else None
        self.interfaces = (
            Interface(
                link_type=word & _LINK_TYPE,
                snap_length=snap_length,
                ticks_per_second=ticks,
                fcs_octets=fcs_octets,
            ),
        )

    def interface(self, number: int) -> Interface | None:
        """The file's interface; None for a number other than 0."""
        return None if number else self.interfaces[0]

    def records(self) -> Iterator[Record]:
        """Each record in turn.

        Raises: CaptureError where the file is damaged, after all records before the damage.
        """
        stream, unpack, header_octets = self._stream, self._unpack, self._header_octets
        odd = self._swapped or self._ambiguous
        (interface,) = self.interfaces
        link_type, fcs_octets = interface.link_type, interface.fcs_octets
        tick = SECOND // interface.ticks_per_second
        while stream.has(header_octets):
            seconds, fraction, captured, wire = unpack(stream.buffer, stream.at)
            if odd and (self._swapped or captured > wire):
                captured, wire = wire, captured
            if captured > MAX_OCTETS:
                raise CaptureError(f"a record of {captured} octets: at most {MAX_OCTETS} are read", stream.octet + 8)
            if not stream.has(header_octets + captured):
                there = stream.available - header_octets
                raise CaptureError(f"the record has {captured} octets, {there} are there", stream.octet)
            start = stream.at + header_octets
            end = stream.at = start + captured
            time_ns = seconds * SECOND + fraction * tick
            yield Record(stream.buffer[start:end], link_type, time_ns, wire, 0, (), fcs_octets, None)
        if stream.available:
            raise CaptureError(
                f"the record header needs {header_octets} octets, {stream.available} are there", stream.octet
            )

    def blocks(self) -> Iterator[Block]:
        """The file header, then each record in turn, with its octets. Raises: CaptureError as `records` does."""
        stream, section = self._stream, Section(self._header, self.byte_order, list(self.interfaces))
        yield Block(kind=None, octets=section.header, section=section)
        for record in self.records():
            start = stream.at - self._header_octets - len(record.data)
            yield Block(kind=None, octets=stream.buffer[start : stream.at], record=record, section=section)

    def record_blocks(self, octets: int, memory: memoryview | None, size: int | None) -> Iterator[RecordBlock]:
        """The records in blocks of about `octets` octets.

        Each block takes the memory of the one before, unless the file is in memory already (`memory`). A record of more
        octets makes a larger block. `size` is that of the file, where it is known. Where the file is damaged this
        stops, and `records`, which continues there, raises the error.
        """
        from overlaycodec.capture.bulk.record_blocks import pcap_blocks

        if self._swapped or self._ambiguous:
            return iter(())
        header, (interface,) = self._header_octets, self.interfaces
        most = header + MAX_OCTETS
        return pcap_blocks(self._stream, memory, size, octets, self._order, header, most, interface)
