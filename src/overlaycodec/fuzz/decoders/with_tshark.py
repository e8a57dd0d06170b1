"""tshark as a decoder: the tree that it prints as PDML, with our names for its protocols and fields.

Strategy: `filters/wireshark_names` says what tshark calls our fields, and in which form; here the same table is read
the other way. A protocol of tshark may be several of our headers (a message of ICMP), or one of several (dialects of
VXLAN).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.describe.plain import Plain
from overlaycodec.filters.tshark_names import tshark_entry
from overlaycodec.fuzz.decoders.decoder import readings_of
from overlaycodec.fuzz.decoders.reading import CRASHED, HeaderReading, Reading
from overlaycodec.schema.record import WireStruct

__all__ = ["CHECKED", "DECODER", "SEPARATE", "TShark"]

SEPARATE: Final = (
    # Each record stands for itself: nothing is put together from several.
    "-o", "ip.defragment:FALSE",
    "-o", "ipv6.defragment:FALSE",
    "-o", "tcp.desegment_tcp_streams:FALSE",
    "-o", "stt.reassemble:FALSE",
    # Linux's port for VXLAN, Cisco's time stamp tag, and STT, which tshark leaves alone unless asked.
    "-d", "udp.port==8472,vxlan",
    "-d", "ethertype==0x8988,ttag",
    "-o", "ip.try_heuristic_first:TRUE",
    "--enable-heuristic", "stt_ip",
)  # fmt: skip
CHECKED: Final = (
    "-o", "ip.check_checksum:TRUE",
    "-o", "udp.check_checksum:TRUE",
    "-o", "tcp.check_checksum:TRUE",
    "-o", "ipv6.try_heuristic_first:TRUE",
    "-o", "stt.check_checksum:TRUE",
    "-o", "tcp.relative_sequence_numbers:FALSE",
    "--disable-protocol", "carp",
)  # fmt: skip
_VERDICT: Final = "verdict"
_STATUS: Final = {0: "bad", 1: "valid", 3: "absent"}
"""PROTO_CHECKSUM_E_BAD and its kin; 2 is "not checked"."""
_WARNING: Final = 0x00600000
_ERROR: Final = 0x00800000
_CHECKSUM_GROUP: Final = 0x01000000
_LAYOUT_GROUPS: Final = (0x07000000, 0x09000000)
"""Expert information on malformed packets and on protocols broken."""
_BROKEN: Final = {"_ws.malformed": "malformed", "_ws.short": "truncated"}
_PASSED_OVER: Final = {"geninfo", "frame", "fake-field-wrapper", "ethertype", "raw", "udpencap", "_ws.expert"}

_OCTETS: Final = re.compile("[0-9a-f]{2}(:[0-9a-f]{2})*")

_Node = ElementTree.Element


class _Named(NamedTuple):
    """How tshark shows a field of ours."""

    name: str
    form: Mapping[str, Any]  # Any: JSON, as tests/vectors/README.md describes it


class _Table(NamedTuple):
    """What tshark calls a header or an element."""

    record: type[WireStruct]
    fields: dict[str, list[_Named]]

    @property
    def needed(self) -> set[str]:
        """The names that tshark shows wherever it shows the header at all."""
        shown = (names for field, names in self.fields.items() if field != _VERDICT)
        return {names[0].name for names in shown if len(names) == 1 and "if" not in names[0].form}


def _table(record: type[WireStruct], fields: Mapping[str, Any]) -> _Table:  # Any: JSON
    names: dict[str, list[_Named]] = {}
    for field, written in fields.items():
        several = written if isinstance(written, list) else [written]
        names[field] = [_Named(one, {}) if isinstance(one, str) else _Named(one["name"], one) for one in several]
    return _Table(record, names)


@cache
def _headers() -> tuple[dict[str, list[_Table]], list[_Table]]:
    """Our headers by tshark's name, and those that it counts to the header before."""
    named: dict[str, list[_Table]] = {}
    counted: list[_Table] = []
    for header in DEFAULT.headers:
        entry = tshark_entry(header)
        table = _table(header, entry.get("fields", {}))
        if entry.get("protocol"):
            named.setdefault(entry["protocol"], []).append(table)
        elif entry.get("protocol", "") is None:
            counted.append(table)
        if "otherwise" in entry:
            variant = _table(header, entry["variants"][entry["otherwise"]["variant"]])
            named.setdefault(entry["otherwise"]["protocol"], []).append(variant)
    return named, counted


# --- values -----------------------------------------------------------------------------------------------------------


def _number(text: str) -> int | None:
    if text in ("True", "False"):
        return int(text == "True")
    try:
        return int(text, 0)
    except ValueError:
        return None


def _value(nodes: Mapping[str, Sequence[str]], names: Sequence[_Named], kind: str) -> Plain:
    """Our value, from what tshark shows; None where it shows nothing of it."""
    parts: int | None = None
    for name, form in names:
        if not nodes.get(name):
            continue
        text = nodes[name][0]
        if "format" in form or "coded" in form:
            continue  # tshark shows more than one of our values in the same way
        number = _number(text)
        if "mask" in form:
            if len(names) == 1 and form["mask"] != 1:
                parts = None if number is None else number << form["shift"]
            continue
        if number is None and kind in ("int", "bool"):
            return int(_octets(text) or "0", 16) if _OCTETS.fullmatch(text) else None
        if number is None or kind in ("bytes", "address", "hardware", "protocol", "mac", "ipv4", "ipv6"):
            return _octets(text) if kind == "bytes" else text.lower()
        if "times" in form:
            number, odd = divmod(number - form.get("plus", 0), form["times"])
            return None if odd else number
        if "replace" in form:
            back = {other: int(value) for value, other in form["replace"].items()}
            number = back.get(number, number)
        return number
    return parts


