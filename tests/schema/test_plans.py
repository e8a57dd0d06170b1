"""What declarations mean, worked out once: of well-known headers, as their specifications have it."""

from __future__ import annotations

from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import ETHERTYPE, GRE, IP_PROTOCOL, MPLS, TCP, UDP, UDP_PORT, VXLAN, Ethernet, Geneve, IPv4, IPv6
from overlaycodec.schema.layout import Run
from overlaycodec.schema.plans import Guard, Notation, ValueLength

# octets at least, whether always so many, the fields that decide how it is read and what follows, those computed
HEADERS: Final[dict[Any, tuple[int, bool, str, str]]] = {
    Ethernet: (14, True, "ethertype", "ethertype"),  # IEEE 802.3 clause 3.1
    oc.VLANTag: (4, True, "ethertype", "ethertype"),  # IEEE 802.1Q clause 9.3
    IPv4: (  # RFC 791 section 3.1
        20,
        False,
        "ihl total_length fragment_offset protocol",
        "ihl total_length protocol checksum options_rest",
    ),
    IPv6: (40, True, "payload_length next_header", "payload_length next_header"),  # RFC 8200 section 3
    oc.IPv6Fragment: (8, True, "fragment_offset next_header", "next_header"),  # RFC 8200 section 4.5
    oc.IPv6HopByHop: (2, False, "hdr_ext_len next_header", "hdr_ext_len next_header options_rest"),
    UDP: (8, True, "length dst_port", "length dst_port checksum"),  # RFC 768
    TCP: (20, False, "data_offset dst_port", "data_offset dst_port checksum options_rest"),  # RFC 9293 section 3.1
    GRE: (  # RFC 1701, RFC 2890
        4,
        False,
        "checksum_present routing_present key_present sequence_present protocol_type",
        "protocol_type checksum",
    ),
    VXLAN: (8, True, "", ""),  # RFC 7348 section 5
    oc.VXLANGPE: (8, True, "next_protocol_present next_protocol", "next_protocol"),
    Geneve: (8, False, "opt_len protocol_type", "opt_len protocol_type critical options_rest"),  # RFC 8926 section 3.4
    MPLS: (4, True, "bottom_of_stack label", "bottom_of_stack label"),  # RFC 3032 section 2.1
    oc.STT: (18, True, "", ""),
    oc.ARP: (8, False, "hardware_length protocol_length", "hardware_length protocol_length"),  # RFC 826
    oc.SCTP: (12, False, "", "checksum chunks_rest"),  # RFC 9260 section 3
    oc.LLC: (3, False, "dsap control", "dsap"),  # IEEE 802.2
    oc.GTPU: (
        8,
        False,
        "extension_present length message_type next_extension npdu_present sequence_present",
        "length next_extension",
    ),
}


@pytest.mark.parametrize("cls", HEADERS, ids=lambda cls: cls.__name__)
def test_what_a_header_is(cls: Any) -> None:
    layout = cls.__layout__
    octets, fixed, deciding, computed = HEADERS[cls]
    assert (layout.minimum_octets, layout.fixed) == (octets, fixed)
    assert layout.deciding == set(deciding.split())
    assert {field.name for field in layout.fields if layout.computed(field)} == set(computed.split())
    assert layout.takes_rest is (cls is oc.SCTP)


def test_what_takes_auto_beside_what_is_computed() -> None:
    """A flag that another field is present by, and such a field."""
    layout = GRE.__layout__
    flags = {"checksum_present", "routing_present", "key_present", "sequence_present"}
    fields = {"reserved1", "key", "sequence", "routing"}
    assert {f.name for f in layout.fields if layout.derived(f) and not layout.computed(f)} == flags | fields
    assert not layout.derived(layout.by_name["version"])


def test_the_bound_of_a_segment_but_for_the_first() -> None:
    layout = oc.STTSegment.__layout__
    assert layout.extent is not None
    assert {layout.extent.unless, layout.extent.field.name} <= layout.deciding
    assert layout.segmented


