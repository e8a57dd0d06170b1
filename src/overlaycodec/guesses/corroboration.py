"""Whether a guess is believed: which signs of a header, and of what it carries, fail.

Strategy: generated code tests the common case (`Corroboration.common`) and calls here only for the few headers that do
not fulfil it. Everything is read from the octets, since a header that is refused may not be decodable. What lies behind
the octets at hand of a region that was cut short is unknown, and no sign of it fails.
"""

from __future__ import annotations

from typing import Any, Protocol

from overlaycodec.checksum import internet_checksum
from overlaycodec.packet.late_header import AnyHeader, LateBinding, loaded
from overlaycodec.schema.keys import Asked, Fits, KeySpace, MinOctets, Peek, Pieces, Within
from overlaycodec.schema.layout import Layout, Run
from overlaycodec.schema.plans import LengthSize, UnparsedSize, ValueLength
from overlaycodec.schema.signs import KnownNext, NoFrame, Pattern, RightChecksum, SensibleContent, Sign

__all__ = ["Known", "condition_holds", "failing_signs", "is_believed"]

_LEAST_LLC = 3
_PADDED = 46 + 4
"""How many octets the content of the shortest Ethernet frame has, with a frame check sequence that was left on."""


class Known(Protocol):
    """What a catalog knows, as far as signs ask for it."""

    def late_candidates(self, space: KeySpace, value: int | None, /) -> tuple[LateBinding, ...]:
        """What can be found at a value, in the order in which it is asked."""
        ...

    def values(self, space: KeySpace, /) -> frozenset[int]:
        """The values of a space that are bound."""
        ...


class _Octets:
    """A region of octets, in which the numbers of a header are read without decoding it."""

    __slots__ = ("cut", "data", "end", "known", "pos")

    def __init__(self, data: bytes, pos: int, end: int, cut: bool, known: Known) -> None:
        self.data, self.pos, self.end, self.cut, self.known = data, pos, end, cut, known

    def number(self, bit: int, count: int) -> int | None:
        """The number in these bits from the start of the header; None where they are not at hand."""
        first, last = self.pos + bit // 8, self.pos + (bit + count - 1) // 8
        if last >= self.end:
            return None
        return int.from_bytes(self.data[first : last + 1], "big") >> 7 - (bit + count - 1) % 8 & (1 << count) - 1

    def later(self, octets: int) -> _Octets:
        """The region after so many octets."""
        return _Octets(self.data, self.pos + octets, self.end, self.cut, self.known)

    def __len__(self) -> int:
        return max(0, self.end - self.pos)


class _Raw:
    """A header whose fields are read from the octets, for the methods of plans."""

    def __init__(self, layout: Layout, octets: _Octets) -> None:
        self._layout, self._octets = layout, octets

    def __getattr__(self, name: str) -> int:
        bit = self._layout.fixed_bit_of(name)
        value = None if bit is None else self._octets.number(bit, self._layout.by_name[name].width)
        if value is None:
            raise _UnknownError
        return value


class _UnknownError(Exception):
    """A field is not at hand."""


def is_believed(layout: Layout, known: Known, data: bytes, pos: int, end: int, *, cut: bool) -> bool:
    """Whether a guess that finds such a header at `pos` is believed.

    `cut`: whether the region goes on after the octets at hand.
    """
    plan = layout.corroboration
    return plan is None or not plan.refused(failing_signs(layout, known, data, pos, end, cut=cut))


def failing_signs(layout: Layout, known: Known, data: bytes, pos: int, end: int, *, cut: bool) -> tuple[Sign, ...]:
    """The signs of such a header at `pos` that fail."""
    plan = layout.corroboration
    octets = _Octets(data, pos, end, cut, known)
    return () if plan is None else tuple(sign for sign in plan.signs if not _is_true(sign, layout, octets))


def condition_holds(condition: Asked, data: bytes, pos: int, end: int, known: Known) -> bool:
    """Whether the octets from `pos` fulfil a condition of a key; one on the header before is not tested."""
    return _holds(condition, _Octets(data, pos, end, False, known))


