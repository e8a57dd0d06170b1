"""`scapy_names.json` of the decoder: scapy reads the same values of the vectors under these names.

A name is scapy's field, or one flag of it (`flags.S`). `shift` and `mask` say which bits of it are ours; `other_form`:
scapy has the value in a form that cannot be compared here, such as a list of options. `offset` is where scapy's class
begins, in octets from the start of our header.
"""

from __future__ import annotations

import importlib
import json
import warnings
from collections import Counter
from functools import cache
from typing import Any, Final

import pytest

from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import HEADERS
from tests.tools import stacks
from tests.vectors.test_vectors import DECODING, decoded, plain

scapy = pytest.importorskip("scapy", reason="of the group test")

NAMES: Final[dict[str, Any]] = json.loads(
    (stacks.ROOT / "src/overlaycodec/fuzz/decoders/scapy_names.json").read_text("utf-8")
)
LAYOUTS: Final = {cls.__layout__.name: cls.__layout__ for cls in HEADERS}


@cache
def scapy_class(name: str) -> Any:  # Any: scapy has no types
    module, _, attribute = NAMES[name]["class"].rpartition(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that scapy imports
        return getattr(importlib.import_module(module), attribute)


def scapy_value(packet: Any, entry: str | dict[str, Any]) -> object:  # Any: scapy has no types
    """The value under this name, in plain form; None where scapy has none."""
    entry = {"name": entry} if isinstance(entry, str) else entry
    field, _, flag = entry["name"].partition(".")
    value = packet.fields.get(field)
    if flag:
        return bool(getattr(value, flag))
    if value is None or isinstance(value, str | bytes):
        return value
    number = int(value)
    return number >> entry.get("shift", 0) & entry.get("mask", -1)


def octets_of(packet: Packet, index: int, path: str) -> bytes:
    """The octets from the start of scapy's header on."""
    entry = NAMES[packet.headers[index].__layout__.name]
    start = packet.span(f"{path}.{packet.headers[index].__layout__.fields[0].name}")[0] // 8
    return bytes(packet)[start + entry.get("offset", 0) :]


def comparisons() -> list[tuple[str, str, object, object]]:
    """Vector, path, our value and scapy's, for every field of every vector that both have."""
    found = []
    for vector in DECODING:
        packet = decoded(DECODING[vector])
        for index, (header, path) in enumerate(zip(packet.headers, packet.names, strict=True)):
            name = header.__layout__.name
            if name not in NAMES:
                continue
            octets = octets_of(packet, index, path)
            if name.startswith("vxlan") and octets[0] & 0x84 == 0x84:
                continue  # with both flags, scapy 2.8 reads two octets too many in front of the VNI
            other = scapy_class(name)(octets)
            for field, entry in NAMES[name]["fields"].items():
                ours = plain(getattr(header, field))
                if ours is None or (isinstance(entry, dict) and entry.get("other_form")):
                    continue
                theirs = scapy_value(other, entry)
                if theirs is not None:  # absent, or of another class of scapy, such as Dot3 for Ether
                    found.append((vector, f"{name}.{field}", ours, plain(theirs)))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_scapy_has_the_class_and_the_fields(name: str) -> None:
    fields = {field.name for field in scapy_class(name).fields_desc}
    for field, entry in NAMES[name]["fields"].items():
        assert field in {ours.name for ours in LAYOUTS[name].fields}
        assert (entry if isinstance(entry, str) else entry["name"]).partition(".")[0] in fields, field


def test_scapy_reads_the_same_values_of_the_vectors() -> None:
    compared: Counter[str] = Counter()
    for vector, path, ours, theirs in comparisons():
        assert ours == theirs, f"{vector}: {path}"
        compared[path] += 1
    for name, named in NAMES.items():
        for field, entry in named["fields"].items():
            other_form = isinstance(entry, dict) and entry.get("other_form", False)
            assert compared[f"{name}.{field}"] or other_form, f"no vector compares {name}.{field}"


def test_every_named_header_is_one_of_ours() -> None:
    assert set(NAMES) <= set(LAYOUTS)
    assert len(NAMES) > 80
