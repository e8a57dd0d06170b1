"""Packets that are drawn for a pipeline are of its headers, and it decodes them to the same packets."""

from __future__ import annotations

from typing import Annotated, Final

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import TCP, UDP, VXLAN, Ethernet, Geneve, IPv4, IPv6, Pipeline, VLANTag
from overlaycodec import strategies as overlay
from overlaycodec.pipelines.pipeline import AnyPipeline

TUNNEL: Final = Pipeline(Ethernet, VLANTag[0:2], IPv4 | IPv6, UDP, VXLAN | Geneve) + Pipeline(Ethernet, VLANTag[0:1])
PIPELINES: Final[list[AnyPipeline]] = [
    TUNNEL,
    Pipeline(Ethernet, IPv4, TCP, payload=False),
    Pipeline(IPv6, UDP),
    Pipeline(Ethernet, VLANTag[1:], IPv4),
    Pipeline(Ethernet, oc.ARP | oc.MPLS[1:3]),
]


class Alone(oc.Header, spec="in-house"):
    """A header without keys."""

    number: Annotated[int, oc.Bits(8)]


@pytest.mark.parametrize("pipeline", PIPELINES, ids=repr)
def test_a_pipeline_decodes_what_is_drawn_for_it(pipeline: AnyPipeline) -> None:
    @given(overlay.packets(stack=pipeline), st.data())
    def law(packet: oc.Packet, data: st.DataObject) -> None:
        assert pipeline.matches(packet)
        octets = pipeline.encode(packet)
        assert pipeline.decode(octets, first=type(packet.headers[0])) == packet
        assert len(packet.headers) <= 10

    law()


def test_the_simplest_packet_has_the_fewest_headers() -> None:
    packet = find(overlay.packets(stack=TUNNEL), lambda packet: True)
    assert len(packet) == 5
    assert VLANTag not in packet


@pytest.mark.survey
def test_every_stack_is_drawn() -> None:
    for header in (IPv6, Geneve, VLANTag):
        assert find(overlay.packets(stack=TUNNEL), lambda packet, cls=header: cls in packet) is not None  # type: ignore[misc]


def test_packets_without_a_link_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="no packet of Pipeline"):
        overlay.packets(stack=Pipeline(UDP, Alone))
