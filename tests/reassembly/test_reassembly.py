"""Wholes out of pieces: captures of real stacks, octets built by hand after the specifications, and laws.

The octets of STT segments are packed here with `struct` after draft-davie-stt-08; those of fragments after RFC 791 and
RFC 8200. Checksums inside wholes that real stacks sent in pieces tell whether these were put together rightly.
"""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Iterable, Sequence
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import tunnel
from overlaycodec.reassembly import Drop, FragmentReassembler, Overlap, STTFrame, STTReassembler, fragment, segment_stt
from overlaycodec.reassembly.byte_ranges import ByteRanges

CAPTURES: Final = Path(__file__).parents[1] / "captures"
LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
FOUR: Final = oc.IPv4(src="10.0.0.1", dst="10.0.0.2", identification=0xFFFF)
SIX: Final = oc.IPv6(src="fd00::1", dst="fd00::2")
INNER: Final = (
    oc.Ethernet(dst="02:00:00:00:01:02", src="02:00:00:00:01:01")
    / oc.IPv4(src="192.168.0.1", dst="192.168.0.2")
    / oc.UDP(src_port=1000, dst_port=2000)
)
SECOND: Final = 1_000_000_000


def packets_of(name: str) -> list[oc.Packet]:
    with oc.open_capture(CAPTURES / name) as capture:
        return list(capture.packets())


# --- what real stacks sent in pieces ---------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, 3], ids=["ipv4", "ipv6"])
def test_fragments_of_linux_in_every_order(start: int) -> None:
    """`ping -s 3000`: the ICMP checksum of the whole is the sender's."""
    fragments = packets_of("linux-fragments.pcap")[start : start + 3]
    for order in permutations(fragments):
        reassembler = FragmentReassembler()
        *before, last = [reassembler.feed(packet) for packet in order]
        assert before == [None, None]
        assert last is not None
        assert {str(verdict) for verdict in oc.checksums(last).values()} == {"valid"}
        assert last.names[-1] in ("icmp_echo", "icmpv6_echo")
        assert len(last.payload) == 3000
        assert oc.IPv6Fragment not in last
        assert len(reassembler) == reassembler.octets == 0


def test_interleaved_fragments_of_two_datagrams() -> None:
    packets = packets_of("linux-fragments.pcap")
    reassembler = FragmentReassembler()
    wholes = [reassembler.feed(packets[number]) for number in (5, 0, 4, 2, 1, 3)]
    assert [whole is not None for whole in wholes] == [False, False, False, False, True, True]


def test_segments_of_the_sample() -> None:
    """Its README: good, bad and zero checksum; then two segments in order (frame 9) and the other way (frame 10)."""
    reassembler = STTReassembler()
    frames = [reassembler.feed(packet) for packet in packets_of("python-stt-sample.pcap")]
    assert [frame is not None for frame in frames] == [True, False, False, False, True, False, True]
    assert reassembler.drops == {Drop.CHECKSUM: 2}
    for frame, context in zip([frames[0], frames[4], frames[6]], [0x1122334455667788, 0xABC, 0xABC], strict=True):
        assert frame is not None
        assert frame.context_id == context
        assert oc.checksums(frame.packet)["udp.checksum"] is oc.ChecksumStatus.VALID
        assert frame.packet.payload == b"p" * 600
    assert frames[4] is not None
    assert (frames[4].stt.pcp, frames[4].stt.tag_valid, frames[4].stt.vid) == (3, True, 100)
    unverified = STTReassembler(verify=False)
    assert sum(unverified.feed(packet) is not None for packet in packets_of("python-stt-sample.pcap")) == 5


# --- STT, octet by octet ---------------------------------------------------------------------------------------------

FRAME: Final = bytes.fromhex("020000000102 020000000101 88b5") + (bytes(range(256)) * 2)[14:]
"""An Ethernet frame of the local experimental EtherType (IEEE 802 clause 9.2.3)."""
STT_HEADER: Final = struct.pack("!BBBBHHQH", 0, 0, 0, 0, 0, 0, 7, 0)  # draft-davie-stt-08, figure 3
WHOLE: Final = STT_HEADER + FRAME


