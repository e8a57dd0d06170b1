"""What the reassemblers have in common."""

from __future__ import annotations

from collections.abc import Mapping

from overlaycodec.codec.bytes_like import BytesLike
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.packet.packet import Packet
from overlaycodec.reassembly.byte_ranges import Drop
from overlaycodec.reassembly.reassembly_table import Waiting

__all__ = ["Reassembler"]


class Reassembler:
    """Wholes that wait for their pieces, and what became of those that do not."""

    def __init__(self, waiting: Waiting, *, verify: bool, catalog: Catalog) -> None:
        self._waiting, self._verify, self._catalog = waiting, verify, catalog

    @property
    def drops(self) -> Mapping[Drop, int]:
        """How much was dropped, and why: pieces, or whatever had come of a whole."""
        return self._waiting.drops

    @property
    def octets(self) -> int:
        """The memory that unfinished wholes take, about."""
        return self._waiting.octets

    def __len__(self) -> int:
        """How many wholes are unfinished."""
        return len(self._waiting)

    def _packet_of(self, fed: Packet | BytesLike) -> Packet:
        """What was fed as a packet; octets are read from Ethernet on, as far as they can be."""
        return fed if isinstance(fed, Packet) else decode(fed, lax=True, catalog=self._catalog)
