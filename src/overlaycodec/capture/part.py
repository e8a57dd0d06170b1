"""A part of a capture file: its records, read as if the file had no others.

Strategy: the readers of both formats read parts as they are. They begin with what the part has to know of the file
before it (`PartState`), and its end is the end of the file to them. So a record that goes on after the end is damage:
the part ends where the next one begins, or it is an error. The same holds for what the next part has to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import msgspec

from overlaycodec.capture.blocks import Block
from overlaycodec.capture.buffered_reader import BufferedReader
from overlaycodec.capture.pcap import PcapReader
from overlaycodec.capture.pcapng import SECTION_MAGIC, PcapngReader
from overlaycodec.capture.record import Interface, Record
from overlaycodec.capture.source import RawChunks, Source
from overlaycodec.errors import CaptureError

if TYPE_CHECKING:
    from overlaycodec.capture.bulk.record_blocks import RecordBlock

__all__ = ["Part", "PartReader", "PartState", "StaleStateError"]


class PartState(msgspec.Struct, frozen=True):
    """What has to be known of a file to read it on from some octet."""

    preamble: bytes
    """The file header of a pcap file; in pcapng, the header of the section and the descriptions of its interfaces."""
    section: int = 0
    interfaces: int = 1


class StaleStateError(CaptureError):
    """A part has a section header, or the description of an interface, of which the next part does not know."""


class Part:
    """A source that ends at an octet; its positions are those of the file."""

    def __init__(
        self, source: Source, start: int, stop: int | None, state: PartState | None, following: PartState | None
    ) -> None:
        self._source = source
        self.start, self.stop = start, stop
        self.state = state
        """None for the first part of a file, which has it in its octets."""
        self.following = following
        """What the next part takes to be so; None where it takes nothing to be so."""

    def _room(self, position: int, size: int) -> int:
        return size if self.stop is None else min(size, self.stop - position)

    def read_at(self, position: int, size: int) -> bytes:
        """One to `size` octets from `position`; none at the end of the part."""
        size = self._room(position, size)
        return self._source.read_at(position, size) if size > 0 else b""

    def read_into(self, position: int, buffer: memoryview) -> int:
        """The same into a buffer; gives their number."""
        size = self._room(position, len(buffer))
        return self._source.read_into(position, buffer[:size]) if size > 0 else 0

    def view(self) -> None:
        """Nothing: it is read from a file."""
        return

    def size(self) -> int | None:
        """How many octets the part has; None where that is not known."""
        stop = self._source.size() if self.stop is None else self.stop
        return None if stop is None else max(stop - self.start, 0) or None

    def close(self) -> None:
        """Close the file."""
        self._source.close()


class PartReader:
    """The records of a part."""

    def __init__(self, part: Part) -> None:
        self._part = part
        if part.state is None:
            stream = BufferedReader(RawChunks(part))
        else:
            stream = BufferedReader(iter((part.state.preamble,)))
        stream.has(4)
        self._reader: PcapReader | PcapngReader
        if stream.buffer.startswith(SECTION_MAGIC, stream.at):
            self._reader = PcapngReader(stream)
        else:
            self._reader = PcapReader(stream)
        if part.state is None:
            return
        if isinstance(self._reader, PcapngReader):
            for _ in self._reader.records():  # the interfaces: the preamble has no packets
                pass
            self._reader.section = part.state.section
        stream.restart(RawChunks(part, part.start), part.start)

    @property
    def format(self) -> Literal["pcap", "pcapng"]:
        """The format of the file."""
        return self._reader.format

    @property
    def byte_order(self) -> Literal["little", "big"]:
        """The byte order of the section being read."""
        return self._reader.byte_order

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The interfaces of the section so far, those before the part among them."""
        return self._reader.interfaces

    def interface(self, number: int) -> Interface | None:
        """One of these; None where there is none of this number."""
        return self._reader.interface(number)

    @property
    def section(self) -> int | None:
        """The number of the section in the file, from 0; None in pcap."""
        return self._reader.section

    def records(self) -> Iterator[Record]:
        """Each record in turn.

        Raises: CaptureError where the file is damaged, or goes on otherwise than the next part takes it to.
        """
        try:
            yield from self._reader.records()
        except CaptureError as error:
            if self._part.stop is not None:
                error.add_note(
                    f"This is a split of the capture, up to octet {self._part.stop}. Unless the file is damaged, "
                    "it was made at a guess that was wrong: oc.splits(..., walk=True) makes no guesses."
                )
            raise
        following = self._part.following
        if following is not None and (self.section, len(self.interfaces)) != (following.section, following.interfaces):
            raise StaleStateError(
                "this split of the capture has a section header, or an interface, of which the next one does not know: "
                "oc.splits(..., walk=True) finds them all",
                self._part.stop or self._part.start,
            )

    def blocks(self) -> Iterator[Block]:
        """The blocks of the part, as those of the reader of the format. Raises: ValueError for a part of pcapng."""
        if self._part.state is not None and self.format == "pcapng":
            raise ValueError("a split of pcapng gives records and packets, no blocks: open the whole file")
        return self._reader.blocks()

    def record_blocks(self, octets: int, memory: memoryview | None, size: int | None) -> Iterator[RecordBlock]:
        """The records in blocks, as those of the reader of the format."""
        return self._reader.record_blocks(octets, memory, size)
