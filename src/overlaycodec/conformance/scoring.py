"""What a decoder makes of the suite: an outcome for each case, and counts by protocol.

Strategy: a decoder is asked for what it claims to know. A value that it does not give is no error; one that is another
is. An invalid packet is refused by a fault, or by leaving out the header that is broken, if the decoder reads such
headers in other cases; who shows it as if it were sound accepts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from overlaycodec.conformance.suite import VERSION, Case, suite
from overlaycodec.describe.plain import Plain
from overlaycodec.fuzz.decoders import Decoder, Reading, decoder_of
from overlaycodec.fuzz.decoders.reading import same_value

__all__ = ["OUTCOMES", "Outcome", "Result", "Score", "score"]

Outcome: TypeAlias = Literal["right", "partly", "wrong", "failed", "silent"]
_ROW: Final = ".options["
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)


class Result(msgspec.Struct, frozen=True):
    """What a decoder made of one case."""

    case: Case
    outcome: Outcome
    """`right`: the value of every field, or the invalid packet refused; `partly`: only right values, but not all;
    `wrong`: another value or another status of a checksum, a valid packet refused or an invalid one accepted; `failed`:
    the decoder raised, ended or hung; `silent`: it gives no value of the header that the case is about."""
    reason: str = ""
    """What was wrong."""
    facts: int = 0
    """How many values the decoder gave that are known, right or wrong."""


class Score(msgspec.Struct, frozen=True):
    """What a decoder made of the suite."""

    decoder: str
    results: tuple[Result, ...]

    def counts(self, protocol: str | None = None, *, valid: bool | None = None) -> Counter[Outcome]:
        """How many cases had each outcome: of one protocol, of valid or invalid packets alone, or of all."""
        return Counter(
            result.outcome
            for result in self.results
            if (protocol is None or result.case.protocol == protocol)
            and (valid is None or (result.case.refused is None) == valid)
        )

    @property
    def protocols(self) -> list[str]:
        """The protocols that cases are about, in alphabetical order."""
        return sorted({result.case.protocol for result in self.results})

    def document(self) -> dict[str, Plain]:
        """The score as plain data."""
        whole: dict[str, Plain] = {
            "suite": VERSION,
            "decoder": self.decoder,
            "cases": len(self.results),
            "facts": sum(result.facts for result in self.results),
            "valid": _plain(self.counts(valid=True)),
            "invalid": _plain(self.counts(valid=False)),
        }
        whole["protocols"] = {protocol: _plain(self.counts(protocol)) for protocol in self.protocols}
        return whole


def _plain(counts: Counter[Outcome]) -> dict[str, Plain]:
    return {outcome: counts[outcome] for outcome in OUTCOMES}


def score(decoder: str | Decoder, cases: Iterable[Case] | None = None) -> Score:
    """What a decoder makes of the cases, or of the whole suite.

    Raises: ValueError for a decoder that gives no proper answers; OSError and ImportError for one that is not there.
    """
    chosen = decoder_of(decoder)
    asked = suite() if cases is None else tuple(cases)
    readings = chosen.read([case.record for case in asked])
    known = {name for reading in readings for name in _known(reading)}
    results = [_result(case, reading, known) for case, reading in zip(asked, readings, strict=True)]
    return Score(chosen.name, tuple(results))


def _result(case: Case, reading: Reading, known: set[str]) -> Result:
    if reading.crashed:
        return Result(case, "failed", reading.fault or "")
    values = reading.values(case.stack)
    given = {path: values[path] for path in case.facts if path in values}
    reason = _wrong_value(case.facts, given)
    if reason is not None:
        return Result(case, "wrong", reason, len(given))
    if case.refused is not None:
        return _of_invalid(case, reading, known, len(given))
    cut = case.wire_length is not None and case.wire_length > len(case.hex) // 2
    if reading.fault is not None and not cut and not case.may_be_refused:
        return Result(case, "wrong", f"a valid packet is refused: {reading.fault}", len(given))
    if not any(_is_of(path, case.protocol) for path in given):
        return Result(case, "silent", "", len(given))
    return Result(case, "right" if case.fields.keys() <= given.keys() else "partly", "", len(given))


def _is_of(path: str, protocol: str) -> bool:
    """Whether a path is one of a field of this header."""
    return any(token.partition("[")[0] == protocol for token in path.split(".")[:-1])


def _known(reading: Reading) -> Iterator[str]:
    """The headers that a decoder shows, and those whose options it shows."""
    for header in reading.headers:
        yield header.name
        if any(field.startswith(_ROW[1:]) for field in header.fields):
            yield header.name + _ROW


def _wrong_value(facts: Mapping[str, Plain], given: Mapping[str, Plain]) -> str | None:
    for path, value in given.items():
        if not same_value(facts[path], value):
            return f"{path} is {facts[path]!r}, not {value!r}"
    return None


def _of_invalid(case: Case, reading: Reading, known: set[str], facts: int) -> Result:
    assert case.refused is not None
    if reading.fault is not None:
        return Result(case, "right", "", facts)
    paths = [path for path, _ in reading.paths(case.stack)]
    header, row, _ = case.refused.partition(_ROW)
    if row:
        if any(path.startswith(f"{case.refused}.") for path in reading.values(case.stack)):
            return Result(case, "wrong", f"{case.refused} is shown as sound", facts)
        known_row = header in paths and case.protocol + _ROW in known
        return Result(case, "right" if known_row else "silent", "", facts)
    if case.refused in paths:
        return Result(case, "wrong", f"{case.refused} is shown as sound", facts)
    before = case.stack[case.stack.index(case.refused) - 1] if case.refused != case.stack[0] else None
    if case.protocol in known and (before is None or before in paths):
        return Result(case, "right", "", facts)
    return Result(case, "silent")
