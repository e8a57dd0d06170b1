"""Corners of the way from header to header, and of catalogs, that whole packets seldom reach."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Annotated, Any, Final

import msgspec
import pytest

import overlaycodec as oc
from overlaycodec import AUTO, Bits, Header, LengthField, Peek, dialects
from overlaycodec.codec.decode_step import condition_text
from overlaycodec.protocols import HEADERS
from overlaycodec.schema.keys import MinOctets, Within

OUTER: Final = oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
FRAME: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")


# --- conditions -------------------------------------------------------------------------------------------------------


def holds(condition: oc.Peek | oc.MinOctets | oc.Within, data: bytes, pos: int, end: int) -> bool:
    text = condition_text(condition)
    return bool(eval(text, {"data": data, "pos": pos, "end": end, "state": []}))


def test_a_peek_is_so_many_bits() -> None:
    """Against the bits written out, wherever the header starts and whatever of it is there."""
    random, seen = Random(1), 0
    for _ in range(3000):
        bit, count = random.randrange(20), random.randrange(1, 18)
        data = random.randbytes(8)
        pos = random.randrange(4)
        end = random.randrange(pos, 9)
        bits = "".join(f"{octet:08b}" for octet in data[pos:end])[bit : bit + count]
        right = int(bits, 2) if len(bits) == count else 0
        value = right ^ random.choice((0, 0, 1, 1 << count - 1))
        expected = len(bits) == count and value == right
        assert holds(Peek(bit, count, value), data, pos, end) == expected, (bit, count, value, data.hex(), pos, end)
        seen += expected
    assert seen > 500


def test_a_peek_at_whole_octets_needs_them_all() -> None:
    for at, octets, end in product(range(3), range(1, 4), range(7)):
        assert holds(Peek(at * 8, octets * 8, 0), bytes(end), 1, end) == (1 + at + octets <= end)


def test_at_least_and_within() -> None:
    assert [holds(MinOctets(3), bytes(9), 2, end) for end in (4, 5, 6)] == [False, True, True]
    # 20 octets of header, then 6 of a whole of 30: at 24 they reach its end, at 25 beyond it
    for offset, fits in ((0, True), (24, True), (25, False)):
        data = bytes(3) + bytes(4) + (30).to_bytes(2, "big") + offset.to_bytes(2, "big") + bytes(12 + 6)
        assert holds(Within(length=32, offset=48, header=20), data, 3, 29) == fits
        assert not holds(Within(length=32, offset=48, header=20), data, 3, 22)


# --- bounds -----------------------------------------------------------------------------------------------------------


class Words(Header, spec="in-house", path="words", keys=(oc.UDP_PORT(9993),)):
    """A length in words, of all."""

    kind: Annotated[int, Bits(16)] = 0
    length: Annotated[int, Bits(16), LengthField(unit=4, bias=-4)] = AUTO
    more: Annotated[int, Bits(32)] = 0


def test_the_least_of_a_length_in_words() -> None:
    """8 octets are there at least, and 4 are not counted: three words."""
    catalog = oc.DEFAULT.with_header(Words)
    assert catalog.encode(Words() / b"abcd").hex() == "0000" + "0004" + "00000000" + "61626364"
    for length, minimum in ((0, 3), (2, 3)):
        with pytest.raises(oc.LengthFieldError) as caught:
            catalog.decode(bytes((0, 0, 0, length)) + bytes(8), first=Words)
        assert (caught.value.value, caught.value.minimum, caught.value.bits) == (length, minimum, (16, 31))
    assert catalog.decode(bytes((0, 0, 0, 3)) + bytes(8), first=Words).trailers == (oc.Trailer(0, bytes(4)),)


class Ahead(Header, spec="in-house", path="ahead"):
    """A length that does not count the first 12 octets, of which the header has 4."""

    length: Annotated[int, Bits(16), LengthField(bias=12)] = AUTO
    more: Annotated[int, Bits(16)] = 0


@pytest.mark.parametrize(
    ("first", "octets", "needed"),
    [
        (Words, "0000 000c 00000000", 44),  # 12 words without one are 44 octets; 12 octets without 4 are those here
        (Ahead, "0004 0000 00000000", 16),  # 12 and 4 are 16; 12 without 4 are those here
    ],
)
def test_a_length_of_more_than_there_is(first: type[Header], octets: str, needed: int) -> None:
    with pytest.raises(oc.TruncatedError) as caught:
        oc.DEFAULT.with_header(first).decode(bytes.fromhex(octets), first=first)
    assert (caught.value.needed, caught.value.available) == (needed, 8)


def test_what_a_length_leaves_out_was_not_cut_off() -> None:
    """The IP packet is all there, and what was not captured stood behind it: the datagram in it is too long."""
    data = oc.encode(FRAME / OUTER / oc.UDP(src_port=1, dst_port=9, length=13, checksum=0) / b"data")
    for wire_length in (None, len(data), len(data) + 9):
        with pytest.raises(oc.TruncatedError, match=r"udp\.length"):
            oc.decode(data, wire_length=wire_length)


def test_a_jumbo_option_counts_where_the_length_is_0_and_nowhere_else() -> None:
    """RFC 2675 section 3: with another length the option is an error; here the length is believed."""
    option = oc.IPv6JumboPayloadOption(jumbo_payload_length=70_000)
    packet = (
        FRAME
        / oc.IPv6(src="::1", dst="::2", payload_length=17)
        / oc.IPv6HopByHop(options=(option,))
        / oc.UDP(src_port=1, dst_port=9)
        / b"?"
    )
    data = oc.encode(packet)
    assert oc.decode(data).names == ["ethernet", "ipv6", "ipv6_hop_by_hop", "udp"]
    without_length = data[:18] + bytes(2) + data[20:]
    with pytest.raises(oc.TruncatedError, match=r"ipv6_hop_by_hop\.options"):
        oc.decode(without_length)


def test_a_length_of_0_without_a_jumbo_option_bounds_nothing() -> None:
    """RFC 2675 section 3 calls it an error of the sender; what is there is read all the same, to its end."""
    options = oc.IPv6HopByHop(options=(oc.IPv6RouterAlertOption(value=0),))
    packet = FRAME / oc.IPv6(src="::1", dst="::2") / options / oc.UDP(src_port=1, dst_port=9) / b"content"
    data = oc.encode(packet)
    found = oc.decode(data[:18] + bytes(2) + data[20:])
    assert (found.names[2:], found.payload, found.trailers) == (["ipv6_hop_by_hop", "udp"], b"content", ())


def test_a_jumbo_option_of_the_first_header() -> None:
    """RFC 2675 section 2: it counts all that follows the IPv6 header, the extension header's 8 octets too."""
    header = oc.IPv6(src="::1", dst="::2", payload_length=0)
    options = oc.IPv6HopByHop(next_header=59, options=(oc.IPv6JumboPayloadOption(jumbo_payload_length=70_000),))
    packet = oc.decode(oc.encode(header / options / bytes(70_000 - 8 + 3)), first=oc.IPv6)
    assert (len(packet.payload), [len(trailer.data) for trailer in packet.trailers]) == (69_992, [3])


