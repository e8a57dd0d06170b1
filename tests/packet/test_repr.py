"""The repr of a packet is an expression that makes an equal packet."""

from __future__ import annotations

import pytest
from hypothesis import given

import overlaycodec as oc
from tests.laws.common import by_name, packets, share
from tests.vectors.test_vectors import VECTORS, decoded

NAMES = {name: getattr(oc, name) for name in oc.__all__}
LINK = oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
NETWORK = oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
FRAME = LINK / NETWORK.replace(protocol=253)


def evaluated(packet: oc.Packet) -> oc.Packet:
    again = eval(repr(packet), dict(NAMES))  # our own text
    assert type(again) is oc.Packet
    assert again == packet
    assert again.missing == packet.missing
    return again


@pytest.mark.parametrize("name", [name for name, vector in VECTORS.items() if not vector.get("bindings")])
def test_the_vectors(name: str) -> None:
    packet = decoded(VECTORS[name], lax=True)
    assert oc.encode(evaluated(packet)) == oc.encode(packet)


@pytest.mark.survey
@pytest.mark.parametrize("cls", oc.DEFAULT.headers, ids=by_name)
def test_any_packet(cls: type[oc.Header]) -> None:
    @share(10, cls)
    @given(packets(cls))
    def law(packet: oc.Packet) -> None:
        assert oc.encode(evaluated(packet)) == oc.encode(packet)

    law()


@pytest.mark.parametrize(
    ("packet", "text"),
    [
        (oc.Packet(), "Packet()"),
        (oc.Packet(payload=b"x"), "Packet(payload=b'x')"),
        (oc.Packet((oc.VXLAN(vni=5),)), "Packet(headers=(VXLAN(vni=5),))"),
        (oc.VXLAN(vni=5) / b"x", "VXLAN(vni=5) / b'x'"),
        (oc.VXLAN(vni=5) / oc.VXLAN(vni=6), "VXLAN(vni=5) / VXLAN(vni=6)"),
        (oc.Packet((oc.VXLAN(vni=5),), missing=3), "Packet(headers=(VXLAN(vni=5),), missing=3)"),
    ],
)
def test_the_text(packet: oc.Packet, text: str) -> None:
    assert repr(packet) == text
    evaluated(packet)


def test_trailers_and_the_fcs() -> None:
    padded = oc.decode(oc.encode(FRAME / b"x") + bytes(20), fcs_octets=4)
    assert len(padded.trailers) == 2
    evaluated(padded)
    evaluated(FRAME / b"x" / oc.FCS())
    evaluated(oc.decode(oc.encode(FRAME) + bytes(2), wire_length=38, fcs_octets=4))


def test_faults_are_not_in_it() -> None:
    packet = oc.decode(oc.encode(FRAME)[:30], lax=True)
    assert packet.fault is not None
    assert "Error" not in repr(packet)
    evaluated(packet)
