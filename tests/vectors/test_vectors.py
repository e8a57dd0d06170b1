"""Vectors from outside, against every back end. Their format is told in vectors/README.md.

The generated codec without the checked guess and with it, the reference interpreter, and columns.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import Header, MACAddress, Packet, reference
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.codec.stack_cache import StackCache
from overlaycodec.protocols import HEADERS
from tests.laws import common as laws
from tests.tools.internals import code_of

VECTORS: Final = {
    f"{path.stem}/{vector['name']}": vector
    for path in sorted((Path(__file__).parent).glob("*.json"))
    for vector in json.loads(path.read_text())
}
DECODING: Final = {name: vector for name, vector in VECTORS.items() if "error" not in vector}
FAULTY: Final = {name: vector for name, vector in VECTORS.items() if "error" in vector}

BY_NAME: Final[dict[str, type[Header]]] = {header.__layout__.name: header for header in HEADERS}
SPACES: Final = {space.name: space for space in vars(oc).values() if isinstance(space, oc.KeySpace)}


def catalog_of(vector: dict[str, Any]) -> oc.Catalog:
    return _catalog_with(json.dumps(vector.get("bindings", ())))


def afresh(vector: dict[str, Any], use: str) -> oc.Catalog:
    """A catalog that has learnt no stack, one for each use. Its code for single headers is kept: it is dear."""
    catalog = _catalog_with(json.dumps(vector.get("bindings", ())), use)
    code_of(catalog).stack_cache = StackCache(code_of(catalog))
    return catalog


@cache
def _catalog_with(bindings: str, use: str = "") -> oc.Catalog:
    return bound(oc.Catalog(HEADERS) if use else oc.DEFAULT, json.loads(bindings))


def bound(catalog: oc.Catalog, bindings: list[dict[str, Any]]) -> oc.Catalog:
    """The catalog with the bindings of a vector."""
    for binding in bindings:
        catalog = catalog.with_binding(SPACES[binding["space"]](binding["value"]), BY_NAME[binding["header"]])
    return catalog


def first_of(vector: dict[str, Any]) -> type[Header] | oc.Key:
    first = vector["first"]
    return BY_NAME[first["header"]] if "header" in first else oc.LINK_TYPE(first["link_type"])


def decoded(vector: dict[str, Any], *, lax: bool = False, catalog: oc.Catalog | None = None) -> Packet:
    return oc.decode(
        bytes.fromhex(vector["hex"]),
        first=first_of(vector),
        wire_length=vector.get("wire_length"),
        fcs_octets=vector.get("fcs_octets", 0),
        catalog=catalog_of(vector) if catalog is None else catalog,
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


def test_the_names_of_the_vectors_are_unique() -> None:
    folder = Path(__file__).parent
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
    trailers: list[dict[str, Any]] = [
        {"header": packet.names[trailer.header], "hex": trailer.data.hex()} for trailer in packet.without_fcs().trailers
    ]
    if packet.fcs is not None:
        trailers.append({"header": None, "hex": packet.fcs.data.hex(), "fcs": packet.fcs.octets})
    assert trailers == vector.get("trailers", [])
    verdicts = {path: str(verdict) for path, verdict in oc.checksums(packet, catalog=catalog_of(vector)).items()}
    assert vector.get("checksums", {}).items() <= verdicts.items()


@pytest.mark.parametrize("name", VECTORS)
def test_encoding_gives_the_octets_back(name: str) -> None:
    vector = VECTORS[name]
    packet = decoded(vector, lax=True)
    again = laws.rebuilt_packet(packet)
    assert again == packet
    assert oc.encode(again, catalog=catalog_of(vector)).hex() == vector["hex"]


@pytest.mark.parametrize("name", VECTORS)
def test_encoding_in_one_go_gives_the_octets_back(name: str) -> None:
    """After some packets of one kind, one function writes what of it is plain."""
    vector, catalog = VECTORS[name], catalog_of(VECTORS[name])
    packet = decoded(vector, lax=True)
    for _ in range(STACK_USES + 1):
        assert oc.encode(packet, catalog=catalog).hex() == vector["hex"]


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


@pytest.mark.parametrize("name", VECTORS)
def test_a_guess_gives_the_same(name: str) -> None:
    vector = VECTORS[name]
    plain, guessing = afresh(vector, "plain"), afresh(vector, "guessing")
    packet = decoded(vector, lax=True, catalog=plain)
    code_of(guessing).stack_cache.learn(first_of(vector), packet.headers)
    assert decoded(vector, lax=True, catalog=guessing) == packet == decoded(vector, lax=True)
    if name in DECODING:
        assert decoded(vector, catalog=guessing) == decoded(vector, catalog=plain) == packet
        return
    for catalog in (plain, guessing):
        with pytest.raises(oc.DecodeError) as caught:
            decoded(vector, catalog=catalog)
        assert caught.value in packet.faults


def test_most_vectors_are_guessed() -> None:
    """What the test before claims to try is tried."""
    hits = 0
    for vector in DECODING.values():
        catalog = afresh(vector, "guessing")
        code_of(catalog).stack_cache.learn(first_of(vector), decoded(vector, catalog=catalog).headers)
        data = bytes.fromhex(vector["hex"])
        hits += code_of(catalog).stack_cache.entry[1](data, len(data)) is not None
    assert hits > len(DECODING) * 2 // 3


@pytest.mark.parametrize("name", VECTORS)
def test_the_reference_gives_the_same(name: str) -> None:
    vector = VECTORS[name]
    data, packet = bytes.fromhex(vector["hex"]), decoded(vector, lax=True)
    for header, path in zip(packet.headers, packet.names, strict=True):
        first, last = packet.span(path)
        assert reference.decode_header(type(header), data[first // 8 :]) == (header, (last + 1 - first) // 8)
        assert reference.encode_header(header) == data[first // 8 : (last + 1) // 8]


@pytest.mark.parametrize("name", [name for name in VECTORS if "link_type" in VECTORS[name]["first"]])
def test_columns_give_the_same(name: str) -> None:
    """Every field of the packet, walked in a group of one; and the public function gives those that the source has."""
    from tests.columnar import test_columns  # needs NumPy

    vector = VECTORS[name]
    record = oc.Record(
        data=bytes.fromhex(vector["hex"]),
        link_type=vector["first"]["link_type"],
        wire_length=vector.get("wire_length", len(vector["hex"]) // 2),
        fcs_octets=vector.get("fcs_octets"),
    )
    catalog, packet = catalog_of(vector), decoded(vector, lax=True)
    test_columns.check([record], catalog=catalog)
    wanted = {path: None if is_length(packet, path) else packet.at(path) for path in vector.get("fields", ())}
    table = oc.columns([record], [*wanted, "fault"], catalog=catalog)
    wrong = [path for path, value in wanted.items() if not held(table[path], value)]
    assert not wrong
    fault = vector["error"]["type"] if name in FAULTY else None
    assert table["fault"].tolist() == [fault if packet.fault is not None else None]


def is_length(packet: oc.Packet, path: str) -> bool:
    """Whether the field holds a length where others hold an EtherType: a column of EtherTypes has no value there."""
    header, _, name = path.rpartition(".")
    return name == "ethertype" and packet.at(path) is not None and packet.at(path) <= 1500 and "ethernet" in header


def held(column: Any, value: Any) -> bool:  # Any: a masked array, and a field's own type
    """Whether a column holds a value, or nothing where there is none."""
    from tests.columnar import test_columns

    if value is None or bool(column.mask[0]):
        return value is None and bool(column.mask[0])
    return test_columns.same(column.data[0], value)


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


def valued() -> set[str]:
    """Each field of a header or an element that has a value from outside in some vector."""
    seen: set[str] = set()
    for vector in DECODING.values():
        packet = decoded(vector)
        for path in vector["fields"]:
            header = max((stacked for stacked in packet.names if path.startswith(stacked + ".")), key=len)
            record = packet.headers[packet.names.index(header)]
            for step in path.removeprefix(header + ".").split("."):
                name, _, index = step.partition("[")
                seen.add(f"{type(record).__name__}.{name}")
                if index:
                    record = getattr(record, name)[int(index.rstrip("]"))]
    return seen


def test_every_field_stands_in_a_vector() -> None:
    """Each field of each header and of each element that can stand in its rows has a value from outside somewhere."""
    records = {*HEADERS, *(element for header in HEADERS for element in elements_of(header))}
    everything = {f"{record.__name__}.{field.name}" for record in records for field in record.__layout__.fields}
    assert everything - valued() == set()


def test_every_trap_has_a_vector() -> None:
    """The table of traps names vectors that are there."""
    text = (Path(__file__).parent / "README.md").read_text()
    rows = [line.split("|")[1:3] for line in text.partition("## Traps")[2].splitlines() if line.startswith("| ")][2:]
    named = {trap: re.findall(r"`([^`]+)`", vectors) for trap, vectors in rows}
    assert len(named) == len(rows) > 50
    assert [trap for trap, names in named.items() if not names] == []
    assert [name for names in named.values() for name in names if name not in VECTORS] == []
