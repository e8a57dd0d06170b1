"""Every VNI of VXLAN and of Geneve, and every 802.1Q tag: written by columns to a capture, and read back by columns.

The octets are held against shifts of NumPy, which know nothing of the library. Batches bound the memory.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import pytest

import overlaycodec as oc

FRAME: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
OUTER: Final = FRAME / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
INNER: Final = FRAME.replace(ethertype=0x88B5)
BATCH: Final = 1 << 19
STARTS: Final = range(0, 1 << 24, BATCH)


def written(template: oc.Packet, columns: dict[str, np.ndarray[tuple[int], np.dtype[np.uint32]]]) -> oc.Frames:
    """The frames, as a capture holds them once it was written and read."""
    frames = oc.encode_columns(template, columns)
    out = io.BytesIO()
    assert oc.write_capture(out, frames, format="pcap") == len(frames)
    table = oc.columns(out.getvalue(), [*columns, "fault"])
    assert len(table) == len(frames)
    assert table.absent("fault").all()
    for name, values in columns.items():
        assert not table.absent(name).any()
        assert (np.ma.getdata(table[name]) == values).all()
    return frames


@pytest.mark.parametrize(
    ("header", "name", "first_word", "starts"),
    [
        pytest.param(oc.VXLAN(vni=0), "vxlan.vni", 0x08000000, STARTS, id="vxlan"),
        pytest.param(oc.Geneve(vni=0), "geneve.vni", 0x00006558, STARTS[:: len(STARTS) - 1], id="geneve, both ends"),
        pytest.param(oc.Geneve(vni=0), "geneve.vni", 0x00006558, STARTS, id="geneve", marks=pytest.mark.survey),
    ],
)
def test_every_vni(header: oc.Header, name: str, first_word: int, starts: range) -> None:
    template = OUTER / oc.UDP(src_port=49152, checksum=0) / header / INNER
    for start in starts:
        vnis = np.arange(start, start + BATCH, dtype=np.uint32)
        rows = written(template, {name: vnis}).rows
        words = np.ascontiguousarray(rows[:, 42:50]).view(">u8")[:, 0]
        assert (words == np.uint64(first_word) << np.uint64(32) | vnis.astype(np.uint64) << np.uint64(8)).all()
        assert (rows[:, :42] == rows[0, :42]).all()
        assert (rows[:, 50:] == rows[0, 50:]).all()


def test_every_tag() -> None:
    """All 4,096 identifiers, with every priority, with and without the drop eligible indicator."""
    tci = np.arange(1 << 16, dtype=np.uint32)
    columns = {"vlan.pcp": tci >> 13, "vlan.dei": tci >> 12 & 1 == 1, "vlan.vid": tci & 0xFFF}
    rows = written(FRAME / oc.VLANTag(vid=0, ethertype=0x88B5) / b"", columns).rows
    assert (np.ascontiguousarray(rows[:, 14:16]).view(">u2")[:, 0] == tci).all()
    assert (np.ascontiguousarray(rows[:, 12:14]).view(">u2") == 0x8100).all()
    assert (np.ascontiguousarray(rows[:, 16:18]).view(">u2") == 0x88B5).all()
