"""What a decoder is, this library as one, and any command as another.

Strategy: a command gets all packets at once and answers with a line for each. If it ends or hangs before the last one,
the packet that it did not answer gets a fault, and the command is started again with the packets after it.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import groupby
from typing import Final, Protocol

from overlaycodec.capture import Record, write_capture
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.editing.checksum_status import checksums
from overlaycodec.errors import DecodeError
from overlaycodec.fuzz.decoders.reading import CRASHED, HeaderReading, Reading, reading_of
from overlaycodec.interchange.documents import to_dict

__all__ = [
    "BUILT_IN",
    "Command",
    "Decoder",
    "OverlayCodec",
    "decoder_of",
    "input_lines",
    "program_output",
    "readings_of",
]

BUILT_IN: Final = ("overlaycodec", "tshark", "tcpdump", "scapy", "dpkt")
"""The decoders that have a name; any other text is a command."""
_FILE: Final = "{pcap}"
_SECONDS: Final = 60
_MOST_FAILURES: Final = 200
"""How often a command is started again."""


class Decoder(Protocol):
    """Anything that reads packets."""

    name: str
    tells_faults: bool
    """Whether it reports what it rejects; a decoder that never does is not compared in that."""

    def read(self, records: Sequence[Record]) -> list[Reading]:
        """What it reads in each packet. Raises: OSError, ValueError where it cannot be asked."""
        ...


class OverlayCodec:
    """This library, with a catalog."""

    name: str = "overlaycodec"
    tells_faults: bool = True

    def __init__(self, catalog: Catalog = DEFAULT) -> None:
        self._catalog = catalog

    def read(self, records: Sequence[Record]) -> list[Reading]:
        """What it reads, lax; the fault is that of strict decoding."""
        return [self._reading(record) for record in records]

    def _reading(self, record: Record) -> Reading:
        packet = record.decode(lax=True, catalog=self._catalog)
        reading = reading_of(to_dict(packet))
        fault = None
        if packet.faults:
            try:
                record.decode(catalog=self._catalog)
            except DecodeError as error:
                fault = str(error)
        verdicts = {
            path.rpartition(".")[0]: str(verdict) for path, verdict in checksums(packet, catalog=self._catalog).items()
        }
        headers = [
            HeaderReading(header.name, header.fields, verdicts.get(path))
            for path, header in zip(packet.names, reading.headers, strict=True)
        ]
        return Reading(tuple(headers), fault)


class Command:
    """A program in any language that reads packets and prints a JSON object for each: see docs/conformance.md.

    Where the command has the word `{pcap}`, the packets are in a capture with the name that is put there; else each is
    a line on the standard input: link type, octets on the wire, and the octets as hexadecimal digits.
    """

    tells_faults: bool = True

    def __init__(self, command: str | Sequence[str], *, name: str | None = None, seconds: float = _SECONDS) -> None:
        self.words = shlex.split(command) if isinstance(command, str) else [*command]
        if not self.words:
            raise ValueError("the command is empty")
        self.name = " ".join(self.words) if name is None else name
        self._seconds = seconds

    def read(self, records: Sequence[Record]) -> list[Reading]:
        """What it prints for each packet. Raises: OSError, ValueError for a line that is no such object."""
        if not any(_FILE in word for word in self.words):
            return self._read(records, self._from_lines)
        found: list[Reading] = []
        for _, group in groupby(records, lambda record: record.link_type):
            found += self._read([*group], self._from_file)
        return found

    def _read(
        self, records: Sequence[Record], ask: Callable[[Sequence[Record]], tuple[list[Reading], str]]
    ) -> list[Reading]:
        found: list[Reading] = []
        failures = 0
        while len(found) < len(records):
            answers, ending = ask(records[len(found) :])
            found += answers
            if len(found) < len(records):
                found.append(Reading((), CRASHED + ending))
                failures += 1
                if failures >= _MOST_FAILURES:
                    raise ValueError(f"{self.name}: it {ending}, for {failures} packets")
        return found

    def _from_lines(self, records: Sequence[Record]) -> tuple[list[Reading], str]:
        return self._run(self.words, "".join(input_lines(records)), len(records))

    def _from_file(self, records: Sequence[Record]) -> tuple[list[Reading], str]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "packets.pcap")
            write_capture(path, [timeless(record) for record in records])
            return self._run([word.replace(_FILE, path) for word in self.words], "", len(records))

    def _run(self, words: list[str], text: str, count: int) -> tuple[list[Reading], str]:
        """The answers up to the last one, and how the command ended."""
        try:
            done = subprocess.run(words, input=text.encode(), capture_output=True, timeout=self._seconds, check=False)
            said, ending = done.stdout, f"ended with status {done.returncode}: {_text(done.stderr).strip()[-200:]}"
        except subprocess.TimeoutExpired as error:
            said, ending = error.stdout or b"", f"gave no answer in {self._seconds} seconds"
        output = _text(said)
        lines = output.split("\n")
        lines.pop()  # what follows the last end of a line: nothing, or an answer that is not all there
        if len(lines) > count:
            raise ValueError(f"{self.name}: {len(lines)} lines for {count} packets")
        return [self._answer(line) for line in lines], ending

    def _answer(self, line: str) -> Reading:
        try:
            return reading_of(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{self.name}: {error}, and not {line[:80]!r}") from None


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def input_lines(records: Sequence[Record]) -> Iterator[str]:
    """The packets as a command gets them, a line for each."""
    for record in records:
        yield f"{record.link_type} {record.wire_length} {record.data.hex() or '-'}\n"


def timeless(record: Record) -> Record:
    """The record with what a pcap file of one link type needs."""
    return Record(record.data, record.link_type, 0, record.wire_length)


def readings_of(records: Sequence[Record], read: Callable[[str, Sequence[Record]], list[Reading]]) -> list[Reading]:
    """What a program reads that takes captures: `read` gets a file for each run of packets of one link type."""
    found: list[Reading] = []
    for _, group in groupby(records, lambda record: record.link_type):
        several = [*group]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "packets.pcap")
            write_capture(path, [timeless(record) for record in several])
            answers = read(path, several)
        if len(answers) != len(several):
            raise ValueError(f"{len(answers)} answers for {len(several)} packets")
        found += answers
    return found


def program_output(words: Sequence[str]) -> str:
    """What a program prints. Raises: OSError where it is not there, ValueError where it failed."""
    done = subprocess.run([*words], capture_output=True, check=False, encoding="utf-8", errors="replace")
    if done.returncode:
        raise ValueError(f"{words[0]} ended with status {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def decoder_of(named: str | Decoder) -> Decoder:
    """The decoder of a name in `BUILT_IN`; any other text is a command. A decoder is itself.

    Raises: ImportError for a Python package that is not installed, ValueError for an empty command.
    """
    if not isinstance(named, str):
        return named
    if named == "overlaycodec":
        return OverlayCodec()
    if named in BUILT_IN:
        module = import_module(f"overlaycodec.fuzz.decoders.with_{named}")
        decoder: Decoder = module.DECODER()
        return decoder
    return Command(named)
