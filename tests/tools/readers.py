"""What each reader of captures gives before the end of a source, or before an error."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from unittest import mock

import overlaycodec as oc
from overlaycodec.capture import source
from overlaycodec.capture.bulk import record_scan as chains
from overlaycodec.columnar.decode import source_batches

if TYPE_CHECKING:
    from overlaycodec.capture.source import Readable
    from overlaycodec.columnar.table import Table

Row: TypeAlias = "tuple[int | None, int, int, int]"
NAMES: Final = ["time_ns", "captured_length", "wire_length", "link_type"]
"""The columns of which a row consists."""


class Given(NamedTuple):
    """What a reader gives."""

    rows: list[Row]
    data: list[bytes] | None
    """The octets of the packets; None from readers that do not give them."""
    error: tuple[type[Exception], str] | None


class FailingStream(io.RawIOBase):
    """A stream that gives some octets, at most so many at once, and then fails."""

    def __init__(self, data: bytes, error: Exception, most: int = 1 << 30) -> None:
        self._stream, self._error, self._most = io.BytesIO(data), error, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # Any: a buffer
        octets = self._stream.read(min(len(buffer), self._most))
        if not octets:
            raise self._error
        buffer[: len(octets)] = octets
        return len(octets)


@contextmanager
def piece_sizes(*, content: int, chunk: int) -> Iterator[None]:
    """Columns read files in pieces of `content` octets, the first one of `chunk`; so many are unpacked at once."""
    with ExitStack() as stack:
        for module, name, value in (
            (source_batches, "PIECE_OCTETS", content),
            (chains, "CHUNK", chunk),
            (source, "CHUNK", chunk),
        ):
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def _reason(error: Exception) -> tuple[type[Exception], str]:
    return type(error), str(error)


def _row(record: oc.Record) -> Row:
    return record.time_ns, len(record.data), record.wire_length, record.link_type


def _rows(table: Table) -> list[Row]:
    return list(zip(*(table[name].tolist() for name in NAMES), strict=True))


def iterated(readable: Readable, most: int | None = None) -> Given:
    """What the iteration over a capture gives: the reference for the others. At most so many records."""
    rows: list[Row] = []
    data: list[bytes] = []
    try:
        with oc.open_capture(readable) as capture:
            for record in islice(capture, most):
                rows.append(_row(record))
                data.append(record.data)
    except Exception as error:
        return Given(rows, data, _reason(error))
    return Given(rows, data, None)


def _packets(readable: Readable) -> Given:
    data: list[bytes] = []
    with oc.open_capture(readable) as capture:
        try:
            data.extend(oc.encode(packet) for packet in capture.packets(lax=True))
        except Exception as error:
            return Given([], data, _reason(error))
    return Given([], data, None)


def _stretches(readable: Readable) -> Given:
    """The records in bulk as far as they go, and all others one by one."""
    rows: list[Row] = []
    data: list[bytes] = []
    with oc.open_capture(readable) as capture:
        try:
            for stretch in capture.record_blocks(chains.CHUNK):
                for index, (start, count) in enumerate(
                    zip(stretch.starts.tolist(), stretch.lengths.tolist(), strict=True)
                ):
                    data.append(stretch.octets[start : start + count].tobytes())
                    about = stretch.times[index], count, stretch.wire[index], stretch.link_types[index]
                    timed = stretch.timed is None or bool(stretch.timed[index])
                    rows.append((int(about[0]) if timed else None, count, int(about[2]), int(about[3])))
            for record in capture:
                rows.append(_row(record))
                data.append(record.data)
        except Exception as error:
            return Given(rows, data, _reason(error))
    return Given(rows, data, None)


def _in_tables(readable: Readable) -> Given:
    rows: list[Row] = []
    try:
        for table in oc.iter_columns(readable, NAMES):
            rows += _rows(table)
    except Exception as error:
        return Given(rows, None, _reason(error))
    return Given(rows, None, None)


def check(make: Callable[[], Readable], most: int | None = None) -> Given:
    """Every reader gives what the iteration over the capture gives, and then the same error; gives that.

    `make` gives the source anew for each reader. A source of more than `most` records is not compared.
    """
    wanted = iterated(make(), most)
    if most is not None and len(wanted.rows) == most:
        return wanted
    if not wanted.rows and _raised(lambda: oc.open_capture(make()).close()) is not None:
        assert _raised(lambda: oc.open_capture(make()).close()) == wanted.error
    else:
        packets, stretches = _packets(make()), _stretches(make())
        assert (packets.data, packets.error) == (wanted.data, wanted.error), "packets() gives something else"
        assert stretches == wanted, "stretches and records give something else"
    assert _in_tables(make()) == wanted._replace(data=None), "iter_columns gives something else"
    for names in (NAMES, None):
        tables: list[Table] = []
        raised = _raised(lambda: tables.append(oc.columns(make(), names)))  # noqa: B023 - called at once
        assert raised == wanted.error, "columns raises something else"
        for table in tables:
            assert len(table) == len(wanted.rows)
            assert names is None or _rows(table) == wanted.rows, "columns gives something else"
    return wanted


def _raised(function: Callable[[], object]) -> tuple[type[Exception], str] | None:
    """What it raises, if anything."""
    try:
        function()
    except Exception as error:
        return _reason(error)
    return None
