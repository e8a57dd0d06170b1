"""The other fuzzers that make cases from a model: scapy's `fuzz`, boofuzz and Fandango.

boofuzz and Fandango get a model of each seed frame: its fields, as our decoder finds them, each with its value in the
frame; fields of bits that share octets are one. Both vary the fields and the payload; Fandango also repeats headers.
scapy dissects each seed frame, and its `fuzz` gets the same layers, without their values.
"""

from __future__ import annotations

import importlib
import itertools
import logging
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import overlaycodec as oc
from fuzz.bench.seeds import seed_frames
from overlaycodec.packet.offsets import spans_of

__all__ = ["boofuzz", "fandango", "scapy_fuzz"]


class _Group(NamedTuple):
    """Fields that share octets, and what they are in the seed frame."""

    header: int
    octets: bytes


def _groups(frame: bytes) -> list[_Group]:
    """The fields of a frame, in groups of whole octets; the last one is the payload."""
    packet = oc.decode(frame, lax=True)
    found: list[_Group] = []
    start = end = 0  # in bits
    for number, header in enumerate(packet.headers):
        for _, _, bits in spans_of(header):
            end += bits
            if end % 8 == 0 and end > start:
                found.append(_Group(number, frame[start // 8 : end // 8]))
                start = end
    return [*found, _Group(len(packet.headers), frame[start // 8 :])]


def scapy_fuzz(seed: int) -> Iterator[bytes]:
    """`fuzz` of scapy's layers, with the default values that are not random turned random."""
    scapy: Any = importlib.import_module("scapy.all")  # Any: scapy has no types
    random.seed(seed)
    stacks = []
    for frame in seed_frames():
        packet, layers = scapy.Ether(frame), []
        while not isinstance(packet, scapy.NoPayload):
            layers.append(type(packet))
            packet = packet.payload
        stacks.append(layers)
    while True:
        for layers in stacks:
            model = layers[0]()
            for layer in layers[1:]:
                model /= layer()
            try:
                yield bytes(scapy.fuzz(model))
            except Exception:  # scapy cannot write what it drew
                continue


def boofuzz(seed: int) -> Iterator[bytes]:
    """Each primitive's mutations of boofuzz in turn, those of one field at once, then of two; the order is drawn."""
    boo: Any = importlib.import_module("boofuzz")  # Any: boofuzz has no types
    context: Any = importlib.import_module("boofuzz.mutation_context")
    source = random.Random(seed)
    requests, mutants = [], []
    for number, frame in enumerate(seed_frames()):
        primitives = []
        *groups, payload = _groups(frame)
        for index, group in enumerate(groups):
            name, octets = f"field{index}", group.octets
            if len(octets) in (1, 2, 4, 8):
                kind = {1: boo.Byte, 2: boo.Word, 4: boo.DWord, 8: boo.QWord}[len(octets)]
                primitives.append(kind(name=name, default_value=int.from_bytes(octets, "big"), endian=">"))
            else:
                primitives.append(boo.Bytes(name=name, default_value=octets, size=len(octets)))
        primitives.append(boo.RandomData(name="payload", default_value=payload.octets, max_length=1500))
        request = boo.Request(f"seed{number}", children=primitives)
        requests.append(request)
        mutants.append(list(request.get_mutations()))
    singles = [(request, mutations) for request, many in zip(requests, mutants, strict=True) for mutations in many]
    source.shuffle(singles)
    for request, mutations in singles:
        yield bytes(request.render(context.MutationContext(mutations=mutations)))
    while True:  # two at once, as Session does with max_depth=2
        number = source.randrange(len(requests))
        chosen = {mutation.qualified_name: mutation for _ in "12" for mutation in source.choice(mutants[number])}
        yield bytes(requests[number].render(context.MutationContext(mutations=list(chosen.values()))))


def fandango(seed: int) -> Iterator[bytes]:
    """What Fandango draws from a grammar of the seed frames."""
    library: Any = importlib.import_module("fandango")  # Any: it checks its types at run time
    logging.disable(logging.CRITICAL)
    random.seed(seed)
    grammar = library.Fandango(_grammar(), use_cache=False)
    for batch in itertools.count():
        random.seed(seed * 1000 + batch)
        drawn = grammar.fuzz(desired_solutions=100, population_size=100, max_generations=1)
        yield from (tree.to_bytes() for tree in drawn)


def _grammar() -> str:
    """Each seed frame is an alternative; a header may be there up to three times, a field has its value or any."""
    rules = ["<start> ::= " + " | ".join(f"<frame{number}>" for number in range(len(seed_frames())))]
    for number, frame in enumerate(seed_frames()):
        groups = _groups(frame)
        headers: dict[int, list[str]] = {}
        for index, group in enumerate(groups):
            name = f"<field{number}_{index}>"
            literal = "b'" + "".join(f"\\x{octet:02x}" for octet in group.octets) + "'"
            size = len(group.octets)
            other = "<octet>{0,64}" if group is groups[-1] else f"<octet>{{{size}}}"
            rules.append(f"{name} ::= {' | '.join([literal] * 9)} | {other}")
            headers.setdefault(group.header, []).append(name)
        for header, names in headers.items():
            rules.append(f"<header{number}_{header}> ::= {' '.join(names)}")
        parts = [f"<header{number}_{header}>" for header in headers]
        rules.append(
            f"<frame{number}> ::= " + " ".join(f"{part}{{1,2}}" if at else part for at, part in enumerate(parts))
        )
    octets = " | ".join(f"b'\\x{octet:02x}'" for octet in range(256))
    return "\n".join([*rules, f"<octet> ::= {octets}"]) + "\n"
