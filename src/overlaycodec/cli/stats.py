"""`overlaycodec stats`: what is in captures, counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from overlaycodec.cli.capture_tables import Reading, opened
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.messages import complain
from overlaycodec.cli.options import catalog_options, files_argument, where_option, workers_option
from overlaycodec.cli.packet_json import json_line
from overlaycodec.cli.progress import Advance, progress_over
from overlaycodec.cli.timestamps import since_epoch, utc
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.link_types import link_type_text
from overlaycodec.describe.plain import Plain, printable
from overlaycodec.display.output import Output, output_for
from overlaycodec.display.spans import Role, Span
from overlaycodec.errors import CaptureError
from overlaycodec.filters.filter import Filter
from overlaycodec.schema.keyspaces import LINK_TYPE

if TYPE_CHECKING:
    from overlaycodec.cli.counters import Count, Host, Network, Ranking, Tally

__all__ = ["stats"]


@click.command(
    no_args_is_help=True,
    short_help="Count what is in captures.",
    epilog=examples(
        "overlaycodec stats trace.pcap",
        "overlaycodec stats --top 3 --dialect cisco-aci monday.pcapng tuesday.pcapng.gz",
        "overlaycodec stats --where 'vxlan.vni == 100' trace.pcap",
        "overlaycodec stats --json trace.pcap | jq '.tunnels[] | select(.kind == \"vxlan\").network'",
    ),
)
@files_argument
@click.option("-n", "--top", type=click.IntRange(1), default=10, show_default=True, help="How many lines of each list.")
@click.option("--json", is_flag=True, help="Write a JSON object a capture, one a line, with all that was counted.")
@workers_option
@catalog_options
@where_option
def stats(
    files: tuple[str, ...], *, top: int, json: bool, workers: int, catalog: Catalog, where: Filter | None
) -> None:
    """Count what is in captures: tunnels and their networks, VLAN and other tags, who sends and receives outside of
    tunnels and inside, link types, faults, and the time from the first packet to the last.

    Octets are those on the wire, of complete packets: the octets of inner packets include the outer headers. The sum
    of several captures comes last.

    The exit status is 1 if a file is damaged; the packets before the damage are counted.
    """  # noqa: D205
    from overlaycodec.cli.counters import Tally

    output = output_for("never" if json else "auto")
    total, failed = Tally(), False
    with progress_over(files, "counting", 2) as advance:
        counted = [(file, *_counted(file, catalog, advance, where, workers)) for file in files]
    for number, (file, tally, trouble) in enumerate(counted):
        if tally is not None:
            if number and not json:
                output.write()
            _show(output, printable(file), tally, catalog, top, json=json)
            total.merge(tally)
        if trouble is not None:
            failed = True
            complain(file, trouble)
    if len(files) > 1 and not json:
        output.write()
        _show(output, f"all {len(files)} captures", total, catalog, top, json=False)
    click.get_current_context().exit(int(failed))


def _counted(
    file: str, catalog: Catalog, advance: Advance, where: Filter | None, workers: int
) -> tuple[Tally | None, Exception | None]:
    """What was counted of a file, and what is wrong with it."""
    from overlaycodec.cli.counters import Tally, plan_of

    tally = Tally()
    try:
        with opened(file, again=True) as origin:
            reading = Reading(file, origin, catalog, advance, where, workers)
            plan = plan_of(reading.names(), catalog)
            for table in reading.tables(plan.names):
                tally.add(table, plan)
    except (CaptureError, OSError) as error:
        return None, error
    return tally, reading.damage


def _show(output: Output, title: str, tally: Tally, catalog: Catalog, top: int, *, json: bool) -> None:
    if json:
        output.write(Span(json_line(_document(title, tally))))
    else:
        _write(output, title, tally, catalog, top)


# --- for people -------------------------------------------------------------------------------------------------------


def _write(output: Output, title: str, tally: Tally, catalog: Catalog, top: int) -> None:
    output.write(Span(title, "header"))
    facts = [
        ("packets", f"{tally.all.packets:,}"),
        ("octets", f"{tally.all.octets:,}" + _cut(tally)),
        ("time", _span(tally)),
        ("link types", ", ".join(_link_type(number, counted, catalog) for number, counted in tally.link_types.items())),
    ]
    for name, value in facts:
        output.write(Span(f"  {name:10}  ", "faint"), Span(value or "-"))
    faults = ", ".join(f"{name} {counted.packets:,}" for name, counted in tally.faults.items())
    output.write(Span(f"  {'faults':10}  ", "faint"), Span(faults or "none", "bad" if faults else "good"))
    _ranking(output, "tunnels", tally.tunnels, tally.all, top, "tunnel")
    for inside, where in ((False, "tags outside"), (True, "tags inside")):
        _ranking(output, where, tally.tags[inside], tally.all, top, "tag")
    for inside, where in ((False, "hosts outside"), (True, "hosts inside")):
        _hosts(output, where, tally, top, inside=inside)


def _cut(tally: Tally) -> str:
    return "" if tally.captured == tally.all.octets else f", {tally.captured:,} of them captured"


def _span(tally: Tally) -> str:
    if tally.first_ns is None or tally.last_ns is None:
        return ""
    return f"from {utc(tally.first_ns, 6)} UTC, {since_epoch(tally.last_ns - tally.first_ns, 6)} s long"


def _link_type(number: int, counted: Count, catalog: Catalog) -> str:
    known = "/".join(dict.fromkeys(header.__name__ for _, header in catalog.candidates(LINK_TYPE, number)))
    name = f"{known} ({number})" if known else link_type_text(number)
    return f"{name} {counted.packets:,}"


def _ranking(output: Output, title: str, ranking: Ranking[Network], all_: Count, top: int, role: Role) -> None:
    rows = [
        (str(network), f"{counted.packets:,}", f"{counted.octets:,}", _share(counted.octets, all_.octets))
        for network, counted in ranking.items()[:top]
    ]
    _sheet(output, (title, "packets", "octets", "share"), rows, (role,), len(ranking), complete=ranking.complete)


def _share(part: int, total: int) -> str:
    return f"{100 * part / total:.1f} %" if total else "-"


def _hosts(output: Output, title: str, tally: Tally, top: int, *, inside: bool) -> None:
    sent, received = tally.sent[inside], tally.received[inside]
    hosts = _together(sent, received)
    rows = []
    for host, out, back in hosts[:top]:
        network = "" if host.network is None else str(host.network)
        numbers = (out.packets, out.octets, back.packets, back.octets)
        rows.append((host.address, *([network] if inside else []), *(f"{number:,}" for number in numbers)))
    heads = (title, *(["network"] if inside else []), "sent", "octets", "received", "octets")
    roles: tuple[Role, ...] = ("inner", "tunnel") if inside else ("address",)
    _sheet(output, heads, rows, roles, len(hosts), complete=sent.complete and received.complete)


def _together(sent: Ranking[Host], received: Ranking[Host]) -> list[tuple[Host, Count, Count]]:
    """What each host sent and received, most octets first."""
    from overlaycodec.cli.counters import Count

    out, back = dict(sent.items()), dict(received.items())
    hosts = [(host, out.get(host, Count()), back.get(host, Count())) for host in {**out, **back}]
    return sorted(hosts, key=lambda host: (-host[1].octets - host[2].octets, host[0].octets, host[0].number))


def _sheet(
    output: Output,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    roles: Sequence[Role],
    count: int,
    *,
    complete: bool,
) -> None:
    """A small table: the columns with a role to the left, numbers to the right."""
    if not rows:
        return
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    words = len(roles)
    faint: list[Role] = ["faint"] * len(heads)
    plain: list[Role] = ["plain"] * (len(heads) - words)

    def line(cells: Sequence[str], styles: Iterable[Role]) -> None:
        spans = [Span("  ")]
        for number, (cell, role, width) in enumerate(zip(cells, styles, widths, strict=True)):
            spans.append(Span(f"{cell:{width}}  " if number < words else f"{cell:>{width}}  ", role))
        output.write(*spans)

    output.write()
    line(heads, faint)
    for row in rows:
        line(row, [*roles, *plain])
    if count > len(rows):
        output.write(Span(f"  and {count - len(rows):,} more", "faint"))
    if not complete:
        output.write(Span("  there are too many to count them all: those with least were given up", "warn"))


# --- for programs -----------------------------------------------------------------------------------------------------


def _document(file: str, tally: Tally) -> dict[str, Plain]:
    return {
        "file": file,
        "packets": tally.all.packets,
        "octets": tally.all.octets,
        "captured_octets": tally.captured,
        "first_ns": tally.first_ns,
        "last_ns": tally.last_ns,
        "link_types": {str(number): counted.packets for number, counted in tally.link_types.items()},
        "faults": {name: counted.packets for name, counted in tally.faults.items()},
        "tunnels": _networks(tally.tunnels),
        "tags": {"outside": _networks(tally.tags[False]), "inside": _networks(tally.tags[True])},
        "hosts": {
            where: _host_objects(tally, inside=inside) for where, inside in (("outside", False), ("inside", True))
        },
        "complete": all(
            ranking.complete
            for ranking in (tally.tunnels, *tally.tags.values(), *tally.sent.values(), *tally.received.values())
        ),
    }


def _networks(ranking: Ranking[Network]) -> list[Plain]:
    return [
        {"kind": network.kind, "network": network.number, "packets": counted.packets, "octets": counted.octets}
        for network, counted in ranking.items()
    ]


def _host_objects(tally: Tally, *, inside: bool) -> list[Plain]:
    return [
        {
            "address": host.address,
            "tunnel": None if host.network is None else host.network.kind,
            "network": None if host.network is None else host.network.number,
            "sent_packets": out.packets,
            "sent_octets": out.octets,
            "received_packets": back.packets,
            "received_octets": back.octets,
        }
        for host, out, back in _together(tally.sent[inside], tally.received[inside])
    ]
