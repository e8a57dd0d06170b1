"""Bugs that were seen in other libraries: one test each.

Each bug was planted once in a copy of the sources, and its test was seen to fail:

- eleven octets: an `int | None` of `Reserved(24)`, `When("group_policy")`, in `VXLANGBP`;
- reserved bits lost: the writer packs 0 for every `Reserved` field of an element;
- 5 octets as length 1: `counted` ignores the remainder of the division;
- 128 octets as length 0: `counted` cuts the quotient to the field's bits instead of refusing it;
- lengths past 4 bits lost: the reader cuts a number of 5 bits to 4;
- three options of 124 octets: `counted` takes what does not fit for its maximum;
- 252 octets of options: the reader counts the end of sized octets in 8 bits;
- octet 3 after checking for fewer: the reader allows a header's fixed fields to end one octet past the bound;
- A at 0x80: `policy_applied` stands first in its octet in `VXLANGBP`;
- IHL below 5: the reader takes it for 5, and the writer derives it whatever stands there;
- triple tags: the writer leaves out the third of three tags;
- padding lost: `emit` leaves trailers out;
- checksum without the padding: `emit` puts trailers behind the whole packet;
- `struct.error`: the reader does not test its fixed fields against the bound.
"""

from __future__ import annotations

import pytest

import overlaycodec as oc
from overlaycodec import (
    VXLAN,
    VXLANGBP,
    VXLANGPE,
    Ethernet,
    Geneve,
    GeneveOption,
    Header,
    IPv4,
    VLANTag,
)
from tests.laws.common import rebuilt_packet

# Ethernet / IPv4 / UDP / "hello": 47 octets, checksums by scapy 2.8.
HELLO = bytes.fromhex(
    "020000000002 020000000001 08004500 0021 0001 0000 4011 f977 c0a80001 c0a8000203e8 07d0 000d 2ef6 68656c6c6f"
)
# The same padded with 1, 2, ... 13 to 60 octets, in VXLAN, the outer UDP checksum by scapy over all of it.
PADDED_INSIDE = bytes.fromhex(
    "525400000002 525400000001 0800"
    "4500 0060 0001 0000 4011 668a 0a000001 0a000002"
    "c000 12b5 004c f7db"
    "0800000000006400"
    "020000000002 020000000001 0800"
    "4500 0021 0001 0000 4011 f977 c0a80001 c0a80002"
    "03e8 07d0 000d 2ef6 68656c6c6f"
    "0102030405060708090a0b0c0d"
)
# kernel-vxlan-inner-vlan.pcap, record 8: Linux receives three tags (VID 1, 2, 4095) inside VXLAN.
THREE_TAGS = bytes.fromhex(
    "02000000000b 02000000000a 0800"
    "4500 0060 8b46 0000 4011 daaa 0a4d0001 0a4d0002"
    "c671 12b5 004c 4e9b"
    "0800000000006400"
    "02bb00000002 02aa00000001"
    "8100 0001 8100 0002 8100 0fff 0800"
    "4500 0022 0001 0000 4011 3176 c0a86401 c0a86402"
    "0001 0009 000e 7546 746167676564"
)


@pytest.mark.parametrize("header", [VXLAN, VXLANGBP, VXLANGPE])
def test_no_flags_make_a_vxlan_header_longer(header: type[Header]) -> None:
    """A header of 11 octets when G (0x80) and P (0x04) are both set."""
    for first in range(256):
        if header is VXLANGPE and first & 0x30:
            continue  # another version
        octets = bytes([first]) + bytes.fromhex("ff123456789abc")
        decoded, length = oc.decode_header(header, octets + b"more")
        assert length == 8
        assert oc.encode(rebuilt_packet(oc.Packet((decoded,)))) == octets


@pytest.mark.parametrize("reserved", range(8))
def test_reserved_bits_of_an_option_are_kept(reserved: int) -> None:
    """The three reserved bits before an option's length, lost."""
    octets = bytes.fromhex("0200655800006400 010342") + bytes([reserved << 5 | 1]) + b"data"
    geneve, length = oc.decode_header(Geneve, octets)
    assert length == 16
    assert geneve.options == (GeneveOption(option_class=0x103, type=0x42, reserved=reserved, length=1, data=b"data"),)
    assert oc.encode(rebuilt_packet(oc.Packet((geneve,)))) == octets