def test_a_jumbo_option_that_says_too_much_stands_in_its_header() -> None:
    """The place of an option is not fixed: the bits are those of the header, 8 octets behind 14 and 40."""
    option = oc.IPv6JumboPayloadOption(jumbo_payload_length=70_000)
    data = oc.encode(
        FRAME / oc.IPv6(src="::1", dst="::2", payload_length=0) / oc.IPv6HopByHop(next_header=59, options=(option,))
    )
    with pytest.raises(oc.TruncatedError, match="ipv6_hop_by_hop") as caught:
        oc.decode(data)
    assert (caught.value.needed, caught.value.available, caught.value.bits) == (70_000, 8, (54 * 8, 62 * 8 - 1))


def test_a_quotation_is_read_as_far_as_it_goes() -> None:
    """RFC 792: an IP header and 64 bits behind it, of which a TCP header has 160."""
    quoted = bytes.fromhex("45000028 00010000 40060000 0a000001 0a000002") + bytes.fromhex("0001 0002 00000003")
    data = oc.encode(FRAME / OUTER / oc.ICMP(type=3, code=1) / oc.ICMPUnreachable() / quoted)
    packet = oc.decode(data)
    assert packet.names == ["ethernet", "ipv4", "icmp", "icmp_unreachable", "quoted.ipv4"]
    assert isinstance(packet.fault, oc.TruncatedError)
    assert packet.payload == quoted[20:]


def test_a_bound_that_is_not_there() -> None:
    """RFC 2637 has the key always; a header without one is read all the same."""
    packet = oc.decode(oc.encode(OUTER.replace(protocol=47) / bytes.fromhex("0001880b") / b""), first=oc.IPv4)
    assert packet.names == ["ipv4", "gre_v1"]
    assert packet[oc.GREv1].payload_length is None


