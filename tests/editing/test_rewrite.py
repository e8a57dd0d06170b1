"""Changes after which checksums follow by the difference: captures of real stacks tell whether they are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec.checksum import adjusted_checksum
from overlaycodec.reassembly import FragmentReassembler
from tests.vectors.test_vectors import DECODING

CAPTURES: Final = Path(__file__).parents[1] / "captures"
NAMES: Final = (
    "kernel-vxlan-v4-udpcsum.pcap",
    "kernel-vxlan-inner-vlan.pcap",
    "linux-fragments.pcap",
    "linux-geneve-v6.pcap",
    "linux-gretap-nvgre.pcap",
    "linux-icmp-errors.pcap",
    "linux-icmpv6-errors.pcap",
    "linux-tcp.pcap",
)


def packets_of(name: str) -> list[oc.Packet]:
    with oc.open_capture(CAPTURES / name) as capture:
        return list(capture.packets(lax=True))


def changes_of(packet: oc.Packet) -> dict[str, Any]:
    """Other addresses, ports and tags, in every scope."""
    changes: dict[str, Any] = {}
    for name, header in zip(packet.names, packet.headers, strict=True):
        match header:
            case oc.IPv4():
                changes |= {f"{name}.src": "198.51.100.7", f"{name}.ttl": header.ttl ^ 1}
            case oc.IPv6():
                changes |= {f"{name}.dst": "2001:db8::77", f"{name}.hop_limit": 9}
            case oc.TCP() | oc.UDP():
                changes[f"{name}.src_port"] = header.src_port ^ 0xA5A5
            case oc.VLANTag():
                changes[f"{name}.vid"] = 9
            case _:
                pass
    return changes


def test_the_example_of_the_rfc() -> None:
    """RFC 1624 section 4."""
    assert adjusted_checksum(0xDD2F, b"\x55\x55", b"\x32\x85") == 0x0000


@pytest.mark.parametrize("name", NAMES)
def test_verdicts_stay_and_the_opposite_change_undoes_it(name: str) -> None:
    for packet in packets_of(name):
        changes = changes_of(packet)
        changed = oc.rewrite(packet, changes)
        assert changed != packet or not changes
        assert oc.checksums(changed) == oc.checksums(packet)
        assert oc.rewrite(changed, {path: packet.at(path) for path in changes}) == packet
        edited = packet
        for path, value in changes.items():
            edited = edited.replace_at(path, value)
        if "quoted" not in " ".join(packet.names) and "unverifiable" not in map(str, oc.checksums(packet).values()):
            assert oc.fill(edited) == changed


@pytest.mark.parametrize("name", NAMES)
def test_octets_that_were_not_captured_are_not_needed(name: str) -> None:
    for packet in packets_of(name):
        changes, octets = changes_of(packet), oc.encode(packet)
        whole = oc.encode(oc.rewrite(packet, changes))
        for cut in range(len(octets) - len(packet.payload), len(octets), 7):
            snapped = oc.decode(octets[:cut], wire_length=len(octets), lax=True)
            assert oc.encode(oc.rewrite(snapped, changes)) == whole[:cut]


def test_fragments_that_were_rewritten_are_a_message_with_a_right_checksum() -> None:
    """ICMPv6's checksum covers the addresses, and is in the first fragment alone."""
    reassembler, verdicts = FragmentReassembler(), []
    for packet in packets_of("linux-fragments.pcap"):
        whole = reassembler.feed(oc.rewrite(packet, changes_of(packet)))
        if whole is not None and oc.ICMPv6 in whole:
            assert str(whole[oc.IPv6].dst) == "2001:db8::77"
            verdicts.append(str(oc.checksums(whole)["icmpv6.checksum"]))
    assert verdicts == ["valid"]


def test_fill_with_the_packet_before() -> None:
    first = next(packet for packet in packets_of("linux-fragments.pcap") if oc.ICMPv6 in packet)
    edited = first.replace(oc.IPv6, dst="2001:db8::77")
    followed = oc.fill(edited, before=first)
    assert followed == oc.rewrite(first, {"ipv6.dst": "2001:db8::77"})
    assert oc.fill(edited)[oc.ICMPv6] == first[oc.ICMPv6] != followed[oc.ICMPv6]
    with pytest.raises(oc.EncodeError, match="has other headers than before, which were ethernet"):
        oc.fill(edited.without(oc.IPv6Fragment), before=first)


LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
DATAGRAM: Final = oc.resolve(
    LINK / oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / oc.UDP(src_port=1, dst_port=2) / b"payload"
)


def test_what_is_wrong_stays_wrong_by_as_much() -> None:
    wrong = DATAGRAM.replace(oc.UDP, checksum=DATAGRAM[oc.UDP].checksum ^ 0x10)
    changed = oc.rewrite(wrong, {"ipv4.dst": "192.0.2.99", "udp.dst_port": 9})
    assert str(oc.checksums(changed)["udp.checksum"]) == "bad"
    right = oc.rewrite(DATAGRAM, {"ipv4.dst": "192.0.2.99", "udp.dst_port": 9})
    assert abs(changed[oc.UDP].checksum - right[oc.UDP].checksum) == 0x10


def test_none_stays_none_and_what_is_left_to_a_card_stays_that() -> None:
    changes = {"ipv4.src": "203.0.113.5", "udp.src_port": 9, "payload": b"another"}
    none = oc.rewrite(DATAGRAM.replace(oc.UDP, checksum=0), changes)
    assert none[oc.UDP].checksum == 0
    # RFC 768: the addresses, the protocol, the length
    partial = 0xC000 + 0x0201 + 0xC000 + 0x0202 + 17 + 15
    packet = DATAGRAM.replace(oc.UDP, checksum=(partial & 0xFFFF) + (partial >> 16))
    assert str(oc.checksums(packet)["udp.checksum"]) == "partial"
    assert str(oc.checksums(oc.rewrite(packet, changes))["udp.checksum"]) == "partial"


@pytest.mark.parametrize("name", ["tcp", "udp"])
@pytest.mark.parametrize("cut", [0, 10])
def test_around_a_checksum_that_is_left_to_a_card(name: str, cut: int) -> None:
    """The outer checksum of Linux is that of the finished packet, and stays that."""
    octets = bytes.fromhex(DECODING[f"vxlan/inner-checksum-left-to-the-card-{name}"]["hex"])
    packet = oc.decode(octets[: len(octets) - cut], wire_length=len(octets), lax=True)
    changes = changes_of(packet)
    if not cut:
        changes["payload"] = bytes(len(packet.payload))
    restored = oc.decode(oc.encode(oc.rewrite(packet, changes)) + octets[len(octets) - cut :])
    assert {path: str(restored.at(path)) for path in changes} == {path: str(value) for path, value in changes.items()}
    verdicts = {path: str(status) for path, status in oc.checksums(restored).items()}
    assert verdicts.pop(f"inner.{name}.checksum") == "partial"
    assert set(verdicts.values()) == {"valid"}


def test_around_a_checksum_that_is_left_to_a_card_by_an_endpoint_that_does_not_know() -> None:
    octets = bytes.fromhex(DECODING["vxlan/inner-checksum-left-to-the-card-tcp"]["hex"])
    plain = oc.fill(oc.decode(octets).replace(oc.UDP, checksum=1), lengths=False)
    changed = oc.rewrite(plain, changes_of(plain))
    assert str(oc.checksums(plain)["udp.checksum"]) == str(oc.checksums(changed)["udp.checksum"]) == "valid"


