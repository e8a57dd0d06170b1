"""Cases from the packets of a capture, and cases into files: captures, JSON lines, a folder of inputs.

Strategy: of packets with the same headers one is enough, and the shortest one gives the most cases in the fewest
octets. The seed packets take turns, so that a corpus of any size has something of each.
"""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count as counted_from
from itertools import islice, zip_longest
from typing import Final, Literal, TypeAlias, cast, get_args

from overlaycodec.capture import Record, write_capture
from overlaycodec.capture.sink import BinaryTarget, opened_path, opened_stream
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.fuzz.case import Case
from overlaycodec.fuzz.mutation import KINDS, Fix, Kind
from overlaycodec.fuzz.mutator import Mutator
from overlaycodec.fuzz.schedule import Row, turns
from overlaycodec.values.argument_checks import check_number, check_type, text_of

__all__ = ["FORMS", "Form", "cases", "form_of", "seeds_of", "write_corpus"]

Form: TypeAlias = Literal["pcap", "pcapng", "jsonl", "files"]
"""A capture, an object per line, or a folder with a file per packet, as AFL++ and libFuzzer take it."""
FORMS: Final[tuple[Form, ...]] = get_args(Form)
_ENDS: Final[dict[str, Form]] = {".pcap": "pcap", ".pcapng": "pcapng", ".jsonl": "jsonl", ".ndjson": "jsonl"}

_STAGES: Final = 8
"""After so many single mutations of a seed packet, there is one case with another stack of headers."""
_MORE: Final = 8
"""How many cases with a header or option that no seed packet has come for one with others."""
_ALL: Final = 4
"""Of so many rounds, the last one has every seed packet with every other stack."""


# --- from captures ----------------------------------------------------------------------------------------------------


def seeds_of(records: Iterable[Record], *, catalog: Catalog = DEFAULT) -> dict[int, Record]:
    """The shortest record for each order of headers, by its number, from 1 on, in the order of the records.

    Records without octets are left out.
    """
    found: dict[tuple[object, ...], tuple[int, Record]] = {}
    for number, record in enumerate(records, 1):
        check_type("a seed packet", record, Record, hint="`mutations` takes octets and packets")
        stack = (record.link_type, *map(type, record.decode(lax=True, catalog=catalog).headers))
        if record.data and (stack not in found or len(record.data) < len(found[stack][1].data)):
            found[stack] = number, record
    return dict(sorted(found.values(), key=lambda seed: seed[0]))


def cases(
    seeds: Mapping[int, Record] | Iterable[Record],
    *,
    seed: int = 0,
    count: int | None = None,
    fix: Fix = "none",
    kinds: Collection[Kind] = KINDS,
    catalog: Catalog = DEFAULT,
) -> Iterator[Case]:
    """Mutated packets, made from several valid packets: `count` of them, or without end; the seed packets alternate.

    First come the single mutations that no seed packet before has in a header of the same class, the least used field
    first; then the others, in turn with other stacks of headers and with several mutations at once.

    Of records, such as a capture, those that `seeds_of` chooses are the seed packets. `case.source` is the number of
    the seed packet; all else is as in `mutations`. A seed packet without a mutation of these kinds is left out.

    Raises: ValueError where no seed packet has such mutations, and as `mutations` does.
    """
    if count is not None:
        check_number("count", count, 0)
    chosen: Mapping[int, Record]
    chosen = cast("Mapping[int, Record]", seeds) if isinstance(seeds, Mapping) else seeds_of(seeds, catalog=catalog)
    mutators = [
        Mutator(record, seed=seed, fix=fix, kinds=kinds, catalog=catalog, source=number)
        for number, record in chosen.items()
    ]
    mutators = [mutator for mutator in mutators if mutator.by_kind]
    if not mutators:
        raise ValueError(f"no packet has a mutation of the kinds {', '.join(kinds)}")
    return _in_turn(mutators, count)


def _in_turn(mutators: list[Mutator], count: int | None) -> Iterator[Case]:
    numbered = ((mutator, number) for turn in _turns(mutators) for mutator, number in turn)
    return (mutator.case(number) for mutator, number in islice(numbered, count))


def _turns(mutators: list[Mutator]) -> Iterator[list[tuple[Mutator, int]]]:
    """The numbers of the cases of each seed packet, a turn after the other."""
    late: list[Row] = []
    stages = _stages(mutators)
    for number, (new, row) in enumerate(turns([mutator.singles for mutator in mutators], [*map(_ranks, mutators)])):
        if new:
            yield [(mutators[place], case) for place, case in row]
            if number % _STAGES == _STAGES - 1:
                yield [(mutators[place], case) for place, case in next(stages, [])]
        else:
            late.append(row)
    singles = iter(late)
    for turn in counted_from():
        for found in (next(stages, []), next(stages, []), next(singles, [])):
            yield [(mutators[place], number) for place, number in found]
        yield [(mutator, mutator.combined(turn)) for mutator in mutators]


