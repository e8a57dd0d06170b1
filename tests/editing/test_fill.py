"""What `fill` makes of packets: those from outside that are right stay, and become right again after a change."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final

import overlaycodec as oc
from overlaycodec import Bits
from overlaycodec.packet.header import Header
from tests.vectors.test_vectors import DECODING, catalog_of, decoded

OUTER: Final = oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
FRAME: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5)


def right(name: str) -> bool:
    """Whether all checksums of the vector are known and none is wrong, and it is of whole packets."""
    vector = DECODING[name]
    verdicts = oc.checksums(decoded(vector), catalog=catalog_of(vector)).values()
    return "checksums" in vector and {str(verdict) for verdict in verdicts} <= {"valid", "absent"}


@cache
def right_packets() -> dict[str, tuple[oc.Packet, oc.Catalog]]:
    """The packets of all vectors that are right, by their names."""
    return {name: (decoded(DECODING[name]), catalog_of(DECODING[name])) for name in DECODING if right(name)}


def test_what_is_right_stays() -> None:
    for name, (packet, catalog) in right_packets().items():
        for selectors in (False, True):
            assert oc.fill(packet, selectors=selectors, catalog=catalog) == packet, name


def lengths_of(header: Header) -> dict[str, int]:
    """The lengths that the header tells, by their names."""
    layout = header.__layout__
    names = [*layout.sized_by, *([] if layout.length_field is None else [layout.length_field.name])]
    return {name: getattr(header, name) for name in names if getattr(header, name)}


def spoilt(header: Header, checked: bool) -> Any:  # Any: a header of the same class
    """The header with other lengths and another checksum, if it has one."""
    checksum, numbers = header.__layout__.checksum, lengths_of(header)
    if checked and checksum is not None and (value := getattr(header, checksum.name)):
        numbers[checksum.name] = value
    return header.replace(**{name: number ^ 1 for name, number in numbers.items()})


def whole(packet: oc.Packet) -> bool:
    """Whether every length and checksum counts what is here: not those of quotations, nor of a frame in segments."""
    layouts = [header.__layout__ for header in packet.headers]
    pieces = [layout.segmented for layout in layouts]
    return not any(layout.quotes for layout in layouts) and not any(pieces)


def test_what_was_changed_becomes_right_again() -> None:
    for name, (packet, catalog) in right_packets().items():
        if whole(packet):
            verdicts = oc.checksums(packet, catalog=catalog)
            checked = [verdicts.get(f"{path}.checksum") is oc.ChecksumStatus.VALID for path in packet.names]
            changed = oc.Packet(tuple(map(spoilt, packet.headers, checked)), packet.payload, packet.trailers)
            assert oc.fill(changed, catalog=catalog) == packet, name


def test_what_is_left_open_is_derived() -> None:
    for name, (packet, catalog) in right_packets().items():
        if whole(packet):
            headers = [header.replace(**dict.fromkeys(lengths_of(header), oc.AUTO)) for header in packet.headers]
            opened = oc.Packet(tuple(headers), packet.payload, packet.trailers)
            assert oc.fill(opened, catalog=catalog) == packet, name


def test_what_is_left_open_is_derived_as_it_is_when_encoded() -> None:
    """RFC 7348 section 5: in front of VXLAN, over IPv4, the UDP checksum should be zero."""
    made = FRAME / OUTER / oc.UDP(src_port=50000) / oc.VXLAN(vni=5) / FRAME / b"...."
    made = made.replace(oc.Ethernet, ethertype=oc.AUTO)
    assert oc.fill(made) == oc.resolve(made)
    assert oc.fill(made)[oc.UDP].checksum == 0


def test_what_is_left_open_in_an_option_is_derived() -> None:
    """RFC 2018 section 3: kind 5, length 10, one block of two edges; two more octets fill the row up."""
    segment = oc.resolve(OUTER / oc.TCP(src_port=1, dst_port=2))
    acknowledgment = oc.TCPSACKOption(blocks=(oc.TCPSACKBlock(left=1, right=2),))
    changed = segment.replace(oc.TCP, options=(acknowledgment,), options_rest=bytes(2))
    assert oc.encode(oc.fill(changed))[40:].hex() == "050a" + "00000001" + "00000002" + "0000"


def test_flags_follow_where_something_else_is_left_open() -> None:
    plain = oc.resolve(OUTER / oc.GRE() / FRAME / b"....")
    keyed = plain.replace(oc.GRE, key=7).replace(oc.IPv4, total_length=oc.AUTO)
    assert oc.encode(oc.fill(keyed))[20:28].hex() == "2000" + "6558" + "00000007"  # RFC 2890 section 2: K
    assert oc.fill(keyed)[oc.IPv4].total_length == plain[oc.IPv4].total_length + 4


def test_there_are_many() -> None:
    assert sum(whole(packet) for packet, _ in right_packets().values()) > 80


# --- corners that those seldom reach ----------------------------------------------------------------------------------


def test_the_length_of_a_segment_that_is_not_the_last() -> None:
    """Of a frame in segments the length stays; of one that is here, with padding behind it, it is computed."""
    whole = oc.resolve(OUTER / oc.STTSegment(src_port=1) / oc.STT(context_id=7) / FRAME / b"....")
    length = whole[oc.STTSegment].total_length
    segmented = whole.replace(oc.STTSegment, total_length=length + 3)
    assert oc.fill(segmented)[oc.STTSegment].total_length == length + 3
    shorter = whole.replace(oc.STTSegment, total_length=length - 3)
    assert oc.fill(shorter)[oc.STTSegment].total_length == length


def test_what_is_in_a_whole_segment_is_put_right() -> None:
    inside = FRAME.replace(ethertype=oc.AUTO) / OUTER / oc.UDP(src_port=1, dst_port=9) / b"data"
    whole = oc.resolve(OUTER / oc.STTSegment(src_port=1) / oc.STT(context_id=7) / inside)
    wrong = whole.replace(oc.UDP, checksum=1)
    assert oc.checksums(wrong)["inner.udp.checksum"] is oc.ChecksumStatus.BAD
    assert oc.fill(wrong) == whole


def test_a_udp_length_of_0_stays_in_a_jumbogram() -> None:
    """RFC 2675 section 4: a jumbogram's UDP length is 0; RFC 768 has no such length in other packets."""
    longer = oc.IPv6HopByHop(options=(oc.IPv6JumboPayloadOption(jumbo_payload_length=20),))
    outer, datagram = oc.IPv6(src="::1", dst="::2", payload_length=0), oc.UDP(src_port=1, dst_port=9, length=0)
    jumbogram = oc.resolve(outer / longer / datagram / b"data")
    assert oc.fill(jumbogram)[oc.UDP].length == 0
    ordinary = oc.resolve(outer.replace(payload_length=oc.AUTO) / datagram / b"data")
    assert oc.fill(ordinary)[oc.UDP].length == 12


