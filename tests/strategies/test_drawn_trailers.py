"""Packets that are drawn with the trailers of a catalog."""

from __future__ import annotations

import pickle

from hypothesis import given

import overlaycodec as oc
from overlaycodec import strategies
from overlaycodec.trailers import Exablaze, Metamako


@given(strategies.packets(catalog=oc.DEFAULT.with_trailer(Exablaze, Metamako)))
def test_drawn_packets_are_decoded_as_drawn(packet: oc.Packet) -> None:
    catalog = oc.DEFAULT.with_trailer(Exablaze, Metamako)
    data = catalog.encode(packet)
    assert catalog.decode(data, lax=True) == packet
    assert oc.from_json(packet.to_json(), catalog=catalog) == packet
    assert pickle.loads(pickle.dumps(packet)) == packet