def _stages(mutators: list[Mutator]) -> Iterator[Row]:
    """The cases with other stacks of headers, in rounds; a seed packet leaves out what one before it had."""
    known = {record.record.__layout__.name for mutator in mutators for record in mutator.records}
    for visit in counted_from() if any(mutator.stages for mutator in mutators) else ():
        seen: set[tuple[str, ...]] = set()
        kept: list[list[int]] = [[] for _ in mutators]
        for turn in zip_longest(*(mutator.stages for mutator in mutators)):
            for place, subject in enumerate(turn):
                if subject is not None and (subject not in seen or visit % _ALL == _ALL - 1):
                    seen.add(subject)
                    count = _MORE if subject[-1] and subject[-1] not in known else 1
                    visits = range(visit * count, (visit + 1) * count)
                    kept[place] += [mutators[place].staged(each, subject) for each in visits]
        for row in zip_longest(*kept):
            yield [(place, number) for place, number in enumerate(row) if number is not None]


def _ranks(mutator: Mutator) -> list[int]:
    """Which one of those that change the same each single mutation is."""
    count: Counter[tuple[str, str]] = Counter()
    ranks = {}
    for mutation in (each for members in mutator.by_kind.values() for each in members):
        where = mutation.path, mutation.brings
        ranks[id(mutation)] = count[where]
        count[where] += 1
    return [ranks[id(mutation)] for mutation in mutator.singles]


# --- into files -------------------------------------------------------------------------------------------------------


def form_of(target: str | os.PathLike[str]) -> Form:
    """The form that the name of a file gives: .pcap, .pcapng, .jsonl or .ndjson, .gz after it; else a folder."""
    name = os.fspath(target).lower().removesuffix(".gz")
    for end, form in _ENDS.items():
        if name.endswith(end):
            return form
    return "files"


def write_corpus(
    target: str | os.PathLike[str] | BinaryTarget,
    cases: Iterable[Case],
    *,
    form: Form | None = None,
    fields: bool = True,
    verdicts: bool = True,
) -> int:
    """Writes cases; gives how many packets they have. The form follows the name of the target, as in `form_of`.

    In pcapng each packet has the label of its case as a comment. A line of JSON has the label, the mutations, the
    packets, and, unless they are left out, the fields of the packets and the verdicts of receivers, which take most of
    the time. A folder is made where there is none; its files are named by number and kind, in the order of the cases.

    Raises: FileExistsError for a folder that has files already; ValueError, TypeError and EncodeError as
    `write_capture` does.
    """
    chosen = (form_of(target) if isinstance(target, str | os.PathLike) else "jsonl") if form is None else form
    if chosen not in [*FORMS]:
        raise ValueError(f"the form is {', '.join(FORMS)}, not {text_of(chosen)}")
    if chosen == "files":
        if not isinstance(target, str | os.PathLike):
            raise TypeError("files are written to a folder: the target is a path")
        return _write_files(target, cases)
    if chosen == "jsonl":
        return _write_lines(target, cases, fields=fields, verdicts=verdicts)
    records = (record for case in cases for record in case.records)
    return write_capture(target, records, format=chosen)


def _write_lines(
    target: str | os.PathLike[str] | BinaryTarget, cases: Iterable[Case], *, fields: bool, verdicts: bool
) -> int:
    count = 0
    if isinstance(target, str | os.PathLike):
        sink = opened_path(target, gzip=os.fspath(target).lower().endswith(".gz"))
    else:
        sink = opened_stream(target)
    with sink as write:
        for case in cases:
            document = case.document(fields=fields, verdicts=verdicts)
            write(json.dumps(document, separators=(",", ":"), allow_nan=False).encode() + b"\n")
            count += len(case.packets)
    return count


def _write_files(folder: str | os.PathLike[str], cases: Iterable[Case]) -> int:
    os.makedirs(folder, exist_ok=True)
    if os.listdir(folder):
        raise FileExistsError(
            errno.EEXIST, "the folder has files already: a corpus is written to a new or an empty one", folder
        )
    count = 0
    for number, case in enumerate(cases):
        kind = case.kinds[0] if len(case.kinds) == 1 else "several"
        for part, data in enumerate(case.packets):
            name = f"{number:08d}-{kind}" + (f"-{part}" if len(case.packets) > 1 else "")
            with open(os.path.join(folder, name), "xb") as file:
                file.write(data)
            count += 1
    return count
