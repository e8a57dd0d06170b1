"""Labels are true to the octets: exactly the bits that a label names are changed, and as it says."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

import pytest

import overlaycodec as oc
from overlaycodec import fuzz
from tests.fuzz.common import FRAMES, VXLAN_FRAME, seeds

_LABEL = re.compile(r"(?P<path>\S+) (?P<sign>[-+=]) (?P<value>[^\s,]+)(?P<more>.*)")
_OF_FIELDS: tuple[fuzz.Kind, ...] = ("value", "length", "count", "overrun", "selector", "flag", "checksum")


def bits_of(data: bytes, span: tuple[int, int]) -> int:
    """The number in the bits from the first to the last one."""
    number = "".join(f"{octet:08b}" for octet in data)[span[0] : span[1] + 1]
    return int(number, 2)


def changed_bits(before: bytes, after: bytes) -> list[int]:
    """The numbers of the bits that differ."""
    assert len(before) == len(after)
    pairs = zip("".join(f"{octet:08b}" for octet in before), "".join(f"{octet:08b}" for octet in after), strict=True)
    return [number for number, (old, new) in enumerate(pairs) if old != new]


def value_of(text: str, packet: oc.Packet, data: bytes) -> int | None:
    """The number that a label writes; None for octets that it shortens."""
    if text.endswith("..."):
        return None
    if re.fullmatch(r"[a-z].*\.[a-z_]+", text):  # another field
        return bits_of(data, packet.span(text))
    if re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", text):
        return int(text.replace(":", ""), 16)
    if "." in text or ":" in text:
        return int(ip_address(text))
    return int(text, 0)


@pytest.mark.survey
@pytest.mark.parametrize("record", seeds(), ids=lambda record: "-".join(record.decode(lax=True).names)[-60:])
def test_a_mutation_of_a_field_changes_its_bits_as_its_label_says(record: oc.Record) -> None:
    mutator = fuzz.Mutator(record, kinds=_OF_FIELDS)
    packet, data = mutator.packet, mutator.data
    for mutations in mutator.by_kind.values():
        for mutation in mutations:
            case = mutator.mutated((mutation,))
            changed = changed_bits(data, case.data)
            span = packet.span(mutation.path)
            assert changed, case.label
            assert span[0] <= changed[0] <= changed[-1] <= span[1], case.label
            match = _LABEL.fullmatch(case.label)
            if match is None:
                assert " read as " in case.label
                continue
            assert match["path"] == mutation.path == case.paths[0]
            value, now, field = value_of(match["value"], packet, data), bits_of(case.data, span), _field(packet, match)
            before = bits_of(data, span)
            if field.byte_order == "little":
                now, before = (int.from_bytes(each.to_bytes(4, "big"), "little") for each in (now, before))
            if value is not None:
                difference = {"=": 0, "-": -value, "+": value}[match["sign"]]
                assert now == (before + difference if difference else value), case.label


def _field(packet: oc.Packet, match: re.Match[str]) -> Any:  # Any: the field of any record
    path, _, name = match["path"].rpartition(".")
    return packet.at(path).__layout__.by_name[name]


def test_every_label_of_a_packet_is_another_and_makes_another_packet() -> None:
    for frame in FRAMES.values():
        mutator = fuzz.Mutator(frame)
        labels = [mutation.label for mutation in mutator.singles]
        assert len(set(labels)) == len(labels)
        assert all(mutator.mutated((mutation,)).packets != (frame,) for mutation in mutator.singles)


def test_several_mutations_change_what_each_of_them_names() -> None:
    mutator = fuzz.Mutator(VXLAN_FRAME, kinds=["value", "length", "flag", "checksum"])
    for number in range(len(mutator.singles), len(mutator.singles) + 300):
        case = mutator.case(number)
        assert 2 <= len(case.mutations) <= 4
        spans = [mutator.packet.span(path) for path in case.paths]
        changed = changed_bits(VXLAN_FRAME, case.data)
        assert all(any(first <= bit <= last for first, last in spans) for bit in changed), case.label
        assert all(any(first <= bit <= last for bit in changed) for first, last in spans), case.label


def test_boundaries_of_a_length_are_there() -> None:
    """IHL counts 4 octets: 5 is the least (RFC 791 section 3.1), and 15 the most that 4 bits hold."""
    labels = {mutation.label for mutation in fuzz.Mutator(VXLAN_FRAME).by_kind["length"]}
    assert {f"inner.ipv4.ihl {text}" for text in ("- 1", "+ 1", "= 0", "= 15")} <= labels
    assert {f"udp.length {text}" for text in ("- 1", "+ 1", "- 4", "+ 4", "= 0", "= 65535", "= 8", "= 7")} <= labels
    assert {f"ipv4.total_length {text}" for text in ("= 20", "= 19", "= 0")} <= labels


def test_selectors_lie_about_every_header_that_could_follow() -> None:
    labels = {mutation.label for mutation in fuzz.Mutator(VXLAN_FRAME).by_kind["selector"]}
    assert {"ipv4.protocol = 47 (gre_v1, gre)", "inner.ethernet.ethertype = 0x86dd (ipv6)"} <= labels
    assert "udp.dst_port = 6081 (geneve)" in labels
    assert {"ipv4.protocol = 0 (ipv6_hop_by_hop)", "ethernet.ethertype = 0x05dc"} <= labels


def test_options_run_past_the_end_of_their_list() -> None:
    """A TCP header of 24 octets with the MSS option, kind 2 and length 4 (RFC 9293 section 3.2)."""
    tcp = bytes.fromhex("03e80050 00000001 00000000 6002ffff 00000000 020405b4")
    mutator = fuzz.Mutator(tcp, first=oc.TCP, kinds=["overrun"])
    data = {mutation.label: mutator.mutated((mutation,)).data for mutation in mutator.singles}
    assert data == {
        f"tcp.options[0].length = {length}, past the end of the options": tcp[:21] + bytes([length]) + tcp[22:]
        for length in (5, 6)
    }


def test_fields_of_another_stack_are_changed_as_their_paths_say() -> None:
    """After a mutation that makes another stack, the paths are those of the packet that it gives."""
    mutator = fuzz.Mutator(VXLAN_FRAME, kinds=["insert", "tag", "value", "length"])
    names = set()
    for number in range(len(mutator.singles) | 1, len(mutator.singles) + 400, 2):  # the odd ones are these
        case = mutator.case(number)
        first, *fields = case.mutations
        assert first.kind in ("insert", "tag")
        before = mutator.mutated((first,)).data
        packet = oc.decode(before, lax=True)
        names |= set(packet.names)
        spans = [packet.span(mutation.path) for mutation in fields]
        changed = changed_bits(before, case.data)
        assert all(any(start <= bit <= stop for start, stop in spans) for bit in changed), case.label
        assert all(any(start <= bit <= stop for bit in changed) for start, stop in spans), case.label
    assert {"ipv6_segment_routing", "vlan[3]"} <= names
