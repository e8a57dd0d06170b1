"""What other decoders read otherwise than we do, and who is right: writes docs/oracles.md from the tables.

python -m tests.tools.oracles
"""

from __future__ import annotations

from tests.interop.decoders.differences import Entry, Parting
from tests.interop.decoders.oracles import ORACLES
from tests.tools.stacks import ROOT

PAGE = ROOT / "docs" / "oracles.md"
HEAD = """# Other decoders

Round trips cannot see a declaration that is wrong in both directions. So every record of every capture, and more than
20,000 packets that are made over all tunnels and depths, are read by other decoders too, and compared field by field:
versions, lengths, addresses, ports, identifiers, options, flags, and the verdict on every checksum.

```
make interop INTEROP_ARGS="-k decoders"    # says how many packets and fields were compared
```

`tests/interop/decoders/` has a table a decoder: under which name it shows each of our fields. What it shows otherwise
is listed below, with the condition in code beside it. A difference that is not listed fails the test, and so does an
entry that explains nothing. Where a decoder reads other headers from some point on, those before are compared still.

STT, for which no live stack is at hand, is judged there too: tshark puts together the segments that we write, and calls
each one's TCP checksum right when it is told nothing of STT. It counts the TCP-shaped header to what it has, and so
takes a frame for whole where no more than 20 octets are missing; the test foresees where.

## What was ours

The comparison found these, and they are mended:

| what | by which text |
|---|---|"""
MENDED = (
    (
        "A checksum behind an IPv4 source route was judged and made with the next hop's address, not the last one's",
        "RFC 791 section 3.1, RFC 9293 section 3.1; tshark and tcpdump",
    ),
    (
        "Of several IPv6 routing headers the outermost told the last address; it is the innermost that is gone last",
        "RFC 8200 sections 4.1, 8.1; tshark",
    ),
    (
        "A checksum that stands in GRE for the sake of R alone was judged",
        "RFC 1701: it is valid where C is set; tshark",
    ),
    (
        "SNAP was read whatever the source access point",
        "IEEE 802 clause 9.5: both are 0xAA; tshark and tcpdump",
    ),
)


def row(entry: Entry) -> str:
    """One line of a table."""
    return f"| {entry.what} | {entry.right} | {entry.why} |"


def page() -> str:
    """The whole page."""
    lines = [HEAD, *(f"| {what} | {text} |" for what, text in MENDED), ""]
    for oracle in ORACLES:
        for title, kind in (("Headers that it reads otherwise", True), ("Fields that it shows otherwise", False)):
            entries = [entry for entry in oracle.known if isinstance(entry, Parting) is kind]
            if entries:
                lines += [f"## {oracle.name}: {title.lower()}", "", "| what | right | why |", "|---|---|---|"]
                lines += [*map(row, entries), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
