"""Filters as values: their text, their errors, what they match, and hostile texts."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from tests.filters import samples
from tests.tools import stacks

VXLAN: Final = stacks.captures(stacks.CAPTURES)["kernel-vxlan-inner-vlan.pcap"]
OUTSIDE: Final = (
    oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
    / oc.IPv4(src="192.0.2.1", dst="192.0.2.2")
    / oc.UDP(src_port=49152)
    / oc.VXLAN(vni=100)
)
INSIDE: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.VLANTag(vid=7, pcp=3)
PACKET: Final = oc.resolve(
    OUTSIDE / INSIDE / oc.IPv4(src="10.1.2.3", dst="10.9.0.1") / oc.TCP(src_port=5000, dst_port=443, syn=True)
)
PLAIN: Final = oc.resolve(INSIDE / oc.IPv6(src="fe80::1", dst="2001:db8::2") / oc.UDP(src_port=53, dst_port=53))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("vxlan.vni == 0x64 and inner.ipv4.dst in 10.0.0.0/8", "vxlan.vni == 100 and inner.ipv4.dst in 10.0.0.0/8"),
        ("! vlan&&( tcp||udp )", "not vlan and (tcp or udp)"),
        ("not not vlan", "vlan"),
        ("((vlan and tcp)) and udp", "vlan and tcp and udp"),
        ("vlan or tcp and udp", "vlan or tcp and udp"),
        ("tcp.syn == 1", "tcp.syn"),
        ("tcp.syn != true", "tcp.syn == false"),
        ("tcp.dst_port in {80,443 , 8000 .. 8010}", "tcp.dst_port in {80, 443, 8000..8010}"),
        ("tcp.dst_port in 1..1023", "tcp.dst_port in 1..1023"),
        ("vlan.vid not in {1}", "not vlan.vid in {1}"),
        ("ethernet.dst == 5254.0000.0002", "ethernet.dst == 52:54:00:00:00:02"),
        ("ethernet.dst in 52:54:00:00:00:00/24", "ethernet.dst in 52:54:00:00:00:00/24"),
        ("ipv6.src in {fe80::/10, ::1..::5}", "ipv6.src in {fe80::/10, ::1..::5}"),
        ("icmp.type == 'Echo request'", "icmp.type == 8"),
        ("arp.operation == reply", "arp.operation == 2"),
        ("arp.sender_hardware == 02-00-00-00-00-01", "arp.sender_hardware == 02:00:00:00:00:01"),
        ("arp.sender_hardware == 00:ff", "arp.sender_hardware == 0x00ff"),
        ("ipv4.checksum.verdict == bad or fault == TruncatedError",) * 2,
        ("fcs == 0x00000000 and time_ns >= -5 and link_type == 1",) * 2,
    ],
)
def test_the_text_is_canonical(text: str, canonical: str) -> None:
    wanted = oc.Filter(text)
    assert str(wanted) == canonical
    for same in (oc.Filter(canonical), eval(repr(wanted), {"Filter": oc.Filter}), pickle.loads(pickle.dumps(wanted))):
        assert same == wanted
        assert hash(same) == hash(wanted)
    assert wanted != oc.Filter("sctp")


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("", "a header or a field, such as vxlan", 0),
        ("vxlan.vnii == 1", "did you mean vxlan.vni", 0),
        ("udp and vxlann", "did you mean vxlan", 8),
        ("vxlan.vni == 16777216", "vxlan.vni = 16777216 is not in 0..16777215 (24 bits)", 13),
        ("vxlan.vni == " + "9" * 5000, "is no number such as 100", 13),
        ("vxlan.vni = 1", "did you mean '=='?", 10),
        ("vxlan == 1", "vxlan is a header", 6),
        ("tcp.syn < 1", "has no order", 10),
        ("tcp.options == 1", "cannot be compared", 12),
        ("ipv4.src == 10.0.0.0/8", "did you mean 'ipv4.src in 10.0.0.0/8'?", 12),
        ("ipv4.src in 10.0.0.1/8", "did you mean 10.0.0.0/8?", 12),
        ("ipv4.src in 10.0.0.0/33", "has no length from 0 to 32", 12),
        ("ipv4.src == fe80::1", "'fe80::1' is no IPv4 address", 12),
        ("ipv6.src == fe80::1%eth0", "is no IPv6 address", 12),
        ("tcp.dst_port in 5..1", "ends before it begins", 16),
        ("tcp.dst_port in {1,", "the end is not a value of tcp.dst_port", 19),
        ("icmp.type == 'echo requst'", "did you mean 'echo request'?", 13),
        ("ipv4.checksum.verdict == wrong", "valid, bad, absent, partial, unverifiable", 25),
        ("fcs == 0x00ff and vlan and 1", "a header or a field", 27),
        ("(vlan", "a closing parenthesis", 5),
        ("vlan)", "and, or or the end", 4),
        ("vlan AND tcp", "'AND' is not and, or", 5),
        ("tunnel", "", 0),
        ("innermost", "name a field of a header", 0),
    ],
)
def test_a_wrong_text_is_an_error_that_says_what_is_right(text: str, reason: str, position: int) -> None:
    with pytest.raises(oc.FilterError) as caught:
        oc.Filter(text)
    assert reason in str(caught.value)
    assert caught.value.position == position
    assert len(str(caught.value)) < 400
    assert isinstance(caught.value, ValueError)
    assert pickle.loads(pickle.dumps(caught.value)) == caught.value


@pytest.mark.parametrize(
    ("text", "tunnelled", "plain"),
    [
        ("vxlan", True, False),
        ("vlan", True, True),
        ("outer.vlan", False, True),
        ("inner.vlan", True, False),
        ("ipv4.src == 192.0.2.1", True, False),
        ("inner.ipv4.src in 10.0.0.0/8", True, False),
        ("innermost.ipv4.src in 10.0.0.0/8", True, False),
        ("ipv4[1].src in {10.1.2.3, 10.1.2.4}", True, False),
        ("tcp.syn", True, False),
        ("tcp.ack", False, False),
        ("tcp.ack == false", True, False),
        ("vxlan.vni != 100", False, False),
        ("not vxlan.vni == 100", False, True),
        ("vxlan.vni > 99 and vxlan.vni <= 100", True, False),
        ("udp.dst_port in 1..1023", False, True),
        ("ethernet.src in 02:00:00:00:00:00/40", False, True),
        ("inner.ethernet.src in 02:00:00:00:00:00/40", True, False),
        ("ipv6.src in fe80::/10", False, True),
        ("vlan.pcp == 3 and (tcp or ipv6)", True, True),
        ("gre.key", False, False),
        ("tcp.checksum.verdict == valid", True, False),
        ("fault", False, False),
    ],
)
def test_what_a_filter_matches(text: str, tunnelled: bool, plain: bool) -> None:
    assert oc.Filter(text).matches(PACKET) is tunnelled
    assert oc.Filter(text).matches(PLAIN) is plain
    assert (~oc.Filter(text)).matches(PACKET) is not tunnelled


def test_facts_of_the_record_need_the_record() -> None:
    record = oc.Record(oc.encode(PLAIN), time_ns=7, wire_length=2000)
    wanted = oc.Filter("wire_length > 1500 and captured_length < 100 and time_ns == 7 and link_type == 1")
    assert wanted.matches(PLAIN, record)
    assert not oc.Filter("time_ns").matches(PLAIN, oc.Record(b""))
    with pytest.raises(ValueError, match="is a fact of the record"):
        wanted.matches(PLAIN)


def test_a_field_that_is_auto_has_no_value_to_compare() -> None:
    with pytest.raises(oc.UnresolvedError, match=r"oc\.resolve"):
        oc.Filter("ipv4.total_length > 5").matches(OUTSIDE)


def test_filters_are_combined() -> None:
    tenant, tagged = oc.Filter("vxlan.vni == 100 or geneve"), oc.Filter("inner.vlan")
    assert str(tenant & tagged) == "(vxlan.vni == 100 or geneve) and inner.vlan"
    assert str(~(tenant | tagged)) == "not (vxlan.vni == 100 or geneve or inner.vlan)"
    assert ~~tenant == tenant
    assert (tenant & ~tagged).matches(PACKET) is False
    with pytest.raises(TypeError):
        tenant & "vlan"  # type: ignore[operator]
    with pytest.raises(ValueError, match="different catalogs"):
        tenant & oc.Filter("vlan", catalog=oc.DEFAULT.with_max_headers(3))


def test_packets_of_a_capture_are_selected() -> None:
    with oc.open_capture(VXLAN) as capture:
        every = list(capture.packets(lax=True))
        some = list(capture.packets(lax=True, where="inner.vlan.vid in {100, 200}"))
        assert some == [packet for packet in every if packet.get("inner.vlan.vid") in (100, 200)]
        assert len(some) == 4
        assert list(capture.packets(where=oc.Filter("captured_length > 10000"))) == []
        with pytest.raises(oc.FilterError):
            capture.packets(where="vlann")
        with pytest.raises(TypeError, match="where takes a filter"):
            capture.packets(where=5)  # type: ignore[arg-type]


class Probe(oc.Header, spec="in-house", path="probe", keys=(oc.UDP_PORT(9999),)):
    """A header that the default catalog does not have."""

    number: Annotated[int, oc.Bits(16), oc.ValueNames({5: "five"}), "Number"]


def test_a_filter_knows_the_headers_of_its_catalog() -> None:
    catalog = oc.DEFAULT.with_header(Probe)
    with pytest.raises(oc.FilterError):
        oc.Filter("probe.number == five")
    wanted = oc.Filter("probe.number == five", catalog=catalog)
    packet = oc.resolve(oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1) / Probe(number=5), catalog=catalog)
    assert wanted.matches(packet)
    assert pickle.loads(pickle.dumps(wanted)) == wanted


HOSTILE: Final = {
    "parentheses": "(" * 100_000,
    "nested": "not (vlan and " * 3_000,
    "not": "not " * 100_000 + "vlan",
    "signs": "!" * 100_000,
    "signs and a name": "!" * 100_001 + "vlan",
    "terms": " and ".join(["vlan.vid == 5"] * 30_000),
    "set": f"vlan.vid in {{{', '.join(map(str, range(4096)))}}}",
    "path": "vlan" + ".vlan" * 50_000,
    "index": "vlan[" + "9" * 50_000 + "].vid",
    "number": "vxlan.vni == 0x" + "f" * 100_000,
    "octets": "fcs == 0x" + "f" * 100_000,
    "quote": "icmp.type == '" + "a" * 100_000,
    "junk": "\0\ufffd" * 1000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_a_filter_or_an_error(name: str) -> None:
    if name in ("not", "signs and a name", "terms", "set", "octets"):
        wanted = oc.Filter(HOSTILE[name])
        assert isinstance(wanted.matches(PACKET), bool)
        assert oc.Filter(str(wanted)) == wanted
    else:
        with pytest.raises(oc.FilterError) as caught:
            oc.Filter(HOSTILE[name])
        assert len(str(caught.value)) < 1000


def test_combinations_that_nest_too_deep_are_an_error() -> None:
    wanted, other = oc.Filter("vlan"), oc.Filter("tcp")
    for _ in range(21):
        wanted = ~(wanted & other) | other
    with pytest.raises(oc.FilterError, match="within each other"):
        ~(wanted & other)
    assert oc.Filter(str(wanted)) == wanted


@given(st.text("vlanxid.tcp!()&|=<>{}, 0123456789/'\"andornt", max_size=60))
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    try:
        wanted = oc.Filter(text)
    except oc.FilterError:
        return
    assert oc.Filter(str(wanted)) == wanted


@given(samples.filters([PACKET, PLAIN]))
def test_the_text_of_any_filter_makes_an_equal_one(text: str) -> None:
    wanted = oc.Filter(text)
    again = oc.Filter(str(wanted))
    assert again == wanted
    assert str(again) == str(wanted)
    assert pickle.loads(pickle.dumps(wanted)) == wanted


def test_the_sources_of_names_are_in_the_package() -> None:
    assert (Path(oc.__file__).parent / "filters" / "wireshark_names" / "vxlan.json").is_file()