def test_octets_that_are_in_other_packets() -> None:
    assert IPv4.__layout__.fragment_fields == ("fragment_offset", "more_fragments")
    assert VXLAN.__layout__.fragment_fields == ()
    assert [IPv4.__layout__.in_other_packets(name) for name in ("more_fragments", "fragment_offset", "ttl")] == [
        True,
        True,
        False,
    ]
    assert oc.STTSegment.__layout__.in_other_packets("source_port") is True
    assert (IPv4.__layout__.segmented, VXLAN.__layout__.segmented, TCP.__layout__.segmented) == (False, False, False)


def test_where_fields_stand() -> None:
    """Bits from the start of the header, by the figures of RFC 791 and RFC 7348."""
    ip = IPv4.__layout__
    places = {"version": 0, "ihl": 4, "total_length": 16, "fragment_offset": 51, "protocol": 72, "src": 96, "dst": 128}
    assert {name: ip.fixed_bit_of(name) for name in places} == places
    assert {name: ip.position_of(name) for name in places} == {name: (0, bit) for name, bit in places.items()}
    assert ip.fixed_bit_of("options") is None
    assert ip.fixed_bit_of("nothing") is None
    assert VXLAN.__layout__.fixed_bit_of("vni") == 32
    assert [TCP.__layout__.fixed_bit_of(name) for name in ("data_offset", "checksum", "urgent_pointer")] == [
        96,
        128,
        144,
    ]
    gre = GRE.__layout__
    assert gre.fixed_bit_of("protocol_type") == 16
    assert gre.fixed_bit_of("checksum") == 32
    assert gre.fixed_bit_of("reserved1") == 48
    assert gre.fixed_bit_of("key") is None  # behind the checksum, where there is one
    assert gre.position_of("key")[1] == 0
    for name in ("options", "nothing"):
        with pytest.raises(KeyError, match=name):
            ip.position_of(name)
    run = ip.parts[0]
    assert isinstance(run, Run)
    with pytest.raises(KeyError, match="options"):
        run.bit_of("options")


def test_sizes_of_fields() -> None:
    fields = IPv4.__layout__.by_name
    assert [
        (fields[name].bits, fields[name].width, fields[name].octets) for name in ("ihl", "ttl", "src", "options")
    ] == [
        (4, 4, None),
        (8, 8, 1),
        (32, 32, 4),
        (None, 0, None),
    ]
    assert [fields[name].maximum for name in ("ihl", "ttl", "fragment_offset", "total_length", "dont_fragment")] == [
        15,
        255,
        8191,
        65535,
        1,
    ]


def test_what_follows() -> None:
    """IEEE 802.3 clause 3.2.6: up to 1500 the field is a length, from 1536 on an EtherType; RFC 3032: a stack."""
    frame = Ethernet(dst="02:00:00:00:00:01", src="02:00:00:00:00:02", ethertype=0x0800)
    following = Ethernet.__layout__.next
    assert following.lowest_key == 1501
    assert following.of(frame) == ETHERTYPE(0x0800)
    assert following.of(frame.replace(ethertype=1501)) == ETHERTYPE(1501)
    for octets in (0, 1, 1500):
        found = following.of(frame.replace(ethertype=octets))
        assert isinstance(found, ValueLength)
        assert found.octets == octets
    packet = IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=17)
    assert IPv4.__layout__.next.of(packet) == IP_PROTOCOL(17)
    assert IPv4.__layout__.next.of(packet.replace(fragment_offset=1)) is None
    assert IPv4.__layout__.next.of(packet.replace(more_fragments=True)) == IP_PROTOCOL(17)
    assert IPv4.__layout__.next.lowest_key == 0
    labels = MPLS.__layout__.next
    assert labels.repeat is not None
    assert labels.of(MPLS(label=3, bottom_of_stack=False)) == labels.repeat.key
    assert labels.of(MPLS(label=3, bottom_of_stack=True)) != labels.repeat.key
    assert VXLAN.__layout__.next.of(VXLAN(vni=1)) == ETHERTYPE(0x6558)
    gpe = oc.VXLANGPE.__layout__.next
    assert gpe.flag == "next_protocol_present"
    present = oc.VXLANGPE(vni=1, next_protocol_present=True, next_protocol=1)
    assert gpe.failing(present) is None
    assert gpe.of(present) == gpe.space(1) if gpe.space else False
    absent = present.replace(next_protocol_present=False)
    assert gpe.failing(absent) is gpe.guards[0]
    assert gpe.of(absent) == ETHERTYPE(0x6558)
    control = oc.GUE(control=1, proto_ctype=1)  # draft-ietf-intarea-gue section 3.2: no protocol but a type
    assert oc.GUE.__layout__.next.of(control) is None
    assert oc.GUE.__layout__.next.of(control.replace(control=0)) == IP_PROTOCOL(1)
    assert oc.GUE.__layout__.next.flag is None


