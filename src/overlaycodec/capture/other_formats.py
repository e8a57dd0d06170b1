"""Formats of files that are not read, by their first octets: what people give for captures.

Source of the signatures: files that Wireshark's editcap, lz4 and zip wrote; RFC 1761 for snoop. ERF has none: it is
told by the ranges of the fields of its records, as Wireshark does.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

__all__ = ["HEAD", "reason_for"]

HEAD: Final = 32
"""How many of the first octets are looked at."""
_CONVERT: Final = "; Wireshark's editcap converts it"
_UNPACK: Final = "; unpack it first"
_FORMATS: Final = (
    (b"snoop\0\0\0", "a snoop file", _CONVERT),
    (b"btsnoop\0", "a btsnoop file", _CONVERT),
    (b"RTSS", "a Network Monitor 1 file", _CONVERT),
    (b"GMBU", "a Network Monitor 2 file", _CONVERT),
    (b"TR\0d\0", "a nettl file", _CONVERT),
    (b"TRSNIFF data    \x1a", "a Sniffer file", _CONVERT),
    (b"XCP\0", "a NetXray file", _CONVERT),
    (b"ObserverPktBuffer", "an Observer file", _CONVERT),
    (b"\xaa\xaa\xaa\xaa", "a 5View file", _CONVERT),
    (b"\x05VNF", "a Visual Networks file", _CONVERT),
    (b"+---------+---------------+----------+", "a K12 text file", _CONVERT),
    (b"\x04\x22\x4d\x18", "compressed with lz4", _UNPACK),
    (b"\x02\x21\x4c\x18", "compressed with lz4, in its old format", _UNPACK),
    (b"\xff\x06\0\0sNaPpY", "compressed with snappy", _UNPACK),
    (b"\x89LZO", "compressed with lzop", _UNPACK),
    (b"LZIP", "compressed with lzip", _UNPACK),
    (b"\x1f\x9d", "compressed with compress", _UNPACK),
    (b"\x5d\0\0", "compressed with lzma", _UNPACK),
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"PAR1", "a parquet file", ""),
    (b"\x7fELF", "a program", ""),
    (b"<!DOCTYPE", "a web page", ""),
    (b"<html", "a web page", ""),
    (b"%PDF", "a PDF document", ""),
)
_ERF: Final = Struct("<II").unpack_from, Struct(">BBHHH").unpack_from
_ERF_TYPES: Final = 48
_ERF_HEADER: Final = 16
_1990, _2100 = 631_152_000, 4_102_444_800


def reason_for(head: bytes) -> str:
    """Why a file that begins with these octets is not read."""
    for magic, what, remedy in _FORMATS:
        if head.startswith(magic):
            return f"it is {what}{remedy}"
    if _is_erf(head):
        return f"it seems to be an ERF file{_CONVERT}"
    return f"it begins with {head[:4].hex(' ')}"


def _is_erf(head: bytes) -> bool:
    """Whether the octets can be the header of an ERF record: a time, a type, and two lengths that agree."""
    if len(head) < _ERF_HEADER:
        return False
    times, fields = _ERF
    _, seconds = times(head, 0)
    kind, _, octets, _, wire = fields(head, 8)
    times_fit: bool = _1990 < seconds < _2100
    return times_fit and 0 < kind & 0x7F <= _ERF_TYPES and octets >= _ERF_HEADER and 0 < wire < 1 << 15
