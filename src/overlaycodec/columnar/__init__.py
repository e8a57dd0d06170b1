"""Packets as columns: decoded from captures, and encoded to packets.

`columns` reads a capture into one table, `iter_columns` reads one that is larger than memory, table by table.
`encode_columns` gives the octets of packets.

Strategy: NumPy is loaded by the first call, so that an import of this module costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from overlaycodec.capture.record import Record
from overlaycodec.codec.catalog import DEFAULT, Catalog

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from overlaycodec.capture.frames import Frames
    from overlaycodec.capture.source import Readable
    from overlaycodec.columnar.table import Table
    from overlaycodec.filters.filter import Filter
    from overlaycodec.packet.header import Header
    from overlaycodec.packet.packet import Packet
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["column_names", "columns", "encode_columns", "iter_columns"]


def columns(
    source: Readable | Iterable[Record],
    names: Iterable[str] | None = None,
    *,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline | None = None,
    where: Filter | str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Table:
    """Fields of all packets of a capture, one masked array per field.

    `source` is what `open_capture` takes, or records. `names` are packet paths (`inner.ipv4.src`, `vlan[1].vid`,
    `geneve.options[0].type`), `time_ns`, `wire_length`, `captured_length`, `link_type`, `fault` (the kind of error at
    which lax decoding stopped) and checksum statuses (`inner.udp.checksum.verdict`); without names, every field that
    occurs. The values are those that lax decoding gives: numbers as the smallest unsigned integers that hold the
    field, flags as bool, MAC addresses as uint64, IPv4 addresses as uint32, IPv6 addresses as V16, everything else as
    objects. `progress` is called repeatedly with the number of octets of the packets that were read since.

    With a pipeline, which has its own catalog, the table has the packets that it decodes without a fault, and
    `table.others` counts the others. Without names, the columns are then the fields of the pipeline's headers, known
    before anything is read.

    `where` is a filter, or its text: the table has the packets that match it.

    Raises: PathError for a name that the catalog does not have; FilterError for a wrong filter; CaptureError as reading
    does, and then no packets are given: `iter_columns` gives those before the damage.
    """
    from overlaycodec.columnar.decode.driver import table_of

    return table_of(source, names, catalog, progress, pipeline, where)


def iter_columns(
    source: Readable | Iterable[Record],
    names: Iterable[str],
    *,
    catalog: Catalog = DEFAULT,
    pipeline: AnyPipeline | None = None,
    where: Filter | str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Iterator[Table]:
    """The same in tables of at most 65,536 packets, in constant memory.

    `progress` is called after each table with the number of octets of its packets.

    Raises: as `columns`, after the tables of all packets before the damage.
    """
    from overlaycodec.columnar.decode.driver import tables_of

    return tables_of(source, names, catalog, progress, pipeline, where)


def column_names(
    source: Readable | Iterable[Record],
    *,
    catalog: Catalog = DEFAULT,
    progress: Callable[[int], object] | None = None,
) -> list[str]:
    """The names of the columns that `columns` gives without `names`, and of those that are empty.

    It reads in constant memory; `progress` is called as by `columns`.

    Raises: CaptureError as reading does.
    """
    from overlaycodec.columnar.decode.driver import names_in

    return names_in(source, catalog, progress)


def encode_columns(
    template: Packet | Header,
    columns: Mapping[str, NDArray[Any] | Sequence[object]] | Table,  # Any: each column has its type
    *,
    catalog: Catalog = DEFAULT,
) -> Frames:
    """The octets of one packet per value of the columns: the template, with these fields changed.

    Columns have the names and types that `oc.columns` gives, and `payload` is one: an array of uint8 with one row per
    packet, or a sequence of bytes. Sequences of Python values are taken too, with addresses as objects or text. An
    absent value is None, where the field can be absent. `time_ns` gives the packets their time stamps in a capture.

    The octets are those that `encode` gives for `template.replace_at(name, value)` of each packet: fields that are
    AUTO in the template are derived for each packet, and the others keep their value.

    Raises: FieldRangeError and other EncodeErrors that name packet and column; PathError for a column of which
    the template has no field; TypeError, and ValueError for columns that do not fit together.
    """
    from overlaycodec.columnar.encode.driver import frames_of

    return frames_of(template, columns, catalog)