def test_a_datagram_without_a_length_reaches_to_the_end_of_a_jumbogram() -> None:
    """RFC 2675 section 4: the UDP length of one that is too long to tell is 0."""
    header = oc.IPv6(src="::1", dst="::2", payload_length=0)
    options = oc.IPv6HopByHop(options=(oc.IPv6JumboPayloadOption(jumbo_payload_length=70_000),))
    datagram = oc.UDP(src_port=1, dst_port=9, length=0, checksum=1)
    packet = oc.decode(oc.encode(header / options / datagram / bytes(70_000 - 8 - 8 + 3)), first=oc.IPv6)
    assert packet.names == ["ipv6", "ipv6_hop_by_hop", "udp"]
    assert (len(packet.payload), [len(trailer.data) for trailer in packet.trailers]) == (69_984, [3])


def test_what_ends_with_a_segment_is_bounded_by_it() -> None:
    whole = oc.encode(
        FRAME / OUTER / oc.STTSegment(src_port=1) / oc.STT(context_id=7) / FRAME / OUTER.replace(protocol=99)
    )
    first = bytearray(whole[:-12])
    first[16:18] = (len(first) - 14).to_bytes(2, "big")  # what IP says is here, what STT says is not
    with pytest.raises(oc.TruncatedError) as caught:
        oc.decode(first)
    assert (caught.value.needed, caught.value.available, caught.value.bounded_by) == (20, 8, "the segment")


def test_a_later_piece_does_not_know_the_whole() -> None:
    segment = oc.STTSegment(src_port=1, segment_offset=100, checksum=0)
    with pytest.raises(oc.UnresolvedError, match=r"stt_segment\.segment_offset says that this is a later piece"):
        oc.encode(segment / b"...")
    assert oc.encode(segment.replace(total_length=200) / b"...")[-3:] == b"..."


# --- flags, and what is wrong with what they tell ---------------------------------------------------------------------


def test_a_flag_without_which_something_else_follows() -> None:
    """GTP-U's E is set where an extension header follows, and where the packet itself does it is clear."""
    extension = oc.GTPUExtension(content=b"??", next_extension=0)
    assert oc.resolve(oc.GTPU(teid=1) / extension / OUTER.replace(protocol=99))[oc.GTPU].extension_present is True
    assert oc.resolve(oc.GTPU(teid=1) / OUTER.replace(protocol=99))[oc.GTPU].extension_present is False


class Token(Header, spec="in-house", path="token"):
    """Octets that any of two flags puts there."""

    signed: Annotated[bool, Bits(1)] = False
    sealed: Annotated[bool, Bits(1)] = False
    reserved: Annotated[int, oc.Reserved(6)] = 0
    token: Annotated[bytes | None, oc.Octets(2), oc.When("signed", "sealed")] = AUTO


def test_octets_that_a_flag_puts_there_are_not_made_up() -> None:
    assert oc.encode(Token()) == b"\0"
    assert oc.encode(Token(sealed=True, token=b"ab")) == b"\x40ab"
    for header in (Token(signed=True), Token(sealed=True)):
        with pytest.raises(oc.UnresolvedError, match=r"token\.token has no value"):
            oc.encode(header)


def test_the_last_label_is_the_bottom_of_the_stack() -> None:
    """RFC 3032 section 2.1: label 20 bits, traffic class 3, S 1, TTL 8."""
    labels = oc.MPLS(label=16, ttl=64) / oc.MPLS(label=17, ttl=64) / OUTER.replace(protocol=99)
    assert oc.encode(labels)[:8].hex() == "00010040" + "00011140"


def test_a_value_against_its_flags() -> None:
    gre = oc.GRE(protocol_type=0x6558, routing_present=True, checksum_present=False, checksum=None)
    with pytest.raises(oc.UnresolvedError) as caught:
        oc.encode(gre)
    flags = "gre.checksum_present or gre.routing_present"
    assert str(caught.value) == f"gre.checksum has no value, though {flags} says that it is there"
    with pytest.raises(oc.EncodeError) as refused:
        oc.encode(oc.GRE(protocol_type=0x6558, key_present=False, key=7))
    assert str(refused.value) == "gre.key has a value, though gre.key_present says that it is not there"


# --- checksums --------------------------------------------------------------------------------------------------------


