"""The header stack of every captured record is what tshark says it is; each difference is listed, with its reason.

tshark's protocol column is stored (see tests/tools/stacks.py). Before the comparison it loses what is no header of its
own, and it ends where a protocol begins that the catalog does not describe: what follows is payload to us.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

import overlaycodec as oc
from tests.tools import decoder_names, stacks

DIFFERENCES: Final = stacks.ROOT / "tests" / "expected" / "stack-differences.json"

NAMES: Final = decoder_names.protocols("tshark")
"""tshark's name of each header; None where it counts the header to the one before."""
S_TAG: Final = 0x88A8

# What tshark lists and is no header.
NO_HEADER: Final = {
    "ethertype",  # the type field of the header before it
    "pcap_pktdata",  # what begins with a link type within a record
    "raw",  # a link type without a header
    "teredo",  # IPv6 in UDP, with indications before it or not
    "udpencap",  # what tells ESP in UDP from IKE
}

# Where the catalog ends by design. A protocol that it learns moves to src/overlaycodec/filters/wireshark_names.
OUTSIDE: Final = {"nhrp", "ospf"} | {
    # what the last header carries
    *("bvlc", "data", "db-lsp-disc", "dns", "http", "mdns", "mysql", "sap", "ssh", "tls", "x11"),
}

CAPTURES: Final = {
    name: (path, stored)
    for folder, stored in stacks.SETS
    for name, path in stacks.captures(folder).items()
}  # fmt: skip
STORED: Final = {name: column for _, path in stacks.SETS for name, column in stacks.load(path).items()}


def our_stack(packet: oc.Packet) -> str:
    """The headers of a packet, in tshark's words."""
    names: list[str] = []
    before: Any = None  # Any: a header whose type is not known, or none
    for header in packet:
        name = NAMES[type(header)]
        if (
            name == "vlan"
            and before is not None
            and getattr(before, "ethertype", getattr(before, "protocol", 0)) == S_TAG
        ):
            name = "ieee8021ad"
        # tshark reads a stack of labels as one protocol
        if name is not None and not (name == "mpls" == names[-1]):
            names.append(name)
        before = header
    return ":".join(names)


def their_stack(column: str) -> str:
    """tshark's protocol column, as far as the catalog goes."""
    names: list[str] = []
    for name in column.split(":"):
        if name in OUTSIDE:
            break
        # tshark lists IGMP twice, for its version and for the message
        if name not in NO_HEADER and not (name == "igmp" == names[-1]):
            names.append(name)
    return ":".join(names)


def expected_differences() -> dict[str, dict[int, tuple[str, str]]]:
    """By capture and by the record's number from 1: our stack and theirs."""
    found: dict[str, dict[int, tuple[str, str]]] = {}
    for entry in json.loads(DIFFERENCES.read_text()):
        assert entry["why"], entry
        records = found.setdefault(entry["file"], {})
        for number in entry["records"]:
            assert number not in records, f"{entry['file']}, record {number} is listed twice"
            records[number] = (entry["ours"], entry["tshark"])
    return found


def test_every_header_of_the_catalog_has_tsharks_name() -> None:
    missing = {header.__layout__.name for header in oc.DEFAULT.headers} - {cls.__layout__.name for cls in NAMES}
    assert not missing, "say in src/overlaycodec/filters/wireshark_names what tshark calls them"
    assert not OUTSIDE & set(NAMES.values())


def test_every_field_that_has_a_name_is_there() -> None:
    for record, entry in decoder_names.entries("tshark").items():
        assert entry.keys() <= {"protocol", "fields", "variants", "filters", "stacked", "otherwise"}
        for fields in (entry.get("fields", {}), entry.get("filters", {}), *entry.get("variants", {}).values()):
            assert fields.keys() <= {*record.__layout__.by_name, "verdict"}, record.__layout__.name


def test_every_protocol_in_the_lists_is_known() -> None:
    known = {name for name in NAMES.values() if name} | {"ieee8021ad"} | NO_HEADER | OUTSIDE
    for name, column in STORED.items():
        for number, protocols in enumerate(column, 1):
            for protocol in their_stack(protocols).split(":"):
                assert protocol in known or not protocol, f"{name}, record {number}: what is {protocol}?"


def test_lists_and_captures_belong_together() -> None:
    """No capture without tshark's list, no list or difference without its capture."""
    for folder, path in stacks.SETS:
        if folder.is_dir():
            assert set(stacks.captures(folder)) == set(stacks.load(path)), "run python -m tests.tools.stacks"
    assert set(expected_differences()) <= set(STORED)


@pytest.mark.parametrize("name", CAPTURES)
def test_stacks(name: str) -> None:
    ours: list[str] = []
    with oc.open_capture(CAPTURES[name][0]) as capture:
        ours.extend(our_stack(record.decode(lax=True)) for record in capture)
    theirs = [their_stack(column) for column in STORED[name]]
    assert len(ours) == len(theirs), "another number of records"
    differences = {n: pair for n, pair in enumerate(zip(ours, theirs, strict=True), 1) if pair[0] != pair[1]}
    assert differences == expected_differences().get(name, {})
