"""Several processes give what one does: rows, damage, errors; and all of them end with the one that started them."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import overlaycodec as oc
from overlaycodec.columnar.table import Table
from overlaycodec.columnar.workers import reading
from tests.tools import stacks
from tests.tools.capture_files import LITTLE, pcap, record

NAMES = [
    "time_ns",
    "vxlan.vni",
    "inner.ipv4.src",
    "ipv6.src",
    "fault",
    "section",
    "interface_name",
    "comment",
    "payload",
]
CAPTURES = {**stacks.captures(stacks.CAPTURES), **stacks.captures(stacks.PUBLIC)}
FRAME = stacks.CAPTURES / "ovs-vxlan.pcap"


@pytest.fixture(autouse=True)
def small_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small captures have several splits."""
    monkeypatch.setattr(reading, "LEAST", 4000)


def read(source: Any, names: list[str] | None = NAMES, **options: Any) -> tuple[Table | None, Exception | None]:
    """The table of a source, up to the damage, and the error."""
    try:
        return oc.columns(source, names, **options), None
    except oc.CaptureError as error:
        return error.table, error


def assert_same(one: Any, other: Any) -> None:
    """The same tables and errors; columns that were not named can have another order."""
    (table, error), (second, another) = one, other
    assert error == another
    assert table is not None
    assert second is not None
    assert len(table) == len(second)
    assert set(table.names) == set(second.names)
    for name in table.names:
        assert table[name].dtype == second[name].dtype
        assert np.array_equal(table.absent(name), second.absent(name)), name
        assert table[name].tolist() == second[name].tolist(), name


