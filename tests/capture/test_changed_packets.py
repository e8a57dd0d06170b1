"""A packet that is replaced in its block: the file has the new one, in a block of the same kind where that can be."""

from __future__ import annotations

import io
import struct
from typing import Any, Final

import pytest
from msgspec.structs import replace

import overlaycodec as oc
from tests.tools.capture_files import BIG, ENHANCED, INTERFACE, LITTLE, OBSOLETE, SIMPLE, Blocks
from tests.tools.pcapng_blocks import blocks_of

DATA: Final = bytes(range(61))
CHANGES: Final[dict[str, dict[str, Any]]] = {
    "octets": {"data": bytes(61)},
    "fewer octets": {"data": b"abc", "wire_length": 3},
    "cut": {"data": b"abcd"},
    "longer on the wire": {"wire_length": 900},
    "as long as the limit": {"data": bytes(80), "wire_length": 80},
    "longer than the limit": {"data": bytes(81), "wire_length": 81},
    "time": {"time_ns": 5_000_000_000},
    "a finer time": {"time_ns": 5_000_000_001},
    "time before 1970": {"time_ns": -7},
    "flags": {"flags": 2},
    "no flags": {"flags": None},
    "comments": {"comments": ("one", "two")},
    "link type": {"link_type": 101},
    "FCS": {"fcs_octets": 4},
    "no FCS": {"fcs_octets": 0},
    "several": {"data": b"ab", "wire_length": 2, "flags": 1, "comments": ("x",), "time_ns": 3_000, "link_type": 113},
}
BARE: Final = {"octets", "fewer octets", "as long as the limit", "no flags"}
"""What a simple block can hold; the limit is that of its interface."""


def packet(blocks: Blocks, kind: int, interface: int) -> bytes:
    """A block of a packet that is of this interface; simple ones are of the first."""
    options = (
        (1, b"its own"),
        (2, blocks.word(1)),
        (2988, b"\x00\x00\x80\x12more"),
        (4, bytes(8)),
        (3, b"\x02" + bytes(4)),
    )
    if kind == SIMPLE:
        return blocks.simple(DATA)
    if kind == OBSOLETE:
        return blocks.obsolete(DATA, *options[:3], ticks=4_000_000, interface=interface, drops=515)
    return blocks.enhanced(DATA, *options, ticks=4_000_000, interface=interface)


@pytest.mark.parametrize("blocks", [LITTLE, BIG], ids=["little", "big"])
@pytest.mark.parametrize("kind", [SIMPLE, OBSOLETE, ENHANCED], ids=["simple", "obsolete", "enhanced"])
@pytest.mark.parametrize("change", CHANGES)
def test_the_file_has_the_new_packet(blocks: Blocks, kind: int, change: str) -> None:
    for number in (0, 1)[: 1 + (kind != SIMPLE)]:
        source = blocks.section() + blocks.interface((2, b"zero"), snap=80)
        source += blocks.interface((2, b"one"), (9, b"\x03"), (14, struct.pack(blocks.order + "q", -2)), snap=80)
        with oc.open_capture(source + packet(blocks, kind, number)) as capture:
            found = list(capture.blocks())
        assert found[-1].record is not None
        new = replace(found[-1].record, **CHANGES[change])
        stream = io.BytesIO()
        oc.write_capture(stream, [*found[:-1], found[-1].with_record(new)])
        with oc.open_capture(stream.getvalue()) as capture:
            (record,) = capture
            ours = capture.interfaces[record.interface]
        wanted = replace(new, interface=record.interface)
        if kind == SIMPLE and change not in BARE and wanted.time_ns is None:
            wanted = replace(wanted, time_ns=0)  # only a simple block has no time
        assert record == wanted
        assert ours.name == ("zero", "one")[number]

        out = blocks_of(stream.getvalue())
        block = out[-1]
        new_interface = new.link_type != 1 or change in ("longer than the limit", "FCS", "no FCS")
        new_interface |= change in ("a finer time", "time before 1970")
        assert [one.kind for one in out if one.kind == INTERFACE] == [INTERFACE] * (2 + new_interface)
        assert block.kind == (kind if kind != SIMPLE or change in BARE else ENHANCED)
        if kind == ENHANCED:  # a hash is of the octets that were there
            assert (3 in dict(block.options)) == ("data" not in CHANGES[change])
            assert {2988, 4} <= dict(block.options).keys()
        if kind == OBSOLETE:
            assert block.octets[10:12] == struct.pack(blocks.order + "H", 515)
