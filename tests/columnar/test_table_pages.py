"""A table in a notebook, and as a data frame of other libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import overlaycodec as oc
from tests.notebook.pages import Page

CAPTURE: Final = Path(__file__).parent.parent / "captures" / "kernel-vxlan-inner-vlan.pcap"
NAMES: Final = ["time_ns", "ipv4.src", "vxlan.vni", "inner.udp.checksum.verdict"]


def page_of(html: str | None) -> Page:
    page = Page(html or "")
    assert page.faults == []
    assert 0 < len(page.html) < 256 * 1024
    return page


def test_a_table_is_its_first_rows_with_types_and_addresses_as_text() -> None:
    page = page_of(oc.columns(CAPTURE, NAMES)._repr_html_())
    assert page.text.startswith("9 packets, 4 columns")
    assert "ipv4.srcuint32" in page.text
    assert "verdictcategory" in page.text
    assert "10.77.0.1" in page.text
    assert "2026-11-22" in page.text


def test_the_page_of_a_wide_and_long_table_says_what_it_leaves_out() -> None:
    table = oc.columns([oc.Record(CAPTURE.read_bytes()[40:142])] * 30)
    page = page_of(table._repr_html_())
    assert "… 20 more packets" in page.text
    assert f"… {len(table.names) - 24} more columns" in page.text


def test_polars_and_arrow_take_a_table() -> None:
    table = oc.columns(CAPTURE, NAMES)
    assert pl.DataFrame(table).equals(table.to_polars())
    assert pa.table(table).equals(table.to_arrow(dictionaries=False))


def test_pandas_and_numpy_are_told_what_to_call() -> None:
    table = oc.columns(CAPTURE, NAMES)
    for call in (pd.DataFrame, np.asarray, np.array):
        with pytest.raises(TypeError, match=r"table\.to_pandas\(\)"):
            call(table)


def test_encoded_packets_are_their_first_rows() -> None:
    packet = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1, dst_port=2)
    frames = oc.encode_columns(packet, {"udp.src_port": np.arange(30, dtype="u2")})
    page = page_of(frames._repr_html_())
    assert page.text.startswith("30 packets, 840 octets")
    assert "10.0.0.1 → 10.0.0.2 udp 9 → 2" in page.text
    assert "… 20 more packets" in page.text
