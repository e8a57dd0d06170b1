"""What is put into a packet: extension headers, options, optional fields, and right checksums at their limits."""

from __future__ import annotations

import overlaycodec as oc
from overlaycodec import fuzz
from tests.fuzz.common import FRAMES, VXLAN_FRAME

V6 = FRAMES["ipv6"]


def made(label: str, frame: bytes = VXLAN_FRAME, fix: fuzz.Fix = "lengths") -> bytes:
    mutator = fuzz.Mutator(frame, fix=fix)
    (mutation,) = (mutation for mutation in mutator.singles if mutation.label == label)
    return mutator.mutated((mutation,)).data


def test_an_extension_header_is_inserted_and_selects_what_followed() -> None:
    """RFC 8200 section 4.5: next header 44, and 17 (UDP) in the fragment header of 8 octets; the length counts them."""
    data = made("ipv6_fragment inserted after ipv6", V6)
    assert data[:14] + data[54 + 8 :] == V6[:14] + V6[54:]
    assert (data[20], data[54]) == (44, 17)
    assert int.from_bytes(data[18:20], "big") == int.from_bytes(V6[18:20], "big") + 8
    assert made("ipv6_fragment inserted after ipv6", V6, "none")[18:20] == V6[18:20]


def test_a_list_of_segments_has_its_last_entry() -> None:
    """RFC 8754 section 2: the last entry of three segments is 2; the length is in units of 8 octets after the first."""
    data = made("ipv6_segment_routing with 3 elements inserted after ipv6", V6)
    assert (data[20], data[54], data[56], data[58]) == (43, 17, 4, 2)
    assert (data[55] + 1) * 8 == len(data) - len(V6) >= 8 + 3 * 16


def test_an_option_is_put_in_and_the_ihl_counts_it() -> None:
    """RFC 791 section 3.1: a record route of three addresses is 15 octets; a NOP fills the fourth word of options."""
    data = made("record_route with 3 elements put after ipv4.options")
    assert data[14] == 0x49
    assert data[34:37] == bytes([7, 15, 4])
    assert data[34 + 15] == 1
    assert int.from_bytes(data[16:18], "big") == 91 + 16
    assert data[50:] == VXLAN_FRAME[34:]


def test_a_flag_brings_its_field() -> None:
    """RFC 2890: K is 0x2000, and the key is four octets."""
    frame = VXLAN_FRAME[:23] + b"\x2f" + VXLAN_FRAME[24:34] + bytes.fromhex("00000800") + VXLAN_FRAME[68:]
    data = made("ipv4/gre.key_present set, its fields inserted".partition("/")[2], frame, "none")
    assert data[34:42] == bytes.fromhex("20000800 00000001")
    assert data[42:] == frame[38:]


def test_right_checksums_come_at_their_limits() -> None:
    """RFC 768: a checksum that is computed as 0 is sent as 0xffff."""
    mutator = fuzz.Mutator(V6)
    labels = [mutation.label for mutation in mutator.singles if " so that " in mutation.label]
    assert len(labels) == 3
    for mutation in mutator.singles:
        if " so that " in mutation.label:
            packet = mutator.mutated((mutation,)).packets[0]
            assert oc.checksums(oc.decode(packet))["udp.checksum"] == "valid"
            assert f"0x{int.from_bytes(packet[60:62], 'big'):04x}" in mutation.label
    assert {label[-6:] for label in labels} == {"0xffff", "0x0001", "0xfffe"}


def test_a_header_is_cut_before_its_last_octet_and_lengths_follow() -> None:
    data = made("truncated before the last octet of inner.ipv4")
    assert data[:16] + data[18:38] == VXLAN_FRAME[:16] + VXLAN_FRAME[18:38]
    assert len(data) == 14 + 20 + 8 + 8 + 14 + 4 + 19
    assert int.from_bytes(data[16:18], "big") == len(data) - 14
    assert int.from_bytes(data[38:40], "big") == len(data) - 34


def test_several_seed_packets_have_what_is_new_first() -> None:
    """Of two packets with the same headers, the second has nothing new, until the first has no more."""
    other = VXLAN_FRAME[:-1] + b"z"
    records = {1: oc.Record(VXLAN_FRAME), 2: oc.Record(other)}
    singles = len(fuzz.Mutator(VXLAN_FRAME).singles)
    kinds = [case.source for case in fuzz.cases(records, count=singles)]
    assert 0.9 < (kinds.count(1) + kinds.count(2)) / singles <= 1
    labels = [case.label for case in fuzz.cases(records, count=singles // 2)]
    assert len(set(labels)) > 0.95 * len(labels)


def test_mixed_cases_have_another_fix_each_and_the_same_mutations() -> None:
    mutator = fuzz.Mutator(VXLAN_FRAME, fix="mixed")
    cases = [mutator.case(number) for number in range(300)]
    assert {case.fix for case in cases} == {"none", "lengths", "both"}
    for case in cases[::20]:
        assert case == fuzz.Mutator(VXLAN_FRAME, fix=case.fix).case(case.number)
