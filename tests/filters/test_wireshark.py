"""Filters as display filters: the texts. `make interop` has tshark select the same packets by them."""

from __future__ import annotations

import pytest

import overlaycodec as oc
from tests.filters.test_filter import PACKET, PLAIN, Probe


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("ipv4.src", "ip.src#1"),
        ("inner.ipv4.src", "ip.src#2"),
        ("inner.inner.ethernet.dst", "eth.dst#3"),
        ("inner.vlan.vid", "vlan.id"),
        ("vlan[1].vid", "vlan.id#2"),
        ("tcp.syn", "tcp.flags.syn#1"),
        ("vxlan", "vxlan#1"),
        ("wire_length", "frame.len"),
        ("tcp.syn and not vlan", "tcp.flags.syn#1 == 1 && !(vlan#1)"),
        ("(vlan or vxlan) and udp.dst_port in {5, 7..9}", "(vlan#1 || vxlan#1) && udp.dstport#1 in {5, 7..9}"),
        ("ipv4.ihl == 5", "ip.hdr_len#1 == 20"),
        ("ethernet.ethertype == 0x86dd", "eth.type#1 == 34525"),
        ("ethernet.dst in 52:54:00:00:00:00/24", "eth.dst#1 in {52:54:00:00:00:00..52:54:00:ff:ff:ff}"),
        ("time_ns >= 1500000000", "frame.time_epoch >= 1.500000000"),
        ("vxlan.vni != 100", "vxlan.vni#1 != 100"),
        ("interface_name == 'eth0' and vxlan.vni == 5", 'frame.interface_name == "eth0" && vxlan.vni#1 == 5'),
        ("interface_name in {eth0, 'a \"b\" \\\\'}", r'frame.interface_name in {"eth0", "a \"b\" \\"}'),
        ("interface_name and vlan", 'frame.interface_name != "unknown" && vlan#1'),
        ("interface_name != lo", 'frame.interface_name != "lo" && frame.interface_name != "unknown"'),
        ("interface in 1..3 or section == 1", "frame.interface_id in {1..3} || frame.section_number == 2"),
        ("comment and flags == 1", "frame.comment && frame.packet_flags & 0xfffffe1f == 1"),
        ("interface_name", "frame.interface_name"),
    ],
)  # fmt: skip
def test_a_filter_as_a_display_filter(text: str, display: str) -> None:
    assert oc.wireshark_filter(text) == display


def test_a_packet_says_which_layer_it_is() -> None:
    assert oc.wireshark_filter("inner.vlan.vid", PACKET) == "vlan.id#1"
    assert oc.wireshark_filter("not inner.vlan.vid == 7", PACKET) == "!(vlan.id#1 == 7)"
    assert oc.wireshark_filter("innermost.ipv4.dst == 10.9.0.1", PACKET) == "ip.dst#2 == 10.9.0.1"
    with pytest.raises(oc.FilterError, match=r"the packet has no inner\.vlan\.vid"):
        oc.wireshark_filter("inner.vlan.vid", PLAIN)


def test_a_packet_says_what_wireshark_takes_a_tag_for() -> None:
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88A8)
    tags = oc.VLANTag(vid=7, ethertype=0x8100) / oc.VLANTag(vid=8)
    packet = oc.resolve(link / tags / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253))
    assert oc.wireshark_filter("vlan.vid", packet) == "ieee8021ad.id#1"
    assert oc.wireshark_filter("vlan[1].vid", packet) == "vlan.id#1"


def test_labels_of_one_stack_are_one_layer() -> None:
    assert oc.wireshark_filter("mpls.label == 7") == "mpls.label == 7"
    labels = oc.resolve(oc.MPLS(label=7) / oc.MPLS(label=8) / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253))
    assert oc.wireshark_filter("mpls[1].label", labels) == "mpls.label"
    assert oc.wireshark_filter("mpls.label", labels.without((oc.MPLS, 1))) == "mpls.label#1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not inner.vlan", "give a packet"),
        ("inner.tcp.dst_port != 80", "give a packet"),
        ("geneve.options[0].type == 3", "no field for geneve.options"),
        ("vxlan.reserved1 == 3", "no field"),
        ("ipv4.checksum.verdict == bad", "no field"),
        ("fault", "no name for fault"),
        ("link_type == 1", "no name for link_type"),
        ("comment == 'a'", "a field for each comment"),
        ("flags in {1, 2}", "compare flags by =="),
        ("vlann", "did you mean"),
    ],
)
def test_what_wireshark_cannot_say_is_an_error(text: str, reason: str) -> None:
    with pytest.raises(oc.FilterError, match=reason):
        oc.wireshark_filter(text)


def test_a_header_of_ones_own_has_no_name() -> None:
    with pytest.raises(oc.FilterError, match="no name for probe"):
        oc.wireshark_filter("probe.number == 5", catalog=oc.DEFAULT.with_header(Probe))
