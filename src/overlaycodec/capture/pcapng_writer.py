"""Writing records as pcapng: an interface for each kind of record, a packet block for each record."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from overlaycodec.capture import pcapng
from overlaycodec.capture.pcapng import ORDERS, Order
from overlaycodec.capture.record import MAX_INTERFACES, MAX_OCTETS, Interface, Record, check_number
from overlaycodec.errors import EncodeError, LengthOverflowError

__all__ = ["SECOND", "Described", "PcapngWriter", "checked_length", "checked_time", "time_offset"]

if TYPE_CHECKING:
    from overlaycodec.capture.frames import Frames

_MAX_OPTION = 0xFFFF
_ENHANCED_OCTETS = struct.calcsize("<" + pcapng.ENHANCED_FIELDS) + pcapng.FRAME

SECOND = 1_000_000_000  # in ns
_LATEST_NS = (1 << 63) * SECOND - 1
"""The last time that can be written, since if_tsoffset has 64 bits and a sign; the earliest one is its complement."""
_OFFSETS = 1 << 32
"""Time offsets are multiples of so many seconds, so that a file needs few of them."""


def time_offset(time_ns: int) -> int:
    """The time offset, in seconds, of an interface with this time: 0 where 64 bits of nanoseconds since 1970 do."""
    return 0 if 0 <= time_ns < 1 << 64 else time_ns // (_OFFSETS * SECOND) * _OFFSETS


def checked_time(record: Record, index: int) -> int:
    """The time stamp of a record, 0 where it has none. Raises: FieldRangeError."""
    time_ns = 0 if record.time_ns is None else record.time_ns
    return check_number(index, "time_ns", time_ns, _LATEST_NS, "ns", minimum=~_LATEST_NS)


def checked_length(index: int, data: bytes, options: bytes) -> int:
    """The octets of an enhanced packet block. Raises: LengthOverflowError."""
    total = len(data) + (-len(data) & 3) + len(options) + _ENHANCED_OCTETS
    if total > MAX_OCTETS:
        raise LengthOverflowError(f"records[{index}]", total, MAX_OCTETS)
    return total


class Described(Protocol):
    """A capture that describes its interfaces."""

    def interface(self, number: int) -> Interface | None:
        """An interface that records were captured on, if it was described so far."""
        ...


class PcapngWriter:
    """Writes pcapng in nanoseconds and, where no section was begun otherwise, little-endian order.

    Records with the same interface, link type and FCS length share an interface in the file; interfaces are numbered in
    the order of their first records, and keep their descriptions in `source`. Times before 1970, and those that 64 bits
    of nanoseconds do not reach, need an interface with another time offset. A record without time stamp becomes a
    simple packet block where that can hold it (interface 0, not truncated, no comments, no flags), else an enhanced
    packet block with time 0.
    """

    def __init__(self, write: Callable[[bytes], None], source: Described | None = None) -> None:
        self._write = write
        self._source = source
        self._described: tuple[Interface, bytes] | None = None
        self._interfaces: dict[object, int] = {}
        self._order: Order | None = None
        """The byte order of the section, once it is begun."""
        self.count = 0

    @property
    def _layouts(self) -> Order:
        """Those of the section; begins one where there is none."""
        if self._order is None:
            self._order = ORDERS["little"]
            self._put(pcapng.SECTION, self._order.section.pack(pcapng.BYTE_ORDER_MAGIC, 1, 0, -1))
        return self._order

    def add(self, record: Record, index: int) -> None:
        """Write one record, and its interface before it where that is new.

        `index` is its number in what is to be written. Raises: EncodeError, and then nothing of it is written.
        """
        check_number(index, "wire_length", record.wire_length, 0xFFFF_FFFF)
        time_ns = checked_time(record, index)
        options = b""
        if record.comments or record.flags is not None:
            options = self._comments(record, index) + self._flags(record, index) + self._opt(pcapng.OPT_END, b"")
        offset = time_offset(time_ns)
        interface = self._interface_of(record, index, offset)
        if record.time_ns is None and interface == 0 and not options and record.wire_length == len(record.data):
            self._put_simple(index, record.data)
        else:
            self._put_packet(index, interface, time_ns - offset * SECOND, record, options)
        self.count += 1

    def add_frames(self, frames: Frames, link_type: int, time_ns: int | None) -> None:
        """Write frames as records, without an object for each."""
        from overlaycodec.capture.bulk.record_write import checked_lengths, checked_times, joined, parts_of, words

        if frames.time_ns is not None and len(frames) and frames.time_ns.min() < 0:
            for number, frame in enumerate(frames):
                own_ns = int(frames.time_ns[number])
                self.add(Record(frame, link_type, own_ns, fcs_octets=frames.fcs_octets), number)
            return
        kind = Record(b"", link_type, fcs_octets=frames.fcs_octets)
        interface = self._interface_of(kind, 0, time_offset(time_ns or 0)) if len(frames) else 0
        timed = interface != 0 or frames.time_ns is not None or time_ns is not None
        before = _ENHANCED_OCTETS if timed else pcapng.FRAME + 4
        lengths = checked_lengths(frames, self.count, MAX_OCTETS - _ENHANCED_OCTETS - 3)
        first_ns = (time_ns or 0) - time_offset(time_ns or 0) * SECOND
        times = checked_times(frames, self.count, first_ns, (1 << 64) - 1)
        for part in parts_of(frames):
            captured = lengths[part]
            totals, count = captured + -captured % 4 + before, len(captured)
            if timed:
                clock = times[part]
                stamp = clock >> clock.dtype.type(32), clock & clock.dtype.type(0xFFFF_FFFF)
                heads = words(pcapng.ENHANCED_PACKET, totals, interface, *stamp, captured, captured, count=count)
            else:
                heads = words(pcapng.SIMPLE_PACKET, totals, captured, count=count)
            self._write(joined(frames, part, heads, words(totals, count=count), 4).tobytes())
        self.count += len(frames)

    def _comments(self, record: Record, index: int) -> bytes:
        return b"".join(self._text(comment, f"records[{index}].comments") for comment in record.comments)

    def _flags(self, record: Record, index: int) -> bytes:
        if record.flags is None:
            return b""
        check_number(index, "flags", record.flags, 0xFFFF_FFFF)
        # The FCS length is in the interface; a second one here would contradict `fcs_octets`.
        return self._opt(pcapng.EPB_FLAGS, self._layouts.word.pack(record.flags & ~pcapng.FCS_MASK))

    def finish(self, link_type: int) -> None:
        """Without records, write an interface with this link type."""
        if not self._interfaces:
            self._interface_of(Record(b"", link_type), 0, 0)

    def _interface_of(self, record: Record, index: int, offset: int) -> int:
        """The number of the interface for a record, whose times count from `offset` seconds after 1970."""
        description = b"" if self._source is None else self._description(self._source, record.interface)
        key = record.interface, record.link_type, record.fcs_octets, offset, description
        number = self._interfaces.get(key)
        if number is None:
            number = self._next_number(record.interface, index)
            body = self._fields(record, index) + description + self._times(offset) + self._fcs(record, index)
            self._put(pcapng.INTERFACE, body + self._opt(pcapng.OPT_END, b""))
            self._interfaces[key] = number
        return number

    def _next_number(self, interface: int, index: int) -> int:
        """The number of the next interface that is written. Raises: EncodeError where there are too many."""
        number = self._written_interfaces()
        if number >= MAX_INTERFACES:
            path = f"records[{index}].interface"
            raise EncodeError(path, interface, f"would need more than {MAX_INTERFACES} interfaces in a file")
        return number

    def _written_interfaces(self) -> int:
        """How many interfaces the section has."""
        return len(self._interfaces)

    def _fields(self, record: Record, index: int) -> bytes:
        """The fields of an interface for a record, which does not limit its length."""
        return self._layouts.interface.pack(check_number(index, "link_type", record.link_type, 0xFFFF), 0, 0)

    def _times(self, offset: int) -> bytes:
        """The options of an interface whose times count nanoseconds from `offset` seconds after 1970."""
        options = self._opt(pcapng.IF_TSRESOL, b"\x09")
        if offset:
            options += self._opt(pcapng.IF_TSOFFSET, offset.to_bytes(8, self._layouts.name, signed=True))
        return options

    def _fcs(self, record: Record, index: int) -> bytes:
        """The option of an interface for the FCS length of a record."""
        if record.fcs_octets is None:
            return b""
        return self._opt(pcapng.IF_FCSLEN, bytes([check_number(index, "fcs_octets", record.fcs_octets, 15)]))

    def _description(self, source: Described, number: int) -> bytes:
        """The options for name, description and comments of an interface, as its capture has them."""
        interface = source.interface(number)
        if interface is None:
            return b""
        if self._described is not None and self._described[0] is interface:
            return self._described[1]
        path = f"interfaces[{number}]"
        texts = [(pcapng.OPT_COMMENT, f"{path}.comments", comment) for comment in interface.comments]
        texts += [
            (code, f"{path}.{name}", text)
            for code, name, text in (
                (pcapng.IF_NAME, "name", interface.name),
                (pcapng.IF_DESCRIPTION, "description", interface.description),
            )
            if text is not None
        ]
        description = b"".join(self._text(text, path, code) for code, path, text in texts)
        self._described = interface, description
        return description

    def _put_packet(self, index: int, interface: int, ticks: int, record: Record, options: bytes) -> None:
        layouts, data = self._order or self._layouts, record.data
        octets, wire = len(data), record.wire_length
        total = checked_length(index, data, options)
        fields = layouts.enhanced_block.pack(
            pcapng.ENHANCED_PACKET, total, interface, ticks >> 32, ticks & 0xFFFF_FFFF, octets, wire
        )
        self._write(b"".join((fields, data, bytes(-len(data) & 3), options, layouts.word.pack(total))))

    def _put_simple(self, index: int, data: bytes) -> None:
        checked_length(index, data, b"")
        self._put(pcapng.SIMPLE_PACKET, self._layouts.word.pack(len(data)) + data + bytes(-len(data) & 3))

    def _put(self, kind: int, body: bytes) -> None:
        total = len(body) + pcapng.FRAME
        layouts = self._layouts
        self._write(layouts.block.pack(kind, total) + body + layouts.word.pack(total))

    def _opt(self, code: int, value: bytes) -> bytes:
        return self._layouts.option.pack(code, len(value)) + value + bytes(-len(value) & 3)

    def _text(self, text: str, path: str, code: int = pcapng.OPT_COMMENT) -> bytes:
        if "\0" in text:
            raise EncodeError(path, text, "holds a zero character, which would end it in the file")
        try:
            value = text.encode()
        except UnicodeEncodeError as error:
            raise EncodeError(path, text, f"is no UTF-8: {error.reason}") from None
        if len(value) > _MAX_OPTION:
            raise LengthOverflowError(path, len(value), _MAX_OPTION)
        return self._opt(code, value)