def _octets(text: str) -> str:
    return "" if text == "<MISSING>" else text.replace(":", "").lower()


def _inside(node: _Node) -> Iterator[_Node]:
    """The fields below a node, but those of protocols inside of it."""
    for child in node:
        if child.tag == "field":
            yield child
            yield from _inside(child)


def _shown(nodes: Iterator[_Node]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in nodes:
        found.setdefault(node.get("name", ""), []).append(node.get("show", ""))
    return found


def _fields(table: _Table, shown: Mapping[str, Sequence[str]]) -> dict[str, Plain]:
    """Our values; a name that stands for several of our fields is shown once for each, in their order."""
    by_name = table.record.__layout__.by_name
    used: dict[str, int] = {}
    found: dict[str, Plain] = {}
    for field, names in table.fields.items():
        if field == _VERDICT or field not in by_name:
            continue
        left = {named.name: shown.get(named.name, ())[used.get(named.name, 0) :] for named in names}
        value = _value(left, names, by_name[field].kind)
        if value is not None:
            found[field] = value
            if len(names) == 1 and "mask" not in names[0].form:
                used[names[0].name] = used.get(names[0].name, 0) + 1
    return found


def _elements(record: type[WireStruct], node: _Node) -> dict[str, Plain]:
    """The fields of the elements in the header's rows: tshark has a tree of its own for each one."""
    found: dict[str, Plain] = {}
    for field in record.__layout__.fields:
        tables = [_table(element, tshark_entry(element).get("fields", {})) for element in field.elements]
        keys = {next(iter(table.fields.values()))[0].name for table in tables if table.fields}
        number = 0
        for tree in _inside(node):
            direct = [child.get("name", "") for child in tree if child.tag == "field"]
            if keys & {*direct}:
                shown = _shown(_inside(tree))
                fitting = max(
                    tables, key=lambda table: len(table.needed & shown.keys()) - len(table.needed - shown.keys())
                )
                for name, value in _fields(fitting, shown).items():
                    found[f"{field.name}[{number}].{name}"] = value
                number += 1
    return found


# --- packets ----------------------------------------------------------------------------------------------------------


def _protocols(node: _Node) -> Iterator[_Node]:
    """The protocols of a packet, those inside of another one after it."""
    for child in node:
        if child.tag == "proto":
            yield child
        yield from _protocols(child)


def _fault(packet: _Node) -> str | None:
    for node in packet.iter():
        name = node.get("name", "")
        if node.tag == "proto" and name in _BROKEN:
            return _BROKEN[name]
        if name == "_ws.expert":
            shown = {child.get("name"): child.get("show", "") for child in node}
            severity, group = (int(shown.get(f"_ws.expert.{part}", "0")) for part in ("severity", "group"))
            if (severity >= _ERROR and group != _CHECKSUM_GROUP) or (severity >= _WARNING and group in _LAYOUT_GROUPS):
                return shown.get("_ws.expert.message", "an error")
    return None


def _best(tables: Sequence[_Table], shown: Mapping[str, Sequence[str]]) -> _Table:
    return max(tables, key=lambda table: len(table.needed & shown.keys()) - len(table.needed - shown.keys()))


def _consume(shown: dict[str, list[str]], table: _Table) -> None:
    """Takes away what a header has shown, once."""
    for name in table.needed & shown.keys():
        del shown[name][0]
        if not shown[name]:
            del shown[name]


def _read_headers(node: _Node) -> Iterator[HeaderReading]:
    """Our headers in one protocol of tshark."""
    named, counted = _headers()
    tables = named.get(node.get("name", ""))
    shown = _shown(_inside(node))
    if tables is not None:
        table = _best(tables, shown)
        status = _value(shown, table.fields.get(_VERDICT, ()), "int")
        yield HeaderReading(
            table.record.__layout__.name,
            {**_fields(table, shown), **_elements(table.record, node)},
            _STATUS.get(status) if isinstance(status, int) else None,
            {other.record.__layout__.name: _fields(other, shown) for other in tables if other is not table},
        )
        _consume(shown, table)
    while fitting := [table for table in counted if table.needed and table.needed <= shown.keys()]:
        table = _best(fitting, shown)
        yield HeaderReading(table.record.__layout__.name, {**_fields(table, shown), **_elements(table.record, node)})
        _consume(shown, table)


def reading_in(packet: _Node) -> Reading:
    """What tshark shows of one packet: as far as protocols go that we have names for."""
    known = _headers()[0]
    headers: list[HeaderReading] = []
    for node in _protocols(packet):
        name = node.get("name", "")
        if name in _PASSED_OVER or name.startswith("_ws."):
            continue
        if name not in known and not any(name == one.split(".")[0] for one in known):
            break
        headers += _read_headers(node)
    return Reading(tuple(headers), _fault(packet))


class TShark:
    """tshark, which must be installed."""

    name: str = "tshark"
    tells_faults: bool = True

    def read(self, records: Sequence[Record]) -> list[Reading]:
        """What it shows of each packet."""
        return readings_of(records, self._read)

    def _read(self, path: str, records: Sequence[Record]) -> list[Reading]:
        words = ["tshark", "-n", "-r", path, *SEPARATE, *CHECKED, "-T", "pdml"]
        found: list[Reading] = []
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
            assert running.stdout is not None
            try:
                for _, node in ElementTree.iterparse(running.stdout):
                    if node.tag == "packet":
                        found.append(reading_in(node))
                        node.clear()
            except ElementTree.ParseError as error:
                running.kill()
                found += [Reading((), f"{CRASHED}{error}")] * (len(records) - len(found))
        return found


DECODER: Final = TShark
