"""Packets, headers and octets as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from overlaycodec.capture.record import Record
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import EncodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keyspaces import LINK_TYPE

if TYPE_CHECKING:
    Item: TypeAlias = "Record | Packet | Header | bytes | bytearray | memoryview"

__all__ = ["ETHERNET", "record_of"]

ETHERNET: Final = 1
"""The link type of octets, where none is given."""


def record_of(item: Item, index: int, link_type: int | None, catalog: Catalog, time_ns: int | None = None) -> Record:
    """The record for a packet, a header or octets; a record as it is.

    Packets are encoded with the catalog; one with an FCS gives a record with one. Their link type is, by default, that
    at which the catalog finds their first header. Raises: EncodeError, whose path begins with the index; TypeError for
    anything else.
    """
    if isinstance(item, Record):
        return item
    if isinstance(item, bytes | bytearray | memoryview):
        return Record(bytes(item), ETHERNET if link_type is None else link_type, time_ns)
    if not isinstance(item, Packet | Header):
        raise TypeError(f"records[{index}] is {type(item).__name__}, not a record, packet, header or bytes")
    try:
        data = encode(item, catalog=catalog)
    except EncodeError as error:
        raise error.rebased("", f"records[{index}].") from None
    if link_type is None:
        link_type = _link_type_of(item, index, catalog)
    if not isinstance(item, Packet):
        return Record(data, link_type, time_ns)
    fcs = item.fcs
    missing = item.missing if fcs is None else max(item.missing, fcs.missing)
    return Record(data, link_type, time_ns, len(data) + missing, fcs_octets=None if fcs is None else fcs.octets)


def _link_type_of(item: Packet | Header, index: int, catalog: Catalog) -> int:
    """The link type at which the catalog finds the first header of a packet. Raises: EncodeError."""
    headers = item.headers if isinstance(item, Packet) else (item,)
    first = type(headers[0]) if headers else None
    number = None if first is None else catalog.key_of(LINK_TYPE, first)
    if number is None:
        begins = "has no header" if first is None else f"begins with {first.__name__}, which has no link type"
        raise EncodeError(f"records[{index}].link_type", None, f"is not known: the packet {begins}; give link_type=")
    return number
