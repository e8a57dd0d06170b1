"""Templates: the octets that packets of one shape have in common, with slots for what differs.

Strategy: the scalar encoder writes one packet of the shape. The octets of the other packets are the same, but for the
bits that columns fill, the lengths that count the payload, and the checksums over both. Where that is not known for
sure, there is no template, and the packets are encoded one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, ByteMatrix, Sums, Values
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode_packet
from overlaycodec.columnar.encode.checksum_terms import DerivedChecksum, checksum_of
from overlaycodec.columnar.encode.column_input import InputColumn, Selection
from overlaycodec.columnar.encode.slots import Slot, clear, write_numbers
from overlaycodec.columnar.ones_complement import reduced, sum_of_rows
from overlaycodec.errors import PathError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.values import AUTO

__all__ = ["Template", "VariablePayloads", "template_of", "variable_payload_possible"]


class SlotSource(msgspec.Struct, frozen=True, eq=False):
    """Where the value of a slot comes from: a column, or a length that counts the payload."""

    slot: Slot
    column: InputColumn | None
    length: int = 0
    """The value of a length for the longest payload."""


class VariablePayloads(msgspec.Struct, frozen=True, eq=False):
    """The payloads of some packets, where these differ in length."""

    missing: Sums
    """By how many octets each one is shorter than the payload of the template."""
    sums: Sums
    """The sum of the 16-bit words of each one."""


class Template(msgspec.Struct, frozen=True, eq=False):
    """What packets of one shape have in common."""

    octets: ByteBuffer
    """The octets of a packet, with zeros in the slots."""
    sources: tuple[SlotSource, ...]
    checksums: tuple[DerivedChecksum, ...]
    """Innermost first."""

    @property
    def payload_start(self) -> int:
        """The octets before a payload that is a column and ends the packet; all octets, where there is none."""
        slot = next((source.slot for source in self.sources if source.column and source.column.field is None), None)
        ends = slot is not None and slot.bit + slot.bits == len(self.octets) * 8
        return slot.bit // 8 if slot is not None and ends else len(self.octets)

    def fill(self, which: Selection, rows: ByteMatrix, payloads: VariablePayloads | None) -> None:
        """Writes these packets into the rows, but for payloads that differ in length."""
        start = self.payload_start
        rows[:, :start] = self.octets[:start]
        values = [self._fill_slot(source, which, rows, payloads) for source in self.sources]
        for checksum in self.checksums:
            found = checksum.of(rows, values, None if payloads is None else payloads.missing)
            write_numbers(rows, checksum.slot.bit, checksum.slot.bits, found)
            values.append(reduced(found, checksum.slot.bits))

    def _fill_slot(
        self, source: SlotSource, which: Selection, rows: ByteMatrix, payloads: VariablePayloads | None
    ) -> Sums:
        """Fills one slot; gives what each packet's value adds to a sum."""
        bit, bits, column = source.slot.bit, source.slot.bits, source.column
        if column is None:
            assert payloads is not None
            lengths = np.uint64(source.length) - payloads.missing
            write_numbers(rows, bit, bits, lengths)
            return lengths
        if column.strings is not None:
            if payloads is not None and column.field is None:
                return payloads.sums
            start, stop = bit // 8, (bit + bits) // 8
            strings = column.strings.rows(which, stop - start)
            rows[:, start:stop] = strings
            return sum_of_rows(strings) if self.checksums else np.empty(0, np.uint64)
        assert column.numbers is not None
        numbers = _in_wire_order(column, column.numbers[which])
        write_numbers(rows, bit, bits, numbers)
        return reduced(numbers, bits)


def _in_wire_order(column: InputColumn, numbers: Values) -> Values:
    """The numbers with the most significant octet first, as the rows take them."""
    if column.field is None or column.field.byte_order != "little":
        return numbers
    return numbers.astype(np.uint64).byteswap() >> np.uint64(64 - column.field.width)


def variable_payload_possible(packet: Packet) -> bool:
    """Whether a payload of another length changes only lengths and checksums, in ways that templates can follow."""
    for header in packet.headers:
        layout = header.__layout__
        coverage, extent = layout.coverage, layout.extent
        derived = coverage is not None and getattr(header, coverage.field.name) is AUTO
        if derived and coverage is not None and coverage.algorithm == "crc32c":
            return False
        if extent is not None:
            fixed = getattr(header, extent.field.name) is not AUTO
            if fixed and derived and coverage is not None and not coverage.header_only:
                return False
            if extent.unit != 1 and not extent.optional:
                return False
    return not packet.trailers


