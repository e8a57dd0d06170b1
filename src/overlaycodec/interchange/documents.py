"""Packet <-> plain data that JSON can hold, exactly both ways.

Strategy: a document has what a packet is made of, and nothing is lost: `AUTO` is "AUTO", an absent field is null,
octets are hexadecimal digits, addresses are text, and each option names its class. What decoding found is there too,
for people and programs that read; making a packet from the document does not read it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn, TypeVar

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.describe.plain import Plain, plain_of
from overlaycodec.errors import CodecError, DecodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.packet.trailer import FCS, Trailer
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.record import WireStruct
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_type, text_of
from overlaycodec.values.nearest_names import suggestion, suggestion_or_all

__all__ = ["RECORD_MEMBERS", "fault_document", "from_dict", "from_json", "to_dict", "to_json"]

RECORD_MEMBERS: Final = (
    "file", "number", "time_ns", "wire_length", "captured_length", "link_type", "interface", "comments",
    "checksums", "octets", "verified",
)  # fmt: skip
"""What `overlaycodec show --json` writes of the record, beside the packet; the last three if options ask for them."""
_MEMBERS: Final = ("headers", "payload", "trailers", "fcs", "missing", "fault", "faults", *RECORD_MEMBERS)
_HEADER: Final = ("path", "protocol", "fields", "meanings")
_TRAILER: Final = ("header", "octets", "protocol", "fields")
_FCS: Final = ("octets", "wire_octets")
_CONSTRUCT: Final = ("value", "octets")

_W = TypeVar("_W", bound=WireStruct)
_HEX_KINDS: Final = frozenset({"bytes", "hardware", "protocol"})


def to_dict(packet: Packet) -> dict[str, Plain]:
    """The packet as plain data: `from_dict` makes an equal one of it."""
    names = names_of(packet.headers)
    return {
        "headers": [
            {"path": name, "protocol": type(header).__name__, "fields": _record_document(header)}
            for name, header in zip(names, packet.headers, strict=True)
        ],
        "payload": packet.payload.hex(),
        "trailers": [_trailer_document(trailer, names) for trailer in packet.without_fcs().trailers],
        "fcs": None if packet.fcs is None else _fcs_document(packet.fcs),
        "missing": packet.missing,
        "fault": None if packet.fault is None else fault_document(packet.fault),
        "faults": [fault_document(fault) for fault in packet.faults],
    }


def to_json(packet: Packet, *, indent: int | None = None) -> str:
    """The packet as JSON, in ASCII: `from_json` makes an equal one of it. Integers of any size keep all digits."""
    separators = (",", ":") if indent is None else None
    return json.dumps(to_dict(packet), separators=separators, indent=indent, allow_nan=False)


def fault_document(fault: DecodeError) -> dict[str, Plain]:
    """What a fault says, as plain data."""
    return {
        "error": type(fault).__name__,
        "path": fault.path,
        "bits": plain_of(fault.bits),
        "reason": fault.reason,
    }


def _trailer_document(trailer: Trailer, names: Sequence[str]) -> dict[str, Plain]:
    owner = names[trailer.header] if trailer.header >= 0 else None
    if trailer.record is None:
        return {"header": owner, "octets": trailer.data.hex()}
    fields = _record_document(trailer.record)
    return {"header": owner, "octets": trailer.data.hex(), "protocol": type(trailer.record).__name__, "fields": fields}


def _fcs_document(fcs: FCS) -> dict[str, Plain]:
    return {"octets": _value_document(fcs.data), "wire_octets": fcs.octets}


def _record_document(record: WireStruct) -> dict[str, Plain]:
    return {field.name: _field_document(record, field) for field in record.__layout__.fields}


def _field_document(record: WireStruct, field: Field) -> Plain:
    value = getattr(record, field.name)
    if field.construct is not None and value is not None and value is not AUTO:
        from overlaycodec.values.constructs import build_octets

        path = f"{record.__layout__.name}.{field.name}"
        return {"value": plain_of(value), "octets": build_octets(field.construct, path, value).hex()}
    if field.kind == "items" and isinstance(value, tuple):
        return [{"class": type(element).__name__, **_record_document(element)} for element in value]
    return _value_document(value)


def _value_document(value: object) -> Plain:
    return "AUTO" if value is AUTO else plain_of(value)


# --- and back ---------------------------------------------------------------------------------------------------------


def from_json(text: str | bytes, *, catalog: Catalog = DEFAULT) -> Packet:
    """The packet of a JSON document (see `to_json`). Raises: ValueError, with the place in the document."""
    check_type("text", text, (str, bytes, bytearray), "JSON text")
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("the document nests too deeply") from None
    except ValueError as error:
        raise ValueError(f"the document is no JSON: {error}") from None
    return from_dict(document, catalog=catalog)


def from_dict(document: Mapping[str, Any], *, catalog: Catalog = DEFAULT) -> Packet:  # Any: what JSON can hold
    """The packet of a document (see `to_dict`).

    Of each header, and of each declared trailer, `protocol` and `fields` are read; fields that are left out have their
    defaults. All else may be left out. These members are accepted and not read: what decoding found (`fault`,
    `faults`), `path` and `meanings` of a header, and what `overlaycodec show --json` writes of the record. All others
    are refused.

    Raises: ValueError for what is no such document, with the place in it; EncodeError for values that a field
    does not take.
    """
    check_catalog(catalog)
    reader = _Reader(catalog)
    whole = reader.mapping(document, "the document", _MEMBERS)
    headers = tuple(
        reader.header(item, f"headers[{number}]")
        for number, item in enumerate(reader.sequence(whole.get("headers", ()), "headers"))
    )
    names = names_of(headers)
    trailers = tuple(
        reader.trailer(item, f"trailers[{number}]", names)
        for number, item in enumerate(reader.sequence(whole.get("trailers", ()), "trailers"))
    )
    if whole.get("fcs") is not None:
        trailers = (*trailers, reader.fcs(whole["fcs"]))
    payload = reader.octets(whole.get("payload", ""), "payload")
    return Packet(headers, payload, trailers, missing=reader.count(whole.get("missing", 0), "missing"))


class _Reader:
    """Checks a document part by part: each function takes a part and its place."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def refuse(self, place: str, reason: str) -> NoReturn:
        raise ValueError(f"{place}: {reason}")

    def mapping(
        self, part: object, place: str, members: Sequence[str] | None = None
    ) -> Mapping[str, Any]:  # Any: what JSON can hold
        """An object, with no others than these members."""
        if not isinstance(part, Mapping):
            self.refuse(place, f"an object should be here, not {type(part).__name__}")
        if members is not None:
            for name in part:
                if name not in members:
                    self.refuse(place, f"there is no member {text_of(name)}{suggestion_or_all(name, members)}")
        return part

    def sequence(self, part: object, place: str) -> Sequence[Any]:  # Any: what JSON can hold
        if not isinstance(part, list | tuple):
            self.refuse(place, f"an array should be here, not {type(part).__name__}")
        return part

    def octets(self, part: object, place: str) -> bytes:
        try:
            return bytes.fromhex(part if isinstance(part, str) else "?")
        except ValueError:
            self.refuse(place, "octets are hexadecimal digits, two for each")

    def count(self, part: object, place: str) -> int:
        if type(part) is not int or part < 0:
            self.refuse(place, "a number of octets is 0 or more")
        return part

    def header(self, part: object, place: str) -> Header:
        whole = self.mapping(part, place, _HEADER)
        name = whole.get("protocol")
        cls = self._catalog.class_called(name) if isinstance(name, str) else None
        if cls is None:
            near = suggestion(name, (found.__name__ for found in self._catalog.headers))
            self.refuse(f"{place}.protocol", f"the catalog has no header class {name!r}{near}")
        values = self.mapping(whole.get("fields", {}), f"{place}.fields")
        return self.made(cls, self.values(values, self._catalog.layout(cls), f"{place}.fields"), f"{place}.fields")

    def made(self, cls: type[_W], values: dict[str, Any], place: str) -> _W:  # Any: a field's own type
        """The header or the element of these values."""
        try:
            return cls(**values)
        except TypeError as error:  # null or AUTO where there is none, or a field without a default left out
            self.refuse(place, str(error))

    def values(self, part: Mapping[str, Any], layout: Layout, place: str) -> dict[str, Any]:  # Any: a field's own type
        for name in part:
            if name not in layout.by_name:
                self.refuse(place, f"{layout.cls.__name__} has no field {name!r}{suggestion(name, layout.by_name)}")
        return {name: self.value(value, layout.by_name[name], f"{place}.{name}") for name, value in part.items()}

    def value(self, part: object, field: Field, place: str) -> Any:  # Any: a field's own type
        if part is None:
            return None
        if part == "AUTO":
            return AUTO
        if field.construct is not None:
            from overlaycodec.values.constructs import parse_octets

            octets = self.octets(self.mapping(part, place, _CONSTRUCT).get("octets"), f"{place}.octets")
            try:
                return parse_octets(field.construct, place, octets, 0, len(octets), to_end=True)[0]
            except CodecError as error:
                self.refuse(place, str(error))
        if field.kind == "items":
            items = self.sequence(part, place)
            return tuple(self.element(item, field, f"{place}[{number}]") for number, item in enumerate(items))
        if field.kind in _HEX_KINDS and isinstance(part, str) and not set(part) & set(":."):
            return self.octets(part, place)
        if field.kind in ("int", "bool") and isinstance(part, int):
            return part
        if field.kind in ("int", "bool") or not isinstance(part, str):
            self.refuse(place, f"{part!r:.40} is no value of this field")
        return part

    def element(self, part: object, field: Field, place: str) -> Any:  # Any: an element class of the option list
        whole = dict(self.mapping(part, place))
        name = whole.pop("class", None)
        cls = next((element for element in field.elements if element.__name__ == name), None)
        if cls is None:
            near = suggestion(name, (element.__name__ for element in field.elements))
            self.refuse(f"{place}.class", f"{name!r} is no element of {field.name}{near}")
        return self.made(cls, self.values(whole, cls.__layout__, place), place)

    def trailer(self, part: object, place: str, names: list[str]) -> Trailer:
        whole = self.mapping(part, place, _TRAILER)
        owner = whole.get("header")
        if owner is not None and owner not in names:
            self.refuse(f"{place}.header", f"the packet has no header {owner!r}{suggestion(owner, names)}")
        index = -1 if owner is None else names.index(owner)
        if (name := whole.get("protocol")) is not None:
            cls = next((trailer for trailer in self._catalog.trailers if trailer.__name__ == name), None)
            if cls is None:
                self.refuse(f"{place}.protocol", f"the catalog declares no trailer {name!r}")
            fields = self.mapping(whole.get("fields", {}), f"{place}.fields")
            record: Any = self.made(cls, self.values(fields, cls.__layout__, f"{place}.fields"), f"{place}.fields")
            trailer: Trailer = record.trailer(index)
            return trailer
        return Trailer(index, self.octets(whole.get("octets", ""), f"{place}.octets"))

    def fcs(self, part: object) -> FCS:
        whole = self.mapping(part, "fcs", _FCS)
        octets = whole.get("octets", "AUTO")
        data = AUTO if octets == "AUTO" else self.octets(octets, "fcs.octets")
        try:
            return FCS(data=data, octets=self.count(whole.get("wire_octets", 4), "fcs.wire_octets"))
        except ValueError as error:
            self.refuse("fcs", str(error))
