"""Geneve's options: those of vendors, those of one's own, and what telemetry keeps in them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import (
    INTMD,
    UDP,
    Bits,
    Const,
    Ethernet,
    Geneve,
    GeneveOption,
    IPv4,
    OVNOption,
    Reserved,
    telemetry,
    tunnel,
)
from overlaycodec import strategies as overlay
from overlaycodec.telemetry import INTHop

FRAME = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5) / b"frame"


class Tenant(oc.Element, spec="in-house"):
    """Whose frame it is."""

    option_class: Annotated[int, Bits(16), Const(0xFF01)] = 0xFF01
    type: Annotated[int, Bits(8), Const(0x81)] = 0x81
    reserved: Annotated[int, Reserved(3)] = 0
    length: Annotated[int, Bits(5), Const(1)] = 1
    tenant: Annotated[int, Bits(32)]


class OurOVN(oc.Element, spec="in-house"):
    """What another network makes of OVN's option."""

    option_class: Annotated[int, Bits(16), Const(0x0102)] = 0x0102
    type: Annotated[int, Bits(8), Const(0x80)] = 0x80
    reserved: Annotated[int, Reserved(3)] = 0
    length: Annotated[int, Bits(5), Const(1)] = 1
    number: Annotated[int, Bits(32)]


def options_of(packet: oc.Packet) -> tuple[oc.Element, ...]:
    return packet[Geneve].options


CATALOG = oc.DEFAULT.with_option(Geneve, Tenant)
GENEVE = Geneve(vni=5, options=(Tenant(tenant=7), OVNOption(ingress_port=1, egress_port=2)))
HEX = "0440655800000500 ff01 81 01 00000007 0102 80 01 00010002"


# --- one's own --------------------------------------------------------------------------------------------------------


def test_the_options_that_were_known_are_known_beside_ones_own() -> None:
    """One more class takes the place of none, unless its octets begin in the same way."""
    known = Geneve.__layout__.by_name["options"].elements
    assert CATALOG.layout(Geneve).by_name["options"].elements == (Tenant, *known)
    replaced = oc.DEFAULT.with_option(Geneve, OurOVN).layout(Geneve).by_name["options"].elements
    assert replaced == (OurOVN, *(cls for cls in known if cls is not OVNOption))
    both = CATALOG.with_option(Geneve, OurOVN).layout(Geneve).by_name["options"].elements
    assert both == (OurOVN, Tenant, *(cls for cls in known if cls is not OVNOption))


def test_an_option_of_ones_own_is_written_by_every_catalog_and_read_by_its_own() -> None:
    octets = bytes.fromhex(HEX) + oc.encode(FRAME)
    assert oc.encode(GENEVE / FRAME) == octets == CATALOG.encode(GENEVE / FRAME)
    packet = CATALOG.decode(octets, first=Geneve)
    assert options_of(packet) == (Tenant(tenant=7), OVNOption(ingress_port=1, egress_port=2))
    assert packet[Geneve].critical is True
    assert packet.at("geneve.options[0].tenant") == 7
    assert packet.replace_at("geneve.options[0].tenant", 8).at("geneve.options[0].tenant") == 8
    assert packet.span("geneve.options[0].tenant") == (96, 127)
    assert CATALOG.encode(packet) == octets
    assert oc.fill(packet, catalog=CATALOG) == packet
    generic = oc.decode(octets, first=Geneve)
    assert generic[Geneve].options[0] == GeneveOption(option_class=0xFF01, type=0x81, length=1, data=b"\0\0\0\7")
    assert oc.encode(generic) == octets


def test_a_misshapen_one_is_read_as_any_other() -> None:
    octets = bytes.fromhex("0240655800000500 ff01 81 00 0105 01 00") + oc.encode(FRAME)
    options = CATALOG.decode(octets, first=Geneve)[Geneve].options
    assert [type(option) for option in options] == [GeneveOption, GeneveOption]


def test_columns_know_it() -> None:
    data = CATALOG.encode(IPv4(src="10.0.0.1", dst="10.0.0.2") / UDP(src_port=1) / GENEVE / FRAME)
    records = [oc.Record(data, link_type=228)] * 40
    table = oc.columns(records, ["geneve.options[0].tenant", "geneve.vni"], catalog=CATALOG)
    assert table["geneve.options[0].tenant"].tolist() == [7] * 40
    with pytest.raises(oc.PathError):
        oc.columns(records, ["geneve.options[0].tenant"])


