"""Pipelines from text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaycodec import GRE, UDP, VXLAN, Ethernet, IPv4, IPv6, Pipeline, VLANTag
from overlaycodec.pipelines.pipeline import AnyPipeline


@pytest.mark.parametrize(
    ("text", "pipeline"),
    [
        ("eth/vlan*/ip/udp/vxlan/eth", Pipeline(Ethernet, VLANTag[0:], IPv4 | IPv6, UDP, VXLAN, Ethernet)),
        ("ethernet / vlan{0,3} / ipv4", Pipeline(Ethernet, VLANTag[0:3], IPv4)),
        ("eth/vlan{2}/ipv4", Pipeline(Ethernet, VLANTag[2], IPv4)),
        ("eth/vlan{1,}/ipv4|ipv6", Pipeline(Ethernet, VLANTag[1:], IPv4 | IPv6)),
        ("eth/vlan+/ipv6", Pipeline(Ethernet, VLANTag[1:], IPv6)),
        ("eth/vlan?/ipv4", Pipeline(Ethernet, VLANTag[0:1], IPv4)),
        ("eth/(vlan/ipv4)?", Pipeline(Ethernet, Pipeline(VLANTag, IPv4)[0:1])),
        ("ip/(udp/vxlan|gre)/eth", Pipeline(IPv4 | IPv6, Pipeline(UDP, VXLAN | GRE), Ethernet)),
    ],
)
def test_a_text_is_a_pipeline(text: str, pipeline: AnyPipeline) -> None:
    assert Pipeline.from_text(text) == pipeline


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", r"the end \(character 1\) is not the name of a header"),
        ("eth/", r"the end \(character 5\) is not the name of a header"),
        ("eth//ip", r"/ \(character 5\) is not the name of a header"),
        ("eth/vxlam", r"vxlam \(character 5\) is not the name of a header: did you mean vxlan"),
        ("eth/nothing", r"nothing \(character 5\) is not the name of a header"),
        ("eth/vlan{3,1}", r"\{3,1\} \(character 9\) is not a count"),
        ("eth/vlan{0}", r"\{0\} \(character 9\) is not a count"),
        ("eth/(ip", r"the end \(character 8\) is not a closing parenthesis"),
        ("eth)", r"\) \(character 4\) is not the end"),
        ("eth?*", r"\* \(character 5\) is not the end"),
        ("eth/IP", r"I \(character 5\) is not part of a pipeline"),
        ("(" * 99, r"is not the name of a header"),
        ("eth?", "one header at least"),
    ],
)
def test_a_wrong_text_says_where(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Pipeline.from_text(text)


@given(st.text("eth/vlanip|()?*+{0,3} ", max_size=30))
def test_any_text_is_a_pipeline_or_an_error(text: str) -> None:
    try:
        pipeline = Pipeline.from_text(text)
    except ValueError:
        return
    assert isinstance(pipeline, Pipeline)