def summed(data: bytes) -> int:
    """RFC 1071, the slow way."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2))
    total: int = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def segment(
    start: int, stop: int, *, total: int = len(WHOLE), frame: int = 1, data: bytes = WHOLE, bad: int = 0
) -> bytes:
    """An Ethernet frame with octets `start` to `stop` of an STT frame."""
    body = data[start:stop]
    fields = [50000, 7471, total, start, frame, 5 << 12 | 0x18, 0xFFFF, 0, 0]
    src, dst = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
    tcp = struct.pack("!HHHHIHHHH", *fields)
    fields[7] = summed(src + dst + struct.pack("!HH", 6, len(tcp + body)) + tcp + body) ^ bad
    tcp = struct.pack("!HHHHIHHHH", *fields)
    ip = [0x45, 0, 20 + len(tcp + body), 0, 0x4000, 64, 6, 0, src, dst]
    ip[7] = summed(struct.pack("!BBHHHBBH4s4s", *ip))
    return bytes(12) + b"\x08\x00" + struct.pack("!BBHHHBBH4s4s", *ip) + tcp + body


def feed(reassembler: STTReassembler, *segments: bytes) -> list[bytes | None]:
    frames = map(reassembler.feed, segments)
    return [None if frame is None else frame.frame for frame in frames]


def test_a_segment_alone() -> None:
    reassembler = STTReassembler()
    assert feed(reassembler, segment(0, len(WHOLE))) == [FRAME]
    assert feed(reassembler, segment(0, len(WHOLE))) == [FRAME]  # the same frame id once more: another frame
    assert not len(reassembler)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (segment(0, 100), Drop.DUPLICATE),
        (segment(0, 99), Drop.OVERLAP),
        (segment(50, 350), Drop.OVERLAP),
        (segment(99, 355), Drop.OVERLAP),
        (segment(200, 200), Drop.EMPTY),
        (segment(500, 531, data=WHOLE + b"x"), Drop.PAST_END),
        (segment(100, len(WHOLE) - 2, total=len(WHOLE) - 1), Drop.CONTRADICTION),
        (segment(100, len(WHOLE), bad=1), Drop.CHECKSUM),
        (segment(100, len(WHOLE))[:-1], Drop.TRUNCATED),
    ],
    ids=lambda value: value.name if isinstance(value, Drop) else "",
)
def test_a_wrong_segment_is_dropped_and_spoils_nothing(wrong: bytes, why: Drop) -> None:
    reassembler = STTReassembler()
    assert feed(reassembler, segment(0, 100), wrong, segment(100, len(WHOLE))) == [None, None, FRAME]
    assert reassembler.drops == {why: 1}


def test_segments_know_their_frame_by_addresses_and_id() -> None:
    reassembler = STTReassembler()
    other = segment(0, 100).replace(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 3]))
    unverified = STTReassembler(verify=False)
    assert feed(unverified, other, segment(100, len(WHOLE))) == [None, None]
    assert len(unverified) == 2
    assert feed(reassembler, segment(0, 100, frame=2), segment(100, len(WHOLE))) == [None, None]
    assert feed(reassembler, segment(100, len(WHOLE), frame=2)) == [FRAME]


@pytest.mark.parametrize(("seconds", "whole"), [(30, True), (31, False)])
def test_a_frame_expires(seconds: int, whole: bool) -> None:
    reassembler = STTReassembler()
    assert reassembler.feed(segment(0, 100), time_ns=5) is None
    assert (reassembler.feed(segment(100, len(WHOLE)), time_ns=5 + seconds * SECOND) is not None) is whole
    assert reassembler.drops[Drop.EXPIRED] == (not whole)


def test_what_expires_is_forgotten_when_other_frames_come() -> None:
    reassembler = STTReassembler(lifetime_ns=SECOND)
    for number in range(10):
        reassembler.feed(segment(0, 100, frame=number), time_ns=number * SECOND // 2)
    assert len(reassembler) == 3
    assert reassembler.drops == {Drop.EXPIRED: 7}


def test_time_stamps_out_of_order_join_nothing_that_is_old() -> None:
    reassembler = STTReassembler(lifetime_ns=SECOND)
    reassembler.feed(segment(0, 100, frame=1), time_ns=9 * SECOND)
    reassembler.feed(segment(0, 100, frame=2), time_ns=0)
    assert reassembler.feed(segment(100, len(WHOLE), frame=2), time_ns=2 * SECOND) is None
    assert reassembler.drops[Drop.EXPIRED] == 1


@pytest.mark.parametrize("whole", [STT_HEADER[:17], b"\x01" + WHOLE[1:]], ids=["short", "version 1"])
def test_what_is_no_stt_frame(whole: bytes) -> None:
    reassembler = STTReassembler()
    assert feed(reassembler, segment(0, len(whole), total=len(whole), data=whole)) == [None]
    assert reassembler.drops == {Drop.MALFORMED: 1}
    assert not len(reassembler)


@pytest.mark.parametrize(
    ("data", "signs"),
    [
        (segment(0, 0, total=0), ("segment offset", "inner header")),
        (segment(50, 150), ("segment offset", "segment size")),
        (segment(99, 101), ("segment offset", "segment size")),
    ],
    ids=["nothing at the start", "small and odd", "tiny and odd"],
)
def test_what_more_signs_call_tcp_is_no_segment(data: bytes, signs: tuple[str, ...]) -> None:
    """Ordinary TCP to this port looks so too: no frame has begun, and nothing is dropped."""
    reassembler = STTReassembler()
    assert feed(reassembler, segment(0, 100), data, segment(100, len(WHOLE))) == [None, None, FRAME]
    assert reassembler.drops == {}
    packet = oc.decode(data)
    assert packet.names == ["ethernet", "ipv4", "tcp"]
    assert [guess.signs for guess in oc.refused_guesses(packet)] == [signs]


def test_other_packets_are_no_segments() -> None:
    reassembler = STTReassembler()
    for packet in (
        oc.Packet(),
        oc.resolve(LINK / FOUR / oc.TCP(src_port=1, dst_port=7472)),
        oc.STT(context_id=1) / b"",
    ):
        assert reassembler.feed(packet) is None
    assert reassembler.drops == {}


@pytest.mark.parametrize("protocol", [6, 17])
def test_a_partial_checksum_is_completed(protocol: int) -> None:
    """The sample's own inner checksum stands for what is right; a partial one is the pseudo-header's sum."""
    source = packets_of("linux-tcp.pcap")[0] if protocol == 6 else packets_of("python-stt-sample.pcap")[0].inner
    inner = oc.encode(source)
    assert oc.checksums(source)["tcp.checksum" if protocol == 6 else "udp.checksum"] is oc.ChecksumStatus.VALID
    length = len(inner) - 34
    partial = summed(inner[26:34] + struct.pack("!HH", protocol, length)) ^ 0xFFFF
    at = 34 + (16 if protocol == 6 else 6)
    flags = 2 | 4 | (8 if protocol == 6 else 0)
    header = struct.pack("!BBBBHHQH", 0, flags, 34, 0, 1400, 0, 7, 0)
    whole = header + inner[:at] + partial.to_bytes(2, "big") + inner[at + 2 :]
    frame = STTReassembler().feed(segment(0, len(whole), total=len(whole), data=whole))
    assert frame is not None
    assert frame.frame == whole[18:]
    assert not frame.checksum_verified
    assert frame.completed() == inner


def test_a_completed_checksum_of_udp_is_never_0_and_leaves_padding_alone() -> None:
    """RFC 768: 0 says that there is none; what pads the link is not UDP's."""
    inner = bytearray(oc.encode(oc.resolve(INNER / b"??")))
    rest = bytes(inner[34:40]) + bytes(2)
    pseudo = summed(bytes(inner[26:34]) + struct.pack("!HH", 17, 10)) ^ 0xFFFF
    inner[42:44] = summed(rest + pseudo.to_bytes(2, "big")).to_bytes(2, "big")  # brings the sum to 0xFFFF
    inner[40:42] = pseudo.to_bytes(2, "big")
    whole = struct.pack("!BBBBHHQH", 0, 2 | 4, 34, 0, 1400, 0, 7, 0) + bytes(inner) + b"padding"
    frame = STTReassembler().feed(segment(0, len(whole), total=len(whole), data=whole))
    assert frame is not None
    completed = oc.decode(frame.completed())
    assert completed[oc.UDP].checksum == 0xFFFF
    assert oc.checksums(completed)["udp.checksum"] is oc.ChecksumStatus.VALID
    assert completed.trailers[0].data == b"padding"


