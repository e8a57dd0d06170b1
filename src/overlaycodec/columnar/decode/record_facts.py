"""What a capture says about its records beside their octets, as columns: interface, comment, flags, section.

Strategy: a batch has the requested facts and no others, so that those who request none pay nothing. A name and the
section are known only while the record is read: a later section has other interfaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
import numpy as np

from overlaycodec.capture.bulk.arrays import Mask, Values
from overlaycodec.capture.bulk.record_blocks import RecordBlock
from overlaycodec.capture.pcapng import comment_text
from overlaycodec.capture.reader import Capture
from overlaycodec.capture.record import Record
from overlaycodec.columnar.column import RECORD_COLUMNS
from overlaycodec.errors import FieldRangeError
from overlaycodec.filters.record_facts import RECORD_FACTS

if TYPE_CHECKING:
    from overlaycodec.columnar.decode.batch import Batch

__all__ = ["Facts", "FactsOfRecords", "facts_of_block", "with_facts"]

Facts: TypeAlias = Mapping[str, tuple[Values, Mask | None]]
"""By the name of the column: a value per record, and which of them are present; None: all are."""

_FCS: Final = np.uint32(0xF << 5)
"""The bits of epb_flags with the length of the frame check sequence, which are not in `Record.flags`."""


class FactsOfRecords:
    """The requested facts of records that are read one by one; `capture`: the one that gives them, if one does."""

    def __init__(self, requested: frozenset[str], capture: Capture | None) -> None:
        self._found: dict[str, list[object]] = {name: [] for name in requested}
        self._capture = capture

    def add(self, record: Record) -> None:
        """Takes the facts of the record that was just read; all or none. Raises: FieldRangeError."""
        found = [_fact(name, record, self._capture) for name in self._found]
        for values, value in zip(self._found.values(), found, strict=True):
            values.append(value)

    def taken(self) -> Facts:
        """The facts of the records since the last call."""
        facts: dict[str, tuple[Values, Mask | None]] = {}
        for name, found in self._found.items():
            present = np.fromiter((value is not None for value in found), np.bool_, len(found))
            values: Values = np.zeros(len(found), RECORD_COLUMNS[name])
            values[present] = [value for value in found if value is not None]
            facts[name] = values, None if present.all() else present
            found.clear()
        return facts


def _fact(name: str, record: Record, capture: Capture | None) -> object:
    """The fact of a record. Raises: FieldRangeError where it is a number that has more than 32 bits."""
    value = RECORD_FACTS[name](record, capture)
    if isinstance(value, int) and not 0 <= value < 1 << 32:  # one of a record that the caller made may have more
        raise FieldRangeError(f"record.{name}", value, 0, (1 << 32) - 1)
    return value


def facts_of_block(block: RecordBlock, capture: Capture, requested: frozenset[str]) -> Facts:
    """The requested facts of a block of the capture, in the section being read."""
    facts: dict[str, tuple[Values, Mask | None]] = {}
    absent = np.zeros(len(block.starts), np.bool_)
    for name in requested:
        values: Values = np.empty(len(block.starts), RECORD_COLUMNS[name])
        present: Mask | None = absent
        # pcap has no numbers of interfaces, names, flags or sections
        if name == "interface" and block.interface is not None:
            values, present = block.interface, None
        elif name == "interface_name" and block.interface is not None:
            numbers, which = np.unique(block.interface, return_inverse=True)
            names = np.empty(len(numbers), object)
            known = map(capture.interface, numbers.tolist())
            names[:] = [None if interface is None else interface.name for interface in known]
            named = np.array([text is not None for text in names], np.bool_)
            values, present = names[which], named[which]
        elif name == "comment" and block.comments is not None:
            values, present = _comments_of(block)
        elif name == "flags" and block.flags is not None:
            values, present = block.flags & ~_FCS, block.flagged
        elif name == "section" and capture.section is not None:
            values[:] = capture.section
            present = None
        facts[name] = values, present
    return facts


def _comments_of(block: RecordBlock) -> tuple[Values, Mask]:
    """The comments of each record, as `RECORD_FACTS` gives them."""
    assert block.comments is not None
    found: list[list[str]] = [[] for _ in block.starts]
    for record, start, stop in zip(*(column.tolist() for column in block.comments), strict=True):
        found[record].append(comment_text(block.octets[start:stop].tobytes()))
    values = np.empty(len(found), object)
    values[:] = ["\n".join(texts) if texts else None for texts in found]
    return values, np.array([bool(texts) for texts in found], np.bool_)


def _part_of(facts: Facts, start: int, stop: int) -> Facts:
    """The facts of some of the records."""
    return {
        name: (values[start:stop], None if present is None else present[start:stop])
        for name, (values, present) in facts.items()
    }


def with_facts(batches: Iterator[Batch], facts: Facts) -> Iterator[Batch]:
    """The batches, which have these records one after another, with their facts."""
    start = 0
    for batch in batches:
        stop = start + len(batch)
        yield msgspec.structs.replace(batch, facts=_part_of(facts, start, stop)) if facts else batch
        start = stop
