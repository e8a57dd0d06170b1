"""The page of names: our paths beside the fields of tshark and scapy. Part of `make generate`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import overlaycodec
from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.packet.header import Header
from overlaycodec.schema.record import WireStruct

TSHARK = Path(overlaycodec.__file__).parent / "filters" / "wireshark_names"
SCAPY = Path(overlaycodec.__file__).parent / "fuzz" / "decoders" / "scapy_names.json"
Names = dict[str, Any]  # Any: JSON

PAGE = """# Names in tshark and scapy

Use this page to find the path of a field that you know from tshark or from scapy, or the other way. Each header of the
default catalog has a table; `make generate` writes it from the declarations. The names of tshark are those of tshark
4.0, those of scapy are those of scapy 2.8. A value is the same under each name, unless it has a mark.

- The path is that of the first such header: put `inner.` in front of it for a header inside a tunnel. `[n]` is the
  index in a list.
- `oc.wireshark_filter("inner.ipv4.src")` gives the field of tshark for one header of the packet: `ip.src#2`.
- A `*` means that the value has another form there: other units, a part of another field, or an object instead of a
  number.
- A dash means that we know no name.
- A header that is a part of another class in scapy has the fields of that class.

Options and other elements of lists have a row if tshark has a name for their field.
"""


def shown(entry: object) -> str:
    """The names of an entry of the tables, with a mark if the value has another form."""
    if entry is None:
        return "-"
    if isinstance(entry, list):
        return ", ".join(dict.fromkeys(shown(one) for one in entry))
    if isinstance(entry, dict):
        same = not entry.keys() - {"name", "if", "in", "min", "max"}
        return f"`{entry['name']}`" + ("" if same else " \\*")
    return f"`{entry}`"


def tshark_names() -> Names:
    """What tshark calls each header and element, by its name in paths."""
    found: Names = {}
    for path in sorted(TSHARK.glob("*.json")):
        for name, of in json.loads(path.read_text(encoding="utf-8")).items():
            found[name] = of.get("tshark", {})
    return found


def elements(record: type[WireStruct], path: str) -> Iterator[tuple[str, type[WireStruct]]]:
    """The classes of the elements in the record's option lists, and in theirs, with their paths."""
    for field in record.__layout__.fields:
        for element in field.elements:
            inside = f"{path}.{field.name}[n]"
            yield inside, element
            yield from elements(element, inside)


def rows(cls: type[Header], tshark: Names, scapy: Names) -> Iterator[str]:
    """The table of one header."""
    name = cls.__layout__.name
    known = tshark.get(name, {})
    theirs = {**known.get("fields", {}), **known.get("filters", {})}
    named = scapy.get(name, {}).get("fields", {})
    for field in cls.__layout__.fields:
        yield f"| `{name}.{field.name}` | {shown(theirs.get(field.name))} | {shown(named.get(field.name))} |"
    for path, element in elements(cls, name):
        fields = tshark.get(element.__layout__.name, {}).get("fields", {})
        for field in element.__layout__.fields:
            if field.name in fields:
                yield f"| `{path}.{field.name}` of `{element.__name__}` | {shown(fields[field.name])} | - |"


def section(cls: type[Header], tshark: Names, scapy: Names) -> Iterator[str]:
    """The heading and the table of one header."""
    name = cls.__layout__.name
    protocol, theirs = tshark.get(name, {}).get("protocol"), scapy.get(name, {}).get("class")
    there = f"`{protocol}`" if protocol else "no name of its own"
    yield from (f"## {name}", "")
    here = f"`{theirs}`" if theirs else "no class"
    yield f"[`oc.{cls.__name__}`](headers/{name}.md). tshark: {there}. scapy: {here}."
    yield from ("", "| path | tshark | scapy |", "|---|---|---|", *rows(cls, tshark, scapy), "")


def names() -> str:
    """The page."""
    tshark, scapy = tshark_names(), json.loads(SCAPY.read_text(encoding="utf-8"))
    return "\n".join([PAGE, *(line for cls in DEFAULT.headers for line in section(cls, tshark, scapy))])