@pytest.mark.parametrize("flag", [0x20, 0])
def test_a_segment_that_is_in_pieces_itself(flag: int) -> None:
    """A first fragment, and one that a capture cut short whose own length does not tell (total length 0)."""
    reassembler = STTReassembler(verify=False)
    data = bytearray(segment(0, len(WHOLE)))
    data[20] = flag
    if not flag:
        data[16:18] = 0, 0
    packet = oc.decode(bytes(data), lax=True, wire_length=len(data) + (not flag))
    assert reassembler.feed(packet) is None
    assert reassembler.drops == {Drop.TRUNCATED: 1}


def test_a_checksum_that_the_sender_vouches_for() -> None:
    whole = struct.pack("!BBBBHHQH", 0, 1, 0, 0, 0, 0, 7, 0) + FRAME
    frame = STTReassembler().feed(segment(0, len(whole), total=len(whole), data=whole))
    assert frame is not None
    assert frame.checksum_verified
    assert frame.completed() is frame.frame


# --- segments in every order -----------------------------------------------------------------------------------------


def stt_packet(octets: int, six: bool, frame_id: int = 5) -> oc.Packet:
    payload = bytes(number * 7 & 0xFF for number in range(octets))
    stt = oc.STTSegment(src_port=50000, frame_id=frame_id) / oc.STT(context_id=99)
    return LINK / (SIX if six else FOUR) / stt / INNER / payload


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.booleans()), min_size=1, max_size=3),
    st.integers(100, 1600),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_segments_in_any_order_are_the_frame_and_loss_gives_none(
    sizes: list[tuple[int, bool]], mtu: int, random: Random, lossy: bool
) -> None:
    frames = [stt_packet(octets, six, frame_id) for frame_id, (octets, six) in enumerate(sizes)]
    inner = [oc.encode(oc.resolve(frame.inner)) for frame in frames]
    pieces = [(number, piece) for number, frame in enumerate(frames) for piece in segment_stt(frame, mtu=mtu)]
    assert all(len(oc.encode(piece)) - 14 <= mtu for _, piece in pieces)
    lost = random.randrange(len(pieces)) if lossy else None
    spoilt = None if lost is None else pieces.pop(lost)[0]
    pieces += [piece for piece in pieces if random.random() < 0.2]
    random.shuffle(pieces)
    reassembler = STTReassembler()
    seen = set()
    for number, piece in pieces:
        frame = reassembler.feed(piece)
        if frame is not None:
            assert frame.frame == inner[number]
            seen.add(number)
    assert seen == set(range(len(sizes))) - {spoilt}


@pytest.mark.parametrize("behind", [3, 4, 5])
def test_what_stands_behind_headers_of_the_frame_is_in_the_segments(behind: int) -> None:
    """Octets behind the content of a header inside are of the frame; those behind the segment's are not."""
    whole = oc.resolve(stt_packet(300, six=False))
    assert whole.names[2:5] == ["stt_segment", "stt", "inner.ethernet"]
    padded = oc.fill(oc.Packet(whole.headers, whole.payload, (oc.Trailer(behind, b"\xab\xcd\xef"),)))
    reassembler = STTReassembler()
    frames = [reassembler.feed(piece) for piece in segment_stt(padded, mtu=200)]
    assert frames[-1] is not None
    assert frames[-1].frame == oc.encode(padded)[14 + 20 + 20 + 18 :]


