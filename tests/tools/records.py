"""What tshark says of each record of each capture: written to JSON, so that the tests need no tshark.

python -m tests.tools.records            write the lists anew
python -m tests.tools.records --check    say which lists tshark would write otherwise

A record is a line: time stamp in seconds (or -), octets on the wire, octets captured, interface, comment, hash of its
data. Stored are their number, the first, the last, and a hash of all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.tools.stacks import CAPTURES, PUBLIC, ROOT, captures, tshark_version

EXPECTED = ROOT / "tests" / "expected" / "capture-records.json"
SETS = (("own", CAPTURES), ("public", PUBLIC))
FIELDS = ("frame.encap_type", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_id", "frame.comment")


def line(time: str, wire_length: int, interface: int, comments: Iterable[str], data: bytes) -> str:
    """One record, as it is compared."""
    digest = hashlib.sha256(data).hexdigest()[:16]
    return f"{time or '-'} {wire_length} {len(data)} {interface} {','.join(comments)!r} {digest}"


def summary(lines: list[str]) -> dict[str, Any]:
    """What is stored of a capture."""
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return {"count": len(lines), "first": lines[:1], "last": lines[-1:], "sha256": digest}


def load() -> dict[str, dict[str, dict[str, Any]]]:
    """The stored summaries, by set and capture."""
    sets: dict[str, dict[str, dict[str, Any]]] = json.loads(EXPECTED.read_text())["sets"]
    return sets


def tshark_lines(path: Path) -> Iterator[str]:
    """Each record, as tshark reads it."""
    command = ["tshark", "-n", "-r", str(path)]
    fields = [*command, "-T", "fields", *(part for field in FIELDS for part in ("-e", field))]
    rows = subprocess.run(fields, check=True, capture_output=True, text=True).stdout.splitlines()
    raw = [*command, "-T", "jsonraw", "-j", "frame"]
    frames = json.loads(subprocess.run(raw, check=True, capture_output=True, text=True).stdout)
    for row, frame in zip(rows, frames, strict=True):
        link_type, time, wire_length, captured, interface, comments = row.split("\t")
        if link_type:  # tshark lists a pcapng Custom Block as a frame, without a link type; it is no packet
            data = bytes.fromhex(frame["_source"]["layers"]["frame_raw"][0])
            assert len(data) == int(captured)
            yield line(time, int(wire_length), int(interface or 0), [comments] if comments else [], data)


def main() -> int:
    """Write the lists, or compare them; the public ones only where the public captures are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    sets = load() if EXPECTED.exists() else {}
    for name, folder in SETS:
        if found := captures(folder):
            sets[name] = {capture: summary(list(tshark_lines(path))) for capture, path in found.items()}
    text = json.dumps({"made with": tshark_version(), "sets": sets}, indent=1) + "\n"
    if not check:
        EXPECTED.write_text(text)
    elif EXPECTED.read_text() != text:
        print(f"{EXPECTED.relative_to(ROOT)} is not what tshark says now")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
