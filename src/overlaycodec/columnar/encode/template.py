"""A packet as a stencil for others of its shape: its octets with holes, and what is derived behind them.

Strategy: the scalar encoder writes one packet of the shape, and its octets are those of all others but for the bits
that columns fill, the lengths that a payload makes, and the checksums over both. What cannot be told apart like that
makes no stencil, and its packets are encoded one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode_packet
from overlaycodec.columnar.encode.checksum_terms import Hole, Sum, cleared, sum_of
from overlaycodec.columnar.encode.column_input import Given, Which
from overlaycodec.columnar.slot_sums import Numbers, Rows, folded, put, sum_of_rows
from overlaycodec.errors import MissingHeaderError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.facts import ByteOrder, Checksum, LengthField, Selects
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.values import AUTO

__all__ = ["Ragged", "Stencil", "elastic", "stencil_of"]


class Patch(msgspec.Struct, frozen=True, eq=False):
    """What fills a hole: the values of a column, or a length that counts the payload."""

    hole: Hole
    given: Given | None
    length: int = 0
    """Of a length: what it is for the longest payload."""


class Ragged(msgspec.Struct, frozen=True, eq=False):
    """Of packets whose payloads differ in length: what a stencil has to know."""

    short: NDArray[np.uint64]
    """How many octets each has less than the stencil."""
    added: NDArray[np.uint64]
    """What each payload adds to a sum."""


class Stencil(msgspec.Struct, frozen=True, eq=False):
    """What packets of one shape have in common."""

    octets: NDArray[np.uint8]
    """Those of a packet, with zeros in the holes."""
    patches: tuple[Patch, ...]
    sums: tuple[Sum, ...]
    """Innermost first."""

    @property
    def head(self) -> int:
        """How many octets stand before a payload that is a column and ends the packet."""
        payload = next((patch.hole for patch in self.patches if patch.given and patch.given.field is None), None)
        ends = payload is not None and payload.bit + payload.bits == len(self.octets) * 8
        return payload.bit // 8 if payload is not None and ends else len(self.octets)

    def fill(self, which: Which, rows: Rows, ragged: Ragged | None) -> None:
        """Writes these packets into rows; what is `ragged` of them is left to others."""
        head = self.head
        rows[:, :head] = self.octets[:head]
        added = [self._patch(patch, which, rows, ragged) for patch in self.patches]
        for sum_ in self.sums:
            values = sum_.of(rows, added, None if ragged is None else ragged.short)
            put(rows, sum_.place.bit, sum_.place.bits, values)
            added.append(folded(values, sum_.place.bits))

    def _patch(self, patch: Patch, which: Which, rows: Rows, ragged: Ragged | None) -> NDArray[np.uint64]:
        """Fills one hole; gives what it adds to a sum."""
        bit, bits = patch.hole.bit, patch.hole.bits
        if patch.given is None:
            assert ragged is not None
            lengths = np.uint64(patch.length) - ragged.short
            put(rows, bit, bits, lengths)
            return lengths
        if patch.given.strings is not None:
            if ragged is not None and patch.given.field is None:
                return ragged.added
            at, stop = bit // 8, (bit + bits) // 8
            strings = patch.given.strings.rows(which, stop - at)
            rows[:, at:stop] = strings
            return sum_of_rows(strings) if self.sums else np.empty(0, np.uint64)
        assert patch.given.numbers is not None
        numbers = _on_the_wire(patch.given, patch.given.numbers[which])
        put(rows, bit, bits, numbers)
        return folded(numbers, bits)


def _on_the_wire(given: Given, numbers: Numbers) -> Numbers:
    """The numbers as they stand there, most significant octet first."""
    order = None if given.field is None else given.field.get(ByteOrder)
    if given.field is None or order is None or order.order == "big":
        return numbers
    return numbers.astype(np.uint64).byteswap() >> np.uint64(64 - (given.field.bits or 0))


def elastic(packet: Packet) -> bool:
    """Whether a payload of another length changes nothing but lengths and checksums, in ways that are known here."""
    for header in packet.headers:
        layout = header.__layout__
        fact = None if layout.checksum is None else layout.checksum[Checksum]
        derived = layout.checksum is not None and getattr(header, layout.checksum.name) is AUTO
        if derived and fact is not None and fact.algorithm == "crc32c":
            return False
        if (bounded := layout.bounds) is not None:
            told = getattr(header, bounded.name) is not AUTO
            bounds = bounded[LengthField]
            if (told and derived and fact is not None and fact.covers == "all") or (
                bounds.unit != 1 and not bounds.optional
            ):
                return False
    return not packet.trailers


def stencil_of(
    packet: Packet, givens: Sequence[Given], catalog: Catalog, *, ragged: bool
) -> tuple[bytes, Stencil | None]:
    """The octets of a packet, and the stencil that they are; None where its like are to be encoded one by one.

    `ragged`: whether the others have shorter payloads. Raises: EncodeError, as `encode` does.
    """
    out: list[Header] = []
    pieces: list[bytes] = []
    data = encode_packet(packet, catalog, out, pieces)
    out.reverse()
    pieces.reverse()
    resolved = Packet(tuple(out), packet.payload, packet.trailers)
    patches = [patch for given in givens if (patch := _patch_of(given, resolved)) is not None]
    starts = _starts(resolved)
    if ragged:
        patches += _lengths(packet, resolved, starts, catalog)
    holes = [patch.hole for patch in patches]
    octets = np.frombuffer(bytearray(data), np.uint8)
    for hole in holes:
        cleared(octets, hole)
    sums = []
    for index in range(len(out) - 1, -1, -1):
        place = _derived(packet.headers[index], out[index], starts[index])
        if place is None:
            continue
        cleared(octets, place)
        protocol = catalog.key_of(IP_PROTOCOL, type(out[index])) or 0
        found = sum_of(out, index, starts, pieces[index], octets, holes, protocol)
        if found is None:
            return data, None
        if found.terms:
            sums.append(found)
            holes.append(place)
        else:  # the same for all
            at = slice(place.bit // 8, (place.bit + place.bits) // 8)
            octets[at] = np.frombuffer(data[at], np.uint8)
    return data, Stencil(octets, tuple(patches), tuple(sums))


def _starts(resolved: Packet) -> list[int]:
    """Where each header begins, in octets."""
    starts, at = [], 0
    for header in resolved.headers:
        starts.append(at)
        at += octets_in(header)
    return starts


def _patch_of(given: Given, resolved: Packet) -> Patch | None:
    """The hole for a column; None where all packets of the shape have the same value."""
    if given.codes is not None:
        return None
    try:
        first, last = resolved.span(given.name)
    except MissingHeaderError:
        return None
    return Patch(Hole(first, last + 1 - first, given.strings is not None), given) if last >= first else None


def _lengths(packet: Packet, resolved: Packet, starts: Sequence[int], catalog: Catalog) -> list[Patch]:
    """The derived lengths that count the payload."""
    found = []
    for index, (header, whole) in enumerate(zip(packet.headers, resolved.headers, strict=True)):
        layout = header.__layout__
        following = type(packet.headers[index + 1]) if index + 1 < len(packet.headers) else None
        for field, bit, bits in spans_of(whole):
            if getattr(header, field.name) is not AUTO:
                continue
            bounds, selects = field.get(LengthField), field.get(Selects)
            counts = field is layout.bounds and bounds is not None and not bounds.optional
            if selects and selects.lengths:
                counts = following in catalog.keys_in(selects.lengths[1].space)
            if counts:
                found.append(Patch(Hole(starts[index] * 8 + bit, bits), None, getattr(whole, field.name)))
    return found


def _derived(header: Header, whole: Header, start: int) -> Hole | None:
    """The place of a header's checksum, if that is derived."""
    layout = header.__layout__
    field = layout.checksum
    if field is None or getattr(header, field.name) is not AUTO:
        return None
    value, bit = getattr(whole, field.name), layout.fixed_bit_of(field.name)
    if value is None or bit is None or (value == 0 and field[Checksum].zero == "absent"):
        return None  # it is not there, or left out for the sake of what is inside
    return Hole(start * 8 + bit, field.bits or 0)
