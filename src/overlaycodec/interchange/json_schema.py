"""Catalog -> the JSON Schema of its packets as documents (`to_json`, `from_json`).

Strategy: one definition for each header and element class, made from its layout; a reference from each option list to
the classes of its elements. Nothing here knows a protocol. Draft 7, which nearly every validator reads.
"""

from __future__ import annotations

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.describe.facts import meanings_of, presence_of, size_of
from overlaycodec.describe.plain import Plain
from overlaycodec.interchange.documents import RECORD_MEMBERS
from overlaycodec.schema.layout import ADDRESS_OCTETS, REQUIRED, Field, Layout

__all__ = ["json_schema"]

_DIALECT = "http://json-schema.org/draft-07/schema#"
_MAC_PATTERN = "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"
_OF_THE_RECORD: dict[str, Plain] = {"description": "Of the record in a capture; it is not read back"}
_MEANINGS: dict[str, Plain] = {"description": "What fields mean in a deployment; it is not read back"}
_HEX_PATTERN = "^([0-9A-Fa-f]{2})*$"
_FAULT: dict[str, Plain] = {
    "type": "object",
    "description": "What could not be decoded. It is not read back.",
    "properties": {
        "error": {"type": "string", "description": "The class of the error"},
        "path": {"type": "string"},
        "bits": {
            "description": "The first bit in the packet, and the last; null: up to the end",
            "type": "array",
            "items": {"type": ["integer", "null"]},
            "minItems": 2,
            "maxItems": 2,
        },
        "reason": {"type": "string"},
    },
}


def json_schema(catalog: Catalog = DEFAULT) -> dict[str, Plain]:
    """The JSON Schema (draft 7) of documents of packets: what `to_json` writes and `from_json` reads.

    It has all header classes of the catalog, with the types, the ranges and the meanings of their fields. It leaves out
    two things that `from_json` also reads: octets with blanks between them, and MAC addresses in other forms than with
    colons.
    """
    check_catalog(catalog)
    definitions: dict[str, Plain] = {
        "octets": {"type": "string", "pattern": _HEX_PATTERN, "description": "Hexadecimal digits, two for each octet"},
        "fault": _FAULT,
    }
    choices: list[Plain] = []
    for cls in catalog.headers:
        layout = catalog.layout(cls)
        _define(layout, definitions, option=False)
        choices.append(_reference(cls.__name__))
    return {
        "$schema": _DIALECT,
        "title": "Packet",
        "description": "A packet of overlaycodec: its headers from the outside in, and the octets outside of headers.",
        "type": "object",
        "properties": {
            "headers": {"type": "array", "items": {"oneOf": choices}},
            "payload": _reference("octets"),
            "trailers": {"type": "array", "items": _trailer()},
            "fcs": _fcs(),
            "missing": {
                "type": "integer",
                "minimum": 0,
                "description": "How many octets of the packet were not captured",
            },
            "fault": {"anyOf": [_reference("fault"), {"type": "null"}]},
            "faults": {"type": "array", "items": _reference("fault")},
            **dict.fromkeys(RECORD_MEMBERS, _OF_THE_RECORD),
        },
        "additionalProperties": False,
        "definitions": definitions,
    }


def _reference(name: str) -> dict[str, Plain]:
    return {"$ref": f"#/definitions/{name}"}


def _trailer() -> dict[str, Plain]:
    return {
        "type": "object",
        "description": "Octets behind the payload, such as padding",
        "properties": {
            "header": {
                "type": ["string", "null"],
                "description": "The path of the header whose length field ends before them; null: of none",
            },
            "octets": _reference("octets"),
            "protocol": {"type": "string", "description": "The class that the catalog declares for these octets"},
            "fields": {"type": "object", "description": "What the octets say; where it is here, encoding takes it"},
        },
        "additionalProperties": False,
    }


def _fcs() -> dict[str, Plain]:
    return {
        "type": ["object", "null"],
        "description": "The frame check sequence",
        "properties": {
            "octets": {
                "type": "string",
                "pattern": "^(AUTO|([0-9A-Fa-f]{2})*)$",
                "description": "AUTO: computed by encoding",
            },
            "wire_octets": {"type": "integer", "minimum": 0},
        },
        "additionalProperties": False,
    }


def _define(layout: Layout, definitions: dict[str, Plain], *, option: bool) -> None:
    """Adds the definition of a header or an element, and those of the elements that it can hold."""
    name = layout.cls.__name__
    if name in definitions:
        return
    definitions[name] = {}  # an element may hold elements of its own class
    fields: dict[str, Plain] = {field.name: _field(layout, field) for field in layout.fields}
    required: list[Plain] = [field.name for field in layout.fields if field.default is REQUIRED]
    described = layout.purpose.splitlines()[0] if layout.purpose else name
    if layout.spec:
        described += f" ({layout.spec})"
    if option:
        shape: dict[str, Plain] = {
            "properties": {"class": {"const": name}, **fields},
            "required": ["class", *required],
            "additionalProperties": False,
        }
    else:
        inside: dict[str, Plain] = {"type": "object", "properties": fields, "additionalProperties": False}
        demanded: list[Plain] = ["protocol"]
        if required:
            inside["required"] = required
            demanded.append("fields")
        path: dict[str, Plain] = {
            "type": "string",
            "description": "Where the header is, for people; it is not read back",
        }
        shape = {
            "properties": {"path": path, "protocol": {"const": name}, "fields": inside, "meanings": _MEANINGS},
            "required": demanded,
            "additionalProperties": False,
        }
    definitions[name] = {"type": "object", "description": described} | shape
    for field in layout.fields:
        for element in field.elements:
            _define(element.__layout__, definitions, option=True)


def _field(layout: Layout, field: Field) -> dict[str, Plain]:
    """The schema of a field's value."""
    choices: list[Plain] = [_value(field)]
    if layout.derived(field):
        choices.append({"const": "AUTO"})
    if field.optional:
        choices.append({"type": "null"})
    value = _value(field) if len(choices) == 1 else {"anyOf": choices}
    presence = presence_of(field)
    words = [field.doc, size_of(field), f"present {presence}" if presence else "", *meanings_of(layout, field)]
    return {"description": "; ".join(filter(None, words)), **value}


def _value(field: Field) -> dict[str, Plain]:
    """The schema of a value that is there and is not AUTO."""
    if field.construct is not None:
        return {
            "type": "object",
            "properties": {"value": {"description": "For people; it is not read back"}, "octets": _reference("octets")},
            "required": ["octets"],
            "additionalProperties": False,
        }
    if field.kind == "items":
        references: list[Plain] = [_reference(element.__name__) for element in field.elements]
        return {"type": "array", "items": references[0] if len(references) == 1 else {"oneOf": references}}
    if field.kind == "int":
        return {"type": "integer", "minimum": 0, "maximum": field.maximum}
    if field.kind == "bool":
        return {"type": "boolean"}
    if field.kind in ("ipv4", "ipv6"):
        return {"type": "string", "format": field.kind}
    mac: dict[str, Plain] = {"type": "string", "pattern": _MAC_PATTERN}
    if field.kind == "mac":
        return mac
    octets = _reference("octets")
    if field.kind == "bytes":
        if field.octets is None:
            return octets
        digits = 2 * field.octets
        return {"type": "string", "pattern": _HEX_PATTERN, "minLength": digits, "maxLength": digits}
    address: dict[str, Plain] = mac if ADDRESS_OCTETS[field.kind] == 6 else {"type": "string", "format": "ipv4"}
    return {"anyOf": [octets, address]}
