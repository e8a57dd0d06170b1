"""docs/rfc-coverage.json names every specification of the declarations, and tests and vectors that exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.tools import rfc_coverage
from tests.tools.decoder_names import records
from tests.tools.stacks import ROOT
from tests.vectors.test_vectors import DECODING

ROWS = [(spec, row) for spec, entry in rfc_coverage.load().items() for row in entry["sections"]]


@cache
def functions_of(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_specification_of_a_declaration_is_listed() -> None:
    listed = rfc_coverage.load()
    for spec, sections in rfc_coverage.declared().items():
        assert spec in listed
        for section in sections:
            assert rfc_coverage.is_listed(section, listed[spec]["sections"]), f"{spec} section {section}"
    assert len(rfc_coverage.declared()) > 80


def test_a_header_of_a_specification_is_named_by_it() -> None:
    named = {name for _, row in ROWS for name in row.get("names", ())}
    # Elements of one field, of which the lists around them have the row.
    parts = {"dhcp_address", "igmp_source", "mld_source", "ipv6_source", "ipv4_source", "route_address", "sack_block"}
    assert set(records()) - named - parts == set()


@pytest.mark.parametrize("spec", sorted({spec for spec, _ in ROWS}))
def test_what_a_row_names_exists(spec: str) -> None:
    for row in (row for other, row in ROWS if other == spec):
        assert row["state"] in rfc_coverage.STATES
        assert set(row.get("names", ())) <= set(records())
        assert set(row.get("vectors", ())) <= set(DECODING)
        for test in row.get("tests", ()):
            path, _, function = test.partition("::")
            assert function in functions_of(ROOT / path), test
        if row["state"] == "done":  # with a vector or a test
            named = any(rfc_coverage.vectors().get(name) for name in row.get("names", ()))
            assert named or row.keys() & {"tests", "vectors"}, row
        if row["state"] == "not done":
            assert not row.keys() & {"names", "tests", "vectors"}, row


def test_the_page_is_up_to_date() -> None:
    written = rfc_coverage.PAGE.read_text(encoding="utf-8")
    assert rfc_coverage.page() == written, "run `python -m tests.tools.rfc_coverage`"
