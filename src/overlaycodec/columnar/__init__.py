"""Packets as columns, read and written.

`columns` reads a whole capture, `scan` one that is larger than memory; `encode_columns` is the way back.
Strategy: NumPy is loaded when it is asked for, so that this module costs nothing to those who do not.
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
    from overlaycodec.packet.header import Header
    from overlaycodec.packet.packet import Packet

__all__ = ["column_names", "columns", "encode_columns", "scan"]


def columns(
    source: Readable | Iterable[Record],
    names: Iterable[str] | None = None,
    *,
    catalog: Catalog = DEFAULT,
    progress: Callable[[int], object] | None = None,
) -> Table:
    """Fields of all packets of a capture, a masked array each.

    `source` is what `open_capture` takes, or records. `names` are packet paths (`inner.ipv4.src`, `vlan[1].vid`,
    `geneve.options[0].type`), `time_ns`, `wire_length`, `captured_length`, `link_type`, `fault` (the kind of error at
    which lax decoding stopped) and verdicts (`inner.udp.checksum.verdict`); without names, every field that occurs.
    The values are those that lax decoding gives: numbers as unsigned integers that are as small as they fit, flags as
    bool, MAC addresses as uint64, IPv4 addresses as uint32, IPv6 addresses as V16, all else as objects. `progress` is
    called again and again with the number of octets of packets that have been read since.

    Raises: MissingHeaderError for a name that the catalog does not have; CaptureError as reading does, and then
    no packets are given: `scan` gives those before the damage.
    """
    from overlaycodec.columnar.decode.driver import table_of

    return table_of(source, names, catalog, progress)


def scan(
    source: Readable | Iterable[Record],
    names: Iterable[str],
    *,
    catalog: Catalog = DEFAULT,
    progress: Callable[[int], object] | None = None,
) -> Iterator[Table]:
    """The same in tables of some ten thousand packets, in constant memory: at most 65,536.

    `progress` is called with the number of octets of the capture that each table stands for.

    Raises: as `columns`, after tables of all packets before that place.
    """
    from overlaycodec.columnar.decode.driver import tables_of

    return tables_of(source, names, catalog, progress)


def column_names(
    source: Readable | Iterable[Record],
    *,
    catalog: Catalog = DEFAULT,
    progress: Callable[[int], object] | None = None,
) -> list[str]:
    """The names of the columns that `columns` would give without a list, and of those that would be empty.

    It reads in constant memory; `progress` is called as by `scan`.

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
    """The octets of as many packets as the columns are long: the template, with these fields of it changed.

    Columns have the names and types that `oc.columns` gives, and `payload` is one: an array of uint8 with a row a
    packet, or a sequence of bytes. Sequences of Python's own values do too, addresses as objects or text. An absent
    value is None, where the field can be absent. `time_ns` gives the packets their time stamps in a capture.

    The octets are those that `encode` gives for `template.replace_at(name, value)` of each packet: what is AUTO in the
    template is derived for each, and what is not stands as it is.

    Raises: FieldRangeError and other EncodeErrors that name packet and column; MissingHeaderError for a column of which
    the template has no field; TypeError, and ValueError for columns that do not fit together.
    """
    from overlaycodec.columnar.encode.driver import frames_of

    return frames_of(template, columns, catalog)
