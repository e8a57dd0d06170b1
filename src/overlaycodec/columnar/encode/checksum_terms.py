"""Checksums of many packets at once: where each stands, what it covers, and which columns change it.

Strategy: what no column changes is summed once. A checksum whose reach begins or ends within something that changes is
not understood here: its packets are encoded one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from overlaycodec.checksum import REMAINDERS, internet_sum
from overlaycodec.codec.pseudo_header import final_destination
from overlaycodec.columnar.slot_sums import Rows, ending
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.schema.facts import Checksum

__all__ = ["Hole", "Sum", "cleared", "sum_of"]


class Hole(msgspec.Struct, frozen=True):
    """Bits that differ from packet to packet, from the packet's start on."""

    bit: int
    bits: int
    string: bool = False
    """Whether it is summed from its first octet on, in words of its own, and not as one number."""

    def shift(self, stop: int) -> int:
        """How far what it adds is shifted in a sum of words, one of which ends at bit `stop`."""
        return (stop - self.bit - (0 if self.string else self.bits)) % 16

    def within(self, start: int, stop: int) -> bool | None:
        """Whether all of it lies between these bits; None where a part of it does."""
        if self.bit >= start and self.bit + self.bits <= stop:
            return True
        return False if self.bit >= stop or self.bit + self.bits <= start else None


Term = tuple[int, int]
"""Which hole adds to a sum, and how far it is shifted."""


class Sum(msgspec.Struct, frozen=True, eq=False):
    """A checksum that is derived."""

    start: int
    """The first octet that it covers."""
    stop: int
    place: Hole
    crc: bool
    zero: int
    """What a computed 0 goes out as."""
    constant: int
    """What does not change from packet to packet, of the pseudo-header too."""
    terms: tuple[Term, ...]
    counted: bool
    """Whether a pseudo-header counts the octets."""

    def of(
        self, rows: Rows, added: Sequence[NDArray[np.uint64]], short: NDArray[np.uint64] | None
    ) -> NDArray[np.uint64]:
        """The checksum of each row; `added` is what each hole adds, `short` how many octets the row has too few."""
        if self.crc:
            return _crc32c(rows[:, self.start : self.stop])
        total = np.full(len(rows), self.constant, np.uint64)
        for number, shift in self.terms:
            total += added[number] << np.uint64(shift) if shift else added[number]
        if self.counted and short is not None:
            total -= short
        values = np.uint64(0xFFFF) - ending(total)
        if self.zero:
            values[values == 0] = self.zero
        return values


def cleared(octets: NDArray[np.uint8], hole: Hole) -> None:
    """Makes the bits of a hole zeros."""
    first, last = hole.bit // 8, (hole.bit + hole.bits - 1) // 8
    mask = (1 << hole.bits) - 1 << (last + 1) * 8 - hole.bit - hole.bits
    octets[first : last + 1] &= ~np.frombuffer(mask.to_bytes(last - first + 1, "big"), np.uint8)


def sum_of(
    headers: Sequence[Header],
    index: int,
    starts: Sequence[int],
    content: bytes,
    octets: NDArray[np.uint8],
    holes: Sequence[Hole],
    protocol: int,
) -> Sum | None:
    """The checksum of a resolved header, of which `content` are the octets with all that follows.

    `octets` are those of the packet with zeros in the holes, and in this checksum's own place. None where a hole
    reaches over the end of what is covered.
    """
    header: Any = headers[index]  # Any: headers of several classes, known by what they declare
    layout = header.__layout__
    field, start = layout.checksum, starts[index]
    fact, bit = field[Checksum], layout.fixed_bit_of(field.name)
    size = octets_in(header)
    length = None if layout.length_field is None else getattr(header, layout.length_field.name)
    covered = layout.covered_octets(length, size, len(content))
    stop = start + covered
    terms = _terms(holes, start * 8, stop * 8, start * 8)
    addresses: tuple[int, list[Term]] | None = (0, [])
    if fact.pseudo:
        addresses = _addresses(headers[:index], starts, octets, holes)
    if terms is None or addresses is None:
        return None
    constant = _fold(internet_sum(octets[start:stop].tobytes()) + addresses[0])
    return Sum(
        start,
        stop,
        Hole(start * 8 + bit, field.bits),
        fact.algorithm == "crc32c",
        0xFFFF if fact.zero == "absent" else 0,
        constant + (covered + protocol if fact.pseudo else 0),
        (*terms, *addresses[1]),
        fact.pseudo,
    )


def _fold(number: int) -> int:
    """A small number that is the same modulo 0xFFFF, and 0 only where that one is."""
    return number % 0xFFFF or (0xFFFF if number else 0)


def _terms(holes: Sequence[Hole], start: int, stop: int, word: int) -> list[Term] | None:
    """What the holes between two bits add to a sum of words, one of which ends at bit `word`; None where one is cut."""
    terms = []
    for number, hole in enumerate(holes):
        within = hole.within(start, stop)
        if within is None:
            return None
        if within:
            terms.append((number, hole.shift(word)))
    return terms


def _addresses(
    headers: Sequence[Header], starts: Sequence[int], octets: NDArray[np.uint8], holes: Sequence[Hole]
) -> tuple[int, list[Term]] | None:
    """What the addresses of a pseudo-header come to: what is the same for all packets, and what holes add."""
    final: tuple[int, int] | None = None
    for header, start in zip(reversed(headers), reversed(starts[: len(headers)]), strict=True):
        if final is None and (way := final_destination(header)) is not None:
            final = _final(header, way, start)
        if header.__layout__.layer == "network":
            places = [_span(header, "src", start), _span(header, "dst", start) if final is None else final]
            break
    else:
        return None
    constant, terms = 0, []
    for bit, bits in places:
        if bit % 8 or bits % 8:
            return None
        more = _terms(holes, bit, bit + bits, bit + bits)
        if more is None:
            return None
        constant += int.from_bytes(octets[bit // 8 : (bit + bits) // 8].tobytes(), "big")
        terms += more
    return constant, terms


def _span(header: Header, name: str, start: int) -> tuple[int, int]:
    """First bit and bits of a field."""
    return next((start * 8 + bit, bits) for field, bit, bits in spans_of(header) if field.name == name)


def _final(record: Any, way: tuple[tuple[str, int], ...], start: int) -> tuple[int, int]:  # Any: as above
    """First bit and bits of the last address of the way."""
    bit = start * 8
    for name, at in way:
        row = getattr(record, name)
        bit += next(offset for field, offset, _ in spans_of(record) if field.name == name)
        if not isinstance(row, tuple):
            return bit + at * 8, 128
        bit += sum(octets_in(element) for element in row[:at]) * 8
        record = row[at]
    _, offset, bits = next(spans_of(record))
    return bit + offset, bits


def _crc32c(rows: Rows) -> NDArray[np.uint64]:
    """The CRC-32C of each row, as the number that its four octets are on the wire."""
    table = np.array(REMAINDERS, np.uint32)
    remainder = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    for octet in rows.T:
        remainder = remainder >> np.uint32(8) ^ table[(remainder ^ octet) & np.uint32(0xFF)]
    return (~remainder).byteswap().astype(np.uint64)
