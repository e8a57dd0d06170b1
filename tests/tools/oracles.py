"""What other decoders read otherwise than we do, and who is right: writes docs/maintaining/oracles.md from the tables.

python -m tests.tools.oracles
"""

from __future__ import annotations

from tests.interop.decoders.differences import Entry, Parting
from tests.interop.decoders.oracles import ORACLES
from tests.tools.stacks import ROOT

PAGE = ROOT / "docs" / "maintaining" / "oracles.md"
HEAD = """# Other decoders

A round-trip test cannot detect a declaration that is wrong in both directions. Therefore other decoders also read every
record of every capture, and more than 20,000 generated packets with all tunnels and depths. The fields are compared one
by one: versions, lengths, addresses, ports, identifiers, options, flags, and the status of every checksum.

```
make interop INTEROP_ARGS="-k decoders"    # counts the packets and fields that were compared
```

`tests/interop/decoders/` has one table per decoder, with the decoder's name for each of our fields. The differences are
listed below; the code has a condition for each entry. The test fails for a difference that is not listed, and for an
entry that explains no difference. If a decoder reads other headers from some point on, the headers before are compared.

There is no live stack for STT, so STT is also compared here. tshark reassembles the segments that we write, and reports
the TCP checksum of each segment as correct if its STT dissector is off. tshark counts the TCP-shaped header as received
octets, so it treats a frame as complete if no more than 20 octets are missing; the test expects this.

## Corrected errors of this library

The comparison found these errors, which are corrected:

| error | correct according to |
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
