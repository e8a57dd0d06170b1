"""Findings as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from overlaycodec.display.spans import Span
from overlaycodec.findings import Finding
from overlaycodec.notebook.packet import SEVERITY_ROLES
from overlaycodec.notebook.page import Heading, left_out, new_id, page, plural, table, text

__all__ = ["findings_page"]

_MOST: Final = 64
_HEADINGS: Final = (
    Heading("severity"),
    Heading("path"),
    Heading("bits"),
    Heading("found", long=True),
    Heading("what the receiver does", long=True, optional=True),
    Heading("what the source says", long=True),
)


def findings_page(findings: Sequence[Finding]) -> str:
    """The page of the findings of one packet."""
    if not findings:
        return page(new_id(), "findings", '<div class="head">no findings</div>')
    counts = Counter(finding.severity for finding in findings)
    title = f"{plural(len(findings), 'finding')}: " + ", ".join(f"{count} {name}" for name, count in counts.items())
    rows = (
        (
            Span(finding.severity, SEVERITY_ROLES[finding.severity]),
            Span(finding.path, "header"),
            "-".join(str(bit) for bit in finding.bits if bit is not None),
            finding.found,
            finding.does or "-",
            f"{finding.source} says {finding.demand}",
        )
        for finding in findings
    )
    body = f'<div class="head">{text(title)}</div>{table(_HEADINGS, rows, "findings", _MOST)}'
    return page(new_id(), title, body + left_out(len(findings) - _MOST, "finding"))
