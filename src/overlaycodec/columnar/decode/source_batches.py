"""Sources -> batches: a capture, frames, or records and what becomes one."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from mmap import mmap
from typing import TYPE_CHECKING, TypeAlias, cast

import msgspec
import numpy as np

from overlaycodec.capture.bulk.record_blocks import RecordBlock
from overlaycodec.capture.files import file_name, files_in
from overlaycodec.capture.frames import Frames
from overlaycodec.capture.items import ETHERNET, record_of
from overlaycodec.capture.reader import Capture, open_capture
from overlaycodec.capture.source import BinaryStream, SpooledStream, is_readable
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.columnar.decode.batch import Batch, batches_in, batches_of
from overlaycodec.columnar.decode.record_facts import FactsOfRecords, facts_of_block, with_facts
from overlaycodec.errors import CaptureError
from overlaycodec.packet.packet import Packet

if TYPE_CHECKING:
    from overlaycodec.capture.files import File
    from overlaycodec.capture.items import Item
    from overlaycodec.capture.source import Readable

    Rows: TypeAlias = "Readable | Frames | Iterable[Item] | Sequence[File]"

__all__ = ["MOST_RECORDS", "PIECE_OCTETS", "batches_from", "batches_twice"]

MOST_RECORDS = 1 << 16
"""At most this many packets are in a batch: the values of more of them no longer fit into caches."""
_MANY_RECORDS = 1 << 10
"""Fewer records in blocks than these are read as fast one by one."""
_SMALL = 1 << 11
"""Files of fewer octets are read as fast record by record."""
PIECE_OCTETS = 1 << 22
"""Octets of a file that are read at once."""


def batches_from(
    source: Rows,
    facts: frozenset[str] = frozenset(),
    link_type: int | None = None,
    catalog: Catalog = DEFAULT,
) -> Iterator[Batch]:
    """The batches of a source, with these facts of its records. Raises: as reading and encoding do."""
    if isinstance(source, Packet):
        raise TypeError("the source is one packet: give a list of packets")
    if isinstance(source, Frames):
        return _batches_of_frames(source, link_type)
    files = files_in(source)
    if files is not None:
        return _batches_of_files(files, facts)
    if is_readable(source):
        return _batches_of_file(source, facts)
    capture = source if isinstance(source, Capture) else None
    reader = FactsOfRecords(facts, capture) if facts else None
    items = (record_of(item, index, link_type, catalog) for index, item in enumerate(cast("Iterable[Item]", source)))
    return batches_of(items, MOST_RECORDS, reader)


def _batches_of_files(files: Sequence[File], facts: frozenset[str]) -> Iterator[Batch]:
    """The batches of one file after another. Raises: CaptureError, which names the file."""
    for file in files:
        try:
            yield from _batches_of_file(file, facts)
        except CaptureError as error:
            raise CaptureError(error.reason, error.octet, file_name(file)) from None


def _batches_of_file(source: Readable, facts: frozenset[str]) -> Iterator[Batch]:
    with open_capture(source) as capture:
        yield from _batches_of(capture, facts)


def _batches_of(capture: Capture, facts: frozenset[str]) -> Iterator[Batch]:
    """Blocks as long as there are any, then some records one by one: ever more while only short blocks follow them.

    So records that are read in blocks and those that are not can alternate, and batches are not short for that.
    """
    small = (capture.octets or _SMALL) < _SMALL
    count, records = MOST_RECORDS if small else 1, None
    reader = FactsOfRecords(facts, capture) if facts else None
    while True:
        found = 0
        for block in () if small else capture.record_blocks(PIECE_OCTETS):
            found += len(block.starts)
            yield from with_facts(batches_in(block, MOST_RECORDS), facts_of_block(block, capture, facts))
        if found >= _MANY_RECORDS:
            count = 1
        records = iter(capture) if records is None else records
        ended = True
        for batch in batches_of(islice(records, count), MOST_RECORDS, reader):
            ended = False
            yield batch
        if ended:
            return
        count = min(2 * count, MOST_RECORDS)


def _batches_of_frames(frames: Frames, link_type: int | None) -> Iterator[Batch]:
    """The batches of frames, read in place."""
    lengths, count = frames.lengths, len(frames)
    link_type = frames.link_type if link_type is None else link_type
    block = RecordBlock(
        np.ascontiguousarray(frames.octets),
        frames.starts[:-1],
        lengths,
        lengths,
        np.zeros(count, np.int64) if frames.time_ns is None else frames.time_ns,
        np.broadcast_to(np.uint32(ETHERNET if link_type is None else link_type), count),
        np.broadcast_to(np.int64(frames.fcs_octets or 0), count),
        0,
    )
    for batch in batches_in(block, MOST_RECORDS):
        untimed = frames.time_ns is None
        timed = np.broadcast_to(np.False_, len(batch))
        yield msgspec.structs.replace(batch, timed=timed) if untimed else batch


def batches_twice(
    source: Rows, facts: frozenset[str], link_type: int | None, catalog: Catalog
) -> tuple[Iterator[Batch], Iterator[Batch]]:
    """The batches of a source, two times, the second time with facts; use the second iterator after the first one."""
    files = files_in(source)
    again: Rows = source if files is None else files  # a pattern is looked up once
    if files is not None:
        pass
    elif not is_readable(source):
        if not isinstance(source, Frames | Packet | Capture):
            again = _Kept(cast("Iterable[Item]", source))
    elif not isinstance(source, mmap) and isinstance(source, BinaryStream):
        data = io.BytesIO()  # a stream can be read only once
        spooled = SpooledStream(source, data)
        if spooled.failure is not None:
            return _from_start(spooled, frozenset()), _from_start(spooled, facts)
        again = data.getvalue()
    return batches_from(again, frozenset(), link_type, catalog), batches_from(again, facts, link_type, catalog)


def _from_start(spooled: SpooledStream, facts: frozenset[str]) -> Iterator[Batch]:
    spooled.seek(0)
    yield from _batches_of_file(spooled, facts)


class _Kept:
    """Items that can be iterated over several times, and the exception with which they ended."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: list[Item] = []
        self._failure: Exception | None = None
        try:
            self._items.extend(items)
        except Exception as error:
            self._failure = error

    def __iter__(self) -> Iterator[Item]:
        yield from self._items
        if self._failure is not None:
            raise self._failure
