"""`overlaycodec export`: the fields of a capture as a table in a file.

Strategy: tables come from a scan one after another and are written as they come, so memory does not grow with the
capture. The file gets its name when it is complete. Each format of the file is a class with a few lines of its own.
"""

from __future__ import annotations

import csv
import io
import json as json_module
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import click
import msgspec

from overlaycodec.capture.sink import opened_path, opened_stream
from overlaycodec.cli.capture_tables import Reading, opened
from overlaycodec.cli.ending import unfinished_removed
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.inputs import check_target
from overlaycodec.cli.messages import complain, message_of, reason_of, report
from overlaycodec.cli.options import (
    catalog_options,
    file_argument,
    report_option,
    target_argument,
    where_option,
    workers_option,
)
from overlaycodec.cli.parameters import COLUMNS
from overlaycodec.cli.progress import progress_over
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar import columns
from overlaycodec.describe.plain import Plain, printable
from overlaycodec.errors import CaptureError, PathError
from overlaycodec.filters.filter import Filter

if TYPE_CHECKING:
    import pyarrow

    from overlaycodec.columnar.address_text import Addresses
    from overlaycodec.columnar.table import Table

__all__ = ["ROW_GROUP_ROWS", "export"]

Form: TypeAlias = Literal["csv", "jsonl", "parquet"]
Write: TypeAlias = Callable[[bytes], None]