def test_which_selectors_decide_alone() -> None:
    alone = {cls: cls.__layout__.next.unconditional for cls in (IPv4, UDP, Ethernet, MPLS, oc.GUE, oc.GTPU, Geneve)}
    assert alone == {IPv4: True, UDP: True, Ethernet: False, MPLS: False, oc.GUE: False, oc.GTPU: False, Geneve: True}


def test_what_leads_to_a_class() -> None:
    header = UDP(src_port=1, dst_port=4789, length=8, checksum=0)
    following, candidates = UDP.__layout__.next, oc.DEFAULT.candidates
    assert following.selects(header, VXLAN, candidates)
    assert not following.selects(header, Geneve, candidates)
    assert not following.selects(header.replace(dst_port=6081), VXLAN, candidates)
    assert not VXLAN.__layout__.next.selects(VXLAN(vni=1), Ethernet, candidates)


def test_what_has_content() -> None:
    """3GPP TS 29.281 section 5.1: of the messages of GTP-U, only a G-PDU, 255, carries a packet."""
    following = oc.GTPUExtension.__layout__.next
    tunnel = oc.GTPU(message_type=255, teid=1)
    assert following.has_content([tunnel])
    assert not following.has_content([tunnel.replace(message_type=1)])
    assert following.has_content([tunnel.replace(message_type=1), tunnel])
    assert not following.has_content([tunnel, tunnel.replace(message_type=1), VXLAN(vni=1)])
    assert following.has_content([VXLAN(vni=1)])
    assert following.has_content([])
    assert UDP.__layout__.next.has_content([])


@pytest.mark.parametrize("negated", [False, True])
def test_a_guard(negated: bool) -> None:
    guard = Guard("field", (1, 2), negated)
    assert [guard.holds(value) is negated for value in (1, 2, 3, None)] == [False, False, True, True]


def test_how_far_a_header_reaches() -> None:
    """RFC 791: from the start; RFC 8200: from the end; RFC 768 and RFC 2675: 0 is no bound in a jumbogram alone."""
    ip, six, udp = (cls.__layout__.extent for cls in (IPv4, IPv6, UDP))
    assert ip is not None
    assert six is not None
    assert udp is not None
    assert (ip.end_of(100, 24), six.end_of(100, 40), udp.end_of(100, 8)) == (100, 140, 100)
    assert [extent.is_unbounded(0) for extent in (ip, six, udp)] == [True, True, True]
    assert [extent.is_unbounded(0, outside=False) for extent in (ip, six, udp)] == [True, True, False]
    assert [extent.is_unbounded(1) for extent in (ip, six, udp)] == [False, False, False]
    datagram = UDP(src_port=1, dst_port=2, length=20)
    assert udp.octets_of(datagram, 8) == 20
    assert udp.octets_of(datagram.replace(length=0), 8) is None
    l2tp = oc.L2TP.__layout__.extent  # RFC 2661 section 3.1: the length is optional
    assert l2tp is not None
    assert l2tp.octets_of(oc.L2TP(tunnel_id=1, session_id=1, length_present=False, length=None), 6) is None
    assert oc.Ethernet.__layout__.length_field is None
    assert UDP.__layout__.length_field is UDP.__layout__.by_name["length"]


