"""Damage to the octets of a valid packet: its fields at their limits, and octets cut, inserted, added and inverted."""

from __future__ import annotations

from hypothesis import strategies as st

from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.packet.packet import Packet

__all__ = ["damaged"]

_JUNK = 24
_WEIGHT = 4


def damaged(draw: st.DrawFn, packet: Packet, data: bytes) -> bytes:
    """The octets of the packet after one to three damages, all from the start of some header on.

    The simplest damage cuts at the last header.
    """
    starts, fields = _positions(packet)
    # the later of two, so that more of the headers before it are still right
    since = max(draw(st.sampled_from(starts[::-1])), draw(st.sampled_from(starts[::-1])))
    after = [position for position in fields if position[0] >= since * 8]
    for _ in range(draw(st.integers(1, 3))):
        least = min(since, len(data))
        kind = draw(st.sampled_from(["cut", "extend", "flip", "splice"] + (["field"] * 4 if after else [])))
        if kind == "cut":
            data = data[: draw(st.integers(least, len(data)))]
        elif kind == "extend":
            data += draw(st.binary(min_size=1, max_size=_JUNK))
        elif kind == "splice":
            start = draw(st.integers(least, len(data)))
            stop = draw(st.integers(start, min(len(data), start + _JUNK)))
            data = data[:start] + draw(st.binary(max_size=_JUNK)) + data[stop:]
        elif kind == "flip":
            if least < len(data):
                data = _written(data, draw(st.integers(least * 8, len(data) * 8 - 1)), 1, None)
        else:
            bit, bits = draw(st.sampled_from(after))
            data = _field(draw, data, bit, bits)
    return data


def _positions(packet: Packet) -> tuple[list[int], list[tuple[int, int]]]:
    """The octets at which headers start, and the first bit and the number of bits of each number.

    Those that give sizes, presence or the declared end come more often.
    """
    starts, found = [], []
    at = 0
    for header in packet.headers:
        layout = header.__layout__
        starts.append(at // 8)
        for field, bit, bits in spans_of(header):
            if field.kind in ("int", "bool"):
                decides = field.name in layout.sized_by or field.name in layout.flag_of or field is layout.length_field
                found += [(at + bit, bits)] * (_WEIGHT if decides else 1)
        at += octets_in(header) * 8
    return starts, found


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
