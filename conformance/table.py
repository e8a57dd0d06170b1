"""Scores decoders and prints the tables of docs/conformance.md: python conformance/table.py [NAME=COMMAND ...]

Without a command, a name is one of overlaycodec, tshark, tcpdump, scapy and dpkt. See docs/conformance.md for the others.
"""

from __future__ import annotations

import sys

from overlaycodec import conformance
from overlaycodec.fuzz import Command
from overlaycodec.fuzz.decoders import decoder_of

FEW = 6
"""A protocol with fewer cases is counted among the others."""


def scores(arguments: list[str]) -> dict[str, conformance.Score]:
    """The score of each decoder."""
    found = {}
    for argument in arguments:
        name, _, command = argument.partition("=")
        found[name] = conformance.score(Command(command, name=name) if command else decoder_of(name))
        print(f"{name}: {dict(found[name].counts())}", file=sys.stderr)
    return found


def row(cells: list[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def summary(found: dict[str, conformance.Score]) -> list[str]:
    """A row for each decoder."""
    valid, invalid = (sum((case.refused is None) is kind for case in conformance.suite()) for kind in (True, False))
    head = [
        "decoder",
        "values",
        "right",
        "partly",
        "wrong",
        "failed",
        "silent",
        "refused",
        "accepted",
        "failed",
        "silent",
    ]
    lines = [
        f"The first five counts are of the {valid} valid packets, the last four of the {invalid} invalid ones.",
        "",
        row(head),
        row(["---", *["--:"] * (len(head) - 1)]),
    ]
    for name, score in found.items():
        good, bad = score.counts(valid=True), score.counts(valid=False)
        counts = [good[outcome] for outcome in conformance.OUTCOMES]
        counts += [bad[outcome] for outcome in ("right", "wrong", "failed", "silent")]
        facts = sum(result.facts for result in score.results)
        lines.append(row([name, f"{facts:,}", *map(str, counts)]))
    return lines


def by_protocol(found: dict[str, conformance.Score]) -> list[str]:
    """A row for each protocol."""
    first = next(iter(found.values()))
    sizes = {name: first.counts(name).total() for name in first.protocols}
    often = [name for name, size in sizes.items() if size >= FEW]
    seldom = [name for name in sizes if name not in often]
    lines = [row(["protocol", "cases", *found]), row(["---", *["--:"] * (1 + len(found))])]
    for label, several in [*((f"`{name}`", [name]) for name in often), (f"{len(seldom)} others", seldom)]:
        cells = [label, str(sum(sizes[name] for name in several))]
        for score in found.values():
            good = wrong = 0
            for name in several:
                counts = score.counts(name)
                good, wrong = good + counts["right"] + counts["partly"], wrong + counts["wrong"] + counts["failed"]
            cells.append("-" if not good + wrong else f"{good}" if not wrong else f"{good} / **{wrong}**")
        lines.append(row(cells))
    return lines


if __name__ == "__main__":
    everything = scores(sys.argv[1:] or ["overlaycodec", "tshark", "tcpdump", "scapy", "dpkt"])
    print("\n".join([*summary(everything), "", *by_protocol(everything)]))
