"""Other decoders read every capture and a large corpus as we do, field by field; each difference is explained.

See tests/interop/decoders: `differences` has the explanations, and docs/maintaining/oracles.md is written from them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec.fuzz.decoders.tcpdump_text import SPOKEN
from tests.interop.decoders.oracles import ORACLES
from tests.interop.decoders.report import Report
from tests.interop.decoders.tcpdump import TCPDump
from tests.interop.decoders.tshark import TShark
from tests.interop.tally import Tally

# Headers that a decoder does not read at all, each with its entry in the table of differences; those that no link type
# begins with (virtio); those in sessions of L2TP, of which a setting of tshark tells; and those that tcpdump's text is
# not searched for.
UNREAD: Final[dict[type, set[type[oc.Header]]]] = {
    TShark: {
        *(oc.GUE, oc.INTMD, oc.INTMX, oc.DSA, oc.EDSA, oc.VirtioNet, oc.VirtioNetV1),
        *(oc.L2TPv3Cookie4, oc.L2TPv3Cookie8, oc.L2TPv3Sublayer),
    },
    TCPDump: set(oc.DEFAULT.headers) - SPOKEN,
}
LEAST: Final = 100
"""Packets of the corpus in which a decoder must reach each header."""

Kind = type[TShark] | type[TCPDump]
Start = Callable[[Kind], TShark | TCPDump]
REPORTS: dict[type, Report] = {}
each = pytest.mark.parametrize("kind", ORACLES, ids=lambda kind: kind.__name__)


@pytest.fixture
def report(kind: Kind, started: Start, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What the decoder says, asked once."""
    oracle = started(kind)
    if kind not in REPORTS:
        REPORTS[kind] = Report(oracle, tmp_path_factory.mktemp(kind.__name__))
    return REPORTS[kind]


@each
def test_every_difference_is_explained(kind: Kind, report: Report, tally: Tally) -> None:
    assert not report.unexplained, "\n".join(map(str, report.unexplained[:10]))
    assert report.packets["corpus"] >= 20_000
    for source in report.packets:
        tally.count(kind.name, source, report.packets[source], report.fields[source])


@each
def test_every_explanation_is_needed(kind: Kind, report: Report) -> None:
    assert [what for what, count in report.account.explained.items() if count == 0] == []


@each
def test_every_header_is_reached(kind: Kind, report: Report) -> None:
    few = {cls.__name__: report.reached[cls] for cls in oc.DEFAULT.headers if report.reached[cls] < LEAST}
    assert few.keys() <= {cls.__name__ for cls in UNREAD[kind]}
