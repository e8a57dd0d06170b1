"""The parsers in which the bench of fuzzers plants bugs: right without a bug, and no seed frame shows one."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from fuzz.bench.generators import our_mutations
from fuzz.bench.parsers import rebuild
from fuzz.bench.planted import BUGS, Bug, first_cases, runner
from fuzz.bench.results import Found, Results, comparison, tables
from fuzz.bench.seeds import seed_frames
from overlaycodec import fuzz


def cases(count: int) -> list[bytes]:
    return list(islice(our_mutations(7), count))


def test_without_a_bug_the_parser_in_python_writes_what_it_reads() -> None:
    read = 0
    for data in (*seed_frames(), *cases(1_500)):
        try:
            _, written = rebuild.read(data)
        except rebuild.Refused:
            continue
        assert written == data
        read += 1
    assert read > 500


def test_each_seed_frame_is_read_to_its_end() -> None:
    """Each parser knows the headers: a port, or an address of the inner packet, is among the notes."""
    for data in seed_frames():
        notes, written = rebuild.read(data)
        assert notes
        assert written == data


def test_no_seed_frame_shows_a_bug(tmp_path: Path) -> None:
    found = first_cases(seed_frames(), BUGS, runner(), tmp_path / "stream")
    assert {name for name, number in found.items() if number is not None} == set()


@pytest.mark.survey
def test_without_a_bug_the_parser_in_c_stays_within_the_frame(tmp_path: Path) -> None:
    program = runner()
    if program is None:
        pytest.skip("no C compiler with AddressSanitizer")
    none = Bug("none", "C", "no bug")
    assert first_cases(cases(1_500), [none], program, tmp_path / "stream") == {"none": None}


def test_a_bug_is_found_at_the_case_that_shows_it(tmp_path: Path) -> None:
    frame = seed_frames()[0]
    short = next(case.data for case in fuzz.mutations(frame, kinds=["length"]) if case.label == "ipv4.ihl - 1")
    found = first_cases([frame, frame, short], BUGS, runner(), tmp_path / "stream")
    assert found["rebuilt_ihl"] == 3
    if runner() is not None:
        assert found["ipv4_ihl_below_5"] == 3
        assert found["inner_ihl_below_5"] is None


def test_there_are_enough_bugs_and_each_has_a_name() -> None:
    assert len(BUGS) >= 70
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert {bug.language for bug in BUGS} == {"C", "Python"}


def test_the_tables_have_medians_and_what_was_not_found(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.json")
    for seed, (ours, other) in enumerate(((1, 30), (3, None), (2, 40)), 1):
        results.add("our mutations", "udp_cut", seed, Found(ours, 0.5))
        results.add("byte flips", "udp_cut", seed, Found(other, 1.0))
    results.save()
    again = Results(tmp_path / "results.json")
    assert again.cases("our mutations", "udp_cut") == 2
    assert again.cases("byte flips", "udp_cut") == 40
    assert "| byte flips | 1 of 1 | 40 | 40 | 40 |" in tables(again)
    assert "at most a tenth of the cases of the best other one for 1" in comparison(again)
