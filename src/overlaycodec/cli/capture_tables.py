"""Captures that commands read as tables: once or several times, up to the end or the damage."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, TYPE_CHECKING, TypeAlias

from overlaycodec.capture import Record, open_capture
from overlaycodec.capture.source import SpooledStream
from overlaycodec.cli.inputs import named
from overlaycodec.cli.progress import Advance
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar import column_names, iter_columns
from overlaycodec.columnar.column import columns_of, may_be_empty
from overlaycodec.errors import CaptureError
from overlaycodec.filters.filter import Filter

if TYPE_CHECKING:
    from overlaycodec.columnar.table import Table

__all__ = ["Reading", "opened"]

Origin: TypeAlias = "str | IO[bytes] | SpooledStream"


@contextmanager
def opened(file: str, *, again: bool) -> Iterator[Origin]:
    """The path; for "-", the standard input, or, if it is to be read again, a copy of it on the disk."""
    if file != "-":
        yield file
    elif not again:
        yield sys.stdin.buffer
    else:
        with _copied() as copy:
            yield copy


@contextmanager
def _copied() -> Iterator[SpooledStream]:
    """A copy of the standard input on the disk. Raises: OSError where it cannot be written."""
    with ExitStack() as stack:
        with named("the copy of the standard input"):
            file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed below
            stack.callback(_closed, file)
            copy = SpooledStream(sys.stdin.buffer, file)
            file.flush()  # here, so that a full disk is an error of the copy
        yield copy


def _closed(file: IO[bytes]) -> None:
    with suppress(OSError):  # what could not be written was said when it was to be written
        file.close()


class Reading:
    """One capture, and the error that ended its reading."""

    def __init__(
        self,
        file: str,
        origin: Origin,
        catalog: Catalog,
        advance: Advance,
        where: Filter | None = None,
        workers: int = 1,
    ) -> None:
        self._file, self._origin, self._catalog, self._advance = file, origin, catalog, advance
        self._where = where
        """The filter whose packets are in the tables; None: all packets."""
        self._workers = workers
        self.damage: CaptureError | OSError | None = None
        self.packets = 0

    def names(self) -> list[str]:
        """The fields of the headers that occur."""
        try:
            return column_names(self._rewound(), catalog=self._catalog, progress=self._octets, workers=self._workers)
        except (CaptureError, OSError):
            with named(self._file):
                return column_names(self._readable(), catalog=self._catalog)

    def occurring(self) -> list[str]:
        """The columns that have a value in some packet."""
        names = self.names()
        doubtful = [column.name for column in columns_of(names, self._catalog) if may_be_empty(column)]
        found = {*names}.difference(doubtful)
        for table in self.tables(doubtful):
            found.update(name for name in doubtful if table[name].count())
        return [name for name in names if name in found]

    def tables(self, names: list[str]) -> Iterator[Table]:
        """Tables of these columns. Raises: CaptureError, OSError where no packet can be read."""
        self.packets = 0
        try:
            found = iter_columns(
                self._rewound(),
                names,
                catalog=self._catalog,
                where=self._where,
                progress=self._octets,
                workers=self._workers,
            )
            for table in found:
                self.packets += len(table)
                self._advance(len(table), 0)
                yield table
        except (CaptureError, OSError) as error:
            if not self.packets:
                with named(self._file):
                    raise
            self.damage = error

    def _rewound(self) -> Origin:
        if not isinstance(self._origin, str) and self._origin.seekable():
            self._origin.seek(0)
        return self._origin

    def _octets(self, octets: int) -> None:
        self._advance(0, octets)

    def _readable(self) -> Iterator[Record]:
        """The records before the damage in the file. Raises: CaptureError, OSError where it cannot be opened."""
        with open_capture(self._rewound()) as capture:
            try:
                yield from capture
            except (CaptureError, OSError):
                return
