"""`overlaycodec sql`: the packets of captures as a table of DuckDB.

Strategy: DuckDB scans an Arrow stream, which reads the files anew for each scan, in constant memory. The columns are
those that the query names, so no others are decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import click

from overlaycodec.cli.capture_tables import Origin, Reading, opened
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.messages import complain, message_of
from overlaycodec.cli.options import catalog_options, color_option, files_argument, where_option, workers_option
from overlaycodec.cli.progress import progress_beside_lines
from overlaycodec.cli.sql_names import asks_for_all, hint_for, names_in
from overlaycodec.cli.sql_rows import write_objects, write_table
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar import arrow_schema
from overlaycodec.columnar.extras import needed
from overlaycodec.describe.plain import printable
from overlaycodec.display.output import ColorChoice, output_for
from overlaycodec.errors import CaptureError
from overlaycodec.filters.filter import Filter

if TYPE_CHECKING:
    import pyarrow

__all__ = ["sql"]

_LEAST: Final = "captured_length"
"""The column of a query that names none."""
_SETTINGS: Final = {"autoinstall_known_extensions": "false", "python_enable_replacements": "false"}
"""Nothing is downloaded, and no variable of this program is a table."""


class _Packets:
    """The packets of files as an Arrow stream, as often as they are asked for; damage ends those of its file."""

    def __init__(
        self, files: Sequence[str], names: list[str], catalog: Catalog, read: Callable[[str], Reading]
    ) -> None:
        self._files, self._names, self._read = files, names, read
        self._schema = arrow_schema(names, catalog=catalog)
        self.failure: click.ClickException | None = None
        """Why a file could not be read at all, or not as Arrow."""
        self.damage: dict[str, Exception] = {}

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        import pyarrow

        reader = pyarrow.RecordBatchReader.from_batches(self._schema, self._batches())
        stream: object = reader.__arrow_c_stream__(requested_schema)
        return stream

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        from overlaycodec.columnar.arrow import checked

        for file in self._files:
            reading = self._read(file)
            try:
                with _said(file):
                    for table in reading.tables(self._names):
                        yield from checked(table.to_arrow(dictionaries=False), self._schema).to_batches()
            except click.ClickException as error:
                self.failure = error  # DuckDB makes an error of its own of it
                raise
            if reading.damage is not None:
                self.damage[file] = reading.damage


@click.command(
    no_args_is_help=True,
    short_help="Answer a query in SQL about the packets of captures.",
    epilog=examples(
        """overlaycodec sql trace.pcap 'select "vxlan.vni", count(*) from packets group by all'""",
        """overlaycodec sql --json a.pcap b.pcap 'select "inner.ipv4.src", sum(wire_length) from packets group by 1'""",
        note="Columns are paths in double quotes. The SQL is that of DuckDB.",
    ),
)
@files_argument
@click.argument("query")
@click.option("--json", is_flag=True, help="Write a JSON object per row, one per line.")
@workers_option
@catalog_options
@where_option
@color_option
def sql(
    files: tuple[str, ...],
    query: str,
    *,
    json: bool,
    workers: int,
    catalog: Catalog,
    where: Filter | None,
    color: ColorChoice,
) -> None:
    """Answer a query in SQL about the packets of captures: the table "packets" has a row per packet.

    Its columns are those of export, in double quotes: "inner.ipv4.src", "vlan[1].vid", "time_ns". Only those that the
    query names are decoded. With "select *" there is every column that has a value, for which the files are read three
    times. "-" is the standard input.

    The exit status is 1 if a file is damaged; the packets before the damage are in the table.
    """
    duckdb = needed("duckdb", "sql")
    with ExitStack() as stack:
        connection = stack.enter_context(duckdb.connect(config=_SETTINGS))
        connection.execute("set timezone = 'UTC'")
        everything = asks_for_all(connection, query)
        advance = stack.enter_context(progress_beside_lines(files, "reading"))
        origins: dict[str, Origin] = {}
        for file in dict.fromkeys(files):
            with _said(file):
                origins[file] = stack.enter_context(opened(file, again=everything))

        def read(file: str) -> Reading:
            return Reading(file, origins[file], catalog, advance, where, workers)

        names = names_in(query, catalog)
        for file in files if everything else ():
            with _said(file):
                names += read(file).occurring()
        packets = _Packets(files, list(dict.fromkeys(names)) or [_LEAST], catalog, read)
        try:
            connection.register("arriving", packets)
            # A view is read for each scan; what can be read once is kept instead.
            connection.execute(f"create {'table' if '-' in files else 'view'} packets as from arriving")
            answer = connection.sql(query)
            if answer is not None:
                (write_objects if json else write_table)(answer, output_for("never" if json else color))
        except duckdb.Error as error:
            if packets.failure is not None:
                raise packets.failure from None
            raise click.BadParameter(_reason_of(error, query, catalog), param_hint="'QUERY'") from None
    for file, damage in packets.damage.items():
        complain(file, damage)
    click.get_current_context().exit(int(bool(packets.damage)))


@contextmanager
def _said(file: str) -> Iterator[None]:
    """Raises: click.ClickException for an error of a file."""
    try:
        yield
    except (CaptureError, OSError, OverflowError) as error:
        raise click.ClickException(message_of(file, error)) from None


def _reason_of(error: Exception, query: str, catalog: Catalog) -> str:
    """What is wrong with a query; of a column that there is not, the nearest ones."""
    return printable(hint_for(str(error), query, catalog) or str(error).partition("\n\n")[0].replace("\n", " "))