def test_the_longest_frame() -> None:
    octets = 65517 - len(oc.encode(INNER / b""))
    segments = segment_stt(stt_packet(octets, six=False), mtu=1500)
    assert len(segments) == -(-65535 // 1460)
    assert [piece[oc.IPv4].identification for piece in segments[:3]] == [0xFFFF, 0, 1]
    assert {piece[oc.STTSegment].total_length for piece in segments} == {0xFFFF}
    assert all(oc.checksums(piece)["stt_segment.checksum"] is oc.ChecksumStatus.VALID for piece in segments)
    reassembler = STTReassembler()
    (frame,) = [frame for piece in reversed(segments) if (frame := reassembler.feed(oc.encode(piece))) is not None]
    assert len(frame.frame) == 65517
    with pytest.raises(oc.LengthOverflowError):
        segment_stt(stt_packet(octets + 1, six=False), mtu=1500)


@pytest.mark.parametrize("ends", [("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")], ids=["ipv4", "ipv6"])
def test_a_tunnel_endpoint_cuts_long_frames(ends: tuple[str, str]) -> None:
    endpoint = tunnel.STTTunnel(context_id=7, src=ends[0], dst=ends[1], link=LINK)
    for octets in (0, 100, 65517 - 42):
        frame = oc.resolve(INNER.replace(oc.IPv4, ecn=1) / bytes(octets))
        segments = endpoint.segments(frame, mtu=1400, frame_id=9)
        alone = endpoint.encapsulate(oc.resolve(INNER.replace(oc.IPv4, ecn=1) / bytes(9)))
        assert {piece[oc.STTSegment].src_port for piece in segments} == {alone[oc.STTSegment].src_port}
        assert {piece.at(f"{piece.names[1]}.ecn") for piece in segments} == {1}
        reassembler = STTReassembler()
        (whole,) = [found for piece in segments if (found := reassembler.feed(oc.encode(piece))) is not None]
        out = tunnel.decapsulated(whole)
        assert (out.frame, out.vni, out.packet) == (oc.encode(frame), 7, frame)
    with pytest.raises(oc.LengthOverflowError):
        endpoint.segments(bytes(65518), mtu=1400)
    with pytest.raises(oc.EncodeError, match="lacks 3 octets"):
        endpoint.segments(oc.Packet((), b"", missing=3), mtu=1400)


@pytest.mark.parametrize(("inside", "outside"), [(2, 3), (1, 3), (0, None), (3, 3)])
def test_congestion_that_a_segment_met_is_the_frames(inside: int, outside: int | None) -> None:
    """RFC 6040 section 4.2: CE outside marks a frame that takes part, and one that does not must be dropped."""
    frame = oc.resolve(INNER.replace(oc.IPv4, ecn=inside) / bytes(3000))
    endpoint = tunnel.STTTunnel(context_id=7, src="10.0.0.1", dst="10.0.0.2")
    first, second, *others = endpoint.segments(frame, mtu=1000)
    marked = oc.fill(second.replace(oc.IPv4, ecn=3))
    reassembler = STTReassembler()
    *_, whole = map(reassembler.feed, [first, marked, *others])
    assert whole is not None
    assert whole.tunnel[oc.IPv4].ecn == 3
    assert oc.decode(whole.frame)[oc.IPv4].ecn == inside
    out = tunnel.decapsulated(whole)
    assert out.ecn is not None
    assert out.ecn.drop is (outside is None)
    if outside is not None:
        assert out.packet[oc.IPv4].ecn == outside
        assert oc.checksums(out.packet)["ipv4.checksum"] is oc.ChecksumStatus.VALID


def test_what_cannot_be_segmented() -> None:
    with pytest.raises(oc.FieldRangeError, match=r"mtu = 57 is not in 58\.\.65535"):
        segment_stt(stt_packet(100, six=False), mtu=57)
    assert segment_stt(stt_packet(100, six=False), mtu=58)
    with pytest.raises(oc.MissingHeaderError):
        segment_stt(LINK / FOUR / oc.TCP(src_port=1, dst_port=2), mtu=1500)
    first = segment_stt(stt_packet(3000, six=True), mtu=1500)[0]
    with pytest.raises(oc.EncodeError, match="total_length is not that of the frame"):
        segment_stt(first, mtu=1500)


# --- fragments -------------------------------------------------------------------------------------------------------


def piece(start: int, data: bytes, *, more: bool = True, **fields: object) -> oc.Packet:
    """An IPv4 fragment: octets `start` on."""
    header = FOUR.replace(**{"protocol": 253, "fragment_offset": start // 8, "more_fragments": more, **fields})
    return oc.resolve(LINK / header / data)


def outcome(reassembler: FragmentReassembler, pieces: Iterable[oc.Packet]) -> list[bytes | None]:
    return [None if whole is None else whole.payload for whole in map(reassembler.feed, pieces)]


A, B, C = b"a" * 16, b"b" * 16, b"c" * 16


@pytest.mark.parametrize(
    ("overlap", "whole"),
    [("drop", None), ("drop_fragment", None), ("first", A + B[:8] + C), ("last", A[:8] + B + C)],
)
def test_fragments_that_overlap(overlap: Overlap, whole: bytes | None) -> None:
    """`a` at 0 to 16, `b` at 8 to 24, `c` at 24 to 40."""
    reassembler = FragmentReassembler(overlap=overlap)
    assert outcome(reassembler, [piece(0, A), piece(8, B), piece(24, C, more=False)]) == [None, None, whole]
    rest = {"drop": None, "drop_fragment": A + b"d" * 8 + C, "first": None, "last": None}[overlap]
    assert outcome(reassembler, [piece(16, b"d" * 8)]) == [rest]
    assert reassembler.drops.get(Drop.OVERLAP, 0) == {"drop": 3, "drop_fragment": 1, "first": 0, "last": 0}[overlap]


def test_a_fragment_that_comes_twice_is_passed_over() -> None:
    reassembler = FragmentReassembler()
    pieces = [piece(0, A), piece(0, A), piece(16, B, more=False)]
    assert outcome(reassembler, pieces) == [None, None, A + B]
    assert reassembler.drops == {Drop.DUPLICATE: 1}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (piece(8, b"1234567"), Drop.UNEVEN),
        (piece(16, b""), Drop.EMPTY),
        (piece(16, b"", more=False), Drop.EMPTY),
        (piece(65528, A), Drop.PAST_END),  # the ping of death
        (piece(0, A).replace(oc.IPv4, checksum=1), Drop.CHECKSUM),
        (oc.decode(oc.encode(piece(16, B, more=False))[:-1], lax=True), Drop.TRUNCATED),
        (oc.decode(oc.encode(piece(16, B, more=False))[:-1], wire_length=50), Drop.TRUNCATED),
        (oc.decode(oc.encode(piece(16, B, more=False, total_length=0)), wire_length=51), Drop.TRUNCATED),
    ],
    ids=lambda value: value.name if isinstance(value, Drop) else "",
)
def test_a_wrong_fragment_is_dropped_and_spoils_nothing(wrong: oc.Packet, why: Drop) -> None:
    reassembler = FragmentReassembler()
    assert outcome(reassembler, [piece(0, A), wrong, piece(16, B, more=False)]) == [None, None, A + B]
    assert reassembler.drops == {why: 1}


@pytest.mark.parametrize(
    "wrong", [piece(32, C, more=False), piece(8, A[:8], more=False), piece(24, C)], ids=["longer", "shorter", "beyond"]
)
def test_fragments_that_contradict_each_other(wrong: oc.Packet) -> None:
    """The last one says where the datagram ends: another end, or octets behind it, spoil it all (RFC 5722's way)."""
    pieces = [piece(16, B, more=False), wrong, piece(0, A)]
    assert outcome(FragmentReassembler(), pieces) == [None, None, None]
    assert outcome(FragmentReassembler(overlap="drop_fragment"), pieces) == [None, None, A + B]


def test_octets_behind_the_end_do_not_come_in() -> None:
    pieces = [piece(16, B[:15], more=False), piece(24, C[:8]), piece(0, A)]
    assert outcome(FragmentReassembler(overlap="first"), pieces) == [None, None, A + B[:15]]


def test_the_headers_are_those_of_the_first_fragment_that_stands() -> None:
    pieces = [piece(0, A, ttl=7), piece(0, B, ttl=8), piece(16, C, more=False, ttl=9)]
    for overlap, ttl in (("first", 7), ("last", 8)):
        reassembler = FragmentReassembler(overlap=overlap)  # type: ignore[arg-type]
        *_, whole = map(reassembler.feed, pieces)
        assert whole is not None
        assert whole[oc.IPv4].ttl == ttl


@pytest.mark.parametrize(
    ("codepoints", "whole"),
    [
        ((0, 0), 0), ((1, 1), 1), ((2, 2), 2), ((3, 3), 3), ((2, 3), 3), ((3, 2), 3), ((1, 3), 3),
        ((0, 3), None), ((3, 0), None), ((2, 1), 2), ((0, 2), 0),
    ],
)  # fmt: skip
def test_congestion_is_not_lost(codepoints: tuple[int, int], whole: int | None) -> None:
    """RFC 3168 section 5.3."""
    reassembler = FragmentReassembler()
    first, last = codepoints
    assert reassembler.feed(piece(16, B, more=False, ecn=last)) is None
    packet = reassembler.feed(piece(0, A, ecn=first))
    assert (None if packet is None else packet[oc.IPv4].ecn) == whole
    if packet is None:
        assert reassembler.drops == {Drop.CONGESTION: 1}
    else:
        assert oc.checksums(packet)["ipv4.checksum"] is oc.ChecksumStatus.VALID


def test_congestion_leaves_the_headers_after_ipv6() -> None:
    """The mark is put in the IPv6 header; RFC 8200 section 4.5 has the header for every node in each fragment."""
    network = oc.IPv6(src="2001:db8::1", dst="2001:db8::2", ecn=2) / oc.IPv6HopByHop(
        options=(oc.IPv6RouterAlertOption(value=0),)
    )
    datagram = oc.resolve(network / oc.UDP(src_port=1, dst_port=2) / bytes(3000))
    first, *others, last = fragment(datagram, mtu=1280, identification=7)
    reassembler = FragmentReassembler()
    assert [reassembler.feed(each) for each in (first, *others)] == [None] * (1 + len(others))
    assert reassembler.feed(last.replace(oc.IPv6, ecn=3)) == datagram.replace(oc.IPv6, ecn=3)


def test_a_frame_that_cannot_be_decoded_to_its_end_is_decoded_as_far_as_it_can_be() -> None:
    ends = oc.IPv4(src="192.0.2.1", dst="192.0.2.2"), oc.TCP(src_port=50000, dst_port=7471)
    broken = oc.encode(INNER)[:18]
    frame = STTFrame(broken, oc.Packet((*ends, oc.STT(context_id=1))))
    assert frame.packet.names == ["ethernet"]
    assert frame.packet.fault is not None


def test_fragments_that_came_by_different_ways() -> None:
    """The first behind a label, the last without one, and congestion met."""
    first = piece(0, A, ecn=2)
    labelled = oc.resolve(
        first.replace(oc.Ethernet, ethertype=0x8847).insert(1, oc.MPLS(label=16, bottom_of_stack=True))
    )
    for order in ((labelled, piece(16, B, more=False, ecn=3)), (piece(16, B, more=False, ecn=3), labelled)):
        reassembler = FragmentReassembler()
        _, whole = map(reassembler.feed, order)
        assert whole is not None
        assert whole.names == ["ethernet", "mpls", "ipv4"]
        assert (whole[oc.IPv4].ecn, whole.payload) == (3, A + B)


def test_datagrams_are_told_apart() -> None:
    reassembler = FragmentReassembler()
    first = piece(0, A)
    for other in (
        piece(16, B, more=False, identification=3),
        piece(16, B, more=False, protocol=254),
        piece(16, B, more=False, dst="10.0.0.3"),
        oc.resolve(
            piece(16, B, more=False)
            .insert(1, oc.VLANTag(vid=7, ethertype=0x0800))
            .replace(oc.Ethernet, ethertype=0x8100)
        ),
    ):
        assert outcome(reassembler, [first, other]) == [None, None]
    assert reassembler.feed(piece(16, B, more=False), context="another tenant") is None
    assert outcome(reassembler, [piece(16, B, more=False)]) == [A + B]


def test_an_atomic_fragment_stands_alone() -> None:
    """RFC 6946: it is nobody's piece, whatever waits under its identification."""
    reassembler = FragmentReassembler()
    first = oc.resolve(LINK / SIX / oc.IPv6Fragment(next_header=253, more_fragments=True, identification=1) / A)
    atomic = oc.resolve(LINK / SIX / oc.IPv6Fragment(next_header=253, identification=1) / B)
    assert reassembler.feed(first) is None
    assert reassembler.feed(atomic) is atomic
    assert len(reassembler) == 1


def test_the_headers_of_an_ipv6_datagram() -> None:
    """What stands before the fragment header comes from the first fragment, and so does what follows (RFC 8200)."""
    head = LINK / SIX / oc.IPv6HopByHop(options=(oc.IPv6RouterAlertOption(),))
    first = oc.IPv6Fragment(next_header=17, more_fragments=True, identification=1)
    rest = first.replace(next_header=58, fragment_offset=2, more_fragments=False)
    udp = oc.encode(oc.UDP(src_port=1, dst_port=2, length=32, checksum=0)) + bytes(24)
    reassembler = FragmentReassembler()
    assert reassembler.feed(oc.resolve(head / rest / udp[16:])) is None
    whole = reassembler.feed(oc.resolve(head / first / udp[:16]))
    assert whole is not None
    assert whole.names == ["ethernet", "ipv6", "ipv6_hop_by_hop", "udp"]
    assert (whole[oc.IPv6HopByHop].next_header, whole[oc.IPv6].payload_length) == (17, 40)
    assert whole.fault is None


def test_a_datagram_that_no_header_can_tell() -> None:
    """65,535 octets in fragments, and 20 more of a header."""
    pieces = [piece(start, bytes(min(1480, 65535 - start)), more=start < 64000) for start in range(0, 65535, 1480)]
    reassembler = FragmentReassembler()
    assert not any(outcome(reassembler, pieces))
    assert reassembler.drops == {Drop.MALFORMED: 1}
    assert not len(reassembler)


@pytest.mark.parametrize("packet", [oc.Packet(), oc.resolve(LINK / FOUR / oc.UDP(src_port=1, dst_port=2)), LINK / b"?"])
def test_what_is_no_fragment_is_given_back(packet: oc.Packet) -> None:
    assert FragmentReassembler().feed(packet) is packet


def tunnelled(octets: int, six: bool) -> oc.Packet:
    outer = LINK / (SIX if six else FOUR) / oc.UDP(src_port=50000) / oc.VXLAN(vni=100)
    return oc.resolve(outer / INNER / bytes(number & 0xFF for number in range(octets)))


@given(st.integers(0, 4000), st.booleans(), st.integers(68, 1500), st.randoms(use_true_random=False), st.booleans())
def test_fragments_in_any_order_are_the_packet_and_loss_gives_none(
    octets: int, six: bool, mtu: int, random: Random, lossy: bool
) -> None:
    packet = tunnelled(octets, six)
    fragments = list(fragment(packet, mtu=mtu, identification=77))
    assert all(len(oc.encode(piece)) - 14 <= mtu for piece in fragments)
    if not six:
        packet = packet.replace(oc.IPv4, identification=77)
        packet = packet.replace(oc.IPv4, checksum=oc.fill(packet)[oc.IPv4].checksum)
    lost = lossy and len(fragments) > 1
    if lost:
        fragments.pop(random.randrange(len(fragments)))
    random.shuffle(fragments)
    reassembler = FragmentReassembler()
    wholes = [whole for piece in fragments if (whole := reassembler.feed(oc.encode(piece))) is not None]
    if lost or len(fragments) == 1:
        assert wholes in ([], fragments)
    else:
        assert wholes == [packet]
        assert wholes[0].inner[oc.UDP].dst_port == 2000


def test_a_fragment_is_fragmented_further() -> None:
    packet = tunnelled(3000, six=False)
    once = fragment(packet, mtu=1500)
    twice = [smaller for larger in once for smaller in fragment(larger, mtu=576)]
    assert len(twice) > len(once)
    assert [piece[oc.IPv4].more_fragments for piece in twice] == [True] * (len(twice) - 1) + [False]
    reassembler = FragmentReassembler()
    assert [whole for piece in twice if (whole := reassembler.feed(piece)) is not None] == [packet]


def test_the_last_fragment_takes_all_the_room() -> None:
    """RFC 791 section 3.2: all but the last are multiples of 8."""
    packet = oc.resolve(LINK / FOUR.replace(protocol=253) / bytes(20))
    assert [len(piece.payload) for piece in fragment(packet, mtu=32)] == [8, 12]


def test_options_go_where_their_type_says() -> None:
    """RFC 791 section 3.1: the copied flag of record route is 0, that of router alert 1."""
    options = (oc.IPv4RecordRouteOption(route=(), route_rest=bytes(8)), oc.IPv4RouterAlertOption())
    packet = oc.decode(oc.encode(LINK / FOUR.replace(options=options, protocol=253) / bytes(100)))
    first, *others = fragment(packet, mtu=80)
    assert [option.type for option in first[oc.IPv4].options] == [7, 148, 0]  # and the end
    for other in others:
        assert other[oc.IPv4].options == (oc.IPv4RouterAlertOption(),)
        assert other[oc.IPv4].ihl == 6
    reassembler = FragmentReassembler()
    assert [whole for piece in (first, *others) if (whole := reassembler.feed(piece)) is not None] == [packet]


def test_headers_for_nodes_on_the_way_are_in_every_ipv6_fragment() -> None:
    """RFC 8200 section 4.5: all headers up to the routing header; destination options behind it are the content."""
    chain = (
        oc.IPv6HopByHop()
        / oc.IPv6DestinationOptions()
        / oc.IPv6Routing(routing_type=253, segments_left=0, data=bytes(4))
        / oc.IPv6DestinationOptions()
        / oc.UDP(src_port=1, dst_port=2)
    )
    packet = oc.resolve(LINK / SIX / chain / bytes(3000))
    fragments = fragment(packet, mtu=1280, identification=1)
    shared = ["ethernet", "ipv6", "ipv6_hop_by_hop", "ipv6_destination_options", "ipv6_routing", "ipv6_fragment"]
    assert fragments[0].names == [*shared, "ipv6_destination_options[1]", "udp"]
    assert [piece.names for piece in fragments[1:]] == [shared] * (len(fragments) - 1)
    assert {piece[oc.IPv6Fragment].next_header for piece in fragments} == {60}
    reassembler = FragmentReassembler()
    assert [whole for piece in fragments if (whole := reassembler.feed(piece)) is not None] == [packet]


def test_what_cannot_be_fragmented() -> None:
    large = tunnelled(2000, six=True)
    with pytest.raises(oc.UnresolvedError, match=r"fragment\.identification"):
        fragment(large, mtu=1280)
    pieces = fragment(large, mtu=1280, identification=1)
    assert fragment(pieces[0], mtu=1500) == (pieces[0],)
    with pytest.raises(oc.EncodeError, match="is there already"):
        fragment(pieces[0], mtu=600, identification=1)
    with pytest.raises(oc.EncodeError, match=r"ipv4\.dont_fragment is set"):
        fragment(oc.resolve(LINK / FOUR.replace(dont_fragment=True, protocol=253) / bytes(2000)), mtu=1500)
    with pytest.raises(oc.FieldRangeError, match=r"mtu = 27 is not in 28\.\."):
        fragment(tunnelled(100, six=False), mtu=27)
    with pytest.raises(oc.MissingHeaderError):
        fragment(LINK / b"", mtu=1500)
    with pytest.raises(oc.EncodeError, match="not all here"):
        fragment(oc.decode(oc.encode(large)[:500], lax=True), mtu=100, identification=1)


# --- bounds ----------------------------------------------------------------------------------------------------------


def first_pieces(kind: str, count: int) -> Iterable[bytes]:
    for number in range(count):
        if kind == "stt":
            yield segment(0, 100, total=0xFFFF, frame=number)
        elif kind == "ipv4":
            yield oc.encode(piece(0, A, identification=number & 0xFFFF, src=f"10.0.0.{number >> 16}"))
        else:
            options = (oc.IPv6Option(type=0),) * 1006  # elements of one octet each: what costs most to hold
            chain = oc.IPv6HopByHop(options=options) / oc.IPv6Fragment(
                next_header=253, more_fragments=True, identification=number
            )
            yield oc.encode(LINK / SIX / chain / A)


@pytest.mark.parametrize(("kind", "count"), [("stt", 1500), ("ipv4", 1500), ("ipv6", 30)])
def test_a_flood_of_first_pieces_is_held_within_bounds(kind: str, count: int) -> None:
    limit = 300_000
    made: STTReassembler | FragmentReassembler
    made = STTReassembler(max_octets=limit) if kind == "stt" else FragmentReassembler(max_octets=limit)
    pieces = list(first_pieces(kind, count))
    decoded = [oc.decode(data, lax=True) for data in pieces[:2]]
    made.feed(decoded[0])
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        peak = 0
        for data in pieces:
            assert made.feed(oc.decode(data, lax=True)) is None
            assert made.octets <= limit
            peak = max(peak, tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
    assert peak < limit * 1.5 + 100_000  # one packet, and what the library interns of its addresses
    assert made.drops[Drop.EVICTED] == count - len(made) > 0


def test_what_is_held_in_pieces_with_gaps_counts_at_what_it_costs() -> None:
    """Eight octets, and a gap of eight: a datagram that costs many times its octets."""
    made = FragmentReassembler()
    pieces = [oc.encode(piece(16 * number, bytes(8), identification=1)) for number in range(1000)]
    for data in pieces[:200]:  # what the library learns of such packets comes first
        made.feed(oc.decode(data, lax=True))
    tracemalloc.start()
    try:
        before, held = tracemalloc.get_traced_memory()[0], made.octets
        for data in pieces[200:]:
            made.feed(oc.decode(data, lax=True))
        memory = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert memory / 3 < made.octets - held < memory * 3  # objects have other sizes in each version of Python


def test_the_oldest_goes_first() -> None:
    reassembler = STTReassembler(max_pending=2)
    feed(reassembler, *(segment(0, 100, frame=number) for number in (1, 2, 3)))
    assert len(reassembler) == 2
    assert feed(reassembler, segment(100, len(WHOLE), frame=3)) == [FRAME]
    assert feed(reassembler, segment(100, len(WHOLE), frame=2)) == [FRAME]
    assert feed(reassembler, segment(100, len(WHOLE), frame=1)) == [None]


@pytest.mark.parametrize("bounds", [{"max_octets": 0}, {"max_pending": 0}, {"lifetime_ns": 0}, {"overlap": "both"}])
def test_bounds_that_make_no_sense(bounds: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bounds))):
        FragmentReassembler(**bounds)  # type: ignore[arg-type]


