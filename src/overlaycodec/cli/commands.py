"""The commands and their options."""

from __future__ import annotations

import sys
from importlib import import_module

import click

import overlaycodec as library
from overlaycodec.cli.export import export
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.messages import message_of
from overlaycodec.cli.options import (
    Chosen,
    Group,
    catalog_options,
    chosen_of,
    color_option,
    files_argument,
    optional_files_argument,
    pipeline_of,
    where_option,
)
from overlaycodec.cli.parameters import RECORD
from overlaycodec.cli.stats import stats
from overlaycodec.cli.timestamps import TimeChoice
from overlaycodec.describe.plain import printable
from overlaycodec.display.output import ColorChoice, output_for
from overlaycodec.findings.model import PROVEN, RECEIVERS
from overlaycodec.interchange.hex_text import octets_of_text

__all__ = ["overlaycodec"]

_MOST_DIGITS = 1 << 22
"""How much text of a packet is read."""
_NAMES = {"help_option_names": ["-h", "--help"]}


class Commands(Group):
    """Commands; some have a module of their own, which is loaded when it is needed."""

    own_modules = (
        *("anonymise", "completion", "conformance", "decap", "diff", "encap", "export-schema", "fuzz", "select"),
        *("sql", "vlan"),
    )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted({*super().list_commands(ctx), *self.own_modules})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name in self.own_modules:
            name = cmd_name.replace("-", "_")
            command: click.Command = getattr(import_module(f"overlaycodec.cli.{name}"), name)
            return command
        return super().get_command(ctx, cmd_name)


