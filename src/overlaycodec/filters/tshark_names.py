"""What tshark calls our headers and their fields: `wireshark_names` has one file for each family of protocols."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from overlaycodec.schema.record import WireStruct

__all__ = ["tshark_entry"]


def tshark_entry(record: type[WireStruct]) -> dict[str, Any]:  # Any: JSON
    """What tshark calls a header or an element and its fields; empty where that is not known.

    tests/vectors/README.md describes the keys.
    """
    package, _, family = record.__module__.rpartition(".")
    names = _names_in(family) if package == "overlaycodec.protocols" else {}
    entry: dict[str, Any] = names.get(record.__layout__.name, {}).get("tshark", {})
    return entry


@cache
def _names_in(family: str) -> dict[str, Any]:  # Any: JSON
    from importlib.resources import files  # late: it takes as long to import as some of the library

    source = files("overlaycodec.filters").joinpath("wireshark_names", f"{family}.json")
    if not source.is_file():
        return {}
    names: dict[str, Any] = msgspec.json.decode(source.read_bytes())
    return names
