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
versions, lengths, addresses, ports, identifiers, options, flags, and the status of every checksum.

```
make interop INTEROP_ARGS="-k decoders"    # counts the packets and fields that were compared
```

`tests/interop/decoders/` has one table per decoder, with its name for each of our fields. What it shows otherwise is
listed below; the code has the condition beside each entry. A difference that is not listed fails the test, and so does
an entry that explains nothing. Where a decoder reads other headers from some point on, those before are compared still.

STT, for which there is no live stack, is compared there too: tshark reassembles the segments that we write, and calls
the TCP checksum of each one right when its STT dissector is off. It counts the TCP-shaped header as received octets,
and so takes a frame for complete where no more than 20 octets are missing; the test expects this.

## What was ours

The comparison found these, and they are mended:

| what | by which text |
|---|---|"""
MENDED = (
    (
        "A checksum behind an IPv4 source route was verified and computed with the next hop's address, not the last",
        "RFC 791 section 3.1, RFC 9293 section 3.1; tshark and tcpdump",
    ),
    (
        "Of several IPv6 routing headers the outermost gave the last address; the innermost one does",
        "RFC 8200 sections 4.1, 8.1; tshark",
    ),
    (
        "A checksum field of GRE that only R makes present was verified",
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
