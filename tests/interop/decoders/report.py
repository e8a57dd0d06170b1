"""One run of another decoder over every capture at hand and the whole corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import overlaycodec as oc
from overlaycodec.packet.header import Header
from tests.interop.decoders import corpus
from tests.interop.decoders.compare import Comparison, Difference
from tests.interop.decoders.differences import Account, Entry
from tests.tools import stacks

SEED = 7348


class Oracle(Protocol):
    """Another decoder."""

    name: str
    known: tuple[Entry, ...]
    unread_link_types: frozenset[int]
    """Those of which it does not even take a file."""
    witnesses: tuple[oc.Packet, ...]
    """Frames of which some show what the corpus seldom has."""

    def compared(self, path: Path, packets: Sequence[oc.Packet], catalog: oc.Catalog) -> Iterator[Comparison]:
        """Each packet of a capture, compared with what the decoder reads."""
        ...


class Unexplained(NamedTuple):
    """A difference that no entry of the table explains, and the octets that it occurs in."""

    source: str
    difference: Difference
    data: bytes

    def __str__(self) -> str:
        _, name, header, ours, theirs = self.difference
        stack = "/".join(self.difference.packet.names)
        return f"{self.source}: {name} at header {header} of {stack}: {ours!r}, not {theirs!r}; {self.data.hex()}"


class Report:
    """What was compared."""

    def __init__(self, oracle: Oracle, folder: Path) -> None:
        self.packets: Counter[str] = Counter()
        self.fields: Counter[str] = Counter()
        self.differing: Counter[str] = Counter()
        self.reached: Counter[type[Header]] = Counter()
        self.account = Account(oracle.known)
        self.unexplained: list[Unexplained] = []
        for (name, link_type), records in captured().items():
            path = folder / f"captured-{link_type}.pcap"
            if link_type not in oracle.unread_link_types:
                self._add(oracle, f"captures {name}", path, records, oc.DEFAULT)
        for number, (name, source) in enumerate(corpus.SOURCES.items()):
            if source.link_type in oracle.unread_link_types:
                continue
            records = list(corpus.records(source, SEED + number))
            self._add(oracle, f"corpus {name}", folder / f"corpus-{number}.pcap", records, source.catalog)

        shown = [oc.Record(oc.encode(packet).ljust(60, b"\0")) for packet in oracle.witnesses]
        self._add(oracle, "corpus witnesses", folder / "witnesses.pcap", shown, oc.DEFAULT)

    def _add(self, oracle: Oracle, source: str, path: Path, records: Sequence[oc.Record], catalog: oc.Catalog) -> None:
        kind = source.partition(" ")[0]
        oc.write_capture(path, records)
        packets = [record.decode(lax=True, catalog=catalog) for record in records]
        for record, comparison in zip(records, oracle.compared(path, packets, catalog), strict=True):
            packet = comparison.packet
            self.packets[kind] += 1
            self.fields[kind] += comparison.fields
            self.differing[kind] += bool(comparison.differences)
            if kind == "corpus":
                self.reached.update({type(header) for header in packet.headers[: comparison.reached]})
            for difference in self.account.unexplained(comparison.differences):
                self.unexplained.append(Unexplained(source, difference, record.data))


def captured() -> dict[tuple[str, int], list[oc.Record]]:
    """The records of every capture at hand, by what kind of link they were taken on."""
    found: dict[tuple[str, int], list[oc.Record]] = {}
    for folder in (stacks.CAPTURES, stacks.PUBLIC.parent / "live", stacks.PUBLIC):
        for path in stacks.captures(folder).values():
            with oc.open_capture(path) as capture:
                for record in capture:
                    if record.link_type in oc.DEFAULT.values(oc.LINK_TYPE) and not record.fcs_octets:
                        plain = oc.Record(record.data, record.link_type, 0, record.wire_length)
                        found.setdefault((f"of link type {record.link_type}", record.link_type), []).append(plain)
    return found
