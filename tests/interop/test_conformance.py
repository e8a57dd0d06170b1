"""The conformance suite is what its program writes, and other decoders do as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlaycodec import conformance
from tests.interop.live.machine import need
from tests.tools.stacks import tshark_version

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    """Those that the values come from."""
    need("tshark")
    need("tcpdump")
    pytest.importorskip("scapy")
    if "4.0.17" not in tshark_version():
        pytest.skip("the suite is written with tshark 4.0.17")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of scapy's names
def test_the_suite_is_what_would_be_written() -> None:
    from tests.tools.conformance.__main__ import PAGE as suite
    from tests.tools.conformance.__main__ import cases, line

    assert "".join(line(case) + "\n" for case in cases()) == suite.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["tshark", "tcpdump", "scapy", "dpkt"])
def test_decoders_score_as_the_page_says(name: str) -> None:
    found = conformance.score(name)
    text = PAGE.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    valid, invalid = found.counts(valid=True), found.counts(valid=False)
    counts = [valid[outcome] for outcome in conformance.OUTCOMES]
    counts += [invalid[outcome] for outcome in ("right", "wrong", "failed", "silent")]
    assert row.endswith(f"| {' | '.join(map(str, counts))} |")
