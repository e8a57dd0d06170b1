"""What of each specification is done: writes docs/rfc-coverage.md from docs/rfc-coverage.json and the vectors.

python -m tests.tools.rfc_coverage

A row of the data has `names`, those of headers and elements, of which the vectors are counted, `vectors` and `tests`.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from overlaycodec.schema.record import WireStruct
from tests.tools.decoder_names import records
from tests.tools.stacks import ROOT
from tests.vectors.test_vectors import DECODING, decoded

DATA: Final = ROOT / "docs" / "rfc-coverage.json"
PAGE: Final = ROOT / "docs" / "rfc-coverage.md"
STATES: Final = ("done", "octets", "not done")
HEAD: Final = """# RFC coverage

This page says for each specification that a header names what the library does, section by section. Sections that
ask for nothing, such as introductions, terminology, security and registries, have no row.

- **done**: the fields have names, types and checks, and are decoded and encoded; or a function does what the section
  says.
- **octets**: kept and encoded unchanged, but not split into fields.
- **not done**: the library does nothing of it. Most of these sections describe the behaviour of hosts and routers, such
  as timers, state machines and routing. A packet codec has none.

The proof of a header is the number of [vectors](vectors.md) with it: octets and values from outside the project. The
proof of a function is a test, by its file and name in `tests/`.
"""


def load() -> dict[str, Any]:  # Any: JSON
    """The data, by specification."""
    data: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def declared() -> dict[str, set[str]]:
    """The sections that the declarations name, by specification."""
    found: dict[str, set[str]] = defaultdict(set)
    for record in records().values():
        spec = ""
        for part in (record.__layout__.spec or "").split(", "):
            match = re.fullmatch(r"(?:(.*?) )?(sections?|clauses?|page|annex) (.*)", part)
            if match is not None:
                spec = match[1] or spec
                found[spec].add(f"page {match[3]}" if match[2] == "page" else match[3])
            elif part[:1].isdigit() and spec:  # one more section
                found[spec].add(part)
            elif part and not part[0].islower():  # in lower case, it says more of the specification before it
                spec = part
                found.setdefault(spec, set())
    return dict(found)


def is_listed(section: str, rows: list[dict[str, Any]]) -> bool:  # Any: JSON
    """Whether a row has the section, a section around it, or a part of it."""
    listed = {name for row in rows for name in re.split(r", | to ", row["section"])}
    return any(f"{section}.".startswith(f"{name}.") or f"{name}.".startswith(f"{section}.") for name in listed)


def within(record: WireStruct) -> Iterator[str]:
    """The names of the record and of the elements in it."""
    yield record.__layout__.name
    for field in record.__layout__.fields:
        value = getattr(record, field.name)
        for element in value if isinstance(value, tuple) else ():
            if isinstance(element, WireStruct):
                yield from within(element)


@cache
def vectors() -> dict[str, tuple[str, ...]]:
    """The vectors with each header and element, by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, vector in DECODING.items():
        for record in {each for header in decoded(vector).headers for each in within(header)}:
            found[record].append(name)
    return {name: tuple(sorted(each)) for name, each in found.items()}


def proof(row: dict[str, Any]) -> str:  # Any: JSON
    """The vectors and the tests of a row."""
    parts = []
    for name in row.get("names", ()):
        known = vectors().get(name, ())
        parts.append(f"`{name}`: {len(known)} vector{'s' * (len(known) != 1)}")
    parts += [f"vector `{name}`" for name in row.get("vectors", ())]
    parts += [f"`{test.removeprefix('tests/')}`" for test in row.get("tests", ())]
    return "; ".join(parts) or "-"


def page() -> str:
    """The page."""
    lines = [HEAD]
    for spec, entry in load().items():
        lines += [f"## {spec}: {entry['title']}", "", "| section | what | state | proof |", "|---|---|---|---|"]
        for row in entry["sections"]:
            lines.append(f"| {row['section']} | {row['what']} | {row['state']} | {proof(row)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