def test_the_last_address_of_a_way_of_one_segment() -> None:
    """RFC 8200 section 8.1: the pseudo-header has the address where the way ends, not the one that is next."""
    route = oc.IPv6SegmentRouting(segments_left=1, segments=(oc.SRv6Segment(address="2001:db8::9"),))
    datagram = oc.UDP(src_port=1, dst_port=9) / b"data"
    by_way_of = oc.resolve(oc.IPv6(src="2001:db8::1", dst="2001:db8::2") / route / datagram)
    straight = oc.resolve(oc.IPv6(src="2001:db8::1", dst="2001:db8::9") / datagram)
    assert by_way_of[oc.UDP].checksum == straight[oc.UDP].checksum
    arrived = oc.resolve(oc.IPv6(src="2001:db8::1", dst="2001:db8::9") / route.replace(segments_left=0) / datagram)
    assert arrived[oc.UDP].checksum == straight[oc.UDP].checksum


def test_a_way_without_addresses_has_no_last_one() -> None:
    datagram = oc.UDP(src_port=1, dst_port=9) / b"data"
    outer = oc.IPv6(src="2001:db8::1", dst="2001:db8::2")
    nowhere = oc.IPv6SegmentRouting(segments_left=1, last_entry=0, segments=())
    assert oc.resolve(outer / nowhere / datagram)[oc.UDP].checksum == oc.resolve(outer / datagram)[oc.UDP].checksum


class TwoWays(Header, spec="in-house", path="two_ways", layer="extension", keys=(oc.IP_PROTOCOL(253),)):
    """Two rows of addresses, each with a pointer to the next one in it, counted from its own start and 4 more."""

    next_header: Annotated[int, Bits(8), oc.Selects(oc.IP_PROTOCOL)] = AUTO
    kind: Annotated[int, Bits(8)] = 1
    count: Annotated[int, Bits(8)] = AUTO
    pointer: Annotated[int, Bits(8)] = 4
    second_count: Annotated[int, Bits(8)] = AUTO
    second_pointer: Annotated[int, Bits(8)] = 4
    first: Annotated[
        tuple[oc.SRv6Segment, ...],
        oc.CountedBy("count"),
        oc.Elements(),
        oc.FinalDestination("kind", "pointer", {1: -1}, begins=4),
    ]
    second: Annotated[
        tuple[oc.SRv6Segment, ...],
        oc.CountedBy("second_count"),
        oc.Elements(),
        oc.FinalDestination("kind", "second_pointer", {1: -1}, begins=4),
    ]


def test_behind_a_way_that_is_gone_there_may_be_another() -> None:
    catalog = oc.DEFAULT.with_header(TwoWays)
    datagram = oc.UDP(src_port=1, dst_port=9) / b"data"
    ways = TwoWays(first=(oc.SRv6Segment(address="2001:db8::8"),), second=(oc.SRv6Segment(address="2001:db8::9"),))

    def summed(dst: str, *between: Header) -> int:
        headers = (oc.IPv6(src="2001:db8::1", dst=dst), *between, *datagram.headers)
        return oc.resolve(oc.Packet(headers, datagram.payload), catalog=catalog)[oc.UDP].checksum

    for pointer, second_pointer, last in ((4, 4, 8), (20, 4, 9), (0, 4, 9), (20, 20, 2)):
        between = ways.replace(pointer=pointer, second_pointer=second_pointer)
        assert summed("2001:db8::2", between) == summed(f"2001:db8::{last}")


def test_what_has_no_addresses_outside_is_not_left_unchecked() -> None:
    """A tunnel's checksum may be left out over IPv4; the IPv4 header inside does not count."""
    inside = oc.VXLAN(vni=1) / FRAME / OUTER.replace(protocol=99)
    with pytest.raises(oc.UnresolvedError, match="there are no addresses of an IP header to sum"):
        oc.encode(oc.UDP(src_port=1) / inside)
    assert oc.resolve(OUTER / oc.UDP(src_port=1) / inside)[oc.UDP].checksum == 0
    assert oc.resolve(oc.IPv6(src="::1", dst="::2") / oc.UDP(src_port=1) / inside)[oc.UDP].checksum != 0


class WayInOctets(Header, spec="in-house", path="way_in_octets", layer="extension", keys=(oc.IP_PROTOCOL(253),)):
    """The last address, and what else there is to say."""

    next_header: Annotated[int, Bits(8), oc.Selects(oc.IP_PROTOCOL)] = AUTO
    kind: Annotated[int, Bits(8)] = 1
    left: Annotated[int, Bits(8)] = 1
    size: Annotated[int, Bits(8)] = AUTO
    data: Annotated[bytes, oc.SizedBy("size"), oc.FinalDestination("kind", "left", {1: 0})]