# --- the bookkeeping against a model ---------------------------------------------------------------------------------


@given(
    st.sampled_from(get_args(Overlap)),
    st.lists(st.tuples(st.integers(0, 30), st.binary(min_size=1, max_size=12)), max_size=12),
)
def test_pieces_are_what_an_array_of_octets_says(overlap: Overlap, added: Sequence[tuple[int, bytes]]) -> None:
    compare_with_an_array(overlap, added)


@pytest.mark.parametrize("overlap", get_args(Overlap))
def test_many_pieces_are_what_an_array_of_octets_says(overlap: Overlap) -> None:
    chance = random.Random(1)
    for _ in range(400):
        added = [(chance.randrange(20), chance.randbytes(chance.randint(1, 9))) for _ in range(chance.randint(1, 9))]
        compare_with_an_array(overlap, added)


def compare_with_an_array(overlap: Overlap, added: Sequence[tuple[int, bytes]]) -> None:
    pieces = ByteRanges()
    model: dict[int, int] = {}
    for start, data in added:
        there = [at for at in range(start, start + len(data)) if at in model]
        why = pieces.add(start, data, overlap)
        if there and (why is Drop.DUPLICATE or overlap in ("drop", "drop_fragment")):
            assert why in (Drop.OVERLAP, Drop.DUPLICATE)
            if why is Drop.DUPLICATE:
                assert all(model[start + number] == octet for number, octet in enumerate(data))
            continue
        assert why is None
        for at, octet in enumerate(data, start):
            if overlap == "last" or at not in model:
                model[at] = octet
    assert pieces.octets == len(model)
    assert pieces.end == max(model, default=-1) + 1
    pieces.total = pieces.end
    whole = bytes(model[at] for at in range(pieces.end)) if len(model) == pieces.end else None
    assert pieces.joined() == whole


