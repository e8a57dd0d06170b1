"""Memory over a long capture: run as a program of its own, it reads a capture and says how far its memory went.

Strategy: no two packets of the file are alike and no address comes back, so that anything kept for a packet shows. What
counts is the peak of the resident set, as the system saw it.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from struct import pack
from typing import NamedTuple

from bench.frames import capture_record, frame

__all__ = ["Reading", "Sample", "measure", "peak_octets"]


class Sample(NamedTuple):
    """The peak of the resident set, in octets, after so many packets."""

    packets: int
    peak: int


class Reading(NamedTuple):
    """One run over a capture."""

    octets: int
    """The size of the file."""
    seconds: float
    """CPU time to read and decode all of it."""
    samples: list[Sample]


def measure(marks: Sequence[int]) -> Reading:
    """Writes a capture of as many packets as the last mark says, and has another process decode it all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.pcap")
        _write(path, marks[-1])
        arguments = [sys.executable, "-m", "bench.memory", str(path), *map(str, marks)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=True)
        seconds, samples = json.loads(done.stdout)
        return Reading(path.stat().st_size, seconds, [Sample(*sample) for sample in samples])


def _write(path: Path, packets: int) -> None:
    source = random.Random(packets)
    with path.open("wb") as file:
        file.write(pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(packets):
            file.write(capture_record(number, frame(source, summed=False)))


def peak_octets() -> int:
    """The peak of this process's resident set."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    # getrusage on Linux counts what the parent had before this program was started in its place
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _read(path: str, marks: list[int]) -> tuple[float, list[Sample]]:
    import overlaycodec

    samples = []
    start = time.process_time()
    with overlaycodec.open_capture(path) as capture:
        for number, packet in enumerate(capture.packets(lax=True), start=1):
            if packet.fault is not None or len(packet.headers) != 7:
                raise AssertionError(f"packet {number} was not read: {packet.fault}")
            if number in marks:
                samples.append(Sample(number, peak_octets()))
    return time.process_time() - start, samples


if __name__ == "__main__":
    print(json.dumps(_read(sys.argv[1], [int(mark) for mark in sys.argv[2:]])))
