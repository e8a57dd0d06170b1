"""What other decoders call our headers and fields: one file of `filters/wireshark_names` for each family."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import overlaycodec as oc
from overlaycodec.packet.header import Header
from overlaycodec.protocols import HEADERS
from overlaycodec.schema.record import WireStruct

FOLDER: Final = Path(oc.__file__).parent / "filters" / "wireshark_names"

Entry = dict[str, Any]  # Any: JSON


def elements_of(record: type[WireStruct]) -> Iterator[type[WireStruct]]:
    """The classes of the elements in the record's option lists, and in theirs."""
    for field in record.__layout__.fields:
        for element in field.elements:
            yield element
            yield from elements_of(element)


def records() -> dict[str, type[WireStruct]]:
    """Every header and element of the catalog, by its name in paths."""
    found: list[type[WireStruct]] = [*HEADERS, *(element for header in HEADERS for element in elements_of(header))]
    return {record.__layout__.name: record for record in found}


def entries(decoder: str) -> dict[type[WireStruct], Entry]:
    """What a decoder says of each header and element."""
    known = records()
    found: dict[type[WireStruct], Entry] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for name, of in json.loads(path.read_text(encoding="utf-8")).items():
            if name not in known:
                raise LookupError(f"{path.name}: no header and no element of the catalog is called {name!r}")
            record = known[name]
            family = record.__module__.rpartition(".")[2]
            if family != path.stem:
                raise LookupError(f"{path.name}: {name!r} is declared in {family}.py, so it belongs in {family}.json")
            if decoder in of:
                found[record] = of[decoder]
    return found


def protocols(decoder: str) -> dict[type[Header], str | None]:
    """What a decoder calls each header; None where it counts the header to the one before, "" where it reads none."""
    return {
        record: entry["protocol"]
        for record, entry in entries(decoder).items()
        if issubclass(record, Header) and "protocol" in entry
    }
