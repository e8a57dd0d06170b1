"""tshark, with the dissectors that `export_schema` makes, shows the fields that we decode: value and position.

Every header of the catalog is read so, in each form that the vectors, the captures and a corpus have it: its octets are
a packet of a link type for users, at which tshark finds the exported dissector.
"""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import Path
from typing import Annotated, Final
from xml.etree import ElementTree

import pytest

import overlaycodec as oc
from overlaycodec.describe.plain import leaves_of
from overlaycodec.interchange.wireshark.layouts import USER_LINK_TYPES
from overlaycodec.packet.offsets import octets_in
from tests.interop.decoders import corpus
from tests.interop.live.machine import environment, need
from tests.interop.tally import Tally
from tests.tools import stacks
from tests.tools.stacks import OPTIONS
from tests.vectors.test_vectors import DECODING, decoded

CAPTURES: Final = stacks.captures(stacks.CAPTURES)
MOST: Final = 100
"""Different headers of a class that are compared."""
BEHIND: Final = 32
"""Octets behind a header that are in the packet too."""
Shown = tuple[str, int, int, object]
"""A field: its name in filters without the number of a list's element, its first octet, its octets, its value."""


def packets() -> Iterator[tuple[bytes, oc.Packet]]:
    for vector in DECODING.values():
        yield bytes.fromhex(vector["hex"]), decoded(vector)
    for path in CAPTURES.values():
        with oc.open_capture(path) as capture:
            for record in capture:
                yield record.data, record.decode(lax=True)
    for seed, source in enumerate(corpus.SOURCES.values(), 1):
        for record in islice(corpus.records(source, seed), 400):
            yield record.data, record.decode(lax=True, catalog=source.catalog)


@cache
def instances() -> dict[type[oc.Header], dict[bytes, oc.Header]]:
    """Different headers of each class, by their octets and some behind them."""
    found: dict[type[oc.Header], dict[bytes, oc.Header]] = defaultdict(dict)
    for data, packet in packets():
        at = 0
        for header in packet.headers:
            octets = octets_in(header)
            behind = 0 if header.__layout__.takes_rest else BEHIND
            if len(found[type(header)]) < MOST:
                found[type(header)].setdefault(data[at : at + octets + behind], header)
            at += octets
    return found


def ours(header: oc.Header, prefix: str) -> list[Shown]:
    shown = []
    for leaf in leaves_of(header):
        if leaf.bits:
            first, last = leaf.bit // 8, (leaf.bit + leaf.bits - 1) // 8
            value = leaf.value.packed if isinstance(leaf.value, IPv4Address | IPv6Address) else leaf.value
            value = bytes(value) if isinstance(value, oc.MACAddress) else value
            name = re.sub(r"\[\d+\]", "", leaf.path)
            shown.append((f"{prefix}{header.__layout__.name}.{name}", first, last - first + 1, value))
    return shown


def theirs(proto: ElementTree.Element, fields: list[Shown]) -> Iterator[Shown]:
    """What tshark shows of a header, each value in the form of ours at this place."""
    number = 0
    for field in proto.iter("field"):
        if not field.get("value"):
            continue  # an element of a list: its fields are within it
        name = re.sub(r"_(?:\d+|bool|bytes|mac|ipv[46]|list)$", "", field.get("name", ""))
        first, octets, text = int(field.get("pos", 0)), int(field.get("size", 0)), field.get("show", "")
        like = fields[number] if number < len(fields) else None
        if like is not None and like[0] == field.get("name", ""):
            name = like[0]
        value: object = text
        if like is not None and isinstance(like[3], bool):
            value = text in ("1", "True")
        elif like is not None and isinstance(like[3], int):
            value = int(text, 0)
        elif like is not None:
            value = bytes.fromhex(field.get("value", ""))
        number += 1
        yield name, first, octets, value


def dissected(headers: list[type[oc.Header]], folder: Path) -> Iterator[tuple[oc.Header, ElementTree.Element | None]]:
    """Each header, and what tshark shows of it."""
    scripts, records, sent = [], [], []
    for link_type, cls in zip(USER_LINK_TYPES, headers, strict=False):
        scripts += ["-X", f"lua_script:{folder / cls.__layout__.name}.lua"]
        (folder / f"{cls.__layout__.name}.lua").write_text(oc.export_schema(cls, keys=[oc.LINK_TYPE(link_type)]))
        for data, header in instances()[cls].items():
            records.append(oc.Record(time_ns=0, data=data, link_type=link_type))
            sent.append(header)
    path = folder / "headers.pcapng"
    oc.write_capture(path, records)
    command = ["tshark", "-n", "-r", str(path), *OPTIONS, *scripts, "-T", "pdml"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert run.returncode == 0, run.stderr
    assert "lua" not in run.stderr.lower(), run.stderr
    frames = ElementTree.fromstring(run.stdout).findall("packet")
    assert len(frames) == len(sent)
    for header, frame in zip(sent, frames, strict=True):
        name = f"overlaycodec.{header.__layout__.name}"
        yield header, next((proto for proto in frame.findall("proto") if proto.get("name") == name), None)


GROUPS: Final = [
    list(oc.DEFAULT.headers[start : start + len(USER_LINK_TYPES)])
    for start in range(0, len(oc.DEFAULT.headers), len(USER_LINK_TYPES))
]


@pytest.mark.interop
@pytest.mark.parametrize("headers", GROUPS, ids=lambda headers: headers[0].__layout__.name)
def test_the_fields_are_ours(headers: list[type[oc.Header]], tmp_path: Path, tally: Tally) -> None:
    need("tshark")
    packets = compared = 0
    for header, proto in dissected(headers, tmp_path):
        assert proto is not None, f"tshark shows no {header!r}"
        expected = ours(header, "overlaycodec.")
        assert list(theirs(proto, expected)) == expected, repr(header)
        packets, compared = packets + 1, compared + len(expected)
    assert packets >= len(headers)
    tally.count("tshark", "exported dissectors", packets, compared)


class Mirrored(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9999),), carries=oc.ETHERTYPE(0x6558), tunnel=True):
    """Octets in front of a mirrored frame."""

    version: Annotated[int, oc.Bits(4), oc.Const(1), "Version"] = 1
    reserved: Annotated[int, oc.Reserved(4)] = 0
    switch: Annotated[int, oc.Bits(24), "Switch id"]


@pytest.mark.interop
def test_a_header_of_ones_own_leads_to_what_it_carries(tmp_path: Path) -> None:
    need("tshark")
    catalog = oc.DEFAULT.with_header(Mirrored)
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    outer = link / oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / oc.UDP(src_port=1)
    inside = link / oc.IPv4(src="198.51.100.1", dst="198.51.100.2") / oc.UDP(src_port=1, dst_port=2) / b"data"
    path, script = tmp_path / "mirrored.pcap", tmp_path / "mirrored.lua"
    oc.write_capture(path, [outer / Mirrored(switch=7) / inside], catalog=catalog)
    script.write_text(oc.export_schema(Mirrored))
    shown = ["-T", "fields", "-e", "mirrored.switch", "-e", "ip.src", "-e", "data.data", "-e", "_ws.col.Protocol"]
    command = ["tshark", "-n", "-r", str(path), *OPTIONS, "-X", f"lua_script:{script}", "-Y", "mirrored.switch == 7"]
    run = subprocess.run([*command, *shown], capture_output=True, text=True, env=environment(), check=False)
    assert run.stdout.split() == ["7", "192.0.2.1,198.51.100.1", b"data".hex(), "UDP"], run.stderr
