"""tcpdump: the headers in its text, in order, and the numbers in them.

Strategy: its text is searched for what it says of each header. Headers of ours that are not looked for are stepped
over; of the others, the first, the second and so on are compared with those in the text.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import overlaycodec as oc
from overlaycodec.fuzz.decoders.tcpdump_text import OPTIONS, SPOKEN, VERDICT, said_in, texts_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import names_of
from tests.interop.decoders.compare import STACK, Comparison, Difference
from tests.interop.decoders.differences import Entry
from tests.interop.decoders.tcpdump_differences import TCPDUMP, WITNESSES
from tests.interop.live.machine import need


def _ours(header: Header, name: str, verdicts: Mapping[str, Any], field: str) -> Any:  # Any: a value of any field
    if field == VERDICT:
        checksum = header.__layout__.checksum
        return None if checksum is None else str(verdicts.get(f"{name}.{checksum.name}"))
    value = getattr(header, field)
    if field == "options":
        return [(option.option_class, option.type, option.length * 4) for option in value]
    return value


def compared(path: Path, packets: Sequence[oc.Packet], catalog: oc.Catalog) -> Iterator[Comparison]:
    """Each packet of a capture, compared with the text."""
    for packet, text in zip(packets, _read(path), strict=True):
        comparison = Comparison(packet)
        said, verdicts, names = said_in(text), oc.checksums(packet, catalog=catalog), names_of(packet.headers)
        spoken = [number for number, header in enumerate(packet.headers) if type(header) in SPOKEN]
        for (classes, values), number in zip(said, spoken, strict=False):
            header = packet.headers[number]
            if not isinstance(header, classes):
                comparison.differences.append(
                    Difference(packet, STACK, number, header.__layout__.name, classes[0].__layout__.name)
                )
                break
            comparison.reached = number + 1
            for field, value in values.items():
                if not hasattr(header, field) and field != VERDICT:
                    continue
                mine = _ours(header, names[number], verdicts, field)
                comparison.fields += mine == value
                if mine != value:
                    shown = f"{header.__layout__.name}.{field}"
                    comparison.differences.append(Difference(packet, shown, number, mine, value))
        else:
            if len(said) != len(spoken):
                more = [classes[0].__layout__.name for classes, _ in said[len(spoken) :]]
                at = spoken[len(said)] if len(said) < len(spoken) else len(packet.headers)
                comparison.differences.append(Difference(packet, STACK, at, len(spoken), more or "nothing"))
        yield comparison


class TCPDump:
    """The program, where it is there."""

    name = "tcpdump"
    known: tuple[Entry, ...] = TCPDUMP
    unread_link_types: frozenset[int] = frozenset()
    witnesses: tuple[oc.Packet, ...] = WITNESSES

    def __init__(self) -> None:
        need("tcpdump")
        done = subprocess.run(["tcpdump", "--version"], check=True, capture_output=True, text=True)
        self.version = (done.stdout + done.stderr).splitlines()[0]

    def close(self) -> None:
        """Nothing is left running."""

    compared = staticmethod(compared)


def _read(path: Path) -> list[str]:
    """The text of each record."""
    command = ["tcpdump", *OPTIONS, "-r", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8", errors="replace")
    return texts_of(done.stdout)