def test_an_address_in_octets_may_have_others_behind_it() -> None:
    catalog = oc.DEFAULT.with_header(WayInOctets)
    datagram = oc.UDP(src_port=1, dst_port=9) / b"data"
    last = bytes.fromhex("20010db8000000000000000000000009")
    outer = oc.IPv6(src="2001:db8::1", dst="2001:db8::2")
    straight = {dst: oc.resolve(outer.replace(dst=f"2001:db8::{dst}") / datagram)[oc.UDP].checksum for dst in (2, 9)}
    for data, dst in ((last, 9), (last + b"\x01\x02\x03\x04", 9), (last[:15], 2)):
        packet = oc.resolve(outer / WayInOctets(data=data) / datagram, catalog=catalog)
        assert packet[oc.UDP].checksum == straight[dst]


def test_a_checksum_is_left_out_with_a_header_between() -> None:
    """RFC 7348 section 5 has it 0 over IPv4, and an authentication header between changes nothing about that."""
    inside = oc.VXLAN(vni=1) / FRAME.replace(ethertype=0x88B5) / b"...."
    protected = FRAME / OUTER / oc.AuthenticationHeader(spi=1) / oc.UDP(src_port=1) / inside
    assert oc.resolve(protected)[oc.UDP].checksum == 0


# --- where packets end ------------------------------------------------------------------------------------------------


def test_as_many_headers_as_are_followed() -> None:
    """Behind the last label nothing tells what follows: it is asked, and there is no header too many."""
    data = oc.encode(FRAME.replace(ethertype=0x8847) / oc.MPLS(label=5, bottom_of_stack=True) / b"\x70...")
    packet = oc.DEFAULT.with_max_headers(2).decode(data)
    assert (packet.names, packet.payload) == (["ethernet", "mpls"], b"\x70...")
    with pytest.raises(oc.NestingError):
        oc.DEFAULT.with_max_headers(2).decode(data[:18] + b"\x45" + bytes(19))


def test_a_single_header_may_be_all_that_is_followed() -> None:
    data = oc.encode(FRAME / oc.VLANTag(vid=7, ethertype=0x88B5) / b"....")
    with pytest.raises(oc.NestingError) as caught:
        oc.DEFAULT.with_max_headers(1).decode(data)
    assert (caught.value.path, caught.value.bits[0]) == ("ethernet", 112)


def test_a_check_sequence_is_no_payload_to_a_guess() -> None:
    catalog = oc.Catalog(HEADERS)
    data = oc.encode(FRAME / oc.VLANTag(vid=7, ethertype=0x88B5) / b"....")
    for _ in range(600):  # until it is guessed
        assert catalog.decode(data).payload == b"...."
    packet = catalog.decode(data, fcs_octets=4)
    assert (packet.payload, packet.trailers) == (b"", (oc.FCS(data=b"...."),))


def test_octets_that_are_nothing_have_a_check_sequence_too() -> None:
    packet = oc.decode(b"abcdefgh", first=oc.LINK_TYPE(9999), fcs_octets=4)
    assert (packet.payload, packet.trailers) == (b"abcd", (oc.FCS(data=b"efgh"),))
    assert oc.encode(packet) == b"abcdefgh"
    packet = oc.decode(b"abcd", first=oc.LINK_TYPE(9999), fcs_octets=4)
    assert (packet.payload, packet.trailers) == (b"", (oc.FCS(data=b"abcd"),))


def test_a_header_keeps_no_octets_that_change() -> None:
    changing = bytearray.fromhex("02006558" + "00000100" + "00010201" + "64617461")  # RFC 8926: an option of 4 octets
    for given in (changing, memoryview(changing)):
        header = oc.decode_header(oc.Geneve, given)[0]
        option: Any = header.options[0]
        assert (type(option.data), option.data) == (bytes, b"data")


def test_the_key_of_all_that_is_not_bound_otherwise() -> None:
    assert oc.decode(bytes(4), first=oc.UDP_PORT.any()).names == []
    catalog = oc.DEFAULT.with_binding(oc.UDP_PORT.any(), Words)
    assert catalog.decode(bytes((0, 0, 0, 3)) + bytes(4), first=oc.UDP_PORT.any()).names == ["words"]


