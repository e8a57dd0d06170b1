"""Packets as columns: decoded from captures, and encoded to packets.

`columns` reads a capture into one table, `iter_columns` reads one that is larger than memory, table by table; `batches`
and `scan_polars` do that for other libraries. `encode_columns` gives the octets of packets.

Strategy: NumPy is loaded by the first call, so that an import of this module costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, overload

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.filters.filter import filter_of
from overlaycodec.values.argument_checks import check_callable, check_number

if TYPE_CHECKING:
    from typing import Any

    import polars
    import pyarrow
    from numpy.typing import NDArray

    from overlaycodec.capture.files import File
    from overlaycodec.capture.frames import Frames
    from overlaycodec.capture.items import Item
    from overlaycodec.capture.source import Readable
    from overlaycodec.columnar.address_text import Addresses
    from overlaycodec.columnar.decode.driver import Origin
    from overlaycodec.columnar.decode.source_batches import Rows
    from overlaycodec.columnar.table import Table
    from overlaycodec.filters.filter import Filter
    from overlaycodec.packet.header import Header
    from overlaycodec.packet.packet import Packet
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["arrow_schema", "batches", "column_names", "columns", "encode_columns", "iter_columns", "scan_polars"]


def columns(
    source: Readable | Frames | Iterable[Item] | Sequence[File],
    names: Iterable[str] | None = None,
    *,
    link_type: int | None = None,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline | None = None,
    where: Filter | str | None = None,
    progress: Callable[[int], object] | None = None,
    workers: int | None = None,
) -> Table:
    """Fields of all packets of a capture, one masked array per field.

    `source` is what `open_capture` takes, a list of paths, URLs and splits, a pattern such as `captures/*.pcap`, an
    open capture, the `Frames` of `encode_columns`, or an iterable of records, packets, headers and bytes. Packets are
    encoded first. `link_type` is that of packets, bytes and frames: by default, that of the first header for packets,
    and Ethernet for bytes and frames.

    `names` are packet paths (`inner.ipv4.src`, `vlan[1].vid`, `geneve.options[0].type`), checksum statuses
    (`inner.udp.checksum.verdict`) and columns of the record: `time_ns`, `wire_length`, `captured_length`, `link_type`,
    `fault` (the kind of error at which lax decoding stopped), `interface`, `interface_name`, `comment` (all comments,
    joined by line feeds), `flags`, `section` (from 0), `data` and `payload`. Without names: every column that occurs,
    but not `data` and `payload`, which are large.

    The values are those that lax decoding gives: numbers as the smallest unsigned integers that hold the field, flags
    as bool, MAC addresses as uint64, IPv4 addresses as uint32, IPv6 addresses as V16, all other values as objects: text
    is str, octets are bytes. `progress` is called repeatedly with the number of octets of the packets that were read
    since the last call.

    With a pipeline, which has its own catalog, the table has the packets that it decodes without a fault, and
    `table.others` counts the others. Without names, the columns are then the fields of the pipeline's headers, known
    before anything is read.

    `where` is a filter, or its text: the table has the packets that match it.

    With `workers`, so many processes decode, this one among them, where the source is files. The rows, their order and
    errors are the same; without names, the order of the columns can differ. The program must be one that its processes
    can import, where they are not forked (`if __name__ == "__main__":`).

    Raises: PathError for a name that the catalog does not have; FilterError for a wrong filter; CaptureError as reading
    does, whose `table` is the table of the packets before the damage; EncodeError for a packet that cannot be encoded
    or has no link type; ModuleNotFoundError without NumPy; ChildProcessError if a process is ended from outside.
    """
    _check_numpy()
    from overlaycodec.columnar.decode.driver import table_of

    return table_of(_origin(source, workers), names, link_type, catalog, progress, pipeline, where)


def iter_columns(
    source: Readable | Frames | Iterable[Item] | Sequence[File],
    names: Iterable[str],
    *,
    link_type: int | None = None,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline | None = None,
    where: Filter | str | None = None,
    progress: Callable[[int], object] | None = None,
    workers: int | None = None,
) -> Iterator[Table]:
    """The table of `columns` in parts of at most 65,536 packets, in constant memory.

    `progress` is called after each table with the number of octets of its packets.

    Raises: as `columns`, after the tables of all packets before the damage.
    """
    _check_numpy()
    from overlaycodec.columnar.decode.driver import tables_of

    return tables_of(_origin(source, workers), names, link_type, catalog, progress, pipeline, where)


def column_names(
    source: Readable | Frames | Iterable[Item] | Sequence[File],
    *,
    link_type: int | None = None,
    catalog: Catalog = DEFAULT,
    progress: Callable[[int], object] | None = None,
    workers: int | None = None,
) -> list[str]:
    """The names of the columns that `columns` gives without `names`, and of those that are empty.

    It reads in constant memory; `progress` is called as by `columns`.

    Raises: CaptureError as reading does.
    """
    _check_numpy()
    from overlaycodec.columnar.decode.driver import names_in

    return names_in(_origin(source, workers), link_type, catalog, progress)


def batches(
    source: Readable | Frames | Iterable[Item] | Sequence[File],
    names: Iterable[str],
    *,
    link_type: int | None = None,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline | None = None,
    where: Filter | str | None = None,
    progress: Callable[[int], object] | None = None,
    workers: int | None = None,
    addresses: Addresses = "text",
) -> pyarrow.RecordBatchReader:
    """The tables of `iter_columns` as a stream of Arrow, in constant memory: DuckDB and others read it, once.

    Each batch has the schema `arrow_schema(names, catalog=catalog, addresses=addresses)`, whatever the source has.

    Raises: PathError, FilterError, TypeError and ValueError for wrong arguments at once; while it is read, the errors
    of `iter_columns`, and OverflowError for a time stamp that does not fit in 64 bits; ModuleNotFoundError without
    pyarrow.
    """
    _check_numpy("pyarrow", "arrow")
    from overlaycodec.columnar.arrow import schema_of
    from overlaycodec.columnar.arrow_reader import reader_of
    from overlaycodec.columnar.column import columns_of

    catalog = _catalog_of(catalog, pipeline)
    check_callable("progress", progress)
    columns = columns_of(names, catalog)
    names = [column.name for column in columns]
    wanted = None if where is None else filter_of(where, catalog)
    schema = schema_of(columns, addresses, form="text")
    origin = _origin(source, workers)
    return reader_of(origin, names, link_type, catalog, progress, pipeline, wanted, schema, addresses)


def arrow_schema(names: Iterable[str], *, catalog: Catalog = DEFAULT, addresses: Addresses = "text") -> pyarrow.Schema:
    """The schema that `batches` has, and a table of these columns as an Arrow stream, known before anything is read.

    The metadata of a field have its `path` and, where the declaration has them, `unit`, `specification` and
    `description`. `addresses` are text, numbers (of IPv6 addresses the octets) or octets ("binary").

    Raises: PathError for a name that the catalog does not have; ValueError for other `addresses`; ModuleNotFoundError
    without pyarrow.
    """
    _check_numpy("pyarrow", "arrow")
    from overlaycodec.columnar.arrow import schema_of
    from overlaycodec.columnar.column import columns_of

    return schema_of(columns_of(names, catalog), addresses, form="text")


def scan_polars(
    source: Readable | Frames | Iterable[Item] | Sequence[File],
    names: Iterable[str] | None = None,
    *,
    link_type: int | None = None,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline | None = None,
    where: Filter | str | None = None,
    workers: int | None = None,
    addresses: Addresses = "text",
) -> polars.LazyFrame:
    """A lazy frame of Polars over a capture. It reads when the frame is collected, and only what the query needs.

    Only the columns that the query needs are decoded, and only the packets before its limit. The parts of a predicate
    that a filter can express become a filter (`where`), so packets that do not match are dropped before they are
    decoded. Polars applies the predicate to the rest. Without names, the source is read once for those that occur.

    The columns have the types of `Table.to_polars`. A source that can be read only once can be collected only once.

    Raises: as `batches`; ModuleNotFoundError without polars.
    """
    _check_numpy("polars", "polars")
    from overlaycodec.columnar.column import columns_of
    from overlaycodec.columnar.polars_scan import lazy_frame

    catalog = _catalog_of(catalog, pipeline)
    wanted = None if where is None else filter_of(where, catalog)
    if names is None:
        names = column_names(source, link_type=link_type, catalog=catalog, workers=workers)
    names = [column.name for column in columns_of(names, catalog)]

    def read(names: list[str], where: Filter | None) -> Iterator[Table]:
        return iter_columns(
            source, names, link_type=link_type, catalog=catalog, pipeline=pipeline, where=where, workers=workers
        )

    empty = columns([], names, catalog=catalog).to_polars(addresses=addresses)
    return lazy_frame(read, empty, wanted, catalog, addresses)


@overload
def encode_columns(
    template: Packet | Header,
    columns: Mapping[str, NDArray[Any] | Sequence[object]] | Table,  # Any: each column has its type
    *,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline | None = None,
) -> Frames: ...
@overload
def encode_columns(
    template: None,
    columns: Mapping[str, NDArray[Any] | Sequence[object]] | Table,  # Any: as above
    *,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline,
) -> Frames: ...
def encode_columns(
    template: Packet | Header | None,
    columns: Mapping[str, NDArray[Any] | Sequence[object]] | Table,  # Any: as above
    *,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline | None = None,
) -> Frames:
    """The octets of one packet per value of the columns: the template, with these fields changed.

    Columns have the names and types that `oc.columns` gives, and `payload` is one: an array of uint8 with one row per
    packet, or a sequence of bytes. Sequences of Python values are taken too, with addresses as objects or text. None
    means that the field is absent, if it can be absent. `time_ns` gives the packets their time stamps in a capture.

    The octets are those that `encode` gives for `template.replace_at(name, value)` of each packet: fields that are
    AUTO in the template are derived for each packet, and the others keep their value.

    With a pipeline, which has its own catalog, the packets are those that it encodes. The template is then None where
    the headers of the pipeline are fixed: fields that no column names have their defaults.

    Raises: FieldRangeError and other EncodeErrors that name packet and column, also for a template that is no packet of
    the pipeline; PathError for a column of which the template has no field; TypeError, also for a field without a
    value; ValueError for columns that do not fit together, and without a template for a pipeline of several stacks.
    """
    _check_numpy()
    from overlaycodec.columnar.encode.driver import frames_of

    return frames_of(template, columns, catalog, pipeline)


def _origin(source: Rows, workers: int | None) -> Rows | Origin:
    """The source; for several processes, those that read its files. Raises: TypeError, ValueError."""
    if workers is None or check_number("workers", workers, 1) == 1:
        return source
    from overlaycodec.capture.files import files_in, is_file

    several = files_in(source)
    files = [source] if is_file(source) and several is None else several
    if files is None:
        return source
    from overlaycodec.columnar.workers.reading import Workers, can_work

    return Workers(files, workers, several=several is not None) if can_work() else source


def _catalog_of(catalog: Catalog, pipeline: AnyPipeline | None) -> Catalog:
    """The catalog of the packets. Raises: TypeError for what is no catalog, or no pipeline."""
    check_catalog(catalog)
    if pipeline is None:
        return catalog
    from overlaycodec.pipelines.pipeline import check_pipeline

    check_pipeline(pipeline)
    return pipeline.catalog


def _check_numpy(package: str = "numpy", extra: str = "columns") -> None:
    """Raises: ModuleNotFoundError, which names the extra, where NumPy, or this package, is not installed."""
    from overlaycodec.columnar.extras import needed

    needed("numpy", extra)
    needed(package, extra)
