"""Dialects and views: what captures of real stacks hold, numbers worked out by hand, and what cannot stand."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Annotated, Any

import pytest

import overlaycodec as oc
from overlaycodec import Bits, Const, Element, dialects
from overlaycodec.dialects import (
    AZURE_TUNNEL,
    CILIUM_GENEVE_IDENTITY,
    CILIUM_IDENTITY,
    NVGRE_KEY,
    OVN_CONTEXT,
    OVN_VNI,
    NVGREKey,
)
from overlaycodec.trailers import timestamps

CAPTURES = Path(__file__).parents[1] / "captures"


def packets(name: str, dialect: str) -> list[oc.Packet]:
    with oc.open_capture(CAPTURES / name) as capture:
        return [record.decode(catalog=dialects.NAMED[dialect], lax=True) for record in capture]


# --- catalogs, against what real stacks sent --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "dialect", "header"),
    [
        ("kernel-vxlan-v4.pcap", "plain", oc.VXLAN),
        ("kernel-vxlan-gbp.pcap", "gbp", oc.VXLANGBP),
        ("ovs-vxlan-gbp.pcap", "gbp", oc.VXLANGBP),
        ("kernel-vxlan-gpe.pcap", "gpe", oc.VXLANGPE),
        ("kernel-vxlan-rco.pcap", "linux-rco", oc.VXLANRCO),
        ("ovs-gre-nvgre.pcap", "nvgre", oc.GRE),
    ],
)
def test_captures_are_read_in_their_dialect(name: str, dialect: str, header: type[oc.Header]) -> None:
    found = [packet for packet in packets(name, dialect) if header in packet]
    assert found
    for packet in found:
        assert oc.encode(packet, catalog=dialects.NAMED[dialect])


@pytest.mark.parametrize(
    ("named", "wrong", "near"), [(dialects.NAMED, "ovnn", "ovn"), (timestamps.NAMED, "metamaco", "metamako")]
)
def test_a_name_that_there_is_not(named: dict[str, Any], wrong: str, near: str) -> None:
    with pytest.raises(KeyError) as caught:
        named[wrong]
    assert str(caught.value) == f"no name {wrong!r} in {', '.join(named)}: did you mean {near}?"
    assert named.get(wrong) is None
    assert wrong not in named
    assert copy.copy(named) == pickle.loads(pickle.dumps(named)) == named


def test_every_dialect_has_a_name_and_keeps_the_default_bindings() -> None:
    frame = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5)
    for name, catalog in dialects.NAMED.items():
        packet = oc.UDP(src_port=1, dst_port=6081, checksum=0) / oc.Geneve(vni=5) / frame
        assert catalog.decode(catalog.encode(packet), first=oc.UDP)[oc.Geneve].vni == 5, name
        assert set(catalog.headers) == set(oc.DEFAULT.headers)


@pytest.mark.parametrize(
    ("dialect", "port", "header"),
    [
        ("cisco-aci", 48879, oc.VXLANGBP),
        ("azure-gateway-load-balancer", 10800, oc.VXLAN),
        ("azure-gateway-load-balancer", 10801, oc.VXLAN),
        ("flannel", 8472, oc.VXLAN),
        ("cilium", 8472, oc.VXLAN),
        ("aws-traffic-mirroring", 4789, oc.VXLAN),
    ],
)
def test_ports_of_products(dialect: str, port: int, header: type[oc.Header]) -> None:
    octets = bytes.fromhex(f"c000 {port:04x} 0018 0000 08000000 00032000") + bytes(14)
    assert header in dialects.NAMED[dialect].decode(octets, first=oc.UDP, lax=True)
    if port > 10_000:  # in the range of ephemeral ports: no tunnel unless it is said
        assert header not in oc.decode(octets, first=oc.UDP, lax=True)


def test_a_dialect_is_a_value() -> None:
    again = pickle.loads(pickle.dumps(dialects.OVN))
    assert again == dialects.OVN
    assert hash(again) == hash(dialects.OVN)
    assert dialects.OVN != oc.DEFAULT
    assert dialects.OVN.with_binding(oc.UDP_PORT(9), oc.VXLAN).views == dialects.OVN.views


# --- views, against numbers worked out by hand ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "record", "meaning"),
    [
        # RFC 7637 section 3.2: 24 bits VSID, then 8 bits FlowID
        (NVGRE_KEY, {"key": 0xABCDEF07}, {"vsid": 0xABCDEF, "flow_id": 7}),
        # the low 12 bits are the datapath, the high 12 the egress port
        (OVN_VNI, {"vni": 0x005_002}, {"egress_port": 5, "datapath": 2}),
        # datapath in the low 24 bits, egress port in the 16 above, ingress port in the 15 above those
        (
            OVN_CONTEXT,
            {"context_id": 3 | 5 << 24 | 9 << 40},
            {"reserved": 0, "datapath": 3, "egress_port": 5, "ingress_port": 9},
        ),
        (CILIUM_IDENTITY, {"vni": 0x03_0102}, {"cluster": 3, "identity": 0x102}),
        (CILIUM_GENEVE_IDENTITY, {"vni": 0x03_0102}, {"cluster": 3, "identity": 0x102}),
        (AZURE_TUNNEL, {"vni": 801}, {"side": 801}),
    ],
)
def test_what_a_value_means(view: oc.FieldView[Any, Any], record: dict[str, Any], meaning: dict[str, Any]) -> None:
    means = view.meaning(**meaning)
    made = view.make(means)
    assert {name: getattr(made, name) for name in record} == record
    assert view.of(made) == means
    other = view.into(
        made, view.meaning(**{name: type(value)(0 if isinstance(value, int) else 8) for name, value in meaning.items()})
    )
    assert view.of(other) is not None
    assert view.into(other, means) == made


def test_nvgre_as_open_vswitch_sends_it() -> None:
    """Sent with the tunnel keys 0x00abcd07, 9 with checksum and sequence number (no NVGRE), and VSID 0x1234, flow 7."""
    seen = [NVGRE_KEY.of(packet[oc.GRE]) for packet in packets("ovs-gre-nvgre.pcap", "nvgre") if oc.GRE in packet]
    assert seen == [NVGREKey(vsid=0xABCD, flow_id=7), None, NVGREKey(vsid=0x1234, flow_id=7)]


def test_a_view_applies_only_where_it_says() -> None:
    assert NVGRE_KEY.of(oc.GRE(protocol_type=0x0800, key=1)) is None
    assert NVGRE_KEY.of(oc.decode_header(oc.GRE, bytes.fromhex("0000 6558"))[0]) is None
    assert NVGRE_KEY.of(oc.decode_header(oc.GRE, bytes.fromhex("b000 6558 00000000 00000100 00000000"))[0]) is None
    assert NVGRE_KEY.of(oc.VXLAN(vni=1)) is None


def test_the_latest_view_comes_first() -> None:
    catalog = dialects.CILIUM.with_view(OVN_VNI)
    assert [type(meaning).__name__ for _, meaning in catalog.meanings(oc.VXLAN(vni=1))] == ["OVNVNI", "CiliumIdentity"]
    assert list(oc.DEFAULT.meanings(oc.VXLAN(vni=1))) == []


class Marked(Element):
    """A mark that is always there, and a number."""

    mark: Annotated[int, Bits(8), Const(0xAA)] = 0xAA
    number: Annotated[int, Bits(16)] = 0


class Long(Element):
    """A size that varies."""

    size: Annotated[int, Bits(8)] = oc.AUTO
    text: Annotated[bytes, oc.SizedBy("size")] = b""


def test_a_constant_that_is_another_has_no_meaning() -> None:
    view = oc.FieldView(oc.VXLAN, "vni", Marked)
    assert view.of(oc.VXLAN(vni=0xAA0007)) == Marked(number=7)
    assert view.of(oc.VXLAN(vni=0xAB0007)) is None


class Selecting(Element):
    """A number that would select what follows, and nothing follows an element."""

    zone: Annotated[int, Bits(8)] = 0
    protocol: Annotated[int, Bits(16), oc.Selects(oc.ETHERTYPE)] = oc.AUTO


class Carrying(oc.Header, spec="made up", keys=(oc.UDP_PORT(9998),)):
    """A list of elements that select something."""

    rows: Annotated[tuple[Selecting, ...], oc.Elements(), oc.Rest()] = ()
    left: Annotated[bytes, oc.Unparsed("rows")] = b""


def test_an_element_whose_selector_is_auto_asks_for_its_value() -> None:
    view = oc.FieldView(oc.VXLAN, "vni", Selecting)
    assert view.make(Selecting(zone=1, protocol=0x0800)).vni == 0x010800
    for attempt in (view.value, view.make, lambda meaning: view.into(oc.VXLAN(vni=1), meaning)):
        with pytest.raises(oc.UnresolvedError, match=r"^selecting\.protocol is AUTO.* give it a value$"):
            attempt(Selecting(zone=1))
    with pytest.raises(oc.UnresolvedError, match=r"^carrying\.rows\[1\]\.protocol is AUTO.* give it a value$"):
        oc.encode(Carrying(rows=(Selecting(protocol=1), Selecting())))


@pytest.mark.parametrize(
    ("record", "field", "meaning", "where"),
    [
        (oc.VXLAN, "vnid", Marked, ()),
        (oc.GRE, "key", Marked, ()),
        (oc.VXLAN, "vni", Long, ()),
        (oc.IPv4, "src", Marked, ()),
        (oc.VXLAN, "vni", Marked, (("port", 1),)),
    ],
)
def test_what_cannot_be_a_view(record: type[oc.Header], field: str, meaning: type[Element], where: Any) -> None:
    with pytest.raises(oc.SchemaError):
        oc.FieldView(record, field, meaning, where)


def test_what_is_no_view_or_no_meaning_is_refused() -> None:
    nothing: Any = None
    with pytest.raises(TypeError):
        oc.DEFAULT.with_view(nothing)
    with pytest.raises(TypeError):
        OVN_VNI.into(oc.VXLAN(vni=1), nothing)
    assert copy.copy(dialects.OVN) == dialects.OVN