FORMS: Final[dict[str, Form]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
ROW_GROUP_ROWS: Final = 1 << 17
"""Rows of a parquet row group: enough for a good compression, few enough that one fits in memory."""


class CSVWriter:
    """A line of names, then a line per packet; what is absent is empty."""

    def __init__(self, write: Write, names: list[str]) -> None:
        self._write, self._names = write, names
        self._lines([names])

    def add(self, table: Table) -> None:
        """Writes the packets of a table."""
        self._lines(zip(*(_cells(table, name) for name in self._names), strict=True))

    def finish(self) -> None:
        """Nothing is left to write."""

    def _lines(self, rows: Any) -> None:  # Any: rows of cells
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._write(text.getvalue().encode())


def _cells(table: Table, name: str) -> list[Any]:  # Any: numbers, text and None
    """A column as CSV has it: flags as in JSON, option lists as JSON."""
    values: list[Any] = table.to_plain(name)
    kind = table[name].dtype.kind
    if kind == "b":
        return [None if value is None else "true" if value else "false" for value in values]
    if kind == "O":
        return [_json(value) if isinstance(value, list | dict) else value for value in values]
    return values


def _json(value: object) -> str:
    return json_module.dumps(value, separators=(",", ":"), allow_nan=False)


class JSONWriter:
    """A line per packet: an object whose keys are the names of the columns; what is absent is left out."""

    def __init__(self, write: Write, names: list[str]) -> None:
        self._write, self._names = write, names

    def add(self, table: Table) -> None:
        """Writes the packets of a table."""
        names = self._names
        rows = [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in zip(*(table.to_plain(name) for name in names), strict=True)
        ]
        self._write(msgspec.json.Encoder().encode_lines(rows))

    def finish(self) -> None:
        """Nothing is left to write."""


class ParquetWriter:
    """Columns in Arrow's types, a row group per about hundred thousand packets."""

    def __init__(self, write: Write, empty: Table, addresses: Addresses) -> None:
        from pyarrow import parquet

        self._addresses: Addresses = addresses
        self._schema = empty.to_arrow(addresses=addresses).schema
        self._writer = parquet.ParquetWriter(_Stream(write), self._schema, compression="zstd")
        self._pending: list[pyarrow.Table] = []
        self._rows = 0

    def add(self, table: Table) -> None:
        """Takes the packets of a table. Raises: click.ClickException for a time stamp that Arrow has no room for."""
        arrow = table.to_arrow(addresses=self._addresses)
        if arrow.schema != self._schema:
            raise click.ClickException("a time stamp does not fit in 64 bits: leave out the column time_ns")
        self._pending.append(arrow)
        self._rows += len(table)
        if self._rows >= ROW_GROUP_ROWS:
            self._flush()

    def finish(self) -> None:
        """Writes the pending tables, and the end of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        import pyarrow

        if self._rows:
            table = pyarrow.concat_tables(self._pending).unify_dictionaries()
            self._writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
            self._pending.clear()
            self._rows = 0


class _Stream(io.RawIOBase):
    """A function that writes, as the file object that Arrow asks for."""

    def __init__(self, write: Write) -> None:
        self._write, self._at = write, 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # Any: a buffer
        octets = bytes(data)
        self._write(octets)
        self._at += len(octets)
        return len(octets)

    def tell(self) -> int:
        return self._at


def _writer_of(
    form: Form, write: Write, names: list[str], catalog: Catalog, addresses: Addresses
) -> CSVWriter | JSONWriter | ParquetWriter:
    if form == "parquet":
        return ParquetWriter(write, columns([], names, catalog=catalog), addresses)
    return (CSVWriter if form == "csv" else JSONWriter)(write, names)


def _form_of(target: str, form: Form | None) -> tuple[Form, bool]:
    """The format of the file, and whether it is compressed with gzip."""
    gzip = target.lower().endswith(".gz")
    name = target.lower().removesuffix(".gz")
    found: Form | None = form or next((FORMS[end] for end in FORMS if name.endswith(end)), None)
    if found is None:
        raise click.BadParameter(
            f"the name {target!r} says neither {', '.join(FORMS)}: give --format", param_hint="TARGET"
        )
    return found, gzip and found != "parquet"


@click.command(
    no_args_is_help=True,
    short_help="Write the fields of a capture as a table.",
    epilog=examples(
        "overlaycodec export trace.pcap out.parquet",
        "overlaycodec export -f time_ns,vxlan.vni,inner.ipv4.src,inner.ipv4.dst trace.pcap out.csv",
        "overlaycodec export --where 'inner.tcp.dst_port in {80, 443}' trace.pcap web.parquet",
        "overlaycodec export -f vxlan.vni --format jsonl trace.pcap - | sort | uniq -c",
        "tcpdump -w - udp port 4789 | overlaycodec export -f vxlan.vni,inner.vlan.vid - out.parquet",
    ),
)
@file_argument
@target_argument
@click.option(
    "-f",
    "--columns",
    "names",
    multiple=True,
    type=COLUMNS,
    metavar="NAME[,NAME...]",
    help="The columns, by their paths; all fields that occur, if none is given.",
)
@click.option(
    "--format", "form", type=click.Choice(["csv", "jsonl", "parquet"]), help="What to write, if not by the name."
)
@click.option(
    "--addresses",
    type=click.Choice(["text", "number", "binary"]),
    default="text",
    show_default=True,
    help="How parquet has addresses: as text, each different one once; MAC and IPv4 as numbers; or as their octets.",
)
@report_option
@workers_option
@catalog_options
@where_option
def export(
    file: str,
    target: str,
    *,
    names: tuple[str, ...],
    form: Form | None,
    addresses: Addresses,
    json: bool,
    workers: int,
    catalog: Catalog,
    where: Filter | None,
) -> None:
    """Write the fields of a capture as a table: a row per packet, a column per field.

    TARGET is a file .csv, .jsonl (or .ndjson: an object per line) or .parquet; .gz after the first two compresses them;
    "-" is the standard output. Columns are named by paths, as in Python: inner.ipv4.src, vlan[1].vid,
    geneve.options[0].type; and time_ns, wire_length, captured_length, link_type, fault, inner.udp.checksum.status.

    Memory does not grow with the capture. Without names it is read three times: which headers occur, which of their
    fields, and then those; of the standard input a copy is made on the disk for that. TARGET has its name once it is
    complete. Of a damaged capture, the packets before the damage are written, and the exit status is 1.
    """
    check_target((file,), target)
    chosen, gzip = _form_of(target, form)
    if addresses != "text" and chosen != "parquet":
        raise click.BadParameter(f"{chosen} has addresses as text", param_hint="'--addresses'")
    wanted = [name.strip() for group in names for name in group.split(",") if name.strip()]
    try:
        columns([], wanted, catalog=catalog)
    except PathError as error:
        raise click.BadParameter(str(error), param_hint="'--columns'") from None
    try:
        passes = 1 if wanted else 3
        with (
            unfinished_removed(),
            opened(file, again=not wanted) as origin,
            progress_over((file,), printable(file), passes) as advance,
        ):
            reading = Reading(file, origin, catalog, advance, where, workers)
            wanted = list(dict.fromkeys(wanted)) or reading.occurring()
            with opened_stream(sys.stdout.buffer) if target == "-" else opened_path(target, gzip=gzip) as write:
                writer = _writer_of(chosen, write, wanted, catalog, addresses)
                for table in reading.tables(wanted):
                    writer.add(table)
                writer.finish()
    except BrokenPipeError:  # the reader of the target closed it, which is no error
        raise
    except CaptureError as error:
        raise click.ClickException(message_of(file, error)) from None
    except OSError as error:
        raise click.ClickException(message_of(target, error)) from None
    document: dict[str, Plain] = {
        "file": file,
        "target": target,
        "read": reading.packets,
        "columns": len(wanted),
        "damage": None if reading.damage is None else reason_of(reading.damage),
    }
    if json:
        report("", document, target, json=True)
    if reading.damage is not None:
        place = "" if target == "-" else f"; the {reading.packets} packets before that are in {printable(target)}"
        complain(file, f"{reason_of(reading.damage)}{place}")
        click.get_current_context().exit(1)