@pytest.mark.parametrize("behind", range(-1, 7))
@pytest.mark.parametrize("off", [0, 1])
def test_around_a_checksum_that_is_left_to_a_card_with_octets_behind(behind: int, off: int) -> None:
    """Three octets behind a header's content are in the sums of what is outside it. What is off by 1 stays so."""
    outer = LINK / oc.IPv6(src="::1", dst="::2") / oc.UDP(src_port=1, checksum=1) / oc.Geneve(vni=1)
    inner = LINK / oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / oc.TCP(src_port=1, dst_port=2) / b"payload"
    made = oc.resolve(outer / inner)
    packet = oc.fill(oc.Packet(made.headers, made.payload, (oc.Trailer(behind, b"\xab\xcd\xef"),)))
    right = oc.checksums(packet)
    assert set(map(str, right.values())) == {"valid"}
    # RFC 9293 section 3.1: the addresses, the protocol, the length
    partial = 0xC000 + 0x0201 + 0xC000 + 0x0202 + 6 + 27
    left = packet.replace_at("inner.tcp.checksum", (partial & 0xFFFF) + (partial >> 16))
    left = left.replace_at("udp.checksum", left.at("udp.checksum") + off)
    verdicts = {path: str(verdict) for path, verdict in oc.checksums(left).items()}
    assert (verdicts["inner.tcp.checksum"], verdicts["udp.checksum"]) == ("partial", "bad" if off else "valid")
    changes = {**changes_of(left), "payload": b"another"}
    if off:
        del changes["payload"]
    changed = oc.rewrite(left, changes)
    assert {path: str(verdict) for path, verdict in oc.checksums(changed).items()} == verdicts
    finished = oc.fill(changed)
    assert changed.at("udp.checksum") == finished.at("udp.checksum") + off
    assert oc.rewrite(changed, {path: left.at(path) for path in changes}) == left


def test_a_checksum_that_is_given_is_kept_and_those_outside_follow() -> None:
    outer = LINK / oc.IPv6(src="::1", dst="::2") / oc.UDP(src_port=1, checksum=1) / oc.VXLAN(vni=1)
    packet = oc.fill(oc.resolve(outer / DATAGRAM))
    changed = oc.rewrite(packet, {"inner.udp.checksum": 5, "payload": b"another"})
    assert changed.at("inner.udp.checksum") == 5
    assert str(oc.checksums(changed)["udp.checksum"]) == "valid"


def test_sctp_needs_all_octets() -> None:
    packet = oc.resolve(LINK / oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / oc.SCTP(src_port=1, dst_port=2) / bytes(8))
    assert str(oc.checksums(packet)["sctp.checksum"]) == "valid"
    changed = oc.rewrite(packet, {"sctp.src_port": 9, "ipv4.src": "192.0.2.9"})
    assert set(map(str, oc.checksums(changed).values())) == {"valid"}
    octets = oc.encode(packet)
    snapped = oc.decode(octets[:-4], wire_length=len(octets), lax=True)
    assert oc.rewrite(snapped, {"ipv4.src": "192.0.2.9"})[oc.SCTP] == snapped[oc.SCTP]
    with pytest.raises(oc.EncodeError, match=r"sctp\.checksum covers octets that are not here"):
        oc.rewrite(snapped, {"sctp.src_port": 9})


def test_sctp_follows_a_payload_and_neither_in_a_fragment_nor_in_a_quotation() -> None:
    """RFC 9260 section 6.8: the CRC-32C is over the whole packet, of which a fragment or a quotation has a part."""
    ip = oc.IPv4(src="192.0.2.1", dst="192.0.2.2")
    packet = oc.resolve(LINK / ip / oc.SCTP(src_port=1, dst_port=2) / bytes(range(9)))
    changed = oc.rewrite(packet, {"payload": bytes(9), "sctp.dst_port": 7})
    assert changed == oc.fill(packet.replace(oc.SCTP, dst_port=7).__replace__(payload=bytes(9)))
    padded = packet.__replace__(trailers=(oc.Trailer(1, b"\xab\xcd"), oc.Trailer(0, b"\xef")))
    assert str(oc.checksums(oc.rewrite(padded, {"sctp.dst_port": 7}))["sctp.checksum"]) == "valid"
    wrong = packet.replace(oc.SCTP, checksum=packet[oc.SCTP].checksum ^ 0x10)
    assert oc.rewrite(wrong, {"sctp.dst_port": 7})[oc.SCTP].checksum == (
        oc.rewrite(packet, {"sctp.dst_port": 7})[oc.SCTP].checksum ^ 0x10
    )
    first = oc.fill(packet.replace(oc.IPv4, more_fragments=True))
    error = LINK / ip / oc.ICMP() / oc.ICMPUnreachable()
    quoting = oc.resolve(oc.Packet((*error.headers, *packet.headers[1:]), packet.payload))
    for part, path in ((first, "sctp"), (quoting, "quoted.sctp")):
        with pytest.raises(oc.EncodeError, match=rf"^{path}\.checksum covers octets that are not here"):
            oc.rewrite(part, {f"{path}.dst_port": 7})
        edited = part.replace_at(f"{path}.dst_port", 7)
        assert oc.fill(edited, before=part).at(f"{path}.checksum") == part.at(f"{path}.checksum")