def test_columns_tell_elements_of_one_front() -> None:
    options = (
        (oc.CiliumDSROption(address="10.0.0.1", port=80),),
        (oc.CiliumDSRv6Option(address="fd00::1", port=81),),
        (GeneveOption(option_class=0x014B, type=0x81, data=bytes(4)),),
        (oc.CiliumDSRv6Option(address="fd00::2", port=82), oc.CiliumDSROption(address="10.0.0.2", port=83)),
    )
    outer = IPv4(src="10.0.0.1", dst="10.0.0.2") / UDP(src_port=1)
    packets = [outer / Geneve(vni=5, options=row) / FRAME for row in options]
    records = [oc.Record(oc.encode(packet), link_type=228) for packet in packets] * 40
    table = oc.columns(records, ["geneve.options[0].port", "geneve.options[1].port"])
    assert table["geneve.options[0].port"].tolist() == [80, 81, None, 82] * 40
    assert table["geneve.options[1].port"].tolist() == [None, None, None, 83] * 40


@given(packet=overlay.packets(Geneve, catalog=CATALOG))
def test_stacks_are_drawn_with_it(packet: oc.Packet) -> None:
    assert CATALOG.decode(CATALOG.encode(packet)) == packet


def test_it_is_drawn() -> None:
    found = find(
        overlay.packets(Geneve, catalog=CATALOG),
        lambda packet: any(type(option) is Tenant for option in options_of(packet)),
        settings=settings(database=None, max_examples=5_000, phases=[Phase.generate]),
    )
    assert Tenant in map(type, options_of(found))


def test_it_takes_the_place_of_one_that_begins_alike() -> None:
    catalog = CATALOG.with_option(Geneve, OurOVN)
    packet = catalog.decode(bytes.fromhex(HEX) + oc.encode(FRAME), first=Geneve)
    assert options_of(packet) == (Tenant(tenant=7), OurOVN(number=0x10002))
    assert CATALOG.with_option(Geneve, Tenant) != CATALOG
    assert pickle.loads(pickle.dumps(catalog)) == catalog
    assert oc.DEFAULT.options == ()


def test_options_of_other_headers() -> None:
    class Experiment(oc.Element, spec="RFC 6994"):
        """An experiment of TCP's."""

        kind: Annotated[int, Bits(8), Const(254)] = 254
        length: Annotated[int, Bits(8), Const(6)] = 6
        identifier: Annotated[int, Bits(16)]
        value: Annotated[int, Bits(16)] = 0

    catalog = oc.DEFAULT.with_option(oc.TCP, Experiment)
    tcp = oc.TCP(src_port=1, dst_port=2, checksum=0, options=(oc.TCPOption(kind=254, data=b"\0\1\0\2"),))
    read = catalog.decode(oc.encode(tcp), first=oc.TCP)[oc.TCP]
    first: oc.Element = read.options[0]
    assert first == Experiment(identifier=1, value=2)


def test_an_option_that_one_octet_tells() -> None:
    class Timestamps(oc.Element, spec="RFC 791 section 3.1"):
        """When the packet passed by."""

        type: Annotated[int, Bits(8), Const(68)] = 68
        length: Annotated[int, Bits(8)] = oc.AUTO
        pointer: Annotated[int, Bits(8)] = 5
        overflow: Annotated[int, Bits(4)] = 0
        flag: Annotated[int, Bits(4)] = 0
        timestamps: Annotated[bytes, oc.SizedBy("length", bias=-4)] = b""

    catalog = oc.DEFAULT.with_option(IPv4, Timestamps)
    octets = bytes.fromhex("4700001c 00000000 40fd0000 0a000001 0a000002 44080910 00015f90")
    read: tuple[oc.Element, ...] = catalog.decode(octets, first=IPv4)[IPv4].options
    assert read == (Timestamps(length=8, pointer=9, overflow=1, flag=0, timestamps=b"\x00\x01\x5f\x90"),)
    assert catalog.encode(catalog.decode(octets, first=IPv4)) == octets


class Short(oc.Element, spec="in-house"):
    kind: Annotated[int, Bits(8), Const(1)] = 1
    flags: Annotated[int, Bits(8)] = 0
    size: Annotated[int, Bits(8), Const(3)] = 3


class Long(oc.Element, spec="in-house"):
    kind: Annotated[int, Bits(8), Const(1)] = 1
    flags: Annotated[int, Bits(8)] = 0
    size: Annotated[int, Bits(8), Const(4)] = 4
    more: Annotated[int, Bits(8)] = 0


class LongToo(oc.Element, spec="in-house"):
    kind: Annotated[int, Bits(8), Const(1)] = 1
    number: Annotated[int, Bits(24)] = 0


class Sized(oc.Element, spec="in-house"):
    """The length comes first, as in RFC 4884: no constant is at its front."""

    length: Annotated[int, Bits(8)] = oc.AUTO
    kind: Annotated[int, Bits(8), Const(1)] = 1
    number: Annotated[int, Bits(8)] = 0
    rest: Annotated[bytes, oc.SizedBy("length", origin="start")] = b""