def _octets_of(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[bytes, ...]:
    """The octets of each text. Raises: click.BadParameter, click.ClickException."""
    if texts.count("-") > 1:
        raise click.BadParameter("the standard input can be read once")
    try:
        return tuple(octets_of_text(_standard_input() if text == "-" else text) for text in texts)
    except ValueError as error:
        raise click.BadParameter(printable(str(error))) from None


def _standard_input() -> str:
    try:
        data = sys.stdin.buffer.read(_MOST_DIGITS + 1)
    except OSError as error:
        raise click.ClickException(message_of("-", error)) from None
    if len(data) > _MOST_DIGITS:
        raise click.BadParameter(f"the standard input has more than {_MOST_DIGITS} characters")
    return data.decode("utf-8-sig", "backslashreplace")


@click.group(cls=Commands, context_settings=_NAMES)
@click.version_option(library.__version__, message="%(prog)s %(version)s")
def overlaycodec() -> None:
    """Overlay networks, packet by packet: VXLAN, Geneve, STT, GRE, VLAN tags, and what is inside and outside them.

    \b
    overlaycodec show trace.pcap            a line per packet
    overlaycodec show --help                what else it shows
    overlaycodec diagnose trace.pcap        what breaks a rule, and what a receiver does about it
    overlaycodec stats trace.pcap           tunnels, VLANs, top talkers inside and outside, faults
    overlaycodec export trace.pcap out.parquet
    overlaycodec sql trace.pcap 'select …'  the packets as a table, by DuckDB
    overlaycodec diff a.pcap b.pcap         what differs between two captures
    overlaycodec select in.pcap out.pcap --where 'vxlan.vni == 100'
    overlaycodec decap in.pcap out.pcap     the frames inside tunnels; encap puts them in
    overlaycodec vlan --help                tags pushed, popped, rewritten
    overlaycodec anonymise in.pcap out.pcap other addresses, consistently
    overlaycodec fuzz seed.pcap out/        mutated packets, for tests of parsers
    overlaycodec conformance --decoder CMD  how a decoder does with packets whose fields are known
    overlaycodec headers                    the headers that it knows
    overlaycodec diagram vxlan              the figure of one
    """  # noqa: D301 - a real backspace is what keeps click from filling the paragraph


@overlaycodec.command(
    no_args_is_help=True,
    short_help="Show the packets of captures.",
    epilog=examples(
        "overlaycodec show trace.pcap",
        "overlaycodec show -v --first 7 --count 1 trace.pcapng",
        "overlaycodec show -x -c 1 trace.pcap | less",
        "overlaycodec show --json trace.pcap | jq -r '.headers[] | select(.path == \"vxlan\").fields.vni'",
        "tcpdump -U -w - udp port 4789 | overlaycodec show -",
        "overlaycodec show --dialect cisco-aci fabric.pcap",
        "overlaycodec show --pipeline 'eth/vlan{0,2}/ip/udp/(vxlan|geneve)' trace.pcap",
        "overlaycodec show --where 'vxlan.vni == 100 and not inner.vlan' trace.pcap",
        "overlaycodec show --bind udp_port:12345=vxlan trace.pcap",
        "overlaycodec show -n 3..10 trace.pcap",
        "overlaycodec show -v --bind link_type:1=udp --hex 'c000 12b5 0010 0000  0800 0000 0000 6400'",
    ),
)
@optional_files_argument
@click.option(
    "--hex",
    "octets_given",
    multiple=True,
    metavar="DIGITS",
    callback=_octets_of,
    help="Show the packet with these octets, as digits or in any form that tools print; '-' reads them from the "
    "standard input. It begins with Ethernet; --bind link_type:1=ipv4 makes it another header.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Show the tree: each header and each field, with the status of checksums."
)
@click.option("-x", "--octets", is_flag=True, help="Show the octets, field by field.")
@click.option(
    "--json", is_flag=True, help="Write a JSON object per packet, one per line; -v adds checksums, -x octets."
)
@click.option("--first", type=click.IntRange(1), metavar="N", help="Begin with packet N of each file.")
@click.option(
    "-n",
    "-c",
    "--count",
    "chosen",
    metavar="N|A..B",
    default="..",
    callback=chosen_of,
    help="Show at most N packets of each file, or packets A to B: 3..10, 3.. or ..10.",
)
@click.option(
    "-t",
    "--time",
    type=click.Choice(["relative", "delta", "utc", "epoch"]),
    default="relative",
    show_default=True,
    help="Time since the first packet shown, since the one before, of day, or since 1970.",
)
@catalog_options
@where_option
@click.option(
    "--verify", is_flag=True, help="Encode each packet again; the exit status is 1 unless all octets are the same."
)
@click.option(
    "--pipeline",
    metavar="PIPELINE",
    help="Show only packets of these headers, as far as they are named: eth/vlan*/ip/udp/vxlan/eth.",
)
@color_option
def show(
    files: tuple[str, ...],
    *,
    verbose: bool,
    octets: bool,
    json: bool,
    octets_given: tuple[bytes, ...],
    first: int | None,
    chosen: Chosen,
    time: TimeChoice,
    catalog: library.Catalog,
    where: library.Filter | None,
    verify: bool,
    pipeline: str | None,
    color: ColorChoice,
) -> None:
    """Show the packets of captures, pcap or pcapng, compressed with gzip or not; "-" is the standard input.

    A line shows number, time, length (captured/on the wire), tags, outer endpoints, tunnel and its network, inner
    endpoints and protocol; "✗" and a reason where a packet could not be decoded further. A value after a tunnel's name
    differs from its default, such as a reserved bit that is set.

    The exit status is 1 if a file is damaged (the packets before the damage are shown) or --verify failed.
    """
    if not files and not octets_given:
        raise click.UsageError("Missing argument 'FILE...', or --hex")
    if files and octets_given:
        raise click.UsageError("FILE and --hex exclude each other")
    if first is not None and (chosen.first, chosen.last) != (1, None):
        raise click.UsageError("--first and a range exclude each other")
    from overlaycodec.cli.show import Wanted
    from overlaycodec.cli.show import show as run

    wanted = Wanted(
        files=files,
        tree=verbose,
        octets=octets,
        json=json,
        verify=verify,
        given=octets_given,
        first=first or chosen.first,
        last=chosen.last,
        count=chosen.most,
        time=time,
        catalog=catalog,
        pipeline=None if pipeline is None else pipeline_of(pipeline, catalog),
        where=where,
    )
    click.get_current_context().exit(run(wanted, output_for("never" if json else color)))


@overlaycodec.command(
    short_help="List the headers that it knows.",
    epilog=examples("overlaycodec headers", "overlaycodec headers --json | jq -r .path"),
)
@click.option(
    "--json", is_flag=True, help="Write a JSON object per header, one per line, with all facts of its fields."
)
def headers(*, json: bool) -> None:
    """List the headers of the default catalog: path, class, octets, what it is, and where it is specified."""
    from overlaycodec.cli.headers import list_headers

    list_headers(output_for("never" if json else "auto"), json=json)


@overlaycodec.command(
    no_args_is_help=True,
    short_help="Draw the figure of a header, or of a stack of headers.",
    epilog=examples(
        "overlaycodec diagram geneve",
        "overlaycodec diagram --pipeline 'eth/vlan*/ip/udp/vxlan/eth'",
        "overlaycodec diagram --svg GeneveOption > option.svg",
        "overlaycodec diagram --json vxlan | jq '.fields[].name'",
    ),
)
@click.argument("name", type=RECORD, required=False)
@click.option("--pipeline", metavar="STACK", help="Draw a whole stack, such as 'eth/vlan*/ip/udp/vxlan/eth'.")
@click.option("--svg", is_flag=True, help="Write an SVG document.")
@click.option("--json", is_flag=True, help="Write a JSON object with all facts of the fields instead.")
def diagram(name: str | None, *, pipeline: str | None, svg: bool, json: bool) -> None:
    """Draw the figure of a header or of an element of its options, 32 bits a row, from its declaration.

    NAME is a path such as vxlan_gpe, or a class such as VXLANGPE or GeneveOption; "overlaycodec headers" lists them.
    With --pipeline instead, the headers of a stack are drawn one below the other.
    """
    from overlaycodec.cli.headers import draw, draw_stack

    if svg and json:
        raise click.UsageError("--svg and --json exclude each other")
    if (name is None) == (pipeline is None):
        raise click.UsageError("diagram takes either a NAME or --pipeline")
    if pipeline is not None:
        text = draw_stack(pipeline_of(pipeline, library.DEFAULT), svg=svg, json=json)
    else:
        assert name is not None
        text = draw(name, svg=svg, json=json)
    output_for("never").write_text(text)


@overlaycodec.command(
    no_args_is_help=True,
    short_help="Show what breaks a rule, and what a receiver does about it.",
    epilog=examples(
        "overlaycodec diagnose trace.pcap",
        "overlaycodec diagnose --receiver linux --least drop trace.pcapng",
        "overlaycodec diagnose --summary trace.pcap",
        "overlaycodec diagnose --where 'geneve or vxlan' trace.pcap",
        note=f"Proven on {'; '.join(str(proof) for proofs in PROVEN.values() for proof in proofs)}.",
    ),
)
@files_argument
@click.option(
    "--receiver",
    type=click.Choice(RECEIVERS),
    default="rfc",
    show_default=True,
    help="Whose behaviour is shown: that of the specifications, of Linux, of Open vSwitch's userspace datapath.",
)
@click.option(
    "--least",
    type=click.Choice([severity.value for severity in library.Severity]),
    default="note",
    show_default=True,
    help="The least severe findings that are shown.",
)
@click.option("--summary", is_flag=True, help="Write a line per rule: in how many packets, and the first finding.")
@click.option("--json", is_flag=True, help="Write a JSON object per finding, or per rule, one per line.")
@catalog_options
@where_option
@color_option
def diagnose(
    files: tuple[str, ...],
    *,
    receiver: library.Receiver,
    least: str,
    summary: bool,
    json: bool,
    catalog: library.Catalog,
    where: library.Filter | None,
    color: ColorChoice,
) -> None:
    """Show what stands out in the packets of captures: faults, broken rules, what is worth knowing.

    A line shows the packet's number, the severity (drop, violation, note), path and bits, what the receiver does, and
    the document and its rule. The packets are taken to be meant for the receiver. What Linux and Open vSwitch do was
    seen on the versions below; others may do otherwise.
    """
    from overlaycodec.cli.diagnose import Wanted, report

    wanted = Wanted(
        files=files,
        receiver=receiver,
        least=library.Severity(least),
        summary=summary,
        json=json,
        catalog=catalog,
        where=where,
    )
    click.get_current_context().exit(report(wanted, output_for("never" if json else color)))


overlaycodec.add_command(export)
overlaycodec.add_command(stats)
