"""Splits: pieces of captures that any process can read, each for itself.

Strategy: a piece is a value, the path of its file and two octets between which its records are. Where records begin is
found near the octets where a split is wanted (`boundaries`), so that little of a large file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from overlaycodec.capture.part import Part, PartState
from overlaycodec.capture.source import Source, source_of

if TYPE_CHECKING:
    from overlaycodec.capture.reader import Capture
    from overlaycodec.capture.record import Record
    from overlaycodec.codec.catalog import Catalog
    from overlaycodec.columnar.table import Table
    from overlaycodec.filters.filter import Filter
    from overlaycodec.packet.packet import Packet
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["Split"]


class Split(msgspec.Struct, frozen=True):
    """A piece of a capture file, from one record to another: a value that can be pickled, and read by any process.

    `path` is the file, or its URL. `start` and `stop` are offsets in octets; `stop` is None at the end of the file. A
    split knows its section and its interfaces. `open_capture`, `columns` and `iter_columns` take splits as they take
    files.

    A split reads up to the first octet of the next one. If a record does not end there, or if the next split does not
    know of a section or an interface of this one, reading ends with a `CaptureError`.
    """

    path: str
    start: int = 0
    stop: int | None = None
    state: PartState | None = None
    """What has to be known of the file before it; None where it begins with the file."""
    following: PartState | None = None
    """What the next split takes to be so; None where there is none, or it needs nothing."""

    @property
    def octets(self) -> int | None:
        """How many octets of the file it has; None up to the end of the file."""
        return None if self.stop is None else self.stop - self.start

    def to_source(self) -> Source:
        """Its octets. Raises: OSError as opening the file does."""
        source = source_of(self.path)
        if self.start == 0 and self.stop is None:
            return source
        return Part(source, self.start, self.stop, self.state, self.following)

    def open(self) -> Capture:
        """The same as `open_capture(split)`."""
        from overlaycodec.capture.reader import open_capture

        return open_capture(self)

    def records(self) -> Iterator[Record]:
        """Its records. Raises: CaptureError and OSError as `open_capture` and reading do."""
        with self.open() as capture:
            yield from capture

    def packets(
        self,
        *,
        lax: bool = False,
        catalog: Catalog | None = None,
        pipeline: AnyPipeline | None = None,
        where: Filter | str | None = None,
    ) -> Iterator[Packet]:
        """Its packets, as `Capture.packets` gives them; the default catalog, if none is given."""
        from overlaycodec.codec.catalog import DEFAULT

        with self.open() as capture:
            chosen = DEFAULT if catalog is None else catalog
            yield from capture.packets(lax=lax, catalog=chosen, pipeline=pipeline, where=where)

    def columns(
        self,
        names: Iterable[str] | None = None,
        *,
        catalog: Catalog | None = None,
        pipeline: AnyPipeline | None = None,
        where: Filter | str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Table:
        """Its table, as `columns` gives it; the default catalog, if none is given."""
        from overlaycodec.codec.catalog import DEFAULT
        from overlaycodec.columnar import columns

        chosen = DEFAULT if catalog is None else catalog
        return columns(self, names, catalog=chosen, pipeline=pipeline, where=where, progress=progress)

    def __repr__(self) -> str:
        stop = "the end" if self.stop is None else f"{self.stop:,}"
        return f"<Split: {self.path}, octets {self.start:,} to {stop}>"