def template_of(
    packet: Packet, columns: Sequence[InputColumn], catalog: Catalog, *, variable_payload: bool
) -> tuple[bytes, Template | None]:
    """The octets of a packet, and the template of its shape; None where packets like it are encoded one by one.

    `variable_payload`: whether the other packets have shorter payloads. Raises: EncodeError, as `encode` does.
    """
    out: list[Header] = []
    contents: list[bytes] = []
    data = encode_packet(packet, catalog, out, contents)
    if packet.fcs is not None and packet.fcs.data is AUTO:
        return data, None
    out.reverse()
    contents.reverse()
    resolved = Packet(tuple(out), packet.payload, packet.trailers)
    if any(map(_omits_length, packet.headers, out)):
        return data, None
    sources = [source for column in columns if (source := _source_of(column, resolved)) is not None]
    starts = _starts(resolved)
    if variable_payload:
        sources += _lengths(packet, resolved, starts, catalog)
    slots = [source.slot for source in sources]
    octets = np.frombuffer(bytearray(data), np.uint8)
    for slot in slots:
        clear(octets, slot)
    checksums = []
    for index in range(len(out) - 1, -1, -1):
        own = _checksum_slot(packet.headers[index], out[index], starts[index])
        if own is None:
            continue
        clear(octets, own)
        protocol = catalog.key_of(IP_PROTOCOL, type(out[index])) or 0
        checksum = checksum_of(out, index, starts, contents[index], octets, slots, protocol)
        if checksum is None:
            return data, None
        if checksum.terms:
            checksums.append(checksum)
            slots.append(own)
        else:  # it is the same in all packets
            span = slice(own.bit // 8, (own.bit + own.bits) // 8)
            octets[span] = np.frombuffer(data[span], np.uint8)
    return data, Template(octets, tuple(sources), tuple(checksums))


def _omits_length(header: Header, resolved: Header) -> bool:
    """Whether a length that is derived is 0, because other octets count, or it cannot count so many."""
    extent, jumbo = header.__layout__.extent, header.__layout__.jumbo
    if jumbo is not None and jumbo.value_in(getattr(header, jumbo.options)) is AUTO:
        return True
    if extent is None or extent.zero == "length" or getattr(header, extent.field.name) is not AUTO:
        return False
    return bool(getattr(resolved, extent.field.name) == 0)


def _starts(resolved: Packet) -> list[int]:
    """The octet at which each header starts."""
    starts, start = [], 0
    for header in resolved.headers:
        starts.append(start)
        start += octets_in(header)
    return starts


def _source_of(column: InputColumn, resolved: Packet) -> SlotSource | None:
    """The slot of a column; None where all packets of the shape have the same value."""
    if column.codes is not None:
        return None
    try:
        first, last = resolved.span(column.name)
    except PathError:
        return None
    return SlotSource(Slot(first, last + 1 - first, column.strings is not None), column) if last >= first else None


def _lengths(packet: Packet, resolved: Packet, starts: Sequence[int], catalog: Catalog) -> list[SlotSource]:
    """The derived lengths that count the payload."""
    found = []
    for index, (header, complete) in enumerate(zip(packet.headers, resolved.headers, strict=True)):
        layout = header.__layout__
        following = type(packet.headers[index + 1]) if index + 1 < len(packet.headers) else None
        extent, lengths = layout.extent, layout.next.lengths
        for field, bit, bits in spans_of(complete):
            if getattr(header, field.name) is not AUTO:
                continue
            counts = extent is not None and field is extent.field and not extent.optional
            if field is layout.selector and lengths is not None:
                counts = catalog.keys_by_class(lengths.key.space)[following] is not None
            if counts:
                found.append(SlotSource(Slot(starts[index] * 8 + bit, bits), None, getattr(complete, field.name)))
    return found


def _checksum_slot(header: Header, resolved: Header, start: int) -> Slot | None:
    """The slot of a header's checksum, where that is derived."""
    coverage = header.__layout__.coverage
    if coverage is None or getattr(header, coverage.field.name) is not AUTO:
        return None
    value = getattr(resolved, coverage.field.name)
    if value is None or (value == 0 and coverage.zero_absent):
        return None  # it is not there, or it is left out because the header inside asks for none
    return Slot((start + coverage.octet) * 8, coverage.octets * 8)