def test_sizes_cannot_change() -> None:
    with pytest.raises(oc.EncodeError, match="payload has 1 octets, and had 7"):
        oc.rewrite(DATAGRAM, {"payload": b"x"})
    with pytest.raises(oc.EncodeError, match="ipv4 has 24 octets, and had 20"):
        oc.rewrite(DATAGRAM, {"ipv4.options": (oc.IPv4RouterAlertOption(),), "ipv4.ihl": 6})


def test_the_check_sequence_of_the_frame_follows() -> None:
    frame = oc.resolve(DATAGRAM / oc.FCS())
    assert str(oc.checksums(oc.rewrite(frame, {"ipv4.ttl": 9}))["fcs"]) == "valid"


# --- what a capture says of its card ----------------------------------------------------------------------------------


def test_the_flags_of_a_record_decide(tmp_path: Path) -> None:
    """draft-ietf-opsawg-pcapng section 4.3.1: bit 9 of epb_flags, checksum not ready."""
    unfinished = DATAGRAM.replace(oc.UDP, checksum=0x1234)
    path = tmp_path / "flags.pcapng"
    octets = oc.encode(unfinished)
    oc.write_capture(path, [oc.Record(octets, flags=flags) for flags in (0x200, 0x001, None)])
    with oc.open_capture(path) as capture:
        records = list(capture)
    assert [record.left_to_card for record in records] == [True, False, False]
    verdicts, rules = [], []
    for record in records:
        packet = record.decode()
        verdicts.append(str(oc.checksums(packet, left_to_card=record.left_to_card)["udp.checksum"]))
        rules.append([finding.rule for finding in oc.diagnose(packet, left_to_card=record.left_to_card)])
    assert verdicts == ["partial", "bad", "bad"]
    assert rules == [["checksum-partial"], ["checksum-udp"], ["checksum-udp"]]
    broken = oc.fill(unfinished, checksums=False).replace(oc.IPv4, checksum=1)
    assert str(oc.checksums(broken, left_to_card=True)["ipv4.checksum"]) == "bad"


def test_no_card_finishes_a_checksum_in_a_quotation() -> None:
    """RFC 792: an error quotes what was received. The whole datagram may be there, with its wrong checksum."""
    quoted = DATAGRAM.replace(oc.UDP, checksum=0x1234)
    error = LINK / oc.IPv4(src="192.0.2.2", dst="192.0.2.1") / oc.ICMP() / oc.ICMPUnreachable()
    packet = oc.resolve(oc.Packet((*error.headers, *quoted.headers[1:]), quoted.payload))
    assert str(oc.checksums(packet)["quoted.udp.checksum"]) == "bad"
    assert oc.checksums(packet, left_to_card=True) == oc.checksums(packet)


def test_a_card_finishes_the_innermost_checksum_alone() -> None:
    outer = LINK / oc.IPv6(src="::1", dst="::2") / oc.UDP(src_port=1, checksum=1) / oc.VXLAN(vni=1)
    right = oc.fill(oc.resolve(outer / DATAGRAM))
    for inner, udp, verdicts in (
        (0x1234, None, ("valid", "partial")),
        (None, 0x1234, ("bad", "valid")),
        (0x1234, 0x1234, ("bad", "partial")),
        (0, None, ("bad", "absent")),
    ):
        packet = right if inner is None else right.replace_at("inner.udp.checksum", inner)
        packet = packet if udp is None else packet.replace_at("udp.checksum", udp)
        found = oc.checksums(packet, left_to_card=True)
        assert (str(found["udp.checksum"]), str(found["inner.udp.checksum"])) == verdicts, (inner, udp)
