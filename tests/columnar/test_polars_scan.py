"""Lazy frames of Polars over captures: the rows are those of a data frame, and little is read for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

import overlaycodec as oc
from overlaycodec.columnar.polars_predicate import filter_in

CAPTURES: Final = Path(__file__).parent.parent / "captures"
FILES: Final = [
    CAPTURES / "kernel-vxlan-v4.pcap",
    CAPTURES / "linux-tcp.pcap",
    CAPTURES / "kernel-vxlan-inner-vlan.pcap",
]
NAMES: Final = [
    "time_ns", "wire_length", "fault", "ipv4.src", "inner.ethernet.src", "vxlan.vni", "tcp.syn",
    "inner.udp.checksum.verdict", "inner.vlan.vid", "comment",
]  # fmt: skip
C: Final = pl.col
MOMENT: Final = datetime(2026, 11, 22, 21, 37, tzinfo=UTC)

PREDICATES: Final[dict[str, tuple[pl.Expr, str | None]]] = {
    "equal": (C("vxlan.vni") == 100, "vxlan.vni == 100"),
    "unequal": (C("vxlan.vni") != 100, "vxlan.vni != 100"),
    "not equal": (~(C("vxlan.vni") == 100), "vxlan.vni != 100"),
    "same": (C("vxlan.vni").eq_missing(100), "vxlan.vni == 100"),
    "one of": (C("inner.vlan.vid").is_in([100, 1]), "inner.vlan.vid in {100, 1}"),
    "one of none": (C("vxlan.vni").is_in([]), None),
    "not one of": (~C("inner.vlan.vid").is_in([100]), None),
    "between": (C("wire_length").is_between(100, 102), "wire_length >= 100 and wire_length <= 102"),
    "within": (C("wire_length").is_between(100, 102, closed="none"), "wire_length > 100 and wire_length < 102"),
    "address": (C("ipv4.src") == "10.77.0.1", "ipv4.src == 10.77.0.1"),
    "no address": (C("ipv4.src") == "localhost", None),
    "other address": (C("ipv4.src") != "10.77.0.1", "ipv4.src != 10.77.0.1"),
    "other text": (C("inner.ethernet.src") != "02:AA:00:00:00:01", None),  # all differ from it as texts
    "order of texts": (C("ipv4.src") > "10.77.0.1", None),
    "addresses": (C("ipv4.src").is_in(["10.77.0.1", "10.77.0.2"]), "ipv4.src in {10.77.0.1, 10.77.0.2}"),
    "beginning": (C("ipv4.src").str.starts_with("10.77."), None),
    "flag": (C("tcp.syn"), "tcp.syn"),
    "no flag": (~C("tcp.syn"), "tcp.syn == false"),
    "absent": (C("vxlan.vni").is_null(), "not vxlan.vni"),
    "present": (C("inner.vlan.vid").is_not_null(), "inner.vlan.vid"),
    "word": (C("inner.udp.checksum.verdict") == "valid", "inner.udp.checksum.verdict == valid"),
    "text": (C("comment") == 'it\'s "or" tcp', r"""comment == 'it\'s "or" tcp'"""),
    "time": (C("time_ns") >= MOMENT, f"time_ns >= {int(MOMENT.timestamp()) * 10**9}"),
    "either": ((C("vxlan.vni") == 5) | C("tcp.syn"), "vxlan.vni == 5 or tcp.syn"),
    "either unknown": ((C("vxlan.vni") == 5) | (C("vxlan.vni") + 1 == 101), None),
    "both": ((C("wire_length") > 90) & (C("vxlan.vni") + 1 == 101), "wire_length > 90"),
    "too large": (C("vxlan.vni") == 1 << 24, None),
    "fraction": (C("wire_length") > 99.5, None),
}
"""Predicates, and what of each is a filter."""


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return oc.columns(FILES, NAMES).to_polars()


@pytest.fixture
def scan() -> pl.LazyFrame:
    return oc.scan_polars(FILES, NAMES)


@pytest.mark.parametrize("name", PREDICATES)
def test_a_predicate_takes_the_rows_that_polars_takes(name: str, frame: pl.DataFrame, scan: pl.LazyFrame) -> None:
    predicate, _ = PREDICATES[name]
    steps: list[Callable[[pl.LazyFrame], pl.LazyFrame]] = [
        lambda lazy: lazy.filter(predicate),
        lambda lazy: lazy.filter(predicate).select("wire_length"),
        lambda lazy: lazy.filter(predicate).head(3),
        lambda lazy: lazy.head(12).filter(predicate),
        lambda lazy: lazy.filter(predicate).select(pl.len()),
        lambda lazy: lazy.filter(predicate).group_by("ipv4.src").len().sort("ipv4.src"),
    ]
    for step in steps:
        assert step(scan).collect().equals(step(frame.lazy()).collect())


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str | None, int]]:
    """What the reader was asked for: columns, filter, and how many tables were taken."""
    found: list[tuple[list[str], str | None, int]] = []
    read: Any = oc.iter_columns  # Any: it is called as it was

    def spy(source: object, names: list[str], **options: object) -> object:
        where = options["where"]
        found.append((names, None if where is None else str(where), 0))
        for table in read(source, names, **options):
            found[-1] = (*found[-1][:2], found[-1][2] + 1)
            yield table

    monkeypatch.setattr("overlaycodec.columnar.iter_columns", spy)
    return found


SAID_SINCE: Final = {"one of": (2, 0), "time": (1, 40)}
"""The first polars whose plan has the predicate in these words. Older ones filter the rows themselves."""


@pytest.mark.parametrize("name", PREDICATES)
def test_what_a_filter_can_say_reaches_the_reader(
    name: str, scan: pl.LazyFrame, seen: list[tuple[list[str], str | None, int]]
) -> None:
    predicate, wanted = PREDICATES[name]
    if tuple(map(int, pl.__version__.split(".")[:2])) < SAID_SINCE.get(name, (0, 0)):
        wanted = None
    scan.filter(predicate).collect()
    assert [where for _, where, _ in seen] == [wanted]


def test_projection_and_limit_reach_the_reader(seen: list[tuple[list[str], str | None, int]]) -> None:
    scan = oc.scan_polars(
        [oc.Record(bytes(60))] * 150_000, ["wire_length", "vxlan.vni", "ethernet.src"], where="ethernet"
    )
    assert scan.select("ethernet.src").head(5).collect().height == 5
    assert scan.filter(C("vxlan.vni") == 5).select("wire_length").collect().height == 0
    assert seen == [(["ethernet.src"], "ethernet", 1), (["wire_length", "vxlan.vni"], "ethernet and vxlan.vni == 5", 0)]


def test_the_schema_is_known_before_anything_is_read() -> None:
    scan = oc.scan_polars("nothing.pcap", NAMES)
    assert scan.collect_schema() == oc.columns([], NAMES).to_polars().schema
    with pytest.raises(oc.PathError, match="did you mean"):
        oc.scan_polars("nothing.pcap", ["vxlan.vin"])


def test_without_names_there_are_all_columns() -> None:
    names = oc.scan_polars(FILES).collect_schema().names()
    assert {"time_ns", "vxlan.vni", "tcp.syn", "inner.vlan.vid"} < {*names}


def test_addresses_as_numbers_are_left_to_polars() -> None:
    scan = oc.scan_polars(FILES, ["ipv4.src"], addresses="number")
    number = int.from_bytes(bytes([10, 77, 0, 1]), "big")
    assert scan.filter(C("ipv4.src") == number).collect().height == 11  # as many as tshark finds
    assert filter_in(C("ipv4.src") == "10.77.0.1", oc.DEFAULT, "number") is None


def test_errors_are_those_of_reading() -> None:
    with pytest.raises((oc.CaptureError, pl.exceptions.ComputeError), match="the file header needs 24 octets"):
        oc.scan_polars(b"\xd4\xc3\xb2\xa1", NAMES).collect()
    late = oc.scan_polars([oc.Record(b"", time_ns=1 << 70)], ["time_ns"])
    with pytest.raises((OverflowError, pl.exceptions.ComputeError), match="leave out the column time_ns"):
        late.collect()
