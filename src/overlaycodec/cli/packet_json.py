"""A packet as a JSON object on one line."""

from __future__ import annotations

import json

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import Plain, leaves_of, plain_of
from overlaycodec.interchange.documents import to_dict
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet

__all__ = ["document_of", "json_line"]


def _meanings(header: Header, catalog: Catalog) -> dict[str, Plain]:
    """The meanings of fields by the views of the catalog, by their paths in the header."""
    return {
        leaf.path: plain_of(meaning)
        for leaf in leaves_of(header)
        for name, meaning in catalog.meanings(leaf.record)
        if name == leaf.field.name
    }


def document_of(file: str | None, number: int, record: Record, packet: Packet, catalog: Catalog) -> dict[str, Plain]:
    """All that is known about a record: by the file, of each header by its path, and the octets outside of headers."""
    packed = to_dict(packet)
    headers = packed.pop("headers")
    assert isinstance(headers, list)
    meant = [_meanings(header, catalog) if catalog.views else {} for header in packet.headers]
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
            {**document, "meanings": meanings}
            for document, meanings in zip(headers, meant, strict=True)
            if isinstance(document, dict)
        ],
        **packed,
    }


def json_line(document: dict[str, Plain]) -> str:
    """The object on one line, in ASCII. Integers of any size keep all digits."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)
