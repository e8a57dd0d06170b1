"""Writing captures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Literal

from overlaycodec.capture.blocks import Block
from overlaycodec.capture.frames import Frames
from overlaycodec.capture.items import ETHERNET, record_of
from overlaycodec.capture.pcap_writer import PcapWriter
from overlaycodec.capture.pcapng_rewriter import PcapngRewriter
from overlaycodec.capture.reader import Capture
from overlaycodec.capture.record import Record
from overlaycodec.capture.sink import BinaryTarget, opened_path, opened_stream
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.errors import EncodeError
from overlaycodec.packet.packet import Packet
from overlaycodec.values.argument_checks import check_number, check_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from overlaycodec.packet.header import Header

__all__ = ["write_capture"]

_FORMATS: Final = ("pcap", "pcapng")


def write_capture(
    target: str | os.PathLike[str] | BinaryTarget,
    items: Iterable[Block | Record | Packet | Header | bytes | bytearray | memoryview],
    *,
    format: Literal["pcap", "pcapng"] | None = None,  # noqa: A002 - the word users know it by
    link_type: int | None = None,
    time_ns: int | None = None,
    source: Capture | None = None,
    catalog: Catalog = DEFAULT,
    on_error: Callable[[EncodeError], object] | None = None,
) -> int:
    """Write a capture and return the number of records; `items` may be an iterator of any length, or a `Capture`.

    The format follows the path's name (.pcap or .pcapng, with .gz after it for compression); a stream gets pcapng
    by default. Packets (encoded by the catalog), headers and bytes get `time_ns` and `link_type`: by default, that of
    the packet's first header in the catalog (101 for IPv4 and IPv6), and Ethernet's for bytes. A packet with an FCS is
    written as one. Records have their own. `Frames` are written many at a time. Both formats are written with
    nanoseconds. pcap keeps no comments, flags or interfaces; it holds one link type and FCS length, and times from 1970
    to 2106; without a time stamp, a record there gets time 0.

    A `Capture`, or its `blocks`, is written as it is in its own format: what was not changed has the same octets. A
    block with another record keeps its time stamp and the options that are still true. In a changed pcapng file, the
    length of a section is left open, and custom blocks that are not for changed files are left out. Records have
    nothing but their own values; in pcapng, their interfaces have the names, descriptions and comments of `source`, the
    open capture that the records were read from.

    With `on_error`, an item that cannot be encoded, or that the format cannot hold, is skipped, and the function is
    called with the error, whose path begins with the item's index: `records[3]`. An exception from this function ends
    the writing.

    The file at a path is replaced when everything is written: after an error, the existing file is unchanged, and the
    path can be that of the capture that is read. A stream keeps the records before the error and stays open.

    Raises: EncodeError for what the format cannot hold, and for a packet whose first header has no link type;
    CaptureError from a capture that is read; ValueError if the name does not give the format.
    """
    if link_type is not None:
        check_number("link_type", link_type, None)
    if time_ns is not None:
        check_number("time_ns", time_ns, None)
    check_type("source", source, (Capture, type(None)), "an open capture")
    given: object = items
    if isinstance(given, Packet):  # which would give its headers, one by one
        raise TypeError("items is one packet: give a list of packets")
    check_type("items", given, Iterable, "records, packets or octets: an iterable")
    sink: AbstractContextManager[Callable[[bytes], None]]
    if isinstance(target, str | os.PathLike):
        named, gzip = _format_of(os.fspath(target))
        chosen = format or named
        if chosen is None:
            raise ValueError(f"the name {os.fspath(target)!r} says neither .pcap nor .pcapng: give format=")
        sink = opened_path(target, gzip=gzip)
    else:
        chosen = format or "pcapng"
        sink = opened_stream(target)
    if chosen not in _FORMATS:
        raise ValueError(f"format is {chosen!r}, not 'pcap' or 'pcapng'")
    with sink as write:
        described = items if source is None and isinstance(items, Capture) else source
        copy = isinstance(items, Capture)
        writer = PcapWriter(write) if chosen == "pcap" else PcapngRewriter(write, described, copy=copy)
        if isinstance(items, Capture):
            items = items.blocks()
        if isinstance(items, Frames):
            frames, items = items, ()
            link_type = frames.link_type if link_type is None else link_type
            if link_type is None:
                raise EncodeError("records[0].link_type", None, "is not known: the frames have none; give link_type=")
            try:
                writer.add_frames(frames, link_type, time_ns)
            except EncodeError:
                if on_error is None:
                    raise
                items = _records_of(frames, link_type, time_ns)  # nothing of them is written
        for index, item in enumerate(items):
            try:
                if isinstance(item, Block):
                    writer.add_block(item, index)
                    continue
                record = record_of(item, index, link_type, catalog, time_ns)
                writer.add(record, index)
            except EncodeError as error:
                if on_error is None:
                    raise
                on_error(error)
        writer.finish(ETHERNET if link_type is None else link_type)
        return writer.count


def _records_of(frames: Frames, link_type: int, time_ns: int | None) -> Iterator[Record]:
    """The record of each frame."""
    for number, frame in enumerate(frames):
        own_ns = time_ns if frames.time_ns is None else int(frames.time_ns[number])
        yield Record(frame, link_type, own_ns, fcs_octets=frames.fcs_octets)


def _format_of(name: str) -> tuple[str | None, bool]:
    """The format by the name of a file, and whether the name ends in .gz."""
    stem, gzip = name.lower(), False
    if stem.endswith(".gz"):
        stem, gzip = stem[:-3], True
    return next((known for known in _FORMATS if stem.endswith("." + known)), None), gzip
