"""A packet as a JSON object on one line."""

from __future__ import annotations

import json

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import Plain, leaves_of, plain_of
from overlaycodec.errors import DecodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of

__all__ = ["document_of", "json_line"]


def _fault(fault: DecodeError) -> dict[str, Plain]:
    return {
        "error": type(fault).__name__,
        "path": fault.path,
        "bits": plain_of(fault.bits),
        "reason": fault.reason,
    }


def _meanings(header: Header, catalog: Catalog) -> dict[str, Plain]:
    """The meanings of fields by the views of the catalog, by their paths in the header."""
    if not catalog.views:
        return {}
    return {
        leaf.path: plain_of(meaning)
        for leaf in leaves_of(header)
        for name, meaning in catalog.meanings(leaf.record)
        if name == leaf.field.name
    }


def document_of(file: str, number: int, record: Record, packet: Packet, catalog: Catalog) -> dict[str, Plain]:
    """All that is known about a record: by the file, of each header by its path, and the octets outside of headers."""
    names = names_of(packet.headers)
    return {
        "file": file,
        "number": number,
        "time_ns": record.time_ns,
        "wire_length": record.wire_length,
        "captured_length": len(record.data),
        "link_type": record.link_type,
        "interface": record.interface,
        "comments": list(record.comments),
        "headers": [
            {
                "path": name,
                "protocol": type(header).__name__,
                "fields": plain_of(header),
                "meanings": _meanings(header, catalog),
            }
            for name, header in zip(names, packet.headers, strict=True)
        ],
        "payload": packet.payload.hex(),
        "trailers": [
            {"header": names[trailer.header] if trailer.header >= 0 else None, "octets": trailer.data.hex()}
            for trailer in packet.without_fcs().trailers
        ],
        "fcs": None if packet.fcs is None else {"octets": packet.fcs.data.hex(), "wire_octets": packet.fcs.octets},
        "fault": None if packet.fault is None else _fault(packet.fault),
        "faults": [_fault(fault) for fault in packet.faults],
    }


def json_line(document: dict[str, Plain]) -> str:
    """The object on one line, in ASCII. Integers of any size keep all digits."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)
