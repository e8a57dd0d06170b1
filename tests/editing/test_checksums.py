"""Checksums, judged and computed anew: against RFC 1071, real stacks, tshark and scapy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import AUTO, UDP, VXLAN, Ethernet, IPv4, IPv6, LengthFieldError, Packet, VLANTag
from overlaycodec.checksum import finished_checksum, internet_checksum, internet_sum
from tests.laws.common import words_sum

CAPTURES: Final = Path(__file__).parents[1] / "captures"


def verdicts(packet: Packet, **options: Any) -> dict[str, str]:
    return {path: str(verdict) for path, verdict in oc.checksums(packet, **options).items()}


# --- the sum ----------------------------------------------------------------------------------------------------------


def test_the_example_of_rfc_1071() -> None:
    assert internet_sum(bytes.fromhex("0001 f203 f4f5 f6f7")) == 0xDDF2
    assert internet_checksum(bytes.fromhex("0001 f203 f4f5 f6f7")) == 0x220D


@given(st.binary(max_size=200))
@example(b"")
@example(b"\0")
@example(bytes(64))
@example(b"\xff\xff")
@example(b"\xff\xff\0\0")
@example(b"\xff\xfe\0\1")
@example(b"\xff")
def test_the_sum_is_that_of_the_words(data: bytes) -> None:
    assert internet_sum(data) == words_sum(data)
    half = len(data) // 2 & ~1
    assert internet_sum(data[half:], words_sum(data[:half])) == words_sum(data)


# The words of RFC 1071 section 3, which sum to 0xDDF2, in a header that has the sum of its pseudo-header, here 0x1000,
# where its checksum belongs: UDP at 6, TCP at 16.
SUMMED: Final = bytes.fromhex("0001f203f4f5f6f7")


@pytest.mark.parametrize("udp", [True, False])
def test_a_checksum_that_lacks_the_content_is_finished(udp: bool) -> None:
    at = 6 if udp else 16
    content = SUMMED.ljust(at, b"\0")[:at] + bytes.fromhex("1000") + SUMMED[at:] + bytes(9)
    frame = b"??" + content + b"!!!"
    total = words_sum(content)
    finished = finished_checksum(frame, 2, 2 + len(content), udp=udp)
    assert finished == b"??" + content[:at] + (0xFFFF - total).to_bytes(2, "big") + content[at + 2 :] + b"!!!"
    assert total == 0xDDF2 + 0x1000
    for stop in (2 + at, 2 + at + 1):
        assert finished_checksum(frame, 2, stop, udp=udp) == frame
    assert finished_checksum(frame[: 2 + at + 2], 2, 2 + at + 2, udp=udp) != frame[: 2 + at + 2]


def test_a_finished_checksum_of_0_is_written_as_udp_writes_it() -> None:
    """RFC 768: an all zero checksum means that there is none; a computed one is all ones then. TCP has no such rule."""
    words = bytes.fromhex("1234edcb") + bytes(16)
    assert finished_checksum(words, 0, 20, udp=True)[6:8] == b"\xff\xff"
    assert finished_checksum(words, 0, 20, udp=False)[16:18] == b"\0\0"


# --- verdicts on what real stacks sent --------------------------------------------------------------------------------

# Every checksum in the captures is valid or absent, tshark 4.0.17 says so too, but for these. Where tshark says another
# thing, it stands beside: it knows no partial checksums, and says nothing of what it cannot verify.
EXCEPTIONS: Final = {
    ("kernel-vxlan-rco.pcap", 1, "inner.udp.checksum"): "partial",  # remote checksum offload; tshark: bad
    ("linux-fragments.pcap", 1, "icmp.checksum"): "unverifiable",
    ("linux-fragments.pcap", 4, "icmpv6.checksum"): "unverifiable",
    ("linux-geneve.pcap", 44, "udp.checksum"): "bad",
    ("linux-icmp-errors.pcap", 8, "quoted.udp.checksum"): "unverifiable",
    ("linux-icmpv6-errors.pcap", 6, "quoted.udp.checksum"): "unverifiable",
    ("ovs-gtpu.pcap", 1, "udp.checksum"): "bad",  # Open vSwitch 3.1 gets it wrong
    ("python-stt-sample.pcap", 2, "stt_segment.checksum"): "bad",
    ("python-stt-sample.pcap", 3, "stt_segment.checksum"): "bad",
    ("python-stt-sample.pcap", 4, "inner.udp.checksum"): "unverifiable",  # the first of two segments
    ("python-stt-sample.pcap", 7, "inner.udp.checksum"): "unverifiable",
    ("python-to-ovs-geneve.pcap", 3, "udp.checksum"): "bad",
}


def test_checksums_of_real_stacks_are_judged() -> None:
    counts: Counter[str] = Counter()
    others = {}
    for path in sorted(CAPTURES.glob("*.pcap")):
        with oc.open_capture(path) as capture:
            for number, packet in enumerate(capture.packets(lax=True), 1):
                for field, verdict in verdicts(packet).items():
                    counts[verdict] += 1
                    if verdict not in ("valid", "absent"):
                        others[path.name, number, field] = verdict
    assert others == EXCEPTIONS
    assert counts["valid"] > 1000
    assert counts["absent"] > 250


def test_what_real_stacks_sent_is_filled_in_as_it_stood() -> None:
    """Lengths and checksums that are right come out of `fill` as they went in, and wrong ones are mended."""
    filled = 0
    for path in sorted(CAPTURES.glob("*.pcap")):
        wrong = {number for name, number, _ in EXCEPTIONS if name == path.name}
        with oc.open_capture(path) as capture:
            for number, packet in enumerate(capture.packets(lax=True), 1):
                if packet.faults or number in wrong:
                    continue
                assert oc.fill(packet) == packet, (path.name, number)
                filled += 1
    assert filled > 500


@pytest.mark.parametrize(
    "name", ["linux-geneve.pcap", "ovs-gtpu.pcap", "python-stt-sample.pcap", "python-to-ovs-geneve.pcap"]
)
def test_bad_checksums_are_mended(name: str) -> None:
    bad = {(number, field) for capture, number, field in EXCEPTIONS if capture == name}
    with oc.open_capture(CAPTURES / name) as capture:
        packets = list(capture.packets(lax=True))
    for number, field in bad:
        packet = packets[number - 1]
        verdict = verdicts(packet)[field]
        again = verdicts(oc.fill(packet))[field]
        assert again == ("valid" if verdict == "bad" else verdict)


# --- verdicts, one by one ---------------------------------------------------------------------------------------------

# IPv4 and UDP with 4 octets, by scapy 2.8: `data` makes the sum 0xFFFF, so that the checksum would be 0.
ZERO_IN_UDP: Final = bytes.fromhex("4500001e00010000401166cc0a0000010a00000200010009000affffebcd")
ZERO_IN_TCP: Final = bytes.fromhex(
    "4500002a00010000400666cb0a0000010a00000200010009000000000000000050102000000000007bc6"
)
TCP_OVER_IPV6: Final = bytes.fromhex(
    "600000000017064020010db800000000000000000000000120010db8000000000000000000000002"
    "000100090000000000000000500220006ffe0000616263"
)
ECHO_OVER_IPV6: Final = bytes.fromhex(
    "60000000000b3a4020010db800000000000000000000000120010db80000000000000000000000028000 5fe2 00000000616263"
)
# By scapy 2.8, which takes the final destination from the routing header while segments are left.
_TO: Final = "20010db8000000000000000000000001 20010db8000000000000000000000002"
_BY: Final = "20010db800000000000000000000000"
ROUTED: Final = {
    "type 0, two segments left": f"6000000000312b40 {_TO} 1104000200000000 {_BY}a {_BY}b 0001000900092c54 78",
    "type 0, none left": f"6000000000312b40 {_TO} 1104000000000000 {_BY}a {_BY}b 0001000900092c5d 78",
    "segment routing, one left": f"6000000000312b40 {_TO} 1104040101000000 {_BY}f {_BY}e 0001000900092c50 78",
}


def raw(data: bytes, **options: Any) -> Packet:
    return oc.decode(data, first=oc.LINK_TYPE(101), **options)


@pytest.mark.parametrize(
    ("data", "field", "stands"),
    [
        (ZERO_IN_UDP, "udp.checksum", 0xFFFF),
        (ZERO_IN_TCP, "tcp.checksum", 0),
        (TCP_OVER_IPV6, "tcp.checksum", 0x6FFE),
        (ECHO_OVER_IPV6, "icmpv6.checksum", 0x5FE2),
    ],
)
def test_a_checksum_is_valid_and_computed(data: bytes, field: str, stands: int) -> None:
    packet = raw(data)
    assert packet.at(field) == stands
    assert verdicts(packet)[field] == "valid"
    assert oc.encode(packet.replace_at(field, AUTO)) == data
    for wrong in (0x1234, stands ^ 1, stands ^ 0x8000):
        assert verdicts(packet.replace_at(field, wrong))[field] == "bad"
        assert oc.encode(oc.fill(packet.replace_at(field, wrong))) == data


@pytest.mark.parametrize("case", ROUTED)
def test_a_routing_header_says_whose_address_is_summed(case: str) -> None:
    data = bytes.fromhex(ROUTED[case])
    packet = raw(data)
    assert verdicts(packet) == {"udp.checksum": "valid"}
    assert oc.encode(packet.replace(UDP, checksum=AUTO)) == data
    left = f"{packet.names[1]}.segments_left"
    wrong = packet.replace_at(left, 0 if packet.at(left) else 1)
    assert verdicts(wrong) == {"udp.checksum": "bad"}


def test_no_checksum_is_absent() -> None:
    assert verdicts(raw(ZERO_IN_UDP).replace(UDP, checksum=0))["udp.checksum"] == "absent"
    over_ipv6 = IPv6(src="::1", dst="::2") / UDP(src_port=1, dst_port=9, checksum=0) / b"x"
    assert verdicts(over_ipv6) == {"udp.checksum": "absent"}
    # 0 is a value like others elsewhere
    assert verdicts(raw(TCP_OVER_IPV6).replace(oc.TCP, checksum=0)) == {"tcp.checksum": "bad"}
    assert verdicts(raw(ZERO_IN_TCP))["tcp.checksum"] == "valid"
    # and what has no field has no verdict
    assert verdicts(Packet((oc.GRE(protocol_type=0x0800),))) == {}


@pytest.mark.parametrize("data", [ZERO_IN_UDP, ZERO_IN_TCP, TCP_OVER_IPV6], ids=["udp", "tcp", "tcp6"])
def test_the_sum_of_the_pseudo_header_alone_is_partial(data: bytes) -> None:
    packet = raw(data)
    network, transport = packet.headers
    length = len(data) - (20 if isinstance(network, IPv4) else 40)
    addresses: Any = network
    protocol = 17 if isinstance(transport, UDP) else 6
    pseudo = addresses.src.packed + addresses.dst.packed + length.to_bytes(4, "big") + protocol.to_bytes(4, "big")
    field = f"{packet.names[1]}.checksum"
    assert verdicts(packet.replace_at(field, words_sum(pseudo)))[field] == "partial"


def test_what_is_not_all_there_cannot_be_verified() -> None:
    # the first fragment: its UDP header has the checksum of the whole datagram
    first = raw(ZERO_IN_UDP).replace(IPv4, more_fragments=True).replace(UDP, length=2008)
    assert verdicts(oc.fill(first)) == {"ipv4.checksum": "valid", "udp.checksum": "unverifiable"}
    first = raw(ZERO_IN_TCP).replace(IPv4, more_fragments=True)
    assert verdicts(oc.fill(first)) == {"ipv4.checksum": "valid", "tcp.checksum": "unverifiable"}
    # a later one: nothing is read from it
    later = raw(oc.encode(raw(ZERO_IN_UDP).replace(IPv4, fragment_offset=1, checksum=AUTO)))
    assert verdicts(later) == {"ipv4.checksum": "valid"}
    # a capture that cut the last octet off
    snapped = raw(ZERO_IN_UDP[:-1], wire_length=len(ZERO_IN_UDP))
    assert verdicts(snapped) == {"ipv4.checksum": "valid", "udp.checksum": "unverifiable"}
    # a lax reading of what was cut without a word
    cut = raw(ZERO_IN_UDP[:-1], lax=True)
    assert verdicts(cut)["udp.checksum"] == "unverifiable"
    # no addresses
    alone = oc.decode(ZERO_IN_UDP[20:], first=UDP)
    assert verdicts(alone) == {"udp.checksum": "unverifiable"}


def test_octets_behind_the_length_are_not_summed() -> None:
    packet = raw(ZERO_IN_UDP + b"padding of the link")
    assert packet.trailers
    assert verdicts(packet) == {"ipv4.checksum": "valid", "udp.checksum": "valid"}
    # octets that IPv4 counts and UDP does not
    longer = raw(oc.encode(raw(ZERO_IN_UDP + b"!").replace(IPv4, total_length=31, checksum=AUTO)))
    assert verdicts(longer) == {"ipv4.checksum": "valid", "udp.checksum": "valid"}


def test_what_no_length_bounds_is_judged_if_it_was_captured_whole() -> None:
    """RFC 792 page 14: the checksum is over all of the message, and no field says how long that is."""
    message = bytes.fromhex("0800 f7fd 0001 0001")
    assert verdicts(oc.decode(message, first=oc.ICMP)) == {"icmp.checksum": "valid"}
    assert verdicts(oc.decode(message, first=oc.ICMP, wire_length=9)) == {"icmp.checksum": "unverifiable"}


def test_headers_without_what_they_carried_cannot_be_verified() -> None:
    """Linux wrote the outer UDP checksum over the frame, which `outer` does not have."""
    with oc.open_capture(CAPTURES / "kernel-vxlan-v4-udpcsum.pcap") as capture:
        packet = next(capture.packets())
    assert verdicts(packet) == {"ipv4.checksum": "valid", "udp.checksum": "valid"}
    assert verdicts(packet.outer) == {"ipv4.checksum": "valid", "udp.checksum": "unverifiable"}


# --- fill -------------------------------------------------------------------------------------------------------------

TUNNEL: Final = (
    Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
    / VLANTag(vid=5)
    / VLANTag(vid=6)
    / IPv4(src="10.0.0.1", dst="10.0.0.2")
    / UDP(src_port=49152)
    / VXLAN(vni=100)
    / Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    / IPv4(src="192.168.0.1", dst="192.168.0.2")
    / UDP(src_port=1000, dst_port=2000)
    / b"hello"
)


def filled(packet: Packet, *, selectors: bool = False) -> Packet:
    """Filled, and again: nothing is left to do, and what is encoded decodes to it."""
    once = oc.fill(packet, selectors=selectors)
    assert oc.fill(once, selectors=selectors) == once
    assert oc.decode(oc.encode(once), first=type(once.headers[0]), lax=True) == once
    return once


def test_an_edit_is_filled_in() -> None:
    packet = oc.resolve(TUNNEL)
    edited = packet.replace_at("inner.ipv4.ttl", 9).replace_at("payload", b"longer than before")
    assert verdicts(edited)["inner.ipv4.checksum"] == "bad"
    done = filled(edited)
    assert done.at("inner.udp.length") == packet.at("inner.udp.length") + 13
    assert done.at("ipv4.total_length") == packet.at("ipv4.total_length") + 13
    assert set(verdicts(done).values()) == {"valid", "absent"}
    only_lengths = oc.fill(edited, checksums=False)
    assert only_lengths.at("inner.ipv4.checksum") == packet.at("inner.ipv4.checksum")
    assert only_lengths.at("inner.udp.length") == packet.at("inner.udp.length") + 13
    only_checksums = oc.fill(edited, lengths=False)
    assert only_checksums.at("inner.udp.length") == packet.at("inner.udp.length")
    assert verdicts(only_checksums)["inner.ipv4.checksum"] == "valid"


def test_a_selector_that_selects_stays() -> None:
    packet = oc.resolve(TUNNEL).replace(UDP, dst_port=8472).replace(Ethernet, ethertype=0x88A8)
    for selectors in (False, True):
        done = filled(packet, selectors=selectors)
        assert (done.at("udp.dst_port"), done.at("ethernet.ethertype")) == (8472, 0x88A8)


def test_a_selector_that_selects_something_else_is_mended_when_asked() -> None:
    packet = oc.resolve(TUNNEL).replace(UDP, dst_port=53).replace(VLANTag, ethertype=0x86DD)
    kept = oc.fill(packet)
    assert (kept.at("udp.dst_port"), kept.at("vlan.ethertype")) == (53, 0x86DD)
    mended = filled(packet, selectors=True)
    assert (mended.at("udp.dst_port"), mended.at("vlan.ethertype")) == (4789, 0x8100)


def test_a_checksum_of_0_that_means_absent_stays() -> None:
    packet = oc.resolve(TUNNEL)
    assert packet.at("udp.checksum") == 0
    assert filled(packet.replace(VXLAN, vni=7)).at("udp.checksum") == 0
    inside = packet.replace_at("inner.udp.checksum", 0).replace_at("payload", b"other")
    assert filled(inside).at("inner.udp.checksum") == 0


def test_a_checksum_that_stood_is_computed() -> None:
    packet = oc.resolve(TUNNEL).replace(UDP, checksum=0x1234)
    done = filled(packet)
    assert verdicts(done)["udp.checksum"] == "valid"
    assert done.at("udp.checksum") != 0


def test_fragments_stay_as_they_are() -> None:
    first = oc.resolve(TUNNEL).replace_at("ipv4.more_fragments", True)
    edited = first.replace_at("udp.length", 2008).replace_at("udp.checksum", 0x1234).replace_at("inner.udp.checksum", 1)
    done = filled(edited)
    assert (done.at("udp.length"), done.at("udp.checksum"), done.at("inner.udp.checksum")) == (2008, 0x1234, 1)
    assert verdicts(done)["ipv4.checksum"] == "valid"  # the fragment's own header is all here
    assert done.at("inner.udp.length") == edited.at("inner.udp.length")


def test_a_snapped_packet_keeps_what_it_says_of_the_wire() -> None:
    data = oc.encode(TUNNEL)
    packet = oc.decode(data[:-3], wire_length=len(data))
    done = oc.fill(packet.replace_at("inner.ipv4.ttl", 1))
    for field in (
        "ipv4.total_length",
        "udp.length",
        "inner.ipv4.total_length",
        "inner.udp.length",
        "inner.udp.checksum",
    ):
        assert done.at(field) == packet.at(field)
    assert verdicts(done)["inner.ipv4.checksum"] == "valid"


def test_a_total_length_of_0_stays() -> None:
    packet = oc.resolve(TUNNEL).replace_at("ipv4.total_length", 0)
    assert filled(packet).at("ipv4.total_length") == 0
    over_ipv6 = oc.resolve(IPv6(src="::1", dst="::2") / UDP(src_port=1, dst_port=9) / b"x").replace(
        IPv6, payload_length=0
    )
    assert oc.fill(over_ipv6)[IPv6].payload_length == 0


def test_a_length_that_is_wrong_is_mended() -> None:
    data = bytearray(oc.encode(TUNNEL))
    data[46:48] = b"\0\0"  # the outer UDP length: 14 + 8 + 20 octets, then 4
    with pytest.raises(LengthFieldError):
        oc.decode(bytes(data))
    packet = oc.resolve(TUNNEL).replace(UDP, length=0)
    assert oc.encode(packet) == bytes(data)
    assert filled(packet) == oc.resolve(TUNNEL)


def test_a_quoted_packet_stays_as_it_is() -> None:
    quoted = IPv4(src="10.0.0.9", dst="10.0.0.1", total_length=1500, checksum=1) / UDP(
        src_port=7, dst_port=9, length=1480
    )
    outside = IPv4(src="10.0.0.254", dst="10.0.0.9") / oc.ICMP() / oc.ICMPUnreachable()
    packet = oc.resolve(outside / quoted.replace(UDP, checksum=0x1234)).replace(oc.ICMP, code=1)
    done = filled(packet)
    assert (done.at("quoted.ipv4.total_length"), done.at("quoted.udp.length")) == (1500, 1480)
    assert done.at("quoted.udp.checksum") == 0x1234
    assert verdicts(done)["icmp.checksum"] == "valid"


def test_what_cannot_be_summed_stays_as_it_stood() -> None:
    """A checksum that covers addresses is kept where there are none: UDP in GUE without an IP header between."""
    gue = (
        oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
        / UDP(src_port=1, checksum=0)
        / oc.GUE()
        / UDP(src_port=5, dst_port=9, length=9, checksum=0x1234)
        / b"x"
    )
    packet = oc.resolve(gue)
    assert oc.fill(packet.replace_at("inner.udp.length", 10)).at("inner.udp.length") == 9
    assert oc.fill(packet).at("inner.udp.checksum") == 0x1234


# --- what other decoders found ----------------------------------------------------------------------------------------


def udp_checksum(*headers: oc.Header) -> int:
    datagram = oc.UDP(src_port=1, dst_port=9) / b"data"
    return oc.resolve(oc.Packet((*headers, *datagram.headers), datagram.payload))[oc.UDP].checksum


@pytest.mark.parametrize("option", [oc.IPv4LooseSourceRouteOption, oc.IPv4StrictSourceRouteOption])
def test_the_pseudo_header_has_the_last_address_of_a_source_route(option: Any) -> None:
    """As tshark and tcpdump have it: a packet on its way is checked as it will be where it is going."""
    hops = tuple(oc.IPv4RouteAddress(address=address) for address in ("10.0.0.2", "10.0.0.3"))
    arrived = udp_checksum(oc.IPv4(src="10.0.0.9", dst="10.0.0.3"))
    passing = udp_checksum(oc.IPv4(src="10.0.0.9", dst="10.0.0.1"))
    assert arrived != passing
    for pointer, wanted in ((4, arrived), (8, arrived), (12, passing), (255, passing)):
        packet = oc.IPv4(src="10.0.0.9", dst="10.0.0.1", options=(option(pointer=pointer, route=hops),))
        assert udp_checksum(packet) == wanted
    recorded = oc.IPv4RecordRouteOption(route=hops)
    assert udp_checksum(oc.IPv4(src="10.0.0.9", dst="10.0.0.1", options=(recorded,))) == passing


def test_of_several_routing_headers_the_innermost_is_gone_last() -> None:
    def way(last: str) -> oc.IPv6SegmentRouting:
        return oc.IPv6SegmentRouting(segments_left=1, segments=(oc.SRv6Segment(address=last),))

    def packet(*ways: oc.IPv6SegmentRouting, dst: str) -> int:
        return udp_checksum(oc.IPv6(src="fd00::9", dst=dst), *ways)

    assert packet(way("fd00::2"), way("fd00::3"), dst="fd00::1") == packet(dst="fd00::3")


def test_a_gre_checksum_that_is_there_for_the_routing_alone_says_nothing() -> None:
    """RFC 1701: the field contains valid information where C is set; R alone brings it along."""
    row = (oc.GRESourceRoute(address_family=0, length=0),)
    for present, verdict in ((True, "valid"), (False, "absent")):
        gre = oc.GRE(checksum_present=present, routing_present=True, routing=row, protocol_type=0x88B5)
        packet = oc.resolve(oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / gre / b"data")
        assert oc.checksums(packet)["gre.checksum"] == verdict
        changed = packet.replace(oc.GRE, checksum=0x1234)
        assert oc.checksums(changed)["gre.checksum"] == ("bad" if present else "absent")
        assert (oc.fill(changed)[oc.GRE].checksum == 0x1234) is not present
