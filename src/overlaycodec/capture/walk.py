"""A walk over the records of a capture file by their lengths, which finds sections and interfaces on the way.

Strategy: it reads all of the file up to where it goes, and copies nothing but what `PartState` has. Where the file is
damaged it ends, as reading does.
"""

from __future__ import annotations

import struct
from typing import Final

from overlaycodec.capture.buffered_reader import BufferedReader
from overlaycodec.capture.part import PartState
from overlaycodec.capture.pcap import MAGICS
from overlaycodec.capture.pcapng import (
    BYTE_ORDER_MAGIC,
    ENHANCED_PACKET,
    FRAME,
    INTERFACE,
    OBSOLETE_PACKET,
    SECTION_MAGIC,
    SIMPLE_PACKET,
)
from overlaycodec.capture.record import MAX_OCTETS
from overlaycodec.capture.source import RawChunks, Source

__all__ = ["PACKETS", "PcapWalk", "PcapngWalk", "order_of"]

PACKETS: Final = (ENHANCED_PACKET, SIMPLE_PACKET, OBSOLETE_PACKET)
"""The kinds of blocks with packets."""


def order_of(preamble: bytes) -> str:
    """The byte order of what follows a preamble, as `struct` writes it."""
    if preamble.startswith(SECTION_MAGIC):
        return "<" if preamble[8:12] == struct.pack("<I", BYTE_ORDER_MAGIC) else ">"
    return MAGICS[preamble[:4]][0]


class PcapWalk:
    """A walk over a pcap file, from a record on."""

    def __init__(self, source: Source, start: int, state: PartState) -> None:
        self._stream = BufferedReader(RawChunks(source, start), start)
        self._length = struct.Struct(order_of(state.preamble) + "I").unpack_from
        self._header = MAGICS[state.preamble[:4]][2]
        self.state = state

    def to(self, octet: int) -> int | None:
        """Where the first record at this octet or after it begins; None where none does."""
        stream, header, length = self._stream, self._header, self._length
        while stream.octet < octet:
            if not stream.has(header):
                return None
            captured: int = length(stream.buffer, stream.at + 8)[0]
            if captured > MAX_OCTETS or not stream.skip(header + captured):
                return None
        return stream.octet if stream.has(header) else None


class PcapngWalk:
    """A walk over a pcapng file, from a block on; without a state, from its start."""

    def __init__(self, source: Source, start: int = 0, state: PartState | None = None) -> None:
        self._stream = BufferedReader(RawChunks(source, start), start)
        self._section, self._interfaces = (-1, 0) if state is None else (state.section, state.interfaces)
        self._preamble = b"" if state is None else state.preamble
        self._block = struct.Struct(("<" if state is None else order_of(self._preamble)) + "II").unpack_from

    @property
    def state(self) -> PartState:
        """What is known here."""
        return PartState(self._preamble, self._section, self._interfaces)

    def to(self, octet: int) -> int | None:
        """Where the first block at this octet or after it begins; None where none does."""
        stream = self._stream
        while stream.octet < octet:
            if not self._step():
                return None
        return stream.octet if stream.has(FRAME) else None

    def to_packet(self, octet: int) -> int | None:
        """Where the first block with a packet begins, if it does before this octet."""
        stream = self._stream
        while stream.octet < octet and stream.has(FRAME):
            starts_section = stream.buffer.startswith(SECTION_MAGIC, stream.at)
            if not starts_section and self._block(stream.buffer, stream.at)[0] in PACKETS:
                return stream.octet
            if not self._step():
                return None
        return None

    def _step(self) -> bool:
        """Goes on by a block; gives whether there was one."""
        stream = self._stream
        if not stream.has(FRAME):
            return False
        starts_section = stream.buffer.startswith(SECTION_MAGIC, stream.at)
        if starts_section:
            self._block = struct.Struct(order_of(stream.buffer[stream.at : stream.at + FRAME]) + "II").unpack_from
        kind, total = self._block(stream.buffer, stream.at)
        if total < FRAME or total & 3:
            return False
        if not starts_section and kind != INTERFACE:
            return stream.skip(total)
        if total > MAX_OCTETS or not stream.has(total):
            return False
        block = stream.buffer[stream.at : stream.at + total]
        if starts_section:
            self._preamble, self._interfaces = block, 0
            self._section += 1
        else:
            self._preamble += block
            self._interfaces += 1
        stream.at += total
        return True
