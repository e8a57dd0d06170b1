"""STT has no live stack: tshark puts our segments together, and judges each as the TCP that it looks like.

The segments are cut by hand, from the draft: every one has the TCP-shaped header, the first the frame header too.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest

import overlaycodec as oc
from tests.interop.decoders import corpus
from tests.interop.decoders.compare import names_of_stack
from tests.interop.decoders.tshark import TShark, stack_of
from tests.interop.tally import Tally

Start = Callable[[type[TShark]], TShark]

_LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
OVER_IPV4: Final = _LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
OVER_IPV6: Final = _LINK / oc.IPv6(src="fd00::1", dst="fd00::2")
EARLY: Final = 20
"""tshark counts the TCP-shaped header to what it has: it takes a frame for whole so many octets before its end."""
SHOWN: Final = ("stt.seg_off", "stt.pkt_len", "stt.pkt_id", "stt.context_id", "stt.reassembled.length")


class Cut(NamedTuple):
    """One frame and its segments."""

    number: int
    frame: oc.Packet
    octets: int
    offsets: list[int]
    segments: list[bytes]


def cut(frame: oc.Packet, size: int, number: int, outer: oc.Packet) -> Cut:
    """Segments of a frame, `size` octets each."""
    whole = oc.encode(oc.STT(context_id=number) / frame)
    offsets = list(range(0, len(whole), size))
    segments = []
    for offset in offsets:
        header = oc.STTSegment(
            src_port=50000 + number % 1000, total_length=len(whole), segment_offset=offset, frame_id=number
        )
        segments.append(oc.encode(oc.Packet((*outer.headers, header), whole[offset : offset + size])))
    return Cut(number, frame, len(whole), offsets, segments)


def cuts(outer: oc.Packet, count: int) -> Iterator[Cut]:
    """Frames out of the corpus, in segments of several sizes."""
    random = Random(7471)
    frames = corpus.packets(corpus.Source(count), 7471)
    for number, frame in enumerate(frames, 1):
        try:
            resolved = oc.decode(oc.encode(frame))
        except oc.CodecError:
            continue
        yield cut(resolved, random.choice((60, 100, 250, 600)), number, outer)


def tshark(path: Path, *arguments: str, fields: tuple[str, ...]) -> list[list[str]]:
    """The fields of each record."""
    command = ["tshark", "-n", "-r", str(path), *arguments, "-T", "fields", "-E", "occurrence=f"]
    command += [part for field in fields for part in ("-e", field)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_segments_are_put_together(started: Start, tally: Tally, tmp_path: Path) -> None:
    started(TShark)
    made = list(cuts(OVER_IPV4, 600))
    path = tmp_path / "segments.pcap"
    oc.write_capture(path, [oc.Record(segment) for each in made for segment in each.segments])
    heuristic = ("-o", "ip.try_heuristic_first:TRUE", "--enable-heuristic", "stt_ip", "--disable-protocol", "carp")
    rows = iter(tshark(path, *heuristic, fields=("frame.protocols", *SHOWN)))
    whole = early = 0
    for each in made:
        last = len(each.offsets) - 1
        ends = [*each.offsets[1:], each.octets]
        complete = next(number for number, end in enumerate(ends) if end >= each.octets - EARLY)
        for number, offset in enumerate(each.offsets):
            protocols, *shown, context, reassembled = next(rows)
            assert [int(value, 0) for value in shown] == [offset, each.octets, each.number]
            if number != complete:
                assert not reassembled
            elif number < last:
                early += 1
            else:
                whole += 1
                assert int(context, 0) == each.number
                assert last == 0 or int(reassembled) == each.octets + EARLY
                inside = stack_of(protocols.partition(":stt:")[2])[0]
                assert inside[:1] == ["eth"]
                if isinstance(next(iter(each.frame.headers[1:]), None), oc.IPv4 | oc.IPv6 | oc.ARP | oc.MPLS):
                    assert inside[1] == names_of_stack(each.frame)[1][0]
    tally.count("tshark", "puts together", whole, whole * len(SHOWN))
    assert whole >= 400
    assert early >= 5


@pytest.mark.parametrize("outer", [OVER_IPV4, OVER_IPV6], ids=["IPv4", "IPv6"])
def test_every_segment_has_a_right_tcp_checksum(outer: oc.Packet, started: Start, tally: Tally, tmp_path: Path) -> None:
    """With the heuristic off, tshark knows nothing of STT and judges TCP."""
    started(TShark)
    segments = [segment for each in cuts(outer, 600) for segment in each.segments]
    wrong = [segment[:-1] + bytes([segment[-1] ^ 1]) for segment in segments[:20]]
    path = tmp_path / "segments.pcap"
    oc.write_capture(path, [oc.Record(data) for data in segments + wrong])
    options = ("-o", "tcp.check_checksum:TRUE", "-o", "tcp.desegment_tcp_streams:FALSE")
    rows = tshark(path, *options, fields=("tcp.checksum.status",))
    assert rows == [["1"]] * len(segments) + [["0"]] * len(wrong)
    tally.count("tshark", "judges", len(segments), len(segments))
