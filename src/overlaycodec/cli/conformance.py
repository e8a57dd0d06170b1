"""`overlaycodec conformance`: scores of decoders against the suite."""

from __future__ import annotations

import json as json_module

import click

from overlaycodec.cli.help_text import examples
from overlaycodec.conformance import OUTCOMES, VERSION, Case, Score, score, suite
from overlaycodec.describe.plain import printable
from overlaycodec.display.output import output_for

__all__ = ["conformance"]


@click.command(
    short_help="Score decoders against a suite of packets.",
    epilog=examples(
        "overlaycodec conformance",
        "overlaycodec conformance --decoder overlaycodec --protocol bfd --wrong",
        "overlaycodec conformance --decoder overlaycodec --protocol vxlan --json | jq .invalid.right",
        "overlaycodec conformance --cases > suite.jsonl",
        note="--decoder './my-decoder --json' scores a program of yours, --decoder tshark another decoder.",
    ),
)
@click.option(
    "--decoder",
    "decoders",
    multiple=True,
    metavar="CMD",
    help="overlaycodec, tshark, tcpdump, scapy, dpkt, or a command that reads packets and prints JSON.",
)
@click.option("--protocol", "protocols", multiple=True, metavar="NAME", help="Take only cases about this header.")
@click.option("--wrong", is_flag=True, help="Write a line for each case that a decoder gets wrong.")
@click.option("--cases", is_flag=True, help="Write the cases as JSON lines.")
@click.option("--json", is_flag=True, help="Write a JSON object per decoder, one per line.")
def conformance(decoders: tuple[str, ...], *, protocols: tuple[str, ...], wrong: bool, cases: bool, json: bool) -> None:
    """Score decoders against a suite of packets whose fields are known from outside this library.

    The table has a line per protocol: the cases, and in how many the decoder gives all values (right), only some
    (partly), a wrong one (wrong), fails, or reads nothing (silent). An invalid packet is right where it is
    refused. Without --decoder, the cases are counted.

    A command gets on its standard input a line per packet: link type, octets on the wire, hexadecimal digits; or the
    name of a capture in place of {pcap}. docs/conformance.md describes what it prints.
    """
    chosen = _chosen(protocols)
    output = output_for("never")
    if cases:
        for case in chosen:
            output.write_text(json_module.dumps(_document(case), separators=(",", ":")) + "\n")
        return
    if not decoders:
        output.write_text(_counted(chosen))
    for decoder in decoders:
        try:
            found = score(decoder, chosen)
        except (ValueError, OSError, ImportError) as error:
            raise click.ClickException(printable(f"{decoder}: {error}")) from None
        if json:
            output.write_text(json_module.dumps(found.document(), separators=(",", ":")) + "\n")
        else:
            output.write_text(_table(found))
        if wrong:
            for result in found.results:
                if result.outcome in ("wrong", "failed"):
                    output.write_text(printable(f"{result.case.name} ({result.case.spec}): {result.reason}") + "\n")


def _chosen(protocols: tuple[str, ...]) -> list[Case]:
    """Raises: click.BadParameter for a protocol that no case is about."""
    known = {case.protocol for case in suite()}
    if unknown := [name for name in protocols if name not in known]:
        raise click.BadParameter(f"no case is about {printable(unknown[0])}")
    return [case for case in suite() if not protocols or case.protocol in protocols]


def _document(case: Case) -> dict[str, object]:
    values = {name: getattr(case, name) for name in case.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None and value is not False and value != {}}


def _lines(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        + "\n"
        for row in rows
    )


def _counted(chosen: list[Case]) -> str:
    rows = [["protocol", "valid", "invalid"]]
    for name in [*sorted({case.protocol for case in chosen}), None]:
        several = [case for case in chosen if name in (None, case.protocol)]
        invalid = sum(case.refused is not None for case in several)
        rows.append([name or f"suite {VERSION}", str(len(several) - invalid), str(invalid)])
    return _lines(rows)


def _table(found: Score) -> str:
    rows = [["protocol", "cases", *OUTCOMES]]
    for name in found.protocols:
        counts = found.counts(name)
        rows.append([name, str(counts.total()), *(str(counts[outcome]) for outcome in OUTCOMES)])
    for name, valid in (("valid", True), ("invalid", False), ("all", None)):
        counts = found.counts(valid=valid)
        rows.append([name, str(counts.total()), *(str(counts[outcome]) for outcome in OUTCOMES)])
    return f"{printable(found.decoder)}, suite {VERSION}\n" + _lines(rows)
