"""`overlaycodec diagnose`: what stands out in the packets of captures, and what a receiver does with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final

import msgspec

from overlaycodec.capture import Capture
from overlaycodec.cli.inputs import read
from overlaycodec.cli.packet_json import json_line
from overlaycodec.cli.progress import Advance, no_progress, progress_beside_lines, progress_over
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import Plain, plain_of, printable
from overlaycodec.display.output import Output
from overlaycodec.display.spans import Role, Span
from overlaycodec.filters.filter import Filter
from overlaycodec.findings import Finding, Receiver, Severity, diagnose

__all__ = ["Wanted", "report"]

_ROLES: Final[dict[Severity, Role]] = {Severity.DROP: "bad", Severity.VIOLATION: "warn", Severity.NOTE: "note"}
_ORDER: Final = list(_ROLES)
_STEP: Final = 500
"""Packets between two updates of the progress."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of the command."""

    files: tuple[str, ...]
    receiver: Receiver
    least: Severity
    """The least severe finding that is shown."""
    summary: bool
    json: bool
    catalog: Catalog
    where: Filter | None = None
    """The filter whose packets are looked at; None: all packets."""


class _Group(msgspec.Struct):
    """The findings of one rule and severity: how many, in how many packets, and the first of them."""

    file: str
    number: int
    first: Finding
    findings: int = 0
    packets: int = 0
    last: tuple[int, int] = 0, 0
    """The last packet that was counted: the number of its file, and its own there."""


def report(wanted: Wanted, output: Output) -> int:
    """Shows the findings; gives the exit status: 1 where a file cannot be read to its end."""
    run = _Run(wanted, output)
    with ExitStack() as stack:
        progress = progress_over if wanted.summary else progress_beside_lines
        run.advance = stack.enter_context(progress(wanted.files, "diagnose"))
        complete = [read(file, partial(run.read_file, file)) for file in wanted.files]
    if wanted.summary:
        run.summarise()
    return int(not all(complete))


class _Run:
    """One run of the command, and what it found so far."""

    def __init__(self, wanted: Wanted, output: Output) -> None:
        self._wanted, self._output = wanted, output
        self._many = len(wanted.files) > 1
        self._groups: dict[tuple[Severity, str], _Group] = {}
        self._counts: Counter[Severity] = Counter()
        self._packets = self._files = 0
        self.advance: Advance = no_progress

    def read_file(self, file: str, capture: Capture) -> None:
        """The findings of a file."""
        wanted = self._wanted
        self._files += 1
        counts: Counter[Severity] = Counter()
        packets = 0
        try:
            for number, finding in self._findings(file, capture):
                if finding is None:
                    packets += 1
                    continue
                counts[finding.severity] += 1
                if wanted.summary:
                    self._add(file, number, finding)
                elif wanted.json:
                    self._output.write(Span(json_line(_document(file, number, finding))))
                else:
                    self._write(file, number, finding)
        finally:
            self._counts.update(counts)
            self._packets += packets
            if not wanted.json and not wanted.summary:
                self._totals(f"{printable(file)}: " if self._many else "", packets, counts)

    def _findings(self, file: str, capture: Capture) -> Iterator[tuple[int, Finding | None]]:
        """Each finding with the number of its packet; None once for each packet that is looked at, to count them."""
        wanted = self._wanted
        octets = 0
        for number, record in enumerate(capture, 1):
            packet = record.decode(lax=True, catalog=wanted.catalog)
            if wanted.where is None or wanted.where.matcher(packet, record, capture):
                yield number, None
                found = diagnose(
                    packet, receiver=wanted.receiver, left_to_card=record.left_to_card, catalog=wanted.catalog
                )
                for finding in found:
                    if _ORDER.index(finding.severity) <= _ORDER.index(wanted.least):
                        yield number, finding
            octets += len(record.data)
            if number % _STEP == 0:
                self.advance(_STEP, octets)
                octets = 0

    def _add(self, file: str, number: int, finding: Finding) -> None:
        group = self._groups.setdefault((finding.severity, finding.rule), _Group(file, number, finding))
        group.findings += 1
        if group.last != (self._files, number):
            group.packets += 1
            group.last = self._files, number

    def summarise(self) -> None:
        """A line for each rule, the most severe and then the most frequent ones first."""
        groups = sorted(self._groups.items(), key=lambda item: (_ORDER.index(item[0][0]), -item[1].packets, item[0][1]))
        if self._wanted.json:
            for (severity, rule), group in groups:
                self._output.write(Span(json_line(_group_document(severity, rule, group))))
            return
        packets = max((len(f"{group.packets:,}") for _, group in groups), default=0)
        rules = max((len(rule) for _, rule in self._groups), default=0)
        for (severity, rule), group in groups:
            place = f"{printable(group.file)}:{group.number}" if self._many else f"packet {group.number}"
            text = str(group.first).removeprefix(f"{severity}: ")
            self._output.write(
                Span(f"{group.packets:>{packets},}  "),
                Span(f"{severity:9}", _ROLES[severity]),
                Span(f"  {rule:{rules}}", "header"),
                Span(f"  first in {place}: ", "faint"),
                Span(text),
            )
        if self._files:
            self._totals("", self._packets, self._counts)

    def _write(self, file: str, number: int, finding: Finding) -> None:
        head = f"{printable(file)}:{number}" if self._many else f"{number:4}"
        severity = str(finding.severity)
        text = str(finding).removeprefix(severity)
        self._output.write(Span(f"{head}  ", "faint"), Span(severity, _ROLES[finding.severity]), Span(text))

    def _totals(self, head: str, packets: int, counts: Counter[Severity]) -> None:
        shown = _ORDER[: _ORDER.index(self._wanted.least) + 1]  # the others were not counted
        text = ", ".join(f"{counts[severity]} {severity}" for severity in shown)
        self._output.write(Span(head), Span(f"{packets} packets: {text}", "faint"))


def _document(file: str, number: int, finding: Finding) -> dict[str, Plain]:
    fields = {name: plain_of(getattr(finding, name)) for name in finding.__struct_fields__}
    return {"file": file, "number": number, **fields}


def _group_document(severity: Severity, rule: str, group: _Group) -> dict[str, Plain]:
    return {
        "rule": rule,
        "severity": str(severity),
        "packets": group.packets,
        "findings": group.findings,
        "first": _document(group.file, group.number, group.first),
    }
