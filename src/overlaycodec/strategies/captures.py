"""Capture files of drawn packets: pcap in each byte order and precision, and pcapng."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Final, Literal

from hypothesis import strategies as st

from overlaycodec.capture.pcap import MAGICS
from overlaycodec.capture.record import Record
from overlaycodec.capture.writer import write_capture
from overlaycodec.strategies.entropy import binary

__all__ = ["Format", "capture_of", "records_of"]

Format = Literal["pcap", "pcapng"]

_VERSION: Final = 2, 4
_SNAP_LENGTH: Final = 262_144
_LATEST: Final = (1 << 31) - 1
"""The last second that a signed number can hold."""
_CUT: Final = 192
"""From which value of an octet on a record is cut, as by a snap length."""


def records_of(draw: st.DrawFn, frames: list[bytes], link_type: int) -> list[Record]:
    """A record for each frame; time does not run backwards, and some records are cut. The simplest are whole."""
    records = []
    time_ns = draw(st.integers(0, _LATEST - 1)) * 10**9
    for data in frames:
        kind, *later = draw(binary(5, 5))
        time_ns = min(time_ns + int.from_bytes(bytes(later), "big"), _LATEST * 10**9)
        cut = draw(st.integers(0, len(data))) if kind >= _CUT else 0
        records.append(Record(data[: len(data) - cut], link_type, time_ns, len(data)))
    return records


def capture_of(draw: st.DrawFn, records: list[Record], link_type: int, form: Format | None) -> bytes:
    """The octets of a capture file with these records."""
    kind = form or draw(st.sampled_from(("pcap", "pcapng")))
    if kind == "pcap":
        return _pcap(records, link_type, draw(st.sampled_from(_MAGICS)))
    target = BytesIO()
    comments = draw(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8), max_size=2))
    commented = [
        Record(record.data, record.link_type, record.time_ns, record.wire_length, comments=tuple(comments))
        for record in records
    ]
    write_capture(target, commented, format="pcapng", link_type=link_type)
    return target.getvalue()


_MAGICS: Final = tuple(magic for magic, (_, _, octets) in sorted(MAGICS.items(), reverse=True) if octets == 16)
"""Of files whose records have no more than the usual header."""


def _pcap(records: list[Record], link_type: int, magic: bytes) -> bytes:
    order, ticks, _ = MAGICS[magic]
    parts = [magic, struct.pack(f"{order}HHiIII", *_VERSION, 0, 0, _SNAP_LENGTH, link_type)]
    for record in records:
        seconds, fraction = divmod(record.time_ns or 0, 10**9)
        size = len(record.data), record.wire_length
        parts += [struct.pack(f"{order}IIII", seconds, fraction * ticks // 10**9, *size), record.data]
    return b"".join(parts)
