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
    """Stretches as long as there are any, then some records one by one: ever more while no block follows them."""
    count, records = 1, None
    while True:
        for block in capture.record_blocks(_OCTETS):
            count = 1
            yield from batches_in(block, MOST_RECORDS)
        records = iter(capture) if records is None else records
        found = False
        for batch in batches_of(islice(records, count), MOST_RECORDS):
            found = True
            yield batch
        if not found:
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