def test_data_of_no_whole_word_is_refused() -> None:
    """5 octets of option data, written as length 1."""
    option = GeneveOption(option_class=0x103, type=1, data=b"12345")
    with pytest.raises(oc.LengthOverflowError) as caught:
        oc.encode(Geneve(vni=1, protocol_type=0x6558, options=(option,)))
    assert caught.value == oc.LengthOverflowError("geneve.options[0].length", 5, 124, 4)
    assert str(caught.value) == "geneve.options[0].length would count 5 octets; at most 124, in steps of 4"


def test_data_of_too_many_words_is_refused() -> None:
    """128 octets of option data, written as length 0."""
    option = GeneveOption(option_class=0x103, type=1, data=bytes(128))
    with pytest.raises(oc.LengthOverflowError) as caught:
        oc.encode(Geneve(vni=1, protocol_type=0x6558, options=(option,)))
    assert caught.value == oc.LengthOverflowError("geneve.options[0].length", 128, 124, 4)


@pytest.mark.parametrize("words", range(32))
def test_every_length_of_an_option_is_whole(words: int) -> None:
    """Lengths past 4 bits, lost."""
    data = bytes(range(1, words * 4 + 1))
    octets = bytes([words + 1]) + bytes.fromhex("00655800006400 010301") + bytes([words]) + data
    geneve, length = oc.decode_header(Geneve, octets + b"payload")
    assert length == len(octets) == 12 + words * 4
    assert geneve == Geneve(
        opt_len=words + 1,
        critical=False,
        protocol_type=0x6558,
        vni=100,
        options=(GeneveOption(option_class=0x103, type=1, length=words, data=data),),
        options_rest=b"",
    )
    assert oc.encode(rebuilt_packet(oc.Packet((geneve,)))) == octets


def test_three_options_of_full_length_are_refused() -> None:
    """opt_len overflows with three options of 124 octets: 3 x (4 + 124) = 384 octets, of 252."""
    option = GeneveOption(option_class=0x103, type=1, data=bytes(124))
    with pytest.raises(oc.LengthOverflowError) as caught:
        oc.encode(Geneve(vni=1, protocol_type=0x6558, options=(option,) * 3))
    assert caught.value == oc.LengthOverflowError("geneve.opt_len", 384, 252, 4)


def test_252_octets_of_options_are_whole() -> None:
    """An 8-bit offset that overflows: 8 + 252 octets are 260."""
    options = b"".join(bytes.fromhex("010302") + bytes([6]) + bytes([number] * 24) for number in range(9))
    octets = bytes.fromhex("3f00655800006400") + options
    assert len(octets) == 260
    packet = oc.decode(octets + HELLO, first=Geneve)
    assert [option.data[0] for option in packet[Geneve].options if isinstance(option, GeneveOption)] == list(range(9))
    assert packet[Geneve].options_rest == b""
    assert packet[Ethernet].ethertype == 0x0800
    assert packet.payload == b"hello"
    assert packet.span("inner.ethernet")[0] == 260 * 8
    assert oc.encode(rebuilt_packet(packet)) == octets + HELLO


@pytest.mark.parametrize("octets", range(4))
def test_an_option_header_is_read_whole_or_not_at_all(octets: int) -> None:
    """Octet 3 (reserved bits and length) read after a check for fewer than 3."""
    header = bytes.fromhex("01028001")
    with pytest.raises(oc.TruncatedError) as caught:
        oc.decode_header(GeneveOption, header[:octets])  # type: ignore[type-var]
    assert (caught.value.needed, caught.value.available) == (4, octets)


@pytest.mark.parametrize("octets", range(1, 4))
def test_what_is_no_option_is_kept(octets: int) -> None:
    """The same, at the end of a row: opt_len counts whole words, so IPv4's options show it."""
    # no operation up to an option of type 0x82 (security) and length 11, of which the header holds 1, 2 or 3 octets
    start = bytes.fromhex("4600001800000000400600000a0000010a000002") + bytes([1] * (4 - octets))
    end = bytes.fromhex("820b00")[:octets]
    header, length = oc.decode_header(IPv4, start + end + b"payload")
    assert length == 24
    assert [option.type for option in header.options] == [1] * (4 - octets)
    assert header.options_rest == end
    assert oc.encode(rebuilt_packet(oc.Packet((header,)))) == start + end


