"""Text, numbers and octets of addresses in tables of other libraries: what Python's own addresses say."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

import numpy as np
import pytest

import overlaycodec as oc
from overlaycodec.columnar.address_text import texts_of
from tests.tools import stacks

MIXED: Final = stacks.captures(stacks.CAPTURES)["kernel-vxlan-v6.pcap"]
NAMES: Final = ["outer.ipv4.src", "outer.ipv6.dst", "inner.ethernet.src", "inner.ipv4.dst"]


def frame(src: str, dst: str) -> oc.Packet | oc.Header:
    return oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.IPv4(src=src, dst=dst, protocol=253)


def test_text_of_ipv4_and_mac_addresses() -> None:
    source = random.Random(4)
    numbers = [0, 1, 9, 10, 99, 100, 255, 256, (1 << 32) - 1, *(source.getrandbits(32) for _ in range(1000))]
    assert texts_of(np.array(numbers, np.uint32), "ipv4") == [str(IPv4Address(number)) for number in numbers]
    assert texts_of(np.array(numbers, np.uint64), "mac") == [str(oc.MACAddress(number)) for number in numbers]
    assert texts_of(np.array([], np.uint64), "mac") == []


def test_text_of_ipv6_addresses() -> None:
    """RFC 5952 section 4: every pattern of zero groups, groups of 1 to 4 digits, and IPv4 addresses inside."""
    source = random.Random(6)
    numbers = [sum((number >> bit & 1) << 16 * bit for bit in range(8)) for number in range(256)]
    numbers += [number * factor for number in numbers[1:] for factor in (0xF, 0x10, 0xABC, 0xFFFF)]
    numbers += [0xFFFF << 32 | source.getrandbits(32) for _ in range(50)] + [
        source.getrandbits(128) for _ in range(500)
    ]
    values = np.frombuffer(b"".join(number.to_bytes(16, "big") for number in numbers), "V16")
    assert texts_of(values, "ipv6") == [str(IPv6Address(number)) for number in numbers]


def test_more_addresses_than_are_written_at_once() -> None:
    numbers = np.arange(1 << 17, dtype=np.uint32) + np.uint32(0x0A000000)
    texts = texts_of(numbers, "ipv4")
    assert (len(texts), texts[0], texts[65535], texts[65536], texts[-1]) == (
        1 << 17, "10.0.0.0", "10.0.255.255", "10.1.0.0", "10.1.255.255",
    )  # fmt: skip


@pytest.mark.parametrize("path", stacks.captures(stacks.CAPTURES).values(), ids=lambda path: path.stem)
def test_text_numbers_and_octets_are_those_of_the_packets(path: Any) -> None:  # Any: a Path
    table = oc.columns(path, NAMES)
    with oc.open_capture(path) as capture:
        packets = list(capture.packets(lax=True))
    text, number, binary = (table.to_arrow(addresses=kind) for kind in ("text", "number", "binary"))
    polars, pandas = table.to_polars(), table.to_pandas()
    for name in NAMES:
        wanted = [packet.get(name) for packet in packets]
        assert table.to_plain(name) == [None if value is None else str(value) for value in wanted]
        assert text[name].to_pylist() == table.to_plain(name)
        assert binary[name].to_pylist() == [None if value is None else value.packed for value in wanted]
        assert (
            polars[name].to_list()
            == pandas[name].astype(object).where(pandas[name].notna(), None).tolist()
            == table.to_plain(name)
        )
        if name != "outer.ipv6.dst":
            assert number[name].to_pylist() == [None if value is None else int(value) for value in wanted]
    assert number["outer.ipv6.dst"].equals(binary["outer.ipv6.dst"])


def test_text_is_made_once_for_each_address_that_is_there() -> None:
    packets = [
        frame("10.0.0.1", "10.0.0.2"),
        frame("10.0.0.1", "10.0.0.3"),
        oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5),
    ]
    column = oc.columns(packets * 2, ["ipv4.src"]).to_arrow()["ipv4.src"].combine_chunks()
    assert column.dictionary.to_pylist() == ["10.0.0.1"]
    assert column.null_count == 2


def test_in_pandas_they_sort_match_and_concatenate_as_text() -> None:
    pandas = pytest.importorskip("pandas")
    first = oc.columns([frame("9.0.0.1", "10.0.0.2"), frame("10.0.0.1", "10.0.0.2")], ["ipv4.src"]).to_pandas()
    second = oc.columns([frame("172.16.0.1", "10.0.0.2")], ["ipv4.src"]).to_pandas()
    both = pandas.concat([first, second], ignore_index=True)
    assert both.sort_values("ipv4.src")["ipv4.src"].tolist() == ["10.0.0.1", "172.16.0.1", "9.0.0.1"]
    assert both["ipv4.src"].str.startswith("10.").tolist() == [False, True, False]
    assert (both["ipv4.src"] + "/32").max() == "9.0.0.1/32"
    assert both.merge(second, on="ipv4.src")["ipv4.src"].tolist() == ["172.16.0.1"]


def test_in_polars_they_are_text_without_a_cast() -> None:
    polars = pytest.importorskip("polars")
    first = oc.columns([frame("9.0.0.1", "10.0.0.2"), frame("10.0.0.1", "10.0.0.2")], ["ipv4.src"]).to_polars()
    second = oc.columns([frame("172.16.0.1", "10.0.0.2")], ["ipv4.src"]).to_polars()
    both = polars.concat([first, second])
    assert both.schema["ipv4.src"] == polars.String
    assert both.sort("ipv4.src")["ipv4.src"].to_list() == ["10.0.0.1", "172.16.0.1", "9.0.0.1"]
    assert both.filter(polars.col("ipv4.src").str.starts_with("10."))["ipv4.src"].to_list() == ["10.0.0.1"]
    assert both.join(second, on="ipv4.src")["ipv4.src"].to_list() == ["172.16.0.1"]


def test_text_of_many_rows_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """An array of text counts its octets in 31 bits."""
    pytest.importorskip("pandas")
    from overlaycodec.columnar import arrow

    monkeypatch.setattr(arrow, "CHUNK_ROWS", 3)
    packets = [frame(f"10.0.0.{number}", "10.0.0.2") for number in range(8)]
    table = oc.columns(packets, ["ipv4.src"])
    assert table.to_pandas()["ipv4.src"].tolist() == [f"10.0.0.{number}" for number in range(8)]
