"""What was compared with which peer, carried to the end of the run in the reports of the tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import overlaycodec as oc
from overlaycodec.schema.record import WireStruct

COMPARED: Final = "compared"
VERSION: Final = "version"


def fields_of(packet: oc.Packet) -> int:
    """How many fields the headers of a packet have, elements of rows included."""
    return sum(map(_fields, packet.headers))


def _fields(record: WireStruct) -> int:
    values = [getattr(record, field.name) for field in record.__layout__.fields]
    elements = [element for value in values if isinstance(value, tuple) for element in value]
    return sum(value is not None for value in values) + sum(
        _fields(element) for element in elements if isinstance(element, WireStruct)
    )


class Tally:
    """Counts of one test."""

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties

    def add(self, peer: str, direction: str, packets: Iterable[oc.Packet]) -> None:
        """Packets that were compared in all their fields: `direction` is "emitted" by the peer or "delivered" by it."""
        counts = [fields_of(packet) for packet in packets]
        self._properties.append((COMPARED, (peer, direction, len(counts), sum(counts))))

    def count(self, peer: str, direction: str, packets: int, fields: int) -> None:
        """So many packets, of which so many fields were compared."""
        self._properties.append((COMPARED, (peer, direction, packets, fields)))
