"""The parts of a capture file as they are there, so that a capture can be rewritten without loss.

Strategy: a part keeps its octets; those that hold a packet have its record too. A writer takes the octets, unless the
record was replaced.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from overlaycodec.capture.record import Interface, Record
from overlaycodec.values.argument_checks import check_type

__all__ = ["SNAP_LENGTH", "Block", "Section"]

SNAP_LENGTH: Final = 262_144
"""libpcap's largest."""
_SNAP_LENGTH_AT: Final = slice(16, 20)
"""Where pcap's file header has its own."""


class Section:
    """What the parts of a section have in common: its header and, so far, its interfaces."""

    __slots__ = ("byte_order", "descriptions", "header", "interfaces")

    def __init__(self, header: bytes, byte_order: Literal["little", "big"], interfaces: list[Interface]) -> None:
        self.header, self.interfaces = header, interfaces
        self.byte_order: Literal["little", "big"] = byte_order
        self.descriptions: list[bytes] = []
        """The block of each interface, in pcapng."""

    def interface(self, number: int) -> Interface | None:
        """The interface of this number; None where there is none."""
        return self.interfaces[number] if 0 <= number < len(self.interfaces) else None


class Block(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A part of a capture file with its octets: a block of pcapng; in pcap, the file header or one record.

    `kind` is pcapng's block type, None in pcap; `octets` are those in the file, with the header and, in pcapng, both
    lengths; `record` is the packet in it, None where it has none.
    """

    kind: int | None
    octets: bytes
    record: Record | None = None
    section: Section
    """The section that it is of."""
    interface: int | None = None
    """The number of the interface that it describes, or has statistics of."""
    original: Record | None = None
    """What `octets` say, where `record` is another one."""
    further: bool = False
    """Whether another block with the same origin precedes it."""

    @property
    def byte_order(self) -> Literal["little", "big"]:
        """The byte order of its numbers."""
        return self.section.byte_order

    @property
    def changed(self) -> bool:
        """Whether it has another record than the one that was read."""
        return self.original is not None

    def with_record(self, record: Record, *, further: bool = False) -> Block:
        """The block with another record of its packet; its writer keeps what else is known of the packet.

        An equal record gives the block as it is. `further` is for the second and each further block of a packet that
        becomes several: the packets that were lost before it are counted in the first.

        Raises: ValueError where this is no block of a packet; TypeError.
        """
        check_type("record", record, Record)
        original = self.original or self.record
        if original is None:
            raise ValueError("this block holds no packet")
        if record == original and not further:
            return self if not self.changed else msgspec.structs.replace(self, record=original, original=None)
        return msgspec.structs.replace(self, record=record, original=original, further=further)

    def without_snap_length(self) -> Block:
        """The block without a limit to the length of packets, where it is the file header of pcap; others as they are.

        pcap's header says how long its records can be, so it has to precede records that become longer.
        """
        if self.kind is not None or self.record is not None:
            return self
        limit = max(SNAP_LENGTH, int.from_bytes(self.octets[_SNAP_LENGTH_AT], self.byte_order))
        head, tail = self.octets[: _SNAP_LENGTH_AT.start], self.octets[_SNAP_LENGTH_AT.stop :]
        return msgspec.structs.replace(self, octets=head + limit.to_bytes(4, self.byte_order) + tail)

    def __repr__(self) -> str:
        kind = "" if self.kind is None else f" {self.kind:#x}"
        return f"<Block{kind}: {len(self.octets)} octets{'' if self.record is None else ', a packet'}>"