def sample(count: int) -> list[str]:
    """The names of some captures, the larger ones more often."""
    names = sorted(CAPTURES, key=lambda name: -CAPTURES[name].stat().st_size)
    return [*names[: count // 2], *random.Random(1).sample(names[count // 2 :], count - count // 2)]


@pytest.mark.parametrize("name", sample(len(CAPTURES) if os.environ.get("ALL_CAPTURES") else 12))
def test_the_table_is_that_of_one_process(name: str, tmp_path: Path) -> None:
    path = CAPTURES[name]
    assert_same(read(path, workers=2), read(path))
    cut = tmp_path / path.name  # damage in the middle: a length that goes on behind a split, and the end cut off
    data = bytearray(path.read_bytes())[:-3]
    data[len(data) // 2 : len(data) // 2 + 8] = b"\xff" * 8
    cut.write_bytes(data)
    assert_same(read(cut, workers=3), read(cut))


def test_without_names_and_with_a_filter() -> None:
    path = max(CAPTURES.values(), key=lambda path: path.stat().st_size)
    assert_same(read(path, None, workers=2), read(path, None))
    where = "udp or vxlan"
    assert_same(read(path, where=where, workers=2), read(path, where=where))
    assert set(oc.column_names(path, workers=2)) == set(oc.column_names(path))
    pipeline = oc.Pipeline(oc.Ethernet, oc.IPv4)
    assert oc.columns(path, NAMES[:1], pipeline=pipeline, workers=2).others == (
        oc.columns(path, NAMES[:1], pipeline=pipeline).others
    )


def frames(count: int) -> list[bytes]:
    with oc.open_capture(FRAME) as capture:
        data = [one.data for one in capture]
    return [data[number % len(data)] for number in range(count)]


def test_sections_and_interfaces_in_the_middle_are_known(tmp_path: Path) -> None:
    parts = []
    for number, frame in enumerate(frames(900)):
        if number % 300 == 0:
            parts += [LITTLE.section(), LITTLE.interface((2, f"eth{number}".encode()))]
        if number % 300 == 200:
            parts.append(LITTLE.interface((2, b"late"), (9, b"\x09")))
        parts.append(LITTLE.enhanced(frame, ticks=number, interface=number % 300 // 200))
    path = tmp_path / "sections.pcapng"
    path.write_bytes(b"".join(parts))
    assert_same(read(path, workers=2), read(path))
    table = oc.columns(path, ["section"], workers=2)
    assert table["section"].tolist() == [number // 300 for number in range(900)]


@pytest.mark.parametrize("what", ["a section", "an interface", "a long record", "damage"])
def test_what_is_found_out_while_reading(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Splits of a size at which their places are found without reading what is between."""
    monkeypatch.setattr(reading, "LEAST", 300_000)
    source, frame = random.Random(3), frames(1)[0]
    data = [frame + source.randbytes(900) for _ in range(3000)]
    path = tmp_path / "capture"
    if what in ("a section", "an interface"):
        parts = [LITTLE.section(), LITTLE.interface((2, b"one"))]
        parts += [LITTLE.enhanced(one, ticks=number) for number, one in enumerate(data)]
        added = LITTLE.section() * (what == "a section") + LITTLE.interface((2, b"two"), (9, b"\x09"))
        parts[1500] += added
        parts += [LITTLE.enhanced(one, interface=what == "an interface") for one in data[:5]]
    else:
        parts = [pcap(), *(record(one, 1_700_000_000, number) for number, one in enumerate(data))]
        if what == "damage":
            parts[1700] = bytes(8) + b"\xff" * 8 + parts[1700][16:]
        else:
            parts[1400] = record(frame + b"".join(parts[1500:2000]), 1_700_000_000)
    path.write_bytes(b"".join(parts))
    assert_same(read(path, workers=2), read(path))


def test_several_files_and_an_error_in_the_second(tmp_path: Path) -> None:
    whole = pcap(*(record(frame, number) for number, frame in enumerate(frames(200))))
    (tmp_path / "a.pcap").write_bytes(whole)
    (tmp_path / "b.pcap.gz").write_bytes(gzip.compress(whole[:-5]))
    (tmp_path / "c.pcap").write_bytes(whole)
    one, two = read(str(tmp_path / "*")), read(str(tmp_path / "*"), workers=2)
    assert_same(two, one)
    assert one[0] is not None
    assert len(one[0]) == 399
    assert isinstance(one[1], oc.CaptureError)
    assert one[1].file == str(tmp_path / "b.pcap.gz")
    assert one[1].file in str(one[1])
    missing = [tmp_path / "a.pcap", tmp_path / "none.pcap"]
    tables = oc.iter_columns(missing, NAMES, workers=2)
    assert sum(len(table) for table in iterate_until(tables, FileNotFoundError)) == 200


def iterate_until(tables: Iterator[Table], kind: type[Exception]) -> Iterator[Table]:
    try:
        yield from tables
    except kind:
        return
    raise AssertionError("there was no error")


def test_iter_columns_and_an_end_that_comes_early() -> None:
    path = max(CAPTURES.values(), key=lambda path: path.stat().st_size)
    octets: list[int] = []
    tables = list(oc.iter_columns(path, NAMES, workers=2, progress=octets.append))
    assert sum(map(len, tables)) == len(oc.columns(path, NAMES))
    assert sum(octets) == oc.columns(path, ["captured_length"])["captured_length"].sum()
    some = oc.iter_columns(path, NAMES, workers=2)
    next(some)
    some.close()  # type: ignore[attr-defined]  # a generator
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_the_ways_to_start_processes(method: str, tmp_path: Path) -> None:
    """In a program of its own; without shared memory too."""
    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap(*(record(frame, number) for number, frame in enumerate(frames(5000)))))
    program = tmp_path / "program.py"
    program.write_text(f"""
import multiprocessing, sys
import overlaycodec as oc
assert "multiprocessing" in sys.modules and "overlaycodec.columnar.workers" not in sys.modules
from overlaycodec.columnar.workers import reading, shared_memory
reading.LEAST = 100_000
if sys.argv[1] == "sent":
    shared_memory._HAS_MEMORY = False
if __name__ == "__main__":
    multiprocessing.set_start_method({method!r})
    table = oc.columns({str(path)!r}, ["vxlan.vni", "time_ns"], workers=2)
    assert table["time_ns"].tolist() == oc.columns({str(path)!r}, ["time_ns"])["time_ns"].tolist()
    print(len(table), multiprocessing.active_children())
""")
    for how in ("shared", "sent"):
        done = subprocess.run([sys.executable, program, how], capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout == "5000 []\n", done.stderr


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_all_end_with_the_first(how: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap(*(record(frame, number) for number, frame in enumerate(frames(2000)))))
    code = f"""
import overlaycodec as oc, multiprocessing
from overlaycodec.columnar.workers import reading
reading.LEAST = 50_000
files = [{str(path)!r}] * 100_000
for table in oc.iter_columns(files, ["vxlan.vni", "inner.ipv4.src"], workers=3):
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    children = next(line.split() for line in process.stdout if len(line.split()) == 2)
    pressed, errors = 0, None
    while errors is None:  # Python drops, and shows, a KeyboardInterrupt in a callback of a weak reference
        if how is signal.SIGINT:
            os.killpg(process.pid, how)  # as a terminal does
            pressed += 1
        else:
            process.kill()
        assert pressed < 4
        with suppress(subprocess.TimeoutExpired):
            _, errors = process.communicate(timeout=20)
    assert errors.count("KeyboardInterrupt") == pressed, errors
    until = time.monotonic() + 20
    while any(Path("/proc", child).is_dir() and "Z" not in state_of(child) for child in children):
        assert time.monotonic() < until
        time.sleep(0.05)


def state_of(process: str) -> str:
    try:
        return Path("/proc", process, "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_a_process_that_is_ended_is_an_error() -> None:
    files = [FRAME] * 2000
    tables = oc.iter_columns(files, NAMES, workers=2)
    next(tables)
    until = time.monotonic() + 20
    while not multiprocessing.active_children():
        assert time.monotonic() < until
        next(tables)
    multiprocessing.active_children()[0].kill()
    with pytest.raises(ChildProcessError, match="exit code -9"):
        list(tables)


def test_wrong_numbers_and_other_sources() -> None:
    with pytest.raises(ValueError, match="workers is 1 or more"):
        oc.columns(FRAME, NAMES, workers=0)
    with pytest.raises(TypeError, match="workers takes an int"):
        oc.columns(FRAME, NAMES, workers="2")  # type: ignore[arg-type]
    assert_same(read(FRAME.read_bytes(), workers=2), read(FRAME))


def test_splits_are_sources() -> None:
    path = max(CAPTURES.values(), key=lambda path: path.stat().st_size)
    found = [pickle.loads(pickle.dumps(split)) for split in oc.splits(path, octets=8_000)]
    assert len(found) > 2
    assert_same(read(found), read(path))
    assert_same(read(found, workers=2), read(path))
    assert sum(len(split.columns(NAMES)) for split in found) == len(oc.columns(path, NAMES))
    assert sum(1 for split in found for _ in split.packets(lax=True)) == len(oc.columns(path, NAMES))
