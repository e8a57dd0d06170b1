"""Mutations of layers and of how many octets there are, compared with octets that are put together by hand.

The sizes of headers are those of their specifications: Ethernet 14, a tag 4, IPv4 20, UDP 8, VXLAN 8.
"""

from __future__ import annotations

import pytest

import overlaycodec as oc
from overlaycodec import fuzz
from tests.fuzz.common import CATALOG, FRAMES, VXLAN_FRAME

F = VXLAN_FRAME
OUTER, INNER, TAG, INNER_IP = 0, 50, 64, 68


def made(label: str, fix: fuzz.Fix = "none", frame: bytes = F) -> tuple[bytes, ...]:
    """The packets of the mutation with this label."""
    mutator = fuzz.Mutator(frame, fix=fix, catalog=CATALOG)
    (mutation,) = (mutation for mutation in mutator.singles if mutation.label == label)
    return mutator.mutated((mutation,)).packets


def with_numbers(data: bytes, **numbers: int) -> bytes:
    """The octets with other numbers of 16 bits, each at the octet of its name: `at16=99`."""
    for name, value in numbers.items():
        at = int(name.removeprefix("at"))
        data = data[:at] + value.to_bytes(2, "big") + data[at + 2 :]
    return data


def test_a_tag_is_duplicated_and_the_first_selects_the_second() -> None:
    (data,) = made("inner.vlan duplicated")
    assert data == F[:TAG] + bytes.fromhex("0007 8100 0007 0800") + F[INNER_IP:]


def test_lengths_outside_follow_where_they_are_to_be_fixed() -> None:
    (data,) = made("inner.vlan duplicated", "lengths")
    plain = F[:TAG] + bytes.fromhex("0007 8100 0007 0800") + F[INNER_IP:]
    assert data == with_numbers(plain, at16=95, at38=75)  # IPv4's total length and UDP's length


def test_what_a_mutation_wrote_is_not_fixed() -> None:
    mutator = fuzz.Mutator(F, fix="both", catalog=CATALOG)
    labels = ("ipv4.total_length = 20", "inner.vlan.ethertype = 0x86dd (ipv6)", "inner.vlan duplicated")
    chosen = tuple(mutation for mutation in mutator.singles if mutation.label in labels)
    assert len(chosen) == 3
    data = mutator.mutated(chosen).data
    assert data[16:18] == b"\x00\x14"
    assert data[38:40] == (75).to_bytes(2, "big")
    assert data[TAG : TAG + 8].hex() == "000786dd000786dd"


def test_a_header_is_dropped_and_the_one_before_selects_the_one_after() -> None:
    assert made("inner.vlan dropped") == (F[:62] + b"\x08\x00" + F[INNER_IP:],)
    assert made("inner.vlan dropped", "lengths") == (
        with_numbers(F[:62] + b"\x08\x00" + F[INNER_IP:], at16=87, at38=67),
    )
    assert made("ethernet dropped") == (F[14:],)


def test_two_headers_are_swapped() -> None:
    """IPv4 says GRE before UDP? No: UDP has no number of IPv4 among its ports, so only what can be selected is."""
    (data,) = made("inner.vlan swapped with inner.ipv4")
    assert data == F[:62] + b"\x08\x00" + F[INNER_IP : INNER_IP + 20] + F[TAG:INNER_IP] + F[INNER_IP + 20 :]


def test_a_tunnel_is_nested_in_itself() -> None:
    (data,) = made("vxlan nested 3 deep", "lengths")
    layer = F[:INNER]
    outermost, middle = with_numbers(layer, at16=191, at38=171), with_numbers(layer, at16=141, at38=121)
    assert data == outermost + middle + F


def test_tags_are_stacked_with_every_ethertype() -> None:
    (data,) = made("2 vlan (0x88a8) after ethernet")
    assert data == F[:12] + bytes.fromhex("88a8 0001 88a8 0001 0800") + F[14:]
    labels = {mutation.label for mutation in fuzz.Mutator(F).by_kind["tag"]}
    for ethertype in ("0x8100", "0x88a8", "0x9100"):
        assert {f"{many}vlan ({ethertype}) after inner.ethernet" for many in ("", "2 ", "64 ")} <= labels


