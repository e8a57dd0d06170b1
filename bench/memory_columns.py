"""Memory: what a decoded packet takes, what `columns` takes beside its result, and how far `iter_columns` goes.

Strategy: each is run as a program of its own. What counts is anonymous memory, sampled while the work is done: pages of
a mapped file are the system's to drop.
"""

from __future__ import annotations

import gc
import json
import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from bench.captures import write_uniform
from bench.frames import frames
from bench.memory import peak_octets
from bench.peers.tables import COLUMNS

__all__ = ["ColumnsMemory", "Held", "anonymous", "held", "measure_columns"]


class Held(NamedTuple):
    """Octets that a decoded packet of seven headers takes, for as long as it is kept."""

    name: str
    octets: float


class ColumnsMemory(NamedTuple):
    """Octets over and above what the process had before."""

    packets: int
    result: int
    peak: int
    scanned: int
    scan_early: int
    """The peak after a tenth of the packets."""
    scan_peak: int


def _program(*arguments: object) -> list[int]:
    command = [sys.executable, "-m", "bench.memory_columns", *map(str, arguments)]
    numbers: list[int] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return numbers


def held(names: list[str], packets: int) -> list[Held]:
    """For each of these libraries; of scapy fewer packets."""
    found = []
    for name in names:
        count = packets // 10 if name == "scapy" else packets
        found.append(Held(name, _program("held", name, count)[0] / count))
    return found


def measure_columns(packets: int, scanned: int) -> ColumnsMemory:
    """Twenty columns of a capture of so many packets at once, and a scan of a longer one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "columns.pcap")
        write_uniform(path, packets)
        result, peak = _program("columns", path)
        write_uniform(path, scanned)
        early, last = _program("scan", path, scanned // 10)
    return ColumnsMemory(packets, result, peak, scanned, early, last)


def anonymous() -> int:
    """The octets of memory of this process that are of no file."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return peak_octets()  # no Linux: all that was ever resident is all that is known
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


class _Peak(threading.Thread):
    """The most anonymous memory over what there was at the start, looked at some hundred times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.before = self.most = anonymous()
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.002):
            self.look()

    def look(self) -> int:
        self.most = max(self.most, anonymous())
        return self.most - self.before


def _held(name: str, count: int) -> list[int]:
    from bench.peers import installed

    decode = next(peer.decode for peer in installed()[0] if peer.name == name)
    assert decode is not None
    given = frames(random.Random(1), count, distinct=False)
    kept = [decode(data) for data in given[:1000]]
    kept.clear()
    gc.collect()
    before = anonymous()
    kept = [decode(data) for data in given]
    gc.collect()
    return [anonymous() - before]


def _columns(path: str) -> list[int]:
    import overlaycodec

    small = Path(path).with_name("small.pcap")
    write_uniform(small, 100)
    overlaycodec.columns(small, COLUMNS)  # what is imported and generated at first use
    peak = _Peak()
    peak.start()
    table = overlaycodec.columns(path, COLUMNS)
    most = peak.look()
    peak.done.set()
    blocks = {}
    for name in COLUMNS:
        column = table[name]
        for array in (column.data, column.mask):
            # columns of one header may share a mask, and a mask may be one value told for all
            octets = array.nbytes if all(array.strides) else array.itemsize
            blocks[array.__array_interface__["data"][0]] = octets
    return [sum(blocks.values()), most]


def _scan(path: str, mark: int) -> list[int]:
    import overlaycodec

    peak = _Peak()
    packets, early = 0, 0
    for table in overlaycodec.iter_columns(path, COLUMNS):
        packets += len(table)
        most = peak.look()
        if packets >= mark and not early:
            early = most
    return [early, peak.look()]


if __name__ == "__main__":
    work, *rest = sys.argv[1:]
    if work == "held":
        print(json.dumps(_held(rest[0], int(rest[1]))))
    elif work == "columns":
        print(json.dumps(_columns(rest[0])))
    else:
        print(json.dumps(_scan(rest[0], int(rest[1]))))
