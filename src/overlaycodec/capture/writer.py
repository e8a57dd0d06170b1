"""Writing captures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Literal

from overlaycodec.capture.frames import Frames
from overlaycodec.capture.pcap import PcapWriter
from overlaycodec.capture.pcapng_writer import PcapngWriter
from overlaycodec.capture.reader import Capture
from overlaycodec.capture.record import Record
from overlaycodec.capture.sink import BinaryTarget, opened_path, opened_stream
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.packet.packet import Packet

if TYPE_CHECKING:
    from collections.abc import Callable

    from overlaycodec.packet.header import Header

__all__ = ["write_capture"]

_FORMATS: Final = ("pcap", "pcapng")


def write_capture(
    target: str | os.PathLike[str] | BinaryTarget,
    items: Iterable[Record | Packet | Header | bytes | bytearray | memoryview],
    *,
    format: Literal["pcap", "pcapng"] | None = None,  # noqa: A002 - the word users know it by
    link_type: int = 1,
    time_ns: int | None = None,
    source: Capture | None = None,
    catalog: Catalog = DEFAULT,
) -> int:
    """Write a capture and return the number of records; `items` may be an iterator of any length, or a `Capture`.

    The format follows the path's name (.pcap or .pcapng, with .gz after it for compression); a stream gets pcapng
    by default. Packets (encoded by the catalog), headers and bytes get `link_type` and `time_ns`; records
    have their own. `Frames` are written many at a time. Both formats are written with nanoseconds. pcap keeps no
    comments, flags or interfaces, and holds one link type and FCS length; without a time stamp, a record there gets
    time 0. pcapng keeps names, descriptions and comments of interfaces: those of `source`, the open capture that the
    records were read from, or of `items`, if that is one.

    A path is replaced once all is written: an error leaves the file that was there, and the path can be that of the
    capture that is read. A stream keeps the records before the error and stays open.

    Raises: EncodeError for what the format cannot hold, CaptureError from a capture that is read, ValueError if the
    name does not give the format.
    """
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
        writer = PcapWriter(write) if chosen == "pcap" else PcapngWriter(write, described)
        if isinstance(items, Frames):
            writer.add_frames(items, link_type, time_ns)
            items = ()
        for item in items:
            if isinstance(item, Record):
                record = item
            elif isinstance(item, bytes | bytearray | memoryview):
                record = Record(bytes(item), link_type, time_ns)
            else:
                data = encode(item, catalog=catalog)
                missing = item.missing if isinstance(item, Packet) else 0
                record = Record(data, link_type, time_ns, len(data) + missing)
            writer.add(record)
        writer.finish(link_type)
        return writer.count


def _format_of(name: str) -> tuple[str | None, bool]:
    """The format by the name of a file, and whether the name ends in .gz."""
    stem, gzip = name.lower(), False
    if stem.endswith(".gz"):
        stem, gzip = stem[:-3], True
    return next((known for known in _FORMATS if stem.endswith("." + known)), None), gzip
