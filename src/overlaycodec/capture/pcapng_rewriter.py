"""Writing blocks of pcapng as they were read, but for the packets that were replaced.

Strategy: a block that is not changed is written as its octets. Interfaces are written before what needs them, and an
interface that has to differ (for another link type, say) is written in addition: those that were read may get other
numbers then, and what refers to one gets its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from overlaycodec.capture import pcapng
from overlaycodec.capture.pcapng import ORDERS
from overlaycodec.capture.pcapng_changes import kept_options, numbered, other_interface, without_length
from overlaycodec.capture.pcapng_writer import (
    SECOND,
    Described,
    PcapngWriter,
    checked_length,
    checked_time,
    time_offset,
)
from overlaycodec.capture.record import check_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from overlaycodec.capture.blocks import Block, Section
    from overlaycodec.capture.record import Interface, Record

__all__ = ["PcapngRewriter"]

_NOT_COPIED: Final = 0x4000_0BAD
"""A custom block that is not copied into a file that is changed (section 4.9)."""


class PcapngRewriter(PcapngWriter):
    """Writes pcapng from blocks and records.

    A block begins its section where that is not the one being written; records that follow are written into it. With
    `copy`, all blocks of a file are given, unchanged: the lengths of sections are true, and custom blocks that are not
    for a changed file stay.
    """

    def __init__(self, write: Callable[[bytes], None], source: Described | None = None, *, copy: bool = False) -> None:
        super().__init__(write, source)
        self._copy = copy
        self._section: Section | None = None
        self._numbers: list[int] = []
        """The number in the file of each interface of the section that was read."""

    def add_block(self, block: Block, index: int) -> None:
        """Write a block, and before it what it needs of its section.

        Raises: EncodeError, and then nothing of its packet is written.
        """
        record, section = block.record, block.section
        if block.kind is None:
            if record is not None:
                self.add(record, index)
            return
        if section is not self._section or block.kind == pcapng.SECTION:
            self._begin(section)
        if record is not None and block.original is not None:
            self._add_changed(block, record, block.original, index)
        elif record is not None:
            self._write_numbered(block, record, index)
        elif block.kind == pcapng.INTERFACE and block.interface is not None:
            self._number_of(block.interface, index)
        elif block.kind == pcapng.STATISTICS and block.interface is not None and section.interface(block.interface):
            self._write(numbered(block.octets, self._number_of(block.interface, index), ORDERS[block.byte_order]))
        elif block.kind != pcapng.SECTION and (self._copy or block.kind != _NOT_COPIED):
            self._write(block.octets)

    def finish(self, link_type: int) -> None:
        """Without records and blocks, write an interface with this link type."""
        if self._section is None:
            super().finish(link_type)

    def _begin(self, section: Section) -> None:
        """Begin a section that was read."""
        self._interfaces.clear()
        self._numbers.clear()
        self._section, self._order = section, ORDERS[section.byte_order]
        self._write(section.header if self._copy else without_length(section.header))

    def _write_numbered(self, block: Block, record: Record, index: int) -> None:
        """Write the block of a packet as it is, of the interface that may have another number now."""
        number = self._number_of(record.interface, index)
        if number == record.interface:
            self._write(block.octets)
        elif block.kind == pcapng.SIMPLE_PACKET:
            self._put_packet(index, number, 0, record, b"")
        else:
            self._write(numbered(block.octets, number, ORDERS[block.byte_order]))
        self.count += 1

    def _add_changed(self, block: Block, record: Record, original: Record, index: int) -> None:
        interface = block.section.interface(record.interface)
        if interface is None:
            self.add(record, index)
            return
        layouts, data = ORDERS[block.byte_order], record.data
        check_number(index, "wire_length", record.wire_length, 0xFFFF_FFFF)
        time_ns = checked_time(record, index)
        same_interface = record.interface == original.interface
        ticks: int | None
        if not same_interface or record.time_ns != original.time_ns:
            ticks = _ticks(time_ns, interface)
        elif block.kind == pcapng.SIMPLE_PACKET:
            ticks = 0
        else:
            high, low = layouts.stamp.unpack_from(block.octets, 12)
            ticks = high << 32 | low
        own_fcs = same_interface and record.fcs_octets == original.fcs_octets
        like_it = (
            record.link_type == interface.link_type
            and (own_fcs or record.fcs_octets == interface.fcs_octets)
            and (not interface.snap_length or len(data) <= max(interface.snap_length, len(original.data)))
            and ticks is not None
        )
        options = kept_options(block, record, layouts, own_fcs=like_it and own_fcs)
        if record.comments != original.comments:
            options += self._comments(record, index)
        if record.flags != original.flags:
            options += self._flags(record, index)
        if options:
            options += self._opt(pcapng.OPT_END, b"")
        checked_length(index, data, options)
        number = self._number_of(record.interface, index)
        if not like_it:
            number = self._other_interface(record, index, time_offset(time_ns) if ticks is None else None)
        if ticks is None:
            ticks = time_ns - time_offset(time_ns) * SECOND
        whole = record.wire_length == len(data)
        if block.kind == pcapng.SIMPLE_PACKET and record.time_ns is None and number == 0 and whole and not options:
            self._put_simple(index, data)
        elif block.kind == pcapng.OBSOLETE_PACKET:
            drops = bytes(2) if block.further else block.octets[10:12]
            head = number.to_bytes(2, layouts.name) + drops + layouts.stamp.pack(ticks >> 32, ticks & 0xFFFF_FFFF)
            lengths = layouts.stamp.pack(len(data), record.wire_length)
            self._put(pcapng.OBSOLETE_PACKET, head + lengths + data + bytes(-len(data) & 3) + options)
        else:
            self._put_packet(index, number, ticks, record, options)
        self.count += 1

    def _number_of(self, interface: int, index: int) -> int:
        """The number in the file of an interface that was read; it is written where it is new. Raises: EncodeError."""
        section, numbers = self._section, self._numbers
        while section is not None and len(numbers) <= interface:
            number = self._next_number(interface, index)
            self._write(section.descriptions[len(numbers)])
            numbers.append(number)
        return numbers[interface]

    def _other_interface(self, record: Record, index: int, offset: int | None) -> int:
        """The number of an interface like the record's, but with its link type and FCS length, without a snap length.

        With an offset, its times count nanoseconds from so many seconds after 1970.
        """
        key = "like", record.interface, record.link_type, record.fcs_octets, offset
        number = self._interfaces.get(key)
        if number is None and self._section is not None:
            number = self._next_number(record.interface, index)
            options = self._fcs(record, index) + (b"" if offset is None else self._times(offset))
            description = self._section.descriptions[record.interface]
            times = offset is not None
            kept = other_interface(description, self._fields(record, index), self._layouts, times=times)
            self._put(pcapng.INTERFACE, kept + options + self._opt(pcapng.OPT_END, b""))
            self._interfaces[key] = number
        assert number is not None
        return number

    def _written_interfaces(self) -> int:
        return len(self._numbers) + len(self._interfaces)


def _ticks(time_ns: int, interface: Interface) -> int | None:
    """The time in the units of an interface; None where these cannot hold it exactly."""
    ticks, rest = divmod((time_ns - interface.time_offset_ns) * interface.ticks_per_second, SECOND)
    return ticks if not rest and 0 <= ticks < 1 << 64 else None