class SizedAny(oc.Element, spec="in-house"):
    length: Annotated[int, Bits(8)] = oc.AUTO
    kind: Annotated[int, Bits(8)]
    data: Annotated[bytes, oc.SizedBy("length", bias=-2)] = b""


class Any_(oc.Element, spec="in-house"):
    octet: Annotated[int, Bits(8)]


def test_a_constant_behind_a_length_tells() -> None:
    class Row(oc.Header, spec="in-house"):
        items: Annotated[tuple[Sized | SizedAny, ...], oc.Rest(), oc.Elements()] = ()
        items_rest: Annotated[bytes, oc.Unparsed("items")] = b""

    octets = bytes.fromhex("030107 050108aabb 020101 0302cc 0501ff")
    row, _ = oc.decode_header(Row, octets)
    read: tuple[oc.Element, ...] = row.items
    assert read == (
        Sized(length=3, number=7),
        Sized(length=5, number=8, rest=b"\xaa\xbb"),
        SizedAny(length=2, kind=1),  # too short for what its kind has
    )
    assert row.items_rest == bytes.fromhex("01 0302cc 0501ff")
    assert oc.encode(row) == octets
    assert oc.encode(Row(items=(Sized(number=8, rest=b"\xaa\xbb"),))) == octets[3:8]


def test_of_one_front_another_constant_tells() -> None:
    class Row(oc.Header, spec="in-house"):
        items: Annotated[tuple[Short | Long | Any_, ...], oc.Rest(), oc.Elements()] = ()
        items_rest: Annotated[bytes, oc.Unparsed("items")] = b""

    octets = bytes.fromhex("010003 01ff0407 010005")
    row, _ = oc.decode_header(Row, octets)
    read: tuple[oc.Element, ...] = row.items
    assert read == (Short(), Long(flags=255, more=7), Any_(octet=1), Any_(octet=0), Any_(octet=5))
    assert oc.encode(row) == octets
    with pytest.raises(oc.SchemaError, match="known by constants that no other one has"):

        class Ambiguous(oc.Header, spec="in-house"):
            items: Annotated[tuple[Long | LongToo | Any_, ...], oc.Rest(), oc.Elements()] = ()
            items_rest: Annotated[bytes, oc.Unparsed("items")] = b""


def test_what_is_no_option() -> None:
    class NoConstants(oc.Element, spec="in-house"):
        option_class: Annotated[int, Bits(16)]
        type: Annotated[int, Bits(8)] = 0
        reserved: Annotated[int, Reserved(3)] = 0
        length: Annotated[int, Bits(5), Const(0)] = 0

    class Shifted(oc.Element, spec="in-house"):
        option_class: Annotated[int, Bits(20), Const(0xFFFFF)] = 0xFFFFF
        type: Annotated[int, Bits(4), Const(0)] = 0
        reserved: Annotated[int, Reserved(3)] = 0
        length: Annotated[int, Bits(5), Const(0)] = 0

    for wrong in (NoConstants, Shifted, oc.TCPOption, oc.TCPMSSOption):
        with pytest.raises(oc.SchemaError, match="stands in no row of Geneve"):
            oc.DEFAULT.with_option(Geneve, wrong)
    with pytest.raises(oc.SchemaError, match="stands in no row of IPv4"):
        oc.DEFAULT.with_option(IPv4, oc.TCPMSSOption)  # told by octets enough, but laid out as TCP's
    with pytest.raises(oc.SchemaError, match="stands in no row of VXLAN"):
        oc.DEFAULT.with_option(oc.VXLAN, Tenant)
    nothing: Any
    for nothing in (Geneve, 7):
        with pytest.raises(oc.SchemaError, match="is no declared element"):
            oc.DEFAULT.with_option(Geneve, nothing)
    with pytest.raises(TypeError, match=r"geneve\.options\[0\] takes a GeneveOption or one of "):
        Geneve(vni=1, options=(oc.TCPOption(kind=1),))


def test_through_a_tunnel() -> None:
    tep = tunnel.GeneveTunnel(vni=5, src="10.0.0.1", dst="10.0.0.2", options=(Tenant(tenant=7),))
    outer = tep.encapsulate(FRAME)
    assert options_of(outer) == (Tenant(tenant=7),)
    inside = tunnel.decapsulate(oc.encode(outer), first=IPv4, catalog=CATALOG)
    assert options_of(inside.tunnel) == (Tenant(tenant=7),)
    assert tep.overhead_octets == 20 + 8 + 8 + 8


