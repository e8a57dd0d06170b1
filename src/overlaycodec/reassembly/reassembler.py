"""What the reassemblers have in common."""

from __future__ import annotations

from collections.abc import Mapping

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.packet.packet import Packet
from overlaycodec.reassembly.byte_ranges import Drop
from overlaycodec.reassembly.reassembly_table import ReassemblyTable
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["Reassembler"]


class Reassembler:
    """The pending datagrams, and how much was dropped."""

    def __init__(self, table: ReassemblyTable, *, verify: bool, catalog: Catalog) -> None:
        self._table, self._verify, self._catalog = table, verify, catalog

    @property
    def drops(self) -> Mapping[Drop, int]:
        """How much was dropped, and why: fragments, or datagrams with all their fragments."""
        return self._table.drops

    @property
    def octets(self) -> int:
        """The memory that pending datagrams take, about."""
        return self._table.octets

    def __len__(self) -> int:
        """How many datagrams are pending."""
        return len(self._table)

    def _packet_of(self, fed: Packet | BytesLike) -> Packet:
        """What was fed as a packet; octets are decoded from Ethernet on, as far as possible."""
        return fed if isinstance(fed, Packet) else decode(fed, lax=True, catalog=self._catalog)
