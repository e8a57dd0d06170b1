"""`overlaycodec diagnose`: what stands out in the packets of captures, and what a receiver does with them."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final

import msgspec

from overlaycodec.capture import Capture
from overlaycodec.cli.inputs import read
from overlaycodec.cli.packet_json import json_line
from overlaycodec.cli.terminal import Output
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import Plain, plain_of, printable
from overlaycodec.display.spans import Role, Span
from overlaycodec.findings import Finding, Receiver, Severity, diagnose

__all__ = ["Wanted", "report"]

_ROLES: Final[dict[Severity, Role]] = {Severity.DROP: "bad", Severity.VIOLATION: "warn", Severity.NOTE: "note"}
_ORDER: Final = list(_ROLES)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of the command."""

    files: tuple[str, ...]
    receiver: Receiver
    least: Severity
    """The least severe finding that is shown."""
    json: bool
    catalog: Catalog


def report(wanted: Wanted, output: Output) -> int:
    """Shows the findings; gives the exit status: 1 where a file cannot be read to its end."""
    complete = [read(file, partial(_file, file, wanted, output)) for file in wanted.files]
    return int(not all(complete))


def _file(file: str, wanted: Wanted, output: Output, capture: Capture) -> None:
    many = len(wanted.files) > 1
    counts: Counter[Severity] = Counter()
    packets = 0
    try:
        for packets, record in enumerate(capture, 1):
            packet = record.decode(lax=True, catalog=wanted.catalog)
            found = diagnose(packet, receiver=wanted.receiver, catalog=wanted.catalog)
            found = [finding for finding in found if _ORDER.index(finding.severity) <= _ORDER.index(wanted.least)]
            counts.update(finding.severity for finding in found)
            for finding in found:
                if wanted.json:
                    output.write(Span(json_line(_document(file, packets, finding))))
                else:
                    head = f"{printable(file)}:{packets}" if many else f"{packets:4}"
                    severity = str(finding.severity)
                    text = str(finding).removeprefix(severity)
                    output.write(Span(f"{head}  ", "faint"), Span(severity, _ROLES[finding.severity]), Span(text))
    finally:
        if not wanted.json:
            text = ", ".join(f"{counts[severity]} {severity}" for severity in _ORDER)
            output.write(Span(f"{printable(file)}: " if many else ""), Span(f"{packets} packets: {text}", "faint"))


def _document(file: str, number: int, finding: Finding) -> dict[str, Plain]:
    fields = {name: plain_of(getattr(finding, name)) for name in finding.__struct_fields__}
    return {"file": file, "number": number, **fields}
