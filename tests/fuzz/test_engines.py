"""Mutators for atheris and AFL++: as these call them, and what they give."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

import overlaycodec as oc
from overlaycodec import fuzz
from overlaycodec.fuzz import afl
from tests.fuzz.common import FRAMES, VXLAN_FRAME, seeds


def test_mutants_are_other_octets_within_the_size_and_the_same_again() -> None:
    for record in seeds()[::5]:
        data, same = record.data, 0
        for seed in range(60):
            mutant = fuzz.CustomMutator(data, 200, seed)
            assert len(mutant) <= 200
            same += mutant == data[:200]
            assert mutant == fuzz.EngineMutator().mutate(data, 200, seed)
            assert oc.encode(oc.decode(mutant, lax=True)) == mutant
        assert same < 10


def test_mutants_of_mutants_reach_layers_and_depths() -> None:
    """A chain of mutants, as an engine makes them, has stacks that the seed packet has not."""
    stacks = set()
    data = VXLAN_FRAME
    for seed in range(2_000):
        mutant = fuzz.CustomMutator(data, 1_000, seed)
        packet = oc.decode(mutant, lax=True)
        stacks.add(tuple(packet.names))
        data = mutant if seed % 4 and len(packet) > 2 else VXLAN_FRAME
    assert len(stacks) > 100
    assert max(map(len, stacks)) > 20


@pytest.mark.parametrize("data", [b"", b"\0", bytes(13), random.Random(1).randbytes(300)])
def test_inputs_that_are_no_packet(data: bytes) -> None:
    found = {fuzz.CustomMutator(data, 100, seed) for seed in range(50)}
    assert len(found) > 20
    assert all(len(mutant) <= 100 for mutant in found)
    assert fuzz.CustomCrossOver(data, data, 100, 1) is not None


def test_a_crossover_meets_at_headers_of_the_same_class() -> None:
    found = {fuzz.CustomCrossOver(VXLAN_FRAME, FRAMES["mpls"], 1_000, seed) for seed in range(50)}
    ip = FRAMES["mpls"][22:]
    assert VXLAN_FRAME[:14] + ip in found  # the outer IPv4 header begins at 14, the inner one at 68
    assert VXLAN_FRAME[:68] + ip in found
    assert all(VXLAN_FRAME.startswith(mutant[:14]) for mutant in found)


def test_as_afl_calls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Callable[[int], bytearray]] = []
    for _ in range(2):
        afl.init(7)
        calls.append(lambda size: afl.fuzz(bytearray(VXLAN_FRAME), bytearray(FRAMES["mpls"]), size))
    afl.init(7)
    first = [calls[0](300) for _ in range(100)]
    assert all(0 < len(mutant) <= 300 for mutant in first)
    assert {type(mutant) for mutant in first} == {bytearray}
    afl.init(7)
    assert first == [calls[1](300) for _ in range(100)]
    assert re.fullmatch(rb"[\w.=+-]{1,19}", afl.describe(20))
    monkeypatch.setenv("OVERLAYCODEC_FIRST", "ipv4")
    afl.init(7)
    mutants = [afl.fuzz(bytearray(VXLAN_FRAME[14:]), None, 300) for _ in range(50)]
    assert sum(mutant[0] >> 4 == 4 for mutant in mutants) > 25
    monkeypatch.setenv("OVERLAYCODEC_FIRST", "ipv5")
    with pytest.raises(ValueError, match="'ipv5'"):
        afl.init(7)
    afl.deinit()


def test_the_dictionary_has_keys_and_constants() -> None:
    """As libFuzzer's page has it: a name, an equals sign, and a string with escapes in hexadecimal digits."""
    lines = fuzz.dictionary().splitlines()
    tokens = set()
    for line in lines:
        match = re.fullmatch(r'[A-Za-z0-9_]+="((?:\\x[0-9a-f]{2})+)"', line)
        assert match is not None, line
        tokens.add(bytes.fromhex(match[1].replace("\\x", "")))
    assert len(tokens) == len(lines)
    assert {b"\x08\x00", b"\x86\xdd", b"\x12\xb5", b"\x2f"} <= tokens  # IPv4, IPv6, VXLAN's port, GRE
