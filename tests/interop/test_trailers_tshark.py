"""tshark reads the declared trailers: every field of ours has its octets and its place.

The frames are put together here, octet by octet, and not by our encoder. tshark has no dissector for Arista's 7150.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final
from xml.etree import ElementTree

import pytest

import overlaycodec as oc
from overlaycodec import trailers
from tests.interop.live.machine import environment, need
from tests.interop.tally import Tally

NOW: Final = 1_700_000_000
COUNT: Final = 200
HEURISTICS: Final = ("--enable-heuristic", "metamako_eth", "--enable-heuristic", "exablaze_eth")
FRAMES: Final = {
    "udp": bytes.fromhex(
        "02000000000202000000000108004500002400000000401166c70a0000010a00000200010002001000006f637465742e2e2e"
    ),
    "arp": bytes.fromhex("020000000002020000000001080600010800060400010200000000010a0000010000000000000a000002"),
}
"""Frames without an end of their own, before padding; the first one has a payload of 8 octets."""

Shown = tuple[str, int, int, str]
"""A field of tshark: its name, its first octet in the frame, how many it has, and these."""


def _metamako(random: Random, *, extended: bool) -> bytes:
    """A trailer of the device, from its first octet on."""
    found = b""
    count = random.randrange(1, 4) if extended else 0
    for number in range(count):
        last = int(number == 0)
        kind = random.choice(("sequence", "fraction", "text", "unknown"))
        if kind == "text":
            words = random.randrange(1, 9)
            text = bytes(random.randrange(0x41, 0x5B) for _ in range(words * 4))
            found += text + struct.pack(">I", (words - 1) << 6 | last << 5 | 31)
        else:
            words = random.randrange(4) if kind == "unknown" else 0
            tag = {"sequence": 0, "fraction": 1}.get(kind, random.randrange(4, 31))
            data = random.randbytes(words * 4 + 3)
            if kind == "sequence":
                data = b"\0" + data[1:]
            found += data + bytes([words << 6 | last << 5 | tag])
    flags = 2 * extended | random.randrange(2)
    stamp = struct.pack(">IIBHB", NOW + random.randrange(-9999, 9999), random.randrange(10**9), flags,
                        random.randrange(1 << 16), random.randrange(256))  # fmt: skip
    return random.randbytes(4) + found + stamp


def _exablaze(random: Random) -> bytes:
    seconds = NOW + random.randrange(-9999, 9999)
    return random.randbytes(6) + struct.pack(">I", seconds) + random.randbytes(6)


def _expected(record: Any, start: int) -> Iterator[Shown]:  # Any: a trailer of either class
    """What tshark should say of our record, which starts at this octet."""
    leaves = {leaf.path: leaf for leaf in record.wire_leaves()}

    def shown(name: str, path: str, octets: bytes, more: int = 0) -> Shown:
        return name, start + leaves[path].bit // 8 + more, len(octets), octets.hex()

    def number(name: str, path: str, octets: int) -> Shown:
        return shown(name, path, getattr(record, path).to_bytes(octets, "big"))

    if isinstance(record, trailers.Exablaze):
        yield number("exablaze.original_fcs", "original_fcs", 4)
        yield number("exablaze.device", "device", 1)
        yield number("exablaze.port", "port", 1)
        yield number("exablaze.timestamp.seconds", "seconds", 4)
        yield number("exablaze.timestamp.fractional_seconds", "fraction", 5)
        return
    yield number("metamako.orig_fcs", "original_fcs", 4)
    yield shown("metamako.time", "seconds", struct.pack(">II", record.seconds, record.nanoseconds))
    yield number("metamako.srcdevice", "device", 2)
    yield number("metamako.srcport", "port", 1)
    flags = record.has_extensions << 1 | record.fcs_valid
    yield shown("metamako.flags", "reserved", bytes([flags]))
    for index, one in enumerate(record.extensions or ()):
        path = f"extensions[{index}].data"
        if one.tag == 0:
            yield shown("metamako.seqnum", path, one.data[1:3], 1)
        elif one.tag == 1:
            yield shown("metamako.subns", path, one.data)
        elif one.tag == 31:
            yield shown("metamako.tagstring", f"extensions[{index}].more", one.more + one.data)
        else:
            yield shown("metamako.unknown", path, one.data)


@pytest.mark.parametrize("kind", ["Metamako", "Exablaze"])
def test_tshark_reads_every_field_where_we_do(kind: str, tmp_path: Path, tally: Tally) -> None:
    need("tshark")
    random = Random(kind)
    cls = getattr(trailers, kind)
    records = []
    for number in range(COUNT):
        frame = random.choice([*FRAMES.values()])
        frame += bytes(random.choice((0, max(0, 60 - len(frame)))))
        frame += _exablaze(random) if kind == "Exablaze" else _metamako(random, extended=number % 2 == 1)
        records.append(oc.Record(frame, time_ns=NOW * 10**9, link_type=1))
    path = tmp_path / "trailers.pcap"
    oc.write_capture(path, records)
    command = ["tshark", "-r", str(path), *HEURISTICS, "-T", "pdml"]
    done = subprocess.run(command, capture_output=True, check=True, env=environment(), timeout=120)
    catalog = oc.DEFAULT.with_trailer(cls)
    compared = 0
    for record, packet in zip(records, ElementTree.fromstring(done.stdout).iter("packet"), strict=True):
        ours = record.decode(catalog=catalog)
        assert catalog.encode(ours) == record.data
        found = ours[f"trailer.{kind.lower()}"]
        expected = sorted(_expected(found, len(record.data) - len(found.octets())))
        names = {name for name, *_ in expected}
        theirs = sorted(
            (field.attrib["name"], int(field.attrib["pos"]), int(field.attrib["size"]), field.attrib["value"])
            for field in packet.iter("field")
            if field.attrib["name"] in names | {"metamako.unknown", "metamako.seqnum", "metamako.tagstring"}
        )
        assert theirs == expected
        flags = {
            f.attrib["name"]: f.attrib["show"] for f in packet.iter("field") if "metamako.flags." in f.attrib["name"]
        }
        if kind == "Metamako":
            assert flags["metamako.flags.has_extensions"] == str(int(found.has_extensions))
            assert flags["metamako.flags.orig_fcs_vld"] == str(int(found.fcs_valid))
        compared += len(expected) + len(flags)
    tally.count(f"tshark, {kind} trailers", "emitted", COUNT, compared)
    assert compared >= COUNT * 5
