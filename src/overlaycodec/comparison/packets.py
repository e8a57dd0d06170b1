"""Two packets, compared header by header and field by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import resolve
from overlaycodec.comparison.alignment import cheapest
from overlaycodec.comparison.changes import Added, Bits, Change, Changed, PacketDiff, Removed, Replaced
from overlaycodec.comparison.ignore_patterns import Ignored
from overlaycodec.describe.plain import text_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.packet.packet import FCS, Packet, Trailer
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.keys import Key
from overlaycodec.schema.layout import Field
from overlaycodec.schema.record import Element, WireStruct
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["packet_diff", "packet_of"]

R = TypeVar("R", bound=WireStruct)

_UNPAIRED_COST: Final = 1000
"""The cost of an unpaired header; a pair that differs in all fields costs a little less than two of them."""
_MAX_EQUAL: Final = 4
"""Equal octets between two differing ranges join these, up to this many."""
_BLOCK: Final = 64
_MAX_RANGES: Final = 32
"""More differing ranges than this are reported as one."""


class _Located(msgspec.Struct, frozen=True):
    """A header or an element, with its path and its first bit."""

    record: WireStruct
    path: str
    bit: int

    @property
    def bits(self) -> Bits:
        return self.bit, self.bit + octets_in(self.record) * 8 - 1


def packet_of(data: Packet | Header | BytesLike, first: type[Header] | Key, catalog: Catalog) -> Packet:
    """The packet; octets are decoded lax. Raises: EncodeError where AUTO cannot be derived."""
    if isinstance(data, Packet | Header):
        return resolve(data, catalog=catalog)
    return decode(data, first=first, lax=True, catalog=catalog)


def packet_diff(a: Packet, b: Packet, ignored: Ignored) -> PacketDiff:
    """What differs between two packets without AUTO."""
    if a == b and a.missing == b.missing:
        return PacketDiff()
    return PacketDiff(tuple(change for change in _changes(a, b) if not _is_ignored(change, ignored)))


def _is_ignored(change: Change, ignored: Ignored) -> bool:
    if change.path in ignored:
        return True
    return isinstance(change, Changed) and change.new_path in ignored


def _changes(a: Packet, b: Packet) -> Iterator[Change]:
    names, new_names = names_of(a.headers), names_of(b.headers)
    before, end = _located(a.headers, names, 0)
    after, new_end = _located(b.headers, new_names, 0)
    yield from _sequences(before, after)
    yield from _octets("payload", a.payload, end, b.payload, new_end)
    end, new_end = end + len(a.payload) * 8, new_end + len(b.payload) * 8
    fcs, new_fcs = a.fcs, b.fcs
    a, b = a._with(trailers=_without(a, fcs)), b._with(trailers=_without(b, new_fcs))
    for number in range(max(len(a.trailers), len(b.trailers))):
        path = f"trailers[{number}]"
        old = a.trailers[number].data if number < len(a.trailers) else None
        new = b.trailers[number].data if number < len(b.trailers) else None
        if new is None and old is not None:
            yield Removed(path, (end, end + len(old) * 8 - 1), old)
        elif old is None and new is not None:
            yield Added(path, (new_end, new_end + len(new) * 8 - 1), new)
        elif old is not None and new is not None:
            yield from _octets(path, old, end, new, new_end)
            yield from _trailer_owner(names, a.trailers[number], new_names, b.trailers[number], path)
        end, new_end = end + len(old or b"") * 8, new_end + len(new or b"") * 8
    yield from _fcs(fcs, end, new_fcs, new_end)
    if a.missing != b.missing:
        texts = f"{a.missing}", f"{b.missing}"
        yield Changed("missing", None, a.missing, "missing", None, b.missing, texts)


def _without(packet: Packet, fcs: FCS | None) -> tuple[Trailer, ...]:
    """The trailers before the FCS."""
    return packet.trailers if fcs is None else packet.trailers[:-1]


def _fcs(old: FCS | None, at: int, new: FCS | None, new_at: int) -> Iterator[Change]:
    """What differs between two frame check sequences, at these bits."""
    if old is None and new is not None:
        yield Added("fcs", (new_at, new_at + len(new.data) * 8 - 1), new.data)
    elif old is not None and new is None:
        yield Removed("fcs", (at, at + len(old.data) * 8 - 1), old.data)
    elif old is not None and new is not None:
        yield from _octets("fcs", old.data, at, new.data, new_at)
        if old.octets != new.octets:
            texts = f"{old.octets}", f"{new.octets}"
            yield Changed("fcs.octets", None, old.octets, "fcs.octets", None, new.octets, texts)


def _trailer_owner(
    names: Sequence[str], trailer: Trailer, new_names: Sequence[str], new_trailer: Trailer, path: str
) -> Iterator[Change]:
    """The header that a trailer follows the end of, where that is another one."""
    owner = "none" if trailer.header < 0 else names[trailer.header]
    new_owner = "none" if new_trailer.header < 0 else new_names[new_trailer.header]
    if owner != new_owner:
        path += ".header"
        yield Changed(path, None, owner, path, None, new_owner, (owner, new_owner))


def _located(records: Sequence[WireStruct], paths: Sequence[str], bit: int) -> tuple[list[_Located], int]:
    """The records, one after another, and the bit after the last one."""
    located = []
    for record, path in zip(records, paths, strict=True):
        located.append(_Located(record, path, bit))
        bit += octets_in(record) * 8
    return located, bit


def _sequences(before: Sequence[_Located], after: Sequence[_Located]) -> Iterator[Change]:
    """What differs between two sequences of headers, or of elements."""
    start, stop, end = 0, len(before), len(after)
    while start < min(stop, end) and before[start].record == after[start].record:
        start += 1
    while start < min(stop, end) and before[stop - 1].record == after[end - 1].record:
        stop, end = stop - 1, end - 1
    old, new = before[start:stop], after[start:end]
    pairs = cheapest(len(old), len(new), lambda i, j: _cost(old[i].record, new[j].record), _UNPAIRED_COST)
    i = j = 0
    for paired, other in [*pairs, (len(old), len(new))]:
        for alone in old[i:paired]:
            yield Removed(alone.path, alone.bits, _value(alone.record))
        for alone in new[j:other]:
            yield Added(alone.path, alone.bits, _value(alone.record))
        if paired < len(old):
            yield from _fields(old[paired], new[other])
        i, j = paired + 1, other + 1


def _value(record: WireStruct) -> Header | Element:
    assert isinstance(record, Header | Element)
    return record


def _cost(a: WireStruct, b: WireStruct) -> int | None:
    """The cost of a pair of records: it grows with the number of fields that differ."""
    if type(a) is not type(b):
        return None
    fields = a.__layout__.fields
    different: int = sum(getattr(a, field.name) != getattr(b, field.name) for field in fields)
    return different * (2 * _UNPAIRED_COST - 1) // max(1, len(fields))


def _fields(before: _Located, after: _Located) -> Iterator[Change]:
    """What differs between two records of one class."""
    old, new = _spans(before), _spans(after)
    for field in before.record.__layout__.fields:
        name = field.name
        value, other = getattr(before.record, name), getattr(after.record, name)
        if value == other:
            continue
        path, new_path = f"{before.path}.{name}", f"{after.path}.{name}"
        if field.kind == "items":
            yield from _sequences(
                _members(value, path, old.get(name, before.bits)), _members(other, new_path, new.get(name, after.bits))
            )
        else:
            texts = _value_text(field, value), _value_text(field, other)
            yield Changed(path, old.get(name), value, new_path, new.get(name), other, texts)


def _members(options: Sequence[Element] | None, path: str, bits: Bits) -> list[_Located]:
    options = options or ()
    return _located(options, [f"{path}[{number}]" for number in range(len(options))], bits[0])[0]


def _spans(located: _Located) -> dict[str, Bits]:
    at = located.bit
    return {field.name: (at + bit, at + bit + bits - 1) for field, bit, bits in spans_of(located.record)}


def _value_text(field: Field, value: object) -> str:
    if value is None:
        return "absent"
    return text_of(field, value) or "nothing"


def _octets(path: str, old: bytes, at: int, new: bytes, new_at: int) -> Iterator[Change]:
    """What differs between the octets at these bits."""
    for start, stop, end in _differing(old, new):
        bits = at + start * 8, at + stop * 8 - 1
        new_bits = new_at + start * 8, new_at + end * 8 - 1
        yield Replaced(path, start, bits, old[start:stop], new_bits, new[start:end])


def _differing(old: bytes, new: bytes) -> list[tuple[int, int, int]]:
    """The differing ranges: the start, and the end on either side."""
    if old == new:
        return []
    if len(old) == len(new):
        ranges: list[tuple[int, int, int]] = []
        for block in range(0, len(old), _BLOCK):
            if old[block : block + _BLOCK] == new[block : block + _BLOCK]:
                continue
            for at in range(block, min(block + _BLOCK, len(old))):
                if old[at] != new[at]:
                    if ranges and at - ranges[-1][1] <= _MAX_EQUAL:
                        ranges[-1] = (ranges[-1][0], at + 1, at + 1)
                    else:
                        ranges.append((at, at + 1, at + 1))
            if len(ranges) > _MAX_RANGES:
                break
        else:
            return ranges
    stop, end, start = len(old), len(new), _common_prefix(old, new)
    tail = min(_common_prefix(old[::-1], new[::-1]), min(stop, end) - start)
    return [(start, stop - tail, end - tail)]


def _common_prefix(a: bytes, b: bytes) -> int:
    """How many octets at the start are the same."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