def test_what_a_checksum_covers() -> None:
    """RFC 791: the header; RFC 768: header and data, as far as the length says, where that is not within the header."""
    assert IPv4.__layout__.covered_octets(IPv4(src="10.0.0.1", dst="10.0.0.2", total_length=60), 20, 60) == 20
    for length, covered in ((0, 60), (7, 60), (8, 8), (9, 9), (60, 60), (61, 60)):
        datagram = UDP(src_port=1, dst_port=2, length=length)
        assert UDP.__layout__.covered_octets(datagram, 8, 60) == covered
    assert TCP.__layout__.covered_octets(TCP(src_port=1, dst_port=2), 20, 60) == 60
    ip, udp, gre = (cls.__layout__.coverage for cls in (IPv4, UDP, GRE))
    assert ip is not None
    assert udp is not None
    assert gre is not None
    assert (ip.octet, ip.octets, ip.header_only, ip.pseudo) == (10, 2, True, False)
    assert (udp.octet, udp.octets, udp.header_only, udp.pseudo) == (6, 2, False, True)
    assert udp.absent_in(UDP(src_port=1, dst_port=2, checksum=0))
    assert not udp.absent_in(UDP(src_port=1, dst_port=2, checksum=1))
    assert not ip.absent_in(IPv4(src="10.0.0.1", dst="10.0.0.2", checksum=0))
    assert gre.absent_in(GRE(checksum_present=False))  # RFC 2784 section 2.2: the C bit
    assert not gre.absent_in(GRE(checksum_present=True, checksum=0, reserved1=0))


def test_which_values_a_header_can_have() -> None:
    """RFC 791: the version is 4; the TTL is any."""
    layout = IPv4.__layout__
    assert [layout.can_have(*asked) for asked in (("version", 4), ("version", 6), ("ttl", 9), ("hops", 9))] == [
        True,
        False,
        True,
        False,
    ]


def test_constants_at_the_front() -> None:
    """RFC 791 section 3.1: the end of options is 0; RFC 9293 section 3.2: a segment's size is kind 2, length 4."""
    elements = TCP.__layout__.by_name["options"].elements
    prefixes = {element.__name__: element.__layout__.constant_prefix.hex() for element in elements}
    assert any(prefix == "0204" for prefix in prefixes.values())
    assert IPv4.__layout__.constant_prefix == b""
    common = TCP.__layout__.by_name["options"].element.__layout__.common_prefix
    assert common[0] == ("kind", 8)


def test_how_numbers_are_written() -> None:
    """EtherTypes in hexadecimal where they are no lengths, checksums always, ports never."""
    kind, checksum = Ethernet.__layout__.by_name["ethertype"].notation, UDP.__layout__.by_name["checksum"].notation
    assert kind is not None
    assert checksum is not None
    assert [kind.text(value) for value in (0x0800, 1501, 1500, 0)] == ["0x0800", "0x05dd", "1500", "0"]
    assert [checksum.text(value) for value in (0, 1, 0xFFFF)] == ["0x0000", "0x0001", "0xffff"]
    assert UDP.__layout__.by_name["dst_port"].notation is None
    reserved = Notation(2, above=0)
    assert [reserved.text(value) for value in (0, 1, 255)] == ["0", "0x01", "0xff"]
    assert [f.notation for f in VXLAN.__layout__.fields if f.reserved and f.bits == 8] == [reserved]
    assert UDP_PORT.text(4789) == "4789"
    assert ETHERTYPE.text(5) == "0x0005"