@given(st.binary(max_size=80), st.integers(0, 200))
def test_any_octets_give_a_value(data: bytes, at: int) -> None:
    """Damaged pieces, one after another, to the same reassemblers."""
    stt, ip = STTReassembler(verify=False), FragmentReassembler(verify=False)
    for good in (segment(0, 100), oc.encode(piece(0, A)), *map(oc.encode, packets_of("linux-fragments.pcap")[3:5])):
        damaged = good[:at] + data + good[at + len(data) :]
        for octets in (damaged, good):
            stt.feed(octets)
            ip.feed(octets)


def test_headers_and_content_that_no_length_can_count() -> None:
    """RFC 791 section 3.1: the total length has 16 bits, so header and content have at most 65,535 octets."""
    for octets, whole in ((65515, True), (65520, False)):
        half = octets // 16 * 8
        reassembler = FragmentReassembler()
        got = None
        for start, stop in ((0, half), (half, octets)):
            network = oc.IPv4(
                src="10.0.0.1", dst="10.0.0.2", protocol=99, fragment_offset=start // 8, more_fragments=stop < octets
            )
            got = reassembler.feed(oc.resolve(network / bytes(stop - start)))
        assert (got is not None) is whole
        assert reassembler.drops[Drop.MALFORMED] == (0 if whole else 1)


