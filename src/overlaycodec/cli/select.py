"""`overlaycodec select`: some packets of a capture, as a capture."""

from __future__ import annotations

from collections.abc import Iterator

import click

from overlaycodec.capture import Capture, Record
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.options import (
    Chosen,
    catalog_options,
    chosen_of,
    file_argument,
    report_option,
    target_argument,
    where_option,
)
from overlaycodec.cli.rewriting import Outcome, rewrite
from overlaycodec.codec.catalog import Catalog
from overlaycodec.filters.filter import Filter

__all__ = ["select"]


class _Select:
    """Takes records that match, as they are."""

    def __init__(self, chosen: Chosen, catalog: Catalog, where: Filter | None, outcome: Outcome) -> None:
        self._chosen, self._catalog, self._where, self._outcome = chosen, catalog, where, outcome
        self._number = self._taken = 0

    def __call__(self, record: Record, capture: Capture) -> Iterator[Record]:
        """The record, if it is wanted."""
        chosen, where = self._chosen, self._where
        self._number += 1
        outside = self._number < chosen.first or (chosen.last is not None and self._number > chosen.last)
        if outside or self._taken == chosen.most:
            self._outcome.left_out["not of the range"] += 1
        elif where is None or where.matcher(record.decode(lax=True, catalog=self._catalog), record, capture):
            self._taken += 1
            yield record
        else:
            self._outcome.left_out["not matching"] += 1


@click.command(
    no_args_is_help=True,
    short_help="Write some packets of a capture as a capture.",
    epilog=examples(
        "overlaycodec select --where 'vxlan.vni == 100' trace.pcap tenant.pcap",
        "overlaycodec select -n 3..10 trace.pcap some.pcapng",
        "tcpdump -U -w - | overlaycodec select --where 'vxlan or geneve' - tunnels.pcap.gz",
    ),
)
@file_argument
@target_argument
@click.option(
    "-n",
    "-c",
    "--count",
    "chosen",
    metavar="N|A..B",
    default="..",
    callback=chosen_of,
    help="Write at most N packets, or those of packets A to B: 3..10, 3.. or ..10.",
)
@report_option
@catalog_options
@where_option
def select(file: str, target: str, *, chosen: Chosen, json: bool, catalog: Catalog, where: Filter | None) -> None:
    """Write the packets of a capture that match a filter, as they are.

    TARGET is a .pcap or .pcapng file, .gz after it compresses it; "-" is the standard output, in the format of FILE.
    All else in the file is kept.

    A report goes to the standard error. The exit status is 1 if FILE is damaged; the packets before the damage are
    written.
    """
    outcome = Outcome()
    status = rewrite(file, target, _Select(chosen, catalog, where, outcome), outcome, "select", json=json)
    click.get_current_context().exit(status)
