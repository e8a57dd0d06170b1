"""Damage to the octets of a valid packet: its fields at their limits, and what happens to octets without any sense."""

from __future__ import annotations

from hypothesis import strategies as st

from overlaycodec.packet import Packet
from overlaycodec.spans import spans_of
from overlaycodec.wire import Bounds, Selects

__all__ = ["damaged"]

_JUNK = 24


def damaged(draw: st.DrawFn, packet: Packet, data: bytes) -> bytes:
    """The octets of the packet after one to three damages; the simplest cuts all of it."""
    fields = _fields(packet)
    for _ in range(draw(st.integers(1, 3))):
        kinds = ["cut", "extend", "flip", "splice"] + (["field"] * 4 if fields else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "cut":
            data = data[: draw(st.integers(0, len(data)))]
        elif kind == "extend":
            data += draw(st.binary(min_size=1, max_size=_JUNK))
        elif kind == "splice":
            start = draw(st.integers(0, len(data)))
            stop = draw(st.integers(start, min(len(data), start + _JUNK)))
            data = data[:start] + draw(st.binary(max_size=_JUNK)) + data[stop:]
        elif kind == "flip":
            if data:
                data = _written(data, draw(st.integers(0, len(data) * 8 - 1)), 1, None)
        else:
            bit, bits = draw(st.sampled_from(fields))
            data = _field(draw, data, bit, bits)
    return data


def _fields(packet: Packet) -> list[tuple[int, int]]:
    """First bit and number of bits of each number; those on which the layout hangs come twice as often."""
    found = []
    at = 0
    for header in packet.headers:
        layout = header.__layout__
        octets = 0
        for field, bit, bits in spans_of(header):
            octets = (bit + bits) // 8
            if field.kind in ("int", "bool") and bits:
                weighs = (
                    field.name in layout.sized_by or field.name in layout.flag_of or Bounds in field or Selects in field
                )
                found += [(at + bit, bits)] * (2 if weighs else 1)
        at += octets * 8
    return found


def _field(draw: st.DrawFn, data: bytes, bit: int, bits: int) -> bytes:
    """The octets with a number at one of its limits, next to what it was, or at random."""
    below = len(data) * 8 - bit - bits
    if below < 0:
        return data
    most = (1 << bits) - 1
    now = int.from_bytes(data, "big") >> below & most
    near = [value & most for value in (0, most, now - 1, now + 1, 1)]
    return _written(data, bit, bits, draw(st.sampled_from(near) | st.integers(0, most)))


def _written(data: bytes, bit: int, bits: int, value: int | None) -> bytes:
    """The octets with other bits; None inverts them."""
    below = len(data) * 8 - bit - bits
    mask = ((1 << bits) - 1) << below
    number = int.from_bytes(data, "big")
    number = number ^ mask if value is None else number & ~mask | value << below
    return number.to_bytes(len(data), "big")
