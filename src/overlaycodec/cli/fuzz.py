"""`overlaycodec fuzz`: mutated packets, made from those of a capture, in files that fuzzers and tests take."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import click

from overlaycodec.capture import Capture, Record
from overlaycodec.cli.ending import unfinished_removed
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.inputs import check_target, read
from overlaycodec.cli.messages import message_of, report
from overlaycodec.cli.options import catalog_options, file_argument, report_option, target_argument, where_option
from overlaycodec.cli.progress import progress_over, progress_to
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import Plain, printable
from overlaycodec.errors import EncodeError
from overlaycodec.filters.filter import Filter
from overlaycodec.fuzz.case import Case
from overlaycodec.fuzz.corpus import FORMS, Form, cases, form_of, seeds_of, write_corpus
from overlaycodec.fuzz.mutation import FIXES, KINDS, Fix, Kind

__all__ = ["fuzz"]

_STEP: Final = 200
"""Cases between two updates of the progress."""


class _Seeds:
    """The seed packets of a capture."""

    def __init__(self, where: Filter | None, catalog: Catalog) -> None:
        self._where, self._catalog = where, catalog
        self.chosen: dict[int, Record] = {}
        self.packets = 0

    def read(self, file: str, capture: Capture) -> None:
        """Chooses among the packets of a capture; of a damaged one, among those before the damage."""
        found: dict[int, Record] = {}
        try:
            with progress_over((file,), "read") as advance:
                for record in capture:
                    self.packets += 1
                    packet = record.decode(lax=True, catalog=self._catalog)
                    if self._where is None or self._where.matcher(packet, record):
                        found[self.packets] = record
                    if self.packets % _STEP == 0:
                        advance(_STEP, 0)
        finally:
            numbers = list(found)
            chosen = seeds_of(found.values(), catalog=self._catalog)
            self.chosen = {numbers[number - 1]: record for number, record in chosen.items()}


@click.command(
    no_args_is_help=True,
    short_help="Write mutated packets for tests of parsers.",
    epilog=examples(
        "overlaycodec fuzz seed.pcap out/ --count 10000 --seed 1",
        "overlaycodec fuzz seed.pcap cases.pcapng --count 1000 --fix both",
        "overlaycodec fuzz seed.pcap cases.jsonl --count 1000 --kind length --kind overrun",
        "overlaycodec fuzz --count 100 --where 'vxlan.vni == 100' trace.pcap - \\\n"
        "  | jq -r 'select(.verdicts.linux == \"drop\").label'",
    ),
)
@file_argument
@target_argument
@click.option("--count", type=click.IntRange(1), default=10_000, show_default=True, metavar="N", help="How many cases.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="The number that they follow from.",
)
@click.option(
    "--fix",
    type=click.Choice(FIXES),
    default="none",
    show_default=True,
    help="What follows a mutation: lengths outside of it, checksums, or both.",
)
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Take only mutations of this kind.")
@click.option("--format", "form", type=click.Choice(FORMS), help="What to write, if not by the name.")
@click.option("--fields/--no-fields", default=True, show_default=True, help="Whether JSON lines have all fields.")
@click.option("--verdicts/--no-verdicts", default=True, show_default=True, help="Whether JSON lines have verdicts.")
@report_option
@catalog_options
@where_option
def fuzz(
    file: str,
    target: str,
    *,
    count: int,
    seed: int,
    fix: Fix,
    kinds: tuple[Kind, ...],
    form: Form | None,
    fields: bool,
    verdicts: bool,
    json: bool,
    catalog: Catalog,
    where: Filter | None,
) -> None:
    """Write mutated packets: fields at their limits, lengths that lie, layers in another order, truncated packets.

    TARGET is a .pcap or .pcapng file (there each packet has its label as a comment), a .jsonl file (an object per case:
    label, octets, fields, what receivers do), .gz after it compresses it, or a folder, which gets a file per packet.
    "-" is the standard output, as JSON lines.

    The shortest packet of each order of headers in FILE is a seed packet; these take turns. The same FILE and --seed
    give the same octets on every machine. The first cases of a seed packet have one mutation each, later ones two to
    four.

    The exit status is 1 if FILE is damaged; the packets before the damage are seed packets.
    """
    check_target((file,), target)
    seeds = _Seeds(where, catalog)
    complete = read(file, partial(seeds.read, file))
    if not seeds.chosen and not complete:
        click.get_current_context().exit(1)
    if not seeds.chosen:
        raise click.ClickException(f"{printable(file)}: no packet to begin with")
    chosen = form or ("jsonl" if target == "-" else form_of(target))
    if chosen == "files" and target == "-":
        raise click.BadParameter("files are written to a folder", param_hint="'--format'")
    counts: Counter[str] = Counter()
    try:
        found = cases(seeds.chosen, seed=seed, count=count, fix=fix, kinds=kinds or KINDS, catalog=catalog)
    except ValueError as error:
        raise click.ClickException(f"{printable(file)}: {error}") from None
    try:
        with unfinished_removed(), progress_to(count, "fuzz", "cases") as advance:
            counted = _counted(found, counts, advance)
            where_to = sys.stdout.buffer if target == "-" else target
            packets = write_corpus(where_to, counted, form=chosen, fields=fields, verdicts=verdicts)
            if target == "-":
                sys.stdout.flush()
    except BrokenPipeError:  # the reader of the target closed it, which is no error
        raise
    except (EncodeError, OSError) as error:
        raise click.ClickException(message_of(target, error)) from None
    kinds_of = ", ".join(f"{kind} {number}" for kind, number in sorted(counts.items()))
    document: dict[str, Plain] = {
        "file": file,
        "target": target,
        "read": seeds.packets,
        "seeds": list(seeds.chosen),
        "cases": count,
        "packets": packets,
        "kinds": dict(counts),
    }
    text = f"{seeds.packets} packets read, {len(seeds.chosen)} of them seeds; {count} cases written ({kinds_of})"
    report(text, document, target, json=json)
    click.get_current_context().exit(not complete)


def _counted(found: Iterator[Case], counts: Counter[str], advance: Callable[[int], None]) -> Iterator[Case]:
    """The cases; how many have each kind of mutation is counted."""
    for number, case in enumerate(found, 1):
        counts.update(set(case.kinds))
        if number % _STEP == 0:
            advance(_STEP)
        yield case
