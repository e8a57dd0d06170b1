"""Columns of declared trailers."""

from __future__ import annotations

from typing import Final

import pytest

import overlaycodec as oc
from tests.trailers.test_trailers import CATALOG, METAMAKO, METAMAKO_EXTENDED, PADDING, UDP

FRAMES: Final = [UDP + METAMAKO, UDP, UDP + PADDING + METAMAKO_EXTENDED, UDP[:12] + b"\x88\xb5octets" + METAMAKO] * 40


def test_columns_have_what_the_packets_have() -> None:
    names = ["trailer.metamako.port", "trailer.metamako.extensions[1].secondary_tag", "payload", "ipv4.ttl"]
    table = oc.columns(FRAMES, names, catalog=CATALOG)
    packets = [CATALOG.decode(frame) for frame in FRAMES]
    for name in names:
        assert table[name].tolist() == [packet.get(name) for packet in packets]
    assert "trailer.metamako.seconds" in oc.columns(FRAMES, catalog=CATALOG)
    assert "trailer.metamako.seconds" in oc.column_names(FRAMES, catalog=CATALOG)
    with pytest.raises(oc.PathError, match=r"did you mean trailer\.metamako\.seconds"):
        oc.columns(FRAMES, ["trailer.metamako.second"], catalog=CATALOG)
    with pytest.raises(oc.PathError):
        oc.columns(FRAMES, ["trailer.metamako.seconds"])


def test_filters_select_by_it() -> None:
    where = oc.Filter("trailer.metamako.port == 7", catalog=CATALOG)
    assert [where.matches(CATALOG.decode(frame)) for frame in FRAMES[:4]] == [True, False, True, True]
    table = oc.columns(FRAMES, ["wire_length"], catalog=CATALOG, where="trailer.metamako.extensions[0].tag == 0")
    assert set(table["wire_length"].tolist()) == {len(FRAMES[2])}
