"""Vectors from outside, against every way through the codec. Their format is told in vectors/README.md."""

from __future__ import annotations

import json
from collections import Counter
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import Header, MACAddress, Packet
from overlaycodec.protocols import HEADERS

VECTORS: Final = {
    f"{path.stem}/{vector['name']}": vector
    for path in sorted((Path(__file__).parent / "vectors").glob("*.json"))
    for vector in json.loads(path.read_text())
}
DECODING: Final = {name: vector for name, vector in VECTORS.items() if "error" not in vector}
FAULTY: Final = {name: vector for name, vector in VECTORS.items() if "error" in vector}

BY_NAME: Final[dict[str, type[Header]]] = {header.__layout__.name: header for header in HEADERS}
SPACES: Final = {space.name: space for space in vars(oc).values() if isinstance(space, oc.KeySpace)}


def catalog_of(vector: dict[str, Any]) -> oc.Catalog:
    catalog = oc.DEFAULT
    for binding in vector.get("bindings", ()):
        catalog = catalog.with_binding(SPACES[binding["space"]](binding["value"]), BY_NAME[binding["header"]])
    return catalog


def first_of(vector: dict[str, Any]) -> type[Header] | oc.Key:
    first = vector["first"]
    return BY_NAME[first["header"]] if "header" in first else oc.LINK_TYPE(first["link_type"])


def decoded(vector: dict[str, Any], *, lax: bool = False) -> Packet:
    return oc.decode(
        bytes.fromhex(vector["hex"]),
        first=first_of(vector),
        wire_length=vector.get("wire_length"),
        catalog=catalog_of(vector),
        lax=lax,
    )


def plain(value: object) -> object:
    """A field's value as the vectors write it."""
    if isinstance(value, MACAddress | IPv4Address | IPv6Address):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


def same(value: object, expected: object) -> bool:
    """Whether value and type agree: True is no 1 here."""
    return type(plain(value)) is type(expected) and plain(value) == expected


def rebuilt(record: Any) -> Any:
    """The header, made again from its public fields through its constructor, the elements of its rows too."""
    values: dict[str, Any] = {}
    for field in record.__layout__.fields:
        value = getattr(record, field.name)
        values[field.name] = tuple(map(rebuilt, value)) if field.kind == "items" and value is not None else value
    return type(record)(**values)


def test_the_names_of_the_vectors_are_unique() -> None:
    folder = Path(__file__).parent / "vectors"
    count = sum(len(json.loads(path.read_text())) for path in folder.glob("*.json"))
    assert count == len(VECTORS) > 100


@pytest.mark.parametrize("name", DECODING)
def test_decoding_gives_the_stack_and_the_fields(name: str) -> None:
    vector = DECODING[name]
    packet = decoded(vector)
    assert packet.names == vector["stack"]
    wrong = {
        path: (plain(packet.at(path)), expected)
        for path, expected in vector["fields"].items()
        if not same(packet.at(path), expected)
    }
    assert not wrong
    if "payload" in vector:
        assert packet.payload.hex() == vector["payload"]
    trailers = [{"header": packet.names[trailer.header], "hex": trailer.data.hex()} for trailer in packet.trailers]
    assert trailers == vector.get("trailers", [])


@pytest.mark.parametrize("name", VECTORS)
def test_encoding_gives_the_octets_back(name: str) -> None:
    vector = VECTORS[name]
    packet = decoded(vector, lax=True)
    again = Packet(tuple(map(rebuilt, packet.headers)), packet.payload, packet.trailers)
    assert again == packet
    assert oc.encode(again, catalog=catalog_of(vector)).hex() == vector["hex"]


@pytest.mark.parametrize("name", DECODING)
def test_lax_decoding_gives_the_same_packet(name: str) -> None:
    vector = DECODING[name]
    strict, lax = decoded(vector), decoded(vector, lax=True)
    assert lax == strict
    assert "quoted.ipv4" in vector["stack"] or lax.fault is None


@pytest.mark.parametrize("name", DECODING)
def test_each_header_decodes_alone(name: str) -> None:
    vector = DECODING[name]
    data, packet = bytes.fromhex(vector["hex"]), decoded(vector)
    for header, path in zip(packet.headers, packet.names, strict=True):
        first, last = packet.span(path)
        alone, octets = oc.decode_header(type(header), data[first // 8 :])
        assert (alone, octets) == (header, (last + 1 - first) // 8)


@pytest.mark.parametrize("name", FAULTY)
def test_decoding_gives_the_fault(name: str) -> None:
    vector = FAULTY[name]
    expected = dict(vector["error"])
    with pytest.raises(oc.DecodeError) as caught:
        decoded(vector)
    error: Any = caught.value
    assert type(error).__name__ == expected.pop("type")
    assert list(error.bits) == expected.pop("bits")
    assert {key: getattr(error, key) for key in expected} == expected
    lax = decoded(vector, lax=True)
    assert lax.names == vector["lax"]["stack"]
    assert error in lax.faults


def elements_of(record: Any) -> set[Any]:
    """The classes of the elements in the record's rows, and in theirs."""
    direct = {element for field in record.__layout__.fields for element in field.elements}
    return direct.union(*map(elements_of, direct))


def test_every_header_stands_in_a_vector_with_values() -> None:
    """A header that the catalog learns needs a vector from outside on arrival."""
    valued: Counter[str] = Counter()
    for name, vector in DECODING.items():
        packet = decoded(vector)
        for path in vector["fields"]:
            header = max((stacked for stacked in packet.names if path.startswith(stacked + ".")), key=len)
            valued[type(packet.headers[packet.names.index(header)]).__name__] += 1
            if "[" in path.removeprefix(header):
                row = path[: path.rindex(".")]
                valued[type(packet.at(row)).__name__] += 1
        assert vector["source"], name
    fields = {header.__name__: len(header.__layout__.fields) for header in HEADERS}
    fields |= {
        element.__name__: len(element.__layout__.fields) for header in HEADERS for element in elements_of(header)
    }
    lacking = {name: count for name, count in fields.items() if not valued[name]}
    assert not lacking


def test_every_field_stands_in_a_vector() -> None:
    """Each field of each header has a value from outside somewhere, but for those that no other decoder shows."""
    seen: set[str] = set()
    for vector in DECODING.values():
        packet = decoded(vector)
        for path in vector["fields"]:
            header = max((stacked for stacked in packet.names if path.startswith(stacked + ".")), key=len)
            record, rest = type(packet.headers[packet.names.index(header)]), path.removeprefix(header + ".")
            seen.add(f"{record.__layout__.name}.{rest.partition('[')[0]}")
    everything = {f"{header.__layout__.name}.{field.name}" for header in HEADERS for field in header.__layout__.fields}
    assert everything - seen == set()