def test_what_stands_behind_a_segment_is_not_of_the_frame() -> None:
    """Octets behind what the segment bounds do not count for its frame; those within it do."""
    whole = oc.resolve(OUTER / oc.STTSegment(src_port=1) / oc.STT(context_id=7) / FRAME / b"....")
    length = whole[oc.STTSegment].total_length
    for header, filled in ((0, length + 1), (1, length + 1), (2, length + 3), (3, length + 3)):
        padded = oc.Packet(whole.headers, whole.payload, (oc.Trailer(header, bytes(3)),))
        claiming = padded.replace(oc.STTSegment, total_length=length + 1)
        assert oc.fill(claiming)[oc.STTSegment].total_length == filled


def test_padding_of_the_right_size_stays() -> None:
    """RFC 8200 section 4.2: two Pad1 options fill a row of four octets to 8 with the header's first two."""
    alert = oc.IPv6RouterAlertOption(value=0)
    outer, datagram = oc.IPv6(src="::1", dst="::2"), oc.UDP(src_port=1, dst_port=9) / b"data"
    right = oc.resolve(outer / oc.IPv6HopByHop(options=(alert,), options_rest=bytes(2)) / datagram)
    assert oc.encode(right)[40:48].hex() == "1100" + "05020000" + "0000"
    assert oc.fill(right) == right
    wrong = right.replace(oc.IPv6HopByHop, options_rest=bytes(3))
    assert oc.encode(oc.fill(wrong))[40:48].hex() == "1100" + "05020000" + "0100"


