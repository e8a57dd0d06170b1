"""Columns in memory that holds other values are those in memory that holds none: absent values are 0."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import overlaycodec as oc
from overlaycodec.capture.bulk.arrays import ByteBuffer
from overlaycodec.columnar.workers.work import Outcome, Request, Worker
from tests.tools import stacks

NAMES = ("time_ns", "vxlan.vni", "geneve.vni", "inner.ipv4.src", "ipv6.src", "vlan.vid", "tcp.dst_port", "fault")
CAPTURES = stacks.captures(stacks.CAPTURES)


class Used:
    """Memory in which others have written."""

    zeroed = False

    def allocate(self, octets: int) -> ByteBuffer:
        return np.full(octets, 0xAA, np.uint8)


@pytest.mark.parametrize("most", [None, 3])
def test_nothing_shows_that_memory_was_used(most: int | None) -> None:
    absent = 0
    for path in CAPTURES.values():
        for used, fresh in zip(parts(path, most, Used()), parts(path, most), strict=True):
            for (one, _), (other, _) in zip(used.outputs, fresh.outputs, strict=True):
                assert one.count == other.count
                assert one.absent.keys() == other.absent.keys()
                for presence, mask in one.absent.items():
                    assert np.array_equal(mask[: one.count], other.absent[presence][: one.count])
                    absent += int(mask[: one.count].sum())
                for name, values in one.values.items():
                    assert values[: one.count].tobytes() == other.values[name][: one.count].tobytes(), (path, name)
    assert absent > 100


def parts(path: Path, most: int | None, memory: Used | None = None) -> Iterator[Outcome]:
    """What a process gives for a whole file."""
    return Worker(Request(NAMES, oc.DEFAULT, most=most)).parts(oc.splits(path)[0], memory)
