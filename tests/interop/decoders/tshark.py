"""tshark: its names for our fields, and its reading of a capture.

Strategy: `-T fields` gives each field's values in the order in which they stand in the packet, at whatever depth. So
does a walk over our headers. Nothing is matched but that order.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import overlaycodec as oc
from overlaycodec.fuzz.decoders.with_tshark import CHECKED, SEPARATE
from overlaycodec.schema.record import WireStruct
from tests.interop.decoders.compare import Comparison, Tables, names_of_stack, parting, type_of
from tests.interop.decoders.corpus import PSEUDOWIRE_LABEL
from tests.interop.decoders.differences import Entry
from tests.interop.decoders.fields import As, Table, each, table
from tests.interop.decoders.tshark_differences import TSHARK, WITNESSES
from tests.interop.live.machine import need
from tests.test_stacks import NAMES, NO_HEADER
from tests.tools.decoder_names import entries
from tests.tools.stacks import tshark_version

OPTIONS: Final = (*SEPARATE, *CHECKED, "-d", f"mpls.label=={PSEUDOWIRE_LABEL},pwethcw")
S_TAG: Final = "a tag of type 0x88A8"
MLD_V2_QUERY: Final = "a query of version 2"
BEHIND_I_TAG: Final = "a frame behind an I-tag"
"""Variants of headers, for which src/overlaycodec/filters/wireshark_names has other names."""


def last_hop(options: tuple[WireStruct, ...]) -> object:
    """The last address of the first source route, while there are some to be visited."""
    for option in options:
        if isinstance(option, oc.IPv4LooseSourceRouteOption | oc.IPv4StrictSourceRouteOption):
            return option.route[-1].address if option.pointer <= option.length and option.route else None
    return None


def pending(header: WireStruct) -> object:
    """The last hop of a header's source route, as long as it is on the way."""
    return last_hop(header.options) if isinstance(header, oc.IPv4) else None


# What asks more than one field of a record, and so is not written in src/overlaycodec/filters/wireshark_names.
ASKING_MORE: Final[Mapping[type[WireStruct], Table]] = {
    oc.IPv4: {
        # with hops still to be visited, it shows the last one as the destination
        "dst": (
            As("ip.dst", where=lambda header: pending(header) is None),
            As("ip.cur_rt", where=lambda header: pending(header) is not None),
        ),
        "options": As("ip.dst", last_hop, lambda header: pending(header) is not None),
    },
}


def fields() -> Iterator[tuple[type[WireStruct] | str, Table]]:
    """Its names for our fields, by class, and by variant of a class (see `kind_of`)."""
    for record, entry in entries("tshark").items():
        if "fields" in entry:
            yield record, {**table(entry["fields"]), **ASKING_MORE.get(record, {})}
        for name, variant in entry.get("variants", {}).items():
            yield name, table(variant)


FIELDS: Final = dict(fields())

VERDICTS: Final = {"valid": 1, "bad": 0, "unverifiable": 2, "absent": 3, "partial": 0}
"""PROTO_CHECKSUM_E_GOOD and its kin."""


# Protocols that it reads and the catalog does not: what they read is payload to us.
_KNOWN: Final = {name for name in NAMES.values() if name} | {"ieee8021ad"}


def stack_of(column: str) -> tuple[list[str], bool]:
    """The headers in a protocol column as far as the catalog goes, and whether it goes on beyond."""
    found: list[str] = []
    for name in column.split(":"):
        if name in NO_HEADER or (name == "igmp" and found and found[-1] == name):  # listed twice, with its message
            continue
        if name not in _KNOWN:
            return found, name != "data"
        found.append(name)
    return found, False


def kind_of(headers: Sequence[oc.Header], number: int) -> type[oc.Header] | str:
    """Under which key of the table a header stands."""
    header, before = headers[number], headers[number - 1] if number else None
    if isinstance(header, oc.VLANTag) and type_of(before) == 0x88A8:
        return S_TAG
    if isinstance(header, oc.Ethernet) and isinstance(before, oc.ITag):
        return BEHIND_I_TAG
    if isinstance(header, oc.MLDQuery) and any(isinstance(behind, oc.MLDv2Query) for behind in headers[number + 1 :]):
        return MLD_V2_QUERY
    return type(header)


TABLES: Final = Tables(FIELDS, VERDICTS, kind_of)


def names() -> list[str]:
    """Every field of the table once."""
    return list(dict.fromkeys(one.name for table in FIELDS.values() for named in table.values() for one in each(named)))


def compared(path: Path, packets: Sequence[oc.Packet], catalog: oc.Catalog) -> Iterator[Comparison]:
    """Each packet of a capture, compared with what tshark reads."""
    for packet, (column, values) in zip(packets, _read(path), strict=True):
        comparison = Comparison(packet)
        stack, beyond = stack_of(column)
        until, parted = parting(names_of_stack(packet), stack, len(packet.headers))
        comparison.add(TABLES, catalog, values, until, parted, beyond=beyond)
        yield comparison


class TShark:
    """The program, where it is there."""

    name = "tshark"
    known: tuple[Entry, ...] = TSHARK
    unread_link_types = frozenset({284, 285})
    witnesses: tuple[oc.Packet, ...] = WITNESSES

    def __init__(self) -> None:
        need("tshark")
        self.version = tshark_version()

    def close(self) -> None:
        """Nothing is left running."""

    compared = staticmethod(compared)


def _read(path: Path) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Of each record, the protocol column, and the values of each field that occurs."""
    asked = names()
    command = ["tshark", "-n", "-r", str(path), *OPTIONS, "-T", "fields", "-E", "aggregator=|"]
    command += [part for name in ("frame.encap_type", "frame.protocols", *asked) for part in ("-e", name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        for line in running.stdout:
            link_type, protocols, *values = line.rstrip("\n").split("\t")
            if link_type:  # tshark lists a pcapng Custom Block as a frame, without a link type
                yield protocols, {name: value.split("|") for name, value in zip(asked, values, strict=True) if value}
        complaint = running.stderr.read()
        assert running.wait() == 0, complaint[:500]
