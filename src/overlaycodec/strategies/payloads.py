"""Payloads of every size in which no key's condition finds a header."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from overlaycodec.schema.keys import MinOctets, Peek
from overlaycodec.strategies.entropy import binary
from overlaycodec.strategies.stack_graph import Conditions

__all__ = ["LONGEST_PAYLOAD", "fits", "payload_of", "payload_without"]

LONGEST_PAYLOAD: Final = 9_000
"""What jumbo frames commonly carry."""
_FRAME: Final = 1_500
_DRAWN: Final = 64
"""The most octets that are drawn one by one; a longer payload repeats them."""
_LONG, _LONGER, _LIMIT = 140, 175, 215
"""From which values of an octet on a payload is up to a frame long, up to a jumbo frame, or just that long."""


def payload_of(draw: st.DrawFn, size: bytes, most: int) -> bytes:
    """A payload of at most so many octets, of a size that three octets decide; the simplest is empty."""
    content = draw(binary(0, min(most, _DRAWN)))
    kind, number = size[0], int.from_bytes(size[1:3], "big")
    if kind < _LONG or most <= _DRAWN:
        return content
    if kind < _LONGER:
        octets = number % (_FRAME + 1)
    elif kind < _LIMIT:
        octets = number % (LONGEST_PAYLOAD + 1)
    else:
        octets = (_FRAME, LONGEST_PAYLOAD)[number & 1]
    content = content or b"\0"
    octets = min(octets, most)
    return (content * (octets // len(content) + 1))[:octets]


def payload_without(payload: bytes, avoid: tuple[Conditions, ...]) -> bytes:
    """The payload, changed in few bits so that it fulfils none of the conditions."""
    while True:
        held = next((conditions for conditions in avoid if all(_is(payload, asked) for asked in conditions)), None)
        if held is None:
            return payload
        peek = held[0]
        if isinstance(peek, MinOctets):
            return payload[: peek.octets - 1]
        asked = [other for conditions in avoid for other in conditions if isinstance(other, Peek)]
        taken = {other.value for other in asked if (other.bit, other.count) == (peek.bit, peek.count)}
        value = next((value for value in range(1 << peek.count) if value not in taken), None)
        if value is None:
            return payload[: peek.bit // 8]
        octets = -(-(peek.bit + peek.count) // 8)
        below = octets * 8 - peek.bit - peek.count
        mask = (1 << peek.count) - 1
        bits = int.from_bytes(payload[:octets], "big") & ~(mask << below) | value << below
        payload = bits.to_bytes(octets, "big") + payload[octets:]


def fits(payload: bytes, avoid: tuple[Conditions, ...]) -> bool:
    """Whether the payload fulfils none of the conditions."""
    return not any(all(_is(payload, asked) for asked in conditions) for conditions in avoid)


def _is(payload: bytes, peek: Peek | MinOctets) -> bool:
    if isinstance(peek, MinOctets):
        return len(payload) >= peek.octets
    octets = -(-(peek.bit + peek.count) // 8)
    below = octets * 8 - peek.bit - peek.count
    head = int.from_bytes(payload[:octets], "big")
    return len(payload) >= octets and head >> below & (1 << peek.count) - 1 == peek.value
