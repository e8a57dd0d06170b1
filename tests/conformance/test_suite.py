"""The suite is what its schema says, has what the project's vectors have, and this library does what the page says."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from overlaycodec import conformance
from overlaycodec.conformance import Case, Score
from tests.tools.conformance.vectors import FOLDER, LATER

PAGE: Final = Path(__file__).parents[2] / "docs" / "conformance.md"
ACCEPTED: Final = {"nsh-md1-length": 12, "sctp-chunk-length": 15, "ndp-option-length": 4, "bfd-length": 6}
"""Invalid packets that this library reads as if they were sound, by the rule; the page says so."""


@pytest.fixture(scope="module")
def ours() -> Score:
    return conformance.score("overlaycodec")


def test_there_are_many_cases_of_every_kind() -> None:
    cases = conformance.suite()
    assert len(cases) >= 1_000
    assert len({case.name for case in cases}) == len(cases)
    invalid = sum(case.refused is not None for case in cases)
    assert 500 <= invalid <= len(cases) - 500
    assert {case.evidence for case in cases} == conformance.EVIDENCE.keys()
    assert len({case.protocol for case in cases}) >= 80
    assert all((case.evidence == "rule") == (case.refused is not None) for case in cases)


def test_each_case_cites_a_section_and_says_where_its_facts_come_from() -> None:
    for case in conformance.suite():
        assert re.match(r"RFC \d+|IEEE |draft-|3GPP TS |LINKTYPE_|INT |WireGuard|TaZmen", case.spec), case.name
        assert len(case.source) >= 3, case.name
        assert case.facts or case.refused, case.name
        assert "our own" not in case.source


def test_each_line_is_what_the_schema_says() -> None:
    fastjsonschema = pytest.importorskip("fastjsonschema")
    valid = fastjsonschema.compile(json.loads(conformance.schema()))
    for line in conformance.suite_text().splitlines():
        valid(json.loads(line))
    with pytest.raises(fastjsonschema.JsonSchemaException):
        valid({**json.loads(line), "evidence": "opinion"})


def test_what_a_decoder_prints_is_what_the_schema_says() -> None:
    fastjsonschema = pytest.importorskip("fastjsonschema")
    document = json.loads(conformance.schema())
    valid = fastjsonschema.compile({"$defs": document["$defs"], "$ref": "#/$defs/answer"})
    text = PAGE.read_text(encoding="utf-8")
    examples = [json.loads(line) for line in text.splitlines() if line.startswith('{"headers"')]
    assert examples
    for example in examples:
        valid(example)
    with pytest.raises(fastjsonschema.JsonSchemaException):
        valid({"headers": [{"fields": {}}]})


def test_the_vectors_are_in_the_suite() -> None:
    """With their octets and values; the suite is written from them (`python -m tests.tools.conformance`)."""
    cases = {case.name: case for case in conformance.suite()}
    octets = {(case.hex, case.refused is None) for case in conformance.suite()}
    compared = 0
    for path in sorted(FOLDER.glob("*.json")):
        if path.stem in LATER:
            continue
        for vector in json.loads(path.read_text(encoding="utf-8")):
            if "bindings" in vector or "fcs_octets" in vector or "link_type" not in vector["first"]:
                continue
            case = cases.get(f"{path.stem}/{vector['name']}")
            facts = {key: value for key, value in vector.get("fields", {}).items() if value is not None}
            if case is not None:
                assert (case.hex, case.fields) == (vector["hex"], facts), "python -m tests.tools.conformance"
                compared += 1
            elif facts or "error" in vector:
                assert (vector["hex"], "error" not in vector) in octets, "python -m tests.tools.conformance"
    assert compared > 300


def test_this_library_reads_every_valid_packet_as_others_do(ours: Score) -> None:
    bad = [(result.case.name, result.reason) for result in ours.results if result.outcome in ("failed", "silent")]
    assert bad == []
    valid = ours.counts(valid=True)
    assert valid["wrong"] == 0
    assert valid["right"] >= valid.total() - 3  # a pointer of IPv4's time stamp option, which has no class


def test_what_this_library_accepts_is_what_the_page_says(ours: Score) -> None:
    wrong = [result.case.name for result in ours.results if result.outcome == "wrong"]
    rules: Counter[str] = Counter()
    for name in wrong:
        rules[next((rule for rule in ACCEPTED if rule in name), name)] += 1
    assert rules == ACCEPTED
    assert f"overlaycodec accepts {len(wrong)} invalid packets" in PAGE.read_text(encoding="utf-8")


def test_the_page_has_the_counts_of_the_suite(ours: Score) -> None:
    text = PAGE.read_text(encoding="utf-8")
    cases = conformance.suite()
    evidence = Counter(case.evidence for case in cases)
    for kind, count in evidence.items():
        assert f"| `{kind}` | {count} |" in text
    assert f"has {len(cases):,} packets" in text
    assert f"Version {conformance.VERSION} " in text
    counts: list[Any] = [ours.counts(valid=True)[outcome] for outcome in conformance.OUTCOMES]
    assert f"| {' | '.join(map(str, counts))} |" in next(
        line for line in text.splitlines() if "| overlaycodec |" in line
    )
    assert len(re.findall(r"^\| [\w -]+ \| [\d,]+ \| \d+ \|", text, re.MULTILINE)) >= 9  # decoders


def test_a_case_is_a_packet() -> None:
    case = next(case for case in conformance.suite() if case.wire_length is not None)
    assert isinstance(case, Case)
    assert case.record.wire_length == case.wire_length
    assert case.record.data.hex() == case.hex
