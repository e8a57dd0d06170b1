"""Tables one after another -> a stream of Arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.address_text import Addresses
from overlaycodec.columnar.arrow import checked
from overlaycodec.columnar.decode.driver import Origin, tables_of
from overlaycodec.filters.filter import Filter

if TYPE_CHECKING:
    from overlaycodec.columnar.decode.source_batches import Rows
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["reader_of"]


def reader_of(
    source: Rows | Origin,
    names: Iterable[str],
    link_type: int | None,
    catalog: Catalog,
    progress: Callable[[int], object] | None,
    pipeline: AnyPipeline | None,
    where: Filter | None,
    schema: pa.Schema,
    addresses: Addresses,
) -> pa.RecordBatchReader:
    """See `overlaycodec.batches`."""

    def batches() -> Iterator[pa.RecordBatch]:
        for table in tables_of(source, names, link_type, catalog, progress, pipeline, where):
            yield from checked(table.to_arrow(addresses=addresses, dictionaries=False), schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())
