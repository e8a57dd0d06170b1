"""Writing pcapng: one section, an interface for each kind of record, a packet block for each record."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from overlaycodec.capture import pcapng
from overlaycodec.capture.record import MAX_INTERFACES, MAX_OCTETS, Interface, Record, check_number
from overlaycodec.errors import EncodeError, LengthOverflowError

__all__ = ["Described", "PcapngWriter"]

if TYPE_CHECKING:
    from overlaycodec.capture.frames import Frames

_SECTION_TYPE = int.from_bytes(pcapng.SECTION_MAGIC, "little")
_MAX_OPTION = 0xFFFF
_ENHANCED_OCTETS = struct.calcsize("<" + pcapng.ENHANCED_FIELDS) + pcapng.FRAME


_SECOND = 1_000_000_000  # in ns
_LATEST_NS = (1 << 63) * _SECOND - 1
"""The last time that can be written, since if_tsoffset has 64 bits and a sign; the earliest one is its complement."""
_OFFSETS = 1 << 32
"""Time offsets are multiples of so many seconds, so that a file needs few of them."""


def _time_offset(time_ns: int) -> int:
    """The time offset, in seconds, of an interface with this time: 0 where 64 bits of nanoseconds since 1970 do."""
    return 0 if 0 <= time_ns < 1 << 64 else time_ns // (_OFFSETS * _SECOND) * _OFFSETS


class Described(Protocol):
    """A capture that describes its interfaces."""

    def interface(self, number: int) -> Interface | None:
        """An interface that records were captured on, if it was described so far."""
        ...


class PcapngWriter:
    """Writes pcapng in nanoseconds and little-endian order.

    Records with the same interface, link type and FCS length share an interface in the file; interfaces are numbered in
    the order of their first records, and keep their descriptions in `source`. Times before 1970, and those that 64 bits
    of nanoseconds do not reach, need an interface with another time offset. A record without time stamp becomes a
    simple packet block where that can hold it (interface 0, not truncated, no comments, no flags), else an enhanced
    packet block with time 0.
    """

    _section = struct.Struct("<" + pcapng.SECTION_FIELDS)
    _interface = struct.Struct("<" + pcapng.INTERFACE_FIELDS)
    _enhanced = struct.Struct("<II" + pcapng.ENHANCED_FIELDS)
    _block = struct.Struct("<II")
    _word = struct.Struct("<I")
    _option = struct.Struct("<HH")

    def __init__(self, write: Callable[[bytes], None], source: Described | None = None) -> None:
        self._write = write
        self._source = source
        self._described: tuple[Interface, bytes] | None = None
        self._interfaces: dict[tuple[int, int, int | None, int, bytes], int] = {}
        self.count = 0
        self._put(_SECTION_TYPE, self._section.pack(pcapng.BYTE_ORDER_MAGIC, 1, 0, -1))

    def add(self, record: Record, index: int) -> None:
        """Write one record, and its interface before it where that is new.

        `index` is its number in what is to be written. Raises: EncodeError, and then nothing of it is written.
        """
        data, wire, flags = record.data, record.wire_length, record.flags
        check_number(index, "wire_length", wire, 0xFFFF_FFFF)
        time_ns = 0 if record.time_ns is None else record.time_ns
        check_number(index, "time_ns", time_ns, _LATEST_NS, "ns", minimum=~_LATEST_NS)
        options = b""
        if record.comments or flags is not None:
            options = self._options(record, index)
        offset = _time_offset(time_ns)
        time_ns -= offset * _SECOND
        interface = self._interface_of(record, index, offset)
        padding = -len(data) & 3
        total = len(data) + padding + len(options) + _ENHANCED_OCTETS
        if total > MAX_OCTETS:
            raise LengthOverflowError(f"records[{index}]", total, MAX_OCTETS)
        if record.time_ns is None and interface == 0 and not options and wire == len(data):
            self._put(pcapng.SIMPLE_PACKET, self._word.pack(wire) + data + bytes(padding))
        else:
            fields = self._enhanced.pack(
                pcapng.ENHANCED_PACKET, total, interface, time_ns >> 32, time_ns & 0xFFFF_FFFF, len(data), wire
            )
            self._write(b"".join((fields, data, bytes(padding), options, self._word.pack(total))))
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
        interface = self._interface_of(kind, 0, _time_offset(time_ns or 0)) if len(frames) else 0
        timed = interface != 0 or frames.time_ns is not None or time_ns is not None
        before = _ENHANCED_OCTETS if timed else pcapng.FRAME + self._word.size
        lengths = checked_lengths(frames, self.count, MAX_OCTETS - _ENHANCED_OCTETS - 3)
        first_ns = (time_ns or 0) - _time_offset(time_ns or 0) * _SECOND
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

    def _options(self, record: Record, index: int) -> bytes:
        options = b"".join(self._text(comment, f"records[{index}].comments") for comment in record.comments)
        if record.flags is not None:
            check_number(index, "flags", record.flags, 0xFFFF_FFFF)
            # The FCS length is in the interface; a second one here would contradict `fcs_octets`.
            options += self._opt(pcapng.EPB_FLAGS, self._word.pack(record.flags & ~pcapng.FCS_MASK))
        return options + self._opt(pcapng.OPT_END, b"")

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
            number = len(self._interfaces)
            if number == MAX_INTERFACES:
                path = f"records[{index}].interface"
                raise EncodeError(path, record.interface, f"would need more than {MAX_INTERFACES} interfaces in a file")
            body = self._interface.pack(check_number(index, "link_type", record.link_type, 0xFFFF), 0, 0) + description
            body += self._opt(pcapng.IF_TSRESOL, b"\x09")
            if offset:
                body += self._opt(pcapng.IF_TSOFFSET, offset.to_bytes(8, "little", signed=True))
            if record.fcs_octets is not None:
                body += self._opt(pcapng.IF_FCSLEN, bytes([check_number(index, "fcs_octets", record.fcs_octets, 15)]))
            self._put(pcapng.INTERFACE, body + self._opt(pcapng.OPT_END, b""))
            self._interfaces[key] = number
        return number

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

    def _put(self, kind: int, body: bytes) -> None:
        total = len(body) + pcapng.FRAME
        self._write(self._block.pack(kind, total) + body + self._word.pack(total))

    def _opt(self, code: int, value: bytes) -> bytes:
        return self._option.pack(code, len(value)) + value + bytes(-len(value) & 3)

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
