"""Outcomes of decoders that are right, wrong, silent or fail; and the command that shows them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import overlaycodec as oc
from overlaycodec import cli, conformance
from overlaycodec.conformance import Case, Outcome
from overlaycodec.fuzz import HeaderReading, Reading

ROOT = Path(__file__).parents[2]


class Saying:
    """A decoder that says the same of each packet."""

    name = "saying"
    tells_faults = True

    def __init__(self, *readings: Reading) -> None:
        self.readings = readings

    def read(self, records: Sequence[oc.Record]) -> list[Reading]:
        """These readings."""
        return [*self.readings]


def ipv4(**fields: int) -> Reading:
    return Reading((HeaderReading("ethernet"), HeaderReading("ipv4", fields, "valid")))


def case(**arguments: object) -> Case:
    about = {"name": "a/b", "protocol": "ipv4", "spec": "RFC 791", "evidence": "rule", "source": "x", "link_type": 1}
    return Case(**{**about, "hex": "00", "stack": ("ethernet", "ipv4"), **arguments})  # type: ignore[arg-type]


VALID = case(fields={"ipv4.ttl": 64, "ipv4.protocol": 17}, checksums={"ipv4": "valid"})
FAULT = Reading((HeaderReading("ethernet"),), "too short")


@pytest.mark.parametrize(
    ("reading", "outcome"),
    [
        (ipv4(ttl=64, protocol=17), "right"),
        (ipv4(ttl=64), "partly"),
        (ipv4(ttl=63, protocol=17), "wrong"),
        (Reading((HeaderReading("ethernet"), HeaderReading("ipv4", {"ttl": 64}, "bad"))), "wrong"),
        (Reading(ipv4(ttl=64, protocol=17).headers, "too short"), "wrong"),
        (Reading((HeaderReading("ethernet"),)), "silent"),
        (Reading((), "the decoder failed: it fell over"), "failed"),
    ],
)
def test_valid_packets(reading: Reading, outcome: Outcome) -> None:
    assert conformance.score(Saying(reading), [VALID]).results[0].outcome == outcome


def test_a_packet_that_may_be_refused_or_was_cut_may_have_a_fault() -> None:
    faulty = Reading(ipv4(ttl=64, protocol=17).headers, "x")
    fields = {"fields": VALID.fields, "checksums": VALID.checksums}
    for each in (case(**fields, may_be_refused=True), case(**fields, wire_length=9)):
        assert conformance.score(Saying(faulty), [each]).results[0].outcome == "right"


@pytest.mark.parametrize(
    ("reading", "outcome"),
    [
        (FAULT, "right"),
        (ipv4(ttl=1), "wrong"),
        (Reading((HeaderReading("ethernet"),)), "right"),  # it reads IPv4 in the other case
        (Reading(()), "silent"),  # it does not come so far
    ],
)
def test_invalid_packets(reading: Reading, outcome: Outcome) -> None:
    invalid = case(name="a/c", refused="ipv4")
    decoder = Saying(ipv4(ttl=64, protocol=17), reading)
    assert conformance.score(decoder, [VALID, invalid]).results[1].outcome == outcome


def test_who_never_reads_a_header_does_not_refuse_it() -> None:
    reading = Reading((HeaderReading("ethernet"),))
    assert conformance.score(Saying(reading), [case(refused="ipv4")]).results[0].outcome == "silent"


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [({"options[0].type": 7}, "right"), ({"options[0].type": 7, "options[1].type": 0}, "wrong"), ({"ttl": 1}, "right")],
)
def test_invalid_options(fields: dict[str, int], outcome: Outcome) -> None:
    invalid = case(refused="ipv4.options[1]")
    other = ipv4(**{"options[0].type": 1})
    results = conformance.score(Saying(other, ipv4(**fields)), [VALID, invalid]).results
    assert results[1].outcome == outcome
    assert conformance.score(Saying(ipv4(ttl=1)), [invalid]).results[0].outcome == "silent"


def test_counts_are_by_protocol_and_kind() -> None:
    found = conformance.score(Saying(ipv4(ttl=64, protocol=17), FAULT), [VALID, case(name="a/c", refused="ipv4")])
    assert found.counts(valid=True) == {"right": 1}
    assert found.counts("ipv4").total() == 2
    assert found.counts("ipv6").total() == 0
    document = found.document()
    assert (document["cases"], document["decoder"]) == (2, "saying")
    assert document["invalid"] == {"right": 1, "partly": 0, "wrong": 0, "failed": 0, "silent": 0}


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_shows_a_table_and_the_wrong_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["conformance", "--decoder", "overlaycodec", "--protocol", "bfd", "--wrong"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"overlaycodec, suite {conformance.VERSION}"
    assert lines[1].split() == ["protocol", "cases", *conformance.OUTCOMES]
    cases = [each for each in conformance.suite() if each.protocol == "bfd"]
    assert lines[2].split()[:2] == ["bfd", str(len(cases))]
    assert sum("is shown as sound" in line for line in lines) == 6


def test_the_command_writes_json_and_the_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["conformance", "--decoder", "overlaycodec", "--protocol", "nsh", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["invalid"]["wrong"] == 12
    assert cli.main(["conformance", "--cases"]) == 0
    assert capsys.readouterr().out == conformance.suite_text()
    assert cli.main(["conformance"]) == 0
    invalid = sum(case.refused is not None for case in conformance.suite())
    counts = [str(len(conformance.suite()) - invalid), str(invalid)]
    assert capsys.readouterr().out.splitlines()[-1].split()[-2:] == counts


def test_what_cannot_be_asked_is_said_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--decoder", "no-such-program-here"], ["--protocol", "no_such_header"], ["--decoder", " "]):
        assert cli.main(["conformance", *words]) != 0
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.survey
def test_an_adapter_is_scored_as_a_command() -> None:
    pytest.importorskip("pypacker")
    chosen = [each for each in conformance.suite() if each.protocol == "arp"]
    found = conformance.score(f"{sys.executable} {ROOT}/conformance/pypacker_adapter.py", chosen)
    assert found.counts(valid=True)["right"] >= 10
    assert found.counts(valid=True)["wrong"] == 0
    assert found.counts(valid=False)["wrong"] > 0  # it shows an ARP of 14 octets
