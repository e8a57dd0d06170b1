"""The page on other decoders is what their tables say; the comparison itself is in tests/interop."""

from __future__ import annotations

from tests.interop.decoders.oracles import ORACLES
from tests.tools import oracles


def test_the_page_is_up_to_date() -> None:
    assert oracles.page() == oracles.PAGE.read_text(encoding="utf-8"), "run python -m tests.tools.oracles"


def test_every_entry_says_why_and_names_its_text() -> None:
    for oracle in ORACLES:
        names = [entry.what for entry in oracle.known]
        assert len(names) == len(set(names))
        for entry in oracle.known:
            assert len(entry.why) > 40
            assert "|" not in entry.what + entry.why
