"""pcap and pcapng files put together from the layouts in draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng."""

from __future__ import annotations

import struct
from typing import Final

MICRO, NANO, MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
SECTION, INTERFACE, OBSOLETE, SIMPLE, NAMES, STATISTICS, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6
CUSTOM, UNKNOWN = 0x0BAD, 0x7FFF_FFFE


def pcap(
    *records: bytes, order: str = "<", magic: int = MICRO, version: tuple[int, int] = (2, 4), word: int = 1
) -> bytes:
    """A pcap file; `word` is the link type with its upper bits."""
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, 65535, word) + b"".join(records)


def record(data: bytes, seconds: int = 0, fraction: int = 0, wire: int | None = None, order: str = "<") -> bytes:
    """A pcap record."""
    return struct.pack(order + "IIII", seconds, fraction, len(data), len(data) if wire is None else wire) + data


class Blocks:
    """pcapng blocks in one byte order."""

    def __init__(self, order: str) -> None:
        self.order = order

    def block(self, kind: int, body: bytes) -> bytes:
        """Any block."""
        body += bytes(-len(body) % 4)
        total = len(body) + 12
        return struct.pack(self.order + "II", kind, total) + body + struct.pack(self.order + "I", total)

    def option(self, code: int, value: bytes) -> bytes:
        """One option; code 0 ends a list."""
        return struct.pack(self.order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    def options(self, *options: tuple[int, bytes]) -> bytes:
        """A list of options with its end, or nothing."""
        listed = b"".join(self.option(code, value) for code, value in options)
        return listed + self.option(0, b"") if listed else b""

    def section(self, version: tuple[int, int] = (1, 0), length: int = -1, options: bytes = b"") -> bytes:
        """A section header block."""
        return self.block(SECTION, struct.pack(self.order + "IHHq", 0x1A2B3C4D, *version, length) + options)

    def interface(self, *options: tuple[int, bytes], link_type: int = 1, snap: int = 0) -> bytes:
        """An interface description block."""
        return self.block(INTERFACE, struct.pack(self.order + "HHI", link_type, 0, snap) + self.options(*options))

    def enhanced(
        self, data: bytes, *options: tuple[int, bytes], ticks: int = 0, interface: int = 0, wire: int | None = None
    ) -> bytes:
        """An enhanced packet block."""
        wire = len(data) if wire is None else wire
        fields = struct.pack(self.order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
        return self.block(ENHANCED, fields + data + bytes(-len(data) % 4) + self.options(*options))

    def obsolete(
        self, data: bytes, *options: tuple[int, bytes], ticks: int = 0, interface: int = 0, drops: int = 0
    ) -> bytes:
        """A packet block, which the enhanced one replaced."""
        high, low = ticks >> 32, ticks & 0xFFFFFFFF
        fields = struct.pack(self.order + "HHIIII", interface, drops, high, low, len(data), len(data))
        return self.block(OBSOLETE, fields + data + bytes(-len(data) % 4) + self.options(*options))

    def simple(self, data: bytes, wire: int | None = None) -> bytes:
        """A simple packet block."""
        return self.block(SIMPLE, struct.pack(self.order + "I", len(data) if wire is None else wire) + data)

    def word(self, value: int) -> bytes:
        """A number of 32 bits, as in epb_flags."""
        return struct.pack(self.order + "I", value)


LITTLE: Final = Blocks("<")
BIG: Final = Blocks(">")
