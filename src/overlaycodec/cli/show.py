"""`overlaycodec show`: the packets of captures, one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import click
import msgspec

from overlaycodec.capture import Capture, Interface, Record
from overlaycodec.cli.inputs import read
from overlaycodec.cli.messages import say
from overlaycodec.cli.packet_json import document_of, json_line
from overlaycodec.cli.progress import Advance, no_progress, progress_beside_lines
from overlaycodec.cli.timestamps import Clock, TimeChoice, digits_of, utc
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.describe.link_types import link_type_text
from overlaycodec.describe.plain import printable
from overlaycodec.display.model import view_of
from overlaycodec.display.octets import octet_lines
from overlaycodec.display.output import Output
from overlaycodec.display.spans import Part, Span
from overlaycodec.display.summary import parts_of
from overlaycodec.display.tree import tree_lines
from overlaycodec.editing.checksum_status import checksums
from overlaycodec.errors import EncodeError
from overlaycodec.filters.filter import Filter
from overlaycodec.packet.packet import Packet
from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["Wanted", "show"]

_INDENT: Final = Span(" " * 6)
_ETHERNET: Final = 1
_STEP: Final = 500
"""Packets between two updates of the progress."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of the command."""

    files: tuple[str, ...]
    tree: bool
    octets: bool
    json: bool
    verify: bool
    given: tuple[bytes, ...]
    """The octets of packets that are given instead of files."""
    first: int
    last: int | None
    count: int | None
    time: TimeChoice
    catalog: Catalog
    pipeline: AnyPipeline | None = None
    """The pipeline whose packets are shown; None: all packets."""
    where: Filter | None = None
    """The filter whose packets are shown; None: all packets."""


class _Shown(msgspec.Struct, frozen=True):
    """One record, and what is known about it."""

    number: int
    record: Record
    packet: Packet
    interface: Interface | None
    same: bool | None
    """Whether it encodes to the same octets; None without --verify."""


def reencodes(record: Record, packet: Packet, catalog: Catalog) -> bool:
    """Whether the packet, with each header rebuilt from its fields, encodes to the octets of the record."""
    try:
        headers = tuple(header.replace() for header in packet.headers)
        again = Packet(headers, packet.payload, packet.trailers, missing=packet.missing)
        return encode(again, catalog=catalog) == record.data
    except EncodeError:
        return False


def show(wanted: Wanted, output: Output) -> int:
    """Shows the packets; gives the exit status: 1 where a file cannot be read to its end, or octets differ."""
    run = _Run(wanted, output)
    if wanted.given:
        run.show_given()
    with progress_beside_lines(wanted.files, "show") as run.advance:
        _show_files(wanted, output, run)
    return run.conclude()


def _show_files(wanted: Wanted, output: Output, run: _Run) -> None:
    for number, file in enumerate(wanted.files):
        if len(wanted.files) > 1 and not wanted.json:
            if number:
                output.write()
            output.write(Span(f"{printable(file)}:", "header"))
        run.show_file(file)