def test_a_segment_outside_ip_is_none() -> None:
    segment = oc.STTSegment(src_port=50000, total_length=20, frame_id=1)
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5)
    for headers in ((segment,), (link, segment), (link, oc.VLANTag(vid=1, ethertype=0x88B5), segment)):
        assert STTReassembler(verify=False).feed(oc.Packet(headers, bytes(20))) is None


def test_why_something_was_dropped_is_a_word() -> None:
    assert [repr(why) for why in (Drop.EMPTY, Drop.PAST_END)] == ["Drop.EMPTY", "Drop.PAST_END"]
    assert [str(why) for why in (Drop.EMPTY, Drop.PAST_END)] == ["empty", "past the end"]


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("verified", [False, True])
def test_who_vouches_for_a_checksum(verified: bool, partial: bool) -> None:
    """draft-davie-stt-08 section 3.2: verified by the sender, or left to the receiver."""
    header = oc.STT(context_id=1, checksum_verified=verified, checksum_partial=partial)
    assert STTFrame(b"", oc.Packet((header,))).checksum_verified is (verified and not partial)


@pytest.mark.parametrize("time_ns", ["1", 1.5, b"1"])
def test_a_time_is_a_number(time_ns: Any) -> None:
    piece = oc.resolve(oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=99, more_fragments=True) / bytes(8))
    with pytest.raises(TypeError, match="time_ns"):
        FragmentReassembler().feed(piece, time_ns=time_ns)
