"""pcapng files: sections of blocks, each block with its length before and after it.

Strategy: blocks that hold packets or describe interfaces are read in place, all others are skipped by their length.
A block is accepted only if its two lengths agree, so a file that is truncated or overwritten ends in an error.
Spec: draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, NoReturn

from overlaycodec.capture.blocks import Block, Section
from overlaycodec.capture.buffered_reader import BufferedReader
from overlaycodec.capture.record import MAX_INTERFACES, MAX_OCTETS, Interface, Record
from overlaycodec.errors import CaptureError

if TYPE_CHECKING:
    from overlaycodec.capture.bulk.record_blocks import InterfaceTable, RecordBlock

__all__ = ["ORDERS", "SECTION_MAGIC", "Order", "PcapngReader", "comment_text"]

SECTION_MAGIC: Final = b"\n\r\r\n"  # the same in both byte orders
BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
SECTION: Final = int.from_bytes(SECTION_MAGIC, "little")
INTERFACE, OBSOLETE_PACKET, SIMPLE_PACKET, STATISTICS, ENHANCED_PACKET = 1, 2, 3, 5, 6

OPT_END, OPT_COMMENT = 0, 1
EPB_FLAGS: Final = 2
IF_NAME, IF_DESCRIPTION, IF_TSRESOL, IF_FCSLEN, IF_TSOFFSET, IF_TSOFFSET_NS = 2, 3, 9, 13, 14, 19

# The fields after type and length; each block then continues with data, options or both.
SECTION_FIELDS: Final = "IHHq"  # magic, major, minor, section length
INTERFACE_FIELDS: Final = "HHI"  # link type, reserved, snap length
ENHANCED_FIELDS: Final = "IIIII"  # interface, time stamp high and low, captured octets, octets on the wire
_OBSOLETE_FIELDS: Final = "H2xIIII"  # interface in 2 octets, drops (passed over), then as in the enhanced block

FRAME: Final = 12  # octets of type and the two lengths
FCS_SHIFT, FCS_MASK = 5, 0xF << 5  # within epb_flags
_SECOND: Final = 1_000_000_000  # in ns

# The least octets of each block that is kept; all others are skipped.
_LEAST: Final = {
    INTERFACE: FRAME + struct.calcsize("=" + INTERFACE_FIELDS),
    OBSOLETE_PACKET: FRAME + struct.calcsize("=" + _OBSOLETE_FIELDS),
    SIMPLE_PACKET: FRAME + 4,
    ENHANCED_PACKET: FRAME + struct.calcsize("=" + ENHANCED_FIELDS),
}
_LEAST_SECTION: Final = FRAME + struct.calcsize("=" + SECTION_FIELDS)


class Order:
    """The layouts in one byte order."""

    def __init__(self, order: str) -> None:
        self.name: Literal["little", "big"] = "little" if order == "<" else "big"
        self.word = struct.Struct(order + "I")
        self.block = struct.Struct(order + "II")  # type, length
        self.section = struct.Struct(order + SECTION_FIELDS)
        self.interface = struct.Struct(order + INTERFACE_FIELDS)
        self.enhanced = struct.Struct(order + ENHANCED_FIELDS)
        self.enhanced_block = struct.Struct(order + "II" + ENHANCED_FIELDS)
        self.stamp = struct.Struct(order + "II")  # high, low
        self.obsolete = struct.Struct(order + _OBSOLETE_FIELDS)
        self.option = struct.Struct(order + "HH")  # code, length


_ORDERS: Final = {struct.pack(order + "I", BYTE_ORDER_MAGIC): Order(order) for order in "<>"}
ORDERS: Final = {order.name: order for order in _ORDERS.values()}


class PcapngReader:
    """The records of one pcapng file, from a stream at its start."""

    format: Literal["pcapng"] = "pcapng"

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._interfaces: list[Interface] = []
        self._seen: tuple[Interface, ...] | None = None
        self._table: InterfaceTable | None = None
        self._described = 0  # octets of interface descriptions in this section
        self.section = -1
        self._begin_section()

    @property
    def byte_order(self) -> Literal["little", "big"]:
        """The byte order of the section being read."""
        return self._order.name

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The interfaces seen so far in the section being read."""
        if self._seen is None:
            self._seen = tuple(self._interfaces)
        return self._seen

    def interface(self, number: int) -> Interface | None:
        """One of these; None where there is none of this number."""
        return self._interfaces[number] if 0 <= number < len(self._interfaces) else None

    def records(self) -> Iterator[Record]:
        """Each packet in turn.

        Raises: CaptureError where the file is damaged, after all records before the damage.
        """
        stream = self._stream
        while stream.has(8):
            if stream.buffer.startswith(SECTION_MAGIC, stream.at):
                self._begin_section()
                continue
            order = self._order
            kind, total = order.block.unpack_from(stream.buffer, stream.at)
            least = _LEAST.get(kind)
            if least is None:
                self._skip(total)
                continue
            end = self._complete_block(total, least)
            if kind == INTERFACE:
                self._describe(end)
                stream.at = end + 4
                continue
            if kind == SIMPLE_PACKET:
                record = self._simple(end)
            else:
                record = self._packet(order.enhanced if kind == ENHANCED_PACKET else order.obsolete, end)
            stream.at = end + 4
            yield record
        self._check_end()

    def blocks(self) -> Iterator[Block]:
        """Each block in turn, from the section header on, with the record of its packet.

        Raises: CaptureError as `records` does, and for a block of more than `MAX_OCTETS`.
        """
        stream = self._stream
        section = Section(self._header, self._order.name, self._interfaces)
        yield Block(kind=SECTION, octets=section.header, section=section)
        while stream.has(8):
            if stream.buffer.startswith(SECTION_MAGIC, stream.at):
                self._begin_section()
                section = Section(self._header, self._order.name, self._interfaces)
                yield Block(kind=SECTION, octets=section.header, section=section)
                continue
            order = self._order
            kind, total = order.block.unpack_from(stream.buffer, stream.at)
            end = self._complete_block(total, _LEAST.get(kind, FRAME))
            octets = stream.buffer[stream.at : end + 4]
            record = number = None
            if kind == INTERFACE:
                number = len(section.descriptions)
                self._describe(end)
                section.descriptions.append(octets)
            elif kind == SIMPLE_PACKET:
                record = self._simple(end)
            elif kind in (ENHANCED_PACKET, OBSOLETE_PACKET):
                record = self._packet(order.enhanced if kind == ENHANCED_PACKET else order.obsolete, end)
            elif kind == STATISTICS and total > FRAME:
                (number,) = order.word.unpack_from(octets, 8)
            stream.at = end + 4
            yield Block(kind=kind, octets=octets, record=record, section=section, interface=number)
        self._check_end()

    def _check_end(self) -> None:
        if self._stream.available:
            octets = self._stream.available
            raise CaptureError(f"a block begins with 8 octets, {octets} are there", self._stream.octet)

    def record_blocks(self, octets: int, memory: memoryview | None, size: int | None) -> Iterator[RecordBlock]:
        """The records in blocks, as `PcapReader.record_blocks`, up to the first that is not an ordinary packet."""
        from overlaycodec.capture.bulk.record_blocks import InterfaceTable, pcapng_blocks

        order = "<" if self.byte_order == "little" else ">"
        if self._table is None:
            self._table = InterfaceTable()
        rows = self._table.rows(self._interfaces)
        return pcapng_blocks(self._stream, memory, size, octets, order, MAX_OCTETS, rows)

    # Blocks

    def _begin_section(self) -> None:
        stream = self._stream
        if not stream.has(FRAME):
            raise CaptureError(f"a section header has at least 28 octets, {stream.available} are there", stream.octet)
        order = _ORDERS.get(stream.buffer[stream.at + 8 : stream.at + 12])
        if order is None:
            raise CaptureError("the section header has no byte-order magic", stream.octet + 8)
        self._order = order
        _, total = order.block.unpack_from(stream.buffer, stream.at)
        end = self._complete_block(total, _LEAST_SECTION)
        _, major, minor, _ = order.section.unpack_from(stream.buffer, stream.at + 8)
        if major != 1 or minor not in (0, 2):  # 2 is the same format; skipping the section would lose packets unseen
            raise CaptureError(f"pcapng version {major}.{minor} is not known", stream.octet + 12)
        self._header = stream.buffer[stream.at : end + 4]
        self._interfaces = []
        self._seen = self._table = None
        self._described = 0
        self.section += 1
        stream.at = end + 4

    def _describe(self, end: int) -> None:
        stream = self._stream
        self._described += end + 4 - stream.at
        if len(self._interfaces) == MAX_INTERFACES or self._described > MAX_OCTETS:
            raise CaptureError(
                f"more than {MAX_INTERFACES} interfaces, or {MAX_OCTETS} octets of them, in a section", stream.octet
            )
        link_type, _, snap_length = self._order.interface.unpack_from(stream.buffer, stream.at + 8)
        ticks_per_second, offset_ns, fcs_octets = 10**6, 0, None
        texts: dict[int, str] = {}
        comments: list[str] = []
        for code, value in self._options(stream.at + 16, end):
            if code == OPT_COMMENT:
                comments.append(comment_text(value))
            elif code in (IF_NAME, IF_DESCRIPTION):
                texts[code] = comment_text(value)
            elif code == IF_TSRESOL:
                resolution = self._number(value, 1, "if_tsresol")
                ticks_per_second = (2 if resolution & 0x80 else 10) ** (resolution & 0x7F)
            elif code == IF_TSOFFSET:
                offset_ns += self._number(value, 8, "if_tsoffset", signed=True) * _SECOND
            elif code == IF_TSOFFSET_NS:
                offset_ns += self._number(value, 4, "if_tsoffset_ns", signed=True)
            elif code == IF_FCSLEN:
                fcs_octets = _fcs_octets(self._number(value, 1, "if_fcslen"))
        self._seen = None
        self._interfaces.append(
            Interface(
                link_type=link_type,
                snap_length=snap_length,
                ticks_per_second=ticks_per_second,
                time_offset_ns=offset_ns,
                fcs_octets=fcs_octets,
                name=texts.get(IF_NAME),
                description=texts.get(IF_DESCRIPTION),
                comments=tuple(comments),
            )
        )

    def _packet(self, layout: struct.Struct, end: int) -> Record:
        stream = self._stream
        buffer = stream.buffer
        index, high, low, captured, wire = layout.unpack_from(buffer, stream.at + 8)
        start = stream.at + 28
        data_end = start + captured
        if index >= len(self._interfaces) or data_end > end:
            self._refuse(index, captured, end - start)
        interface = self._interfaces[index]
        ticks = high << 32 | low
        if interface.ticks_per_second != _SECOND:
            # The nanosecond in which the tick lies: rounded towards the past.
            ticks = ticks * _SECOND // interface.ticks_per_second
        time_ns = ticks + interface.time_offset_ns
        fcs_octets = interface.fcs_octets
        comments, flags = [], None
        options = data_end + (-captured & 3)
        if options < end:
            for code, value in self._options(options, end):
                if code == OPT_COMMENT:
                    comments.append(comment_text(value))
                elif code == EPB_FLAGS:
                    word = self._number(value, 4, "epb_flags")
                    flags = word & ~FCS_MASK
                    fcs_octets = (word & FCS_MASK) >> FCS_SHIFT or fcs_octets
        data = buffer[start:data_end]
        return Record(data, interface.link_type, time_ns, wire, index, tuple(comments), fcs_octets, flags)

    def _simple(self, end: int) -> Record:
        stream = self._stream
        (wire,) = self._order.word.unpack_from(stream.buffer, stream.at + 8)
        start = stream.at + 12
        snap_length = self._interfaces[0].snap_length if self._interfaces else 0
        captured = min(wire, snap_length or wire)
        if not self._interfaces or captured > end - start:
            self._refuse(0, captured, end - start)
        interface = self._interfaces[0]
        data = stream.buffer[start : start + captured]
        return Record(data, interface.link_type, None, wire, 0, (), interface.fcs_octets, None)

    def _refuse(self, index: int, captured: int, room: int) -> NoReturn:
        if index >= len(self._interfaces):
            reason = f"a packet of interface {index}; the section has described {len(self._interfaces)}"
        else:
            reason = f"a packet of {captured} octets in a block with room for {room}"
        raise CaptureError(reason, self._stream.octet)

    # Parts of blocks

    def _complete_block(self, total: int, least: int) -> int:
        """The end of the body of the next block, which is complete and whose two lengths agree."""
        stream = self._stream
        if total < least or total & 3 or total > MAX_OCTETS:
            self._refuse_length(total, least)
        if not stream.has(total):
            raise CaptureError(f"the block has {total} octets, {stream.available} are there", stream.octet)
        end = stream.at + total - 4
        (again,) = self._order.word.unpack_from(stream.buffer, end)
        if again != total:
            self._refuse_second(total, again, end)
        return end

    def _skip(self, total: int) -> None:
        """Skip a block, whatever its size, without keeping it."""
        stream, octet = self._stream, self._stream.octet
        if total < FRAME or total & 3:
            self._refuse_length(total, FRAME)
        if not (stream.skip(total - 4) and stream.has(4)):
            raise CaptureError(
                f"the block has {total} octets, {stream.octet + stream.available - octet} are there", octet
            )
        (again,) = self._order.word.unpack_from(stream.buffer, stream.at)
        if again != total:
            self._refuse_second(total, again, stream.at)
        stream.at += 4

    def _refuse_length(self, total: int, least: int) -> NoReturn:
        if total > MAX_OCTETS:
            reason = f"a block of {total} octets: at most {MAX_OCTETS} are read"
        elif total < least:
            reason = f"a block of {total} octets: its kind has at least {least}"
        else:
            reason = f"a block of {total} octets: not a multiple of 4"
        raise CaptureError(reason, self._stream.octet + 4)

    def _refuse_second(self, total: int, again: int, end: int) -> NoReturn:
        octet = self._stream.octet + end - self._stream.at
        raise CaptureError(f"the block's length is {total} before it and {again} after it", octet)

    def _options(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        stream, layout = self._stream, self._order.option
        while end - start >= layout.size:
            code, octets = layout.unpack_from(stream.buffer, start)
            if code == OPT_END:
                return
            start += layout.size
            if octets > end - start:
                octet = stream.octet + start - stream.at - layout.size
                raise CaptureError(f"option {code} has {octets} octets, its block {end - start}", octet)
            yield code, stream.buffer[start : start + octets]
            start += octets + (-octets & 3)

    def _number(self, value: bytes, octets: int, name: str, *, signed: bool = False) -> int:
        if len(value) != octets:
            raise CaptureError(f"{name} has {len(value)} octets, not {octets}", self._stream.octet)
        return int.from_bytes(value, self._order.name, signed=signed)


def comment_text(value: bytes) -> str:
    """A string option: a zero octet ends it, as the specification requires; octets that are no UTF-8 are replaced."""
    return value.partition(b"\0")[0].decode("utf-8", "replace")


def _fcs_octets(value: int) -> int | None:
    """The octets that if_fcslen means: by its text bits, by its example, 4, octets; from 16 on it can only be bits."""
    if value < 16:
        return value
    return None if value % 8 else value // 8