def test_labels_are_stacked_and_only_the_last_is_the_bottom() -> None:
    (data,) = made("mpls[1] stacked 3 deep", frame=FRAMES["mpls"])
    stack = [data[at : at + 4].hex() for at in range(14, 34, 4)]
    assert stack == ["0001003f", "0001103f", "0001103f", "0001113f", "45000028"]
    assert data[34:] == FRAMES["mpls"][26:]


def test_a_packet_without_a_tunnel_is_put_into_each() -> None:
    frame = FRAMES["mpls"][:12] + b"\x08\x00" + FRAMES["mpls"][22:]
    (data,) = made("ethernet in vxlan", frame=frame)
    assert data.endswith(frame)
    outer = data[: -len(frame)]
    assert len(outer) == 14 + 20 + 8 + 8
    assert int.from_bytes(outer[16:18], "big") == len(data) - 14
    assert outer[23] == 17
    assert int.from_bytes(outer[36:38], "big") == 4789
    assert int.from_bytes(outer[38:40], "big") == len(data) - 34
    assert outer[42] & 8
    assert {"ethernet in geneve", "ethernet in gre"} <= {m.label for m in fuzz.Mutator(frame).by_kind["nest"]}


def test_a_packet_is_cut_at_each_field() -> None:
    mutator = fuzz.Mutator(F, kinds=["truncate"])
    cuts = {mutation.label: len(mutator.mutated((mutation,)).data) for mutation in mutator.singles}
    assert cuts["truncated before inner.ipv4.ttl"] == INNER_IP + 8
    assert cuts["truncated within inner.ipv4.src"] == INNER_IP + 13
    assert cuts["truncated before payload"] == 96
    fields = {bit // 8 for name in mutator.packet.names for bit in _starts(mutator.packet, name)}
    assert set(cuts.values()) >= fields - {len(F)}
    assert all(F.startswith(mutator.mutated((mutation,)).data) for mutation in mutator.singles)


def _starts(packet: oc.Packet, name: str) -> list[int]:
    fields = packet.at(name).__layout__.fields
    return [packet.span(f"{name}.{field.name}")[0] for field in fields if field.bits]


def test_lengths_follow_a_cut() -> None:
    (data,) = made("truncated before inner.udp.src_port", "lengths")
    assert len(data) == 88
    assert data == with_numbers(F[:88], at16=74, at38=54, at70=20)


def test_payload_is_added_and_removed() -> None:
    assert made("4 octets of payload added") == (F + bytes(range(4)),)
    assert made("4 octets of payload added", "lengths") == (
        with_numbers(F + bytes(range(4)), at16=95, at38=75, at70=41, at92=21),
    )
    assert made("payload removed", "lengths") == (with_numbers(F[:96], at16=82, at38=62, at70=28, at92=8),)
    assert made("46 octets after the end", "lengths") == (F + bytes(46),)


# --- checksums --------------------------------------------------------------------------------------------------------


def sum_of(data: bytes) -> int:
    """The ones'-complement sum of RFC 1071, word by word."""
    total = 0
    data += bytes(len(data) % 2)
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2], "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


def udp_sum(frame: bytes, ip: int) -> int:
    """The sum of the pseudo-header and of UDP in IPv4, which begins at octet `ip`."""
    udp = frame[ip + 20 :]
    udp = udp[: int.from_bytes(udp[4:6], "big")]
    return sum_of(frame[ip + 12 : ip + 20] + bytes((0, 17)) + len(udp).to_bytes(2, "big") + udp)


def right(frame: bytes) -> list[bool]:
    """Whether the four checksums of the frame are right."""
    return [
        sum_of(frame[14:34]) == 0xFFFF,
        udp_sum(frame, 14) == 0xFFFF,
        sum_of(frame[INNER_IP : INNER_IP + 20]) == 0xFFFF,
        udp_sum(frame, INNER_IP) == 0xFFFF,
    ]