def test_a_check_sequence_that_was_not_captured() -> None:
    data = oc.encode(FRAME / oc.VLANTag(vid=7, ethertype=0x88B5) / b"....")
    packet = oc.decode(data, fcs_octets=4, wire_length=len(data) + 4)
    assert (packet.payload, packet.trailers) == (b"....", (oc.FCS(data=b""),))
    cut = oc.decode(data, fcs_octets=4, wire_length=len(data) + 2)
    assert (cut.payload, cut.trailers) == (b"..", (oc.FCS(data=b".."),))


def test_a_value_that_went_round_the_checks_is_named() -> None:
    header: Any = oc.UDP(src_port=1, dst_port=2, length=8, checksum=1)
    wrong = msgspec.structs.replace(header, src_port=1 << 16)
    with pytest.raises(oc.FieldRangeError, match=r"udp\.src_port = 65536 is not in 0\.\.65535"):
        oc.encode(oc.Packet((wrong,)))


def test_octets_behind_a_header_that_is_not_there() -> None:
    for header in (1, 2, -2):
        with pytest.raises(oc.EncodeError, match=f"names header {header}, of 1"):
            oc.encode(oc.Packet((FRAME.replace(ethertype=0x88B5),), b"", (oc.Trailer(header, b"?"),)))


def test_what_a_fixed_sequence_lacks() -> None:
    pipeline = oc.Pipeline(oc.Ethernet, oc.VLANTag)
    data = oc.encode(FRAME / oc.VLANTag(vid=7, ethertype=0x88B5) / b"....")
    assert pipeline.decode(data).missing == oc.decode(data).missing == 0
    assert pipeline.decode(data, wire_length=len(data) + 9).missing == 9
    assert pipeline.decode(data, wire_length=3).missing == 0
    with pytest.raises(oc.FieldValueError) as caught:
        oc.Pipeline(oc.Ethernet, oc.VLANTag, oc.IPv4).decode(data)
    assert (caught.value.actual, caught.value.expected) == ("payload", "IPv4")


def test_a_fixed_sequence_encodes_no_other() -> None:
    packet = FRAME.replace(ethertype=0x8100) / oc.VLANTag(vid=7, ethertype=0x88B5) / b"?"
    assert oc.Pipeline(oc.Ethernet, oc.VLANTag).encode(packet)[12:].hex() == "8100" + "0007" + "88b5" + "3f"
    with pytest.raises(oc.EncodeError, match="is ethernet, not what"):
        oc.Pipeline(oc.Ethernet, oc.VLANTag).encode(FRAME.replace(ethertype=0x88B5) / b"?")


# --- catalogs ---------------------------------------------------------------------------------------------------------


def test_a_catalog_learns_a_header_once() -> None:
    with_words = oc.DEFAULT.with_header(Words)
    assert with_words.headers == (Words, *oc.DEFAULT.headers)
    assert with_words.with_header(Words).headers == with_words.headers
    assert with_words.with_binding(oc.UDP_PORT(9), Words).headers == with_words.headers
    assert oc.DEFAULT.with_binding(oc.UDP_PORT(9), Words).headers == with_words.headers
    assert oc.DEFAULT.with_binding(oc.UDP_PORT(9), oc.VXLAN).headers == oc.DEFAULT.headers


def test_a_catalog_forgets_one_key() -> None:
    left = oc.DEFAULT.without_binding(oc.UDP_PORT(4789))
    gone = [key for key, _ in oc.DEFAULT.bindings if (key.space, key.value) == (oc.UDP_PORT, 4789)]
    assert gone
    assert len(left.bindings) == len(oc.DEFAULT.bindings) - len(gone)
    assert all(binding in oc.DEFAULT.bindings for binding in left.bindings)
    data = oc.encode(OUTER / oc.UDP(src_port=1, dst_port=4789) / bytes(8))
    assert left.decode(data, first=oc.IPv4).names == ["ipv4", "udp"]


def test_what_is_no_key_and_what_is_no_header() -> None:
    not_a_key: Any = 4789
    with pytest.raises(oc.SchemaError, match="4789: is no key"):
        oc.DEFAULT.without_binding(not_a_key)
    for not_a_header in (int, 4789, None):
        with pytest.raises(TypeError, match="the first header is a header class or a key"):
            oc.decode(b"", first=not_a_header)  # type: ignore[arg-type]


def test_a_catalog_with_another_view_is_another_catalog() -> None:
    viewed = oc.DEFAULT.with_view(dialects.NVGRE_KEY)
    assert viewed.views == (dialects.NVGRE_KEY, *oc.DEFAULT.views)
    assert viewed.with_max_headers(3).max_headers == 3
    assert oc.DEFAULT.views == ()