class Octet(oc.Element, spec="in-house", path="octet"):
    value: Annotated[int, Bits(8)]


class FromTheStart(oc.Header, spec="in-house", path="from_the_start"):
    """A row that ends so many words from the start of the header."""

    words: Annotated[int, Bits(8)] = oc.AUTO
    more: Annotated[int, Bits(16)] = 0
    row: Annotated[tuple[Octet, ...], oc.SizedBy("words", unit=4, origin="start"), oc.Elements("value", end=0)] = ()
    row_rest: Annotated[bytes, oc.Unparsed("row")] = oc.AUTO


def test_padding_counts_from_where_its_length_does() -> None:
    """3 octets, 1 in the row and 4 behind it are two words."""
    right = FromTheStart(words=2, row=(Octet(value=5),), row_rest=bytes(4))
    assert oc.fill(oc.Packet((right,)))[FromTheStart] == right
    wrong = right.replace(row_rest=bytes(3))
    assert oc.encode(oc.fill(oc.Packet((wrong,)))) == bytes((1, 0, 0, 5))


def test_the_longest_length_where_an_ethertype_may_stand() -> None:
    """IEEE 802.3 clause 3.2.6: 1500 is a length, and no type."""
    frame = oc.resolve(FRAME.replace(ethertype=oc.AUTO) / oc.LLC(dsap=0x42, ssap=0x42) / b"....")
    assert frame[oc.Ethernet].ethertype == 7
    for length in (1499, 1500):
        assert oc.fill(frame.replace(oc.Ethernet, ethertype=length))[oc.Ethernet].ethertype == 7


def test_the_access_point_of_what_follows_is_mended_where_it_says_what_follows() -> None:
    """RFC 1042: 170 in front of SNAP, with control 3; behind a numbered format nothing is known."""
    frame = oc.resolve(FRAME.replace(ethertype=oc.AUTO) / oc.LLC() / oc.SNAP(protocol=0x88B5) / b"....")
    wrong = frame.replace(oc.LLC, dsap=0x42)
    assert oc.fill(wrong, selectors=True)[oc.LLC].dsap == 170
    assert oc.fill(wrong)[oc.LLC].dsap == 0x42
    numbered = wrong.replace(oc.LLC, control=0, sequence=0)
    assert oc.fill(numbered, selectors=True)[oc.LLC].dsap == 0x42


def test_a_type_is_no_length_whatever_follows() -> None:
    """IEEE 802.3 clause 3.2.6: from 1536 on the number is a type."""
    typed = oc.resolve(FRAME / oc.LLC(dsap=0x42, ssap=0x42) / b"....")
    assert oc.fill(typed)[oc.Ethernet].ethertype == 0x88B5


def test_a_cooked_protocol_is_mended_where_it_is_one() -> None:
    """LINKTYPE_LINUX_SLL: of a netlink device (ARPHRD 824) the protocol is that of netlink, and no EtherType."""
    cooked = oc.resolve(oc.SLL(arphrd_type=1) / OUTER.replace(protocol=99) / b"....")
    wrong = cooked.replace(oc.SLL, protocol=0x86DD)
    assert oc.fill(wrong, selectors=True)[oc.SLL].protocol == 0x0800
    netlink = wrong.replace(oc.SLL, arphrd_type=824)
    assert oc.fill(netlink, selectors=True)[oc.SLL].protocol == 0x86DD


