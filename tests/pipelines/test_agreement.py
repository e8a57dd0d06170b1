"""Decoding by a pipeline agrees with `oc.decode` and the words of its pattern, whatever the octets.

The words of a pattern are written out here, one character for each header class; nothing of the automaton is used.
Seeds are fixed, so that the floors hold or fail alike at every run.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, partial
from itertools import pairwise, product
from pathlib import Path
from random import Random
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec.codec import stack_cache
from overlaycodec.packet.paths import names_of
from overlaycodec.pipelines.pattern import AnyOf, InOrder, Part, Repeated, part_of
from overlaycodec.pipelines.pipeline import AnyPipeline

CAPTURES: Final = sorted(Path(__file__).parent.parent.joinpath("captures").glob("*.pcap"))
MOST: Final = 4
"""How often a part that is repeated without a limit is written out."""
Stack = tuple[type[oc.Header], ...]


@cache
def frames() -> list[bytes]:
    """Frames of real stacks that begin with an Ethernet header: at most twelve of each capture."""
    found = []
    for path in CAPTURES:
        with oc.open_capture(path) as capture:
            records = [record.data for record in capture if record.link_type == 1]
        found += records[:: len(records) // 12 + 1]
    return found


@cache
def neighbours() -> dict[type[oc.Header], list[type[oc.Header]]]:
    """What follows each header in the frames."""
    found: dict[type[oc.Header], dict[type[oc.Header], None]] = {}
    for frame in frames():
        for outside, inside in pairwise(map(type, oc.decode(frame, lax=True).headers)):
            found.setdefault(outside, {})[inside] = None
    return {outside: list(inside) for outside, inside in found.items()}


def some_pattern(source: Random, stack: Stack) -> InOrder:
    """A pattern made from a stack: some of its headers optional, repeated, or one of two."""
    stop = source.randint(1, len(stack))
    parts: list[Part] = []
    for number, cls in enumerate(stack[:stop]):
        choice = source.random()
        if choice < 0.15:
            least = source.randint(0, 1)
            parts.append(Repeated(cls, least, source.choice([None, 1, 2, 3])))
        elif choice < 0.4 and number:
            other = source.choice(neighbours()[stack[number - 1]])
            parts.append(AnyOf.of(cls, other))
        elif choice < 0.55 and number + 1 < stop:
            rest: Part = InOrder((cls, *stack[number + 1 : stop]))
            if number and source.random() < 0.5:
                rest = AnyOf.of(rest, source.choice(neighbours()[stack[number - 1]]))
            parts.append(Repeated(rest, *source.choice([(0, 1), (1, 1), (1, 2), (0, None)])))
            break
        else:
            parts.append(cls)
    if source.random() < 0.2:
        parts.append(Repeated(source.choice(neighbours().get(stack[stop - 1], [oc.VLANTag])), 0, 1))
    return InOrder.of(tuple(parts))


def words(part: Part) -> set[Stack]:
    """Every stack that a pattern describes; repetitions without a limit are written out some times."""
    if isinstance(part, type):
        return {(part,)}  # type: ignore[arg-type]  # the classes of these patterns are headers
    if isinstance(part, AnyOf):
        return set().union(*map(words, part.options))
    if isinstance(part, InOrder):
        return {sum(found, ()) for found in product(*map(words, part.parts))}
    most = MOST if part.most is None else part.most
    inside = words(part.part)
    return {sum(found, ()) for times in range(part.least, most + 1) for found in product(inside, repeat=times)}


def expression(part: Part, letters: dict[type[oc.Header], str]) -> str:
    """The pattern as a regular expression over one character for each class."""
    if isinstance(part, type):
        return re.escape(letters.setdefault(part, chr(0xE000 + len(letters))))  # type: ignore[arg-type]
    if isinstance(part, AnyOf):
        return f"(?:{'|'.join(expression(option, letters) for option in part.options)})"
    if isinstance(part, InOrder):
        return f"(?:{''.join(expression(member, letters) for member in part.parts)})"
    return f"{expression(part.part, letters)}{{{part.least},{'' if part.most is None else part.most}}}"


class Expected:
    """What the pattern makes of a packet that lax decoding gave."""

    def __init__(self, pattern: InOrder, packet: oc.Packet) -> None:
        letters: dict[type[oc.Header], str] = {}
        fits = re.compile(expression(pattern, letters)).fullmatch
        classes = tuple(map(type, packet.headers))
        text = "".join(letters.get(cls, "?") for cls in classes)
        alive = words(pattern)
        self.count = max((n for n in range(1, len(text) + 1) if fits(text[:n])), default=0)
        """How many headers the longest start has that fits; 0: none does."""
        live = 0
        while live < len(classes) and any(word[: live + 1] == classes[: live + 1] for word in alive):
            live += 1
        self.live = live
        longer = [word for word in alive if len(word) > live and word[:live] == classes[:live]]
        self.follow = list(dict.fromkeys(word[live] for word in longer))
        self.fault: oc.DecodeError | None = None
        self.met = classes[live].__name__ if live < len(classes) else "payload"
        if live == len(classes) and packet.fault is not None:
            last = f"{names_of(packet.headers)[-1]}." if packet.headers else "."
            names = [name.partition("[")[0] for name in packet.fault.path.split(".")]
            header = next(found for name in reversed(names) if (found := oc.DEFAULT.header_called(name)))
            # a length field of the last header that was read, or the header after it
            bound = isinstance(packet.fault, oc.LengthFieldError) and packet.fault.path.startswith(last)
            if bound or header in self.follow:
                self.fault = packet.fault
            else:
                self.met = header.__name__


def hold(pipeline: AnyPipeline, data: bytes, wire_length: int | None = None, fcs_octets: int = 0) -> str:
    """Decodes by the pipeline, strict and lax, and compares with `oc.decode`; gives what happened."""
    whole = oc.decode(data, lax=True, wire_length=wire_length, fcs_octets=fcs_octets)
    expected = Expected(pipeline.pattern, whole)
    decoded = partial(pipeline.decode, data, first=oc.Ethernet, wire_length=wire_length, fcs_octets=fcs_octets)
    lax = decoded(lax=True)
    strict: oc.Packet | oc.DecodeError
    try:
        strict = decoded()
    except oc.DecodeError as error:
        strict = error
    if isinstance(strict, oc.DecodeError):
        assert strict in lax.faults
    else:
        assert strict == lax
        assert strict.faults == lax.faults
    assert oc.encode(lax) == data
    assert (lax.missing, lax.fcs) == (whole.missing, whole.fcs)
    if expected.fault is not None:
        assert lax.fault == expected.fault
        assert lax.headers == whole.headers
        assert lax.faults == whole.faults
        return "fault"
    if expected.count:
        assert lax.fault is None
        assert lax.headers == whole.headers[: expected.count]
        assert lax.trailers == tuple(t for t in whole.trailers if t.header < expected.count)
        assert set(lax.faults) <= set(whole.faults)
        return "fits"
    assert isinstance(lax.fault, oc.FieldValueError)
    assert lax.headers == whole.headers[: expected.live]
    assert lax.fault.actual == expected.met
    assert set(str(lax.fault.expected).split(" or ")) == {cls.__name__ for cls in expected.follow}
    assert lax.fault.bits[0] == sum(len(oc.encode(oc.Packet((header,)))) for header in lax.headers) * 8
    return "refused"


@pytest.mark.parametrize("misses", [1, stack_cache.MISSES_TO_LEARN])
def test_pipelines_agree_with_decode_and_the_words_of_their_pattern(
    misses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one miss, the decoder of each stack is made at once, so that all later packets meet it."""
    monkeypatch.setattr(stack_cache, "MISSES_TO_LEARN", misses)
    source = Random(20)
    tally: Counter[str] = Counter()
    linked = {(outside, inside) for outside, found in neighbours().items() for inside in found}
    while tally["pipelines"] < 60:
        stack = tuple(map(type, oc.decode(source.choice(frames()), lax=True).headers))
        pattern = some_pattern(source, stack)
        alive = words(pattern)
        if () in alive or any(pair not in linked for word in alive for pair in pairwise(word)):
            continue
        if any(outside.__layout__.next.closed for word in alive for outside in word[:-1]):
            continue
        pipeline = oc.Pipeline(pattern)
        tally["pipelines"] += 1
        for _ in range(40):
            frame = bytearray(source.choice(frames()))
            change = source.random()
            if change < 0.2:
                del frame[source.randrange(len(frame)) :]
            elif change < 0.4:
                frame[source.randrange(min(len(frame), 120))] ^= 1 << source.randrange(8)
            for _ in range(2):
                tally[hold(pipeline, bytes(frame))] += 1
            wire_length = source.choice([None, len(frame), len(frame) + 2, len(frame) + source.randrange(1500)])
            fcs_octets = source.choice([0, 4, 4, 2])
            tally[f"{hold(pipeline, bytes(frame), wire_length, fcs_octets)}, cut or with FCS"] += 1
            octets = source.randbytes(source.randrange(90))
            tally[f"{hold(pipeline, octets)}, any octets"] += 1
            tally[f"{hold(pipeline, bytes(frame[:14]) + octets)}, any octets"] += 1
    kinds = ("fits", "refused", "fault")
    assert min(tally[kind] for kind in kinds) > 150, tally
    assert min(tally[f"{kind}, cut or with FCS"] for kind in kinds) > 50, tally
    assert min(tally[f"{kind}, any octets"] for kind in kinds) > 50, tally


def test_the_words_of_a_pattern() -> None:
    """The oracle itself, on a pattern whose words are known."""
    pattern = part_of(oc.Pipeline(oc.Ethernet, oc.VLANTag[0:2], oc.IPv4 | oc.IPv6))
    eth, tag = oc.Ethernet, oc.VLANTag
    assert words(pattern) == {(eth, *(tag,) * times, network) for times in range(3) for network in (oc.IPv4, oc.IPv6)}