def test_the_a_bit_of_gbp_is_0x08() -> None:
    """The A bit at 0x80. Linux with `gbp` and mark 0x48ffff (kernel-vxlan-gbp.pcap, record 2) sets G, D and A."""
    sent = bytes.fromhex("8848ffff00006400")
    header, _ = oc.decode_header(VXLANGBP, sent)
    assert (header.group_policy, header.dont_learn, header.policy_applied) == (True, True, True)
    assert (header.group_policy_id, header.vni) == (0xFFFF, 100)
    without_a, _ = oc.decode_header(VXLANGBP, bytes.fromhex("88c0ffff00006400"))  # 0x80 is reserved, 0x40 is D
    assert (without_a.dont_learn, without_a.policy_applied) == (True, False)
    assert oc.encode(VXLANGBP(dont_learn=True, policy_applied=True, group_policy_id=0xFFFF, vni=100)) == sent
    assert oc.encode(VXLANGBP(policy_applied=True, vni=100)) == bytes.fromhex("8808000000006400")


@pytest.mark.parametrize("ihl", range(5))
def test_a_header_length_below_5_is_a_fault_and_changes_nothing(ihl: int) -> None:
    """IHL below 5: octets change on a rebuild."""
    octets = HELLO[:14] + bytes([0x40 | ihl]) + HELLO[15:]
    with pytest.raises(oc.LengthFieldError) as caught:
        oc.decode(octets)
    assert caught.value == oc.LengthFieldError(ihl, "ipv4.ihl", (116, 119), 5)
    packet = oc.decode(octets, lax=True)
    assert [type(header) for header in packet.headers] == [Ethernet]
    assert oc.encode(rebuilt_packet(packet)) == octets
    # as a value it can be written, whatever it says
    packet = oc.decode(HELLO)
    assert oc.encode(packet.replace(IPv4, ihl=ihl)) == octets


def test_three_tags_are_three_tags() -> None:
    """Triple tags lose 8 octets."""
    packet = oc.decode(THREE_TAGS)
    assert [header.vid for header in packet.headers if isinstance(header, VLANTag)] == [1, 2, 4095]
    assert packet.at("inner.vlan[2].vid") == 4095
    assert packet.payload == b"tagged"
    assert oc.encode(rebuilt_packet(packet)) == THREE_TAGS


def test_padding_is_kept() -> None:
    """13 octets of padding, lost on a rebuild: 47 octets of frame in the least of Ethernet, 60."""
    octets = HELLO + bytes(range(1, 14))
    packet = oc.decode(octets)
    assert packet.payload == b"hello"
    assert packet.trailers == (oc.Trailer(1, bytes(range(1, 14))),)
    assert oc.encode(rebuilt_packet(packet)) == octets


def test_the_outer_checksum_covers_the_padding_inside() -> None:
    """The outer UDP checksum is wrong when the inner frame is padded."""
    packet = oc.decode(PADDED_INSIDE)
    assert packet.inner.trailers == (oc.Trailer(1, bytes(range(1, 14))),)
    assert oc.checksums(packet)["udp.checksum"] is oc.ChecksumStatus.VALID
    assert oc.encode(oc.fill(packet)) == PADDED_INSIDE
    assert oc.encode(oc.fill(packet.replace_at("udp.checksum", 1).replace_at("udp.length", 8))) == PADDED_INSIDE


@pytest.mark.parametrize("data", [HELLO, PADDED_INSIDE, THREE_TAGS], ids=["plain", "padded", "tagged"])
def test_no_truncation_gives_another_error(data: bytes) -> None:
    """A truncated header gives `struct.error`."""
    for length in range(len(data)):
        with pytest.raises(oc.TruncatedError) as caught:
            oc.decode(data[:length])
        assert caught.value.needed > caught.value.available
        assert caught.value.bits[0] <= length * 8
        lax = oc.decode(data[:length], lax=True)
        assert isinstance(lax.faults[0], oc.TruncatedError)
        assert oc.encode(rebuilt_packet(lax)) == data[:length]
