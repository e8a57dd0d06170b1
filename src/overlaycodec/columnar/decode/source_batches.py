"""Sources -> batches: a capture, or records."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from mmap import mmap
from typing import TYPE_CHECKING

from overlaycodec.capture.reader import Capture, open_capture
from overlaycodec.capture.record import Record
from overlaycodec.capture.source import BinaryStream, SpooledStream, is_readable
from overlaycodec.columnar.decode.batch import Batch, batches_in, batches_of

if TYPE_CHECKING:
    from overlaycodec.capture.source import Readable

__all__ = ["MOST_RECORDS", "batches_from", "batches_twice"]

MOST_RECORDS = 1 << 16
"""At most this many packets are in a batch: the values of more of them no longer fit into caches."""
_MANY_RECORDS = 1 << 10
"""Fewer records in blocks than these are read as fast one by one."""
_OCTETS = 1 << 22
"""Octets of a file that are read at once."""


def batches_from(source: Readable | Iterable[Record]) -> Iterator[Batch]:
    """The batches of a source. Raises: as reading does."""
    if is_readable(source):
        with open_capture(source) as capture:
            yield from _batches_of(capture)
    else:
        yield from batches_of(source, MOST_RECORDS)


def _batches_of(capture: Capture) -> Iterator[Batch]:
    """Blocks as long as there are any, then some records one by one: ever more while only short blocks follow them.

    So records that are read in blocks and those that are not can alternate, and batches are not short for that.
    """
    count, records = 1, None
    while True:
        found = 0
        for block in capture.record_blocks(_OCTETS):
            found += len(block.starts)
            yield from batches_in(block, MOST_RECORDS)
        if found >= _MANY_RECORDS:
            count = 1
        records = iter(capture) if records is None else records
        ended = True
        for batch in batches_of(islice(records, count), MOST_RECORDS):
            ended = False
            yield batch
        if ended:
            return
        count = min(2 * count, MOST_RECORDS)


def batches_twice(source: Readable | Iterable[Record]) -> tuple[Iterator[Batch], Iterator[Batch]]:
    """The batches of a source, two times: the second iterator is to be used after the first one."""
    if not is_readable(source):
        records = list(source)
        return batches_from(records), batches_from(records)
    if isinstance(source, mmap) or not isinstance(source, BinaryStream):
        return batches_from(source), batches_from(source)
    data = io.BytesIO()  # a stream can be read only once
    spooled = SpooledStream(source, data)
    octets = data.getvalue() if spooled.failure is None else spooled
    return batches_from(octets), batches_from(octets)
