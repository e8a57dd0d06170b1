"""Cases: the same ones everywhere, of every kind, and octets that decode to a value or a CodecError."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import fuzz
from overlaycodec.findings.model import RECEIVERS
from tests.fuzz.common import CATALOG, FRAMES, VXLAN_FRAME, seeds

DIGESTS: Final = {
    "vxlan": "a4fc35f6bf5491b86973275b72c21eefb5ceb665355d349a77ad37c0c4ec749f",
    "ipv6": "ce7238d9b59d249b3c137c65b1cf55d060719dc2ac90c893034a21153bc742e1",
    "mpls": "12328b0456a8b0fd480c0750cf95ae8e9be4fc6c7a6658b706a8ed71bcd688f3",
}
"""SHA-256 of labels and octets. They change where the mutations do; then they are written anew, and the change log
says so. They are the same with every version of Python, on every machine."""


_STEERING: Final = (
    "ipv4.ihl",
    "ipv4.total_length",
    "ipv4.protocol",
    "udp.length",
    "udp.dst_port",
    "inner.ipv4.version",
)


def digest(name: str) -> str:
    """What the cases of a seed packet are, in one number."""
    found = hashlib.sha256()
    for seed, fix, count in ((1, "none", 3_000), (2, "both", 300), (3, "mixed", 300)):
        for case in fuzz.mutations(FRAMES[name], seed=seed, count=count, fix=fix, catalog=CATALOG):  # type: ignore[arg-type]
            found.update(case.label.encode() + b"\0" + b"\0".join(case.packets) + b"\n")
    return found.hexdigest()


@pytest.mark.parametrize("name", DIGESTS)
def test_the_cases_are_the_same_everywhere(name: str) -> None:
    assert digest(name) == DIGESTS[name]


@pytest.mark.parametrize("hash_seed", ["0", pytest.param("4711", marks=pytest.mark.survey)])
def test_no_order_of_hashes_is_in_the_cases(hash_seed: str) -> None:
    code = "from tests.fuzz.test_cases import DIGESTS, digest; print(*map(digest, DIGESTS))"
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    assert run.stdout.split() == list(DIGESTS.values())


def test_a_case_needs_no_case_before_it() -> None:
    cases = list(fuzz.mutations(VXLAN_FRAME, seed=5, count=3_000))
    mutator = fuzz.Mutator(VXLAN_FRAME, seed=5)
    for number in (2_999, 0, 1_500, 17):
        assert mutator.case(number) == cases[number]
        assert cases[number].number == number


def test_another_seed_gives_other_cases_and_another_fix_the_same_labels() -> None:
    labels = [case.label for case in fuzz.mutations(VXLAN_FRAME, seed=1, count=100)]
    assert labels != [case.label for case in fuzz.mutations(VXLAN_FRAME, seed=2, count=100)]
    for fix in ("lengths", "checksums", "both"):
        again = fuzz.mutations(VXLAN_FRAME, seed=1, count=100, fix=fix)
        assert labels == [case.label for case in again]


def test_every_mutation_comes_once_before_any_two_are_combined() -> None:
    mutator = fuzz.Mutator(VXLAN_FRAME)
    count = sum(map(len, mutator.by_kind.values()))
    labels = [case.label for case in itertools.islice(mutator, count)]
    assert len(set(labels)) == count
    assert len(mutator.case(count).mutations) > 1
    first = {kind for case in itertools.islice(mutator, 80) for kind in case.kinds}
    assert first == set(mutator.by_kind)


def test_all_fields_together_come_first_then_each_field_once_before_any_twice() -> None:
    mutator = fuzz.Mutator(VXLAN_FRAME, seed=4)
    assert mutator.case(0).label == "all values at their largest"
    lengths = [mutation.path for mutation in mutator.singles if mutation.kind == "length"]
    fields = set(lengths)
    assert len(fields) > 5
    assert set(lengths[: len(fields)]) == fields


def test_a_packet_with_all_values_changed_has_the_same_headers_and_lengths() -> None:
    packet = oc.decode(VXLAN_FRAME)
    mutator = fuzz.Mutator(VXLAN_FRAME, kinds=["together"])
    assert len(mutator.singles) > 5
    for mutation in mutator.singles:
        changed = mutator.mutated((mutation,)).packet
        assert changed.names == packet.names
        assert [changed[path] for path in _STEERING] == [packet[path] for path in _STEERING]
    largest = mutator.case(0).packet
    assert (largest["vxlan.vni"], largest["inner.vlan.vid"]) == (0xFFFFFF, 0xFFF)


def test_every_kind_occurs_in_the_captures() -> None:
    found: Counter[str] = Counter()
    for record in seeds():
        found.update({kind: len(members) for kind, members in fuzz.Mutator(record).by_kind.items()})
        if all(found[kind] >= 50 for kind in fuzz.KINDS):
            break
    assert set(found) == set(fuzz.KINDS)
    assert all(count >= 50 for count in found.values()), found


@pytest.mark.survey
@pytest.mark.parametrize("fix", ["none", "both"])
def test_every_case_decodes_to_a_value_or_a_codec_error(fix: fuzz.Fix) -> None:
    strict = 0
    for case in fuzz.cases(seeds(), seed=3, count=2_000, fix=fix):
        for data in case.packets:
            packet = oc.decode(data, first=case.first, lax=True)
            assert oc.encode(packet) == data
            try:
                oc.decode(data, first=case.first)
            except oc.CodecError:
                strict += 1
    assert 300 < strict < 2_500


def test_any_octets_can_be_a_seed_packet() -> None:
    for data in (b"\0", bytes(64), bytes(range(256)), VXLAN_FRAME[:51]):
        for first in (oc.Ethernet, oc.IPv4, oc.UDP, oc.LINK_TYPE(4711)):
            for case in fuzz.mutations(data, count=300, first=first, fix="both"):
                assert case.packets
    with pytest.raises(ValueError, match="no octets"):
        fuzz.mutations(b"")


def test_arguments_that_have_no_such_value() -> None:
    with pytest.raises(ValueError, match="fix is none, lengths"):
        fuzz.mutations(VXLAN_FRAME, fix="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the kinds are together, value, length"):
        fuzz.mutations(VXLAN_FRAME, kinds=["bits"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="no mutation of the kinds overrun"):
        list(fuzz.mutations(VXLAN_FRAME, kinds=["overrun"], count=1))
    with pytest.raises(ValueError, match="seed is 0 or more"):
        fuzz.mutations(VXLAN_FRAME, seed=-1)


def test_the_seed_packets_of_several_are_records() -> None:
    packet = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5) / b"..."
    for given in (packet, [packet], [bytes(64)]):
        with pytest.raises(TypeError, match="a seed packet takes a Record, not "):
            fuzz.cases(given, seed=1)  # type: ignore[arg-type]


def test_packets_records_and_octets_are_seed_packets_alike() -> None:
    packet = oc.decode(VXLAN_FRAME)
    expected = [case.packets for case in fuzz.mutations(VXLAN_FRAME, count=50)]
    assert [case.packets for case in fuzz.mutations(packet, count=50)] == expected
    assert [case.packets for case in fuzz.mutations(oc.Record(VXLAN_FRAME), count=50)] == expected
    inner = oc.Record(VXLAN_FRAME[14:], link_type=228)
    (case,) = fuzz.mutations(inner, count=1, kinds=["swap"])
    assert (case.link_type, case.records[0].link_type) == (228, 228)
    assert case.paths[0].partition(".")[0] in ("ipv4", "udp", "vxlan", "inner")


# --- what receivers do ------------------------------------------------------------------------------------------------


def verdicts(label: str, frame: bytes = VXLAN_FRAME) -> dict[oc.Receiver, fuzz.Verdict]:
    mutator = fuzz.Mutator(frame, fix="checksums")
    (mutation,) = (mutation for mutation in mutator.singles if mutation.label == label)
    return mutator.mutated((mutation,)).verdicts


def test_receivers_differ_on_reserved_bits() -> None:
    """RFC 7348 section 5 says to ignore them; Linux and Open vSwitch drop such packets, as seen on live ones."""
    assert verdicts("vxlan.reserved2 = 0x01") == {"rfc": "violation", "linux": "drop", "ovs": "drop"}
    assert verdicts("vxlan.vni_valid = 0") == {"rfc": "violation", "linux": "drop", "ovs": "drop"}
    assert set(verdicts("ipv4.ihl - 1").values()) == {"drop"}


def test_a_value_that_no_rule_speaks_of() -> None:
    assert verdicts("inner.udp.src_port + 1", VXLAN_FRAME) == verdicts("inner.udp.src_port - 1")
    assert "drop" not in verdicts("inner.udp.src_port + 1").values()


def test_a_fragment_is_not_called_cut() -> None:
    assert verdicts("ipv4 in fragments: in order") == dict.fromkeys(RECEIVERS, "note")


# --- into files -------------------------------------------------------------------------------------------------------

CAPTURE: Final = Path(__file__).parents[1] / "captures" / "kernel-vxlan-inner-vlan.pcap"


def test_the_shortest_packet_of_each_order_of_headers_is_a_seed() -> None:
    with oc.open_capture(CAPTURE) as capture:
        records = list(capture)
    chosen = fuzz.seeds_of(records)
    stacks: dict[tuple[type, ...], int] = {}
    for record in records:
        stack = tuple(map(type, record.decode()))
        stacks[stack] = min(stacks.get(stack, 9_999), len(record.data))
    assert {tuple(map(type, record.decode())): len(record.data) for record in chosen.values()} == stacks
    assert all(records[number - 1] is record for number, record in chosen.items())
    cases = list(fuzz.cases(records, count=10))
    assert [case.source for case in cases] == [*itertools.islice(itertools.cycle(chosen), 10)]


def test_a_corpus_as_captures_has_octets_and_labels(tmp_path: Path) -> None:
    cases = list(fuzz.mutations(VXLAN_FRAME, count=60))
    packets = [data for case in cases for data in case.packets]
    for name in ("out.pcap", "out.pcapng.gz"):
        assert fuzz.write_corpus(tmp_path / name, cases) == len(packets)
        with oc.open_capture(tmp_path / name) as capture:
            records = list(capture)
        assert [record.data for record in records] == packets
        if "pcapng" in name:
            assert [record.comment for record in records] == [case.label for case in cases for _ in case.packets]


def test_a_corpus_as_lines_has_fields_and_verdicts(tmp_path: Path) -> None:
    cases = list(fuzz.mutations(VXLAN_FRAME, count=30))
    assert fuzz.write_corpus(tmp_path / "out.jsonl", cases) == sum(len(case.packets) for case in cases)
    lines: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(lines) == 30
    for case, line in zip(cases, lines, strict=True):
        assert (line["label"], line["number"], line["verdicts"]) == (case.label, case.number, case.verdicts)
        assert [oc.encode(oc.from_dict(fields)).hex() for fields in line["fields"]] == line["packets"]
    stream = io.BytesIO()
    fuzz.write_corpus(stream, cases, fields=False, verdicts=False)
    short: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [{**line, "fields": 0, "verdicts": 0} for line in short] == [
        {**line, "fields": 0, "verdicts": 0} for line in lines
    ]


def test_a_corpus_as_files_has_one_per_packet(tmp_path: Path) -> None:
    cases = list(fuzz.mutations(VXLAN_FRAME, count=60))
    assert fuzz.write_corpus(tmp_path / "new" / "out", cases) == len(list((tmp_path / "new" / "out").iterdir()))
    files = sorted((tmp_path / "new" / "out").iterdir())
    assert [file.read_bytes() for file in files] == [data for case in cases for data in case.packets]
    with pytest.raises(FileExistsError, match="has files already"):
        fuzz.write_corpus(tmp_path / "new" / "out", cases)
    with pytest.raises(TypeError, match="a folder"):
        fuzz.write_corpus(io.BytesIO(), cases, form="files")
    with pytest.raises(ValueError, match="the form is"):
        fuzz.write_corpus(io.BytesIO(), cases, form="csv")  # type: ignore[arg-type]


def test_the_kinds_that_are_asked_for_are_the_only_ones() -> None:
    for kinds in (["length"], ["length", "swap"], ["fragment"], ["flag", "fragment", "value"]):
        cases = fuzz.mutations(VXLAN_FRAME, kinds=kinds, count=400)  # type: ignore[arg-type]
        found = {kind for case in cases for kind in case.kinds}
        assert found == set(kinds) - {"flag"}  # VXLAN has no field that a flag brings
