"""What tshark says is in each record of each capture: written to JSON, so that the tests need no tshark.

python -m tests.tools.stacks            write the lists anew
python -m tests.tools.stacks --check    say which lists tshark would write otherwise
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from overlaycodec.fuzz.decoders.with_tshark import SEPARATE

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "tests" / "captures"
# A collection beside the repository that is not part of it: what tshark says of it is stored, the files are not.
PUBLIC = ROOT.parent / "shared" / "captures" / "public"

OPTIONS = (
    *SEPARATE,
    # A wrong checksum changes what tshark goes on to dissect; the stack is the same.
    *(part for name in ("ip", "udp", "tcp") for part in ("-o", f"{name}.check_checksum:FALSE")),
)


def captures(folder: Path) -> dict[str, Path]:
    """The captures in a folder and those below it, by their path from there."""
    found = (path for path in folder.rglob("*.pcap*") if path.suffix in (".pcap", ".pcapng"))
    return {path.relative_to(folder).as_posix(): path for path in sorted(found)}


SETS = (
    (CAPTURES, CAPTURES / "stacks.json"),
    (PUBLIC, ROOT / "tests" / "expected" / "public-stacks.json"),
)


def load(path: Path) -> dict[str, list[str]]:
    """The stored protocol column of each record, by capture."""
    stacks: dict[str, list[str]] = json.loads(path.read_text())["stacks"]
    return stacks


def tshark_stacks(path: Path) -> list[str]:
    """The protocol column of each record, as tshark gives it: "eth:ethertype:ip:udp:data"."""
    fields = ("-T", "fields", "-e", "frame.encap_type", "-e", "frame.protocols")
    command = ["tshark", "-n", "-r", str(path), *OPTIONS, *fields]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = (line.split("\t") for line in lines)
    # tshark lists a pcapng Custom Block as a frame, without a link type; it is no packet.
    return [protocols for link_type, protocols in rows if link_type]


def tshark_version() -> str:
    """The first line of what tshark says of itself."""
    return subprocess.run(["tshark", "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]


def written() -> Iterator[tuple[Path, str]]:
    """Each file to store, with its text; the public one only where the public captures are."""
    for folder, path in SETS:
        found = captures(folder)
        if found:
            stacks = {name: tshark_stacks(capture) for name, capture in found.items()}
            document = {"made with": tshark_version(), "options": " ".join(OPTIONS), "stacks": stacks}
            yield path, json.dumps(document, indent=1) + "\n"


def main() -> int:
    """Write the lists, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    status = 0
    for path, text in written():
        if not check:
            path.write_text(text)
        elif path.read_text() != text:
            print(f"{path.relative_to(ROOT)} is not what tshark says now")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