def _is_true(sign: Sign, layout: Layout, octets: _Octets) -> bool:
    try:
        if isinstance(sign, Pattern):
            return any(all(_holds(asked, octets) for asked in alternative) for alternative in sign.alternatives)
        if isinstance(sign, RightChecksum):
            return _has_right_checksum(layout, octets)
        if isinstance(sign, KnownNext):
            return _has_known_next(sign, layout, octets)
        if isinstance(sign, NoFrame):
            return octets.number(96, 16) not in sign.types
        return _has_sensible_content(sign, layout, octets)
    except _UnknownError:
        return octets.cut


def _holds(asked: Asked, octets: _Octets) -> bool:
    here = len(octets)
    if isinstance(asked, Peek):
        number = octets.number(asked.bit, asked.count)
        return octets.cut if number is None else number == asked.value
    if isinstance(asked, MinOctets):
        return octets.cut or asked.octets <= here
    if isinstance(asked, Fits):
        number = octets.number(asked.bit, asked.count)
        if number is None:
            return octets.cut
        claimed = number * asked.unit + asked.base
        if octets.cut and claimed > here:
            return claimed >= asked.least
        return asked.least <= claimed <= here and (asked.spare is None or here - claimed <= asked.spare)
    if isinstance(asked, Within | Pieces):
        length, offset = octets.number(asked.length, 16), octets.number(asked.offset, 16)
        inside = here - asked.header
        if length is None or offset is None:
            return octets.cut
        if isinstance(asked, Within):
            return inside >= 0 and offset + inside <= length
        return octets.cut or (inside > 0 and (offset + inside == length or (asked.equal and offset % inside == 0)))
    return True


def _has_right_checksum(layout: Layout, octets: _Octets) -> bool:
    header = _header_octets(layout, octets)
    if header > len(octets):
        raise _UnknownError
    return internet_checksum(octets.data[octets.pos : octets.pos + header]) == 0


def _has_known_next(sign: KnownNext, layout: Layout, octets: _Octets) -> bool:
    plan = layout.next
    assert plan.selector is not None
    assert plan.space is not None
    value = getattr(_Raw(layout, octets), plan.selector.name)
    if plan.lengths is not None and value <= plan.lengths.limit:
        here = len(octets) - _header_octets(layout, octets)
        return value >= _LEAST_LLC and (octets.cut or value <= here <= max(value + 4, _PADDED))
    return value in sign.also or value == plan.nothing or value in octets.known.values(plan.space)


def _has_sensible_content(sign: SensibleContent, layout: Layout, octets: _Octets) -> bool:
    plan, known = layout.next, octets.known
    key = plan.of(_Raw(layout, octets))
    if key is None or isinstance(key, ValueLength):
        return True
    keyed = plan.selector is not None and key.space == plan.space
    if keyed and (key.value in sign.also or key.value == plan.nothing):
        return True
    found = known.late_candidates(key.space, key.value) or known.late_candidates(key.space, None)
    inside = octets.later(_header_octets(layout, octets))
    if found and inside.pos > inside.end:
        return True  # the header itself does not fit
    for other, header in found:
        if all(_holds(asked, inside) for asked in other.conditions):
            return _is_sensible(header, inside)
    return sign.unknown or not keyed


def _is_sensible(header: AnyHeader, octets: _Octets) -> bool:
    """Whether the decisive signs of a header are true."""
    layout = loaded(header).__layout__
    first, plan = layout.parts[0], layout.corroboration
    if isinstance(first, Run) and first.presence is None and first.octets > len(octets):
        return octets.cut
    return plan is None or all(_is_true(sign, layout, octets) for sign in plan.signs if sign.decisive)


def _header_octets(layout: Layout, octets: _Octets) -> int:
    """How many octets the header has, by its numbers; at least those of its parts of known size."""
    raw: Any = _Raw(layout, octets)  # Any: it has the fields that the layout has
    count = 0
    for part in layout.parts:
        if isinstance(part, Run):
            if part.presence is None or part.presence.holds(lambda name: getattr(raw, name) == 1):
                count += part.octets
        elif isinstance(part.size, LengthSize) and not part.size.from_start:
            count += max(0, part.size.unit * getattr(raw, part.size.field) + part.size.bias)
        elif not isinstance(part.size, UnparsedSize):
            raise _UnknownError
    return count
