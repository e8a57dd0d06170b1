"""Tables one after another -> a lazy frame of Polars, which says what of them it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import polars
from polars.io.plugins import register_io_source

from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.address_text import Addresses
from overlaycodec.columnar.polars_predicate import filter_in
from overlaycodec.columnar.table import Table
from overlaycodec.filters.filter import Filter

__all__ = ["Read", "lazy_frame"]

Read: TypeAlias = Callable[[list[str], Filter | None], Iterator[Table]]
"""Gives the tables of these columns, of the packets that match."""


def lazy_frame(
    read: Read, empty: polars.DataFrame, where: Filter | None, catalog: Catalog, addresses: Addresses
) -> polars.LazyFrame:
    """See `overlaycodec.scan_polars`; `empty` has the columns and no rows."""

    def frames(
        columns: list[str] | None, predicate: polars.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[polars.DataFrame]:
        """What Polars asks for: of the first `rows`, those that meet the predicate."""
        wanted = empty.columns if columns is None else columns
        asked = [] if predicate is None else predicate.meta.root_names()
        names = list(dict.fromkeys([*wanted, *asked])) or empty.columns[:1]
        pushed = None if predicate is None or rows is not None else filter_in(predicate, catalog, addresses)
        both = where & pushed if where is not None and pushed is not None else where or pushed
        schema = empty.select(names).schema
        left = rows
        yield empty.select(wanted)  # some releases of Polars need a frame, even an empty one
        for table in read(names, both) if left != 0 else ():
            part = table if left is None else table.first(left)
            frame = part.to_polars(addresses=addresses)
            if frame.schema != schema:
                raise OverflowError("a time stamp does not fit in 64 bits: leave out the column time_ns")
            yield (frame if predicate is None else frame.filter(predicate)).select(wanted)
            left = None if left is None else left - len(part)
            if left == 0:
                return

    return register_io_source(frames, schema=empty.schema, is_pure=True)
