"""Opening captures."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NoReturn, Protocol

from overlaycodec.capture.blocks import Block
from overlaycodec.capture.buffered_reader import BufferedReader
from overlaycodec.capture.other_formats import HEAD, reason_for
from overlaycodec.capture.part import Part, PartReader
from overlaycodec.capture.pcap import MAGICS, PcapReader
from overlaycodec.capture.pcapng import SECTION_MAGIC, PcapngReader
from overlaycodec.capture.record import Interface, Record
from overlaycodec.capture.source import Source, chunks_of, memory_of, source_of
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.errors import CaptureError
from overlaycodec.packet.packet import Packet
from overlaycodec.values.for_notebooks import ForNotebooks

if TYPE_CHECKING:
    from overlaycodec.capture.bulk.record_blocks import RecordBlock
    from overlaycodec.capture.source import Readable
    from overlaycodec.filters.filter import Filter
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["Capture", "open_capture"]


class _Reader(Protocol):
    """What the two formats have in common."""

    @property
    def format(self) -> Literal["pcap", "pcapng"]: ...
    @property
    def byte_order(self) -> Literal["little", "big"]: ...
    @property
    def interfaces(self) -> tuple[Interface, ...]: ...
    def interface(self, number: int) -> Interface | None: ...
    @property
    def section(self) -> int | None: ...
    def records(self) -> Iterator[Record]: ...
    def blocks(self) -> Iterator[Block]: ...
    def record_blocks(self, octets: int, memory: memoryview | None, size: int | None) -> Iterator[RecordBlock]: ...


class Capture(ForNotebooks):
    """An open capture: iterate over it for its records, or over `packets()` for packets; each step reads one record.

    Each loop starts at the first record, except that a stream that cannot seek is read once. Memory does not grow with
    the capture.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._reader = _reader(source)
        self._fresh = True
        self._closed = False

    @property
    def format(self) -> Literal["pcap", "pcapng"]:
        """The format, from the file's first octets; its name does not matter."""
        return self._reader.format

    @property
    def byte_order(self) -> Literal["little", "big"]:
        """The byte order of the file's numbers: in pcapng, of the section being read."""
        return self._reader.byte_order

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The interfaces read so far in the current section: `interfaces[record.interface]` is that of the record."""
        return self._reader.interfaces

    def interface(self, number: int) -> Interface | None:
        """The interface of this number, of those seen so far in the section being read; None where there is none."""
        return self._reader.interface(number)

    @property
    def section(self) -> int | None:
        """The number of the section being read, from 0; None in pcap, which has no sections."""
        return self._reader.section

    def __iter__(self) -> Iterator[Record]:
        """The records, from the first.

        Raises: CaptureError where the file is damaged, after all records before the damage; its octet is an offset in
        the decompressed file.
        """
        return self._from_start().records()

    def _from_start(self) -> _Reader:
        """A reader at the first record. Raises: CaptureError, ValueError."""
        if self._closed:
            raise ValueError("the capture is closed")
        if not self._fresh:
            self._reader = _reader(self._source)
        self._fresh = False
        return self._reader

    def record_blocks(self, octets: int) -> Iterator[RecordBlock]:
        """The records that follow in blocks of about `octets` octets, up to the first that is not an ordinary packet.

        Where it ends, the iteration over the records continues, and this can be called again later. It raises nothing
        where the file is damaged: the iteration does, after the records before the damage.
        """
        memory, size = memory_of(self._source)
        return self._reader.record_blocks(octets, memory, size)

    def packets(
        self,
        *,
        lax: bool = False,
        catalog: Catalog = DEFAULT,
        pipeline: AnyPipeline | None = None,
        where: Filter | str | None = None,
    ) -> Iterator[Packet]:
        """The records decoded, each by its link type; with a pipeline, which has its own catalog, by that.

        `where` is a filter, or its text: only the packets that match it are given.

        Raises: CaptureError as iteration does; DecodeError on the first fault, unless lax; FilterError for a wrong
        filter.
        """
        decoded = ((record, record.decode(lax=lax, catalog=catalog, pipeline=pipeline)) for record in self)
        if where is None:
            return (packet for _, packet in decoded)
        from overlaycodec.filters.filter import filter_of

        matches = filter_of(where, catalog if pipeline is None else pipeline.catalog).matcher
        return (packet for record, packet in decoded if matches(packet, record, self))

    def records(self, *, where: Filter | str | None = None, catalog: Catalog = DEFAULT) -> Iterator[Record]:
        """The records of the file; with a filter, or its text, the records whose packets match.

        `blocks` gives them with all else that the file has about them, to write a file with some of them.

        Raises: CaptureError as iteration does; FilterError for a wrong filter.
        """
        if where is None:
            return iter(self)
        from overlaycodec.filters.filter import filter_of

        matches = filter_of(where, catalog).matcher
        return (record for record in self if matches(record.decode(lax=True, catalog=catalog), record, self))

    def blocks(self, *, where: Filter | str | None = None, catalog: Catalog = DEFAULT) -> Iterator[Block]:
        """The parts of the file in their order, each with its octets; with a filter, without the packets that differ.

        `write_capture("some.pcapng", capture.blocks(where="vxlan.vni == 100"))` keeps all that the file has about these
        packets: in pcapng, blocks and options of every kind. Give `block.with_record(record)` to change a packet.

        Raises: CaptureError as iteration does, and for a block of more than 64 MiB; FilterError for a wrong filter.
        """
        blocks = self._from_start().blocks()
        if where is None:
            return blocks
        from overlaycodec.filters.filter import filter_of

        matches = filter_of(where, catalog).matcher
        return (
            block
            for block in blocks
            if block.record is None or matches(block.record.decode(lax=True, catalog=catalog), block.record, self)
        )

    def again(self) -> Capture:
        """The same capture, read from its start, independently of the loops over this one.

        Raises: CaptureError where it is a stream that cannot seek, ValueError where it is closed.
        """
        if self._closed:
            raise ValueError("the capture is closed")
        return Capture(self._source)

    @property
    def octets(self) -> int | None:
        """The size of the file, compressed or not; None for a stream of the caller's."""
        return None if self._closed else self._source.size()

    def close(self) -> None:
        """Close the file that `open_capture` opened; a stream that the caller opened stays open."""
        self._closed = True
        self._source.close()

    def __reduce__(self) -> NoReturn:
        """Raises: TypeError: an open file is of one process."""
        raise TypeError("an open capture cannot be pickled: oc.splits(path) gives pieces of a capture that can")

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Capture {self.format}, {self.byte_order}-endian, {len(self.interfaces)} interfaces so far>"


def open_capture(source: Readable) -> Capture:
    """The capture in a path, a URL of fsspec, a binary stream, bytes-like content or a `Split`: pcap or pcapng.

    It may be compressed with gzip, zstd, xz or bzip2: its first octets say so, not its name.

    Raises: CaptureError if it is none of these, OSError if a path cannot be opened; ModuleNotFoundError, which names
    the extra, for zstd and URLs without their packages.
    """
    opened = source_of(source)
    try:
        return Capture(opened)
    except BaseException:
        opened.close()
        raise


def _reader(source: Source) -> _Reader:
    if isinstance(source, Part):
        return PartReader(source)
    stream = BufferedReader(chunks_of(source))
    if not stream.has(4):
        raise CaptureError(f"neither pcap nor pcapng: it has {stream.available} octets", 0)
    magic = stream.buffer[:4]
    if magic == SECTION_MAGIC:
        return PcapngReader(stream)
    if magic in MAGICS:
        return PcapReader(stream)
    stream.has(HEAD)
    raise CaptureError(f"neither pcap nor pcapng: {reason_for(stream.buffer[:HEAD])}", 0)
