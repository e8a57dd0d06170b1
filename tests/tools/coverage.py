"""What is left as payload in every capture, and why: writes docs/maintaining/coverage.md.

python -m tests.tools.coverage
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import overlaycodec as oc
from tests.tools import stacks

PAGE = stacks.ROOT / "docs" / "maintaining" / "coverage.md"
HEAD = """# What is left as payload

Every record of every capture is decoded; the octets behind the last header that the catalog knows are payload. This
page lists the kinds of payload, and tshark's name for each. So it shows each protocol that tshark decodes and the
catalog does not have. A fault means that the octets cannot be the header that the previous header selects.
`python -m tests.tools.coverage` writes the page, and a test compares it with the captures.
"""
TITLES = ("The captures of this project", "Public captures of other projects, not stored here")


def left(packet: oc.Packet) -> str | None:
    """Why the octets behind the last header are payload; None where there are none."""
    if packet.fault is not None and packet.fault.path:
        return f"fault: {type(packet.fault).__name__} in {_header_of(packet.fault.path)}"
    if not packet.payload:
        return None
    if not packet.headers:
        return "a link type that is not known"
    last = packet.headers[-1]
    layout = last.__layout__
    if layout.next.offset is not None and getattr(last, layout.next.offset):
        return f"a later fragment of a datagram ({layout.name})"
    selector, space = layout.next.selector, layout.next.space
    if selector is None or space is None:
        return f"the data of {layout.name}"
    value = getattr(last, selector.name)
    if value is None or oc.DEFAULT.candidates(space, value):
        return f"the data of {layout.name}"
    if space in (oc.UDP_PORT, oc.TCP_PORT):
        return f"what {layout.name} carries"
    return f"{space!r} {space.text(value)}"


def _header_of(path: str) -> str:
    """The header's own name in the path of a fault."""
    words = [word for word in path.split(".") if word not in ("inner", "quoted")]
    return words[0].partition("[")[0] if words else ""


def theirs(column: str, outside: frozenset[str]) -> str:
    """What tshark calls what it reads behind the headers that the catalog has."""
    return next((name for name in column.split(":") if name in outside), "-")


def table(folder: Path, stored: Path) -> list[str]:
    """The rows of one collection of captures, the most frequent first."""
    from tests.test_stacks import OUTSIDE

    columns = stacks.load(stored)
    reasons: Counter[tuple[str, str]] = Counter()
    complete = records = 0
    for name, path in stacks.captures(folder).items():
        with oc.open_capture(path) as capture:
            for record, column in zip(capture, columns[name], strict=True):
                records += 1
                reason = left(record.decode(lax=True))
                complete += reason is None
                if reason is not None:
                    reasons[reason, theirs(column, frozenset(OUTSIDE))] += 1
    lines = [f"{records} records in {len(columns)} captures; {complete} of them have no payload.", ""]
    lines += ["| what is left | tshark calls it | records |", "|---|---|---|"]
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return [*lines, *(f"| {reason} | {name} | {count} |" for (reason, name), count in ordered)]


def section(number: int) -> str:
    """One section of the page."""
    return "\n".join([f"## {TITLES[number]}", "", *table(*stacks.SETS[number]), ""])


if __name__ == "__main__":
    missing = [folder for folder, _ in stacks.SETS if not folder.is_dir()]
    if missing:
        raise SystemExit(f"the page needs captures that are not here: {', '.join(map(str, missing))}")
    PAGE.write_text("\n".join([HEAD, *map(section, range(len(TITLES)))]), encoding="utf-8")
