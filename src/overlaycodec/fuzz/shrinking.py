"""The least packet of which something holds: headers taken out, the end cut off, octets made 0.

Strategy: rounds. Each makes every packet that is one step smaller, and asks about all of them at once, since another
program takes long to start and little for a packet. Of those that still hold, the smallest is the next packet. Zeros
that hold alone are tried together first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.fuzz.mutation import Fix, Kind
from overlaycodec.fuzz.mutator import Mutator
from overlaycodec.schema.keyspaces import LINK_TYPE

__all__ = ["least_of"]

_ROUNDS: Final = 60
_MOST: Final = 400
"""Packets that are asked about in one round."""
_KINDS: Final[tuple[Kind, ...]] = ("drop", "truncate", "extend")
_FIXES: Final[tuple[Fix, ...]] = ("none", "both")
_IP: Final = 101

Holds = Callable[[Sequence[Record]], Sequence[bool]]


def least_of(record: Record, holds: Holds, *, catalog: Catalog = DEFAULT) -> Record:
    """The least packet found, from `record` on, of which `holds` says True: the fewest octets, then the most zeros.

    `holds` gets several packets and gives an answer for each; it is not asked about `record`. The same record and
    answers give the same packet.
    """
    for _ in range(_ROUNDS):
        smaller = _kept(record, _shorter(record, catalog), holds)
        if smaller is None:
            smaller = _zeroed(record, holds)
        if smaller is None:
            break
        record = smaller
    return record


def _measure(record: Record) -> tuple[int, int, int]:
    return len(record.data), len(record.data) - record.data.count(0), sum(record.data)


def _kept(record: Record, candidates: Iterator[Record], holds: Holds) -> Record | None:
    """The smallest candidate that holds and is smaller than the record."""
    least = _measure(record)
    smaller = {(each.data, each.link_type): each for each in candidates if each.data and _measure(each) < least}
    asked = sorted(smaller.values(), key=_measure)[:_MOST]
    answers = holds(asked) if asked else []
    return next((each for each, held in zip(asked, answers, strict=True) if held), None)


def _shorter(record: Record, catalog: Catalog) -> Iterator[Record]:
    """Packets with fewer octets."""
    data = record.data
    packet = record.decode(lax=True, catalog=catalog)
    for number, (name, header) in enumerate(zip(packet.names, packet.headers, strict=True)):
        link = catalog.key_of(LINK_TYPE, type(header))
        if header.__layout__.layer == "network":
            link = _IP
        if number and link is not None:
            yield Record(data[packet.span(name)[0] // 8 :], link)
    for fix in _FIXES:
        mutator = Mutator(record, fix=fix, kinds=_KINDS, catalog=catalog)
        for mutation in (each for members in mutator.by_kind.values() for each in members):
            yield Record(mutator.mutated((mutation,)).data, record.link_type)
    step = len(data) // 2
    while step:
        yield Record(data[:-step], record.link_type)
        step //= 2


def _zeroed(record: Record, holds: Holds) -> Record | None:
    """The packet with as many zeros as hold together; then with single bits cleared."""
    data = record.data
    places = [place for place, octet in enumerate(data) if octet][:_MOST]
    answers = holds([_with(record, {place: 0}) for place in places]) if places else []
    alone = [place for place, held in zip(places, answers, strict=True) if held]
    if alone:
        together = [alone[:: 1 << shift] for shift in range(len(alone).bit_length())]
        found = _kept(record, (_with(record, dict.fromkeys(several, 0)) for several in together), holds)
        return found or _with(record, {alone[0]: 0})
    return _kept(
        record,
        (_with(record, {place: data[place] & ~(1 << bit)}) for place in places for bit in range(8)),
        holds,
    )


def _with(record: Record, octets: dict[int, int]) -> Record:
    data = bytearray(record.data)
    for place, octet in octets.items():
        data[place] = octet
    return Record(bytes(data), record.link_type)
