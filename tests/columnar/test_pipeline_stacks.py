"""A batch of a pipeline: the octets that the pipeline encodes one by one, and nothing that it would refuse."""

from __future__ import annotations

from typing import Annotated, Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import UDP, VXLAN, Ethernet, IPv4, IPv6, Pipeline, VLANTag

FIXED: Final = Pipeline(Ethernet, VLANTag[2], IPv4, UDP, VXLAN, Ethernet)
COUNT: Final = 40
COLUMNS: Final[dict[str, Any]] = {
    "ethernet.dst": ["02:00:00:00:00:02"] * COUNT,
    "ethernet.src": ["52:54:00:00:00:01", "52:54:00:00:00:02"] * (COUNT // 2),
    "vlan.vid": range(COUNT),
    "vlan[1].vid": range(100, 100 + COUNT),
    "outer.ipv4.src": [f"10.0.1.{number}" for number in range(COUNT)],
    "ipv4.dst": ["10.0.0.2"] * COUNT,
    "udp.src_port": [1] * COUNT,
    "vxlan.vni": range(COUNT),
    "inner.ethernet.dst": ["02:00:00:00:00:03"] * COUNT,
    "inner.ethernet.src": ["02:00:00:00:00:04"] * COUNT,
    "inner.ethernet.ethertype": [0x88B5] * COUNT,
    "payload": [bytes(number) for number in range(COUNT)],
}


@pytest.mark.parametrize("count", [1, 5, COUNT])
def test_a_batch_is_what_the_pipeline_encodes_one_by_one(count: int) -> None:
    columns = {name: values[:count] for name, values in COLUMNS.items()}
    frames = oc.encode_columns(None, columns, pipeline=FIXED)
    for index, octets in enumerate(frames):
        given = {name: values[index] for name, values in columns.items() if name != "payload"}
        assert octets == FIXED.encode(FIXED.build(given, payload=bytes(index)))
    packet = FIXED.decode(frames[-1])
    assert packet.names == ["ethernet", "vlan", "vlan[1]", "ipv4", "udp", "vxlan", "inner.ethernet"]
    assert [packet.at(path) for path in ("vlan.vid", "vlan[1].vid", "vxlan.vni")] == [count - 1, count + 99, count - 1]
    assert frames.link_type == 1


def test_a_batch_of_no_packets_is_empty() -> None:
    frames = oc.encode_columns(None, {"vxlan.vni": []}, pipeline=FIXED)
    assert (len(frames), frames.link_type) == (0, 1)


def test_a_template_must_be_a_packet_of_the_pipeline() -> None:
    loose = Pipeline(VLANTag[0:2], IPv4 | IPv6, UDP)
    template = loose.build(
        vlan={"vid": 5}, ipv4={"src": "10.0.0.1", "dst": "10.0.0.2"}, udp={"src_port": 1, "dst_port": 9}
    )
    frames = oc.encode_columns(template, {"udp.src_port": [7, 8]}, pipeline=loose)
    assert list(frames) == [loose.encode(template.replace(UDP, src_port=port)) for port in (7, 8)]
    with pytest.raises(oc.EncodeError, match="packet is udp, not what Pipeline"):
        oc.encode_columns(UDP(src_port=1, dst_port=2), {"udp.src_port": [7]}, pipeline=loose)
    closed = Pipeline(UDP, payload=False)
    with pytest.raises(oc.EncodeError, match="has 1 octets"):
        oc.encode_columns(UDP(src_port=1, dst_port=2) / b"?", {"udp.src_port": [7]}, pipeline=closed)
    header = UDP(src_port=1, dst_port=2, checksum=0)
    assert len(oc.encode_columns(header / b"?", {"payload": [b""]}, pipeline=closed)) == 1
    with pytest.raises(oc.EncodeError, match=r"packets\[1\]\.payload has 2 octets; .* has none"):
        oc.encode_columns(header, {"payload": [b"", b"??", b"?"]}, pipeline=closed)


def test_the_catalog_is_that_of_the_pipeline() -> None:
    class Probe(oc.Header, spec="in-house"):
        """No key of the default catalog finds it."""

        switch: Annotated[int, oc.Bits(16)]

    bound = Pipeline(UDP, Probe, catalog=oc.DEFAULT.with_binding(oc.UDP_PORT(9999), Probe))
    (octets,) = oc.encode_columns(None, {"probe.switch": [5], "udp.src_port": [1], "udp.checksum": [0]}, pipeline=bound)
    assert octets.hex() == "0001270f000a00000005"


@pytest.mark.parametrize(
    ("columns", "pipeline", "error", "text"),
    [
        (
            {"udp.src_port": [1]},
            Pipeline(IPv4 | IPv6, UDP),
            ValueError,
            r"^Pipeline\(IPv4 \| IPv6, UDP\) has several stacks, and a batch has one: give a packet of the pipeline",
        ),
        ({"vlan.vid": [1]}, Pipeline(VLANTag[0:2], IPv4), ValueError, "has several stacks"),
        (
            {"vlan.vid": [1]},
            Pipeline(VLANTag, IPv4),
            TypeError,
            r"^no value for ipv4\.src, ipv4\.dst: name it in columns",
        ),
        ({"udp.src_port": [1], "vxlan.vni": [1]}, Pipeline(UDP), oc.PathError, "no vxlan.vni in udp"),
        ({"udp.source": [1]}, Pipeline(UDP), oc.PathError, r"no column 'udp\.source' in the packet"),
        ({"udp": [1]}, Pipeline(UDP), oc.PathError, "where it is a header: name a field of it"),
        ({"vxlan.vni": [1 << 24]}, Pipeline(VXLAN), oc.FieldRangeError, r"packets\[0\]\.vxlan\.vni = 16777216"),
        ({"vxlan.vni": [None]}, Pipeline(VXLAN), oc.EncodeError, r"packets\[0\]\.vxlan\.vni has no value"),
        (
            {"geneve.vni": [1], "geneve.options[0].type": [1]},
            Pipeline(oc.Geneve),
            oc.PathError,
            "the stack of a pipeline: a template packet has options",
        ),
        ({"vxlan.vni": [1], "payload": [b"?"]}, Pipeline(VXLAN, payload=False), oc.EncodeError, "has 1 octets"),
        ({}, Pipeline(VXLAN), ValueError, "no columns"),
        ({"vxlan.vni": [1]}, None, TypeError, "template takes a packet, a header, or None with a pipeline"),
        ({"vxlan.vni": [1]}, "vxlan", TypeError, "pipeline takes a Pipeline"),
    ],
)
def test_what_is_no_batch_of_a_pipeline_is_refused(
    columns: dict[str, Any], pipeline: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        oc.encode_columns(None, columns, pipeline=pipeline)