@pytest.mark.parametrize("label", ["vxlan.vni + 1", "inner.ipv4.ttl = 0", "ipv4.dscp = 63", "inner.udp.src_port = 0"])
def test_checksums_follow_a_field(label: str) -> None:
    assert all(right(F))
    assert not all(right(made(label)[0]))
    assert not all(right(made(label, "lengths")[0]))
    assert all(right(made(label, "checksums")[0]))


def test_checksums_follow_added_payload_and_its_lengths() -> None:
    assert all(right(made("1 octet of payload added", "both")[0]))
    assert not all(right(made("1 octet of payload added", "lengths")[0]))


def test_a_checksum_that_is_the_mutation_stays_and_those_outside_are_right() -> None:
    (data,) = made("inner.ipv4.checksum = 0x0000", "checksums")
    assert data[INNER_IP + 10 : INNER_IP + 12] == bytes(2)
    assert right(data) == [True, True, False, True]
    mutator = fuzz.Mutator(F, fix="both", catalog=CATALOG)
    chosen = [m for m in mutator.singles if m.label in ("inner.ipv4.checksum = 0x0000", "ethernet duplicated")]
    twice = mutator.mutated(tuple(chosen)).data
    assert twice[14:24] == data[:10]
    assert twice[14 + INNER_IP + 10 : 14 + INNER_IP + 12] == bytes(2)


def test_a_checksum_is_computed_over_what_the_receiver_reads() -> None:
    """With an IHL of 6, a receiver sums 24 octets."""
    (data,) = made("inner.ipv4.ihl + 1", "checksums")
    assert data[INNER_IP] == 0x46
    assert sum_of(data[INNER_IP : INNER_IP + 24]) == 0xFFFF
    assert sum_of(data[14:34]) == 0xFFFF


# --- fragments --------------------------------------------------------------------------------------------------------


def parts(label: str) -> list[tuple[int, bool, bytes]]:
    """Offset in octets, whether more follow, and the content of each fragment."""
    found = []
    for data in made(f"ipv4 in fragments: {label}"):
        word = int.from_bytes(data[20:22], "big")
        assert sum_of(data[14:34]) == 0xFFFF
        assert int.from_bytes(data[16:18], "big") == len(data) - 14
        found.append(((word & 0x1FFF) * 8, bool(word & 0x2000), data[34:]))
    return found


def test_fragments_in_order_are_the_datagram() -> None:
    first, last = parts("in order")
    assert (first[0], first[1], last[1]) == (0, True, False)
    assert last[0] == len(first[2])
    assert first[2] + last[2] == F[34:]


def test_fragments_overlap_with_the_same_octets_and_with_others() -> None:
    first, last = parts("overlap of 8 octets")
    assert last[0] == len(first[2]) - 8
    assert last[2] == F[34 + last[0] :]
    _, other = parts("overlap of 8 octets, with other octets")
    assert other[0] == last[0]
    assert other[2][:8] == bytes(255 - octet for octet in last[2][:8])


def test_a_fragment_ends_past_the_largest_datagram() -> None:
    offset, more, content = parts("end past 65,535 octets")[-1]
    assert offset + len(content) > 65_535
    assert not more


def test_fragments_of_ipv6_have_their_header() -> None:
    """RFC 8200 section 4.5: next header 44, and the offset in the upper 13 bits."""
    mutator = fuzz.Mutator(FRAMES["ipv6"] + b"", kinds=["fragment"])
    assert not mutator.by_kind  # 13 octets of content: too few for two fragments
    frame = FRAMES["ipv6"][:18] + b"\x00\x1d" + FRAMES["ipv6"][20:58] + b"\x00\x1d\x00\x00" + bytes(21)
    mutator = fuzz.Mutator(frame, kinds=["fragment"])
    (overlap,) = (m for m in mutator.singles if m.label == "ipv6 in fragments: overlap of 8 octets")
    first, last = mutator.mutated((overlap,)).packets
    assert first[20] == last[20] == 44
    assert first[54] == 17
    assert int.from_bytes(last[56:58], "big") >> 3 == (len(first) - 62) // 8 - 1