def test_the_critical_flag_follows_the_options() -> None:
    """RFC 8926 section 3.4: C is set where an option's type has its high bit set; as it stood, where it was given."""
    assert oc.resolve(GENEVE / FRAME)[Geneve].critical is True
    assert oc.resolve(Geneve(vni=1, options=(oc.AWSFlowCookieOption(flow_cookie=1),)) / FRAME)[Geneve].critical is False
    assert oc.resolve(GENEVE.replace(critical=False) / FRAME)[Geneve].critical is False
    unflagged = [f for f in oc.diagnose(GENEVE.replace(critical=False) / FRAME, receiver="rfc") if "critical" in f.path]
    assert unflagged


# --- telemetry --------------------------------------------------------------------------------------------------------

# INT 2.1 section 5.8: node ID (bit 0), interfaces (1), latency (2), queue (3), both times (4, 5), interfaces of level 2
# (6), utilization (7), buffer (8), and the checksum complement (15)
ALL_BITS = 0b1111_1111_1000_0001
STACK = bytes.fromhex(
    "00000002 00030004 00000064 05000006 0000000000000007 0000000000000008 00000009 0000000a 0000000b 0c00000d aabbccdd"
)


def test_every_metadata_has_its_place() -> None:
    (hop,) = telemetry.hops(INTMD(hop_ml=13, instructions=ALL_BITS, stack=STACK))
    assert hop == INTHop(
        node_id=2, ingress_interface=3, egress_interface=4, hop_latency=0x64, queue_id=5, queue_occupancy=6,
        ingress_timestamp=7, egress_timestamp=8, ingress_interface_level2=9, egress_interface_level2=10,
        egress_utilization=11, buffer_id=12, buffer_occupancy=13, checksum_complement=0xAABBCCDD,
    )  # fmt: skip


def test_hops_stand_last_first() -> None:
    vectors = Path(__file__).parents[1] / "vectors" / "geneve_options.json"
    assert "int-md-behind-vxlan-gpe" in vectors.read_text()
    octets = bytes.fromhex("10078003 20000206 a0000000 00000000 00000002 00000064 00000001 000000c8")
    record, _ = oc.decode_header(INTMD, octets)
    assert telemetry.hops(record) == (INTHop(node_id=2, hop_latency=100), INTHop(node_id=1, hop_latency=200))
    longer = telemetry.with_hops(record, (INTHop(node_id=3), *telemetry.hops(record)))
    assert oc.encode(longer.replace(next_protocol=3)) == bytes.fromhex(
        "10098003 20000206 a0000000 00000000 00000003 ffffffff 00000002 00000064 00000001 000000c8"
    )


def test_what_the_source_alone_added() -> None:
    record = INTMD(hop_ml=2, instructions=0x8001, domain_instructions=1, stack=bytes(8) + b"abcdefghijkl")
    first, source = telemetry.hops(record)
    assert first == INTHop(node_id=0, checksum_complement=0)
    assert source == INTHop(node_id=0x61626364, domain_specific=b"efgh", checksum_complement=0x696A6B6C)
    assert telemetry.with_hops(record, (first, source)) == record


@given(
    instructions=st.integers(0, 0xFFFF),
    hop_ml=st.integers(0, 31),
    stack=st.binary(max_size=27).map(lambda data: data * 4),
)
def test_any_stack_is_hops_or_an_error(instructions: int, hop_ml: int, stack: bytes) -> None:
    kinds: tuple[Any, ...] = (INTMD, oc.INTMDOption)
    for kind in kinds:
        record = kind(hop_ml=hop_ml, instructions=instructions, stack=stack)
        try:
            found = telemetry.hops(record)
        except oc.DecodeError:
            continue
        assert telemetry.with_hops(record, found) == record


def test_hops_that_do_not_fit() -> None:
    record = INTMD(hop_ml=1, instructions=0x8000)
    assert telemetry.hops(record) == ()
    with pytest.raises(oc.FieldRangeError, match=r"int_md\.stack\.node_id = 4294967296"):
        telemetry.with_hops(record, (INTHop(node_id=1 << 32),))
    with pytest.raises(oc.EncodeError, match="a hop of 8 octets, not 4"):
        telemetry.with_hops(record, (INTHop(node_id=1, domain_specific=bytes(4)), INTHop(node_id=2)))
    with pytest.raises(oc.LengthFieldError, match=r"hop_ml .* is 1, its minimum is 2"):
        telemetry.hops(record.replace(instructions=0xA000))


def test_an_option_of_a_row_that_has_no_options() -> None:
    """All elements of the row are of one class, and nothing in an address tells another one from it."""

    class Other(oc.Element):
        """Laid out as a segment, without a constant."""

        address: Annotated[oc.IPv6Like, oc.Octets(16)]

    with pytest.raises(oc.SchemaError, match="stands in no row of IPv6SegmentRouting"):
        oc.DEFAULT.with_option(oc.IPv6SegmentRouting, Other)