def test_the_last_label_of_a_stack_is_marked_and_the_others_are_not() -> None:
    """RFC 3032 section 2.1: the S bit is set in the last entry of the stack alone."""
    labels = [oc.MPLS(label=16, bottom_of_stack=last) for last in (True, False)]
    stack = FRAME.replace(ethertype=0x8847) / labels[0] / labels[1] / OUTER.replace(protocol=99) / b"...."
    filled = oc.fill(oc.resolve(stack), selectors=True)
    assert [filled[oc.MPLS, number].bottom_of_stack for number in (0, 1)] == [False, True]


class Summed(oc.Header, spec="in-house", path="summed", keys=(oc.ETHERTYPE(0x88B6),)):
    """Its checksum is over all that there is, and nothing says how much that is."""

    checksum: Annotated[int, Bits(16), oc.Checksum()] = oc.AUTO


def test_what_a_segment_carries_is_judged_where_it_is_whole() -> None:
    catalog = oc.DEFAULT.with_header(Summed)
    inside = FRAME.replace(ethertype=oc.AUTO) / Summed() / b"data"
    whole = oc.resolve(OUTER / oc.STTSegment(src_port=1) / oc.STT(context_id=7) / inside, catalog=catalog)
    assert oc.checksums(whole, catalog=catalog)["inner.summed.checksum"] is oc.ChecksumStatus.VALID
    first = whole.replace(oc.STTSegment, total_length=whole[oc.STTSegment].total_length + 1)
    assert oc.checksums(first, catalog=catalog)["inner.summed.checksum"] is oc.ChecksumStatus.UNVERIFIABLE


def test_a_cyclic_redundancy_check_is_judged() -> None:
    packet = decoded(DECODING["transport/sctp-init-and-data"])
    assert oc.checksums(packet)["sctp.checksum"] is oc.ChecksumStatus.VALID
    changed = packet.replace(oc.SCTP, verification_tag=packet[oc.SCTP].verification_tag ^ 1)
    assert oc.checksums(changed)["sctp.checksum"] is oc.ChecksumStatus.BAD


class Label(oc.Header, spec="in-house", path="label", keys=(oc.ETHERTYPE(0x88B7),)):
    """One of a stack, of which the last says what follows."""

    number: Annotated[int, Bits(15)] = 0
    last: Annotated[bool, Bits(1), oc.StackEnd()] = oc.AUTO
    protocol: Annotated[int, Bits(16), oc.Selects(oc.ETHERTYPE)] = oc.AUTO


def test_only_the_last_of_a_stack_is_told_what_follows() -> None:
    catalog = oc.DEFAULT.with_header(Label)
    packet = FRAME / Label(protocol=0x1234, last=True) / Label(protocol=0x1234, last=False) / OUTER.replace(protocol=99)
    filled = oc.fill(packet, selectors=True, catalog=catalog)
    assert [label.protocol for label in filled.headers if isinstance(label, Label)] == [0x1234, 0x0800]
    assert [label.last for label in filled.headers if isinstance(label, Label)] == [False, True]


def test_a_length_with_nothing_that_is_known_behind_it_stays() -> None:
    frame = oc.Packet((FRAME.replace(ethertype=100),), b"....")
    assert oc.fill(frame)[oc.Ethernet].ethertype == 100


def test_what_covers_all_is_judged_where_all_is_here() -> None:
    catalog = oc.DEFAULT.with_header(Summed)
    data = catalog.encode(FRAME.replace(ethertype=oc.AUTO) / Summed() / b"data")
    for missing, verdict in ((0, oc.ChecksumStatus.VALID), (9, oc.ChecksumStatus.UNVERIFIABLE)):
        packet = catalog.decode(data, wire_length=len(data) + missing)
        assert oc.checksums(packet, catalog=catalog) == {"summed.checksum": verdict}
        assert repr(verdict) == str(verdict)
