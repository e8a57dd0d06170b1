"""Writes src/overlaycodec/conformance/suite.jsonl; with --check, says whether it would be written otherwise."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import overlaycodec as oc
from overlaycodec.conformance import Case
from overlaycodec.fuzz.decoders.decoder import program_output
from tests.tools.conformance import broken, built, captured, vectors
from tests.tools.conformance.witnesses import plain

PAGE = Path(oc.__file__).parent / "conformance" / "suite.jsonl"


def line(case: Case) -> str:
    """A case on one line."""
    return json.dumps(plain(case), separators=(",", ":"), ensure_ascii=True)


def versions() -> str:
    """The decoders that give values."""
    tshark = program_output(["tshark", "--version"]).split()[2].rstrip(".")
    return f"tshark {tshark}, unless scapy or tcpdump reads another"


def cases() -> list[Case]:
    """The whole suite; of the same octets, the first case."""
    told = versions()
    found: dict[tuple[int, str, bool], Case] = {}
    for case in (*vectors.cases(), *captured.cases(told), *built.cases(told), *broken.cases()):
        if case.facts or case.refused is not None:
            found.setdefault((case.link_type, case.hex, case.refused is None), case)
    return list(found.values())


def main() -> None:
    """Writes the suite."""
    all_cases = cases()
    names = Counter(case.name for case in all_cases)
    assert max(names.values()) == 1, names.most_common(3)
    text = "".join(line(case) + "\n" for case in all_cases)
    if "--check" in sys.argv:
        sys.exit(0 if text == PAGE.read_text(encoding="utf-8") else f"{PAGE} is not what would be written")
    PAGE.write_text(text, encoding="utf-8")
    print(len(all_cases), "cases,", Counter(case.evidence for case in all_cases))


if __name__ == "__main__":
    main()