class _Run:
    """One run of the command, and what it found so far."""

    def __init__(self, wanted: Wanted, output: Output) -> None:
        self._wanted, self._output = wanted, output
        self._packets = self._same = 0
        self._others = 0
        self._failed = False
        self.advance: Advance = no_progress

    def show_file(self, file: str) -> None:
        """The packets of a file; what is wrong with it goes to the standard error."""
        if not read(file, partial(self._show_capture, file)):
            self._failed = True

    def show_given(self) -> None:
        """The packets whose octets are given."""
        records = [Record(octets, _ETHERNET, None, len(octets)) for octets in self._wanted.given]
        try:
            self._show_records(None, records, None)
        except ValueError as error:  # the filter asks for what only captures know
            raise click.UsageError(str(error)) from None

    def conclude(self) -> int:
        """The sentences of --pipeline and --verify, and the exit status."""
        if self._others:
            packets = "packet" if self._others == 1 else "packets"
            say(f"{self._others} other {packets}, not of the pipeline")
        if not self._wanted.verify:
            return int(self._failed)
        same = self._same == self._packets
        text = f"{self._same} of {self._packets} packets re-encoded to the same octets"
        if self._wanted.json:  # the standard output holds objects only, and each has its own result
            say(text)
        else:
            self._output.write(Span(text, "good" if same else "bad"))
        return int(self._failed or not same)

    def _show_capture(self, file: str, capture: Capture) -> None:
        self._show_records(file, capture, capture)

    def _show_records(self, file: str | None, records: Iterable[Record], capture: Capture | None) -> None:
        """Shows records; `file` and `capture` are None for those that are in no file."""
        wanted = self._wanted
        clock = Clock(wanted.time)
        if wanted.count == 0:
            return
        left, octets = wanted.count, 0
        for number, record in enumerate(records, 1):
            octets += len(record.data)
            if number % _STEP == 0:
                self.advance(_STEP, octets)
                octets = 0
            shown = self._shown(number, record, capture) if number >= wanted.first else None
            if shown is not None:
                if wanted.json:
                    self._write_json(file, shown)
                else:
                    self._write_text(clock, shown)
                if file == "-":
                    self._output.flush()  # the next record of a live capture may come late
                left = None if left is None else left - 1
            if left == 0 or number == wanted.last:
                return

    def _shown(self, number: int, record: Record, capture: Capture | None) -> _Shown | None:
        """What is shown of a record; None where it fits the pipeline or the filter not."""
        catalog, pipeline = self._wanted.catalog, self._wanted.pipeline
        packet = record.decode(lax=True, catalog=catalog, pipeline=pipeline)
        if pipeline is not None and packet.fault is not None:
            self._others += 1
            return None
        if self._wanted.where is not None and not self._wanted.where.matcher(packet, record, capture):
            return None
        same = reencodes(record, packet, catalog) if self._wanted.verify else None
        self._packets += 1
        self._same += bool(same)
        interface = None if capture is None else capture.interface(record.interface)
        return _Shown(number, record, packet, interface, same)

    def _write_json(self, file: str | None, shown: _Shown) -> None:
        document = document_of(file, shown.number, shown.record, shown.packet, self._wanted.catalog)
        if self._wanted.tree:
            statuses = checksums(shown.packet, left_to_card=shown.record.left_to_card, catalog=self._wanted.catalog)
            document["checksums"] = {path: status.value for path, status in statuses.items()}
        if self._wanted.octets:
            document["octets"] = shown.record.data.hex()
        if shown.same is not None:
            document["verified"] = shown.same
        self._output.write(Span(json_line(document)))

    def _write_text(self, clock: Clock, shown: _Shown) -> None:
        wanted, output, record, packet = self._wanted, self._output, shown.record, shown.packet
        captured, wire = len(record.data), record.wire_length
        length = str(wire) if captured == wire else f"{captured}/{wire}"
        head = f"{shown.number:4}  {clock.text(record.time_ns, shown.interface):>9}  {length:>4}"
        parts = [Part((Span(head, "faint"),)), *parts_of(packet, wanted.catalog, record.link_type)]
        if shown.same is False:
            parts.append(Part((Span("✗ encodes to other octets", "bad"),), fresh=True))
        output.flow(parts, len(head) + 2)
        if not (wanted.tree or wanted.octets):
            return
        view = view_of(packet, wanted.catalog, left_to_card=record.left_to_card)
        if wanted.tree:
            for text in _about(shown.interface, record):
                output.write(_INDENT, Span(text, "faint"))
            for line in tree_lines(view):
                output.write(_INDENT, *line)
        if wanted.octets:
            for line in octet_lines(view, record.data):
                output.write(_INDENT, *line)
        output.write()


def _about(interface: Interface | None, record: Record) -> Iterator[str]:
    """What the file has about the record."""
    facts = [] if record.time_ns is None else [f"{utc(record.time_ns, digits_of(interface))} UTC"]
    facts.append(f"{len(record.data)} octets captured of {record.wire_length}")
    facts.append(f"link type {link_type_text(record.link_type)}")
    if interface is not None and (name := interface.name or interface.description):
        facts.append(f"interface {printable(name)}")
    yield ", ".join(facts)
    yield from (f"# {printable(comment)}" for comment in record.comments)
