"""Slots: the bits of a packet that differ between packets of one shape."""

from __future__ import annotations

import msgspec
import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, ByteMatrix, Values

__all__ = ["Slot", "clear", "write_numbers"]

_OCTET, _HALF = np.uint64(0xFF), np.uint64(0xFFFFFFFF)


class Slot(msgspec.Struct, frozen=True):
    """Bits that differ from packet to packet, counted from the start of the packet."""

    bit: int
    bits: int
    octets: bool = False
    """Whether it holds octets, which are summed in words from the first one on, and not a number."""

    def shift(self, stop: int) -> int:
        """How far its value is shifted in a sum of words, one of which ends at bit `stop`."""
        return (stop - self.bit - (0 if self.octets else self.bits)) % 16

    def within(self, start: int, stop: int) -> bool | None:
        """Whether all of it lies between these bits; None where only a part of it does."""
        if self.bit >= start and self.bit + self.bits <= stop:
            return True
        return False if self.bit >= stop or self.bit + self.bits <= start else None


def clear(octets: ByteBuffer, slot: Slot) -> None:
    """Sets the bits of a slot to zero."""
    first, last = slot.bit // 8, (slot.bit + slot.bits - 1) // 8
    mask = (1 << slot.bits) - 1 << (last + 1) * 8 - slot.bit - slot.bits
    octets[first : last + 1] &= ~np.frombuffer(mask.to_bytes(last - first + 1, "big"), np.uint8)


def write_numbers(rows: ByteMatrix, bit: int, bits: int, numbers: Values) -> None:
    """Writes a number into `bits` bits of each row, from `bit` on; these bits are zero before."""
    if bit % 8 == 0 and bits % 8 == 0:
        offset, left = bit // 8, bits
        while left:
            octets = next(size for size in (8, 4, 2, 1) if size * 8 <= left)
            left -= octets * 8
            part = numbers >> numbers.dtype.type(left) if left else numbers
            rows[:, offset : offset + octets].view(f">u{octets}")[:, 0] = part  # the assignment drops higher bits
            offset += octets
        return
    last = (bit + bits - 1) // 8
    if bits > 32:  # the upper bits, then a word of 32 bits
        write_numbers(rows, bit, bits - 32, numbers >> np.uint64(32))
        write_numbers(rows, bit + bits - 32, 32, numbers & _HALF)
        return
    wide = numbers.astype(np.uint64, copy=False)
    for octet in range(bit // 8, last + 1):
        shift = (octet + 1) * 8 - bit - bits
        part = wide >> np.uint64(-shift) if shift < 0 else wide << np.uint64(shift)
        rows[:, octet] |= (part & _OCTET).astype(np.uint8)
