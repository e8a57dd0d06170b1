"""Checksums of many packets at once: the octets that each one covers, and the slots that change it.

Strategy: octets that are the same in all packets are summed once. Where a slot reaches over the start or the end of
the covered octets, there is no plan: these packets are encoded one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, ByteMatrix, Sums
from overlaycodec.checksum import REMAINDERS, internet_sum
from overlaycodec.codec.pseudo_header import final_destination
from overlaycodec.columnar.encode.slots import Slot
from overlaycodec.columnar.ones_complement import folded
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.schema.plans import OptionField

__all__ = ["DerivedChecksum", "checksum_of"]

Term = tuple[int, int]
"""The index of a slot that changes a sum, and how far its value is shifted."""


class DerivedChecksum(msgspec.Struct, frozen=True, eq=False):
    """A checksum that is derived for each packet."""

    start: int
    """The first octet that it covers."""
    stop: int
    slot: Slot
    crc: bool
    zero: int
    """What is written for a computed 0."""
    constant: int
    """The sum of all octets outside the slots, those of the pseudo-header included."""
    terms: tuple[Term, ...]
    counted: bool
    """Whether a pseudo-header counts the octets."""

    def of(self, rows: ByteMatrix, values: Sequence[Sums], missing: Sums | None) -> Sums:
        """The checksum of each row.

        `values` are the values of each slot, at most 18 bits wide. `missing`: by how many octets the payload is
        shorter than the longest one.
        """
        if self.crc:
            return _crc32c(rows[:, self.start : self.stop])
        total = np.full(len(rows), self.constant, np.uint64)
        for number, shift in self.terms:
            total += values[number] << np.uint64(shift) if shift else values[number]
        if self.counted and missing is not None:
            total -= missing
        checksums = np.uint64(0xFFFF) - folded(total)
        if self.zero:
            checksums[checksums == 0] = self.zero
        return checksums


def checksum_of(
    headers: Sequence[Header],
    index: int,
    starts: Sequence[int],
    content: bytes,
    octets: ByteBuffer,
    slots: Sequence[Slot],
    protocol: int,
) -> DerivedChecksum | None:
    """The checksum of a resolved header; `content` are its octets and all octets that follow.

    `octets` are those of the packet, with zeros in the slots and in the checksum itself. None where a slot reaches
    over the end of the covered octets.
    """
    header: Any = headers[index]  # Any: headers of several classes, known by what they declare
    layout, start, size = header.__layout__, starts[index], octets_in(header)
    coverage = layout.coverage
    covered = layout.covered_octets(header, size, len(content))
    stop = start + covered
    terms = _terms(slots, start * 8, stop * 8, start * 8)
    addresses: tuple[int, list[Term]] | None = (0, [])
    if coverage.pseudo:
        addresses = _addresses(headers[:index], starts, octets, slots)
    if terms is None or addresses is None:
        return None
    constant = _fold(internet_sum(octets[start:stop].tobytes()) + addresses[0])
    return DerivedChecksum(
        start,
        stop,
        Slot((start + coverage.octet) * 8, coverage.octets * 8),
        coverage.algorithm == "crc32c",
        0xFFFF if coverage.zero_absent else 0,
        constant + (covered + protocol if coverage.pseudo else 0),
        (*terms, *addresses[1]),
        coverage.pseudo,
    )


def _fold(number: int) -> int:
    """A small number that is the same modulo 0xFFFF; it is 0 only where the number is 0."""
    return number % 0xFFFF or (0xFFFF if number else 0)


def _terms(slots: Sequence[Slot], start: int, stop: int, word: int) -> list[Term] | None:
    """The terms of the slots between two bits, in a sum of words, one of which ends at bit `word`.

    None where a slot lies only partly between them.
    """
    terms = []
    for number, slot in enumerate(slots):
        within = slot.within(start, stop)
        if within is None:
            return None
        if within:
            terms.append((number, slot.shift(word)))
    return terms


def _addresses(
    headers: Sequence[Header], starts: Sequence[int], octets: ByteBuffer, slots: Sequence[Slot]
) -> tuple[int, list[Term]] | None:
    """The sum of the constant octets of a pseudo-header's addresses, and the terms of the slots in them."""
    source: tuple[int, int] | None = None
    final: tuple[int, int] | None = None
    for header, start in zip(reversed(headers), reversed(starts[: len(headers)]), strict=True):
        if final is None and (path := final_destination(header)) is not None:
            final = _final(header, path, start)
        if source is None and (sources := header.__layout__.sources) is not None:
            source = _source(header, sources, start)
        if header.__layout__.layer == "network":
            own = [_span(header, name, start) for name in ("src", "dst")]
            spans = [source or own[0], final or own[1]]
            break
    else:
        return None
    constant, terms = 0, []
    for bit, bits in spans:
        if bit % 8 or bits % 8:
            return None
        more = _terms(slots, bit, bit + bits, bit + bits)
        if more is None:
            return None
        constant += int.from_bytes(octets[bit // 8 : (bit + bits) // 8].tobytes(), "big")
        terms += more
    return constant, terms


def _span(header: Header, name: str, start: int) -> tuple[int, int]:
    """First bit and bits of a field."""
    return next((start * 8 + bit, bits) for field, bit, bits in spans_of(header) if field.name == name)


def _source(header: Header, sources: OptionField, start: int) -> tuple[int, int] | None:
    """First bit and bits of the address that the pseudo-header has in place of the source; None where it has none."""
    options = getattr(header, sources.options)
    number = sources.index_in(options)
    if number is None:
        return None
    bit, _ = _span(header, sources.options, start)
    bit += sum(octets_in(option) for option in options[:number]) * 8
    return next((bit + at, bits) for field, at, bits in spans_of(options[number]) if field.name == sources.field)


def _final(record: Any, path: tuple[tuple[str, int], ...], start: int) -> tuple[int, int]:  # Any: as above
    """First bit and bits of the last address of the route, found by fields and the index or the offset in each."""
    bit = start * 8
    for name, index in path:
        value = getattr(record, name)
        bit += next(offset for field, offset, _ in spans_of(record) if field.name == name)
        if not isinstance(value, tuple):
            return bit + index * 8, 128
        bit += sum(octets_in(element) for element in value[:index]) * 8
        record = value[index]
    _, offset, bits = next(spans_of(record))
    return bit + offset, bits


def _crc32c(rows: ByteMatrix) -> Sums:
    """The CRC-32C of each row, as the number that its four octets are on the wire."""
    table = np.array(REMAINDERS, np.uint32)
    remainder = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    for octet in rows.T:
        remainder = remainder >> np.uint32(8) ^ table[(remainder ^ octet) & np.uint32(0xFF)]
    return (~remainder).byteswap().astype(np.uint64)
