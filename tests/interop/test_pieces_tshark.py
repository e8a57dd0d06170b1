"""tshark puts together what we cut: STT segments and fragments in any order, with inner checksums as they were sent."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import pytest

import overlaycodec as oc
from overlaycodec import tunnel
from overlaycodec.reassembly import fragment
from tests.interop.decoders.tshark import OPTIONS
from tests.interop.live.machine import environment, need
from tests.interop.tally import Tally
from tests.tools.stacks import tshark_version

P = TypeVar("P")
Start = Callable[[Callable[[], P]], P]
WHOLE: Final = [
    part for name in ("ip.defragment", "ipv6.defragment", "stt.reassemble") for part in ("-o", f"{name}:TRUE")
]
"""A later option is the one that counts."""
COUNT: Final = 150
GOOD: Final = "1"
ENDS: Final = {4: ("10.0.0.1", "10.0.0.2"), 6: ("fd00::1", "fd00::2")}
LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
versions = pytest.mark.parametrize("version", [4, 6])


class TShark:
    """The program."""

    def __init__(self) -> None:
        need("tshark")
        self.version = f"tshark {tshark_version()}"

    def close(self) -> None:
        """Nothing runs between two files."""

    def reads(self, path: Path, *fields: str) -> Iterator[list[str]]:
        """The values of fields in each packet."""
        command = ["tshark", "-r", str(path), *OPTIONS, *WHOLE, "-T", "fields"]
        for field in fields:
            command += ["-e", field]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(), timeout=120)
        return (line.split("\t") for line in done.stdout.splitlines())


def _frames(random: Random) -> list[oc.Packet]:
    """Frames with a UDP length of their own each."""
    return [
        oc.resolve(
            LINK
            / oc.IPv4(src="192.168.0.1", dst="192.168.0.2", identification=number)
            / oc.UDP(src_port=1000, dst_port=2000)
            / random.randbytes(random.randrange(1, 9000))
        )
        for number in range(COUNT)
    ]


def _octets_of_last(segments: Sequence[oc.Packet]) -> int:
    last = segments[-1][oc.STTSegment]
    return last.total_length - last.segment_offset


@versions
def test_segments(version: int, started: Start[TShark], tally: Tally, tmp_path: Path) -> None:
    tshark = started(TShark)
    random = Random(version)
    src, dst = ENDS[version]
    endpoint = tunnel.STTTunnel(context_id=0x123456789, src=src, dst=dst, link=LINK)
    frames, segments = _frames(random), []
    for number, frame in enumerate(frames):
        ways = (endpoint.segments(frame, mtu=mtu, frame_id=number) for mtu in random.sample((576, 900, 1280, 1500), 4))
        # tshark takes a frame for whole when less than 20 octets are missing: a last segment of so few is not for it
        cut = list(next(way for way in ways if _octets_of_last(way) >= 20))
        random.shuffle(cut)
        segments += cut
    oc.write_capture(tmp_path / "stt.pcap", segments)
    fields = ("ip.id", "udp.length", "udp.checksum.status", "stt.context_id", "stt.reassembled.length")
    read = [found for found in tshark.reads(tmp_path / "stt.pcap", *fields) if found[1]]
    assert [int(found[1]) for found in read] == [frame[oc.UDP].length for frame in frames]
    assert {found[2] for found in read} == {GOOD}
    assert {found[3] for found in read if found[3]} == {"0x0000000123456789"}
    assert sum(bool(found[4]) for found in read) > COUNT // 2
    tally.add(f"tshark reassembly, STT over IPv{version}", "delivered", frames)


@versions
def test_fragments(version: int, started: Start[TShark], tally: Tally, tmp_path: Path) -> None:
    tshark = started(TShark)
    random = Random(version)
    src, dst = ENDS[version]
    endpoint = tunnel.VXLANTunnel(vni=77, src=src, dst=dst, link=LINK, dont_fragment="clear", checksum="compute")
    frames, pieces = _frames(random), []
    for number, frame in enumerate(frames):
        outer = endpoint.encapsulate(frame, identification=number)
        cut = list(fragment(outer, mtu=random.choice((576, 1280, 1500)), identification=number))
        random.shuffle(cut)
        pieces += cut
    oc.write_capture(tmp_path / "fragments.pcap", pieces)
    fields = ("vxlan.vni", "udp.length", "udp.checksum.status", "ip.checksum.status")
    read = [found for found in tshark.reads(tmp_path / "fragments.pcap", *fields) if found[0]]
    assert [int(found[1].split(",")[-1]) for found in read] == [frame[oc.UDP].length for frame in frames]
    assert {found[0] for found in read} == {"77"}
    assert {status for found in read for status in (found[2] + "," + found[3]).split(",")} == {GOOD}
    tally.add(f"tshark reassembly, IPv{version}", "delivered", frames)
